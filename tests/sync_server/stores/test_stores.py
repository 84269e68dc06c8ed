"""Stores and their tills over HTTP, and what of it goes down to the tills."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from litestar import Litestar

from shared_models import reference
from sync_server.database import Database
from sync_server.feed.service import FeedService
from tests.shared_models.test_logo import png
from tests.sync_server.a_till import Client

STORE: dict[str, Any] = {"store_id": "03", "name": "Corner", "currency": "EUR"}


def test_a_store_and_its_settings_reach_its_tills(office: Client, database: Database) -> None:
    assert office.post("/api/v1/stores", json=STORE).status_code == 201
    assert office.put("/api/v1/stores/03", json=STORE | {"receipt_footer": "Thank you"}).status_code == 200
    assert office.get("/api/v1/stores/03").json()["receipt_footer"] == "Thank you"
    with database.read() as tx:
        page = FeedService().page(tx, "config/03", "", 0, 10)
    (change,) = page.changes
    assert reference.decode(change.entity, change.body).receipt_footer == "Thank you"


def test_a_logo_goes_to_the_tills_and_what_is_no_picture_is_refused(
    office: Client, database: Database
) -> None:
    office.post("/api/v1/stores", json=STORE)
    logo = base64.b64encode(png(300, 100)).decode()
    assert office.put("/api/v1/stores/03", json=STORE | {"logo_png": logo}).status_code == 200
    with database.read() as tx:
        change = FeedService().page(tx, "config/03", "", 0, 10).changes[-1]
    assert reference.decode(change.entity, change.body).logo_png == png(300, 100)
    refused = office.put("/api/v1/stores/03", json=STORE | {"logo_png": base64.b64encode(b"<svg/>").decode()})
    assert refused.status_code == 400
    assert "PNG" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"store_id": "no spaces"}, 400),
        ({"store_id": ""}, 400),
        ({"currency": "euro"}, 400),
        ({"name": " "}, 400),
        ({"variance_limit_minor": "5"}, 400),
        ({"rounding_policy": "as I like"}, 400),
    ],
)
def test_a_store_that_makes_no_sense_is_refused(office: Client, changes: dict[str, Any], status: int) -> None:
    answer = office.post("/api/v1/stores", json=STORE | changes)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")


def test_a_store_is_opened_once_and_keeps_its_currency(office: Client) -> None:
    office.post("/api/v1/stores", json=STORE)
    assert office.post("/api/v1/stores", json=STORE).status_code == 409
    assert office.put("/api/v1/stores/03", json=STORE | {"currency": "CHF"}).status_code == 409
    assert office.put("/api/v1/stores/04", json=STORE).status_code == 400
    assert office.put("/api/v1/stores/04", json=STORE | {"store_id": "04"}).status_code == 404


def test_a_till_stands_in_a_store(office: Client) -> None:
    office.post("/api/v1/stores", json=STORE)
    made = office.post("/api/v1/stores/03/tills", json={"till_id": "03-2", "name": "Window"})
    assert made.json() == {"till_id": "03-2", "store_id": "03", "name": "Window", "store_name": "Corner"}
    assert office.post("/api/v1/stores/03/tills", json={"till_id": "03-2"}).status_code == 409
    assert office.post("/api/v1/stores/03/tills", json={"till_id": "04-1"}).status_code == 400
    assert office.post("/api/v1/stores/09/tills", json={"till_id": "09-1"}).status_code == 404


def test_lists_come_in_pages(office: Client) -> None:
    for number in range(5):
        office.post("/api/v1/stores", json=STORE | {"store_id": f"0{number}"})
        office.post("/api/v1/stores/03/tills", json={"till_id": f"03-{number}"})
    for path, name, count in (("/api/v1/stores", "store_id", 5), ("/api/v1/stores/03/tills", "till_id", 2)):
        seen, cursor = [], None
        while True:
            page = office.get(path, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
            seen += [row[name] for row in page["rows"]]
            cursor = page["next"]
            if cursor is None:
                break
        assert seen == sorted(seen)
        assert len(seen) == count


@pytest.mark.expects_log
def test_a_bug_shows_nothing_of_the_inside(office: Client, app: Litestar, database: Database) -> None:
    from sqlalchemy import text

    with database.write() as tx:
        tx.execute(text("drop table device"))
    answer = office.get("/api/v1/tills/devices")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "device" not in answer.text
