"""Random baskets through till, journal, paper and server: everyone who states an amount states the same one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import select

from hardware.escpos.decoder import Decoder
from hardware.escpos.encoder import encode
from hardware.escpos.interpreter import Interpreter
from hardware.escpos.profile import GENERIC_58_MM, GENERIC_80_MM, profile_named
from hardware.receipt_document import decode_document
from pos_client.printing.paper import Paper
from pos_client.printing.receipt import receipt_document
from pos_client.store.books import TillBooks
from pos_client.store.catalogue import CatalogueFile
from pos_client.sync.lending import Lender
from pos_client.this_machine import SystemClock, SystemIds, random_bytes
from pos_client.till.session import TillSession
from pos_client.till.state import Phase, TillState
from shared_models.cash import ShiftTotals
from shared_models.catalogue import Category, Price, Product, TaxCategory
from shared_models.currency import DENOMINATIONS, currency
from shared_models.events import decode_body
from shared_models.money import format_amount
from shared_models.sale import CASH, SalePosted
from shared_models.signing import new_private_key, public_key_of, signer
from shared_models.staff import Permission, StaffMember
from shared_models.store_config import StoreConfig
from shared_models.sync_api import Push, WireEntry
from shared_models.tax import RoundingPolicy, Tax
from sync_server.ingest.chain import stamped
from sync_server.reports.shift_report import shift_report
from sync_server.reports.takings import Group, takings
from sync_server.sales.service import SaleFilter
from sync_server.sales.tables import sale as sale_rows
from sync_server.services import Services, build_services
from sync_server.settings import Settings
from sync_server.sync_messages import TillIdentity
from tests.empty_shop import empty_shop
from tests.pos_client.store.made_up_catalogue import build_file
from tests.sync_server.kept_app import CHEAP_HASHER

BASKETS = 25
TILL = TillIdentity(device_id="device-1", till_id="03-1", store_id="03")
_VAT = (Tax("high", "VAT 19%", 190_000, included=True), Tax("low", "VAT 7%", 70_000, included=True))
_SALES_TAX = (
    Tax("state", "State tax", 62_500, included=False),
    Tax("city", "City tax", 8_750, included=False),
)
_KINDS = [
    ("EUR", RoundingPolicy.PER_LINE, 1, _VAT),
    ("EUR", RoundingPolicy.PER_LINE_RESIDUAL, 1, _SALES_TAX),
    ("EUR", RoundingPolicy.DOCUMENT_PER_TAX, 5, _VAT),
    ("CHF", RoundingPolicy.PER_UNIT_THEN_MULTIPLY, 5, _VAT),
    ("CHF", RoundingPolicy.DOCUMENT_KEEP_NET, 5, _VAT),
    ("EUR", RoundingPolicy.DOCUMENT_KEEP_GROSS, 5, _VAT),
    ("USD", RoundingPolicy.PER_LINE_PER_TAX, 1, _SALES_TAX),
    ("USD", RoundingPolicy.DOCUMENT_PER_TAX, 1, _SALES_TAX),
    ("USD", RoundingPolicy.DOCUMENT_PER_RATE, 1, _SALES_TAX),
    ("JPY", RoundingPolicy.DOCUMENT_KEEP_GROSS, 1, _VAT),
    ("JPY", RoundingPolicy.DOCUMENT_PER_TAX, 1, _SALES_TAX),
    ("KWD", RoundingPolicy.PER_LINE, 5, _VAT),
    ("KWD", RoundingPolicy.DOCUMENT_PER_TAX, 5, _SALES_TAX),
]


class _AnyPin:
    def matches(self, pin_hash: str, pin: str) -> bool:
        return pin_hash == pin


class Shop:
    """One till and its server, joined by the messages of the protocol instead of a line."""

    def __init__(self, folder: Path, store: StoreConfig, goods: list[object]) -> None:
        self.store = store
        self._key = new_private_key()
        self.db = empty_shop(folder / "server.db")
        settings = Settings(data_dir=folder / "server", secret="a secret of the tests, long enough for HS256")
        self.clock, ids = SystemClock(0), SystemIds()
        self.services: Services = build_services(
            settings, self.db, lambda: self.clock.now().at_ms, ids.new, CHEAP_HASHER
        )
        with self.db.write() as tx:
            self.services.stores.create(tx, store)
            self.services.stores.add_till(tx, TILL.till_id, TILL.store_id, "")
        build_file(folder / "catalogue.db", [store, *goods])
        self.catalogue = CatalogueFile(folder / "catalogue.db", now=lambda: self.clock.now().at_ms)
        self.books = TillBooks(
            folder / "till.db",
            till_id=TILL.till_id,
            sign=signer(self._key),
            clock=self.clock,
            ids=ids,
            mint=random_bytes,
            render=lambda posted: receipt_document(posted, store),
            anchor_path=folder / "anchor",
            ballast_bytes=0,
            log_bytes=0,
        )
        self.session = TillSession(
            TILL.till_id,
            clock=self.clock,
            ids=ids,
            catalogue=self.catalogue,
            books=self.books,
            pins=_AnyPin(),
            paper=Paper(),
            lending=Lender(self.books.leases, self.books.tickets, TILL.till_id, self.clock),
        )

    def close(self) -> None:
        self.books.close()
        self.catalogue.close()
        self.db.close()

    def facts(self) -> Iterator[object]:
        [segment] = self.books.segments()
        for entry in self.books.entries(segment.incarnation, 0, 100_000, 1 << 30):
            yield decode_body(entry.type, entry.schema, entry.body).fact

    def send(self) -> None:
        [segment] = self.books.segments()
        while entries := self.books.entries(segment.incarnation, self._sent, 200, 1 << 22):
            sent = tuple(
                WireEntry(
                    event_id=one.event_id,
                    type=one.type,
                    schema=one.schema,
                    body=one.body,
                    signature=one.signature,
                    algorithm=one.algorithm,
                )
                for one in entries
            )
            push = Push(
                incarnation=segment.incarnation,
                first_seq=entries[0].seq,
                prev=entries[0].prev,
                entries=sent,
                head_hash=entries[-1].hash,
            )
            with self.db.write() as tx:
                reply = self.services.admission.admit(tx, TILL, public_key_of(self._key), stamped(push))
            assert (reply.hash, reply.notes) == (entries[-1].hash, ()), reply
            self._sent = reply.high
        self.services.applier.drain()

    _sent = 0

    def printed(self, profile: str) -> list[list[str]]:
        """The text of every waiting receipt as the virtual printer reads it back from its bytes."""
        papers, model = [], profile_named(profile)
        while job := self.books.jobs.claim("print"):
            interpreter = Interpreter(model.dots)
            for token in Decoder().feed(encode(decode_document(job.payload), model)):
                interpreter.apply(token)
            papers += [receipt.lines for receipt in interpreter.receipts]
            self.books.jobs.done(job.id)
        return papers


def goods(chance: random.Random, taxes: tuple[Tax, ...]) -> list[object]:
    groups = (taxes, taxes[:1], taxes[1:], ()) if not taxes[0].included else (taxes[:1], taxes[1:], ())
    things: list[object] = [Category("all", "All")]
    things += [TaxCategory(f"tax{n}", f"Kind {n}", group) for n, group in enumerate(groups)]
    for n in range(30):
        weighed = n % 5 == 0
        product = Product(
            product_id=f"{n:032x}",
            number=n + 1,
            sku=f"S{n}",
            name=f"Thing {n}",
            tax_category_id=f"tax{n % len(groups)}",
            category_id="all",
            unit="kg" if weighed else "piece",
            weighed=weighed,
        )
        things += [product, Price(f"p{n}", product.product_id, chance.choice([1, 3, 5, 99, 249, 1234, 8765]))]
    everything = tuple(permission.value for permission in Permission)
    things.append(StaffMember("ana", "Ana", "2749", everything))
    return things


def ring_up(session: TillSession, chance: random.Random, step_minor: int) -> TillState:
    for _ in range(chance.randint(1, 7)):
        number = chance.randrange(30)
        state = session.add_product(f"{number:032x}")
        if state.question is not None:  # the weight
            session.answer(True, f"{chance.randint(1, 3999) / 1000:.3f}")
        elif chance.random() < 0.4:
            session.select(len(state.lines) - 1)
            session.set_quantity(chance.randint(1, 40) * 1000)
        if chance.random() < 0.15:
            session.discount_line(percent_ppm=chance.choice([50_000, 333_333]), reason="damaged")
    if chance.random() < 0.3:
        session.discount_sale(percent_ppm=70_000, reason="regular")
    state = session.start_tender()
    assert state.phase == Phase.TENDER, state
    assert state.tender is not None
    due = state.tender.open_minor
    if due > 2 * step_minor and chance.random() < 0.3:
        session.tender_cash(due // 2 // step_minor * step_minor)
    left = session.state.tender
    assert left is not None
    if left.open_minor:
        session.tender_cash(left.open_minor + chance.choice([0, 0, 1, 20, 137]) * step_minor)
    return session.finish_sale()


def amounts_at_the_end(lines: list[str], label: str) -> list[str]:
    return [line.split()[-1] for line in lines if line.split()[:-1] == label.split()]


def check_paper(lines: list[str], sale: SalePosted) -> None:
    money = currency(sale.currency)
    shown = "\n".join(lines)

    def stated(label: str, *values: int) -> None:
        expected = [format_amount(value, money) for value in values]
        assert amounts_at_the_end(lines, label) == expected, f"{label} {expected} on\n{shown}"

    stated(f"TOTAL {sale.currency}", sale.total_minor)
    stated("Cash", *(tender.received_minor for tender in sale.tenders))
    stated("Change", *([sale.change_minor] if sale.change_minor else []))
    for tax in sale.taxes:
        row = (tax.base_minor, tax.amount_minor, tax.base_minor + tax.amount_minor)
        texts = [format_amount(value, money) for value in row]
        assert any(line.split()[-3:] == texts for line in lines), (tax, shown)
    assert any(sale.receipt_number in line for line in lines)


def check_sale(sale: SalePosted, step_minor: int) -> None:
    assert sale.net_minor + sale.tax_minor == sale.total_minor
    assert sum(line.gross_minor for line in sale.lines) == sale.total_minor
    assert sum(tax.amount_minor for tax in sale.taxes) == sale.tax_minor
    received = sum(tender.received_minor for tender in sale.tenders)
    assert received - sale.change_minor == sale.total_minor + sale.cash_rounding_minor
    assert (sale.total_minor + sale.cash_rounding_minor) % step_minor == 0
    assert 2 * abs(sale.cash_rounding_minor) <= step_minor


@pytest.mark.parametrize(
    ("code", "policy", "step_minor", "taxes"),
    _KINDS,
    ids=lambda value: getattr(value, "value", "") if not isinstance(value, tuple) else value[0].tax_id,
)
def test_paper_journal_server_and_z_report_state_the_same_money(
    tmp_path: Path, code: str, policy: RoundingPolicy, step_minor: int, taxes: tuple[Tax, ...]
) -> None:
    chance = random.Random(f"{code} {policy} {taxes[0].tax_id}")
    store = StoreConfig(
        store_id="03",
        name="Corner",
        currency=code,
        rounding_policy=policy,
        cash_rounding_minor=step_minor,
        utc_offset_min=0,
    )
    with ExitStack() as stack:
        shop = Shop(tmp_path, store, goods(chance, taxes))
        stack.callback(shop.close)
        session = shop.session
        session.log_in("2749")
        session.open_shift(10_000)
        for _ in range(BASKETS):
            state = ring_up(session, chance, step_minor)
            assert state.done is not None, (state.notice, state.question)
            session.next_sale()
        sales = [fact for fact in shop.facts() if isinstance(fact, SalePosted)]
        assert len(sales) == BASKETS
        for sale in sales:
            check_sale(sale, step_minor)
        papers = shop.printed(chance.choice([GENERIC_58_MM, GENERIC_80_MM]))
        assert len(papers) == BASKETS
        for lines, sale in zip(papers, sales, strict=True):
            check_paper(lines, sale)

        session.start_count()
        kept = 10_000 + sum(sale.cash_kept_minor() for sale in sales)
        left = kept
        for denomination in DENOMINATIONS[code]:
            session.count(denomination, left // denomination)
            left %= denomination
        session.confirm_count()
        closed = session.close_shift().z_report
        assert closed is not None, session.state.notice
        assert closed.over_short_minor == -left
        check_totals(closed.totals, sales, kept)
        shop.send()
        check_server(shop, sales, closed.totals)


def check_totals(totals: ShiftTotals, sales: list[SalePosted], kept: int) -> None:
    assert totals.sale_count == len(sales)
    assert totals.gross_minor == totals.grand_total_minor == sum(sale.total_minor for sale in sales)
    assert totals.net_minor == sum(sale.net_minor for sale in sales)
    assert totals.tax_minor == sum(sale.tax_minor for sale in sales)
    assert totals.cash_rounding_minor == sum(sale.cash_rounding_minor for sale in sales)
    assert totals.expected_minor == kept
    assert {(tax.tax_id, tax.amount_minor) for tax in totals.taxes} == set(tax_sums(sales).items())
    [cash] = totals.tenders
    assert (cash.kind, cash.amount_minor) == (CASH, kept - 10_000)


def tax_sums(sales: list[SalePosted]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for sale in sales:
        for tax in sale.taxes:
            sums[tax.tax_id] += tax.amount_minor
    return sums


def check_server(shop: Shop, sales: list[SalePosted], totals: ShiftTotals) -> None:
    with shop.db.read() as tx:
        rows = tx.execute(select(sale_rows.c.receipt_number, sale_rows.c.total_minor))
        assert {row[0]: row[1] for row in rows} == {sale.receipt_number: sale.total_minor for sale in sales}
        report = shift_report(tx, shop.services.cash, totals.shift_id)
        assert report.differences == []

        def by(group: Group) -> dict[str, int]:
            found = takings(tx, SaleFilter(), group)
            assert found.totals[0].gross_minor == totals.gross_minor
            assert not found.unclassified
            assert not found.unclassified_refunds
            return {row.key: row.gross_minor if group != "tax" else row.tax_minor for row in found.rows}

        assert by("till") == {TILL.till_id: totals.gross_minor}
        assert by("tax") == dict(tax_sums(sales))
        assert by("tender") == {CASH: totals.tenders[0].amount_minor}
        assert sum(by("product").values()) == sum(by("hour").values()) == totals.gross_minor
