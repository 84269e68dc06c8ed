"""The till's settings: read from the environment, checked at the start, frozen after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import msgspec
from platformdirs import user_data_dir

from hardware.displays.address import display_at
from hardware.drawers.direct_trigger import is_trigger
from hardware.drawers.printer_pulse import Sensor
from hardware.escpos.profile import UnknownPrinterProfile, profile_named
from hardware.labels.address import label_printer_at
from hardware.labels.label_printer import DEFAULT_ROLL, BadRoll, roll_of
from hardware.printers.escpos_printer import PrinterSettings
from hardware.registry import printer_at
from hardware.scales.address import scale_at
from hardware.scanners.address import WEDGE, scanners_at
from hardware.terminals.address import terminal_at
from hardware.transport.address import BadAddress, transport_at
from shared_models.errors import ShopError

PREFIX = "EVERTILL_TILL_"
VIRTUAL = "virtual"


class BadSetting(ShopError):
    code = "bad_setting"


class TillSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every field is the environment variable EVERTILL_TILL_<NAME>.

    `server_url` empty: the till works from what it has. `hub_url` is the store's hub, which is asked first; empty for
    none. `printer` is its address (tcp://host:port, usb://, serial://, cups://, winspool:// or file://, see
    `hardware.transport.address`; pdf:///folder; desktop://queue), empty for none, or 'virtual' for one whose paper is
    shown in a window. `printer_profile` is generic-80, generic-58 or a model that `hardware.escpos.models` knows.
    `scanners` are their addresses with spaces between them (see `hardware.scanners.address`).
    `second_printer` prints when the first takes nothing. `drawer` is empty for one that hangs on the printer, or the
    address of its own trigger, which opens at the bytes `drawer_trigger` (hex); `drawer_sensor` says what the printer's
    pin is while the drawer is open: none, open_is_high or open_is_low. `terminal` is the card terminal's address
    (zvt://host:port, see `hardware.terminals.address`), empty for none, or 'virtual' for one made of software that
    approves everything. `scale` is the scale's address (toledo+serial:///dev/ttyUSB0, see `hardware.scales.address`),
    empty for none, or 'virtual' for one made of software. `display` is the address of a line display for the
    customer (escpos+serial:///dev/ttyUSB1, see `hardware.displays.address`), empty for none. `second_screen` is
    where the customer's window is: 'auto' for the monitor that the till is not on, a monitor's name, 'window' for
    an ordinary window, empty for none. `label_printer` is the address of a printer for shelf labels (as `printer`,
    or pdf:///folder?sheet=L7160 and desktop://queue?sheet=L7160 for sheets), empty for none, or 'virtual' for one whose
    labels are shown in a window, and `label_roll` the size of its labels (57x32, 100x60@300).
    `database_key` is 64 hex digits to encrypt the till's files with; `keyring` off keeps the device's private key in
    a protected file. `journal_copy` is a folder on another disk or card for a second copy of the journal, empty for
    none.
    """

    data_dir: Path = Path(user_data_dir("evertill-till", appauthor=False))
    server_url: str = ""
    hub_url: str = ""
    printer: str = "tcp://127.0.0.1:9100"
    printer_profile: str = "generic-80"
    terminal: str = ""
    scale: str = ""
    display: str = ""
    second_screen: str = ""
    label_printer: str = ""
    label_roll: str = DEFAULT_ROLL
    scanners: str = WEDGE
    second_printer: str = ""
    second_printer_profile: str = ""
    drawer: str = ""
    drawer_trigger: str = "07"
    drawer_sensor: str = "none"
    theme: str = "light"
    fullscreen: bool = False
    keyring: bool = True
    database_key: str = ""
    journal_copy: str = ""


_DEFAULTS = TillSettings()
_OF_THE_TILL = (
    "data_dir", "server_url", "hub_url", "theme", "fullscreen", "keyring", "database_key", "journal_copy",
)  # fmt: skip
"""Settings that are no device's; all others are, and go with the device set-up from till to till."""


def device_names() -> tuple[str, ...]:
    return tuple(name for name in TillSettings.__struct_fields__ if name not in _OF_THE_TILL)


def read(environment: Mapping[str, str]) -> TillSettings:
    """The settings in these variables; raises BadSetting, which names the variable and what it may be."""
    given = {
        name[len(PREFIX) :].lower(): value for name, value in environment.items() if name.startswith(PREFIX)
    }
    unknown = sorted(given.keys() - set(TillSettings.__struct_fields__))
    if unknown:
        known = ", ".join(PREFIX + name.upper() for name in TillSettings.__struct_fields__)
        raise BadSetting(f"There is no setting {PREFIX}{unknown[0].upper()}. These there are: {known}.")
    for name, value in given.items():
        _check_kind(name, value)
    return checked(msgspec.convert(given, TillSettings, strict=False, dec_hook=_path))


