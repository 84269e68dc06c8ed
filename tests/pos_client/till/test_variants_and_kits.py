"""Families of sizes and colours, and kits, from the scan to the fact."""

from __future__ import annotations

import msgspec

from pos_client.till.session import TillSession
from pos_client.till.state import VariantColour
from shared_models.sale import SalePosted, SoldComponent
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import NAVY_M, offer


def test_the_barcode_of_a_variant_sells_it_at_once(till: TillSession) -> None:
    state = till.scan(NAVY_M)
    assert state.choice is None
    assert [line.name for line in state.lines] == ["T-shirt basic · navy · M"]


def test_choosing_the_parent_opens_the_matrix_of_sizes_and_colours(till: TillSession) -> None:
    for state in (till.add_product("p-tee"), till.scan("tee")):
        assert state.lines == ()
        assert state.choice is not None
        assert (state.choice.name, state.choice.sizes) == ("T-shirt basic", ("S", "M", "XL"))
        assert state.choice.colours == (VariantColour("navy", "#1a2b4c"), VariantColour("red"))
        cells = {(cell.size_index, cell.colour_index): cell.offer for cell in state.choice.cells}
        assert sorted(cells) == [(0, 0), (1, 0), (1, 1), (2, 0)]
        assert cells[1, 1].product.product_id == "p-tee-rm"


def test_a_cell_puts_as_many_on_the_ticket_as_the_parent_was_asked_for(till: TillSession) -> None:
    till.scan("3*tee")
    state = till.choose_variant("p-tee-rm")
    assert state.choice is None
    (line,) = state.lines
    assert (line.name, line.quantity_milli, line.amount_minor) == ("T-shirt basic · red · M", 3000, 4470)


def test_a_scan_puts_the_matrix_away_and_sells_what_was_scanned(till: TillSession) -> None:
    till.scan("tee")
    state = till.scan(NAVY_M)
    assert (state.choice, len(state.lines)) == (None, 1)


def test_the_matrix_put_away_leaves_nothing_behind(till: TillSession) -> None:
    till.scan("tee")
    assert till.dismiss_choice().choice is None
    state = till.choose_variant("p-tee-rm")
    assert state.notice is not None
    assert (state.notice.words.code, state.lines) == ("no_choice", ())


def test_only_a_variant_of_the_open_matrix_can_be_chosen(till: TillSession) -> None:
    till.scan("tee")
    state = till.choose_variant("p-roll")
    assert state.lines == ()
    assert state.notice is not None


def test_locking_puts_the_matrix_away(till: TillSession) -> None:
    till.scan("tee")
    assert till.lock().choice is None
    assert till.log_in("1111").choice is None


def test_a_parent_whose_variants_have_gone_says_that_it_has_no_price(shop: Shop, till: TillSession) -> None:
    for product_id in [one for one in shop.catalogue.offers if one.startswith("p-tee-")]:
        del shop.catalogue.offers[product_id]
    state = till.scan("tee")
    assert state.notice is not None
    assert state.notice.words.code == "no_price"


def test_sizes_stand_from_small_to_large_however_they_are_written(shop: Shop, till: TillSession) -> None:
    written = ["one size", "42", "3XL", "L", "38.5", "xs", "XXL", "M", "2XS", "38"]
    for at, size in enumerate(written):
        made = offer(f"p-z{at}", "Shirt", 100, variant_of="p-zed", size=size)
        product = msgspec.structs.replace(made.product, number=1000 + at)
        shop.catalogue.offers[f"p-z{at}"] = msgspec.structs.replace(made, product=product)
    shop.catalogue.offers["p-zed"] = offer("p-zed", "Shirt", None)
    choice = till.add_product("p-zed").choice
    assert choice is not None
    assert choice.sizes == ("2XS", "xs", "M", "L", "XXL", "3XL", "38", "38.5", "42", "one size")


def test_a_kit_is_one_line_at_its_own_price_that_names_what_is_in_it(till: TillSession) -> None:
    (line,) = till.scan("breakfast").lines
    assert (line.name, line.amount_minor) == ("Breakfast", 199)
    inside = [words.values["inside"] for words in line.small_print if words.code == "kit"]
    assert inside == ["2 × Sourdough roll + 1 × Oat drink barista 1 L"]


def test_a_sold_kit_says_what_it_took_off_the_shelf(shop: Shop, till: TillSession) -> None:
    till.scan("breakfast")
    till.scan("2*breakfast")
    assert len(till.state.lines) == 1
    till.start_tender()
    till.tender_cash(1000)
    till.finish_sale()
    (sale,) = shop.books.of_kind(SalePosted)
    assert isinstance(sale, SalePosted)
    assert sale.total_minor == 3 * 199
    assert sale.lines[0].components == (
        SoldComponent("p-roll", "Sourdough roll", 6000),
        SoldComponent("p-oat", "Oat drink barista 1 L", 3000),
    )


def test_a_kit_with_wine_in_it_asks_for_the_age(till: TillSession) -> None:
    state = till.scan("evening")
    assert state.question is not None
    assert state.question.words.values["years"] == 18
    (line,) = till.answer(True).lines
    assert "age_confirmed" in [words.code for words in line.small_print]


def test_a_kit_is_still_sold_when_something_in_it_has_left_the_catalogue(
    shop: Shop, till: TillSession
) -> None:
    del shop.catalogue.offers["p-oat"]
    (line,) = till.scan("breakfast").lines
    inside = [words.values["inside"] for words in line.small_print if words.code == "kit"]
    assert inside == ["2 × Sourdough roll"]


def test_a_parked_kit_keeps_what_is_in_it(shop: Shop, till: TillSession) -> None:
    till.scan("breakfast")
    before = till.state.lines
    till.park("Mrs Weber")
    assert till.recall(till.state.parked[0].sale_id).lines == before
