"""A store's own settings, as head office keeps them and its tills obey them."""

from __future__ import annotations

import msgspec

from shared_models.barcode import EmbeddedRule
from shared_models.offline_limits import OfflineLimits
from shared_models.tax import RoundingPolicy


class QuickKeyPage(msgspec.Struct, frozen=True):
    """A tab of large buttons on the sale screen."""

    name: str
    product_ids: tuple[str, ...]


class StoreConfig(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One per store. `cash_rounding_minor` is the smallest amount payable in cash (1 where every coin exists).

    `variance_limit_minor`: a count further off than this needs a manager's PIN to close. `offline`: what its tills may
    spend and refund without asking the server. `point_minor`: what a loyalty point pays, 0 where none is taken.
    `logo_png` is for the top of every receipt (see `shared_models.logo`); `logo_text` stands there without it.
    """

    store_id: str
    name: str
    currency: str
    address: tuple[str, ...] = ()
    tax_number: str = ""
    rounding_policy: RoundingPolicy = RoundingPolicy.PER_LINE
    cash_rounding_minor: int = 1
    variance_limit_minor: int = 500
    opening_float_minor: int = 15000
    idle_lock_s: int = 300
    logo_text: str = ""
    receipt_footer: str = ""
    embedded_rules: tuple[EmbeddedRule, ...] = ()
    quick_keys: tuple[QuickKeyPage, ...] = ()
    paid_reasons: tuple[str, ...] = ()
    utc_offset_min: int | None = None
    offline: OfflineLimits = OfflineLimits()
    point_minor: int = 0
    logo_png: bytes = b""
