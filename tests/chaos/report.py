"""What a siege did and what came of it, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from tests.chaos.faults import KILLS, PARTITIONS, Kind
from tests.chaos.siege import Siege


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """`breaks` is what did not hold; the rest are figures. Seconds are None where it never came to it."""

    injected: Mapping[Kind, int]
    drained_s: float | None
    catalogue_s: float | None
    sales: int
    seen_paid: int
    entries: int
    takings_minor: int
    incarnations: int
    prices_changed: int
    refused_to_start: int
    gone: int
    sticks: int
    burned: int
    breaks: Sequence[str]


def kills(injected: Mapping[Kind, int]) -> int:
    return sum(injected.get(kind, 0) for kind in KILLS)


def partitions(injected: Mapping[Kind, int]) -> int:
    return sum(injected.get(kind, 0) for kind in PARTITIONS)


def progress_line(siege: Siege) -> str:
    minutes, seconds = divmod(int(siege.elapsed_s), 60)
    paid = sum(len(till.paid()) for till in siege.tills)
    return (
        f"{minutes:02}:{seconds:02}  {kills(siege.injected):4} kills  {partitions(siege.injected):4} partitions"
        f"  {siege.injected.total():5} faults  {paid:6} sales paid  {len(_trouble(siege))} surprises"
    )


def _trouble(siege: Siege) -> list[str]:
    return [*siege.server_ended, *(said for till in siege.tills for said in till.unexpected)]


def as_text(outcome: Outcome, title: str, drained_within_s: float) -> str:
    drained = _seconds(outcome.drained_s)
    lines = [
        title,
        "",
        *(f"{outcome.injected.get(kind, 0):7}  {kind}" for kind in Kind),
        f"{kills(outcome.injected):7}  SIGKILL in all, {partitions(outcome.injected)} partitions",
        "",
        f"{outcome.seen_paid:7}  sales seen as paid by the cashiers",
        f"{outcome.sales:7}  sales at the server, {outcome.takings_minor / 100:.2f} in takings",
        f"{outcome.entries:7}  journal entries at the server, in {outcome.incarnations} incarnations",
        f"{outcome.gone:7}  entries that restores took away from tills",
        f"{outcome.sticks:7}  second copies of such tills that came to head office on a stick",
        f"{outcome.burned:7}  entries of which a restore destroyed the last copy, so that they may be missing",
        f"{outcome.prices_changed:7}  prices changed at head office meanwhile",
        f"{outcome.refused_to_start:7}  starts of the server that found no database",
        "",
        f"Everything sent and booked {drained} after the last fault (at most {drained_within_s:g} s), "
        f"every till at the server's catalogue {_seconds(outcome.catalogue_s)} after it",
        "",
        *([f"BROKEN: {one}" for one in outcome.breaks] or ["Everything held."]),
    ]
    return "\n".join(lines)


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"
