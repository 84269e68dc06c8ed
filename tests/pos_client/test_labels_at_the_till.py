"""A till with a label printer: its own database, its window, and a printer made of software on the network."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLabel

from hardware.labels.virtual import VirtualLabelPrinter
from pos_client.bootstrap import OpenTill, open_till
from pos_client.label_counter import start_of_day
from pos_client.till_folder import CATALOGUE_FILE
from pos_client.ui.application import Application
from pos_client.ui.labels_panel import LabelsPanel
from shared_models.catalogue import Price, Product
from shared_models.contents import Content
from shared_models.moment import Moment
from tests.pos_client.ready_till import OAT_DRINK, PIN, ready, shop
from tests.pos_client.store.made_up_catalogue import build_file
from tests.pos_client.test_commands import till as till_command
from tests.pos_client.ui.keys import CTRL, press, scan, type_text
from tests.shared_models.labels.reading import read_by_zxing

HOUR_MS = 3_600_000
HONEY_CODE = "4006381333931"
HONEY = Product(
    "0b" * 16,
    2,
    "HONEY",
    "Forest honey 500 g",
    "food",
    barcodes=(HONEY_CODE.zfill(14),),
    content=Content(500_000, "g"),
)
JAM = Product("0c" * 16, 3, "JAM", "Plum jam", "food")
WISH = Product("0d" * 16, 4, "WISH", "Wish card", "food", open_price=True)


def prices() -> list[object]:
    """Honey became dearer an hour ago, jam did and became cheaper again; both have cost something for long."""
    now = int(time.time() * 1000)
    return [
        Price("h-1", HONEY.product_id, 599),
        Price("h-2", HONEY.product_id, 649, now - 1000),
        Price("j-1", JAM.product_id, 250),
        Price("j-2", JAM.product_id, 300, now - 2000),
        Price("j-3", JAM.product_id, 250, now - 1000),
    ]


class Counter:
    """The till as `run_window` puts it together, driven by the test instead of by Qt's loop."""

    def __init__(self, till: OpenTill) -> None:
        self.application = Application()
        self.window = self.application.open(
            till.session,
            now=till.clock.now,
            status=till.status_line.now,
            version=till.catalogue_version,
            labels=till.labels,
        )
        for action in (lambda till: till.log_in(PIN), lambda till: till.open_shift(0)):
            self.window.presenter.do(action)
        self.window.activateWindow()

    def open_page(self) -> LabelsPanel:
        press(self.window, Qt.Key.Key_B, modifier=CTRL)
        panel = self.window.host.panel
        assert isinstance(panel, LabelsPanel)
        return panel


@pytest.fixture
def printer() -> Iterator[VirtualLabelPrinter]:
    with VirtualLabelPrinter(port=0) as made:
        yield made


@pytest.fixture
def counter(
    tmp_path: Path, printer: VirtualLabelPrinter, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Counter]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    settings = ready(tmp_path / "till")
    (tmp_path / "till" / CATALOGUE_FILE).unlink()
    build_file(tmp_path / "till" / CATALOGUE_FILE, [*shop(), HONEY, JAM, WISH, *prices()])
    address = f"tcp://127.0.0.1:{printer.port}"
    with open_till(msgspec.structs.replace(settings, label_printer=address)) as till:
        till.start_workers()
        made = Counter(till)
        yield made
        made.application._tick.stop()
        made.window.close()
        made.window.deleteLater()
        qapp.processEvents()


