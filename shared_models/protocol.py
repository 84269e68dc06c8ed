"""Which protocol a till and a server speak with each other, and what is left out for an older one.

Versions: 1 the two streams. 2 asking for hashes, so that a journal that parted is left where it parted. 3 leases,
parked tickets across tills, hubs, signed checkpoints.

Every answer of a server names its own protocol in PROTOCOL_HEADER. A till leaves out what came later, and asks for
nothing that came later. What a server answers may hold more than an older till knows, which passes over it.
"""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any, get_args, get_type_hints

import msgspec

PROTOCOL = 3
OLDEST_PROTOCOL = 1
PROTOCOL_HEADER = "Evertill-Protocol"


def since(protocol: int) -> msgspec.Meta:
    """Marks a field that came with a later protocol: `checkpoint: Annotated[bytes, since(3)] = b""`."""
    return msgspec.Meta(extra={"since": protocol})


def for_peer(message: Any, protocol: int) -> Any:
    """The message without what a peer of that protocol does not know: itself where it knows all of it."""
    if protocol >= _newest_field(message.__class__):
        return message
    return _plain(message, protocol)


def _plain(value: Any, protocol: int) -> Any:
    if isinstance(value, msgspec.Struct):
        later = _later_fields(type(value))
        defaults = dict(zip(value.__struct_fields__[::-1], value.__struct_defaults__[::-1], strict=False))
        return {
            name: _plain(field, protocol)
            for name in value.__struct_fields__
            if later.get(name, 0) <= protocol
            and (field := getattr(value, name)) != defaults.get(name, _NEVER)
        }
    if isinstance(value, tuple | list):
        return [_plain(one, protocol) for one in value]
    return value


_NEVER = object()


@cache
def _later_fields(kind: type) -> dict[str, int]:
    """{field: the protocol that it came with}, of those that came later than the first."""
    found = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        for meta in getattr(hint, "__metadata__", ()):
            if isinstance(meta, msgspec.Meta) and meta.extra and "since" in meta.extra:
                found[name] = int(meta.extra["since"])
    return found


@cache
def _newest_field(kind: Hashable) -> int:
    """The protocol of the last field to come into a message or anything that it holds."""
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        parts = [_newest_field(hint) for hint in get_type_hints(kind).values()]
        return max([0, *parts, *_later_fields(kind).values()])
    return max([0, *map(_newest_field, get_args(kind))])
