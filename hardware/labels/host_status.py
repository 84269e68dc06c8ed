"""What a ZPL printer answers to ~HS: three strings, of which the flags that stop it matter here.

Source: Zebra, 'ZPL II Programming Guide', ~HS. String 1: aaa,b,c,… where b is 'paper out' and c is 'paused'. String 2:
mmm,n,o,p,… where o is 'head up' and p is 'ribbon out'. Each begins with STX and ends with ETX CR LF.
"""

from __future__ import annotations

import re

from hardware.status import PrinterStatus

ASK = b"~HS"
_STRING = re.compile(rb"\x02([^\x02\x03]*)\x03")
STRINGS = 3


def count(answer: bytes) -> int:
    """How many whole strings there are in it."""
    return len(_STRING.findall(answer))


def read(answer: bytes) -> PrinterStatus:
    """Of a printer that was reached; what is no status says nothing."""
    strings = [found.decode("ascii", "replace").split(",") for found in _STRING.findall(answer)]
    if len(strings) < 2 or len(strings[0]) < 3 or len(strings[1]) < 4:
        return PrinterStatus(reachable=True)
    paper_out, paused = strings[0][1] == "1", strings[0][2] == "1"
    head_up, ribbon_out = strings[1][2] == "1", strings[1][3] == "1"
    return PrinterStatus(
        reachable=True,
        answers=True,
        online=not (paper_out or paused or head_up or ribbon_out),
        paper="out" if paper_out else "ok",
        cover="open" if head_up else "closed",
        fault=ribbon_out,
    )
