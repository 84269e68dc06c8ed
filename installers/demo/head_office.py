"""Head office in the demo: a client of the server's web API, as any other program would be."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import httpx

_TIMEOUT_S = 60.0


class HeadOffice:
    """Logged in from the start; every method is one request and raises `httpx.HTTPStatusError` when it is refused."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=_TIMEOUT_S)
        self._name, self._password = name, password
        self._log_in()

    def __enter__(self) -> HeadOffice:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def open_store(self, settings: dict[str, Any]) -> None:
        self._send("POST", "/api/v1/stores", json=settings)

    def change_store(self, settings: dict[str, Any]) -> None:
        self._send("PUT", f"/api/v1/stores/{settings['store_id']}", json=settings)

    def add_till(self, store_id: str, till_id: str) -> None:
        self._send("POST", f"/api/v1/stores/{store_id}/tills", json={"till_id": till_id})

    def enrolment_code(self, till_id: str) -> str:
        return str(self._send("POST", "/api/v1/tills/enrol-codes", json={"till_id": till_id})["code"])

    def set_taxes(self, tax_category_id: str, name: str, taxes: list[dict[str, Any]]) -> None:
        body = {"tax_category_id": tax_category_id, "name": name, "taxes": taxes}
        self._send("PUT", f"/api/v1/tax-categories/{tax_category_id}", json=body)

    def import_products(self, csv_file: bytes, currency: str) -> dict[str, Any]:
        """The import's report: rows, created, bad_count, bad."""
        report: dict[str, Any] = self._send(
            "POST", "/api/v1/products/import", params={"currency": currency}, content=csv_file
        )
        return report

    def set_category(self, name: str, position: int, colour: str) -> None:
        """Place and colour of the category with this name."""
        found = next(row for row in self._send("GET", "/api/v1/categories") if row["name"] == name)
        wanted = found | {"position": position, "colour": colour}
        self._send("PUT", f"/api/v1/categories/{found['category_id']}", json=wanted)

    def hire(self, name: str, pin: str, role: str, store_id: str) -> None:
        body = {"name": name, "pin": pin, "role": role, "store_ids": [store_id]}
        self._send("POST", "/api/v1/staff", json=body)

    def product(self, sku: str) -> dict[str, Any]:
        """The product with exactly this SKU."""
        rows = self._send("GET", "/api/v1/products", params={"q": sku, "limit": 100})["rows"]
        return next(row["product"] for row in rows if row["product"]["sku"] == sku)

    def change_price(self, product_id: str, unit_price_minor: int) -> None:
        body = {"product_id": product_id, "unit_price_minor": unit_price_minor}
        self._send("POST", "/api/v1/prices", json=body)

    def correct_stock(self, product_id: str, store_id: str, *, counted: int) -> None:
        body = {
            "product_id": product_id,
            "location_id": store_id,
            "counted_milli": counted * 1000,
            "reason": "correction",
            "note": "counted on the shelf",
        }
        self._send("POST", "/api/v1/stock/corrections", json=body)

    def on_hand_milli(self, product_id: str, store_id: str) -> int:
        params = {"location_id": store_id, "product_id": product_id}
        rows = self._send("GET", "/api/v1/stock", params=params)["rows"]
        return int(rows[0]["on_hand_milli"]) if rows else 0

    def takings(self, store_id: str) -> dict[str, Any]:
        params = {"by": "till", "store_id": store_id}
        found: dict[str, Any] = self._send("GET", "/api/v1/reports/takings", params=params)["takings"]
        return found

    def store(self, store_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self._send("GET", f"/api/v1/stores/{store_id}")
        return found

    def last_shift(self, store_id: str) -> str:
        """The id of the shift that was opened last."""
        rows = self._send("GET", "/api/v1/shifts", params={"store_id": store_id})["rows"]
        return str(rows[0]["shift_id"])

    def shift_report(self, shift_id: str) -> dict[str, Any]:
        report: dict[str, Any] = self._send("GET", f"/api/v1/reports/shifts/{shift_id}")
        return report

    def receipt_numbers(self, store_id: str) -> set[str]:
        """Of all sales that the server knows."""
        numbers: set[str] = set()
        params: dict[str, Any] = {"store_id": store_id, "limit": 100}
        while True:
            page = self._send("GET", "/api/v1/sales", params=params)
            numbers |= {row["receipt_number"] for row in page["rows"]}
            if not page["next"]:
                return numbers
            params["cursor"] = page["next"]

    def open_exceptions(self) -> list[dict[str, Any]]:
        return list(self._send("GET", "/api/v1/exceptions", params={"state": "open"})["rows"])

    def _log_in(self) -> None:
        answer = self._client.post(
            "/api/v1/auth/login", json={"name": self._name, "password": self._password}
        )
        answer.raise_for_status()
        self._client.headers["Authorization"] = f"Bearer {answer.json()['token']}"

    def _send(self, method: str, path: str, **body: Any) -> Any:
        answer = self._client.request(method, path, **body)
        if answer.status_code == httpx.codes.UNAUTHORIZED:  # the token of a long demo has run out
            self._log_in()
            answer = self._client.request(method, path, **body)
        answer.raise_for_status()
        return answer.json() if answer.content else {}
