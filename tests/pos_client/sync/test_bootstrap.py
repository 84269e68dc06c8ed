"""The catalogue file arrives whole, or it does not arrive; what was fetched already is not fetched twice."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import zstandard

from pos_client.sync.bootstrap import Bootstrap, unpack_file
from pos_client.sync.outcomes import LocalFault, Nonsense, Refused, Reply, Unreachable
from pos_client.sync.server_api import ServerApi
from pos_client.sync.server_port import BlobSink
from shared_models.sync_api import SnapshotManifest
from shared_models.wire import pack
from tests.pos_client.sync.model_catalogue import ModelCopy, ModelFeed
from tests.pos_client.sync.model_till import unsigned
from tests.pos_client.sync.scripted_http import Asked, ScriptedHttp


def shelf() -> ModelFeed:
    feed, dice = ModelFeed(), random.Random(7)
    for number in range(200):
        feed.put(f"p{number}", dice.randbytes(100))
    return feed


def bootstrap(feed: ModelFeed, folder: Path, copy: ModelCopy, stopping: bool = False) -> Bootstrap:
    return Bootstrap(feed, folder / "downloads", copy, lambda: stopping)  # type: ignore[arg-type]


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "downloads").iterdir())


def test_a_new_till_gets_the_whole_catalogue(tmp_path: Path) -> None:
    feed, copy = shelf(), ModelCopy()
    assert bootstrap(feed, tmp_path, copy).fetch("s") is None
    assert copy.rows == feed.rows
    assert left_in(tmp_path) == []


def test_a_download_that_is_cut_goes_on_after_a_restart(tmp_path: Path) -> None:
    feed, copy = shelf(), ModelCopy()
    feed.cut_after = 7_000
    tries = 0
    while (failure := bootstrap(feed, tmp_path, copy).fetch("s")) is not None:
        assert isinstance(failure, Nonsense)
        assert "ended after" in failure.reason
        tries += 1
        assert tries < 10
    assert copy.rows == feed.rows
    assert feed.sent_bytes == len(feed.packed())


def test_a_file_that_was_all_there_at_a_kill_is_not_fetched_again(tmp_path: Path) -> None:
    feed, copy = shelf(), ModelCopy()
    assert bootstrap(feed, tmp_path, copy, stopping=True).fetch("s") == LocalFault(
        "the till is shutting down"
    )
    assert copy.swaps == 0
    [part] = left_in(tmp_path)
    (tmp_path / "downloads" / part.replace(".part", ".db")).write_bytes(b"half unpacked")
    feed.cut_after = 0
    assert bootstrap(feed, tmp_path, copy).fetch("s") is None
    assert copy.rows == feed.rows


def test_what_is_left_of_an_older_file_is_cleared_away(tmp_path: Path) -> None:
    feed, copy = shelf(), ModelCopy()
    feed.cut_after = 5
    bootstrap(feed, tmp_path, copy).fetch("s")
    feed.put("new", b"{}")
    feed.cut_after = None
    assert bootstrap(feed, tmp_path, copy).fetch("s") is None
    assert left_in(tmp_path) == []


def test_a_damaged_file_is_thrown_away_and_fetched_anew(tmp_path: Path) -> None:
    feed, copy = shelf(), ModelCopy()
    feed.cut_after = 9_000
    bootstrap(feed, tmp_path, copy).fetch("s")
    [part] = left_in(tmp_path)
    path = tmp_path / "downloads" / part
    path.write_bytes(b"\0" + path.read_bytes()[1:])
    feed.cut_after = None
    failure = bootstrap(feed, tmp_path, copy).fetch("s")
    assert isinstance(failure, Nonsense)
    assert "damaged" in failure.reason
    assert copy.swaps == 0
    assert bootstrap(feed, tmp_path, copy).fetch("s") is None


def test_a_part_file_that_is_too_long_starts_over(tmp_path: Path) -> None:
    feed, copy = shelf(), ModelCopy()
    feed.cut_after = 10
    bootstrap(feed, tmp_path, copy).fetch("s")
    [part] = left_in(tmp_path)
    (tmp_path / "downloads" / part).write_bytes(bytes(1 << 20))
    feed.cut_after = None
    assert bootstrap(feed, tmp_path, copy).fetch("s") is None


def test_a_server_that_sends_more_than_it_said_fills_no_disk(tmp_path: Path) -> None:
    feed, copy = shelf(), ModelCopy()
    feed.spoil = lambda manifest: msgspec.structs.replace(manifest, size=100)
    assert isinstance(bootstrap(feed, tmp_path, copy).fetch("s"), Nonsense)
    assert left_in(tmp_path) == []


def test_a_file_that_unpacks_to_more_than_it_said_is_stopped(tmp_path: Path) -> None:
    feed, copy = shelf(), ModelCopy()
    feed.spoil = lambda manifest: msgspec.structs.replace(manifest, unpacked_size=100)
    failure = bootstrap(feed, tmp_path, copy).fetch("s")
    assert isinstance(failure, Nonsense)
    assert "larger than 100" in failure.reason
    feed.spoil = lambda manifest: msgspec.structs.replace(manifest, unpacked_size=1 << 20)
    failure = bootstrap(feed, tmp_path, copy).fetch("s")
    assert isinstance(failure, Nonsense)
    assert "instead of" in failure.reason
    assert copy.swaps == 0


def test_a_zip_bomb_writes_no_more_than_was_announced(tmp_path: Path) -> None:
    packed, unpacked = tmp_path / "bomb", tmp_path / "out"
    packed.write_bytes(zstandard.compress(bytes(50_000_000)))
    with pytest.raises(Exception, match="larger than 1000"):
        unpack_file(packed, unpacked, 1000)
    assert unpacked.stat().st_size <= 1000


def test_a_file_that_the_copy_does_not_take_is_thrown_away(tmp_path: Path) -> None:
    feed, copy = shelf(), ModelCopy()
    copy.unfit = True
    failure = bootstrap(feed, tmp_path, copy).fetch("s")
    assert isinstance(failure, Nonsense)
    assert "the file is damaged" in failure.reason
    assert left_in(tmp_path) == []


SPOILT: dict[str, tuple[dict[str, object], type]] = {
    "another layout": ({"feed_schema": 99}, Refused),
    "another store": ({"store_id": "other"}, Nonsense),
    "a path for a name": ({"sha256": "../../etc/passwd"}, Nonsense),
    "letters for a name": ({"sha256": "x" * 64}, Nonsense),
    "no size": ({"size": 0}, Nonsense),
    "too large": ({"unpacked_size": 1 << 50}, Nonsense),
    "no room": ({"unpacked_size": 8 << 30, "size": 8 << 30}, LocalFault),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_manifest_is_not_believed_blindly(tmp_path: Path, kind: str) -> None:
    feed, copy = shelf(), ModelCopy()
    fields, expected = SPOILT[kind]
    if kind == "no room" and shutil.disk_usage(tmp_path).free > 25 << 30:
        fields = {"unpacked_size": 1 << 40}
        expected = Nonsense
    feed.spoil = lambda manifest: msgspec.structs.replace(manifest, **fields)
    assert isinstance(bootstrap(feed, tmp_path, copy).fetch("s"), expected)
    assert copy.swaps == 0


def test_a_folder_that_can_not_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "downloads").write_text("a file in the way")
    failure = bootstrap(shelf(), tmp_path, ModelCopy()).fetch("s")
    assert isinstance(failure, LocalFault)
    assert "can't be stored" in failure.reason


def test_a_server_without_a_file_is_asked_again_later(tmp_path: Path) -> None:
    feed = shelf()
    feed.snapshot = lambda store_id: Refused(404)  # type: ignore[method-assign]
    assert bootstrap(feed, tmp_path, ModelCopy()).fetch("s") == Refused(404)


class Wavering(ModelFeed):
    """Refuses the range that is asked for, once."""

    def blob(self, name: str, offset: int, sink: BlobSink) -> Reply[int] | Refused | Unreachable:  # type: ignore[override]
        if offset:
            return Refused(416)
        return Unreachable("cut") if self.cut_after else super().blob(name, offset, sink)  # type: ignore[return-value]


def test_a_range_that_the_server_does_not_have_starts_over(tmp_path: Path) -> None:
    feed, copy = Wavering(), ModelCopy()
    feed.put("p", b"{}")
    feed.cut_after = 1
    assert bootstrap(feed, tmp_path, copy).fetch("s") == Unreachable("cut")
    [part] = left_in(tmp_path)
    (tmp_path / "downloads" / part).write_bytes(b"x")
    assert bootstrap(feed, tmp_path, copy).fetch("s") == Refused(416)
    feed.cut_after = None
    assert bootstrap(feed, tmp_path, copy).fetch("s") is None


@pytest.fixture
def cut_at(http: ScriptedHttp) -> Callable[[bytes, int], None]:
    """A server that sends so many bytes of a file and hangs up."""

    def serve(packed: bytes, most: int) -> None:
        def answer(asked: Asked) -> None:
            first = int(asked.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
            asked.send_response(206 if first else 200)
            asked.send_header("Content-Length", str(len(packed) - first))
            if first:
                asked.send_header("Content-Range", f"bytes {first}-{len(packed) - 1}/{len(packed)}")
            asked.end_headers()
            asked.wfile.write(packed[first : first + most])
            asked.close_connection = True

        http.routes[f"/sync/blob/{_manifest(http).sha256}"] = answer

    def _manifest(http: ScriptedHttp) -> SnapshotManifest:
        reply = feed.snapshot("s")
        assert isinstance(reply, Reply)
        http.routes["/sync/snapshot/s"] = lambda asked: asked.say(200, pack(reply.value))
        return reply.value

    feed = shelf()
    return serve


def test_a_cut_download_goes_on_over_a_real_line(
    tmp_path: Path, http: ScriptedHttp, cut_at: Callable[[bytes, int], None]
) -> None:
    feed, copy = shelf(), ModelCopy()
    packed = feed.packed()
    cut_at(packed, len(packed) // 3)
    api = ServerApi(http.url, "d", unsigned)
    failures = []
    while (failure := Bootstrap(api, tmp_path, copy, lambda: False).fetch("s")) is not None:
        failures.append(failure)
        assert len(failures) < 6
    api.close()
    assert all(isinstance(failure, Unreachable) for failure in failures)
    assert len(failures) >= 3
    assert copy.rows == feed.rows
