"""How the printer made of software is at the moment."""

from __future__ import annotations

from typing import Literal

import msgspec

from hardware.status import PaperState


class PrinterState(msgspec.Struct):
    paper: PaperState = "ok"
    cover_open: bool = False
    silent: bool = False
    bytes_per_second: float | None = None
    next_at_s: float = 0.0
    out_at_dots: int | None = None
    hang_up_after: int | None = None
    drawer: Literal["none", "shut", "open", "jammed"] = "none"

    @property
    def can_print(self) -> bool:
        return self.paper != "out" and not self.cover_open
