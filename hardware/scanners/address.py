"""Which scanners a till has, in one line of text: addresses with spaces between them, `wedge:` for those that type."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import msgspec

from hardware.scanners.wedge import WedgeSettings
from hardware.transport.address import BadAddress

WEDGE = "wedge:"
_EXAMPLES = "wedge: or wedge:?prefix=%02&suffix=%23&max_gap_ms=60"


class ScannerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`wedge` is None where no scanner types."""

    wedge: WedgeSettings | None = None


def scanners_at(text: str) -> ScannerSettings:
    """Raises BadAddress, which shows how to write one."""
    wedge = None
    for address in text.split():
        if not address.startswith(WEDGE):
            raise BadAddress(f"{address!r} is no scanner's address. Write it as {_EXAMPLES}.")
        wedge = wedge_at(address)
    return ScannerSettings(wedge)


def wedge_at(address: str) -> WedgeSettings:
    """`wedge:` with any field of WedgeSettings behind a question mark; control characters as %02."""
    try:
        parts = urlsplit(address)
        options = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query)))
        if parts.path or parts.netloc or parts.fragment:
            raise ValueError(parts)
        return msgspec.convert(options, WedgeSettings, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise BadAddress(f"{address!r} is no scanner's address. Write it as {_EXAMPLES}.") from error
