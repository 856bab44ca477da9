"""Programs for many sizes: what is compiled, when, and that results stay right.

Expected values come from NumPy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.backends.native import jit, program, recipe_book


def scaled(x: Any) -> Any:
    """The columns' means of what a Python number scales."""
    return tf.reduce_mean(x * 2.0 + 1.0, axis=0)


def program_of(function: Any, x: Any) -> Any:
    """The native program behind a function's graph for tensors like `x`."""
    concrete = function.get_concrete_function(x)
    return concrete._call._program(0)[0]


@pytest.fixture
def traced() -> Any:
    """A function with one graph for all matrices."""
    return tf.function(scaled, input_signature=[tf.TensorSpec([None, None])])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kernels that were not in memory, on disk or not."""
    found: list[str] = []
    objects = jit.Jit._objects

    def noted(self: jit.Jit, wanted: dict[str, Any]) -> dict[str, bytes]:
        found.extend(wanted)
        return objects(self, wanted)

    monkeypatch.setattr(jit.Jit, "_objects", noted)
    return found


def test_other_batch_sizes_compile_nothing(traced: Any, asked: list[str]) -> None:
    traced(tf.ones([64, 5]))
    asked.clear()
    for rows in (63, 17, 2):
        x = np.random.default_rng(rows).random((rows, 5), np.float32)
        have = traced(tf.constant(x)).numpy()
        np.testing.assert_allclose(have, (2 * x + 1).mean(0), rtol=1e-6)
    assert not asked


def test_the_last_batch_of_an_epoch_compiles_nothing(asked: list[str]) -> None:
    keras = tf.keras
    model = keras.Sequential(
        [
            keras.layers.Dense(37, "relu", input_shape=(23,)),
            keras.layers.Dense(7, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    random = np.random.default_rng(0)
    x, y = random.random((64, 23), np.float32), random.integers(0, 7, 64)
    model.fit(x, y, batch_size=16, verbose=0)
    asked.clear()
    model.fit(x[:41], y[:41], batch_size=16, verbose=0)
    assert not asked


@pytest.fixture
def no_recipes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each set of sizes gets code of its own, as where no recipe can be found."""
    monkeypatch.setattr(recipe_book, "_TRIES", 0)


@pytest.mark.usefixtures("no_recipes")
def test_ever_new_sizes_are_compiled_when_they_come_again(
    traced: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "_AT_ONCE", 5)
    for turn in range(2):
        for columns in range(1, program._AT_ONCE + 5):
            x = np.random.default_rng(columns).random((3, columns), np.float32)
            have = traced(tf.constant(x)).numpy()
            np.testing.assert_allclose(have, (2 * x + 1).mean(0), rtol=1e-6)
        kept = len(program_of(traced, tf.ones([3, 1]))._bindings)
        assert kept == program._AT_ONCE + 4 * turn


@pytest.mark.usefixtures("no_recipes")
def test_no_more_sizes_than_memory_allows(
    traced: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "_AT_ONCE", 2)
    monkeypatch.setattr(program, "_MOST", 3)
    for _ in range(2):
        for columns in range(1, 7):
            x = np.full((2, columns), columns, np.float32)
            have = traced(tf.constant(x)).numpy()
            np.testing.assert_array_equal(have, np.full(columns, 2.0 * columns + 1))
    assert len(program_of(traced, tf.ones([3, 1]))._bindings) == 3


@pytest.mark.usefixtures("no_recipes")
def test_all_sizes_are_compiled_where_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(program, "_AT_ONCE", 2)
    monkeypatch.setattr(program, "_MOST", 3)
    signature = [tf.TensorSpec([None, None])]
    function = tf.function(scaled, input_signature=signature, jit_compile=True)
    for columns in range(1, 7):
        x = np.full((2, columns), columns, np.float32)
        have = function(tf.constant(x)).numpy()
        np.testing.assert_array_equal(have, np.full(columns, 2.0 * columns + 1))
    assert len(program_of(function, tf.ones([3, 1]))._bindings) == 3


def test_what_no_code_can_be_written_for_runs_on_the_host() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None, None, None])])
    def turned(x: Any) -> Any:
        rows = tf.reshape(tf.transpose(x, [1, 0, 2]), tf.shape(x))
        return tf.cumsum(rows, 1, exclusive=True)

    x = np.random.default_rng(3).normal(size=(16, 31, 4)).astype(np.float32)
    rows = x.transpose(1, 0, 2).reshape(x.shape)
    wanted = np.cumsum(rows, 1, dtype=np.float64) - rows
    np.testing.assert_allclose(turned(x), wanted, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(turned(x), wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("op", [tf.negative, tf.transpose, lambda x: x[::-1]])
def test_any_number_of_cheap_ops_follow_each_other(op: Any) -> None:
    """Functions, loops' bodies and gradients: Python's stack does not end them."""
    times = 999

    def chain(x: Any) -> Any:
        for _ in range(times):
            x = op(x)
        return x

    @tf.function
    def looped(x: Any) -> Any:
        return tf.while_loop(lambda i, _: i < 3, lambda i, x: (i + 1, chain(x)), (0, x))

    x = tf.constant([[1.0, 2.0], [3.0, 5.0]])
    once = op(x).numpy()
    assert np.array_equal(tf.function(chain)(x), once)
    assert np.array_equal(looped(x)[1], once)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.function(chain)(x) ** 2)
    assert np.array_equal(tape.gradient(y, x), 2 * x.numpy())
