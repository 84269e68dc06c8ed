"""An application in a process group of its own, on a free port, as a shop runs it: it can be killed at any moment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from threading import Event

import httpx

ROOT = Path(__file__).parents[2]


class ServedProcess:
    """The port stays the same from start to start."""

    def __init__(self) -> None:
        self.port = _free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, factory: str, environment: Mapping[str, str]) -> None:
        """`factory` is module:function of an ASGI application."""
        command = [sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "--workers", "1"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--log-level", "warning", factory]
        self._process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, start_new_session=True
        )
        self._wait_until_it_answers()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None

    def kill(self) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        self._process = None

    def _wait_until_it_answers(self) -> None:
        assert self._process is not None
        end, pause = time.monotonic() + 30, Event()
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/sync/challenge", timeout=5)
                return
            except httpx.TransportError:
                assert self._process.poll() is None, "the server ended at once"
                assert time.monotonic() < end, "the server does not answer"
                pause.wait(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
