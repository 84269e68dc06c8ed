"""What the chain and the signature cost a journal entry's durable append, against the same append without them.

Run `python -m tests.performance.append_benchmark`; it prints the ratio and whether the goal is reached. Both write a
five-line sale as one entry into a till's file, each in a transaction of its own; the one seals it, the other leaves
hashes and signature empty. They take turns.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from pos_client.store.journal import Journal
from pos_client.store.positions import position
from pos_client.store.segments import Segment
from shared_models.events import SCHEMA, Recorded, encode_body, type_name
from shared_models.journal import ALGORITHM, START
from shared_models.sale import SalePosted
from shared_models.signing import signer
from tests.performance.commit_benchmark import INSERT_ENTRY, BareDriver
from tests.pos_client.store.made_up_shop import PRIVATE_KEY, Numbered, ShopClock, a_sale

GOAL = 1.5
_WARM_UP = 100


class Sealing:
    """As the till appends."""

    def __init__(self, path: Path) -> None:
        segment = Segment(1, bytes(16), "A", None, 0, b"", 0, 0, b"", 0, START)
        self._journal = Journal(segment, signer(PRIVATE_KEY), ShopClock(), Numbered(), "boot-1")
        self._driver = BareDriver(path, None)

    def append(self, fact: SalePosted) -> float:
        started = time.perf_counter()
        (sealed,) = self._journal.seal(fact)
        entry = sealed.entry
        row: tuple[Any, ...] = (sealed.pos, entry.event_id, entry.type, entry.schema, entry.body)
        self._driver.commit(
            [(INSERT_ENTRY, (*row, entry.prev, entry.hash, entry.signature, entry.algorithm))]
        )
        self._journal.advance(sealed)
        return time.perf_counter() - started


class Plain:
    """The same bytes, and nothing that vouches for them."""

    def __init__(self, path: Path) -> None:
        self._clock, self._ids, self._seq = ShopClock(), Numbered(), 0
        self._driver = BareDriver(path, None)

    def append(self, fact: SalePosted) -> float:
        started = time.perf_counter()
        self._seq += 1
        at, mono_ms = self._clock.now(), self._clock.monotonic_ms()
        body = encode_body(Recorded(at.at_ms, at.tz_min, fact, "boot-1", mono_ms, None))
        event_id = bytes.fromhex(self._ids.new())
        row: tuple[Any, ...] = (position(1, self._seq), event_id, type_name(fact), SCHEMA, body)
        self._driver.commit([(INSERT_ENTRY, (*row, b"", b"", b"", ALGORITHM))])
        return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entries", type=int, default=3000)
    count = parser.parse_args().entries
    with tempfile.TemporaryDirectory() as folder:
        sealed, plain = race(Sealing(Path(folder) / "a.db"), Plain(Path(folder) / "b.db"), count)
    ratio = sum(sealed) / sum(plain)
    medians = statistics.median(sealed) / statistics.median(plain)
    for name, times in (("sealed", sealed), ("plain", plain)):
        print(f"{name:7} p50 {statistics.median(times) * 1e6:6.0f} us")
    print(f"time of an append with chain and signature {ratio:.2f} x without (of medians {medians:.2f})")
    print(f"goal at most {GOAL} x: {'reached' if ratio <= GOAL else 'MISSED'}")
    return 0 if ratio <= GOAL else 1


def race(sealing: Sealing, plain: Plain, count: int) -> tuple[list[float], list[float]]:
    sale = a_sale()
    pairs = [(sealing.append(sale), plain.append(sale)) for _ in range(count + _WARM_UP)][_WARM_UP:]
    ours, theirs = zip(*pairs, strict=True)
    return list(ours), list(theirs)


if __name__ == "__main__":
    sys.exit(main())
