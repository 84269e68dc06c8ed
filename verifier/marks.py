"""Which value of a JSON text is not as it was when its marks were made. Marks are checksums: they help, not prove."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, NamedTuple
from zlib import crc32

_LENGTH = 8
_MOST_VALUES = 20_000


class Change(NamedTuple):
    """`path` leads to the value: names and places in lists, with points between."""

    path: str
    message: str


_Place = tuple["_Place | None", str | int]
"""(the place around it, its name or number): of most values nobody asks for the path."""


def changes(value: Any, marks: str) -> list[Change]:
    """`value` as `json.loads` gave it; too many values to compare, and values nested too deep, give none."""
    now: list[str] = []
    places: list[_Place | None] = []
    try:
        _mark(None, "", value, now, places)
    except RecursionError:
        return []
    if "".join(now) == marks:
        return []
    sealed = [marks[at : at + _LENGTH] for at in range(0, len(marks), _LENGTH)]
    if max(len(now), len(sealed)) > _MOST_VALUES:
        return []
    same = SequenceMatcher(None, sealed, now, autojunk=False)
    steps = [step for step in same.get_opcodes() if step[0] != "equal"]
    return [one for _, *at in steps for one in _between(places, *at)]


def _between(
    places: Sequence[_Place | None], old: int, old_end: int, new: int, new_end: int
) -> Iterator[Change]:
    were, are = old_end - old, new_end - new
    for number, place in enumerate(places[new:new_end]):
        yield Change(_path(place), "this is not what was sealed" if number < were else "this was not there")
    if were > are:
        at = _path(places[new - 1]) if new else ""
        yield Change(at, f"values are gone from behind this: {were - are}")


def _path(place: _Place | None) -> str:
    names: list[str] = []
    while place:
        place, name = place
        names.append(str(name))
    path = ""
    for one in reversed(names):
        path = f"{path}.{one}" if path else one
    return path


def _mark(place: _Place | None, name: str, value: Any, now: list[str], places: list[_Place | None]) -> None:
    """The name of the nearest object counts, not the place in a list: what stands behind a gap is as before."""
    if isinstance(value, dict) and value:
        for inner, one in value.items():
            _mark((place, inner), inner, one, now, places)
    elif isinstance(value, list) and value:
        for at, one in enumerate(value):
            _mark((place, at), name, one, now, places)
    else:
        said = f"{name}={type(value).__name__}:{value}".encode("utf-8", "surrogatepass")
        now.append(f"{crc32(said):08x}")
        places.append(place)
