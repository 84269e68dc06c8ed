"""A till's copy of the catalogue is damaged: it sells on with the rest, and head office's whole one comes by itself."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from pos_client.store.catalogue import CatalogueFile
from pos_client.till.errors import StorageFailed
from shared_models.moment import Moment
from tests.flows.real_till import RealTill
from tests.flows.served_shop import ServedShop

NAMES = tuple(f"Tea number {number}" for number in range(1, 201))


@pytest.fixture
def shop(tmp_path: Path, stack: ExitStack) -> ServedShop:
    shop = ServedShop(tmp_path / "server")
    stack.callback(shop.close)
    shop.add_products(*NAMES)
    shop.start()
    return shop


@pytest.fixture
def till(tmp_path: Path, shop: ServedShop, stack: ExitStack) -> RealTill:
    """Enrolled, with the whole catalogue, and shut down."""
    till = RealTill(tmp_path / "till", f"http://127.0.0.1:{shop.port}")
    stack.callback(till.close)
    till.enrol(shop.code())
    till.start()
    till.wait(lambda: found(till) == len(NAMES))
    stop(till)
    return till


def stop(till: RealTill) -> None:
    assert till.worker is not None
    assert till.worker.stop()
    till.worker = None
    till.catalogue.close()


def found(till: RealTill) -> int:
    return sum(_is_found(till.catalogue, name) for name in NAMES)


def _is_found(catalogue: CatalogueFile, sku: str) -> bool:
    try:
        return catalogue.by_code(sku, Moment(time.time_ns() // 1_000_000)) is not None
    except StorageFailed:
        return False


def spoil_products(path: Path) -> None:
    content = path.read_bytes()
    place = content.index(b'"name":"Tea number 100"') // 4096 * 4096
    path.write_bytes(content[:place] + b"\xff" * 4096 + content[place + 4096 :])


def make_rubbish(path: Path) -> None:
    path.write_bytes(b"no database at all" * 500)


@pytest.mark.expects_log
@pytest.mark.slow
def test_products_on_a_damaged_page_are_there_again_while_the_till_sells(till: RealTill) -> None:
    spoil_products(till.folder / "catalogue.db")
    till.catalogue = CatalogueFile(till.folder / "catalogue.db", lambda: 1)
    assert 0 < found(till) < len(NAMES)
    till.start()
    till.sell(3)
    till.wait(lambda: found(till) == len(NAMES))
    till.wait_until_all_is_sent()
    assert (till.folder / "catalogue.db.damaged").exists()


@pytest.mark.expects_log
@pytest.mark.slow
@pytest.mark.parametrize("spoil", [spoil_products, make_rubbish])
def test_a_damaged_copy_is_healed_by_the_next_start(till: RealTill, spoil: object) -> None:
    assert callable(spoil)
    path = till.folder / "catalogue.db"
    spoil(path)
    with closing(CatalogueFile(path, lambda: 1)) as met:
        assert not _is_found(met, "Tea number 100")
    till.catalogue = CatalogueFile(path, lambda: 1)
    till.start()
    till.wait(lambda: found(till) == len(NAMES))
    assert path.with_name("catalogue.db.damaged").exists()
    assert not path.with_name("catalogue.db.suspect").exists()
