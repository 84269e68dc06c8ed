"""The paper of a refund: what came back, what was given, and whose receipt it was."""

from __future__ import annotations

from msgspec.structs import replace

from hardware.receipt_layout import Line, lay_out
from pos_client.printing.paper import Paper
from shared_models.moment import Moment
from shared_models.refund import GivenBack
from shared_models.store_config import StoreConfig
from tests.pos_client.store.test_leases import refunded

STORE = StoreConfig(store_id="03", name="Harbour Street", currency="EUR")


def text_of(fact: object) -> str:
    document = Paper().refund(fact, STORE, Moment(1_795_280_000_000, 60))  # type: ignore[arg-type]
    return "\n".join(line.text for line in lay_out(document, 42) if isinstance(line, Line))


def test_a_refund_in_cash_says_what_the_customer_got_and_for_which_receipt() -> None:
    text = text_of(refunded())
    assert "REFUND" in text
    assert "03-2-ABC-000001" in text
    assert "Organic oat drink 1" in text
    assert "-2.38" in text
    assert "Given back: Cash" in text
    assert "Signature" in text


def test_a_refund_onto_a_card_names_the_card() -> None:
    text = text_of(replace(refunded(), given_back=(GivenBack("gift", 238, "6035-0001"),)))
    assert "Given back: Gift card" in text
    assert "6035-0001" in text
