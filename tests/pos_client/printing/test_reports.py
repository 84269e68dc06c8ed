"""X and Z reports: the same figures on paper and in the PDF."""

from __future__ import annotations

import msgspec

from hardware.receipt_layout import Line, lay_out
from pos_client.printing.paper import Paper
from pos_client.printing.pdf import report_pdf
from pos_client.printing.report import Row, x_report, z_report
from shared_models.cash import Pieces, ShiftClosed, ShiftTotals, TaxTotal, TenderTotal
from shared_models.moment import Moment
from shared_models.store_config import StoreConfig

STORE = StoreConfig(store_id="03", name="Harbour Street", currency="EUR", address=("12 Harbour Street",))
AT = Moment(1_795_280_000_000, 60)
TOTALS = ShiftTotals(
    shift_id="h",
    number=312,
    opened_at_ms=1_795_244_640_000,
    sale_count=84,
    line_count=240,
    net_minor=100_000,
    tax_minor=7_000,
    gross_minor=107_000,
    discount_minor=588,
    cash_rounding_minor=-2,
    voided_line_count=3,
    voided_sale_count=1,
    float_minor=15_000,
    paid_in_minor=1_000,
    paid_out_minor=500,
    safe_drop_minor=50_000,
    no_sale_count=2,
    expected_minor=72_498,
    grand_total_minor=9_876_543,
    first_seq=100,
    last_seq=201,
    taxes=(TaxTotal("vat7", "VAT 7 %", 70_000, 100_000, 7_000),),
    tenders=(TenderTotal("cash", 84, 106_998),),
    first_receipt="03-2-K7Q-001200",
    last_receipt="03-2-K7Q-001283",
)
CLOSED = ShiftClosed(
    shift_id="h",
    number=312,
    store_id="03",
    till_id="03-2",
    operator_id="ana",
    operator_name="Ana R.",
    business_date="2026-11-21",
    currency="EUR",
    totals=TOTALS,
    counted_minor=72_400,
    over_short_minor=-98,
    pieces=(Pieces(5000, 14), Pieces(200, 12)),
    head_hash="ab" * 32,
    previous_closing_hash="cd" * 32,
    unsent=14,
    approved_by="Max B.",
)


def test_a_z_report_says_what_was_counted_and_what_is_missing() -> None:
    rows = z_report(CLOSED, STORE, AT).rows
    assert Row("Expected in drawer", "724.98", "strong") in rows
    assert Row("Counted", "724.00") in rows
    assert Row("Over / short", "-0.98", "strong") in rows
    assert Row("14 × 50.00", "700.00") in rows
    assert Row("Approved by", "Max B.") in rows
    assert Row("Entries not yet at head office", "14") in rows


def test_a_z_report_freezes_the_journal_it_speaks_of() -> None:
    rows = z_report(CLOSED, STORE, AT).rows
    assert Row("Journal entries", "100 - 201") in rows
    assert Row("Journal hash", "ab" * 32, "long") in rows
    assert Row("Closing before", "cd" * 32, "long") in rows
    assert Row("Grand total of this till", "98765.43") in rows


def test_an_x_report_is_no_closing() -> None:
    report = x_report(TOTALS, STORE, "Ana R.", AT)
    assert report.title == "X report 312"
    assert "Counted" not in [row.label for row in report.rows]
    assert Row("Cash × 84", "1069.98") in report.rows


def test_both_reports_fit_on_narrow_paper() -> None:
    for document in (Paper().x_report(TOTALS, STORE, "Ana R.", AT), Paper().z_report(CLOSED, STORE, AT)):
        text = [one.text for one in lay_out(document, 32) if isinstance(one, Line)]
        assert max(map(len, text)) <= 32
        assert any("72498" in one.replace(".", "") for one in text)


def test_a_shift_without_sales_has_a_report_too() -> None:
    quiet = msgspec.structs.replace(TOTALS, taxes=(), tenders=(), first_receipt="", cash_rounding_minor=0)
    closed = msgspec.structs.replace(
        CLOSED, totals=quiet, pieces=(), previous_closing_hash="", approved_by=""
    )
    labels = [row.label for row in z_report(closed, STORE, AT).rows]
    assert "Taxes" not in labels
    assert "Closing before" not in labels


def test_the_pdf_of_a_report_is_the_same_every_time() -> None:
    report = z_report(CLOSED, STORE, AT)
    first = report_pdf(report, STORE)
    assert first.startswith(b"%PDF")
    assert first == report_pdf(report, STORE)


def test_a_long_count_goes_on_to_another_page() -> None:
    many = msgspec.structs.replace(CLOSED, pieces=tuple(Pieces(value, 1) for value in range(1, 60)))
    assert _pages(report_pdf(z_report(many, STORE, AT), STORE)) > _pages(
        report_pdf(z_report(CLOSED, STORE, AT), STORE)
    )


def test_a_shop_name_outside_western_letters_does_not_stop_the_pdf() -> None:
    store = msgspec.structs.replace(STORE, name="Łódź 商店")
    assert report_pdf(z_report(CLOSED, store, AT), store).startswith(b"%PDF")


def _pages(pdf: bytes) -> int:
    return pdf.count(b"/Type /Page\n")
