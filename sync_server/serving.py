"""The application as the process that serves it makes it: from the settings in the environment."""

from __future__ import annotations

import gc
from collections.abc import Callable

from litestar import Litestar
from litestar.types import ASGIApp

from sync_server.app import create_app
from sync_server.hub_app import create_hub_app
from sync_server.log_lines import write_log
from sync_server.recovery.anchor import anchor_of
from sync_server.request_log import RequestLog
from sync_server.settings import read_settings
from sync_server.store_hub import identity


def app_of_this_machine() -> ASGIApp:
    return _served(_app)


def hub_of_this_machine() -> ASGIApp:
    return _served(_hub)


def _served(make: Callable[[], Litestar]) -> ASGIApp:
    write_log()
    app = RequestLog(make())
    # what is there now stays for good; looking it through again and again costs a push a tenth of its time
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    return app


def _app() -> Litestar:
    settings = read_settings()
    return create_app(settings, anchor=anchor_of(settings))


def _hub() -> Litestar:
    settings = read_settings()
    return create_hub_app(settings, *identity.read(settings.data_dir))
