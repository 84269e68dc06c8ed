"""Makes the golden databases of the version that is checked out: a till with two thousand entries, of which the server
has a quarter. `python -m tests.golden.make_databases tests/golden/databases-3`, once for every version given out."""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from pathlib import Path

import zstandard

from shared_models.sync_api import EnrolRequest, Push, WireEntry
from sync_server.database import Database
from sync_server.migrations import migrate
from sync_server.sync_messages import TillIdentity
from tests.flows.served_shop import ServedShop
from tests.pos_client.store.made_up_shop import (
    PUBLIC_KEY,
    a_sale,
    cash_moved,
    open_books,
    parked_sale,
    sale_parked,
    shift_opened,
)

DEVICE = "device-of-the-golden-till"
ENTRIES = 2000
SENT = 500


def main(folder: Path) -> None:
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place)
        books = open_books(path)
        books.post(shift_opened())
        for number in range(ENTRIES - 3):
            books.post_sale(a_sale(lines=1, sale_id=f"{number + 1:032x}"), open_drawer=False)
        books.post(cash_moved("paid_in", 500))
        books.park(parked_sale(), sale_parked())
        segment = books.segments()[0]
        entries = books.entries(segment.incarnation, 0, SENT, 1 << 30)
        books.close()
        _migrated(path / "server" / "evertill.db")
        shop = ServedShop(path / "server")
        asked = EnrolRequest(code=shop.code(), device_id=DEVICE, public_key=PUBLIC_KEY)
        with shop.db.write() as tx:
            shop.services.tills.enrol(tx, asked)
        shop.add_products("TEA", "MILK", "SALT")
        sent = tuple(
            WireEntry(
                event_id=one.event_id,
                type=one.type,
                schema=one.schema,
                body=one.body,
                signature=one.signature,
            )
            for one in entries
        )
        push = Push(
            incarnation=segment.incarnation,
            first_seq=1,
            prev=entries[0].prev,
            entries=sent,
            head_hash=entries[-1].hash,
        )
        shop.services.ingest.push(TillIdentity(DEVICE, "03-2", "03"), push)
        shop.services.applier.drain()
        shop.close()
        _keep(path / "books" / "till.db", folder / "till.zst")
        _keep(path / "server" / "evertill.db", folder / "server.zst")


def _migrated(path: Path) -> None:
    database = Database(f"sqlite:///{path}")
    migrate(database)
    database.close()


def _keep(path: Path, target: Path) -> None:
    target.write_bytes(zstandard.ZstdCompressor(level=19).compress(whole_file(path)))


def whole_file(path: Path) -> bytes:
    """A database as one file, without a log beside it."""
    copy = path.with_suffix(".copy")
    connection = sqlite3.connect(path)
    connection.execute("vacuum into ?", (str(copy),))
    connection.close()
    return copy.read_bytes()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
