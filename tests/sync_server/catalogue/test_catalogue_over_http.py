"""Products, categories and files over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from sync_server.database import Database

Client = TestClient[Litestar]


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


def created(office: Client, sku: str = "TEA", **fields: Any) -> dict[str, Any]:
    answer = office.post("/api/v1/products", json={"sku": sku, "name": f"Product {sku}"} | fields)
    assert answer.status_code == 201, answer.text
    product: dict[str, Any] = answer.json()["product"]
    return product


def test_a_product_carries_a_tag_and_two_editors_do_not_overwrite_each_other(office: Client) -> None:
    path = f"/api/v1/products/{created(office)['product_id']}"
    first = office.get(path)
    assert office.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    fields = {"sku": "TEA", "name": "Green tea"}
    assert office.put(path, json=fields, headers={"If-Match": first.headers["etag"]}).status_code == 200
    late = office.put(path, json=fields | {"name": "Black tea"}, headers={"If-Match": first.headers["etag"]})
    assert late.status_code == 409
    assert late.headers["content-type"] == "application/problem+json"
    assert office.get(path).json()["product"]["name"] == "Green tea"


@pytest.mark.parametrize(
    "fields",
    [
        {"sku": "A", "name": ""},
        {"sku": "", "name": "Tea"},
        {"sku": "A", "name": "Tea\u0000"},
        {"sku": "A", "name": "Tea", "barcodes": ["4006381333932"]},
        {"sku": "A", "name": "Tea", "weighed": "yes"},
        {"sku": "A", "name": "Tea", "price": 3},
        {"sku": "A", "name": 7},
    ],
)
def test_a_product_that_makes_no_sense_is_refused_in_words(office: Client, fields: dict[str, Any]) -> None:
    answer = office.post("/api/v1/products", json=fields)
    assert answer.status_code == 400
    assert len(answer.json()["detail"]) > 10


def test_a_barcode_leads_to_one_product_only(office: Client) -> None:
    created(office, "A", barcodes=["96385074"])
    answer = office.post("/api/v1/products", json={"sku": "B", "name": "B", "barcodes": ["96385074"]})
    assert answer.status_code == 409


def test_the_list_pages_through_every_product_once(office: Client) -> None:
    for number in range(7):
        created(office, f"S{number}", name="Same name" if number < 4 else f"Name {number}")
    seen, cursor = [], ""
    while True:
        answer = office.get("/api/v1/products", params={"limit": 2, **({"cursor": cursor} if cursor else {})})
        seen += [row["product"]["sku"] for row in answer.json()["rows"]]
        cursor = answer.json()["next"]
        if not cursor:
            break
    assert sorted(seen) == [f"S{number}" for number in range(7)]


def test_a_file_is_imported_and_its_bad_rows_come_back(office: Client) -> None:
    file = "sku,name,price\nA,Tea,2.49\nB,,1\n"
    answer = office.post("/api/v1/products/import?currency=EUR", content=file.encode())
    assert answer.status_code == 200
    assert answer.json()["created"] == 1
    assert answer.json()["bad"][0] | {"advice": ""} == {
        "row": 3,
        "column": "name",
        "code": "missing_name",
        "value": "",
        "advice": "",
    }


def test_a_category_in_use_is_not_removed(office: Client) -> None:
    category = {"category_id": "drinks", "name": "Drinks"}
    assert office.put("/api/v1/categories/drinks", json=category).status_code == 200
    product = created(office, category_id="drinks")
    assert office.delete("/api/v1/categories/drinks").status_code == 409
    assert office.delete(f"/api/v1/products/{product['product_id']}").status_code == 204
    assert office.delete("/api/v1/categories/drinks").status_code == 204
    assert office.get(f"/api/v1/products/{product['product_id']}").status_code == 404
