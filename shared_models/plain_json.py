"""Whether JSON says to every reader the same: no name twice in an object, no number that is none or has no end.

The verifier has the same rule in its own words; it must need nothing of ours.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import Any

_MOST_SHOWN = 60


class _Unclear(ValueError):
    """In words: what another reader could take for another value, or for none."""


def unclear(body: bytes) -> str:
    """What two readers could take differently, in words. Empty too for what is no JSON at all."""
    hooks: dict[str, Any] = {
        "object_pairs_hook": _each_once,
        "parse_constant": _no_number,
        "parse_float": _with_an_end,
    }
    try:
        text = body.decode()
        try:
            json.loads(text, **hooks)
        except (json.JSONDecodeError, _Unclear):
            raise
        except ValueError:  # more digits than Python reads, behind which the rest must not hide
            json.loads(text, **hooks, parse_int=str)
    except _Unclear as reason:
        return str(reason)
    except ValueError:
        return ""
    except RecursionError:
        return "it is nested too deep to be read"
    return ""


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise _Unclear(f"{_shown(name) or 'an empty name'} is given twice")
        found[name] = value
    return found


def _no_number(text: str) -> Any:
    raise _Unclear(f"{text} is no number")


def _with_an_end(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise _Unclear(f"{_shown(text)} is too large for a number")
    return value


def _shown(text: str) -> str:
    return text if len(text) <= _MOST_SHOWN else f"{text[:_MOST_SHOWN]}…"
