"""What is done without a window: enrolling, checking the journal, taking unsent sales along, putting a file aside."""

from __future__ import annotations

from pathlib import Path

from pos_client import unsent_export
from pos_client.journal_check import CheckReport, verify
from pos_client.settings import TillSettings
from pos_client.store.anchor import AnchorFile
from pos_client.store.rescue import begin as begin_rescue
from pos_client.sync import identity as identities
from pos_client.sync.identity import Identity
from pos_client.this_machine import SystemClock, anchor_path, random_bytes
from pos_client.till.errors import StorageFailed
from pos_client.till_folder import APP, BOOKS_FILE, IDENTITY, identity_of
from pos_client.unsent_export import Exported
from shared_models.errors import ShopError
from shared_models.outbox_file import CODE_BYTES, SALT_BYTES, OutboxHead, code_of


class NotEnrolledYet(ShopError):
    """Nobody has told this till which one it is."""

    code = "not_enrolled_yet"


def enrol(settings: TillSettings, code: str) -> Identity:
    """Take the place that `code` was made for; raises NotEnrolled with the reason."""
    from pos_client.sync.server_api import ServerApi

    identity = identity_of(settings)
    server = ServerApi(settings.server_url, identity.device_id, identity.sign)
    try:
        return identities.enrol(settings.data_dir / IDENTITY, identity, server, code, APP)
    finally:
        server.close()


def check(settings: TillSettings) -> CheckReport:
    """Every entry of the journal, and that the till's figures say the same; works beside a running till."""
    anchor = AnchorFile(anchor_path(settings.data_dir)).read()
    key = settings.database_key or None
    identity = identity_of(settings)
    terms = identity.server_terms
    return verify(settings.data_dir / BOOKS_FILE, key, identity.public_key, anchor, terms)


def export_unsent(
    settings: TillSettings, folder: Path, source: Path | None, *, everything: bool
) -> tuple[Exported, str]:
    """The file, and the code that opens it."""
    identity = identity_of(settings)
    place = identity.enrolled
    if place is None:
        raise NotEnrolledYet("This till is not enrolled, so it has sold nothing. Nothing was written.")
    at_ms = SystemClock().now().at_ms
    file = folder / f"evertill-{place.till_id}-{at_ms}.outbox"
    code = code_of(random_bytes(CODE_BYTES))
    head = OutboxHead(
        device_id=identity.device_id, till_id=place.till_id, store_id=place.store_id, made_at_ms=at_ms
    )
    sources = [source or settings.data_dir / BOOKS_FILE]
    key, salt = settings.database_key or None, random_bytes(SALT_BYTES)
    return unsent_export.export_unsent(sources, key, file, code, salt, head, everything=everything), code


def rescue(settings: TillSettings) -> Path:
    """What the database will be called once the till has started again."""
    path = settings.data_dir / BOOKS_FILE
    if not path.exists():
        raise StorageFailed(f"There is no database at {path}. Nothing was changed.")
    name = f"{BOOKS_FILE}.damaged-{SystemClock().now().at_ms}"
    begin_rescue(path, name)
    return path.with_name(name)
