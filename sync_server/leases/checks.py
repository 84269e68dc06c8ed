"""What no honest till sends is refused before anything is looked up."""

from __future__ import annotations

import re

from shared_models.leases import MAX_CART_BYTES, MAX_CLAIMED_LINES, LeaseRequest, ParkedLook, ParkedOffer
from shared_models.money import MAX_AMOUNT_MINOR
from shared_models.quantity import MAX_QUANTITY_MILLI
from sync_server.errors import Invalid

_MAX_SUBJECT = 80
_LEASE_ID = re.compile(r"[0-9a-f]{32}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_MOST_MINE = 500
_BIGGEST = 2**31 - 1


def check_request(wanted: LeaseRequest) -> None:
    """Raises Invalid for what no honest till sends."""
    check_id(wanted.lease_id)
    check_subject(wanted.subject)
    if wanted.kind == "refund":
        _check_lines(wanted)
    elif wanted.kind == "parked":
        if not 0 < wanted.amount <= _BIGGEST:
            raise Invalid("Say which version of the ticket was seen.")
    elif not 0 < wanted.amount <= MAX_AMOUNT_MINOR:
        raise Invalid("The amount of a lease is more than nothing, and not absurd.")
    if wanted.ttl_ms <= 0:
        raise Invalid("A lease lasts some time.")
    account = wanted.account if wanted.kind == "escrow" else wanted.kind
    if (wanted.kind == "escrow") != bool(wanted.account):
        raise Invalid("An escrow says of which account it is, and nothing else does.")
    if (account == "gift") != bool(wanted.currency) or (
        account == "gift" and not _CURRENCY.fullmatch(wanted.currency)
    ):
        raise Invalid("A gift card's amount has a currency, and nothing else has one.")


def check_id(lease_id: str) -> None:
    if not _LEASE_ID.fullmatch(lease_id):
        raise Invalid("A lease's id is 32 hex digits.")


def check_subject(subject: str) -> None:
    if not 0 < len(subject) <= _MAX_SUBJECT or not subject.isprintable():
        raise Invalid(f"What a lease is about is named in 1 to {_MAX_SUBJECT} printable characters.")


def _check_lines(wanted: LeaseRequest) -> None:
    numbers = {line.line_no for line in wanted.lines}
    if not 0 < len(wanted.lines) == len(numbers) <= MAX_CLAIMED_LINES:
        raise Invalid("Say which lines are taken back, each once.")
    if not all(0 < line.quantity_milli <= MAX_QUANTITY_MILLI for line in wanted.lines):
        raise Invalid("Of each line, take back more than nothing.")
    if not all(0 <= number <= _BIGGEST for number in numbers):
        raise Invalid("A line's number is as on the receipt.")


def check_ticket(said: ParkedOffer) -> None:
    check_subject(said.sale_id)
    if len(said.cart) > MAX_CART_BYTES:
        raise Invalid("This ticket is too large to be shared. Its own till can take it up.")
    texts = (said.label, said.operator_name)
    if any(len(text) > 200 or "\0" in text for text in texts):
        raise Invalid("Keep the ticket's name shorter.")
    numbers = (said.version, said.line_count, said.tz_min + 1440)
    if not all(0 < number <= _BIGGEST for number in numbers) or abs(said.total_minor) > MAX_AMOUNT_MINOR:
        raise Invalid("A figure of this ticket can't be.")
    if not 0 <= said.parked_at_ms < 250_000_000_000_000:
        raise Invalid("The till's clock can't be right.")


def check_look(said: ParkedLook) -> None:
    if len(said.mine) > _MOST_MINE or any("\0" in sale_id for sale_id in said.mine):
        raise Invalid(f"Ask for up to {_MOST_MINE} tickets at once.")
