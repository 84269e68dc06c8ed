"""The customer's monitor in the doctor's list, with a window open and without one."""

import pytest

from hardware.displays.second_screen import SecondScreen, connected_monitors
from hardware.doctor import examine, sentences
from hardware.registry import DeviceSettings


def plugs(folder, **states):
    """As Linux tells of its plugs."""
    for name, state in states.items():
        place = folder / f"card0-{name.replace('_', '-')}"
        place.mkdir()
        (place / "status").write_text(f"{state}\n")
    (folder / "card0").mkdir(exist_ok=True)
    return folder


def test_two_monitors_that_are_plugged_in_are_named(tmp_path):
    screen = SecondScreen(
        "auto", plugs(tmp_path, eDP_1="connected", HDMI_A_1="connected", DP_1="disconnected")
    )
    works, message = screen.state()
    assert works
    assert "HDMI-A-1, eDP-1" in message


@pytest.mark.parametrize(("wanted", "says"), [("auto", "The second monitor"), ("DP-1", "Monitor DP-1")])
def test_a_monitor_that_is_not_plugged_in_is_said(tmp_path, wanted, says):
    works, message = SecondScreen(wanted, plugs(tmp_path, eDP_1="connected", DP_1="disconnected")).state()
    assert not works
    assert message.startswith(f"{says} is not there.")


def test_where_the_system_does_not_tell_nothing_is_claimed(tmp_path):
    assert connected_monitors(tmp_path) is None
    works, message = SecondScreen("auto", tmp_path).state()
    assert works
    assert "once the till's window is open" in message


def test_what_the_window_knows_goes_before_what_is_plugged_in(tmp_path):
    screen = SecondScreen("auto", plugs(tmp_path, eDP_1="connected"))
    screen.found(True, "The customer's screen is on monitor HDMI-1.")
    assert screen.state() == (True, "The customer's screen is on monitor HDMI-1.")


def test_the_doctor_lists_line_display_and_second_screen():
    settings = DeviceSettings(display="escpos+tcp://127.0.0.1:9", second_screen="window")
    said = sentences(examine(settings))
    assert any(line.startswith("PROBLEM  Customer display at 127.0.0.1 port 9") for line in said)
    assert any(line.startswith("OK       Second screen at a window") for line in said)
