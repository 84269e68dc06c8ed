"""Every page of the console, over HTTP, without a browser."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from shared_models.store_config import StoreConfig
from sync_server.catalogue.service import ProductFields
from sync_server.database import Database
from sync_server.services import Services
from tests.sync_server.leases.lending_shop import refunded
from tests.sync_server.made_up_days import (
    DAY,
    SHIFT,
    STORE,
    a_closing,
    a_line,
    a_sale,
    an_entry,
    an_opening,
    store_entries,
)

PASSWORD = "correct horse battery"
TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def product_id(database: Database, services: Services) -> str:
    """A shop with one product, two sales in a closed shift, and a third that came late."""
    with database.write() as tx:
        services.stores.create(tx, StoreConfig(store_id=STORE, name="Harbour Street", currency="EUR"))
        services.stores.add_till(tx, "03-1", STORE, "Front")
        services.stores.create(tx, StoreConfig(store_id="99", name="Hill", currency="EUR"))
        services.accounts.create(tx, "Ada", PASSWORD, "admin")
        services.accounts.create(tx, "Bo", PASSWORD, "manager", STORE)
        services.accounts.create(tx, "Cy", PASSWORD, "manager", "99")
        kept = services.catalogue.create(tx, ProductFields(sku="TEA", name="Thé <vert> & menthe"))
        id = kept.product.product_id
        services.pricing.change_price(tx, id, 250, changed_by="Ada")
    sales = [a_sale(n, a_line(1, id, n, 250, "Thé <vert> & menthe")) for n in (1, 2, 3)]
    entries = [an_entry(1, an_opening()), an_entry(2, sales[0]), an_entry(3, sales[1])]
    entries += [an_entry(4, a_closing(sales[:2], 3)), an_entry(5, sales[2])]
    with database.write() as tx:
        store_entries(tx, entries)
    services.applier.drain()
    return id


@pytest.fixture
def console(client: TestClient[Litestar], product_id: str) -> TestClient[Litestar]:
    return logged_in(client, "Ada")


def logged_in(client: TestClient[Litestar], name: str) -> TestClient[Litestar]:
    client.headers["Accept"] = "text/html"
    answer = client.post("/login", data={"name": name, "password": PASSWORD, "next": "/takings"})
    assert answer.status_code == 200, answer.text
    return client


def form_token(page: str) -> str:
    found = TOKEN.search(page)
    assert found, page
    return found[1]


def seen(client: TestClient[Litestar], path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.text)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def test_every_link_of_the_console_leads_somewhere(console: TestClient[Litestar]) -> None:
    every_link_leads_somewhere(console)


def every_link_leads_somewhere(console: TestClient[Litestar]) -> None:
    waiting, visited, seen_of = [f"/takings?day={DAY}", "/takings"], set[str](), Counter[str]()
    while waiting:
        path = waiting.pop().replace("&amp;", "&").partition("#")[0]
        if path in visited or path.startswith("/static") or seen_of[_kind(path)] == 12:
            continue
        visited.add(path)
        seen_of[_kind(path)] += 1
        answer = console.get(path)
        assert answer.status_code == 200, (path, answer.text)
        waiting += re.findall(r'href="(/[^"]*)"', answer.text)
    assert any(path.startswith("/receipts/") for path in visited)
    assert any(path.startswith("/exceptions/") for path in visited)
    assert len(visited) > 40


def _kind(path: str) -> str:
    """Pages of one address and one table that differ in what they narrow down to; a few of each are looked at."""
    address, _, query = path.partition("?")
    table = re.search(r"\bby=(\w+)", query)
    return re.sub(r"/[^/]*[0-9][^/]*", "/…", address) + (f" by {table[1]}" if table else "")


def test_no_page_holds_script_or_style_of_its_own(console: TestClient[Litestar], product_id: str) -> None:
    for path in (
        "/takings",
        "/receipts",
        "/stock",
        "/products",
        f"/products/{product_id}",
        "/tills",
        "/exceptions",
        "/staff",
        "/import",
        "/labels",
        "/paper",
    ):
        page = seen(console, path)
        assert not re.search(
            r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|https?://(?!www\.w3\.org)", page
        ), path


def test_a_products_name_is_shown_and_never_run(console: TestClient[Litestar], product_id: str) -> None:
    assert "Thé &lt;vert&gt; &amp; menthe" in seen(console, f"/products/{product_id}")


def test_todays_takings_add_up_and_lead_down_to_a_receipt(console: TestClient[Litestar]) -> None:
    page = seen(console, f"/takings?day={DAY}")
    assert "€ 15.00" in page
    receipts = seen(console, f"/receipts?first_day={DAY}&last_day={DAY}&store_id=03&till_id=03-1")
    entry = re.search(r'href="(/receipts/[0-9a-f]{32})"', receipts)
    assert entry
    assert "TOTAL EUR" in seen(console, entry[1])


def test_the_live_part_is_sent_only_when_it_changed(console: TestClient[Litestar]) -> None:
    first = console.get(f"/takings/live?day={DAY}")
    again = console.get(f"/takings/live?day={DAY}", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


@pytest.fixture
def refund_entry(console: TestClient[Litestar], database: Database, services: Services) -> str:
    """One piece of the second sale went back after the Z report, without a line. The entry's id."""
    sale = a_sale(2, a_line(1, "p1", 2, 250))
    fact = refunded(sale, (1, 1, 0), reason="stale <today>", shift_id=SHIFT)
    entry = an_entry(6, fact)
    with database.write() as tx:
        store_entries(tx, [entry])
    services.applier.drain()
    return entry.event_id.hex()


