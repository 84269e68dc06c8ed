"""The display's side: bytes in any pieces become what stands on its two lines, and what it did not understand."""

from __future__ import annotations

from hardware.displays.base import COLUMNS
from hardware.displays.languages import DM_D_PAGES

ROWS = 2
_LONGEST_STRING = 40
_ESC, _US, _CR = 0x1B, 0x1F, 0x0D
_ARGUMENTS: dict[tuple[int, int], int] = {
    **dict.fromkeys(
        [(_US, byte) for byte in (0x01, 0x02, 0x03, 0x0A, 0x0D, ord("B"), ord("@"), ord("U"))], 0
    ),
    **dict.fromkeys([(_US, ord(letter)) for letter in "CXEr.,;v"], 1),
    **dict.fromkeys([(_US, ord(letter)) for letter in "$#T^"], 2),
    **dict.fromkeys([(_ESC, ord("@")), (_ESC, 0x11), (_ESC, 0x12), (_ESC, 0x13)], 0),
    **dict.fromkeys([(_ESC, ord(letter)) for letter in "tR%=?_fc*s[#"], 1),
    **dict.fromkeys([(_ESC, ord(letter)) for letter in "l"], 2),
}
"""How many bytes follow a command's two."""
_STRINGS = {ord("A"): 0, ord("B"): 1, ord("D"): 0}


class DisplayDecoder:
    """Both languages, as far as they don't contradict each other; `unknown` counts what is in neither."""

    def __init__(self) -> None:
        self.unknown = 0
        self.commands = 0
        self._pending = bytearray()
        self._reset()

    @property
    def lines(self) -> tuple[str, str]:
        return "".join(self._cells[0]), "".join(self._cells[1])

    def feed(self, data: bytes) -> None:
        for byte in data:
            self._pending.append(byte)
            if self._is_whole():
                whole = bytes(self._pending)
                self._pending.clear()
                self._obey(whole)

    def _reset(self) -> None:
        self._cells = [[" "] * COLUMNS for _ in range(ROWS)]
        self._row = self._column = 0
        self._codec = DM_D_PAGES[0]

    def _is_whole(self) -> bool:
        told = self._pending
        if told[0] not in (_ESC, _US):
            return True
        if len(told) < 2:
            return False
        if told[:2] == b"\x1bQ":
            return len(told) > 2 and (
                told[2] not in _STRINGS or told[-1] == _CR or len(told) > 3 + _LONGEST_STRING
            )
        return len(told) >= 2 + _ARGUMENTS.get((told[0], told[1]), 0)

    def _obey(self, told: bytes) -> None:
        if told[0] not in (_ESC, _US):
            self._single(told[0])
            return
        self.commands += 1
        match told[0], told[1:2]:
            case 0x1B, b"@":
                self._reset()
            case 0x1B, b"t":
                self._choose_page(told[2])
            case 0x1B, b"Q":
                self._string(told)
            case 0x1B, b"l":
                self._move(told[2], told[3])
            case 0x1B, b"[":
                self._move_by_letter(told[2:3])
            case 0x1F, b"$":
                self._move(told[2], told[3])
            case 0x1F, b"B":
                self._move(1, ROWS)
            case introducer, second:
                self.unknown += (introducer, second[0]) not in _ARGUMENTS

    def _single(self, byte: int) -> None:
        match byte:
            case 0x0C:
                codec = self._codec
                self._reset()
                self._codec = codec
            case 0x0B:
                self._move(1, 1)
            case 0x18:
                self._cells[self._row] = [" "] * COLUMNS
                self._column = 0
            case 0x08:
                self._step(-1)
            case 0x09:
                self._step(1)
            case 0x0A:
                self._row = (self._row + 1) % ROWS
            case 0x0D:
                self._column = 0
            case _ if byte < 0x20:
                self.unknown += 1
            case _:
                self._write(byte)

    def _write(self, byte: int) -> None:
        self._cells[self._row][self._column] = bytes((byte,)).decode(self._codec, "replace")
        self._step(1)

    def _step(self, columns: int) -> None:
        """Over the end of a line onto the other, as in overwrite mode."""
        place = (self._row * COLUMNS + self._column + columns) % (ROWS * COLUMNS)
        self._row, self._column = divmod(place, COLUMNS)

    def _move(self, column: int, row: int) -> None:
        if 1 <= column <= COLUMNS and 1 <= row <= ROWS:
            self._row, self._column = row - 1, column - 1
        else:
            self.unknown += 1

    def _move_by_letter(self, letter: bytes) -> None:
        match letter:
            case b"H":
                self._move(1, 1)
            case b"L":
                self._column = 0
            case b"R":
                self._column = COLUMNS - 1
            case b"K":
                self._move(1, ROWS)
            case b"C" | b"D":
                self._step(1 if letter == b"C" else -1)
            case b"A" | b"B":
                self._row = (self._row + 1) % ROWS
            case _:
                self.unknown += 1

    def _choose_page(self, number: int) -> None:
        self._codec = DM_D_PAGES.get(number, self._codec)
        self.unknown += number not in DM_D_PAGES

    def _string(self, told: bytes) -> None:
        row = _STRINGS.get(told[2])
        if row is None or told[-1] != _CR:
            self.unknown += 1
            return
        text = told[3:-1].decode(self._codec, "replace")[:COLUMNS].ljust(COLUMNS)
        self._cells[row] = [letter if letter.isprintable() else " " for letter in text]
