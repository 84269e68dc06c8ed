"""One application for all tests of a worker: making its routes takes longer than most tests do.

The services behind them are the test's own, with its database, clock and files, and remember nothing of another test.
"""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from litestar import Litestar
from msgspec.structs import replace

from sync_server.app import create_app
from sync_server.database import Database
from sync_server.ports import NowMs, random_id
from sync_server.services import Services, build_services
from sync_server.settings import Settings
from tests.kept_statements import with_kept_statements

CHEAP_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class KeptApplications:
    """An application for each set of settings that tests ask for; `folder` is the worker's own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._data_dir = folder / "data"
        self._kept: dict[Settings, tuple[Litestar, dict[str, Any]]] = {}
        self._now_ms: NowMs

    def over(self, settings: Settings, database: Database, now_ms: NowMs) -> Litestar:
        """As if `create_app` had just made it."""
        self._now_ms = now_ms
        with_kept_statements(database)
        known = replace(settings, data_dir=self._lead_to(settings.data_dir), database_url="")
        if known not in self._kept:
            nobodys = Database(f"sqlite:///{self._data_dir / 'nobodys.db'}")
            made = create_app(known, database=nobodys, now_ms=lambda: self._now_ms(), hasher=CHEAP_HASHER)
            self._kept[known] = (made, made.state.dict())
        app, state = self._kept[known]
        app.state.update(state)
        become(app.state.services, build_services(settings, database, now_ms, random_id, CHEAP_HASHER))
        return app

    def _lead_to(self, data_dir: Path) -> Path:
        """The one folder that routes know."""
        data_dir.mkdir(parents=True, exist_ok=True)
        self._data_dir.unlink(missing_ok=True)
        self._data_dir.symlink_to(data_dir)
        return self._data_dir


def become(old: Services, new: Services) -> None:
    """Routes hold on to the old services; from now on each of them is the new one in everything but its address."""
    for field in fields(Services):
        getattr(old, field.name).__dict__ = getattr(new, field.name).__dict__
