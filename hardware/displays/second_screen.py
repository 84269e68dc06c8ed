"""The customer's monitor, as a device of the counter: whether it is there. What stands on it is the window system's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

OFF, AUTO, WINDOW = "", "auto", "window"
CONNECTORS = Path("/sys/class/drm")
_NEEDED = 2

_log = logging.getLogger(__name__)


class SecondScreen:
    """`wanted` is 'auto' for any monitor but the till's, a monitor's name, or 'window' for none at all.

    `on_change` is called with a sentence, once for each loss and each return.
    """

    def __init__(self, wanted: str, connectors: Path = CONNECTORS) -> None:
        self.wanted = wanted
        self._connectors = connectors
        self._is_there: bool | None = None
        self._said = ""
        self.on_change: Callable[[bool, str], None] = lambda is_there, message: None

    @property
    def place(self) -> str:
        """Where it is, for people."""
        return {AUTO: "the second monitor", WINDOW: "a window"}.get(self.wanted, f"monitor {self.wanted}")

    def found(self, is_there: bool, message: str) -> None:
        """From whoever can see the monitors. A monitor that is there at the start is no news."""
        was_there, self._is_there, self._said = self._is_there, is_there, message
        if is_there == was_there:
            return
        _log.log(logging.INFO if is_there else logging.WARNING, "Second screen: %s", message)
        if was_there is not None or not is_there:
            self.on_change(is_there, message)

    def state(self) -> tuple[bool, str]:
        """Whether it works, and a sentence. Without a window Linux is asked how many monitors are plugged in."""
        if self._is_there is not None:
            return self._is_there, self._said
        if self.wanted == WINDOW:
            return True, "The customer's screen is an ordinary window at this till."
        names = connected_monitors(self._connectors)
        if names is None:
            return True, "Whether a second monitor is plugged in is known once the till's window is open."
        if self.wanted != AUTO and self.wanted not in names:
            return False, missing(self.wanted)
        if len(names) < _NEEDED:
            return False, missing(self.wanted)
        return True, f"These monitors are plugged in: {', '.join(names)}."


def missing(wanted: str) -> str:
    which = "The second monitor" if wanted == AUTO else f"Monitor {wanted}"
    return f"{which} is not there. Switch it on and check its cable; the till goes on without it."


def connected_monitors(connectors: Path) -> list[str] | None:
    """By Linux' own names for their plugs (HDMI-A-1); None where it does not say."""
    found = []
    for status in sorted(connectors.glob("card*-*/status")):
        try:
            if status.read_text().strip() == "connected":
                found.append(status.parent.name.partition("-")[2])
        except OSError:
            return None
    return found if any(connectors.glob("card*-*/status")) else None
