"""The API's OpenAPI document: what the framework can't see of the routes is put in here.

Bodies are read strictly by the routes themselves, so what they read is listed here; refusals are problem documents
everywhere.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from shared_models.catalogue import Category
from shared_models.store_config import StoreConfig
from shared_models.sync_api import MEDIA_TYPE
from sync_server.accounts.routes import LogIn, NewAccount
from sync_server.catalogue.service import ProductFields
from sync_server.closings.routes import CloseRequest
from sync_server.errors import PROBLEM, Problem
from sync_server.exceptions.routes import Assign, Note
from sync_server.hubs.routes import HubCodeFor
from sync_server.ingest.routes import SetAside
from sync_server.labels.routes import AskedLabels
from sync_server.leases.corrections import ValueCorrection
from sync_server.pricing.promotions import NewPromotion
from sync_server.pricing.routes import NewPrice
from sync_server.pricing.service import KeptTaxCategory
from sync_server.staff.routes import NewPin, NewRole, NewStaff
from sync_server.stock.service import Correction
from sync_server.stores.routes import NewTill
from sync_server.tills.routes import CodeFor

BODIES: dict[tuple[str, str], type[msgspec.Struct]] = {
    ("post", "/api/v1/auth/login"): LogIn,
    ("post", "/api/v1/accounts"): NewAccount,
    ("post", "/api/v1/stores"): StoreConfig,
    ("put", "/api/v1/stores/{store_id}"): StoreConfig,
    ("post", "/api/v1/stores/{store_id}/tills"): NewTill,
    ("post", "/api/v1/closings"): CloseRequest,
    ("post", "/api/v1/products"): ProductFields,
    ("put", "/api/v1/products/{product_id}"): ProductFields,
    ("put", "/api/v1/categories/{category_id}"): Category,
    ("post", "/api/v1/prices"): NewPrice,
    ("post", "/api/v1/labels"): AskedLabels,
    ("put", "/api/v1/tax-categories/{tax_category_id}"): KeptTaxCategory,
    ("post", "/api/v1/promotions"): NewPromotion,
    ("post", "/api/v1/staff"): NewStaff,
    ("post", "/api/v1/staff/{staff_id}/pin"): NewPin,
    ("post", "/api/v1/staff/{staff_id}/role"): NewRole,
    ("post", "/api/v1/stock/corrections"): Correction,
    ("post", "/api/v1/value/corrections"): ValueCorrection,
    ("post", "/api/v1/exceptions/{case_id}/assign"): Assign,
    ("post", "/api/v1/exceptions/{case_id}/resolve"): Note,
    ("post", "/api/v1/exceptions/{case_id}/reopen"): Note,
    ("post", "/api/v1/quarantine/{quarantine_id}/set-aside"): SetAside,
    ("post", "/api/v1/tills/enrol-codes"): CodeFor,
    ("post", "/api/v1/hubs/enrol-codes"): HubCodeFor,
}
OTHER_BODIES = {("post", "/api/v1/products/import"): "text/csv"}
_MESSAGES = (
    "/sync/enrol", "/sync/token", "/sync/hello", "/sync/push", "/sync/evidence", "/sync/evidence/piece",
    "/sync/hub/enrol", "/sync/hub/token", "/sync/hub/hello", "/sync/hub/push",
)  # fmt: skip
_REFUSALS = {
    "400": "What was sent is not what is asked for",
    "401": "Nobody is logged in, or the log-in has run out",
    "403": "The account may not do this",
    "404": "There is no such thing",
    "409": "It was changed meanwhile, or is there already",
    "413": "The body is too large",
    "429": "Too many tries; Retry-After says how long to wait",
    "500": "A bug; the log has the rest",
    "503": "The database is busy or out of reach; come again",
}
_REF = "#/components/schemas/{name}"


class Description(JsonRenderPlugin):
    """Renders the document with bodies and refusals; built when it is first asked for."""

    def __init__(self) -> None:
        super().__init__(path="/openapi.json")
        self._described: dict[str, Any] | None = None

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        if self._described is None:
            self._described = described(openapi_schema)
        return super().render(request, self._described)


def described(document: dict[str, Any]) -> dict[str, Any]:
    """The framework's document, completed. Changes nothing of what it is given."""
    document = msgspec.json.decode(msgspec.json.encode(document))
    _, components = msgspec.json.schema_components([*BODIES.values(), Problem], ref_template=_REF)
    document["components"]["schemas"] |= components
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            _add_body(operation, method, path)
            _add_refusals(operation)
    return document


def _add_body(operation: dict[str, Any], method: str, path: str) -> None:
    media: dict[str, Any] = {}
    if kind := BODIES.get((method, path)):
        media = {"application/json": {"schema": {"$ref": _REF.format(name=kind.__name__)}}}
    elif raw := OTHER_BODIES.get((method, path)):
        media = {raw: {"schema": {"type": "string", "format": "binary"}}}
    elif path in _MESSAGES:
        media = {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}
    if media:
        operation["requestBody"] = {"required": True, "content": media}


def _add_refusals(operation: dict[str, Any]) -> None:
    problem = {PROBLEM: {"schema": {"$ref": _REF.format(name="Problem")}}}
    for status, meaning in _REFUSALS.items():
        operation["responses"][status] = {"description": meaning, "content": problem}
