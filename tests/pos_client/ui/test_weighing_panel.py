"""The scale in the window: its weight as it moves, Enter for the steady one, figures to type over it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QApplication

from pos_client.till.session import TillSession
from pos_client.ui.main_window import MainWindow
from pos_client.ui.weigh_panel import WeighPanel
from pos_client.ui.wording import Wording
from tests.pos_client.till import fakes
from tests.pos_client.ui.keys import scan
from tests.pos_client.ui.test_a_shift_through_the_window import typed

Key = Qt.Key
TOMATOES = "2000042"


class Desk:
    def __init__(self) -> None:
        clock = fakes.FakeClock()
        self.scales = fakes.FakeScales()
        till = TillSession(
            fakes.TILL_ID,
            clock=clock,
            ids=fakes.FakeIds(),
            catalogue=fakes.FakeCatalogue(),
            books=fakes.FakeBooks(clock),
            pins=fakes.FakePins(),
            paper=fakes.FakePaper(),
            lending=fakes.FakeLending(),
            scales=self.scales,
        )
        self.window = MainWindow(
            till, clock.now, wording=Wording(QLocale("en_GB")), monotonic_ms=clock.monotonic_ms
        )

    @property
    def panel(self) -> WeighPanel:
        panel = self.window.host.panel
        assert isinstance(panel, WeighPanel)
        return panel

    @property
    def shown(self) -> str:
        return self.panel._shown.text()

    def lines(self) -> list[int]:
        return [line.quantity_milli for line in self.window.presenter.state.lines]


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    """Tomatoes were scanned."""
    made = Desk()
    made.window.show()
    made.window.activateWindow()
    qapp.processEvents()
    for step in (
        lambda till: till.log_in("9999"),
        lambda till: till.open_shift(10_000),
        lambda till: till.scan(TOMATOES),
    ):
        made.window.presenter.do(step)
    yield made
    made.window.close()
    made.window.deleteLater()


def test_the_weight_is_shown_as_it_moves_and_enter_takes_it_once_it_is_steady(desk: Desk) -> None:
    assert (desk.shown, desk.panel.says.text()) == ("– kg", "Asking the scale …")
    desk.scales.shows(340, "in_motion")
    desk.window.hear()
    assert desk.shown == "0.340 kg"
    assert not desk.panel.on_button.isEnabled()
    typed(desk.window, "", Key.Key_Return)
    assert desk.lines() == []
    desk.scales.shows(350, is_net=True)
    desk.window.hear()
    assert (desk.shown, desk.panel.says.text()) == ("0.350 kg net", "The weight is steady.")
    typed(desk.window, "", Key.Key_Return)
    assert desk.lines() == [350]
    assert desk.window.host.panel is None


def test_what_is_typed_goes_before_the_scale_and_is_called_by_its_name(desk: Desk) -> None:
    desk.scales.shows(350)
    desk.window.hear()
    typed(desk.window, "0.5")
    assert (desk.shown, desk.panel.says.text()) == ("0.5 kg", "Typed by hand. The journal says so.")
    desk.scales.shows(360)
    desk.window.hear()
    assert desk.shown == "0.5 kg"
    typed(desk.window, "", Key.Key_Return)
    assert desk.lines() == [500]


def test_a_typed_figure_taken_back_leaves_the_scales_weight(desk: Desk) -> None:
    desk.scales.shows(350)
    desk.window.hear()
    typed(desk.window, "5", Key.Key_Backspace)
    assert desk.shown == "0.350 kg"


def test_tare_and_zero_are_keys_of_the_panel(desk: Desk) -> None:
    typed(desk.window, "", Key.Key_F2)
    typed(desk.window, "", Key.Key_F3)
    desk.panel.tare.click()
    assert desk.scales.pressed == ["tare", "zero", "tare"]


def test_what_is_in_the_way_is_one_sentence_and_esc_lets_go_of_the_scale(desk: Desk) -> None:
    desk.scales.shows(condition="overload")
    desk.window.hear()
    assert desk.panel.says.text() == "That is too heavy for the scale. Take something off."
    typed(desk.window, "", Key.Key_Escape)
    assert (desk.lines(), desk.scales.is_weighing, desk.window.host.panel) == ([], False, None)


def test_a_scan_while_goods_are_weighed_lands_in_no_weight(desk: Desk) -> None:
    desk.scales.shows(350)
    desk.window.hear()
    scan(desk.window, fakes.OAT_DRINK)
    assert (desk.shown, desk.lines()) == ("0.350 kg", [])
    assert "Finish this first" in desk.window.notice.text
