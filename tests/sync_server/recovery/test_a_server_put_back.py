"""A server whose database is older than yesterday notices it, and says what head office must look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from litestar import Litestar
from sqlalchemy import select

from shared_models.cash import OperatorLoggedIn
from shared_models.sync_api import SegmentState
from sync_server.database import Database
from sync_server.exceptions.tables import exception_case
from sync_server.feed.service import heads
from sync_server.recovery.anchor import AnchorFile, Seen, anchor_of, is_older
from sync_server.recovery.restored import Recovery
from sync_server.settings import Settings
from tests.sync_server.a_till import Client, enrolled_till, open_store
from tests.sync_server.conftest import Clock


@pytest.fixture
def anchor(tmp_path: Path) -> AnchorFile:
    return AnchorFile(tmp_path / "elsewhere" / "anchor.json")


@pytest.fixture
def recovery(app: Litestar, database: Database, clock: Clock, anchor: AnchorFile) -> Recovery:
    open_store(app, database)
    return Recovery(database, app.state.services.exceptions, anchor, clock)


def sentences(database: Database) -> list[str]:
    with database.read() as tx:
        return list(
            tx.scalars(select(exception_case.c.sentence).where(exception_case.c.kind == "server_restored"))
        )


def epochs(database: Database) -> dict[str, str]:
    with database.read() as tx:
        return {stream: epoch for stream, (epoch, _) in heads(tx).items()}


def later(anchor: AnchorFile, database: Database) -> None:
    """As if this machine had seen one more entry than the database now holds."""
    seen = anchor.read()
    assert seen is not None
    anchor.write(Seen(seen.last_ingest_id + 1, seen.feeds))


def test_a_server_that_starts_as_it_ended_says_nothing(recovery: Recovery, database: Database) -> None:
    assert not recovery.notice()
    recovery.remember()
    before = epochs(database)
    assert not recovery.notice()
    assert (epochs(database), sentences(database)) == (before, [])


@pytest.mark.expects_log
def test_a_database_older_than_this_machine_saw_gets_new_epochs_and_a_case(
    recovery: Recovery, database: Database, anchor: AnchorFile
) -> None:
    recovery.remember()
    before = epochs(database)
    later(anchor, database)
    assert recovery.notice()
    assert all(before[stream] != epoch for stream, epoch in epochs(database).items())
    assert "put back from an older copy" in sentences(database)[0]
    recovery.remember()
    assert not recovery.notice()


def test_an_operator_may_say_it_where_no_anchor_is(app: Litestar, database: Database, clock: Clock) -> None:
    open_store(app, database)
    recovery = Recovery(database, app.state.services.exceptions, None, clock)
    before = epochs(database)
    recovery.declare()
    assert epochs(database) != before
    assert len(sentences(database)) == 1


@pytest.mark.parametrize(
    ("now", "older"),
    [
        (Seen(7, {"a": ("e1", 5)}), False),
        (Seen(8, {"a": ("e1", 6), "b": ("e2", 1)}), False),
        (Seen(6, {"a": ("e1", 5)}), True),
        (Seen(7, {"a": ("e1", 4)}), True),
        (Seen(0, {"z": ("e9", 0)}), False),
        (Seen(0, {}), False),
    ],
    ids=["as it was", "went on", "entries gone", "changes gone", "another shop", "empty"],
)
def test_only_an_earlier_state_of_the_same_history_counts(now: Seen, older: bool) -> None:
    assert is_older(now, Seen(7, {"a": ("e1", 5)})) is older


def test_a_stream_that_is_not_there_any_more_was_made_after_the_copy() -> None:
    assert is_older(Seen(7, {"a": ("e1", 5)}), Seen(7, {"a": ("e1", 5), "b": ("e2", 1)}))


@pytest.mark.parametrize("bytes_", [b"", b"{", b"[1]", b"\x00" * 50])
def test_an_anchor_that_cannot_be_read_is_none(
    recovery: Recovery, anchor: AnchorFile, tmp_path: Path, bytes_: bytes
) -> None:
    recovery.remember()
    (tmp_path / "elsewhere" / "anchor.json").write_bytes(bytes_)
    assert anchor.read() is None
    assert not recovery.notice()


def test_each_database_of_a_machine_has_its_own_anchor(tmp_path: Path) -> None:
    def of(url: str) -> Seen | None:
        return anchor_of(Settings(data_dir=tmp_path, database_url=url, anchor_dir=str(tmp_path))).read()

    one = Settings(data_dir=tmp_path, database_url="postgresql://here/one", anchor_dir=str(tmp_path))
    anchor_of(one).write(Seen(1, {}))
    assert of("postgresql://here/one") == Seen(1, {})
    assert of("postgresql://here/two") is None


def test_a_till_that_remembers_more_than_the_server_makes_it_known(
    app: Litestar, database: Database, client: Client
) -> None:
    open_store(app, database)
    till = enrolled_till(app, database, client)
    for number in range(3):
        till.record(OperatorLoggedIn(f"op{number}", "Ana", "03-1"))
    till.push(1, 2)
    state = SegmentState(incarnation=till.incarnation, head_seq=3, head_hash=till.entries[-1].hash, acked=3)
    verdict = till.greeted(segments=(state,)).segments[0]
    till.greeted(segments=(state,))
    assert verdict.high == 2
    assert len(sentences(database)) == 1
    assert "entries up to 3 are stored; this server holds 2" in sentences(database)[0]
