"""Parked tickets on the server: one till has each, another gets it by compare-and-set, two sales of one are a case."""

from __future__ import annotations

from shared_models.leases import ParkedLook
from shared_models.sale import SaleRecalled, SaleVoided
from tests.sync_server.a_till import ATill, Client
from tests.sync_server.leases.lending_shop import LendingShop, a_ticket, named, parked_lease
from tests.sync_server.made_up_days import a_sale


def sale_of(ticket: str, version: int, till: str = "03-1", number: int = 1) -> object:
    return a_sale(number, sale_id=ticket, till=till, parked_version=version)


def labels(shop: LendingShop, till: int) -> list[str]:
    return [listing.label for listing in shop.look(till).listings]


def fate(shop: LendingShop, till: int, ticket: str = "ticket-1") -> tuple[str, int, str]:
    (found,) = shop.look(till, ticket).fates
    return found.state, found.version, found.till_id


def test_a_ticket_parked_on_one_till_is_taken_up_on_another_with_its_cart(shop: LendingShop) -> None:
    assert shop.offer(1, a_ticket()).state == "parked"
    (seen,) = shop.look(2).listings
    assert (seen.label, seen.till_id, seen.version, seen.line_count) == ("Mrs Weber", "03-1", 1, 2)
    got = shop.ask(2, parked_lease("ticket-1", seen.version))
    assert (got.state, got.cart, got.version) == ("granted", a_ticket().cart, 2)
    assert fate(shop, 1) == ("taken", 2, "03-2")
    assert labels(shop, 1) == []
    denied = shop.ask(1, parked_lease("ticket-1", 1))
    assert (denied.code, denied.reason) == ("ticket_taken", "Till 03-2 has this ticket now.")
    shop.bring(2, sale_of("ticket-1", 2, "03-2"))
    assert fate(shop, 1)[0] == "gone"
    assert shop.ask(1, parked_lease("ticket-1", 2)).code == "ticket_gone"
    assert shop.capture(2, got.lease_id, 1).state == "captured"
    assert shop.cases() == []


def test_a_claim_whose_answer_was_lost_gets_the_cart_again(shop: LendingShop) -> None:
    shop.offer(1, a_ticket())
    wanted = parked_lease("ticket-1", 1)
    assert shop.ask(2, wanted).cart == shop.ask(2, wanted).cart == a_ticket().cart


def test_a_claim_that_is_given_back_leaves_the_ticket_for_anybody(shop: LendingShop) -> None:
    shop.offer(1, a_ticket())
    lease_id = shop.ask(2, parked_lease("ticket-1", 1)).lease_id
    shop.release(2, lease_id)
    shop.release(2, lease_id)
    assert fate(shop, 1) == ("parked", 3, "03-2")
    assert shop.ask(1, parked_lease("ticket-1", 1)).code == "ticket_changed"
    assert shop.ask(1, parked_lease("ticket-1", 3)).state == "granted"


def test_a_ticket_parked_again_by_its_new_till_ends_the_lease_and_has_a_new_version(
    shop: LendingShop,
) -> None:
    shop.offer(1, a_ticket())
    lease_id = shop.ask(2, parked_lease("ticket-1", 1)).lease_id
    assert shop.offer(2, a_ticket(version=3, label="again")).version == 3
    assert shop.release(2, lease_id).state == "captured", (
        "what ended by parking again is not given back as well"
    )
    assert fate(shop, 1) == ("parked", 3, "03-2")
    assert labels(shop, 1) == ["again"]


def test_an_old_offer_or_one_of_a_ticket_that_moved_on_changes_nothing(shop: LendingShop) -> None:
    shop.offer(1, a_ticket(version=3))
    assert shop.offer(1, a_ticket(version=2, label="old")).version == 3
    shop.ask(2, parked_lease("ticket-1", 3))
    late = shop.offer(1, a_ticket(version=9, label="stolen"))
    assert (late.state, late.till_id) == ("taken", "03-2")
    shop.bring(2, sale_of("ticket-1", 4, "03-2"))
    assert shop.offer(2, a_ticket(version=5)).state == "gone"
    assert labels(shop, 1) == []


def test_a_ticket_taken_up_by_its_own_till_without_asking_is_not_offered_any_more(shop: LendingShop) -> None:
    shop.offer(1, a_ticket())
    shop.bring(1, SaleRecalled(sale_id="ticket-1", till_id="03-1", operator_id="op1", version=1))
    assert labels(shop, 2) == []
    assert shop.offer(1, a_ticket()).state == "taken", "an offer that was on its way comes too late"
    shop.bring(1, SaleRecalled(sale_id="ticket-2", till_id="03-1", operator_id="op1", version=1))
    assert shop.offer(1, a_ticket("ticket-2")).state == "taken"
    assert shop.offer(1, a_ticket(version=2)).state == "parked"


