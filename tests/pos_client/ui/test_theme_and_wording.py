"""Colours that can be read, and a sentence for every code of the till's core."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from string import Formatter

import msgspec
import pytest
from PySide6.QtCore import QLocale

from pos_client.till import words as core_words
from pos_client.till.state import Words
from pos_client.ui.example_shop import STATES
from pos_client.ui.main_window import MainWindow
from pos_client.ui.theme import HIGH_CONTRAST, THEMES, TRAINING, Theme, Tokens, contrast
from pos_client.ui.wording import SENTENCES, Wording
from shared_models.moment import Moment

READ_ON = (
    ("ink", "ground"),
    ("ink", "panel"),
    ("ink", "key"),
    ("ink", "key_down"),
    ("ink", "tint"),
    ("soft_ink", "ground"),
    ("soft_ink", "panel"),
    ("soft_ink", "key"),
    ("soft_ink", "chip"),
    ("soft_ink", "tint"),
    ("on_accent", "accent"),
    ("accent", "panel"),
    ("warning", "panel"),
    ("danger", "panel"),
    ("on_notice", "warning"),
    ("on_notice", "danger"),
    ("panel", "ink"),
)


@pytest.mark.parametrize("tokens", [*THEMES, TRAINING], ids=lambda tokens: tokens.name)
@pytest.mark.parametrize(("text", "ground"), READ_ON)
def test_text_can_be_read_on_its_ground(tokens: Tokens, text: str, ground: str) -> None:
    least = 7.0 if tokens is HIGH_CONTRAST else 4.5
    assert contrast(getattr(tokens, text), getattr(tokens, ground)) >= least


def test_contrast_is_what_the_guidelines_say() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("code", sorted(SENTENCES))
def test_every_code_of_the_core_becomes_a_whole_sentence(code: str) -> None:
    names = [name for _, name, _, _ in Formatter().parse(SENTENCES[code]) if name]
    text = Wording(QLocale("en_GB")).words(Words(code, {name: f"<{name}>" for name in names}))
    assert all(f"<{name}>" in text for name in names)
    assert "{" not in text


def test_every_code_that_the_core_uses_has_a_sentence() -> None:
    used: set[str] = set()
    for path in Path(core_words.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                if node.func.id in ("Words", "Refused", "WrongPin", "Asked") and isinstance(
                    first, ast.Constant
                ):
                    used.add(str(first.value))
    assert used
    assert used <= set(SENTENCES)


def test_money_is_written_as_the_shop_writes_it() -> None:
    english, german = Wording(QLocale("en_GB")), Wording(QLocale("de_DE"))
    assert english.money(123456) == "€\N{NO-BREAK SPACE}1,234.56"
    assert german.money(123456) == "€\N{NO-BREAK SPACE}1.234,56"
    assert english.money(-105) == "\N{MINUS SIGN}€\N{NO-BREAK SPACE}1.05"
    assert english.denomination(5000) == "€\N{NO-BREAK SPACE}50"
    assert english.denomination(5) == "€\N{NO-BREAK SPACE}0.05"


def test_yen_has_no_decimals_and_dinar_three() -> None:
    wording = Wording(QLocale("en_GB"), "JPY")
    assert wording.amount(1250) == "1,250"
    wording.use_currency("KWD")
    assert wording.amount(1250) == "1.250"


def test_values_of_a_sentence_are_written_by_their_unit() -> None:
    wording = Wording(QLocale("en_GB"))
    assert (
        wording.words(Words("void_sale", {"amount_minor": 3682}))
        == "Void the sale of €\N{NO-BREAK SPACE}36.82?"
    )
    small = Words("line_discount", {"label": "Winter sale", "rate_ppm": 200_000, "was_minor": 2490})
    assert wording.words(small) == "Winter sale −20\N{NO-BREAK SPACE}% (was 24.90)"
    assert wording.rate(55_000) == "5.5\N{NO-BREAK SPACE}%"


def test_times_are_the_shops_own() -> None:
    wording = Wording(QLocale("en_GB"))
    assert wording.time_of_day(Moment(1_795_248_240_000, 60)) == "09:04"
    assert wording.day("2026-11-21") == "21 November"
    assert [wording.age(ms) for ms in (40_000, 360_000, 7_200_000, 259_200_000)] == [
        "40 s",
        "6 min",
        "2 h",
        "3 days",
    ]


def test_the_window_needs_none_of_the_slow_libraries() -> None:
    slow = ("httpx", "reportlab", "biip", "keyring", "escpos", "sqlite_utils")
    code = f"import sys, pos_client.ui.main_window; print([name for name in {slow!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_till_in_training_is_violet_says_so_and_keeps_its_colour(
    open_window: Callable[..., MainWindow],
) -> None:
    window = open_window(msgspec.structs.replace(STATES["sale"], training=True), TRAINING)
    assert window.header.training.isVisible()
    assert "TRAINING" in window.header.training.text()
    window.theme.use_next()
    assert window.theme.tokens is TRAINING
    assert Theme("training").tokens is TRAINING
    assert TRAINING.ground not in {tokens.ground for tokens in THEMES}
