"""The till's composition root: makes every part once, gives each what it needs, and ties them together."""

from __future__ import annotations

import gc
import importlib.resources  # noqa: F401 - its parts load each other: two threads that do so at one moment lock both out
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec

from hardware.counter_device import CounterDevice
from hardware.device_kinds import counter_devices
from hardware.displays.address import display_at
from hardware.displays.second_screen import SecondScreen
from hardware.drawers.base import KeyOnlyDrawer
from hardware.escpos.library import use_cache_folder
from hardware.escpos.paper import Pulse, Receipt
from hardware.labels.address import label_printer_at
from hardware.labels.virtual import VirtualLabelPrinter
from hardware.labels.zpl_paper import PrintedLabel
from hardware.printers.virtual import VirtualPrinter
from hardware.receipt_document import ReceiptDocument
from hardware.registry import connected
from hardware.scales.on_the_counter import KIND as SCALE
from hardware.scanners.address import scanners_at
from hardware.scanners.counter import CounterScanners
from hardware.status import DeviceReport
from hardware.terminals.address import terminal_at
from hardware.terminals.base import CardTerminal
from hardware.terminals.on_the_counter import KIND as CARD_TERMINAL
from hardware.terminals.virtual import VirtualTerminal
from pos_client.card_terminal import CardCounter
from pos_client.chores import NotEnrolledYet
from pos_client.device_desk import DeviceDesk
from pos_client.device_setup import devices_of
from pos_client.label_counter import LabelCounter
from pos_client.printing.paper import Paper
from pos_client.scale_counter import ScaleCounter
from pos_client.settings import VIRTUAL, TillSettings
from pos_client.spooler import Spooler, SpoolerStatus
from pos_client.status_line import StatusLine
from pos_client.store.books import TillBooks
from pos_client.store.catalogue import CatalogueFile
from pos_client.store.second_copy import copy_place
from pos_client.store.segments import Here
from pos_client.sync import identity as identities
from pos_client.sync.handing_in import HandingIn
from pos_client.sync.lending import Lender
from pos_client.sync.path_choice import HUB, PathChoice
from pos_client.sync.server_port import Server
from pos_client.sync.two_paths import TwoPaths
from pos_client.sync.worker import Place, SyncWorker
from pos_client.this_machine import (
    Argon2PinCheck,
    SystemClock,
    SystemIds,
    anchor_path,
    boot_id,
    fingerprint,
    random_bytes,
    random_up_to,
)
from pos_client.till.ports import PostedSale
from pos_client.till.session import TillSession
from pos_client.till_folder import (
    APP,
    BOOKS_FILE,
    CATALOGUE_FILE,
    DAMAGED,
    IDENTITY,
    identity_of,
)
from shared_models.errors import ShopError

if TYPE_CHECKING:
    from pos_client.rounds import Rounds
    from pos_client.sync.server_api import ServerApi, TimeLimits
    from pos_client.ui.application import Application
    from pos_client.ui.main_window import MainWindow

_LOOK_S = 60

Attend = Callable[["Application", "OpenTill"], None]


