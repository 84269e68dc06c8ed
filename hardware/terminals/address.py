"""Where a card terminal is, in one line: `zvt://192.168.1.60:20007`, with `?password=123456` where it has one."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from hardware.terminals.base import CardTerminal
from hardware.terminals.zvt.terminal import PORT, ZvtTerminal
from hardware.transport.address import BadAddress
from hardware.transport.tcp import TcpTransport

_EXAMPLE = "zvt://192.168.1.60:20007 or zvt://192.168.1.60?password=123456"


def terminal_at(address: str) -> CardTerminal:
    """The driver, without going there; raises BadAddress, which shows how to write one."""
    try:
        parts = urlsplit(address)
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
        host, port = parts.hostname, parts.port or PORT
    except ValueError as error:
        raise _bad(address) from error
    password = options.pop("password", "000000")
    is_place = parts.scheme == "zvt" and host and parts.path in ("", "/") and not options
    if not is_place or len(password) != 6 or not (password.isascii() and password.isdecimal()):
        raise _bad(address)
    return ZvtTerminal(TcpTransport(str(host), port), int(password))


def _bad(address: str) -> BadAddress:
    shown = address.partition("?")[0]
    return BadAddress(f"{shown!r} is no card terminal's address. Write it as {_EXAMPLE}.")
