"""The crash points are at every statement only if every statement is heard: here the databases themselves say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Pool, event

from tests.crash_points.repeatable import RepeatableChance, repeatable_chance
from tests.crash_points.server_kinds import KINDS
from tests.crash_points.server_shop import DOING, Place, prepare, running
from tests.crash_points.server_statements import Step, listening
from tests.crash_points.test_server import done
from tests.own_postgresql import uri_of

VARIED = ("a push", "a product file", "entries applied, a Z report among them", "a catalogue file")
"""COPY, savepoints, thousands of rows in one statement, and the feed are in them."""
_NO_WRITING = ("begin", "rollback", "select", "declare", "fetch", "close", "show", "pragma", "--", ";")


@pytest.fixture
def chance() -> Iterator[RepeatableChance]:
    with repeatable_chance(DOING) as chance:
        yield chance


@pytest.mark.parametrize("name", VARIED)
def test_every_statement_that_sqlite_runs_is_heard(
    name: str, tmp_path: Path, chance: RepeatableChance
) -> None:
    place = Place(tmp_path)
    known = prepare(place)
    heard: list[str] = []
    with traced() as ran, running(place, known, chance) as server:
        ran.clear()
        with listening(lambda step: keep(heard, step)):
            done(KINDS[name], server, chance, DOING)
    assert shapes(heard) == shapes(ran)
    assert "insert" in " ".join(shapes(heard))


@pytest.mark.postgres
@pytest.mark.parametrize("name", VARIED)
def test_every_statement_that_postgresql_runs_is_heard(
    name: str,
    tmp_path: Path,
    chance: RepeatableChance,
    postgresql_uri: str,
) -> None:
    database = f"statements_{VARIED.index(name)}"
    with psycopg.connect(postgresql_uri, autocommit=True) as admin:
        admin.execute(f"create database {database}")  # type: ignore[call-overload]
        place = Place(tmp_path, uri_of(postgresql_uri, database))
        known = prepare(place)
        log = log_of(admin)
        admin.execute(f"alter database {database} set log_statement = 'all'")  # type: ignore[call-overload]
        heard: list[str] = []
        with running(place, known, chance) as server:
            with server.db.read(), server.db.read(), server.db.read():
                pass  # what a connection says when it is opened is said now
            read_so_far = log.stat().st_size
            with listening(lambda step: keep(heard, step)):
                done(KINDS[name], server, chance, DOING)
        ran = statements_in(log.read_bytes()[read_so_far:].decode())
        admin.execute(f"drop database {database} with (force)")  # type: ignore[call-overload]
    # Reading ahead has a connection of its own, and which of the two is first is nobody's to say.
    assert set(shapes(heard)) == set(shapes(ran))
    assert ("copy" in " ".join(shapes(heard))) == (name != "a catalogue file")


def keep(heard: list[str], step: Step) -> None:
    if step.when == "before":
        heard.append(step.statement)


@contextmanager
def traced() -> Iterator[list[str]]:
    """What SQLite itself says that it runs, on connections that are opened within."""
    ran: list[str] = []

    def connected(driver: Any, _: Any) -> None:
        driver.set_trace_callback(ran.append)

    event.listen(Pool, "connect", connected)
    try:
        yield ran
    finally:
        event.remove(Pool, "connect", connected)


def log_of(admin: Any) -> Path:
    folder = Path(admin.execute("show data_directory").fetchone()[0])
    return folder / "log"


def statements_in(log: str) -> list[str]:
    """`statement:` and `execute name:` lines of the log, and what goes on in the lines after them."""
    found: list[str] = []
    for line in log.splitlines():
        said = re.search(r"LOG:  (?:statement|execute [^:]*): (.*)", line)
        if said:
            found.append(said[1])
        elif line.startswith("\t") and found:
            found[-1] += " " + line.strip()
    return found


def shapes(statements: list[str]) -> list[str]:
    """The first words of each that writes; one that ran for many rows counts once."""
    words = (" ".join(one.lower().split()[:3]) for one in statements)
    kept = (one for one in words if one and not one.startswith(_NO_WRITING))
    return [shape for shape, _ in groupby(kept)]
