"""Closings held against the journal: each figure is added up again, and nothing that was sold may be in none."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any

from verifier.closing_shape import MONEY, is_period
from verifier.entries import Fault
from verifier.facts import Fact, Facts
from verifier.figures import NEVER_FALLING, Sums, differing, name, stated
from verifier.left_out import Cover, check_left_out, check_rows
from verifier.statements import Statement
from verifier.versions import FIRST, Chains, check_versions, version_of


def check_closings(chains: Chains, facts: Facts, *, is_whole: bool) -> Iterator[Fault]:
    """`is_whole`: every till's journal is here. Statements that are not as they were signed are not looked into."""
    chains, faults = check_versions(chains)
    yield from faults
    for statements in chains.values():
        yield from _check_order(statements)
    by_number = {(one.chain, one.number): one for all in chains.values() for one in all}
    for statements in chains.values():
        for one in statements:
            if not one.is_sound:
                continue
            if one.said["scope"] == "till":
                yield from _check_till_day(one, facts, is_whole)
            else:
                yield from _check_parts(one, by_number)
        if statements and statements[0].said["scope"] == "till":
            yield from _check_nothing_is_missing(statements, facts)
    yield from _check_parts_are_the_last(chains)


# The chain as a whole


def _check_order(statements: Sequence[Statement]) -> Iterator[Fault]:
    """Periods without a gap, amendments that name what they amend, and grand totals that go on."""
    newest: dict[str, Statement] = {}
    first = last = ""
    grand: Sums | None = Counter()
    for one in statements:
        period, before = one.said["period"], newest.get(one.said["period"])
        if one.is_sound:
            if one.said["amends"] != (before.number if before else 0):
                yield one.fault("amends", "this is not the number of the closing that it comes in place of")
            if before is None and last and period > last and period != _after(last):
                yield one.fault("period", f"{_after(last)} is not closed, and this is {period}")
            if grand is not None:
                yield from _check_grand(one, before, grand)
        newest[period] = one
        if is_period(one.said["span"], period):
            first, last = first or period, max(last, period)
        grand = stated(one.said["grand"]) if one.is_sound else None


def _check_grand(one: Statement, amended: Statement | None, before: Sums) -> Iterator[Fault]:
    if amended is not None and not amended.is_sound:
        return
    expected = Counter(before)
    expected.update(stated(one.said["figures"]))
    if amended is not None:
        expected.subtract(stated(amended.said["figures"]))
    grand = stated(one.said["grand"])
    for key in differing(grand, expected):
        yield one.fault(
            f"grand.{name(key)}", f"the closings so far make {expected[key]}, this says {grand[key]}"
        )
    for key in differing(grand, before):
        if key[1] in NEVER_FALLING and grand[key] < before[key]:
            yield one.fault(f"grand.{name(key)}", f"this fell from {before[key]} to {grand[key]}")


def _after(period: str) -> str:
    if len(period) == len("2026"):
        return f"{int(period) + 1:04d}"
    if len(period) == len("2026-11"):
        year, month = int(period[:4]), int(period[5:])
        return f"{year + month // 12:04d}-{month % 12 + 1:02d}"
    return (date.fromisoformat(period) + timedelta(days=1)).isoformat()


# A till's day


def _check_till_day(one: Statement, facts: Facts, is_whole: bool) -> Iterator[Fault]:
    for at, journal in enumerate(one.said["journals"]):
        place = (journal["incarnation"], journal["seq"])
        if place not in facts.hashes:
            yield one.fault(f"journals.{at}", f"entry {place[1]} of incarnation {place[0][:8]} is not here")
            return
        if facts.hashes[place].hex() != journal["hash"]:
            yield one.fault(f"journals.{at}.hash", f"entry {place[1]} of this journal is another one here")
    cover = Cover(one)
    yield from check_left_out(one, cover, facts, is_whole)
    mine = _covered(cover, facts, one.said["period"])
    found: Sums = Counter()
    for fact in mine:
        found.update(fact.sums or {})
    yield from _differences(one, found, "the entries")
    sold = sorted((fact.at_ms, fact.receipt) for fact in mine if fact.receipt)
    for field, at in (("first_receipt", 0), ("last_receipt", -1)):
        receipt = sold[at][1] if sold else ""
        if one.said[field] != receipt:
            yield one.fault(field, f"by the entries it is {receipt or 'none'}")


