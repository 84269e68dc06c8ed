"""The ticket: whole names, the last line in sight, and no more painted than has changed."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QPoint, QRect, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from pos_client.till.state import LineView, Words
from pos_client.ui.theme import Theme
from pos_client.ui.ticket_view import TicketView
from pos_client.ui.wording import Wording


def line(number: int, name: str = "Sourdough roll", amount_minor: int = 90) -> LineView:
    return LineView(
        number, name, 1000, "piece", False, 90, amount_minor, (Words("code", {"code": f"{number}"}),)
    )


class WatchedTicket(TicketView):
    painted: list[QRect]

    def paintEvent(self, event: QPaintEvent) -> None:
        self.painted.extend(iter(event.region()))  # type: ignore[call-overload]
        super().paintEvent(event)


def shown_ticket(app: QApplication) -> WatchedTicket:
    ticket = WatchedTicket(Theme(), Wording(QLocale("en_GB")))
    ticket.painted = []
    ticket.resize(560, 400)
    ticket.show()
    app.processEvents()
    return ticket


def test_the_line_just_scanned_is_in_sight_below_two_hundred_others(qapp: QApplication) -> None:
    ticket = shown_ticket(qapp)
    lines = [line(number) for number in range(1, 202)]
    ticket.show_lines(lines, 200)
    assert ticket.viewport().rect().contains(ticket.row_rect(200))


def test_a_new_line_paints_itself_and_the_line_that_lost_the_mark_only(qapp: QApplication) -> None:
    ticket = shown_ticket(qapp)
    lines = [line(number) for number in range(1, 201)]
    ticket.show_lines(lines, 199)
    qapp.processEvents()
    ticket.painted.clear()
    ticket.show_lines([*lines, line(201)], 200)
    qapp.processEvents()
    two_rows = ticket.row_rect(199).united(ticket.row_rect(200))
    assert ticket.painted
    assert all(two_rows.contains(rect) for rect in ticket.painted)


def test_a_long_name_wraps_until_all_of_it_is_there(qapp: QApplication) -> None:
    ticket = shown_ticket(qapp)
    ticket.show_lines([line(1), line(2, "Organic wholegrain spelt flour from the mill by the river " * 4)], 1)
    assert ticket.row_rect(1).height() > 4 * ticket.row_rect(0).height() // 2


def test_a_touched_line_is_chosen(qapp: QApplication) -> None:
    ticket = shown_ticket(qapp)
    ticket.show_lines([line(1), line(2), line(3)], 2)
    chosen: list[int] = []
    ticket.chosen.connect(chosen.append)
    QTest.mouseClick(ticket.viewport(), Qt.MouseButton.LeftButton, pos=ticket.row_rect(1).center())
    QTest.mouseClick(ticket.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, 390))
    assert chosen == [1]


def test_a_screen_reader_is_told_the_line_and_its_price(qapp: QApplication) -> None:
    ticket = shown_ticket(qapp)
    ticket.show_lines([line(1), line(2, "Croissant", 160)], 1)
    assert ticket.accessibleName() == "Ticket, 2 lines"
    assert ticket.accessibleDescription() == "1 Croissant, 1.60, 2"


def test_a_line_taken_away_leaves_nothing_behind(qapp: QApplication) -> None:
    ticket = shown_ticket(qapp)
    ticket.show_lines([line(1), line(2), line(3)], 2)
    qapp.processEvents()
    before = ticket.grab(QRect(0, 0, 560, ticket.row_rect(2).top())).toImage()
    ticket.show_lines([line(1), line(2)], 1)
    ticket.show_lines([line(1), line(2), line(3)], 2)
    qapp.processEvents()
    assert ticket.grab(QRect(0, 0, 560, ticket.row_rect(2).top())).toImage() == before
