"""What could not be booked: head office sees why on the case's page, and has it tried again there."""

from __future__ import annotations

import pytest
from litestar import Litestar
from sqlalchemy import Connection

from shared_models import wire
from shared_models.store_config import StoreConfig
from sync_server.database import Database
from sync_server.services import Services
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.conftest import PASSWORD
from tests.sync_server.console.test_pages import form_token, logged_in, seen
from tests.sync_server.made_up_days import a_sale

BUTTON = "<button>Try it again</button>"


@pytest.fixture
def till(app: Litestar, database: Database, client: Client, services: Services) -> ATill:
    open_store(app, database)
    with database.write() as tx:
        services.accounts.create(tx, "Ada", PASSWORD, "admin")
        services.stores.create(tx, StoreConfig(store_id="04", name="Harbour", currency="EUR"))
        services.accounts.create(tx, "Bo", PASSWORD, "manager", "03")
        services.accounts.create(tx, "Cy", PASSWORD, "manager", "04")
    till = enrolled_till(app, database, client)
    till.record(a_sale(1))
    return till


@pytest.fixture
def case_page(till: ATill, services: Services, database: Database, broken: pytest.MonkeyPatch) -> str:
    till.push()
    services.applier.drain()
    return the_case(services, database)


def the_case(services: Services, database: Database) -> str:
    with database.read() as tx:
        (case,) = services.exceptions.cases(tx)
    return f"/exceptions/{case.case_id}"


def sales(database: Database, services: Services) -> int:
    with database.read() as tx:
        return count_sales(tx)


def count_sales(tx: Connection) -> int:
    return int(tx.exec_driver_sql("select count(*) from sale").scalar_one())


def test_a_sale_is_booked_once_what_was_wrong_is_put_right(
    case_page: str, services: Services, database: Database, client: Client, broken: pytest.MonkeyPatch
) -> None:
    console = logged_in(client, "Bo")
    page = seen(console, case_page)
    assert "ValueError: no such &lt;product&gt;" in page
    assert "under Unclassified, until it is booked or set aside" in page
    broken.undo()

    for _ in range(2):
        asked = console.post(f"{case_page}/retry", data={"form_token": form_token(page)})
        assert "It is being tried again." in asked.text
        assert BUTTON not in asked.text
    services.applier.drain()

    page = seen(console, case_page)
    assert "It was tried again and could be booked." in page
    assert "<dt>Counts" not in page
    assert BUTTON not in page
    assert sales(database, services) == 1


def test_what_still_cannot_be_booked_says_how_often_it_was_tried(
    case_page: str, services: Services, client: Client
) -> None:
    console = logged_in(client, "Ada")
    page = seen(console, case_page)
    assert "<dd>1 time</dd>" in page
    console.post(f"{case_page}/retry", data={"form_token": form_token(page)})
    services.applier.drain()
    page = seen(console, case_page)
    assert "<dd>2 times</dd>" in page
    assert BUTTON in page


def test_a_manager_of_another_store_has_nothing_tried_again(
    case_page: str, services: Services, client: Client
) -> None:
    console = logged_in(client, "Cy")
    token = form_token(seen(console, "/exceptions"))
    assert console.post(f"{case_page}/retry", data={"form_token": token}).status_code == 404
    assert services.applier.drain() == 0


def test_a_form_from_elsewhere_has_nothing_tried_again(
    case_page: str, services: Services, client: Client
) -> None:
    console = logged_in(client, "Ada")
    assert console.post(f"{case_page}/retry", data={}).status_code == 403
    assert services.applier.drain() == 0


def test_a_frame_that_came_raw_is_taken_in_where_it_can_be_read(
    till: ATill, services: Services, database: Database, client: Client
) -> None:
    till.send_raw(wire.pack(till.batch()))
    page = the_case(services, database)
    console = logged_in(client, "Ada")
    done = console.post(f"{page}/retry", data={"form_token": form_token(seen(console, page))})
    assert "It could be read at last and was taken in." in done.text
    assert BUTTON not in done.text
    services.applier.drain()
    assert sales(database, services) == 1


def test_a_frame_that_nobody_can_read_says_so_and_stays(
    till: ATill, services: Services, database: Database, client: Client
) -> None:
    till.send_raw(b"noise")
    page = the_case(services, database)
    console = logged_in(client, "Ada")
    refused = console.post(f"{page}/retry", data={"form_token": form_token(seen(console, page))})
    assert refused.status_code == 400
    assert "This version can&#39;t read it either." in refused.text
    assert BUTTON in refused.text


def test_a_case_about_nothing_in_quarantine_has_nothing_to_try(
    till: ATill, services: Services, database: Database, client: Client
) -> None:
    with database.write() as tx:
        services.exceptions.raise_(tx, "till_cloned", ["till:03-1"], "Two of them.")
    page = the_case(services, database)
    console = logged_in(client, "Ada")
    assert BUTTON not in seen(console, page)
    refused = console.post(f"{page}/retry", data={"form_token": form_token(seen(console, page))})
    assert refused.status_code == 400
    assert "Nothing of that id is in quarantine." in refused.text


def test_who_took_a_frame_in_stays_on_record(till: ATill, services: Services, database: Database) -> None:
    till.send_raw(wire.pack(till.batch()))
    with database.read() as tx:
        (frame,) = services.ingest.quarantined(tx, None, None, 10)
    for who in ("Bo", "Ada"):
        services.ingest.retry(frame.quarantine_id, who)
    with database.read() as tx:
        assert services.ingest.held(tx, frame.quarantine_id).resolved_by == "Bo"
