"""A till of the siege: its process, which is killed, stopped and put back, and what it leaves on the disk."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pos_client.chores import enrol
from pos_client.settings import PREFIX, TillSettings
from pos_client.till_folder import BOOKS_FILE
from tests.chaos.line import Line
from tests.chaos.read_beside import read_beside
from tests.chaos.robot_till import CLOSED, PAID

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 30


class CommandFailed(Exception):
    """The message is what the command said."""


class Paid(msgspec.Struct, frozen=True):
    """A sale that the cashier saw as paid."""

    sale_id: str
    receipt_number: str
    total_minor: int


class JournalEntry(msgspec.Struct, frozen=True):
    event_id: bytes
    type: str
    schema: int
    body: bytes


class BesiegedTill:
    """In `folder`: `data`, its disk; `state` with the anchor; `card` with the second copy; `copy`, an old till."""

    def __init__(self, till_id: str, folder: Path, line: Line, barcodes: Sequence[str]) -> None:
        self.till_id = till_id
        self.line = line
        self.folder = folder
        self.data = folder / "data"
        self.card = folder / "card"
        self.data.mkdir(parents=True)
        self.card.mkdir()
        self.log = folder / "log.txt"
        self._barcodes = barcodes
        self._process: subprocess.Popen[bytes] | None = None
        self._is_paused = False
        self.unexpected: list[str] = []
        """How its program ended by itself, which it never should."""

    def enrol(self, code: str, server_url: str) -> None:
        enrol(TillSettings(data_dir=self.data, server_url=server_url, keyring=False), code)

    # the process

    @property
    def runs(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        if self._process is not None:
            return
        command = [*self.line.prefix, sys.executable, "-m", "tests.chaos.robot_till", str(self.folder)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *self._barcodes],
                cwd=ROOT,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> bool:
        """Whether there was something to kill."""
        if self._process is None or self._ended_by_itself():
            return False
        self._process.kill()
        self._process.wait(_PATIENCE_S)
        self._process, self._is_paused = None, False
        return True

    def pause(self) -> bool:
        if self._process is None or self._is_paused or self._ended_by_itself():
            return False
        self._process.send_signal(signal.SIGSTOP)
        self._is_paused = True
        return True

    def go_on(self) -> None:
        if self._process is not None and self._is_paused:
            self._process.send_signal(signal.SIGCONT)
        self._is_paused = False

    def look_after(self) -> None:
        """A program that ended by itself is noted and started again."""
        if self._process is not None and self._ended_by_itself():
            self.start()

    def leave(self) -> None:
        """Ask the program to end, as closing the window does."""
        if self._process is None or self._ended_by_itself():
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            status: int | str = self._process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = "nothing, and had to be killed"
        if status:
            self.unexpected.append(f"till {self.till_id} answered the wish to end with {status}")
        self._process = None

    def close_counter(self) -> None:
        """No more sales; what there is is still sent."""
        (self.folder / CLOSED).touch()

    def _ended_by_itself(self) -> bool:
        assert self._process is not None
        status = self._process.poll()
        if status is None:
            return False
        last = self.log.read_text(errors="replace").strip().splitlines()[-3:]
        self.unexpected.append(f"till {self.till_id} ended by itself with {status}: {' / '.join(last)}")
        self._process, self._is_paused = None, False
        return True

    def _environment(self) -> dict[str, str]:
        others = {name: value for name, value in os.environ.items() if not name.startswith("EVERTILL_")}
        return others | {
            f"{PREFIX}DATA_DIR": str(self.data),
            f"{PREFIX}SERVER_URL": self.line.url,
            f"{PREFIX}PRINTER": "",
            f"{PREFIX}KEYRING": "false",
            f"{PREFIX}JOURNAL_COPY": str(self.card),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PYTHONPATH": str(ROOT),
        }

    # copies; the program must not run

    @property
    def has_copy(self) -> bool:
        return (self.folder / "copy").exists()

    def keep_copy(self) -> None:
        assert not self.runs
        copy = self.folder / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        for part in ("data", "state"):
            if (self.folder / part).exists():
                shutil.copytree(self.folder / part, copy / part, ignore=shutil.ignore_patterns("*.ballast"))

    def put_back(self, *, whole_machine: bool) -> list[JournalEntry]:
        """The entries that the till does not hold any more. `whole_machine`: the anchor is as old as the rest."""
        assert not self.runs
        before = self.journal()
        for part in ("data", "state") if whole_machine else ("data",):
            shutil.rmtree(self.folder / part, ignore_errors=True)
            if (self.folder / "copy" / part).exists():
                shutil.copytree(self.folder / "copy" / part, self.folder / part)
        held = {entry.event_id for entry in self.journal()}
        return [entry for entry in before if entry.event_id not in held]

    # what it leaves

    def paid(self) -> list[Paid]:
        path = self.folder / PAID
        if not path.exists():
            return []
        rows = (line.split() for line in path.read_text().splitlines())
        return [Paid(sale_id, number, int(total)) for sale_id, number, total in rows]

    def journal(self) -> list[JournalEntry]:
        rows = read_beside(
            self.data / BOOKS_FILE, "select event_id, type, schema, body from entry order by pos"
        )
        return [
            JournalEntry(bytes(event_id), kind, schema, bytes(body)) for event_id, kind, schema, body in rows
        ]

    def unsent(self) -> int:
        """Entries past the acknowledged ones, over all incarnations; read beside the running till."""
        heads = "select count(*) from entry e where e.pos >> 40 = s.id"
        rows = read_beside(
            self.data / BOOKS_FILE, f"select coalesce(sum(({heads}) - s.acked), 0) from segment s"
        )
        return int(rows[0][0]) if rows else 0

    def feed_positions(self) -> list[tuple[str, str, int, str]]:
        """(stream, epoch, version, checksum), in the order of their names."""
        rows = read_beside(
            self.data / "catalogue.db", "select stream, epoch, ver, checksum from feed_state order by stream"
        )
        return [(stream, epoch, ver, str(checksum)) for stream, epoch, ver, checksum in rows]

    def card_on_a_stick(self) -> tuple[Path, str] | None:
        """The second copy as an encrypted file with its code, by `evertill-till export-unsent`; then a new card."""
        second_copy = self.card / f"evertill-journal-{self.till_id}.db"
        if not second_copy.exists():
            return None
        stick = self.folder / "stick"
        shutil.rmtree(stick, ignore_errors=True)
        stick.mkdir()
        done = self._evertill_till("export-unsent", str(stick), "--from", str(second_copy), "--all")
        if done.returncode:
            raise CommandFailed(done.stdout + done.stderr)
        shutil.rmtree(self.card)
        self.card.mkdir()
        [file] = stick.iterdir()
        code = next(line for line in done.stdout.splitlines() if line.startswith("Code: "))
        return file, code.removeprefix("Code: ")

    def verify(self) -> str:
        """What `evertill-till verify` says against the journal; nothing when it is as it was sealed."""
        done = self._evertill_till("verify")
        return (done.stdout + done.stderr).strip() if done.returncode else ""

    def _evertill_till(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pos_client", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self._environment(), capture_output=True, text=True, check=False
        )
