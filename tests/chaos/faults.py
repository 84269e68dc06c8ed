"""What befalls the shop and when, drawn from one seed before anything starts."""

from __future__ import annotations

import random
from enum import StrEnum

import msgspec


class Kind(StrEnum):
    KILL_TILL = "SIGKILL of a till"
    KILL_SERVER = "SIGKILL of the server"
    STOP_TILL = "SIGSTOP of a till"
    STOP_SERVER = "SIGSTOP of the server"
    DEAF = "partition, nothing comes in"
    MUTE = "partition, nothing goes out"
    APART = "partition, both ways"
    RESET = "connections reset"
    LOST_ANSWER = "answer cut off"
    SLOW = "answers delayed"
    LOSSY = "packets lost"
    DATABASE_DOWN = "PostgreSQL stopped at once"
    RESTORE_SERVER = "server's database put back"
    RESTORE_TILL = "till put back, its anchor left"
    RESTORE_MACHINE = "till put back, machine and all"


PARTITIONS = (Kind.DEAF, Kind.MUTE, Kind.APART)
KILLS = (Kind.KILL_TILL, Kind.KILL_SERVER)
PER_MINUTE = {
    Kind.KILL_TILL: 32,
    Kind.KILL_SERVER: 2,
    Kind.STOP_TILL: 6,
    Kind.STOP_SERVER: 1,
    Kind.DEAF: 4,
    Kind.MUTE: 4,
    Kind.APART: 4,
    Kind.RESET: 4,
    Kind.LOST_ANSWER: 4,
    Kind.SLOW: 3,
    Kind.LOSSY: 3,
    Kind.DATABASE_DOWN: 1,
    Kind.RESTORE_SERVER: 1,
    Kind.RESTORE_TILL: 1,
    Kind.RESTORE_MACHINE: 1,
}
_FIRST_AT_S = 3.0
_LONGEST_S = {Kind.STOP_TILL: 8.0, Kind.STOP_SERVER: 4.0, Kind.KILL_TILL: 2.0, Kind.KILL_SERVER: 2.0}
_LONGEST_OTHER_S = 6.0


class Fault(msgspec.Struct, frozen=True):
    """`at_s` after the start, for `lasts_s`; `till` by number. `draw`, from 0 to 1, decides what else there is to."""

    at_s: float
    kind: Kind
    till: int
    lasts_s: float
    draw: float


def schedule(seed: int, minutes: float, tills: int) -> tuple[Fault, ...]:
    """In order of time. The last one puts the server's database back, so that healing begins at its worst."""
    chance = random.Random(seed)
    seconds = minutes * 60
    faults = [
        _fault(chance, kind, chance.uniform(_FIRST_AT_S, seconds), tills)
        for kind, rate in PER_MINUTE.items()
        for _ in range(max(1, round(rate * minutes)))
    ]
    return (
        *sorted(faults, key=lambda fault: fault.at_s),
        _fault(chance, Kind.RESTORE_SERVER, seconds, tills),
    )


def _fault(chance: random.Random, kind: Kind, at_s: float, tills: int) -> Fault:
    longest = _LONGEST_S.get(kind, _LONGEST_OTHER_S)
    return Fault(at_s, kind, chance.randrange(tills), chance.uniform(0.05, longest), chance.random())
