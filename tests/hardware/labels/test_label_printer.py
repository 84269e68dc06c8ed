"""A label printer on a network, a serial line and as a file: what comes out, and what is said when nothing can."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import zxingcpp

from hardware.device_kinds import counter_devices
from hardware.doctor import examine, sentences
from hardware.labels import host_status
from hardware.labels.address import label_printer_at
from hardware.labels.label_printer import BadRoll, roll_of
from hardware.labels.sheet_printer import SheetPrinter
from hardware.labels.virtual import VirtualLabelPrinter
from hardware.labels.virtual_console import obey, said
from hardware.labels.zpl_paper import printed
from hardware.printers.base import NotSent, Printed, Uncertain
from hardware.registry import DeviceSettings, connected
from hardware.transport.address import BadAddress
from hardware.transport.cups import CupsSettings, CupsTransport
from hardware.virtual_listener import VirtualSerialPlug
from shared_models.gtin import normalise_gtin
from shared_models.labels.label import Label
from shared_models.labels.sheets import sheet_named
from shared_models.labels.zpl import LabelSize, zpl
from tests.hardware.cups_server import CUPSD, WHY_NOT, CupsServer
from tests.shared_models.labels.reading import EAN8, EAN13, PDFTOPPM, label_of, pages, read_by_zxing

TEA, ROLL = label_of(normalise_gtin(EAN13)), label_of(normalise_gtin(EAN8))


@pytest.fixture
def virtual():
    with VirtualLabelPrinter(port=0) as printer:
        yield printer


@pytest.fixture(params=["tcp", "serial"])
def address(request, virtual, tmp_path):
    if request.param == "tcp":
        yield f"tcp://127.0.0.1:{virtual.port}"
        return
    with VirtualSerialPlug(virtual, tmp_path / "ttyUSB3") as line:
        yield f"serial://{line.port}?baud=9600"


def test_labels_come_out_in_their_order_and_their_bars_are_read(address, virtual):
    assert label_printer_at(address).print([TEA, ROLL, ROLL]) == Printed()
    labels = virtual.wait_for(3)
    assert [label.codes for label in labels] == [[EAN13], [EAN8], [EAN8]]
    assert read_by_zxing(labels[0].picture) == [EAN13]
    assert labels[0].picture.size == (57 * 8, 32 * 8)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("out", "Label printer is out of paper"),
        ("open", "The label printer's head is open"),
        ("pause", "is paused"),
    ],
)
def test_a_printer_that_can_not_print_says_why_and_gets_nothing(address, virtual, what, says):
    obey(virtual, what)
    outcome = label_printer_at(address).print([TEA])
    assert isinstance(outcome, NotSent)
    assert says in outcome.reason
    assert virtual.labels == ()
    obey(virtual, {"out": "roll", "open": "shut", "pause": "go on"}[what])
    assert label_printer_at(address).print([TEA]) == Printed()


def test_a_printer_that_says_nothing_of_itself_prints_all_the_same(address, virtual):
    virtual.is_silent = True
    assert label_printer_at(address).print([TEA]) == Printed(confirmed=False)
    assert virtual.wait_for(1)[0].codes == [EAN13]


def test_a_roll_that_ends_meanwhile_is_not_said_to_be_printed(virtual):
    virtual._on_label = lambda label: setattr(virtual, "out_of_labels", True)
    outcome = label_printer_at(f"tcp://127.0.0.1:{virtual.port}").print([TEA])
    assert isinstance(outcome, Uncertain)
    assert "Look which labels came out" in outcome.reason


def test_a_printer_that_is_off_and_comes_back_is_used_again(virtual):
    printer = label_printer_at(f"tcp://127.0.0.1:{virtual.port}")
    virtual.go_away()
    outcome = printer.print([TEA])
    assert isinstance(outcome, NotSent)
    assert "Switch the device on" in outcome.reason
    virtual.come_back()
    assert printer.print([TEA]) == Printed()


def test_a_jam_in_the_middle_of_a_long_job_is_uncertain_and_ends(virtual):
    printer = label_printer_at(f"tcp://127.0.0.1:{virtual.port}")
    heard = virtual.hear

    def hear(data):
        answer = heard(data)
        virtual.takes_nothing = True
        threading.Timer(1.0, virtual.go_away).start()
        return answer

    virtual.hear = hear
    assert isinstance(printer.print([TEA] * 20_000), Uncertain)


def test_a_file_takes_the_stream_as_it_is(tmp_path):
    file = tmp_path / "lp0"
    file.touch()
    assert label_printer_at(f"file://{file}").print([TEA]) == Printed(confirmed=False)
    assert [label.codes for label in printed(file.read_bytes())] == [[EAN13]]


@pytest.mark.parametrize(
    ("text", "size"), [("57x32", LabelSize(57, 32, 8)), ("100x60@300", LabelSize(100, 60, 12))]
)
def test_a_roll_says_how_large_its_labels_are(text, size):
    assert roll_of(text) == size


@pytest.mark.parametrize("text", ["", "57", "57x32@204", "5x5", "999x20", "57 x 32", "57x32\n"])
def test_what_is_no_roll_is_told_how_to_write_one(text):
    with pytest.raises(BadRoll, match="57x32, 100x60@300"):
        roll_of(text)


@pytest.mark.parametrize(
    "answer", [b"", b"\x02", b"\x03" * 9, b"\x021,1\x03", b"\x02a,b,c\x03\x02d\x03", b"\xff" * 50]
)
def test_garbage_instead_of_a_status_says_nothing_and_stops_nothing(answer):
    assert (host_status.read(answer).answers, host_status.read(answer).can_print) == (False, True)


def test_ribbon_out_stops_it():
    strings = b"\x02030,0,0,0256\x03\r\n\x02000,0,0,1\x03\r\n\x021234,0\x03\r\n"
    assert not host_status.read(strings).can_print


def test_the_doctor_and_the_devices_page_know_it(virtual):
    settings = DeviceSettings(wedge=None, label_printer=f"tcp://127.0.0.1:{virtual.port}", label_roll="76x51")
    assert any(
        line.startswith("OK") and "Label printer at 127.0.0.1" in line
        for line in sentences(examine(settings))
    )
    [device] = [one for one in counter_devices(settings, connected(settings)) if one.kind == "label_printer"]
    assert ("Label", "76 × 51 mm, 8 dots per mm") in device.look().facts
    assert device.tests[0].run(threading.Event()).worked
    assert virtual.wait_for(1)[0].codes == ["4006381333931"]
    virtual.go_away()
    assert not device.look().works
    assert not device.tests[0].run(threading.Event()).worked


def test_the_virtual_printer_obeys_and_draws(virtual, tmp_path: Path):
    assert obey(virtual, f"picture {tmp_path / 'label.png'}") == "No label came out yet."
    label_printer_at(f"tcp://127.0.0.1:{virtual.port}").print([TEA])
    assert "[4006381333931]" in said(virtual.wait_for(1)[0])
    assert obey(virtual, "show") == "Labels that came out: 1"
    obey(virtual, f"picture {tmp_path / 'label.png'}")
    assert (tmp_path / "label.png").read_bytes().startswith(b"\x89PNG")
    assert obey(virtual, "gone") == "Done: gone"
    assert obey(virtual, "back") == "Done: back"
    assert "Not understood" in obey(virtual, "dance")


@pytest.mark.skipif(PDFTOPPM is None, reason="needs pdftoppm")
def test_without_a_label_printer_sheets_are_filed_whose_bars_are_read(tmp_path: Path):
    folder = tmp_path / "out"
    printer = label_printer_at(f"pdf://{folder}?sheet=3474")
    assert printer.print([TEA, ROLL]) == Printed(note=f"They are in {folder / 'labels-000001.pdf'}.")
    assert printer.print([TEA]) == Printed(note=f"They are in {folder / 'labels-000002.pdf'}.")
    [page] = pages((folder / "labels-000001.pdf").read_bytes(), tmp_path)
    assert {found.text for found in zxingcpp.read_barcodes(page)} == {EAN13, EAN8}
    settings = DeviceSettings(wedge=None, label_printer=f"pdf://{folder}?sheet=3474")
    assert any(line.startswith("OK") and str(folder) in line for line in sentences(examine(settings)))


def test_a_folder_that_takes_no_sheets_is_said(tmp_path: Path):
    (tmp_path / "file").touch()
    outcome = label_printer_at(f"pdf://{tmp_path / 'file'}").print([TEA])
    assert isinstance(outcome, NotSent)
    assert "can't be saved" in outcome.reason


@pytest.mark.skipif(CUPSD is None or os.geteuid() != 0, reason=WHY_NOT)
def test_the_office_printer_gets_the_sheets_as_pdf():
    with TemporaryDirectory(prefix="evertill-cups-") as folder, CupsServer(Path(folder)) as cups:
        transport = CupsTransport(CupsSettings(cups.queue, cups.socket, raw=False))
        printer = SheetPrinter(transport, sheet_named("L7160"))
        assert printer.print([TEA]) == Printed(confirmed=False)
        assert cups.paper.startswith(b"%PDF")
        cups.order("cupsdisable", cups.queue)
        assert isinstance(printer.print([TEA]), NotSent)


@pytest.mark.parametrize(
    "address",
    [
        "pdf://",
        "pdf:///",
        "pdf:///x?sheet=L1",
        "pdf:///x?size=1",
        "desktop://",
        "desktop://a/b",
        "pdf:///x?a",
    ],
)
def test_what_is_no_place_for_sheets_is_told_how_to_write_one(address: str):
    with pytest.raises(BadAddress, match="pdf:///folder\\?sheet=L7160"):
        label_printer_at(address)


@pytest.mark.parametrize("dpi", ["", "@150", "@300", "@600"])
def test_the_lowest_label_that_is_taken_has_room_for_bars_that_a_scanner_reads(dpi):
    lowest = next(roll for roll in (f"57x{height}{dpi}" for height in range(10, 40)) if is_roll(roll))
    printed = zpl([Label("Milk", 249, "EUR", code="04006381333931")], roll_of(lowest)).decode()
    height = int(re.search(r"\^BEN,(-?\d+),", printed)[1])
    assert height >= 2.5 * roll_of(lowest).dots_per_mm, f"{lowest}: {height} dots"


def is_roll(text):
    try:
        return roll_of(text) is not None
    except BadRoll:
        return False
