"""How far the campaign is: a bar on a terminal, and a line now and then in a file."""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any

from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

_LINE_EVERY_S = 30


class Progress:
    def __init__(self, sales: int) -> None:
        self._sales = sales
        self._began = self._last_line = time.monotonic()
        columns = (BarColumn(), TextColumn("{task.completed:,}/{task.total:,} sales {task.fields[more]}"))
        self._bar = Bar(*columns, TimeRemainingColumn(), disable=not sys.stdout.isatty())
        self._task = self._bar.add_task("", total=sales, more="")

    def __enter__(self) -> Progress:
        self._bar.start()
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.stop()

    def show(self, tally: Counter[str], broken: int) -> None:
        sold, now = tally["sales"], time.monotonic()
        rate = sold / max(now - self._began, 0.001)
        crashes = tally["till crashes"] + tally["server crashes"]
        more = f"· {crashes:,} crashes · {rate:,.0f}/s · {broken} broken"
        self._bar.update(self._task, completed=min(sold, self._sales), more=more)
        if self._bar.disable and now - self._last_line >= _LINE_EVERY_S:
            self._last_line = now
            print(f"{sold:,} of {self._sales:,} sales {more}", flush=True)
