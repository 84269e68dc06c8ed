"""A till hands in a damaged database: whole, once, in any number of tries, and nobody else's."""

from __future__ import annotations

import hashlib
import itertools
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from shared_models import wire
from shared_models.evidence_api import MAX_PIECE_BYTES, FileHeld, FileOffer, FilePiece
from sync_server.app import create_app
from sync_server.database import Database
from sync_server.handed_in.service import KEPT_FREE, HandedIn, NoRoom
from sync_server.settings import Settings
from sync_server.sync_messages import TillIdentity
from tests.sync_server.a_till import ATill, enrolled_till, open_store
from tests.sync_server.conftest import Clock
from tests.sync_server.console.test_pages import form_token, logged_in, seen
from tests.sync_server.kept_app import CHEAP_HASHER

Client = TestClient[Litestar]
DAMAGED = b"SQLite format 3\0" + bytes(range(256)) * 40
NAME = "till.db.damaged-1790000000000"


def offer_of(content: bytes = DAMAGED, name: str = NAME) -> FileOffer:
    return FileOffer(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        put_aside_ms=1_790_000_000_000,
    )


def piece(content: bytes, offset: int, of: bytes = DAMAGED) -> FilePiece:
    return FilePiece(sha256=hashlib.sha256(of).hexdigest(), offset=offset, content=content)


@pytest.fixture
def till(app: Litestar, database: Database, office: Client) -> ATill:
    open_store(app, database, tills=2)
    return enrolled_till(app, database, office)


def ask(till: ATill, message: Any) -> Any:
    path = "/sync/evidence" if isinstance(message, FileOffer) else "/sync/evidence/piece"
    return till.client.post(path, content=wire.pack(message), headers=till.headers)


def held(till: ATill, message: Any) -> FileHeld:
    answer = ask(till, message)
    assert answer.status_code == 200, answer.text
    return wire.unpack(answer.content, FileHeld)


def hand_in(till: ATill, content: bytes = DAMAGED) -> FileHeld:
    said = held(till, offer_of(content))
    while not said.whole:
        said = held(till, piece(content[said.received : said.received + 4000], said.received, content))
    return said


def listed(office: Client) -> list[dict[str, Any]]:
    files: list[dict[str, Any]] = office.get("/api/v1/tills/03-1/files").json()
    return files


def test_a_damaged_database_is_at_head_office_byte_by_byte(till: ATill, office: Client) -> None:
    assert hand_in(till) == FileHeld(received=len(DAMAGED), whole=True)
    (file,) = listed(office)
    assert (file["name"], file["size"], file["received"]) == (NAME, len(DAMAGED), len(DAMAGED))
    answer = office.get(f"/api/v1/tills/03-1/files/{file['file_id']}")
    assert answer.content == DAMAGED
    assert answer.headers["content-disposition"] == f'attachment; filename="03-1-{NAME}"'
    (case,) = office.get("/api/v1/exceptions", params={"kind": "till_file"}).json()["rows"]
    assert NAME in case["sentence"]


def test_it_goes_on_where_it_was_cut(till: ATill, office: Client) -> None:
    held(till, offer_of())
    assert held(till, piece(DAMAGED[:4000], 0)).received == 4000
    assert held(till, offer_of()).received == 4000
    assert listed(office)[0]["received"] == 4000
    assert held(till, piece(DAMAGED[4000:], 4000)).whole


def test_a_piece_that_comes_twice_or_from_elsewhere_changes_nothing(till: ATill) -> None:
    held(till, offer_of())
    for _ in range(2):
        assert held(till, piece(DAMAGED[:4000], 0)).received == 4000
    assert held(till, piece(DAMAGED[6000:7000], 6000)).received == 4000
    assert held(till, piece(DAMAGED[4000:] + b"more", 4000)).received == 4000
    assert held(till, piece(DAMAGED[4000:], 4000)).whole
    assert held(till, piece(b"x", 0)).whole
    assert hand_in(till).whole


def test_bytes_that_are_not_what_was_offered_are_thrown_away(till: ATill, office: Client) -> None:
    held(till, offer_of())
    wrong = bytes(len(DAMAGED))
    assert held(till, piece(wrong, 0)) == FileHeld(received=0)
    assert listed(office)[0]["whole_ms"] is None
    assert hand_in(till).whole


def test_a_server_that_dies_before_it_noted_the_last_byte_ends_it_at_the_next_offer(
    till: ATill, office: Client, settings: Settings
) -> None:
    held(till, offer_of())
    held(till, piece(DAMAGED[:-1], 0))
    (file,) = listed(office)
    folder = settings.data_dir / "handed-in"
    (folder / f"{file['file_id']}.part").rename(folder / file["file_id"])
    with (folder / file["file_id"]).open("ab") as bytes_there:
        bytes_there.write(DAMAGED[-1:])
    assert held(till, offer_of()).whole


