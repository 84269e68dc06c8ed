"""A name that is there twice, and a number that is none, are named also where they were sealed or signed so."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from shared_models import plain_json
from shared_models.archive import line_of, manifest
from shared_models.field_marks import marks
from shared_models.journal import START, Entry, seal
from shared_models.signing import signer
from tests.verifier import sealed_archive as journals
from tests.verifier import test_closing_mutations as closings
from tests.verifier.closed_archive import Archived
from tests.verifier.test_closing_mutations import TILL
from verifier import readings
from verifier.__main__ import main
from verifier.archive import MANIFEST, Report, check_archive
from verifier.entries import Fault
from verifier.statements import CLOSING_TAG, CLOSINGS, ROOT_TAG, ROOTS

Edit = Callable[[str], str]

UNCLEAR = {
    "a doubled name": ('"gross_minor":5,"gross_minor":7', "gross_minor is given twice"),
    "a doubled name with one value": ('"gross_minor":5,"gross_minor":5', "gross_minor is given twice"),
    "no number": ('"gross_minor":NaN', "NaN is no number"),
    "no end": ('"gross_minor":Infinity', "Infinity is no number"),
    "no beginning": ('"gross_minor":-Infinity', "-Infinity is no number"),
    "too large": ('"gross_minor":1e999', "1e999 is too large for a number"),
    "too small": ('"gross_minor":-1E+999', "-1E+999 is too large for a number"),
}
unclear = pytest.mark.parametrize(("inside", "said"), UNCLEAR.values(), ids=UNCLEAR)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    return journals.put(tmp_path, journals.FILES)


def entry_with(body: str, kind: str = "sale.posted") -> Entry:
    return seal(journals.OLD, 1, b"e" * 16, kind, 1, body.encode(), START, signer(journals.TILL))


def archive_of(folder: Path, entry: Entry) -> Path:
    (folder / journals.OLD_FILE).write_bytes(line_of(entry))
    (folder / MANIFEST).write_bytes(manifest([journals.journal_of([entry], b"", 0, b"")], (), ()))
    return folder


def checked(folder: Path) -> Report:
    return check_archive(folder, {journals.TILL_KEY.hex()}, set())


@unclear
def test_a_till_that_seals_what_two_readers_take_differently_is_named_with_the_entry(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], inside: str, said: str
) -> None:
    body = f'{{"at_ms":1795000000000,"fact":{{"receipt_number":"03-1","lines":[{{{inside}}}]}}}}'
    archive_of(tmp_path, entry_with(body))
    name = "sale.posted, receipt 03-1"
    assert checked(tmp_path).faults == (Fault(journals.OLD.hex(), 1, "body", said, name),)
    assert main([str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert f"entry 1 ({name}), body: {said}\n" in out
    assert "1 entries, 0 checkpoints: NOT as they were sealed." in out


@pytest.mark.parametrize(
    ("hiding", "said"),
    [
        ("1" * 5000, "a is given twice"),
        ("[" * 9000 + "]" * 9000, "it is nested too deep"),
    ],
    ids=["a long number", "deep lists"],
)
def test_a_doubled_name_can_not_hide_behind_what_this_reader_gives_up_at(
    tmp_path: Path, hiding: str, said: str
) -> None:
    archive_of(tmp_path, entry_with(f'{{"more":{hiding},"a":1,"a":2}}'))
    (fault,) = checked(tmp_path).faults
    assert (fault.seq, fault.field) == (1, "body")
    assert said in fault.message


@pytest.mark.parametrize("body", ["no JSON at all", '{"at_ms":1,"more":1.5e300,"lines":[{"a":1},{"a":1}]}'])
def test_what_every_reader_takes_alike_is_no_fault(tmp_path: Path, body: str) -> None:
    assert checked(archive_of(tmp_path, entry_with(body))).faults == ()


@pytest.mark.parametrize(
    "body",
    [
        *(f'{{"lines":[{{{inside}}}]}}'.encode() for inside, _ in UNCLEAR.values()),
        *(f'{{"more":{much},"a":1,"a":2}}'.encode() for much in ("1" * 5000, "[" * 9000 + "]" * 9000)),
        b'{"":1,"":2}',
        b'{"a":1.5e300,"b":[{"a":1},{"a":1}]}',
        b'{"a":' + b"1" * 5000 + b"}",
        b"no JSON at all",
        b'{"a":"\xff","a":1}',
        b"",
    ],
)
def test_till_and_server_say_of_a_body_what_the_verifier_says(body: bytes) -> None:
    assert plain_json.unclear(body) == readings.unclear(body)


def test_an_entry_without_a_seal_is_named_for_its_doubled_name_too(tmp_path: Path) -> None:
    archive_of(tmp_path, entry_with('{"a":1}'))
    line = json.loads((tmp_path / journals.OLD_FILE).read_text())
    (tmp_path / journals.OLD_FILE).write_text(journals.dumped(line | {"body": '{"a":2,"a":1}'}))
    told = [(one.field, one.message) for one in checked(tmp_path).faults]
    assert ("body", "a is given twice") in told
    assert any("where can't be told" in message for _, message in told)


def test_a_very_long_name_that_is_there_twice_fills_no_screen(tmp_path: Path) -> None:
    name = "n" * 100_000
    (fault,) = checked(archive_of(tmp_path, entry_with(f'{{"{name}":1,"{name}":2}}'))).faults
    assert fault.message.endswith("… is given twice")
    assert len(fault.message) < 200


@pytest.mark.parametrize("place", ["at_ms", "total_minor"])
def test_a_sale_at_no_time_or_over_no_amount_leaves_the_other_faults_their_names(
    archived: Archived, tmp_path: Path, place: str
) -> None:
    """The till's key signs anew what the closings were made with."""
    closing_folder(archived, tmp_path)
    path = next(path for path in tmp_path.glob("*.jsonl") if '"type":"sale.posted"' in path.read_text())
    all_lines = path.read_text().splitlines(keepends=True)
    at = next(n for n, one in enumerate(all_lines) if '"type":"sale.posted"' in one)
    line = json.loads(all_lines[at])
    body = json.loads(line["body"])
    (body if place == "at_ms" else body["fact"])[place] = 0
    text = json.dumps(body).replace(f'"{place}": 0', f'"{place}": 1e999')
    all_lines[at] = journals.dumped(line | {"body": text})
    path.write_text("".join(all_lines))
    told = closings.checked(tmp_path, archived).faults
    assert "1e999 is too large for a number" in {one.message for one in told if one.field == "body"}
    assert MANIFEST not in {one.field for one in told}


