"""Builds the shop that is besieged, lets the siege run, and takes stock afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

from sqlalchemy import func, select

from sync_server.ingest.tables import incarnation
from tests.chaos import namespace
from tests.chaos.faults import Fault
from tests.chaos.head_office import STORE, HeadOffice
from tests.chaos.line import Line, Switchboard
from tests.chaos.report import Outcome
from tests.chaos.siege import Say, Siege
from tests.chaos.till import BesiegedTill
from tests.chaos.verdict import at_the_server, at_the_tills, holdings

PRODUCTS = 40
_PATIENCE_S = 120


def besieged(
    folder: Path, faults: Sequence[Fault], seed: int, tills: int, drained_within_s: float, say: Say
) -> Outcome:
    with shop(folder, tills) as (office, besieged_tills):
        wait_until_each_sold(besieged_tills, 1)
        siege = Siege(office, besieged_tills, seed, say)
        siege.run(faults)
        siege.drain()
        for till in besieged_tills:
            till.leave()
        return taken_stock(siege, drained_within_s)


def wait_until_each_sold(tills: Sequence[BesiegedTill], sales: int) -> None:
    end, pause = time.monotonic() + _PATIENCE_S, Event()
    while min(len(till.paid()) for till in tills) < sales:
        assert time.monotonic() < end, "the robots don't sell"
        pause.wait(0.1)


@contextmanager
def shop(folder: Path, tills: int) -> Iterator[tuple[HeadOffice, list[BesiegedTill]]]:
    """A server that answers and tills that sell; all of them end with the block."""
    ids = [f"{STORE}-{number}" for number in range(1, tills + 1)]
    with ExitStack() as stack:
        office = HeadOffice(folder, PRODUCTS, ids)
        stack.callback(office.close)
        office.start()
        office.wait_until_it_answers()
        board = Switchboard()
        stack.callback(board.close)
        at_the_counter = []
        for number, till_id in enumerate(ids, 1):
            network = namespace.Namespace(number) if namespace.inside_own_network() else None
            line = Line(board, office.address, network)
            till = BesiegedTill(till_id, folder / till_id, line, office.barcodes)
            till.enrol(office.code(till_id), office.url)
            stack.callback(till.kill)
            at_the_counter.append(till)
        office.database.keep_copy()
        for till in at_the_counter:
            till.start()
        yield office, at_the_counter


def taken_stock(siege: Siege, drained_within_s: float) -> Outcome:
    all_of = holdings(siege.office, siege.tills, siege.remains)
    found = [*siege.server_ended, *at_the_tills(siege.tills)]
    found += siege.office.ask(lambda tx: at_the_server(tx, all_of))
    if siege.drained_s is None or siege.drained_s > drained_within_s:
        found.append(f"the queues were not empty {drained_within_s:g} s after the last fault")
    if siege.catalogue_s is None:
        found.append("some till never came to the server's catalogue")
    booked = [fact for event_id, fact in all_of.sales().items() if event_id in all_of.stored]
    return Outcome(
        injected=dict(siege.injected),
        drained_s=siege.drained_s,
        catalogue_s=siege.catalogue_s,
        sales=len(booked),
        seen_paid=len(all_of.paid),
        entries=len(all_of.stored),
        takings_minor=sum(fact.total_minor for fact in booked),
        incarnations=siege.office.ask(
            lambda tx: int(tx.scalar(select(func.count()).select_from(incarnation)) or 0)
        ),
        prices_changed=siege.prices_changed,
        refused_to_start=siege.refused_to_start,
        gone=len(siege.remains.gone),
        sticks=siege.sticks,
        burned=len(all_of.burned),
        breaks=found,
    )
