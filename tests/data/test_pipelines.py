"""Every pipeline of `pipelines` gives what real TensorFlow gives.

Strings, integers and uniform numbers are equal; floats to the last digits that JSON
holds of both (`rel=1e-6`: float32 arithmetic on another machine).
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from pipelines import ROWS, facts, write_files

import rillet as tf

GOLDEN = Path(__file__).parent.parent / "golden"
EXPECTED = json.loads((GOLDEN / "data.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def _no_global_seed() -> None:
    """As in the process that made the golden values, whatever ran before."""
    tf.random.set_seed(None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("files")
    write_files(path)
    for name in ("records.tfrecord", "records.gz"):
        shutil.copy(GOLDEN / f"data_{name}", path / name)
    return path


def assert_same(found: Any, wanted: Any, where: str) -> None:
    if isinstance(wanted, dict):
        assert found.keys() == wanted.keys(), where
        for key in wanted:
            assert_same(found[key], wanted[key], f"{where}[{key!r}]")
    elif isinstance(wanted, list):
        assert len(found) == len(wanted), where
        for i, part in enumerate(wanted):
            assert_same(found[i], part, f"{where}[{i}]")
    elif isinstance(wanted, float):
        assert found == pytest.approx(wanted, rel=1e-6), where
    else:
        assert found == wanted, where


def test_every_row_has_its_golden_value() -> None:
    assert set(ROWS) == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(ROWS))
def test_pipeline(name: str, folder: Path) -> None:
    dataset = ROWS[name](tf, str(folder))
    assert_same(facts(dataset), EXPECTED[name], name)
