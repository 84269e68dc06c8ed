"""What a printer model can do: its columns, dots, code pages, and native symbols."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any, ClassVar

import msgspec

from hardware.escpos.library import capabilities
from shared_models.errors import ShopError

GENERIC_80_MM = "generic-80"
GENERIC_58_MM = "generic-58"

_DOTS_PER_COLUMN = 12
# Ours beside those of python-escpos: (columns, dots, profile it takes the rest from).
_GENERIC = {
    GENERIC_80_MM: (48, 576, "default"),
    "generic-76": (42, 512, "default"),
    GENERIC_58_MM: (32, 384, "default"),
}
# Right-to-left pages need reordering and shaping, CP1258 and CP874 stack marks, CP932 is multi-byte: such
# text is drawn instead. Western pages come first because every printer has them.
_PAGES_IN_ORDER = [
    "CP437",
    "CP858",
    "CP850",
    "CP1252",
    "ISO_8859-15",
    "CP852",
    "CP1250",
    "ISO_8859-2",
    "CP866",
    "CP1251",
    "CP1125",
    "CP855",
    "CP737",
    "CP1253",
    "ISO_8859-7",
    "CP869",
    "CP857",
    "CP1254",
    "CP775",
    "CP1257",
    "CP865",
    "CP863",
    "CP860",
    "CP861",
]


class UnknownPrinterProfile(ShopError):
    """The settings name a printer model that nobody knows."""

    code: ClassVar[str] = "unknown_printer_profile"


class CodePage(msgspec.Struct, frozen=True):
    """One of the printer's character tables; `bytes_of` holds its upper half."""

    number: int
    name: str
    bytes_of: dict[str, int]


class PrinterProfile(msgspec.Struct, frozen=True):
    name: str
    columns: int
    dots: int
    code_pages: tuple[CodePage, ...]
    has_barcodes: bool
    has_qr: bool
    has_cutter: bool
    has_raster: bool


def profile_names() -> list[str]:
    return [*_GENERIC, *sorted(capabilities()["profiles"])]


@lru_cache(maxsize=64)
def profile_named(name: str) -> PrinterProfile:
    """One of `profile_names()`; raises UnknownPrinterProfile."""
    columns, dots, source = _GENERIC.get(name, (0, 0, name))
    found = capabilities()["profiles"].get(source)
    if found is None:
        raise UnknownPrinterProfile(
            f"No printer model is called '{name}'. Choose one from the list, or {GENERIC_80_MM}.", name=name
        )
    columns = columns or int(found["fonts"]["0"]["columns"])
    features = found["features"]
    return PrinterProfile(
        name=name,
        columns=columns,
        dots=dots or _dots(found, columns),
        code_pages=_code_pages(found["codePages"]),
        has_barcodes=bool(features.get("barcodeB")),
        has_qr=bool(features.get("qrCode")),
        has_cutter=bool(features.get("paperFullCut") or features.get("paperPartCut")),
        has_raster=bool(features.get("bitImageRaster")),
    )


def _dots(found: dict[str, Any], columns: int) -> int:
    pixels = found["media"]["width"].get("pixels")
    return pixels if isinstance(pixels, int) else columns * _DOTS_PER_COLUMN


def _code_pages(numbered: dict[str, str]) -> tuple[CodePage, ...]:
    numbers = {name: int(number) for number, name in sorted(numbered.items(), reverse=True)}
    encodings = capabilities()["encodings"]
    return tuple(
        CodePage(numbers[name], name, _upper_half(encodings[name]["python_encode"]))
        for name in _PAGES_IN_ORDER
        if name in numbers and encodings[name].get("python_encode")
    )


@lru_cache(maxsize=64)
def _upper_half(codec: str) -> dict[str, int]:
    table: dict[str, int] = {}
    for byte in range(0x80, 0x100):
        character = bytes((byte,)).decode(codec, errors="ignore")
        if character and unicodedata.category(character) not in ("Cc", "Cf", "Zs", "Co", "Mn"):
            table.setdefault(character, byte)
    return table
