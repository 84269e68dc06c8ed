"""The API's own description is complete, and what it describes never breaks, whatever is sent."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from litestar import Litestar
from litestar.testing import TestClient

from shared_models.store_config import StoreConfig
from sync_server.api_description import BODIES, OTHER_BODIES
from sync_server.catalogue.service import ProductFields
from sync_server.database import Database
from tests.effort import examples, one_in

Client = TestClient[Litestar]
VERBS = ("get", "post", "put", "delete")
EXAMPLES = examples(4)
BOUNDED = settings(
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def described(client: Client) -> dict[str, Any]:
    answer = client.get("/schema/openapi.json")
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


@pytest.fixture
def office_with_a_shop(office: Client, app: Litestar, database: Database) -> Client:
    services = app.state.services
    with database.write() as tx:
        services.stores.create(tx, StoreConfig(store_id="03", name="Corner", currency="EUR"))
        services.stores.add_till(tx, "03-1", "03", "")
        services.catalogue.create(tx, ProductFields(sku="TEA", name="Green tea"))
    return office


def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (verb, path, operation)
        for path, verbs in described["paths"].items()
        for verb, operation in verbs.items()
        if verb in VERBS
    ]


def test_the_description_is_openapi_3_1_and_tells_every_route_in_words(described: dict[str, Any]) -> None:
    assert described["openapi"].startswith("3.1")
    assert len(operations(described)) > 50
    for verb, path, operation in operations(described):
        summary = operation.get("summary", "")
        assert " " in summary, f"{verb} {path} has no summary in words but {summary!r}"


def test_every_refusal_is_described_as_a_problem_document(described: dict[str, Any]) -> None:
    for verb, path, operation in operations(described):
        for status in ("400", "401", "403", "404", "409", "429", "500"):
            answer = operation["responses"][status]
            assert "application/problem+json" in answer["content"], f"{verb} {path} {status}"
    problem = described["components"]["schemas"]["Problem"]
    assert {"type", "title", "status", "detail", "code"} <= set(problem["properties"])


def test_every_body_that_a_route_reads_is_described(app: Litestar, described: dict[str, Any]) -> None:
    """A route that asks for the raw body and is not listed would be undescribed."""
    listed = set(BODIES) | set(OTHER_BODIES)
    found = set()
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            path = getattr(route, "path_format", "")
            if path.startswith("/api") and "body" in handler.parsed_fn_signature.parameters:
                found |= {(verb.lower(), path) for verb in handler.http_methods}
    assert found == listed
    for verb, path in listed:
        assert described["paths"][path][verb]["requestBody"]["content"]


def test_references_lead_somewhere(described: dict[str, Any]) -> None:
    def refs(part: Any) -> list[str]:
        if isinstance(part, dict):
            own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
            return own + [one for value in part.values() for one in refs(value)]
        return [one for value in part for one in refs(value)] if isinstance(part, list) else []

    for ref in set(refs(described)):
        assert ref.removeprefix("#/components/schemas/") in described["components"]["schemas"], ref


@pytest.mark.expects_log
@pytest.mark.slow
def test_whatever_is_sent_to_the_api_is_answered_or_refused_but_never_breaks_it(
    office_with_a_shop: Client, described: dict[str, Any], database: Database
) -> None:
    """Inputs that fit the description, and others that don't, to every route of the office."""
    answers: list[tuple[int, str]] = []
    bounded = settings(BOUNDED, max_examples=EXAMPLES)

    def send(case: schemathesis.Case) -> None:
        sent = case.as_transport_kwargs(base_url="http://testserver.local")
        words = {name: sent[name] for name in ("params", "json", "data") if sent.get(name) is not None}
        if isinstance(words.get("data"), (bytes, str)):
            words["content"] = words.pop("data")
        answer = office_with_a_shop.request(case.method, sent["url"], **words)
        answers.append((answer.status_code, f"{case.method} {sent['url']} {words}: {answer.text[:300]}"))

    outcomes = list(schemathesis.openapi.from_dict(described).get_all_operations())
    # what is wrong before the database is asked is the same on both
    tried = outcomes if database.on_postgresql else one_in(2, outcomes)
    for outcome in tried:
        operation = outcome.ok()
        if operation.path.startswith("/api/"):
            for mode in schemathesis.GenerationMode:
                # where all that is sent is words in the path, nothing could be wrong: any words fit the description
                if mode.is_positive or operation.query or operation.body:
                    bounded(given(operation.as_strategy(generation_mode=mode))(send))()
    assert len(answers) > EXAMPLES * len(tried)
    assert len(outcomes) > 100
    assert {status for status, _ in answers} > {200, 201, 400, 404}
    assert [text for status, text in answers if status >= 500] == []


@pytest.mark.parametrize(
    "path", ["/health", "/schema/openapi.json", "/login", "/nowhere", "/api/v1/stores", "/static/none.css"]
)
def test_every_answer_tells_a_browser_to_take_care(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert "unsafe" not in answer.headers["content-security-policy"]


def test_refusals_before_any_route_carry_the_headers_too(client: Client) -> None:
    for answer in (
        client.request("PATCH", "/api/v1/stores"),
        client.post("/api/v1/auth/login", content=b"{" * 10),
        client.get("/api/v1/stores?limit=x"),
    ):
        assert answer.status_code in (400, 401, 405)
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.headers["x-frame-options"] == "DENY"
