"""How long a receipt takes to become bytes, and a logo to become dots for 58 mm paper.

Run `python -m tests.performance.receipt_benchmark`; it prints processor times and whether the goals are reached. The
receipt has forty lines in two code pages, a total in large type, a barcode and a QR code; the logo is a photograph-like
grey picture of 1200 x 600 pixels. The receipts with drawn lines have no goal: their time is that of their letters.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable

from PIL import Image

from hardware.escpos.encoder import encode
from hardware.escpos.profile import profile_named
from hardware.escpos.raster import logo_dots
from hardware.receipt_document import Barcode, Block, Cut, QrCode, ReceiptDocument, name_and_amount

RECEIPT_GOAL_MS = 10.0
LOGO_GOAL_MS = 30.0
REPEATS = 60
DOTS_58_MM = 384
NARROW = "xprinter-58"


def receipt(name: str) -> ReceiptDocument:
    lines: list[Block] = [name_and_amount(f"{name} {number}", "€ 1.20") for number in range(40)]
    total = name_and_amount("TOTAL", "€ 48.00", bold=True, double_width=True, double_height=True)
    return ReceiptDocument((*lines, total, Barcode("code128", "S01-T02-000123"), QrCode(b"x" * 120), Cut()))


def logo() -> bytes:
    stored = io.BytesIO()
    Image.radial_gradient("L").resize((1200, 600)).save(stored, "PNG")
    return stored.getvalue()


def milliseconds(work: Callable[[], object]) -> tuple[float, float]:
    """Median and 99th percentile, once warm."""
    work()
    taken = []
    for _ in range(REPEATS):
        started = time.process_time()
        work()
        taken.append((time.process_time() - started) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=100)[98]


def main() -> int:
    wide, narrow, picture = profile_named("epson-tm-t20"), profile_named(NARROW), logo()
    written, drawn = receipt("Crème fraîche, Żubr"), receipt("ताज़ा दूध")
    missed = 0
    for what, work, goal_ms in (
        ("a receipt in letters, 80 mm", lambda: encode(written, wide), RECEIPT_GOAL_MS),
        ("a receipt in letters, 58 mm", lambda: encode(written, narrow), RECEIPT_GOAL_MS),
        ("a logo, 58 mm", lambda: logo_dots.__wrapped__(picture, DOTS_58_MM), LOGO_GOAL_MS),
        ("a receipt in drawn lines, 80 mm", lambda: encode(drawn, wide), None),
    ):
        median, slowest = milliseconds(work)
        verdict = (
            "" if goal_ms is None else f"goal {goal_ms:.0f} ms {'reached' if median < goal_ms else 'MISSED'}"
        )
        missed += verdict.endswith("MISSED")
        print(f"{what:34} {median:7.2f} ms, p99 {slowest:7.2f} ms  {verdict}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
