"""Every make of scales over a network and a serial line: goods on, goods off, and all that can go wrong meanwhile."""

import socket
import threading
import time

import pytest

from hardware.counter_device import Tried
from hardware.doctor import examine, sentences
from hardware.registry import DeviceSettings, connected
from hardware.scales.address import scale_at
from hardware.scales.base import Reading, WeighRequest, Weight
from hardware.scales.dialog06 import ChecksumPair
from hardware.scales.line_scale import LineScale
from hardware.scales.on_the_counter import scales_on_the_counter
from hardware.scales.toledo import Toledo8217
from hardware.scales.virtual import VOICES, VirtualScale, VirtualSerialScale
from hardware.scales.virtual_console import obey
from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.tcp import TcpTransport
from hardware.virtual_orders import take_orders

APPLES = WeighRequest(unit_price_minor=299, name="Apples")
PROTOCOLS = sorted(VOICES)
TAKES_ORDERS = ["berkel", "cas", "toledo"]


@pytest.fixture(params=PROTOCOLS)
def virtual(request):
    with VirtualScale(request.param, port=0) as scale:
        yield scale


@pytest.fixture(params=["tcp", "serial"])
def address(request, virtual, tmp_path):
    if request.param == "tcp":
        yield virtual.address
        return
    with VirtualSerialScale(virtual, tmp_path / "ttyUSB0") as line:
        yield line.address


def until(weighing, condition, tries=8):
    """The first answer of that kind, as a till that asks again and again gets it."""
    for _ in range(tries):
        reading = weighing.look()
        if reading.condition == condition:
            return reading
    raise AssertionError(f"the scale never was {condition}, at last {reading}")


def look_three_times(weighing):
    for _ in range(3):
        weighing.look()


def test_what_lies_on_the_scale_is_what_the_till_gets(address, virtual):
    virtual.put(350)
    with scale_at(address).weighing(APPLES) as weighing:
        assert until(weighing, "stable") == Reading("stable", Weight(350, "kg"))
        virtual.put(1275)
        assert until(weighing, "stable") == Reading("stable", Weight(1275, "kg"))


def test_goods_in_motion_are_waited_for(address, virtual):
    virtual.put(350)
    virtual.plate.in_motion = True
    with scale_at(address).weighing(APPLES) as weighing:
        assert weighing.look().condition == "in_motion"
        virtual.plate.in_motion = False
        assert until(weighing, "stable").weight == Weight(350, "kg")


@pytest.mark.parametrize(
    ("milli", "conditions"),
    [(0, {"empty"}), (16_000, {"overload"}), (-20, {"under_zero", "overload"})],
    ids=["nothing", "too heavy", "less than nothing"],
)
def test_what_can_not_be_sold_is_no_weight(address, virtual, milli, conditions):
    """A Berkel scale has one word for both ends of its range."""
    virtual.put(milli)
    with scale_at(address).weighing(APPLES) as weighing:
        readings = [weighing.look() for _ in range(3)]
    assert {reading.condition for reading in readings} <= conditions
    assert not any(reading.weight for reading in readings)


@pytest.mark.parametrize("virtual", TAKES_ORDERS, indirect=True)
def test_the_box_that_the_goods_are_in_is_not_paid_for(address, virtual):
    virtual.put(50)
    with scale_at(address).weighing(APPLES) as weighing:
        until(weighing, "stable")
        assert weighing.tare() == Reading("done")
        virtual.put(400)
        assert until(weighing, "stable").weight.milli == 350


@pytest.mark.parametrize("virtual", ["dialog06"], indirect=True)
def test_a_dialog_06_scale_is_told_the_tare_by_the_till(address, virtual):
    virtual.put(50)
    with scale_at(address).weighing(APPLES) as weighing:
        assert weighing.tare() == Reading("not_possible")
        until(weighing, "stable")
        assert weighing.tare() == Reading("done")
        virtual.put(400)
        assert until(weighing, "stable") == Reading("stable", Weight(350, "kg", is_net=True))
        assert weighing.clear_tare() == Reading("done")
        virtual.put(400)
        assert until(weighing, "stable").weight == Weight(400, "kg")


@pytest.mark.parametrize("virtual", ["toledo"], indirect=True)
def test_a_scale_off_its_zero_is_zeroed(address, virtual):
    virtual.put(10)
    with scale_at(address).weighing(APPLES) as weighing:
        assert weighing.zero() == Reading("done")
        assert weighing.look() == Reading("empty")
        virtual.put(360)
        assert until(weighing, "stable").weight.milli == 350


