"""Practice at the till: all of it works, all of it says what it is, and none of it reaches what counts."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from hardware.labels.virtual import VirtualLabelPrinter
from hardware.printers.virtual import VirtualPrinter
from hardware.terminals.virtual import VirtualTerminal
from pos_client import training
from pos_client.settings import TillSettings
from pos_client.till.state import Phase
from tests.pos_client.card_till import CardTill
from tests.pos_client.ready_till import OAT_DRINK, PRICE_MINOR, ready
from tests.pos_client.test_commands import till


class NobodyMayCall:
    """A port that a server would have; it counts who comes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def callers(self) -> int:
        count = 0
        try:
            while True:
                self._listener.accept()[0].close()
                count += 1
        except BlockingIOError:
            return count

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def real_printer() -> Iterator[VirtualPrinter]:
    with VirtualPrinter(port=0) as printer:
        yield printer


@pytest.fixture
def real_terminal() -> Iterator[VirtualTerminal]:
    with VirtualTerminal(port=0) as terminal:
        yield terminal


@pytest.fixture
def office() -> Iterator[NobodyMayCall]:
    office = NobodyMayCall()
    yield office
    office.close()


@pytest.fixture
def real(
    tmp_path: Path,
    real_printer: VirtualPrinter,
    real_terminal: VirtualTerminal,
    office: NobodyMayCall,
    monkeypatch: pytest.MonkeyPatch,
) -> TillSettings:
    """A till with everything connected, that has sold one piece for cash before."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    bare = ready(tmp_path / "till", terminal=f"zvt://127.0.0.1:{real_terminal.port}")
    with CardTill(bare) as counter:
        counter.ring_up()
        counter.session.tender_cash(PRICE_MINOR)
        assert counter.session.finish_sale().phase is Phase.CHANGE
    copies = tmp_path / "copies"
    copies.mkdir()
    printer = f"tcp://127.0.0.1:{real_printer.port}"
    return msgspec.structs.replace(bare, printer=printer, server_url=office.url, journal_copy=str(copies))


def figures(settings: TillSettings) -> tuple[object, ...]:
    """What the real till's books say: entries, their end, the shift's figures, the next number."""
    with CardTill(msgspec.structs.replace(settings, printer="", server_url="")) as counter:
        books = counter.till.books
        shift = books.open_shift()
        assert shift is not None
        totals = msgspec.structs.replace(books.shift_totals(shift.opened.shift_id), last_seq=0)
        return totals, books.next_receipt_number(), len(books.recent_sales()), books.unsent().value_minor


def test_a_trainee_sells_takes_cards_and_gives_back_and_nothing_of_it_counts(
    real: TillSettings, real_printer: VirtualPrinter, real_terminal: VirtualTerminal, office: NobodyMayCall
) -> None:
    before = figures(real)
    with CardTill(training.prepare(real), training=True) as counter:
        assert counter.session.state.training
        assert counter.pay_by_card(2).phase is Phase.CHANGE
        posted = counter.till.books.last_sale()
        assert posted is not None
        assert (posted.sale.training, posted.sale.till_id) == (True, "T-03-2")
        assert posted.sale.receipt_number.startswith("T-03-2-")
        counter.take_back(posted.sale.receipt_number, 2)
        counter.session.give_money_back()
        assert counter.wait(lambda state: state.phase is Phase.SALE).notice is not None
        counter.session.x_report(print_it=True)
        assert counter.till.virtual_printer is not None
        receipts = counter.till.virtual_printer.wait_for_receipts(3)
        assert all("TRAINING - NO SALE" in receipt.text for receipt in receipts)
        assert counter.till.virtual_terminal is not None
        assert len(counter.till.virtual_terminal.bookings) == 2
    assert real_printer.receipts == []
    assert real_terminal.bookings == []
    assert office.callers() == 0
    assert [path.name for path in Path(real.journal_copy).iterdir()] == ["evertill-journal-03-2.db"]
    assert figures(real) == before


def test_no_device_nor_server_that_is_set_up_is_in_the_settings_for_practice(tmp_path: Path) -> None:
    """Whatever setting there will be: it stays as it comes, but for those that make simulators of devices."""
    words = {
        name: "somewhere"
        for name, value in msgspec.structs.asdict(TillSettings()).items()
        if isinstance(value, str)
    }
    practice = training.settings_for(TillSettings(data_dir=tmp_path, **words))  # type: ignore[arg-type]
    fresh = TillSettings()
    kept = {name for name in words if getattr(practice, name) != getattr(fresh, name)}
    assert kept == {"database_key", "printer", "terminal", "scale", "label_printer", "theme"}
    simulated = {practice.printer, practice.terminal, practice.scale, practice.label_printer}
    assert simulated == {"virtual"}


def test_a_trainee_prints_labels_and_none_comes_out_of_the_shops_printer(real: TillSettings) -> None:
    with VirtualLabelPrinter(port=0) as shops:
        real = msgspec.structs.replace(real, label_printer=f"tcp://127.0.0.1:{shops.port}")
        with CardTill(training.prepare(real), training=True) as counter:
            desk, practice = counter.till.labels, counter.till.virtual_label_printer
            assert desk is not None
            assert practice is not None
            offer = desk.by_scan(OAT_DRINK)
            assert offer is not None
            assert desk.print([(offer, 2)]).message == "2 labels printed."
            assert [label.codes for label in practice.wait_for(2)] == [[OAT_DRINK]] * 2
        assert shops.labels == ()


def test_practice_goes_on_beside_the_real_till(real: TillSettings) -> None:
    with (
        CardTill(msgspec.structs.replace(real, server_url="")) as selling,
        CardTill(training.prepare(real), training=True) as practising,
    ):
        assert practising.pay_by_card().phase is Phase.CHANGE
        assert selling.pay_by_card().phase is Phase.CHANGE
        number = selling.session.state.done
        assert number is not None
        assert not number.receipt_number.startswith("T-")


def test_without_products_the_till_says_what_to_do(tmp_path: Path) -> None:
    done = till(TillSettings(data_dir=tmp_path, keyring=False), "train")
    assert done.returncode == 1
    assert "let it meet head office once" in done.stderr
    assert "Traceback" not in done.stderr
