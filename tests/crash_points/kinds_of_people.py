"""What people cause on the server: over the API, in the console, and by commands."""

from __future__ import annotations

import io
from typing import Any

from tests.crash_points.kinds_of_machines import introduce_key
from tests.crash_points.server_kind import FILES, INGEST, LEASES, MACHINE, OPEN_LEASE, PERSON, Act, Kind
from tests.crash_points.server_shop import OUTBOX_CODE, Running
from tests.sync_server.conftest import PASSWORD
from tests.sync_server.leases.lending_shop import CARD

_FILE = b"sku,name,price,category\nTEA,A tea,3.10,Drinks\nMUG,A mug,4.90,Cups\n"


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
        (f"{LEASES}._for_the_office.<locals>.correct",), _with_a_key("/api/v1/value/corrections", _VALUE)
    ),
    "a lease freed": _office(
        "leases.routes._for_the_office.<locals>.free", "POST", f"/api/v1/leases/{OPEN_LEASE}/release"
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
    "a frame set aside": _office(
        "ingest.service.IngestService.set_aside",
        "POST",
        "/api/v1/quarantine/{frame}/set-aside",
        {"reason": "Noise."},
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
        introduce_key,
        PERSON,
        in_steps=True,
        counts=("case_id",),
    ),
    "command: restored": _command(("recovery.restored.Recovery.declare",), "restored"),
    "a file that was looked at": Kind(
        (f"{FILES}.remove", f"{FILES}.offer", f"{FILES}._judged"), _looked_at, PERSON, in_steps=True
    ),
    "a till's file": Kind(
        ("sync_server.recovery.outbox_import.OutboxImport._note", f"{INGEST}._stored"),
        _brings,
        in_steps=True,
        counts=("sentence",),
    ),
}
