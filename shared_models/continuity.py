"""Where one life of a till's journal ended and the next began."""

from __future__ import annotations

from typing import Literal

import msgspec

Reason = Literal["restored", "diverged", "foreign", "new_key", "new_machine", "unproven", "damaged"]
"""restored: an older copy of the database was put back. diverged: the server holds other entries from some point on,
so two machines run on one journal, or a copy was put back unnoticed. foreign: the journal belongs to another till.
new_key: the till was enrolled again. new_machine: the disk was moved or cloned. unproven: nobody can say.
damaged: the database could not be read any more."""


class IncarnationOpened(msgspec.Struct, frozen=True, kw_only=True):
    """The first entry of every incarnation but a till's first: why the one before was left, and where.

    `parent` is that incarnation in hex, `parent_seq` its last entry that both have in common. `stamped_again` entries
    of it follow under their old ids. `series` is the receipt series from now on. `seen_seq` is the last entry of the
    parent that this machine knows to have existed, 0 where it knows of none: what lies between is not in its files.
    """

    till_id: str
    reason: Reason
    parent: str
    parent_seq: int
    stamped_again: int
    series: str
    seen_seq: int = 0
