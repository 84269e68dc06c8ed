"""A server that can't book, until a test says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync_server.services import Services


@pytest.fixture
def broken(services: Services, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """Nothing can be booked, until it is undone."""

    def fail(*_: object) -> None:
        raise ValueError("no such <product>")

    with monkeypatch.context() as patch:
        for recorder in services.applier._recorders:
            patch.setattr(recorder, "record_many", fail)
        yield patch
