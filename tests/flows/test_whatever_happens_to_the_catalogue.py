"""After any sequence of changes, forgetting, restores and losses a till's catalogue is the server's, row by row.

The product's own publisher, compaction, epochs, snapshots, pull core and catalogue file, on real SQLite files; only the
line between them is a function call, so that a story shrinks to the few steps that matter.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict, deque
from pathlib import Path

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from pos_client.store.catalogue import CatalogueFile
from pos_client.sync.bootstrap import Bootstrap
from pos_client.sync.downward import Downward
from pos_client.sync.outcomes import Failure, Refused, Reply, Unreachable
from pos_client.sync.pull import PullCore
from pos_client.sync.pull_messages import PullPoked
from pos_client.sync.server_port import BlobSink
from pos_client.sync.status import StatusBoard
from shared_models.catalogue import Category, Price, Product
from shared_models.errors import ShopError
from shared_models.moment import Moment
from shared_models.reference import FeedPage, encode, row_hash, streams_of
from shared_models.sync_api import SnapshotManifest
from sync_server.database import Database
from sync_server.feed.compaction import Compaction
from sync_server.feed.epochs import new_epochs
from sync_server.feed.publisher import FeedPublisher
from sync_server.feed.service import FeedService
from sync_server.feed.snapshots import Snapshots
from sync_server.ports import random_id
from sync_server.schema import metadata
from tests.effort import examples
from tests.sync_server.conftest import Clock

STORE = "03"
DAY_MS = 86_400_000
MOST_TURNS = 60
Rows = dict[tuple[str, str], bytes]


class Lost(Exception):
    """What the shop does is rolled back."""


class HeadOffice:
    """A server's feed in a folder. `said` is what was published and committed, by stream: the oracle.

    `history` has, by stream, epoch and version, what was true there; twice where nobody said that an older copy of the
    server was put back.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self.said: dict[str, Rows] = {stream: {} for stream in streams_of(STORE)}
        self.history: defaultdict[tuple[str, str, int], list[Rows]] = defaultdict(list)
        self._backup: dict[str, Rows] | None = None
        folder.mkdir()
        self._open()
        metadata.create_all(self.db.engine)

    def _open(self) -> None:
        self.db = Database(f"sqlite:///{self._folder / 'shop.db'}")
        self.publisher = FeedPublisher(self._clock, random_id, lambda streams: None)
        self.publisher.join(self.db)
        self.feed = FeedService()
        self.snapshots = Snapshots(self.db, self.feed, self._folder / "snapshots", 2, self._clock)

    def publish(self, things: list[tuple[str, object]], *, commits: bool = True) -> None:
        """(stream, thing): put, or taken away where it is (entity, id)."""
        after = {stream: dict(rows) for stream, rows in self.said.items()}
        try:
            with self.db.write() as tx:
                for stream, thing in things:
                    if isinstance(thing, tuple):
                        self.publisher.withdraw(tx, stream, *thing)
                        after[stream].pop(thing, None)
                    else:
                        self.publisher.publish(tx, stream, thing)
                        entity, id, body = encode(thing)
                        after[stream][entity, id] = body
                if not commits:
                    raise Lost
        except Lost:
            return
        self.said = after
        self._note()

    def _note(self) -> None:
        with self.db.read() as tx:
            for at in self.feed.positions(tx, STORE):
                self.history[at.stream, at.epoch, at.ver].append(self.said[at.stream])

    def forget(self) -> None:
        Compaction(self.db, self._clock, step=2).run(lambda: True)

    def back_up(self) -> None:
        self.db.close()
        shutil.copy(self._folder / "shop.db", self._folder / "monday.db")
        self._backup = self.said
        self._open()

    def put_back(self, *, as_it_is_done: bool) -> None:
        """The older file, and then new epochs; without them only the checksums can tell."""
        if self._backup is None:
            return
        self.db.close()
        shutil.copy(self._folder / "monday.db", self._folder / "shop.db")
        self._open()
        self.said = self._backup
        if as_it_is_done:
            with self.db.write() as tx:
                new_epochs(tx)
        self._note()

    def everything(self) -> Rows:
        return {key: body for rows in self.said.values() for key, body in rows.items()}

    def close(self) -> None:
        self.db.close()


