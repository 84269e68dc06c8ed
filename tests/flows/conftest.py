"""A served shop with one enrolled till; a file that needs another shop or till makes its own under the same name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.flows.real_till import RealTill
from tests.flows.served_shop import ServedShop


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """What it holds is closed when the test ends, the newest first."""
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def shop(tmp_path: Path, stack: ExitStack) -> ServedShop:
    shop = ServedShop(tmp_path / "server")
    stack.callback(shop.close)
    shop.start()
    return shop


@pytest.fixture
def till(tmp_path: Path, shop: ServedShop, stack: ExitStack) -> RealTill:
    till = RealTill(tmp_path / "till", f"http://127.0.0.1:{shop.port}")
    stack.callback(till.close)
    till.enrol(shop.code())
    return till
