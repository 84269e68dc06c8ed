"""Which value of a JSON text is not as it was when its marks were made. Marks are checksums: they help, not prove."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Any, NamedTuple
from zlib import crc32

_LENGTH = 8
_MOST_VALUES = 20_000


class Change(NamedTuple):
    """`path` leads to the value: names and places in lists, with points between."""

    path: str
    message: str


class _Value(NamedTuple):
    path: str
    mark: str


def changes(value: Any, marks: str) -> list[Change]:
    """`value` as `json.loads` gave it; too many values to compare, and values nested too deep, give none."""
    try:
        now = list(_values("", "", value))
    except RecursionError:
        return []
    sealed = [marks[at : at + _LENGTH] for at in range(0, len(marks), _LENGTH)]
    if max(len(now), len(sealed)) > _MOST_VALUES:
        return []
    same = SequenceMatcher(None, sealed, [one.mark for one in now], autojunk=False)
    steps = [step for step in same.get_opcodes() if step[0] != "equal"]
    return [one for _, *at in steps for one in _between(now, *at)]


def _between(now: list[_Value], old: int, old_end: int, new: int, new_end: int) -> Iterator[Change]:
    were, are = old_end - old, new_end - new
    for number, one in enumerate(now[new:new_end]):
        yield Change(one.path, "this is not what was sealed" if number < were else "this was not there")
    if were > are:
        at = now[new - 1].path if new else ""
        yield Change(at, f"values are gone from behind this: {were - are}")


def _values(path: str, name: str, value: Any) -> Iterator[_Value]:
    """The name of the nearest object counts, not the place in a list: what stands behind a gap is as before."""
    if isinstance(value, dict) and value:
        for inner, one in value.items():
            yield from _values(f"{path}.{inner}" if path else inner, inner, one)
    elif isinstance(value, list) and value:
        for at, one in enumerate(value):
            yield from _values(f"{path}.{at}" if path else str(at), name, one)
    else:
        said = f"{name}={type(value).__name__}:{value}".encode("utf-8", "surrogatepass")
        yield _Value(path, f"{crc32(said):08x}")
