"""Whatever is done to an archive is found, and named."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from shared_models.archive import MANIFEST, ArchivedJournal, line_of, manifest
from shared_models.checkpoint import Checkpoint, vouched
from shared_models.field_marks import marks
from shared_models.journal import START, seal
from shared_models.server_keys import KeyTerm, handover_statement
from shared_models.signing import key_id_of, new_private_key, public_key_of, signer
from tests.verifier.sealed_archive import (
    BODIES,
    CHILD,
    FEW,
    FIELDS,
    JOURNAL,
    KINDS,
    NEW,
    NEW_FILE,
    OLD,
    OLD_FILE,
    ROOT,
    SERVER,
    SERVER_KEY,
    STRANGER,
    TILL,
    TILL_KEY,
    after,
    around,
    checked,
    digest,
    drop,
    dumped,
    edit,
    files_of,
    going_on_from,
    journal_of,
    lines,
    made_to_fit,
    named,
    other,
    put,
    sealed,
    told,
    with_body,
    write,
)
from verifier.__main__ import main
from verifier.archive import Report, check_archive


def test_a_whole_archive_has_no_fault(tmp_path: Path) -> None:
    """With an entry of every kind."""
    journal = sealed(OLD, START, KINDS)
    put(tmp_path, files_of(journal, going_on_from(journal)))
    assert checked(tmp_path) == Report(len(KINDS) + 3, 2, ())


def each_field(
    folder: Path, kind: str, change: Callable[[dict[str, Any], str], None]
) -> Iterator[tuple[int, str]]:
    """The entry of that kind with one field after another changed, each in an archive that is whole otherwise."""
    seq, files = around(kind)
    whole = lines(put(folder, files))
    for field in FIELDS:
        line = json.loads(whole[seq - 1])
        change(line, field)
        write(folder, [*whole[: seq - 1], dumped(line), *whole[seq:]])
        yield seq, field


@pytest.mark.parametrize("kind", KINDS)
def test_an_edited_field_of_an_entry_is_named(tmp_path: Path, kind: str) -> None:
    def edited(line: dict[str, Any], field: str) -> None:
        line[field] = other(line[field])

    for seq, field in each_field(tmp_path, kind, edited):
        assert (OLD.hex(), seq + (field == "seq"), field) in named(tmp_path), field


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_of_an_entry_that_is_taken_away_is_named(tmp_path: Path, kind: str) -> None:
    for seq, field in each_field(tmp_path, kind, dict.pop):
        assert (OLD.hex(), seq, field) in named(tmp_path), field


@pytest.mark.parametrize("is_hidden", [False, True], ids=["plainly", "digest too"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_edited_field_inside_a_body_is_named(tmp_path: Path, kind: str, is_hidden: bool) -> None:
    more = {"body_sha256": digest} if is_hidden else {}
    seq, files = around(kind)
    whole = lines(put(tmp_path, files))
    for place in (place for of, place in BODIES if of == kind):
        with after(f"{place} edited"):
            write(tmp_path, whole)
            with_body(tmp_path, seq, partial(edit, place=place), **more)
            assert named(tmp_path) == {(OLD.hex(), seq, ".".join(("body", *map(str, place))))}


@pytest.mark.parametrize("kind", KINDS)
def test_where_the_marks_were_made_to_fit_the_entry_is_named_with_what_it_says_now(
    tmp_path: Path, kind: str
) -> None:
    seq, files = around(kind)
    whole = lines(put(tmp_path, files))
    for place in (place for of, place in BODIES[::5] if of == kind):
        with after(f"{place} edited"):
            write(tmp_path, whole)
            with_body(tmp_path, seq, partial(edit, place=place), body_fields=marks)
            (fault,) = checked(tmp_path).faults
            assert (fault.incarnation, fault.seq, fault.field) == (OLD.hex(), seq, "body")
            assert kind in fault.entry
            assert "it now says {" in fault.message


def test_an_entry_is_named_with_its_receipt(folder: Path) -> None:
    seq = FEW.index("sale.posted") + 1
    with_body(folder, seq, lambda body: edit(body, ("fact", "total_minor")))
    (fault,) = checked(folder).faults
    assert (fault.entry, fault.field) == ("sale.posted, receipt word", "body.fact.total_minor")


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        (
            lambda body: drop(body, ("fact", "receipt_number")),
            "body.fact.sale_id",
            "gone from behind this: 1",
        ),
        (lambda body: drop(body, ("at_ms",)), "body", "gone from behind this: 1"),
        (lambda body: body["fact"].update(tip_minor=7), "body.fact.tip_minor", "this was not there"),
        (lambda body: body["fact"]["lines"].append(9), "body.fact.lines.1", "this was not there"),
    ],
)
def test_values_that_were_taken_out_of_a_body_or_put_in_are_named(
    folder: Path, change: Callable[[Any], None], field: str, message: str
) -> None:
    seq = FEW.index("sale.posted") + 1
    with_body(folder, seq, change)
    (fault,) = checked(folder).faults
    assert (fault.seq, fault.field) == (seq, field)
    assert message in fault.message


def test_a_body_written_otherwise_is_named_although_it_says_the_same(folder: Path) -> None:
    all_lines = lines(folder)
    all_lines[0] = all_lines[0].replace('{\\"at_ms\\":', '{\\"at_ms\\": ')
    write(folder, all_lines)
    assert named(folder) == {(OLD.hex(), 1, "body")}


@pytest.mark.parametrize("body", [b"\xff\x00", b"no JSON", b"[" * 100_000, b"9" * 9000, b'"\\ud800"', b""])
def test_a_body_that_is_no_json_is_archived_and_an_edit_of_it_named(folder: Path, body: bytes) -> None:
    one = seal(OLD, N + 1, b"e" * 16, "odd", 1, body, JOURNAL[-1].hash, signer(TILL))
    parts = [journal_of([*JOURNAL, one], b"", 0, b""), journal_of(CHILD, OLD, N, JOURNAL[-1].hash)]
    (folder / MANIFEST).write_bytes(manifest(parts, (), [SERVER_KEY]))
    write(folder, [*lines(folder), line_of(one).decode()])
    assert checked(folder).faults == ()
    line = json.loads(line_of(one))
    name = "body_hex" if "body_hex" in line else "body"
    line[name] = line[name] + "00"
    write(folder, [*lines(folder)[:-1], dumped(line)])
    assert named(folder) == {(OLD.hex(), N + 1, "body")}


N, MIDDLE = len(FEW), len(FEW) // 2
Change = Callable[[list[str]], list[str]]
MOVES: dict[str, tuple[Change, tuple[int, str]]] = {
    "delete first": (lambda all: all[1:], (1, "missing")),
    "delete middle": (lambda all: all[:MIDDLE] + all[MIDDLE + 1 :], (MIDDLE + 1, "missing")),
    "delete last": (lambda all: all[:-1], (N, "truncated")),
    "delete all": (lambda all: [], (1, "truncated")),
    "duplicate": (lambda all: [*all[:2], all[1], *all[2:]], (2, "duplicate")),
    "swap": (lambda all: [all[0], all[2], all[1], *all[3:]], (2, "order")),
    "insert": (lambda all: [*all[:2], line_of(CHILD[2]).decode(), *all[2:]], (3, "event_id")),
    "a line that is none": (lambda all: [*all[:2], "nonsense\n", *all[3:]], (3, "line")),
    "a line cut in the middle": (lambda all: [*all[:-1], all[-1][:-20]], (N, "line")),
    "bytes behind the end": (lambda all: [*all, "x"], (N + 1, "line")),
    "other ends of lines": (lambda all: [all[0].replace("\n", "\r\n"), *all[1:]], (1, "line")),
    "another layout": (lambda all: [all[0].replace(",", ", ", 1), *all[1:]], (1, "line")),
}


@pytest.mark.parametrize("move", MOVES)
def test_entries_that_were_taken_added_or_moved_are_named(folder: Path, move: str) -> None:
    change, (seq, field) = MOVES[move]
    write(folder, change(lines(folder)))
    assert any(one[0] == OLD.hex() and one[2] == field and one[1] in (seq, seq + 1) for one in named(folder))


def test_an_end_cut_off_with_the_manifest_made_to_fit_is_found_by_the_checkpoint(folder: Path) -> None:
    write(folder, lines(folder)[:-2])
    manifest = told(folder)
    one = next(one for one in manifest["incarnations"] if one["incarnation"] == OLD.hex())
    one["head_seq"], one["head_hash"] = N - 2, JOURNAL[-3].hash.hex()
    made_to_fit(folder, manifest)
    assert named(folder) == {(OLD.hex(), N - 1, "truncated")}


def test_an_entry_sealed_anew_with_another_key_is_named(folder: Path) -> None:
    one = JOURNAL[1]
    forged = seal(OLD, 2, one.event_id, one.type, 1, b"{}", one.prev, signer(STRANGER))
    all_lines = lines(folder)
    all_lines[1] = line_of(forged).decode()
    write(folder, all_lines)
    assert (OLD.hex(), 2, "signature") in named(folder)


def test_another_till_key_is_named(folder: Path) -> None:
    manifest = told(folder)
    manifest["incarnations"][1]["public_key"] = public_key_of(STRANGER).hex()
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert any(field == "public_key" for _, _, field in named(folder))


@pytest.mark.parametrize("name", [OLD_FILE, NEW_FILE, MANIFEST])
def test_a_dropped_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert name in {field for _, _, field in named(folder)}


def case_name(place: tuple[Any, ...]) -> str:
    """The same in every process: the key is another each time."""
    return "server_keys" if place[0] == "server_keys" else str(place)


KEY_PLACE = ("server_keys", key_id_of(SERVER_KEY))
MANIFEST_PLACES = [
    *[("incarnations", at, name) for at in (0, 1) for name in ArchivedJournal.__struct_fields__],
    *[("checkpoints", at, name) for at in (0, 1) for name in Checkpoint.__struct_fields__],
    KEY_PLACE,
    ("format",),
]


@pytest.mark.parametrize("place", MANIFEST_PLACES, ids=case_name)
def test_an_edited_field_of_the_manifest_is_named(folder: Path, place: tuple[Any, ...]) -> None:
    manifest = told(folder)
    edit(manifest, place)
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert ("", 0, ".".join(map(str, place))) in named(folder)


@pytest.mark.parametrize("place", [one for one in MANIFEST_PLACES if one != KEY_PLACE], ids=case_name)
def test_a_field_taken_out_of_the_manifest_is_found(folder: Path, place: tuple[Any, ...]) -> None:
    manifest = told(folder)
    drop(manifest, place)
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert any("gone from behind this: 1" in one.message for one in checked(folder).faults)


@pytest.mark.parametrize("place", MANIFEST_PLACES, ids=case_name)
def test_an_edited_field_of_a_manifest_that_was_made_to_fit_is_found(
    folder: Path, place: tuple[Any, ...]
) -> None:
    manifest = told(folder)
    edit(manifest, place)
    made_to_fit(folder, manifest)
    assert checked(folder).faults


def test_edited_marks_of_the_manifest_are_found(folder: Path) -> None:
    manifest = told(folder)
    edit(manifest, ("fields",))
    (folder / MANIFEST).write_text(json.dumps(manifest))
    assert checked(folder).faults


def test_the_command_names_what_it_found_and_its_exit_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder)]) == 0
    (folder / OLD_FILE).unlink()
    assert main([str(folder)]) == 1
    assert f"{OLD_FILE}: this file is missing" in capsys.readouterr().out


def test_the_verifier_stands_alone() -> None:
    allowed = set(sys.stdlib_module_names) | {"cryptography", "verifier"}
    for path in (ROOT / "verifier").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [one.name for one in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.partition(".")[0] for name in names} <= allowed, path


def test_the_verifier_runs_where_nothing_of_the_product_is(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    away = tmp_path_factory.mktemp("auditor")
    shutil.copytree(ROOT / "verifier", away / "verifier")
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for words in (["-m", "verifier"], ["verifier"], [str(away / "verifier")]):
        done = subprocess.run(
            [sys.executable, *words, str(folder)],
            cwd=away,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert "as they were sealed" in done.stdout


def test_what_an_archive_holds_can_write_nothing_strange_on_the_auditors_screen(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seq = FEW.index("sale.posted") + 1
    with_body(folder, seq, lambda body: body["fact"].update({"\x1b[2J\n": "\x1b[2J"}))
    assert main([str(folder)]) == 1
    assert "\x1b" not in (out := capsys.readouterr().out)
    assert f"entry {seq} (sale.posted, receipt word), body.fact.\\x1b[2J\\n: this was not there" in out


CHANGED_MS = 1_795_000_000_000
NEXT = new_private_key()
NEXT_KEY = public_key_of(NEXT)


def with_a_new_server_key(
    folder: Path, *, at_ms: int, key: bytes, is_lost: bool = False, **new: Any
) -> Report:
    """The server changed its key; `key` signed the last checkpoint at `at_ms`."""
    old_id, new_id = key_id_of(SERVER_KEY), key_id_of(NEXT_KEY)
    handover = signer(SERVER)(handover_statement(old_id, NEXT_KEY, CHANGED_MS))
    values = {"from_ms": CHANGED_MS, "replaces": old_id, "handover": b"" if is_lost else handover, **new}
    terms = (
        KeyTerm(old_id, SERVER_KEY, 5, until_ms=CHANGED_MS),
        KeyTerm(new_id, NEXT_KEY, **values),
    )
    head = CHILD[-1]
    word = vouched(NEW, head.seq, head.hash, at_ms, key_id_of(public_key_of(key)), signer(key))
    journals = [journal_of(JOURNAL, b"", 0, b""), journal_of(CHILD, OLD, N, JOURNAL[-1].hash)]
    (folder / MANIFEST).write_bytes(manifest(journals, [word], [SERVER_KEY, NEXT_KEY], terms))
    return check_archive(folder, {TILL_KEY.hex()}, {SERVER_KEY.hex(), NEXT_KEY.hex()})


@pytest.mark.parametrize(
    ("at_ms", "key", "is_good"),
    [
        (CHANGED_MS - 1, SERVER, True),
        (CHANGED_MS + 1, SERVER, False),
        (CHANGED_MS - 1, NEXT, False),
        (CHANGED_MS + 1, NEXT, True),
    ],
    ids=["old before", "old after", "new before", "new after"],
)
def test_each_key_of_the_server_counts_for_its_time(
    folder: Path, at_ms: int, key: bytes, is_good: bool
) -> None:
    report = with_a_new_server_key(folder, at_ms=at_ms, key=key)
    found = {(one.incarnation, one.field) for one in report.faults}
    assert found == (set() if is_good else {(NEW.hex(), "checkpoint")})
    assert report.unproven_keys == ()


def test_a_key_that_the_lost_one_could_not_hand_over_to_is_named_as_unproven(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = with_a_new_server_key(folder, at_ms=CHANGED_MS + 1, key=NEXT, is_lost=True)
    assert (report.faults, report.unproven_keys) == ((), (key_id_of(NEXT_KEY),))
    assert main([str(folder)]) == 0
    assert f"Server key {key_id_of(NEXT_KEY)} came in place of a lost one" in capsys.readouterr().out


@pytest.mark.parametrize(
    "new", [{"handover": bytes(64)}, {"from_ms": CHANGED_MS + 9}, {"replaces": "no one"}]
)
def test_a_key_that_the_old_one_did_not_hand_over_to_is_named(folder: Path, new: dict[str, Any]) -> None:
    report = with_a_new_server_key(folder, at_ms=CHANGED_MS + 99, key=NEXT, **new)
    assert {one.field for one in report.faults} == {"server_key_terms"}
