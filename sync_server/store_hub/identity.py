"""Which hub this machine is: `hub.json` says it, `hub.key` beside it holds the key, readable by its owner only."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from pathlib import Path

import msgspec

from shared_models.errors import ShopError
from shared_models.hub_api import HubEnrolled, HubEnrolRequest
from shared_models.journal import Sign
from shared_models.signing import new_private_key, public_key_of, signer

_FILE = "hub.json"
_KEY = "hub.key"

PROGRAM = "evertill-hub 0.1.0"
"""As the central server hears of it."""


class NoHub(ShopError):
    """This folder is not a hub's, or is damaged."""

    code = "no_hub"


class HubPlace(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`store_id` is empty until the central server has taken the code."""

    hub_id: str
    central_url: str
    store_id: str = ""
    store_name: str = ""


def read(folder: Path) -> tuple[HubPlace, Sign]:
    """Raises NoHub with what to do."""
    path = folder / _FILE
    try:
        place = msgspec.json.decode(path.read_bytes(), type=HubPlace, strict=True)
        sign = signer((folder / _KEY).read_bytes())
    except FileNotFoundError as reason:
        raise NoHub(
            f"{folder} is no hub's folder. Ask head office for a code, then run: "
            "evertill-server hub-enrol CODE --central https://…"
        ) from reason
    except (OSError, msgspec.DecodeError, ValueError, TypeError, AssertionError) as reason:
        raise NoHub(
            f"{path} or its key can't be read ({reason}). Move the folder away and enrol the hub anew."
        ) from reason
    if not place.store_id:
        raise NoHub("The hub's enrolment was not finished. Run evertill-server hub-enrol again.")
    return place, sign


def is_begun(folder: Path) -> bool:
    return (folder / _FILE).exists()


def enrol(
    folder: Path,
    central_url: str,
    code: str,
    app: str,
    ask: Callable[[HubPlace, Sign, HubEnrolRequest], HubEnrolled],
) -> HubPlace:
    """`ask` sends the request. Asked twice with one code it is the same hub: the first answer may be lost."""
    folder.mkdir(parents=True, exist_ok=True)
    place = _unfinished(folder) or _begin(folder, central_url)
    place = msgspec.structs.replace(place, central_url=central_url)
    key = (folder / _KEY).read_bytes()
    request = HubEnrolRequest(code=code.strip(), hub_id=place.hub_id, public_key=public_key_of(key), app=app)
    answer = ask(place, signer(key), request)
    place = msgspec.structs.replace(place, store_id=answer.store_id, store_name=answer.store_name)
    _write(folder / _FILE, msgspec.json.format(msgspec.json.encode(place)))
    return place


def _unfinished(folder: Path) -> HubPlace | None:
    path = folder / _FILE
    if not path.exists():
        return None
    place = msgspec.json.decode(path.read_bytes(), type=HubPlace, strict=True)
    if place.store_id:
        raise NoHub(f"This is the hub of {place.store_name} already. For another one take another folder.")
    return place


def _begin(folder: Path, central_url: str) -> HubPlace:
    """The key is kept before the file that speaks of it."""
    _write(folder / _KEY, new_private_key())
    place = HubPlace(uuid.uuid4().hex, central_url)
    _write(folder / _FILE, msgspec.json.encode(place))
    return place


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
