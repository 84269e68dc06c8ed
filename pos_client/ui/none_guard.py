"""Keeps `None` alive: one release of the Qt binding takes a reference to it with every call that returns nothing."""

from __future__ import annotations

import ctypes
import sys

_ENOUGH_FOR_EVER = 1 << 60


def hold_none() -> None:
    """Give `None` so many references that none of those calls can free it.

    PySide6 6.12.0 is built as if `None` were immortal, which it is only from Python 3.12 on; before, the interpreter
    ends with 'deallocating None' after some thousand calls (6.11.3 counts rightly). Once is enough; again does no harm.
    """
    if sys.version_info < (3, 12) and sys.getrefcount(None) < _ENOUGH_FOR_EVER // 2:
        ctypes.c_ssize_t.from_address(id(None)).value += _ENOUGH_FOR_EVER
