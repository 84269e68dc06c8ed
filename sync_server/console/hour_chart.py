"""Takings by hour as bars: an SVG made here, with a link and words on every bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from shared_models.money import currency, format_amount
from sync_server.reports.takings import TakingsRow

_HEIGHT = 180
_TOP, _BOTTOM = 24, 24
_OPENING_HOURS = range(9, 18)


class Bar(NamedTuple):
    """One hour; `row` is None for one without sales."""

    hour: int
    x: int
    y: int
    width: int
    height: int
    middle: int
    label: str
    words: str
    row: TakingsRow | None


class HourChart(NamedTuple):
    width: int
    height: int
    baseline: int
    bars: list[Bar]
    scale: str


def hour_chart(rows: Sequence[TakingsRow], width: int) -> HourChart | None:
    """Hours from the first sale to the last, at least a shop's usual day. None without any sale."""
    if not rows:
        return None
    by_hour = {int(row.key): row for row in rows}
    hours = range(min(*by_hour, _OPENING_HOURS.start), max(*by_hour, _OPENING_HOURS.stop) + 1)
    highest = max(1, max(row.gross_minor for row in rows))
    slot = width // len(hours)
    bars = [_bar(hour, at * slot, slot, by_hour.get(hour), highest) for at, hour in enumerate(hours)]
    money = currency(rows[0].currency)
    scale = format_amount(highest, money, symbol=True, grouping=",")
    return HourChart(slot * len(hours), _HEIGHT, _HEIGHT - _BOTTOM, bars, scale)


def _bar(hour: int, left: int, slot: int, row: TakingsRow | None, highest: int) -> Bar:
    room = _HEIGHT - _TOP - _BOTTOM
    amount = max(0, row.gross_minor) if row else 0
    height = max(2, amount * room // highest) if amount else 0
    gap = max(2, slot // 8)
    words = f"{hour:02d}:00 no sales"
    label = ""
    if row:
        money = format_amount(row.gross_minor, currency(row.currency), symbol=True, grouping=",")
        words = f"{hour:02d}:00 {money} in {row.sale_count} sales"
        label = str(row.gross_minor // currency(row.currency).unit_minor())
    y = _HEIGHT - _BOTTOM - height
    return Bar(hour, left + gap, y, slot - 2 * gap, height, left + slot // 2, label, words, row)
