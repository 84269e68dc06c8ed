"""The hint that there is news: whoever waits for a stream is woken when something is published in it."""

from __future__ import annotations

import asyncio
import threading

from shared_models.errors import ShopError

MOST_WAITING = 2000


class TooManyWaiting(ShopError):
    """More tills wait than this server has room for; they ask at intervals instead."""

    code = "too_many_waiting"
    status = 429


class _Waiter:
    def __init__(self, streams: frozenset[str]) -> None:
        self.streams = streams
        self.woken: asyncio.Future[frozenset[str]] = asyncio.get_running_loop().create_future()

    def wake(self, streams: frozenset[str]) -> None:
        if not self.woken.done():
            self.woken.set_result(streams)


class PokeBoard:
    """`tell` is called from any thread, `wait` on an event loop. A hint nobody waits for is lost."""

    def __init__(self, most_waiting: int = MOST_WAITING) -> None:
        self._most_waiting = most_waiting
        self._waiting: set[_Waiter] = set()
        self._lock = threading.Lock()
        self._closed = False

    def tell(self, streams: frozenset[str]) -> None:
        with self._lock:
            for waiter in self._waiting:
                news = waiter.streams & streams
                if news:
                    waiter.woken.get_loop().call_soon_threadsafe(waiter.wake, news)

    async def wait(self, streams: frozenset[str], seconds: float) -> frozenset[str]:
        """The streams with news, empty when there were none in this time."""
        waiter = _Waiter(streams)
        with self._lock:
            if self._closed:
                return frozenset()
            if len(self._waiting) >= self._most_waiting:
                raise TooManyWaiting("The server can't hold this line open. Ask at intervals.")
            self._waiting.add(waiter)
        try:
            return await asyncio.wait_for(waiter.woken, seconds)
        except TimeoutError:
            return frozenset()
        finally:
            with self._lock:
                self._waiting.discard(waiter)

    def waiting(self) -> int:
        with self._lock:
            return len(self._waiting)

    def close(self) -> None:
        """Nobody is kept waiting by a server that stops."""
        with self._lock:
            self._closed = True
            for waiter in self._waiting:
                waiter.woken.get_loop().call_soon_threadsafe(waiter.wake, frozenset())
