"""Loads python-escpos when it is first needed, and keeps its side effects in bounds.

Imported plainly it costs half a second, leaves a new temporary folder behind at every start and attaches a
handler to the root logger.
"""

from __future__ import annotations

import logging
import os
import stat
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

_CACHE_VARIABLE = "ESCPOS_CAPABILITIES_PICKLE_DIR"


def use_cache_folder(folder: Path) -> None:
    """Where python-escpos keeps its compiled printer database; it must be called before the first receipt.

    The file in it is a pickle, so the folder is made private to this user.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        folder.chmod(0o700)
    os.environ[_CACHE_VARIABLE] = str(folder)


@lru_cache(maxsize=1)
def capabilities() -> dict[str, Any]:
    """The printer database of python-escpos: profiles and encodings."""
    _choose_cache_folder()
    folder = Path(os.environ[_CACHE_VARIABLE])
    with _no_root_handlers(), _no_temporary_folders(str(folder)):
        try:
            return _loaded()
        except Exception:  # a spoilt pickle may raise anything
            if not _forget_cache(folder):
                raise
            return _loaded()


def _loaded() -> dict[str, Any]:
    from escpos.capabilities import CAPABILITIES

    loaded: dict[str, Any] = CAPABILITIES
    return loaded


def _forget_cache(folder: Path) -> bool:
    """Whether there was one. A till that is killed in its first second leaves half a file, which fails for ever."""
    found = list(folder.glob("*.pickle"))
    for path in found:
        path.unlink(missing_ok=True)
    return bool(found)


@contextmanager
def _no_root_handlers() -> Iterator[None]:
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    for handler in root.handlers[:]:
        if handler not in before:
            root.removeHandler(handler)


@contextmanager
def _no_temporary_folders(instead: str) -> Iterator[None]:
    """It makes one even where it is told of a folder, and leaves it there. Other threads still get theirs."""
    make, ours = tempfile.mkdtemp, threading.get_ident()

    def made(*arguments: Any, **options: Any) -> Any:
        return instead if threading.get_ident() == ours else make(*arguments, **options)

    tempfile.mkdtemp = made
    try:
        yield
    finally:
        tempfile.mkdtemp = make


def _choose_cache_folder() -> None:
    given = os.environ.get(_CACHE_VARIABLE)
    if given and _is_private(Path(given)):
        return
    from platformdirs import user_cache_path

    try:
        use_cache_folder(user_cache_path("evertill", appauthor=False) / "escpos")
    except OSError:
        use_cache_folder(Path(tempfile.mkdtemp(prefix="evertill-escpos-")))


def _is_private(folder: Path) -> bool:
    if not folder.is_dir():
        return False
    if os.name != "posix":
        return True
    found = folder.stat()
    return found.st_uid == os.getuid() and not stat.S_IMODE(found.st_mode) & 0o022
