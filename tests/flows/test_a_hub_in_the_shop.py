"""A store with a hub: real tills, a real hub and a real server, each of which may be away or lose its disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import func, select

from shared_models import wire
from shared_models.reference import FeedPosition
from shared_models.sync_api import Push
from sync_server.exceptions.tables import exception_case
from sync_server.ingest.tables import ingest_pos, quarantine
from tests.flows.chaos_proxy import CUT_ANSWER, LOSE_ANSWER, ChaosProxy
from tests.flows.real_till import RealTill
from tests.flows.served_hub import ServedHub
from tests.flows.served_shop import ServedShop
from tests.own_postgresql import uri_of
from tests.pos_client.store.made_up_shop import shift_opened

NOBODY = "http://127.0.0.1:1"
pytestmark = pytest.mark.postgres
on_both = pytest.mark.parametrize("shop", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServedShop]:
    """A chain's server is on PostgreSQL; what a hub does to it is tried on the other database where bytes arrive."""
    url = ""
    if getattr(request, "param", "postgresql") == "postgresql":
        uri = request.getfixturevalue("postgresql_uri")
        name = f"hub_{abs(hash(request.node.name))}"
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute(f"create database {name} template template_shop")
        url = uri_of(uri, name)
    shop = ServedShop(tmp_path / "server", url)
    shop.add_products("milk", "bread")
    shop.start()
    yield shop
    shop.close()


@pytest.fixture
def hub(shop: ServedShop, tmp_path: Path) -> Iterator[ServedHub]:
    hub = ServedHub(tmp_path / "hub", shop)
    hub.start()
    yield hub
    hub.close()


@pytest.fixture
def till(shop: ServedShop, hub: ServedHub, tmp_path: Path) -> Iterator[RealTill]:
    """Enrolled at the server, to which it has no line of its own any more."""
    till = RealTill(tmp_path / "till", f"http://127.0.0.1:{shop.port}")
    till.enrol(shop.code())
    till.url, till.hub_url = NOBODY, hub.url
    till.books.post(shift_opened())
    yield till
    till.close()


class RoamingTill:
    """A till that knows both ways, each of which can be cut."""

    def __init__(self, folder: Path, shop: ServedShop, hub: ServedHub) -> None:
        self.to_hub, self.to_centre = ChaosProxy(hub.address), ChaosProxy(shop.address)
        self.till = RealTill(folder, self.to_centre.url)
        self.till.enrol(shop.code())
        self.till.hub_url = self.to_hub.url
        self.till.books.post(shift_opened())
        self.till.start()

    def close(self) -> None:
        self.till.close()
        self.to_hub.stop()
        self.to_centre.stop()


def sealed(*tills: RealTill) -> list[tuple[bytes, bytes]]:
    return sorted((entry.event_id, entry.body) for till in tills for entry in till.journal())


def assert_stored_once(shop: ServedShop, *tills: RealTill) -> None:
    """At the central server: everything, once, byte for byte, and nothing to look at."""
    assert sorted(shop.stored()) == sealed(*tills)
    with shop.db.read() as tx:
        assert tx.scalar(select(func.count()).where(~ingest_pos.c.chain_ok)) == 0
        assert tx.scalars(select(exception_case.c.kind)).all() == []


@on_both
def test_what_a_till_brings_to_the_hub_arrives_at_the_server_as_it_was_sealed(
    shop: ServedShop, hub: ServedHub, till: RealTill
) -> None:
    till.sell(3)
    till.start()
    till.wait_until_all_is_sent()
    hub.wait(lambda: len(shop.stored()) == 4)
    assert_stored_once(shop, till)
    hub.wait(lambda: hub.state().waiting == 0)
    till.wait(lambda: till.catalogue.store() is not None)


def test_a_hub_killed_while_the_line_is_down_passes_everything_on_afterwards(
    shop: ServedShop, hub: ServedHub, till: RealTill
) -> None:
    known_to(hub, till)
    hub.line.cut_line()
    till.sell(5)
    till.wait_until_all_is_sent()
    assert sorted(hub.stored()) == sealed(till)
    hub.kill()
    assert len(shop.stored()) == 1
    hub.start()
    till.sell(2)
    till.wait_until_all_is_sent()
    assert hub.state().waiting == 7
    hub.line.mend_line()
    hub.wait(lambda: len(shop.stored()) == 8, 90)
    assert_stored_once(shop, till)


