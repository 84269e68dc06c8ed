"""What tills and hubs cause on the server, and what it does by itself."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shared_models import wire
from shared_models.leases import LeaseClosing
from shared_models.sync_api import SegmentState
from sync_server import app, schedule
from sync_server.closings import service as closings
from sync_server.evidence.server_key import FILE as KEY_FILE
from sync_server.evidence.server_key import kept_server_key
from sync_server.evidence.service import EvidenceService
from sync_server.recovery.anchor import AnchorFile
from sync_server.recovery.restored import Recovery
from tests.crash_points.server_kind import FILES, INGEST, LEASES, OPEN_LEASE, Act, Kind
from tests.crash_points.server_shop import ANCHOR, Running
from tests.sync_server.leases.lending_shop import a_ticket, gift_lease

_FUTURE_LEASE = "0" * 31 + "3"

# Tills and hubs

_TILLS = "sync_server.tills.routes.for_tills.<locals>"
_HUBS = "sync_server.hubs.routes"


def _push(server: Running, first: int, last: int, **changed: Any) -> Any:
    till = server.till(3)
    return till.send(till.batch(first, last, **changed))


def _shorter_journal(server: Running) -> Any:
    till = server.till(1)
    head = SegmentState(incarnation=till.incarnation, head_seq=2, head_hash=till.entries[1].hash, acked=2)
    return till.hello(segments=(head,))


def _raw(server: Running) -> Any:
    till = server.till(4)
    return till.send_raw(wire.pack(till.batch(2, 2)))


def _ask(server: Running, amount: int) -> Any:
    return server.till_sends(2, "/lease", gift_lease(amount, lease_id=_FUTURE_LEASE))


def _close(server: Running, lease_id: str, how: str, used: int = 0) -> Any:
    return server.till_sends(1, f"/lease/{lease_id}/{how}", LeaseClosing(used=used))


def _by_hub(server: Running) -> Any:
    till = server.till(3)
    return server.hub().pass_on(till.device_id, till.batch(1, 4))


def _lease(name: str, act: Act) -> Kind:
    return Kind((f"{LEASES}.{name}",), act)


_CLOSE = "_for_tills.<locals>.close"
MACHINES: dict[str, Kind] = {
    "a till enrols": Kind(
        ("sync_server.tills.routes._enrolment.<locals>.enrol",), lambda s: s.till(5).enrol()
    ),
    "a till logs in": Kind(
        (f"{_TILLS}.token",),
        lambda s: s.client.post("/sync/token", content=s.known.token_request),
        refused_again=401,
    ),
    "a till says hello": Kind((f"{_TILLS}.hello",), lambda s: s.till(1).hello()),
    "a till says hello with a shorter journal": Kind((f"{_TILLS}.hello",), _shorter_journal),
    "a push": Kind((f"{INGEST}._stored",), partial(_push, first=1, last=6)),
    "a push that was touched": Kind(
        (f"{INGEST}._stored",), partial(_push, first=1, last=3, head_hash=b"?" * 32)
    ),
    "a push by a hub": Kind((f"{INGEST}._stored",), _by_hub),
    "a raw frame": Kind((f"{INGEST}.push_raw",), _raw, in_steps=True),
    "a frame that nobody can read": Kind(
        (f"{INGEST}.push_raw",), lambda s: s.till(4).send_raw(b"?" * 900), in_steps=True
    ),
    "a lease granted": _lease("_for_tills.<locals>.ask", partial(_ask, amount=200)),
    "a lease denied": _lease("_for_tills.<locals>.ask", partial(_ask, amount=99_000)),
    "a lease used": _lease(_CLOSE, partial(_close, lease_id=OPEN_LEASE, how="capture", used=100)),
    "a lease given back": _lease(_CLOSE, partial(_close, lease_id=OPEN_LEASE, how="release")),
    "a lease given back before it came": _lease(
        _CLOSE, partial(_close, lease_id=_FUTURE_LEASE, how="release")
    ),
    "a ticket offered": _lease(
        "_parked.<locals>.offer", lambda s: s.till_sends(1, "/lease/parked", a_ticket("ticket-2"))
    ),
    "a file handed in": Kind((f"{FILES}.offer", f"{FILES}._judged"), lambda s: s.hands_in(), in_steps=True),
    "a hub enrols": Kind((f"{_HUBS}._coming_in.<locals>.enrol",), lambda s: s.new_hub().enrol()),
    "a hub logs in": Kind(
        (f"{_HUBS}._coming_in.<locals>.token",),
        lambda s: s.client.post("/sync/hub/token", content=s.known.hub_token_request),
        refused_again=401,
    ),
    "a hub says hello": Kind((f"{_HUBS}._for_hubs.<locals>.hello",), lambda s: s.hub().hello(waiting=3)),
}

# What the server does by itself


def _notice(server: Running) -> None:
    exceptions, anchor = server.services.exceptions, AnchorFile(server.folder / ANCHOR)
    recovery = Recovery(server.db, exceptions, anchor, lambda: server.known.clock_ms)
    recovery.notice()
    recovery.remember()


def _catalogue_file(server: Running) -> Any:
    return server.client.get("/sync/snapshot/03", headers=server.till(1).headers)


def _read_again(server: Running) -> None:
    """Positions, then facts, and then nothing for a day."""
    for _ in range(3):
        server.services.background_check.run()


def _close_due(server: Running) -> None:
    """Up to the end of the month, and a question about the clock. More days of silence would be the same again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(closings, "QUIET_DAYS", 9)
        server.services.closings.close_due()


