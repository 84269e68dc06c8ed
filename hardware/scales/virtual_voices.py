"""The scale's side of each protocol: bytes from the till in, the scale's answer out."""

from __future__ import annotations

from typing import Protocol

from hardware.scales.dialog06 import ChecksumPair, checksum_text
from hardware.scales.exchange import ACK, CR, DC1, ENQ, EOT, ESC, ETX, NAK, SOH, STX, longitudinal_parity
from hardware.scales.virtual_plate import Plate

_TURN = 0x47
"""What the virtual scale has checksums turned by."""


class Voice(Protocol):
    def hear(self, data: bytes, plate: Plate) -> bytes: ...


class ToledoVoice:
    def __init__(self) -> None:
        self._tare_command = b""

    def hear(self, data: bytes, plate: Plate) -> bytes:
        return b"".join(self._obey(bytes((byte,)), plate) for byte in data)

    def _obey(self, command: bytes, plate: Plate) -> bytes:
        if self._tare_command:
            return self._tare(command, plate)
        match command:
            case b"W":
                return self._weight(plate)
            case b"Z":
                plate.zero()
            case b"C":
                plate.tare_milli = 0
            case b"T":
                self._tare_command = command
                return b""
            case _:
                return b""
        return _toledo_status(plate)

    def _tare(self, more: bytes, plate: Plate) -> bytes:
        if more != b"\r":
            self._tare_command += more
            return b""
        digits, self._tare_command = self._tare_command[1:], b""
        if digits.isdigit():
            plate.tare_milli = int(digits)
        else:
            plate.tare()
        return _toledo_status(plate)

    def _weight(self, plate: Plate) -> bytes:
        if plate.in_motion or plate.is_overloaded or plate.net_milli < 0:
            return _toledo_status(plate)
        net = b"N" if plate.tare_milli else b""
        return bytes((STX,)) + _decimal(plate.net_milli, 2) + net + bytes((CR,))


def _toledo_status(plate: Plate) -> bytes:
    status = (
        0x40
        | (0x01 if plate.in_motion else 0)
        | (0x02 if plate.is_overloaded else 0)
        | (0x04 if plate.net_milli < 0 else 0)
        | (0x10 if plate.gross_milli == 0 else 0)
        | (0x20 if plate.tare_milli else 0)
    )
    return bytes((STX, ord("?"), status, CR))


class NciVoice:
    def __init__(self) -> None:
        self._held = b""

    def hear(self, data: bytes, plate: Plate) -> bytes:
        self._held += data
        *commands, self._held = self._held.split(b"\r")
        return b"".join(self._obey(command, plate) for command in commands)

    def _obey(self, command: bytes, plate: Plate) -> bytes:
        if command == b"Z":
            plate.zero()
        elif command not in (b"W", b"S"):
            return b"\n?\r\x03"
        invalid = plate.in_motion or plate.is_overloaded or plate.net_milli < 0
        shown = b"\n" + _decimal(plate.net_milli, 2) + plate.unit.upper().encode() + b"\r"
        return (shown if command == b"W" and not invalid else b"") + b"\nS" + _nci_status(plate) + b"\r\x03"


def _nci_status(plate: Plate) -> bytes:
    first = 0x30 | (0x01 if plate.in_motion else 0) | (0x02 if plate.net_milli == 0 else 0)
    second = 0x70 | (0x01 if plate.net_milli < 0 else 0) | (0x02 if plate.is_overloaded else 0)
    return bytes((first, second, 0x30 | (0x04 if plate.tare_milli else 0)))


class CasVoice:
    def __init__(self) -> None:
        self._held = b""

    def hear(self, data: bytes, plate: Plate) -> bytes:
        self._held += data
        said = b""
        while self._held:
            if self._held[0] == ord("<"):
                if len(self._held) < 5:
                    break
                command, self._held = self._held[:5], self._held[5:]
                _ = plate.zero() if command == b"<ZK>\t" else plate.tare()
            else:
                byte, self._held = self._held[0], self._held[1:]
                said += self._obey(byte, plate)
        return said

    def _obey(self, byte: int, plate: Plate) -> bytes:
        if byte == ENQ:
            return bytes((ACK,))
        return self._weight(plate) if byte == DC1 else b""

    def _weight(self, plate: Plate) -> bytes:
        sign = b"F" if plate.is_overloaded else b"-" if plate.net_milli < 0 else b" "
        digits = b"FFFFFF" if plate.is_overloaded else _decimal(abs(plate.net_milli), 2)
        status = b"U" if plate.in_motion else b"S"
        block = status + sign + digits + plate.unit.encode().rjust(2)
        return bytes((SOH, STX)) + block + bytes((longitudinal_parity(block), ETX, EOT))


