"""What the server has signed, over HTTP."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import get
from litestar.types import ControllerRouterHandler

from sync_server.auth import permission
from sync_server.database import Database
from sync_server.evidence.service import EvidenceService, SigningKey

_READ = [permission("evidence.read")]


class SigningKeys(msgspec.Struct, frozen=True):
    """`in_use` signs now; `used` are all that ever did, the oldest first."""

    in_use: SigningKey
    used: list[SigningKey]


def routes(db: Database, service: EvidenceService) -> list[ControllerRouterHandler]:
    @get(
        "/api/v1/evidence/keys",
        guards=_READ,
        sync_to_thread=True,
        summary="The keys that this server signed checkpoints with",
    )
    def keys() -> SigningKeys:
        with db.read() as tx:
            return SigningKeys(service.key, service.keys(tx))

    handlers: list[Any] = [keys]
    return handlers
