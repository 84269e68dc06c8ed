"""A stored entry that can never be booked: a person sets it aside, and it counts no more as money."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from sync_server.database import Database
from sync_server.ingest.tables import ingest_log
from sync_server.services import Services
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.conftest import PASSWORD
from tests.sync_server.console.test_pages import form_token, logged_in, seen
from tests.sync_server.made_up_days import DAY, a_sale

WHY = "The shop rang it up again as receipt 12."


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    open_store(app, database)
    return enrolled_till(app, database, client)


@pytest.fixture
def entry(till: ATill, services: Services, broken: pytest.MonkeyPatch) -> str:
    """A sale that can't be booked for now; its path in the API."""
    sold = till.record(a_sale(1))
    till.push()
    services.applier.drain()
    return f"/api/v1/quarantine/{sold.event_id.hex()}"


def takings(office: Client) -> Any:
    return office.get("/api/v1/reports/takings", params={"by": "till", "day": DAY}).json()["takings"]


def held(office: Client) -> Any:
    (row,) = office.get("/api/v1/quarantine").json()["rows"]
    return row


def notes(services: Services, database: Database) -> list[str]:
    with database.read() as tx:
        (case,) = services.exceptions.cases(tx)
        return [one.note for one in services.exceptions.notes(tx, case.case_id)]


def test_an_entry_that_was_set_aside_counts_no_more_and_stays_in_the_log(
    entry: str, office: Client, services: Services, database: Database
) -> None:
    assert len(takings(office)["unclassified"]) == 1
    answer = office.post(f"{entry}/set-aside", json={"reason": WHY})
    assert answer.status_code == 200
    assert takings(office)["unclassified"] == []
    assert (held(office)["set_aside_for"], held(office)["resolved_by"]) == (WHY, "Ada")
    assert notes(services, database) == [f"Set aside: {WHY}"]
    with database.read() as tx:
        assert tx.scalars(select(ingest_log.c.type)).all() == ["sale.posted"]
    assert office.post(f"{entry}/set-aside", json={"reason": "Again."}).status_code == 409


def test_it_is_still_booked_when_a_person_has_it_tried_again(
    entry: str, office: Client, services: Services, database: Database, broken: pytest.MonkeyPatch
) -> None:
    office.post(f"{entry}/set-aside", json={"reason": WHY})
    broken.undo()
    assert office.post(f"{entry}/retry").status_code == 202
    services.applier.drain()
    assert takings(office)["rows"], "it is among the takings"
    assert (held(office)["set_aside_for"], held(office)["resolved_by"]) == (None, "applied")
    assert notes(services, database) == [f"Set aside: {WHY}", "It was tried again and could be booked."]
    assert office.post(f"{entry}/retry").status_code == 202
    assert services.applier.drain() == 0, "it is in the books"
    assert office.post(f"{entry}/set-aside", json={"reason": WHY}).status_code == 409


def test_where_it_still_can_not_be_booked_it_stays_set_aside(
    entry: str, office: Client, services: Services, database: Database
) -> None:
    office.post(f"{entry}/set-aside", json={"reason": WHY})
    office.post(f"{entry}/retry")
    assert services.applier.drain() == 1
    assert (held(office)["set_aside_for"], held(office)["attempts"]) == (WHY, 2)
    assert takings(office)["unclassified"] == []
    assert notes(services, database) == [f"Set aside: {WHY}"]


def test_what_is_just_being_tried_again_is_not_set_aside(
    entry: str, office: Client, services: Services
) -> None:
    office.post(f"{entry}/retry")
    answer = office.post(f"{entry}/set-aside", json={"reason": WHY})
    assert (answer.status_code, "being tried again" in answer.json()["detail"]) == (409, True)
    services.applier.drain()
    assert office.post(f"{entry}/set-aside", json={"reason": WHY}).status_code == 200


def test_an_upgrade_tries_nothing_again_that_was_set_aside(
    till: ATill, office: Client, services: Services
) -> None:
    for kind in ("sale.imagined", "sale.dreamt"):
        till.record_bytes(kind, b"{}")
    till.push()
    services.applier.drain()
    first, second = office.get("/api/v1/quarantine").json()["rows"]
    path = f"/api/v1/quarantine/{first['quarantine_id']}/set-aside"
    assert office.post(path, json={"reason": WHY}).status_code == 200
    services.applier.retry_unknown()
    services.applier.drain()
    tried = {row["quarantine_id"]: row["attempts"] for row in office.get("/api/v1/quarantine").json()["rows"]}
    assert tried == {first["quarantine_id"]: 1, second["quarantine_id"]: 2}


def test_head_office_sets_an_entry_aside_on_its_case_page(
    entry: str, services: Services, database: Database, client: Client
) -> None:
    with database.write() as tx:
        services.accounts.create(tx, "Bea", PASSWORD, "admin")
        services.accounts.create(tx, "Bo", PASSWORD, "manager", "03")
        (case,) = services.exceptions.cases(tx)
    path = f"/exceptions/{case.case_id}"
    assert "Set the entry aside" not in seen(logged_in(client, "Bo"), path), "a manager may not"
    console = logged_in(client, "Bea")
    page = seen(console, path)
    assert "under Unclassified, until it is booked or set aside" in page
    done = console.post(f"{path}/set-aside", data={"form_token": form_token(page), "note": "<b>Twice</b>"})
    assert "&lt;b&gt;Twice&lt;/b&gt;<br><small>Bea" in done.text
    assert "Set the entry aside" not in done.text
    assert "under Unclassified, until" not in done.text
    assert "<button>Try it again</button>" in done.text
