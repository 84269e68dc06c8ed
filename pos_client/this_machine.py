"""What the till asks of the machine it runs on: the time, fresh ids, and the slow check of a PIN."""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from datetime import UTC, datetime
from pathlib import Path

from platformdirs import user_state_dir

from shared_models.ids import uuid7
from shared_models.moment import Moment

_HARDWARE = tuple(
    Path(path)
    for path in (
        "/etc/machine-id",
        "/sys/class/dmi/id/product_uuid",
        "/sys/class/dmi/id/product_serial",
        "/sys/class/dmi/id/board_serial",
        "/sys/class/dmi/id/product_name",
        "/sys/class/dmi/id/board_name",
    )
)
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """Implements `till.ports.Clock`. `offset_min` overrides the machine's time zone with the store's."""

    def __init__(self, offset_min: int | None = None) -> None:
        self.offset_min = offset_min

    def now(self) -> Moment:
        at_ms = time.time_ns() // 1_000_000
        if self.offset_min is not None:
            return Moment(at_ms, self.offset_min)
        offset = datetime.fromtimestamp(at_ms // 1000, UTC).astimezone().utcoffset()
        assert offset is not None  # aware
        return Moment(at_ms, int(offset.total_seconds()) // 60)

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class SystemIds:
    """Implements `till.ports.Ids` with UUID version 7."""

    def new(self) -> str:
        return uuid7(time.time_ns() // 1_000_000, os.urandom(10))


class Argon2PinCheck:
    """Implements `till.ports.PinCheck`. The library is loaded at the first PIN, after the first paint."""

    def matches(self, pin_hash: str, pin: str) -> bool:
        from argon2 import PasswordHasher
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return PasswordHasher().verify(pin_hash, pin)
        except (VerificationError, InvalidHashError):
            return False


def random_bytes(count: int) -> bytes:
    return os.urandom(count)


def random_up_to(ceiling: int) -> int:
    return secrets.randbelow(ceiling + 1)


def boot_id() -> str:
    """Changes with every start of the machine, so that monotonic times can be told apart; '' where unknown."""
    try:
        return _BOOT_ID.read_text().strip().replace("-", "")
    except OSError:
        return ""


def fingerprint(places: tuple[Path, ...] = _HARDWARE) -> str:
    """Tells this machine from one that its disk is copied to, as far as it may read its serial numbers; '' if not."""
    found = []
    for place in places:
        try:
            found.append(place.read_bytes())
        except OSError:
            found.append(b"")
    return hashlib.sha256(b"\0".join(found)).hexdigest()[:32] if any(found) else ""


def anchor_path(data_dir: Path) -> Path:
    """Outside the data folder, so that a copy of the folder put back later is noticed."""
    name = hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]
    return Path(user_state_dir("evertill-till", appauthor=False)) / f"{name}.anchor"
