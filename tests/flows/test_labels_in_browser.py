"""Head office prints labels in a real browser: what changed, how many of each, and what comes out."""

from __future__ import annotations

from pathlib import Path

import pytest
import zxingcpp
from playwright.sync_api import Page, expect

from hardware.labels.zpl_paper import printed
from sync_server.catalogue.service import ProductFields
from tests.flows.test_console_in_browser import (  # noqa: F401 - fixtures of these tests too
    OpenShop,
    browser,
    page,
    shop,
)
from tests.flows.test_console_pages_in_browser import shown_at_both_widths
from tests.shared_models.labels.reading import PDFTOPPM, pages, text_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]
HONEY = "4006381333931"


@pytest.mark.skipif(PDFTOPPM is None, reason="needs pdftoppm")
def test_labels_of_changed_prices_are_chosen_and_printed(
    page: Page,  # noqa: F811
    shop: OpenShop,  # noqa: F811
    tmp_path: Path,
) -> None:
    with shop.db.write() as tx:
        honey = shop.services.catalogue.create(
            tx, ProductFields(sku="HONEY", name="Forest honey 500 g", barcodes=(HONEY,))
        )
        shop.services.pricing.change_price(tx, honey.product.product_id, 649, changed_by="Ada")
    page.get_by_role("link", name="Products").click()
    page.get_by_role("link", name="Labels", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(5)
    shown_at_both_widths(page, "labels")
    for field in page.locator("tbody").get_by_role("spinbutton").all():
        field.fill("0")
    page.get_by_label("Labels of Forest honey 500 g").fill("2")
    with page.expect_download() as download:
        page.get_by_role("button", name="PDF sheets").click()
    pdf = Path(download.value.path()).read_bytes()
    assert "Forest honey 500 g" in text_of(pdf, tmp_path)
    [sheet] = pages(pdf, tmp_path)
    assert [found.text for found in zxingcpp.read_barcodes(sheet)] == [HONEY, HONEY]
    with page.expect_download() as download:
        page.get_by_role("button", name="ZPL file").click()
    assert [one.codes for one in printed(Path(download.value.path()).read_bytes())] == [[HONEY], [HONEY]]


def test_labels_of_any_product_are_found_by_its_name(page: Page, shop: OpenShop) -> None:  # noqa: F811
    page.goto("/labels")
    page.get_by_label("Or any product").fill("scarf")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("Labels of Wool scarf").fill("0")
    page.get_by_role("button", name="PDF sheets").click()
    expect(page.get_by_role("alert")).to_contain_text("No label is chosen")
    expect(page.get_by_label("Labels of Wool scarf")).to_have_value("0")
