"""Head office prints labels: of products it names, and of those whose price is another than before a day."""

from __future__ import annotations

from pathlib import Path

import pytest
import zxingcpp
from litestar import Litestar

from hardware.labels.zpl_paper import printed
from shared_models.store_config import StoreConfig
from sync_server.catalogue.service import ProductFields
from sync_server.database import Database
from tests.shared_models.labels.reading import PDFTOPPM, pages, text_of
from tests.sync_server.a_till import Client
from tests.sync_server.conftest import PASSWORD, Clock

MONDAY, TUESDAY = "2026-09-21", "2026-09-22"
_DAY_MS = 86_400_000
TEA, ROLL, OIL = "4006381333931", "96385074", "036000291452"


class Shop:
    """Three products that were priced on Monday, in a store with the euro and one with the yen."""

    def __init__(self, app: Litestar, database: Database, office: Client, clock: Clock) -> None:
        self.services, self.db, self.office, self.clock = app.state.services, database, office, clock
        self.ids: dict[str, str] = {}
        with database.write() as tx:
            for store, money, zone in (("03", "EUR", 120), ("99", "JPY", 540)):
                config = StoreConfig(store_id=store, name=store, currency=money, utc_offset_min=zone)
                self.services.stores.create(tx, config)
        for sku, name, code in (("TEA", "Green tea 100 g", TEA), ("ROLL", "Roll", ROLL), ("OIL", "Oil", OIL)):
            self.add(sku, name, code, 249)

    def add(self, sku: str, name: str, code: str, price_minor: int | None = None) -> None:
        fields = ProductFields(sku=sku, name=name, barcodes=(code,) if code else ())
        with self.db.write() as tx:
            self.ids[sku] = self.services.catalogue.create(tx, fields).product.product_id
        if price_minor is not None:
            self.price(sku, price_minor)

    def price(self, sku: str, amount: int, store_id: str = "", valid_from_ms: int | None = None) -> None:
        with self.db.write() as tx:
            self.services.pricing.change_price(
                tx, self.ids[sku], amount, changed_by="Ada", store_id=store_id, valid_from_ms=valid_from_ms
            )

    def wait_ms(self, wait_ms: int) -> None:
        """Log-ins run out meanwhile."""
        self.clock.now += wait_ms
        self.log_in("Ada")

    def log_in(self, name: str) -> None:
        answer = self.office.post("/api/v1/auth/login", json={"name": name, "password": PASSWORD})
        self.office.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def changed(self, since: str = TUESDAY, store_id: str = "03") -> list[tuple[str, int | None, int]]:
        answer = self.office.get(f"/api/v1/labels?store_id={store_id}&changed_since={since}")
        assert answer.status_code == 200, answer.text
        return [(row["product"]["sku"], row["before_minor"], row["price_minor"]) for row in answer.json()]


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def shop(app: Litestar, database: Database, office: Client, clock: Clock) -> Shop:
    shop = Shop(app, database, office, clock)
    shop.wait_ms(_DAY_MS)
    return shop


def test_only_what_costs_something_else_than_before_the_day_needs_a_label(shop: Shop) -> None:
    assert shop.changed() == []
    shop.price("TEA", 299)
    shop.price("ROLL", 199)
    shop.wait_ms(1000)
    shop.price("ROLL", 249)
    shop.add("JAM", "Jam", "", 390)
    assert shop.changed() == [("TEA", 249, 299), ("JAM", None, 390)]
    assert {sku for sku, before, _ in shop.changed(MONDAY) if before is None} == {"TEA", "ROLL", "OIL", "JAM"}


def test_a_price_that_was_set_early_needs_its_label_on_the_day_that_it_begins(shop: Shop) -> None:
    shop.price("TEA", 299, valid_from_ms=shop.clock.now + _DAY_MS)
    assert shop.changed() == []
    shop.wait_ms(_DAY_MS)
    assert shop.changed("2026-09-23") == [("TEA", 249, 299)]


def test_a_stores_own_price_is_on_its_own_labels_alone(shop: Shop) -> None:
    shop.price("TEA", 320, store_id="99")
    assert (shop.changed(), shop.changed(store_id="99")) == ([], [("TEA", 249, 320)])


def test_the_day_begins_when_it_begins_in_the_store(shop: Shop) -> None:
    midnight = 1_790_028_000_000  # of Monday to Tuesday, two hours ahead of Greenwich
    shop.wait_ms(midnight - 60_000 - shop.clock.now)
    shop.price("TEA", 299)
    assert shop.changed(TUESDAY) == []
    shop.wait_ms(120_000)
    shop.price("ROLL", 199)
    assert shop.changed(TUESDAY) == [("ROLL", 249, 199)]


