"""Reading all that is stored again and again, a bounded piece at a time: is it still what the tills sealed?

`received_at_ms` is the server's own note, which no seal covers; every other column of the log is checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, select

from shared_models import journal
from shared_models.journal import Verify
from shared_models.signing import verifier
from sync_server.database import Database
from sync_server.findings import Finding, Inbox
from sync_server.ingest import check_place, log
from sync_server.ingest.altered import Stored, altered, sealed_hash, stored
from sync_server.ingest.as_it_came import AsItCame
from sync_server.ingest.check_place import CheckState, Place
from sync_server.ingest.tables import incarnation, ingest_log, ingest_pos
from sync_server.ports import NowMs

KeysOf = Callable[[Connection, str], dict[str, bytes]]
"""The public keys of all machines that are, or were, that till, by device id."""
PIECE_ENTRIES = 1000
_PIECE_BYTES = 16 << 20
_ROUND_MS = 24 * 3_600_000
_KIND = "journal_altered"
_FACTS = b"\xff" * 17
"""Behind every incarnation's id: the positions are done, and the facts are gone through."""


class _Piece(NamedTuple):
    """`at` and `seq` are how far it came; `at` is None when the round is done."""

    at: bytes | None
    seq: int
    entries: int
    findings: list[Finding]


class BackgroundCheck:
    def __init__(self, db: Database, inbox: Inbox, keys_of: KeysOf, now_ms: NowMs) -> None:
        self._db = db
        self._inbox = inbox
        self._keys_of = keys_of
        self._now_ms = now_ms

    def state(self, tx: Connection) -> CheckState:
        place = check_place.read(tx)
        return CheckState(place.at is None, *place[2:])

    def run(self, is_going: Callable[[], bool] = lambda: True) -> None:
        """One piece; a new round begins a day after the last one did."""
        with self._db.read() as tx:
            place = check_place.read(tx)
            if place.at is None:
                if place.ended_ms is not None and self._now_ms() < place.began_ms + _ROUND_MS:
                    return
                place = place._replace(at=b"", seq=0, began_ms=self._now_ms(), entries=0, faults=0)
            piece = self._piece(tx, place.at or b"", place.seq, is_going)
        with self._db.write() as tx:
            self._inbox.raise_many(tx, piece.findings)
            check_place.note(tx, self._after(place, piece))

    def _piece(self, tx: Connection, at: bytes, seq: int, is_going: Callable[[], bool]) -> _Piece:
        return _facts(tx, seq) if at == _FACTS else self._positions(tx, at, seq, is_going)

    def _after(self, place: Place, piece: _Piece) -> Place:
        entries, faults = place.entries + piece.entries, place.faults + len(piece.findings)
        place = place._replace(at=piece.at, seq=piece.seq, entries=entries, faults=faults)
        if piece.at is None:
            return place._replace(ended_ms=self._now_ms(), ended_entries=entries, ended_faults=faults)
        return place

    # Positions, with the facts that they name

    def _positions(self, tx: Connection, at: bytes, seq: int, is_going: Callable[[], bool]) -> _Piece:
        findings: list[Finding] = []
        read, left = 0, PIECE_ENTRIES
        while left > 0 and is_going():
            life = tx.execute(select(incarnation).where(incarnation.c.incarnation == at)).one_or_none()
            if life is not None:
                done, seq, is_end = self._life(tx, life, seq, left, findings)
                read, left = read + done, left - max(done, 1)
                if not is_end:
                    break
            later = select(incarnation.c.incarnation).where(incarnation.c.incarnation > at)
            following = tx.scalar(later.order_by(incarnation.c.incarnation).limit(1))
            if following is None:
                return _Piece(_FACTS, 0, read, findings)
            at, seq = bytes(following), 0
        return _Piece(at, seq, read, findings)

    def _life(
        self, tx: Connection, life: Row[Any], seq: int, most: int, findings: list[Finding]
    ) -> tuple[int, int, bool]:
        """(entries read, how far it came, whether that is the end)"""
        id = bytes(life.incarnation)
        came = AsItCame(tx, self._inbox, id, life.till_id)
        verify, wrong = self._machines(tx, life)
        if seq == 0:
            findings += [_finding(life, 0, f"incarnation.{name}") for name in wrong]
            prev = journal.first_prev(life.parent, life.parent_seq, bytes(life.parent_hash))
        else:
            prev = log.hash_at(tx, id, seq) or b""
        done = size = 0
        for row in _rows(tx, id, seq, most):
            if row.seq > seq + 1:
                findings.append(_finding(life, seq + 1, "ingest_pos.seq", f"{row.seq - seq - 1} missing"))
                prev = b""
            done, size, seq = done + 1, size + len(row.body or b""), row.seq
            columns = self._altered(tx, life, row, prev, verify, came)
            findings += [_finding(life, seq, name) for name in columns]
            prev = row.hash if "ingest_pos.hash" not in columns else sealed_hash(id, row, prev)
            if size > _PIECE_BYTES:
                return done, seq, False
        if done == most:
            return done, seq, False
        findings += [_finding(life, at, name) for at, name in _wrong_end(life, seq, prev)]
        return done, seq, True

    def _machines(self, tx: Connection, life: Row[Any]) -> tuple[Verify, list[str]]:
        """Any of the till's machines may have sealed it: one brings what another left."""
        keys = self._keys_of(tx, life.till_id)
        first = [keys[life.device_id]] if life.device_id in keys else []
        checks = [_check(key) for key in dict.fromkeys((*first, *keys.values()))]

        def verify(message: bytes, signature: bytes) -> bool:
            return any(check(message, signature) for check in checks)

        wrong = [] if first else ["device_id or till_id"]
        return verify, wrong + ([] if life.till_id.startswith(f"{life.store_id}-") else ["store_id"])

    def _altered(
        self, tx: Connection, life: Row[Any], row: Stored, prev: bytes, verify: Verify, came: AsItCame
    ) -> list[str]:
        id = bytes(life.incarnation)
        if row.log_event_id is None:
            if row.ingest_id is not None:
                return ["ingest_pos.ingest_id"]
            return came.altered_apart(row)
        columns = altered(id, row, prev, verify)
        if not row.chain_ok:
            if came.was_noticed(row):
                return []
            return columns or ["ingest_pos.chain_ok"]
        return columns or list(_misplaced(tx, life, row))


