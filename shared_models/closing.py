"""Closings and daily roots: what the server states about days that are over, and signs, each chained to the one before.

A statement's bytes are what is hashed, signed, stored and archived; it is never made again from columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Literal

import msgspec

from shared_models.closing_figures import Figures
from shared_models.journal import Sign, Verify

CLOSING_TAG = b"evertill-closing-1\0"
ROOT_TAG = b"evertill-root-1\0"
VERSION = 2
"""Of a closing's statement. The first did not say its version, and no refunds or frames in its money note."""

Scope = Literal["till", "store"]
Span = Literal["day", "month", "year"]


class Reached(msgspec.Struct, frozen=True):
    """How far a journal was counted: `hash` (hex) is that of its entry `seq`."""

    incarnation: str
    seq: int
    hash: str


class LeftOut(msgspec.Struct, frozen=True):
    """An entry within reach that is not in the figures.

    `why`: unbooked (it can't be read, or not be booked yet), kept_raw (only the frame that it came in is here),
    set_aside (one of these of which head office said that nobody needs it), or elsewhere (it counts at another place,
    or at another till).
    """

    incarnation: str
    seq: int
    why: str


class UnclassifiedMoney(msgspec.Struct, frozen=True):
    """Sales or refunds that are in no figure, of any day. `amount_minor` adds up the totals that could be made out.

    `currency` is empty for those whose total could not: they are `unreadable`.
    """

    currency: str
    entries: int
    amount_minor: int
    unreadable: int


class WaitingFrame(msgspec.Struct, frozen=True):
    """Money that came raw and has no place in a journal. `id` is the SHA-256 of the frame in hex.

    It waits for a person, or one took it in, and its till did not send it otherwise yet: then it is booked, and still
    in no figure of a closing, for the journals that a closing covers do not have it.
    A frame that nobody can read may be a sale, of whatever amount.
    """

    id: str
    sales: tuple[UnclassifiedMoney, ...]
    refunds: tuple[UnclassifiedMoney, ...]


class Part(msgspec.Struct, frozen=True):
    """A closing that this one adds up."""

    chain: str
    number: int
    hash: str


class Closing(msgspec.Struct, frozen=True, kw_only=True):
    """A day of a till, or a day, month or year of a store. `number` counts densely from 1 within its chain.

    `period` is 2026-11-25, 2026-11 or 2026, by the business date of the sales. `amends` is the number of the closing
    whose figures these replace, 0 for the first of its period. `grand` is all that the chain ever closed; an amending
    closing adds to it only what changed. A till's closing says which entries it covers: of the `journals` up to
    there, those of its day but for `left_out`. A store's names its `parts`. `at_ms` is what the server's clock showed.
    `previous` is the hash of the closing before, in hex, empty for the first.

    `unclassified` and `unclassified_refunds` are all money that was in no figure when this was closed: what is left out
    as unbooked or kept raw, and what stands in `frames`; a store's day adds up its parts'. `version` is 1 where a
    statement does not say it; such a one has the unbooked sales alone.
    """

    version: int = 1
    scope: Scope
    scope_id: str
    store_id: str
    span: Span
    number: int = 0
    period: str
    amends: int = 0
    at_ms: int = 0
    figures: tuple[Figures, ...]
    grand: tuple[Figures, ...] = ()
    first_receipt: str = ""
    last_receipt: str = ""
    journals: tuple[Reached, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    unclassified: tuple[UnclassifiedMoney, ...] = ()
    unclassified_refunds: tuple[UnclassifiedMoney, ...] = ()
    frames: tuple[WaitingFrame, ...] = ()
    parts: tuple[Part, ...] = ()
    previous: str = ""
    key_id: str = ""

    def chain(self) -> str:
        return chain_name(self.scope, self.scope_id, self.span)


class DailyRoot(msgspec.Struct, frozen=True, kw_only=True):
    """What the server held when `day` (UTC) was over, in two hashes that anybody may keep.

    `journals_root` is over every journal's (incarnation, high, head hash), `closings_root` over every chain's head.
    Days on which the server did not run have no root; `number` is dense.
    """

    number: int = 0
    day: str
    at_ms: int = 0
    journals: int
    journals_root: str
    closings: int
    closings_root: str
    previous: str = ""
    key_id: str = ""


class Head(msgspec.Struct, frozen=True):
    """A leaf of a daily root: a journal (id in hex) or a chain of closings, its last number, and that one's hash."""

    name: str
    number: int
    hash: str


class Sealed(msgspec.Struct, frozen=True):
    """`body` is the statement's JSON, `signature` r‖s over tag and body, `hash` the SHA-256 of the same."""

    body: bytes
    hash: bytes
    signature: bytes


def chain_name(scope: str, scope_id: str, span: str) -> str:
    return f"{scope}/{scope_id}/{span}"


def sealed(statement: Closing | DailyRoot, sign: Sign) -> Sealed:
    body = msgspec.json.encode(statement)
    said = _tag(statement) + body
    return Sealed(body, sha256(said).digest(), sign(said))


def is_genuine(tag: bytes, seal: Sealed, verify: Verify) -> bool:
    said = tag + seal.body
    return sha256(said).digest() == seal.hash and verify(said, seal.signature)


def _tag(statement: Closing | DailyRoot) -> bytes:
    return CLOSING_TAG if isinstance(statement, Closing) else ROOT_TAG


def tree_root(heads: Sequence[Head]) -> bytes:
    """The Merkle tree hash of RFC 9162, 2.1.1, over the heads in the order of their names."""
    return _tree([_leaf(head) for head in sorted(heads, key=lambda head: head.name)])


def _leaf(head: Head) -> bytes:
    name = head.name.encode()
    told = len(name).to_bytes(2, "big") + name + head.number.to_bytes(8, "big") + bytes.fromhex(head.hash)
    return sha256(b"\0" + told).digest()


def _tree(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    left = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + _tree(leaves[:left]) + _tree(leaves[left:])).digest()
