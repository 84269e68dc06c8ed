"""What the till does to its files besides its day's transactions: first starts, new layouts, new catalogues.

Each is a run from closed files to closed files, and the same run goes on with what an earlier one left behind.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import zstandard

from pos_client.store.catalogue import CatalogueFile
from pos_client.store.connection import Database, DriverConnection
from pos_client.store.migrations import STEPS, migrate
from pos_client.store.segments import Here
from pos_client.sync.bootstrap import Bootstrap
from pos_client.sync.outcomes import Failure, Reply
from pos_client.sync.server_port import BlobSink, Server
from shared_models.reference import FEED_SCHEMA, FeedPage
from shared_models.signing import new_private_key, public_key_of
from shared_models.sync_api import SnapshotManifest
from tests.crash_points import till_kinds
from tests.pos_client.store.made_up_catalogue import (
    ADA,
    DRINKS,
    FOOD,
    MILKS,
    STORE,
    build_file,
    page,
    price,
    product,
)
from tests.pos_client.store.made_up_shop import PUBLIC_KEY, open_books

Run = Callable[[Path, type[Any]], None]


class Start(NamedTuple):
    """`sites` are the functions that open a transaction in it, `files` the databases that are looked at after it."""

    sites: tuple[str, ...]
    prepare: Callable[[Path], object]
    run: Run
    files: tuple[str, ...]


MORE_STEPS = (
    ("alter table job add column printer text not null default ''", "create index job_by_pos on job(pos)"),
    ("create table later (id integer primary key) strict", "insert into later values (1), (2)"),
)
"""What a later version might do."""
ANOTHER_KEY = public_key_of(new_private_key())
OAT, SOY = product(1, "Organic Oat Drink"), product(2, "Soy Drink")
PAGE = page([STORE, FOOD, DRINKS, MILKS, ADA, OAT, price(OAT, 199)])
NEXT = page([SOY, price(SOY, 149), price(OAT, 179, 5)], after=PAGE.to, before=PAGE.checksum_after)
TWISTED = msgspec.structs.replace(NEXT, checksum_after=NEXT.checksum_after ^ 1)
NEW_FILE = [STORE, FOOD, ADA, *(product(n, f"Tea {n}") for n in range(1, 60))]


def _nothing(folder: Path) -> None:
    pass


def _first_start(folder: Path, connection_class: type[Any]) -> None:
    changed = {"ballast_bytes": 4096, "log_bytes": 64 << 10, "connection_class": connection_class}
    till_kinds.start(folder, **changed).close()


def _left_at_the_printer(folder: Path) -> None:
    till_kinds.prepare(folder)
    books = open_books(folder, start=3_000_000, log_bytes=0)
    books.jobs.claim("drawer")
    books.jobs.claim("print")
    books.close()


def _put_back(folder: Path) -> None:
    """The database is yesterday's, and the anchor is not."""
    till_kinds.prepare(folder)
    anchor = (folder / "elsewhere" / "anchor.json").read_bytes()
    books = folder / "books" / "till.db"
    yesterday = books.read_bytes()
    till_kinds.sell_on(folder)
    assert (folder / "elsewhere" / "anchor.json").read_bytes() != anchor
    books.write_bytes(yesterday)


def _at(machine: str, public_key: bytes) -> Run:
    def run(folder: Path, connection_class: type[Any]) -> None:
        here = Here(public_key, machine)
        till_kinds.start(folder, here=here, connection_class=connection_class).close()

    return run


def _somewhere_else(folder: Path) -> None:
    till_kinds.prepare(folder)
    _at("the old machine", PUBLIC_KEY)(folder, DriverConnection)


def _later_version(folder: Path, connection_class: type[Any]) -> None:
    database = Database(folder / "books" / "till.db", factory=connection_class)
    migrate(database, STEPS + MORE_STEPS)
    database.close()


def _catalogue(folder: Path, connection_class: type[Any] = DriverConnection) -> CatalogueFile:
    return CatalogueFile(folder / "catalogue.db", lambda: 77, connection_class)


def _open_catalogue(folder: Path, connection_class: type[Any]) -> None:
    _catalogue(folder, connection_class).close()


