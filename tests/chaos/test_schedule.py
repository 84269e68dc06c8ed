"""The schedule of a siege."""

from __future__ import annotations

from tests.chaos.faults import KILLS, PARTITIONS, Kind, schedule


def test_ten_minutes_hold_three_hundred_kills_and_a_hundred_partitions() -> None:
    faults = schedule(1, 10, 10)
    assert sum(fault.kind in KILLS for fault in faults) >= 300
    assert sum(fault.kind in PARTITIONS for fault in faults) >= 100
    assert {fault.kind for fault in faults} == set(Kind)
    assert {fault.till for fault in faults} == set(range(10))


def test_the_same_seed_draws_the_same_faults_and_another_seed_others() -> None:
    assert schedule(7, 1, 10) == schedule(7, 1, 10)
    assert schedule(7, 1, 10) != schedule(8, 1, 10)


def test_faults_come_in_order_and_the_servers_database_is_put_back_last() -> None:
    faults = schedule(3, 0.5, 4)
    assert list(faults) == sorted(faults, key=lambda fault: fault.at_s)
    assert (faults[-1].kind, faults[-1].at_s) == (Kind.RESTORE_SERVER, 30.0)
