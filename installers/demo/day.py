"""A shop's day that runs by itself: through the till's own window, with everything that may go wrong in a day."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from hardware.escpos.paper import Receipt
from hardware.labels.virtual import VirtualLabelPrinter
from hardware.printers.virtual import VirtualPrinter
from installers.demo.baskets import Pick, baskets
from installers.demo.cashier import Cashier, WrongFigure
from installers.demo.figures import Check, Figure, all_good, table
from installers.demo.head_office import HeadOffice
from installers.demo.line import Line
from installers.demo.server_process import ServerProcess
from installers.demo.shop import ACCOUNT, CURRENCY, STAFF, STORE_ID, TILLS, open_shop
from installers.demo.till_process import TillProcess
from pos_client.chores import check
from pos_client.printing.paper_words import ENGLISH
from pos_client.printing.pdf import report_pdf
from pos_client.printing.report import z_report
from pos_client.settings import TillSettings
from pos_client.this_machine import SystemClock
from shared_models.cash import ShiftClosed
from shared_models.store_config import StoreConfig

FLOAT_MINOR = 15000
PAID_OUT_MINOR = 640
CROISSANT, ROLL, APPLES = "C03", "C02", "C09"
NEW_PRICE_MINOR, NEW_PRICE_ON_LABEL = 175, "£ 1.75"
ROLLS_COUNTED = 60
_SENT_WITHIN_S = 60.0


class Day:
    """`run` returns 0 when all figures agree; pictures, receipts, labels and the Z report are in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.rmtree(folder, ignore_errors=True)
        (folder / "receipts").mkdir(parents=True)
        (folder / "labels").mkdir()
        self._server = ServerProcess(folder / "server")
        self._receipts = 0
        self._printed: set[str] = set()
        self._printer = VirtualPrinter(port=0, on_receipt=self._keep)
        self._label_printer = VirtualLabelPrinter(port=0)
        self._baskets: Iterator[tuple[Pick, ...]] = baskets()
        self._pictures = 0
        self._rolls_sold = 0

    def run(self) -> int:
        started = time.monotonic()
        _say("Starting the server on SQLite.")
        try:
            self._server.start()
            with self._printer, self._label_printer, HeadOffice(self._server.url, *ACCOUNT) as office:
                good = self._day(office)
        finally:
            self._server.stop()
        _say(
            f"Took {time.monotonic() - started:.0f} s. Pictures, receipts, labels and the Z report: {self.folder}"
        )
        return 0 if good else 1

    def _day(self, office: HeadOffice) -> bool:
        self._morning(office)
        line = Line(("127.0.0.1", self._server.port))
        folder = self.folder / "till"
        printers = (self._printer, self._label_printer)
        till = TillProcess(folder, line.url, *(f"tcp://127.0.0.1:{each.port}" for each in printers))
        till.enrol(office.enrolment_code(TILLS[0]))
        try:
            till.start()
            cashier = Cashier(till, STAFF[0][1], FLOAT_MINOR, CURRENCY)
            self._sell(till, cashier, office, line)
            shift_id = self._close(till, cashier, office)
            verified, verdict = till.verify()
        finally:
            till.stop()
            line.close()
        return self._compare(office, cashier, folder, shift_id, verified, verdict)

    def _morning(self, office: HeadOffice) -> None:
        for report in open_shop(office):
            _say(f"Imported {report['created']} products; {report['bad_count']} rows were refused.")
            for bad in report["bad"]:
                print(f"      row {bad['row']}, {bad['column']}: {bad['advice']}")

    def _sell(self, till: TillProcess, cashier: Cashier, office: HeadOffice, line: Line) -> None:
        till.wait("the products", phase="locked")
        self._picture(till, "log-in")
        cashier.log_in()
        cashier.open_shift()
        _say("The till is enrolled, has its products, and a shift is open.")
        self._serve(till, cashier, 8, picture_at=5)
        self._bad_scans(till)
        self._weigh(cashier)
        self._head_office_changes(till, cashier, office)
        _say("The network goes away. Selling goes on.")
        line.cut()
        till.wait("the word 'Offline'", online=False)
        self._serve(till, cashier, 7, picture_at=6)
        self._killed_while_paying(till, cashier)
        self._killed_while_committing(till, cashier)
        self._serve(till, cashier, 4)
        cashier.pay_out(PAID_OUT_MINOR)
        _say(f"{till.do(look=True)['unsent']} entries are unsent. The network comes back.")
        line.mend()
        self._wait_until_sent(till)
        self._serve(till, cashier, 5)

    def _serve(self, till: TillProcess, cashier: Cashier, customers: int, picture_at: int = 0) -> None:
        for number, basket in enumerate(islice(self._baskets, customers), 1):
            cashier.ring_up(basket)
            if number == picture_at:
                self._picture(till, "sale")
            due_minor = cashier.start_payment()
            if number == picture_at:
                self._picture(till, "payment")
            cashier.take(due_minor, exact=number % 3 == 0)
        _say(f"{cashier.sales} sales so far.")

    def _weigh(self, cashier: Cashier) -> None:
        _say("A customer buys apples by weight.")
        cashier.weigh(APPLES)
        cashier.take(cashier.start_payment(), exact=True)

    def _bad_scans(self, till: TillProcess) -> None:
        """Each is refused in words, and the ticket stays empty."""
        for code in ("4006381333932", "9999999999994"):
            seen = till.do(scan=code)
            if seen["lines"] or not seen["notice"]:
                raise WrongFigure(f"{code} was not refused: the till shows {seen}")
        self._picture(till, "unknown-barcode")
        till.press("Escape")

    def _head_office_changes(self, till: TillProcess, cashier: Cashier, office: HeadOffice) -> None:
        _say("Head office changes a price and corrects the stock.")
        self._wait_until_sent(till)
        before = till.seen["catalogue"]
        office.change_price(office.product(CROISSANT)["product_id"], NEW_PRICE_MINOR)
        office.correct_stock(office.product(ROLL)["product_id"], STORE_ID, counted=ROLLS_COUNTED)
        end = time.monotonic() + _SENT_WITHIN_S
        while till.do(look=True)["catalogue"] == before:
            if time.monotonic() > end:
                raise TimeoutError("the new price did not reach the till")
            time.sleep(0.1)
        cashier.ring_up([Pick(f"0001*{CROISSANT}", 1)])
        if till.seen["last_price_minor"] != NEW_PRICE_MINOR:
            raise WrongFigure(f"the till charges {till.seen['last_price_minor']} for the croissant")
        self._label_the_shelf(till)
        cashier.ring_up([Pick(f"0003*{ROLL}", 1)])
        self._rolls_sold += 3
        cashier.take(cashier.start_payment(), exact=True)

    def _label_the_shelf(self, till: TillProcess) -> None:
        """In the middle of the sale, which goes on afterwards."""
        _say("The cashier prints a shelf label for the price that changed.")
        lines = till.seen["lines"]
        till.press("Ctrl+B", "F5")
        till.wait("the price that changed today", labels=1)
        self._picture(till, "labels")
        till.press("Return")
        till.wait("the label to be printed", labels=0)
        [label] = self._label_printer.wait_for(1)
        if NEW_PRICE_ON_LABEL not in label.texts or label.codes != [CROISSANT]:
            raise WrongFigure(f"the label says {label.texts} and {label.codes} in its bars")
        (self.folder / "labels" / "001.png").write_bytes(label.png())
        seen = till.press("Escape")
        if seen["panel"] or seen["lines"] != lines:
            raise WrongFigure(f"the sale does not go on: the till shows {seen}")

    def _killed_while_paying(self, till: TillProcess, cashier: Cashier) -> None:
        _say("The till's process is killed in the middle of a payment, and started again.")
        seen = cashier.ring_up(next(self._baskets))
        lines = seen["lines"]
        self._printer.wait_for_receipts(cashier.sales)
        due_minor = cashier.start_payment()
        till.do(type="5")
        till.kill()
        till.start()
        seen = cashier.log_in()
        if seen["lines"] != lines or seen["to_pay_minor"] != due_minor:
            raise WrongFigure(f"the ticket of {lines} lines is not there again: the till shows {seen}")
        cashier.take(cashier.start_payment(), exact=False)

    def _killed_while_committing(self, till: TillProcess, cashier: Cashier) -> None:
        """Whichever came first, commit or kill: the sale is there once, or the ticket is there still."""
        cashier.ring_up(next(self._baskets))
        self._printer.wait_for_receipts(cashier.sales)
        due_minor = cashier.start_payment()
        till.kill(last_words={"press": ["F11"]})
        till.start()
        seen = cashier.log_in()
        if seen["lines"]:
            cashier.take(cashier.start_payment(), exact=True)
        else:
            cashier.paid(due_minor)
        # A receipt that was on its way when the process died may be on paper or not; the till does not guess.
        till.press("F9", "Return")

    def _close(self, till: TillProcess, cashier: Cashier, office: HeadOffice) -> str:
        _say("The drawer is counted blind, and the shift closed.")
        cashier.count()
        self._picture(till, "blind-count")
        seen = cashier.confirm_count()
        if seen["expected_minor"] != cashier.drawer_minor:
            raise WrongFigure(
                f"the drawer holds {cashier.drawer_minor}, the till expects {seen['expected_minor']}"
            )
        cashier.close_shift()
        self._picture(till, "z-report")
        self._wait_until_sent(till)
        self._printer.wait_for_receipts(cashier.sales, timeout_s=30)
        shift_id = office.last_shift(STORE_ID)
        stated = msgspec.convert(office.shift_report(shift_id)["stated"], ShiftClosed)
        store = msgspec.convert(office.store(STORE_ID), StoreConfig)
        report = z_report(stated, store, SystemClock().now(), ENGLISH)
        (self.folder / "z-report.pdf").write_bytes(report_pdf(report, store))
        return shift_id

    def _wait_until_sent(self, till: TillProcess) -> None:
        till.wait("everything to be sent", unsent=0)

    def _compare(
        self, office: HeadOffice, cashier: Cashier, folder: Path, shift_id: str, verified: bool, verdict: str
    ) -> bool:
        journal = check(TillSettings(data_dir=folder, keyring=False))
        server = office.takings(STORE_ID)["totals"][0]
        stated = office.shift_report(shift_id)["stated"]["totals"]
        exceptions = office.open_exceptions()
        rolls = office.on_hand_milli(office.product(ROLL)["product_id"], STORE_ID)
        sold = office.receipt_numbers(STORE_ID)
        figures = [
            Figure(
                "Sales",
                (
                    ("customers", cashier.sales),
                    ("journal", journal.sales),
                    ("server", server["sale_count"]),
                    ("Z", stated["sale_count"]),
                ),
                money=False,
            ),
            Figure(
                "Takings",
                (
                    ("customers", cashier.takings_minor),
                    ("journal", journal.takings_minor),
                    ("server", server["gross_minor"]),
                    ("Z", stated["gross_minor"]),
                ),
            ),
            Figure(
                "Cash in the drawer", (("counted", cashier.drawer_minor), ("Z", stated["expected_minor"]))
            ),
            Figure(
                "Bread rolls on the shelf",
                (("tally", ROLLS_COUNTED - self._rolls_sold), ("server", rolls // 1000)),
                money=False,
            ),
        ]
        checks = [
            Check("Unsent", cashier.till.seen["unsent"] == 0, str(cashier.till.seen["unsent"])),
            Check("Exceptions", True, f"{len(exceptions)} ({_kinds(exceptions)})" if exceptions else "0"),
            Check(
                "Every sale on paper", self._printed == sold, f"{len(self._printed & sold)} of {len(sold)}"
            ),
            Check("Journal verified", verified and not journal.faults, verdict),
        ]
        print("\nThe day, as everyone has it:\n")
        print(table(figures, checks, CURRENCY))
        print()
        return all_good(figures, checks)

    def _picture(self, till: TillProcess, name: str) -> None:
        self._pictures += 1
        till.do(picture=str(self.folder / f"{self._pictures:02d}-{name}.png"))

    def _keep(self, receipt: Receipt) -> None:
        self._receipts += 1
        self._printed |= {barcode.data for barcode in receipt.barcodes}
        receipt.render_png(self.folder / "receipts" / f"{self._receipts:03d}.png")


def _kinds(exceptions: list[dict[str, object]]) -> str:
    kinds = sorted({str(case["kind"]) for case in exceptions})
    return ", ".join(f"{kind} {sum(case['kind'] == kind for case in exceptions)}" for kind in kinds)


def _say(text: str) -> None:
    print(f"  {text}", flush=True)
