"""A till's archive is the same bytes every time, and an auditor's program finds it whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from pos_client.journal_archive import archive
from pos_client.till.errors import StorageFailed
from shared_models.checkpoint import vouched
from shared_models.server_keys import only_term
from shared_models.signing import key_id_of, new_private_key, public_key_of, signer
from tests.pos_client.store.made_up_shop import PUBLIC_KEY, a_sale, open_books
from verifier.archive import check_archive

AT_MS = 1_795_000_000_000
SERVER = new_private_key()
SERVER_KEY = public_key_of(SERVER)


def test_a_journal_archived_twice_is_the_same_and_whole(tmp_path: Path) -> None:
    books = open_books(tmp_path)
    books.post_sale(a_sale(), open_drawer=False)
    segment = books.segments()[-1]
    word = vouched(
        segment.incarnation, segment.head_seq, segment.head_hash, AT_MS, key_id_of(SERVER_KEY), signer(SERVER)
    )
    books.acknowledge(segment.incarnation, segment.head_seq, 0, word)
    for name in ("one", "two"):
        assert (
            archive(books.database.path, None, tmp_path / name, PUBLIC_KEY, only_term(SERVER_KEY))
            == segment.head_seq
        )
    books.close()
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / n).iterdir()} for n in ("one", "two"))
    assert one == two
    report = check_archive(tmp_path / "one", {PUBLIC_KEY.hex()}, {SERVER_KEY.hex()})
    assert (report.entries, report.checkpoints, report.faults) == (segment.head_seq, 1, ())


def test_nothing_is_archived_over_other_files(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    books = open_books(tmp_path)
    with pytest.raises(StorageFailed, match="not empty"):
        archive(books.database.path, None, tmp_path / "out", PUBLIC_KEY)
    books.close()
