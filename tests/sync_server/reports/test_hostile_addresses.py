"""Addresses and bodies that nobody's shop needs: answered in words, on both databases."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

Client = TestClient[Litestar]


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/products?q=%00",
        "/api/v1/sales?receipt=%00",
        "/api/v1/products/%00",
        "/api/v1/sales?cursor=zz",
        "/api/v1/sales?hour=abc",
        "/api/v1/exceptions/99999999999999999999999",
        "/receipts?receipt=%00",
        "/takings?day=yesterday",
        "/takings?by=weather",
        "/exceptions/99999999999999999999999",
        "/receipts/not-hex",
    ],
)
def test_a_hostile_address_is_refused_and_breaks_nothing(office: Client, path: str) -> None:
    assert office.get(path).status_code in (400, 404)


def test_a_nul_in_a_body_is_refused_and_a_backslash_is_not(office: Client) -> None:
    nul = b'{"product_id": "p1", "location_id": "03", "change_milli": 1, "note": "a\\u0000b"}'
    assert office.post("/api/v1/stock/corrections", content=nul).status_code == 400
    fine = b'{"product_id": "p1", "location_id": "03", "change_milli": 1, "note": "a\\\\u0000b"}'
    assert office.post("/api/v1/stock/corrections", content=fine).status_code == 201