def test_a_scale_without_such_a_key_says_to_press_its_own(virtual):
    with scale_at(virtual.address).weighing(APPLES) as weighing:
        told = {weighing.zero().condition, weighing.clear_tare().condition}
    assert told <= {"done", "not_possible"}
    assert "its own key" in Reading("not_possible").message


@pytest.mark.parametrize(
    ("manner", "conditions"),
    [
        ("silent", {"silent"}),
        ("garbage", {"garbled", "cut_short"}),
        ("half", {"cut_short", "silent", "garbled", "empty", "in_motion"}),
    ],
)
def test_a_scale_that_talks_nonsense_or_nothing_gives_no_weight(virtual, manner, conditions):
    virtual.put(350)
    virtual.behave(manner)
    with scale_at(virtual.address).weighing(APPLES) as weighing:
        reading = weighing.look()
    assert reading.condition in conditions
    assert reading.condition != "stable"


def test_a_scale_that_answers_again_is_used_again(virtual):
    virtual.put(350)
    virtual.behave("silent")
    with scale_at(virtual.address).weighing(APPLES) as weighing:
        assert weighing.look() == Reading("silent")
        virtual.behave("answer")
        virtual.put(350)
        assert until(weighing, "stable", tries=12).weight == Weight(350, "kg")


def test_a_question_never_takes_longer_than_a_second_or_two(virtual):
    virtual.behave("silent")
    with scale_at(virtual.address).weighing(APPLES) as weighing:
        began = time.monotonic()
        weighing.look()
        assert time.monotonic() - began < 2.5


def test_an_answer_to_the_line_before_never_becomes_this_lines_weight(virtual):
    """The ham was given up while the scale was slow; its answer comes when the cheese is on the scale."""
    scale = scale_at(virtual.address)
    virtual.put(900)
    virtual.behave("late")
    with scale.weighing(WeighRequest(1990, "Ham")) as weighing:
        weighing.look()
    virtual.put(350)
    with scale.weighing(WeighRequest(2490, "Cheese")) as weighing:
        readings = [weighing.look() for _ in range(10)]
    weights = {reading.weight for reading in readings if reading.condition == "stable"}
    assert weights <= {Weight(350, "kg")}


def test_answers_owed_from_before_are_counted_before_a_weight_is_believed():
    """A scale that is three answers behind: what it owes of the ham is never the cheese."""

    class BehindTheTimes(threading.Thread):
        """Holds back three answers, then goes on answering, always three behind."""

        def __init__(self):
            super().__init__(daemon=True)
            self.weights = [b"00.900"] * 3 + [b"00.350"] * 20
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.asked = 0

        def run(self):
            while True:
                connection, _ = self.listener.accept()
                with connection:
                    while data := connection.recv(1):
                        assert data == b"W"
                        self.asked += 1
                        if self.asked > 3:
                            connection.sendall(b"\x02" + self.weights[self.asked - 4] + b"\r")

    slow = BehindTheTimes()
    slow.start()
    scale = LineScale(TcpTransport("127.0.0.1", slow.listener.getsockname()[1]), Toledo8217())
    with scale.weighing(WeighRequest(1990, "Ham")) as weighing:
        assert [weighing.look().condition for _ in range(3)] == ["silent"] * 3
    with scale.weighing(WeighRequest(2490, "Cheese")) as weighing:
        readings = [weighing.look() for _ in range(12)]
    assert {one.weight.milli for one in readings if one.condition == "stable"} == {350}


def test_a_scale_that_is_off_is_said_to_be_and_is_used_when_it_is_back(virtual):
    scale = scale_at(virtual.address)
    virtual.put(350)
    with scale.weighing(APPLES) as weighing:
        weighing.look()
        virtual.go_away()
        with pytest.raises(SendFailed):
            look_three_times(weighing)
    with pytest.raises(NotReachable, match="Switch the device on"), scale.weighing(APPLES):
        pass
    virtual.come_back()
    virtual.put(350)
    with scale.weighing(APPLES) as weighing:
        assert until(weighing, "stable").weight == Weight(350, "kg")


def test_a_serial_plug_pulled_out_in_the_middle_ends_the_weighing(tmp_path):
    virtual = VirtualScale("cas", port=0)
    with VirtualSerialScale(virtual, tmp_path / "ttyUSB0") as line:
        scale = scale_at(line.address)
        with scale.weighing(APPLES) as weighing:
            line.pull_out()
            with pytest.raises(SendFailed):
                look_three_times(weighing)
        line.plug_in()
        virtual.put(350)
        with scale.weighing(APPLES) as weighing:
            assert until(weighing, "stable").weight == Weight(350, "kg")


