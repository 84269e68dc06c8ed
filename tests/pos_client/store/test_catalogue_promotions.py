"""Promotions come down with the prices."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pos_client.store.catalogue import CatalogueFile
from shared_models import reference
from shared_models.promotions import BuyGet, Promotion
from shared_models.reference import DELETE, Change, FeedPage
from tests.pos_client.store.made_up_catalogue import EPOCH, STORE, page

THREE_FOR_TWO = Promotion(promotion_id="p1", name="3 for 2", rule=BuyGet(2, 1))


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[CatalogueFile]:
    made = CatalogueFile(tmp_path / "catalogue.db", lambda: 77)
    assert made.apply(page([STORE, THREE_FOR_TWO]))
    yield made
    made.close()


def test_a_till_holds_the_promotions_of_its_store(catalogue: CatalogueFile) -> None:
    assert catalogue.promotions() == (THREE_FOR_TWO,)
    assert catalogue.promotions() is catalogue.promotions()


def test_a_promotion_that_was_taken_back_is_gone(catalogue: CatalogueFile) -> None:
    store_hash = reference.row_hash(*reference.encode(STORE))
    taken_back = Change(3, "promotion", "p1", DELETE)
    assert catalogue.apply(FeedPage("catalogue", EPOCH, 2, 3, 3, (taken_back,), store_hash))
    assert catalogue.promotions() == ()


def test_a_promotion_of_a_kind_that_only_a_newer_till_knows_stops_no_sale(catalogue: CatalogueFile) -> None:
    before = sum(reference.row_hash(*reference.encode(thing)) for thing in (STORE, THREE_FOR_TWO))
    body = b'{"promotion_id":"p2","name":"From the future","rule":{"kind":"lottery"}}'
    after = reference.checksum_with(before, added=reference.row_hash("promotion", "p2", body))
    unknown = Change(3, "promotion", "p2", body=body)
    assert catalogue.apply(FeedPage("catalogue", EPOCH, 2, 3, 3, (unknown,), after))
    assert catalogue.promotions() == (THREE_FOR_TWO,)
    assert catalogue.store() == STORE
