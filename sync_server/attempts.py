"""Guessing gets slower: whoever gave wrong passwords or codes waits longer and longer.

Kept in memory, for the one process that serves: a restart forgets it, and costs a guesser more time than it saves.
A try counts before it is checked, so that a hundred at the same moment are a hundred tries.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from typing import Any, NamedTuple

from litestar.connection import ASGIConnection

from shared_models.errors import ShopError
from sync_server.ports import NowMs

FORGOTTEN_AFTER_MS = 60 * 60_000
_REMEMBERED = 20_000


class TooManyTries(ShopError):
    """`headers` go out with the answer."""

    code = "too_many_tries"
    status = 429

    def __init__(self, wait_ms: int) -> None:
        seconds = -(-wait_ms // 1000)
        super().__init__(f"Too many wrong tries. Wait {seconds} seconds, then try again.", wait_s=seconds)
        self.headers = {"Retry-After": str(seconds)}


class Patience(NamedTuple):
    """`free` wrong tries cost nothing, the next one second, then two, four, … up to `longest_ms`."""

    free: int
    longest_ms: int

    def wait_ms(self, wrong: int) -> int:
        return 0 if wrong < self.free else min(self.longest_ms, 1000 << min(wrong - self.free, 30))


PER_ACCOUNT = Patience(5, 60_000)
"""A minute at most: somebody who guesses must not keep the account's owner out for long."""
PER_ADDRESS = Patience(20, 15 * 60_000)
"""More for free: a shop's people come from one address."""


class Key(NamedTuple):
    """What is counted: `kind` and `name`, such as account and Ada."""

    kind: str
    name: str
    patience: Patience
    forgiven: bool
    """Whether a right try wipes out the wrong ones. Not an address's: one's own account would wash it clean."""


class _Wrong(NamedTuple):
    times: int
    last_ms: int


class Attempts:
    """Counts wrong tries and makes the next one wait. Any thread may call it."""

    def __init__(self, now_ms: NowMs) -> None:
        self._now_ms = now_ms
        self._wrong: OrderedDict[tuple[str, str], _Wrong] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def guarding(self, keys: Sequence[Key], wrong: type[ShopError]) -> Iterator[None]:
        """Raises TooManyTries at once where one must wait; counts what ends in `wrong`."""
        before = self._begin(keys)
        try:
            yield
        except wrong:
            raise
        except BaseException:
            self._take_back(keys, before)
            raise
        self._take_back(keys, before)
        self._forgive(keys)

    def _begin(self, keys: Sequence[Key]) -> list[_Wrong]:
        now_ms = self._now_ms()
        with self._lock:
            before = [self._of(key, now_ms) for key in keys]
            due = [
                one.last_ms + key.patience.wait_ms(one.times) for key, one in zip(keys, before, strict=True)
            ]
            if max(due, default=0) > now_ms:
                raise TooManyTries(max(due) - now_ms)
            for key, one in zip(keys, before, strict=True):
                self._wrong[key[:2]] = _Wrong(one.times + 1, now_ms)
                self._wrong.move_to_end(key[:2])
            while len(self._wrong) > _REMEMBERED:
                self._wrong.popitem(last=False)
        return before

    def _of(self, key: Key, now_ms: int) -> _Wrong:
        found = self._wrong.get(key[:2], _Wrong(0, 0))
        return _Wrong(0, 0) if found.last_ms + FORGOTTEN_AFTER_MS <= now_ms else found

    def _take_back(self, keys: Sequence[Key], before: Sequence[_Wrong]) -> None:
        with self._lock:
            for key, earlier in zip(keys, before, strict=True):
                now = self._wrong.get(key[:2])
                if now is None:
                    continue
                self._wrong[key[:2]] = _Wrong(max(0, now.times - 1), earlier.last_ms)
                if now.times <= 1:
                    del self._wrong[key[:2]]

    def _forgive(self, keys: Sequence[Key]) -> None:
        with self._lock:
            for key in keys:
                if key.forgiven:
                    self._wrong.pop(key[:2], None)


def of_account(name: str) -> Key:
    return Key("account", name.strip()[:80], PER_ACCOUNT, True)


def of_address(kind: str, address: str) -> Key:
    return Key(kind, address, PER_ADDRESS, False)


def address_of(connection: ASGIConnection[Any, Any, Any, Any], behind_proxy: bool) -> str:
    """Where a request comes from: the peer, or whom our own proxy names as its peer (the last one named).

    Of IPv6 the network, for everybody there has 2^64 addresses to try from.
    """
    peer = connection.client.host if connection.client else ""
    if behind_proxy:
        named = connection.headers.getall("x-forwarded-for", [])
        peer = named[-1].rpartition(",")[2].strip() if named else peer
    try:
        address = ip_address(peer)
    except ValueError:
        return peer[:64]
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return str(getattr(address, "ipv4_mapped", None) or address)
