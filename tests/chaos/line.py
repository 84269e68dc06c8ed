"""A till's line to the server: a TCP proxy on the way, and where allowed a network namespace of the till's own."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Coroutine
from threading import Thread
from typing import Any

from tests.chaos.namespace import Namespace

UP, DOWN = "up", "down"
_CHUNK = 65536
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Switchboard:
    """The thread on which all proxies run."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="switchboard", daemon=True)
        self._thread.start()
        self.on_close: list[Callable[[], object]] = []
        """What lines want to be done on the thread before it ends."""

    def do(self, work: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(work)

    def run(self, work: Coroutine[Any, Any, int]) -> int:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _hang_up(self) -> None:
        for work in self.on_close:
            work()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # aborted connections are closed in the next round of the loop


class Line:
    """Methods may be called from any thread. In a namespace packets are really dropped; else bytes are held back."""

    def __init__(self, board: Switchboard, upstream: tuple[str, int], namespace: Namespace | None) -> None:
        self._board = board
        self._upstream = upstream
        self._namespace = namespace
        self._pairs: set[_Pair] = set()
        self._open = {UP: asyncio.Event(), DOWN: asyncio.Event()}
        self._delay_s = 0.0
        self._cuts_next_answer = False
        host = namespace.host_address if namespace else "127.0.0.1"
        self.url = f"http://{host}:{board.run(self._listen(host))}"
        self.prefix: tuple[str, ...] = namespace.prefix if namespace else ()

    @property
    def loses_packets(self) -> bool:
        """Whether there is something below the proxy that can."""
        return self._namespace is not None

    def part(self, *directions: str) -> None:
        """Nothing goes `UP` to the server, or comes `DOWN` from it; nobody is told."""
        if self._namespace:
            self._namespace.drop(incoming=DOWN in directions, outgoing=UP in directions)
        else:
            for direction in directions:
                self._board.do(self._open[direction].clear)

    def lose(self, percent: int) -> None:
        assert self._namespace
        self._namespace.lose(percent)

    def delay(self, seconds: float) -> None:
        self._delay_s = seconds

    def reset(self) -> None:
        self._board.do(self._reset_all)

    def cut_next_answer(self) -> None:
        """The server hears the next request, the till only half of the answer."""
        self._cuts_next_answer = True

    def mend(self) -> None:
        self._delay_s, self._cuts_next_answer = 0.0, False
        if self._namespace:
            self._namespace.mend()
        self._board.do(self._open_both_ways)

    def _open_both_ways(self) -> None:
        for event in self._open.values():
            event.set()

    def _reset_all(self) -> None:
        for pair in tuple(self._pairs):
            pair.reset()

    async def _listen(self, host: str) -> int:
        self._open_both_ways()
        server = await asyncio.start_server(self._serve, host, 0)
        self._board.on_close += (server.close, self._reset_all)
        return int(server.sockets[0].getsockname()[1])

    async def _serve(self, till_reader: asyncio.StreamReader, till_writer: asyncio.StreamWriter) -> None:
        try:
            server_reader, server_writer = await asyncio.open_connection(*self._upstream)
        except OSError:
            _abort(till_writer)
            return
        pair = _Pair(till_writer, server_writer)
        self._pairs.add(pair)
        up, down = self._pump(UP, till_reader, server_writer), self._pump(DOWN, server_reader, till_writer)
        pumps = {asyncio.ensure_future(up), asyncio.ensure_future(down)}
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        pair.reset()
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        self._pairs.discard(pair)

    async def _pump(self, way: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(_CHUNK):
            await self._open[way].wait()
            if way == DOWN and self._delay_s:
                await asyncio.sleep(self._delay_s)
            if way == DOWN and self._cuts_next_answer:
                self._cuts_next_answer = False
                writer.write(piece[: len(piece) // 2])
                await writer.drain()
                return
            writer.write(piece)
            await writer.drain()


class _Pair:
    """The two ends of one connection."""

    def __init__(self, *writers: asyncio.StreamWriter) -> None:
        self._writers = writers

    def reset(self) -> None:
        for writer in self._writers:
            _abort(writer)


def _abort(writer: asyncio.StreamWriter) -> None:
    """The other side gets a reset, not a proper end."""
    if writer.is_closing():
        return
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()
