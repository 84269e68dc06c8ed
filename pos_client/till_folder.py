"""What lies where on the till's machine."""

from __future__ import annotations

from pos_client.settings import TillSettings
from pos_client.sync import identity as identities
from pos_client.sync.identity import Identity

APP = "evertill-till 0.1.0"
BOOKS_FILE = "till.db"
CATALOGUE_FILE = "catalogue.db"
IDENTITY = "identity"
DAMAGED = f"{BOOKS_FILE}.damaged-*"


def identity_of(settings: TillSettings) -> Identity:
    return identities.load_or_create(settings.data_dir / IDENTITY, use_keyring=settings.keyring)
