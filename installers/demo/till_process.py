"""A till in a process of its own, worked through `robot`; it can be killed like any other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from installers.demo.leaving import once_started

_PATIENCE_S = 60.0

Seen = dict[str, Any]


class TillGone(Exception):
    """The till's process ended; the message is what it wrote."""


class TillProcess:
    """`seen` is what the cashier saw last; every action waits until the till has answered."""

    def __init__(self, folder: Path, server_url: str, printer: str, label_printer: str) -> None:
        self._environment = till_environment(folder, server_url, printer, label_printer)
        self._log = folder.with_suffix(".log")
        self._process: subprocess.Popen[str] | None = None
        self.seen: Seen = {}

    def enrol(self, code: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "pos_client", "enrol", code],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise TillGone(done.stdout + done.stderr)

    def start(self) -> Seen:
        with self._log.open("a") as log, once_started():
            self._process = subprocess.Popen(
                [sys.executable, "-m", "installers.demo.robot"],
                env=self._environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        return self._hear()

    def do(self, **action: Any) -> Seen:
        """press=[names of keys, also "Ctrl+B"], type=text, scan=code, picture=path, look=True."""
        self._tell(action)
        return self._hear()

    def press(self, *keys: str) -> Seen:
        return self.do(press=list(keys))

    def wait(self, what: str, **wanted: Any) -> Seen:
        """Until the cashier sees these values; raises TimeoutError, which says what was awaited."""
        end = time.monotonic() + _PATIENCE_S
        while time.monotonic() < end:
            if all(self.seen.get(name) == value for name, value in wanted.items()):
                return self.seen
            time.sleep(0.1)
            self.do(look=True)
        raise TimeoutError(f"waited for {what}; the till shows {self.seen}")

    def kill(self, last_words: dict[str, Any] | None = None) -> None:
        """SIGKILL, right after an action was sent if there is one; what it was doing is lost with it."""
        assert self._process is not None
        if last_words:
            self._tell(last_words)
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        if self._process is None:
            return
        with suppress(BrokenPipeError):  # Ctrl C reaches it too, and it may be gone already
            self._tell({"leave": True})
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process = None

    def verify(self) -> tuple[bool, str]:
        """What `evertill-till verify` says."""
        done = subprocess.run(
            [sys.executable, "-m", "pos_client", "verify"],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode == 0, (done.stdout + done.stderr).strip()

    def _tell(self, order: dict[str, Any]) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> Seen:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        while line and not line.startswith("{"):
            line = self._process.stdout.readline()
        if not line:
            raise TillGone(self._log.read_text(errors="replace")[-3000:])
        self.seen = json.loads(line)
        return self.seen


def till_environment(folder: Path, server_url: str, printer: str, label_printer: str) -> dict[str, str]:
    ours = {name: value for name, value in os.environ.items() if not name.startswith("EVERTILL_")}
    if not (ours.get("DISPLAY") or ours.get("WAYLAND_DISPLAY")) and sys.platform == "linux":
        ours["QT_QPA_PLATFORM"] = "offscreen"
    return ours | {
        "EVERTILL_TILL_DATA_DIR": str(folder),
        "EVERTILL_TILL_SERVER_URL": server_url,
        "EVERTILL_TILL_PRINTER": printer,
        "EVERTILL_TILL_LABEL_PRINTER": label_printer,
        "EVERTILL_TILL_TERMINAL": "virtual",
        "EVERTILL_TILL_SCALE": "virtual",
        "EVERTILL_TILL_KEYRING": "false",
    }