def _stocked(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = _catalogue(folder)
    assert catalogue.apply(PAGE)
    catalogue.close()


def _applies(page: FeedPage) -> Run:
    def run(folder: Path, connection_class: type[Any]) -> None:
        catalogue = _catalogue(folder, connection_class)
        catalogue.apply(page)
        catalogue.close()

    return run


def _with_a_new_file(folder: Path) -> None:
    _stocked(folder)
    build_file(folder / "new.db", NEW_FILE)


def _swap(folder: Path, connection_class: type[Any]) -> None:
    catalogue = _catalogue(folder, connection_class)
    if (folder / "new.db").exists():
        catalogue.swap_in(folder / "new.db")
    catalogue.close()


def _fetch(folder: Path, connection_class: type[Any]) -> None:
    catalogue = _catalogue(folder, connection_class)
    server: Server = _OneFile((folder / "at the server.db").read_bytes())  # type: ignore[assignment]
    assert Bootstrap(server, folder / "downloads", catalogue, lambda: False).fetch("03") is None
    assert list((folder / "downloads").iterdir()) == []
    catalogue.close()


def _with_a_server(folder: Path) -> None:
    _stocked(folder)
    build_file(folder / "at the server.db", NEW_FILE)


def _damaged(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "catalogue.db").write_bytes(b"this was a catalogue " * 1000)
    (folder / "catalogue.db-wal").write_bytes(b"and this was its log " * 1000)


class _OneFile:
    """As much of a server as fetching a catalogue takes."""

    def __init__(self, content: bytes) -> None:
        self._packed = zstandard.compress(content)
        self._size = len(content)

    def snapshot(self, store_id: str) -> Reply[SnapshotManifest] | Failure:
        name = sha256(self._packed).hexdigest()
        size = len(self._packed)
        return Reply(
            SnapshotManifest(
                store_id=store_id,
                feed_schema=FEED_SCHEMA,
                sha256=name,
                size=size,
                unpacked_size=self._size,
                positions=(),
            )
        )

    def blob(self, name: str, offset: int, sink: BlobSink) -> Reply[int] | Failure:
        sink.start_at(offset)
        sink.write(self._packed[offset:])
        return Reply(len(self._packed) - offset)


_BEGIN = "pos_client.store.books.TillBooks._open"
_OPEN = "pos_client.store.catalogue_copy._open_file"
_APPLY = "pos_client.store.catalogue_copy.CatalogueStore.apply"
_SWAP = "pos_client.store.catalogue_copy.CatalogueStore.swap_in"
_TILL, _GOODS = ("books/till.db",), ("catalogue.db",)
STARTS: dict[str, Start] = {
    "the very first": Start(
        (
            "pos_client.store.migrations._step",
            _BEGIN,
        ),
        _nothing,
        _first_start,
        _TILL,
    ),
    "with jobs at the printer": Start(
        ("pos_client.store.jobs.Jobs.after_restart",), _left_at_the_printer, _first_start, _TILL
    ),
    "with an old database": Start((_BEGIN,), _put_back, _first_start, _TILL),
    "on another machine": Start((_BEGIN,), _somewhere_else, _at("the new machine", PUBLIC_KEY), _TILL),
    "with another key": Start((_BEGIN,), _somewhere_else, _at("the old machine", ANOTHER_KEY), _TILL),
    "of a later version": Start(
        ("pos_client.store.migrations._step", "pos_client.store.migrations._copy_aside"),
        till_kinds.prepare,
        _later_version,
        (*_TILL, f"books/till.db.before-{len(STEPS) + 1}"),
    ),
    "without a catalogue": Start((_OPEN,), _nothing, _open_catalogue, _GOODS),
    "with a damaged catalogue": Start((_OPEN,), _damaged, _open_catalogue, _GOODS),
    "and a page of changes": Start((_APPLY,), _stocked, _applies(NEXT), _GOODS),
    "and a page that does not fit": Start((_APPLY,), _stocked, _applies(TWISTED), _GOODS),
    "and a new catalogue": Start((_SWAP,), _with_a_new_file, _swap, _GOODS),
    "and a catalogue from the server": Start((_SWAP,), _with_a_server, _fetch, _GOODS),
}
