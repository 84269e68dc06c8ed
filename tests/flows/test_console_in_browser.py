"""Head office at work in a real browser: log in, watch takings come in, drill down, change a price, resolve."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from sync_server.catalogue.service import ProductFields
from sync_server.ingest_entry import RecordedEntry
from sync_server.stock.service import Correction
from tests.flows.served_shop import ServedShop
from tests.sync_server.made_up_days import STORE, a_line, a_sale, an_entry, an_opening, store_entries

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "correct horse battery"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("there is no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


class OpenShop(ServedShop):
    """A shop in the middle of its day: two tills, some sales, one shelf that does not fit the books."""

    def open(self) -> None:
        services = self.services
        with self.db.write() as tx:
            services.accounts.create(tx, "Ada", PASSWORD, "admin")
            services.stores.add_till(tx, "03-1", STORE, "Front")
            names = (
                "Oat drink barista 1 L",
                "Sourdough roll",
                "Chardonnay Reserve 0.75 L",
                "Wool scarf, grey",
            )
            fields = [ProductFields(sku=f"A{at}", name=name) for at, name in enumerate(names)]
            self.products = [services.catalogue.create(tx, one).product for one in fields]
            self.prices = (249, 90, 899, 1992)
            prices = [(one.product_id, price) for one, price in zip(self.products, self.prices, strict=True)]
            services.pricing.set_prices(tx, prices, "Ada")
            wanted = Correction(product_id=self.products[1].product_id, location_id=STORE, counted_milli=4000)
            services.stock.correct(tx, wanted, "Ada")
        self.today = self._today()
        self.sold = 0
        for till in ("03-1", "03-2"):
            self.send(an_entry(1, an_opening(f"shift-{till}", till), till, self._at(8)))
        for hour in (9, 10, 10, 12, 13, 13, 13, 16):
            self.sell(hour, till="03-1" if hour % 2 else "03-2")

    def sell(self, hour: int, till: str = "03-1") -> int:
        """A sale of three lines; returns its total."""
        self.sold += 1
        lines = [
            a_line(
                at,
                self.products[at].product_id,
                1 + self.sold % (at + 2),
                self.prices[at],
                self.products[at].name,
            )
            for at in range(3)
        ]
        sale = a_sale(self.sold, *lines, till=till, shift=f"shift-{till}", business_date=self.today)
        self.send(an_entry(1 + self.sold, sale, till, self._at(hour) + self.sold * 60_000))
        return sale.total_minor

    def send(self, entry: RecordedEntry) -> None:
        with self.db.write() as tx:
            store_entries(tx, [entry])
        self.services.applier.drain()

    def _today(self) -> str:
        return datetime.now(UTC).date().isoformat()

    def _at(self, hour: int) -> int:
        """That hour on the clock of a shop one hour east of Greenwich, as `an_entry` says."""
        midnight = datetime.fromisoformat(self.today).replace(tzinfo=UTC)
        return int(midnight.timestamp() * 1000) + (hour - 1) * 3_600_000


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenShop]:
    shop = OpenShop(tmp_path_factory.mktemp("shop"))
    shop.open()
    shop.start()
    yield shop
    shop.close()


@pytest.fixture
def page(browser: Browser, shop: OpenShop) -> Iterator[Page]:
    """Logged in. Ends with a check that the console kept quiet and to itself."""
    port = shop.port
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{port}", viewport={"width": 1366, "height": 768}
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type != "log" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    elsewhere: list[str] = []
    page.on("request", lambda one: elsewhere.append(one.url) if f"127.0.0.1:{port}" not in one.url else None)
    page.goto("/")
    # the browser complains where somebody types before it has put the focus there
    expect(page.get_by_label("Name")).to_be_focused()
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")
    yield page
    context.close()
    # A form that was filled in wrongly comes back with 400, which the browser mentions.
    assert [one for one in complaints if "400 (Bad Request)" not in one] == []
    assert elsewhere == []


def test_a_sale_at_the_till_shows_without_a_reload(page: Page, shop: OpenShop) -> None:
    page.evaluate("window.neverReloaded = true")
    before = page.locator("[data-amount]").inner_text()
    shop.sell(17)
    expect(page.locator("[data-amount]")).not_to_have_text(before)
    expect(page.locator("[data-live-state]")).to_have_text("Live")
    expect(page.locator("[data-spoken]")).to_contain_text("Takings are now")
    assert page.evaluate("window.neverReloaded")


def test_takings_lead_down_to_the_paper_and_back_up(page: Page, shop: OpenShop) -> None:
    by_till = page.locator("section", has=page.get_by_role("heading", name="By till"))
    row = by_till.get_by_role("row").filter(has_text="03-1")
    amount = row.get_by_role("link").last.inner_text()
    row.get_by_role("link").last.click()
    expect(page.locator(".figures")).to_contain_text(amount)
    first = page.locator("tbody tr").first
    total = first.get_by_role("link").last.inner_text()
    first.get_by_role("link").first.click()
    paper = page.get_by_label("The receipt as printed")
    expect(paper).to_contain_text("Chardonnay Reserve 0.75 L")
    expect(paper.locator(".total")).to_contain_text(total.removeprefix("€ "))
    page.get_by_role("link", name=shop.today).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Today")


def test_a_bar_of_the_chart_leads_to_the_receipts_of_its_hour(page: Page, shop: OpenShop) -> None:
    page.get_by_role("link", name="13:00").first.click()
    expect(page.locator("tbody tr")).to_have_count(3)


def test_head_office_changes_a_price_and_the_tills_get_it(page: Page, shop: OpenShop) -> None:
    page.get_by_role("link", name="Products").click()
    page.keyboard.press("/")
    page.keyboard.type("scarf wool")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Wool scarf, grey").click()
    field = page.get_by_label("New price")
    field.fill("17.999")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("more decimals")
    field.fill("17.90")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("on its way")
    expect(page.locator(".figure.large")).to_contain_text("€ 17.90")
    with shop.db.read() as tx:
        heads = shop.services.feed.positions(tx, STORE)
        epoch = next(head.epoch for head in heads if head.stream == f"price/{STORE}")
        changes = shop.services.feed.page(tx, f"price/{STORE}", epoch, 0, 500).changes
    assert any(b'"unit_price_minor":1790' in change.body for change in changes)


def test_stock_is_corrected_and_the_search_stays_in_the_address(page: Page, shop: OpenShop) -> None:
    page.get_by_role("link", name="Stock").click()
    page.wait_for_url("**/stock", wait_until="load")
    page.get_by_label("Show").select_option("negative")
    expect(page).to_have_url(re.compile(r"level=negative"))
    page.get_by_role("link", name="Sourdough roll").click()
    page.get_by_label("what was counted").check()
    page.get_by_label("Quantity").fill("24")
    page.get_by_role("button", name="Correct the stock").click()
    expect(page.get_by_role("alert")).to_contain_text("in the books")
    expect(page.locator(".figure.large dd")).to_have_text("24")


def test_an_exception_leads_to_its_receipt_and_is_resolved(page: Page, shop: OpenShop) -> None:
    page.get_by_role("link", name="Exceptions").click()
    page.get_by_role("link", name="Oversell").first.click()
    expect(page.get_by_text("Sourdough roll")).to_be_visible()
    page.get_by_label("What was done").fill("Counted the shelf again")
    page.get_by_role("button", name="Resolve").click()
    expect(page.get_by_text("Counted the shelf again")).to_be_visible()
    page.get_by_role("link", name="Exceptions").click()
    expect(page.get_by_text("Nothing waits for a person.")).to_be_visible()


@pytest.mark.parametrize("width", [1366, 360])
def test_no_page_is_wider_than_the_screen(page: Page, shop: OpenShop, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    with shop.db.write() as tx:  # so that the count of what waits stands in the navigation
        shop.services.exceptions.raise_(tx, "oversell", ["store:03"], "One is waiting.")
    product, entry = shop.products[0].product_id, an_entry(2, an_opening(), "03-1").event_id.hex()
    paths = ["/takings", "/receipts", "/shifts", "/shifts/shift-03-1", "/stock", f"/stock/{product}"]
    paths += ["/products", f"/products/{product}", "/exceptions?state=resolved", "/tills"]
    paths += [f"/receipts/{entry}"] if page.request.get(f"/receipts/{entry}").ok else []
    for path in paths:
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        _shoot(page, f"{width}-{path.strip('/').replace('/', '-').partition('?')[0][:24]}")


def test_the_takings_can_be_read_in_the_dark(page: Page) -> None:
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(15, 18, 20)")
    _shoot(page, "1366-takings-dark")


def _shoot(page: Page, name: str) -> None:
    """For looking at: only where a folder for pictures is named."""
    if folder := os.environ.get("EVERTILL_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"console-{name}.png"), full_page=True)
