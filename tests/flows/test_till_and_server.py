"""A real till's journal and catalogue against a real server over a bad line: every sale once, none held up."""

from __future__ import annotations

import random
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import func, select

from pos_client.journal_check import verify
from pos_client.store.checkpoints import checkpoints
from pos_client.sync.identity import NotEnrolled, enrol, load_or_create
from pos_client.sync.server_api import ServerApi
from shared_models.checkpoint import is_genuine
from shared_models.reference import streams_of
from shared_models.server_keys import only_term
from shared_models.signing import verifier
from sync_server.ingest.tables import quarantine
from sync_server.sales.tables import sale as sale_table
from tests.flows.chaos_proxy import (
    CUT_ANSWER,
    DOUBLE,
    LOSE_ANSWER,
    LOSE_REQUEST,
    PASS,
    ChaosProxy,
)
from tests.flows.real_till import RealTill
from tests.flows.served_shop import ServedShop
from tests.pos_client.store.made_up_shop import shift_opened

pytestmark = pytest.mark.slow


@pytest.fixture
def shop(tmp_path: Path, stack: ExitStack) -> ServedShop:
    shop = ServedShop(tmp_path / "server")
    stack.callback(shop.close)
    shop.add_products("Oat drink", "Rye bread", "Salt")
    shop.start()
    return shop


@pytest.fixture
def line(shop: ServedShop, stack: ExitStack) -> ChaosProxy:
    line = ChaosProxy(shop.address)
    stack.callback(line.stop)
    return line


@pytest.fixture
def till(tmp_path: Path, shop: ServedShop, line: ChaosProxy, stack: ExitStack) -> RealTill:
    till = RealTill(tmp_path / "till", line.url)
    stack.callback(till.close)
    till.enrol(shop.code())
    till.books.post(shift_opened())
    return till


def assert_exactly_once(till: RealTill, shop: ServedShop) -> None:
    """A line that fails again and again makes a till send an entry raw, and the server looks into it within seconds."""
    entries = till.journal()
    till.wait(lambda: len(shop.stored()) >= len(entries))
    assert sorted(shop.stored()) == sorted((entry.event_id, entry.body) for entry in entries)
    assert shop.positions() == list(range(1, len(entries) + 1))


def booked_sales(shop: ServedShop) -> int:
    with shop.db.read() as tx:
        return int(tx.scalar(select(func.count()).select_from(sale_table)) or 0)


def test_lost_and_doubled_pushes_leave_every_sale_on_the_server_once(
    till: RealTill, shop: ServedShop, line: ChaosProxy
) -> None:
    fates = [LOSE_ANSWER, DOUBLE, LOSE_REQUEST, CUT_ANSWER, PASS, DOUBLE]
    random.Random(3).shuffle(fates)
    line.plan.extend(fates)
    till.start()
    for _ in fates:
        till.sell(2)
        till.wait(lambda: till.books.unsent().entries == 0)
    till.sell(5)
    till.wait_until_all_is_sent()
    assert not line.plan
    assert_exactly_once(till, shop)
    till.wait(lambda: booked_sales(shop) == 17)
    assert till.status.code == ""


def test_a_till_keeps_the_servers_signed_word_for_all_that_it_sent(till: RealTill, shop: ServedShop) -> None:
    till.start()
    till.sell(3)
    till.wait_until_all_is_sent()
    with till.books.database.read() as connection:
        (kept,) = checkpoints(connection)
    segment = till.books.segments()[-1]
    assert (kept.incarnation, kept.high, kept.hash) == (segment.incarnation, 4, segment.head_hash)
    place = till.identity.enrolled
    assert place is not None
    assert is_genuine(kept, verifier(place.server_key))
    terms = only_term(bytes.fromhex(shop.services.evidence.key.public_key))
    assert verify(till.folder / "till.db", None, till.identity.public_key, None, terms).faults == ()


def test_an_unknown_entry_in_the_middle_delays_nothing_behind_it(till: RealTill, shop: ServedShop) -> None:
    till.sell(3)
    poison = till.record_what_only_a_later_version_knows()
    till.sell(3)
    till.start()
    till.wait_until_all_is_sent()
    assert_exactly_once(till, shop)
    assert (poison.event_id, poison.body) in shop.stored()
    till.wait(lambda: booked_sales(shop) == 6)
    with shop.db.read() as tx:
        assert tx.scalars(select(quarantine.c.reason)).all() == ["unknown_schema"]


def test_sales_made_without_a_line_arrive_when_it_is_back(
    till: RealTill, shop: ServedShop, line: ChaosProxy
) -> None:
    till.start()
    till.sell()
    till.wait_until_all_is_sent()
    line.cut_line()
    till.sell(300)
    till.wait(lambda: not till.status.online)
    assert till.status.code == "offline"
    assert till.books.unsent().entries == 300
    line.mend_line()
    till.wait_until_all_is_sent()
    assert_exactly_once(till, shop)
    assert till.worker is not None
    till.wait(lambda: till.status.online and till.status.all_sent)


def test_a_server_that_dies_and_comes_back_has_every_sale(till: RealTill, shop: ServedShop) -> None:
    till.start()
    till.sell(20)
    shop.stop()
    till.sell(20)
    shop.start()
    till.wait_until_all_is_sent()
    assert_exactly_once(till, shop)


def test_the_catalogue_comes_down_whole_and_then_by_changes(till: RealTill, shop: ServedShop) -> None:
    till.start()
    till.wait(lambda: till.status.catalogue_as_of_ms is not None)
    assert [store.name for store in [till.catalogue.store()] if store] == ["Corner"]
    shop.add_products("Butter")
    assert till.worker is not None
    till.worker.refresh()
    till.wait(lambda: {p.stream: p.ver for p in till.catalogue.positions()}["catalogue"] >= 4)
    assert not list((till.folder / "downloads").iterdir())
    assert {position.stream for position in till.catalogue.positions()} == set(streams_of("03"))


def test_a_code_that_was_used_does_not_admit_a_second_machine(
    till: RealTill, shop: ServedShop, line: ChaosProxy, tmp_path: Path
) -> None:
    other = load_or_create(tmp_path / "other", use_keyring=False)
    api = ServerApi(line.url, other.device_id, other.sign)
    with pytest.raises(NotEnrolled, match="has been used"):
        enrol(tmp_path / "other", other, api, till.code)
    api.close()
