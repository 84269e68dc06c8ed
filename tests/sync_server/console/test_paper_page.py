"""Head office sets the logo and the words that stand on a store's receipts, over HTTP, without a browser."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from sync_server.database import Database
from sync_server.services import Services
from tests.sync_server.a_till import Client
from tests.sync_server.conftest import PASSWORD
from tests.sync_server.console.test_pages import (  # noqa: F401 - fixtures of these tests too
    console,
    database,
    form_token,
    logged_in,
    product_id,
    seen,
)


def png(width: int = 384, height: int = 100) -> bytes:
    stored = io.BytesIO()
    Image.new("1", (width, height), 1).save(stored, "PNG")
    return stored.getvalue()


def sent(console: Client, logo: bytes = b"", **words: str) -> tuple[int, str]:  # noqa: F811
    """The answer's status and page, after what it redirects to."""
    fields = {"form_token": form_token(seen(console, "/paper")), "store_id": "03"} | words
    answer = console.post("/paper", data=fields, files={"logo": ("logo.png", logo, "image/png")})
    return answer.status_code, answer.text


def test_a_logo_and_words_go_onto_the_receipts_of_a_store(
    console: Client,  # noqa: F811
    services: Services,
    database: Database,  # noqa: F811
) -> None:
    status, page = sent(console, png(), logo_text="The corner", receipt_footer="Thank you!\r\nCome again.")
    assert status == 200
    assert "on the way to its tills" in page
    assert 'src="/paper/03/logo.png"' in page
    assert 'href="/tills" aria-current="page"' in page
    with database.read() as tx:
        store = services.stores.store(tx, "03")
    assert (store.logo_png, store.logo_text, store.receipt_footer) == (
        png(),
        "The corner",
        "Thank you!\nCome again.",
    )
    shown = console.get("/paper/03/logo.png")
    assert (shown.headers["content-type"], shown.content) == ("image/png", png())


def test_new_words_leave_the_logo_and_it_is_taken_off_only_when_asked(console: Client) -> None:  # noqa: F811
    sent(console, png())
    assert 'src="/paper/03/logo.png"' in sent(console, logo_text="Other words")[1]
    page = sent(console, logo_text="Other words", without_logo="on")[1]
    assert "logo.png" not in page
    assert "Other words" in page
    assert console.get("/paper/03/logo.png").status_code == 404


@pytest.mark.parametrize(
    ("logo", "words", "says"),
    [
        (b"GIF89a", {}, "This is no whole PNG picture"),
        (png()[:-8], {}, "This is no whole PNG picture"),
        (png(2001, 10), {}, "at most 2000 dots"),
        (b"\x89PNG" * 17_000, {}, "at most 64 kB"),
        (b"", {"logo_text": "x" * 201}, "at most 200 characters"),
        (b"", {"receipt_footer": "Bye\x1b@"}, "letters, digits and signs"),
        (b"", {"store_id": "98"}, "There is no store 98"),
    ],
)
def test_what_no_receipt_could_show_is_refused_with_what_to_do_and_changes_nothing(
    console: Client,  # noqa: F811
    logo: bytes,
    words: dict[str, str],
    says: str,
) -> None:
    status, page = sent(console, logo, **({"logo_text": "Kept words"} | words))
    assert (status, says in page) == (404 if "no store" in says else 400, True), page
    assert "Kept words" in page or "logo_text" in words
    assert "Kept words" not in seen(console, "/paper")


def test_head_office_of_another_store_sees_and_changes_nothing_here(
    console: Client,  # noqa: F811
    services: Services,
    database: Database,  # noqa: F811
) -> None:
    sent(console, png())
    with database.write() as tx:
        services.accounts.create(tx, "Dee", PASSWORD, "head_office", "99")
    console.cookies.clear()
    logged_in(console, "Dee")
    assert console.get("/paper/03/logo.png").status_code == 403
    assert sent(console, logo_text="Mine")[0] == 403
    with database.read() as tx:
        assert services.stores.store(tx, "03").logo_text == ""
