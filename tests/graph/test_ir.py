"""Graphs: what they say, what the verifier refuses, what the passes leave."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.backends.choice import ReferenceBackend
from rillet.graph.passes import optimise
from rillet.graph.verifier import verify


def graph_of(function: Any, *args: Any) -> Any:
    return tf.function(function, autograph=False).get_concrete_function(*args).graph


def kinds(graph: Any) -> list[str]:
    return [node.type for node in graph.nodes]


X = tf.TensorSpec([None, 2], tf.float32)


def test_text_names_every_node() -> None:
    graph = graph_of(lambda x: tf.tanh(x) + 1.0, X)
    assert graph.text().split("\n") == [
        "graph __inference_<lambda>(%x:0: float32[?,2])",
        "  %Tanh:0: float32[?,2] = Tanh(%x:0)",
        "  %Const:0: float32[] = Const() value=array(1., dtype=float32)",
        "  %AddV2:0: float32[?,2] = AddV2(%Tanh:0, %Const:0)",
        "  return %AddV2:0",
    ]


def test_the_verifier_finds_what_is_wrong() -> None:
    graph = graph_of(lambda x: tf.tanh(tf.sin(x)), X)
    verify(graph)
    graph.nodes.reverse()
    with pytest.raises(ValueError, match="before it is made"):
        verify(graph)
    other = graph_of(lambda x: x, X)
    other.outputs = list(graph.outputs)
    with pytest.raises(ValueError, match="is not made here"):
        verify(other)


def test_passes_fold_join_and_drop() -> None:
    def function(x: Any) -> Any:
        tf.exp(x)
        two = tf.constant(1.0) + tf.constant(1.0)
        return tf.sin(x) * two + tf.sin(x)

    graph = graph_of(function, tf.TensorSpec([3], tf.float32))
    x = np.array([0.0, 1.0, 2.0], np.float32)
    before = ReferenceBackend().program(graph, graph.outputs)([x])[0]
    optimise(graph)
    verify(graph)
    assert kinds(graph) == ["Placeholder", "Const", "Sin", "Mul", "AddV2"]
    after = ReferenceBackend().program(graph, graph.outputs)([x])[0]
    np.testing.assert_array_equal(before, after)


def test_effects_are_neither_dropped_nor_joined() -> None:
    def function(x: Any) -> Any:
        tf.print("a")
        tf.print("a")
        return tf.random.uniform([2], seed=1) + tf.random.uniform([2], seed=1)

    graph = graph_of(function, X)
    optimise(graph)
    assert kinds(graph).count("PrintV2") == 2
    assert kinds(graph).count("RandomUniform") == 2


def test_sizes_that_are_known_are_values_while_tracing() -> None:
    seen: list[Any] = []

    def function(x: Any) -> Any:
        rows = tf.shape(x)[0]
        flat = tf.reshape(x, [rows, -1])
        seen.append((tf.get_static_value(tf.shape(x)[1]), flat.shape.as_list()))
        return tf.reshape(x, tf.stack([rows * 2, 1]))

    graph = graph_of(function, X)
    assert int(seen[0][0]) == 2
    assert seen[0][1][0] is None
    assert graph.outputs[0].shape.as_list() == [None, 1]
