"""Result codes and steps in words (PA00P015, 'Error-Messages' and 'Intermediate-Status')."""

from __future__ import annotations

from hardware.terminals.base import StepCode

OK, NOT_REGISTERED, TIMED_OUT, BUSY, OUT_OF_PAPER = 0x00, 0x6B, 0x6C, 0x9C, 0xCC
NOT_SUPPORTED, REVERSED_ALREADY, NOT_REVERSIBLE = 0x83, 0xB4, 0xB5

STEPS: dict[int, StepCode] = {
    0x00: "please_wait", 0x01: "enter_pin", 0x02: "enter_pin", 0x03: "not_accepted", 0x04: "asking_bank",
    0x05: "reversing", 0x06: "asking_bank", 0x07: "not_accepted", 0x08: "not_accepted", 0x09: "not_accepted",
    0x0A: "present_card", 0x0B: "remove_card", 0x0C: "not_accepted", 0x0D: "not_accepted", 0x0E: "please_wait",
    0x10: "not_accepted", 0x14: "not_accepted", 0x15: "wrong_pin", 0x17: "please_wait", 0x18: "not_accepted",
    0x1C: "approved", 0x1D: "declined",
}  # fmt: skip
"""By the code of 04 FF; any other is shown with the terminal's own text."""

_REASONS = {
    0x64: "The card can't be read. Try again, or take another card.",
    0x65: "The card's data are not there. Try again, or take another card.",
    0x66: "The terminal could not process the card. Try again.",
    0x67: "This card may not be used for this here. Take another card.",
    0x68: "This card may not be used for this here. Take another card.",
    0x6A: "The terminal's memory is full. Do its end of day, then try again.",
    0x6B: "The terminal is not registered. Switch it off and on.",
    0x6C: "The payment was cancelled, or nobody showed a card in time.",
    0x6E: "The card is blocked. Take another card.",
    0x6F: "The terminal does not take this currency.",
    0x71: "There is not enough money on the card. Take another card.",
    0x72: "The card's chip failed. Try again, or take another card.",
    0x78: "The card has expired. Take another card.",
    0x79: "The card is not valid yet. Take another card.",
    0x7A: "The terminal does not know this card. Take another card.",
    0x7D: "The terminal could not reach the bank. Try again.",
    0x83: "The terminal can't do this.",
    0x85: "The terminal lacks a key. Call its service.",
    0x89: "The terminal's PIN pad is broken. Call its service.",
    0x9A: "The terminal did not understand the till.",
    0x9B: "The terminal could not reach the bank. Try again.",
    0x9C: "The terminal is at work. Wait a moment, then try again.",
    0xA0: "The terminal is not ready. Wait a moment, then try again.",
    0xA1: "The bank does not answer. Try again.",
    0xA3: "The terminal has no line. Check it, then try again.",
    0xB1: "The terminal's memory is full. Do its end of day, then try again.",
    0xB4: "The payment was reversed already.",
    0xB5: "The payment can't be reversed.",
    0xC2: "The terminal wants a diagnosis first. Call its service.",
    0xC3: "That is more than a card may pay here.",
    0xC5: "The terminal does not take this kind of payment.",
    0xCC: "The terminal is out of paper. Put in a roll, then try again.",
    0xF0: "The terminal wants its end of day first.",
    0xFF: "The terminal reports a fault.",
}


def reason(code: int | None, text: str = "") -> str:
    """A sentence for the cashier. 01 to 63 come from the bank; the terminal's own text says more than our word."""
    if code is None:
        return text or "The terminal gave no reason."
    found = _REASONS.get(code)
    if found is None and code <= 0x63:
        found = f"The bank declined it (code {code:02X}). Take another card, or cash."
    found = found or f"The terminal declined it (code {code:02X})."
    return f"{found} It says: {text}" if text else found
