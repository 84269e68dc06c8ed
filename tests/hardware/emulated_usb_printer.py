"""A USB printer for libusb itself: umockdev shows a device to the program under test and plays its conversation.

umockdev compares every byte that is written with its script, so the program must say exactly what was expected.
"""

import shutil
import struct
import subprocess
import sys
from pathlib import Path

UMOCKDEV = shutil.which("umockdev-run")
WHY_NOT = "needs umockdev: apt-get install umockdev libusb-1.0-0"

VENDOR, PRODUCT = 0x04B8, 0x0202
_OUT, _IN = 0x01, 0x82
_BULK = 3

_DESCRIPTORS = (
    struct.pack("<BBHBBBBHHHBBBB", 18, 1, 0x0200, 0, 0, 0, 64, VENDOR, PRODUCT, 0x0100, 0, 0, 0, 1)
    + struct.pack("<BBHBBBBB", 9, 2, 32, 1, 1, 0, 0xC0, 1)
    + struct.pack("<BBBBBBBBB", 9, 4, 0, 0, 2, 7, 1, 2, 0)
    + struct.pack("<BBBBHB", 7, 5, _OUT, 2, 64, 0)
    + struct.pack("<BBBBHB", 7, 5, _IN, 2, 64, 0)
)
_DEVICE = f"""P: /devices/pci0000:00/0000:00:14.0/usb1/1-2
N: bus/usb/001/002
E: DEVNAME=/dev/bus/usb/001/002
E: DEVTYPE=usb_device
E: SUBSYSTEM=usb
E: BUSNUM=001
E: DEVNUM=002
A: busnum=1\\n
A: devnum=2\\n
A: bConfigurationValue=1\\n
A: speed=12\\n
A: idVendor={VENDOR:04x}\\n
A: idProduct={PRODUCT:04x}\\n
H: descriptors={_DESCRIPTORS.hex().upper()}
"""


def converse(folder: Path, conversation: list[tuple[str, bytes]], program: str) -> str:
    """What `program` prints while the printer hears and says what stands in `conversation`, in this order."""
    (folder / "printer.umockdev").write_text(_DEVICE)
    (folder / "talk.ioctl").write_text("".join(_urb(way, data) for way, data in conversation))
    command = [
        UMOCKDEV,
        f"--device={folder / 'printer.umockdev'}",
        f"--ioctl=/dev/bus/usb/001/002={folder / 'talk.ioctl'}",
        "--",
        sys.executable,
        "-c",
        program,
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    return done.stdout + done.stderr


def _urb(way: str, data: bytes) -> str:
    """One transfer, as umockdev's ioctl files write it."""
    endpoint = _OUT if way == "hears" else _IN
    length = len(data) if way == "hears" else 4096
    return f"USBDEVFS_REAPURBNDELAY 0 {_BULK} {endpoint} 0 0 {length} {len(data)} 0 {data.hex().upper()}\n"
