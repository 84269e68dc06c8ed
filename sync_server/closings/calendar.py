"""Days, months and years as the closings name them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from shared_models.moment import Moment

DAY: Final = "day"
MONTH: Final = "month"
YEAR: Final = "year"
GRACE_MS = 4 * 3_600_000
"""A day is closed when its last sale had so long to arrive: at four in the morning."""


def today(now_ms: int, tz_min: int) -> str:
    return Moment(now_ms, tz_min).business_date()


def last_day_over(now_ms: int, tz_min: int) -> str:
    return day_before(Moment(now_ms - GRACE_MS, tz_min).business_date())


def days_later(day: str, days: int) -> str:
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def day_before(day: str) -> str:
    return days_later(day, -1)


def days_between(first: str, last: str) -> int:
    return (date.fromisoformat(last) - date.fromisoformat(first)).days


def following(period: str) -> str:
    """The period after, of the same length."""
    if len(period) == len("2026"):
        return f"{int(period) + 1:04d}"
    if len(period) == len("2026-11"):
        year, month = int(period[:4]), int(period[5:])
        return f"{year + month // 12:04d}-{month % 12 + 1:02d}"
    return days_later(period, 1)


def through(first: str, last: str) -> Iterator[str]:
    """From the first to the last, both included; nothing where the last is earlier."""
    while first <= last:
        yield first
        first = following(first)


def last_part(period: str) -> str:
    """The last day of a month, the last month of a year."""
    if len(period) == len("2026"):
        return f"{period}-12"
    return day_before(f"{following(period)}-01")


def whole_of(period: str) -> str:
    """The month of a day, the year of a month."""
    return period.rpartition("-")[0]
