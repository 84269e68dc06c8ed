"""What function keys open: help, parked tickets, receipts, the drawer, the shift menu, quantity and discount."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pos_client.till.intents import Till
from pos_client.till.state import ParkedView, Severity, TillState, Words
from pos_client.ui.actions import Action
from pos_client.ui.choice_panel import ChoicePanel
from pos_client.ui.discount_panel import DiscountPanel
from pos_client.ui.panel import PanelHost
from pos_client.ui.presenter import Presenter
from pos_client.ui.prompt_panel import AmountPanel, QuantityPanel, TextPanel
from pos_client.ui.row_list import Row
from pos_client.ui.theme import Theme
from pos_client.ui.wording import Wording, tr
from shared_models.money import parse_amount
from shared_models.quantity import InvalidQuantity, parse_quantity

_MoveCash = Callable[[Till, int, str], TillState]


class Menus:
    def __init__(self, theme: Theme, wording: Wording, presenter: Presenter, host: PanelHost) -> None:
        self._theme = theme
        self._wording = wording
        self._presenter = presenter
        self._host = host
        self._parked_panel: ChoicePanel | None = None
        self._parked_shown: tuple[ParkedView, ...] = ()

    def help(self, actions: Sequence[Action]) -> None:
        """Every key that does something now, to read and to touch."""
        rows = [Row(action.text, end=action.hint) for action in actions]
        self._host.open(ChoicePanel(self._theme, tr("Keys"), rows, lambda at: actions[at].run()))

    def parked(self) -> None:
        """This till's own at once; those of the other tills when the server has told of them."""
        self._presenter.do(lambda till: till.look_at_parked())
        self._open_parked()

    def refresh_parked(self, state: TillState) -> None:
        is_open = self._parked_panel is not None and self._host.panel is self._parked_panel
        if is_open and state.parked != self._parked_shown:
            self._open_parked()

    def _open_parked(self) -> None:
        parked = self._parked_shown = self._presenter.state.parked
        rows = [self._parked_row(ticket) for ticket in parked]

        def recall(at: int) -> None:
            self._presenter.do(lambda till: till.recall(parked[at].sale_id))

        empty = tr("No ticket is parked. Park puts the ticket aside for a customer who comes back.")
        self._parked_panel = ChoicePanel(
            self._theme, tr("Parked tickets"), rows, recall, empty=empty, numbered=True
        )
        self._host.open(self._parked_panel)

    def _parked_row(self, ticket: ParkedView) -> Row:
        facts = (
            self._wording.time_of_day(ticket.parked_at),
            ticket.operator_name,
            self._wording.lines(ticket.line_count),
            tr("till {till_id}").format(till_id=ticket.till_id) if ticket.till_id else "",
        )
        return Row(ticket.label, " · ".join(filter(None, facts)), self._wording.money(ticket.total_minor))

    def receipts(self) -> None:
        numbers = self._presenter.till.recent_receipts()

        def reprint(at: int) -> None:
            self._presenter.do(lambda till: till.reprint(numbers[at]))

        rows = [Row(number, tr("Prints again, marked COPY")) for number in numbers]
        empty = tr("Nothing has been sold yet.")
        self._host.open(ChoicePanel(self._theme, tr("Print a receipt again"), rows, reprint, empty=empty))

    def drawer(self) -> None:
        proposals = (
            tr("Change for a customer"),
            tr("Coins from the bank"),
            tr("Wrong change given"),
            tr("Check the drawer"),
        )
        self._host.open(
            TextPanel(
                self._theme,
                tr("Why is the drawer opened?"),
                lambda why: self._do(lambda till: till.open_drawer(why)),
                proposals=proposals,
            )
        )

    def shift(self) -> None:
        drop = (tr("Too much in the drawer"), tr("End of the day"))
        entries: Sequence[tuple[Row, Callable[[], object]]] = (
            (Row(tr("X report"), tr("The shift so far, nothing is closed"), "1"), self._x_report),
            (
                Row(tr("Paid in"), tr("Cash into the drawer, with a reason"), "2"),
                lambda: self._move(
                    tr("Paid in"),
                    (tr("Change money"), tr("Correction")),
                    lambda till, amount, why: till.pay_in(amount, why),
                ),
            ),
            (
                Row(tr("Paid out"), tr("Cash out of the drawer, with a reason"), "3"),
                lambda: self._move(
                    tr("Paid out"),
                    (tr("Goods for the shop"), tr("Postage"), tr("Window cleaner"), tr("Correction")),
                    lambda till, amount, why: till.pay_out(amount, why),
                ),
            ),
            (
                Row(tr("Safe drop"), tr("Notes into the safe"), "4"),
                lambda: self._move(
                    tr("Safe drop"), drop, lambda till, amount, why: till.safe_drop(amount, why)
                ),
            ),
            (
                Row(tr("Count and close"), tr("Count the drawer, then the Z report"), "5"),
                lambda: self._do(lambda till: till.start_count()),
            ),
            (
                Row(tr("Gift card put aside"), tr("Part of a card for this till, to spend offline"), "6"),
                self._put_card_aside,
            ),
            (
                Row(tr("Gift card returned"), tr("What was put aside of a card and not spent"), "7"),
                self._return_card,
            ),
            (
                Row(
                    tr("Card terminal: end of day"),
                    tr("Its payments go to the bank; the report is printed"),
                    "8",
                ),
                lambda: self._do(lambda till: till.end_card_day()),
            ),
        )
        rows = [row for row, _ in entries]
        self._host.open(
            ChoicePanel(self._theme, tr("Shift"), rows, lambda at: entries[at][1](), numbered=True)
        )

    def _put_card_aside(self) -> None:
        def of(card: str) -> None:
            title = tr("How much of {card}?").format(card=card)
            self._host.open(AmountPanel(self._theme, self._wording, title, lambda text: put(card, text)))

        def put(card: str, text: str) -> None:
            amount_minor = parse_amount(text, self._wording.currency)
            self._do(lambda till: till.put_card_aside(card, amount_minor))

        self._host.open(TextPanel(self._theme, tr("Which gift card?"), of))

    def _return_card(self) -> None:
        self._host.open(
            TextPanel(
                self._theme,
                tr("Which gift card?"),
                lambda card: self._do(lambda till: till.return_card(card)),
            )
        )

    def quantity(self) -> None:
        state = self._presenter.state
        if state.selected is None or state.selected >= len(state.lines):
            self._say("no_line")
            return
        line = state.lines[state.selected]
        unit = "" if line.unit == "piece" else line.unit
        title = tr("How many? {name}") if not unit else tr("How much? {name}")
        self._host.open(
            QuantityPanel(self._theme, title.format(name=line.name), self._set_quantity, unit=unit)
        )

    def discount(self) -> None:
        state = self._presenter.state
        if not state.lines:
            self._say("nothing_to_discount")
            return
        name = state.lines[state.selected].name if state.selected is not None else ""
        self._host.open(DiscountPanel(self._theme, self._wording, name, self._presenter.do))

    def note(self) -> None:
        self._host.open(
            TextPanel(
                self._theme,
                tr("Note on this line"),
                lambda text: self._do(lambda till: till.note_line(text)),
                may_be_empty=True,
            )
        )

    def _set_quantity(self, text: str) -> None:
        try:
            quantity_milli = parse_quantity(text)
        except InvalidQuantity:
            self._say("quantity_too_large")
            return
        self._do(lambda till: till.set_quantity(quantity_milli))

    def _x_report(self) -> None:
        self._do(lambda till: till.x_report())

    def _move(self, title: str, reasons: Sequence[str], act: _MoveCash) -> None:
        """First how much, then why."""

        def ask_why(text: str) -> None:
            amount_minor = parse_amount(text, self._wording.currency)
            why = tr("{title}: {amount}. What for?").format(
                title=title, amount=self._wording.money(amount_minor)
            )
            self._host.open(
                TextPanel(
                    self._theme,
                    why,
                    lambda reason: self._do(lambda till: act(till, amount_minor, reason)),
                    proposals=reasons,
                )
            )

        self._host.open(
            AmountPanel(self._theme, self._wording, tr("{title}: how much?").format(title=title), ask_why)
        )

    def _do(self, action: Callable[[Till], TillState]) -> None:
        self._presenter.do(action)

    def _say(self, code: str) -> None:
        self._presenter.tell(Severity.WARNING, self._wording.words(Words(code)))
