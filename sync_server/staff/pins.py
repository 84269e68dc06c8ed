"""PINs: which are fit for use, and their hash as it goes down to the tills."""

from __future__ import annotations

from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from shared_models.errors import ShopError

# Small enough for a till to check between two customers (stack.md 11); the till locks out guessers.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


class WeakPin(ShopError):
    code = "weak_pin"


def check_pin(pin: str) -> None:
    """Raises `WeakPin` for what is not 4 to 8 digits or what everyone tries first."""
    if not (4 <= len(pin) <= 8 and pin.isascii() and pin.isdigit()):
        raise WeakPin("A PIN has 4 to 8 digits.")
    if len(set(pin)) == 1:
        raise WeakPin("All digits of this PIN are the same. Choose another.")
    if _runs(pin) or pin == pin[: len(pin) // 2] * 2 or pin in _FAVOURITES:
        raise WeakPin("This PIN is easy to guess. Choose another.")


def hash_pin(pin: str) -> str:
    return _hasher.hash(pin)


def pin_matches(pin_hash: str, pin: str) -> bool:
    try:
        return _hasher.verify(pin_hash, pin)
    except VerifyMismatchError:
        return False


def _runs(pin: str) -> bool:
    """Steps of one, up or down, all the way: 1234, 9876, 7890."""
    steps = {(int(after) - int(before)) % 10 for before, after in pairwise(pin)}
    return steps in ({1}, {9})


_FAVOURITES = frozenset({"1379", "2580", "0852", "1122", "1004", "2468", "1357"})
