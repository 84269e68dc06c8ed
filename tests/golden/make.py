"""Makes the golden files of the version that is checked out: `python -m tests.golden.make tests/golden/protocol-3`.

Run once, when a protocol or a database layout is given out, and never again for it: a golden file is what machines in
shops have on their disks.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import types
import typing
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from shared_models.events import TYPES, Recorded, encode_body
from shared_models.sync_api import Message

_MODULES = ("sync_api", "hub_api", "leases", "value_api", "checkpoint")
_SOURCE = "Made by Evertill's own code of protocol {}, see ../README.md; under the project's licence.\n"
_SAMPLES: dict[Any, Any] = {bool: True, int: 7, str: "word", bytes: b"\x07bytes", float: 0.5}


def sample(kind: Any) -> Any:
    """A value of that type in which every field is there, and none is its default."""
    origin, given = typing.get_origin(kind), typing.get_args(kind)
    if kind in _SAMPLES:
        return _SAMPLES[kind]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        hints = typing.get_type_hints(kind, include_extras=False)
        return kind(**{name: sample(hints[name]) for name in kind.__struct_fields__})
    if origin in (types.UnionType, typing.Union):
        return sample(next(one for one in given if one is not types.NoneType))
    if origin is typing.Literal:
        return given[-1]
    if origin is tuple:
        several = len(given) == 2 and given[1] is ...
        return (sample(given[0]),) if several else tuple(sample(one) for one in given)
    if origin is dict:
        return {sample(given[0]): sample(given[1])}
    if origin in (list, frozenset, set):
        return origin((sample(given[0]),))
    if isinstance(kind, type) and issubclass(kind, str):
        return next(reversed(list(kind)))  # type: ignore[call-overload]
    return "anything"


def messages() -> dict[str, type[Message]]:
    found = {}
    for name in _MODULES:
        try:
            module = importlib.import_module(f"shared_models.{name}")
        except ModuleNotFoundError:
            continue
        for _, kind in inspect.getmembers(module, inspect.isclass):
            base = issubclass(kind, Message) and kind.__module__ == module.__name__
            if base and kind.__struct_fields__:
                found[kind.__name__] = kind
    return found


def main(folder: Path) -> None:
    folder.mkdir(parents=True)
    packed = {name: msgspec.msgpack.encode(sample(kind)) for name, kind in messages().items()}
    content = msgspec.msgpack.encode(packed)
    (folder / "messages.zst").write_bytes(zstandard.ZstdCompressor(level=19).compress(content))
    facts = {
        name: msgspec.Raw(encode_body(Recorded(1_795_000_000_000, 60, sample(kind), "boot", 5, -7)))
        for name, kind in TYPES.items()
    }
    (folder / "SOURCE.md").write_text(_SOURCE.format(folder.name.rpartition("-")[2]))
    (folder / "facts.json").write_bytes(msgspec.json.format(msgspec.json.encode(facts), indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
