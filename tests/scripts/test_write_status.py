"""The page of what is here says nothing that is not so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rillet.programs import names

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "status.md").read_text(encoding="utf-8")
STALE = "docs/status.md is out of date: run python scripts/write_status.py"


def test_what_is_said_to_be_missing_is_missing():
    part = PAGE.partition("## In part")[2].replace("\n  ", " ")
    rows = re.findall(r"^- `tf\.?(.*?)`: (.*)\.$", part, re.MULTILINE)
    assert len(rows) > 10
    for space, lacks in rows:
        for name in re.findall(r"`(\w+)`", lacks):
            assert not hasattr(names.walk(space), name), f"{space}.{name}: {STALE}"


def test_what_is_said_to_be_whole_is_there():
    part = PAGE.partition("## Whole")[2].partition("##")[0]
    spaces = re.findall(r"`tf\.(.*?)`", part)
    assert "math.special" in spaces
    for space in spaces:
        names.walk(space)


@pytest.mark.parametrize("words", [["--check"]])
def test_a_stale_page_is_told(words, tmp_path):
    code = (
        "import pathlib, runpy, sys\n"
        f"space = runpy.run_path({str(ROOT / 'scripts' / 'write_status.py')!r})\n"
        "main = space['main']\n"
        f"page = pathlib.Path({str(tmp_path / 'status.md')!r})\n"
        "main.__globals__['PAGE'] = page\n"
        "main()\n"
        "assert page.read_text(encoding='utf-8') == space['page']()\n"
        f"sys.argv[1:] = {words!r}\n"
        "assert main() == 0\n"
        "page.write_text('old', encoding='utf-8')\n"
        "assert main() == 1\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "is out of date: run python scripts/write_status.py" in done.stdout
