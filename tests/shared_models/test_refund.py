"""Taking back part of a sale's line: what its parts come to, and the facts of leases as bytes."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared_models import events, wire
from shared_models.leases import ClaimedLine, LeaseReply, LeaseRequest
from shared_models.refund import GivenBack, RefundPosted, taken_back
from shared_models.sale import SaleLine, SoldComponent
from shared_models.store_config import StoreConfig
from shared_models.stored_value import GiftIssued, GiftRedeemed, LoyaltyRedeemed
from shared_models.tax import TaxAmount


def a_line(quantity_milli: int, net: int, taxes: tuple[int, ...]) -> SaleLine:
    return SaleLine(
        line_no=2,
        product_id="p1",
        sku="P1",
        code="p1",
        name="Tea",
        quantity_milli=quantity_milli,
        unit_price_minor=119,
        regular_price_minor=119,
        net_minor=net,
        tax_minor=sum(taxes),
        gross_minor=net + sum(taxes),
        taxes=tuple(
            TaxAmount(f"t{at}", f"Tax {at}", 190_000, True, net, amount) for at, amount in enumerate(taxes)
        ),
        tax_category_id="standard",
        components=(SoldComponent("c1", "Leaf", 2 * quantity_milli),),
    )


lines = st.builds(
    a_line,
    st.integers(1, 9000),
    st.integers(0, 100_000),
    st.lists(st.integers(0, 20_000), max_size=3).map(tuple),
)


@given(lines, st.lists(st.integers(1, 4000), max_size=8))
def test_however_a_line_goes_back_its_parts_add_up_to_it(line: SaleLine, wishes: list[int]) -> None:
    parts, before = [], 0
    for wish in [*wishes, line.quantity_milli]:
        quantity = min(wish, line.quantity_milli - before)
        if quantity:
            parts.append(taken_back(line, quantity, before))
            before += quantity
    assert sum(part.gross_minor for part in parts) == line.gross_minor
    assert sum(part.net_minor for part in parts) == line.net_minor
    assert sum(part.quantity_milli for part in parts) == line.quantity_milli
    assert sum(part.components[0].quantity_milli for part in parts) == 2 * line.quantity_milli
    for at, tax in enumerate(line.taxes):
        assert sum(part.taxes[at].amount_minor for part in parts) == tax.amount_minor
        assert sum(part.taxes[at].base_minor for part in parts) == tax.base_minor


@given(lines)
def test_a_part_of_a_line_holds_together(line: SaleLine) -> None:
    part = taken_back(line, max(1, line.quantity_milli // 3))
    assert part.gross_minor == part.net_minor + part.tax_minor
    assert part.tax_minor == sum(tax.amount_minor for tax in part.taxes)
    assert (part.sold_milli, part.sold_gross_minor) == (line.quantity_milli, line.gross_minor)


def test_more_than_was_sold_does_not_go_back() -> None:
    with pytest.raises(AssertionError):
        taken_back(a_line(2000, 200, (38,)), 1001, 1000)


MADE = {
    "store_id": "03",
    "till_id": "03-2",
    "shift_id": "s1",
    "operator_id": "op1",
    "business_date": "2026-11-21",
}
REFUND = RefundPosted(
    refund_id="r1",
    sale_id="sale-1",
    receipt_number="03-2-K7Q-000001",
    lease_id="",
    operator_name="Ana R.",
    currency="EUR",
    lines=(taken_back(a_line(2000, 200, (38,)), 1000),),
    net_minor=100,
    tax_minor=19,
    total_minor=119,
    given_back=(GivenBack("cash", 100), GivenBack("gift", 19, "card")),
    **MADE,
)


@pytest.mark.parametrize(
    "fact",
    [
        REFUND,
        GiftIssued(card="c", amount_minor=5000, currency="EUR", sale_id="x", **MADE),
        GiftRedeemed(card="c", amount_minor=5000, currency="EUR", lease_id="", sale_id="x", **MADE),
        LoyaltyRedeemed(member="m", points=7, lease_id="l", sale_id="x", **MADE),
    ],
)
def test_facts_of_value_and_refunds_come_back_from_their_bytes(fact: events.Fact) -> None:
    name = events.type_name(fact)
    body = events.encode_body(events.Recorded(1_700_000_000_000, 60, fact))
    assert events.decode_body(name, events.SCHEMA, body).fact == fact


def test_the_drawer_loses_what_was_given_back_in_cash() -> None:
    assert REFUND.cash_minor() == 100


def test_a_lease_of_an_unknown_kind_is_no_message() -> None:
    asked = LeaseRequest(
        lease_id="0" * 32, kind="refund", subject="s", lines=(ClaimedLine(line_no=1, quantity_milli=1000),)
    )
    assert wire.unpack(wire.pack(asked), LeaseRequest) == asked
    with pytest.raises(wire.MalformedMessage):
        wire.unpack(wire.pack(msgspec.structs.asdict(asked) | {"kind": "house"}), LeaseRequest)
    reply = LeaseReply(lease_id="0" * 32, state="granted", cart=b"{}", version=2)
    assert wire.unpack(wire.pack(reply), LeaseReply) == reply


def test_a_store_that_says_nothing_of_limits_is_written_as_before() -> None:
    plain = StoreConfig(store_id="03", name="Corner", currency="EUR")
    body = msgspec.json.encode(plain)
    assert b"offline" not in body
    assert msgspec.json.encode(msgspec.json.decode(body, type=StoreConfig)) == body
