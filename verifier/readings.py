"""JSON that every reader takes alike: no name twice in an object, and no number that is none or has no end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from math import isfinite
from typing import Any, NamedTuple

_MOST_SHOWN = 60


class Unclear(ValueError):
    """In words: what another reader could take for another value, or for none."""


def loosely(text: str | bytes) -> Any:
    """As the marks of an archive were made: of a name that is there twice the last counts, and NaN is a value."""
    return json.loads(text)


def names_once(text: str) -> Any:
    """Raises Unclear at a name that is there twice."""
    return json.loads(text, object_pairs_hook=_each_once)


def as_booked(body: bytes) -> Any:
    """As a server reads what it books: the last of a name's values, only UTF-8, and no NaN."""
    return json.loads(body.decode(), parse_constant=_no_number)


def strictly(text: str) -> Any:
    """Raises Unclear, or another ValueError for what is no JSON at all."""
    try:
        return _STRICT.decode(text)
    except (json.JSONDecodeError, Unclear):
        raise
    except ValueError:  # a number with more digits than Python reads, behind which the rest must not hide
        _STRICT_WITH_ANY_NUMBER.decode(text)
        raise


def unclear(text: str | bytes) -> str:
    """What two readers could take differently, in words. Empty too for what is no JSON: nobody reads a value in it."""
    try:
        said = text.decode() if isinstance(text, bytes) else text
        strictly(said)
    except Unclear as reason:
        return str(reason)
    except ValueError:
        return ""
    except RecursionError:
        return "it is nested too deep to be read" if said.lstrip().startswith("{") else ""
    return ""


class Reading(NamedTuple):
    """`value` is what `loosely` gives and means nothing of what is no JSON; `unclear` is what that function says."""

    value: Any
    is_json: bool
    unclear: str


def read_both_ways(text: str | bytes) -> Reading:
    """What the strict reading takes the loose one takes alike, so that nearly every text is parsed only once."""
    try:
        return Reading(strictly(text.decode() if isinstance(text, bytes) else text), True, "")
    except (ValueError, RecursionError):
        said = unclear(text)
    try:
        return Reading(loosely(text), True, said)
    except (ValueError, RecursionError):
        return Reading(None, False, said)


def no_whole_numbers(value: Any, names: frozenset[str], path: str = "") -> Iterator[str]:
    """Paths of what stands under one of `names` and is no whole number, and of every number that is not whole."""
    if isinstance(value, float):
        yield path
    elif isinstance(value, dict | list):
        for name, one in value.items() if isinstance(value, dict) else enumerate(value):
            inner = f"{path}.{name}" if path else str(name)
            if name in names and type(one) is not int:
                yield inner
            else:
                yield from no_whole_numbers(one, names, inner)


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Unclear(f"{_shown(name) or 'an empty name'} is given twice")
        found[name] = value
    return found


def _no_number(text: str) -> Any:
    raise Unclear(f"{text} is no number")


def _with_an_end(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise Unclear(f"{_shown(text)} is too large for a number")
    return value


def _shown(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"


_HOOKS: dict[str, Any] = {
    "object_pairs_hook": _each_once,
    "parse_constant": _no_number,
    "parse_float": _with_an_end,
}
_STRICT = json.JSONDecoder(**_HOOKS)
_STRICT_WITH_ANY_NUMBER = json.JSONDecoder(**_HOOKS, parse_int=str)
