"""Sets a fresh machine up: virtual environment, locked packages, system libraries. Standard library only."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
LOCKS = {
    "shop": ("till", "server"),
    "dev": ("till", "server", "dev"),
    "till": ("till",),
    "server": ("server",),
}

QT_LIBRARIES = ("libegl1", "libgl1", "libxkbcommon0", "libglib2.0-0", "libdbus-1-3", "libfontconfig1")
WINDOW_LIBRARIES = (
    "libxcb-cursor0",
    "libxkbcommon-x11-0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
)
# Joins Arabic letters and turns right-to-left text around on receipts; Pillow looks for it when it first draws.
DRAWING_LIBRARIES = ("libfribidi0",)
OCR_LANGUAGES = (
    "ara", "ben", "ces", "chi-sim", "deu", "ell", "eng", "fra", "heb", "hin", "jpn", "kor", "lav", "pol", "rus",
    "spa", "tam", "tha", "tur", "vie",
)  # fmt: skip
TEST_TOOLS = (
    "chromium",
    "xvfb",
    "xauth",
    "xdotool",
    "sqlite3",
    "poppler-utils",
    "zbar-tools",
    "fonts-noto-core",
    "umockdev",
    "libusb-1.0-0",
    "cups",
    "cups-client",
    "fonts-noto-cjk",
    "tesseract-ocr",
    *(f"tesseract-ocr-{language}" for language in OCR_LANGUAGES),
)


class CannotSetUp(Exception):
    """Something that only the machine's owner can install; the message is the one line that does it."""


def has_display() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")) or sys.platform in (
        "win32",
        "darwin",
    )


def shop(*, window: bool) -> Path:
    """What till and server need; returns the Python to run them with."""
    python = _environment("shop")
    _system_packages(QT_LIBRARIES + DRAWING_LIBRARIES + (WINDOW_LIBRARIES if window else ()), required=True)
    return python


def development() -> Path:
    """What the tests need as well. Test tools that may not be installed here are named; their tests are skipped."""
    python = _environment("dev")
    _system_packages(QT_LIBRARIES + DRAWING_LIBRARIES + WINDOW_LIBRARIES, required=True)
    _system_packages(TEST_TOOLS, required=False)
    return python


def lock(python: Path) -> int:
    """Write locks/ anew from pyproject.toml."""
    uv = _uv(python)
    if uv is None:
        raise CannotSetUp("Locking needs uv: pip install uv")
    options = ("--universal", "--python-version", "3.11", "--generate-hashes", "--upgrade")
    quiet = ("--quiet", "--no-header", "--no-annotate", "--no-emit-index-url")
    for name, extras in LOCKS.items():
        wanted = [word for extra in extras for word in ("--extra", extra)]
        command = [
            uv,
            "pip",
            "compile",
            *options,
            *quiet,
            *wanted,
            "pyproject.toml",
            "-o",
            f"locks/{name}.txt",
        ]
        _run(command)
    return 0


def _environment(name: str) -> Path:
    if sys.version_info < (3, 11):
        raise CannotSetUp("Evertill needs Python 3.11 or newer: sudo apt-get install python3.11")
    python = VENV / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    if not _works(python):
        _create(python)
    lock_file = ROOT / "locks" / f"{name}.txt"
    stamp, wanted = VENV / "installed.txt", _fingerprint(lock_file)
    installed = stamp.read_text().split() if stamp.exists() else []
    covering = [wanted] + ([_fingerprint(ROOT / "locks" / "dev.txt")] if name == "shop" else [])
    if not any(mark in installed for mark in covering):
        print(f"Installing the packages of {lock_file.relative_to(ROOT)} …", flush=True)
        _install(python, lock_file)
        stamp.write_text(" ".join([*installed, wanted]))
    return python


