"""Gift cards and points: asked for, spent, captured by route and by fact, run out; never twice, never below nothing."""

from __future__ import annotations

import pytest

from shared_models.leases import LeaseClosing, LeaseRequest
from sync_server.leases.service import ESCROW_GRACE_MS, HOLD_GRACE_MS
from tests.sync_server.a_till import Client
from tests.sync_server.conftest import Clock
from tests.sync_server.leases.lending_shop import (
    CARD,
    MEMBER,
    LendingShop,
    escrow,
    gift_lease,
    issued,
    kinds,
    named,
    new_lease_id,
    points_spent,
    redeemed,
)


@pytest.fixture
def card(shop: LendingShop) -> LendingShop:
    """A card with 50.00 on it."""
    shop.bring(1, issued(5000))
    return shop


def test_a_card_can_be_spent_once_by_two_tills(card: LendingShop) -> None:
    first = card.ask(1, gift_lease(4000))
    second = card.ask(2, gift_lease(4000))
    assert (first.state, first.balance) == ("granted", 1000)
    assert (second.state, second.code, second.balance) == ("denied", "held_elsewhere", 1000)
    assert "40.00 EUR of it are kept for another till" in second.reason
    card.bring(1, redeemed(4000, first.lease_id))
    assert card.balance() == (1000, 0)
    third = card.ask(2, gift_lease(4000))
    assert (third.code, third.reason) == ("not_enough", "There are only 10.00 EUR left.")
    assert card.cases() == []


def test_a_card_that_nobody_knows_is_denied_in_words(card: LendingShop) -> None:
    answer = card.ask(1, gift_lease(100, "nobody"))
    assert (answer.state, answer.code) == ("denied", "unknown_card")
    assert "once its till has sent it" in answer.reason
    assert not card.value(1, "nobody").known
    assert card.value(2).available == 5000


def test_the_first_answer_stands_however_often_a_till_asks(card: LendingShop) -> None:
    wanted, other = gift_lease(3000), gift_lease(3000)
    answers = [card.ask(1, wanted) for _ in range(3)]
    assert {answer.state for answer in answers} == {"granted"}
    assert {answer.expires_ms for answer in answers} == {answers[0].expires_ms}
    assert card.balance() == (5000, 3000)
    assert card.ask(2, other).state == "denied"
    card.release(1, wanted.lease_id)
    assert card.ask(2, other).state == "denied", "a request that was denied is not granted later on"
    assert card.ask(1, wanted).state == "released"
    assert card.balance() == (5000, 0)


@pytest.mark.parametrize("order", ["fact first", "capture first", "fact only", "all of it twice"])
def test_a_card_is_charged_once_whichever_way_the_server_hears_of_it(card: LendingShop, order: str) -> None:
    lease_id = card.ask(1, gift_lease(2000)).lease_id
    if order == "capture first":
        assert card.capture(1, lease_id, 2000).state == "captured"
        assert card.balance() == (5000, 2000), "kept until the fact comes"
    card.bring(1, redeemed(2000, lease_id))
    if order in ("fact first", "all of it twice"):
        assert card.capture(1, lease_id, 2000).state == "captured"
    if order == "all of it twice":
        card.capture(1, lease_id, 2000)
        card.bring_again(1)
    assert card.balance() == (3000, 0)
    assert card.value(2).available == 3000


def test_what_a_sale_did_not_need_of_its_lease_is_free_again(card: LendingShop) -> None:
    lease_id = card.ask(1, gift_lease(5000)).lease_id
    card.capture(1, lease_id, 1500)
    assert card.ask(2, gift_lease(3500)).state == "granted"
    card.bring(1, redeemed(1500, lease_id))
    assert card.balance() == (3500, 3500)


def test_a_lease_given_back_before_its_request_arrives_is_not_granted(card: LendingShop) -> None:
    wanted = gift_lease(2000)
    assert card.release(1, wanted.lease_id).state == "released"
    late = card.ask(1, wanted)
    assert (late.state, late.code) == ("released", "released")
    assert card.balance() == (5000, 0)


def test_capturing_what_the_server_never_granted_is_said_and_harmless(card: LendingShop) -> None:
    answer = card.send(
        1, f"/lease/{new_lease_id()}/capture", LeaseRequest(lease_id="", kind="gift", subject="")
    )
    assert answer.status_code == 400
    answer = card.send(1, f"/lease/{new_lease_id()}/capture", _closing(5))
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_another_tills_lease_is_nobody_elses_business(card: LendingShop) -> None:
    lease_id = card.ask(1, gift_lease(2000)).lease_id
    for path in ("capture", "release"):
        assert card.send(2, f"/lease/{lease_id}/{path}", _closing(0)).status_code == 403
    assert card.send(2, "/lease", gift_lease(2000, lease_id=lease_id)).status_code == 403
    assert card.balance() == (5000, 2000)


