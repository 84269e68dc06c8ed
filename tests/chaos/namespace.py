"""Network namespaces: each till in a network of its own, whose packets nftables drops when it is told to."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence

_INSIDE = "EVERTILL_CHAOS_NETWORK"
MARK = {_INSIDE: "yes"}
_PROGRAMS = ("unshare", "mount", "ip", "nft")
_RULES = """
add table inet siege
add chain inet siege incoming { type filter hook input priority 0; }
add chain inet siege outgoing { type filter hook output priority 0; }
"""


class Namespace:
    """A network of its own with one cable to this one: `host_address` here, the till at its other end."""

    def __init__(self, number: int) -> None:
        self._name = f"till{number}"
        self.host_address = f"10.77.{number}.1"
        self.prefix = ("ip", "netns", "exec", self._name)
        near, far = f"near{number}", f"far{number}"
        _run("ip", "netns", "add", self._name)
        _run("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", self._name)
        _run("ip", "address", "add", f"{self.host_address}/30", "dev", near)
        _run("ip", "link", "set", near, "up")
        self._inside("ip", "address", "add", f"10.77.{number}.2/30", "dev", far)
        self._inside("ip", "link", "set", far, "up")
        self._inside("ip", "link", "set", "lo", "up")
        self._nft(_RULES)

    def drop(self, *, incoming: bool, outgoing: bool) -> None:
        rules = [name for name, wanted in (("incoming", incoming), ("outgoing", outgoing)) if wanted]
        self._nft("\n".join(f"add rule inet siege {name} drop" for name in rules))

    def lose(self, percent: int) -> None:
        lossy = f"numgen random mod 100 < {percent} drop"
        self._nft(f"add rule inet siege incoming {lossy}\nadd rule inet siege outgoing {lossy}")

    def mend(self) -> None:
        self._nft("flush table inet siege")

    def _nft(self, rules: str) -> None:
        subprocess.run(
            [*self.prefix, "nft", "-f", "-"], input=rules.encode(), check=True, capture_output=True
        )

    def _inside(self, *words: str) -> None:
        _run(*self.prefix, *words)


def inside_own_network() -> bool:
    return _INSIDE in os.environ


def why_not() -> str:
    """What keeps this machine from having namespaces; nothing where it may."""
    missing = [program for program in _PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} not found"
    probe = _wrapped("nft add table inet siege && ip link add near0 type veth peer name far0")
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return done.stderr.strip().splitlines()[-1] if done.returncode else ""


def in_own_network(command: Sequence[str]) -> list[str]:
    """The command in a network which is gone when it ends; it is to find `MARK` in its environment."""
    return _wrapped('exec "$@"', *command)


def _wrapped(then: str, *words: str) -> list[str]:
    script = f"mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip link set lo up && {then}"
    return ["unshare", "--net", "--mount", "sh", "-c", script, "sh", *words]


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)
