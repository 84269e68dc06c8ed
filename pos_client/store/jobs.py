"""The print and drawer jobs: queued in the transaction of the fact they belong to, carried out afterwards.

A job is marked `sending` before its first byte leaves; a pulse when it is the very next thing to leave. One found
`sending` at start may or may not have been carried out, so it becomes `uncertain` and is never repeated by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from pos_client.store.connection import Database, Driver

Kind = Literal["drawer", "print"]
_KEPT = 1000

_INSERT = "insert into job(kind, pos, payload, note) values (?, ?, ?, ?)"


class Job(msgspec.Struct, frozen=True):
    """`payload` is an encoded receipt document; a drawer job has none and its reason is the note.

    A sale's receipt is not stored a second time: it is made from the journal when the job is claimed.
    """

    id: int
    kind: Kind
    pos: int
    payload: bytes
    state: str
    attempts: int
    note: str


class Jobs:
    """The queue as the spooler works through it; drawer pulses come before paper."""

    def __init__(self, database: Database, receipt_of: Callable[[int], bytes]) -> None:
        """`receipt_of` makes the encoded receipt of the sale at a journal position."""
        self._database = database
        self._receipt_of = receipt_of

    def after_restart(self) -> None:
        def work(connection: Driver) -> None:
            connection.execute("update job set state = 'uncertain' where state = 'sending'")

        if self.having("sending"):
            self._database.write(work)

    def claim(self, kind: Kind | None = None) -> Job | None:
        """The oldest queued job, now marked `sending` for good; of both kinds a pulse goes before paper."""

        def work(connection: Driver) -> Job | None:
            row = connection.execute(
                "update job set state = 'sending', attempts = attempts + 1 where id ="
                " (select id from job where state = 'queued' and kind = coalesce(?, kind) order by kind, id limit 1)"
                " returning id, kind, pos, payload, state, attempts, note",
                (kind,),
            ).fetchone()
            return None if row is None else Job(*row)

        # Under one lock: a new incarnation may move the sale to another place in between.
        with self._database.lock:
            job = self._database.write(work) if self.any_queued(kind) else None
            if job is None or job.payload or job.kind == "drawer":
                return job
            return msgspec.structs.replace(job, payload=self._receipt_of(job.pos))

    def done(self, job_id: int) -> None:
        """Carried out. The payload goes, and so do jobs done long ago; what was sold is in the journal."""

        def work(connection: Driver) -> None:
            connection.execute("update job set state = 'done', payload = x'' where id = ?", (job_id,))
            connection.execute("delete from job where state = 'done' and id < ?", (job_id - _KEPT,))

        self._database.write(work)

    def uncertain(self, job_id: int) -> None:
        self._set(job_id, "uncertain")

    def again(self, job_id: int) -> None:
        """Nothing had left: back into the queue."""
        self._set(job_id, "queued")

    def cancel(self, job_id: int) -> None:
        """A person decided that it need not be carried out any more."""
        self._set(job_id, "cancelled")

    def having(self, state: str) -> Sequence[Job]:
        with self._database.read() as connection:
            rows = connection.execute(
                "select id, kind, pos, payload, state, attempts, note from job where state = ? order by id",
                (state,),
            ).fetchall()
        return [Job(*row) for row in rows]

    def unsure_receipts(self) -> tuple[str, ...]:
        """The numbers of receipts that may or may not be on paper, oldest first; reports are not among them."""
        with self._database.read() as connection:
            rows = connection.execute(
                "select coalesce((select receipt_number from sale where sale.pos = job.pos),"
                " (select receipt_number from sale where receipt_number = job.note))"
                " from job where state = 'uncertain' and kind = 'print' order by id"
            ).fetchall()
        return tuple(dict.fromkeys(number for (number,) in rows if number))

    def any_queued(self, kind: Kind | None = None) -> bool:
        with self._database.read() as connection:
            row = connection.execute(
                "select 1 from job where state = 'queued' and kind = coalesce(?, kind) limit 1", (kind,)
            )
            return row.fetchone() is not None

    def _set(self, job_id: int, state: str) -> None:
        def work(connection: Driver) -> None:
            connection.execute("update job set state = ? where id = ?", (state, job_id))

        self._database.write(work)


def queue_print(connection: Driver, pos: int, payload: bytes = b"", note: str = "") -> None:
    """Without a payload it is the receipt of the sale at `pos`."""
    connection.execute(_INSERT, ("print", pos, payload, note))


def queue_drawer(connection: Driver, pos: int, reason: str) -> None:
    connection.execute(_INSERT, ("drawer", pos, b"", reason))


def settle_receipt(connection: Driver, receipt_number: str) -> None:
    """It is printed again, so whether the first one came out matters no more."""
    connection.execute(
        "update job set state = 'cancelled' where state = 'uncertain' and kind = 'print'"
        " and (note = ? or pos = (select pos from sale where receipt_number = ?))",
        (receipt_number, receipt_number),
    )


def settle_shift(connection: Driver) -> None:
    """The customers have gone; the list of sales still prints any receipt again."""
    connection.execute("update job set state = 'cancelled' where state = 'uncertain'")
