"""Guessing passwords and codes gets slower, and an account that is closed opens nothing any more."""

from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from sync_server.attempts import FORGOTTEN_AFTER_MS, PER_ACCOUNT, PER_ADDRESS, Attempts, Key, TooManyTries
from sync_server.database import Database
from sync_server.errors import NotLoggedIn
from tests.sync_server.a_till import ATill, code_for, open_store

PASSWORD = "correct horse battery"
Client = TestClient[Litestar]


def try_password(client: Client, name: str = "Ada", password: str = "wrong") -> Any:
    return client.post("/api/v1/auth/login", json={"name": name, "password": password})


def test_whoever_guesses_a_password_waits_longer_and_longer(office: Client, clock: Any) -> None:
    for _ in range(PER_ACCOUNT.free):
        assert try_password(office).status_code == 401
    waits = []
    for _ in range(8):
        refused = try_password(office)
        assert refused.status_code == 429
        assert refused.headers["content-type"].startswith("application/problem+json")
        assert refused.json()["code"] == "too_many_tries"
        waits.append(int(refused.headers["retry-after"]))
        clock.advance(waits[-1] * 1000)
        assert try_password(office).status_code == 401
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60]


def test_even_the_right_password_must_wait_and_then_wipes_the_slate_clean(office: Client, clock: Any) -> None:
    for _ in range(PER_ACCOUNT.free):
        try_password(office)
    assert try_password(office, password=PASSWORD).status_code == 429
    clock.advance(1000)
    assert try_password(office, password=PASSWORD).status_code == 200
    for _ in range(PER_ACCOUNT.free):
        assert try_password(office).status_code == 401


def test_the_waiting_of_one_account_is_not_another_ones(
    office: Client, app: Litestar, database: Database
) -> None:
    with database.write() as tx:
        app.state.services.accounts.create(tx, "Mia", PASSWORD, "manager")
    for _ in range(PER_ACCOUNT.free):
        try_password(office)
    assert try_password(office).status_code == 429
    assert try_password(office, "Mia", PASSWORD).status_code == 200


def test_an_address_that_guesses_many_names_waits_and_an_own_log_in_does_not_help_it(
    office: Client, clock: Any
) -> None:
    for number in range(PER_ADDRESS.free - 1):
        assert try_password(office, f"name {number}").status_code == 401
    assert try_password(office, "Ada", PASSWORD).status_code == 200
    assert try_password(office, "the last name").status_code == 401
    assert try_password(office, "one more").status_code == 429
    assert try_password(office, "Ada", PASSWORD).status_code == 429
    clock.advance(1000)
    assert try_password(office, "Ada", PASSWORD).status_code == 200


def test_tries_that_were_long_ago_are_forgotten(office: Client, clock: Any) -> None:
    for _ in range(PER_ACCOUNT.free):
        try_password(office)
    clock.advance(FORGOTTEN_AFTER_MS)
    for _ in range(PER_ACCOUNT.free):
        assert try_password(office).status_code == 401


def test_a_hundred_tries_at_the_same_moment_are_a_hundred_tries(clock: Any) -> None:
    attempts, key = Attempts(clock), Key("account", "Ada", PER_ACCOUNT, True)
    under_way = [attempts.guarding([key], NotLoggedIn) for _ in range(PER_ACCOUNT.free + 1)]
    for one in under_way[:-1]:
        one.__enter__()
    with pytest.raises(TooManyTries):
        under_way[-1].__enter__()


def test_what_ends_otherwise_than_wrong_is_not_counted(clock: Any) -> None:
    attempts, key = Attempts(clock), Key("account", "Ada", PER_ACCOUNT, True)
    for _ in range(PER_ACCOUNT.free * 2):
        with pytest.raises(ValueError, match="a body"), attempts.guarding([key], NotLoggedIn):
            raise ValueError("a body that makes no sense")
    with attempts.guarding([key], NotLoggedIn):
        pass


