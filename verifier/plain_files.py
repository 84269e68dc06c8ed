"""What counts as a file of the archive."""

from __future__ import annotations

from pathlib import Path


def is_plain(path: Path) -> bool:
    """A link could lead out of the archive, and reading a pipe or a device need not end."""
    return path.is_file() and not path.is_symlink()
