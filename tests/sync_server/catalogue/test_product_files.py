"""Product files as shops send them: clean, dirty and broken."""

from __future__ import annotations

import io

import pytest

from shared_models.money import currency
from sync_server.catalogue.csv_import import CatalogueImport, ImportReport
from sync_server.catalogue.csv_rows import BadHeader
from sync_server.catalogue.service import CatalogueService, ProductFields
from sync_server.database import Database
from sync_server.pricing.service import KeptTaxCategory, PricingService
from tests.sync_server.made_up_days import Published, ids

EUR = currency("EUR")


class Office:
    """Catalogue and prices with what would go down to the tills."""

    def __init__(self, database: Database) -> None:
        new_id = ids()
        self.db, self.published = database, Published()
        self.catalogue = CatalogueService(self.published, lambda: 1000, new_id)
        stores = lambda tx: ["03", "04"]  # noqa: E731
        self.pricing = PricingService(self.published, stores, self.catalogue.product, lambda: 1000, new_id)
        self.file_import = CatalogueImport(self.catalogue, self.pricing, new_id)

    def take(self, file: str | bytes, *, dry_run: bool = False) -> ImportReport:
        raw = file.encode() if isinstance(file, str) else file
        with self.db.write() as tx:
            return self.file_import.run(tx, io.BytesIO(raw), EUR, dry_run=dry_run, changed_by="Ada")

    def names(self, text: str = "") -> list[str]:
        with self.db.read() as tx:
            return [row.product.name for row in self.catalogue.products(tx, text)]


@pytest.fixture
def office(database: Database) -> Office:
    return Office(database)


GOOD = """sku,name,price,barcode,category
T1,Green tea,"2,49",4006381333931,Drinks
T2,Bread &amp;amp; butter,1.20,96385074 5449000000996,Food
"""


def test_a_clean_file_is_taken_and_goes_to_every_store(office: Office) -> None:
    report = office.take(GOOD)
    assert (report.created, report.prices_changed, report.bad_count) == (2, 2, 0)
    assert office.names() == ["Bread & butter", "Green tea"]
    products = [one for one in office.published.on("catalogue") if hasattr(one, "barcodes")]
    assert {code for one in products for code in one.barcodes} == {
        "04006381333931",
        "00000096385074",
        "05449000000996",
    }
    for store in ("price/03", "price/04"):
        assert sorted(one.unit_price_minor for one in office.published.on(store)) == [120, 249]


def test_the_same_file_again_changes_nothing(office: Office) -> None:
    office.take(GOOD)
    count = office.published.count
    report = office.take(GOOD)
    assert (report.created, report.updated, report.unchanged, report.prices_changed) == (0, 0, 2, 0)
    assert office.published.count == count


def test_a_dry_run_finds_the_same_and_writes_nothing(office: Office) -> None:
    file = GOOD + "T3,,9,,\n"
    dry = office.take(file, dry_run=True)
    assert office.names() == []
    assert office.published.count == 0
    wet = office.take(file)
    assert (dry.created, dry.bad) == (wet.created, wet.bad)


BAD_ROWS = {
    "wrong check digit": (b"T9,Tea,1,4006381333932", "barcode", "barcode_wrong_check_digit"),
    "zeros lost in a spreadsheet": (b"T9,Tea,1,12345678901", "barcode", "bad_barcode"),
    "no name": (b"T9, ,1,", "name", "missing_name"),
    "a line feed in the name": (b'T9,"Tea\nfor two",1,', "name", "bad_name"),
    "an escape in the name": (b"T9,Tea\x1b@,1,", "name", "bad_name"),
    "a line feed as an entity": (b"T9,Tea&#10;@,1,", "name", "bad_name"),
    "text turned around": ("T9,Tea\u202e50.0,1,".encode(), "name", "bad_name"),
    "too many decimals": (b"T9,Tea,1.005,", "price", "amount_has_too_many_decimals"),
    "a price below nothing": (b"T9,Tea,-1,", "price", "negative_price"),
    "no price at all": (b"T9,Tea,free,", "price", "invalid_amount"),
    "not UTF-8": (b"T9,Caf\xe9,1,", "name", "broken_encoding"),
    "a cell too many": (b"T9,Tea,1,,", "", "wrong_column_count"),
    "a cell too few": (b"T9,Tea,1", "", "wrong_column_count"),
    "quotes that do not match": (b'T9,"Tea" x,1,', "", "unreadable_row"),
    "a SKU given twice": (b"T1,Other tea,1,", "sku", "duplicate_sku"),
    "a barcode given twice": (b"T9,Other tea,1,96385074", "barcode", "duplicate_barcode"),
    "no SKU and no barcode": (b",Tea,1,", "sku", "bad_sku"),
}


