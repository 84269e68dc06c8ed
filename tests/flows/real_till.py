"""A till's identity, books, catalogue and sync engine in a folder, as the till program puts them together."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Condition

from pos_client.store.books import TillBooks
from pos_client.store.catalogue import CatalogueFile
from pos_client.store.segments import Here
from pos_client.sync.identity import Identity, enrol, load_or_create
from pos_client.sync.path_choice import HUB, PathChoice
from pos_client.sync.server_api import IN_THE_SHOP, ServerApi
from pos_client.sync.server_port import Server
from pos_client.sync.status import SyncStatus
from pos_client.sync.two_paths import TwoPaths
from pos_client.sync.worker import Place, SyncWorker
from pos_client.this_machine import SystemClock, SystemIds, random_bytes
from shared_models.journal import Entry, seal
from shared_models.server_keys import only_term
from tests.pos_client.store.made_up_shop import a_sale, receipt

_INSERT = (
    "insert into entry(pos, event_id, type, schema, body, prev, hash, signature, algorithm)"
    " select max(pos) + 1, ?, ?, ?, ?, ?, ?, ?, ? from entry"
)


class RealTill:
    """Identity, books, catalogue and sync engine in a folder, as the till program puts them together."""

    def __init__(self, folder: Path, url: str, till_id: str = "03-2") -> None:
        self.till_id = till_id
        self.folder = folder
        self.url = url
        self.hub_url = ""
        self.identity: Identity = load_or_create(folder / "identity", use_keyring=False)
        self.books = self._open_books()
        self.catalogue = CatalogueFile(folder / "catalogue.db", _now_ms)
        self.changed = Condition()
        self.status = SyncStatus()
        self.worker: SyncWorker | None = None
        self.code = ""
        self._sales = 0

    def _open_books(self) -> TillBooks:
        return TillBooks(
            self.folder / "till.db",
            till_id=self.till_id,
            sign=self.identity.sign,
            clock=SystemClock(),
            ids=SystemIds(),
            mint=random_bytes,
            render=receipt,
            anchor_path=self.folder / "anchor" / "anchor.json",
            here=Here(self.identity.public_key),
            ballast_bytes=0,
            log_bytes=0,
        )

    def enrol(self, code: str) -> None:
        self.code = code
        api = ServerApi(self.url, self.identity.device_id, self.identity.sign)
        try:
            self.identity = enrol(self.folder / "identity", self.identity, api, code)
        finally:
            api.close()

    def start(self) -> None:
        place = self.identity.enrolled
        assert place is not None
        self.worker = SyncWorker(
            Place(
                self.identity.device_id,
                place.till_id,
                place.store_id,
                server_terms=only_term(place.server_key),
            ),
            self.books,
            self.catalogue,
            self._connected,
            self.folder / "downloads",
            SystemClock(),
            self._report,
        )
        self.worker.start()

    def _connected(self) -> Server:
        """By the store's hub where there is one, which is tried again soon: nobody waits for a quarter of a minute."""
        who = self.identity
        central = ServerApi(self.url, who.device_id, who.sign)
        if not self.hub_url:
            return central
        hub = ServerApi(self.hub_url, who.device_id, who.sign, IN_THE_SHOP)
        assert self.worker is not None
        self.worker.path_changed(HUB)
        choice = PathChoice(lambda ceiling: ceiling, first_wait_ms=1000)
        return TwoPaths(
            hub, central, choice, SystemClock(), self.worker.path_changed, greet_hub_every_ms=2000
        )

    def pause(self) -> None:
        """The program ends; `resume` starts it again."""
        assert self.worker is not None
        assert self.worker.stop()
        self.worker = None
        self.books.close()

    def resume(self) -> None:
        self.books = self._open_books()
        self.start()

    def sell(self, sales: int = 1, first_id: int = 0) -> None:
        """`first_id` keeps the sales of a copied till apart from those of the first."""
        self._sales = max(self._sales, first_id)
        for _ in range(sales):
            self._sales += 1
            self.books.post_sale(a_sale(lines=2, sale_id=f"{self._sales:032x}"), open_drawer=False)
            if self.worker is not None:
                self.worker.wake()

    def record_what_only_a_later_version_knows(self) -> Entry:
        """As an update that was taken back leaves it: sealed rightly, of a type that nobody here knows."""
        return self.record_bytes("loyalty.earned", 9, b'{"points":3}')

    def record_bytes(self, kind: str, schema: int, body: bytes) -> Entry:
        """Sealed rightly, whatever it says, behind the till's back. The worker must not run."""
        segment = self.books.segments()[-1]
        entry = seal(
            segment.incarnation,
            segment.head_seq + 1,
            os.urandom(16),
            kind,
            schema,
            body,
            segment.head_hash,
            self.identity.sign,
        )
        row = (entry.event_id, entry.type, entry.schema, entry.body, entry.prev, entry.hash)
        self.books.database.write(lambda db: db.execute(_INSERT, (*row, entry.signature, entry.algorithm)))
        self.reopen()
        return entry

    def reopen(self) -> None:
        """The program ends and starts again. The worker must not run."""
        self.books.close()
        self.books = self._open_books()

    def journal(self) -> list[Entry]:
        return [
            entry
            for segment in self.books.segments()
            for entry in self.books.entries(segment.incarnation, 0, 100_000, 1 << 30)
        ]

    def wait(self, until: Callable[[], bool], seconds: float = 60) -> None:
        """`until` is looked at with every change of status, and now and then."""
        end = time.monotonic() + seconds
        while not until():
            assert time.monotonic() < end, self.status
            with self.changed:
                self.changed.wait(0.1)

    def wait_until_all_is_sent(self) -> None:
        self.wait(lambda: self.books.unsent().entries == 0)

    def _report(self, status: SyncStatus) -> None:
        with self.changed:
            self.status = status
            self.changed.notify_all()

    def close(self) -> None:
        if self.worker is not None:
            assert self.worker.stop()
        self.books.close()
        self.catalogue.close()


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
