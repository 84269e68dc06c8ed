"""The connection to PostgreSQL dies at any statement: whoever sent it is told to come again, and it is done once."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import NamedTuple

import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from sync_server.database import is_passing
from tests.crash_points.repeatable import RepeatableChance, repeatable_chance
from tests.crash_points.server_kind import MACHINE, Kind
from tests.crash_points.server_kinds import KINDS
from tests.crash_points.server_share import ALL, SEED, a_share
from tests.crash_points.server_shop import (
    DOING,
    DOING_AGAIN,
    CommandFailed,
    Known,
    Place,
    Running,
    prepare,
    running,
)
from tests.crash_points.server_state import State, differences, state_of
from tests.crash_points.server_statements import COMMIT, Step, listening
from tests.crash_points.test_server import done
from tests.crash_points.till_kinds import copy_of
from tests.own_postgresql import uri_of

pytestmark = pytest.mark.postgres
KILLED, PEOPLE_DRAWN, OTHERS_DRAWN = 2, 3, 9
AWAY = (503, "database_unreachable")
_numbers = itertools.count(1)


class Shop(NamedTuple):
    """The prepared server, of whose folder and database each test takes a copy."""

    uri: str
    folder: Path
    known: Known

    @contextmanager
    def copy(self, folder: Path) -> Iterator[Place]:
        name = f"crash_{next(_numbers)}"
        self.run(f"create database {name} template crash_prepared strategy file_copy")
        try:
            yield Place(copy_of(self.folder, folder), uri_of(self.uri, name))
        finally:
            self.run(f"drop database {name} with (force)")
            shutil.rmtree(folder)

    def run(self, statement: str) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture(scope="module")
def shop(postgresql_uri: str, module_path: Path) -> Iterator[Shop]:
    folder = module_path / "prepared"
    folder.mkdir()
    with psycopg.connect(postgresql_uri, autocommit=True) as connection:
        connection.execute("create database crash_prepared")
    shop = Shop(postgresql_uri, folder, prepare(Place(folder, uri_of(postgresql_uri, "crash_prepared"))))
    yield shop
    shop.run("drop database crash_prepared with (force)")


@pytest.fixture
def chance() -> Iterator[RepeatableChance]:
    with repeatable_chance(DOING) as chance:
        yield chance


class Killer:
    """Ends the server process of PostgreSQL that a statement goes to, at the step of that number."""

    def __init__(self, uri: str, number: int) -> None:
        self._uri = uri
        self._number = number
        self.steps: list[Step] = []

    def __call__(self, step: Step) -> None:
        self.steps.append(step)
        if len(self.steps) - 1 != self._number:
            return
        with psycopg.connect(self._uri, autocommit=True) as admin:
            gone = admin.execute("select pg_terminate_backend(%s, 10000)", (step.driver.info.backend_pid,))
            assert gone.fetchone() == (True,)
        if (step.when, step.statement) == ("after", COMMIT):
            raise psycopg.OperationalError("the answer to the commit was lost")


@pytest.mark.expects_log
@pytest.mark.parametrize("name", a_share(PEOPLE_DRAWN, OTHERS_DRAWN))
def test_a_server_whose_connection_dies_in_a_transaction_does_it_once(
    name: str, shop: Shop, tmp_path: Path, chance: RepeatableChance
) -> None:
    kind = KINDS[name]
    before, after, steps = unhurt(kind, shop, tmp_path, chance)
    for number in drawn(name, steps):
        killer = Killer(shop.uri, number)
        with shop.copy(tmp_path / "killed") as place:
            with running(place, shop.known, chance) as server:
                with listening(killer):
                    assert told(kind, server, chance) in ("", "away")
                found = state_of(place, kind.counts)
                assert kind.in_steps or found.tables in (before.tables, after.tables), steps[number].where
                if number % 2:
                    sent_again(kind, server, chance, found == after)
                    assert rows_of(state_of(place, kind.counts)) == rows_of(after), steps[number].where
            if not number % 2:
                with running(place, shop.known, chance) as server:
                    sent_again(kind, server, chance, found == after)
                assert differences(state_of(place, kind.counts), after) == [], steps[number].where


def unhurt(kind: Kind, shop: Shop, folder: Path, chance: RepeatableChance) -> tuple[State, State, list[Step]]:
    nobody = Killer(shop.uri, -1)
    with shop.copy(folder / "unhurt") as place:
        before = state_of(place, kind.counts)
        with running(place, shop.known, chance) as server, listening(nobody):
            done(kind, server, chance, DOING)
        return before, state_of(place, kind.counts), nobody.steps


def told(kind: Kind, server: Running, chance: RepeatableChance) -> str:
    """What whoever asks hears: nothing when it is done, "away" when the database is, else what should not be."""
    chance.start_over(DOING)
    try:
        answer = kind.act(server)
    except DBAPIError as reason:
        return "away" if is_passing(reason) else str(reason)
    except CommandFailed as reason:
        return "away" if "Try again" in str(reason) else str(reason)
    if getattr(answer, "status_code", 200) < 400:
        return ""
    return "away" if (answer.status_code, answer.json()["code"]) == AWAY else str(answer.text)


def sent_again(kind: Kind, server: Running, chance: RepeatableChance, done_before: bool) -> None:
    if not done_before:
        done(kind, server, chance, DOING)
    elif kind.who == MACHINE:
        done(kind, server, chance, DOING_AGAIN, again=True)


def rows_of(state: State) -> dict[str, int]:
    """A process that went on counts its ids on: the same rows, under other numbers."""
    return {name: len(rows) for name, rows in state.tables.items()}


def drawn(name: str, steps: list[Step]) -> list[int]:
    """Some statements, and the commit both ways."""
    everything = range(len(steps))
    if ALL:
        return list(everything)
    commits = [at for at in everything if steps[at].statement == COMMIT and steps[at].when == "after"]
    return sorted({*Random(f"{SEED} {name}").sample(everything, KILLED), commits[-1]})