class Line:
    """A `Server` for the downward way. `losses` are used up one a request."""

    def __init__(self, office: HeadOffice) -> None:
        self._office = office
        self._earlier: list[FeedPage] = []
        self.losses: deque[str] = deque()

    def feed(self, stream: str, epoch: str, after: int, limit: int) -> Reply[FeedPage] | Failure:
        loss = self._loss()
        if loss == "request":
            return Unreachable("lost")
        try:
            with self._office.db.read() as tx:
                page = self._office.feed.page(tx, stream, epoch, after, 3)
        except ShopError as reason:
            return Refused(reason.status, reason.code, reason.message)
        self._earlier.append(page)
        if loss == "answer":
            return Unreachable("lost", sent=True)
        if loss == "old answer":
            return Reply(self._earlier[0])
        if loss == "a change left out":
            return Reply(msgspec.structs.replace(page, changes=page.changes[1:]))
        return Reply(page)

    def snapshot(self, store_id: str) -> Reply[SnapshotManifest] | Failure:
        if self._loss() is not None:
            return Unreachable("lost")
        return Reply(self._office.snapshots.manifest(store_id))

    def blob(self, sha256: str, offset: int, sink: BlobSink) -> Reply[int] | Failure:
        content = self._office.snapshots.blob(sha256).read_bytes()[offset:]
        sink.start_at(offset)
        loss = self._loss()
        if loss == "a change left out":
            content = content[:100] + b"\0" + content[101:]
        sink.write(content if loss != "answer" else content[: len(content) // 2])
        return Reply(len(content)) if loss != "answer" else Unreachable("cut", sent=True)

    def _loss(self) -> str | None:
        return self.losses.popleft() if self.losses else None


class TillClock:
    def __init__(self) -> None:
        self.ms = 0

    def now(self) -> Moment:
        return Moment(self.ms)

    def monotonic_ms(self) -> int:
        return self.ms


class Till:
    """The way down, as the program puts it together, and turned by hand."""

    def __init__(self, folder: Path, line: Line) -> None:
        self._folder = folder
        self._line = line
        self._clock = TillClock()
        folder.mkdir()
        self.start()

    def start(self) -> None:
        self.copy = CatalogueFile(self._folder / "catalogue.db", lambda: 1)
        bootstrap = Bootstrap(self._line, self._folder / "downloads", self.copy, lambda: False)  # type: ignore[arg-type]
        self._board = StatusBoard(lambda status: None)
        core = PullCore(streams_of(STORE), lambda ceiling: ceiling)
        self._down = Downward(
            core,
            self._line,  # type: ignore[arg-type]
            self.copy,
            bootstrap,
            STORE,
            self._board,
            self._clock,
            lambda: False,
        )

    def look_again(self) -> None:
        """Woken by a hint."""
        self._down.hear(PullPoked())
        self._clock.ms += int(self._down.turn() * 1000) + 1

    def catch_up(self, wanted: Rows) -> None:
        """With a line that is good now; at once where it can be, and never with a storm of turns."""
        for _ in range(MOST_TURNS):
            self.look_again()
            if self.rows() == wanted and self._board.status.catalogue_code == "":
                return
        assert self.rows() == wanted

    def close(self) -> None:
        self.copy.close()

    def keep_a_copy(self) -> None:
        self.close()
        shutil.copy(self._folder / "catalogue.db", self._folder / "kept.db")
        self.start()

    def put_back(self) -> None:
        if (self._folder / "kept.db").exists():
            self.close()
            shutil.copy(self._folder / "kept.db", self._folder / "catalogue.db")
            self.start()

    def rows(self) -> Rows:
        with self.copy._store.read() as file:
            found = file.execute("select 'product', product_id, body from product").fetchall()
            found += file.execute("select 'price', price_id, body from price").fetchall()
            found += file.execute("select entity, id, body from reference").fetchall()
        return {(entity, id): bytes(body) for entity, id, body in found}


def a_product(number: int, name: str) -> Product:
    return Product(f"p{number}", number, f"SKU-{number}", name, "food", barcodes=(f"4{number:03}",))


names = st.sampled_from(["Tea", "Café", "Milk 3,5 %", "茶"])
numbers = st.integers(1, 4)
PRICE = Price("r1", "p1", 9)
puts = st.one_of(
    st.builds(lambda n, name: ("catalogue", a_product(n, name)), numbers, names),
    st.builds(lambda n, name: ("catalogue", Category(f"c{n}", name)), numbers, names),
    st.builds(
        lambda n, minor: (f"price/{STORE}", Price(f"r{n}", f"p{n}", minor)), numbers, st.integers(1, 4)
    ),
)
withdrawals = st.one_of(
    st.builds(lambda n: ("catalogue", ("product", f"p{n}")), numbers),
    st.builds(lambda n: (f"price/{STORE}", ("price", f"r{n}")), numbers),
)
losses = st.sampled_from(["request", "answer", "old answer", "a change left out"])


class TheCatalogue(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.clock = Clock()
        self.office = HeadOffice(self.folder / "server", self.clock)
        self.line = Line(self.office)
        self.till = Till(self.folder / "till", self.line)

    @initialize()
    def the_shop_opens(self) -> None:
        self.office.publish(
            [*(("catalogue", a_product(n, "Tea")) for n in range(1, 4)), (f"price/{STORE}", PRICE)]
        )
        self.the_line_is_good_and_the_till_catches_up()

    @rule(things=st.lists(st.one_of(puts, withdrawals), min_size=1, max_size=8))
    def head_office_changes_something(self, things: list[tuple[str, object]]) -> None:
        self.office.publish(things)

    @rule(things=st.lists(st.one_of(puts, withdrawals), min_size=1, max_size=3))
    def head_office_changes_its_mind(self, things: list[tuple[str, object]]) -> None:
        self.office.publish(things, commits=False)

    @rule(days=st.sampled_from([1, 31, 91]))
    def time_passes_and_the_server_forgets(self, days: int) -> None:
        self.clock.advance(days * DAY_MS)
        self.office.forget()

    @rule()
    def the_server_is_backed_up(self) -> None:
        self.office.back_up()

    @rule(as_it_is_done=st.booleans())
    def the_server_is_put_back(self, as_it_is_done: bool) -> None:
        self.office.put_back(as_it_is_done=as_it_is_done)

    @rule()
    def the_till_follows(self) -> None:
        self.till.look_again()

    @rule(happening=st.lists(losses, min_size=1, max_size=4), turns=st.integers(1, 4))
    def the_till_follows_over_a_bad_line(self, happening: list[str], turns: int) -> None:
        self.line.losses.extend(happening)
        for _ in range(turns):
            self.till.look_again()

    @rule()
    def the_till_restarts(self) -> None:
        self.till.close()
        self.till.start()

    @rule()
    def the_tills_disk_is_copied(self) -> None:
        self.till.keep_a_copy()

    @rule()
    def the_tills_disk_is_put_back(self) -> None:
        self.till.put_back()

    @rule()
    def the_line_is_good_and_the_till_catches_up(self) -> None:
        self.line.losses.clear()
        self.till.catch_up(self.office.everything())

    @invariant()
    def the_copy_is_what_its_checksums_say(self) -> None:
        positions = self.till.copy.positions()
        assert sum(position.checksum for position in positions) % (1 << 64) == _checksum(self.till.rows())

    @invariant()
    def where_the_till_stands_it_has_what_the_server_had_there(self) -> None:
        """Between two commits of the server there is no oracle."""
        for at in self.till.copy.positions():
            known = self.office.history.get((at.stream, at.epoch, at.ver))
            assert known is None or at.checksum in map(_checksum, known), at

    def teardown(self) -> None:
        try:
            self.the_line_is_good_and_the_till_catches_up()
        finally:
            self.till.close()
            self.office.close()
            shutil.rmtree(self.folder)


def _checksum(rows: Rows) -> int:
    return sum(row_hash(entity, id, body) for (entity, id), body in rows.items()) % (1 << 64)


TestTheCatalogue = TheCatalogue.TestCase
TestTheCatalogue.settings = settings(
    max_examples=examples(20), stateful_step_count=25, suppress_health_check=list(HealthCheck)
)
