"""Expected errors: what can go wrong in a shop without a bug in the program."""

from __future__ import annotations

from typing import ClassVar


class ShopError(Exception):
    """Something that a person can put right.

    `code` is stable and names the case for translations and problem documents; `message` is plain English
    that says what to do; `details` are the values that a translation of the message needs.
    """

    code: ClassVar[str] = "shop_error"

    def __init__(self, message: str, **details: object) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
