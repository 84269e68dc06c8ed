"""Scanners on a serial line and on USB: every code once, and plugs may be pulled at any time."""

import logging
import queue

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scanners.base import BadScan, Scan
from hardware.scanners.framing import FrameReader, FrameSettings
from hardware.scanners.hid_layout import HidPosReader, layout_of
from hardware.scanners.repeats import RepeatGuard
from hardware.scanners.usb_hid import UsbScannerPlug
from hardware.scanners.virtual import (
    KEYBOARD_DESCRIPTOR,
    REPORT_DESCRIPTOR,
    VirtualSerialScanner,
    VirtualUsbScanner,
    hid_reports,
)
from hardware.scanners.wired import LinePlug, WiredScanner
from hardware.transport.serial_line import SerialSettings, SerialTransport
from hardware.transport.usb import UsbSettings

GTIN, OTHER = "4006381333931", "5901234123457"


class Counter:
    """What a till hears of its scanners."""

    def __init__(self):
        self.scans, self.news = queue.Queue(), queue.Queue()
        self.started = []

    def attach(self, plug, **settings):
        scanner = WiredScanner(plug, look_again_s=0.05, **settings)
        scanner.on_change = lambda is_there, message: self.news.put((is_there, message))
        scanner.start(self.scans.put)
        self.started.append(scanner)
        return scanner

    def next(self):
        return self.scans.get(timeout=5)

    def told(self):
        return self.news.get(timeout=5)

    def close(self):
        for scanner in self.started:
            scanner.stop()

    def hears_nothing_more(self):
        with pytest.raises(queue.Empty):
            self.scans.get(timeout=0.5)


@pytest.fixture
def counter():
    made = Counter()
    yield made
    made.close()


@pytest.fixture
def serial_scanner(tmp_path, counter):
    with VirtualSerialScanner(tmp_path / "ttyACM0") as scanner:
        yield scanner
        counter.close()


def line(scanner, **frames):
    return LinePlug(SerialTransport(SerialSettings(str(scanner.port))), FrameSettings(**frames))


def usb(scanner, **settings):
    chosen = UsbSettings(scanner.vendor, scanner.product, **settings)
    return UsbScannerPlug(chosen, backend=scanner)


def test_a_serial_scanner_scans(counter, serial_scanner):
    counter.attach(line(serial_scanner))
    assert counter.told() == (True, f"Scanner at serial port {serial_scanner.port} is ready.")
    serial_scanner.scan(f"]E0{GTIN}")
    serial_scanner.scan(OTHER, end="\r")
    assert [counter.next(), counter.next()] == [Scan(f"]E0{GTIN}"), Scan(OTHER)]


def test_a_usb_scanner_scans_with_the_kind_of_symbol_and_leaves_the_keyboard_alone(counter):
    scanner = VirtualUsbScanner()
    counter.attach(usb(scanner, serial="SCAN0001"))
    assert counter.told()[0]
    scanner.scan("0104006381333931\x1d10A", "]C1")
    long = "https://id.gs1.org/01/04006381333931/10/" + "LOT" * 30
    scanner.scan(long, "]Q1")
    assert [counter.next(), counter.next()] == [Scan("]C10104006381333931\x1d10A"), Scan(f"]Q1{long}")]
    assert scanner.drivers == {0}


def test_several_scanners_work_at_once(counter, tmp_path):
    usb_scanner = VirtualUsbScanner()
    with VirtualSerialScanner(tmp_path / "a") as one, VirtualSerialScanner(tmp_path / "b") as two:
        for plug in (line(one), line(two), usb(usb_scanner)):
            counter.attach(plug)
            assert counter.told()[0]
        one.scan("1" * 8)
        two.scan("2" * 8)
        usb_scanner.scan("3" * 8)
        assert {counter.next().text for _ in range(3)} == {"1" * 8, "2" * 8, "3" * 8}
        counter.close()


@pytest.mark.expects_log
@pytest.mark.parametrize("kind", ["serial", "usb"])
def test_a_scanner_that_is_pulled_out_and_plugged_in_again_scans_on(counter, tmp_path, caplog, kind):
    caplog.set_level(logging.INFO)
    scanner = VirtualSerialScanner(tmp_path / "ttyACM0") if kind == "serial" else VirtualUsbScanner()
    scanner.plug_in()
    counter.attach(line(scanner) if kind == "serial" else usb(scanner))
    assert counter.told()[0]
    for _ in range(2):
        scanner.pull_out()
        is_there, message = counter.told()
        assert not is_there
        assert message
        scanner.plug_in()
        assert counter.told()[0]
        scanner.scan(GTIN)
        assert counter.next() == Scan(GTIN)
    scanner.pull_out()
    assert not counter.told()[0]
    assert counter.news.empty()
    levels = [record.levelname for record in caplog.records if record.name == "hardware.scanners.wired"]
    assert levels == ["INFO", "WARNING"] * 3


