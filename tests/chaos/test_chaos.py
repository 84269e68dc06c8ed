"""A while of chaos with real programs, and that the verdict after it would see what it is there to see."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, delete, update

from sync_server.ingest.tables import ingest_log, ingest_pos
from sync_server.sales.tables import sale
from tests.chaos.faults import Fault, Kind
from tests.chaos.head_office import HeadOffice
from tests.chaos.siege import Siege
from tests.chaos.siege_works import shop, wait_until_each_sold
from tests.chaos.till import ROOT, Paid
from tests.chaos.verdict import Holdings, at_the_server, at_the_tills, holdings
from tests.memory_disk import memory_disk

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.timeout(300)]


def test_after_a_while_of_chaos_every_sale_is_there_once(tmp_path: Path) -> None:
    report = tmp_path / "report.txt"
    words = ("--minutes", "0.25", "--seed", "5", "--tills", "3", "--drained-within", "120")
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *words, "--report", str(report)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Everything held." in report.read_text()


def a_sale_that_only_the_cashier_saw(all_of: Holdings, tx: Connection) -> Holdings:
    return msgspec.structs.replace(all_of, paid=[*all_of.paid, Paid("f" * 32, "03-1-XXX-1", 100)])


def a_sale_not_booked(all_of: Holdings, tx: Connection) -> Holdings:
    tx.execute(delete(sale).where(sale.c.sale_id == all_of.paid[0].sale_id))
    return all_of


def an_entry_not_stored(all_of: Holdings, tx: Connection) -> Holdings:
    first = next(iter(all_of.stored))
    return msgspec.structs.replace(
        all_of, stored={id: one for id, one in all_of.stored.items() if id != first}
    )


def an_altered_entry(all_of: Holdings, tx: Connection) -> Holdings:
    first = next(iter(all_of.stored.values()))
    other = msgspec.structs.replace(first, body=first.body + b" ")
    return msgspec.structs.replace(all_of, stored={**all_of.stored, first.event_id: other})


def a_number_printed_twice(all_of: Holdings, tx: Connection) -> Holdings:
    sold = next(iter(all_of.sales()))
    again = msgspec.structs.replace(all_of.known[sold], event_id=b"again")
    return msgspec.structs.replace(all_of, known={**all_of.known, b"again": again})


def another_amount(all_of: Holdings, tx: Connection) -> Holdings:
    tx.execute(update(sale).where(sale.c.sale_id == all_of.paid[0].sale_id).values(total_minor=1))
    return all_of


def a_changed_byte_in_the_servers_chain(all_of: Holdings, tx: Connection) -> Holdings:
    sold = next(iter(all_of.sales()))
    tx.execute(update(ingest_log).where(ingest_log.c.event_id == sold).values(body=b"{}"))
    return all_of


def a_hole_in_the_servers_chain(all_of: Holdings, tx: Connection) -> Holdings:
    tx.execute(delete(ingest_pos).where(ingest_pos.c.seq == 2))
    return all_of


Plant = Callable[[Holdings, Connection], Holdings]
PLANTED: dict[Plant, str] = {
    a_sale_that_only_the_cashier_saw: "paid before the cashier's eyes",
    a_sale_not_booked: "sealed and not booked",
    an_entry_not_stored: "lost",
    an_altered_entry: "altered",
    a_number_printed_twice: "numbers printed twice",
    another_amount: "takings by",
    a_changed_byte_in_the_servers_chain: "at the server, entry",
    a_hole_in_the_servers_chain: "holds",
}


@pytest.fixture(scope="module")
def quiet_shop() -> Iterator[tuple[HeadOffice, Holdings]]:
    """Two tills sold a little and nothing happened to them; their programs have ended."""
    # /tmp and not pytest's own folder: as root PostgreSQL runs as another user, who must be able to come in
    with tempfile.TemporaryDirectory(prefix="evertill-chaos-", dir=memory_disk() or "/tmp") as name:
        Path(name).chmod(0o755)
        with shop(Path(name), 2) as (office, tills):
            siege = Siege(office, tills, 1, lambda siege: None)
            wait_until_each_sold(tills, 3)
            siege.run([Fault(0.1, Kind.RESET, 0, 0.1, 0.5)])
            siege.drain()
            for till in tills:
                till.leave()
            assert at_the_tills(tills) == []
            yield office, holdings(office, tills, siege.remains)


def test_nothing_is_found_where_nothing_is_broken(quiet_shop: tuple[HeadOffice, Holdings]) -> None:
    office, all_of = quiet_shop
    assert len(all_of.paid) >= 6
    assert office.ask(lambda tx: at_the_server(tx, all_of)) == []


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_the_verdict_sees_a_planted_break(plant: Plant, quiet_shop: tuple[HeadOffice, Holdings]) -> None:
    office, all_of = quiet_shop
    with office.db.engine.connect() as tx:
        found = at_the_server(tx, plant(all_of, tx))
        tx.rollback()
    assert any(PLANTED[plant] in one for one in found), found
