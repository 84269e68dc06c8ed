"""Books in a fresh folder, closed after each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from pos_client.store.books import TillBooks
from tests.pos_client.store.made_up_shop import open_books

Open = Callable[..., TillBooks]


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Open]:
    """Opens the till's books; called again after `close`, the till starts once more on the same files."""
    with ExitStack() as stack:

        def start(run: int = 1, **changed: object) -> TillBooks:
            books = open_books(tmp_path, start=run * 1_000_000, **changed)
            stack.callback(books.close)
            return books

        yield start


@pytest.fixture
def books(till: Open) -> TillBooks:
    return till()
