"""The exceptions inbox: raised by what the server finds, worked through by people, never deleted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from sync_server.errors import Conflict, Invalid, NotFound
from sync_server.exceptions.tables import exception_case, exception_note
from sync_server.findings import Finding
from sync_server.ports import NowMs

State = Literal["open", "assigned", "resolved"]
THE_SERVER = "server"
MAX_NOTE = 2000
_LARGEST_ID = 2**63 - 1


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One exception. `refs` lead to what it is about, `sentence` says it in words."""

    case_id: int
    kind: str
    state: State
    store_id: str
    till_id: str
    sentence: str
    refs: dict[str, str]
    raised_at_ms: int
    assigned_to: str
    changed_at_ms: int


class CaseNote(msgspec.Struct, frozen=True):
    """Who did what to an exception. `state` is the one that it went into."""

    at_ms: int
    by: str
    state: str
    note: str


class ExceptionService:
    def __init__(self, now_ms: NowMs) -> None:
        self._now_ms = now_ms

    # What the server says

    def raise_many(self, tx: Connection, findings: Sequence[Finding]) -> None:
        """Open a case for each finding that has none yet, whatever became of that one."""
        if not findings:
            return
        now = self._now_ms()
        rows = [_new_row(finding, now) for finding in findings]
        dialect = postgresql if tx.dialect.name == "postgresql" else sqlite
        statement: Any = dialect.insert(exception_case)
        tx.execute(statement.on_conflict_do_nothing(index_elements=["case_key"]), rows)

    def raise_(self, tx: Connection, kind: str, refs: Sequence[str], detail: str) -> None:
        """As `raise_many`, for one finding that knows only what it is about ('till:03-2', 'event:…')."""
        named = dict(_named(ref, at) for at, ref in enumerate(refs))
        key = "|".join((kind, *refs))
        store_id, till_id = named.get("store", ""), named.get("till", "")
        self.raise_many(
            tx, [Finding(key=key, kind=kind, sentence=detail, refs=named, store_id=store_id, till_id=till_id)]
        )

    def settle(self, tx: Connection, key: str, note: str) -> None:
        """It turned out to have an explanation. What a person decided stays."""
        unresolved = (exception_case.c.case_key == key) & (exception_case.c.state != "resolved")
        case_id = tx.scalar(select(exception_case.c.case_id).where(unresolved))
        if case_id is not None:
            self._move(tx, case_id, "resolved", THE_SERVER, note)

    def decide(self, tx: Connection, key: str, note: str, by: str) -> None:
        """A person did elsewhere what it asked for: noted in any case, so that the one who did so can be found."""
        case_id = tx.scalar(select(exception_case.c.case_id).where(exception_case.c.case_key == key))
        if case_id is not None:
            self._move(tx, case_id, "resolved", by, note)

    def known(self, tx: Connection, keys: Sequence[str]) -> set[str]:
        """Those of the keys that a case was raised for, whatever became of it."""
        return set(tx.scalars(select(exception_case.c.case_key).where(exception_case.c.case_key.in_(keys))))

    # What people do

    def assign(self, tx: Connection, case_id: int, to: str, by: str) -> Case:
        case = self.case(tx, case_id)
        if case.state == "resolved":
            raise Conflict("This exception is resolved. Open it again first.")
        if not to.strip():
            raise Invalid("Say who takes care of it.")
        self._move(tx, case_id, "assigned", by, f"Assigned to {to.strip()}", assigned_to=to.strip())
        return self.case(tx, case_id)

    def resolve(self, tx: Connection, case_id: int, note: str, by: str) -> Case:
        case = self.case(tx, case_id)
        if case.state == "resolved":
            raise Conflict("Somebody resolved this exception already.")
        if not note.strip():
            raise Invalid("Write what was done, so that the next one knows.")
        self._move(tx, case_id, "resolved", by, note.strip()[:MAX_NOTE])
        return self.case(tx, case_id)

    def reopen(self, tx: Connection, case_id: int, note: str, by: str) -> Case:
        self.case(tx, case_id)
        self._move(tx, case_id, "open", by, note.strip()[:MAX_NOTE], assigned_to="")
        return self.case(tx, case_id)

    # What is asked

    def case(self, tx: Connection, case_id: int) -> Case:
        known = 0 < case_id <= _LARGEST_ID
        query = select(exception_case).where(exception_case.c.case_id == case_id)
        row = tx.execute(query).one_or_none() if known else None
        if row is None:
            raise NotFound("There is no such exception.", case_id=case_id)
        return _case(row)

    def cases(
        self,
        tx: Connection,
        *,
        states: Iterable[str] = (),
        store_id: str | None = None,
        till_id: str = "",
        kind: str = "",
        before: int | None = None,
        limit: int = 100,
    ) -> list[Case]:
        """The newest first."""
        query = select(exception_case).order_by(exception_case.c.case_id.desc()).limit(limit)
        if chosen := list(states):
            query = query.where(exception_case.c.state.in_(chosen))
        if store_id is not None:
            query = query.where(exception_case.c.store_id.in_((store_id, "")))
        if till_id:
            query = query.where(exception_case.c.till_id == till_id)
        if kind:
            query = query.where(exception_case.c.kind == kind)
        if before is not None:
            query = query.where(exception_case.c.case_id < before)
        return [_case(row) for row in tx.execute(query)]

    def notes(self, tx: Connection, case_id: int) -> list[CaseNote]:
        query = (
            select(exception_note)
            .where(exception_note.c.case_id == case_id)
            .order_by(exception_note.c.note_id)
        )
        return [CaseNote(r.at_ms, r.by, r.state, r.note) for r in tx.execute(query)]

    def unresolved_count(self, tx: Connection, store_id: str | None = None) -> int:
        query = select(func.count()).select_from(exception_case).where(exception_case.c.state != "resolved")
        if store_id is not None:
            query = query.where(exception_case.c.store_id.in_((store_id, "")))
        return tx.scalar(query) or 0

    def _move(self, tx: Connection, case_id: int, state: State, by: str, note: str, **values: str) -> None:
        now = self._now_ms()
        change = {"state": state, "changed_at_ms": now, **values}
        tx.execute(update(exception_case).where(exception_case.c.case_id == case_id).values(**change))
        tx.execute(insert(exception_note).values(case_id=case_id, at_ms=now, by=by, state=state, note=note))


def _new_row(finding: Finding, now_ms: int) -> dict[str, Any]:
    return {
        "case_key": finding.key,
        "kind": finding.kind,
        "state": "open",
        "store_id": finding.store_id,
        "till_id": finding.till_id,
        "sentence": finding.sentence,
        "refs": msgspec.json.encode(finding.refs).decode(),
        "raised_at_ms": now_ms,
        "assigned_to": "",
        "changed_at_ms": now_ms,
    }


def _case(row: Row[Any]) -> Case:
    return Case(
        case_id=row.case_id,
        kind=row.kind,
        state=row.state,
        store_id=row.store_id,
        till_id=row.till_id,
        sentence=row.sentence,
        refs=msgspec.json.decode(row.refs, type=dict[str, str]),
        raised_at_ms=row.raised_at_ms,
        assigned_to=row.assigned_to,
        changed_at_ms=row.changed_at_ms,
    )


def _named(ref: str, at: int) -> tuple[str, str]:
    name, colon, value = ref.partition(":")
    return (name, value) if colon else (f"ref{at + 1}", ref)