def test_a_receipt_says_whether_the_scale_or_a_person_stands_for_a_weight(
    console: TestClient[Litestar], database: Database, services: Services
) -> None:
    """Also of exactly one kilogram."""
    weighed = [
        msgspec.structs.replace(a_line(no, "p1", 1, 250), unit="kg", weighed_by=by)
        for no, by in ((1, "scale"), (2, "hand"))
    ]
    entry = an_entry(6, a_sale(3, *weighed))
    with database.write() as tx:
        store_entries(tx, [entry])
    services.applier.drain()
    page = seen(console, f"/receipts/{entry.event_id.hex()}")
    assert re.search(r"1 kg net, weighed\s+× 2\.50", page)
    assert re.search(r"1 kg typed by hand\s+× 2\.50", page)


def test_what_went_back_is_in_the_days_figures_and_on_its_receipt(
    console: TestClient[Litestar], refund_entry: str
) -> None:
    assert "Taken back" in console.get(f"/takings?day={DAY}").text
    listed = console.get(f"/refunds?day={DAY}").text
    assert "stale &lt;today&gt;" in listed
    assert "without a line" in listed
    receipt = re.search(r'href="(/receipts/[0-9a-f]{32})"', listed)
    assert receipt is not None
    assert "Taken back" in console.get(receipt[1]).text
    assert "stale" not in console.get(f"/refunds?day={DAY}&store_id=99").text
    assert "1 refund came after the Z report" in console.get(f"/shifts/{SHIFT}").text
    assert f"/receipts/{refund_entry}" not in console.get("/exceptions").text
    every_link_leads_somewhere(console)


def test_a_late_sale_stands_beside_the_z_report(console: TestClient[Litestar]) -> None:
    page = seen(console, f"/shifts/{SHIFT}")
    assert "1 sale came after the Z report" in page
    assert "agree in every figure" in page
    assert all(total in page for total in ("€ 7.50", "€ 15.00"))


def test_a_price_is_changed_by_form_and_a_wrong_one_is_explained(
    console: TestClient[Litestar], product_id: str, services: Services
) -> None:
    path = f"/products/{product_id}"
    token = form_token(seen(console, path))
    wrong = console.post(f"{path}/price", data={"form_token": token, "price": "2.999", "store_id": ""})
    assert wrong.status_code == 400
    assert "more decimals than EUR has" in wrong.text
    right = console.post(f"{path}/price", data={"form_token": token, "price": "2,99", "store_id": ""})
    assert right.status_code == 200
    with services.db.read() as tx:
        assert services.pricing.prices_in_force(tx, [product_id], STORE)[product_id].unit_price_minor == 299


def test_a_correction_sent_twice_counts_once(
    console: TestClient[Litestar], product_id: str, services: Services
) -> None:
    fields: dict[str, Any] = {
        "form_token": form_token(seen(console, f"/stock/{product_id}")),
        "once": "0123",
        "location_id": STORE,
        "how": "change",
        "quantity": "10",
        "reason": "receipt",
        "note": "",
    }
    for _ in range(2):
        assert console.post(f"/stock/{product_id}", data=fields).status_code == 200
    with services.db.read() as tx:
        assert services.stock.level(tx, STORE, product_id).on_hand_milli == 4000


