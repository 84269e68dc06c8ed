"""A till that dies between the commit of a sale and the drawer's pulse opens it once, or leaves it to the key."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.pos_client.drawer_kills import campaign, fault

KILLS = 25
SEED = 20261126


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills forked tills, so it needs Linux or macOS")
def test_whenever_a_till_is_killed_its_drawer_opens_at_most_once_a_sale(tmp_path: Path) -> None:
    """A thousand of them: python -m tests.pos_client.drawer_kills"""
    outcomes = campaign(tmp_path, KILLS, SEED)
    assert [fault(outcome) for outcome in outcomes] == [""] * KILLS
    assert all(outcome.pulses == 1 for outcome in outcomes if outcome.at_the_kill == "done")
    assert {"queued", "sending"} & {outcome.at_the_kill for outcome in outcomes}
