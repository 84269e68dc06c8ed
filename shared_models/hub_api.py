"""The messages between a shop's hub and the central server.

A hub logs in like a till, follows the feed like a till, and passes on its tills' own `Push`es unopened: what it
says of itself is here.
"""

from __future__ import annotations

from shared_models.protocol import PROTOCOL
from shared_models.sync_api import Message, SegmentVerdict


class HubEnrolRequest(Message, frozen=True):
    """`public_key` is an uncompressed P-256 point; `code` is a one-time code that was made for a store's hub."""

    code: str
    hub_id: str
    public_key: bytes
    protocol: int = PROTOCOL
    app: str = ""


class HubEnrolled(Message, frozen=True):
    hub_id: str
    store_id: str
    store_name: str
    server_time_ms: int


class HubHello(Message, frozen=True):
    """How the hub is: `waiting` entries of tills are only there yet, the oldest of them since `oldest_waiting_ms`.

    `journals` are the incarnations that it wants to hear of.
    """

    protocol: int
    app: str
    waiting: int
    oldest_waiting_ms: int | None = None
    journals: tuple[bytes, ...] = ()


class StoreTill(Message, frozen=True):
    till_id: str
    name: str


class StoreDevice(Message, frozen=True):
    """A machine that is, or was, a till of the store: with its key a hub can let it log in while the line is down."""

    device_id: str
    till_id: str
    public_key: bytes
    state: str


class StoreJournal(Message, frozen=True):
    """How far the central server holds a journal, and whose it is: that machine's, by its device id."""

    device_id: str
    verdict: SegmentVerdict


class HubHelloReply(Message, frozen=True):
    """`store` is the store's StoreConfig as JSON. `journals` leaves out what the central server never heard of."""

    server_time_ms: int
    protocol: int
    store: bytes
    tills: tuple[StoreTill, ...]
    devices: tuple[StoreDevice, ...]
    journals: tuple[StoreJournal, ...]
