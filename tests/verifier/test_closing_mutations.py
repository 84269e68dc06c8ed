"""Whatever is done to closings and daily roots is found, and named; also by whoever has the server's key."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared_models.closing import CLOSING_TAG, DailyRoot, Head, Sealed, sealed, tree_root
from shared_models.field_marks import marks
from shared_models.journal import Sign
from tests.verifier.closed_archive import Archived
from tests.verifier.sealed_archive import edit, places
from verifier.__main__ import main
from verifier.archive import MANIFEST, Report, check_archive
from verifier.statements import CLOSINGS, ROOTS

TILL, OTHER, DAYS = "till/03-1/day", "till/03-2/day", "store/03/day"
MONTHS, YEARS = "store/03/month", "store/03/year"


@pytest.fixture
def folder(archived: Archived, tmp_path: Path) -> Path:
    for name, text in archived.files.items():
        (tmp_path / name).write_bytes(text)
    return tmp_path


def checked(folder: Path, archived: Archived, *roots: str) -> Report:
    return check_archive(folder, archived.till_keys, {archived.server_key}, frozenset(roots))


def named(folder: Path, archived: Archived) -> set[tuple[str, int, str]]:
    """(what, number, field)"""
    return {(one.entry, one.seq, one.field) for one in checked(folder, archived).faults}


def fields(folder: Path, archived: Archived) -> set[str]:
    return {one.field for one in checked(folder, archived).faults}


def lines(folder: Path, name: str = CLOSINGS) -> list[Any]:
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def write(folder: Path, stored: list[Any], name: str = CLOSINGS) -> None:
    texts = [json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n" for line in stored]
    (folder / name).write_text("".join(texts))


def said(line: Any) -> Any:
    return json.loads(line["statement"])


def chain_of(line: Any) -> str:
    one = said(line)
    return f"{one['scope']}/{one['scope_id']}/{one['span']}"


def at(stored: list[Any], chain: str, number: int) -> int:
    return next(
        n for n, line in enumerate(stored) if chain_of(line) == chain and said(line)["number"] == number
    )


def compact(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def fit_manifest(folder: Path) -> None:
    """The manifest as somebody would make it who changed the rest."""
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["fields"]
    ends: dict[str, Any] = {}
    for line in lines(folder):
        ends[chain_of(line)] = [said(line)["number"], line["hash"]]
    ends["roots"] = [0, ""]
    for line in lines(folder, ROOTS):
        ends["roots"] = [said(line)["number"], line["hash"]]
    manifest["statements"] = ends
    manifest["fields"] = marks(compact(manifest).encode())
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))


def sign_again(archived: Archived, stored: list[Any]) -> None:
    """Every chain anew, as whoever has the server's key could: numbers, hashes, parts, signatures."""
    previous: dict[str, str] = {}
    hashes: dict[tuple[str, int], str] = {}
    order = {"till": 0, "day": 1, "month": 2, "year": 3}
    ranked = sorted(
        stored, key=lambda line: order["till" if said(line)["scope"] == "till" else said(line)["span"]]
    )
    for line in ranked:
        one, chain = said(line), chain_of(line)
        for part in one["parts"]:
            part["hash"] = hashes.get((part["chain"], part["number"]), part["hash"])
        one["previous"] = previous.get(chain, "")
        seal = seal_of(compact(one).encode(), archived.sign)
        previous[chain] = hashes[chain, one["number"]] = seal.hash.hex()
        line |= _line(seal.body, seal.hash, seal.signature)


def seal_of(body: bytes, sign: Sign) -> Sealed:
    """As `sealed` does, of a statement that this version might never make."""
    return Sealed(body, sha256(CLOSING_TAG + body).digest(), sign(CLOSING_TAG + body))


def _line(body: bytes, hash: bytes, signature: bytes) -> dict[str, str]:
    told = {"statement": body.decode(), "hash": hash.hex(), "signature": signature.hex()}
    return told | {"statement_fields": marks(body)}


def sign_roots_again(archived: Archived, folder: Path) -> None:
    """So that the roots fit to the closings as they are now, too."""
    hashes = {(chain_of(line), said(line)["number"]): line["hash"] for line in lines(folder)}
    stored, previous = lines(folder, ROOTS), ""
    for line in stored:
        line["closings"] = [
            [name, number, hashes[name, number]]
            for name, number, _ in line["closings"]
            if (name, number) in hashes
        ]
        root = msgspec.json.decode(line["statement"], type=DailyRoot)
        heads = [Head(*row) for row in line["closings"]]
        root = msgspec.structs.replace(
            root, previous=previous, closings=len(heads), closings_root=tree_root(heads).hex()
        )
        seal = sealed(root, archived.sign)
        line |= _line(seal.body, seal.hash, seal.signature)
        previous = seal.hash.hex()
    write(folder, stored, ROOTS)


def seal_again(folder: Path, archived: Archived, stored: list[Any]) -> None:
    """As the server's own key would, closings and all that follows from them."""
    sign_again(archived, stored)
    write(folder, stored)
    sign_roots_again(archived, folder)
    fit_manifest(folder)


