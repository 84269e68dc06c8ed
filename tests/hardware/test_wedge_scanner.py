"""Scanners that pose as keyboards: the code never lands in a field, typing always does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.scanners.base import BadScan, Scan
from hardware.scanners.simulator import (
    DELAYS_MS,
    FAST_SCANNER_GAPS_MS,
    FAST_TYPIST_GAPS_MS,
    SLOW_SCANNER_GAPS_MS,
    USUAL_SCANNER_GAPS_MS,
    USUAL_TYPIST_GAPS_MS,
    SimulatedScanner,
    gaps_of,
    strokes,
)
from hardware.scanners.wedge import ENTER, OTHER_KEY, TAB, Replay, Scanned, WedgeDecoder, WedgeSettings

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


@SCANNERS
@pytest.mark.parametrize("half", ["40063813", "4006381333931"])
def test_half_a_code_is_said_and_never_typed_and_the_next_one_counts(gaps_ms, half):
    made = decisions([*strokes(half, gaps_ms, end=""), *strokes("5901234123457", gaps_ms, start_ms=900)])
    assert typed(made) == ""
    assert scans(made) == [BadScan("cut_short", half), Scan("5901234123457")]


def test_enter_by_itself_is_typing():
    assert decisions(strokes("")) == [Replay((ENTER,))]


def test_a_code_of_three_signs_is_a_scan_when_no_finger_is_that_fast():
    assert scans(decisions(strokes("401", FAST_SCANNER_GAPS_MS))) == [Scan("401")]


@pytest.mark.parametrize("text", ["1", "12", "12345"])
def test_a_few_quick_figures_and_enter_are_typing(text):
    made = decisions(strokes(text, (30, 25, 34)))
    assert scans(made) == []
    assert typed(made) == text + ENTER


@pytest.mark.parametrize("end", ["\r\r", "\r\t", "\t\r"])
def test_what_follows_the_end_of_a_scan_pays_nothing(end):
    made = decisions([*strokes("4006381333931", end=end), *strokes("", start_ms=900)])
    assert scans(made) == [Scan("4006381333931")]
    assert typed(made) == ENTER


@pytest.mark.parametrize("first", ["\x00", "\x1b", "\x0c", ENTER, TAB, OTHER_KEY])
def test_a_code_that_begins_with_a_key_of_its_own_does_nothing(first):
    made = decisions(strokes(f"{first}4006381333931"))
    assert [outcome.reason for outcome in scans(made)] == ["control_characters"]
    assert typed(made) == ""


def test_a_key_is_held_no_longer_than_the_gap():
    decoder = WedgeDecoder()
    assert decoder.key("m", 1000) == []
    assert decoder.due_ms == 1039
    assert decoder.tick(1038) == []
    assert decoder.tick(1039) == [Replay(("m",))]
    assert decoder.due_ms is None


def test_another_key_ends_the_hold():
    decoder = WedgeDecoder()
    decoder.key("m", 0)
    assert decoder.interrupt() == [Replay(("m",))]
    assert decoder.interrupt() == []


def test_a_finger_on_the_screen_does_not_tear_a_scan():
    made, decoder = [], WedgeDecoder()
    for number, stroke in enumerate(strokes("4006381333931")):
        made += decoder.key(stroke.key, stroke.at_ms)
        made += decoder.interrupt() if number == 5 else []
    assert made == [Scanned(Scan("4006381333931"), tuple("4006381333931" + ENTER))]


@pytest.mark.parametrize("typed_before", [1, 2])
def test_a_scan_that_was_torn_at_its_beginning_is_no_other_code(typed_before):
    made, decoder = [], WedgeDecoder()
    for number, stroke in enumerate(strokes("14006381333931", FAST_SCANNER_GAPS_MS), 1):
        made += decoder.key(stroke.key, stroke.at_ms)
        made += decoder.interrupt() if number == typed_before else []
    assert [outcome.reason for outcome in scans(made)] == ["cut_short"]


@pytest.mark.parametrize("evil", ["\x00", "\x1b", "\x7f", "\x9b", "\u202e", OTHER_KEY])
def test_a_scan_with_control_characters_is_a_bad_scan_and_goes_nowhere(evil):
    made = decisions(strokes(f"40063{evil}81333931"))
    (outcome,) = scans(made)
    assert outcome == BadScan("control_characters", f"40063<{ord(evil):02X}>81333931")
    assert "Scan again" in outcome.message
    assert typed(made) == ""


def test_group_separators_are_let_through_because_gs1_codes_have_them():
    code = "0104006381333931\x1d10A"
    assert scans(decisions(strokes(code))) == [Scan(code)]
    (outcome,) = scans(decisions(strokes(code), WedgeSettings(group_separators_allowed=False)))
    assert outcome.reason == "control_characters"


def test_prefix_and_suffix_are_taken_off():
    settings = WedgeSettings(prefix="]E0", suffix="#")
    assert scans(decisions(strokes("]E04006381333931#"), settings)) == [Scan("4006381333931")]
    (outcome,) = made = scans(decisions(strokes("4006381333931"), settings))
    assert outcome == BadScan("wrong_frame", "4006381333931")
    assert typed(made) == ""


@pytest.mark.parametrize("delay_ms", [50, 64, 100])
def test_a_scanner_as_slow_as_fingers_is_known_by_its_prefix(delay_ms):
    settings = WedgeSettings(prefix="\x02")
    assert scans(decisions(strokes("\x024006381333931", (delay_ms,)), settings)) == [Scan("4006381333931")]
    assert typed(decisions(strokes("milk", (delay_ms,)), settings)) == "milk" + ENTER


def test_a_scanner_that_sends_no_enter_ends_by_a_pause():
    settings = WedgeSettings(ends_by_pause=True)
    assert scans(decisions(strokes("4006381333931", end=""), settings)) == [Scan("4006381333931")]
    assert typed(decisions(strokes("milk", FAST_TYPIST_GAPS_MS, end=""), settings)) == "milk"


def test_a_scanner_slower_than_usual_works_with_its_own_gap():
    slow = strokes("4006381333931", (55, 60, 48))
    assert scans(decisions(slow, WedgeSettings(max_gap_ms=70))) == [Scan("4006381333931")]


def test_an_endless_stream_is_refused_in_pieces_and_holds_no_memory():
    made = decisions(strokes("9" * 2000, FAST_SCANNER_GAPS_MS))
    assert [outcome.reason for outcome in scans(made)[:3]] == ["too_long"] * 3
    assert len(scans(made)[0].shown) <= 41


@pytest.mark.parametrize("tail", ["4006381333931", "789"])
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
    made += decoder.tick(decoder.due_ms) if decoder.due_ms is not None else []
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
    assert decoder.due_ms == 90 + 38 + 1


@given(
    st.sampled_from(DELAYS_MS),
    st.integers(0, 3),
    st.randoms(use_true_random=False),
    st.text("0123456789", min_size=6),
)
def test_every_delay_that_makers_state_is_a_scanner(delay_ms, jitter_ms, chance, code):
    made = decisions(strokes(code, gaps_of(delay_ms, jitter_ms, chance)))
    assert scans(made) == [Scan(code)]
    assert typed(made) == ""


@given(st.lists(st.integers(40, 400), min_size=1), st.text("abc 0123456789", min_size=1, max_size=40))
def test_nobody_types_so_fast_that_it_is_a_scan(gaps_ms, text):
    made = decisions(strokes(text, gaps_ms))
    assert scans(made) == []
    assert typed(made) == text + ENTER