def test_a_hub_that_lost_its_disk_before_passing_on_loses_no_sale(
    shop: ServedShop, hub: ServedHub, till: RealTill
) -> None:
    known_to(hub, till)
    hub.line.cut_line()
    till.sell(5)
    till.wait_until_all_is_sent()
    hub.kill()
    hub.line.mend_line()
    hub.lose_disk()
    hub.start()
    till.sell(1)
    hub.wait(lambda: len(shop.stored()) == 7, 90)
    assert_stored_once(shop, till)


def test_a_new_hub_that_has_not_met_the_server_takes_in_what_comes_and_what_lies_before_it_later(
    shop: ServedShop, hub: ServedHub, till: RealTill
) -> None:
    known_to(hub, till)
    hub.line.cut_line()
    till.sell(5)
    till.wait_until_all_is_sent()
    hub.kill()
    hub.line.mend_line()
    hub.lose_disk()
    hub.learn_of_the_store()
    hub.line.cut_line()
    hub.start()
    till.sell(2)
    till.wait(lambda: len(hub.stored()) == 2 and till.books.unsent().entries == 0)
    hub.line.mend_line()
    hub.wait(hub.has_met_the_server, 90)
    assert hub.state().waiting == 2, "they wait for what lies before them"
    till.sell(1)
    hub.wait(lambda: len(shop.stored()) == 9, 90)
    hub.wait(lambda: hub.state().waiting == 0)
    assert_stored_once(shop, till)


@on_both
def test_what_the_hubs_disk_altered_never_arrives_and_the_tills_own_bytes_do(
    shop: ServedShop, hub: ServedHub, till: RealTill
) -> None:
    known_to(hub, till)
    hub.line.cut_line()
    till.sell(5)
    till.wait_until_all_is_sent()
    hub.kill()
    hub.alter_the_newest_body()
    hub.line.mend_line()
    hub.start()
    hub.wait(lambda: hub.state().waiting == 0, 90)
    till.sell(1)
    hub.wait(lambda: len(shop.stored()) == 7, 90)
    assert_stored_once(shop, till)


def known_to(hub: ServedHub, till: RealTill) -> None:
    """The till has met the hub, and the server has its first entry."""
    till.start()
    till.wait_until_all_is_sent()
    hub.wait(lambda: hub.state().waiting == 0)
    till.wait(lambda: till.catalogue.store() is not None)


@pytest.fixture
def roaming(shop: ServedShop, hub: ServedHub, tmp_path: Path) -> Iterator[RoamingTill]:
    roaming = RoamingTill(tmp_path / "roaming", shop, hub)
    yield roaming
    roaming.close()


def test_a_till_goes_on_by_whatever_is_reachable_and_nothing_is_there_twice(
    shop: ServedShop, hub: ServedHub, roaming: RoamingTill
) -> None:
    till = roaming.till
    till.wait(lambda: till.books.unsent().entries == 0 and till.status.path == "hub")
    hub.kill()
    till.sell(2)
    till.wait(lambda: till.status.path == "central" and len(shop.stored()) == 3)
    hub.start()
    till.wait(lambda: till.status.path == "hub")
    roaming.to_centre.cut_line()
    hub.line.cut_line()
    till.sell(2)
    till.wait_until_all_is_sent()
    assert till.status.online
    roaming.to_hub.cut_line()
    till.sell(1)
    till.wait(lambda: not till.status.online)
    assert len(shop.stored()) == 3
    roaming.to_centre.mend_line()
    till.wait(lambda: len(shop.stored()) == 6 and till.status.path == "central")
    hub.line.mend_line()
    hub.wait(lambda: hub.state().waiting == 0, 90)
    assert_stored_once(shop, till)


def test_a_till_whose_hub_died_with_its_sales_brings_them_itself(
    shop: ServedShop, hub: ServedHub, roaming: RoamingTill
) -> None:
    till = roaming.till
    till.wait(lambda: till.books.unsent().entries == 0 and till.status.path == "hub")
    hub.wait(lambda: hub.state().waiting == 0)
    hub.line.cut_line()
    till.sell(4)
    till.wait_until_all_is_sent()
    assert len(shop.stored()) == 1
    hub.kill()
    till.wait(lambda: len(shop.stored()) == 5)
    assert_stored_once(shop, till)


