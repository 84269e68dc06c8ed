"""A till's device set-up: kept with it, carried to the next till, and never half taken over."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.labels.virtual import VirtualLabelPrinter
from hardware.linux import udev_rules
from hardware.printers.virtual import VirtualPrinter
from pos_client import settings as till_settings
from pos_client import stored_devices
from pos_client.settings import PREFIX, TillSettings
from pos_client.stored_devices import FILE, BadDeviceFile, DeviceFile, read_file, without_secrets
from tests.pos_client.ready_till import ready
from tests.pos_client.test_commands import till


def written(folder: Path, devices: dict[str, str], **more: object) -> Path:
    path = folder / "set-up.json"
    path.write_text(json.dumps({"evertill_devices": 1, "devices": devices, **more}))
    return path


def test_a_colleague_carries_the_set_up_to_the_next_till(tmp_path: Path) -> None:
    file = tmp_path / "counter.json"
    with VirtualPrinter(port=0) as printer, VirtualLabelPrinter(port=0) as labels:
        first = msgspec.structs.replace(
            ready(tmp_path / "first"),
            printer=f"tcp://127.0.0.1:{printer.port}",
            label_printer=f"tcp://127.0.0.1:{labels.port}",
            label_roll="76x51@300",
        )
        done = till(first, "devices", "export", str(file))
        assert done.returncode == 0, done.stderr
        # The next till has nothing in its environment but where its folder is.
        taken = bare(tmp_path / "second", "devices", "import", str(file))
        assert taken.returncode == 0, taken.stderr
        seen = bare(tmp_path / "second", "doctor")
    assert f"OK       Receipt printer at 127.0.0.1 port {printer.port}: Printer is ready." in seen.stdout
    assert f"OK       Label printer at 127.0.0.1 port {labels.port}: Label printer is ready." in seen.stdout
    assert "76 × 51 mm, 12 dots per mm" in seen.stdout
    assert json.loads(file.read_text())["from_till"] == "03-2"


def test_simulators_go_along_with_the_set_up_and_the_doctor_looks_for_none_of_them(tmp_path: Path) -> None:
    file = tmp_path / "counter.json"
    simulated = dict.fromkeys(("printer", "terminal", "scale", "label_printer"), "virtual")
    first = msgspec.structs.replace(ready(tmp_path / "first"), **simulated)
    done = till(first, "devices", "export", str(file))
    assert done.returncode == 0, done.stderr
    assert json.loads(file.read_text())["devices"] == simulated
    taken = bare(tmp_path / "second", "devices", "import", str(file))
    assert taken.returncode == 0, taken.stderr
    seen = bare(tmp_path / "second", "doctor")
    assert "Label printer" not in seen.stdout
    assert "Traceback" not in seen.stderr


def bare(folder: Path, *words: str):  # type: ignore[no-untyped-def]  # as `till`
    """As `till`, and no device is named in the environment."""
    import subprocess
    import sys

    from tests.pos_client.ready_till import environment
    from tests.pos_client.test_commands import ROOT

    names = {PREFIX + name.upper() for name in till_settings.device_names()}
    variables = environment(TillSettings(data_dir=folder, keyring=False))
    return subprocess.run(
        [sys.executable, "-m", "pos_client", *words],
        cwd=ROOT,
        env={name: value for name, value in variables.items() if name not in names},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_no_password_leaves_with_the_set_up_and_the_till_says_which_is_left_out(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(
        ready(tmp_path / "till"),
        terminal="zvt://192.168.1.60:20007?password=731955",
        printer="cups://clerk:hunter2@office/receipts",
        database_key="ab" * 32,
        server_url="https://shop.example",
    )
    file, bare_names = stored_devices.set_up_of(settings)
    assert file.devices == {"terminal": "zvt://192.168.1.60:20007", "printer": "cups://office/receipts"}
    assert bare_names == ("printer", "terminal")
    done = till(
        msgspec.structs.replace(settings, database_key=""), "devices", "export", str(tmp_path / "file.json")
    )
    assert "EVERTILL_TILL_TERMINAL" in done.stdout
    for secret in ("731955", "hunter2", "clerk"):
        assert secret not in (tmp_path / "file.json").read_text()
        assert secret not in done.stdout + till(settings, "devices", "show").stdout


@pytest.mark.parametrize(
    ("devices", "says"),
    [
        ({"printer": "192.168.1.50"}, "EVERTILL_TILL_PRINTER: '192.168.1.50' is no .* Write it as tcp://"),
        ({"printer": "tcp://192.168.1.50", "printer_profile": "TM-T88Z"}, "TM-T88Z"),
        ({"drawer_trigger": "BEL"}, "DRAWER_TRIGGER is 'BEL'"),
        ({"drawer_sensor": "yes"}, "DRAWER_SENSOR is 'yes'; it may be one of"),
        ({"scanners": "serial:/nowhere usb"}, "EVERTILL_TILL_SCANNERS"),
        ({"terminal": "zvt://192.168.1.60?password=731955"}, "password is in the address of 'terminal'"),
        ({"second_printer": "cups://me:pw@office/q"}, "password is in the address of 'second_printer'"),
        ({"printr": "tcp://192.168.1.50"}, "no device setting 'printr'. These there are: printer"),
        ({"database_key": "ab" * 32}, "no device setting 'database_key'"),
        ({"server_url": "https://elsewhere.example"}, "no device setting 'server_url'"),
        ({"printer": 9100}, "holds no device set-up"),
    ],
)
def test_a_set_up_that_is_wrong_is_named_and_changes_nothing(
    tmp_path: Path, devices: dict[str, str], says: str
) -> None:
    good = written(tmp_path, {"printer": "tcp://192.168.1.50:9100"})
    stored_devices.keep(tmp_path / "till", read_file(good))
    before = (tmp_path / "till" / FILE).read_bytes()
    wrong = written(tmp_path, devices)
    done = bare(tmp_path / "till", "devices", "import", str(wrong))
    assert done.returncode == 1
    assert re.search(says, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "till" / FILE).read_bytes() == before
    assert "731955" not in done.stderr


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff\xfe", b"[1]", b'{"evertill_devices": 2, "devices": {}}'])
def test_a_file_that_is_something_else_says_how_to_make_one(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "photo.json"
    path.write_bytes(data)
    with pytest.raises(BadDeviceFile, match="evertill-till devices export FILE"):
        read_file(path)


def test_a_huge_file_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    path.write_bytes(b" " * (stored_devices.LARGEST_BYTES + 1))
    with pytest.raises(BadDeviceFile, match="too large"):
        read_file(path)
    with pytest.raises(BadDeviceFile, match="can't be read"):
        read_file(tmp_path / "nothing.json")


def test_what_the_environment_says_goes_before_the_stored_set_up(tmp_path: Path) -> None:
    stored_devices.keep(
        tmp_path, DeviceFile(1, {"printer": "tcp://192.168.1.50:9100", "drawer": "serial:///dev/ttyS1"})
    )
    settings = TillSettings(data_dir=tmp_path, printer="usb://04b8:0202")
    used = stored_devices.applied(settings, {f"{PREFIX}PRINTER": "usb://04b8:0202"})
    assert (used.printer, used.drawer) == ("usb://04b8:0202", "serial:///dev/ttyS1")
    file = read_file(tmp_path / FILE)
    assert stored_devices.said_twice(file, {f"{PREFIX}DRAWER": "x"}) == (f"{PREFIX}DRAWER",)


def test_a_stored_set_up_that_was_damaged_is_named_and_can_be_imported_anew(tmp_path: Path) -> None:
    folder = tmp_path / "till"
    folder.mkdir()
    (folder / FILE).write_bytes(b"{")
    broken = bare(folder, "doctor")
    assert broken.returncode == 1
    assert FILE in broken.stderr
    mended = bare(folder, "devices", "import", str(written(tmp_path, {"printer": ""})))
    assert mended.returncode == 0, mended.stderr
    assert "No printer is set up" in bare(folder, "doctor").stdout


@given(st.text("ab:/@?&=.1", max_size=12), st.text("xyz12", min_size=4, max_size=12))
def test_no_way_of_writing_an_address_hides_its_password(rest: str, secret: str) -> None:
    for address in (
        f"zvt://10.0.0.1?password={secret}",
        f"zvt://10.0.0.1?timeout=3&PASSWORD={secret}",
        f"cups://clerk:{secret}@office/queue",
        f"tcp://{secret}@10.0.0.1:9100",
    ):
        assert secret not in without_secrets(address)
    assert without_secrets(without_secrets(rest)) == without_secrets(rest)


def test_every_line_of_the_udev_rules_is_one_that_udev_takes() -> None:
    rule = re.compile(
        r"(?:SUBSYSTEM|KERNEL|ENV\{\w+\}|ATTRS?\{\w+\})==\"[^\"]+\""
        r"|(?:MODE|GROUP|ENV\{\w+\})=\"[^\"]+\"|SYMLINK\+=\"[^\"]+\""
    )
    lines = [line.removeprefix("#") for line in udev_rules().splitlines() if re.match(r"#?SUBSYSTEM", line)]
    assert len(lines) > 10
    for line in lines:
        assert all(rule.fullmatch(part.strip()) for part in line.split(",")), line
        assert 'GROUP="' in line or "SYMLINK" in line


def test_the_till_prints_the_udev_rules(tmp_path: Path) -> None:
    assert bare(tmp_path / "till", "devices", "udev-rules").stdout == udev_rules()