def forge(
    folder: Path, archived: Archived, chain: str, number: int, change: Callable[[Any], None]
) -> set[str]:
    """The fields that are named after the server's own key signed a changed closing, and all that follows from it."""
    stored = lines(folder)
    line = stored[at(stored, chain, number)]
    one = said(line)
    change(one)
    line["statement"] = compact(one)
    seal_again(folder, archived, stored)
    return fields(folder, archived)


def test_a_whole_archive_has_no_fault_and_counts_what_was_signed(folder: Path, archived: Archived) -> None:
    report = checked(folder, archived)
    assert report.faults == ()
    assert (report.closings, report.roots) == (15, 3)
    spans = [chain_of(line) for line in lines(folder)]
    assert {chain: spans.count(chain) for chain in spans} == {TILL: 3, OTHER: 4, DAYS: 4, MONTHS: 2, YEARS: 2}


STATEMENTS = [(TILL, 2), (OTHER, 3), (DAYS, 3), (MONTHS, 1), (YEARS, 2)]


@pytest.mark.parametrize(("chain", "number"), STATEMENTS)
def test_every_edited_value_of_a_closing_is_named(
    folder: Path, archived: Archived, chain: str, number: int
) -> None:
    whole = lines(folder)
    n = at(whole, chain, number)
    for place in places(said(whole[n])):
        one = said(whole[n])
        edit(one, place)
        write(folder, [*whole[:n], whole[n] | {"statement": compact(one)}, *whole[n + 1 :]])
        found = checked(folder, archived).faults
        path = ".".join(map(str, place))
        assert any(f.field == path or f.field.startswith(f"{path}.") for f in found), (place, found)


@pytest.mark.parametrize("field", ["hash", "signature", "statement_fields", "statement"])
@pytest.mark.parametrize("name", [CLOSINGS, ROOTS])
def test_an_edited_seal_is_named(folder: Path, archived: Archived, name: str, field: str) -> None:
    stored = lines(folder, name)
    line = stored[1]
    line[field] = ("1" if line[field][0] != "1" else "2") + line[field][1:] if field != "statement" else "{}"
    write(folder, stored, name)
    expected = {"statement": "line"}.get(field, field)
    assert expected in fields(folder, archived)


def test_every_edited_value_of_a_root_and_of_what_it_is_made_of_is_named(
    folder: Path, archived: Archived
) -> None:
    whole = lines(folder, ROOTS)
    for place in places(said(whole[1])):
        one = said(whole[1])
        edit(one, place)
        write(folder, [whole[0], whole[1] | {"statement": compact(one)}, whole[2]], ROOTS)
        assert place[0] in fields(folder, archived), place
    for what in ("journals", "closings"):
        for place in places(whole[1][what]):
            heads = json.loads(json.dumps(whole[1][what]))
            edit(heads, place)
            write(folder, [whole[0], whole[1] | {what: heads}, whole[2]], ROOTS)
            assert f"{what}_root" in fields(folder, archived), (what, place)


CHAIN_MOVES: dict[str, tuple[Callable[[list[Any]], list[Any]], str]] = {
    "drop the first": (lambda all: all[1:], "missing"),
    "drop one": (lambda all: [all[0], *all[2:]], "missing"),
    "drop the last": (lambda all: all[:-1], "truncated"),
    "drop all": (lambda all: [], "truncated"),
    "twice": (lambda all: [*all[:2], *all[1:]], "duplicate"),
    "swap": (lambda all: [all[0], all[2], all[1], *all[3:]], "order"),
}


@pytest.mark.parametrize("move", CHAIN_MOVES)
@pytest.mark.parametrize("chain", [TILL, OTHER, DAYS])
@pytest.mark.parametrize("fitted", [False, True], ids=["as it is", "manifest made to fit"])
def test_a_closing_that_was_dropped_doubled_or_moved_is_found(
    folder: Path, archived: Archived, chain: str, move: str, fitted: bool
) -> None:
    change, field = CHAIN_MOVES[move]
    whole = lines(folder)
    mine = [line for line in whole if chain_of(line) == chain]
    write(folder, [line for line in whole if chain_of(line) != chain] + change(mine))
    if fitted:
        fit_manifest(folder)
    assert field in fields(folder, archived)


@pytest.mark.parametrize("move", CHAIN_MOVES)
def test_a_root_that_was_dropped_doubled_or_moved_is_found(
    folder: Path, archived: Archived, move: str
) -> None:
    change, field = CHAIN_MOVES[move]
    write(folder, change(lines(folder, ROOTS)), ROOTS)
    assert field in fields(folder, archived)


@pytest.mark.parametrize("name", [CLOSINGS, ROOTS])
def test_a_file_that_is_gone_is_named(folder: Path, archived: Archived, name: str) -> None:
    (folder / name).unlink()
    assert name in fields(folder, archived)


def test_taking_both_files_away_is_seen_in_the_manifest(folder: Path, archived: Archived) -> None:
    for name in (CLOSINGS, ROOTS):
        (folder / name).unlink()
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["statements"]
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))
    assert checked(folder, archived).faults


