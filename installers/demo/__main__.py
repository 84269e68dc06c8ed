"""The demo: `make demo`. With a display a till to play with; without one, a shop's day that runs by itself."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from installers.demo.day import Day
from installers.demo.leaving import leave_when_told
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
    leave_when_told()
    if asked.day or not has_display():
        return Day(folder / "day").run()
    return OpenCounter(folder / "counter").run()


if __name__ == "__main__":
    sys.exit(main())
