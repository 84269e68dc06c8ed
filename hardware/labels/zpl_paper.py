"""Labels as a ZPL printer prints them: only the commands that we send; any other is noted, and prints nothing."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hardware.escpos.symbols import bars
from hardware.escpos.typeface import covering
from hardware.labels.zpl_decoder import Command, commands, field_text
from shared_models.gtin import check_digit
from shared_models.labels.symbol import in_pairs

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont


_CAPTION_DOTS = 22
_FROM_INVOKED = {"><": "^", ">0": ">", ">=": "~"}
_BAR_COMMANDS = {"^BE": "ean13", "^B8": "ean8", "^BU": "upca", "^BC": "code128"}
_INSIDE_BLOCK = {"\\\\": "\\", "\\&": "\n"}


@dataclass
class PrintedLabel:
    """One label: its picture, the texts of its fields, and the codes in its bars, top to bottom as they were sent."""

    picture: Image.Image
    texts: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def png(self) -> bytes:
        out = io.BytesIO()
        self.picture.save(out, "PNG")
        return out.getvalue()


def printed(stream: bytes) -> list[PrintedLabel]:
    """Every label from ^XA to ^XZ; one that was cut off does not come out."""
    done: list[PrintedLabel] = []
    waiting: list[Command] | None = None
    for command in commands(stream):
        if command.name == "^XA":
            waiting = []
        elif command.name == "^XZ":
            if waiting is not None:
                done.append(_pressed(waiting))
            waiting = None
        elif waiting is not None:
            waiting.append(command)
    return done


def _pressed(format_commands: list[Command]) -> PrintedLabel:
    press = _Press()
    for command in format_commands:
        press.apply(command)
    return press.label()


class _Press:
    def __init__(self) -> None:
        self._width, self._height = 448, 256
        self._at = (0, 0)
        self._letters = 20
        self._block: tuple[int, int, str] | None = None
        self._module = 2
        self._bars: tuple[str, int] | None = None
        self._hexadecimal = False
        self._drawings: list[Callable[[ImageDraw.ImageDraw], None]] = []
        self._texts: list[str] = []
        self._codes: list[str] = []
        self._unknown: list[str] = []

    def label(self) -> PrintedLabel:
        from PIL import Image, ImageDraw

        picture = Image.new("L", (self._width, self._height), 255)
        draw = ImageDraw.Draw(picture)
        for drawing in self._drawings:
            drawing(draw)
        return PrintedLabel(picture, self._texts, self._codes, self._unknown)

    def apply(self, command: Command) -> None:
        try:
            self._apply(command)
        except (ValueError, IndexError):  # parameters that are none
            self._unknown.append(command.name)

    def _apply(self, command: Command) -> None:
        values = command.values
        match command.name:
            case "^PW":
                self._width = int(values[0])
            case "^LL":
                self._height = int(values[0])
            case "^FO":
                self._at = (int(values[0]), int(values[1]))
            case "^A":
                self._letters = int(values[1])
            case "^FB":
                self._block = (int(values[0]), int(values[1]), values[3])
            case "^BY":
                self._module = int(values[0])
            case "^BE" | "^B8" | "^BU" | "^BC":
                self._bars = (_BAR_COMMANDS[command.name], int(values[1]))
            case "^FH":
                self._hexadecimal = True
            case "^FD":
                self._print(field_text(command.parameters, hexadecimal=self._hexadecimal))
            case "^FS":
                self._block, self._bars, self._hexadecimal = None, None, False
            case "^CI" | "^LH":
                pass
            case _:
                self._unknown.append(command.name)

    def _print(self, data: str) -> None:
        if self._bars is not None:
            kind, height = self._bars
            self._print_bars(kind, height, _code(kind, data))
            return
        text = data if self._block is None else _block_text(data)
        self._texts.append(text)
        at, size, block = self._at, self._letters, self._block
        self._drawings.append(lambda draw: _draw_text(draw, at, size, block, text))

    def _print_bars(self, kind: str, height: int, code: str) -> None:
        """python-barcode takes care of the check digit where the symbol has one."""
        self._codes.append(code)
        pattern = bars("code128" if kind == "code128" else kind, code)
        at, module = self._at, self._module
        self._drawings.append(lambda draw: _draw_bars(draw, at, module, height, pattern, code))


def _code(kind: str, data: str) -> str:
    """What is in the bars, check digit included."""
    if kind != "code128":
        return f"{data}{check_digit(data)}"
    start, rest = data[:2], data[2:]
    if start == ">;":
        if not in_pairs(rest):  # a printer leaves out a digit without a partner
            raise ValueError(data)
        return rest
    return "".join(_invoked(rest))


def _invoked(data: str) -> Iterator[str]:
    at = 0
    while at < len(data):
        pair = data[at : at + 2]
        yield _FROM_INVOKED.get(pair, data[at])
        at += 2 if pair in _FROM_INVOKED else 1


def _block_text(data: str) -> str:
    shown, at = "", 0
    while at < len(data):
        pair = data[at : at + 2]
        shown += _INSIDE_BLOCK.get(pair, data[at])
        at += 2 if pair in _INSIDE_BLOCK else 1
    return shown


def _draw_text(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], size: int, block: tuple[int, int, str] | None, text: str
) -> None:
    from PIL import ImageFont

    face = covering(text, size) or ImageFont.load_default(size)
    width, lines, side = block or (10_000, 1, "L")
    for number, line in enumerate(_lines(draw, face, text, width, lines)):
        left = at[0] + (width - draw.textlength(line, face) if side == "R" else 0)
        draw.text((left, at[1] + number * size), line, 0, face)


def _lines(
    draw: ImageDraw.ImageDraw,
    face: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    text: str,
    width: int,
    lines: int,
) -> list[str]:
    """What has no line of its own is printed over the last one, as a printer does."""
    done = [""]
    for word in text.split(" "):
        wanted = f"{done[-1]} {word}".strip()
        if done[-1] and draw.textlength(wanted, face) > width and len(done) < lines:
            done.append(word)
        else:
            done[-1] = wanted
    return done


def _draw_bars(
    draw: ImageDraw.ImageDraw, at: tuple[int, int], module: int, height: int, pattern: str, code: str
) -> None:
    from PIL import ImageFont

    left, top = at
    for number, each in enumerate(pattern):
        if each == "1":
            x = left + number * module
            draw.rectangle((x, top, x + module - 1, top + height - 1), 0)
    middle = left + len(pattern) * module / 2
    draw.text((middle, top + height + 2), code, 0, ImageFont.load_default(_CAPTION_DOTS - 4), anchor="ma")
