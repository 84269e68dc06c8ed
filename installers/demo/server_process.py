"""The demo's server: a process of its own on SQLite, started and stopped with the demo."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import httpx

from installers.demo.leaving import once_started
from installers.demo.shop import ACCOUNT

_WITHOUT_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For plain HTTP: reading all root certificates, as httpx does for each request, takes longer than the request."""
_READY_WITHIN_S = 60
_STOPS_WITHIN_S = 15


def stop(process: subprocess.Popen[bytes]) -> None:
    """In order where it does so soon; else as a power cut would, which server and till bear."""
    process.terminate()
    try:
        process.wait(_STOPS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class ServerDidNotStart(Exception):
    """The message ends with what the server wrote."""


class ServerProcess:
    """`evertill-server serve` in `folder`, reachable at `url` once `start` returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        name, password = ACCOUNT
        self._run_once("init", "--admin", name, "--password", password)
        with self.log.open("ab") as log, once_started():
            self._process = subprocess.Popen(
                self._command("serve"), stdout=log, stderr=log, env=self._environment()
            )
        self._wait_until_ready()

    def stop(self) -> None:
        if self._process is not None:
            stop(self._process)
            self._process = None

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "sync_server.cli", *words]

    def _environment(self) -> dict[str, str]:
        ours = {name: value for name, value in os.environ.items() if not name.startswith("EVERTILL_")}
        return ours | {"EVERTILL_SERVER_DATA_DIR": str(self._folder), "EVERTILL_SERVER_PORT": str(self.port)}

    def _run_once(self, *words: str) -> None:
        done = subprocess.run(
            self._command(*words), env=self._environment(), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ServerDidNotStart(done.stdout + done.stderr)

    def _wait_until_ready(self) -> None:
        end = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < end:
            assert self._process is not None
            if self._process.poll() is not None:
                break
            try:
                answer = httpx.get(f"{self.url}/ready", timeout=2, verify=_WITHOUT_TLS)
                if answer.status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.1)
        raise ServerDidNotStart(self.log.read_text(errors="replace")[-3000:])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port
