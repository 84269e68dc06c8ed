"""Daily roots: what they are made of, held against the journals and the closings that are here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Any

from verifier.entries import Fault
from verifier.facts import Facts
from verifier.statements import Statement, check_end
from verifier.versions import Chains


def check_roots(
    roots: Sequence[Statement], chains: Chains, facts: Facts, held: frozenset[str]
) -> Iterator[Fault]:
    """`held` are hashes of roots that somebody kept elsewhere: each must be among these."""
    known = {one.hash.hex() for one in roots}
    for digest in sorted(held - known):
        yield Fault("", 0, "root", "the root that you hold is none of these", f"root {digest[:16]}")
    days: set[str] = set()
    before: dict[str, int] = {}
    for one in roots:
        if not one.is_sound:
            continue
        if one.said["day"] in days:
            yield one.fault("day", "there is a root of this day already")
        days.add(one.said["day"])
        for what in ("journals", "closings"):
            yield from _check_tree(one, what)
            now = {row[0]: row[1] for row in one.more[what]}
            for name in (name for name in before if _is(what, name) and before[name] > now.get(name, 0)):
                yield one.fault(what, f"{name} had {before[name]} in the root before and has less in this")
            before |= now
        yield from _check_journals(one, facts)
        for name, number, digest in one.more["closings"]:
            yield from check_end(name, chains.get(name, ()), number, digest, one.title)


def _is(what: str, name: str) -> bool:
    return ("/" in name) == (what == "closings")


def _check_tree(one: Statement, what: str) -> Iterator[Fault]:
    rows = one.more[what]
    if len(rows) != one.said[what] or tree_root(rows).hex() != one.said[f"{what}_root"]:
        yield one.fault(f"{what}_root", f"the {what} beside it are not those that it was made of")


def _check_journals(one: Statement, facts: Facts) -> Iterator[Fault]:
    for incarnation, seq, digest in one.more["journals"]:
        here = facts.hashes.get((incarnation, seq))
        if here is None:
            yield Fault(
                incarnation, seq, "truncated", f"{one.title} was made with this entry, and it is not here"
            )
        elif here.hex() != digest:
            yield Fault(incarnation, seq, "hash", f"{one.title} was made with another entry in this place")


def tree_root(rows: Sequence[Any]) -> bytes:
    """RFC 9162, 2.1.1, over [name, number, hash] in the order of their names."""
    return _tree([_leaf(*row) for row in sorted(rows)])


def _leaf(name: str, number: int, digest: str) -> bytes:
    text = name.encode()
    told = len(text).to_bytes(2, "big") + text + number.to_bytes(8, "big") + bytes.fromhex(digest)
    return sha256(b"\0" + told).digest()


def _tree(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + _tree(leaves[:left]) + _tree(leaves[left:])).digest()
