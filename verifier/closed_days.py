"""What the server closed and signed, as a whole: the two files beside the journals, and all that they must say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from verifier.closings import check_closings
from verifier.entries import Fault, Line
from verifier.facts import Facts
from verifier.left_out import set_aside
from verifier.plain_files import is_plain
from verifier.roots import check_roots
from verifier.statements import (
    CLOSING_TAG,
    CLOSINGS,
    ROOT_TAG,
    ROOTS,
    Statement,
    check_chain,
    check_end,
    read,
)
from verifier.versions import FIRST, Chains, check_versions, version_of


class ClosedDays(NamedTuple):
    closings: int
    roots: int
    faults: tuple[Fault, ...]
    set_aside: tuple[tuple[str, str], ...] = ()


def check_closed_days(
    folder: Path, manifest: Any, journals: Mapping[str, list[Line]], held: frozenset[str]
) -> ClosedDays:
    """A till's own archive has nothing of it. `held` are hashes of roots that somebody kept elsewhere."""
    ends = manifest.get("statements")
    expected = [] if ends is None else [CLOSINGS, *([ROOTS] if "roots" in ends else [])]
    wrong = [*_files(folder, expected)]
    if ends is None or wrong:
        return ClosedDays(0, 0, (*wrong, *_no_roots(held)))
    keys = {name: bytes.fromhex(key) for name, key in manifest["server_keys"].items()}
    closings, faults = read(folder / CLOSINGS, CLOSING_TAG, keys)
    roots: list[Statement] = []
    if ROOTS in expected:
        roots, more = read(folder / ROOTS, ROOT_TAG, keys, ("journals", "closings"))
        faults += more
    chains = _by_chain(closings)
    facts = Facts(journals.items())
    for statements in (*chains.values(), roots):
        faults += check_chain(statements)
    for chain, (number, digest) in ends.items():
        there = roots if chain == "roots" else chains.get(chain, [])
        faults += check_end(chain, there, number, digest, "the manifest")
    faults += check_closings(chains, facts, is_whole="roots" in ends)
    faults += check_roots(roots, chains, facts, held)
    return ClosedDays(len(closings), len(roots), tuple(faults), tuple(_set_aside(chains, facts)))


def _set_aside(chains: Chains, facts: Facts) -> Iterator[tuple[str, str]]:
    """By the last closing of each till, where it has the shape of one."""
    judged, _ = check_versions(chains)
    for last in [statements[-1] for statements in judged.values()]:
        if last.is_sound and version_of(last) > FIRST and last.said["scope"] == "till":
            yield from set_aside(last, facts)


def _by_chain(closings: list[Statement]) -> Chains:
    chains: Chains = {}
    for one in closings:
        chains.setdefault(one.chain, []).append(one)
    return chains


def _files(folder: Path, expected: list[str]) -> Iterator[Fault]:
    for name in (CLOSINGS, ROOTS):
        if (folder / name).exists() != (name in expected):
            message = "this file is missing" if name in expected else "the manifest does not name this file"
            yield Fault("", 0, name, message)
        elif name in expected and not is_plain(folder / name):
            yield Fault("", 0, name, "this is no plain file of the archive")


def _no_roots(held: frozenset[str]) -> list[Fault]:
    return [Fault("", 0, "root", "there are no daily roots in this archive") for _ in held]
