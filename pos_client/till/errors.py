"""What can go wrong with the till's own storage, in words for the person at the counter."""

from __future__ import annotations

from shared_models.errors import ShopError


class StorageFull(ShopError):
    code = "storage_full"


class StorageFailed(ShopError):
    code = "storage_failed"


class AlreadyRunning(ShopError):
    """Another till process holds this database."""

    code = "already_running"
