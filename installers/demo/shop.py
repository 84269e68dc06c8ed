"""The demo's shop: what head office sets up before the doors open."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from installers.demo.head_office import HeadOffice

DATA = Path(__file__).parent / "data"
STORE_ID = "03"
TILLS = ("03-1", "03-2")
CURRENCY = "GBP"
ACCOUNT = ("office", "harbour-demo-2026")
"""Name and password of head office in the demo; a demo's data never leaves its machine."""

STAFF = (
    ("Ana R.", "2749", "senior"),
    ("Ben K.", "5163", "cashier"),
    ("Chidi O.", "3906", "cashier"),
    ("Maria L.", "8417", "manager"),
)
PRODUCT_FILES = ("counter.csv", "groceries.csv", "gifts.csv")
BROKEN_ROWS = (
    b"sku,name,price,barcode\n"
    b"X1,Biscuits with a wrong check digit,1.20,4006381333932\n"
    b"X2,,2.00,\n"
    b"X3,Jam with a price of three decimals,1.999,\n"
    b"X4,Good crackers,1.10,\n"
)
VAT = {
    "standard": (
        "Standard rate",
        [{"tax_id": "vat20", "name": "VAT 20 %", "rate_ppm": 200_000, "included": True}],
    ),
    "zero": ("Zero rate", [{"tax_id": "vat0", "name": "VAT 0 %", "rate_ppm": 0, "included": True}]),
}
COLOURS = {
    "Counter": "#5c6670",
    "Bakery": "#b54708",
    "Fruit and vegetables": "#0b6e4f",
    "Drinks": "#1757d1",
    "Dairy": "#0e7490",
    "Sweets": "#c11574",
    "Meat and fish": "#b42318",
    "Larder": "#854d0e",
    "Gifts": "#6e3fc3",
    "Paper": "#4338ca",
    "Home": "#9a3412",
    "Kitchen": "#15803d",
    "Bags": "#a21caf",
    "Clothing": "#334155",
}
FAVOURITES = (*(f"C{number:02d}" for number in range(1, 21)), "TEE", "K01")
GIFTS = ("85123A", "22423", "47566", "84879", "22720", "22197", "21212", "22383", "20725", "22457")


def open_shop(office: HeadOffice) -> list[dict[str, Any]]:
    """Store, tills, taxes, products, prices, staff; returns the reports of the product imports."""
    office.open_store(store_settings(()))
    for till_id in TILLS:
        office.add_till(STORE_ID, till_id)
    for tax_category_id, (name, taxes) in VAT.items():
        office.set_taxes(tax_category_id, name, taxes)
    reports = [office.import_products((DATA / name).read_bytes(), CURRENCY) for name in PRODUCT_FILES]
    reports.append(office.import_products(BROKEN_ROWS, CURRENCY))
    for position, (name, colour) in enumerate(COLOURS.items()):
        office.set_category(name, position, colour)
    for name, pin, role in STAFF:
        office.hire(name, pin, role, STORE_ID)
    pages = (("Favourites", FAVOURITES), ("Gifts", GIFTS))
    office.change_store(
        store_settings(
            tuple(
                {"name": name, "product_ids": [office.product(sku)["product_id"] for sku in skus]}
                for name, skus in pages
            )
        )
    )
    return reports


def store_settings(quick_keys: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {
        "store_id": STORE_ID,
        "name": "Harbour Street",
        "currency": CURRENCY,
        "address": ["Harbour Street 14", "Whitby YO21 3PU"],
        "tax_number": "VAT GB 999 9999 73",
        "rounding_policy": "per_line",
        "cash_rounding_minor": 1,
        "variance_limit_minor": 500,
        "opening_float_minor": 15000,
        "logo_text": "CORNER SHOP",
        "receipt_footer": "Thank you. Goods can be returned within 28 days with this receipt.",
        "embedded_rules": [
            {"prefix": "21", "item_digits": 5, "value_digits": 5, "value_kind": "weight", "decimals": 3}
        ],
        "quick_keys": list(quick_keys),
        "paid_reasons": ["Window cleaner", "Stamps", "Change from the bank"],
    }
