"""A line display on a network and a serial line: dark, pulled out, jammed, and back; nobody ever waits for it."""

import logging
import queue
import threading
import time

import pytest

from hardware.counter_device import Tried
from hardware.displays.address import display_at
from hardware.displays.base import Facing, TwoLines
from hardware.displays.on_the_counter import displays_on_the_counter
from hardware.displays.virtual import VirtualDisplay
from hardware.displays.virtual_console import framed, obey
from hardware.displays.wired import WiredDisplay
from hardware.doctor import examine, sentences
from hardware.registry import DeviceSettings, connected
from hardware.transport.address import BadAddress
from hardware.virtual_listener import VirtualSerialPlug
from hardware.virtual_orders import take_orders

MILK = TwoLines(Facing("Milk", "1.20"), Facing("Total", "€ 3.54"))
BREAD = TwoLines(Facing("Bread", "2.10"), Facing("Total", "€ 5.64"))


@pytest.fixture
def virtual():
    with VirtualDisplay(port=0) as display:
        yield display


@pytest.fixture(params=["tcp", "serial"])
def wire(request, virtual, tmp_path):
    """Address, and how the plug is pulled out and put in."""
    if request.param == "tcp":
        yield f"tcp://127.0.0.1:{virtual.port}", virtual.go_away, virtual.come_back
        return
    with VirtualSerialPlug(virtual, tmp_path / "ttyUSB1") as line:
        yield f"serial://{line.port}", line.pull_out, line.plug_in


@pytest.fixture
def started():
    """Makes a display that looks again soon, with the news it tells."""
    made = []

    def start(address):
        display = display_at(address)
        display._look_again_s = 0.05
        news = queue.Queue()
        display.on_change = lambda is_there, message: news.put((is_there, message))
        display.start()
        made.append(display)
        return display, news

    yield start
    for display in made:
        display.stop()


def saying(start):
    return lambda lines: lines[0].startswith(start)


@pytest.mark.parametrize("language", ["escpos", "cd5220"])
def test_the_customer_sees_the_line_just_scanned_and_the_total(wire, virtual, started, language):
    display, news = started(f"{language}+{wire[0]}")
    display.show(MILK)
    upper, lower = virtual.wait_for(saying("Milk"))
    assert (upper, lower.split()[0], lower[-4:]) == ("Milk            1.20", "Total", "3.54")
    display.show(BREAD)
    virtual.wait_for(saying("Bread"))
    assert virtual.unknown == 0
    assert news.empty(), "found at the start is no news"


@pytest.mark.expects_log
def test_a_display_that_is_gone_is_said_once_and_shows_what_it_should_when_it_is_back(
    wire, virtual, started, caplog
):
    caplog.set_level(logging.INFO)
    address, pull_out, plug_in = wire
    display, news = started(f"escpos+{address}")
    display.show(MILK)
    virtual.wait_for(saying("Milk"))
    pull_out()
    is_there, message = news.get(timeout=5)
    assert (is_there, bool(message)) == (False, True)
    display.show(BREAD)
    time.sleep(0.4)
    assert news.empty()
    plug_in()
    assert news.get(timeout=5)[0]
    virtual.wait_for(saying("Bread"))
    levels = [one.levelname for one in caplog.records if one.name == "hardware.displays.wired"]
    assert levels == ["INFO", "WARNING", "INFO"]


@pytest.mark.expects_log
def test_showing_costs_nothing_while_the_display_is_gone_or_jammed(virtual, started):
    display, _ = started(f"escpos+tcp://127.0.0.1:{virtual.port}")
    virtual.wait_for(lambda lines: True)
    for how in (lambda: setattr(virtual, "takes_nothing", True), virtual.go_away):
        how()
        began = time.monotonic()
        for number in range(2000):
            display.show(TwoLines(Facing(f"Line {number}")))
        assert time.monotonic() - began < 0.2
    virtual.takes_nothing = False
    virtual.come_back()
    virtual.wait_for(saying("Line 1999"))


def test_of_many_screens_in_a_hurry_the_newest_stays(virtual, started):
    display, _ = started(f"cd5220+tcp://127.0.0.1:{virtual.port}")
    for number in range(300):
        display.show(TwoLines(Facing(f"Line {number}")))
    virtual.wait_for(saying("Line 299"))


@pytest.mark.expects_log
def test_a_display_that_is_not_there_at_the_start_is_said_and_used_when_it_comes(virtual, started):
    virtual.go_away()
    display, news = started(f"escpos+tcp://127.0.0.1:{virtual.port}")
    assert not news.get(timeout=5)[0]
    assert "Switch the device on" in display.trouble()
    display.show(MILK)
    virtual.come_back()
    assert news.get(timeout=5)[0]
    virtual.wait_for(saying("Milk"))
    assert display.trouble() == ""


def test_the_doctor_says_whether_it_is_there(virtual):
    settings = DeviceSettings(display=f"escpos+tcp://127.0.0.1:{virtual.port}")
    (line,) = [one for one in sentences(examine(settings)) if "Customer display" in one]
    assert line.startswith("OK ")
    virtual.go_away()
    assert sentences(examine(settings))[-1].startswith("PROBLEM")


def test_the_display_is_tried_with_letters_and_shows_the_sale_again(virtual, monkeypatch):
    monkeypatch.setattr("hardware.displays.on_the_counter._SHOWN_S", 1.0)
    settings = DeviceSettings(display=f"escpos+tcp://127.0.0.1:{virtual.port}")
    devices = connected(settings)
    (device,) = displays_on_the_counter(settings, devices)
    display: WiredDisplay = devices.display
    display.start()
    try:
        display.show(MILK)
        virtual.wait_for(saying("Milk"))
        outcome = []
        trying = threading.Thread(target=lambda: outcome.append(device.tests[0].run(threading.Event())))
        trying.start()
        virtual.wait_for(saying("Evertill"))
        trying.join()
        virtual.wait_for(saying("Milk"))
        assert outcome == [Tried(True, outcome[0].message)]
    finally:
        display.stop()


@pytest.mark.parametrize(
    "address",
    [
        "escpos",
        "serial:///dev/ttyUSB1",
        "escpos+cups://display",
        "vfd+serial:///dev/ttyUSB1",
        "escpos+serial://",
        "cd5220+tcp://",
        "cd5220+tcp://[",
        "escpos+serial:///dev/ttyUSB1?baud=fast",
    ],
)
def test_what_is_no_display_is_refused_with_an_example(address):
    with pytest.raises(BadAddress, match=r"escpos\+serial"):
        display_at(address)


def test_a_display_may_be_on_any_wire():
    assert display_at("escpos+usb://04b8:0202").place == "USB 04b8:0202"
    assert display_at("cd5220+serial://COM4?baud=19200").place == "serial port COM4"
    assert display_at("cd5220+file:///dev/usb/lp1").place == "/dev/usb/lp1"


def test_the_display_made_of_software_obeys_line_by_line(capsys, tmp_path):
    with VirtualDisplay(port=0) as virtual:
        virtual.hear(b"\x0cMilk")
        picture = tmp_path / "glass.png"
        take_orders(
            ["show", f"picture {picture}", "jam", "flow", "jump", "quit"], lambda order: obey(virtual, order)
        )
        said = capsys.readouterr().out
        assert framed(virtual.lines) in said
        assert "Not understood" in said
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert obey(virtual, "gone") == "Done: gone"
        assert virtual.lines[0].strip() == ""
        assert obey(virtual, "back") == "Done: back"
