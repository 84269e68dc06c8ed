"""What the tills brought goes on to the central server: as it was sealed, in order, until that one has it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from shared_models import wire
from shared_models.hub_api import HubHello, HubHelloReply
from shared_models.protocol import PROTOCOL
from shared_models.sync_api import MAX_BATCH_ENTRIES, HashesRequest, Hello, Push, PushReply, SegmentVerdict
from sync_server.database import Database
from sync_server.ports import ElapsedMs, NowMs
from sync_server.store_hub import aside, entries, gaps, journals, mirror, pruning
from sync_server.store_hub.aside import PutOff
from sync_server.store_hub.central import CentralAway, CentralRefused
from sync_server.store_hub.gaps import Patience
from sync_server.store_hub.journals import Hashes, ToPassOn
from sync_server.store_hub.ports import CentralServer
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


class _Pace:
    """How a journal gets on: so many entries at once, after so many tries in a row that failed."""

    def __init__(self) -> None:
        self.most = MAX_BATCH_ENTRIES
        self.tries = 0


class Forwarder:
    """One thread calls `round`; `heed` is called by those that answer the tills."""

    def __init__(
        self,
        db: Database,
        central: CentralServer,
        quick: CentralServer,
        app: str,
        now_ms: NowMs,
        elapsed_ms: ElapsedMs,
        is_going: Callable[[], bool],
    ) -> None:
        self._db = db
        self._central = central
        self._quick = quick
        self._app = app
        self._now_ms = now_ms
        self._elapsed_ms = elapsed_ms
        self._is_going = is_going
        self._greeting = threading.Lock()
        self._away_until_ms = self._hello_due_ms = elapsed_ms()
        self._paces: dict[bytes, _Pace] = {}
        self._patience = Patience()
        self._put_off = PutOff()
        self._stuck = b""
        self.shut_out = False
        """The central server takes nothing from this hub any more: the tills must go there themselves."""

    def round(self) -> float:
        """Everything that can be passed on now; the seconds until it is worth looking again."""
        if self._elapsed_ms() >= self._hello_due_ms or self._anything_unasked():
            self.greet()
        if self.shut_out:
            return _REST_S
        self._pass_on_raw()
        with self._db.read() as tx:
            unsent = journals.unsent(tx)
        for incarnation in sorted(unsent, key=lambda one: one == self._stuck):
            self._stuck = incarnation
            self._pass_on(incarnation)
        self._stuck = b""
        self._bring_what_no_till_reaches()
        return _REST_S

    def meet(self, device_id: str) -> None:
        """A machine that this hub does not know may have been enrolled since it last asked."""
        with self._db.read() as tx:
            known = mirror.is_known(tx, device_id)
        if not known and self._elapsed_ms() >= self._hello_due_ms - HELLO_EVERY_MS + _BREATH_MS:
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
        if self._elapsed_ms() < self._away_until_ms or not self._greeting.acquire(timeout=_TILL_WAITS_S):
            return
        try:
            self._greet(self._quick)
        except (CentralAway, CentralRefused) as reason:
            self._away_until_ms = self._elapsed_ms() + _AWAY_MS
            _log.info("a till is served by what this hub knows: %s", reason.message)
        finally:
            self._greeting.release()

    def greet(self) -> None:
        """Both sides say where they stand."""
        with self._greeting:
            self._greet(self._central)
        self._away_until_ms = self._elapsed_ms()

    def _greet(self, central: CentralServer) -> None:
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
        self._hear(central, asked, self._told(central, said))
        self._hello_due_ms = self._elapsed_ms() + HELLO_EVERY_MS

    def _told(self, central: CentralServer, said: HubHello) -> HubHelloReply:
        try:
            heard = central.hello(said)
        except CentralRefused as reason:
            if reason.refusal in _SHUT_OUT:
                self.shut_out = True
                _log.info("shut out: %s", reason.message)
            raise
        self.shut_out = False
        return heard

    def _hear(self, central: CentralServer, asked: list[bytes], heard: HubHelloReply) -> None:
        said = {one.verdict.incarnation: one for one in heard.journals}
        tills = {machine.device_id: machine.till_id for machine in heard.devices}
        with self._db.write() as tx:
            mirror.take_in(tx, heard, self._now_ms)
            for one in heard.journals:
                if one.device_id in tills:
                    owner = TillIdentity(one.device_id, tills[one.device_id], "")
                    journals.belongs_to(tx, one.verdict.incarnation, owner)
        for incarnation in asked:
            one_said = said.get(incarnation)
            if one_said is None:
                with self._db.write() as tx:
                    journals.settle(tx, incarnation, 0, b"", 0)
            else:
                self._settle(central, one_said.device_id, one_said.verdict)
        with self._db.write() as tx:
            pruning.prune(tx, self._now_ms())

    def _settle(self, central: CentralServer, device_id: str, said: SegmentVerdict | PushReply) -> bool:
        """Whether what is here goes on from what the central server holds."""
        theirs = self._compared(central, device_id, said)
        with self._db.write() as tx:
            return journals.settle(tx, said.incarnation, said.high, said.hash, said.safe_through, theirs)

    def _compared(
        self, central: CentralServer, device_id: str, said: SegmentVerdict | PushReply
    ) -> Hashes | None:
        """Of a till that is shut out nobody can say; its entries wait for a person in any case."""
        id = said.incarnation
        try:
            with self._db.read() as tx:
                last = journals.to_compare(tx, id, said.high)
            theirs = _hashes_there(central, device_id, id, () if last is None else (last,))
            with self._db.read() as tx:
                more = journals.to_search(tx, id, said.high, said.hash, theirs)
            return theirs | _hashes_there(central, device_id, id, more)
        except CentralRefused as refused:
            if refused.refusal not in _ONLY_RAW:
                raise
            return None

    def _anything_unasked(self) -> bool:
        with self._db.read() as tx:
            return journals.any_unasked(tx)

    def _pass_on(self, incarnation: bytes) -> None:
        while self._is_going():
            with self._db.read() as tx:
                batch = journals.next_batch(tx, incarnation, self._pace(incarnation).most, _MOST_BYTES)
            if batch is None or not self._pushed(batch):
                return

    def _pace(self, incarnation: bytes) -> _Pace:
        return self._paces.setdefault(incarnation, _Pace())

    def _pushed(self, batch: ToPassOn) -> bool:
        """Whether it is worth going on with this journal."""
        push, pace = batch.push, self._pace(batch.push.incarnation)
        try:
            reply = self._central.push(batch.device_id, push)
        except CentralRefused as refused:
            return self._reconsidered(batch, refused)
        except CentralAway as away:
            if not self._made_smaller(batch, away):
                raise
            return False
        pace.tries, pace.most = 0, min(MAX_BATCH_ENTRIES, pace.most * 2)
        return self._settle(self._central, batch.device_id, reply) and reply.high >= push.first_seq

    def _reconsidered(self, batch: ToPassOn, refused: CentralRefused) -> bool:
        """What the central server chokes on is halved until it stands alone, and then brought raw."""
        if refused.refusal in _SHUT_OUT or refused.is_busy or refused.answered in _LATER:
            self._hello_due_ms = self._elapsed_ms()
            raise refused
        if refused.refusal == "not_as_sealed" and self._forgotten(batch.push):
            return False
        if refused.refusal in _ONLY_RAW:
            self._bring_raw(batch.device_id, batch.push, refused.message)
            return True
        pace = self._pace(batch.push.incarnation)
        if len(batch.push.entries) > 1:
            pace.most = len(batch.push.entries) // 2
            return True
        pace.tries += 1
        if pace.tries < _TRIES:
            raise refused
        pace.tries = 0
        self._bring_raw(batch.device_id, batch.push, "the central server failed on it again and again")
        return True

    def _made_smaller(self, batch: ToPassOn, away: CentralAway) -> bool:
        """A central server that something kills does not refuse it: what gets no answer is halved all the same.

        Once that has begun each failure halves again; a single entry has its tries before it is brought raw.
        """
        pace, entries = self._pace(batch.push.incarnation), len(batch.push.entries)
        pace.tries += away.was_sent
        if pace.tries < (1 if entries > 1 and pace.most < MAX_BATCH_ENTRIES else _TRIES):
            return False
        pace.tries = 0
        if entries > 1:
            pace.most = entries // 2
        else:
            self._bring_raw(batch.device_id, batch.push, "the central server gave no answer again and again")
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
                self._settle(self._central, device_id, reply)

    def _bring_what_no_till_reaches(self) -> None:
        """What lies behind a gap that its till does not fill: the central server keeps it without what comes before."""
        with self._db.read() as tx:
            all_gaps = gaps.all_gaps(tx)
        for gap in self._patience.is_over(all_gaps, self._elapsed_ms()):
            with self._db.read() as tx:
                left = list(entries.one_by_one(tx, gap.incarnation, gap.after))
            with self._db.write() as tx:
                aside.put(tx, gap.incarnation, left)
                for one in left:
                    gaps.forget(tx, one)
        self._pass_on_raw()

    def _pass_on_raw(self) -> None:
        """What a till could bring no other way, byte for byte. What is refused keeps nothing else waiting."""
        with self._db.read() as tx:
            frames = aside.to_pass_on(tx)
        for id, device_id in frames:
            if not self._put_off.waits(id, self._elapsed_ms()):
                self._pass_on_frame(id, device_id)

    def _pass_on_frame(self, id: str, device_id: str) -> None:
        with self._db.read() as tx:
            frame = aside.frame(tx, id)
        try:
            reply = self._central.push_raw(device_id, frame, "it came raw to the store's hub")
        except CentralRefused as refused:
            if refused.refusal in _SHUT_OUT or refused.is_busy or refused.answered in _LATER:
                raise
            self._put_off.refused(id, self._elapsed_ms())
            _log.warning("a frame of till machine %s is refused and kept: %s", device_id, refused.message)
            return
        except CentralAway as away:
            if away.was_sent:
                self._put_off.unanswered(id, self._elapsed_ms())
            raise
        self._put_off.taken(id)
        with self._db.write() as tx:
            aside.passed_on(tx, id, self._now_ms())
        if reply is not None:
            self._settle(self._central, device_id, reply)


def _hashes_there(
    central: CentralServer, device_id: str, incarnation: bytes, seqs: tuple[int, ...]
) -> dict[int, bytes]:
    if not seqs:
        return {}
    said = central.hashes(device_id, HashesRequest(incarnation=incarnation, seqs=seqs)).hashes
    return dict(zip(seqs, said, strict=True))