@pytest.mark.parametrize("why", BAD_ROWS)
def test_a_bad_row_is_reported_and_the_others_are_taken(sqlite_database: Database, why: str) -> None:
    office = Office(sqlite_database)
    row, column, code = BAD_ROWS[why]
    report = office.take(b"sku,name,price,barcode\nT1,First,1,96385074\n" + row + b"\nT2,Last,1,\n")
    assert [(bad.column, bad.code) for bad in report.bad] == [(column, code)]
    assert report.bad[0].row == 3
    assert report.bad[0].advice
    assert all(character.isprintable() for character in report.bad[0].value)
    assert office.names() == ["First", "Last"]


def test_an_unknown_tax_category_names_those_that_there_are(office: Office) -> None:
    with office.db.write() as tx:
        office.pricing.save_tax_category(tx, KeptTaxCategory("reduced", "Reduced", ()))
    report = office.take("sku,name,tax_category\nA,Tea,reduced\nB,Book,magic\n")
    assert report.bad[0].advice == "Use one of: reduced, standard."
    assert office.names() == ["Tea"]


def test_codes_that_differ_only_in_letter_case_are_two_products(office: Office) -> None:
    office.take("sku,name,price\n85123A,White heart,2.55\n85123a,Cream heart,2.95\n")
    report = office.take("sku,name,price\n85123a,Cream heart holder,2.95\n")
    assert (report.created, report.updated, report.unchanged) == (0, 1, 0)
    assert office.names() == ["Cream heart holder", "White heart"]


def test_a_barcode_of_another_product_is_not_taken_away(office: Office) -> None:
    office.take(GOOD)
    report = office.take("sku,name,barcode\nNEW,Thief,4006381333931\n")
    assert [bad.code for bad in report.bad] == ["barcode_taken"]


def test_empty_cells_leave_what_is_known(office: Office) -> None:
    office.take(GOOD)
    report = office.take("sku,name,price,barcode\nT1,Green tea,,\n")
    assert (report.unchanged, report.prices_changed) == (1, 0)


@pytest.mark.parametrize("header", ["", "sku,nam,price", "sku,price", "name,price", "sku,name,name"])
def test_a_file_without_proper_headings_is_refused_whole(sqlite_database: Database, header: str) -> None:
    with pytest.raises(BadHeader):
        Office(sqlite_database).take(header + "\nT1,Tea,1\n")


def test_words_are_found_in_any_order_without_accents(office: Office) -> None:
    office.take("sku,name\nA,Crème brûlée à la vanille\nB,Vanilla cream\n100%,Percent\n")
    assert office.names("VANILLE creme") == ["Crème brûlée à la vanille"]
    assert office.names("100%") == ["Percent"]
    assert office.names("%") == ["Percent"]
    assert office.names("_") == []


def test_a_removed_product_comes_back_with_its_own_number(office: Office) -> None:
    with office.db.write() as tx:
        first = office.catalogue.create(tx, ProductFields(sku="A", name="Tea", barcodes=("96385074",)))
        office.catalogue.remove(tx, first.product.product_id)
        other = office.catalogue.create(tx, ProductFields(sku="B", name="Bread", barcodes=("96385074",)))
        again = office.catalogue.create(tx, ProductFields(sku="A", name="Tea"))
    assert again.product.number == first.product.number != other.product.number
    assert again.product.product_id == first.product.product_id