def test_a_port_that_can_not_be_set_up_so_is_said_and_crashes_nothing(tmp_path):
    with VirtualSerialScale(VirtualScale("toledo", port=0), tmp_path / "ttyUSB0") as line:
        status = scale_at(f"toledo+serial://{line.port}").status()
    assert (status.ready, "speed or parity" in status.message) == (False, True)


def test_goods_left_on_a_dialog_06_scale_are_not_sold_twice():
    with VirtualScale("dialog06", port=0) as virtual:
        scale = scale_at(virtual.address)
        virtual.put(350)
        with scale.weighing(APPLES) as weighing:
            assert until(weighing, "stable").weight == Weight(350, "kg")
            assert weighing.look().weight == Weight(350, "kg"), "the same goods for the same line"
        with scale.weighing(WeighRequest(199, "Pears")) as weighing:
            reading = weighing.look()
    assert reading == Reading("not_moved")
    assert reading.message == "Take the goods off the scale and put them on again."


def test_a_dialog_06_scale_and_the_till_agree_on_the_price_or_nothing_is_taken():
    with VirtualScale("dialog06", port=0) as virtual:
        virtual.put(350)
        virtual.plate.miscalculates = True
        with scale_at(virtual.address).weighing(APPLES) as weighing:
            assert weighing.look() == Reading("price_differs")


def test_a_dialog_06_scale_weighs_for_a_till_whose_checksums_are_right():
    pair = (ChecksumPair(0x4711, 0xF336),)
    with VirtualScale("dialog06", port=0, checksums=pair) as virtual:
        virtual.put(350)
        with scale_at(f"{virtual.address}?checksums=4711F337").weighing(APPLES) as weighing:
            assert weighing.look() == Reading("checksums_wanted")
        with scale_at(f"{virtual.address}?checksums=4711F336&names=yes").weighing(APPLES) as weighing:
            assert until(weighing, "stable").weight == Weight(350, "kg")
        assert virtual.voice.names == [b"Apples       "]


@pytest.mark.parametrize("virtual", ["cas", "nci", "berkel"], indirect=True)
def test_a_scale_says_itself_that_it_weighs_in_pounds(virtual):
    virtual.plate.unit = "lb"
    virtual.put(1250)
    with scale_at(virtual.address).weighing(APPLES) as weighing:
        assert until(weighing, "stable").weight == Weight(1250, "lb")


def test_the_doctor_says_how_the_scale_is(virtual):
    settings = DeviceSettings(scale=virtual.address)
    (line,) = [one for one in sentences(examine(settings)) if "Scale at" in one]
    assert line.startswith("OK ")
    virtual.behave("silent")
    assert "does not answer" in sentences(examine(settings))[-1]
    virtual.go_away()
    assert sentences(examine(settings))[-1].startswith("PROBLEM")


def test_the_doctor_names_an_address_that_is_none():
    assert "dialog06+tcp://" in sentences(examine(DeviceSettings(scale="toledo")))[-1]


def test_a_scale_is_tried_with_something_on_it(virtual):
    settings = DeviceSettings(scale=virtual.address)
    (device,) = scales_on_the_counter(settings, connected(settings))
    (test,) = device.tests
    virtual.put(350)
    assert test.run(threading.Event()) == Tried(True, "The scale shows 0.350 kg.")
    given_up = threading.Event()
    given_up.set()
    assert not test.run(given_up).worked
    virtual.go_away()
    assert "Switch the device on" in test.run(threading.Event()).message


def test_the_scale_made_of_software_obeys_line_by_line(capsys):
    with VirtualScale("toledo", port=0) as virtual:
        orders = ["put 0.350", "show", "tare", "show", "clear", "take", "zero", "jump", "quit"]
        take_orders(orders, lambda order: obey(virtual, order))
        said = capsys.readouterr().out
        assert obey(virtual, "put soon").startswith("Not understood")
        assert (virtual.plate.net_milli, virtual.plate.in_motion) == (0, False)
        assert obey(virtual, "move") == "Done: move"
        assert obey(virtual, "tare") == "It can't take a tare now."
    assert "0.350 kg\n" in said
    assert "0 kg net\n" in said
    assert "Not understood" in said
