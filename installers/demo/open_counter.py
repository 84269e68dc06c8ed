"""The demo with a display: a till's window to play with, its printers' paper beside it, and the console's address."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from installers.demo.head_office import HeadOffice
from installers.demo.leaving import once_started
from installers.demo.server_process import ServerProcess, stop
from installers.demo.shop import ACCOUNT, STAFF, TILLS, open_shop
from installers.demo.till_process import TillProcess, till_environment

_TRY_THESE = ("4001954161294", "4008400322728", "3*85123A", "butter", "apples")


class OpenCounter:
    """`run` returns when the till's window is closed. The shop in `folder` is kept for the next time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server = ServerProcess(folder / "server")

    def run(self) -> int:
        fresh = not (self._folder / "server").exists()
        print("Starting the server …", flush=True)
        try:
            self._server.start()
            if fresh:
                self._set_up()
            self._explain()
            return self._until_the_till_is_closed()
        finally:
            self._server.stop()

    def _set_up(self) -> None:
        print("Head office opens the shop: products, prices, taxes, staff …", flush=True)
        with HeadOffice(self._server.url, *ACCOUNT) as office:
            open_shop(office)
            code = office.enrolment_code(TILLS[0])
        TillProcess(self._folder / "till", self._server.url, "virtual", "virtual").enrol(code)

    def _until_the_till_is_closed(self) -> int:
        environment = till_environment(self._folder / "till", self._server.url, "virtual", "virtual")
        till = None
        try:
            with once_started():
                till = subprocess.Popen([sys.executable, "-m", "pos_client"], env=environment)
            return till.wait()
        finally:
            if till is not None:
                stop(till)

    def _explain(self) -> None:
        name, password = ACCOUNT
        print("\nThe till opens now. Log in with a PIN:")
        for who, pin, role in STAFF:
            print(f"  {pin}  {who} ({role})")
        print(
            f"\nScan with a scanner, or type these and Enter: {', '.join(_TRY_THESE)}; F12 pays, F1 shows all keys."
        )
        print(
            "Ctrl B opens the page of shelf labels: F5 takes all prices that changed today, Enter prints them."
        )
        print(f"Head office's console: {self._server.url}/  (name {name}, password {password})")
        print(f"Close the till's window to end. The shop is kept in {self._folder}.\n", flush=True)