def test_a_form_without_its_token_changes_nothing(
    console: TestClient[Litestar], product_id: str, services: Services
) -> None:
    answer = console.post(f"/products/{product_id}/price", data={"price": "9.99", "store_id": ""})
    assert answer.status_code == 403
    with services.db.read() as tx:
        assert len(services.pricing.prices(tx, product_id)) == 1


def test_an_exception_is_resolved_with_a_note(console: TestClient[Litestar], services: Services) -> None:
    with services.db.read() as tx:
        case = services.exceptions.cases(tx)[0]
    path = f"/exceptions/{case.case_id}"
    token = form_token(seen(console, path))
    silent = console.post(path, data={"form_token": token, "do": "resolve", "note": " "})
    assert "Write what was done" in silent.text
    done = console.post(path, data={"form_token": token, "do": "resolve", "note": "Told the cashier"})
    assert "Told the cashier" in done.text
    with services.db.read() as tx:
        assert services.exceptions.unresolved_count(tx) == 0


def test_a_manager_sees_only_the_own_store(client: TestClient[Litestar], product_id: str) -> None:
    logged_in(client, "Cy")
    assert "No sales yet" in seen(client, f"/takings?day={DAY}")
    assert client.get(f"/shifts/{SHIFT}").status_code == 404
    assert client.get("/receipts?store_id=03").status_code == 403
    token = form_token(seen(client, "/takings"))
    answer = client.post(
        f"/stock/{product_id}", data={"form_token": token, "location_id": STORE, "quantity": "1"}
    )
    assert answer.status_code in (400, 403)


def test_a_manager_may_not_change_prices(client: TestClient[Litestar], product_id: str) -> None:
    logged_in(client, "Bo")
    page = seen(client, f"/products/{product_id}")
    assert "Change the price" not in page
    token = form_token(page)
    assert (
        client.post(f"/products/{product_id}/price", data={"form_token": token, "price": "1"}).status_code
        == 403
    )


def test_who_is_not_logged_in_is_asked_to_and_comes_back(
    client: TestClient[Litestar], product_id: str
) -> None:
    answer = client.get("/receipts?till_id=03-1", follow_redirects=False, headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Freceipts%3Ftill_id%3D03-1"


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org", "//example.org", "/\\example.org", "javascript:1"]
)
def test_logging_in_never_leads_to_another_site(
    client: TestClient[Litestar], product_id: str, elsewhere: str
) -> None:
    fields = {"name": "Ada", "password": PASSWORD, "next": elsewhere}
    answer = client.post("/login", data=fields, follow_redirects=False)
    assert answer.headers["location"] == "/takings"


def test_a_wrong_password_is_told_without_saying_which(client: TestClient[Litestar], product_id: str) -> None:
    for name in ("Ada", "nobody"):
        answer = client.post("/login", data={"name": name, "password": "wrong"})
        assert answer.status_code == 401
        assert "The name or the password is wrong." in answer.text


def test_an_unknown_page_is_told_in_words_to_a_browser_and_as_a_problem_to_a_program(
    console: TestClient[Litestar],
) -> None:
    for path in ("/no-such-page", "/exceptions/x"):
        answer = console.get(path)
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "There is no such page." in answer.text
    program = console.get("/no-such-page", headers={"Accept": "application/json"})
    assert program.json()["code"] == "not_found"
    assert console.get("/api/v1/no-such").headers["content-type"].startswith("application/problem+json")


def test_every_page_shows_the_stores_own_time(
    console: TestClient[Litestar], product_id: str, services: Services
) -> None:
    receipts = seen(console, f"/receipts?first_day={DAY}&last_day={DAY}")
    sold_at = re.search(r"<td>(\d\d:\d\d)<br>", receipts)
    assert sold_at
    assert f"{sold_at[1]}</time>" in seen(console, f"/stock/{product_id}")
    with services.db.write() as tx:
        config = services.stores.store(tx, STORE)
        services.stores.change(tx, msgspec.structs.replace(config, utc_offset_min=-300))
        case = services.exceptions.cases(tx, store_id=STORE)[0]
    there = datetime.fromtimestamp(case.raised_at_ms / 1000, UTC) - timedelta(minutes=300)
    for path in ("/exceptions", f"/exceptions/{case.case_id}"):
        page = seen(console, path)
        assert f"{there:%Y-%m-%d %H:%M}</time>" in page
        assert " UTC" not in page


