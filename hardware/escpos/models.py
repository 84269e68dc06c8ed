"""The printer models that we know by name; facts, from the sources below.

Code page numbers: receipt-printer-encoder 4.0.1 (Niels Leenheer, MIT), which agrees with the printer database of
python-escpos (MIT; data CC BY 4.0) where both know a model. Columns, dots and abilities: the makers' data sheets by way
of the same two. Where a page's number was in doubt it is left out: such text is drawn, which is slower but right.
"""

from __future__ import annotations

from typing import Literal

import msgspec

# in_order: the printer answers GS r after the job (nearly all do); at_once: it answers DLE EOT only;
# if_it_answers: some of a kind answer DLE EOT, some never; none: it never answers, as behind some adapters.
Confirmation = Literal["in_order", "at_once", "if_it_answers", "none"]
Cutter = Literal["yes", "perhaps", "no"]
CodePages = dict[int, str]
"""Python's names of encodings by the number that ESC t takes."""

# What the tables of Epson, Star, Bixolon, Citizen and the printers made in China have in common.
_SHARED: CodePages = {
    0: "cp437", 3: "cp860", 4: "cp863", 5: "cp865", 16: "cp1252", 17: "cp866", 18: "cp852", 19: "cp858",
}  # fmt: skip
_EPSON: CodePages = {
    **_SHARED, 2: "cp850", 13: "cp857", 14: "cp737", 15: "iso8859_7", 33: "cp775", 34: "cp855", 35: "cp861",
    36: "cp862", 37: "cp864", 38: "cp869", 39: "iso8859_2", 40: "iso8859_15", 44: "cp1125", 45: "cp1250", 46: "cp1251",
    47: "cp1253", 48: "cp1254", 49: "cp1255", 50: "cp1256", 51: "cp1257", 52: "cp1258",
}  # fmt: skip
_EPSON_OLD: CodePages = {**_SHARED, 2: "cp850"}
_STAR: CodePages = {**_SHARED, 2: "cp850"}
_BIXOLON: CodePages = {
    **_SHARED, 2: "cp850", 21: "cp862", 22: "cp864", 24: "cp1253", 25: "cp1254", 26: "cp1257", 28: "cp1251",
    29: "cp737", 30: "cp775", 33: "cp1255", 36: "cp855", 37: "cp857", 38: "iso8859_7", 40: "cp1256", 41: "cp1258",
    47: "cp1250",
}  # fmt: skip
_CITIZEN: CodePages = {
    **_SHARED,
    6: "cp852",
    7: "cp866",
    8: "cp857",
    40: "cp864",
}  # its 2 is CP858, not CP850
_XPRINTER: CodePages = {
    **_SHARED, 2: "cp850", 7: "cp1253", 23: "cp1251", 24: "cp737", 25: "cp1257", 33: "cp1256",
}  # fmt: skip
_SUNMI: CodePages = {
    **_SHARED, 2: "cp850", 13: "cp857", 14: "cp737", 15: "iso8859_7", 33: "cp775", 34: "cp855", 36: "cp862",
}  # fmt: skip


class Model(msgspec.Struct, frozen=True):
    """`columns` of font A across `dots`. `knows` is how far it says what became of a job."""

    title: str
    columns: int
    dots: int
    pages: CodePages
    barcodes: bool = True
    qr: bool = True
    cutter: Cutter = "yes"
    knows: Confirmation = "in_order"


GENERIC_80_MM = "generic-80"
GENERIC_58_MM = "generic-58"
MODELS = {
    GENERIC_80_MM: Model("Any printer for 80 mm paper", 48, 576, _SHARED),
    "generic-76": Model("Any printer with 42 columns", 42, 512, _SHARED),
    GENERIC_58_MM: Model(
        "Any printer for 58 mm paper", 32, 384, _SHARED, qr=False, cutter="perhaps", knows="if_it_answers"
    ),
    "epson-tm-t20": Model("Epson TM-T20II, TM-T20III, TM-T20IV, TM-T82", 48, 576, _EPSON),
    "epson-tm-t88": Model("Epson TM-T88V, TM-T88VI, TM-T88VII", 42, 512, _EPSON),
    "epson-tm-t88iv": Model("Epson TM-T88IV", 42, 512, _EPSON_OLD),
    "epson-tm-t88iii": Model("Epson TM-T88II, TM-T88III", 42, 512, _EPSON_OLD, qr=False),
    "epson-tm-t70": Model("Epson TM-T70II", 42, 512, _EPSON),
    "epson-tm-m30": Model("Epson TM-m30, TM-m30II, TM-m30III", 48, 576, _EPSON),
    "epson-tm-p20": Model("Epson TM-P20 (58 mm)", 32, 384, _EPSON, cutter="no"),
    "star-tsp100": Model("Star TSP100IV in ESC/POS mode", 48, 576, _STAR),
    "star-tsp650": Model("Star TSP650II in ESC/POS mode", 48, 576, _STAR),
    "star-mc-print3": Model("Star mC-Print3 in ESC/POS mode", 48, 576, _STAR),
    "star-mc-print2": Model("Star mC-Print2 in ESC/POS mode (58 mm)", 32, 384, _STAR),
    "bixolon-srp-350": Model("Bixolon SRP-350III", 42, 512, _BIXOLON),
    "bixolon-srp-330": Model("Bixolon SRP-330II, SRP-Q300", 48, 576, _BIXOLON),
    "citizen-ct-s310": Model("Citizen CT-S310II, CT-E351", 48, 576, _CITIZEN),
    "xprinter-80": Model("Xprinter XP-N160II, XP-T80Q", 48, 576, _XPRINTER),
    "xprinter-58": Model(
        "Xprinter XP-58 and its many sisters", 32, 384, _SHARED, qr=False, cutter="no", knows="if_it_answers"
    ),
    "sunmi-58": Model("Sunmi, built in, 58 mm", 32, 384, _SUNMI, cutter="no", knows="if_it_answers"),
}
