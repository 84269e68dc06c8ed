"""Working without a mouse: what each key asks of the till, and where Esc leads."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from pos_client.till.state import Notice, Phase, Severity, TenderView, TillState, Words
from pos_client.ui.example_shop import STATES, ShownTill
from pos_client.ui.main_window import MainWindow
from pos_client.ui.theme import DARK, HIGH_CONTRAST, LIGHT
from tests.pos_client.ui.keys import CTRL, press, type_text

OpenWindow = Callable[..., MainWindow]
Key = Qt.Key


def asked(window: MainWindow) -> list[tuple[str, tuple[object, ...], dict[str, object]]]:
    till = window.presenter.till
    assert isinstance(till, ShownTill)
    return till.asked


@pytest.mark.parametrize(
    ("key", "modifier", "intent"),
    [
        (Key.Key_F12, Qt.KeyboardModifier.NoModifier, ("start_tender", (), {})),
        (Key.Key_F8, Qt.KeyboardModifier.NoModifier, ("park", (), {})),
        (Key.Key_Delete, Qt.KeyboardModifier.NoModifier, ("void_line", (), {})),
        (Key.Key_Delete, CTRL, ("void_sale", (), {})),
        (Key.Key_L, CTRL, ("log_out", (), {})),
        (Key.Key_Up, Qt.KeyboardModifier.NoModifier, ("select", (3,), {})),
        (Key.Key_Down, Qt.KeyboardModifier.NoModifier, ("select", (5,), {})),
    ],
)
def test_a_key_on_the_sale_screen_asks_the_till(
    open_window: OpenWindow, key: Qt.Key, modifier: Qt.KeyboardModifier, intent: tuple[object, ...]
) -> None:
    window = open_window(STATES["sale"])
    press(window, key, modifier=modifier)
    assert asked(window) == [intent]


def test_f4_and_figures_set_the_quantity_of_the_chosen_line(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    press(window, Key.Key_F4)
    type_text(window, "12")
    press(window, Key.Key_Return)
    assert asked(window) == [("set_quantity", (12_000,), {})]


@pytest.mark.parametrize(
    "key", [Key.Key_F4, Key.Key_F5, Key.Key_F6, Key.Key_F7, Key.Key_F9, Key.Key_F10, Key.Key_F1]
)
def test_esc_leaves_a_panel_without_doing_anything_and_the_field_has_the_focus_again(
    open_window: OpenWindow, key: Qt.Key
) -> None:
    window = open_window(STATES["sale"])
    press(window, key)
    assert window.host.panel is not None
    press(window, Key.Key_Escape)
    assert window.host.panel is None
    assert [name for name, *_ in asked(window) if name != "look_at_parked"] == []
    assert QApplication.focusWidget() is window.sale.products.field


def test_a_discount_in_percent_goes_to_the_line_with_a_reason(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    press(window, Key.Key_F6, Key.Key_Down)
    type_text(window, "10")
    press(window, Key.Key_Return)
    assert asked(window) == [("discount_line", (), {"percent_ppm": 100_000, "reason": "Damaged"})]


def test_a_new_price_is_entered_in_cents(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    press(window, Key.Key_F6, Key.Key_Right, Key.Key_Right)
    type_text(window, "799")
    press(window, Key.Key_Return)
    assert asked(window) == [("set_price", (799, "Goodwill"), {})]


def test_paid_out_asks_how_much_and_then_why(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    press(window, Key.Key_F10)
    type_text(window, "3")
    type_text(window, "1250")
    press(window, Key.Key_Return)
    type_text(window, "stamps")
    press(window, Key.Key_Return)
    assert asked(window) == [("pay_out", (1250, "stamps"), {})]


def test_a_parked_ticket_is_recalled_by_its_number(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    press(window, Key.Key_F5)
    type_text(window, "2")
    assert asked(window) == [("look_at_parked", (), {}), ("recall", ("k-2",), {})]


def test_a_receipt_is_printed_again_by_arrow_and_enter(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    press(window, Key.Key_F9, Key.Key_Down, Key.Key_Return)
    assert asked(window) == [("reprint", ("03-2-K7Q-001282",), {})]


def test_the_safe_answer_to_voiding_a_sale_is_under_esc(open_window: OpenWindow) -> None:
    window = open_window(STATES["question_void"])
    press(window, Key.Key_Escape)
    assert asked(window)[0] == ("answer", (False, ""), {})


def test_an_approvers_pin_is_never_shown(open_window: OpenWindow) -> None:
    window = open_window(STATES["question_pin"])
    type_text(window, "4711")
    shown = [
        widget.accessibleName()
        for widget in window.host.findChildren(object)
        if hasattr(widget, "accessibleName")
    ]
    assert not any("4711" in words for words in shown)
    assert any("●●●●" in words for words in shown)
    press(window, Key.Key_Return)
    assert asked(window)[0] == ("answer", (True, "4711"), {})


def test_a_weight_is_answered_as_typed(open_window: OpenWindow) -> None:
    window = open_window(STATES["question_weight"])
    type_text(window, "0.35")
    press(window, Key.Key_Return)
    assert asked(window)[0] == ("answer", (True, "0.35"), {})


class PayingTill(ShownTill):
    """Takes cash as the till does, for what the payment screen does next."""

    def tender_cash(self, received_minor: int) -> TillState:
        self.asked.append(("tender_cash", (received_minor,), {}))
        tender = self.state.tender
        assert tender is not None
        received = tender.received_minor + received_minor
        left = max(0, tender.due_minor - received)
        paid = TenderView(
            tender.due_minor, 0, received, left, max(0, received - tender.due_minor), (), (), not left
        )
        self.state = msgspec.structs.replace(self.state, tender=paid)
        return self.state


def paying(open_window: OpenWindow) -> MainWindow:
    window = open_window(STATES["tender"])
    window.presenter.till = PayingTill(STATES["tender"])
    return window


def test_enough_cash_and_enter_finishes_the_sale(open_window: OpenWindow) -> None:
    window = paying(open_window)
    type_text(window, "5000")
    press(window, Key.Key_Return)
    assert [name for name, _, _ in asked(window)] == ["tender_cash", "finish_sale"]


def test_too_little_cash_is_taken_and_waits_for_the_rest(open_window: OpenWindow) -> None:
    window = paying(open_window)
    type_text(window, "2000")
    press(window, Key.Key_Return)
    assert asked(window) == [("tender_cash", (2000,), {})]
    type_text(window, "1680")
    press(window, Key.Key_Return)
    assert [name for name, _, _ in asked(window)] == ["tender_cash", "tender_cash", "finish_sale"]


def test_enter_alone_takes_no_money(open_window: OpenWindow) -> None:
    window = paying(open_window)
    press(window, Key.Key_Return, Key.Key_Return)
    assert asked(window) == []


def test_pay_pressed_twice_takes_no_money(open_window: OpenWindow) -> None:
    window = paying(open_window)
    press(window, Key.Key_F12)
    assert asked(window) == []


def test_the_exact_sum_has_a_key_of_its_own(open_window: OpenWindow) -> None:
    window = paying(open_window)
    press(window, Key.Key_F11)
    assert asked(window)[0] == ("tender_cash", (3680,), {})


def test_esc_goes_back_to_the_sale(open_window: OpenWindow) -> None:
    window = open_window(STATES["tender"])
    press(window, Key.Key_Escape)
    assert asked(window) == [("back_to_sale", (), {})]


def test_enter_walks_through_the_denominations_and_f12_confirms(open_window: OpenWindow) -> None:
    window = open_window(STATES["count"])
    fields = list(window.screens[Phase.COUNT].fields.values())  # type: ignore[attr-defined]
    type_text(window, "2")
    press(window, Key.Key_Return)
    assert QApplication.focusWidget() is fields[1]
    press(window, Key.Key_F12)
    assert asked(window) == [("count", (50_000, 2), {}), ("confirm_count", (), {})]


def test_a_pin_is_typed_blind_and_sent_with_enter(open_window: OpenWindow) -> None:
    window = open_window(STATES["locked"])
    type_text(window, "1234")
    press(window, Key.Key_Return)
    assert asked(window) == [("log_in", ("1234",), {})]


def test_no_pin_is_taken_while_locked_out(open_window: OpenWindow) -> None:
    far_away = 1 << 60
    window = open_window(msgspec.structs.replace(STATES["locked"], locked_until_ms=far_away))
    type_text(window, "1")
    press(window, Key.Key_Return)
    assert asked(window) == []


def test_a_float_of_nothing_must_be_typed(open_window: OpenWindow) -> None:
    window = open_window(STATES["no_shift"])
    press(window, Key.Key_Return)
    assert asked(window) == []
    type_text(window, "0")
    press(window, Key.Key_Return)
    assert asked(window) == [("open_shift", (0,), {})]


def test_arrows_and_enter_pick_a_product_by_name(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(STATES["sale"])
    type_text(window, "to")
    qtbot.waitUntil(lambda: window.sale.products._searched == "to")
    press(window, Key.Key_Return)
    assert asked(window) == [("add_product", ("p-7",), {})]


def test_a_button_reached_by_tab_is_pressed_by_enter_and_the_field_has_the_focus_again(
    open_window: OpenWindow,
) -> None:
    window = open_window(STATES["sale"])
    window.sale.park.setFocus(Qt.FocusReason.TabFocusReason)
    press(window, Key.Key_Return)
    assert asked(window) == [("park", (), {})]
    assert QApplication.focusWidget() is window.sale.products.field


def test_ctrl_d_goes_through_the_themes(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale"])
    seen = []
    for _ in range(3):
        press(window, Key.Key_D, modifier=CTRL)
        seen.append(window.theme.tokens)
    assert seen == [DARK, HIGH_CONTRAST, LIGHT]


def test_the_same_notice_twice_is_seen_twice_and_esc_puts_it_away(open_window: OpenWindow) -> None:
    window = open_window(STATES["sale_notice"])
    assert window.notice.text.startswith("Nothing is sold under 4006381333948.")
    press(window, Key.Key_Escape)
    assert window.notice.text == ""
    again = Notice(8, Severity.WARNING, Words("unknown_barcode", {"code": "4006381333948"}))
    window.show_state(msgspec.structs.replace(STATES["sale"], notice=again))
    assert window.notice.text.startswith("Nothing is sold under")


def test_an_idle_till_locks_and_the_panel_is_gone(open_window: OpenWindow, qtbot: QtBot) -> None:
    window = open_window(STATES["sale"])
    window.menus.quantity()
    window._idle.start(1)
    qtbot.waitUntil(lambda: bool(asked(window)))
    assert asked(window) == [("lock", (), {})]
    assert window.host.panel is None
