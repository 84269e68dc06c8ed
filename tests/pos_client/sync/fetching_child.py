"""A till without a window that fetches its catalogue until it has it, or is killed."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from pos_client.store.catalogue import CatalogueFile
from pos_client.sync.bootstrap import Bootstrap
from pos_client.sync.server_api import ServerApi


def fetch(folder: Path, url: str) -> None:
    with (
        closing(CatalogueFile(folder / "catalogue.db", lambda: 1)) as catalogue,
        closing(ServerApi(url, "device", lambda message: message)) as api,
    ):
        failure = Bootstrap(api, folder / "downloads", catalogue, lambda: False).fetch("s")
    assert failure is None, failure
