"""Ids of products and prices: none twice, each above the one before, so that millions of them pack well."""

from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import zstandard

from sync_server.ports import OrderedIds, random_id
from tests.sync_server.conftest import Clock


def test_every_id_is_above_the_one_before_also_when_the_clock_stands_or_goes_back(clock: Clock) -> None:
    new_id, made = OrderedIds(clock, random_id), []
    for step in (0, 1, 5, -1000, 0, 3):
        clock.advance(step)
        made += [new_id() for _ in range(5000)]
    assert made == sorted(set(made))
    assert all(len(one) == 32 for one in made)


def test_two_servers_at_the_same_moment_never_make_the_same_id(clock: Clock) -> None:
    one, other = OrderedIds(clock, random_id), OrderedIds(clock, random_id)
    assert not {one() for _ in range(5000)} & {other() for _ in range(5000)}


def test_threads_that_ask_at_once_get_different_ids(clock: Clock) -> None:
    new_id = OrderedIds(clock, random_id)
    with ThreadPoolExecutor(8) as pool:
        made = [one for some in pool.map(lambda _: [new_id() for _ in range(2000)], range(8)) for one in some]
    assert len(set(made)) == 16_000


def test_a_file_full_of_them_packs_to_a_fraction_of_random_ones(clock: Clock) -> None:
    dice, new_id = random.Random(1), OrderedIds(clock, random_id)
    ordered = []
    for _ in range(20_000):
        clock.advance(dice.random() < 0.05)
        ordered.append(new_id())
    packed = len(zstandard.compress("".join(ordered).encode()))
    assert packed < len(zstandard.compress("".join(random_id() for _ in ordered).encode())) / 4
