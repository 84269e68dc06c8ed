"""Keeps out of data what a printer obeys at once, wherever in the stream it stands (DLE EOT, DLE ENQ, DLE DC4).

The dots of a logo, or the digits of a receipt number packed two to a byte, could otherwise open the drawer.
"""

from __future__ import annotations

import re

_BEGINS = re.compile(rb"\x10(?=[\x04\x05\x14])")


def would_be_obeyed(data: bytes) -> bool:
    """Whether a command in real time may begin in it."""
    return _BEGINS.search(data) is not None


def with_a_dot_more(dots: bytes) -> bytes:
    """A picture's dots without such beginnings: beside the single dot of each stands another, which nobody sees."""
    return _BEGINS.sub(b"\x18", dots)
