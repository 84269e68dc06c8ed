"""Where a scanner's USB report has what: read from its HID report descriptor.

USB 'Device Class Definition for HID' 1.11, 6.2.2 (items), and 'HID Point of Sale Usage Tables' 1.02, 3 (usage page 8C,
bar code scanners).
"""

from __future__ import annotations

import msgspec

from hardware.scanners.base import BadScan, ScanOutcome, outcome_of

SCANNER_PAGE = 0x8C
_SYMBOLOGY = ((SCANNER_PAGE << 16) | 0xFB, (SCANNER_PAGE << 16) | 0xFC, (SCANNER_PAGE << 16) | 0xFD)
_DATA, _CONTINUED = (SCANNER_PAGE << 16) | 0xFE, (SCANNER_PAGE << 16) | 0xFF
_BYTE_COUNT = 0x01_003B
_LONGEST = 4096


class Field(msgspec.Struct, frozen=True):
    """`usage` is page and id in one number; `first_bit` counts behind the report's id."""

    usage: int
    first_bit: int
    bits: int
    count: int

    def bytes_in(self, report: bytes) -> bytes:
        first = self.first_bit // 8
        return report[first : first + self.count * self.bits // 8]

    def is_set_in(self, report: bytes) -> bool:
        at, bit = divmod(self.first_bit, 8)
        return at < len(report) and bool(report[at] >> bit & 1)


class Layout(msgspec.Struct, frozen=True):
    """`reports` has the input fields of each report id; id 0 where reports have none."""

    has_ids: bool
    reports: dict[int, tuple[Field, ...]]

    @property
    def is_scanner(self) -> bool:
        return any(field.usage == _DATA for fields in self.reports.values() for field in fields)


def layout_of(descriptor: bytes) -> Layout:
    """Never fails: what can't be understood has no fields."""
    page = size = count = report_id = 0
    has_ids = False
    usages: list[int] = []
    bits: dict[int, int] = {}
    fields: dict[int, list[Field]] = {}
    at = 0
    while at < len(descriptor):
        prefix = descriptor[at]
        length = (0, 1, 2, 4)[prefix & 3]
        value = int.from_bytes(descriptor[at + 1 : at + 1 + length], "little")
        at += 1 + length
        match prefix & 0xFC:
            case 0x04:
                page = value
            case 0x74:
                size = value
            case 0x94:
                count = value
            case 0x84:
                report_id, has_ids = value, True
            case 0x08:
                usages.append(value if length == 4 else page << 16 | value)
            case 0x80:
                first = bits.get(report_id, 0)
                bits[report_id] = first + size * count
                each = 1 if len(usages) > 1 else count
                for number, usage in enumerate(usages):
                    fields.setdefault(report_id, []).append(
                        Field(usage, first + number * each * size, size, each)
                    )
                usages.clear()
            case 0xA0 | 0xC0 | 0x90 | 0xB0:
                usages.clear()
    return Layout(has_ids, {key: tuple(found) for key, found in fields.items()})


class HidPosReader:
    """Puts the reports of one scan together; long codes come in several."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._data = b""

    def feed(self, report: bytes) -> list[ScanOutcome]:
        report_id = report[0] if self._layout.has_ids and report else 0
        body = report[1:] if self._layout.has_ids else report
        fields = {field.usage: field for field in self._layout.reports.get(report_id, ())}
        if _DATA not in fields:
            return []
        data = fields[_DATA].bytes_in(body)
        if _BYTE_COUNT in fields:
            data = data[: int.from_bytes(fields[_BYTE_COUNT].bytes_in(body), "little")]
        else:
            data = data.rstrip(b"\0")
        self._data += data
        if _CONTINUED in fields and fields[_CONTINUED].is_set_in(body):
            return self._unless_endless()
        scanned, self._data = self._data.decode("utf-8", "replace").rstrip("\r\n"), b""
        identifier = b"".join(fields[usage].bytes_in(body) for usage in _SYMBOLOGY if usage in fields)
        return [outcome_of(_identifier(identifier) + scanned)] if scanned else []

    def _unless_endless(self) -> list[ScanOutcome]:
        if len(self._data) <= _LONGEST:
            return []
        self._data = b""
        return [BadScan("too_long", "")]


def _identifier(found: bytes) -> str:
    """The AIM identifier (ISO/IEC 15424), if it is one: ']C1'. Some scanners leave the bracket out or send zeros."""
    text = found.strip(b"\0 ").decode("latin-1")
    if len(text) == 2:
        text = "]" + text
    return text if len(text) == 3 and text[0] == "]" and text[1:].isascii() and text[1:].isalnum() else ""
