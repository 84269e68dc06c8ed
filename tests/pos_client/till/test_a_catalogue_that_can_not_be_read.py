"""Looking for products in a damaged catalogue finds nothing and says so; it never stops the till."""

from __future__ import annotations

from typing import NoReturn

from pos_client.till.errors import StorageFailed
from tests.pos_client.till.conftest import Shop
from tests.pos_client.till.fakes import FakeCatalogue


class Damaged(FakeCatalogue):
    def search(self, *_: object) -> NoReturn:
        raise StorageFailed("The catalogue can't be read.")

    def in_category(self, *_: object) -> NoReturn:
        raise StorageFailed("The catalogue can't be read.")

    def categories(self) -> NoReturn:
        raise StorageFailed("The catalogue can't be read.")


def test_whoever_looks_for_a_product_is_told_that_the_catalogue_is_damaged() -> None:
    shop = Shop()
    shop.catalogue = Damaged(store=shop.store)
    shop.restart()
    till = shop.opened()
    for look in (lambda: till.search("milk"), lambda: till.in_category("dairy"), till.categories):
        before = till.state.notice
        assert look() == ()
        notice = till.state.notice
        assert notice is not None
        assert notice != before
        assert notice.words.code == StorageFailed.code
