"""Taking money: what is due in cash, what was received, and the change."""

from __future__ import annotations

import msgspec

from pos_client.till.refusals import Refused
from pos_client.till.state import Severity, TenderLine, TenderView
from shared_models.currency import NOTES, currency
from shared_models.money import quick_cash_amounts
from shared_models.rounding import round_to_step
from shared_models.sale import CARD, CASH, CardPaid, Tender
from shared_models.tax import RoundingPolicy

MAX_TENDERS = 20
ABSURD_TIMES_DUE = 1_000
ABSURD_NOTES = 20


class Backing(msgspec.Struct, frozen=True):
    """What stands behind a tender that is not cash. `lease_id` is empty where the till spends on its own word.

    `units` is what goes off the account for it: the amount itself, or points.

    `ends_mono_ms`: until when the server keeps it for this sale; what was put aside for the till does not end so soon.
    """

    kind: str
    subject: str
    units: int
    amount_minor: int
    lease_id: str
    ends_mono_ms: int | None = None
    is_escrow: bool = False
    card: CardPaid | None = None


class Payment(msgspec.Struct, frozen=True):
    """A payment in progress, under the rounding policy in force when it began.

    `step_minor` is the smallest amount that can be paid in cash; only what cash pays is rounded to it. `backings`
    are those of the tenders that are not cash, in their order.
    """

    total_minor: int
    currency: str
    policy: RoundingPolicy
    step_minor: int = 1
    tenders: tuple[Tender, ...] = ()
    backings: tuple[Backing, ...] = ()

    @property
    def due_minor(self) -> int:
        exact = sum(backing.amount_minor for backing in self.backings)
        return exact + round_to_step(self.total_minor - exact, self.step_minor)

    @property
    def rounding_minor(self) -> int:
        return self.due_minor - self.total_minor

    @property
    def received_minor(self) -> int:
        return sum(tender.received_minor for tender in self.tenders)

    @property
    def open_minor(self) -> int:
        return max(0, self.due_minor - self.received_minor)

    @property
    def open_exact_minor(self) -> int:
        """What is missing, as something else than cash pays it. Where cash was given already, as cash rounds it."""
        if len(self.tenders) > len(self.backings):
            return self.open_minor
        return max(0, self.total_minor - self.received_minor)

    @property
    def change_minor(self) -> int:
        return max(0, self.received_minor - self.due_minor)

    def with_cash(self, received_minor: int) -> Payment:
        """Raises Refused for what nobody can hand over."""
        if received_minor <= 0:
            raise Refused("bad_amount")
        if self._is_absurd(received_minor):
            raise Refused("absurd_amount", severity=Severity.DANGER, amount_minor=received_minor)
        if received_minor % self.step_minor:
            raise Refused("not_payable_in_cash", step_minor=self.step_minor)
        if len(self.tenders) >= MAX_TENDERS:
            raise Refused("too_many_tenders")
        return msgspec.structs.replace(self, tenders=(*self.tenders, Tender(CASH, received_minor)))

    def with_backing(self, backing: Backing) -> Payment:
        """A gift card or points, for as much as stands behind them."""
        if len(self.tenders) >= MAX_TENDERS:
            raise Refused("too_many_tenders")
        tender = Tender(backing.kind, backing.amount_minor, backing.subject, backing.card)
        return msgspec.structs.replace(
            self, tenders=(*self.tenders, tender), backings=(*self.backings, backing)
        )

    def without_last(self) -> tuple[Payment, Backing | None]:
        """What stood behind the tender that was taken back is nobody's then."""
        if not self.tenders:
            raise Refused("no_tender")
        kept = self.tenders[:-1]
        if self.tenders[-1].kind == CASH:
            return msgspec.structs.replace(self, tenders=kept), None
        left = msgspec.structs.replace(self, tenders=kept, backings=self.backings[:-1])
        return left, self.backings[-1]

    def paid_by_card(self, intent_id: str) -> bool:
        return any(one.card is not None and one.card.intent_id == intent_id for one in self.backings)

    def has_cards(self) -> bool:
        return any(backing.kind == CARD for backing in self.backings)

    def without_card(self, intent_id: str) -> Payment:
        """The payment whose money went back to the card."""
        tenders = tuple(one for one in self.tenders if one.card is None or one.card.intent_id != intent_id)
        backings = tuple(one for one in self.backings if one.card is None or one.card.intent_id != intent_id)
        return msgspec.structs.replace(self, tenders=tenders, backings=backings)

    def has_cash(self) -> bool:
        return any(tender.kind == CASH for tender in self.tenders)

    def refuse_unless_enough(self) -> None:
        if self.open_minor:
            raise Refused("money_missing", missing_minor=self.open_minor)

    def view(self, *, takes_points: bool = False, takes_cards: bool = False) -> TenderView:
        return TenderView(
            due_minor=self.due_minor,
            rounding_minor=self.rounding_minor,
            received_minor=self.received_minor,
            open_minor=self.open_minor,
            change_minor=self.change_minor,
            quick_minor=quick_cash_amounts(
                self.open_minor, currency(self.currency), step_minor=self.step_minor
            ),
            tenders=tuple(TenderLine(tender.kind, tender.received_minor) for tender in self.tenders),
            can_finish=self.open_minor == 0,
            takes_points=takes_points,
            takes_cards=takes_cards,
        )

    def _is_absurd(self, received_minor: int) -> bool:
        largest_note = NOTES[self.currency][-1]
        return (
            received_minor > self.due_minor * ABSURD_TIMES_DUE
            and received_minor > largest_note * ABSURD_NOTES
        )
