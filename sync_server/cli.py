"""`evertill-server`: serve, and the few things that are done before anybody can log in."""

from __future__ import annotations

import argparse
import getpass
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec
from sqlalchemy.exc import DBAPIError

from shared_models.currency import currency
from shared_models.errors import ShopError
from shared_models.hub_api import HubEnrolled, HubEnrolRequest
from shared_models.journal import Sign
from shared_models.store_config import StoreConfig
from sync_server.accounts.service import AccountService
from sync_server.catalogue.csv_rows import BadRow
from sync_server.database import Database, is_passing
from sync_server.errors import Invalid
from sync_server.evidence.server_key import kept_server_key, new_server_key
from sync_server.migrations import migrate
from sync_server.ports import random_id, system_now_ms
from sync_server.recovery import backup, journal_archive
from sync_server.recovery.anchor import anchor_of
from sync_server.recovery.backup import BadBackup
from sync_server.services import Services, build_services
from sync_server.settings import PREFIX, Settings, read_settings
from sync_server.store_hub import identity as hub_identity
from sync_server.store_hub import journals
from sync_server.store_hub.central import Central
from sync_server.store_hub.identity import HubPlace

THIS_PROGRAM = "evertill-server"
_TOLD_TO_END = 128 + signal.SIGINT


class NoDatabase(ShopError):
    """The database can't be opened."""

    code = "no_database"


