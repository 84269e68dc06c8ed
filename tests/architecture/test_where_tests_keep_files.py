"""A test waits for no disk where memory will do: each commit of a till or server would wait for it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from tests.memory_disk import memory_disk


@pytest.mark.skipif(not memory_disk(), reason="no disk in memory, or too small a one")
def test_a_tests_folder_lies_in_memory(tmp_path: Path) -> None:
    place = Path(memory_disk() or "")
    assert place in tmp_path.parents
    assert place in (Path(tempfile.gettempdir()), *Path(tempfile.gettempdir()).parents)
