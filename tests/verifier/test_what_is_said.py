"""What the command says of an archive with nothing in it, and on a screen that has ASCII only."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared_models.archive import manifest
from tests.verifier.sealed_archive import JOURNAL, ROOT, journal_of
from verifier.__main__ import main
from verifier.archive import MANIFEST, check_archive

NOTHING = "There is no entry in this archive: there is nothing in it that could be verified.\n"


def test_an_archive_without_a_single_entry_is_not_called_verified(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / MANIFEST).write_bytes(manifest([], (), ()))
    assert check_archive(tmp_path, set(), set()).faults == ()
    assert main([str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert out.endswith(NOTHING)
    assert "as they were sealed" not in out


def test_a_journal_that_is_taken_away_whole_leaves_nothing_that_could_be_verified(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in folder.iterdir():
        path.unlink()
    empty = journal_of(JOURNAL, b"", 0, b"")
    (folder / f"{empty.incarnation.hex()}.jsonl").touch()
    (folder / MANIFEST).write_bytes(manifest([empty], (), ()))
    assert main([str(folder)]) == 1
    assert "NOT as they were sealed" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_name_in_a_fault_that_the_screen_has_no_letter_for_is_written_out(
    folder: Path, encoding: str
) -> None:
    (folder / "café ☕.jsonl").touch()
    done = subprocess.run(
        [sys.executable, "-m", "verifier", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": encoding},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, b"")
    name = "café ☕.jsonl".encode(encoding, "backslashreplace")
    assert name + b": the manifest does not name this file" in done.stdout
    assert b"NOT as they were sealed" in done.stdout
