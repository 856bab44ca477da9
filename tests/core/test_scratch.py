"""Leftovers of writers that are gone, and turns between those that are not."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest

from rillet.core import scratch


@pytest.fixture(scope="module")
def gone() -> int:
    """The number of a process that has ended."""
    done = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.parametrize(
    ("alive", "seconds", "stays"),
    [(False, 0, True), (False, 120, False), (True, 120, True), (True, 90000, False)],
)
def test_only_what_nobody_writes_any_more_goes(alive, seconds, stays, gone, tmp_path):
    number = os.getpid() if alive else gone
    path = tmp_path / f"x.{number}-0123456789ab.tmp"
    path.write_text("half")
    os.utime(path, (time.time() - seconds,) * 2)
    scratch.sweep(str(tmp_path), r"x\.", r"\.tmp")
    lives = os.name == "nt" or alive
    expected = stays if lives == alive else seconds < 86400
    assert path.exists() == expected


def test_folders_go_by_their_newest_file(gone, tmp_path):
    old, busy = [tmp_path / f".m.{gone}-{digit * 12}" for digit in "ab"]
    for folder in (old, busy):
        (folder / "variables").mkdir(parents=True)
        (folder / "variables" / "data").write_text("half")
    past = (time.time() - 90000,) * 2
    for path in (old / "variables" / "data", old / "variables", old, busy):
        os.utime(path, past)
    scratch.sweep(str(tmp_path), re.escape(".m."))
    assert not old.exists() and busy.exists()


def test_other_names_are_nobodys_leftovers(gone, tmp_path):
    names = [f"y.{gone}-0123456789ab.tmp", f"x.{gone}-01.tmp", "x.tmp"]
    for name in names:
        (tmp_path / name).write_text("kept")
        os.utime(tmp_path / name, (0, 0))
    scratch.sweep(str(tmp_path), r"x\.", r"\.tmp")
    assert sorted(os.listdir(tmp_path)) == sorted(names)
