"""What the server's log says of a request, and what it never says."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from sync_server.accounts.tables import account
from sync_server.database import Database
from sync_server.log_lines import log_handler, write_log
from sync_server.request_log import RequestLog
from tests.sync_server.a_till import Client, enrolled_till, open_store
from tests.sync_server.conftest import PASSWORD


class Log:
    """What was written, as text and as the objects that its lines are."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, path: str) -> dict[str, Any]:
        (line,) = [line for line in self.lines if line.get("path") == path]
        return line


@pytest.fixture(params=[False])
def log(request: pytest.FixtureRequest) -> Iterator[Log]:
    log = Log()
    handler = log_handler(log.stream, readable=request.param)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield log
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def client(app: Litestar, log: Log) -> Iterator[Client]:
    with TestClient(RequestLog(app), raise_server_exceptions=False) as client:
        yield client


def test_a_request_is_one_line_with_what_came_of_it(client: Client, log: Log) -> None:
    answer = client.get("/health?noise=1")
    line = log.of("/health")
    assert (line["method"], line["status"], line["level"]) == ("GET", 200, "debug")
    assert line["duration_ms"] >= 0
    assert line["request_id"] == answer.headers["x-request-id"]
    assert line["timestamp"].endswith("Z")


def test_what_does_not_exist_is_logged_too(client: Client, log: Log) -> None:
    client.get("/no/such/page")
    assert (log.of("/no/such/page")["status"], log.of("/no/such/page")["level"]) == (404, "info")


def test_an_askers_own_request_id_is_kept_when_it_is_sane(client: Client, log: Log) -> None:
    assert client.get("/health", headers={"X-Request-Id": "proxy-17"}).headers["x-request-id"] == "proxy-17"
    for bad in ("x" * 65, 'a"b', "two words"):
        assert client.get("/health", headers={"X-Request-Id": bad}).headers["x-request-id"] != bad
    assert log.lines


def test_a_tills_requests_name_the_till(client: Client, app: Litestar, database: Database, log: Log) -> None:
    open_store(app, database)
    till = enrolled_till(app, database, client)
    client.get("/sync/feed?stream=catalogue", headers={"Authorization": f"Bearer {till.token}"})
    assert log.of("/sync/feed")["till"] == "03-1"
    assert "till" not in log.of("/sync/enrol")


@pytest.mark.expects_log
def test_a_bugs_trace_carries_the_id_that_the_asker_was_given(
    office: Client, app: Litestar, log: Log
) -> None:
    def breaks(account_id: str) -> bool:
        raise ZeroDivisionError

    app.state.is_active = breaks
    answer = office.get("/api/v1/sales")
    (bug,) = [line for line in log.lines if line["level"] == "error"]
    assert "ZeroDivisionError" in bug["exception"]
    assert bug["request_id"] == log.of("/api/v1/sales")["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("log", [False, True], indirect=True, ids=["JSON", "readable"])
def test_no_password_token_or_code_reaches_the_log(
    client: Client, office: Client, app: Litestar, database: Database, log: Log
) -> None:
    open_store(app, database)
    till = enrolled_till(app, database, client)
    till.record_bytes("operator.logged_in", b"{}", schema=1)
    till.push()
    wrong = {"name": "Ada", "password": "not this one"}
    client.post("/api/v1/auth/login", json=wrong, headers={"Cookie": "evertill_session=a-cookie-of-mine"})
    office.post("/api/v1/accounts", json={"name": "Bo", "password": "bo's own password", "role": "manager"})
    session = office.headers["Authorization"].removeprefix("Bearer ")
    assert "/api/v1/auth/login" in log.text
    for secret in (
        PASSWORD,
        "not this one",
        "bo's own",
        "a-cookie-of-mine",
        session,
        till.token,
        till.code,
        "Bearer",
    ):
        assert secret not in log.text, secret


@pytest.mark.parametrize("log", [False, True], indirect=True, ids=["JSON", "readable"])
def test_a_secret_that_somebody_logs_by_mistake_is_hidden(office: Client, log: Log) -> None:
    token = office.headers["Authorization"].removeprefix("Bearer ")
    mine = logging.getLogger("shop")
    mine.info("they sent %s to postgresql://shop:hunter2@db/shop", token)
    try:
        raise ValueError(f"what is {token}?")
    except ValueError:
        mine.info("odd", exc_info=True)
    assert token not in log.text
    assert "hunter2" not in log.text
    assert "ValueError" in log.text


def test_a_database_error_does_not_show_the_values(database: Database, log: Log) -> None:
    row = {
        "account_id": "1",
        "name": "Ada",
        "password_hash": "$argon2$the-hash",
        "role": "admin",
        "active": True,
        "created_at_ms": 1,
    }
    with pytest.raises(IntegrityError) as failed, database.write() as tx:
        tx.execute(insert(account), [row, row])
    logging.getLogger("shop").info("it failed", exc_info=failed.value)
    assert "IntegrityError" in log.text
    assert "the-hash" not in log.text


def test_a_process_that_was_forked_from_one_that_logs_writes_every_line_once(log: Log) -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    first, second = io.StringIO(), io.StringIO()
    write_log(first)
    write_log(second)
    try:
        logging.getLogger("shop").info("hello")
    finally:
        root.handlers[:] = before
        root.setLevel(level)
    assert first.getvalue() == ""
    assert json.loads(second.getvalue())["event"] == "hello"
