"""A server of its own on a given database that grants, captures and releases as fast as it can.

`python -m tests.sync_server.leases.asking_process URL FIRST ROUNDS`: waits for a line, then prints what was granted.
"""

from __future__ import annotations

import sys
from random import Random

from shared_models.leases import LeaseRequest
from sync_server.database import Database
from sync_server.leases.service import LeaseService
from sync_server.ports import system_now_ms
from sync_server.sync_messages import TillIdentity

WHO = TillIdentity("device-0001", "03-1", "03")


def main(url: str, first: int, rounds: int) -> int:
    """Prints three sums: granted and kept, granted and released, and how often it was denied."""
    database = Database(url)
    service = LeaseService(lambda tx, sale_id: {}, system_now_ms)
    chance = Random(first)
    kept = released = refused = 0
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(first, first + rounds):
        lease_id, amount = f"{number:032x}", chance.randint(1, 9)
        wanted = LeaseRequest(lease_id=lease_id, kind="gift", subject="card", amount=amount, currency="EUR")
        with database.write() as tx:
            reply = service.ask(tx, WHO, wanted)
        if reply.state == "denied":
            refused += 1
        elif chance.random() < 0.5:
            with database.write() as tx:
                service.close(tx, WHO, lease_id, 0, release=True)
            released += amount
        else:
            with database.write() as tx:
                service.close(tx, WHO, lease_id, amount, release=False)
            kept += amount
    print(kept, released, refused, flush=True)
    database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
