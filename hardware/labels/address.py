"""Where labels are printed, in one line: a ZPL printer's address, `pdf:///folder?sheet=L7160` or `desktop://queue`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from hardware.labels.label_printer import DEFAULT_ROLL, LabelPrinter, roll_of
from hardware.labels.sheet_printer import SheetFolder, SheetPrinter
from hardware.printers.base import PrintOutcome
from hardware.status import PrinterStatus
from hardware.transport.address import BadAddress, transport_at
from hardware.transport.cups import CupsSettings, CupsTransport
from shared_models.labels.label import Label
from shared_models.labels.sheets import DEFAULT_SHEET, Sheet, UnknownSheet, sheet_named


class PrintsLabels(Protocol):
    """Blocks up to its time limits, so call it from a worker; a broken device is an outcome, not an error."""

    @property
    def place(self) -> str: ...

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """What is known of it without asking it."""

    def print(self, labels: Sequence[Label]) -> PrintOutcome: ...

    def status(self) -> PrinterStatus: ...


def label_printer_at(address: str, roll: str = DEFAULT_ROLL) -> PrintsLabels:
    """The driver, without going there; `roll` is for ZPL printers alone. Raises BadAddress and BadRoll."""
    kind, _, _ = address.partition("://")
    if kind not in ("pdf", "desktop"):
        return LabelPrinter(transport_at(address), roll_of(roll))
    try:
        parts = urlsplit(address)
        sheet = _sheet(parts.query)
    except (ValueError, UnknownSheet) as reason:
        raise BadAddress(
            f"{address!r} is no place for sheets of labels ({reason}). Write it as pdf:///folder?sheet=L7160 or "
            "desktop://queue?sheet=L7160."
        ) from reason
    if kind == "pdf" and not parts.netloc and len(parts.path) > 1:
        return SheetFolder(Path(unquote(parts.path)), sheet)
    if kind == "desktop" and parts.netloc and parts.path in ("", "/"):
        return SheetPrinter(CupsTransport(CupsSettings(unquote(parts.netloc), raw=False)), sheet)
    raise BadAddress(
        f"{address!r} is no place for sheets of labels. Write it as pdf:///folder?sheet=L7160 or "
        "desktop://queue?sheet=L7160."
    )


def _sheet(query: str) -> Sheet:
    options = parse_qs(query, strict_parsing=True) if query else {}
    [name] = options.pop("sheet", [DEFAULT_SHEET])
    if options:
        raise ValueError(f"there is no option {next(iter(options))!r}")
    return sheet_named(name)
