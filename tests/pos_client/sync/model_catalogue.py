"""The till's copy and the server's feed in memory: rows, checksums, pages, snapshots as zstd files."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import msgspec
import zstandard

from pos_client.sync.outcomes import Failure, Refused, Reply
from pos_client.sync.server_port import BlobSink
from shared_models.errors import ShopError
from shared_models.reference import DELETE, Change, FeedPage, FeedPosition, checksum_with, row_hash
from shared_models.sync_api import SnapshotManifest

STREAM = "catalogue"
Rows = dict[str, bytes]


class Unfit(ShopError):
    code = "unfit"


class CopyFile(msgspec.Struct, frozen=True):
    """What a snapshot file holds here."""

    rows: Rows
    positions: tuple[FeedPosition, ...]


def checksum_of(rows: Rows) -> int:
    total = 0
    for id, body in rows.items():
        total = checksum_with(total, added=row_hash("product", id, body))
    return total


class ModelCopy:
    """A `CatalogueCopy` of one stream."""

    def __init__(self) -> None:
        self.rows: Rows = {}
        self.position: FeedPosition | None = None
        self.swaps = 0
        self.unfit = False

    def positions(self) -> tuple[FeedPosition, ...]:
        return () if self.position is None else (self.position,)

    def apply(self, page: FeedPage) -> bool:
        at = self.position
        if at is None or (page.epoch, page.after) != (at.epoch, at.ver):
            return False
        rows = dict(self.rows)
        for change in page.changes:
            rows.pop(change.id, None)
            if change.op != DELETE:
                rows[change.id] = change.body
        if checksum_of(rows) != page.checksum_after:
            return False
        self.rows = rows
        self.position = FeedPosition(page.stream, page.epoch, page.to, page.checksum_after)
        return True

    def swap_in(self, path: Path) -> None:
        if self.unfit:
            raise Unfit("the file is damaged")
        file = msgspec.msgpack.decode(path.read_bytes(), type=CopyFile)
        self.rows = dict(file.rows)
        [self.position] = file.positions
        self.swaps += 1


class ModelFeed:
    """The server's stream; `lies` makes the next page's checksum wrong."""

    def __init__(self, epoch: str = "e1") -> None:
        self.epoch = epoch
        self.rows: Rows = {}
        self.log: list[Change] = []
        self.checksum = 0
        self.lies = False
        self.pages = self.manifests = self.sent_bytes = 0
        self.cut_after: int | None = None
        self.store_id = "s"
        self.spoil = lambda manifest: manifest

    def put(self, id: str, body: bytes) -> None:
        self.rows[id] = body
        self.log.append(Change(len(self.log) + 1, "product", id, body=body))

    def delete(self, id: str) -> None:
        del self.rows[id]
        self.log.append(Change(len(self.log) + 1, "product", id, DELETE))

    def feed(self, stream: str, epoch: str, after: int, limit: int) -> Reply[FeedPage] | Failure:
        self.pages += 1
        head = len(self.log)
        if epoch != self.epoch or after > head:
            return Reply(FeedPage(stream, self.epoch, after, after, max(head, after), reset=True))
        changes = tuple(self.log[after : after + limit])
        to = after + len(changes)
        rows = _rows_at(self.log[:to])
        checksum = checksum_of(rows) + (1 if self.lies else 0)
        return Reply(FeedPage(stream, epoch, after, to, head, changes, checksum, to < head))

    def position(self) -> FeedPosition:
        return FeedPosition(STREAM, self.epoch, len(self.log), checksum_of(self.rows))

    def _file(self) -> bytes:
        return msgspec.msgpack.encode(CopyFile(self.rows, (self.position(),)))

    def packed(self) -> bytes:
        return zstandard.compress(self._file())

    def snapshot(self, store_id: str) -> Reply[SnapshotManifest] | Failure:
        self.manifests += 1
        packed = self.packed()
        manifest = SnapshotManifest(
            store_id=self.store_id,
            feed_schema=1,
            sha256=sha256(packed).hexdigest(),
            size=len(packed),
            unpacked_size=len(self._file()),
            positions=(self.position(),),
        )
        return Reply(self.spoil(manifest))

    def blob(self, name: str, offset: int, sink: BlobSink) -> Reply[int] | Failure:
        packed = self.packed()
        if offset >= len(packed):
            return Refused(416)
        sink.start_at(offset)
        piece = packed[offset:] if self.cut_after is None else packed[offset : offset + self.cut_after]
        self.sent_bytes += len(piece)
        sink.write(piece)
        return Reply(len(piece))


def _rows_at(log: list[Change]) -> Rows:
    rows: Rows = {}
    for change in log:
        rows.pop(change.id, None)
        if change.op != DELETE:
            rows[change.id] = change.body
    return rows
