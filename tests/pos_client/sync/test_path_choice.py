"""The till goes by its store's hub while that answers, else to the central server, and never back and forth."""

from __future__ import annotations

import pytest

from pos_client.sync.path_choice import CENTRAL, FIRST_WAIT_MS, HELD_MS, HUB, LONGEST_WAIT_MS, PathChoice


def longest(ceiling: int) -> int:
    return ceiling


@pytest.fixture
def choice() -> PathChoice:
    return PathChoice(longest)


def test_the_hub_is_asked_first_and_the_central_server_where_it_is_silent(choice: PathChoice) -> None:
    assert choice.ways(0, may_probe=True) == (HUB, CENTRAL)
    assert choice.current == HUB


def test_a_silent_hub_is_left_at_once_and_let_alone_for_a_while(choice: PathChoice) -> None:
    assert choice.failed(0, HUB)
    assert choice.current == CENTRAL
    assert choice.ways(FIRST_WAIT_MS - 1, may_probe=True) == (CENTRAL, HUB)
    assert choice.ways(FIRST_WAIT_MS, may_probe=True) == (HUB, CENTRAL)


def test_what_may_wait_for_minutes_does_not_try_the_hub_again(choice: PathChoice) -> None:
    choice.failed(0, HUB)
    assert choice.ways(FIRST_WAIT_MS, may_probe=False) == (CENTRAL, HUB)
    assert choice.is_due(FIRST_WAIT_MS)
    assert not choice.is_due(FIRST_WAIT_MS - 1)


def test_a_hub_that_answers_again_is_the_way_again(choice: PathChoice) -> None:
    choice.failed(0, HUB)
    assert choice.answered(FIRST_WAIT_MS, HUB)
    assert choice.current == HUB
    assert not choice.answered(FIRST_WAIT_MS + 1, HUB)


def test_an_answer_to_what_was_asked_before_brings_nobody_back(choice: PathChoice) -> None:
    choice.failed(0, HUB)
    assert not choice.answered(1, HUB)
    assert choice.current == CENTRAL


def test_several_requests_that_fail_together_are_one_failure(choice: PathChoice) -> None:
    assert choice.failed(0, HUB)
    assert not choice.failed(1, HUB)
    assert choice.ways(FIRST_WAIT_MS, may_probe=True) == (HUB, CENTRAL)


def test_a_hub_that_comes_and_goes_is_tried_ever_more_seldom(choice: PathChoice) -> None:
    now_ms, waits = 0, []
    for _ in range(8):
        choice.failed(now_ms, HUB)
        left_ms = now_ms
        while choice.ways(now_ms, may_probe=True)[0] == CENTRAL:
            now_ms += 1000
        waits.append(now_ms - left_ms)
        choice.answered(now_ms, HUB)
    assert waits[:3] == [FIRST_WAIT_MS, 2 * FIRST_WAIT_MS, 4 * FIRST_WAIT_MS]
    assert waits[-1] == LONGEST_WAIT_MS


def test_a_hub_that_has_held_for_a_while_is_trusted_as_before(choice: PathChoice) -> None:
    choice.failed(0, HUB)
    choice.answered(FIRST_WAIT_MS, HUB)
    now_ms = FIRST_WAIT_MS + HELD_MS
    choice.answered(now_ms, HUB)
    choice.failed(now_ms, HUB)
    assert choice.ways(now_ms + FIRST_WAIT_MS, may_probe=True) == (HUB, CENTRAL)


def test_a_hub_that_answers_one_question_badly_is_not_left_for_it(choice: PathChoice) -> None:
    assert not choice.refused(0, HUB)
    assert not choice.refused(0, HUB)
    assert not choice.answered(0, HUB)
    assert not choice.refused(0, HUB)
    assert choice.current == HUB


def test_a_hub_that_can_serve_nothing_is_left(choice: PathChoice) -> None:
    assert [choice.refused(0, HUB) for _ in range(3)] == [False, False, True]
    assert choice.current == CENTRAL


def test_how_the_central_server_fares_changes_no_way(choice: PathChoice) -> None:
    assert not choice.failed(0, CENTRAL)
    assert not choice.answered(0, CENTRAL)
    assert choice.current == HUB


def test_a_hub_that_was_left_is_the_way_again_at_once_where_the_central_server_is_away_too(
    choice: PathChoice,
) -> None:
    choice.failed(0, HUB)
    choice.failed(10, CENTRAL)
    assert choice.answered(20, HUB)
    assert choice.current == HUB


def test_a_central_server_that_is_back_ends_that(choice: PathChoice) -> None:
    choice.failed(0, HUB)
    choice.failed(10, CENTRAL)
    choice.answered(20, CENTRAL)
    assert not choice.answered(30, HUB)
    assert choice.current == CENTRAL
