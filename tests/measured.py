"""A plugin of pytest: coverage of the core counts only from tests of journal and sync, of the till, of the whole shop.

The others pass through the core as well, but nobody looked there at what a line does. Not to trace them is also what
makes them quick: a tracer sees each line of every library, and most of a server's test is the making of its
application.
"""

from __future__ import annotations

import coverage
import pytest

MEASURED = (
    "tests/hardware/labels/",
    "tests/shared_models/",
    "tests/pos_client/",
    "tests/sync_server/evidence/",
    "tests/sync_server/feed/",
    "tests/sync_server/hubs/",
    "tests/sync_server/ingest/",
    "tests/sync_server/recovery/",
    "tests/sync_server/store_hub/",
    "tests/sync_server/tills/",
    "tests/flows/",
    "tests/simulation/",
    "tests/verifier/",
)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Where tests run: with several workers the process that deals them out collects none."""
    plugin = session.config.pluginmanager.getplugin("_cov")
    if plugin is not None and plugin.cov_controller is not None:
        session.config.pluginmanager.register(OnlyTheMeasured(plugin.cov_controller.cov))


class OnlyTheMeasured:
    """Stops the measuring before a test that does not count, and begins again with the next that does."""

    def __init__(self, measure: coverage.Coverage) -> None:
        self._measure = measure
        self._running = True

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._run(nodeid.startswith(MEASURED))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Who saves what was measured expects it to run."""
        self._run(True)

    def _run(self, wanted: bool) -> None:
        if wanted != self._running:
            self._running = wanted
            if wanted:
                self._measure.start()
            else:
                self._measure.stop()
