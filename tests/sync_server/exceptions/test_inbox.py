"""The exceptions inbox: raised once, worked through by people, never lost."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from sync_server.database import Database
from sync_server.errors import Conflict, Invalid
from sync_server.exceptions.service import ExceptionService
from sync_server.findings import Finding

Client = TestClient[Litestar]
FINDING = Finding(key="k1", kind="oversell", sentence="Count the shelf.", store_id="03", refs={"sale": "00"})


@pytest.fixture
def inbox() -> ExceptionService:
    return ExceptionService(lambda: 1000)


def test_the_same_finding_is_one_case_even_after_it_was_resolved(
    database: Database, inbox: ExceptionService
) -> None:
    with database.write() as tx:
        inbox.raise_many(tx, [FINDING, FINDING])
        (case,) = inbox.cases(tx)
        inbox.resolve(tx, case.case_id, "Counted", "Ada")
        inbox.raise_many(tx, [FINDING])
        assert [one.state for one in inbox.cases(tx)] == ["resolved"]


def test_what_was_done_is_told_in_order(database: Database, inbox: ExceptionService) -> None:
    with database.write() as tx:
        inbox.raise_many(tx, [FINDING])
        case_id = inbox.cases(tx)[0].case_id
        inbox.assign(tx, case_id, "Bo", "Ada")
        inbox.resolve(tx, case_id, "Counted", "Bo")
        inbox.reopen(tx, case_id, "Counted wrongly", "Ada")
        assert [(note.by, note.state) for note in inbox.notes(tx, case_id)] == [
            ("Ada", "assigned"),
            ("Bo", "resolved"),
            ("Ada", "open"),
        ]
        assert inbox.case(tx, case_id).assigned_to == ""


def test_nobody_resolves_without_a_word_or_twice(database: Database, inbox: ExceptionService) -> None:
    with database.write() as tx:
        inbox.raise_many(tx, [FINDING])
        case_id = inbox.cases(tx)[0].case_id
        with pytest.raises(Invalid):
            inbox.resolve(tx, case_id, "  ", "Ada")
        inbox.resolve(tx, case_id, "Counted", "Ada")
        with pytest.raises(Conflict):
            inbox.resolve(tx, case_id, "Counted again", "Bo")


def test_an_explanation_settles_a_case_but_never_a_persons_decision(
    database: Database, inbox: ExceptionService
) -> None:
    with database.write() as tx:
        inbox.raise_many(tx, [FINDING])
        inbox.settle(tx, "k1", "It arrived.")
        inbox.settle(tx, "k1", "It arrived again.")
        inbox.settle(tx, "unknown", "Nothing")
        case = inbox.cases(tx)[0]
        assert case.state == "resolved"
        assert [note.note for note in inbox.notes(tx, case.case_id)] == ["It arrived."]


def test_cases_are_listed_and_worked_on_over_http(office: Client, database: Database) -> None:
    inbox = office.app.state.services.exceptions
    with database.write() as tx:
        inbox.raise_many(
            tx, [FINDING, Finding(key="k2", kind="late_after_close", sentence="Late.", store_id="04")]
        )
    rows = office.get("/api/v1/exceptions", params={"state": "open", "store_id": "03"}).json()["rows"]
    assert [row["kind"] for row in rows] == ["oversell"]
    path = f"/api/v1/exceptions/{rows[0]['case_id']}"
    assert office.post(f"{path}/assign", json={"to": "Bo"}).json()["state"] == "assigned"
    assert office.post(f"{path}/resolve", json={"note": ""}).status_code == 400
    assert office.post(f"{path}/resolve", json={"note": "Counted"}).json()["state"] == "resolved"
    assert len(office.get(path).json()["notes"]) == 2
    assert office.get("/api/v1/exceptions/999").status_code == 404
