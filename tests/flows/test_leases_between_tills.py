"""Two whole tills and a server: what must not be spent twice is not, with the line and without it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event

import msgspec
import psycopg
import pytest
from sqlalchemy import func, select

from pos_client.till.state import Phase
from shared_models.cash import ShiftTotals
from sync_server.catalogue.service import ProductFields
from sync_server.leases.corrections import ValueCorrection
from sync_server.leases.service import HOLD_GRACE_MS, LeaseService
from sync_server.leases.tables import lease, parked_sale, refund, value_account, value_entry
from sync_server.pricing.service import KeptTaxCategory
from sync_server.sales.tables import sale
from tests.flows.chaos_proxy import LOSE_ANSWER, LOSE_REQUEST
from tests.flows.counter import PIN, Counter
from tests.flows.served_shop import ServedShop
from tests.own_postgresql import uri_of

CARD = "6035-0001"
MEMBER = "member-7"
TEA_MINOR = 1000


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def shop(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ServedShop]:
    url = ""
    if request.param == "postgresql":
        uri = request.getfixturevalue("postgresql_uri")
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute("drop database if exists leases_between_tills")
            connection.execute("create database leases_between_tills template template_shop")
        url = uri_of(uri, "leases_between_tills")
    served = ServedShop(tmp_path / "server", url, tills=("03-1", "03-2"))
    _stock_up(served)
    served.start()
    yield served
    served.close()


@pytest.fixture
def counters(
    shop: ServedShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Counter, Counter]]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    one, two = (Counter(tmp_path / till_id, shop, till_id) for till_id in ("03-1", "03-2"))
    yield one, two
    one.close()
    two.close()


def test_one_receipt_is_refunded_by_one_of_two_tills(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    one, two = counters
    number = one.sell("TEA")
    _until(lambda: _rows(shop, sale) == 1)
    for counter in counters:
        counter.session.start_refund(number)
        assert counter.hear().phase is Phase.REFUND, counter.notice
        counter.session.take_all_back()
    one.session.give_money_back()
    two.session.give_money_back()
    one.hear()
    two.hear()
    assert sorted((one.notice, two.notice)) == ["lease_denied", "refunded"]
    _all_sent(counters)
    _until(lambda: _rows(shop, refund) == 1)
    assert _cases(shop) == []
    expected = [_totals(counter).expected_minor for counter in counters]
    assert sum(expected) == 10_000 + TEA_MINOR + 10_000 - TEA_MINOR
    two.session.leave_refund() if two.session.state.phase is Phase.REFUND else one.session.leave_refund()
    assert two.refund(number).phase is Phase.SALE
    assert two.notice == "all_refunded"


def test_a_lost_answer_to_a_lease_holds_the_card_once(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    one, two = counters
    _charge(shop, 1500)
    one.ring_up("TEA")
    one.line.plan.extend([LOSE_ANSWER])
    assert one.pay_by_card(CARD).tender is not None
    assert one.line.pushes[:2] == [LOSE_ANSWER, "pass"]
    assert _account(shop) == (1500, 1000)
    one.finish()
    one.wait_until_all_is_sent()
    _until(lambda: _account(shop) == (500, 0))
    two.ring_up("TEA")
    state = two.pay_by_card(CARD)
    assert state.tender is not None
    assert [tender.received_minor for tender in state.tender.tenders] == [500]
    assert _rows(shop, lease, lease.c.state == "captured") == 1


def test_a_lease_whose_answer_never_came_is_given_back(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    one, two = counters
    _charge(shop, 1000)
    one.ring_up("TEA")
    one.line.plan.extend([LOSE_ANSWER, LOSE_ANSWER, LOSE_REQUEST])
    one.pay_by_card(CARD)
    assert one.notice == "offline_not_allowed", "this store's tills spend no card on their own word"
    one.wait(lambda: _account(shop) == (1000, 0))
    two.ring_up("TEA")
    two.pay_by_card(CARD)
    two.finish()
    two.wait_until_all_is_sent()
    _until(lambda: _account(shop) == (0, 0))
    assert _cases(shop) == []


def test_a_card_spent_at_two_tills_without_a_line_stays_within_what_was_put_aside(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    _charge(shop, 3000)
    for counter, amount in zip(counters, (1800, 1200), strict=True):
        counter.session.put_card_aside(CARD, amount)
        counter.hear()
        assert counter.notice == "card_put_aside"
        counter.line.cut_line()
    for counter, most in zip(counters, (1800, 1200), strict=True):
        spent = 0
        for _ in range(3):
            counter.ring_up("TEA")
            counter.pay_by_card(CARD)
            tender = counter.session.state.tender
            assert tender is not None
            spent += tender.received_minor
            if tender.open_minor:
                counter.session.tender_cash(tender.open_minor)
            counter.finish()
        assert spent == most
    for counter in counters:
        counter.line.mend_line()
    _all_sent(counters)
    _until(lambda: _account(shop) == (0, 0))
    assert _cases(shop) == []


def test_a_till_that_dies_with_a_card_in_hand_gives_it_back_when_it_starts_again(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    one, two = counters
    _charge(shop, 1000)
    one.ring_up("TEA")
    one.pay_by_card(CARD)
    assert _account(shop) == (1000, 1000)
    one.die()
    two.ring_up("TEA")
    two.pay_by_card(CARD)
    assert two.notice == "lease_denied"
    one.line.mend_line()
    one.open()
    one.wait(lambda: _account(shop) == (1000, 0))
    two.pay_by_card(CARD)
    two.finish()
    two.wait_until_all_is_sent()
    _until(lambda: _account(shop) == (0, 0))


def test_a_till_that_never_comes_back_frees_the_card_by_the_clock_and_its_late_sale_is_found(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    """It had sold with the card; the line was cut before the sale arrived."""
    one, two = counters
    _charge(shop, 1000)
    one.ring_up("TEA")
    one.pay_by_card(CARD)
    one.line.cut_line()
    one.finish()
    one.die()
    assert _expire(shop, after_ms=HOLD_GRACE_MS) == 0
    assert _account(shop) == (1000, 1000), "nobody else spends it while its sale may be on its way"
    assert _expire(shop, after_ms=2 * HOLD_GRACE_MS) == 1
    two.ring_up("TEA")
    two.pay_by_card(CARD)
    two.finish()
    two.wait_until_all_is_sent()
    _until(lambda: _account(shop) == (0, 0))
    assert _cases(shop) == []
    one.line.mend_line()
    one.open()
    one.wait_until_all_is_sent()
    _until(lambda: _account(shop) == (-1000, 0))
    assert _cases(shop) == ["overdraft"]
    assert _rows(shop, value_entry, value_entry.c.reason == "redeemed") == 2


def test_two_tills_without_a_line_refund_what_they_sold_themselves_and_nothing_else(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    one, two = counters
    number = one.sell("TEA")
    _all_sent(counters)
    for counter in counters:
        counter.line.cut_line()
    assert one.refund(number).phase is Phase.SALE
    assert one.notice == "refunded"
    one.refund(number)
    assert one.notice == "all_refunded"
    two.refund(number)
    assert two.notice == "receipt_out_of_reach"
    for counter in counters:
        counter.line.mend_line()
    _all_sent(counters)
    _until(lambda: _rows(shop, refund) == 1)
    assert _cases(shop) == []
    two.refund(number)
    assert two.notice == "all_refunded"


def test_a_ticket_parked_at_one_till_is_paid_at_the_other_once(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    one, two = counters
    one.park("Mrs Weber", "TEA", "TEA")
    _until(lambda: _rows(shop, parked_sale, parked_sale.c.state == "parked") == 1)
    (seen,) = two.look()
    assert (seen.label, seen.till_id, seen.total_minor) == ("Mrs Weber", "03-1", 2 * TEA_MINOR)
    two.session.recall(seen.sale_id)
    assert [line.quantity_milli for line in two.hear().lines] == [2000]
    one.session.recall(seen.sale_id)
    one.hear()
    assert one.notice == "lease_denied"
    assert "03-2 has this ticket now" in str(one.session.state.notice)
    assert one.look() == ()
    two.sell()
    _all_sent(counters)
    _until(lambda: _rows(shop, parked_sale, parked_sale.c.state == "gone") == 1)
    assert two.look() == ()
    assert _cases(shop) == []


def test_a_till_that_dies_with_anothers_ticket_has_it_when_it_starts_again(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    one, two = counters
    one.park("Mrs Weber", "TEA")
    _until(lambda: _rows(shop, parked_sale) == 1)
    (seen,) = two.look()
    two.session.recall(seen.sale_id)
    assert len(two.hear().lines) == 1
    two.die()
    assert one.look() == ()
    two.line.mend_line()
    two.open()
    assert len(two.session.state.lines) == 1
    two.sell()
    _all_sent(counters)
    _until(lambda: _rows(shop, sale) == 1)
    assert one.look() == ()
    assert _cases(shop) == []


def test_without_a_line_only_its_own_till_takes_a_ticket_up_and_two_sales_of_one_are_found(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    one, two = counters
    one.park("Mrs Weber", "TEA")
    _until(lambda: _rows(shop, parked_sale) == 1)
    (seen,) = two.look()
    one.line.cut_line()
    two.session.recall(seen.sale_id)
    two.hear()
    two.sell()
    one.session.recall(seen.sale_id)
    assert len(one.hear().lines) == 1, "it can't know, and its customer stands before it"
    one.sell()
    two.park("Mr Kahn", "TEA")
    two.wait_until_all_is_sent()
    one.look()
    assert one.session.state.parked == ()
    one.line.mend_line()
    _all_sent(counters)
    _until(lambda: _cases(shop) == ["parked_twice"])
    assert _rows(shop, sale) == 2, "both were paid, and both count"


def test_points_that_two_tills_want_at_once_are_spent_once(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    """A thousand points of 0.01 each are what one of the two teas costs."""
    given = ValueCorrection(account="loyalty", subject=MEMBER, amount=1000, note="welcome")
    with shop.db.write() as tx:
        shop.services.value.correct(tx, given, "Ada")
    for counter in counters:
        counter.ring_up("TEA")
        counter.session.tender_points(MEMBER)
    for counter in counters:
        counter.hear()
    assert sorted(counter.notice for counter in counters) == ["", "lease_denied"]
    one, two = sorted(counters, key=lambda counter: counter.notice)
    one.finish()
    two.session.tender_cash(TEA_MINOR)
    two.finish()
    _all_sent(counters)
    _until(lambda: _account(shop, MEMBER) == (0, 0))
    assert _cases(shop) == []


def test_a_gift_card_is_sold_at_one_till_and_spent_at_the_other(
    shop: ServedShop, counters: tuple[Counter, Counter]
) -> None:
    one, two = counters
    one.session.scan("GIFT")
    one.session.answer(True, "20.00")
    one.session.answer(True, "6035-0007")
    one.sell()
    one.wait_until_all_is_sent()
    _until(lambda: _account(shop, "6035-0007") == (2000, 0))
    two.ring_up("TEA")
    two.pay_by_card("6035-0007")
    two.finish()
    two.wait_until_all_is_sent()
    _until(lambda: _account(shop, "6035-0007") == (1000, 0))
    assert _cases(shop) == []


def _stock_up(shop: ServedShop) -> None:
    office = shop.services
    with shop.db.write() as tx:
        settings = msgspec.structs.replace(office.stores.store(tx, "03"), point_minor=1)
        office.stores.change(tx, settings)
        office.pricing.save_tax_category(tx, KeptTaxCategory("standard", "Standard", ()))
        tea = office.catalogue.create(tx, ProductFields(sku="TEA", name="Tea"))
        office.catalogue.create(
            tx, ProductFields(sku="GIFT", name="Gift card", open_price=True, track="gift")
        )
        office.pricing.change_price(tx, tea.product.product_id, TEA_MINOR, changed_by="Ada")
        office.staff.hire(tx, "Max B.", PIN, "manager", ["03"])


def _charge(shop: ServedShop, amount_minor: int) -> None:
    wanted = ValueCorrection(
        account="gift", subject=CARD, amount=amount_minor, note="charged", currency="EUR"
    )
    with shop.db.write() as tx:
        shop.services.value.correct(tx, wanted, "Ada")


def _account(shop: ServedShop, card: str = CARD) -> tuple[int, int]:
    """(balance, held)"""
    query = select(value_account.c.balance, value_account.c.held).where(value_account.c.subject == card)
    with shop.db.read() as tx:
        row = tx.execute(query).one_or_none()
    return (0, 0) if row is None else (row.balance, row.held)


def _expire(shop: ServedShop, after_ms: int) -> int:
    """What the server's schedule does, so much later."""
    later = LeaseService(lambda tx, sale_id: {}, lambda: time.time_ns() // 1_000_000 + after_ms)
    with shop.db.write() as tx:
        return later.expire(tx)


def _cases(shop: ServedShop) -> list[str]:
    with shop.db.read() as tx:
        return sorted(case.kind for case in shop.services.exceptions.cases(tx))


def _rows(shop: ServedShop, table: object, where: object = True) -> int:
    query = select(func.count()).select_from(table).where(where)  # type: ignore[arg-type]
    with shop.db.read() as tx:
        return int(tx.scalar(query) or 0)


def _totals(counter: Counter) -> ShiftTotals:
    shift = counter.session.state.shift
    assert shift is not None
    return counter.till.books.shift_totals(shift.shift_id)


def _all_sent(counters: tuple[Counter, Counter]) -> None:
    for counter in counters:
        counter.till.wake_sync()
        counter.wait_until_all_is_sent()


def _until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """The server books what it has acknowledged a moment later."""
    end, pause = time.monotonic() + seconds, Event()
    while not condition():
        assert time.monotonic() < end
        pause.wait(0.02)