def test_a_till_reaches_no_file_of_another(
    app: Litestar, database: Database, till: ATill, office: Client
) -> None:
    other = enrolled_till(app, database, office, 2)
    held(till, offer_of())
    assert ask(other, piece(DAMAGED[:10], 0)).status_code == 404
    hand_in(till)
    assert held(other, offer_of()) == FileHeld(received=0)
    assert office.get(f"/api/v1/tills/03-2/files/{listed(office)[0]['file_id']}").status_code == 404


def test_one_till_can_not_fill_the_servers_disk(
    app: Litestar, database: Database, office: Client, settings: Settings, clock: Clock
) -> None:
    open_store(app, database, tills=1)
    small = msgspec.structs.replace(settings, handed_in_mb=1)
    tight = TestClient(create_app(small, database=database, now_ms=clock, hasher=CHEAP_HASHER))
    till = enrolled_till(tight.app, database, tight)
    answer = ask(till, msgspec.structs.replace(offer_of(), size=(1 << 20) + 1))
    assert answer.status_code == 413
    assert "stays on the till's disk" in answer.json()["detail"]
    assert hand_in(till).whole
    assert ask(till, msgspec.structs.replace(offer_of(b"another"), size=1 << 20)).status_code == 413


def test_the_shops_own_data_has_its_room_first(database: Database, tmp_path: Path, clock: Clock) -> None:
    files = HandedIn(
        database, lambda tx, findings: None, tmp_path, 1 << 30, clock, free_bytes=lambda folder: KEPT_FREE
    )
    with pytest.raises(NoRoom, match="comes again"):
        files.offer(TillIdentity("device-0001", "03-1", "03"), offer_of())


def test_it_is_removed_once_it_was_looked_at(till: ATill, office: Client, settings: Settings) -> None:
    hand_in(till)
    file_id = listed(office)[0]["file_id"]
    assert office.post(f"/api/v1/tills/03-1/files/{file_id}/remove").status_code == 204
    assert listed(office) == []
    assert list((settings.data_dir / "handed-in").iterdir()) == []


BAD_OFFERS = {
    "no file's name": {"name": "../../evertill.db"},
    "a name with a quote": {"name": 'a"b'},
    "no name": {"name": ""},
    "a long name": {"name": "n" * 121},
    "no hash": {"sha256": "zz"},
    "a hash with capitals": {"sha256": "A" * 64},
    "nothing in it": {"size": 0},
    "more than any disk": {"size": 2**63},
    "a time before time": {"put_aside_ms": -1},
}


@pytest.mark.parametrize("change", BAD_OFFERS.values(), ids=BAD_OFFERS)
def test_a_senseless_offer_is_refused_in_words(till: ATill, office: Client, change: dict[str, Any]) -> None:
    answer = ask(till, msgspec.structs.replace(offer_of(), **change))
    assert answer.status_code == 400
    assert answer.json()["detail"].endswith(".")
    assert listed(office) == []


@pytest.mark.parametrize("content", [b"", bytes(MAX_PIECE_BYTES + 1)], ids=["empty", "too large"])
def test_a_piece_has_its_limits(till: ATill, content: bytes) -> None:
    held(till, offer_of())
    assert ask(till, piece(content, 0)).status_code == 400


def test_a_till_that_is_shut_out_hands_in_nothing(till: ATill, office: Client) -> None:
    held(till, offer_of())
    assert office.post(f"/api/v1/tills/devices/{till.device_id}/revoke").status_code < 300
    for message in itertools.chain([offer_of()], [piece(DAMAGED, 0)]):
        assert ask(till, message).status_code in (401, 403)


def test_the_tills_page_has_it_to_fetch_and_to_remove(till: ATill, office: Client) -> None:
    hand_in(till)
    held(till, offer_of(b"half of it is here", "till.db.damaged-2"))
    held(till, piece(b"half of it", 0, b"half of it is here"))
    page = seen(logged_in(office, "Ada"), "/tills/03-1")
    assert "55 % is here" in page
    address = re.search(r'href="(/tills/03-1/files/\w+)">till\.db\.damaged-1790000000000<', page)
    assert address is not None
    assert office.get(address[1]).content == DAMAGED
    answer = office.post(f"{address[1]}/remove", data={"form_token": form_token(page)})
    assert answer.status_code == 200
    assert address[1] not in seen(office, "/tills/03-1")
