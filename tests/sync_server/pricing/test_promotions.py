"""Promotions made at head office, as the tills of each store get them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from shared_models import reference
from shared_models.promotions import BuyGet, PercentOff, Promotion, Target
from shared_models.store_config import StoreConfig
from sync_server.database import Database
from sync_server.errors import Invalid, NotFound
from sync_server.pricing import promotions
from sync_server.pricing.promotions import NewPromotion, PromotionService
from tests.sync_server.made_up_days import Published, ids


class Office:
    def __init__(self, database: Database) -> None:
        self.db, self.published, self.now = database, Published(), 1_000_000
        self.stores = ["03", "04"]
        self.service = PromotionService(
            self.published,
            lambda tx: self.stores,
            lambda tx, asked: [one for one in asked if one == "tea"],
            lambda tx, asked: ["drinks"],
            lambda: self.now,
            ids(),
        )

    def save(self, **fields: Any) -> Promotion:
        with self.db.write() as tx:
            asked = NewPromotion(**{"name": "3 for 2", "rule": BuyGet(2, 1)} | fields)
            return self.service.save(tx, asked, "Ada").promotion

    def on(self, store_id: str) -> Sequence[Promotion]:
        return self.published.on(f"price/{store_id}")


@pytest.fixture
def made_up_office(database: Database) -> Office:
    return Office(database)


def test_a_promotion_goes_to_the_tills_of_every_store(made_up_office: Office) -> None:
    made = made_up_office.save()
    assert made_up_office.on("03") == made_up_office.on("04") == [made]


def test_a_promotion_may_be_for_some_stores_and_for_others_later(made_up_office: Office) -> None:
    made = made_up_office.save(store_ids=("03",))
    assert (made_up_office.on("03"), made_up_office.on("04")) == ([made], [])
    changed = made_up_office.save(promotion_id=made.promotion_id, store_ids=("04",), name="4 for 3")
    assert (made_up_office.on("03"), made_up_office.on("04")) == ([], [changed])
    with made_up_office.db.read() as tx:
        (kept,) = made_up_office.service.promotions(tx)
    assert (kept.promotion, kept.store_ids, kept.changed_by) == (changed, ("04",), "Ada")


def test_a_promotion_taken_back_is_gone_everywhere(made_up_office: Office) -> None:
    made = made_up_office.save()
    with made_up_office.db.write() as tx:
        made_up_office.service.remove(tx, made.promotion_id)
    assert made_up_office.on("03") == made_up_office.on("04") == []
    with made_up_office.db.read() as tx, pytest.raises(NotFound):
        made_up_office.service.promotion(tx, made.promotion_id)


def test_a_new_store_gets_what_all_stores_have(made_up_office: Office) -> None:
    everywhere, elsewhere = made_up_office.save(), made_up_office.save(store_ids=("03",))
    with made_up_office.db.write() as tx:
        made_up_office.service.send_store(tx, "05")
    assert made_up_office.on("05") == [everywhere]
    assert elsewhere in made_up_office.on("03")


@pytest.mark.parametrize(
    "fields",
    [
        {"store_ids": ("99",)},
        {"applies_to": Target(products=("coffee",))},
        {"applies_to": Target(categories=("soap",))},
        {"rule": BuyGet(1, 1, reward=Target(products=("coffee",)))},
        {"promotion_id": "unknown"},
    ],
)
def test_a_promotion_for_what_does_not_exist_is_refused(
    made_up_office: Office, fields: dict[str, Any]
) -> None:
    with pytest.raises(NotFound):
        made_up_office.save(**fields)
    assert made_up_office.published.count == 0


def test_a_promotion_that_makes_no_sense_is_refused_with_the_reason(made_up_office: Office) -> None:
    with pytest.raises(Invalid, match="ends after it has begun"):
        made_up_office.save(valid_from_ms=2, valid_to_ms=1)
    with pytest.raises(Invalid, match="at most"):
        made_up_office.save(applies_to=Target(products=tuple(f"t{n}" for n in range(5001))))


def test_the_list_goes_on_after_a_page(made_up_office: Office) -> None:
    for name in ("B", "A", "B", "C"):
        made_up_office.save(name=name, applies_to=Target(products=("tea",), categories=("drinks",)))
    with made_up_office.db.read() as tx:
        whole = made_up_office.service.promotions(tx)
        after = (whole[1].promotion.name, whole[1].promotion.promotion_id)
        assert [one.promotion.name for one in whole] == ["A", "B", "B", "C"]
        assert made_up_office.service.promotions(tx, after, 1) == whole[2:3]


def test_there_is_a_limit(made_up_office: Office) -> None:
    made = made_up_office.save()
    with made_up_office.db.write() as tx:
        for _ in range(promotions.MAX_PROMOTIONS - 1):
            made_up_office.service.save(tx, NewPromotion(name="x", rule=PercentOff(1)), "Ada")
    with pytest.raises(Invalid, match="already"):
        made_up_office.save()
    made_up_office.save(promotion_id=made.promotion_id, name="changed")


def test_head_office_makes_a_promotion_over_http(
    app: Litestar, office: TestClient[Litestar], database: Database
) -> None:
    with database.write() as tx:
        app.state.services.stores.create(tx, StoreConfig(store_id="03", name="Corner", currency="EUR"))
    answer = office.post(
        "/api/v1/promotions", json={"name": "3 for 2", "rule": {"kind": "buy_get", "buy": 2, "get": 1}}
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()["promotion"]
    wanted = Promotion(promotion_id=made["promotion_id"], name="3 for 2", rule=BuyGet(2, 1))
    assert _at_the_tills(app, database) == [wanted]
    assert office.get("/api/v1/promotions").json()["rows"] == [answer.json()]
    one = f"/api/v1/promotions/{wanted.promotion_id}"
    assert office.get(one).json() == answer.json()
    assert office.delete(one).status_code == 204
    assert office.get(one).status_code == 404
    assert _at_the_tills(app, database) == []


def test_a_body_that_means_nothing_is_answered_with_what_is_wrong(office: TestClient[Litestar]) -> None:
    for body, reason in (
        ({"name": "x", "rule": {"kind": "lottery"}}, "lottery"),
        ({"name": "x", "rule": {"kind": "percent", "percent_ppm": 2_000_000}}, "at most all of it"),
        ({"name": "x", "rule": {"kind": "percent", "percent_ppm": "1"}}, "int"),
        ({"name": "", "rule": {"kind": "percent", "percent_ppm": 1}}, "name"),
        ({"name": "x", "rule": {"kind": "percent", "percent_ppm": 1}, "only_for": "me"}, "only_for"),
    ):
        answer = office.post("/api/v1/promotions", json=body)
        assert answer.status_code == 400
        assert reason in answer.json()["detail"]


def _at_the_tills(app: Litestar, database: Database) -> list[Promotion]:
    """What a till that starts from nothing pulls."""
    feed = app.state.services.feed
    with database.read() as tx:
        (head,) = [one for one in feed.positions(tx, "03") if one.stream == "price/03"]
        changes = feed.page(tx, "price/03", head.epoch, 0, 500).changes
    living: dict[str, Promotion] = {}
    for change in changes:
        living.pop(change.id, None)
        if change.op == reference.PUT:
            living[change.id] = reference.decode(change.entity, change.body)
    return list(living.values())
