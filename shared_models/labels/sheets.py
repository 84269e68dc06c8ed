"""Sheets of labels for office printers: how many, how large, where the first one is.

Sizes, numbers and pitches are those of gLabels' template database, rounded to a tenth of a millimetre
(https://github.com/jimevins/glabels-qt, files templates/avery-iso-templates.xml and zweckform-iso-templates.xml; MIT
licence, copyright 2001-2009 Jim Evins). The margins are what is left of A4, the same on both sides; those of gLabels
differ by at most 0.6 mm.
"""

from __future__ import annotations

import msgspec

from shared_models.errors import ShopError

A4_MM = (210.0, 297.0)


class UnknownSheet(ShopError):
    code = "unknown_label_sheet"


class Sheet(msgspec.Struct, frozen=True):
    """Measures in millimetres; `step` is from one label's edge to the next one's."""

    name: str
    title: str
    columns: int
    rows: int
    width: float
    height: float
    step_across: float
    step_down: float

    @property
    def count(self) -> int:
        return self.columns * self.rows

    @property
    def left(self) -> float:
        return (A4_MM[0] - self.step_across * (self.columns - 1) - self.width) / 2

    @property
    def top(self) -> float:
        return (A4_MM[1] - self.step_down * (self.rows - 1) - self.height) / 2


SHEETS = {
    sheet.name: sheet
    for sheet in (
        Sheet("L7160", "Avery L7160, J8160: 21 of 63.5 × 38.1 mm", 3, 7, 63.5, 38.1, 66.0, 38.1),
        Sheet("L7651", "Avery L7651, L7551, J8651: 65 of 38.1 × 21.2 mm", 5, 13, 38.1, 21.2, 40.6, 21.2),
        Sheet("L4770", "Avery L4770, L7654: 40 of 45.7 × 25.4 mm", 4, 10, 45.7, 25.4, 48.5, 25.4),
        Sheet("3474", "Avery Zweckform 3474: 24 of 70 × 37 mm", 3, 8, 70.0, 37.0, 70.0, 37.0),
    )
}
DEFAULT_SHEET = "L7160"


def sheet_named(name: str) -> Sheet:
    """Raises UnknownSheet, which names those there are."""
    found = SHEETS.get(name)
    if found is None:
        raise UnknownSheet(f"There is no label sheet {name[:20]!r}. These there are: {', '.join(SHEETS)}.")
    return found