def until(qapp: QApplication, is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < deadline
        qapp.processEvents()
        time.sleep(0.01)


def rows(panel: LabelsPanel) -> list[str]:
    return [row.text() for row in panel.rows._rows]


def said(panel: LabelsPanel) -> str:
    assert isinstance(panel.said, QLabel)
    return panel.said.text()


def test_scanned_and_searched_products_are_printed_as_often_as_wanted_and_none_is_sold(
    counter: Counter, printer: VirtualLabelPrinter, qapp: QApplication
) -> None:
    panel = counter.open_page()
    scan(counter.window, OAT_DRINK)
    scan(counter.window, OAT_DRINK)
    assert rows(panel) == ["2 × Oat drink"]
    type_text(counter.window, "honey")
    press(counter.window, Qt.Key.Key_Return)
    press(counter.window, Qt.Key.Key_Down)
    press(counter.window, Qt.Key.Key_Plus, Qt.Key.Key_Plus, Qt.Key.Key_Minus)
    assert rows(panel) == ["2 × Oat drink", "2 × Forest honey 500 g"]
    press(counter.window, Qt.Key.Key_Return)
    until(qapp, lambda: "4 labels printed." in said(panel))
    labels = printer.wait_for(4)
    assert [read_by_zxing(label.picture) for label in labels] == [[OAT_DRINK]] * 2 + [[HONEY_CODE]] * 2
    assert {"€ 6.49", "1 kg = € 12.98"} <= set(labels[2].texts)
    assert rows(panel) == []
    press(counter.window, Qt.Key.Key_Escape)
    assert counter.window.host.panel is None
    assert counter.window.presenter.state.lines == ()


def test_prices_that_changed_today_get_a_label_each_and_those_that_are_as_before_none(
    counter: Counter, printer: VirtualLabelPrinter, qapp: QApplication
) -> None:
    panel = counter.open_page()
    press(counter.window, Qt.Key.Key_F5)
    until(qapp, lambda: said(panel) == "Prices that changed today: 1")
    assert rows(panel) == ["1 × Forest honey 500 g"]
    press(counter.window, Qt.Key.Key_F6)
    until(qapp, lambda: said(panel) == "Prices that changed in 2 days: 1")
    assert rows(panel) == ["1 × Forest honey 500 g"]
    press(counter.window, Qt.Key.Key_F8)
    assert rows(panel) == []


def test_what_can_not_be_printed_is_said_and_what_was_chosen_stays(
    counter: Counter, printer: VirtualLabelPrinter, qapp: QApplication
) -> None:
    panel = counter.open_page()
    scan(counter.window, "4012345678901")
    assert "No product has this code" in said(panel)
    type_text(counter.window, "wish")
    press(counter.window, Qt.Key.Key_Return)
    assert "has no price" in said(panel)
    scan(counter.window, OAT_DRINK)
    printer.out_of_labels = True
    press(counter.window, Qt.Key.Key_Return)
    until(qapp, lambda: "Label printer is out of paper" in said(panel))
    assert rows(panel) == ["1 × Oat drink"]
    printer.out_of_labels = False
    press(counter.window, Qt.Key.Key_Return)
    until(qapp, lambda: "1 label printed." in said(panel))


@pytest.mark.expects_log
def test_a_catalogue_that_can_not_be_read_is_named_and_not_taken_for_an_empty_one(
    counter: Counter, tmp_path: Path, qapp: QApplication
) -> None:
    panel = counter.open_page()
    scan(counter.window, OAT_DRINK)
    damage(tmp_path / "till" / CATALOGUE_FILE)
    for ask in (
        lambda: press(counter.window, Qt.Key.Key_F5),
        lambda: scan(counter.window, HONEY_CODE),
        lambda: type_text(counter.window, "honey"),
        lambda: press(counter.window, Qt.Key.Key_Return),
    ):
        ask()
        until(qapp, lambda: "catalogue" in said(panel))
        assert "No product" not in said(panel)
        panel._say("")
    press(counter.window, Qt.Key.Key_Escape)
    assert rows(panel) == ["1 × Oat drink"]


def damage(catalogue: Path) -> None:
    """As a disk does that went bad under it."""
    with closing(sqlite3.connect(catalogue)) as connection, connection:
        connection.execute("update product set body = cast('{}' as blob)")


def test_a_sale_goes_on_while_the_label_printer_takes_nothing(
    counter: Counter, printer: VirtualLabelPrinter, qapp: QApplication
) -> None:
    panel = counter.open_page()
    scan(counter.window, OAT_DRINK)
    printer.takes_nothing = True
    press(counter.window, Qt.Key.Key_Return)
    assert panel.is_waiting
    press(counter.window, Qt.Key.Key_Escape)
    started = time.monotonic()
    scan(counter.window, OAT_DRINK)
    assert len(counter.window.presenter.state.lines) == 1
    assert time.monotonic() - started < 1
    printer.takes_nothing = False
    printer.wait_for(1)


def test_labels_of_the_printer_made_of_software_show_in_a_window_beside_the_till(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(ready(tmp_path / "till"), label_printer="virtual", label_roll="40x24")
    done = till_command(settings, str(tmp_path / "label.png"), module="tests.pos_client.labelling_till")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["1 label printed.", "['Label printer is ready.']", "Label 1"]
    with Image.open(tmp_path / "label.png") as picture:
        assert picture.width == 40 * 8
        assert read_by_zxing(picture.convert("L")) == [OAT_DRINK]


@pytest.mark.parametrize(
    ("tz_min", "days_ago", "begin"), [(0, 0, 0), (120, 0, -2), (-300, 0, 5), (120, 3, -74)]
)
def test_a_day_begins_at_midnight_on_the_shops_clock(tz_min: int, days_ago: int, begin: int) -> None:
    midnight = 1_789_948_800_000
    now = Moment(midnight + 12 * HOUR_MS, tz_min)
    assert start_of_day(now, days_ago).at_ms == midnight + begin * HOUR_MS


def test_a_till_without_a_label_printer_offers_no_labels(
    tmp_path: Path, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with open_till(ready(tmp_path / "till")) as till:
        made = Counter(till)
        assert "Labels" not in [action.text for action in made.window.key_actions()]
        made.application._tick.stop()
        made.window.close()
        made.window.deleteLater()
        qapp.processEvents()