@on_both
def test_answers_of_the_hub_that_are_lost_double_nothing(
    shop: ServedShop, hub: ServedHub, roaming: RoamingTill
) -> None:
    """The hub has it and passes it on, and the till brings it to the server as well."""
    till = roaming.till
    till.wait(lambda: till.books.unsent().entries == 0 and till.status.path == "hub")
    for _ in range(3):
        roaming.to_hub.plan.extend([LOSE_ANSWER, CUT_ANSWER, LOSE_ANSWER])
        till.sell(3)
        till.wait_until_all_is_sent()
    hub.wait(lambda: len(shop.stored()) == 10, 90)
    hub.wait(lambda: hub.state().waiting == 0, 90)
    assert LOSE_ANSWER in roaming.to_hub.pushes
    assert hub.stored()
    assert_stored_once(shop, till)


def test_a_hub_with_an_old_copy_of_the_feed_takes_no_till_back(
    shop: ServedShop, hub: ServedHub, roaming: RoamingTill
) -> None:
    till = roaming.till
    till.wait(lambda: till.status.path == "hub" and set(till.catalogue.positions()) == set(heads(shop)))
    hub.line.cut_line()
    hub.kill()
    shop.add_products("butter")
    till.wait(lambda: set(till.catalogue.positions()) == set(heads(shop)))
    hub.start()
    till.wait(lambda: till.status.path == "hub")
    shop.add_products("cheese")
    assert till.worker is not None
    till.worker.refresh()
    till.wait(lambda: set(till.catalogue.positions()) == set(heads(shop)))
    roaming.to_centre.cut_line()
    before = till.catalogue.positions()
    till.sell(1)
    till.wait_until_all_is_sent()
    till.worker.refresh()
    till.wait(lambda: till.status.catalogue_code != "")
    assert till.catalogue.positions() == before
    hub.line.mend_line()
    shop.add_products("honey")
    till.wait(lambda: set(till.catalogue.positions()) == set(heads(shop)), 90)
    hub.wait(lambda: len(shop.stored()) == 2, 90)
    assert_stored_once(shop, till)


def test_a_hub_that_was_shut_out_sends_the_tills_to_the_server(
    shop: ServedShop, hub: ServedHub, roaming: RoamingTill
) -> None:
    till = roaming.till
    till.wait(lambda: till.books.unsent().entries == 0 and till.status.path == "hub")
    hub.wait(lambda: hub.state().waiting == 0)
    with shop.db.write() as tx:
        for one in shop.services.hubs.hubs(tx, None, 10):
            shop.services.hubs.revoke(tx, one.hub_id)
    till.sell(2)
    till.wait(lambda: till.status.path == "central" and len(shop.stored()) == 3, 90)
    assert_stored_once(shop, till)


def heads(shop: ServedShop) -> tuple[FeedPosition, ...]:
    with shop.db.read() as tx:
        return shop.services.feed.positions(tx, "03")


def test_what_a_till_sold_before_it_was_shut_out_waits_for_a_person_and_is_not_lost(
    shop: ServedShop, hub: ServedHub, till: RealTill
) -> None:
    known_to(hub, till)
    hub.line.cut_line()
    till.sell(3)
    till.wait_until_all_is_sent()
    with shop.db.write() as tx:
        shop.services.tills.revoke(tx, till.identity.device_id)
    hub.line.mend_line()
    hub.wait(lambda: len(kept_raw(shop)) == 3, 90)
    assert kept_raw(shop) == [entry.body for entry in till.journal()[1:]]
    assert len(shop.stored()) == 1


def kept_raw(shop: ServedShop) -> list[bytes]:
    """The bodies of what came raw, in the till's order."""
    with shop.db.read() as tx:
        frames = tx.scalars(select(quarantine.c.raw).where(quarantine.c.raw.is_not(None))).all()
    pushes = sorted((wire.unpack(frame, Push) for frame in frames), key=lambda push: push.first_seq)
    return [push.entries[0].body for push in pushes]


@pytest.mark.expects_log
def test_two_copies_of_one_till_at_the_hub_lose_nothing(
    shop: ServedShop, hub: ServedHub, till: RealTill, tmp_path: Path
) -> None:
    known_to(hub, till)
    till.sell(3)
    till.wait_until_all_is_sent()
    till.pause()
    shutil.copytree(till.folder, tmp_path / "copy")
    copy = RealTill(tmp_path / "copy", NOBODY)
    copy.hub_url = hub.url
    try:
        till.resume()
        till.sell(2)
        till.wait_until_all_is_sent()
        copy.start()
        copy.sell(2, first_id=100)
        copy.wait_until_all_is_sent()
        both = sorted({*sealed(till), *sealed(copy)})
        hub.wait(lambda: sorted(shop.stored()) == both, 90)
        hub.wait(lambda: hub.state().waiting == 0, 90)
        assert len(both) >= 1 + 3 + 2 + 2
    finally:
        copy.close()
