"""evertill-till: the till in its window, and the few things that are done without one."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pos_client import settings as till_settings
from pos_client import stored_devices
from pos_client.settings import TillSettings
from shared_models.enrolment_uri import is_enrolment_uri, read_enrolment_uri
from shared_models.errors import ShopError

_TOLD_TO_END = 128 + signal.SIGINT


def main(words: Sequence[str] | None = None) -> int:
    """Exit status: 0 well, 1 something to put right (said in words), 2 wrong words."""
    asked = _parser().parse_args(words)
    try:
        settings = till_settings.read(os.environ)
        if getattr(asked, "data_dir", None):
            settings = msgspec.structs.replace(settings, data_dir=till_settings.folder(asked.data_dir))
        if asked.work not in (_import_devices, _print_udev_rules):  # they mend and help, whatever is stored
            settings = stored_devices.applied(settings, os.environ)
        done: int = asked.work(settings, asked)
    except KeyboardInterrupt:
        return _TOLD_TO_END
    except ShopError as reason:
        print(reason.message, file=sys.stderr)
        return 1
    return done


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="evertill-till", description=__doc__)
    parser.set_defaults(work=_run)
    parser.add_argument("--data-dir", help="the till's folder, instead of EVERTILL_TILL_DATA_DIR")
    commands = parser.add_subparsers(metavar="COMMAND")
    run = commands.add_parser("run", help="open the till's window (also without a command)")
    run.set_defaults(work=_run)
    train = commands.add_parser("train", help="open the window for practice: nothing of it counts")
    train.set_defaults(work=_train)
    enrol = commands.add_parser("enrol", help="tell this till which one it is, with a code from head office")
    enrol.add_argument("code", help="the letters, or what the QR code says")
    enrol.add_argument("--server", help="the server's address, instead of EVERTILL_TILL_SERVER_URL")
    enrol.set_defaults(work=_enrol)
    verify = commands.add_parser("verify", help="check every entry of the journal: chain, signatures, sums")
    verify.set_defaults(work=_verify)
    export = commands.add_parser("export", help="write the journal's sales, shifts and cash as tables")
    export.add_argument("folder", type=Path, help="a new folder for the files")
    export.add_argument("--sqlite", action="store_true", help="one SQLite file instead of CSV files")
    export.set_defaults(work=_export)
    archived = commands.add_parser("archive", help="write the whole journal for an auditor's `verifier`")
    archived.add_argument("folder", type=Path, help="a new folder for the files")
    archived.set_defaults(work=_archive)
    unsent = commands.add_parser(
        "export-unsent", help="write what was not sent into an encrypted file, for a USB stick"
    )
    unsent.add_argument("folder", type=Path, help="the stick's folder")
    unsent.add_argument(
        "--from", dest="source", type=Path, help="a damaged till.db or a second copy, instead"
    )
    unsent.add_argument("--all", action="store_true", help="also what the server has had already")
    unsent.set_defaults(work=_export_unsent)
    rescue = commands.add_parser("rescue", help="put a database aside that can't be read, and keep what can")
    rescue.set_defaults(work=_rescue)
    doctor = commands.add_parser("doctor", help="say what is connected and what it answers")
    doctor.add_argument("--report", type=Path, help="also write a report for support into this file")
    doctor.set_defaults(work=_doctor)
    _add_devices(commands.add_parser("devices", help="this till's device set-up: show, export, import"))
    return parser


def _add_devices(devices: argparse.ArgumentParser) -> None:
    what = devices.add_subparsers(metavar="WHAT", required=True)
    show = what.add_parser("show", help="print the set-up that is in force")
    show.set_defaults(work=_show_devices)
    export = what.add_parser(
        "export", help="write the set-up into a file for another till; passwords stay here"
    )
    export.add_argument("file", type=Path)
    export.set_defaults(work=_export_devices)
    imported = what.add_parser("import", help="check a file and take it over from the next start on")
    imported.add_argument("file", type=Path)
    imported.set_defaults(work=_import_devices)
    rules = what.add_parser(
        "udev-rules", help="print what Linux needs in /etc/udev/rules.d/70-evertill.rules"
    )
    rules.set_defaults(work=_print_udev_rules)


def _run(settings: TillSettings, asked: argparse.Namespace) -> int:
    from pos_client.bootstrap import run_window

    return run_window(settings)


def _train(settings: TillSettings, asked: argparse.Namespace) -> int:
    from pos_client import training
    from pos_client.bootstrap import run_window

    return run_window(training.prepare(settings), training=True)


def _enrol(settings: TillSettings, asked: argparse.Namespace) -> int:
    from pos_client.chores import enrol

    code, server = asked.code, asked.server
    if is_enrolment_uri(code):
        said, code = read_enrolment_uri(code)
        server = server or said
    if server:
        settings = msgspec.structs.replace(settings, server_url=server)
    if not settings.server_url:
        print("Say which server: evertill-till enrol CODE --server https://…", file=sys.stderr)
        return 2
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    place = enrol(settings, code).enrolled
    assert place is not None
    print(f"This is now till {place.till_id} of {place.store_name}.")
    return 0


def _verify(settings: TillSettings, asked: argparse.Namespace) -> int:
    from pos_client.chores import check

    report = check(settings)
    for fault in report.faults:
        print(f"Incarnation {fault.incarnation.hex()[:8]}, entry {fault.seq}, {fault.field}: {fault.message}")
    verdict = "as they were sealed" if not report.faults else "NOT as they were sealed"
    print(f"{report.entries} entries, {report.sales} sales: {verdict}.")
    return 1 if report.faults else 0


def _export(settings: TillSettings, asked: argparse.Namespace) -> int:
    from pos_client.journal_export import export
    from pos_client.till_folder import BOOKS_FILE

    books, key = settings.data_dir / BOOKS_FILE, settings.database_key or None
    counts = export(books, key, asked.folder, sqlite=asked.sqlite)
    print(f"{counts.get('entry', 0)} entries with {counts.get('sale', 0)} sales are in {asked.folder}.")
    return 0


def _archive(settings: TillSettings, asked: argparse.Namespace) -> int:
    from pos_client.journal_archive import archive
    from pos_client.till_folder import BOOKS_FILE, identity_of

    who, key = identity_of(settings), settings.database_key or None
    count = archive(settings.data_dir / BOOKS_FILE, key, asked.folder, who.public_key, who.server_terms)
    print(f"{count} entries are in {asked.folder}. This till's key: {who.public_key.hex()}")
    return 0


def _export_unsent(settings: TillSettings, asked: argparse.Namespace) -> int:
    from pos_client.chores import export_unsent

    done, code = export_unsent(settings, asked.folder, asked.source, everything=asked.all)
    print(f"{done.entries} entries are in {done.file}.")
    print(f"Code: {code}")
    print("Write the code down: without it nobody can read the file. At head office: Tills, Bring a file.")
    return 0


def _rescue(settings: TillSettings, asked: argparse.Namespace) -> int:
    from pos_client.chores import rescue

    aside = rescue(settings)
    print(
        f"At the next start the till's database becomes {aside}, and the till goes on with what can be read of it."
    )
    return 0


def _doctor(settings: TillSettings, asked: argparse.Namespace) -> int:
    from hardware.doctor import examine, lines
    from pos_client.bootstrap import doctors_report
    from pos_client.device_desk import write_report
    from pos_client.device_setup import devices_of

    reports = examine(devices_of(settings))
    print("\n".join(lines(reports)))
    if asked.report is not None:
        write_report(asked.report, doctors_report(settings, reports))
        print(f"The report is in {asked.report}")
    return 0 if all(report.works for report in reports) else 1


def _show_devices(settings: TillSettings, asked: argparse.Namespace) -> int:
    file, _ = stored_devices.set_up_of(settings)
    print(stored_devices.encode(file).decode(), end="")
    return 0


def _export_devices(settings: TillSettings, asked: argparse.Namespace) -> int:
    from pos_client.device_desk import write_report
    from pos_client.till_folder import identity_of

    place = identity_of(settings).enrolled
    file, bare = stored_devices.set_up_of(settings, place.till_id if place else "")
    write_report(asked.file, stored_devices.encode(file).decode())
    print(
        f"The device set-up is in {asked.file}. At the other till: evertill-till devices import {asked.file}"
    )
    for name in bare:
        print(f"The password of {name!r} is not in it: say it in EVERTILL_TILL_{name.upper()} there.")
    return 0


def _import_devices(settings: TillSettings, asked: argparse.Namespace) -> int:
    file = stored_devices.read_file(asked.file)
    path = stored_devices.keep(settings.data_dir, file)
    print(
        f"The device set-up is kept in {path}, and used from the next start on. Try it: evertill-till doctor"
    )
    for name in stored_devices.said_twice(file, os.environ):
        print(f"{name} is set in the environment and goes before the file.")
    return 0


def _print_udev_rules(settings: TillSettings, asked: argparse.Namespace) -> int:
    from hardware.linux import udev_rules

    print(udev_rules(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