class BerkelVoice:
    def __init__(self) -> None:
        self._held = b""
        self._told = b""

    def hear(self, data: bytes, plate: Plate) -> bytes:
        self._held += data
        said = b""
        while self._held:
            if self._held[0] == STX:
                if len(self._held) < 9:
                    break
                frame, self._held = self._held[:9], self._held[9:]
                said += self._framed(frame, plate)
            else:
                byte, self._held = self._held[0], self._held[1:]
                said += self._obey(byte, plate)
        return said

    def _framed(self, frame: bytes, plate: Plate) -> bytes:
        if frame[1:2] in (b"Z", b"N") and frame[2:7] == bytes(5):
            done = plate.zero() if frame[1:2] == b"Z" else plate.tare()
            return bytes((ACK if done else NAK,))
        return bytes((CR if frame == self._told else ACK,))

    def _obey(self, byte: int, plate: Plate) -> bytes:
        if byte == ENQ:
            return bytes((NAK if plate.in_motion else ACK,))
        if byte != DC1:
            return b""
        out_of_range = plate.is_overloaded or plate.net_milli < 0
        capacity = 0b010 if plate.unit == "lb" else 0b001
        information = 0x28 | capacity | (0x10 if out_of_range else 0)
        step = 10 if plate.unit == "lb" else 1
        digits = b"00000" if out_of_range else b"%05d" % (plate.net_milli // step)
        block = bytes((information,)) + digits
        self._told = bytes((STX,)) + block + bytes((longitudinal_parity(block), ETX))
        return self._told


class Dialog06Voice:
    """Wants checksums before the first weighing where it was given any."""

    def __init__(self, checksums: tuple[ChecksumPair, ...] = ()) -> None:
        self._checksums = checksums
        self._wants_proof = bool(checksums)
        self._verdict = b""
        self._price_minor = self._tare_milli = 0
        self._state = b"00"
        self._held = b""
        self.names: list[bytes] = []

    def hear(self, data: bytes, plate: Plate) -> bytes:
        self._held += data
        said = b""
        while True:
            self._held = self._held.lstrip(bytes((EOT,)))
            if self._held[:1] == bytes((ENQ,)):
                self._held = self._held[1:]
                said += self._result(plate)
            elif self._held[:1] == bytes((STX,)) and ETX in self._held:
                told, _, self._held = self._held[1:].partition(bytes((ETX,)))
                said += self._record(told.split(bytes((ESC,))))
            elif self._held and self._held[0] != STX:
                self._held = self._held[1:]
            else:
                return said

    def _record(self, fields: list[bytes]) -> bytes:
        match fields[0]:
            case b"01" | b"03" | b"04" | b"05" if self._wants_proof:
                return _record_of(b"11", b"2%02X" % _TURN)
            case b"01" | b"04":
                return self._priced(fields[1], b"0000", fields[2])
            case b"03":
                return self._priced(fields[1], fields[2], b"")
            case b"05":
                return self._priced(fields[1], fields[2], fields[3])
            case b"08":
                return _record_of(b"09", self._state)
            case b"10":
                is_right = fields[1] == checksum_text(self._checksums, _TURN)
                self._verdict, self._wants_proof = (b"1", False) if is_right else (b"0", True)
                return bytes((ACK,))
            case _:
                return self._refuse(b"10")

    def _priced(self, price: bytes, tare: bytes, name: bytes) -> bytes:
        if not price.isdigit() or int(price) == 0:
            return self._refuse(b"11")
        if name:
            self.names.append(name)
        self._price_minor, self._tare_milli, self._state = int(price), int(tare), b"00"
        return bytes((ACK,))

    def _result(self, plate: Plate) -> bytes:
        if self._verdict:
            verdict, self._verdict = self._verdict, b""
            return _record_of(b"11", verdict)
        net_milli = plate.gross_milli - self._tare_milli
        if not self._price_minor:
            return self._refuse(b"22")
        if plate.is_overloaded:
            return self._refuse(b"32")
        if plate.gross_milli < 0:
            return self._refuse(b"31")
        if plate.in_motion:
            return self._refuse(b"20")
        if net_milli <= 0:
            return self._refuse(b"30")
        if not plate.has_moved:
            return self._refuse(b"21")
        price, self._price_minor = self._price_minor, 0
        plate.has_moved = False
        shown = b"3" if plate.unit == "kg" else b"2"
        selling = plate.price_of(net_milli, price)
        return _record_of(b"02", shown, b"%05d" % net_milli, b"%06d" % price, b"%06d" % selling)

    def _refuse(self, state: bytes) -> bytes:
        self._state = state
        return bytes((NAK,))


def _record_of(number: bytes, *fields: bytes) -> bytes:
    return bytes((STX,)) + bytes((ESC,)).join((number, *fields)) + bytes((ETX,))


def _decimal(milli: int, whole_digits: int) -> bytes:
    return b"%0*d.%03d" % (whole_digits, milli // 1000, milli % 1000)
