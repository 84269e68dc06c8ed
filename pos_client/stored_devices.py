"""A till's device set-up as a file: kept with the till, and carried from one till to the next.

Names and values are those of the settings; what the environment says goes first. No secret is in it: passwords in
addresses are left out on the way out and refused on the way in.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from hardware.escpos.profile import UnknownPrinterProfile, profile_named
from pos_client import settings as till_settings
from pos_client.settings import PREFIX, BadSetting, TillSettings
from shared_models.errors import ShopError

FILE = "devices.json"
LARGEST_BYTES = 64 * 1024
_PROFILES = ("printer_profile", "second_printer_profile")
# user:password@ before a host, and ?password=…, &pin=… behind an address.
_USER_INFO = re.compile(r"(?<=://)[^/@\s]*@")
_SECRET_OPTION = re.compile(r"[?&](?:password|passwd|pin|key|secret|token)=[^&\s]*", re.IGNORECASE)


class BadDeviceFile(ShopError):
    """A file that holds no device set-up, or a wrong one."""

    code = "bad_device_file"


class DeviceFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`devices` are settings by their names in lower case; `from_till` is for people."""

    evertill_devices: Literal[1]
    devices: dict[str, str]
    from_till: str = ""


def set_up_of(settings: TillSettings, from_till: str = "") -> tuple[DeviceFile, tuple[str, ...]]:
    """All device settings that are not as they come, and the names of those whose secrets were left out."""
    fresh = TillSettings()
    said = {
        name: str(getattr(settings, name))
        for name in till_settings.device_names()
        if getattr(settings, name) != getattr(fresh, name)
    }
    bare = {name: without_secrets(value) for name, value in said.items()}
    return DeviceFile(1, bare, from_till), tuple(name for name in said if said[name] != bare[name])


def without_secrets(address: str) -> str:
    bare = _SECRET_OPTION.sub("", _USER_INFO.sub("", address))
    return bare if "?" in bare else bare.replace("&", "?", 1)


def encode(file: DeviceFile) -> bytes:
    """Text that a person can read and change."""
    return msgspec.json.format(msgspec.json.encode(file, order="sorted"), indent=2) + b"\n"


def read_file(path: Path) -> DeviceFile:
    """Checked to the last value; raises BadDeviceFile, which names what is wrong and changes nothing."""
    try:
        with path.open("rb") as opened:
            data = opened.read(LARGEST_BYTES + 1)
    except OSError as failure:
        raise BadDeviceFile(f"{path} can't be read ({failure.strerror}).") from failure
    if len(data) > LARGEST_BYTES:
        raise BadDeviceFile(f"{path} is too large for a device set-up. Is it the right file?")
    try:
        file = msgspec.json.decode(data, type=DeviceFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as reason:
        raise BadDeviceFile(
            f"{path} holds no device set-up ({reason}). Make one with: evertill-till devices export FILE"
        ) from reason
    _check(path, file)
    return file


def keep(data_dir: Path, file: DeviceFile) -> Path:
    """In the till's folder: whole, or as it was before. Raises BadDeviceFile."""
    path = data_dir / FILE
    being_written = path.with_name(FILE + ".part")
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with being_written.open("wb") as opened:
            opened.write(encode(file))
            opened.flush()
            os.fsync(opened.fileno())
        being_written.replace(path)
    except OSError as failure:
        raise BadDeviceFile(
            f"{path} can't be written ({failure.strerror}). Nothing was changed."
        ) from failure
    return path


def applied(settings: TillSettings, environment: Mapping[str, str]) -> TillSettings:
    """The settings with this till's stored devices, where the environment does not say otherwise.

    Raises BadDeviceFile and BadSetting.
    """
    path = settings.data_dir / FILE
    if not path.exists():
        return settings
    stored = read_file(path).devices
    ours = {name: value for name, value in stored.items() if PREFIX + name.upper() not in environment}
    return till_settings.with_devices(settings, ours)


def said_twice(file: DeviceFile, environment: Mapping[str, str]) -> tuple[str, ...]:
    """The variables that go before what the file says."""
    names = (PREFIX + name.upper() for name in sorted(file.devices))
    return tuple(name for name in names if name in environment)


def _check(path: Path, file: DeviceFile) -> None:
    known = till_settings.device_names()
    for name, value in file.devices.items():
        if name not in known:
            raise BadDeviceFile(
                f"{path}: there is no device setting {name!r}. These there are: {', '.join(known)}."
            )
        if without_secrets(value) != value:
            raise BadDeviceFile(
                f"{path}: a password is in the address of {name!r}. Take it out of the file, and say the whole "
                f"address in {PREFIX}{name.upper()} on the till that needs it."
            )
    try:
        till_settings.with_devices(TillSettings(), file.devices)
        for name in _PROFILES:
            if file.devices.get(name):
                profile_named(file.devices[name])
    except (BadSetting, UnknownPrinterProfile) as wrong:
        raise BadDeviceFile(f"{path}: {wrong.message}") from wrong
