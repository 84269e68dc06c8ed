"""Head office sets a shop up in a real browser: products from a file, staff with PINs, a code for a till."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import Page, expect

from pos_client.unsent_export import export_unsent
from shared_models.enrolment_uri import enrolment_uri
from shared_models.outbox_file import OutboxHead
from tests.flows.real_till import RealTill
from tests.flows.test_console_in_browser import (  # noqa: F401 - fixtures of these tests too
    OpenShop,
    _shoot,
    browser,
    page,
    shop,
)
from tests.flows.test_lost_and_copied_journals import copy_of, put_back
from tests.sync_server.made_up_days import STORE, a_line, a_sale, an_entry

pytestmark = [pytest.mark.browser, pytest.mark.slow]
WIDTHS = (1366, 360)
ROWS = """sku,name,barcode,price,category
LEMON,Lemon curd 320 g,4006381333931,3.49,Spreads
PLUM,,,2.10,Spreads
FIG,Fig chutney 180 g,12345,4.25,Spreads
QUINCE,Quince jelly 250 g,,3.999,Spreads
"""


@pytest.fixture
def product_file(tmp_path: Path) -> Path:
    path = tmp_path / "spring-products.csv"
    path.write_text(ROWS)
    return path


def shown_at_both_widths(page: Page, name: str) -> None:  # noqa: F811
    """The page as it stands, without loading it again: a code is shown only once."""
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 768})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
        _shoot(page, f"{width}-{name}")
    page.set_viewport_size({"width": WIDTHS[0], "height": 768})


def test_a_file_shows_its_bad_rows_before_anything_changes(
    page: Page,  # noqa: F811
    shop: OpenShop,  # noqa: F811
    product_file: Path,
) -> None:
    page.get_by_role("link", name="Products").click()
    page.get_by_role("link", name="Import a file").click()
    page.get_by_label("CSV file").set_input_files(product_file)
    shown_at_both_widths(page, "import-empty")
    page.get_by_role("button", name="Check the file").click()
    expect(page.get_by_text("Nothing has been changed yet.")).to_be_visible()
    bad = page.locator("section", has=page.get_by_role("heading", name="Bad rows")).locator("tbody tr")
    expect(bad.first).to_contain_text("3")
    shown_at_both_widths(page, "import-checked")
    page.get_by_role("button", name=re.compile("^Import 2 rows")).click()
    expect(page.get_by_role("alert")).to_contain_text("on their way to the tills")
    shown_at_both_widths(page, "import-done")
    page.goto("/products?q=lemon")
    expect(page.locator("tbody")).to_contain_text("€ 3.49")


def test_somebody_is_taken_on_gets_another_pin_and_leaves(page: Page, shop: OpenShop) -> None:  # noqa: F811
    page.get_by_role("link", name="Staff").click()
    page.get_by_label("Name").fill("Eva Lindqvist")
    page.get_by_label("PIN").fill("1234")
    page.get_by_label("Role").select_option("senior")
    page.get_by_role("button", name="Take on").click()
    expect(page.get_by_role("alert")).to_contain_text("easy to guess")
    expect(page.get_by_label("Name")).to_have_value("Eva Lindqvist")
    expect(page.get_by_label("PIN")).to_have_value("")
    page.get_by_label("PIN").fill("4711")
    page.get_by_role("button", name="Take on").click()
    expect(page.get_by_role("alert")).to_contain_text("may log in")
    shown_at_both_widths(page, "staff")
    page.get_by_role("link", name="Eva Lindqvist").click()
    shown_at_both_widths(page, "staff-member")
    page.get_by_label("PIN").fill("9043")
    page.get_by_role("button", name="Set the new PIN").click()
    expect(page.get_by_role("alert")).to_contain_text("new PIN")
    page.get_by_label("Eva Lindqvist leaves").check()
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("alert")).to_contain_text("no longer log in")
    with shop.db.read() as tx:
        assert [one.active for one in shop.services.staff.members(tx, STORE)] == [False]


def test_a_new_till_gets_a_code_that_is_shown_once(page: Page, shop: OpenShop) -> None:  # noqa: F811
    page.get_by_role("link", name="Tills").click()
    page.get_by_label("Number in the store").fill("7")
    page.get_by_label("Name").fill("Garden")
    page.get_by_role("button", name="Add").click()
    expect(page.get_by_role("alert")).to_contain_text("The place is there")
    shown_at_both_widths(page, "tills")
    page.get_by_role("row").filter(has_text="Garden").get_by_role("button").click()
    code = page.locator("[data-code]").inner_text()
    assert re.fullmatch(r"\w{4}-\w{4}-\w{4}", code)
    expect(page.locator(".typed")).to_have_text(
        f"evertill-till enrol {code} --server http://127.0.0.1:{shop.port}"
    )
    picture = Image.open(io.BytesIO(page.locator("[data-qr]").screenshot()))
    (scanned,) = zxingcpp.read_barcodes(picture)
    assert scanned.text == enrolment_uri(f"http://127.0.0.1:{shop.port}", code)
    shown_at_both_widths(page, "till-code")
    product = shop.products[1].product_id
    page.goto(f"/stock/{product}")
    shown_at_both_widths(page, "stock-product")
    page.goto("/tills")
    expect(page.get_by_text(code)).to_have_count(0)


def test_a_tills_sales_are_brought_on_a_stick(page: Page, shop: OpenShop, tmp_path: Path) -> None:  # noqa: F811
    till = RealTill(tmp_path / "till", f"http://127.0.0.1:{shop.port}")
    till.enrol(shop.code())
    till.sell(3)
    till.close()
    head = OutboxHead(device_id=till.identity.device_id, till_id="03-2", store_id=STORE, made_at_ms=1)
    file = tmp_path / "till.outbox"
    export_unsent(
        [till.folder / "till.db"], None, file, "AAAABBBBCCCCDDDD", bytes(16), head, everything=False
    )
    page.get_by_role("link", name="Tills").click()
    page.get_by_role("link", name="Bring a till's file").click()
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("Its code").fill("AAAA-BBBB-CCCC-EEEE")
    page.get_by_role("button", name="Take it in").click()
    expect(page.get_by_role("alert")).to_contain_text("The code does not fit to this file")
    page.get_by_label("File").set_input_files(file)
    page.get_by_label("Its code").fill("aaaa bbbb cccc dddd")
    page.get_by_role("button", name="Take it in").click()
    expect(page.get_by_role("alert")).to_contain_text("Taken in")
    expect(page.locator(".figures")).to_contain_text("3")
    shown_at_both_widths(page, "till-file")


@pytest.mark.expects_log
def test_head_office_sees_what_became_of_a_till_that_was_put_back_from_a_copy(
    page: Page,  # noqa: F811
    shop: OpenShop,  # noqa: F811
    tmp_path: Path,
) -> None:
    till = RealTill(tmp_path / "till", f"http://127.0.0.1:{shop.port}")
    till.enrol(shop.code())
    till.sell(5)
    till.start()
    till.wait_until_all_is_sent()
    copy = copy_of(till, tmp_path)
    till.sell(4)
    till.start()
    till.wait_until_all_is_sent()
    put_back(till, copy, with_anchor=True)
    till.sell(3)
    till.start()
    till.wait(lambda: len(till.books.segments()) == 2)
    till.wait_until_all_is_sent()
    series = till.books.next_receipt_number().split("-")[2]
    till.close()
    shop.services.applier.drain()
    page.get_by_role("link", name="Tills").click()
    page.get_by_role("link", name="03-2").click()
    journal = page.locator("section", has=page.get_by_role("heading", name="Its journal"))
    expect(journal.locator("tbody tr").first).to_contain_text(f"{series}-…")
    expect(journal.locator("tbody tr").first).to_contain_text("now")
    expect(journal).to_contain_text("a copy was put back, or two machines ran as this till")
    expect(journal).to_contain_text("3 entries came again and count once")
    waiting = page.locator("section", has=page.get_by_role("heading", name="What waits for a person"))
    expect(waiting).to_contain_text("Receipt number twice")
    shown_at_both_widths(page, "till-put-back")
    waiting.get_by_role("link", name="Journal restarted").click()
    expect(page.locator("main")).to_contain_text("every sale that arrived counts once")
    shown_at_both_widths(page, "journal-restarted")


@pytest.mark.expects_log
def test_an_entry_that_can_never_be_booked_is_set_aside_by_somebody_who_says_why(
    page: Page,  # noqa: F811
    shop: OpenShop,  # noqa: F811
) -> None:
    line = a_line(1, shop.products[0].product_id, 1000, 249, "Oat drink barista 1 L")
    broken = a_sale(901, line, currency="ZZZ", business_date=shop.today)
    shop.send(an_entry(901, broken))
    page.goto("/exceptions")
    page.locator("tbody").get_by_role("link", name="Quarantined").first.click()
    expect(page.locator("main")).to_contain_text("under Unclassified, until it is booked or set aside")
    expect(page.locator("main")).to_contain_text("1 sale that can't be read")
    shown_at_both_widths(page, "entry-in-quarantine")
    form = page.locator("form", has=page.get_by_role("heading", name="Set the entry aside"))
    form.get_by_role("button").click()
    expect(form.get_by_role("textbox")).to_be_focused()
    form.get_by_role("textbox").fill("Typed on a test till in the back office.")
    form.get_by_role("button").click()
    expect(page.locator("main")).to_contain_text("Typed on a test till in the back office.")
    expect(page.locator("main")).to_contain_text("Ada")
    expect(page.locator("main")).not_to_contain_text("under Unclassified, until")
    shown_at_both_widths(page, "entry-set-aside")
