"""A writer that is killed leaves the file before it, or its own, whole."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import kills  # noqa: E402  it stands beside this file


@pytest.mark.parametrize("kind", kills.NAMES)
def test_a_killed_writer_leaves_whole_files(tmp_path: Path, kind: str) -> None:
    # A few kills here; the foreign tests kill 200 times.
    place = tmp_path / kills.NAMES[kind]
    assert kills.whole_after_kills(kind, place, 2, 1) == 2
