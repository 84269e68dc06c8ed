"""The demo: `make demo`. With a display a till to play with; without one, a shop's day that runs by itself."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from types import FrameType

from installers.demo.day import Day
from installers.demo.open_counter import OpenCounter
from installers.provision import has_display


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument(
        "--day", action="store_true", help="run the day by itself, also where there is a display"
    )
    parser.add_argument("--folder", type=Path, default=Path("demo-output"), help="where everything is kept")
    asked = parser.parse_args()
    folder = asked.folder.resolve()
    _leave_when_told()
    if asked.day or not has_display():
        return Day(folder / "day").run()
    return OpenCounter(folder / "counter").run()


def _leave_when_told() -> None:
    """Ctrl C, the end of the terminal or of the machine: all leave by the way out that stops server and till."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        told = getattr(signal, name, None)
        if told and signal.getsignal(told) is not signal.SIG_IGN:  # ignored under nohup, say
            signal.signal(told, _leave)


def _leave(number: int, frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    sys.exit(main())
