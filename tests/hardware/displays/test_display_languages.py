"""What a line display is told: twenty columns a line, and no byte of a text is ever a command."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.displays.base import COLUMNS, Facing, TwoLines, in_columns
from hardware.displays.decoder import DisplayDecoder
from hardware.displays.languages import Cd5220Display, EscposDisplay
from hardware.displays.picture import png_of

LANGUAGES = [EscposDisplay(), Cd5220Display()]
both = pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.name)
TOMATOES = TwoLines(Facing("0.350 kg Tomatoes", "1.05"), Facing("Total", "€ 3.54"))


def shown(language, *screens):
    display = DisplayDecoder()
    display.feed(language.start())
    for lines in screens:
        display.feed(language.show(lines))
    assert display.unknown == 0
    return display.lines


def test_escpos_is_told_as_epson_writes_it():
    assert EscposDisplay().start() == b"\x1b@\x1f\x01\x1fC\x00\x0c"
    assert EscposDisplay().show(TwoLines(Facing("Milk", "1.20"))) == (
        b"\x1f$\x01\x01Milk            1.20\x1f$\x01\x02                    "
    )


def test_cd5220_is_told_as_its_manual_writes_it():
    assert Cd5220Display().show(TwoLines(Facing("Milk", "1.20"))) == (
        b"\x1bQAMilk            1.20\r\x1bQB                    \r"
    )


def test_the_line_just_scanned_stands_over_the_total():
    assert shown(EscposDisplay(), TOMATOES) == ("0.350 kg Tomato 1.05", "Total         € 3.54")
    assert shown(Cd5220Display(), TOMATOES) == ("0.350 kg Tomato 1.05", "Total       EUR 3.54")


@pytest.mark.parametrize(
    ("name", "escpos", "cd5220"),
    [
        ("Käse", "Käse", "Kase"),
        ("Smørrebrød", "Smørrebrød", "Smorrebrod"),
        ("Crème brûlée", "Crème brûlée", "Creme brulee"),
        ("Молоко", "Молоко", "??????"),
        ("Żurek", "Żurek", "Zurek"),
        ("牛乳", "??", "??"),
        ("“Extra”", "“Extra”", '"Extra"'),
    ],
)
def test_letters_are_the_displays_own_or_plainer_ones(name, escpos, cd5220):
    lines = TwoLines(Facing(name))
    assert shown(EscposDisplay(), lines)[0].rstrip() == escpos
    assert shown(Cd5220Display(), lines)[0].rstrip() == cd5220


def test_a_new_screen_leaves_nothing_of_the_one_before():
    for language in LANGUAGES:
        assert shown(language, TOMATOES, TwoLines(Facing("Paid"))) == ("Paid".ljust(20), " " * 20)


def test_the_amount_is_kept_and_the_name_gives_way():
    assert in_columns(Facing("A very long name of a thing", "1234.56")) == "A very long  1234.56"
    assert in_columns(Facing("Nothing fits", "1" * 30)) == "1" * 20


texts = st.text(max_size=40)


@both
@given(texts, texts, texts, texts)
def test_no_text_becomes_a_command(language, one, two, three, four):
    lines = TwoLines(Facing(one, two), Facing(three, four))
    told = language.show(lines)
    display = DisplayDecoder()
    display.feed(language.start())
    before = display.commands
    display.feed(told)
    pages = told.count(b"\x1bt")
    assert display.unknown == 0
    assert display.commands - before == 2 + pages, "the layout's own commands, and pages for its letters"
    assert [len(line) for line in display.lines] == [COLUMNS, COLUMNS]
    assert all(line.isprintable() for line in display.lines)


@given(st.text(alphabet=st.characters(max_codepoint=0x1F), max_size=10))
def test_control_characters_do_nothing(controls):
    for language in LANGUAGES:
        assert shown(language, TwoLines(Facing(f"{controls}Milk", "1.20")))[0].split() == ["Milk", "1.20"]
        assert shown(language, TwoLines(Facing("x\x1b@y"))) == shown(language, TwoLines(Facing("x@y")))


@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=6))
def test_bytes_mean_the_same_in_whatever_pieces_they_come_and_crash_nothing(data, cuts):
    whole, pieces = DisplayDecoder(), DisplayDecoder()
    whole.feed(data)
    places = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    for first, last in pairwise(places):
        pieces.feed(data[first:last])
    assert (pieces.lines, pieces.unknown, pieces.commands) == (whole.lines, whole.unknown, whole.commands)
    assert [len(line) for line in whole.lines] == [COLUMNS, COLUMNS]


def test_the_display_made_of_software_knows_the_cursor_keys_of_both_manuals():
    display = DisplayDecoder()
    display.feed(b"\x0cAB\x08C\x0bX\x1f$\x05\x02Y\x1f\x42Z\x1b[HW\x1bl\x14\x02!\x1b[LV\x0aU\x0dT\x09")
    assert display.unknown == 0
    assert [line.strip() for line in display.lines] == ["VC", "TU  Y              !"]
    display.feed(b"\x18")
    assert [line.strip() for line in display.lines] == ["VC", ""]
    display.feed(b"\x1f$\x15\x03\x1bt\x07\x1bQX12\x01\x1b?")
    assert display.unknown == 4


def test_the_picture_of_a_display_is_a_picture():
    png = png_of(("Käse            1.20", "Total         € 3.54"))
    assert png.startswith(b"\x89PNG")
    assert png != png_of((" " * 20, " " * 20))
