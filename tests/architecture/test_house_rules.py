"""Rules of the house that the import contracts can't express."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shared_models", "hardware", "pos_client", "sync_server", "installers")
MONEY = ("shared_models", "pos_client/till", "pos_client/store", "pos_client/printing", "sync_server/sales")
NAMELESS = {"utils", "util", "helpers", "common", "misc", "base", "manager", "handler"}
LONGEST_FUNCTION = 70
LONGEST_FILE = 450


def files_of(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def floats(tree: ast.AST) -> Iterator[int]:
    """Lines with a float literal, float(), a float annotation or a true division."""
    for node in ast.walk(tree):
        literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
        named = isinstance(node, ast.Name) and node.id == "float"
        divided = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
        if literal or named or divided:
            yield getattr(node, "lineno", 0)


NOT_MONEY = {
    "shared_models/labels/pdf.py": "points on paper",
    "shared_models/labels/sheets.py": "millimetres on paper",
    "pos_client/printing/pdf.py": "how thick a line is drawn",
    "pos_client/store/anchor.py": "the pause between writes",
    "pos_client/store/catalogue_search.py": "how alike two words are",
    "pos_client/store/second_copy.py": "the pause between writes",
    "shared_models/plain_json.py": "whether a number that stands in a body has an end",
    "shared_models/tax_document.py": "Fractions, which divide exactly",
    "shared_models/tax_equations.py": "Fractions, which divide exactly",
    "shared_models/tax_line.py": "Fractions, which divide exactly",
}


def test_money_never_touches_a_float() -> None:
    found = {name_of(path) for path in files_of(*MONEY) if any(floats(ast.parse(path.read_text())))}
    assert found == set(NOT_MONEY)


def test_a_float_near_money_would_be_found() -> None:
    for text in ("x = 0.1", "float('1')", "def f(amount: float) -> None: ...", "half = amount_minor / 2"):
        assert list(floats(ast.parse(text)))


def own_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its length without the functions defined inside it, such as the handlers in an area's `routes`."""
    inner = [
        node
        for node in ast.walk(function)
        if node is not function and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    first = {node: min([node.lineno, *(part.lineno for part in node.decorator_list)]) for node in inner}
    return (
        (function.end_lineno or 0)
        - function.lineno
        + 1
        - sum((node.end_lineno or 0) - first[node] + 1 for node in inner)
    )


def written_here() -> list[Path]:
    """Migrations list tables one after the other; they are long for no one's fault."""
    return [path for path in files_of(*PACKAGES) if "versions" not in path.parts]


@pytest.mark.parametrize("path", written_here(), ids=name_of)
def test_a_file_says_what_lives_there_and_is_short_enough(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree) or not tree.body, "the first line of a file says what lives there"
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert own_lines(node) <= LONGEST_FUNCTION, node.name


def test_no_module_is_named_after_nothing() -> None:
    allowed = re.compile(r"^hardware/\w+/base\.py$")  # a device kind's protocol
    found = [
        name_of(path)
        for path in files_of(*PACKAGES)
        if NAMELESS & {path.stem, *path.relative_to(ROOT).parts} and not allowed.match(name_of(path))
    ]
    assert not found


def test_every_path_in_the_readme_exists() -> None:
    text = (ROOT / "README.md").read_text()
    named = set(
        re.findall(r"`((?:pos_client|shared_models|sync_server|hardware|installers)/[\w/.-]+\.\w+)`", text)
    )
    pictures = set(re.findall(r"\((docs/pictures/[\w.-]+)\)", text))
    assert named
    assert pictures
    assert not [path for path in named | pictures if not (ROOT / path).exists()]


def test_every_word_of_the_makefile_is_a_command() -> None:
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony
    commands = re.findall(r"^def (\w+)\(args: Arguments\)", (ROOT / "run.py").read_text(), re.MULTILINE)
    assert sorted(phony.group(1).split()) == sorted(commands)


def test_copied_data_has_its_source_beside_it() -> None:
    copied = [
        path
        for folder in ("tests", "installers")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".json", ".csv", ".bin", ".tsv", ".gz"} and "__pycache__" not in path.parts
    ]
    assert copied
    bare = [name_of(path) for path in copied if not list(path.parent.glob("SOURCE*"))]
    assert not bare


def test_no_property_is_judged_by_the_clock() -> None:
    """A machine that is busy for half a second would fail it; what is slow shows in a benchmark."""
    assert settings.default is not None
    assert settings.default.deadline is None