class OpenTill:
    """A till ready to sell: session, books, catalogue. `start_workers` adds printing and sync, `close` ends all.

    Raises NotEnrolledYet, AlreadyRunning and StorageFailed with what to do.
    """

    def __init__(self, settings: TillSettings, *, training: bool = False) -> None:
        self.settings = settings
        self.identity = identity_of(settings)
        place = self.identity.enrolled
        if place is None:
            raise NotEnrolledYet(
                "This till is not enrolled. Ask head office for a code, then run: "
                "evertill-till enrol CODE --server https://…"
            )
        self.place = place
        self.store_id, self.till_id = place.store_id, place.till_id
        self.clock = SystemClock()
        self.paper = Paper(training=training)
        self.catalogue = CatalogueFile(settings.data_dir / CATALOGUE_FILE, now=lambda: self.clock.now().at_ms)
        self.use_stores_time()
        ids = SystemIds()
        self.books = TillBooks(
            settings.data_dir / BOOKS_FILE,
            till_id=self.till_id,
            sign=self.identity.sign,
            clock=self.clock,
            ids=ids,
            mint=random_bytes,
            render=self._receipt,
            anchor_path=anchor_path(settings.data_dir),
            key=settings.database_key or None,
            boot_id=boot_id(),
            here=Here(self.identity.public_key, fingerprint()),
            second_copy=copy_place(settings.journal_copy, self.till_id),
        )
        self.lender = Lender(self.books.leases, self.books.tickets, self.till_id, self.clock)
        self.virtual_terminal: VirtualTerminal | None = None
        self.terminal = self._card_terminal()
        self.cards = CardCounter(self.books.cards, self.terminal, ids, self.clock)
        self.display = display_at(settings.display) if settings.display else None
        self.second_screen = SecondScreen(settings.second_screen) if settings.second_screen else None
        self.virtual_label_printer: VirtualLabelPrinter | None = None
        self.on_label: Callable[[bytes], None] = lambda png: None
        """Called on the virtual label printer's thread with each label as a PNG."""
        self.labels = self._label_counter()
        self.scales = ScaleCounter(settings.scale, is_virtual=settings.scale == VIRTUAL)
        self.session = TillSession(
            self.till_id,
            clock=self.clock,
            ids=ids,
            catalogue=self.catalogue,
            books=self.books,
            pins=Argon2PinCheck(),
            paper=self.paper,
            lending=self.lender,
            cards=self.cards,
            scales=self.scales,
            training=training,
        )
        self.virtual_printer: VirtualPrinter | None = None
        self.on_paper: Callable[[bytes, bool], None] = lambda png, drawer_opened: None
        """Called on the virtual printer's thread with each receipt as a PNG."""
        self.scanners = CounterScanners(scanners_at(settings.scanners).wired)
        self.spooler: Spooler | None = None
        self.sync: SyncWorker | None = None
        self.rounds: Rounds | None = None
        self.handing_in = HandingIn(settings.data_dir, DAMAGED, self._all_is_sent)
        self.status_line = StatusLine(self.books, self.catalogue)
        self.desk = DeviceDesk(
            self.store_id, self.till_id, APP, settings.data_dir / "device-reports", self.clock
        )
        self.desk.on_printers = self._hear_printers
        self.scanners.on_change = self.desk.hear

    def __enter__(self) -> OpenTill:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, reason: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start_workers(self) -> None:
        """Printing and sync, each on threads of its own; the till never waits for them."""
        use_cache_folder(self.settings.data_dir / "printer-profiles")
        set_up = devices_of(self.settings, self._virtual_printer_port())
        devices = msgspec.structs.replace(
            connected(set_up),
            scanners=self.scanners,
            card_terminal=self.terminal,
            scale=self.scales.driver,
            display=self.display,
            second_screen=self.second_screen,
            label_printer=self.labels.printer if self.labels else None,
        )
        self.spooler = Spooler(
            self.books.jobs,
            devices.printer,
            devices.drawer or (KeyOnlyDrawer() if devices.printer else None),
            self._hear_spooler,
            idle=self.books.checkpoint,
        )
        self.books.on_jobs = self._wake_workers
        self.spooler.start()
        self.spooler.wake()
        self.cards.start()
        self.scales.start()
        if self.display is not None:
            self.display.on_change = self.desk.hear
            self.display.start()
        self.scanners.start()
        self.desk.start(counter_devices(set_up, devices), self._may_look)
        if self.settings.server_url:
            self.sync = self._sync_worker()
            self.sync.start()
            self._start_lender()
            self.handing_in.start(self._server_api)
            self._start_rounds()

    def _may_look(self, device: CounterDevice) -> bool:
        """Nobody asks the terminal how it is while a card is at it, nor the scale while it weighs."""
        if device.kind == SCALE:
            return not self.scales.is_weighing
        return device.kind != CARD_TERMINAL or not self.cards.open_intents()

    def _hear_spooler(self, status: SpoolerStatus) -> None:
        self.status_line.hear_spooler(status)
        if status.ok is False:
            self.desk.look_soon()

    def _hear_printers(self, any_prints: bool, trouble: str) -> None:
        self.status_line.hear_printers(any_prints, trouble)
        if any_prints and self.spooler is not None:
            self.spooler.wake()

    def _card_terminal(self) -> CardTerminal | None:
        address = self.settings.terminal
        if address == VIRTUAL:
            self.virtual_terminal = VirtualTerminal(port=0).start()
            address = f"zvt://127.0.0.1:{self.virtual_terminal.port}"
        return terminal_at(address) if address else None

    def _label_counter(self) -> LabelCounter | None:
        address, roll = self.settings.label_printer, self.settings.label_roll
        if address == VIRTUAL:
            self.virtual_label_printer = VirtualLabelPrinter(port=0, on_label=self._on_label).start()
            address = f"tcp://127.0.0.1:{self.virtual_label_printer.port}"
        return LabelCounter(label_printer_at(address, roll), self.catalogue, self.clock) if address else None

    def _virtual_printer_port(self) -> int | None:
        if self.settings.printer != VIRTUAL:
            return None
        self.virtual_printer = VirtualPrinter(port=0, on_receipt=self._on_paper).start()
        return self.virtual_printer.port

    def _on_paper(self, receipt: Receipt) -> None:
        self.on_paper(receipt.png(), any(isinstance(part, Pulse) for part in receipt.items))

    def _on_label(self, label: PrintedLabel) -> None:
        self.on_label(label.png())

    def wake_sync(self) -> None:
        if self.sync is not None:
            self.sync.wake()

    def _look_both_ways(self) -> None:
        """No hint that got lost keeps a till waiting for longer than this."""
        if self.sync is not None:
            self.sync.wake()
            self.sync.refresh()

    def line_is_back(self) -> None:
        if self.sync is not None:
            self.sync.line_is_back()

    def catalogue_version(self) -> object:
        """Changes with the catalogue; None while it can't be read, which the status line says."""
        try:
            return self.catalogue.positions()
        except ShopError:
            return None

    def use_stores_settings(self, window: MainWindow) -> None:
        self.use_stores_time()
        store = self.catalogue.store()
        if store is not None:
            window.lock_after(store.idle_lock_s)

    def use_stores_time(self) -> None:
        """The store's own time zone, where head office has set one."""
        store = self.catalogue.store()
        self.clock.offset_min = store.utc_offset_min if store else None

    def close(self) -> None:
        askers = (self.rounds, self.desk, self.scanners, self.lender, self.cards, self.scales, self.display)
        for part in (
            *askers,
            self.handing_in,
            self.virtual_terminal,
            self.sync,
            self.spooler,
            self.virtual_printer,
            self.virtual_label_printer,
        ):
            if part is not None:
                part.stop()
        self.books.close()
        self.catalogue.close()

    def _wake_workers(self) -> None:
        if self.spooler is not None:
            self.spooler.wake()
        self.wake_sync()

    def _sync_worker(self) -> SyncWorker:
        return SyncWorker(
            Place(
                device_id=self.identity.device_id,
                till_id=self.till_id,
                store_id=self.store_id,
                app=APP,
                server_terms=self.identity.server_terms,
            ),
            self.books,
            self.catalogue,
            self._connected,
            self.settings.data_dir / "downloads",
            self.clock,
            self.status_line.hear_sync,
            lambda terms: identities.learn_server_keys(self.settings.data_dir / IDENTITY, terms),
        )

    def _connected(self) -> Server:
        """The server; where the store has a hub, by way of that first."""
        from pos_client.sync.server_api import IN_THE_SHOP, ServerApi

        who, central = self.identity, self._server_api()
        if not self.settings.hub_url:
            return central
        hub = ServerApi(self.settings.hub_url, who.device_id, who.sign, IN_THE_SHOP)
        self._take_path(HUB)
        return TwoPaths(hub, central, PathChoice(random_up_to), self.clock, self._take_path)

    def _take_path(self, path: str) -> None:
        if self.sync is not None:
            self.sync.path_changed(path)

    def _start_lender(self) -> None:
        from pos_client.sync.server_api import AT_THE_COUNTER

        self.lender.start(lambda: self._server_api(AT_THE_COUNTER))

    def _server_api(self, limits: TimeLimits | None = None) -> ServerApi:
        from pos_client.sync.server_api import ServerApi  # loads the HTTP library

        return ServerApi(self.settings.server_url, self.identity.device_id, self.identity.sign, limits)

    def _all_is_sent(self) -> bool:
        return self.sync is not None and self.sync.status.online and self.sync.status.all_sent

    def _start_rounds(self) -> None:
        from pos_client.rounds import Rounds  # loads the scheduler

        self.rounds = Rounds()
        self.rounds.every(
            _LOOK_S, self._look_both_ways, "look whether there is something to send or to fetch"
        )
        self.rounds.start()

    def _receipt(self, posted: PostedSale) -> ReceiptDocument:
        store = self.catalogue.store()
        assert store is not None, "nothing can be sold before the first catalogue"
        return self.paper.receipt(posted, store)


