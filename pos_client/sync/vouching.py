"""Which checkpoints a till keeps: those that its own server signed, about what the two sides agree on."""

from __future__ import annotations

import logging
from collections.abc import Callable

from shared_models.checkpoint import Checkpoint, is_genuine
from shared_models.signing import verifier
from shared_models.sync_api import HelloReply, PushReply, SegmentVerdict

log = logging.getLogger(__name__)

Learn = Callable[[bytes], None]
"""learn(key): keeps the server's key, which was not known before."""


class Vouching:
    """Hears answers, and gives the checkpoint that fits an acknowledgement. For one thread.

    `server_key` is what the till learned at enrolment; without one it learns from the next hello. A key that is
    another one later is not believed, and costs no sale: the till then keeps no more checkpoints.
    """

    def __init__(self, server_key: bytes = b"", learn: Learn = lambda key: None) -> None:
        self._key = server_key
        self._learn = learn
        self._heard: dict[bytes, Checkpoint] = {}

    def greeted(self, reply: HelloReply) -> None:
        if reply.server_key and not self._key:
            self._key = reply.server_key
            self._learn(reply.server_key)
        elif reply.server_key not in (b"", self._key):
            log.info("The server signs with another key than at enrolment; its checkpoints are not kept.")
        for verdict in reply.segments:
            self._hear(verdict)

    def answered(self, reply: PushReply) -> None:
        self._hear(reply)

    def for_acknowledgement(self, incarnation: bytes, high: int) -> Checkpoint | None:
        """The genuine one about exactly that, if one came with the answer. Checking takes a tenth of a millisecond."""
        checkpoint = self._heard.pop(incarnation, None)
        if checkpoint is None or checkpoint.high != high or not self._is_genuine(checkpoint):
            return None
        return checkpoint

    def _hear(self, said: PushReply | SegmentVerdict) -> None:
        signed = said.checkpoint
        if signed is not None and (signed.incarnation, signed.high, signed.hash) == (
            said.incarnation,
            said.high,
            said.hash,
        ):
            self._heard[signed.incarnation] = signed

    def _is_genuine(self, checkpoint: Checkpoint) -> bool:
        try:
            return bool(self._key) and is_genuine(checkpoint, verifier(self._key))
        except (ValueError, OverflowError) as reason:
            log.info("A checkpoint can't be checked and is not kept: %s", reason)
            return False
