"""The whole schema: importing this puts every area's tables on `metadata`."""

from __future__ import annotations

from sync_server.accounts import tables as accounts
from sync_server.database import metadata

__all__ = ["accounts", "metadata"]
