"""How long the till waits before it tries again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pos_client.sync.back_off import BASE_MS, CAP_MS, FLOOR_MS, BackOff


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_nobody_waits_much_longer_than_the_trouble_has_lasted(luck: list[float]) -> None:
    """However the dice fall: a few short waits in a row must not make the next one a long one."""
    draws = iter(luck)
    back_off = BackOff(lambda ceiling: int(ceiling * next(draws)))
    waited_ms = 0
    for _ in luck:
        wait_ms = back_off.failed()
        assert FLOOR_MS <= wait_ms <= min(CAP_MS, BASE_MS + waited_ms)
        waited_ms += wait_ms


def test_unlucky_waits_double_up_to_five_minutes_and_begin_anew_after_a_success() -> None:
    back_off = BackOff(lambda ceiling: ceiling)
    waits = [back_off.failed() for _ in range(12)]
    assert waits[:4] == [1_000, 2_000, 4_000, 8_000]
    assert waits[-1] == CAP_MS
    back_off.succeeded()
    assert back_off.failed() == BASE_MS
