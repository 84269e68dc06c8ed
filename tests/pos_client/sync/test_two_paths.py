"""What the store's hub can't answer the central server is asked at once, and the till hears one answer."""

from __future__ import annotations

from typing import Any, cast

import pytest

from pos_client.sync.outcomes import Failure, Nonsense, Refused, Reply, Unreachable
from pos_client.sync.path_choice import FIRST_WAIT_MS, PathChoice
from pos_client.sync.server_port import Server
from pos_client.sync.two_paths import GREET_HUB_EVERY_MS, TwoPaths
from pos_client.till.ports import Clock
from shared_models.moment import Moment
from shared_models.sync_api import Hello

AWAY = Unreachable("it is off")
Outcome = Reply[Any] | Failure


class OneServer:
    """Says the same to whatever it is asked."""

    def __init__(self, says: Outcome) -> None:
        self.says = says
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def ask(*words: Any) -> Outcome:
            self.asked.append(name)
            return self.says

        return ask


class Watch:
    def __init__(self) -> None:
        self.ms = 0

    def monotonic_ms(self) -> int:
        return self.ms

    def now(self) -> Moment:
        return Moment(self.ms, 0)


class Ways:
    def __init__(self) -> None:
        self.hub, self.central, self.watch = OneServer(Reply("hub")), OneServer(Reply("central")), Watch()
        self.paths: list[str] = []
        self.server = TwoPaths(
            cast(Server, self.hub),
            cast(Server, self.central),
            PathChoice(lambda ceiling: ceiling),
            cast(Clock, self.watch),
            self.paths.append,
        )

    def greet(self) -> Outcome:
        return self.server.hello(cast(Hello, "hello"))

    def feed(self) -> Outcome:
        return self.server.feed("catalogue", "", 0, 1)


@pytest.fixture
def ways() -> Ways:
    return Ways()


def test_a_hub_that_answers_is_all_that_is_asked(ways: Ways) -> None:
    assert ways.feed() == Reply("hub")
    assert (ways.central.asked, ways.paths) == ([], [])


def test_a_hub_that_is_away_costs_one_request_and_not_the_answer(ways: Ways) -> None:
    ways.hub.says = AWAY
    assert ways.feed() == Reply("central")
    assert ways.paths == ["central"]
    assert ways.feed() == Reply("central")
    assert ways.hub.asked == ["feed"]


@pytest.mark.parametrize("status", [401, 403, 426])
def test_a_hub_that_does_not_admit_the_till_is_left(ways: Ways, status: int) -> None:
    ways.hub.says = Refused(status)
    assert ways.feed() == Reply("central")
    assert ways.paths == ["central"]


def test_hashes_are_compared_with_the_server_whose_word_is_in_doubt(ways: Ways) -> None:
    """The other one may be on another branch of the journal."""
    ways.hub.says = AWAY
    assert ways.greet() == Reply("central")
    ways.watch.ms = FIRST_WAIT_MS
    ways.hub.says = Reply("hub")
    assert ways.server.hashes(b"i", (1,)) == Reply("central")
    assert ways.greet() == Reply("hub")
    assert ways.server.hashes(b"i", (1,)) == Reply("hub")
    ways.hub.says = AWAY
    assert ways.server.hashes(b"i", (1,)) == AWAY
    assert ways.paths == ["central", "hub", "central"]


def test_a_stranger_at_the_hubs_address_is_left(ways: Ways) -> None:
    ways.hub.says = Nonsense("a web page")
    assert ways.feed() == Reply("central")


@pytest.mark.parametrize("status", [400, 409, 413, 429])
def test_what_the_central_server_would_say_too_is_not_asked_there(ways: Ways, status: int) -> None:
    ways.hub.says = Refused(status)
    assert ways.feed() == Refused(status)
    assert (ways.central.asked, ways.paths) == ([], [])


def test_a_hub_with_an_old_catalogue_is_not_left_for_it(ways: Ways) -> None:
    ways.hub.says = Refused(503, "hub_behind")
    for _ in range(5):
        assert ways.feed() == Reply("central")
    assert ways.paths == []


def test_where_both_are_away_the_till_hears_so_and_tries_both_again(ways: Ways) -> None:
    ways.hub.says = ways.central.says = AWAY
    assert ways.feed() == AWAY
    ways.hub.says = Reply("hub")
    assert ways.feed() == Reply("hub")
    assert ways.paths == ["central", "hub"]


@pytest.mark.parametrize("died", [Unreachable("reset", sent=True), Refused(500)])
def test_a_central_server_that_dies_of_an_entry_is_told_from_one_that_is_not_there(
    ways: Ways, died: Outcome
) -> None:
    """Else the till would send the same entry for ever, where the hub is away."""
    ways.hub.says, ways.central.says = AWAY, died
    assert ways.feed() == died
    assert ways.feed() == died, "also once the hub is asked last"


def test_a_hub_that_dies_of_an_entry_is_told_from_no_way_at_all(ways: Ways) -> None:
    ways.hub.says, ways.central.says = Unreachable("reset", sent=True), AWAY
    assert ways.feed() == Unreachable("reset", sent=True)


def test_what_a_strange_hub_says_is_no_word_of_the_central_servers(ways: Ways) -> None:
    ways.hub.says, ways.central.says = Refused(403), AWAY
    assert ways.feed() == AWAY


def test_a_till_that_sells_nothing_is_told_to_greet_when_the_hub_should_be_tried_again(ways: Ways) -> None:
    ways.hub.says = AWAY
    ways.feed()
    ways.watch.ms = FIRST_WAIT_MS
    ways.hub.says = Reply("hub")
    assert ways.server.poke(()) == Reply("central")
    assert ways.paths == ["central", "central"]
    assert ways.feed() == Reply("hub")
    assert ways.paths == ["central", "central", "hub"]


def test_a_till_that_sells_nothing_greets_its_hub_every_minute(ways: Ways) -> None:
    ways.server.poke(())
    assert ways.paths == []
    ways.watch.ms = GREET_HUB_EVERY_MS
    ways.server.poke(())
    ways.server.poke(())
    assert ways.paths == ["hub"]


def test_enrolment_is_the_central_servers_alone(ways: Ways) -> None:
    assert ways.server.enrol(cast(Any, None)) == Reply("central")
    assert ways.hub.asked == []


def test_breaking_off_reaches_both(ways: Ways) -> None:
    ways.server.abort()
    ways.server.close()
    assert ways.hub.asked == ways.central.asked == ["abort", "close"]
