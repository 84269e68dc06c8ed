"""What each make of scales says, byte by byte, and what the till makes of it."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scales.base import MESSAGES, Reading, WeighRequest, Weight, weight_of
from hardware.scales.berkel import Berkel
from hardware.scales.cas import Cas
from hardware.scales.dialog06 import ChecksumPair, Dialog06, checksum_text, price_record, scale_text
from hardware.scales.nci import Nci
from hardware.scales.toledo import Toledo8217
from shared_models.quantity import extend

HAM = WeighRequest(unit_price_minor=2490, name="Boiled ham")
PROTOCOLS = [
    Toledo8217(),
    Cas(),
    Berkel(),
    Nci(),
    Dialog06((ChecksumPair(0x4711, 0xF336),), shows_names=True),
]
every_protocol = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: type(protocol).__name__)


def hear(exchange, *answers):
    """Plays the scale: one answer for each question. What was asked, and what came of it."""
    asked, waiting = [], list(answers)
    try:
        ask = next(exchange)
        while True:
            asked.append(ask.send)
            ask = exchange.send(waiting.pop(0))
    except StopIteration as over:
        assert not waiting, "the scale had more to say"
        return asked, over.value


def weighed(protocol, *answers, request=HAM, begun=False):
    return hear(protocol.weigh(request, 0, begun=begun), *answers)[1]


def stable(milli, unit="kg", *, is_net=False):
    return Reading("stable", Weight(milli, unit, is_net))


# Mettler-Toledo 8217


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (b"\x0200.350\r", stable(350)),
        (b"\x0212.345\r", stable(12345)),
        (b"\x0200.350N\r", stable(350, is_net=True)),
        (b"\x0200.000\r", Reading("empty")),
        (b"\x02?A\r", Reading("in_motion")),
        (b"\x02?B\r", Reading("overload")),
        (b"\x02?D\r", Reading("under_zero")),
        (b"\x02?E\r", Reading("under_zero")),
        (b"\x02?H\r", Reading("not_zeroed")),
        (b"\x02?P\r", Reading("empty")),
        (b"\x02?\xc1\r", Reading("in_motion")),
        (b"\x02??\r", Reading("overload")),
        (b"\x02\r", Reading("garbled")),
        (b"\x0200.3\xb10\r", Reading("garbled")),
        (b"\x020.35001\r", Reading("unit_unusable")),
    ],
)
def test_a_toledo_scale_says_weight_or_what_is_in_the_way(answer, means):
    assert weighed(Toledo8217(), answer) == means


def test_a_toledo_scale_weighs_in_what_it_was_set_up_for():
    assert weighed(Toledo8217("lb"), b"\x02001.25\r") == stable(1250, "lb")


def test_a_toledo_scale_is_zeroed_and_takes_a_tare():
    assert hear(Toledo8217().zero(), b"\x02?P\r") == ([b"Z"], Reading("done"))
    assert hear(Toledo8217().zero(), b"\x02?@\r")[1] == Reading("fault")
    assert hear(Toledo8217().zero(), b"\x02?H\r")[1] == Reading("not_zeroed")
    assert hear(Toledo8217().tare(), b"\x02?`\r") == ([b"T\r"], Reading("done"))
    assert hear(Toledo8217().clear_tare(), b"\x02?@\r") == ([b"C"], Reading("done"))
    assert hear(Toledo8217().tare(), b"\x02?A\r")[1] == Reading("in_motion")


# CAS


def cas(block):
    check = 0
    for byte in block:
        check ^= byte
    return b"\x01\x02" + block + bytes((check, 3, 4))


@pytest.mark.parametrize(
    ("block", "means"),
    [
        (b"S 00.350kg", stable(350)),
        (b"S  0.350kg", stable(350)),
        (b"S 0350.0 g", stable(350_000, "g")),
        (b"S  01.25lb", stable(1250, "lb")),
        (b"S 00.350 kg", stable(350)),
        (b"U 00.350kg", Reading("in_motion", Weight(350, "kg"))),
        (b"S 00.000kg", Reading("empty")),
        (b"S-00.012kg", Reading("under_zero")),
        (b"SFFFFFFFkg", Reading("overload")),
        (b"S 00.350st", Reading("unit_unusable")),
        (b"X 00.350kg", Reading("garbled")),
    ],
)
def test_a_cas_scale_says_weight_or_what_is_in_the_way(block, means):
    asked, reading = hear(Cas().weigh(HAM, 0, begun=False), b"\x06", cas(block))
    assert (asked, reading) == ([b"\x05", b"\x11"], means)


def test_a_cas_scale_with_a_wrong_check_is_not_believed():
    right = cas(b"S 00.350kg")
    for at in range(2, len(right) - 3):
        wrong = right[:at] + bytes((right[at] ^ 1,)) + right[at + 1 :]
        assert weighed(Cas(), b"\x06", wrong).condition == "garbled"


def test_a_cas_scale_that_is_not_ready_is_asked_again():
    assert weighed(Cas(), b"\x15") == Reading("in_motion")


def test_a_cas_scale_takes_a_tare():
    asked, reading = hear(Cas().tare(), b"\x06", cas(b"S 00.000kg"))
    assert (asked[0], reading) == (b"<TK>\t\x05", Reading("done"))


# Berkel


def berkel(information, digits):
    block = bytes((information,)) + digits
    check = 0
    for byte in block:
        check ^= byte
    return b"\x02" + block + bytes((check, 3))


@pytest.mark.parametrize(
    ("information", "digits", "means"),
    [
        (0x29, b"00350", stable(350)),
        (0x2B, b"\x000350", stable(350)),
        (0x2A, b"00125", stable(1250, "lb")),
        (0x2A, b"\x000125", stable(1250, "lb")),
        (0x29, b"\x00\x00\x00\x005", stable(5)),
        (0x29, b"00000", Reading("empty")),
        (0x39, b"00000", Reading("overload")),
        (0x2F, b"00350", Reading("unit_unusable")),
        (0x29, b"0x350", Reading("garbled")),
    ],
)
def test_a_berkel_scale_hears_its_weight_confirmed(information, digits, means):
    frame = berkel(information, digits)
    answers = (b"\x06", frame) if means.condition == "garbled" else (b"\x06", frame, b"\r")
    assert weighed(Berkel(), *answers) == means


def test_a_berkel_weight_that_the_scale_does_not_confirm_is_not_taken():
    assert weighed(Berkel(), b"\x06", berkel(0x29, b"00350"), b"\x06") == Reading("garbled")


def test_a_berkel_scale_says_when_it_has_nothing_yet():
    assert weighed(Berkel(), b"\x15") == Reading("in_motion")
    assert weighed(Berkel(), b"\x18") == Reading("not_moved")
    assert weighed(Berkel(), b"\x00") == Reading("empty")
    assert weighed(Berkel(), b"\x06", b"\x15") == Reading("in_motion")


def test_a_berkel_scale_is_zeroed_and_takes_a_tare_with_the_manuals_own_bytes():
    assert hear(Berkel().zero(), b"\x06") == ([b"\x02Z\0\0\0\0\0\x03Z"], Reading("done"))
    assert hear(Berkel().tare(), b"\x06") == ([b"\x02N\0\0\0\0\0\x03N"], Reading("done"))


# NCI


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (b"\n00.350KG\r\nS0p0\r\x03", stable(350)),
        (b"\n00.350KG\r\nS00\r\x03", stable(350)),
        (b"\n00.350KG\r\nS0p4\r\x03", stable(350, is_net=True)),
        (b"\n350.0G\r\nS00\r\x03", stable(350_000, "g")),
        (b"\n01.25LB\r\nS00\r\x03", stable(1250, "lb")),
        (b"\n1LB 02.5OZ\r\nS00\r\x03", stable(18_500, "oz")),
        (b"\n00.000KG\r\nS20\r\x03", Reading("empty")),
        (b"\nS20\r\x03", Reading("empty")),
        (b"\nS10\r\x03", Reading("in_motion")),
        (b"\nS01\r\x03", Reading("under_zero")),
        (b"\nS02\r\x03", Reading("overload")),
        (b"\nS0p8\r\x03", Reading("not_zeroed")),
        (b"\nS40\r\x03", Reading("fault")),
        (b"\n?\r\x03", Reading("garbled")),
        (b"\n00.350ST\r\nS00\r\x03", Reading("garbled")),
    ],
)
def test_an_nci_scale_says_weight_or_what_is_in_the_way(answer, means):
    assert hear(Nci().weigh(HAM, 0, begun=False), answer) == ([b"W\r"], means)


# Dialog 06

TAKEN, REFUSED = b"\x06", b"\x15"
RESULT = b"\x0202\x1b3\x1b00350\x1b002490\x1b000872\x03"


def test_dialog_06_says_the_price_and_hears_weight_and_selling_price():
    asked, reading = hear(Dialog06().weigh(HAM, 0, begun=False), TAKEN, RESULT)
    assert asked == [b"\x04\x0201\x1b002490\x1b\x03", b"\x04\x05"]
    assert reading == stable(350)


def test_dialog_06_that_comes_to_another_price_sells_nothing():
    for wrong in (RESULT.replace(b"000872", b"000871"), RESULT.replace(b"002490", b"002390")):
        assert weighed(Dialog06(), TAKEN, wrong) == Reading("price_differs")


@pytest.mark.parametrize(
    ("state", "means"),
    [
        (b"20", "in_motion"),
        (b"21", "not_moved"),
        (b"22", "in_motion"),
        (b"30", "empty"),
        (b"31", "under_zero"),
        (b"32", "overload"),
        (b"11", "price_unusable"),
        (b"01", "fault"),
        (b"00", "in_motion"),
        (b"99", "fault"),
    ],
)
def test_dialog_06_that_refuses_is_asked_why(state, means):
    asked, reading = hear(
        Dialog06().weigh(HAM, 0, begun=False), TAKEN, REFUSED, b"\x0209\x1b" + state + b"\x03"
    )
    assert (asked[-1], reading) == (b"\x04\x0208\x03", Reading(means))


def test_dialog_06_in_motion_is_asked_again_without_the_price():
    assert hear(Dialog06().weigh(HAM, 0, begun=True), RESULT) == ([b"\x04\x05"], stable(350))


def test_dialog_06_proves_its_checksums_with_the_manuals_random_number():
    protocol = Dialog06((ChecksumPair(0x4711, 0xF336),))
    asked, reading = hear(
        protocol.weigh(HAM, 0, begun=False), b"\x0211\x1b247\x03", TAKEN, b"\x0211\x1b1\x03", TAKEN, RESULT
    )
    price = b"\x04\x0201\x1b002490\x1b\x03"
    proof = b"\x04\x0210\x1b71146DE6\x03"  # 4711 turned left by 4, F336 turned right by 7
    assert asked == [price, proof, b"\x04\x05", price, b"\x04\x05"]
    assert reading == stable(350)


def test_dialog_06_without_checksums_or_with_wrong_ones_sells_nothing():
    wanted = b"\x0211\x1b247\x03"
    assert weighed(Dialog06(), wanted) == Reading("checksums_wanted")
    protocol = Dialog06((ChecksumPair(1, 2),))
    assert weighed(protocol, wanted, TAKEN, b"\x0211\x1b0\x03") == Reading("checksums_wanted")


def test_dialog_06_weighs_nothing_without_a_price_it_can_calculate_with():
    for price in (0, 1_000_000):
        assert weighed(Dialog06(), request=WeighRequest(price)) == Reading("price_unusable")


@given(name=st.text(max_size=60), price=st.integers(1, 999_999), tare=st.integers(0, 9999))
def test_no_letter_of_a_name_becomes_a_command(name, price, tare):
    assert all(0x20 <= byte < 0x7F for byte in scale_text(name))
    told = price_record(price, tare, name)
    assert (told.count(b"\x03"), told.count(b"\x02"), told.count(b"\x04"), told[-1]) == (1, 1, 1, 3)


@given(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(0, 0xFF))
def test_checksums_turned_by_the_scales_number_can_be_turned_back(checksum, correction, turn):
    text = checksum_text((ChecksumPair(checksum, correction),), turn)
    bits = [f"{int(part, 16):016b}" for part in (text[:4], text[4:])]
    left, right = turn >> 4, turn & 0x0F
    back = [bits[0][16 - left :] + bits[0][: 16 - left], bits[1][right:] + bits[1][:right]]
    assert [int(one, 2) for one in back] == [checksum, correction]


@given(milli=st.integers(1, 15_000), price=st.integers(1, 60_000))
def test_a_dialog_06_weight_is_taken_where_and_only_where_the_price_is_ours(milli, price):
    ours = extend(price, milli)
    for selling in (ours - 1, ours, ours + 1):
        answer = b"\x0202\x1b3\x1b%05d\x1b%06d\x1b%06d\x03" % (milli, price, max(0, selling))
        reading = weighed(Dialog06(), TAKEN, answer, request=WeighRequest(price))
        assert reading == (stable(milli) if max(0, selling) == ours else Reading("price_differs"))


# All of them


@every_protocol
@given(answers=st.lists(st.binary(max_size=24), min_size=8, max_size=8), begun=st.booleans())
def test_no_answer_crashes_the_till_or_holds_it_for_ever(protocol, answers, begun):
    for exchange in (
        protocol.weigh(HAM, 0, begun=begun),
        protocol.hello(),
        protocol.zero(),
        protocol.tare(),
        protocol.clear_tare(),
    ):
        if exchange is None:
            continue
        waiting = list(answers)
        try:
            next(exchange)
            while waiting:
                exchange.send(waiting.pop(0))
        except StopIteration as over:
            came_of_it = over.value
        assert waiting, "more questions than any protocol has"
        assert isinstance(came_of_it, Reading)


@every_protocol
@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_bytes_mean_the_same_in_whatever_pieces_they_come(protocol, data, cuts):
    whole, pieces = protocol.reader(), protocol.reader()
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    found = [frame for first, last in pairwise(places) for frame in pieces.feed(data[first:last])]
    assert found == whole.feed(data)
    assert (pieces.strays, pieces.is_in_the_middle) == (whole.strays, whole.is_in_the_middle)


def test_half_a_frame_before_a_whole_one_is_left_out():
    reader = Toledo8217().reader()
    assert reader.feed(b"\x0200.1" + b"\x0200.350\r") == [b"\x0200.350\r"]
    assert reader.strays == 5


@given(st.integers(1, 99_999))
def test_a_weight_keeps_every_gram(milli):
    assert weight_of(f"{milli // 1000:02d}.{milli % 1000:03d}", "kg") == stable(milli)


def test_a_weight_is_told_in_another_unit_only_where_that_is_exact():
    assert Weight(350, "kg").in_unit("g") == 350_000
    assert Weight(350_000, "g").in_unit("kg") == 350
    assert Weight(350_500, "g").in_unit("kg") is None
    assert Weight(1250, "lb").in_unit("oz") == 20_000
    assert Weight(20_000, "oz").in_unit("lb") == 1250
    assert Weight(1000, "lb").in_unit("kg") is None
    assert Weight(1000, "kg").in_unit("piece") is None


def test_every_state_of_a_scale_is_one_sentence_that_says_what_to_do():
    for condition in MESSAGES:
        assert Reading(condition).message.endswith(".")


def test_noise_on_the_wire_is_never_a_weight():
    noise = random.Random(4)
    for protocol in PROTOCOLS:
        reader = protocol.reader()
        for frame in reader.feed(bytes(noise.randrange(256) for _ in range(20_000))):
            for answers in ((frame,), (b"\x06", frame), (b"\x06", frame, b"\r")):
                exchange = protocol.weigh(HAM, 0, begun=False)
                reading = None
                try:
                    next(exchange)
                    for answer in answers:
                        exchange.send(answer)
                except StopIteration as over:
                    reading = over.value
                assert reading is None or reading.condition != "stable"
