"""The catalogue for practice: a copy made beside a running till."""

from __future__ import annotations

from pathlib import Path

import sqlcipher3.dbapi2 as driver

from pos_client.till.errors import StorageFailed


def copy_catalogue(source: Path, target: Path) -> None:
    """Whole or as it was before; raises StorageFailed."""
    being_made = target.with_name(target.name + ".part")
    being_made.unlink(missing_ok=True)
    try:
        connection = driver.connect(f"file:{source}?mode=ro", uri=True)
        try:
            connection.execute("vacuum into ?", (str(being_made),))
        finally:
            connection.close()
        for left in ("-wal", "-shm"):
            target.with_name(target.name + left).unlink(missing_ok=True)
        being_made.replace(target)
    except (driver.Error, OSError) as reason:
        raise StorageFailed(f"The products can't be copied for training ({reason}). Try again.") from reason
