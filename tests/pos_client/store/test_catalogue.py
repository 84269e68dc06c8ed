"""The till finds what is for sale, and keeps its copy in step with the server's."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import sqlcipher3.dbapi2 as driver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pos_client.store.catalogue import CatalogueFile
from pos_client.store.catalogue_copy import BadCatalogueFile
from pos_client.store.storage_errors import DAMAGED_COPY
from pos_client.till.errors import StorageFailed
from shared_models import reference
from shared_models.catalogue import Category, Price
from shared_models.catalogue_file import VARIANTS_SQL
from shared_models.contents import Content
from shared_models.moment import Moment
from shared_models.reference import Change, FeedPage, FeedPosition
from tests.effort import examples
from tests.pos_client.store.made_up_catalogue import (
    ADA,
    DRINKS,
    EPOCH,
    FOOD,
    MILKS,
    STORE,
    VAT,
    build_file,
    page,
    price,
    product,
)

Spoil = Callable[[Path], object]
NOW = Moment(1_000_000)
OAT = product(1, "Organic Oat Drink", popularity=5, category_id="milks", sku="OAT-1")
SOY = product(2, "Soy Drink Vanilla", popularity=9)
COFFEE = product(3, "Café crème", popularity=1, sku="Caf-x", category_id=None)
CHOCOLATE = product(4, "Chocolate, dark 70%", popularity=2)
PRODUCTS = [OAT, SOY, COFFEE, CHOCOLATE]
EVERYTHING = [STORE, FOOD, DRINKS, MILKS, ADA, *PRODUCTS, price(OAT, 199), price(OAT, 179, 900_000)]


@pytest.fixture(scope="module")
def empty_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("catalogue")


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[CatalogueFile]:
    catalogue = CatalogueFile(tmp_path / "catalogue.db", lambda: 77)
    yield catalogue
    catalogue.close()


@pytest.fixture
def catalogue(empty: CatalogueFile) -> CatalogueFile:
    assert empty.apply(page(EVERYTHING))
    return empty


def names(offers: tuple[reference.Any, ...]) -> list[str]:
    return [offer.product.name for offer in offers]


def test_a_till_without_a_catalogue_says_so(empty: CatalogueFile) -> None:
    assert empty.store() is None
    assert empty.as_of_ms() is None
    assert empty.by_code("4000000000001", NOW) is None
    assert empty.search("oat", NOW) == ()
    assert empty.staff() == ()


def test_a_barcode_brings_everything_for_the_line(catalogue: CatalogueFile) -> None:
    offer = catalogue.by_code("4000000000001", NOW)
    assert offer is not None
    assert offer.product == OAT
    assert offer.price == price(OAT, 179, 900_000)
    assert offer.taxes == (VAT,)
    assert offer.category == MILKS


def test_a_price_counts_from_its_moment(catalogue: CatalogueFile) -> None:
    offer = catalogue.by_id(OAT.product_id, Moment(899_999))
    assert offer is not None
    assert offer.price == price(OAT, 199)


def test_a_product_without_a_price_is_offered_without(catalogue: CatalogueFile) -> None:
    offer = catalogue.by_code(SOY.sku, NOW)
    assert offer is not None
    assert offer.price is None


def test_a_product_of_an_unknown_tax_category_has_no_taxes(catalogue: CatalogueFile) -> None:
    odd = product(9, "Odd", tax_category_id="gone")
    before = catalogue.positions()[0]
    assert catalogue.apply(page([odd], after=before.ver, before=before.checksum))
    offer = catalogue.by_id(odd.product_id, NOW)
    assert offer is not None
    assert offer.taxes == ()


def test_a_sku_is_found_in_any_case_when_only_one_fits(catalogue: CatalogueFile) -> None:
    offer = catalogue.by_code("caf-X", NOW)
    assert offer is not None
    assert offer.product == COFFEE


def test_two_skus_that_differ_in_case_are_never_guessed_between(empty: CatalogueFile) -> None:
    twins = [product(1, "A", sku="ab"), product(2, "B", sku="AB")]
    empty.apply(page(twins))
    assert empty.by_code("aB", NOW) is None
    exact = empty.by_code("AB", NOW)
    assert exact is not None
    assert exact.product == twins[1]


@pytest.mark.parametrize("code", ["", "4000000009999", "no such", "-", "\0", "\ud800", '"', "a\nb"])
def test_an_unknown_code_is_not_found(catalogue: CatalogueFile, code: str) -> None:
    assert catalogue.by_code(code, NOW) is None


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("drink", ["Soy Drink Vanilla", "Organic Oat Drink"]),
        ("dri oa", ["Organic Oat Drink"]),
        ("CAFE", ["Café crème"]),
        ("café cre", ["Café crème"]),
        ("c", ["Chocolate, dark 70%", "Café crème"]),
        ("70", ["Chocolate, dark 70%"]),
        ("oat-1", ["Organic Oat Drink"]),
        ("chocolte", ["Chocolate, dark 70%"]),
        ("cohcolate", ["Chocolate, dark 70%"]),
        ("vanila", ["Soy Drink Vanilla"]),
        ("drink vanlla", ["Soy Drink Vanilla"]),
        ("soj", ["Soy Drink Vanilla"]),
        ("zzzzz", []),
        ('oa"t* OR', []),
        ("", []),
        ("?!", []),
    ],
)
def test_a_name_is_found_by_its_beginnings_and_with_typos(
    catalogue: CatalogueFile, typed: str, found: list[str]
) -> None:
    assert names(catalogue.search(typed, NOW)) == found


def test_changed_prices_are_those_that_are_another_than_just_before_the_moment(empty: CatalogueFile) -> None:
    dearer, as_before, coming = (
        product(1, "Dearer"), product(2, "As before"), product(3, "Coming"),
    )  # fmt: skip
    prices = [price(one, 100) for one in (dearer, as_before, coming)]
    prices += [price(dearer, 120, 900_000), price(as_before, 130, 800_000), price(as_before, 100, 900_000)]
    empty.apply(page([dearer, as_before, coming, *prices, price(coming, 150, 2_000_000)]))
    assert names(empty.changed_since(Moment(700_000), NOW, 9)) == ["Dearer"]
    assert names(empty.changed_since(Moment(900_000), NOW, 9)) == ["As before", "Dearer"]
    assert names(empty.changed_since(Moment(900_001), NOW, 9)) == []


def test_what_is_in_a_piece_comes_down_with_a_change(empty: CatalogueFile) -> None:
    full = msgspec.structs.replace(OAT, content=Content(1_000, "l"))
    assert empty.apply(page([STORE, full, price(full, 199)]))
    found = empty.by_code("OAT-1", NOW)
    assert found is not None
    assert found.product.content == Content(1_000, "l")


def test_a_search_gives_no_more_than_asked(catalogue: CatalogueFile) -> None:
    assert names(catalogue.search("drink", NOW, limit=1)) == ["Soy Drink Vanilla"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(100))
@given(typed=st.text())
def test_nothing_that_can_be_typed_breaks_the_search(catalogue: CatalogueFile, typed: str) -> None:
    catalogue.search(typed, NOW)
    catalogue.by_code(typed, NOW)


def test_a_letter_newer_than_the_index_is_just_not_found(catalogue: CatalogueFile) -> None:
    assert catalogue.search("a\u19b0b", NOW) == ()


def test_a_category_shows_what_is_below_it_by_popularity(catalogue: CatalogueFile) -> None:
    assert catalogue.categories() == (MILKS, DRINKS)
    assert names(catalogue.in_category("drinks", NOW)) == [SOY.name, OAT.name, CHOCOLATE.name]
    assert names(catalogue.in_category("drinks", NOW, limit=2)) == [SOY.name, OAT.name]
    assert names(catalogue.in_category("milks", NOW)) == [OAT.name]


def test_categories_in_a_circle_are_shown_once(empty: CatalogueFile) -> None:
    circle = [Category("a", "A", parent_id="b"), Category("b", "B", parent_id="a")]
    empty.apply(page([*circle, product(1, "Thing", category_id="b")]))
    assert names(empty.in_category("a", NOW)) == ["Thing"]


def test_a_page_moves_the_cursor_and_shows_at_once(catalogue: CatalogueFile) -> None:
    assert catalogue.store() == STORE
    assert catalogue.staff() == (ADA,)
    assert catalogue.as_of_ms() == 77
    before = catalogue.positions()[0]
    renamed = msgspec.structs.replace(STORE, name="New name")
    old = reference.row_hash(*reference.encode(STORE))
    new = reference.row_hash(*reference.encode(renamed))
    checksum = reference.checksum_with(before.checksum, removed=old, added=new)
    change = Change(before.ver + 1, *reference.encode(renamed)[:2], body=reference.encode(renamed)[2])
    ver = before.ver + 1
    assert catalogue.apply(FeedPage("catalogue", EPOCH, before.ver, ver, ver, (change,), checksum))
    assert catalogue.positions() == (FeedPosition("catalogue", EPOCH, ver, checksum),)
    assert catalogue.store() == renamed


def test_a_deleted_product_is_gone_with_its_codes(catalogue: CatalogueFile) -> None:
    before = catalogue.positions()[0]
    checksum = reference.checksum_with(before.checksum, removed=reference.row_hash(*reference.encode(OAT)))
    gone = Change(before.ver + 1, "product", OAT.product_id, reference.DELETE)
    ver = before.ver + 1
    assert catalogue.apply(FeedPage("catalogue", EPOCH, before.ver, ver, ver, (gone,), checksum))
    assert catalogue.by_code("4000000000001", NOW) is None
    assert catalogue.by_code("OAT-1", NOW) is None
    assert catalogue.search("oat", NOW) == ()


@pytest.mark.parametrize(
    "changed",
    [
        {"after": 3},
        {"epoch": "another"},
        {"checksum_after": 1},
        {"reset": True},
        {"changes": (Change(1, "price", "x", body=b"{}"),)},
        {"changes": (Change(1, "product", "x", body=b"nonsense"),)},
    ],
)
def test_a_page_that_does_not_fit_changes_nothing(
    catalogue: CatalogueFile, changed: dict[str, object]
) -> None:
    before = catalogue.positions()
    fitting = page([price(SOY, 250)], after=before[0].ver, before=before[0].checksum)
    assert not catalogue.apply(msgspec.structs.replace(fitting, **changed))
    assert catalogue.positions() == before
    assert catalogue.by_id(SOY.product_id, NOW).price is None  # type: ignore[union-attr]
    assert catalogue.apply(fitting)


def test_two_products_of_one_number_are_refused(catalogue: CatalogueFile) -> None:
    before = catalogue.positions()
    twin = msgspec.structs.replace(OAT, product_id="f" * 32)
    assert not catalogue.apply(page([twin], after=before[0].ver, before=before[0].checksum))
    assert catalogue.positions() == before


def test_a_whole_catalogue_is_swapped_in(catalogue: CatalogueFile, tmp_path: Path) -> None:
    new = product(8, "Tea")
    catalogue.swap_in(build_file(tmp_path / "new.db", [STORE, FOOD, new, price(new, 300)]))
    assert catalogue.by_code(OAT.sku, NOW) is None
    offer = catalogue.by_code(new.sku, NOW)
    assert offer is not None
    assert offer.price == price(new, 300)
    assert catalogue.as_of_ms() == 77
    before = catalogue.positions()[0]
    assert catalogue.apply(
        page([Price("p", new.product_id, 1, 999_999)], after=before.ver, before=before.checksum)
    )
    assert catalogue.by_code(new.sku, NOW).price.unit_price_minor == 1  # type: ignore[union-attr]


def test_the_till_looks_things_up_while_the_catalogue_is_swapped(
    catalogue: CatalogueFile, tmp_path: Path
) -> None:
    stop = threading.Event()
    lookups: list[str] = []

    def look_up() -> None:
        while not stop.is_set():
            offer = catalogue.by_code(OAT.sku, NOW)
            assert offer is not None
            lookups.append(offer.product.name)

    thread = threading.Thread(target=look_up)
    thread.start()
    for number in range(10):
        catalogue.swap_in(build_file(tmp_path / f"new{number}.db", EVERYTHING))
    stop.set()
    thread.join()
    assert set(lookups) == {OAT.name}


def leave_a_row_out(path: Path) -> None:
    with closing(driver.connect(str(path))) as connection, connection:
        connection.execute("delete from price where unit_price_minor = 199")


def spoil_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:12288] = bytes(8192)
    path.write_bytes(content)


def empty_it(path: Path) -> None:
    path.write_bytes(b"")


def write_html(path: Path) -> None:
    path.write_bytes(b"<html>Please log in to the hotel's network</html>" * 100)


@pytest.mark.parametrize("spoil", [leave_a_row_out, spoil_pages, empty_it, write_html, Path.unlink])
def test_a_spoilt_catalogue_never_takes_the_place(
    catalogue: CatalogueFile, tmp_path: Path, spoil: Spoil
) -> None:
    path = build_file(tmp_path / "new.db", EVERYTHING)
    spoil(path)
    with pytest.raises(BadCatalogueFile, match="sells on"):
        catalogue.swap_in(path)
    assert catalogue.by_code(OAT.sku, NOW) is not None


def spoil_the_store(path: Path) -> None:
    """The page with the store, the taxes and the staff."""
    connection = driver.connect(str(path))
    (root,) = connection.execute("select rootpage from sqlite_master where name = 'reference'").fetchone()
    (size,) = connection.execute("pragma page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "spoil", [write_html, lambda path: path.write_bytes(path.read_bytes()[:5000]), spoil_the_store]
)
def test_a_damaged_copy_is_put_aside_and_fetched_again(tmp_path: Path, spoil: Spoil) -> None:
    path = tmp_path / "catalogue.db"
    catalogue = CatalogueFile(path, lambda: 77)
    catalogue.apply(page(EVERYTHING))
    catalogue.close()
    spoil(path)
    again = CatalogueFile(path, lambda: 78)
    assert again.store() is None
    assert again.positions() == ()
    assert again.apply(page(EVERYTHING))
    assert again.by_code(OAT.sku, NOW) is not None
    assert path.with_name("catalogue.db.damaged").exists()
    again.close()


def spoil_products(path: Path) -> None:
    """Whole pages in the middle, where the products are."""
    for place in [_place_of(path, number) for number in (140, 150, 160)]:
        _overwrite(path, place // 4096 * 4096, b"\xff" * 4096)


def garble_a_body(path: Path) -> None:
    """A sound file for the database, not for whoever reads the row."""
    _overwrite(path, _place_of(path, 150), b"(")


def lower_a_price(path: Path) -> None:
    """A sound row for whoever decodes it."""
    _overwrite(path, path.read_bytes().index(b'"unit_price_minor":199'), b'"unit_price_minor":119')


def change_a_name(path: Path) -> None:
    content = path.read_bytes()
    _overwrite(path, content.index(b'"name":"Tea 150"'), b'"name":"Tee 150"')


def _place_of(path: Path, number: int) -> int:
    body = reference.encode(product(number, f"Tea {number}"))[2]
    return path.read_bytes().index(body)


def _overwrite(path: Path, place: int, by: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(place)
        file.write(by)


SHELF = [STORE, FOOD, DRINKS, ADA, *(product(number, f"Tea {number}") for number in range(1, 301))]
SHELF += [price(SHELF[-1], 199)]


def looked_up(catalogue: CatalogueFile) -> Counter[str]:
    """What the cashier is told when everything on the shelf is scanned once."""
    return Counter(_look_up(catalogue, f"SKU-{number}") for number in range(1, 301))


def _look_up(catalogue: CatalogueFile, sku: str) -> str:
    try:
        return "unknown" if catalogue.by_code(sku, NOW) is None else "found"
    except StorageFailed as reason:
        return reason.message


@pytest.mark.expects_log
@pytest.mark.parametrize("spoil", [spoil_products, garble_a_body, change_a_name, lower_a_price])
@pytest.mark.parametrize("restarted", [False, True])
def test_a_copy_in_which_damage_is_met_sells_on_with_the_rest_until_a_new_one_is_there(
    tmp_path: Path, spoil: Spoil, restarted: bool
) -> None:
    path = build_file(tmp_path / "catalogue.db", SHELF)
    spoil(path)
    catalogue = CatalogueFile(path, lambda: 77)
    assert catalogue.positions() != (), "nobody has met the damage yet"
    said = looked_up(catalogue)
    assert said.keys() == {"found", DAMAGED_COPY}
    assert said["found"] > 100
    if restarted:
        catalogue.close()
        catalogue = CatalogueFile(path, lambda: 78)
    assert catalogue.positions() == (), "a whole new file is asked for"
    assert looked_up(catalogue) == said
    catalogue.swap_in(build_file(tmp_path / "new.db", SHELF))
    assert looked_up(catalogue) == {"found": 300}
    assert catalogue.positions() != ()
    catalogue.close()
    again = CatalogueFile(path, lambda: 79)
    assert again.positions() != (), "the suspicion is over"
    again.close()
    assert path.with_name("catalogue.db.damaged").exists()


@pytest.mark.expects_log
def test_a_damaged_copy_in_a_folder_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    write_html(path)
    (tmp_path / "catalogue.db.damaged" / "in the way").mkdir(parents=True)
    with pytest.raises(StorageFailed, match="Check the rights"):
        CatalogueFile(path, lambda: 78)
    assert path.exists()


@pytest.mark.slow
def test_a_copy_that_another_program_holds_is_not_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.db"
    catalogue = CatalogueFile(path, lambda: 77)
    catalogue.apply(page(EVERYTHING))
    catalogue.close()
    with closing(driver.connect(str(path), isolation_level=None)) as other:
        other.execute("pragma journal_mode=delete")
        other.execute("begin exclusive")
        with pytest.raises(StorageFailed, match="Another program"):
            CatalogueFile(path, lambda: 78)
    assert not path.with_name("catalogue.db.damaged").exists()


def test_a_catalogue_that_was_closed_is_there_again(tmp_path: Path) -> None:
    catalogue = CatalogueFile(tmp_path / "catalogue.db", lambda: 77)
    catalogue.apply(page(EVERYTHING))
    before = catalogue.positions()
    catalogue.close()
    again = CatalogueFile(tmp_path / "catalogue.db", lambda: 78)
    assert again.positions() == before
    assert again.store() == STORE
    again.close()


SHIRT = product(10, "T-shirt basic", sku="TEE")
SHIRTS = [
    product(11, "T-shirt basic", sku="TEE-NM", variant_of=SHIRT.product_id, colour="navy #1a2b4c", size="M"),
    product(12, "T-shirt basic", sku="TEE-RL", variant_of=SHIRT.product_id, colour="red", size="L"),
]


def test_the_parent_of_a_family_leads_to_its_variants_with_their_prices(catalogue: CatalogueFile) -> None:
    assert catalogue.apply(_more(catalogue, [SHIRT, *SHIRTS, price(SHIRTS[0], 1490)]))
    found = catalogue.variants(SHIRT.product_id, NOW)
    assert [offer.product for offer in found] == SHIRTS
    assert [offer.price and offer.price.unit_price_minor for offer in found] == [1490, None]
    assert catalogue.variants(OAT.product_id, NOW) == ()
    assert catalogue.variants(SHIRTS[0].product_id, NOW) == ()
    assert [offer.product for offer in catalogue.search("navy basic", NOW)] == [SHIRTS[0]]
    shelf = [offer.product for offer in catalogue.in_category("drinks", NOW)]
    assert SHIRT in shelf
    assert not set(SHIRTS) & set(shelf), "the variants stand behind their parent"


def test_variants_are_found_by_an_index_which_older_files_get_when_they_are_opened(tmp_path: Path) -> None:
    path = build_file(tmp_path / "catalogue.db", [STORE, FOOD, SHIRT, *SHIRTS])
    with closing(driver.connect(str(path))) as connection:
        connection.executescript("drop index product_by_parent")
    catalogue = CatalogueFile(path, lambda: 77)
    assert len(catalogue.variants(SHIRT.product_id, NOW)) == 2
    catalogue.close()
    with closing(driver.connect(str(path))) as connection:
        plan = connection.execute(
            f"explain query plan select * from product where {VARIANTS_SQL}", (SHIRT.product_id,)
        ).fetchall()
    assert "product_by_parent" in plan[0][-1]


def _more(catalogue: CatalogueFile, things: list[object]) -> FeedPage:
    (position,) = catalogue.positions()
    return page(things, after=position.ver, before=position.checksum)
