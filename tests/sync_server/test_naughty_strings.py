"""Text that broke other programs: kept as it is or refused in words, and never more than text on a page."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from shared_models.store_config import StoreConfig
from sync_server.catalogue.product_names import clean_name
from sync_server.database import Database
from tests.effort import one_in

Client = TestClient[Litestar]
NAUGHTY: list[str] = json.loads((Path(__file__).parent / "data" / "blns.json").read_text())
PASSWORD = "correct horse battery"
OWN_TAGS = re.compile(
    r"<(script|img|iframe|svg|object|embed|style|link|meta|a|form|input|button)\b[^>]*>", re.I
)


@pytest.fixture
def naughty(database: Database) -> Sequence[str]:
    """PostgreSQL minds more of what it is sent, SQLite takes nearly everything: there it is a twelfth of them."""
    return one_in(3, NAUGHTY) if database.on_postgresql else one_in(12, NAUGHTY, first=1)


@pytest.fixture
def on_pages(database: Database) -> Sequence[str]:
    """What a page makes of text is the same whatever the database."""
    return one_in(8, NAUGHTY) if database.on_postgresql else one_in(2, NAUGHTY, first=1)


def refused_in_words(answer: object) -> bool:
    assert answer.status_code in (400, 409), answer.text  # type: ignore[attr-defined]
    detail: str = answer.json()["detail"]  # type: ignore[attr-defined]
    assert detail.endswith("."), detail
    return True


def test_a_products_name_is_given_back_as_it_was_or_refused_in_words(
    office: Client, naughty: Sequence[str]
) -> None:
    kept = 0
    for number, name in enumerate(naughty):
        answer = office.post("/api/v1/products", json={"sku": f"N{number}", "name": name})
        if answer.status_code != 201:
            assert refused_in_words(answer)
            continue
        kept += 1
        product_id = answer.json()["product"]["product_id"]
        shown = office.get(f"/api/v1/products/{product_id}").json()["product"]["name"]
        assert shown in (name, clean_name(name))
    assert kept > 5 * len(naughty) // 6


def test_a_stores_name_is_given_back_as_it_was_or_refused_in_words(
    office: Client, naughty: Sequence[str]
) -> None:
    kept = 0
    for number, name in enumerate(naughty):
        config = {"store_id": f"{number}", "name": name, "currency": "EUR"}
        answer = office.post("/api/v1/stores", json=config)
        if answer.status_code != 201:
            assert refused_in_words(answer)
            continue
        kept += 1
        assert office.get(f"/api/v1/stores/{number}").json()["name"] in (name, name.strip())
    assert kept > 5 * len(naughty) // 8


def test_a_persons_name_is_given_back_as_it_was_or_refused_in_words(
    office: Client, app: Litestar, database: Database
) -> None:
    """Every twelfth: hashing a PIN takes its time on purpose."""
    some = one_in(12, NAUGHTY)
    with database.write() as tx:
        for number in range(len(some)):
            config = StoreConfig(store_id=f"{number}", name="Corner", currency="EUR")
            app.state.services.stores.create(tx, config)
    kept = set()
    for number, name in enumerate(some):
        person = {"name": name, "pin": "483920", "role": "cashier", "store_ids": [f"{number}"]}
        answer = office.post("/api/v1/staff", json=person)
        if answer.status_code == 201:
            kept.add(name.strip())
        else:
            assert refused_in_words(answer)
    shown = {row["name"] for row in office.get("/api/v1/staff", params={"limit": 500}).json()["rows"]}
    assert shown == kept
    assert len(kept) > len(some) // 2


def test_an_accounts_name_is_given_back_as_it_was_or_refused_in_words(
    office: Client, naughty: Sequence[str]
) -> None:
    kept = {"Ada"}
    for name in naughty:
        answer = office.post("/api/v1/accounts", json={"name": name, "password": PASSWORD, "role": "cashier"})
        if answer.status_code == 201:
            kept.add(name.strip())
        else:
            assert refused_in_words(answer)
    shown = {row["name"] for row in office.get("/api/v1/accounts", params={"limit": 500}).json()["rows"]}
    assert shown == kept


@pytest.mark.parametrize("path", ["/api/v1/products", "/api/v1/reports/stock"])
def test_searching_for_anything_finds_something_or_nothing(
    office: Client, path: str, naughty: Sequence[str]
) -> None:
    for text in naughty:
        answer = office.get(path, params={"q": text})
        assert answer.status_code == 200 or refused_in_words(answer)


def test_on_a_page_it_is_text_and_nothing_else(office: Client, on_pages: Sequence[str]) -> None:
    """A page with such names has exactly the tags that it has with harmless ones."""
    answer = office.post("/login", data={"name": "Ada", "password": PASSWORD}, follow_redirects=False)
    assert answer.status_code == 303
    harmless = office.get("/products", params={"q": "zzzz"}).text
    frame = sorted(tag for tag in OWN_TAGS.findall(harmless))
    for text in on_pages:
        page = office.get("/products", params={"q": text})
        assert page.status_code in (200, 400)
        if page.status_code == 200 and text.strip() and "<" in text:
            assert text.strip() not in page.text
            assert sorted(OWN_TAGS.findall(page.text)) == frame, text


def test_a_products_page_shows_its_name_escaped(office: Client, on_pages: Sequence[str]) -> None:
    office.post("/login", data={"name": "Ada", "password": PASSWORD}, follow_redirects=False)
    hostile = [text for text in on_pages if "<" in text and ">" in text]
    shown = 0
    for number, name in enumerate(hostile):
        answer = office.post("/api/v1/products", json={"sku": f"H{number}", "name": name})
        if answer.status_code != 201:
            continue
        kept = answer.json()["product"]
        page = office.get(f"/products/{kept['product_id']}").text
        assert kept["name"] not in page, kept["name"]
        assert escape(kept["name"], quote=False).split('"')[0].split("'")[0] in page
        shown += 1
    assert shown > len(hostile) // 2
