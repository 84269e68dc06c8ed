"""What stands on a line display: two lines of twenty columns."""

from __future__ import annotations

from typing import Protocol

import msgspec

from hardware.printable_text import column_width, printable

COLUMNS = 20


class Facing(msgspec.Struct, frozen=True):
    """One line: `start` is cut where there is no room for both, `end` is kept, for it is the amount."""

    start: str = ""
    end: str = ""


class TwoLines(msgspec.Struct, frozen=True):
    """As the till means it. What a display can't write it gets in a plainer spelling."""

    upper: Facing = Facing()
    lower: Facing = Facing()


class DisplayLanguage(Protocol):
    """The commands of a kind of displays. Bytes of text are never commands."""

    name: str

    def start(self) -> bytes:
        """Once for each connection: clears it, and writes over what stands there from then on."""

    def show(self, lines: TwoLines) -> bytes: ...


def in_columns(line: Facing) -> str:
    """Exactly twenty columns, as far as characters are one column wide."""
    end = cut(printable(line.end), COLUMNS)
    room = COLUMNS - column_width(end) - (1 if end else 0)
    start = cut(printable(line.start), max(0, room))
    gap = COLUMNS - column_width(start) - column_width(end)
    return start + " " * gap + end


def cut(text: str, columns: int) -> str:
    while column_width(text) > columns:
        text = text[:-1]
    return text
