"""The versions of a closing: which one a statement is, and whether it has what a closing of that version must have."""

from __future__ import annotations

from collections.abc import Iterator

from verifier.closing_shape import OF_SECOND_ONLY, misshapen
from verifier.entries import Fault
from verifier.statements import Statement

Chains = dict[str, list[Statement]]
FIRST, SECOND = 1, 2
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
    elif version == FIRST and set(one.said) & OF_SECOND_ONLY:
        yield one.fault("version", f"this is of version {FIRST} and has fields of version {SECOND}")
    elif version == SECOND:
        path = next(misshapen(one.said), "")
        if path:
            yield one.fault(path, "this is not as a closing states it")
