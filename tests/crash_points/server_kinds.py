"""Every kind of transaction that the server makes, as whoever causes it would: a till, a hub, the office, the schedule.

A kind names the functions that open its transactions; a rule of the house compares these with the server's code, so a
function that begins to write needs a line here, and gets its crash points and disk trouble by that.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from shared_models import wire
from shared_models.leases import LeaseClosing
from shared_models.sync_api import SegmentState
from sync_server import app, schedule
from sync_server.evidence.server_key import FILE as KEY_FILE
from sync_server.evidence.server_key import kept_server_key
from sync_server.evidence.service import EvidenceService
from sync_server.recovery.anchor import AnchorFile
from sync_server.recovery.restored import Recovery
from tests.crash_points.server_shop import ANCHOR, OUTBOX_CODE, Running
from tests.sync_server.conftest import PASSWORD
from tests.sync_server.leases.lending_shop import CARD, a_ticket, gift_lease

Act = Callable[[Running], Any]
MACHINE, PERSON = "a machine", "a person"
_FUTURE_LEASE, _OPEN_LEASE = "0" * 31 + "3", "0" * 31 + "2"
_FILE = b"sku,name,price,category\nTEA,A tea,3.10,Drinks\nMUG,A mug,4.90,Cups\n"


class Kind(NamedTuple):
    """`sites` are the functions that open its transactions, as module.function.

    `who` sends it: a machine sends again until it hears that it was done, and then nothing may be done twice; a
    person looks first. `in_steps` where it is several transactions, each of which leaves all in order.
    """

    sites: tuple[str, ...]
    act: Act
    who: str = MACHINE
    in_steps: bool = False
    refused_again: int = 0
    """The status that a machine hears when it sends again what was done; else it hears that all is well."""
    counts: tuple[str, ...] = ()
    """Columns that say how often it was tried, or how much of it was new."""


# Tills and hubs

_TILLS = "sync_server.tills.routes.for_tills.<locals>"
_INGEST = "sync_server.ingest.service.IngestService"
_LEASES = "sync_server.leases.routes"
_HUBS = "sync_server.hubs.routes"
_FILES = "sync_server.handed_in.service.HandedIn"


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
    return Kind((f"{_LEASES}.{name}",), act)


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
    "a push": Kind((f"{_INGEST}.push",), partial(_push, first=1, last=6)),
    "a push that was touched": Kind(
        (f"{_INGEST}.push",), partial(_push, first=1, last=3, head_hash=b"?" * 32)
    ),
    "a push by a hub": Kind((f"{_INGEST}.push",), _by_hub),
    "a raw frame": Kind((f"{_INGEST}.push_raw",), _raw, in_steps=True),
    "a frame that nobody can read": Kind(
        (f"{_INGEST}.push_raw",), lambda s: s.till(4).send_raw(b"?" * 900), in_steps=True
    ),
    "a lease granted": _lease("_for_tills.<locals>.ask", partial(_ask, amount=200)),
    "a lease denied": _lease("_for_tills.<locals>.ask", partial(_ask, amount=99_000)),
    "a lease used": _lease(_CLOSE, partial(_close, lease_id=_OPEN_LEASE, how="capture", used=100)),
    "a lease given back": _lease(_CLOSE, partial(_close, lease_id=_OPEN_LEASE, how="release")),
    "a lease given back before it came": _lease(
        _CLOSE, partial(_close, lease_id=_FUTURE_LEASE, how="release")
    ),
    "a ticket offered": _lease(
        "_parked.<locals>.offer", lambda s: s.till_sends(1, "/lease/parked", a_ticket("ticket-2"))
    ),
    "a file handed in": Kind((f"{_FILES}.offer", f"{_FILES}._judged"), lambda s: s.hands_in(), in_steps=True),
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


def _introduce_key(server: Running) -> None:
    _notice_another_key(server)
    _put_key(server, server.folder)
    server.command("new-key", "--lost")


_CLOSINGS = "sync_server.closings"
_COMPACTION = "sync_server.feed.compaction.Compaction"
ITSELF: dict[str, Kind] = {
    "entries applied, a Z report among them": Kind(
        ("sync_server.ingest.applier.Applier._apply",), lambda s: s.services.applier.drain(), in_steps=True
    ),
    "what an older version did not know": Kind(
        ("sync_server.ingest.applier.Applier.retry_unknown",), lambda s: s.services.applier.retry_unknown()
    ),
    "what came raw and is good": Kind(
        (f"{_INGEST}.take_in_raw",),
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
        lambda s: s.services.closings.close_due(),
        in_steps=True,
    ),
    "a key that nobody introduced": Kind(("sync_server.app._notice_key",), _notice_another_key),
    "a catalogue file": Kind(("sync_server.feed.snapshots.Snapshots._build",), _catalogue_file),
    "an older copy noticed": Kind(("sync_server.recovery.restored.Recovery.notice",), _notice),
}

# People


def _office(site: str, method: str, path: str, body: Any = None, **more: Any) -> Kind:
    """In `body`, as in `path`, {tea} stands for an id."""
    return Kind((f"sync_server.{site}",), lambda s: s.office(method, path, body), **{"who": PERSON} | more)


def _page(site: str, path: str, **fields: str) -> Kind:
    return Kind((f"sync_server.console.{site}",), lambda s: s.page(path, **fields), PERSON)


def _command(sites: tuple[str, ...], *words: str, who: str = PERSON) -> Kind:
    act: Act = lambda s: s.command(*words)  # noqa: E731
    return Kind(tuple(f"sync_server.{site}" for site in sites), act, who, in_steps=len(sites) > 1)


def _brings(server: Running) -> None:
    server.services.outbox_import.run(io.BytesIO(server.known.outbox), OUTBOX_CODE, "Ada")


def _looked_at(server: Running) -> Any:
    handed_in = server.hands_in()
    if handed_in.status_code != 200:
        return handed_in
    listed = server.office("GET", "/api/v1/tills/03-1/files")
    if listed.status_code != 200:
        return listed
    return server.office("POST", f"/api/v1/tills/03-1/files/{listed.json()[0]['file_id']}/remove")


def _file_imported(server: Running) -> None:
    file = server.folder / "products.csv"
    if not file.exists():
        file.write_bytes(_FILE)
    server.command("import-products", str(file), "--currency", "EUR")


def _file_checked_and_imported(server: Running) -> Any:
    """The form behind the check: its file lies in the data folder."""
    file_id, account = "f" * 32, server.known.ids["ada"]
    folder = server.folder / "imports"
    folder.mkdir(exist_ok=True)
    (folder / f"{account}-{file_id}.csv").write_bytes(_FILE)
    return server.page("/import/run", file_id=file_id, name="goods.csv", currency="EUR")


def _with_a_key(path: str, body: dict[str, Any]) -> Act:
    return lambda s: s.office("POST", path, body, **{"Idempotency-Key": "k1"})


def _backed_up(server: Running) -> None:
    copy = server.folder / "monday.db"
    if copy.exists():
        server.command("confirm-backup", f"sqlite:///{copy}")
    else:
        server.command("backup", str(copy))


_CALLED = {"name": "Cy", "pin": "8264", "role": "cashier"}
_GOODS = {"sku": "MUG", "name": "A mug"}
_STOCK = {"product_id": "{tea}", "location_id": "03", "change_milli": 5000}
_VALUE = {"account": "gift", "subject": CARD, "amount": 700, "note": "Sorry.", "currency": "EUR"}
_PRICE = {"product_id": "{tea}", "unit_price_minor": 333}
_OFFER = {"name": "Tea time", "rule": {"kind": "percent", "percent_ppm": 100_000}}
_TAX = {"tax_category_id": "books", "name": "Books", "taxes": [], "store_id": ""}
_SHOP = {"store_id": "05", "name": "Mill", "currency": "EUR"}
_PRODUCTS = "catalogue.routes._product_routes.<locals>"
_CATEGORIES = "catalogue.routes._category_routes.<locals>"
_DRINKS = "/api/v1/categories/drinks"
API: dict[str, Kind] = {
    "a log-in": _office(
        "accounts.front_door.FrontDoor._remember",
        "POST",
        "/api/v1/auth/login",
        {"name": "Ada", "password": PASSWORD},
    ),
    "an account": _office(
        "accounts.routes.routes.<locals>.create",
        "POST",
        "/api/v1/accounts",
        {"name": "Cy", "password": PASSWORD, "role": "manager", "store_id": "03"},
    ),
    "an account closed": _office(
        "accounts.routes.routes.<locals>.deactivate", "POST", "/api/v1/accounts/{bo}/deactivate"
    ),
    "a product": _office(f"{_PRODUCTS}.create", "POST", "/api/v1/products", _GOODS),
    "a product changed": _office(f"{_PRODUCTS}.change", "PUT", "/api/v1/products/{tea}", _GOODS),
    "a product removed": _office(f"{_PRODUCTS}.remove", "DELETE", "/api/v1/products/{tea}"),
    "a category": _office(
        f"{_CATEGORIES}.save", "PUT", _DRINKS, {"category_id": "drinks", "name": "Drinks", "position": 2}
    ),
    "a category removed": _office(f"{_CATEGORIES}.remove", "DELETE", "/api/v1/categories/food"),
    "a product file": _office(
        "catalogue.routes._import_routes.<locals>.import_file",
        "POST",
        "/api/v1/products/import",
        _FILE,
        who=MACHINE,
    ),
    "a price": _office("pricing.routes.routes.<locals>.change", "POST", "/api/v1/prices", _PRICE),
    "a tax": _office(
        "pricing.routes.routes.<locals>.save_tax_category", "PUT", "/api/v1/tax-categories/books", _TAX
    ),
    "a promotion": _office(
        "pricing.promotion_routes.routes.<locals>.save", "POST", "/api/v1/promotions", _OFFER
    ),
    "a promotion ended": _office(
        "pricing.promotion_routes.routes.<locals>.remove", "DELETE", "/api/v1/promotions/{offer}"
    ),
    "somebody hired": _office(
        "staff.routes.routes.<locals>.hire", "POST", "/api/v1/staff", {**_CALLED, "store_ids": ["03"]}
    ),
    "a PIN": _office(
        "staff.routes.routes.<locals>.change_pin", "POST", "/api/v1/staff/{ana}/pin", {"pin": "8264"}
    ),
    "a role": _office(
        "staff.routes.routes.<locals>.change_role", "POST", "/api/v1/staff/{ana}/role", {"role": "senior"}
    ),
    "somebody leaves": _office("staff.routes.routes.<locals>.dismiss", "POST", "/api/v1/staff/{ana}/dismiss"),
    "stock corrected": Kind(
        ("sync_server.stock.routes.routes.<locals>.correct",),
        _with_a_key("/api/v1/stock/corrections", _STOCK),
    ),
    "a card corrected": Kind(
        (f"{_LEASES}._for_the_office.<locals>.correct",), _with_a_key("/api/v1/value/corrections", _VALUE)
    ),
    "a lease freed": _office(
        "leases.routes._for_the_office.<locals>.free", "POST", f"/api/v1/leases/{_OPEN_LEASE}/release"
    ),
    "a store": _office("stores.routes.routes.<locals>.create", "POST", "/api/v1/stores", _SHOP),
    "a store changed": _office(
        "stores.routes.routes.<locals>.change",
        "PUT",
        "/api/v1/stores/04",
        {"store_id": "04", "name": "Hill Road", "currency": "EUR"},
    ),
    "a till": _office(
        "stores.routes.routes.<locals>.add_till", "POST", "/api/v1/stores/04/tills", {"till_id": "04-1"}
    ),
    "a code for a till": _office(
        "tills.routes._for_the_office.<locals>.make_code",
        "POST",
        "/api/v1/tills/enrol-codes",
        {"till_id": "03-1"},
    ),
    "a till shut out": _office(
        "tills.routes._for_the_office.<locals>.revoke", "POST", "/api/v1/tills/devices/device-0001/revoke"
    ),
    "a code for a hub": _office(
        "hubs.routes._for_the_office.<locals>.make_code",
        "POST",
        "/api/v1/hubs/enrol-codes",
        {"store_id": "03"},
    ),
    "a hub shut out": _office(
        "hubs.routes._for_the_office.<locals>.revoke", "POST", "/api/v1/hubs/hub-of-03/revoke"
    ),
    "a case taken": _office(
        "exceptions.routes.routes.<locals>.assign", "POST", "/api/v1/exceptions/{case}/assign", {"to": "Bo"}
    ),
    "a case closed": _office(
        "exceptions.routes.routes.<locals>.resolve",
        "POST",
        "/api/v1/exceptions/{case}/resolve",
        {"note": "Seen."},
    ),
    "a case opened again": _office(
        "exceptions.routes.routes.<locals>.reopen",
        "POST",
        "/api/v1/exceptions/{closed_case}/reopen",
        {"note": "No."},
    ),
    "an entry tried again": _office(
        "ingest.service.IngestService.retry", "POST", "/api/v1/quarantine/{unread}/retry"
    ),
}
CONSOLE: dict[str, Kind] = {
    "console: a price": _page(
        "catalogue_routes.routes.<locals>.change_price", "/products/{tea}/price", price="3.33"
    ),
    "console: a case": _page(
        "exception_routes.routes.<locals>.work", "/exceptions/{case}", do="assign", note=""
    ),
    "console: somebody hired": _page("staff_routes.routes.<locals>.hire", "/staff", **_CALLED, store_03="on"),
    "console: a PIN": _page("staff_routes._change", "/staff/{ana}", do="pin", pin="8264"),
    "console: stock": _page(
        "stock_routes.routes.<locals>.correct",
        "/stock/{tea}",
        location_id="03",
        quantity="5",
        reason="receipt",
        once="k2",
    ),
    "console: a till": _page("till_routes.routes.<locals>.add", "/tills", store_id="03", number="6"),
    "console: receipts": _page("paper_routes._change", "/paper", store_id="03", logo_text="Corner"),
    "console: a code": _page("till_routes.routes.<locals>.code", "/tills/03-1/code"),
    "console: a product file": Kind(
        ("sync_server.console.import_routes._run",), _file_checked_and_imported, PERSON
    ),
}
COMMANDS: dict[str, Kind] = {
    "command: a till": _command(("cli.add_till",), "add-till", "04-7"),
    "command: somebody hired": _command(
        ("cli.add_staff",), "add-staff", "Cy", "--pin", "8264", "--store", "03"
    ),
    "command: a logo": _command(("cli.change_logo",), "logo", "03"),
    "command: a code": _command(("cli.make_code",), "enrol-code", "03-1"),
    "command: a hub's code": _command(("cli.make_hub_code",), "hub-code", "03"),
    "command: a product file": Kind(("sync_server.cli.import_products",), _file_imported),
    "command: a backup": Kind(("sync_server.recovery.backup.confirm",), _backed_up, PERSON),
    "command: a new key": Kind(
        ("sync_server.app._notice_key", "sync_server.cli.introduce_key"),
        _introduce_key,
        PERSON,
        in_steps=True,
        counts=("case_id",),
    ),
    "command: restored": _command(("recovery.restored.Recovery.declare",), "restored"),
    "a file that was looked at": Kind(
        (f"{_FILES}.remove", f"{_FILES}.offer", f"{_FILES}._judged"), _looked_at, PERSON, in_steps=True
    ),
    "a till's file": Kind(
        ("sync_server.recovery.outbox_import.OutboxImport._note", f"{_INGEST}.push"),
        _brings,
        in_steps=True,
        counts=("sentence",),
    ),
}
PEOPLE = API | CONSOLE | COMMANDS
KINDS = MACHINES | ITSELF | PEOPLE