def test_the_console_says_in_words_how_long_to_wait(office: Client) -> None:
    for _ in range(PER_ACCOUNT.free):
        assert office.post("/login", data={"name": "Ada", "password": "no"}).status_code == 401
    answer = office.post("/login", data={"name": "Ada", "password": "no"})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "1"
    assert "Wait 1 second" in answer.text


def test_whoever_guesses_enrolment_codes_waits(
    app: Litestar, database: Database, client: Client, clock: Any
) -> None:
    open_store(app, database)
    till = ATill(client, "AAAA-BBBB-CCCC")
    for _ in range(PER_ADDRESS.free):
        assert till.enrol().status_code == 403
    refused = till.enrol()
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
    till.code = code_for(app, database)
    assert till.enrol().status_code == 429
    clock.advance(1000)
    assert till.enrol().status_code == 200


def test_the_history_tells_who_logged_in_and_who_tried(office: Client, clock: Any) -> None:
    try_password(office)
    try_password(office, "a password typed as a name")
    rows = office.get("/api/v1/accounts/log-ins").json()["rows"]
    assert [(row["account_id"] is None, row["succeeded"]) for row in rows] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    assert {row["address"] for row in rows} == {"testclient"}
    assert "typed as a name" not in str(rows)
    clock.advance(91 * 86_400_000)
    try_password(office)
    try_password(office, password=PASSWORD)
    office.headers["Authorization"] = f"Bearer {try_password(office, password=PASSWORD).json()['token']}"
    first = office.get("/api/v1/accounts/log-ins", params={"limit": 2}).json()
    rest = office.get("/api/v1/accounts/log-ins", params={"cursor": first["next"]}).json()
    assert (len(first["rows"]), len(rest["rows"])) == (2, 1), "what is older than 90 days is gone"


def test_behind_our_own_proxy_each_caller_is_counted_by_itself(clock: Any, settings: Any) -> None:
    import msgspec

    from sync_server.app import create_app

    app = create_app(msgspec.structs.replace(settings, behind_proxy=True), now_ms=clock)
    from sync_server.schema import metadata

    metadata.create_all(app.state.services.db.engine)
    with TestClient(app) as client:
        guess = {"name": "x", "password": "y"}

        def from_(address: str, number: int) -> int:
            client.headers["X-Forwarded-For"] = f"1.2.3.4, {address}"
            return client.post("/api/v1/auth/login", json=guess | {"name": f"n{number}"}).status_code

        for number in range(PER_ADDRESS.free):
            assert from_("10.0.0.1", number) == 401
        assert from_("10.0.0.1", 99) == 429
        assert from_("::ffff:10.0.0.1", 99) == 429
        assert from_("2001:db8::1", 99) == 401


@pytest.mark.parametrize("way", ["token", "cookie"])
def test_a_closed_account_ends_what_is_logged_in(
    office: Client, app: Litestar, database: Database, way: str
) -> None:
    with database.write() as tx:
        mia = app.state.services.accounts.create(tx, "Mia", PASSWORD, "manager")
    ada = office.headers.pop("Authorization")
    answer = office.post(
        "/api/v1/auth/login", json={"name": "Mia", "password": PASSWORD, "session": way == "cookie"}
    )
    if way == "token":
        office.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    assert office.get("/api/v1/stores").status_code == 200
    close = office.post(f"/api/v1/accounts/{mia.account_id}/deactivate", headers={"Authorization": ada})
    assert close.status_code == 201
    refused = office.get("/api/v1/stores")
    assert (refused.status_code, refused.json()["code"]) == (401, "not_logged_in")
    page = office.get("/takings", headers={"Accept": "text/html"}, follow_redirects=False)
    assert page.headers["location"].startswith("/login")
    assert try_password(office, "Mia", PASSWORD).status_code == 401
    assert office.get("/api/v1/stores", headers={"Authorization": ada}).status_code == 200
