"""Sentences: each code once, and every blank has a value to fill it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from pos_client.till import errors, words
from shared_models.barcode import InvalidBarcode

TILL = Path(words.__file__).parent
_BLANK = re.compile(r"{(\w+)}")


def test_no_code_means_two_things() -> None:
    codes = [*words.NOTICES, *words.QUESTIONS, *words.SMALL_PRINT]
    assert len(codes) == len(set(codes))


def test_every_storage_trouble_has_words() -> None:
    for trouble in (errors.StorageFull, errors.StorageFailed, errors.AlreadyRunning):
        assert trouble.code in words.NOTICES
    assert InvalidBarcode.code not in words.NOTICES  # the scan's own refusals speak for it


def test_every_blank_in_a_sentence_is_filled_where_it_is_said() -> None:
    sentences = words.NOTICES | words.QUESTIONS
    said = 0
    for path in TILL.glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            code = _code_said(call)
            if code is None:
                continue
            said += 1
            given = {keyword.arg for keyword in call.keywords if keyword.arg}  # type: ignore[attr-defined]
            for blank in _BLANK.findall(sentences[code]):
                wanted = {blank, f"{blank}_minor", f"{blank}_milli", f"{blank}_ppm"}
                assert wanted & given, f"{path.name}: {code} says nothing for {blank}"
    assert said > 50


def _code_said(node: ast.AST) -> str | None:
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        return None
    if node.func.id not in ("Refused", "WrongPin", "Asked", "_loud"):
        return None
    first = node.args[0] if node.args else None
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None
