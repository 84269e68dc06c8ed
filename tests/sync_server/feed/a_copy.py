"""What a till would hold of a stream: pages applied in order, each proved by its checksum."""

from __future__ import annotations

from shared_models import reference
from shared_models.reference import FeedPage, FeedPosition
from sync_server.database import Database
from sync_server.feed.service import FeedService

Rows = dict[tuple[str, str], bytes]


class Copy:
    def __init__(self, database: Database, stream: str = "catalogue") -> None:
        self.database = database
        self.at = FeedPosition(stream, "", 0, 0)
        self.rows: Rows = {}

    def again(self) -> Copy:
        """Another till that stands at the same version."""
        other = Copy(self.database, self.at.stream)
        other.at, other.rows = self.at, dict(self.rows)
        return other

    def ask(self, limit: int = 1000) -> FeedPage:
        with self.database.read() as tx:
            return FeedService().page(tx, self.at.stream, self.at.epoch, self.at.ver, limit)

    def pull(self, limit: int = 1000) -> FeedPage:
        page = self.ask(limit)
        assert not page.reset
        assert page.after == self.at.ver
        for change in page.changes:
            if change.op == reference.PUT:
                self.rows[change.entity, change.id] = change.body
            else:
                self.rows.pop((change.entity, change.id), None)
        checksum = sum(reference.row_hash(*key, body) for key, body in self.rows.items()) % (1 << 64)
        assert checksum == page.checksum_after, "the copy is not what the server had at this version"
        self.at = FeedPosition(page.stream, page.epoch, page.to, checksum)
        return page

    def catch_up(self, limit: int = 1000) -> Copy:
        while self.pull(limit).more:
            pass
        return self
