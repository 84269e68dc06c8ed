"""Taxes and totals as values: what a line is charged with, and what it came to."""

from __future__ import annotations

import enum
from typing import Literal

import msgspec

TaxKind = Literal["percent", "fixed", "division"]


class RoundingPolicy(enum.Enum):
    """Where fractions of the smallest coin are rounded away. A document names the one it was made with.

    Each is right by its own rules and they differ by cents, so results of two policies are never mixed.
    """

    PER_LINE_PER_TAX = "per_line_per_tax"
    """Every tax of every line."""
    PER_LINE = "per_line"
    """All taxes of a line together."""
    PER_UNIT_THEN_MULTIPLY = "per_unit_then_multiply"
    """All taxes of one unit together; the line is that times the quantity."""
    PER_LINE_RESIDUAL = "per_line_residual"
    """All taxes of a line together; the odd cent goes to the line's first taxes that are not zero."""
    DOCUMENT_PER_TAX = "document_per_tax"
    """Every tax once over the document; a price with tax included keeps its gross."""
    DOCUMENT_PER_RATE = "document_per_rate"
    """Lines are rounded net; every tax once on the sum of their nets (EN 16931)."""
    DOCUMENT_KEEP_NET = "document_keep_net"
    """Lines keep their rounded net; tax once per rate on their sum, so the gross may move."""
    DOCUMENT_KEEP_GROSS = "document_keep_gross"
    """Lines keep their rounded gross; tax once per rate out of their sum, so the net may move."""


class Tax(msgspec.Struct, frozen=True, omit_defaults=True):
    """One tax as it is charged on a line.

    percent: `rate_ppm` of the base. fixed: `fixed_minor` for each unit sold. division: `rate_ppm` of the
    price that contains it. `adds_to_next_base` makes later taxes of the line count this one in, unless they
    have `base_includes_previous` off.
    """

    tax_id: str
    name: str
    rate_ppm: int
    included: bool
    kind: TaxKind = "percent"
    fixed_minor: int = 0
    adds_to_next_base: bool = False
    base_includes_previous: bool = True


class TaxableLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """What tax is worked out from. `discount_minor` comes off the whole line, in the price's own terms:
    off the gross where tax is included, off the net where it is added."""

    quantity_milli: int
    unit_price_minor: int
    taxes: tuple[Tax, ...] = ()
    discount_minor: int = 0


class TaxAmount(msgspec.Struct, frozen=True, gc=False):
    """What one tax came to, on a line or over the document; `base_minor` is what it was charged on."""

    tax_id: str
    name: str
    rate_ppm: int
    included: bool
    base_minor: int
    amount_minor: int


class LineTotals(msgspec.Struct, frozen=True):
    """gross = net + tax, and tax = the sum of `taxes`."""

    net_minor: int
    tax_minor: int
    gross_minor: int
    taxes: tuple[TaxAmount, ...]


class DocumentTotals(msgspec.Struct, frozen=True):
    """Under every policy the lines add up to the document, in net, tax, gross and each tax."""

    net_minor: int
    tax_minor: int
    gross_minor: int
    lines: tuple[LineTotals, ...]
    taxes: tuple[TaxAmount, ...]
