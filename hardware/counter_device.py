"""Every device of a counter in one shape: what it is, what it answers, and what can be tried with it.

A new kind gives a function that makes these (see `hardware.device_kinds`); the devices page, the doctor, the report and
the watch take them as they come.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

from hardware.status import DeviceReport

ByHand = Literal["open_drawer", "scan_by_keys"]


class Tried(msgspec.Struct, frozen=True):
    """What came of a test, in one sentence."""

    worked: bool
    message: str


@dataclass(frozen=True)
class DeviceTest:
    """`text` stands on the button and `doing` on the screen meanwhile; both are keys of translation.

    `run` takes as long as the device does, so never on the window's thread; it ends early once the event is set.
    """

    text: str
    doing: str
    run: Callable[[threading.Event], Tried]


@dataclass(frozen=True)
class HandTest:
    """What only the till itself can try: a drawer is opened with a reason in the journal, keys belong to its window."""

    what: ByHand
    text: str


@dataclass(frozen=True)
class CounterDevice:
    """`look` asks the device and takes as long as it does; it prints nothing and opens nothing.

    `watch_every_s` is how often it may be asked while nobody needs it; None: not at all, or it watches itself.
    """

    name: str
    kind: str
    place: str
    look: Callable[[], DeviceReport]
    tests: tuple[DeviceTest, ...] = ()
    by_hand: tuple[HandTest, ...] = ()
    watch_every_s: float | None = None