def main(words: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(words)
    try:
        settings = read_settings(
            data_dir=asked.data_dir, database_url=asked.database_url, host=asked.host, port=asked.port
        )
        status: int = asked.run(settings, asked)
    except KeyboardInterrupt:
        return _TOLD_TO_END
    except ShopError as error:
        print(error.message, file=sys.stderr)
        return 1
    except DBAPIError as error:
        if not is_passing(error):
            raise
        print(f"The database gave up on it: {error.orig}. Try again when it is well.", file=sys.stderr)
        return 1
    return status


def serve(settings: Settings, asked: argparse.Namespace) -> int:
    return _serve(settings, "sync_server.serving:app_of_this_machine", "Evertill's server")


def serve_hub(settings: Settings, asked: argparse.Namespace) -> int:
    place, _ = hub_identity.read(settings.data_dir)
    return _serve(settings, "sync_server.serving:hub_of_this_machine", f"The hub of {place.store_name}")


def _serve(settings: Settings, application: str, what: str) -> int:
    """One process: SQLite takes one writer, and the tills wait on this process's news."""
    from granian import Granian
    from granian.constants import Interfaces

    from sync_server.log_lines import GRANIANS_LINES, write_log

    write_log()
    with _database(settings):
        pass
    os.environ |= _as_environment(settings)
    print(f"{what}: http://{settings.host}:{settings.port}", flush=True)
    Granian(
        application,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=1,
        websockets=False,
        log_dictconfig=GRANIANS_LINES,
        workers_kill_timeout=10,
    ).serve()
    return 0


def make_hub_code(settings: Settings, asked: argparse.Namespace) -> int:
    with _services(settings) as services, services.db.write() as tx:
        made = services.hubs.make_code(tx, asked.store, THIS_PROGRAM)
    print(made.code)
    return 0


def enrol_hub(settings: Settings, asked: argparse.Namespace) -> int:
    if settings.database_url:
        raise Invalid("A hub keeps what waits in a SQLite file in its folder. Take the database URL away.")
    if (settings.data_dir / "evertill.db").exists() and not hub_identity.is_begun(settings.data_dir):
        raise Invalid(f"{settings.data_dir} is a server's folder already. Give the hub one of its own.")

    def ask(place: HubPlace, sign: Sign, request: HubEnrolRequest) -> HubEnrolled:
        with closing(Central(place.central_url, place.hub_id, sign)) as central:
            return central.enrol(request)

    place = hub_identity.enrol(settings.data_dir, asked.central, asked.code, hub_identity.PROGRAM, ask)
    print(f"This is now the hub of {place.store_name}. Start it with: {THIS_PROGRAM} hub")
    return 0


def hub_status(settings: Settings, asked: argparse.Namespace) -> int:
    """Works beside a running hub."""
    place, _ = hub_identity.read(settings.data_dir)
    with _database(settings) as db, db.read() as tx:
        waiting, oldest_ms = journals.waiting(tx)
    since = f", the oldest since {_utc(oldest_ms)}" if oldest_ms else ""
    print(f"Hub of {place.store_name}, central server {place.central_url}: {waiting} entries wait{since}.")
    return 0


def _utc(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(" ", "seconds")


def initialise(settings: Settings, asked: argparse.Namespace) -> int:
    """Does nothing where an account exists already."""
    with _database(settings) as db:
        accounts = AccountService(lambda tx: (), system_now_ms, random_id)
        with db.write() as tx:
            if accounts.any_exists(tx):
                print("There is an administrator already. Nothing was changed.")
            else:
                password = asked.password or getpass.getpass(f"Password for {asked.admin}: ")
                accounts.create(tx, asked.admin, password, "admin")
                print(f"Made the administrator {asked.admin}.")
        if asked.store:
            _open_store(settings, db, asked)
    return 0


def bring_up_to_date(settings: Settings, asked: argparse.Namespace) -> int:
    db = Database(settings.url(), key=settings.database_key)
    try:
        print("Brought the database up to date." if _migrated(db) else "The database is up to date.")
    finally:
        db.close()
    return 0


def show_key(settings: Settings, asked: argparse.Namespace) -> int:
    """What a verifier is told to trust."""
    key = kept_server_key(settings.data_dir)
    print(f"{key.key_id} {key.public_key.hex()}")
    return 0


def introduce_key(settings: Settings, asked: argparse.Namespace) -> int:
    with _services(settings) as services, services.db.write() as tx:
        used = services.evidence.keys(tx)
        if used and used[-1].key_id != services.evidence.key.key_id and not asked.lost:
            raise Invalid(
                f"The file of the key {used[-1].key_id} is gone. If it can't be brought back, say so with --lost: "
                "tills and auditors then have nothing but your word that the new key is this server's."
            )
        made = services.evidence.introduce(
            tx, *new_server_key(settings.data_dir, used[-1].key_id if used else "")
        )
    how = "handed over by" if made.is_handed_over else "in place of"
    print(f"{made.key_id} {made.public_key}")
    print(f"This key signs from now on, {how} {made.replaces or 'none'}. Start the server again.")
    return 0


def make_code(settings: Settings, asked: argparse.Namespace) -> int:
    with _services(settings) as services, services.db.write() as tx:
        made = services.tills.make_code(tx, asked.till, THIS_PROGRAM)
    print(made.code)
    return 0


def add_till(settings: Settings, asked: argparse.Namespace) -> int:
    with _services(settings) as services, services.db.write() as tx:
        store_id = asked.till.rpartition("-")[0]
        made = services.stores.add_till(tx, asked.till, store_id, asked.name)
    print(f"Made till {made.till_id} in {made.store_name}.")
    return 0


def change_logo(settings: Settings, asked: argparse.Namespace) -> int:
    png = b""
    if asked.file:
        with _opened(asked.file) as file:
            png = file.read()
    with _services(settings) as services, services.db.write() as tx:
        before = services.stores.store(tx, asked.store)
        services.stores.change(tx, msgspec.structs.replace(before, logo_png=png))
    where = (
        f"stands on every receipt of store {asked.store}" if png else f"is gone: {asked.store} has no logo"
    )
    print(f"The logo {where} as soon as its tills have heard of it.")
    return 0


def add_staff(settings: Settings, asked: argparse.Namespace) -> int:
    pin = asked.pin or getpass.getpass(f"PIN for {asked.name}: ")
    with _services(settings) as services, services.db.write() as tx:
        made = services.staff.hire(tx, asked.name, pin, asked.role, asked.store)
    print(f"{made.name} may log in as {made.role} in {', '.join(made.store_ids)}.")
    return 0


def back_up(settings: Settings, asked: argparse.Namespace) -> int:
    if settings.database_url:
        raise Invalid(
            "Back a PostgreSQL up with its own tools, then say where you tried it: confirm-backup URL."
        )
    with _database(settings) as db:
        backup.make(settings.data_dir / "evertill.db", settings.database_key, asked.file)
        return _confirm(db, f"sqlite:///{asked.file}", settings)


def confirm_backup(settings: Settings, asked: argparse.Namespace) -> int:
    with _database(settings) as db:
        return _confirm(db, asked.url, settings)


def import_outbox(settings: Settings, asked: argparse.Namespace) -> int:
    code = asked.code or getpass.getpass("Code that the till showed with the file: ")
    with _opened(asked.file) as file, _services(settings) as services:
        done = services.outbox_import.run(file, code, THIS_PROGRAM)
        services.applier.drain()
    print(f"Till {done.till_id}: {done.entries} entries, {done.new} of them new.")
    if done.apart:
        print(
            f"{done.apart} are kept apart, because entries before them are missing. See the console's exceptions."
        )
    return 0


def write_archive(settings: Settings, asked: argparse.Namespace) -> int:
    with _services(settings) as services:
        wanted = journal_archive.Wanted(asked.store, asked.till, asked.first_day, asked.last_day)
        count = journal_archive.archive(services.db, services.tills.key_of, asked.folder, wanted)
    if count:
        print(f"{count} entries are in {asked.folder}. Check them with: python -m verifier {asked.folder}")
    else:
        written = f"{asked.folder} is written, and holds nothing that could be verified."
        print(f"There was no entry to archive. {written}")
    return 0


def was_restored(settings: Settings, asked: argparse.Namespace) -> int:
    with _database(settings) as db:
        build_services(settings, db, system_now_ms, random_id, None, anchor_of(settings)).recovery.declare()
    print("Noted. The tills fetch everything anew and send what is missing here, by themselves.")
    return 0


def _confirm(db: Database, url: str, settings: Settings) -> int:
    copy = Database(url, key=settings.database_key, pool_size=1)
    try:
        safe = backup.confirm(db, copy)
    except DBAPIError as reason:
        raise BadBackup(f"The backup can't be read: {reason.orig}. Make a new one.") from reason
    finally:
        copy.close()
    print(f"The backup is whole: {safe.entries} entries of {safe.journals} journals are safe.")
    return 0


def import_products(settings: Settings, asked: argparse.Namespace) -> int:
    with _opened(asked.file) as file, _services(settings) as services, services.db.write() as tx:
        report = services.catalogue_import.run(
            tx, file, currency(asked.currency), dry_run=asked.dry_run, changed_by=THIS_PROGRAM
        )
    for bad in report.bad:
        print(_in_words(bad), file=sys.stderr)
    if report.bad_count > len(report.bad):
        print(f"… and {report.bad_count - len(report.bad)} bad rows more.", file=sys.stderr)
    print(
        f"{report.rows} rows: {report.created} new, {report.updated} changed, {report.unchanged} as before, "
        f"{report.prices_changed} prices changed, {report.bad_count} bad."
    )
    return 0 if report.bad_count == 0 else 2


def _migrated(db: Database) -> bool:
    try:
        return migrate(db)
    except DBAPIError as reason:
        where = db.engine.url.render_as_string() if db.on_postgresql else "the database file"
        again = " Try again in a moment." if is_passing(reason) else ""
        raise NoDatabase(
            f"The server can't work with {where}: {reason.orig}. Check database_url and database_key.{again}"
        ) from reason


@contextmanager
def _database(settings: Settings) -> Iterator[Database]:
    db = Database(settings.url(), key=settings.database_key, pool_size=settings.pool_size)
    try:
        if _migrated(db):
            print("Brought the database up to date.")
        yield db
    finally:
        db.close()


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as reason:
        raise Invalid(f"{path} can't be read: {reason.strerror}. Name a file that is there.") from reason


def _in_words(bad: BadRow) -> str:
    """`Row 7, price "abc": Write the price as 1.99.`"""
    cell = f", {bad.column}" if bad.column else ""
    value = f" {bad.value!r}" if bad.value else ""
    return f"Row {bad.row}{cell}{value}: {bad.advice}"


@contextmanager
def _services(settings: Settings) -> Iterator[Services]:
    with _database(settings) as db:
        yield build_services(settings, db, system_now_ms, random_id, None)


def _open_store(settings: Settings, db: Database, asked: argparse.Namespace) -> None:
    if not asked.currency:
        raise Invalid("Say which currency the store has: --currency EUR")
    services = build_services(settings, db, system_now_ms, random_id, None)
    config = StoreConfig(
        store_id=asked.store, name=asked.store_name or asked.store, currency=currency(asked.currency).code
    )
    with db.write() as tx:
        services.stores.create(tx, config)
    print(f"Opened store {config.store_id}, {config.name}.")


def _as_environment(settings: Settings) -> dict[str, str]:
    """So that the process that serves has the same settings as this one."""
    return {
        f"{PREFIX}{name.upper()}": str(getattr(settings, name))
        for name in settings.__struct_fields__
        if getattr(settings, name) != ""
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(THIS_PROGRAM, description=__doc__)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data-dir", help="folder for the database, snapshots and the secret")
    shared.add_argument("--database-url", help="postgresql://… instead of the SQLite file in the folder")
    shared.add_argument("--host")
    shared.add_argument("--port", type=int)
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: object, about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=about, parents=[shared])
        made.set_defaults(run=run)
        return made

    command("serve", serve, "run the server")
    command("hub", serve_hub, "run a store's hub")
    enrolled = command("hub-enrol", enrol_hub, "make this machine a store's hub")
    enrolled.add_argument("code")
    enrolled.add_argument("--central", required=True, help="the central server, such as https://shop.example")
    command("hub-status", hub_status, "say what waits in the hub")
    command("hub-code", make_hub_code, "make a one-time code for a store's hub").add_argument("store")
    command("key", show_key, "show the public key that the server signs with")
    new = command("new-key", introduce_key, "sign with a new key from now on, and tell the tills")
    new.add_argument("--lost", action="store_true", help="the old key's file is lost for good")
    command("migrate", bring_up_to_date, "bring the database up to date, and nothing else")
    first = command("init", initialise, "make the first administrator, and a store if one is named")
    first.add_argument("--admin", required=True)
    first.add_argument("--password", help="asked for when it is not given")
    first.add_argument("--store", help="id of a first store, such as 03")
    first.add_argument("--store-name", default="")
    first.add_argument("--currency", default="")
    till = command("add-till", add_till, "make a place for a till in a store")
    till.add_argument("till", help="such as 03-1")
    till.add_argument("--name", default="")
    command("enrol-code", make_code, "make a one-time code for a till").add_argument("till")
    logo = command("logo", change_logo, "put a shop's logo onto its receipts, or take it off")
    logo.add_argument("store", help="such as 03")
    logo.add_argument("file", type=Path, nargs="?", help="a PNG; without one the logo is taken off")
    staff = command("add-staff", add_staff, "let a person log in at the tills of a store")
    staff.add_argument("name")
    staff.add_argument("--role", default="cashier")
    staff.add_argument("--store", action="append", required=True)
    staff.add_argument("--pin", help="asked for when it is not given")
    copy = command("backup", back_up, "copy the SQLite database while it serves, and try the copy")
    copy.add_argument("file", type=Path, help="a new file, best on another disk")
    tried = command("confirm-backup", confirm_backup, "try a backup that was put back elsewhere")
    tried.add_argument("url", help="postgresql://… or sqlite:///… of the copy, never of the database itself")
    brought = command("import-outbox", import_outbox, "take in what a till could not send, from its file")
    brought.add_argument("file", type=Path)
    brought.add_argument("--code", help="asked for when it is not given")
    kept = command("archive", write_archive, "write the tills' journals for auditors; the verifier reads it")
    kept.add_argument("folder", type=Path, help="a new folder, or a new file that ends in .zip")
    kept.add_argument("--store", default="", help="only this store's")
    kept.add_argument("--till", default="", help="only this till's")
    kept.add_argument("--from", dest="first_day", default="", help="first day, such as 2026-11-01")
    kept.add_argument("--until", dest="last_day", default="", help="last day, such as 2026-11-30")
    command("restored", was_restored, "say that the database was put back from an older copy")
    products = command("import-products", import_products, "import a product file (CSV)")
    products.add_argument("file", type=Path)
    products.add_argument("--currency", required=True)
    products.add_argument("--dry-run", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
