"""A till's scanners are one line of its settings."""

import pytest

from hardware.scanners.address import ScannerSettings, scanner_at, scanners_at
from hardware.scanners.wedge import WedgeSettings
from hardware.transport.address import BadAddress


def test_a_scanner_that_types_needs_only_its_name():
    assert scanners_at("wedge:") == ScannerSettings(WedgeSettings())


def test_prefix_suffix_and_gap_of_a_scanner_that_types_are_settings():
    assert scanners_at("wedge:?prefix=%02&suffix=%23&max_gap_ms=60&ends_by_pause=true") == ScannerSettings(
        WedgeSettings(prefix="\x02", suffix="#", max_gap_ms=60, ends_by_pause=True)
    )


def test_several_scanners_stand_side_by_side():
    text = (
        "wedge: serial:///dev/ttyACM0?baud=115200&prefix=%02&suffix=%03&repeat_ms=0 usb://0c2e:0b62:SCAN0001"
    )
    settings = scanners_at(text)
    assert settings.wedge == WedgeSettings()
    assert [scanner_at(address).place for address in settings.wired] == [
        "serial port /dev/ttyACM0",
        "USB 0c2e:0b62 SCAN0001",
    ]


def test_no_scanner_is_no_scanner():
    assert scanners_at("") == ScannerSettings(None)


@pytest.mark.parametrize(
    "text",
    [
        "wedge",
        "wedge:fast",
        "wedge:?speed=3",
        "wedge:?max_gap_ms=soon",
        "wedge://counter",
        "bluetooth:7",
        "serial://",
        "serial:///dev/ttyACM0?baud=fast",
        "serial:///dev/ttyACM0?pause_ms=never",
        "usb://0c2e",
        "usb://xyzw:0b62",
        "usb://0c2e:0b62?prefix=A",
        "cups://scanner",
        "tcp://",
    ],
)
def test_what_is_no_scanner_is_refused_with_an_example(text):
    with pytest.raises(BadAddress, match="wedge:"):
        scanners_at(text)
