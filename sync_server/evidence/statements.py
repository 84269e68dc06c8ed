"""Closings and daily roots as they are kept: signed, chained, added at the end of their chain and never changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, func, insert, select

from shared_models.closing import VERSION, Closing, DailyRoot, Head, Sealed, sealed
from shared_models.closing_figures import combined, difference
from sync_server.evidence.server_key import ServerKey
from sync_server.evidence.tables import closing, daily_root
from sync_server.ports import NowMs

_HEADS = list[Head]


class KeptClosing(msgspec.Struct, frozen=True):
    """`amended_by` is the number of the closing that came in its place, 0 where these are the last figures."""

    closing_id: int
    closing: Closing
    seal: Sealed
    amended_by: int = 0


class KeptRoot(msgspec.Struct, frozen=True):
    root: DailyRoot
    seal: Sealed
    journals: list[Head]
    closings: list[Head]


class Statements:
    """The caller sees to it that nobody else adds to the same chain at the same time; a clash raises IntegrityError."""

    def __init__(self, key: ServerKey, remember_key: Callable[[Connection], None], now_ms: NowMs) -> None:
        self._key = key
        self._remember_key = remember_key
        self._now_ms = now_ms

    # Closings

    def add(self, tx: Connection, draft: Closing) -> KeptClosing:
        """`draft` is without what the chain gives it: number, grand total, what it amends, hash of the one before."""
        self._remember_key(tx)
        before, same = self.last(tx, draft.chain()), self.newest(tx, draft.chain(), draft.period)
        changed = difference(draft.figures, same.closing.figures if same else ())
        statement = msgspec.structs.replace(
            draft,
            version=VERSION,
            number=before.closing.number + 1 if before else 1,
            amends=same.closing.number if same else 0,
            at_ms=self._now_ms(),
            grand=combined([*(before.closing.grand if before else ()), *changed]),
            previous=before.seal.hash.hex() if before else "",
            key_id=self._key.key_id,
        )
        seal = sealed(statement, self._key.sign)
        names = ("number", "scope", "store_id", "span", "period", "amends", "at_ms")
        row = {name: getattr(statement, name) for name in names} | msgspec.structs.asdict(seal)
        till_id = statement.scope_id if statement.scope == "till" else ""
        made = tx.execute(insert(closing).values(**row, chain=statement.chain(), till_id=till_id))
        assert made.inserted_primary_key is not None
        return KeptClosing(made.inserted_primary_key[0], statement, seal)

    def last(self, tx: Connection, chain: str) -> KeptClosing | None:
        query = select(closing).where(closing.c.chain == chain).order_by(closing.c.number.desc()).limit(1)
        return _one(tx, query)

    def newest(self, tx: Connection, chain: str, period: str) -> KeptClosing | None:
        """With the figures of the period as they stand now."""
        of_period = (closing.c.chain == chain) & (closing.c.period == period)
        return _one(tx, select(closing).where(of_period).order_by(closing.c.number.desc()).limit(1))

    def first_period(self, tx: Connection, chain: str) -> str:
        """The one that the chain began with, empty where there is no chain. Earlier ones may have come later."""
        begun = (closing.c.chain == chain) & (closing.c.number == 1)
        return tx.scalar(select(closing.c.period).where(begun)) or ""

    def last_period(self, tx: Connection, chain: str) -> str:
        return tx.scalar(select(func.max(closing.c.period)).where(closing.c.chain == chain)) or ""

    def periods(self, tx: Connection, chain: str, like: str = "") -> list[str]:
        """Those that begin with `like`, in order."""
        query = select(closing.c.period).distinct().where(closing.c.chain == chain)
        if like:
            query = query.where(closing.c.period.startswith(like, autoescape=True))
        return list(tx.scalars(query.order_by(closing.c.period)))

    def chains(self, tx: Connection, *, store_id: str = "", scope: str = "") -> list[str]:
        query = select(closing.c.chain).where(closing.c.number == 1)
        for name, value in (("store_id", store_id), ("scope", scope)):
            if value:
                query = query.where(closing.c[name] == value)
        return sorted(tx.scalars(query))

    def closing(self, tx: Connection, closing_id: int) -> KeptClosing | None:
        return _one(tx, select(closing).where(closing.c.closing_id == closing_id))

    def places(
        self, tx: Connection, wanted: Iterable[tuple[str, int]]
    ) -> dict[tuple[str, int], tuple[int, str]]:
        """The closings' ids and periods by chain and number."""
        chains: dict[str, set[int]] = {}
        for chain, number in wanted:
            chains.setdefault(chain, set()).add(number)
        found: dict[tuple[str, int], tuple[int, str]] = {}
        for chain, numbers in chains.items():
            at = (closing.c.chain == chain) & closing.c.number.in_(numbers)
            rows = tx.execute(select(closing.c.number, closing.c.closing_id, closing.c.period).where(at))
            found |= {(chain, number): (id, period) for number, id, period in rows}
        return found

    def closings(
        self,
        tx: Connection,
        *,
        store_id: str | None = None,
        till_id: str = "",
        scope: str = "",
        span: str = "",
        period: str = "",
        before: int | None = None,
        limit: int = 100,
    ) -> list[KeptClosing]:
        """The newest first; `before` is the last one's id. `period` may be a beginning: 2026-11 for all of November."""
        query = select(closing).order_by(closing.c.closing_id.desc()).limit(limit)
        for name, value in (("store_id", store_id), ("till_id", till_id), ("scope", scope), ("span", span)):
            if value:
                query = query.where(closing.c[name] == value)
        if period:
            query = query.where(closing.c.period.startswith(period, autoescape=True))
        if before is not None:
            query = query.where(closing.c.closing_id < before)
        rows = tx.execute(query).all()
        newest = self._newest_numbers(tx, {(row.chain, row.period) for row in rows})
        return [_kept(row, newest[row.chain, row.period]) for row in rows]

    def heads(self, tx: Connection) -> list[Head]:
        """Of every chain of closings."""
        last = select(closing.c.chain, func.max(closing.c.number).label("number")).group_by(closing.c.chain)
        tops = last.subquery()
        at = (closing.c.chain == tops.c.chain) & (closing.c.number == tops.c.number)
        rows = tx.execute(select(closing.c.chain, closing.c.number, closing.c.hash).join(tops, at))
        return sorted(
            (Head(chain, number, hash.hex()) for chain, number, hash in rows), key=lambda one: one.name
        )

    def _newest_numbers(self, tx: Connection, periods: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
        chains, days = {chain for chain, _ in periods}, {period for _, period in periods}
        query = select(closing.c.chain, closing.c.period, func.max(closing.c.number))
        query = query.where(closing.c.chain.in_(chains), closing.c.period.in_(days))
        rows = tx.execute(query.group_by(closing.c.chain, closing.c.period))
        return {(chain, period): number for chain, period, number in rows}

    # Daily roots

    def add_root(
        self, tx: Connection, draft: DailyRoot, journals: list[Head], closings: list[Head]
    ) -> KeptRoot:
        self._remember_key(tx)
        before = self.last_root(tx)
        root = msgspec.structs.replace(
            draft,
            number=before.root.number + 1 if before else 1,
            at_ms=self._now_ms(),
            previous=before.seal.hash.hex() if before else "",
            key_id=self._key.key_id,
        )
        seal = sealed(root, self._key.sign)
        leaves = {"journals": msgspec.json.encode(journals), "closings": msgspec.json.encode(closings)}
        row = {"number": root.number, "day": root.day, "at_ms": root.at_ms} | msgspec.structs.asdict(seal)
        tx.execute(insert(daily_root).values(**row, **leaves))
        return KeptRoot(root, seal, journals, closings)

    def last_root(self, tx: Connection) -> KeptRoot | None:
        return _one_root(tx, select(daily_root).order_by(daily_root.c.number.desc()).limit(1))

    def root(self, tx: Connection, day: str) -> KeptRoot | None:
        return _one_root(tx, select(daily_root).where(daily_root.c.day == day))

    def roots(self, tx: Connection, before: int | None = None, limit: int = 100) -> list[KeptRoot]:
        """The newest first."""
        query = select(daily_root).order_by(daily_root.c.number.desc()).limit(limit)
        if before is not None:
            query = query.where(daily_root.c.number < before)
        return [_kept_root(row) for row in tx.execute(query)]


def _one(tx: Connection, query: Select[Any]) -> KeptClosing | None:
    row = tx.execute(query).one_or_none()
    if row is None:
        return None
    same = (closing.c.chain == row.chain) & (closing.c.period == row.period)
    return _kept(row, tx.scalar(select(func.max(closing.c.number)).where(same)) or 0)


def _kept(row: Row[Any], newest: int) -> KeptClosing:
    statement = msgspec.json.decode(row.body, type=Closing)
    return KeptClosing(row.closing_id, statement, _seal(row), newest if newest != row.number else 0)


def _one_root(tx: Connection, query: Select[Any]) -> KeptRoot | None:
    row = tx.execute(query).one_or_none()
    return _kept_root(row) if row is not None else None


def _kept_root(row: Row[Any]) -> KeptRoot:
    journals, closings = (msgspec.json.decode(one, type=_HEADS) for one in (row.journals, row.closings))
    return KeptRoot(msgspec.json.decode(row.body, type=DailyRoot), _seal(row), journals, closings)


def _seal(row: Row[Any]) -> Sealed:
    return Sealed(bytes(row.body), bytes(row.hash), bytes(row.signature))
