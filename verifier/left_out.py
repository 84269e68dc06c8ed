"""What a till's closing leaves out, and the money in it, held against the entries by the rule of its version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from verifier.closing_shape import MONEY
from verifier.entries import Fault
from verifier.facts import Fact, Facts, Place
from verifier.figures import readable_total
from verifier.statements import Statement
from verifier.versions import FIRST, version_of

Rows = dict[str, tuple[int, int, int]]
"""(entries, amount, unreadable ones) by currency"""
COUNTED = ("unbooked", "kept_raw")
"""Why an entry is left out whose money stands in the note."""


class Cover:
    """The entries that a till's closing covers."""

    def __init__(self, one: Statement) -> None:
        self.reach = {str(of["incarnation"]): int(of["seq"]) for of in one.said["journals"]}
        self.left_out = {(str(of["incarnation"]), int(of["seq"])): of["why"] for of in one.said["left_out"]}

    def is_within(self, place: Place) -> bool:
        incarnation, seq = place
        return seq <= self.reach.get(incarnation, 0)

    def has(self, fact: Fact) -> bool:
        return self.is_within(fact.place) and fact.place not in self.left_out


def check_left_out(one: Statement, cover: Cover, facts: Facts, is_whole: bool) -> Iterator[Fault]:
    is_first = version_of(one) == FIRST
    for place, why in cover.left_out.items():
        entry = f"entry {place[1]} of incarnation {place[0][:8]}"
        fact = facts.at.get(place)
        if not cover.is_within(place) or (fact is None and why not in ("kept_raw", "set_aside")):
            yield one.fault("left_out", f"{entry} is no sale or refund within reach")
        elif fact is not None and why == "elsewhere" and is_whole:
            others = [other for other in facts.places[fact.id] if other != place]
            if not (_is_of_others if is_first else _counts)(others, cover):
                where = "another till's, and is in no other journal" if is_first else "elsewhere, and is not"
                yield one.fault("left_out", f"{entry} is said to be {where}")
    yield from _check_first_money(one, cover, facts) if is_first else _check_money(one, cover, facts)


def set_aside(one: Statement, facts: Facts) -> Iterator[tuple[str, str]]:
    """(which entry, what its body says it comes to), each fact once, of what head office says is no money."""
    told = set()
    for (incarnation, seq), why in Cover(one).left_out.items():
        fact = facts.at.get((incarnation, seq))
        if why != "set_aside" or (fact is not None and fact.id in told):
            continue
        told.add(fact.id if fact is not None else (incarnation, seq))
        total = readable_total(fact.body) if fact is not None else None
        kind = "an entry" if fact is None else "a sale" if fact.is_sale else "a refund"
        yield (
            f"entry {seq} of incarnation {incarnation[:8]}",
            f"{kind} of {total[1]} {total[0]}" if total else f"{kind} of unknown amount",
        )


def _is_of_others(others: Sequence[Place], cover: Cover) -> bool:
    return any(incarnation not in cover.reach for incarnation, _ in others)


def _counts(others: Sequence[Place], cover: Cover) -> bool:
    """Whether the fact is in another till's journal, or in this one's where it is covered or its money is named."""
    if _is_of_others(others, cover):
        return True
    return any(
        cover.is_within(other) and cover.left_out.get(other, "unbooked") in COUNTED for other in others
    )


def _check_first_money(one: Statement, cover: Cover, facts: Facts) -> Iterator[Fault]:
    """The first version names the money in the sales that could not be booked, and no other."""
    said = {row["currency"]: (row["entries"], row["amount_minor"]) for row in one.said["unclassified"]}
    unbooked = [
        facts.at[place] for place, why in cover.left_out.items() if why == "unbooked" and place in facts.at
    ]
    found: dict[str, tuple[int, int]] = {}
    for fact in {fact.id: fact for fact in unbooked if fact.is_sale}.values():
        code, total = readable_total(fact.body) or ("", 0)
        if code not in said:
            code, total = "", 0
        entries, amount = found.get(code, (0, 0))
        found[code] = (entries + 1, amount + total)
    for code in sorted({*said, *found}):
        if said.get(code) != found.get(code):
            yield one.fault(
                f"unclassified.{code or 'unreadable'}", "the entries that are left out say otherwise"
            )


def _check_money(one: Statement, cover: Cover, facts: Facts) -> Iterator[Fault]:
    """All money that is left out, sales and refunds, and what stands in frames that have no place in a journal."""
    said = one.said
    known = {row["currency"] for row in [*said["grand"], *_all_rows(said)]}
    counted = [place for place, why in cover.left_out.items() if why in COUNTED]
    entries = {facts.at[place].id: facts.at[place] for place in counted if place in facts.at}.values()
    nobodys = [_UNREADABLE for place in counted if place not in facts.hashes]
    frames = said["frames"]
    sales = [*(_row(fact, known) for fact in entries if fact.is_sale), *nobodys]
    sales += [row for frame in frames for row in frame["sales"]]
    refunds = [_row(fact, known) for fact in entries if not fact.is_sale]
    refunds += [row for frame in frames for row in frame["refunds"]]
    yield from check_rows(one, MONEY[0], sales, "what is left out makes")
    yield from check_rows(one, MONEY[1], refunds, "what is left out makes")


def check_rows(one: Statement, field: str, parts: Iterable[dict[str, Any]], who: str) -> Iterator[Fault]:
    """Whether the sums under `field` are those of `parts`."""
    said, found = _summed(one.said[field]), _summed(parts)
    for code in sorted({*said, *found}):
        if said.get(code) != found.get(code):
            message = f"{who} {_in_words(found.get(code))}, the closing says {_in_words(said.get(code))}"
            yield one.fault(f"{field}.{code or 'unreadable'}", message)


_UNREADABLE = {"currency": "", "entries": 1, "amount_minor": 0, "unreadable": 1}


def _row(fact: Fact, known: set[str]) -> dict[str, Any]:
    """A server counts an amount only in a currency that it knows; `known` are those that the closing shows it does."""
    code, total = readable_total(fact.body) or ("", 0)
    if code not in known or not code:
        return _UNREADABLE
    return {"currency": code, "entries": 1, "amount_minor": total, "unreadable": 0}


def _summed(rows: Iterable[dict[str, Any]]) -> Rows:
    sums: Rows = {}
    for row in rows:
        entries, amount, unreadable = sums.get(row["currency"], (0, 0, 0))
        more = (row["entries"], row["amount_minor"], row["unreadable"])
        sums[row["currency"]] = (entries + more[0], amount + more[1], unreadable + more[2])
    return sums


def _all_rows(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in MONEY:
        yield from said[name]
    for frame in said["frames"]:
        yield from frame["sales"]
        yield from frame["refunds"]


def _in_words(sums: tuple[int, int, int] | None) -> str:
    if sums is None:
        return "nothing"
    entries, amount, unreadable = sums
    return f"{entries} that can't be read" if unreadable else f"{amount} in {entries}"