PRODUCTS = "sku,name,barcode,price\nROLL,Sourdough roll,,0.90\nBAD,,,1.00\nCAKE,Cake,,2.999\n"


def checked(console: TestClient[Litestar], content: str = PRODUCTS) -> Any:
    token = form_token(seen(console, "/import"))
    fields = {"form_token": token, "currency": "EUR"}
    return console.post("/import", data=fields, files={"file": ("new <b>.csv", content.encode())})


def test_a_file_is_checked_first_and_imported_only_when_told(
    console: TestClient[Litestar], services: Services
) -> None:
    page = checked(console)
    assert page.status_code == 200
    assert "Nothing has been changed yet." in page.text
    assert "Import 1 row, leave the bad out" in page.text
    assert "new &lt;b&gt;.csv" in page.text
    with services.db.read() as tx:
        assert services.catalogue.products(tx, "roll", None, None, 9) == []
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))
    done = console.post("/import/run", data=fields | {"currency": "EUR"})
    assert "What the import did" in done.text
    with services.db.read() as tx:
        (kept,) = services.catalogue.products(tx, "roll", None, None, 9)
        prices = services.pricing.prices_in_force(tx, [kept.product.product_id], STORE)
    assert prices[kept.product.product_id].unit_price_minor == 90
    again = console.post("/import/run", data=fields | {"currency": "EUR"})
    assert (again.status_code, "Choose it again" in again.text) == (400, True)


def test_a_file_without_its_form_or_without_anything_is_refused(console: TestClient[Litestar]) -> None:
    foreign = console.post("/import", data={"form_token": "x"}, files={"file": ("a.csv", b"sku,name\n")})
    assert foreign.status_code == 403
    assert checked(console, "").status_code == 400
    assert checked(console, "what,ever\n1,2\n").status_code in (200, 400)


def test_head_office_hires_gives_a_new_pin_and_dismisses(
    console: TestClient[Litestar], services: Services
) -> None:
    token = form_token(seen(console, "/staff"))
    person = {"form_token": token, "name": "Eva", "pin": "1111", "role": "cashier", f"store_{STORE}": "1"}
    weak = console.post("/staff", data=person)
    assert weak.status_code == 400
    assert "All digits of this PIN are the same" in weak.text
    assert "1111" not in weak.text
    assert "may log in at the till" in console.post("/staff", data=person | {"pin": "4711"}).text
    with services.db.read() as tx:
        (eva,) = services.staff.members(tx)
    path = f"/staff/{eva.staff_id}"
    assert "on its way" in console.post(path, data={"form_token": token, "do": "pin", "pin": "9043"}).text
    console.post(path, data={"form_token": token, "do": "role", "role": "senior"})
    assert "no longer" in console.post(path, data={"form_token": token, "do": "dismiss"}).text
    with services.db.read() as tx:
        kept = services.staff.member(tx, eva.staff_id)
    assert (kept.role, kept.active) == ("senior", False)


def test_a_manager_hires_for_the_own_store_only(
    client: TestClient[Litestar], services: Services, product_id: str
) -> None:
    with services.db.write() as tx:
        eva = services.staff.hire(tx, "Eva", "4711", "cashier", [STORE])
    logged_in(client, "Cy")
    page = seen(client, "/staff")
    assert "Eva" not in page
    token = form_token(page)
    person = {"form_token": token, "name": "Max", "pin": "9043", "role": "cashier", f"store_{STORE}": "1"}
    assert client.post("/staff", data=person).status_code == 403
    assert client.get(f"/staff/{eva.staff_id}").status_code == 403
    assert client.post(f"/staff/{eva.staff_id}", data={"form_token": token}).status_code in (400, 403)
    assert client.get("/import").status_code == 403
    assert client.post("/tills/03-1/code", data={"form_token": token}).status_code == 403


def test_an_enrolment_code_is_shown_once_with_what_to_type(
    console: TestClient[Litestar], services: Services
) -> None:
    token = form_token(seen(console, "/tills"))
    new = {"form_token": token, "store_id": STORE, "number": "2", "name": "Back"}
    assert "The place is there" in console.post("/tills", data=new).text
    assert console.post("/tills", data=new).status_code == 400
    page = console.post("/tills/03-2/code", data={"form_token": token}).text
    code = re.search(r"data-code>([A-Z0-9-]{14})<", page)
    assert code
    assert f"evertill-till enrol {code[1]} --server http://testserver.local" in page
    assert code[1] not in seen(console, "/tills")
