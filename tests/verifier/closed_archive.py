"""An archive of a server that has closed days, as its own code makes it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from shared_models.journal import Sign
from shared_models.signing import public_key_of, signer
from sync_server.database import Database
from sync_server.evidence.server_key import FILE
from sync_server.schema import metadata
from tests.golden.make_closings import lived_and_archived


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
    shop = lived_and_archived(home, database)
    database.close()
    key = (home / FILE).read_bytes()
    return Archived(
        {path.name: path.read_bytes() for path in (home / "archive").iterdir()},
        {public_key_of(till.key).hex() for till in shop.tills},
        public_key_of(key).hex(),
        signer(key),
    )
