"""What the tills brought goes on to the central server: as it was sealed, in order, until that one has it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from sqlalchemy import select, update

from shared_models import wire
from shared_models.hub_api import HubHello, HubHelloReply
from shared_models.protocol import PROTOCOL
from shared_models.sync_api import MAX_BATCH_ENTRIES, Hello, Push
from sync_server.database import Database
from sync_server.ingest.tables import quarantine
from sync_server.ports import NowMs
from sync_server.store_hub import journals, mirror
from sync_server.store_hub.central import Central, CentralAway, CentralRefused
from sync_server.store_hub.journals import ToPassOn
from sync_server.sync_messages import TillIdentity

HELLO_EVERY_MS = 60_000
_BREATH_MS = 2_000
"""So long the central server is left alone after a greeting, however many strangers knock."""
_AWAY_MS = 15_000
_TILL_WAITS_S = 2.0
_REST_S = 5.0
_MOST_BYTES = 1 << 20
_TRIES = 3
_SHUT_OUT = frozenset({"hub_revoked", "not_logged_in"})
_ONLY_RAW = frozenset({"till_revoked", "unknown_till", "not_your_journal"})
"""Why the central server takes entries of a till no other way."""
_LATER = frozenset({408, 426, 429})
_log = logging.getLogger(__name__)


class Forwarder:
    """One thread calls `round`; `heed` is called by those that answer the tills."""

    def __init__(
        self,
        db: Database,
        central: Central,
        quick: Central,
        app: str,
        now_ms: NowMs,
        is_going: Callable[[], bool],
    ) -> None:
        self._db = db
        self._central = central
        self._quick = quick
        self._app = app
        self._now_ms = now_ms
        self._is_going = is_going
        self._greeting = threading.Lock()
        self._away_until_ms = 0
        self._hello_due_ms = 0
        self._most = MAX_BATCH_ENTRIES
        self._tries = 0
        self.shut_out = False
        """The central server takes nothing from this hub any more: the tills must go there themselves."""

    def round(self) -> float:
        """Everything that can be passed on now; the seconds until it is worth looking again."""
        if self._now_ms() >= self._hello_due_ms or self._anything_unasked():
            self.greet()
        if self.shut_out:
            return _REST_S
        self._pass_on_raw()
        with self._db.read() as tx:
            unsent = journals.unsent(tx)
        for incarnation in unsent:
            self._pass_on(incarnation)
        return _REST_S

    def meet(self, device_id: str) -> None:
        """A machine that this hub does not know may have been enrolled since it last asked."""
        with self._db.read() as tx:
            known = mirror.is_known(tx, device_id)
        if not known and self._now_ms() >= self._hello_due_ms - HELLO_EVERY_MS + _BREATH_MS:
            self._greet_if_it_can()

    def heed(self, who: TillIdentity, said: Hello) -> None:
        """A till knows more of its journals than this hub: it may have been at the central server meanwhile."""
        with self._db.write() as tx:
            unknown = journals.to_ask_about(tx, said.segments)
            for incarnation in unknown:
                journals.note(tx, incarnation, who)
        if unknown:
            self._greet_if_it_can()

    def _greet_if_it_can(self) -> None:
        """A till waits for this, so not for long, and not for a central server that was away just now."""
        if self._now_ms() < self._away_until_ms or not self._greeting.acquire(timeout=_TILL_WAITS_S):
            return
        try:
            self._greet(self._quick)
        except (CentralAway, CentralRefused) as reason:
            self._away_until_ms = self._now_ms() + _AWAY_MS
            _log.info("a till is served by what this hub knows: %s", reason.message)
        finally:
            self._greeting.release()

    def greet(self) -> None:
        """Both sides say where they stand."""
        with self._greeting:
            self._greet(self._central)
        self._away_until_ms = 0

    def _greet(self, central: Central) -> None:
        with self._db.read() as tx:
            asked = journals.noted(tx)
            waiting, oldest = journals.waiting(tx)
        said = HubHello(
            protocol=PROTOCOL,
            app=self._app,
            waiting=waiting,
            oldest_waiting_ms=oldest,
            journals=tuple(asked),
        )
        self._hear(asked, self._told(central, said))
        self._hello_due_ms = self._now_ms() + HELLO_EVERY_MS

    def _told(self, central: Central, said: HubHello) -> HubHelloReply:
        try:
            heard = central.hello(said)
        except CentralRefused as reason:
            if reason.refusal in _SHUT_OUT:
                self.shut_out = True
                _log.info("shut out: %s", reason.message)
            raise
        self.shut_out = False
        return heard

    def _hear(self, asked: list[bytes], heard: HubHelloReply) -> None:
        said = {one.verdict.incarnation: one for one in heard.journals}
        tills = {machine.device_id: machine.till_id for machine in heard.devices}
        with self._db.write() as tx:
            mirror.take_in(tx, heard, self._now_ms)
            for incarnation in asked:
                one = said.get(incarnation)
                if one is None:
                    journals.settle(tx, incarnation, 0, b"", 0)
                    continue
                if one.device_id in tills:
                    owner = TillIdentity(one.device_id, tills[one.device_id], "")
                    journals.belongs_to(tx, incarnation, owner)
                verdict = one.verdict
                journals.settle(tx, incarnation, verdict.high, verdict.hash, verdict.safe_through)

    def _anything_unasked(self) -> bool:
        with self._db.read() as tx:
            return journals.any_unasked(tx)

    def _pass_on(self, incarnation: bytes) -> None:
        while self._is_going():
            with self._db.read() as tx:
                batch = journals.next_batch(tx, incarnation, self._most, _MOST_BYTES)
            if batch is None or not self._pushed(batch):
                return

    def _pushed(self, batch: ToPassOn) -> bool:
        """Whether it is worth going on with this journal."""
        push = batch.push
        try:
            reply = self._central.push(batch.device_id, push)
        except CentralRefused as refused:
            return self._reconsidered(batch, refused)
        self._tries, self._most = 0, min(MAX_BATCH_ENTRIES, self._most * 2)
        with self._db.write() as tx:
            fits = journals.settle(tx, push.incarnation, reply.high, reply.hash, reply.safe_through)
        return fits and reply.high >= push.first_seq

    def _reconsidered(self, batch: ToPassOn, refused: CentralRefused) -> bool:
        """What the central server chokes on is halved until it stands alone, and then brought raw."""
        if refused.refusal in _SHUT_OUT or refused.answered in _LATER:
            self._hello_due_ms = 0
            raise refused
        if refused.refusal == "not_as_sealed" and self._forgotten(batch.push):
            return False
        if refused.refusal in _ONLY_RAW:
            self._bring_raw(batch.device_id, batch.push, refused.message)
            return True
        if len(batch.push.entries) > 1:
            self._most = len(batch.push.entries) // 2
            return True
        self._tries += 1
        if self._tries < _TRIES:
            raise refused
        self._tries = 0
        self._bring_raw(batch.device_id, batch.push, "the central server failed on it again and again")
        return True

    def _forgotten(self, push: Push) -> bool:
        """Whether this hub's own disk spoilt it: the till has it as it was."""
        with self._db.write() as tx:
            seq = journals.spoilt_at(tx, push)
            if seq is not None:
                journals.forget_from(tx, push.incarnation, seq)
        if seq is not None:
            _log.warning("entry %d of a till was altered on this hub's disk; the till sends it again", seq)
        return seq is not None

    def _bring_raw(self, device_id: str, push: Push, reason: str) -> None:
        for one in journals.single_entries(push):
            reply = self._central.push_raw(device_id, wire.pack(one), reason)
            with self._db.write() as tx:
                journals.passed_on_raw(tx, push.incarnation, one.first_seq)
                if reply is not None and reply.high >= one.first_seq:
                    journals.settle(tx, push.incarnation, reply.high, reply.hash, reply.safe_through)

    def _pass_on_raw(self) -> None:
        """What a till could bring no other way, byte for byte."""
        open_frames = select(quarantine.c.quarantine_id, quarantine.c.device_id, quarantine.c.raw)
        open_frames = open_frames.where(quarantine.c.raw.is_not(None), quarantine.c.resolved_at_ms.is_(None))
        with self._db.read() as tx:
            frames = tx.execute(open_frames.order_by(quarantine.c.at_ms).limit(100)).all()
        for frame in frames:
            reply = self._central.push_raw(frame.device_id, frame.raw, "it came raw to the store's hub")
            done = {"resolved_at_ms": self._now_ms(), "resolved_by": "passed on"}
            with self._db.write() as tx:
                by_id = quarantine.c.quarantine_id == frame.quarantine_id
                tx.execute(update(quarantine).where(by_id).values(done))
                if reply is not None:
                    journals.settle(tx, reply.incarnation, reply.high, reply.hash, reply.safe_through)
