"""An application in a process group of its own, on a free port, as a shop runs it: it can be killed at any moment."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import ssl
import time
from collections.abc import Mapping
from multiprocessing.process import BaseProcess
from threading import Event

import httpx

from tests.forks import FORKS

WITHOUT_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For who asks again and again over plain HTTP: httpx would read all the machine's certificates for each question,
which costs twenty milliseconds of processor."""


class ServedProcess:
    """The port stays the same from start to start."""

    def __init__(self) -> None:
        self.port = _free_port()
        self._process: BaseProcess | None = None

    def start(self, factory: str, environment: Mapping[str, str]) -> None:
        """`factory` is module:function of an ASGI application."""
        self._process = FORKS.Process(target=_serve, args=(factory, self.port, dict(environment)))
        self._process.start()
        self._wait_until_it_answers()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.join(10)
            if self._process.is_alive():
                self.kill()
            self._process = None

    def kill(self) -> None:
        assert self._process is not None
        assert self._process.pid is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.join(10)
        self._process = None

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        end, pause = time.monotonic() + 30, Event()
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/sync/challenge", timeout=5, verify=WITHOUT_TLS)
                return
            except httpx.TransportError:
                assert self._process.is_alive(), "the server ended at once"
                assert time.monotonic() < end, "the server does not answer"
                pause.wait(0.02)


def _serve(factory: str, port: int, environment: Mapping[str, str]) -> None:
    """As `python -m granian` does."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    os.setsid()
    os.environ.update(environment)
    multiprocessing.set_start_method("fork", force=True)
    Granian(
        factory,
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=1,
        log_level=LogLevels.warning,
    ).serve()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
