"""What every page of the console is made with: templates, forms, words for figures, and who is looking."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from shared_models.moment import Moment
from shared_models.money import currency, format_amount
from shared_models.quantity import format_quantity
from sync_server.auth import COOKIE, Actor, actor_of
from sync_server.database import Transaction
from sync_server.errors import Forbidden, Invalid
from sync_server.nul_characters import refuse_nul_in_form
from sync_server.ports import NowMs
from sync_server.services import Services

AnyRequest = Request[Any, Any, Any]
_MAX_FIELDS = 520
_DAY_MS = 86_400_000
_LAST_MS = 253_370_764_800_000  # the year 9999
_FURTHEST_ZONE_MIN = 14 * 60


class ConsoleView:
    """Renders pages for whoever is logged in."""

    def __init__(self, services: Services, now_ms: NowMs) -> None:
        self.services = services
        self.now_ms = now_ms
        self._templates = Environment(
            loader=PackageLoader("sync_server.console"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        filters: dict[str, Any] = {
            "money": money,
            "plain_money": plain_money,
            "quantity": quantity,
            "clock": clock_time,
            "stamp": stamp,
            "iso": iso,
            "address": address,
            "words": words,
        }
        self._templates.filters.update(filters)

    def page(self, request: AnyRequest, template: str, status: int = 200, **values: Any) -> Response[str]:
        """A whole page, with the frame around it."""
        actor = actor_of(request)
        with self.services.db.read() as tx:
            waiting = self.services.exceptions.unresolved_count(tx, actor.store_id)
        frame = {
            "actor": actor,
            "here": request.url.path,
            "waiting": waiting,
            "form_token": form_token(request),
            "zone": lru_cache(maxsize=None)(self._zone),
        }
        return self.html(template, status, **frame | values)

    def html(self, template: str, status: int = 200, **values: Any) -> Response[str]:
        text = self._templates.get_template(template).render(**values)
        headers = {"Cache-Control": "no-store"}
        return Response(text, media_type="text/html", status_code=status, headers=headers)

    def stores(self, tx: Transaction, actor: Actor) -> dict[str, str]:
        """Names of the stores that the actor may look into, by id."""
        stores = self.services.stores.stores(tx, None, 500)
        return {one.store_id: one.name for one in stores if actor.store_id in (None, one.store_id)}

    def _zone(self, store_id: str) -> int:
        """Minutes that the store's clock is ahead of UTC: as set, else as its tills say; "" is the first store."""
        services = self.services
        with services.db.read() as tx:
            stores = services.stores.stores(tx, None, 500)
            store = next((one for one in stores if store_id in ("", one.store_id)), None)
            if store is not None and store.utc_offset_min is not None:
                return store.utc_offset_min
            return services.sales.newest_zone(tx, store.store_id if store else store_id)

    def today(self, tx: Transaction) -> str:
        """The shops' calendar date; the newest sale's where a shop is further east than this server knows."""
        stores = self.services.stores.stores(tx, None, 1)
        offset = (stores[0].utc_offset_min or 0) if stores else 0
        newest = self.services.sales.newest_day(tx)
        tomorrow = Moment(self.now_ms() + _DAY_MS, offset).business_date()
        return max(Moment(self.now_ms(), offset).business_date(), min(newest, tomorrow))


def read_form(request: AnyRequest, body: bytes) -> dict[str, str]:
    """A form's fields. Raises Forbidden when the form was not made by one of our pages for this log-in."""
    fields = plain_form(body)
    check_form_token(request, fields.pop("form_token", ""))
    return fields


class Upload(NamedTuple):
    """A form with a file in it; no content where none was chosen."""

    fields: dict[str, str]
    name: str
    content: bytes


async def read_upload(request: AnyRequest, file: str = "file") -> Upload:
    """As `read_form`, of a form that sends the file in the field `file`."""
    sent = await request.form()
    check_form_token(request, str(sent.get("form_token", "")))
    fields = {name: value for name, value in sent.items() if isinstance(value, str)}
    chosen = sent.get(file)
    if not isinstance(chosen, UploadFile):
        return Upload(fields, "", b"")
    return Upload(fields, chosen.filename, await chosen.read())


def check_form_token(request: AnyRequest, given: str) -> None:
    if not hmac.compare_digest(given.encode(), form_token(request).encode()):
        raise Forbidden("This form is from an earlier log-in. Go back, load the page again and repeat.")


def plain_form(body: bytes) -> dict[str, str]:
    refuse_nul_in_form(body)
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_FIELDS, errors="strict"
        )
    except (ValueError, UnicodeDecodeError) as reason:
        raise Invalid("This form can't be read. Go back and try again.") from reason
    return dict(pairs)


def form_token(request: AnyRequest) -> str:
    """Known only to pages of this log-in: its cookie is out of reach for scripts and other sites."""
    return sha256(b"form\0" + request.cookies.get(COOKIE, "").encode()).hexdigest()


def see(path: str) -> Redirect:
    return Redirect(path, status_code=303)


def money(amount_minor: int, code: str) -> str:
    return format_amount(amount_minor, currency(code), symbol=True, grouping=",").replace("-", "\u2212")


def quantity(quantity_milli: int) -> str:
    return format_quantity(quantity_milli).replace("-", "\u2212")


def plain_money(amount_minor: int, code: str) -> str:
    return format_amount(amount_minor, currency(code))


def clock_time(at_ms: int, tz_min: int = 0) -> str:
    return _in_shop(at_ms, tz_min).strftime("%H:%M")


def stamp(at_ms: int, tz_min: int = 0) -> str:
    return _in_shop(at_ms, tz_min).strftime("%Y-%m-%d %H:%M")


def iso(at_ms: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)).isoformat(timespec="seconds")


def _in_shop(at_ms: int, tz_min: int) -> datetime:
    """The shop's wall clock. A till may state any time at all; a page must be able to show it."""
    zone = max(-_FURTHEST_ZONE_MIN, min(_FURTHEST_ZONE_MIN, tz_min))
    return Moment(max(0, min(_LAST_MS, at_ms)), zone).local()


def address(path: str, filters: Mapping[str, Any]) -> str:
    """The path with those filters that say something."""
    kept = {name: value for name, value in filters.items() if value not in ("", None, False)}
    return f"{path}?{urlencode(kept)}" if kept else path


def words(code: str) -> str:
    """'closing_differs' as a person says it."""
    return code.replace("_", " ").capitalize()
