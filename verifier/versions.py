"""The versions of a closing: which one a statement is, and whether it has what a closing of that version must have."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from verifier.entries import Fault
from verifier.statements import Statement

Chains = dict[str, list[Statement]]
FIRST, SECOND = 1, 2
MONEY = ("unclassified", "unclassified_refunds")
WHYS = ("unbooked", "kept_raw", "set_aside", "elsewhere")
_OF_BOTH = frozenset({
    "scope", "scope_id", "store_id", "span", "number", "period", "amends", "at_ms", "figures", "grand", "first_receipt",
    "last_receipt", "journals", "left_out", "unclassified", "parts", "previous", "key_id",
})  # fmt: skip
_OF_SECOND = frozenset({"version", "unclassified_refunds", "frames"})
_ROW = {"currency": str, "entries": int, "amount_minor": int, "unreadable": int}
_LEFT_OUT = {"incarnation": str, "seq": int, "why": str}
_FRAME = {"id": str, "sales": list, "refunds": list}
_HASH = re.compile("[0-9a-f]{64}")
_MOST_SHOWN = 40


def version_of(one: Statement) -> int:
    """A statement that does not say it is of the first."""
    version: int = one.said.get("version", FIRST)
    return version


def check_versions(chains: Chains) -> tuple[Chains, list[Fault]]:
    """The chains, in which nothing that this verifier can't judge counts as sound, and what is wrong with versions."""
    faults: list[Fault] = []
    judged: Chains = {}
    for chain, statements in chains.items():
        judged[chain] = []
        newest = FIRST
        for one in statements:
            wrong = list(_wrong(one, newest)) if one.is_sound else []
            faults += wrong
            judged[chain].append(one._replace(is_sound=one.is_sound and not wrong))
            if one.is_sound and not wrong:
                newest = version_of(one)
    return judged, faults


def _wrong(one: Statement, newest: int) -> Iterator[Fault]:
    version = one.said.get("version", FIRST)
    if type(version) is not int or version not in (FIRST, SECOND):
        shown = str(version)[:_MOST_SHOWN]
        message = (
            f"version {shown} of a closing is not known here, so it was not checked; take a newer verifier"
        )
        yield one.fault("version", message)
    elif version < newest:
        yield one.fault("version", f"this is of version {version} and stands behind one of version {newest}")
    elif version == FIRST and set(one.said) & (_OF_SECOND - {"version"}):
        yield one.fault("version", f"this is of version {FIRST} and has fields of version {SECOND}")
    elif version == SECOND:
        path = next(_misshapen(one.said), "")
        if path:
            yield one.fault(path, "this is not as a closing states it")


# The shape of the second version


def _misshapen(said: dict[str, Any]) -> Iterator[str]:
    """Paths of what is missing, too much, or states nothing."""
    yield from sorted(set(said) ^ (_OF_BOTH | _OF_SECOND))
    for name in MONEY:
        yield from _rows(name, said[name])
    yield from _list("left_out", said["left_out"], _LEFT_OUT, ("incarnation", "seq"))
    for n, one in enumerate(said["left_out"]):
        if one["why"] not in WHYS:
            yield f"left_out.{n}.why"
    yield from _list("frames", said["frames"], _FRAME, ("id",))
    for n, one in enumerate(said["frames"]):
        if not _HASH.fullmatch(one["id"]) or not one["sales"] + one["refunds"]:
            yield f"frames.{n}"
        for name in ("sales", "refunds"):
            yield from _rows(f"frames.{n}.{name}", one[name])


def _rows(path: str, rows: Any) -> Iterator[str]:
    """A sum per currency; what nobody can read has none, and no amount."""
    yield from _list(path, rows, _ROW, ("currency",))
    for n, row in enumerate(rows):
        is_unreadable = row["currency"] == ""
        if (
            row["entries"] < 1
            or row["unreadable"] != (row["entries"] if is_unreadable else 0)
            or (is_unreadable and row["amount_minor"])
        ):
            yield f"{path}.{n}"


def _list(path: str, rows: Any, fields: Mapping[str, type], order: Sequence[str]) -> Iterator[str]:
    """Objects of exactly these fields, each once, in the order of what names them."""
    if not isinstance(rows, list):
        yield path
        return
    for n, row in enumerate(rows):
        is_one = isinstance(row, dict) and set(row) == set(fields)
        if not is_one or any(type(row[name]) is not kind for name, kind in fields.items()):
            yield f"{path}.{n}"
            return
    keys = [[row[name] for name in order] for row in rows]
    yield from (f"{path}.{n + 1}" for n in range(len(keys) - 1) if keys[n] >= keys[n + 1])
