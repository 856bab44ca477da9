"""Tuples of variables are sequences after loading, as in TensorFlow."""

from __future__ import annotations

import collections
import os

import pytest

import rillet as tf
from rillet.checkpoint.children import children_of
from rillet.saved_model.load import read_message

Named = collections.namedtuple("Named", "x y")
one, two = tf.Variable(1.0), tf.Variable(2.0)
# What was saved, the places that hold variables after loading; None where nothing does.
CASES = [
    ((one, two), [1.0, 2.0]),
    (Named(one, two), [1.0, 2.0]),
    ((one, 3, "a", two), [1.0, None, None, 2.0]),
    ([None, one], [None, 1.0]),
]


@pytest.mark.parametrize(("held", "expected"), CASES)
def test_loaded_parts_have_their_places(held, expected, tmp_path):
    module = tf.Module()
    module.held = held
    tf.saved_model.save(module, tmp_path)
    loaded = tf.saved_model.load(tmp_path).held
    assert [None if v is None else float(v) for v in loaded] == expected
    again = tf.Module()
    again.held = loaded
    tf.saved_model.save(again, tmp_path / "again")
    assert len(tf.saved_model.load(tmp_path / "again").held) == len(expected)


def test_the_graph_names_tuples_as_tensorflow_does(tmp_path):
    module = tf.Module()
    module.held = Named(one, two)
    tf.saved_model.save(module, tmp_path)
    nodes = read_message(os.fspath(tmp_path)).meta_graphs[0].object_graph_def.nodes
    (node,) = [n for n in nodes if n.user_object.identifier.endswith("tuple_wrapper")]
    assert node.user_object.identifier == "trackable_tuple_wrapper"
    assert [child.local_name for child in node.children] == ["x", "y", "0", "1"]
    assert list(children_of(Named(one, 3))) == ["x", "0"]
