"""Daily roots, and closings over HTTP."""

from __future__ import annotations

from hashlib import sha256

import msgspec
import pytest
from litestar import Litestar

from shared_models.closing import ROOT_TAG, Head, is_genuine, tree_root
from shared_models.signing import verifier
from shared_models.store_config import StoreConfig
from sync_server.database import Database
from tests.sync_server.a_till import Client
from tests.sync_server.closings.closing_shop import ClosingShop, at_ms
from tests.sync_server.conftest import PASSWORD, Clock


@pytest.fixture
def shop(app: Litestar, database: Database, office: Client, clock: Clock) -> ClosingShop:
    return ClosingShop(app, database, office, clock)


@pytest.fixture
def closed(shop: ClosingShop, office: Client) -> ClosingShop:
    """Two days, each closed."""
    for day in ("2026-11-20", "2026-11-21"):
        shop.sell(day, 119)
        shop.sell(day, 238, till=2)
        shop.night_after(day)
    log_in(office, "Ada")
    return shop


def log_in(client: Client, name: str) -> None:
    answer = client.post("/api/v1/auth/login", json={"name": name, "password": PASSWORD})
    client.headers["Authorization"] = f"Bearer {answer.json()['token']}"


def test_a_tree_of_heads_is_that_of_the_standard() -> None:
    heads = [Head(f"{n}", n, sha256(bytes([n])).hexdigest()) for n in range(5)]
    leaf = [
        sha256(
            b"\0" + b"\0\1" + one.name.encode() + one.number.to_bytes(8, "big") + bytes.fromhex(one.hash)
        ).digest()
        for one in heads
    ]

    def node(left: bytes, right: bytes) -> bytes:
        return sha256(b"\1" + left + right).digest()

    assert tree_root([]) == sha256(b"").digest()
    assert tree_root(heads[:1]) == leaf[0]
    assert tree_root(heads[:3]) == node(node(leaf[0], leaf[1]), leaf[2])
    assert tree_root(heads) == node(node(node(leaf[0], leaf[1]), node(leaf[2], leaf[3])), leaf[4])
    assert tree_root(list(reversed(heads))) == tree_root(heads)


def test_every_day_has_a_root_over_all_journals_and_chains_that_follows_the_one_before(
    closed: ClosingShop,
) -> None:
    key = verifier(bytes.fromhex(closed.services.evidence.key.public_key))
    with closed.database.read() as tx:
        last, first = closed.services.statements.roots(tx)
    assert [first.root.day, last.root.day] == ["2026-11-20", "2026-11-21"]
    assert last.root.previous == first.seal.hash.hex()
    assert all(is_genuine(ROOT_TAG, one.seal, key) for one in (first, last))
    heads = [(till.incarnation.hex(), 2, till.entries[-1].hash.hex()) for till in closed.tills]
    assert [(one.name, one.number, one.hash) for one in last.journals] == sorted(heads)
    assert [one.name for one in last.closings] == ["store/03/day", "till/03-1/day", "till/03-2/day"]
    assert last.root.journals_root == tree_root(last.journals).hex()
    assert last.root.closings_root == tree_root(last.closings).hex()


def test_a_day_has_one_root_and_a_server_without_journals_none(shop: ClosingShop) -> None:
    shop.night_after("2026-11-19")
    shop.sell("2026-11-20")
    shop.night_after("2026-11-20")
    shop.clock.advance(3_600_000)
    shop.services.closings.close_due()
    with shop.database.read() as tx:
        assert [one.root.day for one in shop.services.statements.roots(tx)] == ["2026-11-20"]


def test_closings_are_listed_in_pages_and_each_can_be_opened(closed: ClosingShop, office: Client) -> None:
    query = {"of": "store", "span": "day", "limit": "1"}
    page = office.get("/api/v1/closings", params=query).json()
    (row,) = page["rows"]
    assert (row["chain"], row["closing"]["period"]) == ("store/03/day", "2026-11-21")
    assert row["closing"]["figures"][0]["gross_minor"] == 357
    page = office.get("/api/v1/closings", params=query | {"cursor": page["next"]}).json()
    assert ([one["closing"]["period"] for one in page["rows"]], page["next"]) == (["2026-11-20"], None)
    one = office.get(f"/api/v1/closings/{row['closing_id']}").json()
    assert one == row
    assert sha256(b"evertill-closing-1\0" + one["statement"].encode()).hexdigest() == one["hash"]
    assert office.get("/api/v1/closings/999999").status_code == 404
    assert office.get("/api/v1/closings", params={"span": "week"}).status_code == 400


def test_head_office_closes_a_day_at_once(shop: ClosingShop, office: Client) -> None:
    shop.sell("2026-11-21")
    shop.clock.now = at_ms("2026-11-21 18:00")
    log_in(office, "Ada")
    asked = {"store_id": "03", "day": "2026-11-21"}
    assert office.post("/api/v1/closings", json=asked).json() == {"made": 2}
    assert office.post("/api/v1/closings", json=asked).json() == {"made": 0}
    ahead = office.post("/api/v1/closings", json=asked | {"day": "2026-11-22"})
    assert (ahead.status_code, "2026-11-21 or before" in ahead.json()["detail"]) == (400, True)
    assert office.post("/api/v1/closings", json={"store_id": "99"}).status_code == 404


def test_a_root_can_be_fetched_with_its_heads_and_as_a_page_to_keep(
    closed: ClosingShop, office: Client
) -> None:
    rows = office.get("/api/v1/roots").json()["rows"]
    assert [row["root"]["day"] for row in rows] == ["2026-11-21", "2026-11-20"]
    one = office.get("/api/v1/roots/2026-11-21").json()
    assert len(one["journals"]) == one["root"]["journals"] == 2
    text = office.get("/api/v1/roots/2026-11-21", params={"format": "text"})
    assert text.headers["content-type"].startswith("text/plain")
    assert one["hash"] in text.text
    assert one["statement"] in text.text
    assert office.get("/api/v1/roots/2026-11-22").status_code == 404


def test_a_manager_sees_the_closings_of_his_store_and_nothing_of_the_others(
    closed: ClosingShop, office: Client, app: Litestar, database: Database
) -> None:
    with database.write() as tx:
        accounts = app.state.services.accounts
        accounts.create(tx, "Mo", PASSWORD, "manager", "03")
        closed.services.stores.create(tx, _other_store(closed))
        accounts.create(tx, "Max", PASSWORD, "manager", "04")
    log_in(office, "Mo")
    rows = office.get("/api/v1/closings").json()["rows"]
    assert rows
    assert office.post("/api/v1/closings", json={"store_id": "03"}).status_code == 403
    assert office.get("/api/v1/roots").status_code == 403
    log_in(office, "Max")
    assert office.get("/api/v1/closings").json()["rows"] == []
    assert office.get(f"/api/v1/closings/{rows[0]['closing_id']}").status_code == 404
    assert office.get("/api/v1/closings", params={"store_id": "03"}).status_code == 403


def _other_store(shop: ClosingShop) -> StoreConfig:
    with shop.database.read() as tx:
        return msgspec.structs.replace(shop.services.stores.store(tx, "03"), store_id="04", name="Fair")
