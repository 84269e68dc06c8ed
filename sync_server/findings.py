"""What an area found that needs a person, and where it says so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec
from sqlalchemy import Connection

THIS_SERVER = "the server"
"""Who did it, where no person did."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`key` names what it is about: the same finding again changes nothing. `sentence` is for the person.

    `refs` lead to what it is made of: receipt, product, shift and so on, by name.
    """

    key: str
    kind: str
    sentence: str
    store_id: str = ""
    till_id: str = ""
    refs: dict[str, str] = {}


class Inbox(Protocol):
    def raise_many(self, tx: Connection, findings: Sequence[Finding]) -> None: ...

    def settle(self, tx: Connection, key: str, note: str) -> None:
        """The finding turned out to have an explanation; it is resolved unless a person did so before."""

    def decide(self, tx: Connection, key: str, note: str, by: str) -> None:
        """A person did what the finding asked for; who and what is noted, also where it was resolved before."""

    def known(self, tx: Connection, keys: Sequence[str]) -> set[str]:
        """Those of the keys that a case was raised for, whatever became of it."""
