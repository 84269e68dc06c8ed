"""A hub from the command line: a code, an enrolment at a server that answers, and what waits in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sync_server.cli import main
from sync_server.settings import PREFIX
from sync_server.store_hub import identity
from tests.flows.served_shop import ServedShop


@pytest.fixture(autouse=True)
def own_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """None of the machine's, and a folder of the hub's own."""
    for name in list(os.environ):
        if name.startswith(PREFIX):
            monkeypatch.delenv(name)
    monkeypatch.setenv(f"{PREFIX}DATA_DIR", str(tmp_path / "hub"))


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[ServedShop]:
    shop = ServedShop(tmp_path / "server")
    shop.start()
    yield shop
    shop.close()


def central(shop: ServedShop) -> list[str]:
    return ["--central", f"http://127.0.0.1:{shop.port}"]


def hub_code(shop: ServedShop) -> str:
    with shop.db.write() as tx:
        return shop.services.hubs.make_code(tx, "03", "Ada").code


def test_a_machine_becomes_a_hub_and_says_what_waits_in_it(
    shop: ServedShop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["hub-enrol", "WRON-GCOD-E234", *central(shop)]) == 1
    assert "no code for a hub" in capsys.readouterr().err
    assert main(["hub-enrol", hub_code(shop), *central(shop)]) == 0
    assert "now the hub of Corner" in capsys.readouterr().out
    assert (tmp_path / "hub" / "hub.key").stat().st_mode & 0o077 == 0
    assert main(["hub-status"]) == 0
    assert "Hub of Corner" in capsys.readouterr().out
    assert main(["hub-enrol", hub_code(shop), *central(shop)]) == 1
    assert "the hub of Corner already" in capsys.readouterr().err


def test_a_hub_whose_first_answer_was_lost_is_enrolled_by_the_same_code(
    shop: ServedShop, tmp_path: Path
) -> None:
    code = hub_code(shop)
    assert main(["hub-enrol", code, *central(shop)]) == 0
    file = tmp_path / "hub" / "hub.json"
    place, _ = identity.read(tmp_path / "hub")
    file.write_text(f'{{"hub_id": "{place.hub_id}", "central_url": "{place.central_url}"}}')
    assert main(["hub"]) == 1
    assert main(["hub-enrol", code, *central(shop)]) == 0
    assert identity.read(tmp_path / "hub")[0] == place


def test_a_servers_own_folder_becomes_no_hubs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--admin", "Ada", "--password", "correct horse battery"]) == 0
    assert main(["hub-enrol", "ABCD-EFGH-JKLM", "--central", "http://127.0.0.1:1"]) == 1
    assert "a server's folder already" in capsys.readouterr().err


def test_a_hub_that_nobody_enrolled_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hub"]) == 1
    assert "evertill-server hub-enrol CODE" in capsys.readouterr().err


def test_a_server_that_is_away_is_no_enrolment(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hub-enrol", "ABCD-EFGH-JKLM", "--central", "http://127.0.0.1:1"]) == 1
    assert "can't be reached" in capsys.readouterr().err
