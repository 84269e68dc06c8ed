"""Who must decide what becomes of a quarantined thing sees what it comes to."""

from __future__ import annotations

from hashlib import sha256

import pytest
from litestar import Litestar

from shared_models import wire
from sync_server.database import Database
from sync_server.ingest.held_money import held_money
from sync_server.services import Services
from tests.sync_server.a_till import ATill, Client, enrolled_till, open_store
from tests.sync_server.conftest import PASSWORD
from tests.sync_server.console.test_pages import logged_in, seen
from tests.sync_server.made_up_days import a_line, a_sale

REFUND = b'{"at_ms":1,"tz_min":0,"fact":{"total_minor":-70,"currency":"EUR"}}'


@pytest.fixture
def till(app: Litestar, database: Database, client: Client) -> ATill:
    open_store(app, database)
    return enrolled_till(app, database, client)


@pytest.fixture
def office(services: Services, database: Database, client: Client) -> Client:
    with database.write() as tx:
        services.accounts.create(tx, "Bea", PASSWORD, "admin")
    return logged_in(client, "Bea")


def the_case(services: Services, database: Database) -> tuple[str, str]:
    """(its page, what it is about)"""
    with database.read() as tx:
        (case,) = services.exceptions.cases(tx)
    return f"/exceptions/{case.case_id}", case.refs["quarantine"]


@pytest.mark.expects_log
def test_an_entry_that_can_not_be_booked_says_what_it_comes_to(
    till: ATill, services: Services, database: Database, office: Client
) -> None:
    till.record(a_sale(1, a_line(price=1190), currency="EUR", business_date="no day"))
    till.push()
    services.applier.drain()
    path, _ = the_case(services, database)
    assert "<dt>Comes to</dt><dd>€ 11.90 in 1 sale<br></dd>" in seen(office, path)


def test_a_frame_says_of_each_kind_what_it_comes_to(
    till: ATill, services: Services, database: Database, office: Client
) -> None:
    till.record(a_sale(1, a_line(price=500)))
    till.record(a_sale(2, a_line(price=250)))
    till.record_bytes("refund.posted", REFUND)
    till.send_raw(wire.pack(till.batch(1)))
    path, _ = the_case(services, database)
    page = seen(office, path)
    assert "<dt>Comes to</dt><dd>€ 7.50 in 2 sales<br>\u2212€ 0.70 in 1 refund<br></dd>" in page


def test_a_frame_that_nobody_can_read_may_be_a_sale_of_any_amount(
    till: ATill, services: Services, database: Database, office: Client
) -> None:
    till.send_raw(b"\0\1 nobody can read this")
    path, _ = the_case(services, database)
    assert "<dt>Comes to</dt><dd>1 sale that can't be read<br></dd>" in seen(office, path)


def test_what_is_no_money_comes_to_nothing(
    till: ATill, services: Services, database: Database, office: Client
) -> None:
    till.record_bytes("shift.opened", b"{}")
    frame = wire.pack(till.batch(1))
    till.send_raw(frame)
    path, id = the_case(services, database)
    assert id == sha256(frame).hexdigest()
    with database.read() as tx:
        assert held_money(tx, id) == ((), ())
        assert held_money(tx, "nothing of that id") == ((), ())
    assert "Comes to" not in seen(office, path)
