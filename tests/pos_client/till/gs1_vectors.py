"""What the till makes of other people's GS1 vectors and barcode pictures, as a table.

`python -m tests.pos_client.till.gs1_vectors` writes it into docs/gs1.md; a test compares the two.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
import zxingcpp
from PIL import Image

from pos_client.till import gs1_scan
from pos_client.till.refusals import Refused
from pos_client.till.scanning import read_scan
from shared_models.gtin import expand_upce, has_valid_check_digit

DATA = Path(__file__).parent / "data" / "gs1"
PAGE = Path(__file__).parents[3] / "docs" / "gs1.md"
BEGIN, END = "<!-- table: begin -->\n", "<!-- table: end -->\n"
FNC1 = "^"
_QUOTED = re.compile(r'"([^"]*)"\s*$')


class Tried(msgspec.Struct, frozen=True):
    """`said` is what the source says about it, `done` what the till did: the text that it read, or '' if refused."""

    group: str
    what: str
    said: str
    done: str

    @property
    def fits(self) -> bool:
        return self.said == self.done


REASONS = {
    "(10)12345\\(11)991225": "a backslash before a bracket is the syntax engine's own notation, no scanner sends it",
    "(10)12345\\(": "the same",
    "(10)12345(11)": "an identifier without a value is passed over; nobody sells anything by it",
    "^70072112252112": "harvest dates are not looked at",
    "^700721122521123": "the same",
    "https://[fe80::1%25lo]/01/12312312312333": "whose address it is does not matter to the till",
    "https://a/gtin/12312312312333": "words in place of identifiers were withdrawn from the standard",
    "https://a/gtin/12312312312333/ser/ABC123": "the same",
    "https://a/01/416000336108": "short GTINs are read: the standard allows them, one setting of the engine does not",
    "https://a/01/12312312312333?99=ABC&999=faux": "what the standard does not know is passed over",
    "https://example.com/01/09520123456788?99=XYZ&89=ABC123": "the same",
    "https://example.com/01/09520123456788?10=ABC123": "a lot number in the wrong place is still the lot number",
    "https://id.gs1.org/01/09520123456788/10/ABC123?99=XYZ789&01=09520123456788": "it says the same thing twice",
    "https://id.gs1.org/01/09520123456788/10/ABC123?99=XYZ789&10=ABC123": "the same",
    "ABC": "no GS1 code, so a code of the shop's own",
    "]Q1https://a/NOPRIMARYAI": "the same",
    "101098 1234": "a space is none of the signs that GS1 allows in a lot number",
    "01900123456789083932040EUR": "a price has no letters; the picture is right, its text is no valid code",
    "0190012345678908393204055GBP": "the same",
    "0190012345678908393204066USD778899": "the same",
    "1599123131030017501012A^422123^21123456^4230123456789012": (
        "countries have three figures each, thirteen are no countries; the picture is right, its text is no valid code"
    ),
    "01900123456789083922795888888888888888888888888888888888888888888888888888": (
        "a price has fifteen figures at most; the picture is right, its text is no valid code"
    ),
}


def everything() -> Iterator[Tried]:
    yield from strings()
    yield from links()
    yield from scans()
    yield from linters()
    yield from pictures()


def strings() -> Iterator[Tried]:
    for vector in _vectors("ai"):
        text, said = vector["input"], vector.get("expected", "")
        if text.startswith("$"):
            continue  # a variable of the C source
        if vector["kind"] == "unbracketed_process":
            said = text if vector["valid"] else ""
            done = _read("]C1" + text[1:].replace(FNC1, gs1_scan.SEPARATOR)) if text[:1] == FNC1 else ""
        else:
            done = _read(text) if text.startswith("(") else ""
        yield Tried("element strings", text, said.replace(FNC1, ""), done)


def links() -> Iterator[Tried]:
    for vector in _vectors("digital_link"):
        if vector["kind"] != "parse":
            continue
        text, said = _without_comment(vector["input"]), _without_comment(vector["expected"])
        if (
            "://" not in text
        ):  # the extraction put the address into the other field, and lost what was expected
            continue
        names_product = "/01/" in text or "/gtin/" in text or "01=" in text
        if names_product or not vector["valid"]:
            done = _read(text) if gs1_scan.is_link(text) else ""
            yield Tried("Digital Links", text, said.replace(FNC1, ""), done)


def scans() -> Iterator[Tried]:
    """Raw scanner data with symbology identifiers, through the till's whole reading of a scan."""
    for vector in _vectors("scan_data"):
        said = vector["expected"]
        if "\\^" in said:
            said = said[1:]  # the engine's own mark that no FNC1 is meant
        elif said.startswith("https://"):
            said = said.partition("/01/")[2].partition("?")[0]
        elif said.startswith(FNC1):
            said = said[3:17]  # the till looks for the GTIN
        elif said.isdigit():
            said = said.zfill(14)
        yield Tried("scans with a symbology identifier", vector["scan"], said, _scanned(vector["scan"]))


