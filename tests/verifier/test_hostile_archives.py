"""An archive made to confuse the verifier is refused in words, never with a traceback and never as whole."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared_models.field_marks import marks
from tests.verifier.sealed_archive import NEW_FILE, OLD_FILE
from verifier.__main__ import main
from verifier.archive import MANIFEST


def _edit(folder: Path, change: Callable[[Any], None]) -> None:
    told = json.loads((folder / MANIFEST).read_bytes())
    del told["fields"]
    change(told)
    (folder / MANIFEST).write_text(json.dumps({**told, "fields": marks(json.dumps(told).encode())}))


def _twice_named(folder: Path) -> None:
    _edit(folder, lambda told: told["incarnations"].append(told["incarnations"][0]))


def _huge_name(folder: Path) -> None:
    _edit(folder, lambda told: told["incarnations"][0].update(incarnation="ab" * 300))


def _key_given_twice(folder: Path) -> None:
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_text('{"format":"another",' + text.lstrip()[1:])


def _other_encoding(folder: Path) -> None:
    text = (folder / MANIFEST).read_text()
    (folder / MANIFEST).write_bytes(text.encode("utf-16"))


def _byte_order_mark(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b"\xef\xbb\xbf" + (folder / MANIFEST).read_bytes())


def _folder_instead_of(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return change


def _pipe_instead_of(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).unlink()
        os.mkfifo(folder / name)

    return change


def _link_elsewhere(folder: Path) -> None:
    (folder / OLD_FILE).rename(folder / "elsewhere")
    (folder / OLD_FILE).symlink_to(folder / "elsewhere")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_twice_named, "names this incarnation twice"),
        (_huge_name, "can't be read"),
        (_key_given_twice, "is given twice"),
        (_other_encoding, "can't be read"),
        (_byte_order_mark, "can't be read"),
        (_folder_instead_of(MANIFEST), "can't be read"),
        (_folder_instead_of(OLD_FILE), "is no plain file of the archive"),
        (_pipe_instead_of(NEW_FILE), "is no plain file of the archive"),
        (_pipe_instead_of(MANIFEST), "is no plain file of the archive"),
        (_link_elsewhere, "is no plain file of the archive"),
    ],
)
def test_an_archive_made_to_confuse_is_refused_in_words(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Path], None],
    said: str,
) -> None:
    change(folder)
    assert main([str(folder)]) == 1
    assert said in capsys.readouterr().out


def test_a_file_in_place_of_the_folder_is_refused_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert main([str(tmp_path / "file")]) == 1
    assert "can't be read" in capsys.readouterr().out


def test_the_name_of_an_unproven_key_can_write_nothing_strange_on_the_screen(
    folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def change(told: Any) -> None:
        term = {"key_id": "a", "public_key": "", "from_ms": 0, "until_ms": 0, "replaces": "", "handover": ""}
        told["server_key_terms"] = [term, {**term, "key_id": "\x1b[2J\ud800"}]

    _edit(folder, change)
    assert main([str(folder)]) == 1
    said = capsys.readouterr().out
    assert "\x1b" not in said
    assert "\\x1b[2J\\ud800 came in place" in said
