"""The application as the process that serves it makes it: from the settings in the environment."""

from __future__ import annotations

import gc
import logging

from litestar import Litestar

from sync_server.app import create_app
from sync_server.settings import read_settings


def app_of_this_machine() -> Litestar:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    app = create_app(read_settings())
    # what is there now stays for good; looking it through again and again costs a push a tenth of its time
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    return app
