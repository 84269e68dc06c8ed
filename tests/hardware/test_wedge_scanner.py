"""Scanners that pose as keyboards: the code never lands in a field, typing always does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scanners.base import BadScan, Scan
from hardware.scanners.simulator import (
    FAST_SCANNER_GAPS_MS,
    FAST_TYPIST_GAPS_MS,
    SLOW_SCANNER_GAPS_MS,
    USUAL_SCANNER_GAPS_MS,
    USUAL_TYPIST_GAPS_MS,
    SimulatedScanner,
    strokes,
)
from hardware.scanners.wedge import ENTER, TAB, Replay, Scanned, WedgeDecoder, WedgeSettings

SCANNERS = pytest.mark.parametrize(
    "gaps_ms",
    [FAST_SCANNER_GAPS_MS, USUAL_SCANNER_GAPS_MS, SLOW_SCANNER_GAPS_MS],
    ids=["fast", "usual", "slow"],
)
TYPISTS = pytest.mark.parametrize(
    "gaps_ms", [FAST_TYPIST_GAPS_MS, USUAL_TYPIST_GAPS_MS], ids=["fast", "usual"]
)


def decisions(keys, settings=None):
    decoder = WedgeDecoder(settings)
    made = [decision for stroke in keys for decision in decoder.key(stroke.key, stroke.at_ms)]
    return made + (decoder.tick(decoder.due_ms) if decoder.due_ms is not None else [])


def scans(made):
    return [decision.outcome for decision in made if isinstance(decision, Scanned)]


def typed(made):
    return "".join("".join(decision.keys) for decision in made if isinstance(decision, Replay))


@SCANNERS
@pytest.mark.parametrize("end", [ENTER, TAB])
@pytest.mark.parametrize("code", ["4006381333931", "96385074", "ABC-1234", "0" * 48])
def test_a_scan_is_a_scan_and_types_nothing(gaps_ms, end, code):
    made = decisions(strokes(code, gaps_ms, end=end))
    assert scans(made) == [Scan(code)]
    assert typed(made) == ""


@TYPISTS
@pytest.mark.parametrize("text", ["milk", "oat drink barista", "4006381333931", "12.50"])
def test_typing_is_typing_and_scans_nothing(gaps_ms, text):
    made = decisions(strokes(text, gaps_ms))
    assert scans(made) == []
    assert typed(made) == text + ENTER


def test_two_scans_one_after_the_other_are_two():
    first = strokes("4006381333931", FAST_SCANNER_GAPS_MS)
    second = strokes("5901234123457", FAST_SCANNER_GAPS_MS, start_ms=30)
    assert scans(decisions([*first, *second])) == [Scan("4006381333931"), Scan("5901234123457")]


def test_a_scan_after_typing_leaves_the_typing_alone():
    made = decisions([*strokes("mil", USUAL_TYPIST_GAPS_MS, end=""), *strokes("4006381333931", start_ms=500)])
    assert typed(made) == "mil"
    assert scans(made) == [Scan("4006381333931")]


def test_half_a_code_and_then_another_scans_only_the_whole_one():
    made = decisions([*strokes("40063813", end=""), *strokes("5901234123457", start_ms=400)])
    assert typed(made) == "40063813"
    assert scans(made) == [Scan("5901234123457")]


def test_enter_by_itself_is_typing():
    assert decisions(strokes("")) == [Replay((ENTER,))]


def test_a_short_burst_is_typing_even_when_it_is_fast():
    assert typed(decisions(strokes("12345", FAST_SCANNER_GAPS_MS))) == "12345" + ENTER


def test_a_key_is_held_no_longer_than_the_gap():
    decoder = WedgeDecoder()
    assert decoder.key("m", 1000) == []
    assert decoder.due_ms == 1036
    assert decoder.tick(1035) == []
    assert decoder.tick(1036) == [Replay(("m",))]
    assert decoder.due_ms is None


def test_another_key_ends_the_hold():
    decoder = WedgeDecoder()
    decoder.key("m", 0)
    assert decoder.interrupt() == [Replay(("m",))]
    assert decoder.interrupt() == []


@pytest.mark.parametrize("evil", ["\x00", "\x1b", "\x7f", "\x9b", "\u202e", "\x1d"])
def test_a_scan_with_control_characters_is_a_bad_scan_and_goes_nowhere(evil):
    made = decisions(strokes(f"40063{evil}81333931"))
    (outcome,) = scans(made)
    assert outcome == BadScan("control_characters", f"40063<{ord(evil):02X}>81333931")
    assert "Scan again" in outcome.message
    assert typed(made) == ""


def test_group_separators_are_let_through_where_the_shop_reads_gs1_codes():
    settings = WedgeSettings(group_separators_allowed=True)
    assert scans(decisions(strokes("0104006381333931\x1d10A"), settings)) == [Scan("0104006381333931\x1d10A")]


def test_prefix_and_suffix_are_taken_off():
    settings = WedgeSettings(prefix="]E0", suffix="#")
    assert scans(decisions(strokes("]E04006381333931#"), settings)) == [Scan("4006381333931")]
    assert typed(decisions(strokes("4006381333931"), settings)) == "4006381333931" + ENTER


def test_a_scanner_that_sends_no_enter_ends_by_a_pause():
    settings = WedgeSettings(ends_by_pause=True)
    assert scans(decisions(strokes("4006381333931", end=""), settings)) == [Scan("4006381333931")]
    assert typed(decisions(strokes("milk", end=""), settings)) == "milk"


def test_a_scanner_slower_than_usual_works_with_its_own_gap():
    slow = strokes("4006381333931", (55, 60, 48))
    assert scans(decisions(slow, WedgeSettings(max_gap_ms=70))) == [Scan("4006381333931")]


def test_an_endless_stream_is_refused_in_pieces_and_holds_no_memory():
    made = decisions(strokes("9" * 2000, FAST_SCANNER_GAPS_MS))
    assert [outcome.reason for outcome in scans(made)[:3]] == ["too_long"] * 3
    assert len(scans(made)[0].shown) <= 41


@pytest.mark.parametrize("tail", ["4006381333931", "", "7"])
def test_the_end_of_a_scan_that_was_too_long_is_no_scan(tail):
    made = decisions(strokes("9" * 513 + tail, FAST_SCANNER_GAPS_MS))
    assert [outcome.reason for outcome in scans(made)] == ["too_long"] * 2


def test_the_scan_after_one_that_was_too_long_counts():
    decoder = WedgeDecoder()
    for at_ms in range(513):
        decoder.key("9", at_ms)
    made = [one for at, key in enumerate("4006381333931\r") for one in decoder.key(key, 5000 + at)]
    assert scans(made) == [Scan("4006381333931")]


@given(
    st.lists(st.tuples(st.characters(), st.integers(0, 80))),
    st.sampled_from(
        [WedgeSettings(), WedgeSettings(ends_by_pause=True), WedgeSettings(prefix="a", max_length=8)]
    ),
)
def test_every_key_ends_up_once_in_a_scan_or_in_the_field_and_in_order(keys, settings):
    decoder, now_ms, made = WedgeDecoder(settings), 0, []
    for key, gap_ms in keys:
        now_ms += gap_ms
        made += decoder.key(key, now_ms)
    made += decoder.interrupt()
    assert [key for decision in made for key in decision.keys] == [key for key, _ in keys]


@given(st.text("0123456789", min_size=6, max_size=40), st.lists(st.integers(0, 35), min_size=1))
def test_whatever_a_scanner_reads_within_its_gaps_arrives_whole(code, gaps_ms):
    assert scans(decisions(strokes(code, gaps_ms))) == [Scan(code)]


def test_a_stopped_scanner_scans_nothing():
    heard, scanner = [], SimulatedScanner()
    scanner.start(heard.append)
    scanner.scan("4006381333931")
    scanner.stop()
    scanner.scan("4006381333931")
    assert heard == [Scan("4006381333931")]


@pytest.mark.parametrize("place", [3, 7, 12])
def test_a_scan_that_stalls_on_the_way_is_not_cut_in_two(place):
    code = "4006381333931"
    made, decoder, at_ms = [], WedgeDecoder(), 0
    for number, key in enumerate([*code, ENTER]):
        at_ms += 120 if number == place else 3
        made += decoder.key(key, at_ms)
    assert scans(made) == [Scan(code)]
    assert typed(made) == ""


def test_keys_as_quick_as_fingers_can_be_wait_no_longer_than_before():
    decoder = WedgeDecoder()
    for number, key in enumerate("abcd"):
        decoder.key(key, 30 * number)
    assert decoder.due_ms == 90 + 35 + 1
