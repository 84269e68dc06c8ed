"""A damaged database goes to head office by itself, behind the sales, whatever breaks on the way."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from pos_client.sync.handing_in import NOTED, HandingIn
from pos_client.sync.server_api import ServerApi
from pos_client.till_folder import DAMAGED
from sync_server.handed_in.service import TillFile
from tests.flows.real_till import RealTill
from tests.flows.served_shop import ServedShop

pytestmark = [pytest.mark.slow, pytest.mark.expects_log]
SIZE = 6 << 20
PATIENCE_S = 30


@pytest.fixture
def damaged(till: RealTill) -> Path:
    """As a rescue leaves it; noise, so that nothing of it can be compressed away."""
    path = till.folder / "till.db.damaged-1790000000000"
    path.write_bytes(os.urandom(SIZE))
    return path


def handing_in(till: RealTill, stack: ExitStack, all_is_sent: Callable[[], bool] = lambda: True) -> HandingIn:
    who, made = till.identity, HandingIn(till.folder, DAMAGED, all_is_sent)
    made.start(lambda: ServerApi(till.url, who.device_id, who.sign))
    stack.callback(made.stop)
    return made


def files(shop: ServedShop) -> list[TillFile]:
    with shop.db.read() as tx:
        return shop.services.handed_in.files(tx, "03-2")


def wait(until: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def is_whole(shop: ServedShop) -> bool:
    return any(file.whole_ms for file in files(shop))


def some_is_there(shop: ServedShop) -> bool:
    return any(file.received for file in files(shop))


def bytes_there(shop: ServedShop) -> bytes:
    (file,) = files(shop)
    return shop.services.handed_in.path(file).read_bytes()


def test_it_arrives_byte_by_byte_and_is_sent_once(
    till: RealTill, shop: ServedShop, damaged: Path, stack: ExitStack
) -> None:
    handing_in(till, stack)
    wait(lambda: is_whole(shop))
    assert bytes_there(shop) == damaged.read_bytes()
    wait(damaged.with_name(damaged.name + NOTED).exists)
    assert handing_in(till, stack)._connect is None  # nothing waits any more
    assert damaged.exists()


def test_a_till_that_is_switched_off_goes_on_where_it_was(
    till: RealTill, shop: ServedShop, damaged: Path, stack: ExitStack
) -> None:
    first = handing_in(till, stack)
    wait(lambda: some_is_there(shop))
    assert first.stop()
    (file,) = files(shop)
    before = file.received
    assert 0 < before < SIZE
    handing_in(till, stack)
    wait(lambda: is_whole(shop))
    assert bytes_there(shop) == damaged.read_bytes()


def test_a_server_that_is_killed_in_the_middle_has_it_whole_in_the_end(
    till: RealTill, shop: ServedShop, damaged: Path, stack: ExitStack
) -> None:
    handing_in(till, stack)
    wait(lambda: some_is_there(shop))
    shop.kill()
    shop.start()
    wait(lambda: is_whole(shop))
    assert bytes_there(shop) == damaged.read_bytes()


def test_sales_go_first(till: RealTill, shop: ServedShop, damaged: Path, stack: ExitStack) -> None:
    asked: list[bool] = []

    def not_yet() -> bool:
        asked.append(True)
        return False

    handing_in(till, stack, not_yet)
    wait(lambda: bool(asked))
    assert files(shop) == []


def test_a_file_that_changes_while_it_is_sent_stays_on_the_till(
    till: RealTill, shop: ServedShop, damaged: Path, stack: ExitStack
) -> None:
    """As a disk that reads other bytes each time: the hash never fits, and nobody sends it for ever."""
    damaged.write_bytes(b"a" * 1000)
    made = HandingIn(till.folder, DAMAGED, lambda: True)
    who = till.identity

    class Changing(ServerApi):
        def send_piece(self, piece):  # type: ignore[no-untyped-def]
            damaged.write_bytes(os.urandom(1000))
            return super().send_piece(
                piece.__class__(sha256=piece.sha256, offset=piece.offset, content=os.urandom(1000))
            )

    made.start(lambda: Changing(till.url, who.device_id, who.sign))
    stack.callback(made.stop)
    wait(lambda: damaged in made._kept_here)
    assert not is_whole(shop)
    assert not damaged.with_name(damaged.name + NOTED).exists()


def test_an_empty_log_beside_it_is_not_worth_a_word(
    till: RealTill, shop: ServedShop, damaged: Path, stack: ExitStack, caplog: pytest.LogCaptureFixture
) -> None:
    damaged.with_name(damaged.name + "-wal").touch()
    made = handing_in(till, stack)
    wait(lambda: is_whole(shop))
    wait(lambda: made._waiting() is None)
    assert [file.name for file in files(shop)] == [damaged.name]
    assert "stays on this disk only" not in caplog.text
