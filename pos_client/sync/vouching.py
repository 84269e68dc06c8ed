"""Which checkpoints a till keeps: those that its own server signed, about what the two sides agree on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import pairwise

from shared_models.checkpoint import Checkpoint
from shared_models.server_keys import KeyTerm, followed, is_vouched, only_term
from shared_models.sync_api import HelloReply, PushReply, SegmentVerdict

log = logging.getLogger(__name__)

Learn = Callable[[tuple[KeyTerm, ...]], None]
"""learn(terms): keeps the server's keys, each for its time, in place of those known before."""


class Vouching:
    """Hears answers, and gives the checkpoint that fits an acknowledgement. For one thread.

    `terms` are the server's keys as the till learned them; without one it learns from the next hello. Another key later
    is believed only where the server says which of the known ones it replaces; else the till keeps no more checkpoints,
    which costs no sale.
    """

    def __init__(self, terms: tuple[KeyTerm, ...] = (), learn: Learn = lambda terms: None) -> None:
        self._terms = terms
        self._learn = learn
        self._heard: dict[bytes, Checkpoint] = {}

    def greeted(self, reply: HelloReply) -> None:
        if reply.server_keys and self._terms:
            self._follow(reply.server_keys)
        elif reply.server_key and not self._terms:
            self._keep(only_term(reply.server_key))
        elif reply.server_key not in (b"", *(term.public_key for term in self._terms)):
            log.info("The server signs with another key than at enrolment; its checkpoints are not kept.")
        for verdict in reply.segments:
            self._hear(verdict)

    def _follow(self, told: tuple[KeyTerm, ...]) -> None:
        try:
            terms = followed(self._terms, told)
        except ValueError as reason:
            log.warning("The server's new key is not believed: %s", reason)
            return
        for before, term in pairwise(terms):
            if term not in self._terms and not term.handover:
                log.warning("The server's key %s was lost; %s came in its place.", before.key_id, term.key_id)
        if terms != self._terms:
            self._keep(terms)

    def _keep(self, terms: tuple[KeyTerm, ...]) -> None:
        self._terms = terms
        self._learn(terms)

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
            return is_vouched(checkpoint, self._terms)
        except (ValueError, OverflowError) as reason:
            log.info("A checkpoint can't be checked and is not kept: %s", reason)
            return False