def with_devices(settings: TillSettings, devices: Mapping[str, str]) -> TillSettings:
    """With these device settings instead; raises BadSetting."""
    for name, value in devices.items():
        _check_kind(name, value)
    read_as = msgspec.convert(dict(devices), TillSettings, strict=False)
    return checked(msgspec.structs.replace(settings, **{name: getattr(read_as, name) for name in devices}))


def checked(settings: TillSettings) -> TillSettings:
    """The same; raises BadSetting, which names the variable and what it may be."""
    _check(settings)
    return settings


def folder(text: str) -> Path:
    return Path(text).expanduser()


def _path(kind: type, value: object) -> object:
    if kind is Path and isinstance(value, str):
        return Path(value)
    raise NotImplementedError(kind)


def _check_kind(name: str, value: str) -> None:
    """Of one setting, so that the refusal can name it."""
    try:
        msgspec.convert({name: value}, TillSettings, strict=False, dec_hook=_path)
    except msgspec.ValidationError as reason:
        kind = "true or false" if isinstance(getattr(_DEFAULTS, name), bool) else "a whole number"
        raise BadSetting(f"{PREFIX}{name.upper()} is {value!r}; it must be {kind}.") from reason


def _check(settings: TillSettings) -> None:
    if settings.printer and settings.printer != VIRTUAL:
        _check_device("PRINTER", settings.printer, _printer_at)
    if settings.second_printer:
        _check_device("SECOND_PRINTER", settings.second_printer, _printer_at)
    _check_device("PRINTER_PROFILE", settings.printer_profile, profile_named)
    if settings.second_printer_profile:
        _check_device("SECOND_PRINTER_PROFILE", settings.second_printer_profile, profile_named)
    _check_device("SCANNERS", settings.scanners, scanners_at)
    if settings.terminal and settings.terminal != VIRTUAL:
        _check_device("TERMINAL", settings.terminal, terminal_at)
    if settings.scale and settings.scale != VIRTUAL:
        _check_device("SCALE", settings.scale, scale_at)
    if settings.display:
        _check_device("DISPLAY", settings.display, display_at)
    if settings.label_printer and settings.label_printer != VIRTUAL:
        _check_device("LABEL_PRINTER", settings.label_printer, label_printer_at)
    _check_device("LABEL_ROLL", settings.label_roll, roll_of)
    if settings.drawer:
        _check_device("DRAWER", settings.drawer, transport_at)
        if settings.drawer in (settings.printer, settings.second_printer):
            raise BadSetting(
                f"{PREFIX}DRAWER is the printer's address. Leave {PREFIX}DRAWER empty for a drawer that hangs on the "
                "printer; only a trigger of its own has an address."
            )
    if settings.drawer_sensor not in get_args(Sensor):
        choices = ", ".join(get_args(Sensor))
        raise BadSetting(f"{PREFIX}DRAWER_SENSOR is {settings.drawer_sensor!r}; it may be one of {choices}.")
    if not is_trigger(settings.drawer_trigger):
        raise BadSetting(
            f"{PREFIX}DRAWER_TRIGGER is {settings.drawer_trigger!r}; write its bytes as hex digits, such as 07."
        )
    _check_url("SERVER_URL", settings.server_url, "https://shop.example")
    _check_url("HUB_URL", settings.hub_url, "http://192.168.1.40:8321")
    if settings.hub_url and not settings.server_url:
        raise BadSetting(
            f"With {PREFIX}HUB_URL say {PREFIX}SERVER_URL too: the till goes there when the hub is away."
        )
    if settings.theme not in ("light", "dark", "contrast"):
        raise BadSetting(f"{PREFIX}THEME is {settings.theme!r}; it may be light, dark or contrast.")
    if settings.database_key and not _is_key(settings.database_key):
        raise BadSetting(f"{PREFIX}DATABASE_KEY must be 64 hexadecimal digits.")


def _printer_at(address: str) -> object:
    return printer_at(PrinterSettings(address))


def _check_device(name: str, address: str, read_address: Callable[[str], object]) -> None:
    try:
        read_address(address)
    except (BadAddress, BadRoll, UnknownPrinterProfile) as reason:
        raise BadSetting(f"{PREFIX}{name}: {reason.message}") from reason


def _check_url(name: str, url: str, example: str) -> None:
    scheme, host, _ = _parts(url)
    if url and (scheme not in ("http", "https") or not host):
        raise BadSetting(f"{PREFIX}{name} is {url!r}; write it as {example}.")


def _parts(address: str) -> tuple[str, str, int | None]:
    """Scheme, host, port; without any where it is no address."""
    try:
        parts = urlsplit(address)
        return parts.scheme, parts.hostname or "", parts.port
    except ValueError:
        return "", "", None


def _is_key(text: str) -> bool:
    return len(text) == 64 and all(character in "0123456789abcdefABCDEF" for character in text)
