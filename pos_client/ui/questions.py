"""The till's questions as panels: each code with its buttons' words, the safe answer under Esc."""

from __future__ import annotations

from collections.abc import Callable

from hardware.scanners.base import BadScan, BadScanReason
from pos_client.till.state import Question, Words
from pos_client.ui.panel import Panel
from pos_client.ui.presenter import Presenter
from pos_client.ui.prompt_panel import AmountPanel, PinPanel, QuantityPanel, TextPanel, YesNoPanel
from pos_client.ui.theme import Theme
from pos_client.ui.weigh_panel import WeighPanel
from pos_client.ui.wording import Wording, tr

_SCANNED_ANSWERS = (
    "enter_serial",
    "enter_lot",
    "enter_card",
    "enter_gift_number",
    "enter_member",
    "enter_receipt",
)


_BAD_SCANS: dict[BadScanReason, str] = {
    "control_characters": "unreadable_scan",
    "too_long": "scan_too_long",
    "cut_short": "scan_cut_short",
    "wrong_frame": "scan_without_frame",
}


def question_panel(
    theme: Theme,
    wording: Wording,
    question: Question,
    answer: Callable[[bool, str], object],
    presenter: Presenter,
) -> Panel:
    """`presenter` is for keys that act while the question stays."""
    title = wording.words(question.words)

    def yes(value: str) -> None:
        answer(True, value)

    def no() -> None:
        answer(False, "")

    if question.needs == "pin":
        return PinPanel(theme, title, yes, no)
    unit = str(question.words.values.get("unit", ""))
    if question.needs == "quantity":
        return QuantityPanel(theme, title, yes, no, unit=unit)
    if question.needs == "weight":
        return WeighPanel(theme, wording, title, yes, no, unit, presenter)
    if question.needs == "amount":
        return AmountPanel(theme, wording, title, yes, no)
    if question.needs == "text":
        return TextPanel(theme, title, yes, no)
    yes_text, no_text, dangerous = _buttons(question.answer)
    return YesNoPanel(theme, title, yes, no, on_text=yes_text, out_text=no_text, dangerous=dangerous)


def may_be_scanned(question: Question) -> bool:
    """Numbers stand on goods, cards and receipts as barcodes."""
    return question.answer in _SCANNED_ANSWERS


def bad_scan_words(scan: BadScan) -> Words:
    """What the operator is told of a scan that can't be a code."""
    return Words(_BAD_SCANS[scan.reason], {"code": scan.shown})


def _buttons(answer: str) -> tuple[str, str, bool]:
    if answer == "void_sale":
        return tr("Void the sale"), tr("Keep it"), True
    if answer == "confirm_age":
        return tr("Old enough"), tr("No, take it off"), False
    return tr("Yes"), tr("No"), False
