"""Processes to kill, there at once: forked from one that has imported what they run, and runs nothing itself.

Python has one such process for all contexts of a program, and the last list of modules counts: so there is one list.
"""

from __future__ import annotations

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(
    ["granian", "sync_server.app", "sync_server.hub_app", "tests.pos_client.store.selling_child"]
)