def test_a_fact_that_names_a_foreign_lease_takes_nothing_out_of_it(card: LendingShop) -> None:
    lease_id = card.ask(1, gift_lease(2000)).lease_id
    card.bring(2, redeemed(500, lease_id, till="03-2"))
    card.bring(1, redeemed(300, lease_id, card="another"))
    assert card.balance() == (4500, 2000)
    card.bring(1, redeemed(2000, lease_id))
    assert card.balance() == (2500, 0)


def test_a_lease_id_used_for_something_else_is_refused(card: LendingShop) -> None:
    lease_id = card.ask(1, gift_lease(2000)).lease_id
    assert card.send(1, "/lease", gift_lease(2001, lease_id=lease_id)).status_code == 409


def test_a_lease_runs_out_after_its_time_and_the_time_that_a_sale_may_take_to_arrive(
    card: LendingShop, clock: Clock
) -> None:
    answer = card.ask(1, gift_lease(5000, ttl_ms=60_000))
    assert answer.expires_ms == clock() + 60_000
    clock.advance(60_000 + HOLD_GRACE_MS - 1)
    assert _end_leases(card) == 0
    clock.advance(1)
    assert _end_leases(card) == 1
    assert card.balance() == (5000, 0)
    assert card.ask(1, gift_lease(5000, lease_id=answer.lease_id, ttl_ms=60_000)).state == "expired"


def test_a_sale_that_comes_after_its_lease_ran_out_counts_and_says_so_if_the_card_was_spent(
    card: LendingShop, clock: Clock
) -> None:
    late = card.ask(1, gift_lease(5000, ttl_ms=60_000)).lease_id
    clock.advance(60_000 + HOLD_GRACE_MS)
    _end_leases(card)
    (first,) = card.bring(2, redeemed(5000, card.ask(2, gift_lease(5000)).lease_id, till="03-2"))
    (second,) = card.bring(1, redeemed(5000, late))
    assert card.balance() == (-5000, 0)
    (case,) = card.cases("overdraft")
    assert sorted(named(case, "redeemed")) == sorted([first, second])
    assert "50.00 EUR below nothing" in case.sentence


def test_a_captured_lease_does_not_run_out(card: LendingShop, clock: Clock) -> None:
    lease_id = card.ask(1, gift_lease(5000, ttl_ms=60_000)).lease_id
    card.capture(1, lease_id, 5000)
    clock.advance(365 * 86_400_000)
    assert _end_leases(card) == 0
    assert card.ask(2, gift_lease(1)).state == "denied"


def test_an_overdraft_is_a_case_for_a_person_and_the_sale_counts(card: LendingShop) -> None:
    (one,) = card.bring(1, redeemed(4000))
    (two,) = card.bring(2, redeemed(3000, till="03-2"))
    assert card.balance() == (-2000, 0)
    (case,) = card.cases()
    assert (case.kind, case.till_id, case.refs["gift"]) == ("overdraft", "03-2", CARD)
    assert named(case, "redeemed") == [one, two]
    (three,) = card.bring(1, redeemed(100))
    newest = card.cases("overdraft")[0]
    assert sorted(named(newest, "redeemed")) == sorted([one, two, three])


def test_a_card_spent_before_its_issue_arrived_is_no_case_once_it_has(shop: LendingShop) -> None:
    shop.bring(2, redeemed(2000, till="03-2"))
    assert kinds(shop.cases()) == ["overdraft"]
    shop.bring(1, issued(5000))
    assert shop.balance() == (3000, 0)
    (case,) = shop.cases()
    assert case.state == "resolved"


def test_the_order_in_which_facts_arrive_changes_no_balance(shop: LendingShop) -> None:
    shop.bring(1, redeemed(2000), issued(5000), redeemed(1000), issued(500))
    assert shop.balance() == (2500, 0)
    assert shop.cases() == []


def test_points_are_held_and_spent_like_money(shop: LendingShop, office: Client) -> None:
    given = {"account": "loyalty", "subject": MEMBER, "amount": 120, "note": "welcome"}
    for _ in range(2):
        answer = office.post("/api/v1/value/corrections", json=given, headers={"Idempotency-Key": "w"})
        assert (answer.status_code, answer.json()["balance"]) == (201, 120)
    wanted = LeaseRequest(lease_id=new_lease_id(), kind="loyalty", subject=MEMBER, amount=100)
    assert shop.ask(1, wanted).state == "granted"
    again = LeaseRequest(lease_id=new_lease_id(), kind="loyalty", subject=MEMBER, amount=30)
    assert "100 points of it are kept" in shop.ask(2, again).reason
    shop.bring(1, points_spent(100, wanted.lease_id))
    shown = office.get(f"/api/v1/value/loyalty/{MEMBER}").json()
    assert (shown["balance"], shown["available"]) == (20, 20)
    assert sorted(entry["reason"] for entry in shown["entries"]) == ["correction", "redeemed"]


