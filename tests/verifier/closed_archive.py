"""An archive of a server that has closed days, as its own code makes it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from litestar.testing import TestClient

from shared_models.journal import Sign
from shared_models.signing import public_key_of, signer
from sync_server.app import create_app
from sync_server.database import Database
from sync_server.evidence.server_key import FILE
from sync_server.recovery.journal_archive import archive
from sync_server.schema import metadata
from sync_server.settings import Settings
from tests.golden.make_closings import live
from tests.sync_server.closings.closing_shop import ClosingShop
from tests.sync_server.conftest import Clock
from tests.sync_server.kept_app import CHEAP_HASHER


class Archived(NamedTuple):
    """An archive as bytes, and who could have made it."""

    files: dict[str, bytes]
    till_keys: set[str]
    server_key: str
    sign: Sign


def closed_archive(home: Path) -> Archived:
    """Two tills over a new year, with a refund, training, a late sale, and everything that can be in no figure."""
    database = Database(f"sqlite:///{home / 'shop.db'}")
    metadata.create_all(database.engine)
    clock = Clock()
    settings = Settings(
        data_dir=home, secret="a secret of the tests, long enough for HS256", apply_in_background=False
    )
    app = create_app(settings, database=database, now_ms=clock, hasher=CHEAP_HASHER)
    with TestClient(app) as client:
        shop = ClosingShop(app, database, client, clock)
        live(shop)
        archive(database, shop.services.tills.key_of, home / "archive")
    database.close()
    key = (home / FILE).read_bytes()
    return Archived(
        {path.name: path.read_bytes() for path in (home / "archive").iterdir()},
        {public_key_of(till.key).hex() for till in shop.tills},
        public_key_of(key).hex(),
        signer(key),
    )
