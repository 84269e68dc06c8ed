"""Every message and every fact that an earlier version wrote is still understood, field by field."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared_models.events import TYPES, decode_body
from shared_models.protocol import PROTOCOL
from tests.golden import kept
from tests.golden.make import messages

KINDS = messages()


def all_of(wanted: Any, found: Any) -> bool:
    """Whether everything that was said is still there; a later version may add to it."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            key in found and all_of(wanted[key], found[key]) for key in wanted
        )
    if isinstance(wanted, list):
        return len(wanted) == len(found) and all(map(all_of, wanted, found))
    return bool(wanted == found)


def test_there_are_golden_files_of_every_protocol() -> None:
    assert [folder.name for folder in kept.PROTOCOLS] == [f"protocol-{n}" for n in range(1, PROTOCOL + 1)]


@pytest.mark.parametrize("folder", kept.PROTOCOLS, ids=lambda folder: folder.name)
def test_every_message_of_an_earlier_protocol_is_read_as_it_was_meant(folder: Path) -> None:
    golden = kept.messages(folder)
    assert len(golden) >= 17
    for name, packed in golden.items():
        read = msgspec.msgpack.decode(packed, type=KINDS[name], strict=True)
        wanted, found = msgspec.msgpack.decode(packed), msgspec.msgpack.decode(msgspec.msgpack.encode(read))
        assert all_of(wanted, found), name


@pytest.mark.parametrize("folder", kept.PROTOCOLS, ids=lambda folder: folder.name)
def test_every_fact_of_an_earlier_version_is_read_as_it_was_sealed(folder: Path) -> None:
    golden = kept.facts(folder)
    assert len(golden) >= 11
    for name, body in golden.items():
        recorded = decode_body(name, 1, body)
        assert type(recorded.fact) is TYPES[name]
        assert all_of(msgspec.json.decode(body), msgspec.json.decode(msgspec.json.encode(recorded))), name