@pytest.mark.expects_log
def test_a_scanner_that_comes_later_is_used(counter, tmp_path):
    scanner = VirtualSerialScanner(tmp_path / "ttyACM0")
    counter.attach(line(scanner))
    is_there, message = counter.told()
    assert (is_there, "Switch the device on" in message) == (False, True)
    scanner.plug_in()
    assert counter.told()[0]
    scanner.scan(GTIN)
    assert counter.next() == Scan(GTIN)


@pytest.mark.expects_log
def test_what_is_no_scanner_says_which_mode_to_set(counter, monkeypatch):
    scanner = VirtualUsbScanner()
    monkeypatch.setattr("hardware.scanners.virtual.REPORT_DESCRIPTOR", KEYBOARD_DESCRIPTOR)
    counter.attach(usb(scanner))
    assert "USB HID POS mode" in counter.told()[1]
    assert scanner.drivers == {0, 1}


def test_a_label_that_stays_in_the_beam_is_one_item(counter, serial_scanner):
    counter.attach(line(serial_scanner), repeat_ms=60_000)
    assert counter.told()[0]
    for code in (GTIN, GTIN, OTHER, GTIN):
        serial_scanner.scan(code)
    assert [counter.next() for _ in range(3)] == [Scan(GTIN), Scan(OTHER), Scan(GTIN)]
    counter.hears_nothing_more()


def test_the_same_label_at_two_scanners_is_two_items(counter, tmp_path):
    with VirtualSerialScanner(tmp_path / "a") as one, VirtualSerialScanner(tmp_path / "b") as two:
        for scanner in (one, two):
            counter.attach(line(scanner), repeat_ms=60_000)
            assert counter.told()[0]
        one.scan(GTIN)
        assert counter.next() == Scan(GTIN)
        two.scan(GTIN)
        assert counter.next() == Scan(GTIN)
        counter.close()


def test_a_label_is_the_next_item_once_it_was_away_for_long_enough():
    guard = RepeatGuard(400)
    times = (0, 300, 650, 1049, 1449)
    assert [guard.is_repeat(GTIN, at_ms) for at_ms in times] == [False, True, True, True, False]


@pytest.mark.parametrize("evil", ["\x00", "\x1b@", "\x07"])
def test_control_characters_make_a_bad_scan(counter, serial_scanner, evil):
    counter.attach(line(serial_scanner))
    assert counter.told()[0]
    serial_scanner.scan(f"40063{evil}81333931")
    outcome = counter.next()
    assert isinstance(outcome, BadScan)
    assert outcome.reason == "control_characters"


def test_half_a_code_is_said_and_the_next_one_counts(counter, serial_scanner):
    counter.attach(line(serial_scanner, pause_ms=150))
    assert counter.told()[0]
    serial_scanner.scan("40063", end="")
    assert counter.next() == BadScan("cut_short", "40063")
    serial_scanner.scan(GTIN)
    assert counter.next() == Scan(GTIN)


def test_prefix_and_suffix_are_taken_off_and_wanted():
    reader = FrameReader(FrameSettings(prefix="\x02", suffix="\x03"))
    assert reader.feed(f"\x02{GTIN}\x03{GTIN}\x03".encode(), 0) == [Scan(GTIN), BadScan("wrong_frame", GTIN)]


def test_a_scanner_that_sends_no_end_ends_by_a_pause():
    reader = FrameReader(FrameSettings(ends_by_pause=True))
    assert reader.feed(GTIN.encode(), 0) == []
    assert reader.feed(b"", 200) == []
    assert reader.feed(b"", 300) == [Scan(GTIN)]


def test_an_endless_stream_holds_no_memory_and_the_scan_after_it_counts():
    reader = FrameReader(FrameSettings())
    for _ in range(100):
        assert reader.feed(b"9" * 1000, 0) == []
    assert len(reader._held) <= 512
    assert [outcome.reason for outcome in reader.feed(b"9\r", 0)] == ["too_long"]
    assert reader.feed(f"{GTIN}\r".encode(), 0) == [Scan(GTIN)]


@given(st.lists(st.text("0123456789ABC]", min_size=1, max_size=30), max_size=8), st.data())
def test_codes_arrive_whole_however_the_line_cuts_them(codes, data):
    stream = "".join(code + data.draw(st.sampled_from(["\r", "\n", "\r\n"])) for code in codes).encode()
    reader, heard = FrameReader(FrameSettings()), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        heard += reader.feed(stream[:cut], 0)
        stream = stream[cut:]
    assert heard == [Scan(code) for code in codes]


@given(st.binary(max_size=200), st.lists(st.binary(max_size=80), max_size=5))
def test_garbage_from_a_usb_scanner_never_fails(descriptor, reports):
    for layout in (layout_of(descriptor), layout_of(REPORT_DESCRIPTOR)):
        reader = HidPosReader(layout)
        for report in reports:
            reader.feed(report)


@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=400))
def test_a_code_of_any_length_arrives_in_reports(code):
    reader = HidPosReader(layout_of(REPORT_DESCRIPTOR))
    heard = [outcome for report in hid_reports(code, "]Q3") for outcome in reader.feed(report)]
    assert heard == [Scan("]Q3" + code)]
