"""Fixtures and rules for every test: Qt draws offscreen, and an unexpected warning in the log fails a test."""

from __future__ import annotations

import atexit
import gc
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.strategies import text

from tests.effort import examples
from tests.memory_disk import memory_disk
from tests.order import in_good_order
from tests.own_postgresql import (
    postgresql_database,
    postgresql_databases,
    postgresql_keeper,
    postgresql_uri,
)

__all__ = ["postgresql_database", "postgresql_databases", "postgresql_keeper", "postgresql_uri"]
"""Fixtures for all tests; a module that imported them for itself would start a PostgreSQL for itself."""

gc.set_threshold(20_000, 10, 10)
"""Every test of the server builds an application of a hundred thousand objects: at Python's own threshold the collector
walks all that a worker holds at every third of them."""

if place := memory_disk():
    os.environ.setdefault("TMPDIR", place)
    tempfile.tempdir = None  # pytest's capture has looked it up before
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
if "XDG_RUNTIME_DIR" not in os.environ:
    os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="evertill-runtime-")
    atexit.register(shutil.rmtree, os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)

settings.register_profile(
    "no clock", deadline=None, max_examples=examples(50), suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("no clock")
"""A property holds or not, however busy the machine is."""


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is there by now stays to the end, so the collector need not walk it again and again."""
    if session.config.option.collectonly:
        text().validate()  # its table of all characters takes seconds to make, and each worker would make it
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items[:] = in_good_order(items)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Windows that a test let go of are really gone.

    Qt deletes what had `deleteLater` only when an event loop begins or ends, and a test runs none: every window
    lived on to the end, and each later change of theme, font or language went through all of them.
    """
    yield
    if core := sys.modules.get("PySide6.QtCore"):
        core.QCoreApplication.sendPostedEvents(None, core.QEvent.Type.DeferredDelete)


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Ctrl C is heard, as in a terminal: what runs in the background may have it ignored, and so have its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(autouse=True)
def no_unexpected_log(request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A line at WARNING or above fails the test, unless the test is marked `expects_log`."""
    yield
    if request.node.get_closest_marker("expects_log"):
        return
    ours = ("pos_client", "sync_server", "hardware", "shared_models", "evertill")
    loud = [
        record
        for record in caplog.get_records("call")
        if record.levelno >= logging.WARNING and record.name.split(".")[0] in ours
    ]
    assert not loud, f"unexpected log: {[record.getMessage() for record in loud]}"
