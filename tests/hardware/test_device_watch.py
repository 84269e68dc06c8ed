"""Devices that are lost and come back: used again without a restart, and each said and logged once."""

from __future__ import annotations

import logging
import queue
import threading
from contextlib import ExitStack
from dataclasses import replace

import pytest

from hardware.counter_device import CounterDevice
from hardware.device_kinds import counter_devices
from hardware.drawers.base import Pulsed
from hardware.drawers.direct_trigger import TriggerSettings
from hardware.printers.base import Printed
from hardware.printers.escpos_printer import PrinterSettings
from hardware.printers.virtual import VirtualPrinter
from hardware.receipt_document import Cut, ReceiptDocument, Text
from hardware.registry import DeviceSettings, connected
from hardware.scanners.virtual import VirtualSerialScanner
from hardware.status import DeviceReport
from hardware.terminals.virtual import VirtualTerminal
from hardware.watch import DeviceWatch

RECEIPT = ReceiptDocument((Text("Thank you"), Cut()))
WAIT_S = 10


class Watched:
    """A counter whose watch does not wait long."""

    def __init__(self, settings, stack):
        self.devices = connected(settings)
        self.news = queue.Queue()
        there = [replace(device, watch_every_s=0.02) for device in counter_devices(settings, self.devices)]
        self.kinds = [device for device in there if device.place]
        watch = DeviceWatch(self.kinds, self.hear, lost_every_s=0.02)
        watch.start()
        stack.callback(watch.stop)

    def hear(self, device, is_back, message):
        self.news.put((device.name, is_back))
        assert message

    def told(self):
        return self.news.get(timeout=WAIT_S)


def printer_counter(stack, folder):
    printer = stack.enter_context(VirtualPrinter(port=0))
    watched = Watched(DeviceSettings(printer=PrinterSettings(f"tcp://127.0.0.1:{printer.port}")), stack)

    def use():
        assert isinstance(watched.devices.printer.print(RECEIPT), Printed)

    return watched, "Receipt printer", printer.go_away, printer.come_back, use


def second_printer_counter(stack, folder):
    first, second = (stack.enter_context(VirtualPrinter(port=0)) for _ in range(2))
    settings = DeviceSettings(
        printer=PrinterSettings(f"tcp://127.0.0.1:{first.port}"),
        second_printer=PrinterSettings(f"tcp://127.0.0.1:{second.port}", name="Second printer"),
    )
    watched = Watched(settings, stack)

    def use():
        assert isinstance(watched.devices.printers[1].print(RECEIPT), Printed)

    return watched, "Second printer", second.go_away, second.come_back, use


def drawer_counter(stack, folder):
    box = VirtualSerialScanner(folder / "ttyUSB0")  # any device on a serial line that can be pulled out
    box.plug_in()
    stack.callback(box.pull_out)
    settings = DeviceSettings(drawer=TriggerSettings(f"serial://{box.port}"))
    watched = Watched(settings, stack)

    def use():
        assert watched.devices.drawer.open() == Pulsed()

    return watched, "Cash drawer", box.pull_out, box.plug_in, use


def terminal_counter(stack, folder):
    terminal = stack.enter_context(VirtualTerminal(port=0))
    watched = Watched(DeviceSettings(card_terminal=f"zvt://127.0.0.1:{terminal.port}"), stack)

    def use():
        assert watched.devices.card_terminal.last().answered

    return watched, "Card terminal", terminal.go_away, terminal.come_back, use


@pytest.mark.expects_log
@pytest.mark.parametrize(
    "counter",
    [printer_counter, second_printer_counter, drawer_counter, terminal_counter],
    ids=lambda one: one.__name__,
)
def test_a_device_that_is_lost_and_comes_back_is_used_again_and_each_is_logged_once(
    tmp_path, caplog, counter
):
    caplog.set_level(logging.INFO)
    with ExitStack() as stack:
        watched, name, goes, comes, use = counter(stack, tmp_path)
        for _ in range(2):
            goes()
            assert watched.told() == (name, False)
            comes()
            assert watched.told() == (name, True)
            use()
        assert watched.news.empty()
    said = [record.levelname for record in caplog.records if record.name == "hardware.watch"]
    assert said == ["WARNING", "INFO"] * 2


def a_device(look, every_s=0.01):
    return CounterDevice("Scale", "scale", "serial port 1", look, watch_every_s=every_s)


def saying(*works):
    """A device that is well or not in this order, then for good as at the end."""
    left = list(works)
    over = threading.Event()

    def look():
        well = left.pop(0) if len(left) > 1 else left[0]
        if len(left) == 1:
            over.set()
        return DeviceReport("Scale", "scale", "serial port 1", well, "Ready." if well else "Gone.")

    return look, over


def heard_of(look, over):
    news = []
    watch = DeviceWatch(
        [a_device(look)], lambda device, is_back, message: news.append(is_back), lost_every_s=0.01
    )
    watch.start()
    assert over.wait(WAIT_S)
    watch.stop()
    return news


def test_a_single_look_that_fails_is_no_loss():
    assert heard_of(*saying(True, False, True, False, True, True, True)) == []


@pytest.mark.expects_log
def test_a_new_kind_of_device_is_watched_without_a_word_about_it():
    assert heard_of(*saying(True, False, False, False, True, True, True)) == [False, True]


@pytest.mark.expects_log
def test_a_device_that_is_not_there_at_the_start_is_said_once():
    assert heard_of(*saying(False, False, False, False)) == [False]


@pytest.mark.expects_log
def test_a_driver_with_a_fault_does_not_end_the_watch():
    answers = iter([RuntimeError("a bug")] * 2)
    over = threading.Event()

    def look():
        for answer in answers:
            raise answer
        over.set()
        return DeviceReport("Scale", "scale", "", True, "Ready.")

    assert heard_of(look, over)[:1] == [False]


def test_a_device_that_can_not_be_asked_now_is_left_alone():
    looks = []

    def look():
        looks.append(1)
        return DeviceReport("Card terminal", "card_terminal", "", True, "Ready.")

    asked = threading.Event()

    def may_look(device):
        asked.set()
        return False

    watch = DeviceWatch([a_device(look)], lambda *news: None, may_look=may_look)
    watch.start()
    assert asked.wait(WAIT_S)
    watch.stop()
    assert looks == []


def test_the_watch_takes_a_printer_that_is_printing_for_well(virtual_printer):
    settings = DeviceSettings(printer=PrinterSettings(f"tcp://127.0.0.1:{virtual_printer.port}"))
    devices = connected(settings)
    devices.printers[0].transport._turn._longest_wait_s = 0.05
    device = counter_devices(settings, devices)[0]
    with devices.printers[0].transport.open():
        assert device.look().works
