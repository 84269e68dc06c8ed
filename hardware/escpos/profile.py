"""What a printer model can do: its columns, dots, code pages, and native symbols."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Any, ClassVar

import msgspec

from hardware.escpos.library import capabilities
from hardware.escpos.models import (
    GENERIC_58_MM,
    GENERIC_80_MM,
    MODELS,
    CodePages,
    Confirmation,
    Cutter,
    Model,
)
from shared_models.errors import ShopError

__all__ = ["GENERIC_58_MM", "GENERIC_80_MM", "CodePage", "PrinterProfile", "profile_named", "profile_names"]

_DOTS_PER_COLUMN = 12
_FEWEST_COLUMNS = 24
# Right-to-left pages need reordering and shaping, CP1258 and CP874 stack marks, CP932 is multi-byte: such
# text is drawn instead. Western pages come first because every printer has them.
_PAGES_IN_ORDER = (
    "cp437", "cp858", "cp850", "cp1252", "iso8859_15", "cp852", "cp1250", "iso8859_2", "cp866", "cp1251", "cp1125",
    "cp855", "cp737", "cp1253", "iso8859_7", "cp869", "cp857", "cp1254", "cp775", "cp1257", "cp865", "cp863", "cp860",
    "cp861",
)  # fmt: skip


class UnknownPrinterProfile(ShopError):
    """The settings name a printer model that nobody knows, or that speaks another language."""

    code: ClassVar[str] = "unknown_printer_profile"


class CodePage(msgspec.Struct, frozen=True):
    """One of the printer's character tables; `bytes_of` holds its upper half."""

    number: int
    codec: str
    bytes_of: dict[str, int]


class PrinterProfile(msgspec.Struct, frozen=True):
    """`letters` are `letters_of` its pages, at hand because every text is held against them."""

    name: str
    title: str
    columns: int
    dots: int
    code_pages: tuple[CodePage, ...]
    letters: frozenset[str]
    has_barcodes: bool
    has_qr: bool
    cutter: Cutter
    has_raster: bool
    confirmation: Confirmation

    @property
    def codecs(self) -> CodePages:
        """Which encoding hides behind each number, for the virtual printer."""
        return {page.number: page.codec for page in self.code_pages}


def profile_names() -> list[str]:
    """Ours first; then those of python-escpos' database that print ESC/POS."""
    return [*MODELS, *sorted(name for name, found in _database().items() if not _why_not(found))]


@lru_cache(maxsize=64)
def profile_named(name: str) -> PrinterProfile:
    """One of `profile_names()`; raises UnknownPrinterProfile."""
    model = MODELS.get(name)
    if model is not None:
        return _profile(name, model, has_raster=True)
    found = _database().get(name)
    reason = f"No printer model is called '{name}'." if found is None else _why_not(found)
    if found is None or reason:
        raise UnknownPrinterProfile(f"{reason} Choose one from the list, or {GENERIC_80_MM}.", name=name)
    return _profile(name, _model(found), has_raster=bool(found["features"].get("bitImageRaster")))


def _profile(name: str, model: Model, *, has_raster: bool) -> PrinterProfile:
    pages = code_pages(model.pages)
    return PrinterProfile(
        name=name,
        title=model.title,
        columns=model.columns,
        dots=model.dots,
        code_pages=pages,
        letters=letters_of(pages),
        has_barcodes=model.barcodes,
        has_qr=model.qr,
        cutter=model.cutter,
        has_raster=has_raster,
        confirmation=model.knows,
    )


def _database() -> dict[str, Any]:
    profiles: dict[str, Any] = capabilities()["profiles"]
    return profiles


def _why_not(found: dict[str, Any]) -> str:
    """Why a printer of the database can't be used; empty when it can."""
    features = found["features"]
    if features.get("starCommands"):
        return f"{found['name']} is listed with Star's own language. Switch it to ESC/POS and choose star-tsp650."
    if not features:
        return f"{found['name']} is a display, not a printer."
    if int(found["fonts"]["0"]["columns"]) < _FEWEST_COLUMNS:
        return f"The columns of {found['name']} are not known."
    return ""


def _model(found: dict[str, Any]) -> Model:
    features = found["features"]
    columns = int(found["fonts"]["0"]["columns"])
    return Model(
        title=f"{found['vendor']} {found['name']}",
        columns=columns,
        dots=_dots(found, columns),
        pages=_pages(found["codePages"]),
        barcodes=bool(features.get("barcodeB")),
        qr=bool(features.get("qrCode")),
        cutter="yes" if features.get("paperFullCut") or features.get("paperPartCut") else "no",
    )


def _dots(found: dict[str, Any], columns: int) -> int:
    pixels = found["media"]["width"].get("pixels")
    return pixels if isinstance(pixels, int) else columns * _DOTS_PER_COLUMN


def _pages(numbered: dict[str, str]) -> CodePages:
    encodings = capabilities()["encodings"]
    return {
        int(number): encodings[name]["python_encode"].replace("-", "_")
        for number, name in numbered.items()
        if encodings[name].get("python_encode")
    }


def code_pages(pages: CodePages) -> tuple[CodePage, ...]:
    """Those that we print by, each once, by its lowest number."""
    numbers = {codec: number for number, codec in sorted(pages.items(), reverse=True)}
    return tuple(
        CodePage(numbers[codec], codec, _upper_half(codec)) for codec in _PAGES_IN_ORDER if codec in numbers
    )


def letters_of(pages: tuple[CodePage, ...]) -> frozenset[str]:
    """What can be written as it is: ASCII, and what is in any of the pages."""
    return frozenset(map(chr, range(0x80))).union(*(page.bytes_of for page in pages))


@lru_cache(maxsize=64)
def _upper_half(codec: str) -> dict[str, int]:
    table: dict[str, int] = {}
    for byte in range(0x80, 0x100):
        character = bytes((byte,)).decode(codec, errors="ignore")
        if character and unicodedata.category(character) not in ("Cc", "Cf", "Zs", "Co", "Mn"):
            table.setdefault(character, byte)
    return table