def _create(python: Path) -> None:
    print("Making a virtual environment in .venv …", flush=True)
    shutil.rmtree(VENV, ignore_errors=True)
    if _succeeds([sys.executable, "-m", "venv", str(VENV)]) and _works(python):
        return
    # Debian ships Python without ensurepip; the package python3-venv brings it.
    version = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    _apt([version], required=True)
    shutil.rmtree(VENV, ignore_errors=True)
    _run([sys.executable, "-m", "venv", str(VENV)])


def _works(python: Path) -> bool:
    return python.exists() and _succeeds([str(python), "-c", "import pip"])


def _install(python: Path, lock_file: Path) -> None:
    uv = _uv(python)
    fast = [
        uv or "",
        "pip",
        "install",
        "--quiet",
        "--python",
        str(python),
        "--require-hashes",
        "-r",
        str(lock_file),
    ]
    if uv is None or not _succeeds(fast):
        _run([str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock_file)])
    # The project itself, from its source: no build back end is fetched, so this works without a network as well.
    site = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_paths()['purelib'])"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    Path(site, "evertill.pth").write_text(f"{ROOT}\n")
    _write_entry_points(python)


def _write_entry_points(python: Path) -> None:
    """The two commands, as installing the wheel would make them."""
    for name, module in (("evertill-till", "pos_client"), ("evertill-server", "sync_server.cli")):
        if sys.platform == "win32":
            (python.parent / f"{name}.cmd").write_text(f'@"{python}" -m {module} %*\r\n')
        else:
            script = python.parent / name
            script.write_text(f'#!/bin/sh\nexec "{python}" -m {module} "$@"\n')
            script.chmod(0o755)


def _uv(python: Path) -> str | None:
    """uv installs the locks in seconds; where it can't be had, pip does the same slowly."""
    candidate = python.parent / ("uv.exe" if sys.platform == "win32" else "uv")
    if candidate.exists():
        return str(candidate)
    if _succeeds([str(python), "-m", "pip", "install", "--quiet", "uv==0.13.8"]) and candidate.exists():
        return str(candidate)
    return shutil.which("uv")


def _system_packages(names: Iterable[str], *, required: bool) -> None:
    if shutil.which("dpkg-query") is None:
        return  # not a Debian: the README says which libraries Qt needs
    missing = [name for name in names if not _installed(name)]
    if missing:
        _apt(missing, required=required)


def _installed(name: str) -> bool:
    status = subprocess.run(
        ["dpkg-query", "-W", "-f", "${db:Status-Status}", name], capture_output=True, text=True, check=False
    )
    return status.stdout == "installed"


def _apt(names: Sequence[str], *, required: bool) -> None:
    advice = f"sudo apt-get install -y --no-install-recommends {' '.join(names)}"
    prefix = _root_prefix()
    if shutil.which("apt-get") is None or prefix is None:
        if required:
            raise CannotSetUp(
                f"This machine lacks some system packages. Install them and run this again:\n  {advice}"
            )
        print(f"Some tests need tools that are not here and are skipped. To run them too:\n  {advice}")
        return
    print(f"Installing system packages: {' '.join(names)} …", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *names]
    if _succeeds(install, environment):
        return
    _succeeds([*prefix, "apt-get", "update", "-qq"], environment)
    if not _succeeds(install, environment):
        if required:
            raise CannotSetUp(f"The system packages could not be installed. Try by hand:\n  {advice}")
        print(f"Some test tools could not be installed; their tests are skipped:\n  {advice}")


def _root_prefix() -> list[str] | None:
    """How to become root here without being asked: already are, or by sudo; None if neither."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return []
    if shutil.which("sudo") and _succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def _fingerprint(lock_file: Path) -> str:
    return hashlib.sha256(lock_file.read_bytes() + str(ROOT).encode()).hexdigest()[:16]


def _succeeds(command: Sequence[str], environment: dict[str, str] | None = None) -> bool:
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    return done.returncode == 0


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotSetUp(
            f"This step did not work:\n  {' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
        )
