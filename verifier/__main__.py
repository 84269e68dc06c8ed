"""`python -m verifier ARCHIVE`: every fault by name; ends with 0 only when there is an entry, and no fault."""

from __future__ import annotations

import argparse
import sys
from io import TextIOWrapper
from pathlib import Path

if not __package__:  # started as a folder: `python verifier ARCHIVE`
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from verifier.archive import MANIFEST, check_archive
from verifier.entries import Fault


def in_words(fault: Fault) -> str:
    """On one line, whatever the archive holds."""
    place = MANIFEST
    if fault.incarnation:
        entry = f", entry {fault.seq}" if fault.seq else ""
        place = f"incarnation {fault.incarnation[:8]}{entry}{f' ({fault.entry})' if fault.entry else ''}"
    elif fault.entry:
        place = fault.entry
    return _printable(f"{place}, {fault.field}: {fault.message}")


def _printable(said: str) -> str:
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in said)


def main(words: list[str] | None = None) -> int:
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    parser = argparse.ArgumentParser(prog="verifier", description="Check an archive of a till's journal.")
    parser.add_argument("archive", type=Path, help="the folder that holds archive.json")
    parser.add_argument("--till-key", action="append", default=[], help="a till's public key, in hex")
    parser.add_argument("--server-key", action="append", default=[], help="the server's public key, in hex")
    parser.add_argument("--root", action="append", default=[], help="a daily root that you kept, in hex")
    asked = parser.parse_args(words)
    roots = frozenset(asked.root)
    report = check_archive(asked.archive, set(asked.till_key), set(asked.server_key), roots)
    for fault in report.faults:
        print(in_words(fault))
    if not asked.till_key or not asked.server_key:
        print("Keys that were not named are the archive's own: who made it could have made them too.")
    for name in report.unproven_keys:
        print(
            f"Server key {_printable(name)} came in place of a lost one, which could not sign for it: ask whose it is."
        )
    for name, first, last in report.parts:
        print(f"Of incarnation {name[:8]} these are entries {first} to {last}, and not those before.")
    for entry, money in report.set_aside:
        print(
            _printable(f"Head office set {entry} aside, so it counts as no money: {money}, in minor units.")
        )
    if not report.entries and not report.faults:
        print("There is no entry in this archive: there is nothing in it that could be verified.")
        return 1
    verdict = "NOT as they were sealed" if report.faults else "as they were sealed"
    signed = f"{report.checkpoints} checkpoints"
    if report.closings or report.roots:
        signed = f"{signed}, {report.closings} closings, {report.roots} daily roots"
    print(f"{report.entries} entries, {signed}: {verdict}.")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