# What the server signed


def closing_folder(archived: Archived, folder: Path) -> Path:
    for name, text in archived.files.items():
        (folder / name).write_bytes(text)
    return folder


def sign_line(folder: Path, archived: Archived, name: str, at: int, change: Edit) -> None:
    """The server signs the statement of line `at` as `change` makes it."""
    stored = closings.lines(folder, name)
    body = change(stored[at]["statement"]).encode()
    signed = (CLOSING_TAG if name == CLOSINGS else ROOT_TAG) + body
    stored[at] |= {
        "statement": body.decode(),
        "statement_fields": marks(body),
        "hash": sha256(signed).hexdigest(),
        "signature": archived.sign(signed).hex(),
    }
    closings.write(folder, stored, name)


@unclear
def test_a_closing_that_was_signed_with_what_two_readers_take_differently_is_named(
    archived: Archived, tmp_path: Path, inside: str, said: str
) -> None:
    folder = closing_folder(archived, tmp_path)
    at = closings.at(closings.lines(folder), TILL, 3)
    sign_line(folder, archived, CLOSINGS, at, lambda text: f'{text[:-1]},"more":{{{inside}}}}}')
    faults = closings.checked(folder, archived).faults
    mine = [(one.field, one.message) for one in faults if one.entry.startswith(f"closing 3 of {TILL}")]
    assert mine == [("statement", said)]


@unclear
def test_a_root_that_was_signed_with_what_two_readers_take_differently_is_named(
    archived: Archived, tmp_path: Path, inside: str, said: str
) -> None:
    folder = closing_folder(archived, tmp_path)
    sign_line(folder, archived, ROOTS, 2, lambda text: f'{text[:-1]},"more":{{{inside}}}}}')
    faults = closings.checked(folder, archived).faults
    assert [(one.field, one.message) for one in faults if one.entry.startswith("root 3 of")] == [
        ("statement", said)
    ]


