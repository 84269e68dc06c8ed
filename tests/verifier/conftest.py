"""What several of the verifier's tests start from, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.verifier.closed_archive import Archived, closed_archive
from tests.verifier.sealed_archive import FILES, put


@pytest.fixture(scope="session")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Archived:
    return closed_archive(tmp_path_factory.mktemp("server"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small archive of two journals, sealed and whole."""
    return put(tmp_path, FILES)
