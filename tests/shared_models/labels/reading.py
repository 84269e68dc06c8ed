"""Labels to print, and what tools that are not ours read on them."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import zxingcpp
from hypothesis import strategies as st
from PIL import Image

from shared_models.gtin import normalise_gtin
from shared_models.labels.label import Label

ZBAR = shutil.which("zbarimg")
PDFTOPPM = shutil.which("pdftoppm")
PDFTOTEXT = shutil.which("pdftotext")
EAN13, EAN8, UPCA, CARTON = "4006381333931", "96385074", "036000291452", "14006381333938"
GTINS = {"ean13": EAN13, "ean8": EAN8, "upca": UPCA, "code128": CARTON}


def label_of(code: str = normalise_gtin(EAN13), **more: object) -> Label:
    plain: dict[str, object] = {
        "name": "Oat drink barista 1 l",
        "price_minor": 249,
        "currency": "EUR",
        "sku": "OAT",
    }
    return Label(code=code, **(plain | more))  # type: ignore[arg-type]


def read_by_zxing(picture: Image.Image) -> list[str]:
    enlarged = picture.resize((picture.width * 2, picture.height * 2))
    return sorted(found.text for found in zxingcpp.read_barcodes(enlarged))


def read_by_zbar(picture: Image.Image, folder: Path) -> list[str]:
    assert ZBAR is not None
    path = folder / "picture.png"
    picture.resize((picture.width * 2, picture.height * 2)).save(path)
    kinds = ("-Sdisable", "-Sean13.enable", "-Sean8.enable", "-Scode128.enable")
    done = subprocess.run(
        [ZBAR, "-q", "--raw", *kinds, str(path)], capture_output=True, text=True, check=False
    )
    return sorted(done.stdout.split("\n")[:-1])


def pages(pdf: bytes, folder: Path, dpi: int = 300) -> list[Image.Image]:
    assert PDFTOPPM is not None
    (folder / "labels.pdf").write_bytes(pdf)
    subprocess.run([PDFTOPPM, "-r", str(dpi), "-gray", "labels.pdf", "page"], cwd=folder, check=True)
    return [Image.open(io.BytesIO(path.read_bytes())) for path in sorted(folder.glob("page*.pgm"))]


def text_of(pdf: bytes, folder: Path) -> str:
    assert PDFTOTEXT is not None
    (folder / "labels.pdf").write_bytes(pdf)
    return subprocess.run(
        [PDFTOTEXT, "labels.pdf", "-"], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


anything = st.text(st.characters(exclude_categories=()), max_size=60)
hostile = st.lists(
    st.one_of(
        anything,
        st.sampled_from(["^XZ", "^XA^FO0,0^FDfree^FS", "~JA", "_5E", "^FS", "^FH", "\\&", "\x1b", "~HS"]),
    ),
    max_size=4,
).map("".join)
