"""python-escpos is loaded late, privately and without side effects."""

import os
import stat
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]
LOAD_ALL = """
import importlib, pkgutil, sys, hardware
for module in pkgutil.walk_packages(hardware.__path__, "hardware."):
    importlib.import_module(module.name)
print(sorted({"escpos", "PIL", "barcode", "segno", "yaml", "PySide6"} & set(sys.modules)))
"""
PRINT_ONE = """
import logging, sys
from pathlib import Path
from hardware.escpos.library import use_cache_folder
from hardware.escpos.encoder import encode
from hardware.escpos.profile import profile_named
from hardware.receipt_document import ReceiptDocument, Text
if len(sys.argv) > 1:
    use_cache_folder(Path(sys.argv[1]))
encode(ReceiptDocument((Text("hello"),)), profile_named("generic-80"))
print(logging.getLogger().handlers)
"""


def run(code, *arguments, **environment):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ESCPOS_")}
    finished = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=kept | environment,
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return finished.stdout.strip()


def test_starting_the_till_loads_no_printer_library():
    assert run(LOAD_ALL) == "[]"


def test_the_first_receipt_leaves_a_private_cache_and_nothing_else(tmp_path):
    temporary, cache = tmp_path / "tmp", tmp_path / "cache"
    temporary.mkdir()
    assert run(PRINT_ONE, str(cache), TMPDIR=str(temporary)) == "[]"
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700
    assert len(list(cache.iterdir())) == 1
    assert list(temporary.iterdir()) == []


def test_a_cache_that_a_kill_left_half_written_is_made_anew(tmp_path):
    run(PRINT_ONE, str(tmp_path))
    [cache] = tmp_path.iterdir()
    whole = cache.read_bytes()
    for spoilt in (b"", whole[: len(whole) // 2], bytes(len(whole))):
        cache.write_bytes(spoilt)
        assert run(PRINT_ONE, str(tmp_path)) == "[]"
        assert cache.read_bytes() == whole


def test_without_being_told_the_cache_is_in_the_users_own_folder(tmp_path):
    run(PRINT_ONE, XDG_CACHE_HOME=str(tmp_path), TMPDIR=str(tmp_path))
    assert stat.S_IMODE((tmp_path / "evertill" / "escpos").stat().st_mode) == 0o700


def test_a_cache_that_others_can_write_is_not_trusted(tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    run(PRINT_ONE, XDG_CACHE_HOME=str(tmp_path), ESCPOS_CAPABILITIES_PICKLE_DIR=str(shared))
    assert list(shared.iterdir()) == []
