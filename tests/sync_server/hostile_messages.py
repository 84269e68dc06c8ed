"""Messages as only a broken or a hostile peer sends them: what is right about them is where they are sent to."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import msgspec
import zstandard
from hypothesis import strategies as st

from shared_models.sync_api import MAX_MESSAGE_BYTES

ODD_VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 1, 2**31, 2**53, 2**63 - 1, 2**63, 2**64 - 1, -(2**31) - 1, -(2**63)),
    *(0.5, math.nan, math.inf),
    *("", "\0", "a\0b", "x" * 70_000, "../../etc/passwd", "' or 1=1 --", "\u202e💣", "\ud7ff"),
    *(b"", b"\0", b"\xff" * 16, b"\0" * 32, b"k" * 65, b"z" * 70_000),
    *([], {}, [None], [[]], {"": None}, [{}] * 1000, [-1], ["\0"], [2**63]),
)


def plain(message: msgspec.Struct) -> Any:
    """The message as dicts and lists, with all that it would leave out on the wire."""
    return msgspec.to_builtins(_spelt_out(message), builtin_types=(bytes,))


def _spelt_out(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {name: _spelt_out(getattr(value, name)) for name in value.__struct_fields__}
    return [_spelt_out(one) for one in value] if isinstance(value, tuple | list) else value


def packed(raw: Any) -> bytes:
    return zstandard.compress(raw if isinstance(raw, bytes) else msgspec.msgpack.encode(raw))


@st.composite
def altered(draw: st.DrawFn, message: msgspec.Struct) -> bytes:
    """The message with some fields of it holding what they never do, missing, or there under another name."""
    tree = plain(message)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(list(_places(tree))))
        way = draw(st.sampled_from(("odd", "odd", "odd", "gone", "renamed", "added")))
        _alter(tree, path, way, deepcopy(draw(st.sampled_from(ODD_VALUES))))
    return packed(tree)


def _places(tree: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inside = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for name, value in inside:
        yield (*above, name)
        yield from _places(value, (*above, name))
    if not above and not tree:
        yield ("nothing",)


def _alter(tree: Any, path: tuple[Any, ...], way: str, value: Any) -> None:
    for name in path[:-1]:
        tree = tree[name]
    if way == "odd" or isinstance(tree, list):
        tree[path[-1]] = value
    elif way == "added":
        tree["unheard_of"] = value
    else:
        left = tree.pop(path[-1], None)
        if way == "renamed":
            tree[f"{path[-1]}s"] = left


@st.composite
def damaged(draw: st.DrawFn, message: msgspec.Struct) -> bytes:
    """The message's bytes, cut, turned, doubled or with others between, before or after they were packed."""
    raw = msgspec.msgpack.encode(message)
    pack: Callable[[bytes], bytes] = draw(st.sampled_from((bytes, zstandard.compress, gzip.compress)))
    if draw(st.booleans()):
        return pack(_hurt(draw, raw))
    return _hurt(draw, pack(raw))


def _hurt(draw: st.DrawFn, content: bytes) -> bytes:
    at = draw(st.integers(0, max(0, len(content) - 1)))
    way = draw(st.sampled_from(("cut", "turn", "between", "twice")))
    if way == "cut":
        return content[:at]
    if way == "turn":
        turned = content[at] ^ draw(st.integers(1, 255)) if content else 0
        return content[:at] + bytes([turned]) + content[at + 1 :]
    return content[:at] + draw(st.binary(max_size=40)) + content[at:] if way == "between" else content * 2


def hostile(message: msgspec.Struct) -> st.SearchStrategy[bytes]:
    return st.one_of(altered(message), altered(message), damaged(message), st.binary(max_size=200))


DEEP = b"\x91" * 200_000
_HUGE = bytes(MAX_MESSAGE_BYTES * 4)
NAMED = {
    "nothing": b"",
    "a web page": b"<html><body>Log in</body></html>",
    "json": b'{"entries":[]}',
    "only the start of zstd": zstandard.compress(b"x" * 1000)[:9],
    "zstd cut short": zstandard.compress(bytes(range(256)) * 50)[:-20],
    "only the start of gzip": gzip.compress(b"x" * 1000)[:11],
    "gzip cut short": gzip.compress(bytes(range(256)) * 50)[:-20],
    "a zstd bomb": zstandard.compress(_HUGE),
    "a gzip bomb": gzip.compress(_HUGE, 1),
    "a bomb that says it is small": zstandard.ZstdCompressor(write_content_size=False).compress(_HUGE),
    "lists in lists": packed(DEEP),
    "maps in maps": packed(b"\x81\xa1x" * 200_000),
    "a list that says it is endless": packed(b"\xdd\xff\xff\xff\xff"),
    "text that says it is endless": packed(b"\xdb\xff\xff\xff\xff"),
    "text that is no text": packed(b"\x81\xa4code\xa2\xff\xfe"),
    "a kind of value that nobody made": packed(b"\x81\xa4code\xc7\x01\x63\x00"),
    "a byte that means nothing": packed(b"\xc1"),
}
