"""A moment: UTC in milliseconds, with the offset that the shop's clock showed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

import msgspec


class Moment(msgspec.Struct, frozen=True, order=True):
    """`at_ms` is Unix time in milliseconds; `tz_min` is minutes east of UTC, kept for the receipt."""

    at_ms: int
    tz_min: int = 0

    def local(self) -> datetime:
        """The wall-clock time in the shop, as an aware datetime."""
        zone = timezone(timedelta(minutes=self.tz_min))
        return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=self.at_ms)).astimezone(zone)

    def business_date(self) -> str:
        """The shop's calendar date, ISO 8601."""
        return self.local().date().isoformat()


def day_begins_ms(day: str, tz_min: int) -> int:
    """Unix time in milliseconds at midnight in the shop. Raises ValueError for what is no date in ISO 8601."""
    midnight = datetime.combine(date.fromisoformat(day), time.min, UTC)
    return int(midnight.timestamp()) * 1000 - tz_min * 60_000
