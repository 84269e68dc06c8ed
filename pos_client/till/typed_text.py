"""Text that an operator types: labels, reasons, serial numbers, notes."""

from __future__ import annotations

from pos_client.till.refusals import Refused
from pos_client.till.state import Severity

MAX_TEXT = 60


def entered_text(text: str) -> str:
    """Something, not too long, and nothing that can't be printed; raises Refused."""
    cleaned = " ".join(text.split())
    if not cleaned:
        raise Refused("answer_empty")
    if len(cleaned) > MAX_TEXT:
        raise Refused("text_too_long", limit=MAX_TEXT)
    if not cleaned.isprintable():
        raise Refused("unreadable_scan", severity=Severity.DANGER)
    return cleaned


def reason_text(text: str) -> str:
    if not text.strip():
        raise Refused("reason_needed")
    return entered_text(text)