def linters() -> Iterator[Tried]:
    """Rules for values, tried on an identifier that has them."""
    places = {"csum": "01", "yymmdd": "11", "yymmd0": "17", "cset82": "10", "csetnumeric": "30"}
    for vector in _vectors("lint"):
        text, where = vector["input"], places[vector["linter"]]
        said = where + text if vector["valid"] else ""
        long = {"10": 20, "30": 8}.get(where, len(text))
        if len(text) > long or (vector["linter"] == "cset82" and not text):
            continue  # longer than any value of the identifier, so not the linter decides
        yield Tried(f"values: {vector['linter']}", text, said, _read(f"]C1{where}{text}"))


def pictures() -> Iterator[Tried]:
    """Decoded by zxing-cpp, which stands for the scanner, then read by the till."""
    with zipfile.ZipFile(DATA / "barcode_images.zip") as images:
        for name in sorted(name for name in images.namelist() if name.endswith(".png")):
            image = Image.open(BytesIO(images.read(name)))
            (found, *_) = zxingcpp.read_barcodes(image, text_mode=zxingcpp.TextMode.Plain)
            printed = images.read(name[:-3] + "txt").decode().strip("\n")
            group = f"pictures: {name.partition('/')[0]}"
            scan = found.symbology_identifier + found.text
            if printed.startswith("("):
                said = re.sub(r"\((\d+)\)", r"\1", printed)
                yield Tried(
                    group,
                    found.text.replace(gs1_scan.SEPARATOR, FNC1),
                    said,
                    _read(scan).replace(gs1_scan.SEPARATOR, ""),
                )
            else:
                gtin = expand_upce(printed) if "upce" in group else printed
                yield Tried(group, name, gtin.zfill(14), _scanned(scan))


def table() -> str:
    tried = list(everything())
    lines = [
        "| what | to be read | read, the same | to be refused | refused | otherwise |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for group, members in groupby(tried, key=lambda one: one.group):
        these = list(members)
        good, bad = [one for one in these if one.said], [one for one in these if not one.said]
        counts = (len(good), sum(one.fits for one in good), len(bad), sum(one.fits for one in bad))
        lines.append(f"| {group} | {' | '.join(map(str, counts))} | {sum(not one.fits for one in these)} |")
    lines += [
        "",
        "Otherwise, and why:",
        "",
        "| code | the source says | the till | why |",
        "|---|---|---|---|",
    ]
    for one in tried:
        if not one.fits:
            said, done = (f"`{text}`" if text else "refused" for text in (one.said, one.done))
            lines.append(f"| `{one.what}` | {said} | {done} | {REASONS.get(one.what, '?')} |")
    return "\n".join(lines) + "\n"


def _vectors(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DATA / f"{name}.json").read_text())
    return found


def _without_comment(text: str) -> str:
    quoted = _QUOTED.search(text) if text.startswith("$") or '"' in text else None
    return quoted[1] if quoted else text


def _read(code: str) -> str:
    try:
        values = gs1_scan.elements(code)
    except Refused:
        return ""
    gtin = values.get("01")
    if gtin is not None and not has_valid_check_digit(gtin):
        return ""
    return "".join(identifier + value for identifier, value in values.items())


def _scanned(scan: str) -> str:
    try:
        read = read_scan(scan, (), 2)
    except Refused:
        return ""
    return "" if read.suspicion else read.codes[0]


def main() -> None:
    before, _, rest = PAGE.read_text().partition(BEGIN)
    PAGE.write_text(before + BEGIN + table() + END + rest.partition(END)[2])


if __name__ == "__main__":
    main()
