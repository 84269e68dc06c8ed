"""What a till that was killed left behind is read as soon as the till has taken its half change back."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import sqlcipher3.dbapi2

from tests.chaos.read_beside import read_beside

_KILLED_IN_THE_MIDDLE = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("create table price (body)")
connection.execute("insert into price values ('kept')")
connection.commit()
connection.execute("pragma cache_size = 1")
for _ in range(50):
    connection.execute("insert into price values (zeroblob(5000))")
os._exit(9)
"""


@pytest.fixture
def left_half(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.db"
    subprocess.run([sys.executable, "-c", _KILLED_IN_THE_MIDDLE, str(path)], check=False)
    return path


def _open_again(path: Path) -> None:
    connection = sqlcipher3.dbapi2.connect(str(path))
    connection.execute("select count(*) from price").fetchall()
    connection.close()


def test_a_half_change_is_waited_for_until_the_till_has_taken_it_back(left_half: Path) -> None:
    till_starts = threading.Timer(0.3, _open_again, [left_half])
    till_starts.start()
    assert read_beside(left_half, "select body from price") == [("kept",)]
    till_starts.join()


def test_a_half_change_that_nobody_takes_back_is_an_error(left_half: Path) -> None:
    with pytest.raises(sqlcipher3.dbapi2.OperationalError, match="readonly"):
        read_beside(left_half, "select body from price", patience_s=0.2)


def test_a_till_that_has_no_file_yet_has_nothing(tmp_path: Path) -> None:
    assert read_beside(tmp_path / "catalogue.db", "select body from price") == []
