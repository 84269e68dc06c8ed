"""Staff with PINs, as the tills of their stores get them."""

from __future__ import annotations

import pytest

from shared_models.staff import Permission
from sync_server.database import Database
from sync_server.errors import Conflict, Invalid
from sync_server.staff.pins import WeakPin, check_pin, pin_matches
from sync_server.staff.service import StaffService
from tests.sync_server.made_up_days import Published, ids


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def staff(published: Published) -> StaffService:
    return StaffService(published, lambda tx: ["03", "04", "05"], lambda: 1000, ids())


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.mark.parametrize(
    "pin",
    ["123", "123456789", "1234", "9876", "7890", "0000", "77777777", "1212", "12ab", "", "2580", "١٢٣٤"],
)
def test_a_pin_that_everyone_guesses_is_refused(pin: str) -> None:
    with pytest.raises(WeakPin):
        check_pin(pin)


@pytest.mark.parametrize("pin", ["4711", "9043", "80421", "19480321"])
def test_other_pins_are_fine(pin: str) -> None:
    check_pin(pin)


def test_tills_get_a_hash_and_never_the_pin(
    database: Database, staff: StaffService, published: Published
) -> None:
    with database.write() as tx:
        staff.hire(tx, "Ana R.", "4711", "manager", ["03"])
    (sent,) = published.on("staff/03")
    assert sent.pin_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert pin_matches(sent.pin_hash, "4711")
    assert not pin_matches(sent.pin_hash, "4712")
    assert sent.may(Permission.APPROVE_VARIANCE)


def test_two_people_of_a_store_never_share_a_pin(database: Database, staff: StaffService) -> None:
    with database.write() as tx:
        ana = staff.hire(tx, "Ana", "4711", "cashier", ["03"])
        staff.hire(tx, "Bo", "4711", "cashier", ["04"])
        cy = staff.hire(tx, "Cy", "9043", "cashier", ["03", "04"])
        with pytest.raises(Conflict):
            staff.hire(tx, "Di", "4711", "cashier", ["05", "03"])
        with pytest.raises(Conflict):
            staff.change_pin(tx, cy.staff_id, "4711")
        staff.change_pin(tx, ana.staff_id, "4711")


def test_nobody_is_hired_for_a_store_that_is_not_there(database: Database, staff: StaffService) -> None:
    with database.write() as tx, pytest.raises(Invalid, match="no store 99"):
        staff.hire(tx, "Ana", "4711", "cashier", ["03", "99"])


def test_who_left_may_log_in_nowhere_and_frees_the_pin(
    database: Database, staff: StaffService, published: Published
) -> None:
    with database.write() as tx:
        gone = staff.hire(tx, "Ana", "4711", "senior", ["03", "04"])
        staff.dismiss(tx, gone.staff_id)
        staff.hire(tx, "Bo", "4711", "cashier", ["03"])
    assert {one.name: one.active for one in published.on("staff/03")} == {"Ana": False, "Bo": True}
    assert not published.on("staff/04")[0].may(Permission.SELL)


def test_a_role_says_what_a_person_may_do_at_a_till(
    database: Database, staff: StaffService, published: Published
) -> None:
    with database.write() as tx:
        ana = staff.hire(tx, "Ana", "4711", "trainee", ["03"])
        assert published.on("staff/03")[0].permissions == ("till.sell",)
        staff.change_role(tx, ana.staff_id, "senior")
        assert "till.discount" in published.on("staff/03")[0].permissions
        with pytest.raises(Invalid):
            staff.change_role(tx, ana.staff_id, "emperor")
