"""What a wheel of the project holds, so that an installed copy has its pages, data and types as the source does."""

from __future__ import annotations

import ast
import fnmatch
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("shared_models", "hardware", "pos_client", "sync_server", "installers", "verifier")
FOR_READERS = {"sync_server/migrations/script.py.mako", "verifier/README.md"}


def data_files() -> list[Path]:
    return [
        path.relative_to(ROOT)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"} and "__pycache__" not in path.parts
    ]


def test_every_file_that_is_not_python_is_packed() -> None:
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    patterns = setuptools["package-data"]["*"]
    left_out = {
        path.as_posix()
        for path in data_files()
        if not any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)
    }
    assert left_out == FOR_READERS


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_typed(package: str) -> None:
    assert files(package).joinpath("py.typed").is_file()


def test_pages_and_their_files_are_found_where_the_package_is() -> None:
    console = files("sync_server.console")
    assert console.joinpath("templates", "login.html").is_file()
    assert console.joinpath("static", "console.css").is_file()
    assert files("installers.demo").joinpath("data", "groceries.csv").is_file()


def test_nothing_looks_for_its_files_in_the_folder_that_it_was_started_in() -> None:
    """Paths in a package come from its own place or from the settings."""
    loose = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name | ast.Attribute)
        and (call.func.id if isinstance(call.func, ast.Name) else call.func.attr) in {"Path", "open"}
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
        and call.args[0].value.startswith(PACKAGES)
    ]
    assert not loose