def _covered(cover: Cover, facts: Facts, day: str) -> list[Fact]:
    """Each once."""
    found: dict[Any, Fact] = {}
    for incarnation in cover.reach:
        for fact in facts.by_day.get((incarnation, day), ()):
            if cover.has(fact):
                found.setdefault(fact.id, fact)
    return list(found.values())


def _check_nothing_is_missing(statements: Sequence[Statement], facts: Facts) -> Iterator[Fault]:
    """What a later day's closing had before it, and is of an earlier day, must be in that day's closing."""
    sound = [one for one in statements if one.is_sound]
    newest = {one.said["period"]: one for one in sound}
    if len(sound) < len(statements):
        return
    covers = {one.number: Cover(one) for one in sound}
    originals = [one for one in sound if not one.said["amends"]]
    counted: dict[str, set[Any]] = defaultdict(set)
    for day, one in newest.items():
        counted[day] = {fact.id for fact in _covered(covers[one.number], facts, day)}
    journals = {incarnation for one in sound for incarnation in covers[one.number].reach}
    for (incarnation, day), of_day in sorted(facts.by_day.items()):
        if incarnation not in journals:
            continue
        number = newest[day].number if day in newest else 0
        later = [one for one in originals if one.said["period"] > day and one.number > number]
        for fact in of_day:
            if fact.id not in counted[day] and any(covers[one.number].has(fact) for one in later):
                title = f"{'refund' if not fact.is_sale else f'receipt {fact.receipt}'} of {day}"
                yield Fault(incarnation, fact.place[1], "closings", "this is in no closing of its day", title)


# A store's day, month or year


def _check_parts(one: Statement, by_number: dict[tuple[str, int], Statement]) -> Iterator[Fault]:
    found: Sums = Counter()
    parts: list[Statement] = []
    for at, part in enumerate(one.said["parts"]):
        there = by_number.get((part["chain"], part["number"]))
        if there is None:
            yield one.fault(f"parts.{at}", f"closing {part['number']} of {part['chain']} is not here")
            return
        if there.hash.hex() != part["hash"] or not there.is_sound:
            what = "can't be relied on" if there.hash.hex() == part["hash"] else "is another one here"
            yield one.fault(f"parts.{at}.hash", f"closing {part['number']} of {part['chain']} {what}")
            return
        if not there.said["period"].startswith(one.said["period"]):
            yield one.fault(f"parts.{at}", f"{there.title} is of another time")
        if version_of(there) > version_of(one):
            yield one.fault("version", f"this is of version {version_of(one)} and adds up a newer one")
        found.update(stated(there.said["figures"]))
        parts.append(there)
    yield from _differences(one, found, "its parts")
    if version_of(one) > FIRST:
        yield from _check_parts_money(one, parts)


def _check_parts_money(one: Statement, parts: Sequence[Statement]) -> Iterator[Fault]:
    """A store's day adds up what its tills say is in no figure; nothing else of a store says it."""
    for field in MONEY:
        rows = (
            [row for part in parts for row in part.said.get(field, ())] if one.said["span"] == "day" else []
        )
        yield from check_rows(one, field, rows, "its parts make")
    for field in ("left_out", "frames", "journals"):
        if one.said[field]:
            yield one.fault(field, "this belongs to a till's closing")


def _check_parts_are_the_last(chains: Chains) -> Iterator[Fault]:
    """The last closing of a period must add up the last closings of its parts, and all of them."""
    newest = {(one.chain, one.said["period"]): one for all in chains.values() for one in all if one.is_sound}
    for one in newest.values():
        above = _above(one)
        whole = newest.get(above) if above else None
        if whole is not None and [one.chain, one.number] not in [
            [part["chain"], part["number"]] for part in whole.said["parts"]
        ]:
            yield whole.fault("parts", f"{one.title} is not among them")


def _above(one: Statement) -> tuple[str, str] | None:
    """(chain, period) of the closing that adds this one up."""
    store, period, span = one.said["store_id"], one.said["period"], one.said["span"]
    if one.said["scope"] == "till":
        return f"store/{store}/day", period
    whole = {"day": "month", "month": "year"}.get(span)
    return (f"store/{store}/{whole}", period.rpartition("-")[0]) if whole else None


def _differences(one: Statement, found: Sums, who: str) -> Iterator[Fault]:
    said = stated(one.said["figures"])
    for key in differing(said, found):
        yield one.fault(f"figures.{name(key)}", f"{who} make {found[key]}, the closing says {said[key]}")
