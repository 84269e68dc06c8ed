"""Bringing the till's database to this version's layout, in numbered steps that never touch a journal entry.

What is run is counted in `user_version`. An existing file is copied aside before its first step.
"""

from __future__ import annotations

from pathlib import Path

from pos_client.store.connection import Database, Driver
from pos_client.till.errors import StorageFailed

_FIRST = (
    """create table segment (
        id integer primary key, incarnation blob not null unique, series text not null unique,
        parent blob, parent_seq integer not null default 0, parent_hash blob not null default x'',
        acked integer not null default 0, safe integer not null default 0
    ) strict""",
    # One number holds segment and sequence, so the journal needs no index besides the event ids'.
    """create table entry (
        pos integer primary key, event_id blob not null unique, type text not null, schema integer not null,
        body blob not null, prev blob not null, hash blob not null, signature blob not null,
        algorithm text not null,
        segment integer generated always as (pos >> 40) virtual,
        seq integer generated always as (pos & 1099511627775) virtual
    ) strict""",
    """create table sale (
        pos integer primary key references entry(pos),
        receipt_number text not null unique, number integer not null, shift_id text not null,
        at_ms integer not null, line_count integer not null, net_minor integer not null,
        tax_minor integer not null, total_minor integer not null, discount_minor integer not null,
        cash_rounding_minor integer not null, cash_kept_minor integer not null,
        voided_line_count integer not null,
        grand_total_minor integer not null, parts blob not null, copies integer not null default 0
    ) strict""",
    """create table shift (
        shift_id text primary key, number integer not null unique,
        opened_pos integer not null references entry(pos), closed_pos integer references entry(pos),
        float_minor integer not null, saved_count blob not null default x''
    ) strict, without rowid""",
    """create table shift_event (
        pos integer primary key references entry(pos), shift_id text not null, kind text not null,
        amount_minor integer not null
    ) strict""",
    """create table parked (
        sale_id text primary key, parked_at_ms integer not null, body blob not null
    ) strict""",
    "create table scratch (name text primary key, body blob not null) strict, without rowid",
    """create table job (
        id integer primary key, kind text not null, pos integer not null, payload blob not null,
        state text not null default 'queued', attempts integer not null default 0,
        note text not null default ''
    ) strict""",
)

# A shift's entries lie between these where re-stamping moved its opening or entries past its closing.
_CONTINUITY = (
    "alter table segment add column public_key blob not null default x''",
    "alter table shift add column since_pos integer",
    "alter table shift add column until_pos integer",
)

_LEASES = (
    """create table lease (
        lease_id text not null unique, kind text not null, account text not null, subject text not null,
        amount integer not null, used integer not null default 0, state text not null,
        ends_ms integer not null default 0
    ) strict""",
    """create table refund (
        pos integer primary key references entry(pos), sale_id text not null, shift_id text not null,
        total_minor integer not null, cash_minor integer not null, lines blob not null
    ) strict""",
    "create index refund_of_sale on refund(sale_id)",
    """create table unasked (
        pos integer primary key references entry(pos), kind text not null, sale_id text not null,
        business_date text not null, amount integer not null
    ) strict""",
    "create index unasked_on_receipt on unasked(sale_id)",
    "create index unasked_on_day on unasked(business_date)",
)
_SHARED_TICKETS = ("alter table parked add column shared integer not null default 0",)

_CHECKPOINTS = (
    """create table checkpoint (
        incarnation blob primary key, high integer not null, hash blob not null, at_ms integer not null,
        key_id text not null, signature blob not null
    ) strict, without rowid""",
)

_CARD_PAYMENTS = (
    """create table payment_intent (
        id text primary key, sale_id text not null, amount_minor integer not null, currency text not null,
        state text not null, at_ms integer not null, before blob not null default x'',
        payment blob not null default x'', reason text not null default '', decided_by text not null default ''
    ) strict""",
    "create index payment_intent_by_state on payment_intent(state)",
)

_BACK_TO_CARDS = (
    "alter table payment_intent add column kind text not null default 'payment'",
    "alter table payment_intent add column give_back blob not null default x''",
)

STEPS: tuple[tuple[str, ...], ...] = (
    _FIRST,
    _CONTINUITY,
    _LEASES,
    _SHARED_TICKETS,
    _CHECKPOINTS,
    _CARD_PAYMENTS,
    _BACK_TO_CARDS,
)
"""Step n brings the layout from version n to n + 1."""


def migrate(database: Database, steps: tuple[tuple[str, ...], ...] = STEPS) -> Path | None:
    """Run the steps that are missing, each in a transaction. Returns where the old file was copied to."""
    with database.read() as reading:
        version = int(reading.execute("pragma user_version").fetchone()[0])
    if version > len(steps):
        raise StorageFailed(
            "This database is a newer till's. Install that version; nothing was changed.",
            version=version,
            known=len(steps),
        )
    if version == len(steps):
        return None
    copy = _copy_aside(database, version) if version else None
    for number in range(version, len(steps)):
        _step(database, steps[number], number + 1)
    return copy


def refuse_older(connection: Driver) -> None:
    """For those who only read: raises StorageFailed where tables or columns are missing. A newer layout has more."""
    version = int(connection.execute("pragma user_version").fetchone()[0])
    if version < len(STEPS):
        raise StorageFailed("This database is an older till's. Start the till once, which updates it.")


def _copy_aside(database: Database, version: int) -> Path:
    target = database.path.with_name(f"{database.path.name}.before-{version + 1}")
    target.unlink(missing_ok=True)
    quoted = str(target).replace("'", "''")
    database.script(f"vacuum into '{quoted}'")
    return target


def _step(database: Database, statements: tuple[str, ...], version: int) -> None:
    def work(connection: Driver) -> None:
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"pragma user_version={version}")

    database.write(work)
