"""A promotion made at head office, followed to the receipt and back into the reports, with nothing faked between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hardware.receipt_layout import Line, lay_out
from pos_client.printing.receipt import receipt_document
from pos_client.store.catalogue import CatalogueFile
from pos_client.till.session import TillSession
from shared_models.catalogue import Category
from shared_models.promotions import BuyGet, PercentOff, Target
from shared_models.store_config import StoreConfig
from shared_models.tax import Tax
from sync_server.catalogue.service import ProductFields
from sync_server.pricing.promotions import KeptPromotion, NewPromotion
from sync_server.pricing.service import KeptTaxCategory
from sync_server.sales.tables import sale_line
from sync_server.services import Services, build_services
from sync_server.settings import Settings
from tests.empty_shop import empty_shop
from tests.pos_client.till.fakes import TILL_ID, FakeBooks, FakeClock, FakeIds, FakeLending, FakePaper
from tests.sync_server.kept_app import CHEAP_HASHER
from tests.sync_server.made_up_days import an_entry

STORE = StoreConfig(store_id="03", name="Harbour Street", currency="EUR")


class AnyPin:
    """Whoever types a PIN is the only person there is."""

    def matches(self, pin_hash: str, pin: str) -> bool:
        return True


class Chain:
    """Head office with its database, and a shop whose catalogue file is fed from it."""

    def __init__(self, folder: Path) -> None:
        self.clock = FakeClock()
        self.db = empty_shop(folder / "server.db")
        settings = Settings(data_dir=folder, secret="a secret of the tests, long enough for HS256")
        self.services: Services = build_services(
            settings, self.db, lambda: self.clock.wall_ms, FakeIds().new, CHEAP_HASHER
        )
        self.catalogue = CatalogueFile(folder / "catalogue.db", lambda: self.clock.wall_ms)
        self.product_id = self._open_shop()
        self.pull()
        self.books = FakeBooks(self.clock, store=STORE)
        self.till = TillSession(
            TILL_ID,
            clock=self.clock,
            ids=FakeIds(),
            catalogue=self.catalogue,
            books=self.books,
            pins=AnyPin(),
            paper=FakePaper(),
            lending=FakeLending(),
        )
        self.till.log_in("4711")
        self.till.open_shift(15_000)

    def _open_shop(self) -> str:
        office = self.services
        with self.db.write() as tx:
            office.stores.create(tx, STORE)
            taxes = (Tax("vat7", "VAT 7 %", 70_000, included=True),)
            office.pricing.save_tax_category(tx, KeptTaxCategory("standard", "Standard", taxes))
            office.catalogue.save_category(tx, Category("food", "Food"))
            office.catalogue.save_category(tx, Category("bakery", "Bakery", parent_id="food"))
            roll = ProductFields(
                sku="ROLL", name="Sourdough roll", category_id="bakery", tax_category_id="standard"
            )
            product_id = office.catalogue.create(tx, roll).product.product_id
            office.pricing.change_price(tx, product_id, 90, changed_by="Ada")
            office.staff.hire(tx, "Ana R.", "4711", "manager", ["03"])
        return product_id

    def promote(self, asked: NewPromotion) -> KeptPromotion:
        with self.db.write() as tx:
            kept = self.services.promotions.save(tx, asked, "Ada")
        self.pull()
        return kept

    def pull(self) -> None:
        held = {position.stream: position.ver for position in self.catalogue.positions()}
        with self.db.read() as tx:
            for head in self.services.feed.positions(tx, "03"):
                if head.ver > held.get(head.stream, 0):
                    page = self.services.feed.page(tx, head.stream, head.epoch, held.get(head.stream, 0), 500)
                    assert self.catalogue.apply(page)

    def pay(self) -> None:
        self.till.start_tender()
        self.till.tender_cash(10_000)
        self.till.finish_sale()

    def close(self) -> None:
        self.catalogue.close()
        self.db.close()


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    made = Chain(tmp_path)
    yield made
    made.close()


def test_three_for_two_from_the_office_to_the_receipt(chain: Chain) -> None:
    assert chain.till.scan("3*ROLL").to_pay_minor == 270
    chain.till.void_line()
    chain.promote(NewPromotion(name="3 for 2", rule=BuyGet(2, 1), applies_to=Target(categories=("food",))))
    state = chain.till.scan("3*ROLL")
    assert (state.to_pay_minor, state.lines[0].small_print[-1].code) == (180, "promotion_free")
    chain.pay()
    posted = chain.books.last_sale()
    assert posted is not None
    text = [one.text for one in lay_out(receipt_document(posted, STORE), 42) if isinstance(one, Line)]
    at = text.index("Sourdough roll                        2.70")
    assert text[at : at + 3] == [
        "Sourdough roll                        2.70",
        "  3 × 0.90",
        "  3 for 2                            -0.90",
    ]
    assert "TOTAL EUR        1.80" in text


def test_what_it_took_off_arrives_in_the_books_of_head_office(chain: Chain) -> None:
    chain.promote(NewPromotion(name="Half", rule=PercentOff(500_000), coupon_code="HALF"))
    chain.till.scan("2*ROLL")
    assert chain.till.scan("half").to_pay_minor == 90
    chain.pay()
    posted = chain.books.last_sale()
    assert posted is not None
    (line,) = posted.sale.lines
    assert [(one.label, one.amount_minor) for one in line.discounts] == [("Half", 90)]
    with chain.db.write() as tx:
        chain.services.sales.record(tx, an_entry(posted.seq, posted.sale, TILL_ID))
    with chain.db.read() as tx:
        assert tx.scalar(select(func.sum(sale_line.c.discount_minor))) == 90


def test_a_promotion_taken_back_is_given_no_more(chain: Chain) -> None:
    kept = chain.promote(NewPromotion(name="Half", rule=PercentOff(500_000)))
    assert chain.till.scan("ROLL").to_pay_minor == 45
    with chain.db.write() as tx:
        chain.services.promotions.remove(tx, kept.promotion.promotion_id)
    chain.pull()
    assert chain.till.scan("ROLL").to_pay_minor == 180
