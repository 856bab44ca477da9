"""`tf.train.CheckpointView` and `TrackableView`: as TensorFlow 2.21's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf


class Parts(tf.Module):
    """A variable, a list and a dictionary."""

    def __init__(self) -> None:
        self.v = tf.Variable(1.0)
        self.l = [tf.Variable(2.0), tf.Variable(3.0)]
        self.d = {"a": tf.Variable(4.0)}


#: What TensorFlow's view of the same checkpoint gives for each node.
CHILDREN: list[dict[str, int]] = [
    {"m": 1, "step": 2, "save_counter": 3},
    {"v": 4, "l": 5, "d": 6},
    {},
    {},
    {},
    {"0": 7, "1": 8},
    {"a": 9},
    {},
    {},
    {},
]


@pytest.fixture
def saved(tmp_path: Path) -> tuple[Any, Any]:
    root = tf.train.Checkpoint(m=Parts(), step=tf.Variable(1))
    return root, tf.train.CheckpointView(root.save(str(tmp_path / "x")))


def test_shows_what_a_checkpoint_holds(saved: tuple[Any, Any]) -> None:
    root, view = saved
    assert view.descendants() == list(range(10))
    assert [view.children(number) for number in range(10)] == CHILDREN
    found, nodes, items = view.diff(root)
    assert sorted(found) == list(range(10)) and not nodes and not items
    assert found[0] is root and found[1] is root.m and found[9] is root.m.d["a"]
    with pytest.raises(IndexError):
        view.children(99)


def test_finds_what_differs(saved: tuple[Any, Any]) -> None:
    _, view = saved
    other = tf.train.Checkpoint(m=Parts())
    del other.m.d
    other.m.new = tf.Variable(5.0)
    assert list(view.match(other)) == [0, 1, 4, 5, 7, 8]
    found, nodes, items = view.diff(other)
    assert list(found) == [0, 1, 4, 5, 7, 8]
    assert nodes == [2, 3, 6, 9]
    assert len(items) == 1 and items[0] is other.m.new


def test_reads_checkpoints_of_tensorflow() -> None:
    prefix = Path(__file__).parents[1] / "golden" / "checkpoints" / "model"
    view = tf.train.CheckpointView(prefix)
    assert view.descendants()[0] == 0
    assert len(view.descendants()) > 3


def test_shows_what_an_object_holds(saved: tuple[Any, Any]) -> None:
    root, _ = saved
    view = tf.train.TrackableView(root)
    assert view.root is root
    kinds = ["Checkpoint", "Parts", *["Variable"] * 3, "list", "dict"]
    kinds += ["Variable"] * 3
    assert [type(item).__name__ for item in view.descendants()] == kinds
    assert list(tf.train.TrackableView.children(root)) == ["m", "step", "save_counter"]


def test_refuses_what_is_not_there(tmp_path: Path, saved: tuple[Any, Any]) -> None:
    with pytest.raises(tf.errors.NotFoundError, match="Failed to find any matching"):
        tf.train.CheckpointView(str(tmp_path / "none"))
    for call in (saved[1].match, saved[1].diff, tf.train.TrackableView):
        with pytest.raises(ValueError, match="Expected a Trackable, got 5"):
            call(5)
    assert np.int32(1) == saved[0].step
