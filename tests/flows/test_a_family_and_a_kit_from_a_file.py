"""Variants and a kit from head office's file to the receipt and back to the shelf, with nothing faked between."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.receipt_layout import Line, lay_out
from pos_client.printing.receipt import receipt_document
from shared_models.money import currency
from tests.flows.test_a_promotion_from_head_office import STORE, Chain
from tests.pos_client.till.fakes import TILL_ID
from tests.sync_server.made_up_days import an_entry

FILE = b"""sku,name,price,barcode,variant_of,size,colour,kit
TEE,T-shirt basic,,,,,,
TEE-NL,T-shirt basic,14.90,,TEE,L,navy #1a2b4c,
TEE-NM,T-shirt basic,14.90,4006381333931,TEE,M,navy #1a2b4c,
TEA,Green tea,2.49,,,,,
SET,Tea and roll,3.00,,,,,TEA*2+ROLL
"""


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path)
    with made.db.write() as tx:
        report = made.services.catalogue_import.run(
            tx, io.BytesIO(FILE), currency("EUR"), dry_run=False, changed_by="Ada"
        )
    assert (report.created, report.bad_count) == (5, 0)
    made.pull()
    yield made
    made.close()


def test_a_family_and_a_kit_reach_the_receipt_and_leave_the_shelf(chain: Chain) -> None:
    choice = chain.till.scan("TEE").choice
    assert choice is not None
    assert (choice.sizes, [colour.name for colour in choice.colours]) == (("M", "L"), ["navy"])
    medium = next(cell.offer.product for cell in choice.cells if choice.sizes[cell.size_index] == "M")
    chain.till.choose_variant(medium.product_id)
    chain.till.scan("4006381333931")
    chain.till.scan("2*SET")
    chain.pay()
    posted = chain.books.last_sale()
    assert posted is not None
    paper = [one.text for one in lay_out(receipt_document(posted, STORE), 42) if isinstance(one, Line)]
    assert any(row.startswith("T-shirt basic · navy · M ") for row in paper)
    at = next(at for at, row in enumerate(paper) if row.startswith("Tea and roll"))
    assert [row.rstrip() for row in paper[at + 1 : at + 4]] == [
        "  2 × 3.00",
        "  4 × Green tea",
        "  2 × Sourdough roll",
    ]
    with chain.db.write() as tx:
        chain.services.stock.record(tx, an_entry(posted.seq, posted.sale, TILL_ID))
        names = chain.services.catalogue.names(
            tx, [level.product_id for level in chain.services.stock.levels(tx)]
        )
        left = {names[level.product_id]: level.on_hand_milli for level in chain.services.stock.levels(tx)}
    assert left == {"T-shirt basic": -2000, "Green tea": -4000, "Sourdough roll": -2000}
