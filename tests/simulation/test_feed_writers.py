"""Sixteen writers at once and readers that follow: nothing is missed, and a naive cursor would miss some."""

from __future__ import annotations

import pytest

from sync_server.database import Database
from tests.simulation.feed_load import Load
from tests.simulation.feed_verdict import Verdict, report
from tests.simulation.feed_writers import fresh_database, prove


def load(url: str, changes: int, most_pause_s: float) -> Load:
    return Load(url, changes, processes=1, most_pause_s=most_pause_s, batch=20)


@pytest.mark.slow
@pytest.mark.postgres
def test_nothing_is_missed_of_what_sixteen_writers_publish_at_once(
    postgresql_database: Database,
) -> None:
    verdict = prove(load(postgresql_database.engine.url.render_as_string(hide_password=False), 2400, 0.06))
    assert verdict.changes == 2400
    assert verdict.rollbacks > 5
    assert verdict.faults() == 0, verdict
    assert verdict.naive_missed > 0, "the naive reader missed nothing: this test proves nothing"
    assert verdict.naive_late == verdict.naive_missed, "PostgreSQL's own account says the same"


@pytest.mark.slow
def test_nothing_is_missed_on_sqlite_either() -> None:
    with fresh_database(on_sqlite=True) as url:
        verdict = prove(load(url, 1200, 0.02))
    assert (verdict.changes, verdict.faults()) == (1200, 0), verdict


def test_a_run_in_which_the_naive_cursor_missed_nothing_is_called_blind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = Verdict(
        changes=1, transactions=1, rollbacks=0, seconds=1.0, readers=2, pages=1,
        missed=0, out_of_order=0, wrong_checksums=0, gaps=0, unlike_the_writers=0, late=0,
        naive_missed=0, naive_late=0, with_naive=True,
    )  # fmt: skip
    assert report(good) == 1
    assert "BLIND" in capsys.readouterr().out
