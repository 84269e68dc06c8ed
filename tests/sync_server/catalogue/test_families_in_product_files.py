"""Variants and kits as head office brings them in: by file and by request."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from shared_models.catalogue import KitComponent, Product
from sync_server.catalogue.csv_import import ImportReport
from sync_server.database import Database
from tests.sync_server.catalogue.test_product_files import Office

Client = TestClient[Litestar]
FAMILY = """sku,name,price,barcode,variant_of,size,colour,kit
TEE,T-shirt basic,,,,,,
TEE-NM,T-shirt basic,14.90,4006381333931,TEE,M,navy #1a2b4c,
TEE-NL,T-shirt basic,14.90,,TEE,L,navy #1a2b4c,
CUP,Cup,4.00,,,,,
TEA,Green tea,2.49,,,,,
SET,Tea for two,9.90,,,,,TEA*1+CUP*2
"""


@pytest.fixture
def files(database: Database) -> Office:
    return Office(database)


def kept(files: Office) -> dict[str, Product]:
    with files.db.read() as tx:
        return {row.product.sku: row.product for row in files.catalogue.products(tx)}


def bad(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(row.row, row.column, row.code) for row in report.bad]


def test_a_file_brings_a_family_of_variants_and_a_kit(files: Office) -> None:
    report = files.take(FAMILY)
    assert (report.created, bad(report)) == (6, [])
    products = kept(files)
    navy = products["TEE-NM"]
    assert (navy.variant_of, navy.size, navy.colour) == (products["TEE"].product_id, "M", "navy #1a2b4c")
    assert products["SET"].components == (
        KitComponent(products["TEA"].product_id, 1000),
        KitComponent(products["CUP"].product_id, 2000),
    )
    assert files.take(FAMILY).unchanged == 6
    assert files.names("navy") == ["T-shirt basic", "T-shirt basic"]


def test_a_dry_run_knows_parents_and_components_of_the_same_file(files: Office) -> None:
    report = files.take(FAMILY, dry_run=True)
    assert (report.created, report.bad_count) == (6, 0)
    assert kept(files) == {}


def test_empty_cells_leave_the_family_and_the_kit_as_they_are(files: Office) -> None:
    files.take(FAMILY)
    before = kept(files)
    report = files.take("sku,name,variant_of,kit\nTEE-NM,T-shirt basic,,\nSET,Tea for two,,\n")
    assert report.unchanged == 2
    assert kept(files) == before


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("X,Shirt,NONE,", "variant_of", "unknown_parent"),
        ("X,Shirt,X,", "variant_of", "own_parent"),
        ("X,Shirt,TEE-NM,", "variant_of", "bad_link"),
        ("X,Set,,TEA+NONE*2", "kit", "unknown_component"),
        ("X,Set,,SET*2", "kit", "bad_link"),
        ("X,Set,,X*2", "kit", "bad_kit"),
        ("X,Set,,TEA*2+TEA", "kit", "bad_kit"),
        ("X,Set,,TEA*0", "kit", "bad_kit"),
        ("X,Set,,TEA*two", "kit", "bad_kit"),
        ("X,Set,,*2", "kit", "bad_kit"),
        ("X,Set,,TEA*1000", "kit", "bad_kit"),
    ],
)
def test_a_row_that_names_what_can_not_be_is_reported_and_the_rest_taken(
    files: Office, row: str, column: str, code: str
) -> None:
    files.take(FAMILY)
    report = files.take(f"sku,name,variant_of,kit\n{row}\nY,Good crackers,,\n")
    assert bad(report) == [(2, column, code)]
    assert report.created == 1
    assert kept(files)["Y"].number == 7


def test_a_kit_of_goods_by_measure_holds_a_part_of_a_kilogram(files: Office) -> None:
    report = files.take("sku,name,weighed,kit\nAPPLE,Apples,yes,\nBOX,Fruit box,,APPLE*1.5\n")
    assert report.bad_count == 0
    assert kept(files)["BOX"].components[0].quantity_milli == 1500


def test_the_api_takes_variants_and_kits_and_says_what_is_wrong_with_them(office: Client) -> None:
    parent = made(office, sku="TEE", name="T-shirt basic")
    variant = made(office, sku="TEE-M", name="T-shirt basic", variant_of=parent, size="M", colour="navy")
    kit = made(
        office, sku="SET", name="Two shirts", components=[{"product_id": variant, "quantity_milli": 2000}]
    )
    product = office.get(f"/api/v1/products/{kit}").json()["product"]
    assert product["components"] == [{"product_id": variant, "quantity_milli": 2000}]
    for fields in (
        {"variant_of": "nothing"},
        {"variant_of": variant},
        {"components": [{"product_id": "nothing", "quantity_milli": 1000}]},
        {"components": [{"product_id": kit, "quantity_milli": 1000}]},
        {"components": [{"product_id": variant, "quantity_milli": 0}]},
        {"components": [{"product_id": variant, "quantity_milli": 1000}], "weighed": True},
    ):
        answer = office.post("/api/v1/products", json={"sku": "BAD", "name": "Bad"} | fields)
        assert answer.status_code in (400, 422), answer.text


def made(office: Client, **fields: Any) -> str:
    answer = office.post("/api/v1/products", json=fields)
    assert answer.status_code == 201, answer.text
    product_id: str = answer.json()["product"]["product_id"]
    return product_id
