"""Servers for the sync tests, stopped when the test is over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.pos_client.sync.scripted_http import ScriptedHttp


@pytest.fixture
def http() -> Iterator[ScriptedHttp]:
    server = ScriptedHttp()
    yield server
    server.stop()
