"""What came raw and nobody needs to read: a person sets it aside, and nothing of it is lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import Any

import pytest
from litestar import Litestar
from sqlalchemy import select

from shared_models import wire
from shared_models.errors import ShopError
from sync_server.database import Database
from sync_server.ingest.set_aside import LONGEST_REASON
from sync_server.ingest.tables import ingest_log, quarantine
from sync_server.services import Services
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.conftest import PASSWORD
from tests.sync_server.console.test_pages import form_token, logged_in, seen
from tests.sync_server.made_up_days import DAY, a_sale

NOISE = b"nobody can read this"
NOISE_ID = sha256(NOISE).hexdigest()
PATH = f"/api/v1/quarantine/{NOISE_ID}/set-aside"
WHY = "A broken disk wrote it; the paper roll has every sale."


@pytest.fixture
def till(app: Litestar, database: Database, client: Client, services: Services) -> ATill:
    open_store(app, database)
    with database.write() as tx:
        services.accounts.create(tx, "Bo", PASSWORD, "manager", "03")
    till = enrolled_till(app, database, client)
    for number in (1, 2):
        till.record(a_sale(number))
    return till


def unclassified(office: Client) -> Any:
    answer = office.get("/api/v1/reports/takings", params={"by": "till", "day": DAY})
    assert answer.status_code == 200
    return answer.json()["takings"]["unclassified"]


def notes(services: Services, database: Database) -> list[tuple[str, str, str]]:
    """Of the only case."""
    with database.read() as tx:
        (case,) = services.exceptions.cases(tx)
        return [(one.by, one.state, one.note) for one in services.exceptions.notes(tx, case.case_id)]


def test_a_frame_that_was_set_aside_counts_no_more_and_says_who_and_why(
    till: ATill, office: Client, services: Services, database: Database
) -> None:
    till.send_raw(NOISE)
    assert unclassified(office) == [{"currency": "", "entries": 1, "amount_minor": 0, "unreadable": 1}]
    answer = office.post(PATH, json={"reason": f"  {WHY}\n"})
    assert answer.status_code == 200
    assert unclassified(office) == []
    (row,) = office.get("/api/v1/quarantine").json()["rows"]
    assert row == answer.json()
    assert (row["set_aside_for"], row["resolved_by"], row["reason"]) == (WHY, "Ada", "raw")
    assert row["resolved_at_ms"]
    assert notes(services, database) == [("Ada", "resolved", f"Set aside: {WHY}")]
    with database.read() as tx:
        assert tx.scalars(select(quarantine.c.raw)).all() == [NOISE]


def test_setting_aside_again_changes_nothing_and_is_said(
    till: ATill, office: Client, services: Services, database: Database
) -> None:
    till.send_raw(NOISE)
    assert office.post(PATH, json={"reason": WHY}).status_code == 200
    again = office.post(PATH, json={"reason": "Another reason."})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    (row,) = office.get("/api/v1/quarantine").json()["rows"]
    assert row["set_aside_for"] == WHY
    assert len(notes(services, database)) == 1


def test_of_two_people_at_one_moment_one_sets_it_aside(
    till: ATill, office: Client, services: Services, database: Database
) -> None:
    till.send_raw(NOISE)

    def set_aside(who: str) -> str:
        try:
            services.ingest.set_aside(NOISE_ID, f"{who} looked.", who)
        except ShopError as reason:
            return reason.code
        return "done"

    with ThreadPoolExecutor(2) as two:
        assert sorted(two.map(set_aside, ("Ada", "Bo"))) == ["conflict", "done"]
    assert len(notes(services, database)) == 1


def test_a_till_that_sends_it_again_brings_it_back_to_nobody(
    till: ATill, office: Client, services: Services, database: Database
) -> None:
    frame = wire.pack(till.batch(1, 1))
    first = till.send_raw(frame)
    office.post(f"/api/v1/quarantine/{sha256(frame).hexdigest()}/set-aside", json={"reason": WHY})
    assert till.send_raw(frame).content == first.content
    assert till.push(2, 2).high == 2, "the till goes on behind it"
    assert unclassified(office) == []
    assert len(office.get("/api/v1/quarantine").json()["rows"]) == 1
    assert len(notes(services, database)) == 1


def test_the_server_takes_in_nothing_by_itself_that_was_set_aside(
    till: ATill, office: Client, services: Services, database: Database
) -> None:
    frame = wire.pack(till.batch(1, 1))
    till.send_raw(frame)
    office.post(f"/api/v1/quarantine/{sha256(frame).hexdigest()}/set-aside", json={"reason": WHY})
    services.ingest.take_in_raw()
    with database.read() as tx:
        assert tx.scalars(select(ingest_log.c.body)).all() == []


def test_a_sale_that_was_set_aside_by_mistake_is_still_booked_when_a_person_says_so(
    till: ATill, office: Client, services: Services, database: Database
) -> None:
    frame = wire.pack(till.batch(1, 1))
    till.send_raw(frame)
    id = sha256(frame).hexdigest()
    office.post(f"/api/v1/quarantine/{id}/set-aside", json={"reason": WHY})
    assert office.post(f"/api/v1/quarantine/{id}/retry").status_code == 202
    assert services.applier.drain() == 1
    (row,) = office.get("/api/v1/quarantine").json()["rows"]
    assert row["set_aside_for"] is None
    said = [note for _, _, note in notes(services, database)]
    assert said == [f"Set aside: {WHY}", "It could be read at last and was taken in."]
    answer = office.post(f"/api/v1/quarantine/{id}/set-aside", json={"reason": WHY})
    assert answer.status_code == 409, "it counts now"


def test_who_set_it_aside_is_noted_also_where_the_case_was_resolved_before(
    till: ATill, office: Client, services: Services, database: Database
) -> None:
    till.send_raw(NOISE)
    with database.write() as tx:
        (case,) = services.exceptions.cases(tx)
        services.exceptions.resolve(tx, case.case_id, "Asked the shop.", "Bo")
    assert unclassified(office), "resolving the case alone takes nothing out of the note"
    assert office.post(PATH, json={"reason": WHY}).status_code == 200
    assert [by for by, _, _ in notes(services, database)] == ["Bo", "Ada"]


@pytest.mark.parametrize(
    "body",
    [
        b'{"reason":""}',
        b'{"reason":" \\n\\t"}',
        b'{"reason":null}',
        b"{}",
        b"",
        b"[]",
        b'{"reason":"why","by":"Eve"}',
        b'{"reason":"why\\u0000"}',
        b'{"reason":"' + b"x" * (LONGEST_REASON + 1) + b'"}',
        b'{"reason":"\xff"}',
    ],
)
def test_a_reason_that_is_none_is_refused_and_the_frame_waits_on(
    till: ATill, office: Client, body: bytes
) -> None:
    till.send_raw(NOISE)
    assert office.post(PATH, content=body).status_code == 400
    assert len(unclassified(office)) == 1


@pytest.mark.parametrize("id", ["nothing", "0" * 64, "x" * 5000, "%27%20or%201=1", NOISE_ID.upper()])
def test_what_is_not_in_quarantine_can_not_be_set_aside(till: ATill, office: Client, id: str) -> None:
    till.send_raw(NOISE)
    assert office.post(f"/api/v1/quarantine/{id}/set-aside", json={"reason": WHY}).status_code == 404
    assert len(unclassified(office)) == 1


def test_only_head_office_sets_aside(till: ATill, office: Client) -> None:
    till.send_raw(NOISE)
    login = {"name": "Bo", "password": PASSWORD}
    token = office.post("/api/v1/auth/login", json=login).json()["token"]
    as_manager = {"Authorization": f"Bearer {token}"}
    assert office.post(PATH, json={"reason": WHY}, headers=as_manager).status_code == 403
    assert office.post(PATH, json={"reason": WHY}, headers=till.headers).status_code in (401, 403)
    assert office.post(PATH, json={"reason": WHY}, headers={"Authorization": ""}).status_code == 401
    assert len(unclassified(office)) == 1


def test_there_is_room_again_for_frames_of_a_till_whose_frames_were_set_aside(
    till: ATill, office: Client, services: Services
) -> None:
    services.ingest._raw_frames._most = 1
    till.send_raw(NOISE)
    assert till.send_raw(b"more noise").status_code == 409
    office.post(PATH, json={"reason": WHY})
    assert till.send_raw(b"more noise").status_code == 202


# In the console


@pytest.fixture
def case_page(till: ATill, services: Services, database: Database) -> str:
    till.send_raw(NOISE)
    with database.write() as tx:
        services.accounts.create(tx, "Ada", PASSWORD, "admin")
        (case,) = services.exceptions.cases(tx)
    return f"/exceptions/{case.case_id}"


def test_head_office_sets_a_frame_aside_on_its_case_page(case_page: str, client: Client) -> None:
    console = logged_in(client, "Ada")
    page = seen(console, case_page)
    assert f"{len(NOISE)} bytes, which this version can't read" in page
    assert "under Unclassified, until" in page
    fields = {"form_token": form_token(page), "note": " "}
    silent = console.post(f"{case_page}/set-aside", data=fields)
    assert silent.status_code == 400
    assert "Write why nobody needs it" in silent.text
    done = console.post(f"{case_page}/set-aside", data=fields | {"note": "<b>Noise</b>"})
    assert "&lt;b&gt;Noise&lt;/b&gt;<br><small>Ada" in done.text
    assert "Set aside: &lt;b&gt;Noise" in done.text
    assert "Set the frame aside" not in done.text
    assert "under Unclassified, until" not in done.text
    again = console.post(f"{case_page}/set-aside", data=fields | {"note": "Noise."})
    assert again.status_code == 400
    assert "does not wait any more" in again.text


def test_a_form_from_elsewhere_sets_nothing_aside(case_page: str, client: Client, database: Database) -> None:
    console = logged_in(client, "Ada")
    assert console.post(f"{case_page}/set-aside", data={"note": "Noise."}).status_code == 403
    assert "Set the frame aside" in seen(console, case_page)


def test_a_manager_sees_the_frame_and_no_button(case_page: str, client: Client) -> None:
    console = logged_in(client, "Bo")
    page = seen(console, case_page)
    assert "which this version can't read" in page
    assert "Set the frame aside" not in page
    fields = {"form_token": form_token(page), "note": "Noise."}
    assert console.post(f"{case_page}/set-aside", data=fields).status_code == 403


def test_the_page_says_what_a_frame_holds_that_can_be_read(
    till: ATill, services: Services, database: Database, client: Client
) -> None:
    with database.write() as tx:
        services.accounts.create(tx, "Ada", PASSWORD, "admin")
    till.send_raw(wire.pack(till.batch(1, 2)))
    with database.read() as tx:
        (case,) = services.exceptions.cases(tx)
    page = seen(logged_in(client, "Ada"), f"/exceptions/{case.case_id}")
    assert "which hold sale.posted, sale.posted" in page


def test_a_case_about_no_frame_can_set_none_aside(
    till: ATill, services: Services, database: Database, client: Client
) -> None:
    with database.write() as tx:
        services.accounts.create(tx, "Ada", PASSWORD, "admin")
        services.exceptions.raise_(tx, "till_cloned", ["till:03-1"], "Two of them.")
        (case,) = services.exceptions.cases(tx)
    console = logged_in(client, "Ada")
    page = seen(console, f"/exceptions/{case.case_id}")
    assert "Set the frame aside" not in page
    fields = {"form_token": form_token(page), "note": "Noise."}
    answer = console.post(f"/exceptions/{case.case_id}/set-aside", data=fields)
    assert answer.status_code == 400
    assert "Nothing of that id is in quarantine" in answer.text