def test_an_escrow_is_counted_once_while_its_till_is_away(card: LendingShop) -> None:
    aside = card.ask(1, escrow(3000))
    assert (aside.state, aside.balance) == ("granted", 2000)
    assert card.ask(2, gift_lease(2001)).code == "held_elsewhere"
    assert card.ask(2, gift_lease(2000)).state == "granted"
    card.bring(1, redeemed(1000, aside.lease_id), redeemed(500, aside.lease_id))
    assert card.balance() == (3500, 3500)
    closed = card.release(1, aside.lease_id, used=2000)
    assert (closed.state, closed.used) == ("captured", 2000)
    assert card.balance() == (3500, 2500), "500 of it are spent by a fact that is still on its way"
    card.bring(1, redeemed(500, aside.lease_id))
    assert card.balance() == (3000, 2000)
    assert card.cases() == []


def test_an_escrow_is_kept_for_a_till_that_stays_away_for_long(card: LendingShop, clock: Clock) -> None:
    aside = card.ask(1, escrow(3000))
    clock.advance(86_400_000 + HOLD_GRACE_MS)
    assert _end_leases(card) == 0
    card.bring(1, redeemed(1000, aside.lease_id))
    clock.advance(ESCROW_GRACE_MS)
    assert _end_leases(card) == 1
    assert card.balance() == (4000, 0)


def test_a_till_that_forgot_what_it_spent_of_its_escrow_frees_only_the_rest(card: LendingShop) -> None:
    aside = card.ask(1, escrow(3000))
    card.bring(1, redeemed(2500, aside.lease_id))
    assert card.release(1, aside.lease_id, used=0).used == 2500
    assert card.balance() == (2500, 0)


def test_a_till_that_has_been_shut_out_gets_no_lease(card: LendingShop) -> None:
    lease_id = card.ask(1, gift_lease(1000)).lease_id
    with card.database.write() as tx:
        card.services.tills.revoke(tx, "device-0001")
    for path, message in (("/lease", gift_lease(10)), (f"/lease/{lease_id}/release", _closing(0))):
        answer = card.send(1, path, message)
        assert (answer.status_code, answer.json()["code"]) == (403, "till_revoked")


def test_the_office_sees_open_leases_and_frees_one_of_a_till_that_will_not_come_back(
    card: LendingShop, office: Client
) -> None:
    lease_id = card.ask(1, gift_lease(1000)).lease_id
    (row,) = office.get("/api/v1/leases").json()["rows"]
    assert (row["lease_id"], row["till_id"], row["amount"]) == (lease_id, "03-1", 1000)
    assert office.post(f"/api/v1/leases/{lease_id}/release").status_code == 204
    assert office.post(f"/api/v1/leases/{lease_id}/release").status_code == 409
    assert office.post(f"/api/v1/leases/{new_lease_id()}/release").status_code == 404
    assert card.balance() == (5000, 0)
    assert office.get("/api/v1/leases").json()["rows"] == []


BAD_REQUESTS: tuple[dict[str, object], ...] = (
    {"amount": 0},
    {"amount": -5},
    {"amount": 10**15},
    {"lease_id": "short"},
    {"lease_id": "G" * 32},
    {"subject": ""},
    {"subject": "x" * 81},
    {"subject": "a\0b"},
    {"currency": ""},
    {"currency": "euro"},
    {"ttl_ms": 0},
    {"kind": "escrow"},
    {"account": "gift"},
    {"kind": "loyalty"},
    {"kind": "parked", "currency": "", "amount": 2**40},
    {"kind": "refund", "currency": ""},
)


def test_requests_that_no_honest_till_sends_are_refused(card: LendingShop) -> None:
    for changes in BAD_REQUESTS:
        values = {"lease_id": new_lease_id(), "kind": "gift", "subject": CARD, "amount": 9, "currency": "EUR"}
        answer = card.send(1, "/lease", LeaseRequest(**values | changes))  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid"), changes
    assert card.balance() == (5000, 0)


def test_a_fact_with_less_than_nothing_waits_for_a_person_and_changes_no_balance(card: LendingShop) -> None:
    card.bring(1, redeemed(-2000), redeemed(500))
    assert card.balance() == (4500, 0)
    assert kinds(card.cases()) == ["quarantined"]


def _closing(used: int) -> LeaseClosing:
    return LeaseClosing(used=used)


def _end_leases(shop: LendingShop) -> int:
    with shop.database.write() as tx:
        ended: int = shop.services.leases.expire(tx)
    return ended
