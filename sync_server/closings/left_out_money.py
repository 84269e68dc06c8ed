"""All money of a till that is in no figure at a moment, and why each entry of its journals is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, or_, select

from shared_models.closing import LeftOut, UnclassifiedMoney, WaitingFrame
from shared_models.sync_api import WireEntry
from sync_server.closings.reach import (
    ELSEWHERE,
    KEPT_RAW,
    SET_ASIDE,
    UNBOOKED,
    Reach,
    places,
)
from sync_server.closings.taken_in import TakenIn
from sync_server.ingest.frame_contents import (
    IS_SET_ASIDE,
    IS_WAITING,
    Fact,
    Logged,
    RawPlaces,
    fact_of,
    frames,
    logged,
    not_in_log,
)
from sync_server.ingest.sale_total import REFUND, SALE, UNREADABLE, added_up, is_training, money_of
from sync_server.ingest.tables import ingest_log, ingest_pos, quarantine


class LeftOutMoney(msgspec.Struct, frozen=True):
    """`left_out` says of each entry why, also whether head office set aside what it came in."""

    left_out: tuple[LeftOut, ...]
    sales: tuple[UnclassifiedMoney, ...]
    refunds: tuple[UnclassifiedMoney, ...]
    frames: tuple[WaitingFrame, ...]


_Money = tuple[str, UnclassifiedMoney]
"""The kind of an entry, and what it comes to."""


def left_out_money(tx: Connection, till_id: str, reach: Reach, taken: Iterable[TakenIn]) -> LeftOutMoney:
    """What stands in several places counts once; what nobody can read counts as one sale of unknown amount.

    `taken` counts by the frame that it was taken in from, as if it still waited there.
    No body is held longer than it takes to read what it comes to.
    """
    without_a_place = {fact_of(one.entry): one for one in taken}
    kept_raw = [one for one in reach.left_out if one.why == KEPT_RAW]
    raw = list(_raw_entries(tx, till_id, kept_raw, set(without_a_place)))
    for one in raw:
        if isinstance(one.fact, tuple) and one.why == KEPT_RAW:
            without_a_place.pop(one.fact, None)
    unbooked = [one for one in reach.left_out if one.why == UNBOOKED]
    given_up = _set_aside(tx, unbooked)
    why = {one.place: one.why for one in raw} | dict.fromkeys(given_up, SET_ASIDE)
    left_out = tuple(LeftOut(one.incarnation, one.seq, why.get(one, one.why)) for one in reach.left_out)
    waiting = {one.fact: one.money for one in raw if one.why == KEPT_RAW}
    used = {one.frame_id for one in raw}
    still = [
        *_frames_without_a_place(tx, till_id, used, set(waiting)),
        *_frames_taken_in(without_a_place.values()),
    ]
    waiting_frames = tuple(sorted(still, key=lambda frame: frame.id))
    found: dict[str, list[UnclassifiedMoney]] = defaultdict(list)
    for kind, money in [*_unbooked(tx, set(unbooked) - given_up), *waiting.values()]:
        found[kind].append(money)
    for frame in waiting_frames:
        found[SALE] += frame.sales
        found[REFUND] += frame.refunds
    return LeftOutMoney(left_out, added_up(found[SALE]), added_up(found[REFUND]), waiting_frames)


def _set_aside(tx: Connection, unbooked: Iterable[LeftOut]) -> set[LeftOut]:
    found: set[LeftOut] = set()
    for which in places(unbooked):
        query = select(ingest_pos.c.incarnation, ingest_pos.c.seq).where(which)
        query = query.join(quarantine, quarantine.c.ingest_id == ingest_pos.c.ingest_id)
        rows = tx.execute(query.where(quarantine.c.set_aside_for.is_not(None)))
        found |= {LeftOut(bytes(incarnation).hex(), seq, UNBOOKED) for incarnation, seq in rows}
    return found


def _unbooked(tx: Connection, unbooked: Iterable[LeftOut]) -> Iterator[_Money]:
    seen: set[int] = set()
    for which in places(unbooked):
        query = select(ingest_log.c.ingest_id, ingest_log.c.type, ingest_log.c.body).where(which)
        query = query.join(ingest_pos, ingest_pos.c.ingest_id == ingest_log.c.ingest_id)
        for id, kind, body in tx.execute(query.execution_options(yield_per=10)):
            if id not in seen:
                seen.add(id)
                yield kind, money_of(bytes(body))


class _Raw(NamedTuple):
    """`fact` is the place itself where nobody can open its frame: then nobody knows what else it is."""

    place: LeftOut
    why: str
    frame_id: str
    fact: Fact | LeftOut
    money: _Money


def _raw_entries(
    tx: Connection, till_id: str, left_out: list[LeftOut], taken: set[Fact | LeftOut]
) -> Iterator[_Raw]:
    """Of what was `taken` in from another frame and has no place elsewhere, this is the place that counts."""
    raw = RawPlaces(tx, till_id, or_(IS_WAITING, IS_SET_ASIDE))
    for which in places(left_out):
        query = select(ingest_pos.c.incarnation, ingest_pos.c.seq, ingest_pos.c.hash).where(which)
        found = [_raw_entry(raw, *row) for row in tx.execute(query).all()]
        money_facts = [
            one.fact for one in found if isinstance(one.fact, tuple) and one.money[0] in (SALE, REFUND)
        ]
        known = logged(tx, money_facts)
        given_up = _given_up(tx, known)
        for one in found:
            if one.fact in given_up:
                yield one._replace(why=SET_ASIDE)
            else:
                yield one._replace(why=ELSEWHERE) if one.fact in known.keys() - taken else one


def _given_up(tx: Connection, money: dict[Fact, Logged]) -> set[Fact]:
    """Those of the facts in the log that a person set aside there."""
    numbers = [at.ingest_id for at in money.values()]
    query = select(quarantine.c.ingest_id).where(quarantine.c.ingest_id.in_(numbers))
    set_aside = set(tx.scalars(query.where(quarantine.c.set_aside_for.is_not(None))))
    return {fact for fact, at in money.items() if at.ingest_id in set_aside}


def _raw_entry(raw: RawPlaces, incarnation: bytes, seq: int, hash: bytes) -> _Raw:
    place = LeftOut(bytes(incarnation).hex(), seq, KEPT_RAW)
    frame = raw.frame(bytes(incarnation), seq, bytes(hash))
    if frame is None or frame.push is None:
        return _Raw(place, KEPT_RAW, "", place, (SALE, UNREADABLE))
    (entry,) = frame.push.entries
    why = SET_ASIDE if frame.is_set_aside else KEPT_RAW
    return _Raw(place, why, frame.id, fact_of(entry), _money(entry))


def _frames_without_a_place(
    tx: Connection, till_id: str, used: set[str], seen: set[Fact | LeftOut]
) -> Iterator[WaitingFrame]:
    """Those that hold money. `used` are frames that count at a place of a journal, `seen` what counts already."""
    counted = {fact for fact in seen if isinstance(fact, tuple)}
    for frame in frames(tx, IS_WAITING, quarantine.c.till_id == till_id):
        if frame.id in used:
            continue
        if frame.push is None:
            yield WaitingFrame(frame.id, (UNREADABLE,), ())
            continue
        found = [_money(entry) for entry in not_in_log(tx, frame.push.entries, counted)]
        sales, refunds = _of_kind(SALE, found), _of_kind(REFUND, found)
        if sales or refunds:
            yield WaitingFrame(frame.id, sales, refunds)


def _frames_taken_in(taken: Iterable[TakenIn]) -> Iterator[WaitingFrame]:
    by_frame: dict[str, list[_Money]] = defaultdict(list)
    for one in taken:
        if not is_training(one.entry.body):
            by_frame[one.frame_id].append(_money(one.entry))
    for frame_id, found in by_frame.items():
        sales, refunds = _of_kind(SALE, found), _of_kind(REFUND, found)
        if sales or refunds:
            yield WaitingFrame(frame_id, sales, refunds)


def _money(entry: WireEntry) -> _Money:
    return entry.type, money_of(entry.body) if entry.type in (SALE, REFUND) else UNREADABLE


def _of_kind(kind: str, found: Iterable[_Money]) -> tuple[UnclassifiedMoney, ...]:
    return added_up(money for of_kind, money in found if of_kind == kind)
