"""Handing in what was put aside: a damaged database goes to head office, for whoever repairs it to look at.

Only while everything else is sent, one small piece at a time, each durable at the server before the next; a till that
is switched off goes on where it was. The file stays on the till's disk either way.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable
from pathlib import Path

from pos_client.sync.back_off import BackOff
from pos_client.sync.outcomes import Failure, Refused, Reply, in_words
from pos_client.sync.server_port import FileServer
from pos_client.sync.turns import Turns
from shared_models.evidence_api import MAX_NAME, MAX_PIECE_BYTES, FileHeld, FileOffer, FilePiece

STOP_WITHIN_S = 0.5
NOTED = ".handed-in"
"""Beside a file that the server has whole: nobody need send it again."""
_NOT_WHOLE_FILES = (NOTED, "-shm")
_PAUSE_S = 0.05
_REST_S = 30.0
_LONG_REST_S = 3600.0
_STARTS = 3
_READ = 1 << 20
_NOT_OF_THE_FILE = frozenset({401, 403, 408, 426, 429})
log = logging.getLogger(__name__)


class HandingIn:
    """Files of `folder` that fit `pattern`. `all_is_sent` says whether the line is free for it."""

    def __init__(self, folder: Path, pattern: str, all_is_sent: Callable[[], bool]) -> None:
        self._folder = folder
        self._pattern = pattern
        self._all_is_sent = all_is_sent
        self._connect: Callable[[], FileServer] | None = None
        self._server: FileServer | None = None
        self._offer: FileOffer | None = None
        self._of: Path | None = None
        self._received: int | None = None
        self._starts = 0
        self._kept_here: set[Path] = set()
        self._back_off = BackOff(lambda ceiling: secrets.randbelow(ceiling + 1))
        self._turns = Turns("sync-files", self._turn)

    def start(self, connect: Callable[[], FileServer]) -> None:
        """Files are put aside while a till starts, so where there is none now, there is nothing to do until then."""
        if self._waiting() is None:
            return
        self._connect = connect
        self._turns.start()

    def stop(self) -> bool:
        if self._connect is None:
            return True
        self._turns.ask_to_stop()
        if self._server is not None:
            self._server.abort()
        done = self._turns.stopped_within(STOP_WITHIN_S)
        if done and self._server is not None:
            self._server.close()
        return done

    def _waiting(self) -> Path | None:
        for path in sorted(self._folder.glob(self._pattern)):
            if path.name.endswith(_NOT_WHOLE_FILES) or path in self._kept_here or path.stat().st_size == 0:
                continue
            if not path.with_name(path.name + NOTED).exists():
                return path
        return None

    def _turn(self) -> float:
        path = self._waiting()
        if path is None:
            return _LONG_REST_S
        if not self._all_is_sent():
            return _REST_S
        try:
            outcome = self._next(path)
        except OSError as reason:
            return self._keep_here(path, f"it can't be read: {reason.strerror}")
        if isinstance(outcome, Reply):
            self._back_off.succeeded()
            return self._went_on(path, outcome.value)
        return self._failed(path, outcome)

    def _next(self, path: Path) -> Reply[FileHeld] | Failure:
        if self._offer is None or self._of != path:
            self._of, self._offer, self._received, self._starts = path, _offer_of(path), None, 0
        offer, received = self._offer, self._received
        if received is None or received >= offer.size:
            return self._met().offer_file(offer)
        with path.open("rb") as file:
            file.seek(received)
            content = file.read(MAX_PIECE_BYTES)
        return self._met().send_piece(FilePiece(sha256=offer.sha256, offset=received, content=content))

    def _went_on(self, path: Path, held: FileHeld) -> float:
        if held.whole:
            path.with_name(path.name + NOTED).touch()
            log.info("%s is at head office now; it also stays here", path.name)
            self._offer = None
            return 0.0
        self._starts += held.received == 0
        if self._starts > _STARTS:
            return self._keep_here(path, "it changes while it is sent")
        self._received = held.received
        return _PAUSE_S

    def _failed(self, path: Path, failure: Failure) -> float:
        """A server that knows no files yet may learn it; one that lost the offer hears it again."""
        if not isinstance(failure, Refused):
            return self._back_off.failed() / 1000
        if failure.status in (404, 405):
            was_known, self._received = self._received is not None, None
            return self._back_off.failed() / 1000 if was_known else _LONG_REST_S
        if failure.status < 500 and failure.status not in _NOT_OF_THE_FILE:
            return self._keep_here(path, failure.message or in_words(failure)[1])
        return self._back_off.failed(failure.retry_after_ms) / 1000

    def _keep_here(self, path: Path, why: str) -> float:
        """Until the till starts again."""
        log.warning("%s stays on this disk only: %s", path.name, why)
        self._kept_here.add(path)
        self._offer = None
        return 0.0

    def _met(self) -> FileServer:
        if self._server is None:
            assert self._connect is not None
            self._server = self._connect()
        return self._server


def _offer_of(path: Path) -> FileOffer:
    """Its time is that of its last change: nobody writes to it since it was put aside."""
    digest, about = hashlib.sha256(), path.stat()
    with path.open("rb") as file:
        while piece := file.read(_READ):
            digest.update(piece)
    return FileOffer(
        name=path.name[:MAX_NAME],
        sha256=digest.hexdigest(),
        size=about.st_size,
        put_aside_ms=about.st_mtime_ns // 1_000_000,
    )
