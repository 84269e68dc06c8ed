"""Labels as files: PDF sheets for an office printer, ZPL for a label printer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

import msgspec
from litestar import Response

from shared_models.labels.label import Label
from shared_models.labels.pdf import label_sheets
from shared_models.labels.sheets import DEFAULT_SHEET, sheet_named
from shared_models.labels.zpl import LabelSize, zpl
from sync_server.errors import Invalid
from sync_server.labels.typefaces import machines_typeface

Format = Literal["pdf", "zpl"]


class Paper(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the labels are printed on: a sheet, of which `skip` labels are used up; or a roll's label in millimetres.

    `dots_per_mm` is the label printer's: 6, 8, 12 or 24 (150, 203, 300, 600 dpi).
    """

    sheet: str = DEFAULT_SHEET
    skip: int = 0
    width_mm: Annotated[int, msgspec.Meta(ge=20, le=170)] = 57
    height_mm: Annotated[int, msgspec.Meta(ge=10, le=300)] = 32
    dots_per_mm: Literal[6, 8, 12, 24] = 8


def paper_of(given: dict[str, object]) -> Paper:
    """Raises Invalid with what is wrong; texts of numbers count as numbers."""
    try:
        return msgspec.convert(given, Paper, strict=False)
    except msgspec.ValidationError as reason:
        raise Invalid(f"The paper is not as it should be: {reason}.") from reason


def label_file(labels: Sequence[Label], format: Format, paper: Paper, name: str) -> Response[bytes]:
    """To be saved by a browser as `name` with the format's ending."""
    media_type = "application/pdf" if format == "pdf" else "text/plain; charset=us-ascii"
    headers = {"Content-Disposition": f'attachment; filename="{name}.{format}"', "Cache-Control": "no-store"}
    return Response(_content(labels, format, paper), media_type=media_type, headers=headers)


def _content(labels: Sequence[Label], format: Format, paper: Paper) -> bytes:
    if format == "zpl":
        return zpl(labels, LabelSize(paper.width_mm, paper.height_mm, paper.dots_per_mm))
    sheet = sheet_named(paper.sheet)
    if not 0 <= paper.skip < sheet.count:
        raise Invalid(f"A sheet {sheet.name} has {sheet.count} labels. Say how many of them are used up.")
    return label_sheets(labels, sheet, paper.skip, machines_typeface())
