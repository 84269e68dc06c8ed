"""Every kind of transaction that the till makes in its own database, and a till on which each of them can be made.

A kind names the function that opens its transaction; a rule of the house compares these with the till's code, so a
function that begins to write needs a line here, and gets its crash points and disk trouble by that.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import sqlcipher3.dbapi2 as driver

from hardware.receipt_document import ReceiptDocument, Text
from hardware.terminals.base import Payment, Reference, Request
from pos_client.journal_check import verify
from pos_client.store.anchor import AnchorFile
from pos_client.store.books import TillBooks
from pos_client.till.ports import CardIntent
from shared_models import cash, events, refund, sale, stored_value
from shared_models.journal import Fault
from shared_models.leases import LeaseReply, LeaseRequest
from tests.pos_client.store.made_up_shop import (
    NOON_MS,
    PUBLIC_KEY,
    a_sale,
    cash_moved,
    no_sale,
    open_books,
    parked_sale,
    sale_parked,
    sale_recalled,
    sale_voided,
    shift_closed,
    shift_opened,
)

Act = Callable[[TillBooks], object]
A_REPORT = ReceiptDocument((Text("X report"),))
A_COUNT = cash.DrawerCounted(
    shift_id="s1", till_id="03-2", operator_id="op1", counted_minor=20_000, pieces=(cash.Pieces(1000, 20),)
)


class Kind(NamedTuple):
    """`site` is the function that opens the transaction, as module.Class.function."""

    site: str
    act: Act


def _post(*facts: Any, **more: Any) -> Kind:
    return Kind("pos_client.store.books.TillBooks.post", lambda books: books.post(*facts, **more))


def _job(site: str, act: Act) -> Kind:
    return Kind(f"pos_client.store.jobs.Jobs.{site}", act)


def _lease(site: str, act: Act) -> Kind:
    return Kind(f"pos_client.store.leases.LeaseRows.{site}", act)


def _card(site: str, act: Act) -> Kind:
    return Kind(f"pos_client.store.card_intents.CardIntents.{site}", act)


def _ticket(site: str, act: Act) -> Kind:
    return Kind(f"pos_client.store.shared_tickets.SharedTickets.{site}", act)


_ASKED, _OVER, _ESCROW = "a" * 32, "b" * 32, "c" * 32


_CREATED, _SENT = "d" * 32, "e" * 32
_A_REQUEST = Request(1250, "EUR", Reference("52500041", 7, 7), True)
_PAID = Payment(amount_minor=1250, brand="VISA", last_four="1111", reference=Reference("52500041", 8, 8))


def _intent(intent_id: str) -> CardIntent:
    return CardIntent(intent_id, "5a1e" * 8, 1250, "EUR")


def _sale_paid_by(intent_id: str) -> sale.SalePosted:
    sold = a_sale()
    card = sale.CardPaid(intent_id=intent_id, brand="VISA", last_four="1111")
    tenders = (sale.Tender(sale.CARD, sold.total_minor, "VISA 1111", card),)
    return msgspec.structs.replace(sold, tenders=tenders, change_minor=0, cash_rounding_minor=0)


def _wanted(lease_id: str, **more: Any) -> LeaseRequest:
    return LeaseRequest(lease_id=lease_id, **{"kind": "gift", "subject": "6035", "amount": 500} | more)


def _granted(lease_id: str) -> LeaseReply:
    return LeaseReply(lease_id=lease_id, state="granted", amount=500)


def _denied(lease_id: str) -> LeaseReply:
    return LeaseReply(lease_id=lease_id, state="denied", code="not_enough")


def _redeemed(lease_id: str) -> stored_value.GiftRedeemed:
    return msgspec.structs.replace(_made_up(stored_value.GiftRedeemed), lease_id=lease_id, amount_minor=100)


def _taken_back() -> refund.RefundPosted:
    line = refund.taken_back(a_sale().lines[0], 1000)
    return msgspec.structs.replace(_made_up(refund.RefundPosted), lines=(line,), lease_id="")


def _back_to_card(intent_id: str) -> refund.RefundPosted:
    given = refund.GivenBack(sale.CARD, 1250, "VISA 1111", sale.CardPaid(intent_id=intent_id))
    return msgspec.structs.replace(_taken_back(), given_back=(given,))


def _first(books: TillBooks, kind: str) -> int:
    return next(job.id for job in books.jobs.having("queued") if job.kind == kind)


def _made_up(fact: type[Any]) -> Any:
    """A fact of a kind that the books only have to keep."""
    empty = {str: "x", int: 1}
    fields = [field for field in msgspec.structs.fields(fact) if field.required]
    return fact(**{field.name: empty.get(field.type, ()) for field in fields})


FACTS: dict[str, Kind] = {name: _post(_made_up(fact)) for name, fact in events.TYPES.items()} | {
    "sale.posted": Kind(
        "pos_client.store.books.TillBooks.post_sale", lambda b: b.post_sale(a_sale(), open_drawer=True)
    ),
    "sale.voided": _post(sale_voided()),
    "sale.parked": Kind(
        "pos_client.store.books.TillBooks.park", lambda b: b.park(parked_sale("p2"), sale_parked("p2"))
    ),
    "sale.recalled": Kind(
        "pos_client.store.books.TillBooks.recall", lambda b: b.recall("p1", sale_recalled("p1"))
    ),
    "receipt.reprinted": Kind(
        "pos_client.store.books.TillBooks.post",
        lambda b: b.post(_reprinted(b), document=A_REPORT, note=_second(b)),
    ),
    "shift.opened": _post(shift_opened("s2", 2)),
    "cash.moved": _post(cash_moved("paid_out", 200), no_sale(), drawer_reason="paid out"),
    "drawer.opened": _post(no_sale(), drawer_reason="no sale"),
    "drawer.counted": _post(A_COUNT),
    "shift.closed": Kind(
        "pos_client.store.books.TillBooks.post", lambda b: b.post(shift_closed(b), document=A_REPORT)
    ),
    "incarnation.opened": Kind(
        "pos_client.store.books.TillBooks.reincarnate",
        lambda b: b.reincarnate(_incarnation(b), 2, "diverged"),
    ),
    "operator.logged_in": _post(cash.OperatorLoggedIn("op2", "Bo", "03-2")),
    "operator.logged_out": _post(cash.OperatorLoggedOut("op1", "03-2")),
}
"""By the name of the fact in `events.TYPES`."""

OTHERS: dict[str, Kind] = {
    "a sale without the drawer": Kind(
        "pos_client.store.books.TillBooks.post_sale",
        lambda b: b.post_sale(a_sale(lines=60), open_drawer=False),
    ),
    "a report without a fact": _post(document=A_REPORT),
    "the ticket in progress": Kind(
        "pos_client.store.books.TillBooks.save_cart", lambda b: b.save_cart(b"ticket" * 500)
    ),
    "the count in progress": Kind(
        "pos_client.store.books.TillBooks.save_count", lambda b: b.save_count(b"12 x 5.00")
    ),
    "a wrong PIN": Kind("pos_client.store.scratch.KeptNumber.keep", lambda b: b.wrong_pins.keep(3)),
    "an acknowledgement": Kind(
        "pos_client.store.outbox.acknowledge", lambda b: b.acknowledge(_incarnation(b), 3, 2)
    ),
    "an acknowledgement taken back": Kind(
        "pos_client.store.outbox.acknowledge", lambda b: b.acknowledge(_incarnation(b), 1, 0)
    ),
    "a lease wanted": _lease("asked", lambda b: b.leases.asked(_wanted("f" * 32))),
    "a lease granted": _lease("answered", lambda b: b.leases.answered(_granted(_ASKED), NOON_MS)),
    "a lease denied": _lease("answered", lambda b: b.leases.answered(_denied(_ASKED), 0)),
    "a lease given back": _lease("given_back", lambda b: b.leases.given_back(_ASKED)),
    "a lease that ran out": _lease("run_out", lambda b: b.leases.run_out(2 * NOON_MS)),
    "a lease that the server knows the end of": _lease("told", lambda b: b.leases.told(_OVER)),
    "a card payment begun": _card("begin", lambda b: b.cards.begin(_intent("9" * 32), NOON_MS)),
    "a card payment sent": _card("sent", lambda b: b.cards.sent(_CREATED, _A_REQUEST)),
    "a card payment approved": _card("settle", lambda b: b.cards.settle(_SENT, "approved", "", _PAID)),
    "a sale paid by card": Kind(
        "pos_client.store.books.TillBooks.post_sale",
        lambda b: b.post_sale(_sale_paid_by(_SENT), open_drawer=False),
    ),
    "a ticket offered to other tills": _ticket("_note", lambda b: b.tickets.offering("p1")),
    "a ticket that another till has now": _ticket("learn", lambda b: b.tickets.learn(["p1"], ["p0"])),
    "another till's ticket taken up": Kind(
        "pos_client.store.books.TillBooks.take_over",
        lambda b: b.take_over(b"its cart", sale_recalled("p9"), _ESCROW),
    ),
    "a sale paid with a gift card": Kind(
        "pos_client.store.books.TillBooks.post_sale",
        lambda b: b.post_sale(a_sale(), _redeemed(_ESCROW), _redeemed(""), open_drawer=False),
    ),
    "goods taken back whose money went to a card": _post(_back_to_card(_SENT), document=A_REPORT),
    "goods taken back": _post(_taken_back(), document=A_REPORT, drawer_reason="refund"),
    "a pulse begun": _job("claim", lambda b: b.jobs.claim("drawer")),
    "a receipt begun": _job("claim", lambda b: b.jobs.claim("print")),
    "a receipt printed": _job("done", lambda b: b.jobs.done(_first(b, "print"))),
    "a receipt in doubt": _job("_set", lambda b: b.jobs.uncertain(_first(b, "print"))),
    "a receipt again": _job("_set", lambda b: b.jobs.again(b.jobs.having("uncertain")[0].id)),
    "a pulse given up": _job("_set", lambda b: b.jobs.cancel(_first(b, "drawer"))),
}
KINDS = FACTS | OTHERS


def _incarnation(books: TillBooks) -> bytes:
    return books.segments()[-1].incarnation


def _second(books: TillBooks) -> str:
    return books.recent_sales()[1].sale.receipt_number


def _reprinted(books: TillBooks) -> sale.ReceiptReprinted:
    return sale.ReceiptReprinted(
        sale_id="5a1e" * 8, receipt_number=_second(books), operator_id="op1", copy_number=1
    )


STARTED = 5_000_000
"""Where ids and times begin in every run that is compared with another."""


def prepare(folder: Path) -> Path:
    """A till in the middle of its day, closed: everything that a kind can change is there."""
    books = open_books(folder, log_bytes=0)
    books.post(shift_opened())
    for drawer in (True, False, True):
        books.post_sale(a_sale(), open_drawer=drawer)
    books.park(parked_sale(), sale_parked())
    books.save_cart(b"half a ticket")
    books.jobs.uncertain(_first(books, "print"))
    books.acknowledge(_incarnation(books), 2, 1)
    for lease_id in (_ASKED, _OVER):
        books.leases.asked(_wanted(lease_id))
    books.leases.asked(_wanted(_ESCROW, kind="escrow", account="gift"))
    books.leases.answered(_granted(_ESCROW), NOON_MS)
    books.leases.given_back(_OVER)
    for intent_id in (_CREATED, _SENT):
        books.cards.begin(_intent(intent_id), NOON_MS)
    books.cards.sent(_SENT, _A_REQUEST)
    books.close()
    return folder


def start(folder: Path, **changed: Any) -> TillBooks:
    """The same ids and times each time: what is done once more is the same to the byte, but for signatures."""
    return open_books(folder, start=STARTED, **{"log_bytes": 0} | changed)


def sell_on(folder: Path) -> None:
    """On another day, with the number that was promised."""
    books = open_books(folder, start=2 * STARTED, log_bytes=0)
    number = books.next_receipt_number()
    assert books.post_sale(a_sale(), open_drawer=True).sale.receipt_number == number
    books.close()


def faults(folder: Path) -> tuple[Fault, ...]:
    """What `verify` finds in the till's books, receipt numbers with gaps included."""
    anchor = AnchorFile(folder / "elsewhere" / "anchor.json").read()
    return verify(folder / "books" / "till.db", None, PUBLIC_KEY, anchor).faults


def copy_of(prepared: Path, folder: Path) -> Path:
    shutil.copytree(prepared, folder)
    return folder


Tables = dict[str, list[tuple[Any, ...]]]


def tables(path: Path, key: str | None = None) -> Tables:
    """All that a SQLite file says. A signature is another each time, and `verify` has a look at it."""
    connection = driver.connect(str(path))
    try:
        if key is not None:
            connection.execute(f"pragma key=\"x'{key}'\"")
        assert connection.execute("pragma integrity_check").fetchall() == [("ok",)]
        found = {"user_version": connection.execute("pragma user_version").fetchall()}
        names = connection.execute("select name from sqlite_master where type = 'table' order by name")
        for (name,) in names.fetchall():
            wanted = "*" if name != "entry" else "pos, event_id, type, schema, body, prev, hash, algorithm"
            found[name] = sorted(connection.execute(f'select {wanted} from "{name}"').fetchall(), key=repr)
        return found
    finally:
        connection.close()
