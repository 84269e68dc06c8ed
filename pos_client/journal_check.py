"""Checking a till's books from outside: every entry's chain and signature, and that the projections say the same.

Only reads, also a database that a till has open. An edited, missing, added or reordered entry is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from pos_client.store.anchor import Anchor
from pos_client.store.checkpoints import checkpoints
from pos_client.store.connection import Database, Driver
from pos_client.store.journal import COLUMNS, entry_of
from pos_client.store.migrations import refuse_older
from pos_client.store.positions import position
from pos_client.store.sales import sale_row
from pos_client.store.segments import Segment, segments
from pos_client.till.errors import StorageFailed
from shared_models.checkpoint import Checkpoint
from shared_models.continuity import IncarnationOpened
from shared_models.errors import ShopError
from shared_models.events import Recorded, UnknownFact, decode_body, other_reading
from shared_models.ids import receipt_number, series_of
from shared_models.journal import Entry, Fault, faults
from shared_models.plain_json import unclear
from shared_models.sale import SalePosted
from shared_models.server_keys import KeyTerm, is_vouched
from shared_models.signing import verifier

_MOST_FAULTS = 100
_SALE_COLUMNS = (
    "pos, receipt_number, number, shift_id, at_ms, line_count, net_minor, tax_minor, total_minor, discount_minor,"
    " cash_rounding_minor, cash_kept_minor, voided_line_count, grand_total_minor, parts"
)
_ORPHANS = " union ".join(
    f"select {column} as pos from {table} where {column} not in (select pos from entry)"
    for table, column in (
        ("sale", "pos"),
        ("shift", "opened_pos"),
        ("shift", "closed_pos"),
        ("shift_event", "pos"),
        ("refund", "pos"),
        ("unasked", "pos"),
    )
)


class CheckReport(msgspec.Struct, frozen=True):
    """`faults` are in journal order, at most a hundred; without any the books are as they were sealed."""

    entries: int
    sales: int
    takings_minor: int
    incarnations: int
    faults: tuple[Fault, ...]


def verify(
    path: Path,
    key: str | None,
    public_key: bytes,
    anchor: Anchor | None = None,
    server_terms: Sequence[KeyTerm] = (),
) -> CheckReport:
    """Raises StorageFailed when the file can't be read at all.

    Whether the end is missing is shown by `anchor`, and by what the server has signed for with its keys.
    """
    if not path.exists():
        raise StorageFailed(
            f"There is no database at {path}. Give the path of the till's till.db.", path=str(path)
        )
    database = Database(path, key, read_only=True)
    try:
        with database.read() as connection:
            refuse_older(connection)
            return _Check(connection, public_key, anchor, server_terms).report()
    finally:
        database.close()


class _Check:
    def __init__(
        self, connection: Driver, public_key: bytes, anchor: Anchor | None, server_terms: Sequence[KeyTerm]
    ) -> None:
        self._connection = connection
        self._public_key = public_key
        self._server_terms = server_terms
        self._anchor = anchor
        self._grand_total = 0
        self._numbers: dict[str, int] = {}
        self._told: set[int] = set()
        self._has_gaps = False
        self._entries = 0
        self._sales = 0

    def report(self) -> CheckReport:
        known = segments(self._connection)
        found: list[Fault] = []
        for fault in self._faults(known):
            found.append(fault)
            if len(found) == _MOST_FAULTS:
                break
        return CheckReport(self._entries, self._sales, self._grand_total, len(known), tuple(found))

    def _faults(self, known: tuple[Segment, ...]) -> Iterator[Fault]:
        self._numbers = {segment.series: 0 for segment in known}
        for segment in known:
            yield from self._ancestry(segment, known)
            verify = verifier(segment.public_key or self._public_key)
            self._told.clear()
            for fault in faults(self._counted(segment), verify, segment.first_prev()):
                self._told.add(fault.seq)
                yield fault
            yield from self._projections(segment)
        yield from self._strays(known)
        if self._anchor is not None:
            yield from self._end(known, self._anchor)
        yield from self._signed_for(known)

    def _counted(self, segment: Segment) -> Iterator[Entry]:
        for entry in self._entries_of(segment):
            self._entries += 1
            yield entry

    def _entries_of(self, segment: Segment) -> Iterator[Entry]:
        rows = self._connection.execute(
            f"select {COLUMNS} from entry where pos >= ? and pos < ? order by pos",
            (position(segment.id, 0), position(segment.id + 1, 0)),
        )
        for row in rows:
            yield entry_of(segment.incarnation, row)

    def _ancestry(self, segment: Segment, known: tuple[Segment, ...]) -> Iterator[Fault]:
        if segment.series != series_of(segment.incarnation):
            yield Fault(segment.incarnation, 0, "series", "the receipt series is not this incarnation's")
        if segment.head_seq < segment.acked:
            yield _missing_end(segment, segment.acked, "the server had acknowledged")
        incarnations = [one.incarnation for one in known]
        if segment.parent is not None and segment.parent not in incarnations:
            yield Fault(segment.incarnation, 0, "parent", "the incarnation before this one is missing")

    def _projections(self, segment: Segment) -> Iterator[Fault]:
        """Each entry must say one thing, each sale's row what its entry says, and receipt numbers be dense."""
        self._has_gaps = False
        for entry in self._entries_of(segment):
            recorded, trouble = _read(entry)
            if trouble and entry.seq not in self._told:
                yield Fault(segment.incarnation, entry.seq, "body", f"entry {entry.seq}: {trouble}")
            pos = position(segment.id, entry.seq)
            row = self._connection.execute(
                f"select {_SALE_COLUMNS} from sale where pos = ?", (pos,)
            ).fetchone()
            if recorded is not None and isinstance(recorded.fact, IncarnationOpened):
                self._has_gaps = recorded.fact.reason == "damaged"
            if recorded is None or not isinstance(recorded.fact, SalePosted):
                if row is not None and recorded is not None:
                    yield Fault(
                        segment.incarnation, entry.seq, "sale", f"entry {entry.seq} is no sale but has a row"
                    )
                if row is not None and recorded is None:
                    self._go_on_from(row)
                continue
            self._sales += 1
            self._grand_total += recorded.fact.total_minor
            yield from self._sale(segment, entry.seq, recorded, row)

    def _sale(
        self, segment: Segment, seq: int, recorded: Recorded, row: tuple[object, ...] | None
    ) -> Iterator[Fault]:
        sale: SalePosted = recorded.fact
        series = self._series_of(sale, segment)
        number = self._numbers[series] = self._number(sale, series, segment)
        expected = receipt_number(sale.till_id, series, number)
        if sale.receipt_number != expected:
            yield Fault(
                segment.incarnation,
                seq,
                "receipt_number",
                f"entry {seq} is {sale.receipt_number}, not {expected}",
            )
        if row is None:
            yield Fault(
                segment.incarnation, seq, "sale", f"the sale of entry {seq} is missing from the list of sales"
            )
            return
        wanted = sale_row(position(segment.id, seq), recorded.at_ms, number, self._grand_total, sale)
        for column, want, has in zip(_SALE_COLUMNS.split(", "), wanted, row, strict=True):
            if want != has:
                yield Fault(
                    segment.incarnation, seq, f"sale.{column}", f"{column} of entry {seq}'s sale was changed"
                )

    def _go_on_from(self, row: tuple[object, ...]) -> None:
        """Of a sale that can't be read there is only its row: what follows is held against that."""
        row_of = dict(zip(_SALE_COLUMNS.split(", "), row, strict=True))
        series = str(row_of["receipt_number"]).rpartition("-")[0].rpartition("-")[2]
        number, grand_total = row_of["number"], row_of["grand_total_minor"]
        if series in self._numbers and isinstance(number, int) and isinstance(grand_total, int):
            self._numbers[series], self._grand_total = number, grand_total

    def _number(self, sale: SalePosted, series: str, segment: Segment) -> int:
        """The next one; what was salvaged from behind a gap may have left some out, and says so by its incarnation."""
        following = self._numbers[series] + 1
        stated = sale.receipt_number.rpartition("-")[2]
        if self._has_gaps and series != segment.series and stated.isdecimal():
            return max(following, int(stated))
        return following

    def _series_of(self, sale: SalePosted, segment: Segment) -> str:
        """A sale that was stamped again keeps its receipt number, in the series of the incarnation it was left by."""
        earlier = sale.receipt_number.removeprefix(f"{sale.till_id}-").partition("-")[0]
        return earlier if earlier in self._numbers else segment.series

    def _strays(self, known: tuple[Segment, ...]) -> Iterator[Fault]:
        """Rows that no incarnation holds, and sales without an entry: what is left of a deleted one."""
        last = known[-1].id if known else 0
        strays = (
            "select pos, segment, seq from entry where segment not in (select id from segment) order by pos"
        )
        for _, _, seq in self._connection.execute(strays).fetchall():
            yield Fault(b"", seq, "segment", f"entry {seq} belongs to no incarnation of this till")
        for (pos,) in self._connection.execute(_ORPHANS).fetchall():
            segment = next(
                (one for one in known if position(one.id, 0) <= pos < position(one.id + 1, 0)), None
            )
            seq = pos - position(segment.id if segment else last, 0)
            incarnation = segment.incarnation if segment else b""
            yield Fault(
                incarnation, seq, "entry", f"entry {seq} is missing, though what followed from it is there"
            )

    def _end(self, known: Iterable[Segment], anchor: Anchor) -> Iterator[Fault]:
        for segment in known:
            if segment.incarnation.hex() != anchor.incarnation:
                continue
            if segment.head_seq < anchor.seq:
                yield _missing_end(segment, anchor.seq, "this machine had seen")
            return
        yield Fault(b"", anchor.seq, "incarnation", "the incarnation that this machine saw last is missing")

    def _signed_for(self, known: tuple[Segment, ...]) -> Iterator[Fault]:
        """What the server has signed for must be here still, unless the till itself left an incarnation before it."""
        by_incarnation = {segment.incarnation: segment for segment in known}
        for signed in checkpoints(self._connection):
            segment = by_incarnation.get(signed.incarnation)
            if self._server_terms and not is_vouched(signed, self._server_terms):
                message = "the checkpoint is not as the server signed it"
                yield Fault(signed.incarnation, signed.high, "checkpoint", message)
            elif segment is None:
                message = f"an incarnation of {signed.high} entries that the server has signed for is missing"
                yield Fault(signed.incarnation, signed.high, "incarnation", message)
            elif signed.high <= segment.head_seq:
                yield from self._at_checkpoint(segment, signed)
            elif not any(one.parent == segment.incarnation and one.parent_seq < signed.high for one in known):
                yield _missing_end(segment, signed.high, "the server has signed for")

    def _at_checkpoint(self, segment: Segment, signed: Checkpoint) -> Iterator[Fault]:
        pos = position(segment.id, signed.high)
        row = self._connection.execute("select hash from entry where pos = ?", (pos,)).fetchone()
        if row is not None and row[0] != signed.hash:
            message = f"entry {signed.high} is another than the server has signed for"
            yield Fault(signed.incarnation, signed.high, "checkpoint", message)


def _missing_end(segment: Segment, seq: int, who: str) -> Fault:
    message = f"the journal ends at entry {segment.head_seq}; {who} entry {seq}"
    return Fault(segment.incarnation, seq, "entry", message)


def _read(entry: Entry) -> tuple[Recorded | None, str]:
    """The fact, and what is wrong with its body in words; neither where a newer version wrote it."""
    try:
        recorded = decode_body(entry.type, entry.schema, entry.body)
    except UnknownFact:
        return None, ""
    except ShopError as reason:
        return None, unclear(entry.body) or reason.message
    return recorded, other_reading(recorded, entry.body)
