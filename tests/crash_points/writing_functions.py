"""Which functions of the product open a transaction that writes, read off its code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_TILL_OPENERS = {"write", "write_softly", "script", "_write"}
_THE_OPENERS_THEMSELVES = ("pos_client.store.connection.", "pos_client.store.books.TillBooks._write")


def on_the_till() -> set[str]:
    found = set(_functions(ROOT / "pos_client", _opens_on_the_till))
    return {name for name in found if not name.startswith(_THE_OPENERS_THEMSELVES)}


def on_the_server() -> set[str]:
    return set(_functions(ROOT / "sync_server", _opens_on_the_server))


def _opens_on_the_till(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in _TILL_OPENERS:
        return False
    on = ast.unparse(call.func.value)
    return on.endswith("database") or (on == "self" and call.func.attr == "_write")


def _opens_on_the_server(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "write":
        return False
    return ast.unparse(call.func.value).endswith(("db", "live"))


class _Finder(ast.NodeVisitor):
    """Names as `co_qualname` gives them at run time."""

    def __init__(self, opens: object) -> None:
        self.found: set[str] = set()
        self._opens = opens
        self._where: list[str] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._inside(node, node.name)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._inside(node, node.name, "<locals>")

    def _inside(self, node: ast.AST, *names: str) -> None:
        self._where += names
        self.generic_visit(node)
        del self._where[-len(names) :]

    def visit_Call(self, node: ast.Call) -> None:
        if self._opens(node):  # type: ignore[operator]
            self.found.add(".".join(self._where).removesuffix(".<locals>"))
        self.generic_visit(node)


def _functions(package: Path, opens: object) -> Iterator[str]:
    for path in sorted(package.rglob("*.py")):
        finder = _Finder(opens)
        finder.visit(ast.parse(path.read_text()))
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield from (f"{module}.{name}" for name in finder.found)
