"""The golden files as tests read them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import zstandard

HERE = Path(__file__).parent
PROTOCOLS = sorted(HERE.glob("protocol-*"))
DATABASES = sorted(HERE.glob("databases-*"))
CLOSINGS = sorted(HERE.glob("closings-*"))


def messages(folder: Path) -> dict[str, bytes]:
    """{name of the message: its MessagePack}"""
    packed = zstandard.ZstdDecompressor().decompress((folder / "messages.zst").read_bytes(), 1 << 24)
    return msgspec.msgpack.decode(packed, type=dict[str, bytes])


def facts(folder: Path) -> dict[str, bytes]:
    """{type: a sealed body}"""
    raw = msgspec.json.decode((folder / "facts.json").read_bytes(), type=dict[str, msgspec.Raw])
    return {name: bytes(body) for name, body in raw.items()}


def closings(folder: Path) -> dict[str, bytes]:
    """The files of an archive with closings, the server's database that it was made from, and the server's key."""
    packed = zstandard.ZstdDecompressor().decompress((folder / "shop.zst").read_bytes(), 1 << 24)
    return msgspec.msgpack.decode(packed, type=dict[str, bytes])


def unpack_database(file: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(zstandard.ZstdDecompressor().decompress(file.read_bytes(), 1 << 28))