def _put_key(server: Running, folder: Path) -> None:
    """Another key than the server's, the same in every run."""
    folder.mkdir(exist_ok=True)
    (folder / KEY_FILE).write_bytes(server.till(2).key)


def _notice_another_key(server: Running) -> None:
    """As at a start, after which the office hears of it."""
    folder = server.folder / "another"
    _put_key(server, folder)
    key, exceptions = kept_server_key(folder), server.services.exceptions
    evidence = EvidenceService(key, lambda: server.known.clock_ms, exceptions)
    app._notice_key(replace(server.services, evidence=evidence))


def introduce_key(server: Running) -> None:
    _notice_another_key(server)
    _put_key(server, server.folder)
    server.command("new-key", "--lost")


_CLOSINGS = "sync_server.closings"
_COMPACTION = "sync_server.feed.compaction.Compaction"
ITSELF: dict[str, Kind] = {
    "entries applied, a Z report among them": Kind(
        ("sync_server.ingest.applier.Applier._book",), lambda s: s.services.applier.drain(), in_steps=True
    ),
    "what an older version did not know": Kind(
        ("sync_server.ingest.applier.Applier.retry_unknown",), lambda s: s.services.applier.retry_unknown()
    ),
    "what came raw and is good": Kind(
        (f"{INGEST}.take_in_raw",),
        lambda s: s.services.ingest.take_in_raw(),
        in_steps=True,
        counts=("attempts",),
    ),
    "leases that ran out": Kind(
        ("sync_server.schedule._end_leases",), lambda s: schedule._end_leases(s.services), in_steps=True
    ),
    "old codes": Kind(("sync_server.schedule._forget_codes",), lambda s: schedule._forget_codes(s.services)),
    "old changes": Kind(
        (f"{_COMPACTION}._forget_replaced", f"{_COMPACTION}._forget_tombstones"),
        lambda s: s.services.compaction.run(lambda: True),
        in_steps=True,
    ),
    "a round of reading again": Kind(
        ("sync_server.ingest.background_check.BackgroundCheck.run",), _read_again, in_steps=True
    ),
    "days that are over": Kind(
        (
            f"{_CLOSINGS}.till_days.TillDays.close",
            f"{_CLOSINGS}.till_days.TillDays._carry_out",
            f"{_CLOSINGS}.store_periods.StorePeriods.close",
            f"{_CLOSINGS}.roots.DailyRoots.make",
            f"{_CLOSINGS}.service.ClosingService._ask_about_the_clock",
        ),
        _close_due,
        in_steps=True,
    ),
    "a key that nobody introduced": Kind(("sync_server.app._notice_key",), _notice_another_key),
    "a catalogue file": Kind(("sync_server.feed.snapshots.Snapshots._build",), _catalogue_file),
    "an older copy noticed": Kind(("sync_server.recovery.restored.Recovery.notice",), _notice),
}