def _wrong_end(life: Row[Any], seq: int, prev: bytes) -> Iterator[tuple[int, str]]:
    """The journal ends with `seq`, whose hash is `prev`."""
    is_head = prev == bytes(life.head_hash)
    if seq != life.high:
        is_cut = seq < life.high and not is_head
        yield min(seq, life.high) + 1, "ingest_pos.seq" if is_cut else "incarnation.high"
    elif seq and prev and not is_head:
        yield seq, "incarnation.head_hash"


def _facts(tx: Connection, after: int) -> _Piece:
    """Those that no position names."""
    places = (ingest_pos.c.incarnation == ingest_log.c.incarnation) & (ingest_pos.c.seq == ingest_log.c.seq)
    lives = incarnation.c.incarnation == ingest_log.c.incarnation
    query = (
        select(
            ingest_log.c.ingest_id,
            ingest_log.c.till_id,
            ingest_log.c.store_id,
            ingest_log.c.seq,
            ingest_log.c.incarnation,
            ingest_pos.c.ingest_id.label("placed"),
            incarnation.c.high,
        )
        .outerjoin(ingest_pos, places)
        .outerjoin(incarnation, lives)
        .where(ingest_log.c.ingest_id > after)
        .order_by(ingest_log.c.ingest_id)
        .limit(PIECE_ENTRIES * 10)
    )
    rows = tx.execute(query).all()
    findings = [_stray(row) for row in rows if row.placed != row.ingest_id or row.high is None]
    if len(rows) < PIECE_ENTRIES * 10:
        return _Piece(None, 0, 0, findings)
    return _Piece(_FACTS, rows[-1].ingest_id, 0, findings)


def _misplaced(tx: Connection, life: Row[Any], row: Stored) -> Iterator[str]:
    """Where the fact says that it was stamped first, and whose it is."""
    if row.log_till_id != life.till_id:
        yield "ingest_log.till_id"
    if row.log_store_id != life.store_id:
        yield "ingest_log.store_id"
    if (row.log_incarnation, row.log_seq) != (life.incarnation, row.seq):
        first = (ingest_pos.c.incarnation == row.log_incarnation) & (ingest_pos.c.seq == row.log_seq)
        if tx.scalar(select(ingest_pos.c.ingest_id).where(first)) != row.ingest_id:
            yield "ingest_log.incarnation or ingest_log.seq"


def _rows(tx: Connection, id: bytes, after: int, most: int) -> Iterator[Stored]:
    place = [
        ingest_pos.c[name] for name in ("seq", "event_id", "ingest_id", "hash", "signature", "algorithm")
    ]
    fact = ("event_id", "body_hash", "type", "schema", "body", "till_id", "store_id", "incarnation", "seq")
    query = (
        select(*place, ingest_pos.c.chain_ok, *(ingest_log.c[name] for name in fact))
        .outerjoin(ingest_log, ingest_log.c.ingest_id == ingest_pos.c.ingest_id)
        .where(ingest_pos.c.incarnation == id, ingest_pos.c.seq > after)
        .order_by(ingest_pos.c.seq)
        .limit(most)
        .execution_options(yield_per=20)
    )
    for row in tx.execute(query):
        yield stored(row)


def _check(key: bytes) -> Verify:
    """A key that somebody spoilt has signed nothing."""
    try:
        return verifier(key)
    except ValueError:
        return lambda message, signature: False


def _finding(life: Row[Any], seq: int, column: str, more: str = "") -> Finding:
    id = bytes(life.incarnation).hex()
    entry = f"Entry {seq} of till {life.till_id}" if seq else f"The journal of till {life.till_id}"
    what = f" ({more})" if more else ""
    return Finding(
        key=f"{_KIND}:{id}:{seq}:{column}",
        kind=_KIND,
        sentence=f"{entry} is not as the till sealed it: {column} was changed in this server's database{what}.",
        store_id=life.store_id,
        till_id=life.till_id,
        refs={"incarnation": id, "seq": str(seq), "column": column},
    )


def _stray(row: Any) -> Finding:
    id = bytes(row.incarnation).hex()
    return Finding(
        key=f"{_KIND}:fact:{row.ingest_id}",
        kind=_KIND,
        sentence=(
            f"Fact {row.ingest_id} in this server's database says that it is entry {row.seq} of till {row.till_id}, "
            "and that till's journal has another or none there."
        ),
        store_id=row.store_id,
        till_id=row.till_id,
        refs={"incarnation": id, "seq": str(row.seq), "fact": str(row.ingest_id)},
    )
