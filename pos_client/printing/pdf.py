"""A report as a PDF page; the same report always gives the same bytes."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from pos_client.printing.report import Report, Row
from shared_models.store_config import StoreConfig

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 420, 790, 60
_LEADING = {"section": 24, "strong": 15, "plain": 15, "long": 28}


def report_pdf(report: Report, store: StoreConfig) -> bytes:
    """Rows from top to bottom, on as many pages as they need."""
    # reportlab takes a third of a second to import, which a till that only sells never spends.
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1)
    canvas.setTitle(f"{report.title} · {store.name}")
    y = _heading(canvas, report, store)
    for row in report.rows:
        if y - _LEADING[row.kind] < _BOTTOM:
            canvas.showPage()
            y = _TOP
        y -= _LEADING[row.kind]
        _draw(canvas, row, y)
    canvas.save()
    return out.getvalue()


def _heading(canvas: Canvas, report: Report, store: StoreConfig) -> int:
    y = _TOP
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(_LEFT, y, report.title)
    canvas.setFont("Helvetica", 10)
    for line in (store.name, *store.address, store.tax_number):
        if line:
            y -= 14
            canvas.drawString(_LEFT, y, line)
    return y - 8


def _draw(canvas: Canvas, row: Row, y: int) -> None:
    bold = row.kind in ("section", "strong")
    canvas.setFont("Helvetica-Bold" if bold else "Helvetica", 10)
    if row.kind == "long":
        canvas.drawString(_LEFT, y + 12, row.label)
        canvas.setFont("Courier", 8)
        canvas.drawString(_LEFT, y, row.value)
        return
    canvas.drawString(_LEFT, y, row.label)
    canvas.drawRightString(_RIGHT, y, row.value)
    if row.kind == "section":
        canvas.setLineWidth(0.4)
        canvas.line(_LEFT, y - 4, _RIGHT, y - 4)
