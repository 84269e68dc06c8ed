"""The virtual printer as a device: its port, its memory, and its orders."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from hardware.escpos import commands
from hardware.printers.virtual import VirtualPrinter
from hardware.printers.virtual_console import ORDERS, main, obey, take_orders


@pytest.fixture
def connection(virtual_printer):
    with socket.create_connection(("127.0.0.1", virtual_printer.port), timeout=5) as opened:
        yield opened


@pytest.mark.parametrize(
    ("order", "kind", "answer"),
    [
        ("fast", "printer", 0x12),
        ("fast", "offline", 0x12),
        ("fast", "error", 0x12),
        ("fast", "paper", 0x12),
        ("paper low", "paper", 0x1E),
        ("paper low", "printer", 0x12),
        ("paper out", "paper", 0x7E),
        ("paper out", "offline", 0x32),
        ("paper out", "printer", 0x1A),
        ("cover open", "offline", 0x16),
        ("cover open", "printer", 0x1A),
    ],
)
def test_status_bytes_are_those_of_the_manual(virtual_printer, connection, order, kind, answer):
    obey(virtual_printer, order)
    connection.sendall(commands.ask_status(kind))
    assert connection.recv(1) == bytes((answer,))


def test_what_looks_like_a_real_time_command_is_obeyed_inside_a_picture_too(virtual_printer, connection):
    """As Epson's manuals say of DLE EOT and DLE DC4; the picture keeps the bytes."""
    dots = b"\x10\x14\x01\x00\x01" + b"\x10\x04\x04" + bytes(8)
    connection.sendall(b"\x1dv0\x00\x10\x00\x01\x00" + dots[:3])
    connection.sendall(dots[3:])
    assert connection.recv(1) == b"\x12"
    assert len(virtual_printer.wait_for_pulses(1)) == 1


def test_a_question_in_order_waits_for_the_work_before_it(virtual_printer, connection):
    virtual_printer.set_cover(is_open=True)
    connection.sendall(b"hello\n" + commands.ASK_PAPER_IN_ORDER + commands.ask_status("offline"))
    assert connection.recv(1) == b"\x16"
    virtual_printer.set_cover(is_open=False)
    assert connection.recv(1) == b"\x00"
    assert virtual_printer.unfinished.lines == ["hello"]


def test_a_full_memory_makes_the_caller_wait_and_loses_nothing():
    lines = [f"line {number}" for number in range(2_000)]
    with VirtualPrinter(port=0, memory_bytes=100) as printer:
        printer.set_cover(is_open=True)
        with socket.create_connection(("127.0.0.1", printer.port), timeout=20) as connection:
            connection.sendall("\n".join([*lines, ""]).encode() + commands.ASK_PAPER_IN_ORDER)
            printer.set_cover(is_open=False)
            assert connection.recv(1) == b"\x00"
        assert printer.unfinished.lines == lines


def test_a_slow_printer_takes_its_time(virtual_printer, connection):
    virtual_printer.set_speed(5)
    connection.sendall(b"a\nb\nc\n" + commands.ask_status("paper"))
    assert connection.recv(1) == b"\x12"
    assert virtual_printer.unfinished.lines != ["a", "b", "c"]
    virtual_printer.set_speed(None)
    connection.sendall(commands.ASK_PAPER_IN_ORDER)
    assert connection.recv(1) == b"\x00"
    assert virtual_printer.unfinished.lines == ["a", "b", "c"]


def test_what_hangs_out_can_be_torn_off(virtual_printer, connection):
    connection.sendall(b"half a receipt\n" + commands.ASK_PAPER_IN_ORDER)
    connection.recv(1)
    torn = virtual_printer.tear_off()
    assert (torn.lines, torn.cut) == (["half a receipt"], "torn")
    assert virtual_printer.tear_off() is None


def test_a_printer_that_is_switched_off_loses_its_memory(virtual_printer, connection):
    virtual_printer.set_paper("out")
    connection.sendall(b"lost\n\x1dV\x00" + commands.ask_status("paper"))
    connection.recv(1)
    virtual_printer.go_away()
    with pytest.raises(ConnectionResetError):
        connection.recv(1)
    virtual_printer.set_paper("ok")
    virtual_printer.come_back()
    with socket.create_connection(("127.0.0.1", virtual_printer.port), timeout=5) as again:
        again.sendall(commands.ASK_PAPER_IN_ORDER)
        assert again.recv(1) == b"\x00"
    assert virtual_printer.receipts == []


def test_every_receipt_is_told_as_it_falls():
    heard = []
    with VirtualPrinter(port=0, on_receipt=heard.append) as printer:
        with socket.create_connection(("127.0.0.1", printer.port)) as connection:
            connection.sendall(b"one\n\x1dV\x00two\n\x1dV\x00")
        printer.wait_for_receipts(2)
    assert [receipt.lines[0] for receipt in heard] == ["one", "two"]


def test_waiting_for_paper_that_never_comes_has_an_end(virtual_printer):
    with pytest.raises(TimeoutError):
        virtual_printer.wait_for_receipts(1, timeout_s=0.01)


def test_a_port_in_use_is_said_at_the_start(virtual_printer):
    with pytest.raises(OSError, match="in use"):
        VirtualPrinter(virtual_printer.port).start()


@pytest.mark.parametrize("order", ["", "paper", "paper out after some", "slow 0", "slow", "explode"])
def test_an_order_that_is_no_order_is_answered_with_the_list(virtual_printer, order):
    assert obey(virtual_printer, order) == ("" if not order else f"Not understood. Say one of:\n{ORDERS}")


def test_orders_are_obeyed_until_quit(virtual_printer, capsys):
    orders = ["paper low", "slow 100", "fast", "silent", "talking", "cover open", "cover closed"]
    orders += ["paper out after 90", "tear", "gone", "back"]
    take_orders(virtual_printer, [*orders, "quit", "never said"])
    assert capsys.readouterr().out.splitlines() == [f"Done: {order}" for order in orders]


def test_a_taken_port_is_one_sentence_at_the_terminal(virtual_printer, tmp_path, capsys):
    assert main(["--port", str(virtual_printer.port), "--out", str(tmp_path)]) == 1
    assert "Choose another with --port." in capsys.readouterr().err


def test_it_runs_by_itself_and_files_what_it_prints(tmp_path):
    command = [sys.executable, "-m", "hardware.printers.virtual", "--port", "0", "--out", str(tmp_path)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as process:
        port = int(process.stdout.readline().split("port ")[1].split(",")[0])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(b"hello\n\x1dV\x00" + commands.ASK_PAPER_IN_ORDER)
            assert connection.recv(1) == b"\x00"
        process.communicate("quit\n", timeout=20)
    assert process.returncode == 0
    assert (tmp_path / "receipt-0001.txt").read_text().splitlines()[0] == "hello"
    assert (tmp_path / "receipt-0001.png").stat().st_size > 0
