"""Scanners as devices of a counter: whether they are plugged in, and a scan to try them."""

from __future__ import annotations

import threading

from hardware.counter_device import CounterDevice, DeviceTest, HandTest, Tried
from hardware.registry import Devices, DeviceSettings
from hardware.scanners.base import Scan, without_symbology
from hardware.scanners.counter import CounterScanners
from hardware.scanners.wedge import WedgeSettings
from hardware.scanners.wired import WiredScanner
from hardware.status import DeviceReport

KIND = "scanner"
_NAME, _WEDGE = "Scanner", "Keyboard scanner"
_TRY = "Try a scan"
_WAIT_S = 20.0


def scanners_on_the_counter(settings: DeviceSettings, devices: Devices) -> list[CounterDevice]:
    """A scanner that types is one of them, unless it is switched off and others are there."""
    wired = [_wired(scanner, devices.scanners) for scanner in devices.scanners.scanners]
    if wired and settings.wedge is None:
        return wired
    by_hand = (HandTest("scan_by_keys", _TRY),) if settings.wedge else ()
    wedge = CounterDevice(_WEDGE, KIND, "", lambda: _wedge_report(settings.wedge), by_hand=by_hand)
    return [wedge, *wired]


def _wired(scanner: WiredScanner, scanners: CounterScanners) -> CounterDevice:
    def wait_for_scan(stop: threading.Event) -> Tried:
        outcome = scanners.next_scan(scanner, stop, _WAIT_S)
        if outcome is None:
            return Tried(
                False, "No scan came from this scanner. Check that its beam is on and its cable is in."
            )
        if isinstance(outcome, Scan):
            return Tried(True, f"The scanner read {without_symbology(outcome.text)}.")
        return Tried(False, outcome.message)

    test = DeviceTest(_TRY, "Scan something with this scanner now.", wait_for_scan)
    return CounterDevice(_NAME, KIND, scanner.place, lambda: _wired_report(scanner), (test,))


def _wired_report(scanner: WiredScanner) -> DeviceReport:
    trouble = scanner.trouble()
    message = trouble or "Scanner is plugged in. Scan something at the till to try it."
    facts = (("Kind", "with a line of its own"),)
    return DeviceReport(_NAME, KIND, scanner.place, not trouble, message, facts)


def _wedge_report(wedge: WedgeSettings | None) -> DeviceReport:
    if wedge is None:
        message = "Keyboard scanners are switched off. Type the number instead."
        return DeviceReport(_WEDGE, KIND, "", False, message)
    facts = (
        ("Known by", f"keys at most {wedge.max_gap_ms} ms apart"),
        ("Shortest code", f"{wedge.burst_keys} characters"),
    )
    message = "A scanner that types like a keyboard may be used. Scan something to try it."
    return DeviceReport(_WEDGE, KIND, "", True, message, facts)
