"""What a campaign comes to, for a person: the verdict, what was injected, and how to see a broken run again."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.simulation.campaign import Campaign
from tests.simulation.world import Result

_VERDICT = {"lost": (1, 6, 7), "doubled": (3,), "altered": (2,), "stalls": (21,)}
_SHOWN = 10
_WRITTEN_EVERY_S = 30


def in_words(result: Result) -> str:
    lines = [f"seed {result.seed}: trace {result.hash}"]
    lines += [f"  {what}: {number:,}" for what, number in sorted(result.tally.items())]
    lines += [f"  BROKEN invariant {one.invariant}: {one.what}" for one in result.broken]
    return "\n".join(lines if result.broken else [*lines, "  every invariant held"])


class KeptReport:
    """A file that says how it stands, also when the campaign is broken off."""

    def __init__(self, path: Path, text: Callable[[], str]) -> None:
        self._path = path
        self._text = text
        self._written = time.monotonic()

    def write_now_and_then(self) -> None:
        if time.monotonic() - self._written >= _WRITTEN_EVERY_S:
            self.write()

    def write(self) -> str:
        text = self._text()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(text)
        self._written = time.monotonic()
        return text


def outcome(campaign: Campaign) -> str:
    tally, broken, elapsed_s = campaign.sum, campaign.broken, campaign.elapsed_s
    return "\n".join(
        [
            "# Simulation",
            "",
            _verdict(tally, broken),
            "",
            f"{tally['runs']:,} runs in {elapsed_s:,.0f} s on {campaign.processes} processes: "
            f"{tally['sales'] / max(elapsed_s, 0.001):,.0f} sales a second. "
            f"{campaign.repeated} runs were made twice, for the same trace.",
            "",
            "| what | times |",
            "|---|--:|",
            *(f"| {what} | {number:,} |" for what, number in sorted(tally.items())),
            *_broken(broken),
        ]
    )


def _verdict(tally: Counter[str], broken: Sequence[Result]) -> str:
    found = Counter(one.invariant for result in broken for one in result.broken)
    named = {word: sum(found.pop(number, 0) for number in numbers) for word, numbers in _VERDICT.items()}
    words = ", ".join(f"{number} {word}" for word, number in named.items())
    crashes = tally["till crashes"] + tally["server crashes"]
    return (
        f"{tally['sales']:,} sales: {words}, {sum(found.values())} other invariants broken; "
        f"{crashes:,} crashes, {tally['till restores']:,} restores and {tally['clones']:,} clones of tills, "
        f"{tally['server restores']:,} restores of the server."
    )


def _broken(broken: Sequence[Result]) -> list[str]:
    if not broken:
        return []
    lines = ["", "## Broken", ""]
    for result in broken[:_SHOWN]:
        first = result.broken[0]
        brief = " --brief" if result.brief else ""
        lines.append(f"- `python -m tests.simulation --seed {result.seed}{brief} --trace`")
        lines.append(f"  invariant {first.invariant}: {first.what[:400]}")
    return lines
