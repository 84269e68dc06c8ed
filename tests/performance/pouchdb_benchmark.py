"""How fast a till's sales are acknowledged, against PouchDB replicating the same sales to its own server.

Run `python -m tests.performance.pouchdb_benchmark --install`: npm puts `pouchdb`, `express-pouchdb` and `express`
into a folder that is gone afterwards (or name one that has them with `--modules FOLDER`); without either it says so
and ends 0. One till pushes 512 entries a request into PostgreSQL; PouchDB pushes as many documents a batch from its
own disk to a server in a process of its own. The two take turns.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from installers.demo.server_process import free_port
from shared_models import wire
from shared_models.sync_api import Push
from tests.performance.ingest_benchmark import BATCH, Till, of_database, postgresql, server, until_applied

GOAL = 5.0
ROUNDS = 4
PORT = free_port()
PACKAGES = ("pouchdb@9.0.0", "express-pouchdb@4.2.0", "express@4")
SCRIPT = Path(__file__).with_name("pouchdb_push.js")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sales", type=int, default=10_000)
    parser.add_argument(
        "--install", action="store_true", help="by npm, into a folder that is gone afterwards"
    )
    parser.add_argument("--modules", type=Path, help="a folder whose node_modules has the packages")
    args = parser.parse_args()
    if not args.install and not args.modules:
        print(f"Left out: it needs {', '.join(PACKAGES)}. Ask for them with --install.")
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        modules = args.modules or install(Path(scratch))
        with postgresql() as uri, server(uri) as folder, pouchdb_server(modules):
            rounds = race(of_database(uri, "shop"), folder, modules, args.sales // ROUNDS)
    return report(rounds, args.sales)


def report(rounds: list[tuple[float, float]], count: int) -> int:
    ours, theirs = (sum(part) for part in zip(*rounds, strict=True))
    each = ", ".join(f"{their / our:.1f}" for our, their in rounds)
    print(f"PouchDB to its server {count / theirs:8.0f} sales/s    1.00")
    print(f"push, acknowledged    {count / ours:8.0f} sales/s    {theirs / ours:.2f}    (rounds {each})")
    print(f"goal {GOAL} x PouchDB: {'reached' if theirs / ours >= GOAL else 'MISSED'}")
    return 0 if theirs / ours >= GOAL else 1


def race(shop: str, folder: Path, modules: Path, share: int) -> list[tuple[float, float]]:
    till = Till(shop, folder, 1)
    till.push(till.sell(BATCH))
    rounds = []
    for number in range(ROUNDS):
        until_applied(shop)
        batches = till.sell(share)
        started = time.perf_counter()
        till.push(batches)
        ours = time.perf_counter() - started
        until_applied(shop)
        rounds.append((ours, replicated(modules, f"round{number}-{os.urandom(4).hex()}", batches)))
    return rounds


def replicated(modules: Path, name: str, batches: list[bytes]) -> float:
    """Seconds that PouchDB took for the same facts, as JSON documents whose ids are the entries'."""
    sales = []
    for batch in batches:
        for entry in wire.unpack(batch, Push).entries:
            sales.append({"_id": entry.event_id.hex(), "type": entry.type} | msgspec.json.decode(entry.body))
    file = modules / f"{name}.json"
    file.write_bytes(msgspec.json.encode(sales))
    push = ["node", str(SCRIPT), "push", str(modules), str(PORT), str(file), str(BATCH)]
    return float(subprocess.run(push, check=True, stdout=subprocess.PIPE, text=True).stdout)


def install(folder: Path) -> Path:
    (folder / "package.json").write_text('{"private": true}')
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", *PACKAGES], cwd=folder, check=True)
    return folder


@contextmanager
def pouchdb_server(modules: Path) -> Iterator[None]:
    serve = ["node", str(SCRIPT), "serve", str(modules), str(PORT)]
    process = subprocess.Popen(serve, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline().strip() != "open":
            raise RuntimeError("PouchDB's server did not start")
        yield
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    sys.exit(main())
