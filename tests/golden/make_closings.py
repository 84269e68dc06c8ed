"""Makes the golden closings of the version that is checked out: a shop of two tills over a new year with all that a
closing can have, and the archive of it. `python -m tests.golden.make_closings tests/golden/closings-1`, once for every
version of a closing."""

from __future__ import annotations

import sys
import tempfile
from hashlib import sha256
from pathlib import Path

import msgspec
import zstandard
from litestar.testing import TestClient

from shared_models import wire
from shared_models.sale import SalePosted
from sync_server.app import create_app
from sync_server.database import Database
from sync_server.evidence.server_key import FILE
from sync_server.migrations import migrate
from sync_server.recovery.journal_archive import archive
from sync_server.settings import Settings
from tests.golden.make_databases import whole_file
from tests.sync_server.closings.closing_shop import ClosingShop, at_ms
from tests.sync_server.conftest import Clock
from tests.sync_server.kept_app import CHEAP_HASHER
from tests.sync_server.leases.lending_shop import refunded
from tests.sync_server.made_up_days import a_line, a_sale

BROKEN = b'{"at_ms":1,"tz_min":0,"fact":{"total_minor":70,"currency":"EUR"}}'
"""A body that says what it comes to, and can be booked neither as a sale nor as a refund."""


def live(shop: ClosingShop) -> None:
    """A refund, training, a late sale, and everything that can be in no figure."""
    till = shop.till(1)
    sale = shop.sell("2026-12-30", 1190)
    shop.sell("2026-12-30", 50, training=True)
    shop.sell("2026-12-30", 238, till=2)
    shop.night_after("2026-12-30")
    shop.refund(sale, "2026-12-31")
    till.record(a_sale(900, a_line(price=700), business_date="2026-12-31", currency="QQQ"))
    till.record_bytes("sale.posted", BROKEN)
    till.record_bytes("refund.posted", BROKEN)
    shop.send()
    till.record(a_sale(901, business_date="2026-12-31"), at_ms=at_ms("2026-12-31 16:00"))
    till.send_raw(wire.pack(till.batch(len(till.entries))))
    till.send_raw(b"\0\1 nobody can read this")
    _raw_too(shop, sale)
    shop.night_after("2026-12-31")
    shop.sell("2026-12-30", 77, till=2)
    shop.sell("2027-01-01", 10, till=2)
    shop.night_after("2027-01-01")


def _raw_too(shop: ClosingShop, sale: SalePosted) -> None:
    """More that came raw: set aside, booked elsewhere, and several in one frame that have no place in the journal."""
    till, other = shop.till(1), shop.till(2)
    till.record(a_sale(902, a_line(price=30), business_date="2026-12-31"))
    frame = wire.pack(till.batch(len(till.entries)))
    till.send_raw(frame)
    shop.services.ingest.set_aside(sha256(frame).hexdigest(), "Rung up twice.", "Ada")
    sent = other.entries[0]
    till.record_bytes(sent.type, sent.body, sent.event_id)
    till.send_raw(wire.pack(till.batch(len(till.entries))))
    held = list(till.entries)
    till.record(a_sale(903, a_line(price=40), business_date="2026-12-31"))
    till.record(refunded(sale, (1, 1, 0), business_date="2026-12-31"))
    till.send_raw(wire.pack(till.batch(len(held) + 1)))
    till.entries = held


def lived_and_archived(home: Path, database: Database) -> ClosingShop:
    """The archive is in `home`, with the server's files; the shop is for who asks about its tills."""
    clock = Clock()
    secret = "a secret of the tests, long enough for HS256"
    settings = Settings(data_dir=home, secret=secret, apply_in_background=False)
    app = create_app(settings, database=database, now_ms=clock, hasher=CHEAP_HASHER)
    with TestClient(app) as client:
        shop = ClosingShop(app, database, client, clock)
        live(shop)
        archive(database, shop.services.tills.key_of, home / "archive")
    return shop


def main(folder: Path) -> None:
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place:
        home = Path(place)
        database = Database(f"sqlite:///{home / 'evertill.db'}")
        migrate(database)
        lived_and_archived(home, database)
        database.close()
        files = {path.name: path.read_bytes() for path in (home / "archive").iterdir()}
        files |= {"evertill.db": whole_file(home / "evertill.db"), FILE: (home / FILE).read_bytes()}
        packed = zstandard.ZstdCompressor(level=19).compress(msgspec.msgpack.encode(files))
        (folder / "shop.zst").write_bytes(packed)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
