"""What several of the verifier's tests start from, made once."""

from __future__ import annotations

import pytest

from tests.verifier.closed_archive import Archived, closed_archive


@pytest.fixture(scope="session")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Archived:
    return closed_archive(tmp_path_factory.mktemp("server"))
