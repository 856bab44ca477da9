"""Concrete functions print as TensorFlow 2.21 prints them."""

from __future__ import annotations

import re

import pytest

import rillet as tf

F = tf.TensorSpec([2], tf.float32)
T = "TensorSpec(shape=(2,), dtype=tf.float32, name=None)"


@tf.function
def settings(x, n=2, *, flag=True):
    return {"a": x * n, "b": [x, (x,)]}, None


@tf.function
def nests(d, items):
    return d["p"] + items[0]


@tf.function
def many(*xs, **named):
    return xs[0]


@tf.function
def nothing():
    return tf.constant(1)


@tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="given")])
def signed(x):
    return x


ROWS = [
    (
        lambda: settings.get_concrete_function(F),
        f"(x: {T}, n: Literal[2], *, flag: Literal[True]) -> Tuple[Dict[['a', {T}],"
        f" ['b', List[{T}, Tuple[{T}]]]], Literal[None]]",
    ),
    (
        lambda: nests.get_concrete_function({"p": F}, [F, "x", None, 1.5]),
        f"(d: Dict[['p', {T}]], items: List[{T}, Literal['x'], Literal[None],"
        f" Literal[1.5]]) -> {T}",
    ),
    (
        lambda: many.get_concrete_function(F, F, k=F),
        f"(xs_0: {T}, xs_1: {T}, /, *, k: {T}) -> {T}",
    ),
    (
        nothing.get_concrete_function,
        "() -> TensorSpec(shape=(), dtype=tf.int32, name=None)",
    ),
    (
        signed.get_concrete_function,
        "(x: TensorSpec(shape=(None,), dtype=tf.float32, name='given')) ->"
        " TensorSpec(shape=(None,), dtype=tf.float32, name=None)",
    ),
]


@pytest.mark.parametrize(("make", "wanted"), ROWS)
def test_on_one_line(make, wanted):
    found = re.fullmatch(r"<ConcreteFunction (.*) at 0X[0-9A-F]+>", repr(make()))
    assert found is not None
    assert found[1] == wanted


def test_in_lines():
    held = tf.Variable(1.0)

    @tf.function
    def scaled(x, n=3):
        return x * held

    text = str(scaled.get_concrete_function(F))
    assert text.split("\n") == [
        "ConcreteFunction Input Parameters:",
        f"  x (POSITIONAL_OR_KEYWORD): {T}",
        "  n (POSITIONAL_OR_KEYWORD): Literal[3]",
        "Output Type:",
        f"  {T}",
        "Captures:",
        f"  {id(held)}: TensorSpec(shape=(), dtype=tf.resource, name=None)",
    ]
