"""Whoever has the server's key can hide no money that a closing must name, nor make one look like an older one."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest

from tests.verifier import test_closing_mutations as closings
from tests.verifier.closed_archive import Archived
from tests.verifier.sealed_archive import places
from tests.verifier.test_closing_mutations import (
    DAYS,
    MONTHS,
    OTHER,
    TILL,
    YEARS,
    at,
    checked,
    compact,
    forge,
    lines,
    said,
    seal_again,
    write,
)

folder = closings.folder
Change = Callable[[Any], None]


def put(*path: Any) -> Change:
    """The last of them is put where the others lead to."""
    *way, name, value = path

    def change(one: Any) -> None:
        for step in way:
            one = one[step]
        one[name] = value

    return change


def without(*path: Any) -> Change:
    *way, name = path

    def change(one: Any) -> None:
        for step in way:
            one = one[step]
        del one[name]

    return change


def twice(name: str) -> Change:
    def change(one: Any) -> None:
        one[name] = [one[name][0], *one[name]]

    return change


def hide_an_amount(one: Any) -> None:
    """What all sales in euros come to is said to be unreadable."""
    nobodys, euros = one["unclassified"]
    count = nobodys["entries"] + euros["entries"]
    one["unclassified"] = [nobodys | {"entries": count, "unreadable": count}]


def no_frame_with_refunds(one: Any) -> None:
    one["frames"] = [frame for frame in one["frames"] if not frame["refunds"]]


def less_of_a_frame(one: Any) -> None:
    """The frame is said to hold less, and so is the sum."""
    frame = next(frame for frame in one["frames"] if frame["refunds"])
    frame["refunds"] = []


def why(seq: int, reason: str) -> Change:
    def change(one: Any) -> None:
        next(entry for entry in one["left_out"] if entry["seq"] == seq)["why"] = reason

    return change


def elsewhere_and_no_money(one: Any) -> None:
    """The refund that can't be booked is said to be another till's, and the sum fits."""
    why(6, "elsewhere")(one)
    one["unclassified_refunds"][0]["entries"] -= 1
    one["unclassified_refunds"][0]["amount_minor"] -= 70


def first_version(one: Any) -> None:
    """As an earlier server would have said it."""
    for name in ("version", "unclassified_refunds", "frames"):
        del one[name]
    if one["unclassified"]:
        nobodys, euros = one["unclassified"]
        one["unclassified"] = [
            nobodys | {"entries": 1, "unreadable": 1},
            euros | {"entries": 1, "amount_minor": 70},
        ]
    for entry in one["left_out"]:
        entry["why"] = entry["why"].replace("set_aside", "kept_raw")


ROW = {"currency": "EUR", "entries": 1, "amount_minor": 5, "unreadable": 0}
FORGERIES: dict[str, tuple[str, int, Change, str]] = {
    "no sales": (TILL, 2, put("unclassified", []), "unclassified.EUR"),
    "no refunds": (TILL, 2, put("unclassified_refunds", []), "unclassified_refunds.EUR"),
    "another amount": (TILL, 2, put("unclassified", 1, "amount_minor", 1), "unclassified.EUR"),
    "an amount that is said to be unreadable": (TILL, 2, hide_an_amount, "unclassified.EUR"),
    "an amount of what is unreadable": (TILL, 2, put("unclassified", 0, "amount_minor", 1), "unclassified.0"),
    "unreadable and in a currency": (TILL, 2, put("unclassified", 1, "unreadable", 1), "unclassified.1"),
    "a sum of nothing": (TILL, 2, put("unclassified_refunds", 0, "entries", 0), "unclassified_refunds.0"),
    "a part of an entry": (TILL, 2, put("unclassified", 0, "entries", 1.5), "unclassified.0"),
    "a sum without its currency": (TILL, 2, without("unclassified", 1, "currency"), "unclassified.1"),
    "a currency that is given twice": (TILL, 2, twice("unclassified"), "unclassified.1"),
    "no list": (TILL, 2, put("unclassified_refunds", {}), "unclassified_refunds"),
    "a frame that is gone": (TILL, 2, no_frame_with_refunds, "unclassified.EUR"),
    "a frame that is given twice": (TILL, 2, twice("frames"), "frames.1"),
    "a frame that holds less": (TILL, 2, less_of_a_frame, "unclassified_refunds.EUR"),
    "a frame without money": (TILL, 2, put("frames", 0, {"id": "0" * 64, "sales": [], "refunds": []}), "frames.0"),
    "a frame without a name": (TILL, 2, put("frames", 0, "id", "00"), "frames.0"),
    "a frame that is none": (TILL, 2, put("frames", [7]), "frames.0"),
    "an entry that is left out twice": (TILL, 2, twice("left_out"), "left_out.1"),
    "a reason that is none": (TILL, 2, why(7, "lost"), "left_out.3.why"),
    "a raw sale that is said to be set aside": (TILL, 2, why(7, "set_aside"), "unclassified.EUR"),
    "a sale set aside that is said to be only kept raw": (TILL, 2, why(8, "kept_raw"), "unclassified.EUR"),
    "money that is said to be elsewhere": (TILL, 2, elsewhere_and_no_money, "left_out"),
    "a store's sales": (DAYS, 2, put("unclassified", []), "unclassified.EUR"),
    "a store's refunds": (DAYS, 2, put("unclassified_refunds", 0, "amount_minor", 1), "unclassified_refunds.EUR"),
    "a month's sales": (MONTHS, 1, put("unclassified", [ROW]), "unclassified.EUR"),
    "a store's frames": (DAYS, 2, put("frames", [{"id": "0" * 64, "sales": [ROW], "refunds": []}]), "frames"),
    "a day that is none": (TILL, 3, put("period", "2026-13-41"), "period"),
    "a day of another span": (DAYS, 4, put("period", "2027-01"), "period"),
    "another store's": (DAYS, 4, put("store_id", "04"), "store_id"),
    "a part that is given twice": (DAYS, 2, twice("parts"), "parts.1"),
    "a currency that is there twice": (TILL, 2, twice("grand"), "grand.1"),
    "a field too few": (TILL, 1, without("frames"), "frames"),
    "a field too many": (TILL, 1, put("takings", 7), "takings"),
    "a version to come": (TILL, 3, put("version", 3), "version"),
    "a version that is a word": (TILL, 3, put("version", "2"), "version"),
    "a version that is a truth": (TILL, 3, put("version", True), "version"),
    "a version that is half": (TILL, 3, put("version", 2.0), "version"),
    "no version": (TILL, 1, without("version"), "version"),
    "the first version behind the second": (TILL, 3, first_version, "version"),
    "a store of the first version over tills of the second": (DAYS, 1, first_version, "version"),
    "a year of the first version": (YEARS, 1, first_version, "version"),
}  # fmt: skip


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_closing_that_hides_money_is_found_and_the_place_named(
    folder: Path, archived: Archived, forgery: str
) -> None:
    chain, number, change, field = FORGERIES[forgery]
    assert field in forge(folder, archived, chain, number, change)


OTHERS: tuple[Any, ...] = (None, [], {}, [7], "x", "", 1.5, True, -1, 10**30)


@pytest.mark.parametrize(("chain", "number"), [(TILL, 2), (DAYS, 2), (YEARS, 2)])
def test_a_value_of_another_kind_that_the_server_signed_is_named_and_stops_nothing(
    folder: Path, archived: Archived, chain: str, number: int
) -> None:
    whole = lines(folder)
    line = whole[at(whole, chain, number)]
    for n, place in enumerate(places(said(line))):
        if place[0] in ("scope", "scope_id", "span", "period", "number", "key_id"):
            continue  # without them nobody can say which statement it is: its line is named
        old = reduce(getitem, place, said(line))
        others = [other for other in OTHERS if type(other) is not type(old)]
        stored = lines(folder)
        one = said(line)
        put(*place, others[n % len(others)])(one)
        seal = closings.seal_of(compact(one).encode(), archived.sign)
        stored[at(whole, chain, number)] |= closings._line(seal.body, seal.hash, seal.signature)
        write(folder, stored)
        found = checked(folder, archived).faults
        assert not any("can't be read" in fault.message for fault in found), (place, found)
        title = f"closing {number} of {chain}"
        assert any(fault.entry.startswith(title) for fault in found), (place, found)
        (folder / closings.CLOSINGS).write_bytes(archived.files[closings.CLOSINGS])


def test_a_version_that_is_not_known_is_said_in_words(folder: Path, archived: Archived) -> None:
    forge(folder, archived, TILL, 3, put("version", 3))
    (fault,) = [one for one in checked(folder, archived).faults if one.field == "version"]
    assert fault.message.startswith("version 3 of a closing is not known here")
    assert fault.entry.startswith("closing 3 of till/03-1/day")


def test_closings_of_the_first_version_may_stand_before_those_of_the_second(
    folder: Path, archived: Archived
) -> None:
    stored = lines(folder)
    for chain, number in ((TILL, 1), (OTHER, 1), (DAYS, 1), (TILL, 2), (OTHER, 2)):
        line = stored[at(stored, chain, number)]
        one = said(line)
        first_version(one)
        line["statement"] = compact(one)
    seal_again(folder, archived, stored)
    found = {(one.entry, one.field) for one in checked(folder, archived).faults}
    day = "closing 2 of store/03/day (2026-12-31)"
    assert found == {
        (day, "unclassified.EUR"),
        (day, "unclassified.unreadable"),
        (day, "unclassified_refunds.EUR"),
    }
