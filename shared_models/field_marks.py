"""A mark for each value in a JSON text, so that of a changed text it can be told which value changed.

Marks are checksums and prove nothing; what proves is the hash over the text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from zlib import crc32


def marks(text: bytes) -> str:
    """Eight hex digits for each value in the order of the text, or for the whole where it is no JSON.

    A mark is the CRC-32 of `name=type:value`: the name that the value stands under, the empty one in a bare list;
    the type and the value as Python names and writes them. Empty lists and objects are values too.
    """
    try:
        values = list(_values("", json.loads(text)))
    except (ValueError, RecursionError):
        return f"{crc32(text):08x}"
    return "".join(f"{crc32(one.encode('utf-8', 'surrogatepass')):08x}" for one in values)


def _values(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for inner, one in value.items():
            yield from _values(inner, one)
    elif isinstance(value, list) and value:
        for one in value:
            yield from _values(name, one)
    else:
        yield f"{name}={type(value).__name__}:{value}"
