"""The report on a counter's devices that goes to support: plain text, with nothing secret in it by construction.

It is made of what devices say about themselves and of their places. Addresses as they are set up, which may hold a
password, are no part of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from hardware.status import DeviceReport

Facts = Sequence[tuple[str, str]]


def report_text(heading: Facts, reports: Sequence[DeviceReport], changes: Sequence[str] = ()) -> str:
    """`heading` says of which till and when; `changes` are losses and returns, oldest first."""
    parts = ["Evertill: what is connected, and what it answers", *_lines(heading)]
    for number, report in enumerate(reports, 1):
        parts += ["", f"{number}. {report.name}", *_lines(_facts_of(report))]
    parts += ["", "Lost and found since the till was started", *(changes or ("nothing",))]
    return "\n".join(parts) + "\n"


def _facts_of(report: DeviceReport) -> Facts:
    known = (
        ("Place", report.place),
        ("Works", "yes" if report.works else "NO"),
        ("Says", report.message),
        *report.facts,
    )
    return [(name, value) for name, value in known if value]


def _lines(facts: Facts) -> list[str]:
    return [f"   {name}: {value}" for name, value in facts]
