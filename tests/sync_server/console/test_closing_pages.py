"""Head office looks at closings and daily roots, over HTTP, without a browser."""

from __future__ import annotations

import re
from hashlib import sha256
from html import unescape

import msgspec
import pytest
from litestar import Litestar

from shared_models import wire
from sync_server.database import Database
from tests.sync_server.a_till import Client
from tests.sync_server.closings.closing_shop import ClosingShop, at_ms
from tests.sync_server.conftest import PASSWORD, Clock
from tests.sync_server.console.test_pages import form_token, logged_in, seen
from tests.sync_server.leases.lending_shop import refunded


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


@pytest.fixture
def shop(app: Litestar, database: Database, client: Client, clock: Clock) -> ClosingShop:
    shop = ClosingShop(app, database, client, clock)
    with database.write() as tx:
        fair = msgspec.structs.replace(shop.services.stores.store(tx, "03"), store_id="99", name="Fair")
        shop.services.stores.create(tx, fair)
        for name, role, store in (("Ada", "admin", None), ("Mo", "manager", "03"), ("Max", "manager", "99")):
            app.state.services.accounts.create(tx, name, PASSWORD, role, store)
    return shop


@pytest.fixture
def console(shop: ClosingShop, client: Client) -> Client:
    """A day with a refund and an unbookable sale, a quiet day, and a late sale."""
    sale = shop.sell("2026-11-29", 1190)
    shop.refund(sale, "2026-11-29")
    shop.sell("2026-11-29", 77, currency="QQQ")
    shop.night_after("2026-11-30")
    shop.sell("2026-11-29", 238, till=2)
    shop.night_after("2026-12-01")
    return logged_in(client, "Ada")


NOISE = b"\0 nobody can read this"


def words_of(page: str) -> str:
    """As a person reads them."""
    return " ".join(unescape(re.sub("<[^>]*>", " ", page)).split())


def links(page: str, pattern: str) -> list[str]:
    return re.findall(rf'href="({pattern})"', page)


def test_closings_are_listed_with_how_they_stand_and_each_opens(console: Client) -> None:
    page = seen(console, "/closings")
    assert page.count("closed</span>") == 1
    assert page.count("amended<span") == page.count("amends<span") == 2
    assert "no sale" in page
    for path in links(page, r"/closings/\d+"):
        assert "Grand total" in seen(console, path) or "Nothing was sold" in seen(console, path)
    assert "2026-11<" in seen(console, "/closings?tab=months")
    assert "03-2" in seen(console, "/closings?tab=tills")
    assert "No closings here yet" in seen(console, "/closings?tab=years")


def test_a_closing_shows_its_figures_and_leads_to_what_came_in_its_place(console: Client) -> None:
    tills = seen(console, "/closings?tab=tills&period=2026-11-29")
    first = seen(console, links(tills, r"/closings/\d+")[-1])
    assert "11.90" in first
    assert "1 sale could not be booked" in first
    days = links(seen(console, "/closings?period=2026-11-29"), r"/closings/\d+")
    amending, amended = seen(console, days[0]), seen(console, days[-1])
    assert "come in place of" in amending
    assert "14.28" in amending
    assert "stays as it was signed" in amended
    assert days[0] in links(amended, r"/closings/\d+")
    for path in links(amending + amended, r"/[^\"]*"):
        if not path.startswith("/static"):
            assert console.get(path).status_code == 200, path


def test_a_closing_says_in_words_what_came_raw_and_what_went_back_in_no_figure(
    shop: ClosingShop, client: Client
) -> None:
    till = shop.till(1)
    sale = shop.sell("2026-11-29", 1190)
    for fact in (sale, refunded(sale, (1, 1, 0), business_date="2026-11-29")):
        till.record(msgspec.structs.replace(fact, total_minor=3050))
    till.send_raw(wire.pack(till.batch(2, 3)))
    till.record_bytes("refund.posted", b"[]")
    till.send_raw(wire.pack(till.batch(2, 2)))
    till.send_raw(NOISE)
    shop.night_after("2026-11-29")
    console = logged_in(client, "Ada")
    pages = [
        seen(console, links(seen(console, f"/closings?tab={tab}"), r"/closings/\d+")[0])
        for tab in ("tills", "days")
    ]
    for page in pages:
        assert "1 sale could not be booked when this was closed, € 30.50 in all" in words_of(page)
        assert "1 refund could not be booked when this was closed, € 30.50 in all" in words_of(page)
        assert (
            "1 sale could not be booked when this was closed, and what it comes to can't be read"
            in words_of(page)
        )
    of_till = words_of(pages[0])
    assert f"one that nobody can read {sha256(NOISE).hexdigest()[:8]}" in of_till
    assert "Came raw, in no journal" in of_till
    assert "1 refund, € 30.50" in of_till
    assert "entry 2, kept raw" in of_till
    assert "Came raw" not in words_of(pages[1])


def test_head_office_closes_today_by_hand_and_is_told_what_was_made(
    shop: ClosingShop, client: Client
) -> None:
    shop.sell("2026-11-21", 119)
    shop.clock.now = at_ms("2026-11-21 18:00")
    console = logged_in(client, "Ada")
    token = form_token(seen(console, "/closings"))
    asked = {"form_token": token, "store_id": "03", "day": "2026-11-21"}
    assert "2 closings were made." in console.post("/closings", data=asked).text
    assert "Everything was closed already" in console.post("/closings", data=asked).text
    ahead = console.post("/closings", data=asked | {"day": "2026-11-30"})
    assert (ahead.status_code, "A day that can be closed is 2026-11-21 or before" in ahead.text) == (
        400,
        True,
    )


def test_a_daily_root_is_shown_and_can_be_taken_as_a_text(console: Client) -> None:
    (newest, *_) = links(seen(console, "/roots"), r"/roots/[\d-]+")
    page = seen(console, newest)
    (text,) = links(page, r"/api/v1/roots/[^\"]+")
    kept = console.get(text).text
    root = kept.rpartition("--root ")[2].split()[0]
    assert root in page


def test_a_manager_sees_his_stores_closings_and_neither_roots_nor_the_button(
    console: Client, client: Client
) -> None:
    path = links(seen(console, "/closings"), r"/closings/\d+")[0]
    own = seen(logged_in(client, "Mo"), "/closings")
    assert path in own
    assert "Close days now" not in own
    assert "/roots" not in own
    assert client.get("/roots").status_code == 403
    other = logged_in(client, "Max")
    assert path not in seen(other, "/closings")
    assert other.get(path).status_code == 404
