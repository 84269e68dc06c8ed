"""Logging in to the office, over HTTP."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from sync_server.database import Database

PASSWORD = "correct horse battery"


def test_a_right_password_opens_what_the_role_may_do(office: TestClient[Litestar]) -> None:
    answer = office.get("/api/v1/accounts")
    assert answer.status_code == 200, answer.text
    assert [row["name"] for row in answer.json()["rows"]] == ["Ada"]


def test_a_wrong_password_and_a_wrong_name_get_the_same_answer(office: TestClient[Litestar]) -> None:
    wrong = office.post("/api/v1/auth/login", json={"name": "Ada", "password": "no"})
    nobody = office.post("/api/v1/auth/login", json={"name": "Eve", "password": PASSWORD})
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.json() == nobody.json()
    assert wrong.headers["content-type"].startswith("application/problem+json")


def test_nobody_without_a_token_sees_the_accounts(client: TestClient[Litestar]) -> None:
    assert client.get("/api/v1/accounts").status_code == 401


def test_a_manager_may_not_make_accounts(
    app: Litestar, database: Database, client: TestClient[Litestar]
) -> None:
    with database.write() as tx:
        app.state.services.accounts.create(tx, "Mia", PASSWORD, "manager")
    token = client.post("/api/v1/auth/login", json={"name": "Mia", "password": PASSWORD}).json()["token"]
    answer = client.get("/api/v1/accounts", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"


def test_a_token_ends(office: TestClient[Litestar], clock) -> None:  # type: ignore[no-untyped-def]
    clock.advance(16 * 60_000)
    assert office.get("/api/v1/accounts").status_code == 401


def test_a_body_of_the_wrong_type_is_refused_with_the_reason(client: TestClient[Litestar]) -> None:
    answer = client.post("/api/v1/auth/login", json={"name": 7, "password": "x"})
    assert answer.status_code == 400
    assert "name" in answer.json()["detail"]


def test_the_console_gets_a_cookie_that_scripts_cannot_read(office: TestClient[Litestar]) -> None:
    answer = office.post("/api/v1/auth/login", json={"name": "Ada", "password": PASSWORD, "session": True})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    del office.headers["Authorization"]
    assert office.get("/api/v1/accounts").status_code == 200


def test_a_post_from_another_site_is_refused_even_with_the_cookie(office: TestClient[Litestar]) -> None:
    office.post("/api/v1/auth/login", json={"name": "Ada", "password": PASSWORD, "session": True})
    del office.headers["Authorization"]
    answer = office.post("/api/v1/accounts", json={}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Origin": "http://testserver.local.elsewhere.example"},
        {"Content-Type": "text/plain;charset=UTF-8"},
        {"Origin": "http://testserver.local", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_an_older_browser_on_another_site_changes_nothing_by_cookie(
    office: TestClient[Litestar], headers: dict[str, str]
) -> None:
    office.post("/api/v1/auth/login", json={"name": "Ada", "password": PASSWORD, "session": True})
    del office.headers["Authorization"]
    fields = b'{"name": "Eve", "password": "eve\'s own password", "role": "admin"}'
    assert office.post("/api/v1/accounts", content=fields, headers=headers).status_code == 403


def test_an_older_browser_on_our_own_page_is_let_in_by_cookie(office: TestClient[Litestar]) -> None:
    office.post("/api/v1/auth/login", json={"name": "Ada", "password": PASSWORD, "session": True})
    del office.headers["Authorization"]
    fields = {"name": "Eve", "password": "eve's own password", "role": "manager"}
    own = str(office.base_url).rstrip("/")
    assert office.post("/api/v1/accounts", json=fields, headers={"Origin": own}).status_code == 201


def test_an_account_for_a_store_that_is_not_there_is_refused(office: TestClient[Litestar]) -> None:
    fields = {"name": "Eve", "password": "eve's own password", "role": "manager", "store_id": "99"}
    answer = office.post("/api/v1/accounts", json=fields)
    assert (answer.status_code, "no such store" in answer.text) == (400, True)


def test_a_text_longer_than_its_place_in_the_database_is_no_bug_of_the_server(
    office: TestClient[Litestar],
) -> None:
    """Nor does the refusal repeat it."""
    asked = {"name": "Mia", "password": PASSWORD, "role": "manager", "store_id": "9" * 5000}
    answer = office.post("/api/v1/accounts", json=asked)
    assert answer.status_code == 400
    assert len(answer.text) < 500