@pytest.mark.skipif(PDFTOPPM is None, reason="needs pdftoppm")
def test_all_changed_prices_come_as_a_sheet_whose_bars_are_read(shop: Shop, tmp_path: Path) -> None:
    shop.price("TEA", 299)
    shop.price("OIL", 1299)
    answer = shop.office.get(
        f"/api/v1/labels?store_id=03&changed_since={TUESDAY}&format=pdf&sheet=3474&skip=3"
    )
    assert answer.headers["content-type"] == "application/pdf"
    assert "attachment" in answer.headers["content-disposition"]
    assert {"€ 2.99", "€ 12.99", "Green tea 100 g"} <= set(text_of(answer.content, tmp_path).splitlines())
    [page] = pages(answer.content, tmp_path)
    assert {found.text.zfill(13) for found in zxingcpp.read_barcodes(page)} == {TEA, OIL.zfill(13)}


def test_products_asked_for_come_as_zpl_as_often_as_wanted_in_the_stores_money(shop: Shop) -> None:
    products = [{"product_id": shop.ids["TEA"], "copies": 2}, {"product_id": shop.ids["ROLL"]}]
    asked = {"store_id": "99", "products": products, "format": "zpl"}
    labels = printed(shop.office.post("/api/v1/labels", json=asked).content)
    assert [label.codes for label in labels] == [[TEA], [TEA], [ROLL]]
    assert "¥ 249" in labels[0].texts


def test_a_label_says_the_price_per_kilogram_of_a_product_whose_content_came_by_file(shop: Shop) -> None:
    file = (
        f"sku,name,barcode,price,content\nTEA,Green tea 100 g,{TEA},3.49,100 g\nROLL,Roll,{ROLL},2.49,many\n"
    )
    report = shop.office.post("/api/v1/products/import?currency=EUR", content=file.encode()).json()
    assert (report["updated"], [bad["column"] for bad in report["bad"]]) == (1, ["content"])
    assert "Write it like 500 g" in report["bad"][0]["advice"]
    asked = {"store_id": "03", "products": [{"product_id": shop.ids["TEA"]}], "format": "zpl"}
    [label] = printed(shop.office.post("/api/v1/labels", json=asked).content)
    assert {"€ 3.49", "1 kg = € 34.90"} <= set(label.texts)


def test_a_content_that_is_none_is_refused_with_how_to_write_one(shop: Shop) -> None:
    wrong = {"sku": "X", "name": "X", "content": {"quantity_milli": 0, "unit": "g"}}
    answer = shop.office.post("/api/v1/products", json=wrong)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_content")
    made = shop.office.post(
        "/api/v1/products", json=wrong | {"content": {"quantity_milli": 750, "unit": "l"}}
    )
    assert made.json()["product"]["content"] == {"quantity_milli": 750, "unit": "l"}


@pytest.mark.parametrize(
    ("change", "status", "says"),
    [
        ({"products": []}, 400, "between 1 and 2000 labels"),
        ({"products": [{"product_id": "nope"}]}, 404, "no such product"),
        ({"products": [{"product_id": "TEA", "copies": 0}]}, 400, "copies"),
        ({"products": [{"product_id": "TEA", "copies": 500}] * 5}, 400, "between 1 and 2000 labels"),
        ({"products": [{"product_id": "BARE"}]}, 400, "'Bare' has no price in store 03"),
        ({"store_id": ""}, 400, "which store"),
        ({"store_id": "77"}, 404, "no store"),
        ({"paper": {"sheet": "L9999"}}, 400, "L7160"),
        ({"paper": {"skip": 21}}, 400, "has 21 labels"),
        ({"paper": {"dots_per_mm": 7}}, 400, "dots_per_mm"),
        ({"format": "png"}, 400, "format"),
    ],
)
def test_a_wrong_order_for_labels_is_told_what_is_wrong(
    shop: Shop, change: dict[str, object], status: int, says: str
) -> None:
    shop.add("BARE", "Bare", "")
    asked: dict[str, object] = {"store_id": "03", "products": [{"product_id": "TEA"}]} | change
    products: list[dict[str, object]] = asked["products"]  # type: ignore[assignment]
    asked["products"] = [
        one | {"product_id": shop.ids.get(str(one["product_id"]), "nope")} for one in products
    ]
    answer = shop.office.post("/api/v1/labels", json=asked)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("changed_since=yesterday", 400, "Write it like 2026-11-30"),
        (f"changed_since={TUESDAY}&format=pdf", 404, "nothing to print"),
        (f"changed_since={TUESDAY}&width_mm=1", 400, "paper"),
        ("", 400, "changed_since"),
    ],
)
def test_a_wrong_question_for_changed_prices_is_told_what_is_wrong(
    shop: Shop, query: str, status: int, says: str
) -> None:
    answer = shop.office.get(f"/api/v1/labels?store_id=03&{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert says in answer.json()["detail"]


def test_a_manager_gets_labels_of_his_own_store_without_naming_it_and_of_no_other(
    shop: Shop,
) -> None:
    with shop.db.write() as tx:
        shop.services.accounts.create(tx, "Max", PASSWORD, "manager", "99")
    shop.log_in("Max")
    shop.price("TEA", 320, store_id="99")
    own = shop.office.get(f"/api/v1/labels?changed_since={TUESDAY}")
    assert [row["product"]["sku"] for row in own.json()] == ["TEA"]
    assert shop.office.get(f"/api/v1/labels?changed_since={TUESDAY}&store_id=03").status_code == 403
