"""What a dialogue comes to: approved, declined or unknown. Only what belongs to the request counts."""

from __future__ import annotations

from collections.abc import Iterable

from hardware.terminals.base import EndOfDay, LastTransaction, Payment, Request, Result
from hardware.terminals.zvt import codes, messages
from hardware.terminals.zvt.apdu import Apdu, is_refusal
from hardware.terminals.zvt.dialogue import Dialogue

_NO_ANSWER = "The terminal did not answer."
_BROKEN_OFF = "The terminal said that the money has moved, and broke off then."
_CUSTOMER_WORDS = ("KUNDENBELEG", "CUSTOMER", "CARDHOLDER")


def of_payment(dialogue: Dialogue, request: Request) -> Result:
    """Approved takes both: status information that is this payment's, and a completion behind it."""
    ending = dialogue.ending
    if ending is None:
        return Result("unknown", reason=_NO_ANSWER)
    mine = _of_this(dialogue.statuses, request)
    if ending.command != messages.COMPLETION:
        if mine is not None and mine.result == codes.OK:
            return Result("unknown", reason=_BROKEN_OFF)
        code, said = code_of(ending), mine.text if mine else ""
        return Result("declined", reason=codes.reason(code, said), busy=code == codes.BUSY)
    if dialogue.is_garbled or mine is None or mine.result is None:
        return Result("unknown", reason="The terminal's answer does not say what became of the payment.")
    if mine.result != codes.OK:
        return Result("declined", reason=codes.reason(mine.result, mine.text))
    if mine.amount_minor != request.amount_minor or not mine.reference.is_known():
        return Result("unknown", reason="The terminal's answer is of another payment.")
    return Result("approved", payment_of(mine, dialogue.paper))


def _of_this(
    statuses: list[messages.StatusInformation], request: Request
) -> messages.StatusInformation | None:
    """The newest that is not the transaction before: a terminal may still have that one to tell."""
    for status in reversed(statuses):
        if status.result != codes.OK:
            return status
        is_before = request.before is not None and status.reference.may_be(request.before)
        if not is_before and status.amount_minor in (None, request.amount_minor):
            return status
    return None


def of_last(dialogue: Dialogue) -> LastTransaction:
    ending = dialogue.ending
    if ending is None:
        return LastTransaction(False, reason=_NO_ANSWER)
    if ending.command != messages.COMPLETION:
        code = code_of(ending)
        return LastTransaction(False, reason=codes.reason(code), busy=code == codes.BUSY)
    paid = [status for status in dialogue.statuses if status.result == codes.OK]
    if dialogue.is_garbled or (not paid and dialogue.paper):
        return LastTransaction(False, reason="The terminal does not say what its last payment was.")
    return LastTransaction(True, payment_of(paid[-1], dialogue.paper) if paid else None)


def of_reversal(dialogue: Dialogue) -> Result:
    ending = dialogue.ending
    if ending is None:
        return Result("unknown", reason=_NO_ANSWER)
    failed = [status for status in dialogue.statuses if status.result not in (None, codes.OK)]
    if ending.command != messages.COMPLETION and any(one.result == codes.OK for one in dialogue.statuses):
        return Result("unknown", reason=_BROKEN_OFF)
    if ending.command != messages.COMPLETION or failed:
        code = failed[-1].result if failed else code_of(ending)
        can_not = code in (codes.NOT_SUPPORTED, codes.NOT_REVERSIBLE)
        return Result("declined", reason=codes.reason(code), busy=code == codes.BUSY, can_not=can_not)
    statuses = dialogue.statuses
    return Result("approved", payment_of(statuses[-1], dialogue.paper) if statuses else Payment())


def of_end_of_day(dialogue: Dialogue) -> EndOfDay:
    ending = dialogue.ending
    if ending is None:
        return EndOfDay(False, reason=_NO_ANSWER)
    if ending.command != messages.COMPLETION:
        return EndOfDay(False, reason=codes.reason(code_of(ending)))
    totals = [status.total_minor for status in dialogue.statuses if status.total_minor is not None]
    amounts = [status.amount_minor for status in dialogue.statuses if status.amount_minor is not None]
    text = tuple(line for paper in dialogue.paper for line in paper.lines)
    told = totals or amounts
    if dialogue.is_garbled or not told:
        return EndOfDay(
            False, text=text, reason="The terminal ended its day and told no total.", unknown=True
        )
    return EndOfDay(True, told[-1], text)


def payment_of(status: messages.StatusInformation, paper: Iterable[messages.Paper]) -> Payment:
    customer, merchant = _receipts(paper)
    return Payment(
        amount_minor=status.amount_minor or 0,
        brand=status.brand,
        last_four=status.last_four,
        reference=status.reference,
        authorisation=status.authorisation,
        merchant_id=status.merchant_id,
        application_id=status.application_id,
        is_reversal=status.is_reversal,
        customer_text=customer,
        merchant_text=merchant,
    )


def code_of(ending: Apdu) -> int | None:
    return ending.command & 0xFF if is_refusal(ending) else messages.abort_code(ending.data)


def _receipts(paper: Iterable[messages.Paper]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Customer's and merchant's. Lines that do not say whose they are belong to the receipt that they stand in."""
    receipts: list[tuple[messages.ReceiptKind, list[str]]] = []
    is_open = False
    for piece in paper:
        if not is_open:
            receipts.append((piece.kind, []))
        kind, lines = receipts[-1]
        receipts[-1] = (kind or piece.kind, lines)
        lines.extend(piece.lines)
        is_open = not piece.ends
    customer: tuple[str, ...] = ()
    merchant: tuple[str, ...] = ()
    for kind, lines in receipts:
        if kind == "customer" or (not kind and _is_for_customer(lines)):
            customer = _trimmed(lines)
        elif kind in ("merchant", ""):
            merchant = _trimmed(lines)
    return customer, merchant


def _is_for_customer(lines: list[str]) -> bool:
    heading = " ".join(lines).upper()
    return any(word in heading for word in _CUSTOMER_WORDS)


def _trimmed(lines: list[str]) -> tuple[str, ...]:
    start, end = 0, len(lines)
    while start < end and not lines[start].strip():
        start += 1
    while end > start and not lines[end - 1].strip():
        end -= 1
    return tuple(lines[start:end])
