"""A kind of transaction that the server makes: what opens it, who causes it, and how to cause it again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.crash_points.server_shop import Running

Act = Callable[[Running], Any]
MACHINE, PERSON = "a machine", "a person"
INGEST = "sync_server.ingest.service.IngestService"
LEASES = "sync_server.leases.routes"
FILES = "sync_server.handed_in.service.HandedIn"
OPEN_LEASE = "0" * 31 + "2"


class Kind(NamedTuple):
    """`sites` are the functions that open its transactions, as module.function.

    `who` sends it: a machine sends again until it hears that it was done, and then nothing may be done twice; a
    person looks first. `in_steps` where it is several transactions, each of which leaves all in order.
    """

    sites: tuple[str, ...]
    act: Act
    who: str = MACHINE
    in_steps: bool = False
    refused_again: int = 0
    """The status that a machine hears when it sends again what was done; else it hears that all is well."""
    counts: tuple[str, ...] = ()
    """Columns that say how often it was tried, or how much of it was new."""
