"""Head office's page of labels, over HTTP, without a browser."""

from __future__ import annotations

import pytest

from tests.sync_server.a_till import Client
from tests.sync_server.console.test_pages import (  # noqa: F401 - fixtures of these tests too
    console,
    database,
    form_token,
    logged_in,
    product_id,
    seen,
)


def order(console: Client, **fields: str) -> dict[str, str]:  # noqa: F811
    return {"form_token": form_token(seen(console, "/labels?q=tea")), "store_id": "03"} | fields


def test_a_new_price_waits_on_the_page_and_a_search_finds_any_product(console: Client) -> None:  # noqa: F811
    assert "Thé &lt;vert&gt;" in seen(console, "/labels?since=2000-01-01")
    assert "Take an earlier day" in seen(console, "/labels?since=2999-01-01")
    assert "Try fewer letters" in seen(console, "/labels?q=nothing")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"copies": "many"}, "Copies are a number"),
        ({"copies": "501"}, "Copies are a number"),
        ({"copies": "0"}, "No label is chosen"),
        ({"copies": "1", "skip": "99"}, "has 21 labels"),
        ({"copies": "1", "skip": "x"}, "The paper is not as it should be"),
        ({"copies": "1", "sheet": "L9999"}, "no label sheet"),
    ],
)
def test_a_wrong_order_comes_back_with_what_is_wrong(
    console: Client,  # noqa: F811
    product_id: str,  # noqa: F811
    fields: dict[str, str],
    says: str,
) -> None:
    copies = {f"copies-{product_id}": fields.pop("copies")}
    answer = console.post("/labels", data=order(console, q="tea", **copies, **fields))
    assert (answer.status_code, says in answer.text) == (400, True), answer.text


def test_a_day_that_is_none_is_said(console: Client) -> None:  # noqa: F811
    answer = console.get("/labels?since=soon")
    assert (answer.status_code, "Write it like" in answer.text) == (400, True)


def test_a_manager_prints_for_his_own_store_alone(console: Client, product_id: str) -> None:  # noqa: F811
    client = logged_in(console, "Cy")
    wanted = {f"copies-{product_id}": "1"}
    assert client.post("/labels", data=order(client, **wanted)).status_code == 403
    own = client.post("/labels", data=order(client, **wanted, store_id="99"))
    assert (own.status_code, own.content[:4]) == (200, b"%PDF")
