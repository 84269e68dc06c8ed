"""What lies behind a gap waits for its till, which brings what is before it; what no till completes is not lost."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select

from shared_models import wire
from shared_models.sync_api import Push
from sync_server.database import Database
from sync_server.ingest.tables import ingest_log, quarantine
from sync_server.store_hub import gaps, journals
from sync_server.store_hub.gaps import PATIENCE_MS, Gap
from tests.sync_server.a_till import ATill
from tests.sync_server.conftest import Clock
from tests.sync_server.made_up_days import a_line, a_sale
from tests.sync_server.store_hub.test_forwarding import Fragile, forwarder
from tests.sync_server.store_hub.test_journals import WHO, AHubsBooks


class Hub:
    """A new hub that the till brought entries 6 to 8, before it met a central server that has the first three."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self.db = db
        self.elapsed_ms = 0
        with db.write() as tx:
            self.books = AHubsBooks(tx, clock)
        self.till: ATill = self.books.till
        self.id = self.till.incarnation
        self.take(6, 8)
        self.central = Fragile(self.books, deadly_seq=0)
        self.central.high = 3
        self.forwarder = forwarder(db, self.central, clock, lambda: self.elapsed_ms)
        self.hear(3)

    def take(self, first_seq: int, last_seq: int) -> int:
        with self.db.write() as tx:
            self.books.tx = tx
            return self.books.take(first_seq, last_seq).high

    def hear(self, high: int, digest: bytes | None = None) -> None:
        with self.db.write() as tx:
            self.books.tx = tx
            self.books.hear(high, digest)

    def round(self, after_ms: int = 0) -> None:
        self.elapsed_ms += after_ms
        self.forwarder._hello_due_ms = self.elapsed_ms + 1
        self.forwarder.round()

    @property
    def waiting(self) -> int:
        with self.db.read() as tx:
            return journals.waiting(tx)[0]


@pytest.fixture
def hub(sqlite_database: Database, clock: Clock) -> Hub:
    return Hub(sqlite_database, clock)


def test_what_lies_behind_a_gap_is_held_back_and_the_till_is_told_where_the_gap_begins(hub: Hub) -> None:
    hub.round()
    assert (hub.central.raw, hub.central.high) == ([], 3)
    assert hub.waiting == 3
    with hub.db.read() as tx:
        assert gaps.all_gaps(tx) == [Gap(hub.id, WHO.device_id, 3)]
    assert hub.take(7, 8) == 3


def test_once_the_till_brings_what_is_missing_everything_goes_on_in_order(hub: Hub) -> None:
    assert hub.take(4, 5) == 8, "what lay behind the gap follows on it"
    hub.round()
    assert (hub.central.raw, hub.central.high) == ([], 8)
    assert hub.waiting == 0
    with hub.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ingest_log)) == 5


def test_a_till_that_brings_everything_again_doubles_nothing(hub: Hub) -> None:
    assert hub.take(4, 8) == 8
    hub.round()
    assert (hub.central.raw, hub.central.high) == ([], 8)
    with hub.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ingest_log)) == 5


def test_where_the_till_filled_the_gap_at_the_central_server_nothing_is_held_back(hub: Hub) -> None:
    hub.hear(5)
    hub.central.high = 5
    hub.round()
    assert (hub.central.raw, hub.central.high) == ([], 8)


def test_a_till_that_is_gone_leaves_nothing_at_the_hub_and_each_frame_is_what_it_sealed(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames: list[Push] = []
    monkeypatch.setattr(
        hub.central, "push_raw", lambda _device, frame, _reason: frames.append(wire.unpack(frame, Push))
    )
    hub.round()
    hub.round(after_ms=PATIENCE_MS - 1)
    assert frames == []
    hub.round(after_ms=1)
    assert sorted(frames, key=lambda one: one.first_seq) == [hub.till.batch(seq, seq) for seq in (6, 7, 8)]
    assert hub.waiting == 0
    with hub.db.read() as tx:
        assert tx.scalar(select(func.count()).select_from(ingest_log)) == 0


def test_a_central_server_put_back_gets_again_what_a_till_that_is_gone_left(hub: Hub) -> None:
    hub.round()
    hub.round(after_ms=PATIENCE_MS)
    assert sorted(hub.central.raw) == [6, 7, 8]
    hub.central.raw.clear()
    hub.hear(2)
    hub.round()
    assert sorted(hub.central.raw) == [6, 7, 8]


def test_a_till_that_has_begun_to_fill_a_long_gap_has_all_the_time_it_needs(hub: Hub) -> None:
    hub.round()
    hub.take(4, 4)
    hub.round(after_ms=PATIENCE_MS)
    assert hub.central.raw == []
    hub.hear(4)
    hub.round(after_ms=PATIENCE_MS)
    assert sorted(hub.central.raw) == [6, 7, 8]


@pytest.mark.parametrize("up_to", [5, 6, 8])
def test_what_a_till_that_was_put_back_has_in_its_place_does_not_push_it_out(hub: Hub, up_to: int) -> None:
    """Both branches are kept: what lay behind the gap goes raw, each entry as its till sealed it."""
    left = [hub.till.batch(seq, seq) for seq in (6, 7, 8)]
    del hub.till.entries[3:]
    for number in range(14, 19):
        hub.till.record(a_sale(number, a_line(1, "p1", 1, 99)))
    assert hub.take(4, up_to) == up_to
    assert hub.take(min(up_to + 1, 8), 8) == 8
    with hub.db.read() as tx:
        frames = [wire.unpack(raw, Push) for raw in tx.scalars(select(quarantine.c.raw))]
    assert sorted(frames, key=lambda one: one.first_seq) == left


def test_of_what_lies_behind_a_gap_the_till_is_not_told_that_it_is_held(hub: Hub) -> None:
    with hub.db.read() as tx:
        assert hub.books.hashes(tx, 3, 7) == (hub.till.entries[2].hash, b"")