def doctors_report(settings: TillSettings, reports: Sequence[DeviceReport]) -> str:
    """For support; also from a till that is not enrolled yet."""
    place = identity_of(settings).enrolled
    store_id, till_id = (place.store_id, place.till_id) if place else ("not enrolled", "not enrolled")
    return DeviceDesk(store_id, till_id, APP, settings.data_dir, SystemClock()).report(reports)


def open_till(settings: TillSettings, *, training: bool = False) -> OpenTill:
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return OpenTill(settings, training=training)


def run_window(settings: TillSettings, attend: Attend | None = None, *, training: bool = False) -> int:
    """The till in its window until that is closed; what a cashier starts.

    `attend` is called once the window stands: the demo's robot takes its place at the keys there. `training` marks all
    that is sold and printed; `settings` are those of `pos_client.training` then.
    """
    from pos_client.ui.application import Application  # Qt, and only where there is a window

    application = Application(theme=settings.theme, fullscreen=settings.fullscreen)
    try:
        till = open_till(settings, training=training)
    except ShopError as reason:
        return application.explain(reason.message)
    with till:
        window = application.open(
            till.session,
            now=till.clock.now,
            status=till.status_line.now,
            version=till.catalogue_version,
            wedge=scanners_at(settings.scanners).wedge,
            desk=till.desk,
            labels=till.labels,
        )
        if settings.printer == VIRTUAL:
            till.on_paper = application.paper(window)
        if settings.label_printer == VIRTUAL:
            till.on_label = application.labels(window)
        application.after_first_paint(lambda: _settle(till))
        application.on_catalogue_change(lambda: till.use_stores_settings(window))
        till.use_stores_settings(window)
        application.on_unsent(till.wake_sync)
        application.after_first_paint(lambda: application.on_network_back(till.line_is_back))
        till.scanners.on_scan, till.desk.on_change = application.hear_scanners(window)
        if till.display is not None:
            application.face_customer(window, till.display.show)
        if till.second_screen is not None:
            till.second_screen.on_change = till.desk.hear
            application.show_customer(window, till.second_screen)
        till.lender.on_answer = till.cards.on_news = till.scales.on_news = application.hear_answers(window)
        if attend is not None:
            attend(application, till)
        return application.run()


def _settle(till: OpenTill) -> None:
    """What can wait until the window is there."""
    till.start_workers()
    # All this stays until the end: looking through it for garbage held a scan up for 15 ms and more.
    gc.collect()
    gc.freeze()
