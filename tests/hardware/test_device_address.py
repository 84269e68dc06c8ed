"""One line says where a device is, and a line that doesn't is answered with how to write it."""

import os
import stat
from pathlib import Path

import pytest

from hardware.transport.address import BadAddress, transport_at
from hardware.transport.base import NotReachable, SendFailed
from hardware.transport.file import FileTransport
from hardware.transport.serial_line import SerialSettings, SerialTransport
from hardware.transport.usb import UsbSettings, UsbTransport


@pytest.mark.parametrize(
    ("address", "place"),
    [
        ("tcp://192.168.1.50:9101", "192.168.1.50 port 9101"),
        ("tcp://printer.shop", "printer.shop port 9100"),
        ("tcp://[::1]:9100", "::1 port 9100"),
        ("usb://04b8:0202", "USB 04b8:0202"),
        ("usb://04B8:0E15:J4XF0012", "USB 04b8:0e15 J4XF0012"),
        ("serial:///dev/ttyUSB0?baud=19200&flow=dsrdtr&parity=even&bits=7", "serial port /dev/ttyUSB0"),
        ("serial://COM3?baud=9600", "serial port COM3"),
        ("cups://receipts", "print queue receipts"),
        ("cups://printserver:631/receipts", "print queue receipts"),
        ("winspool://EPSON%20TM-T20", "Windows printer EPSON TM-T20"),
        ("winspool:////server/receipts", "Windows printer \\\\server\\receipts"),
        ("file:///dev/usb/lp0", "/dev/usb/lp0"),
        ("file:///tmp/receipts.bin", "/tmp/receipts.bin"),
    ],
)
def test_an_address_leads_to_its_place_and_goes_nowhere_yet(address, place):
    assert transport_at(address).place == place


@pytest.mark.parametrize(
    "address",
    [
        "",
        "192.168.1.50",
        "tcp://",
        "tcp://host:99999",
        "tcp://host/path",
        "http://host:9100",
        "usb://",
        "usb://epson",
        "usb://4b8:202",
        "serial://",
        "serial:///dev/ttyS0?baud=fast",
        "serial:///dev/ttyS0?speed=9600",
        "serial:///dev/ttyS0?parity=sometimes",
        "serial:///dev/ttyS0?baud",
        "cups://",
        "cups://%2Dd",
        "cups://a%20b",
        "winspool://",
        "file://",
        "file://host/path",
        "lpt1:",
    ],
)
def test_what_is_no_address_is_answered_with_examples(address):
    with pytest.raises(BadAddress, match=r"Write it as tcp://192\.168\.1\.50:9100, usb://04b8:0202"):
        transport_at(address)


def test_a_misspelt_device_file_is_not_made_into_a_plain_file(tmp_path):
    missing = tmp_path / "lp7"
    with pytest.raises(NotReachable, match="check its cable"), FileTransport(missing, is_device=True).open():
        pass
    missing.write_text("a plain file")
    with pytest.raises(NotReachable, match="is no device"), FileTransport(missing, is_device=True).open():
        pass


def test_a_plain_file_keeps_every_job_and_nobody_else_reads_it(tmp_path):
    kept = tmp_path / "receipts.bin"
    transport = transport_at(f"file://{kept}")
    for job in (b"one\n", b"two\n"):
        with transport.open() as channel:
            channel.send(job, timeout_s=1)
            assert channel.receive(0.01) == b""
    assert kept.read_bytes() == b"one\ntwo\n"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert not transport.two_way


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux")
def test_a_device_that_refuses_the_bytes_is_a_broken_connection():
    with (
        FileTransport(Path("/dev/full")).open() as channel,
        pytest.raises(SendFailed, match="broke") as failure,
    ):
        channel.send(b"x", timeout_s=1)
    assert failure.value.sent == 0


def test_a_serial_port_that_others_use_is_not_shared(tmp_path):
    ours, theirs = os.openpty()
    transport = SerialTransport(SerialSettings(os.ttyname(theirs)), turn_timeout_s=0.1)
    other = SerialTransport(SerialSettings(os.ttyname(theirs)))
    with transport.open():
        with pytest.raises(NotReachable), other.open():
            pass
        with pytest.raises(NotReachable, match="is busy"), transport.open():
            pass
    os.close(ours)
    os.close(theirs)


def test_without_usb_on_this_machine_the_printer_is_said_to_be_missing():
    with pytest.raises(NotReachable, match="USB ffff:ffff"), UsbTransport(UsbSettings(0xFFFF, 0xFFFF)).open():
        pass


@pytest.mark.parametrize(("file", "is_device"), [("usb/lp0", True), ("shm/till/receipts.bin", False)])
def test_what_lies_under_dev_is_a_device_unless_it_is_the_folder_in_memory(
    file: str, is_device: bool
) -> None:
    assert FileTransport(Path("/dev", file)).two_way is is_device