def test_files_that_the_manifest_does_not_name_are_named(folder: Path, archived: Archived) -> None:
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["statements"], manifest["fields"]
    manifest["fields"] = marks(compact(manifest).encode())
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1))
    assert fields(folder, archived) == {CLOSINGS, ROOTS}


def more(one: Any) -> None:
    one["figures"][0]["gross_minor"] += 1


def less_tax(one: Any) -> None:
    one["figures"][0]["taxes"][0]["amount_minor"] -= 1


def more_grand(one: Any) -> None:
    one["grand"][0]["refund_minor"] += 1


def another_receipt(one: Any) -> None:
    one["last_receipt"] = "03-1-K7Q-999999"


def hide(one: Any) -> None:
    """The sale is said to be another till's."""
    journal = one["journals"][0]["incarnation"]
    one["left_out"] = [{"incarnation": journal, "seq": 1, "why": "elsewhere"}, *one["left_out"]]


def nothing_unclassified(one: Any) -> None:
    one["unclassified"] = []


def another_amends(one: Any) -> None:
    one["amends"] = 2


FORGERIES = {
    "a till's figure": (TILL, 1, more, "figures.EUR.gross_minor"),
    "a till's tax": (TILL, 1, less_tax, "figures.EUR.taxes.vat19.190000.amount_minor"),
    "a store's figure": (DAYS, 2, more, "figures.EUR.gross_minor"),
    "a month's figure": (MONTHS, 1, more, "figures.EUR.gross_minor"),
    "a grand total": (YEARS, 2, more_grand, "grand.EUR.refund_minor"),
    "a receipt": (TILL, 1, another_receipt, "last_receipt"),
    "a sale said to be elsewhere": (TILL, 1, hide, "left_out"),
    "unclassified money": (TILL, 2, nothing_unclassified, "unclassified.unreadable"),
    "what it amends": (OTHER, 3, another_amends, "amends"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_the_servers_own_key_signed_wrongly_is_found_by_adding_up(
    folder: Path, archived: Archived, forgery: str
) -> None:
    chain, number, change, field = FORGERIES[forgery]
    assert field in forge(folder, archived, chain, number, change)


def test_a_forgery_that_changes_nothing_is_none(folder: Path, archived: Archived) -> None:
    assert forge(folder, archived, TILL, 1, lambda one: None) == set()


def test_an_amendment_that_was_kept_back_is_found_by_the_sale_that_is_in_no_closing(
    folder: Path, archived: Archived
) -> None:
    """The till's amending closing and all that adds it up, taken out and the rest renumbered and signed anew."""
    kept = []
    gone = {OTHER: 3, DAYS: 3, MONTHS: 2, YEARS: 2}
    for line in lines(folder):
        one, chain = said(line), chain_of(line)
        if one["number"] == gone.get(chain):
            continue
        if one["number"] > gone.get(chain, 99):
            one["number"] -= 1
            one["grand"] = _without_late(one["grand"])
        for part in one["parts"]:
            part["number"] -= part["number"] > gone.get(part["chain"], 99)
        kept.append(line | {"statement": compact(one)})
    sign_again(archived, kept)
    write(folder, kept)
    (folder / ROOTS).write_text("")
    fit_manifest(folder)
    found = checked(folder, archived).faults
    assert [(one.field, one.entry[-13:]) for one in found] == [("closings", "of 2026-12-30")]


def _without_late(grand: Any) -> Any:
    """Less the sale of 77: 65 and 19 % of it."""
    (one,) = grand
    for name, amount in (("sale_count", 1), ("turnover_minor", 77), ("gross_minor", 77), ("net_minor", 65)):
        one[name] -= amount
    one["tax_minor"] -= 12
    one["taxes"][0]["base_minor"] -= 65
    one["taxes"][0]["amount_minor"] -= 12
    one["tenders"][0]["kept_minor"] -= 77
    return [one]


def test_journals_cut_off_after_a_root_was_made_are_found_by_it(folder: Path, archived: Archived) -> None:
    journal = next(path for path in sorted(folder.glob("*.jsonl")) if len(path.read_text().splitlines()) == 3)
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:-1]))
    found = {(one.seq, one.field, one.message[:6]) for one in checked(folder, archived).faults}
    assert (3, "truncated", "root 3") in found


def test_a_root_that_somebody_kept_is_found_or_missed(folder: Path, archived: Archived) -> None:
    kept = lines(folder, ROOTS)[1]["hash"]
    assert checked(folder, archived, kept).faults == ()
    write(folder, lines(folder, ROOTS)[:1], ROOTS)
    assert "root" in {one.field for one in checked(folder, archived, kept).faults}


def test_the_command_names_the_closing_and_the_figure(
    folder: Path, archived: Archived, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), "--root", lines(folder, ROOTS)[0]["hash"]]) == 0
    assert "15 closings, 3 daily roots" in capsys.readouterr().out
    forge(folder, archived, DAYS, 2, more)
    assert main([str(folder)]) == 1
    said = capsys.readouterr().out
    assert "closing 2 of store/03/day (2026-12-31), figures.EUR.gross_minor: its parts make" in said
