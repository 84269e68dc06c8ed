"""What Linux must be told so that a till's user may reach its devices."""

from __future__ import annotations

from importlib.resources import files


def udev_rules() -> str:
    """The text of a file for /etc/udev/rules.d."""
    return files(__name__).joinpath("70-evertill.rules").read_text("utf-8")