@pytest.mark.parametrize("name", ["number", "period", "scope", "scope_id", "span", "key_id"])
def test_a_closing_whose_own_name_is_no_value_is_named_by_its_line(
    archived: Archived, tmp_path: Path, name: str
) -> None:
    folder = closing_folder(archived, tmp_path)

    def change(text: str) -> str:
        return closings.compact(json.loads(text) | {name: float("inf")})

    sign_line(folder, archived, CLOSINGS, 0, change)
    named = {(one.entry, one.message) for one in closings.checked(folder, archived).faults}
    assert ("closings.ndjson, line 1", "Infinity is no number") in named
    assert MANIFEST not in closings.fields(folder, archived)


def test_a_head_of_a_root_that_is_no_number_is_named_by_its_line(archived: Archived, tmp_path: Path) -> None:
    folder = closing_folder(archived, tmp_path)
    stored = closings.lines(folder, ROOTS)
    stored[0]["journals"][0][1] = float("nan")
    closings.write(folder, stored, ROOTS)
    named = {(one.entry, one.message) for one in closings.checked(folder, archived).faults}
    assert ("roots.ndjson, line 1", "NaN is no number") in named


# The manifest

NO_NUMBERS = [float("inf"), float("-inf"), float("nan"), 1.5, "3", None, True, [], {}]
NUMBERS = [
    *[("incarnations", 1, name) for name in ("head_seq", "first_seq", "parent_seq")],
    *[("checkpoints", 0, name) for name in ("high", "at_ms")],
]


def set_at(value: Any, place: tuple[Any, ...], new: Any) -> None:
    for name in place[:-1]:
        value = value[name]
    value[place[-1]] = new


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
@pytest.mark.parametrize("place", NUMBERS, ids=lambda place: place[-1])
def test_a_manifest_that_states_no_number_where_one_belongs_is_told_so(
    whole: Path, capsys: pytest.CaptureFixture[str], place: tuple[Any, ...], value: Any
) -> None:
    told = journals.told(whole)
    set_at(told, place, value)
    journals.made_to_fit(whole, told)
    assert main([str(whole)]) == 1
    out = capsys.readouterr().out
    path = ".".join(map(str, place))
    assert f"archive.json, {path}: the manifest states no whole number here\n" in out
    assert "entry inf" not in out
    assert "Error" not in out


def test_an_end_of_closings_that_is_no_number_is_told_so(archived: Archived, tmp_path: Path) -> None:
    folder = closing_folder(archived, tmp_path)
    told = journals.told(folder)
    told["statements"][TILL][0] = float("-inf")
    journals.made_to_fit(folder, told)
    assert [(one.field, one.message) for one in closings.checked(folder, archived).faults] == [
        (f"statements.{TILL}.0", "the manifest states no whole number here")
    ]


def test_a_number_too_large_in_the_manifest_is_told_as_none(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = journals.told(whole)
    told["incarnations"][0]["head_seq"] = float("inf")
    journals.made_to_fit(whole, told)
    text = (whole / MANIFEST).read_text()
    (whole / MANIFEST).write_text(text.replace("Infinity", "1e999"))
    assert main([str(whole)]) == 1
    assert "incarnations.0.head_seq: the manifest states no whole number here" in capsys.readouterr().out


def test_a_value_that_is_no_number_anywhere_in_the_manifest_is_told(whole: Path) -> None:
    told = journals.told(whole)
    told["more"] = [{"a": float("nan")}]
    journals.made_to_fit(whole, told)
    assert [(one.field, one.message) for one in checked(whole).faults] == [
        ("more.0.a", "the manifest states no whole number here")
    ]


def test_a_manifest_with_a_name_twice_is_refused_without_a_programs_words(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (whole / MANIFEST).read_text()
    (whole / MANIFEST).write_text('{"format":"another",' + text.lstrip()[1:])
    assert main([str(whole)]) == 1
    out = capsys.readouterr().out
    assert "archive.json, archive.json: the manifest can't be read: format is given twice\n" in out
