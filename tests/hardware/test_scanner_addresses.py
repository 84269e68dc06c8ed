"""A till's scanners are one line of its settings."""

import pytest

from hardware.scanners.address import ScannerSettings, scanners_at
from hardware.scanners.wedge import WedgeSettings
from hardware.transport.address import BadAddress


def test_a_scanner_that_types_needs_only_its_name():
    assert scanners_at("wedge:") == ScannerSettings(WedgeSettings())


def test_prefix_suffix_and_gap_of_a_scanner_that_types_are_settings():
    assert scanners_at("wedge:?prefix=%02&suffix=%23&max_gap_ms=60&ends_by_pause=true") == ScannerSettings(
        WedgeSettings(prefix="\x02", suffix="#", max_gap_ms=60, ends_by_pause=True)
    )


def test_no_scanner_is_no_scanner():
    assert scanners_at("") == ScannerSettings(None)


@pytest.mark.parametrize(
    "text",
    ["wedge", "wedge:fast", "wedge:?speed=3", "wedge:?max_gap_ms=soon", "wedge://counter", "bluetooth:7"],
)
def test_what_is_no_scanner_is_refused_with_an_example(text):
    with pytest.raises(BadAddress, match="wedge:"):
        scanners_at(text)
