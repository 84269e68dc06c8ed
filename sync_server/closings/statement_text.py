"""A daily root as plain text: to be printed, mailed, or pinned to a wall."""

from __future__ import annotations

from datetime import UTC, datetime

from sync_server.evidence.statements import KeptRoot


def root_as_text(kept: KeptRoot) -> str:
    root, seal = kept.root, kept.seal
    made = datetime.fromtimestamp(root.at_ms / 1000, UTC).isoformat(" ", "seconds")
    rows = [
        ("Day", f"{root.day} (UTC)"),
        ("Number", str(root.number)),
        ("Made", made),
        ("Journals", f"{root.journals}"),
        ("Journals root", root.journals_root),
        ("Chains of closings", f"{root.closings}"),
        ("Closings root", root.closings_root),
        ("Root before", root.previous or "none, this is the first"),
        ("Key", root.key_id),
        ("Signature", seal.signature.hex()),
        ("Root", seal.hash.hex()),
    ]
    lines = [f"{name + ':':20}{value}" for name, value in rows]
    about = (
        "Evertill daily root. Whoever keeps the last line can later tell whether the journals and closings\n"
        f"of that day are still the same: python -m verifier ARCHIVE --root {seal.hash.hex()}"
    )
    return f"{about}\n\n" + "\n".join(lines) + f"\n\nSigned statement:\n{seal.body.decode()}\n"
