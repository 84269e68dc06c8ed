"""What the status line says, from the sync engine's and the spooler's reports and what the books hold."""

from __future__ import annotations

import msgspec
import pytest

from pos_client.spooler import SpoolerStatus
from pos_client.status_line import StatusLine
from pos_client.sync.status import SyncStatus
from pos_client.till.errors import StorageFailed
from pos_client.till.ports import Unsent
from pos_client.till.state import TillStatus

NINE_MS = 1_795_000_000_000


class Books:
    def __init__(self) -> None:
        self.waiting = Unsent(0, None, 0)
        self.said = ""

    def trouble(self) -> str:
        return self.said

    def unsent(self) -> Unsent:
        return self.waiting


class Copy:
    def __init__(self, at_ms: int | None) -> None:
        self.at_ms = at_ms

    def as_of_ms(self) -> int | None:
        return self.at_ms


def test_before_any_worker_has_spoken_nothing_is_claimed() -> None:
    assert StatusLine(Books(), Copy(None)).now() == TillStatus(online=None, printer_ok=None)


def test_sync_spooler_and_books_each_say_their_part() -> None:
    books = Books()
    line = StatusLine(books, Copy(NINE_MS))
    books.waiting = Unsent(3, NINE_MS - 60_000, 714)
    line.hear_sync(SyncStatus(online=False, message="The server does not answer.", clock_offset_ms=-90_000))
    line.hear_spooler(SpoolerStatus(False, "Put paper in.", waiting=2, uncertain=1, unsure_receipts=("R1",)))
    assert line.now() == TillStatus(
        online=False,
        unsent_entries=3,
        oldest_unsent_at_ms=NINE_MS - 60_000,
        unsent_value_minor=714,
        catalogue_as_of_ms=NINE_MS,
        printer_ok=False,
        printer_message="Put paper in.",
        unsure_receipts=("R1",),
        clock_drift_ms=-90_000,
        sync_message="The server does not answer.",
    )


def test_trouble_with_the_way_up_is_said_before_trouble_with_the_way_down() -> None:
    line = StatusLine(Books(), Copy(None))
    line.hear_sync(SyncStatus(online=True, message="", catalogue_message="Prices did not come down."))
    assert line.now().sync_message == "Prices did not come down."
    line.hear_sync(
        SyncStatus(online=True, message="Sales stay here.", catalogue_message="Prices did not come.")
    )
    assert line.now().sync_message == "Sales stay here."


def test_trouble_with_the_journal_is_said_before_all_else() -> None:
    books = Books()
    line = StatusLine(books, Copy(None))
    line.hear_sync(SyncStatus(online=False, message="The server does not answer."))
    books.said = "The second copy can't be written."
    assert line.now().sync_message == "The second copy can't be written."


@pytest.mark.parametrize(
    ("newest_change", "last_look", "shown"),
    [
        (None, None, None),
        (NINE_MS, None, NINE_MS),
        (None, NINE_MS, NINE_MS),
        (NINE_MS, NINE_MS + 5, NINE_MS + 5),
    ],
)
def test_prices_are_as_old_as_the_last_look_at_head_office(
    newest_change: int | None, last_look: int | None, shown: int | None
) -> None:
    line = StatusLine(Books(), Copy(newest_change))
    line.hear_sync(SyncStatus(catalogue_as_of_ms=last_look))
    assert line.now().catalogue_as_of_ms == shown


def test_a_file_that_can_not_be_read_is_said_beside_what_was_known() -> None:
    class Damaged(Copy):
        damaged = False

        def __init__(self) -> None:
            super().__init__(NINE_MS)

        def as_of_ms(self) -> int | None:
            if self.damaged:
                raise StorageFailed("The catalogue can't be read.")
            return super().as_of_ms()

    copy = Damaged()
    line = StatusLine(Books(), copy)
    before = line.now()
    copy.damaged = True
    assert line.now() == msgspec.structs.replace(before, sync_message="The catalogue can't be read.")