def test_a_recall_told_late_does_not_take_the_ticket_from_who_has_it_now(shop: LendingShop) -> None:
    shop.offer(1, a_ticket())
    shop.ask(2, parked_lease("ticket-1", 1))
    shop.offer(2, a_ticket(version=3))
    shop.bring(1, SaleRecalled(sale_id="ticket-1", till_id="03-1", operator_id="op1", version=1))
    assert fate(shop, 2) == ("parked", 3, "03-2")


def test_one_ticket_sold_on_two_tills_counts_twice_and_is_a_case_with_both(shop: LendingShop) -> None:
    shop.offer(1, a_ticket())
    shop.ask(2, parked_lease("ticket-1", 1))
    (one,) = shop.bring(1, sale_of("ticket-1", 1, "03-1"))
    assert shop.cases() == []
    (two,) = shop.bring(2, sale_of("ticket-1", 2, "03-2"))
    (case,) = shop.cases()
    assert case.kind == "parked_twice"
    assert sorted(named(case, "sale")) == sorted([one, two])
    assert "03-1-K7Q-000001, 03-2-K7Q-000001" in case.sentence or "03-2-K7Q-000001, 03-1" in case.sentence
    with shop.database.read() as tx:
        assert shop.services.sales.sold_lines(tx, "ticket-1") == {1: (2000, 238)}
    shop.bring_again(1)
    assert len(shop.cases()) == 1


def test_both_sales_of_one_ticket_in_one_batch_are_found(shop: LendingShop) -> None:
    shop.bring(1, sale_of("ticket-1", 1, number=1), sale_of("ticket-1", 1, number=2))
    assert [case.kind for case in shop.cases()] == ["parked_twice"]


def test_a_ticket_that_was_given_up_is_gone(shop: LendingShop) -> None:
    shop.offer(1, a_ticket())
    void = SaleVoided(
        sale_id="ticket-1",
        till_id="03-1",
        shift_id="s",
        operator_id="op1",
        total_minor=1,
        lines=(),
        parked_version=1,
    )
    shop.bring(1, void)
    assert fate(shop, 2)[0] == "gone"
    assert labels(shop, 2) == []


def test_sales_that_never_were_parked_leave_no_trace(shop: LendingShop) -> None:
    shop.bring(1, a_sale(1), a_sale(2, sale_id="sale-03-1-1"))
    assert shop.cases() == []
    assert fate(shop, 1, "sale-03-1-1")[0] == "unknown"


def test_a_ticket_of_another_store_is_not_seen_and_not_had(shop: LendingShop, office: Client) -> None:
    office.post("/api/v1/stores", json={"store_id": "04", "name": "Other", "currency": "EUR"})
    with shop.database.write() as tx:
        shop.services.stores.add_till(tx, "04-1", "04", "")
        code = shop.services.tills.make_code(tx, "04-1", "Ada").code
    stranger = ATill(shop.tills[0].client, code, "device-0404")
    stranger.enrol()
    stranger.log_in()
    shop.tills.append(stranger)
    shop.offer(1, a_ticket())
    assert labels(shop, 3) == []
    assert fate(shop, 3)[0] == "unknown"
    assert shop.ask(3, parked_lease("ticket-1", 1)).code == "unknown_ticket"


def test_an_office_that_frees_a_lost_tills_ticket_lets_others_have_it(
    shop: LendingShop, office: Client
) -> None:
    shop.offer(1, a_ticket())
    lease_id = shop.ask(2, parked_lease("ticket-1", 1)).lease_id
    assert office.post(f"/api/v1/leases/{lease_id}/release").status_code == 204
    assert labels(shop, 1) == ["Mrs Weber"]


def test_tickets_that_can_not_be_are_refused(shop: LendingShop) -> None:
    for changes in (
        {"version": 0},
        {"cart": bytes((1 << 20) + 1)},
        {"label": "x" * 201},
        {"label": "a\0b"},
        {"sale_id": ""},
        {"line_count": 0},
        {"tz_min": 10**12},
        {"total_minor": 10**16},
        {"parked_at_ms": -1},
    ):
        answer = shop.send(1, "/lease/parked", a_ticket(**{"sale_id": "t", **changes}))  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), changes
    too_many = ParkedLook(mine=tuple(map(str, range(501))))
    assert shop.send(1, "/lease/parked/look", too_many).status_code == 400
