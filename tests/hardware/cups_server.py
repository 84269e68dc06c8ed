"""A CUPS server of our own: another socket, other folders, and a backend that writes to a file and can fail."""

import os
import shutil
import subprocess
import time
from pathlib import Path

CUPSD = shutil.which("cupsd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
WHY_NOT = "needs CUPS and root: apt-get install cups cups-client"
INSTALLED_PROGRAMS = Path("/usr/lib/cups")

CONFIGURATION = """
Listen {root}/cups.sock
LogLevel debug
Browsing Off
WebInterface No
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order allow,deny
    Allow all
  </Limit>
</Policy>
"""
PLACES = """
ServerRoot {root}
ServerBin {root}/programs
RequestRoot {root}/spool
TempDir {root}/spool/tmp
StateDir {root}/state
CacheDir {root}/cache
AccessLog {root}/access.log
ErrorLog {root}/error.log
PageLog {root}/page.log
"""
# The printer behind it: paper.bin is what came out; a file called trouble holds what is wrong with it.
BACKEND = """#!/bin/sh
[ $# -eq 0 ] && echo 'direct counter "Unknown" "Counter"' && exit 0
case "$(cat {counter}/trouble 2>/dev/null)" in
  unplugged) echo "STATE: +offline-report" >&2
             while [ -s {counter}/trouble ]; do sleep 0.05; done ;;
  paper) echo "STATE: +media-empty-error" >&2
         while [ -s {counter}/trouble ]; do sleep 0.05; done
         echo "STATE: -media-empty-error" >&2 ;;
esac
cat "${{6:--}}" >> {counter}/paper.bin
"""


class CupsServer:
    """`queue` prints by the backend above; its files lie where the print system's own user may write."""

    queue = "receipts"

    def __init__(self, root: Path) -> None:
        self.root = root
        self._process = None

    def __enter__(self):
        self._make_folders()
        (self.root / "cupsd.conf").write_text(CONFIGURATION.format(root=self.root))
        (self.root / "cups-files.conf").write_text(PLACES.format(root=self.root))
        self._process = subprocess.Popen(
            [CUPSD, "-f", "-c", self.root / "cupsd.conf", "-s", self.root / "cups-files.conf"],
            stderr=subprocess.DEVNULL,
        )
        self.wait_until((self.root / "cups.sock").exists)
        device = ("-v", "counter:/printer", "-m", "raw", "-o", "printer-error-policy=retry-current-job")
        self.order("lpadmin", "-p", self.queue, "-E", *device)
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)

    @property
    def socket(self) -> str:
        return str(self.root / "cups.sock")

    @property
    def paper(self) -> bytes:
        printed = self.root / "counter" / "paper.bin"
        return printed.read_bytes() if printed.exists() else b""

    def trouble(self, what: str) -> None:
        (self.root / "counter" / "trouble").write_text(what)

    def order(self, *command: str) -> str:
        """What the print system's own command answers."""
        path = f"{os.environ['PATH']}:/usr/sbin"
        environment = {**os.environ, "CUPS_SERVER": self.socket, "PATH": path}
        return subprocess.run(command, check=True, env=environment, capture_output=True, text=True).stdout

    def _make_folders(self) -> None:
        for name in ("spool/tmp", "state", "cache", "programs/backend", "counter"):
            (self.root / name).mkdir(parents=True)
        for installed in INSTALLED_PROGRAMS.iterdir():
            if installed.name != "backend":
                (self.root / "programs" / installed.name).symlink_to(installed)
        (self.root / "counter").chmod(0o777)
        self.root.chmod(0o755)
        backend = self.root / "programs" / "backend" / "counter"
        backend.write_text(BACKEND.format(counter=self.root / "counter"))
        backend.chmod(0o755)

    def fresh(self) -> None:
        """No trouble, no paper, no jobs: as at the beginning."""
        self.trouble("")
        self.order("cancel", "-a", self.queue)
        self.order("cupsenable", self.queue)
        self.wait_until_empty()
        (self.root / "counter" / "paper.bin").unlink(missing_ok=True)

    def start(self, text: str) -> None:
        """A job of another program."""
        job = self.root / "job.txt"
        job.write_text(text)
        self.order("lp", "-d", self.queue, "-o", "raw", str(job))

    def wait_until_empty(self) -> None:
        self.wait_until(lambda: not self.order("lpstat", "-o", self.queue))

    @staticmethod
    def wait_until(condition) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError("the print system did not get that far")
            time.sleep(0.02)
