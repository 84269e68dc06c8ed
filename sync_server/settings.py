"""Everything about the server that an operator may set, checked once at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import msgspec

from shared_models.errors import ShopError

PREFIX = "EVERTILL_SERVER_"


class BadSetting(ShopError):
    """A setting that is unknown or has no sense."""

    code = "bad_setting"


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`data_dir` holds the SQLite file (unless `database_url` says otherwise), snapshots and the secret.

    `database_key` is 64 hex digits for an encrypted SQLite file, empty for a plain one.
    `secret` signs tokens; when empty, one is made and kept in `data_dir`.
    `anchor_dir` is a folder outside of what a restored backup brings back; empty for the user's state folder.
    `handed_in_mb` is how much one till may hand in for repair: damaged databases, all together.
    `behind_proxy`: every request comes through our own proxy, whose X-Forwarded-For says from where.
    """

    data_dir: Path
    database_url: str = ""
    database_key: str = ""
    secret: str = ""
    host: str = "127.0.0.1"
    port: int = 8321
    token_minutes: int = 15
    session_minutes: int = 600
    enrol_code_minutes: int = 60 * 24
    max_body_bytes: int = 20 << 20
    snapshot_stale_versions: int = 2000
    pool_size: int = 8
    poke_seconds: int = 25
    apply_in_background: bool = True
    secure_cookies: bool = False
    behind_proxy: bool = False
    anchor_dir: str = ""
    handed_in_mb: int = 2048
    debug: bool = False

    def url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir / 'evertill.db'}"


def read_settings(environment: Mapping[str, str] = os.environ, **given: Any) -> Settings:
    """Settings from EVERTILL_SERVER_… variables; `given` (the command line) wins, unknown ones are errors."""
    values: dict[str, Any] = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environment.items()
        if name.startswith(PREFIX)
    }
    values |= {name: value for name, value in given.items() if value is not None}
    _refuse_unknown(values)
    values.setdefault("data_dir", "evertill-data")
    values["data_dir"] = str(values["data_dir"])
    try:
        return msgspec.convert(values, Settings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as reason:
        raise BadSetting(f"A setting is wrong: {reason}. Settings are {PREFIX}… variables.") from reason


def _refuse_unknown(values: Mapping[str, Any]) -> None:
    known = Settings.__struct_fields__
    for name in values:
        if name not in known:
            close = get_close_matches(name, known, 1)
            advice = (
                f"Did you mean {PREFIX}{close[0].upper()}?" if close else f"There are: {', '.join(known)}."
            )
            raise BadSetting(
                f"There is no setting {PREFIX}{name.upper()}. {advice} Correct it or take it away."
            )


def _path(kind: type[Any], value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError
