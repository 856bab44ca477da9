"""`tf.keras.backend` beside what tf_keras gives."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

keras = tf.keras
K = tf.keras.backend
HERE = Path(__file__).parents[1] / "golden" / "keras"
WANT = json.loads((HERE / "backend.json").read_text(encoding="utf-8"))


def made() -> Any:
    spec = importlib.util.spec_from_file_location("b", HERE / "make_backend.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


MAKE = made()
ROWS = MAKE.all_rows(tf)


def test_the_rows_are_those_of_the_file() -> None:
    assert set(ROWS) == set(WANT)


@pytest.mark.parametrize("name", list(WANT))
def test_numbers_of_tf_keras(name: str) -> None:
    found = MAKE.flat(ROWS[name]())
    for have, (shape, values) in zip(found, WANT[name], strict=True):
        assert list(have.shape) == shape
        # sums of some thirty products in float32, in another order
        np.testing.assert_allclose(have.ravel(), values, rtol=1e-5, atol=2e-6)


def test_rnn_where_the_number_of_steps_is_unknown() -> None:
    x = MAKE.numbers(2, 5, 3)
    seen = np.array([[1, 1, 0, 1, 1], [1, 0, 0, 1, 0]], bool)

    @tf.function(
        input_signature=[
            tf.TensorSpec((2, None, 3)),
            tf.TensorSpec((2, None), tf.bool),
        ]
    )
    def run(x: Any, mask: Any) -> Any:
        def step(x: Any, states: Any) -> Any:
            return x * 2 + states[0], [x + states[0] * 0.5]

        last, outs, states = K.rnn(step, x, [tf.zeros((2, 3))], mask=mask)
        return [last, outs, states[0]]

    for have, (_, values) in zip(run(x, seen), WANT["rnn mask"], strict=True):
        np.testing.assert_allclose(have.numpy().ravel(), values, rtol=1e-5, atol=1e-6)


def test_function() -> None:
    x, z = keras.Input((3,)), keras.Input((3,))
    h = keras.layers.Dense(2, kernel_initializer="ones")(x)
    both = K.function([x, z], [h, x + z])
    a, b = np.ones((2, 3), "float32"), np.arange(6.0).reshape(2, 3)
    first, second = both([a, b])
    assert isinstance(first, np.ndarray) and first.tolist() == [[3.0, 3.0]] * 2
    np.testing.assert_array_equal(second, a + b)
    assert K.function(x, h)(a).tolist() == [[3.0, 3.0]] * 2
    dropped = keras.layers.Dropout(0.5, seed=1)(x)
    phased = K.function([x, K.learning_phase()], [dropped])
    assert phased([a, 0])[0].tolist() == a.tolist()
    assert (phased([np.ones((50, 3)), 1])[0] == 0).any()
    with pytest.raises(ValueError, match="`updates`"):
        K.function([x], [h], updates=[1])


def test_placeholder() -> None:
    x = K.placeholder((4, 3), dtype="int32", name="p")
    assert tuple(x.shape) == (4, 3) and x.dtype == tf.int32
    assert tuple(K.placeholder(ndim=2).shape) == (None, None)
    with pytest.raises(ValueError, match="a shape, or a number of axes"):
        K.placeholder()


def test_what_cannot_be() -> None:
    with pytest.raises(RuntimeError, match="GradientTape"):
        K.gradients(tf.constant(1.0), [])
    with pytest.raises(ValueError, match="Cannot do batch_dot.*3 != 4"):
        K.batch_dot(tf.ones((2, 3)), tf.ones((2, 4)))
    with pytest.raises(ValueError, match="two axes"):
        K.batch_dot(tf.ones(2), tf.ones((2, 4)))
    with pytest.raises(ValueError, match="Invalid pooling mode"):
        K.pool2d(tf.ones((1, 4, 4, 1)), (2, 2), pool_mode="x")
    with pytest.raises(ValueError, match="Invalid padding"):
        K.conv1d(tf.ones((1, 4, 2)), tf.ones((2, 2, 1)), padding="x")
    with pytest.raises(ValueError, match="Unknown data_format"):
        K.conv2d(tf.ones((1, 4, 4, 2)), tf.ones((2, 2, 2, 1)), data_format="x")
    with pytest.raises(ValueError, match="Rank of `condition`"):
        K.switch([[True]], tf.ones(1), tf.zeros(1))
    K.manual_variable_initialization(True)


def test_phases_within_layers() -> None:
    class Phased(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return K.in_train_phase(x * 2, x)

    x = tf.ones((1, 1))
    layer = Phased()
    assert float(layer(x, training=True)[0, 0]) == 2.0
    assert float(layer(x, training=False)[0, 0]) == 1.0
    with K.learning_phase_scope(1):
        assert float(K.in_test_phase(x, x * 3)[0, 0]) == 3.0


def test_printing(capsys: pytest.CaptureFixture[str]) -> None:
    x = K.print_tensor(tf.constant([1, 2]), "msg")
    assert capsys.readouterr().out == "msg [1 2]\n"
    assert x.numpy().tolist() == [1, 2]


def test_sparse() -> None:
    found = K.ctc_label_dense_to_sparse([[0, 1, 2], [1, 1, 0]], [3, 2])
    assert K.is_sparse(found) and not K.is_sparse(tf.ones(2))
    assert found.indices.numpy().tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1]]
    assert found.values.numpy().tolist() == [0, 1, 2, 1, 1]
    assert K.to_dense(found).numpy().tolist() == [[0, 1, 2], [1, 1, 0]]


def test_rows_switch_by_a_vector() -> None:
    found = K.switch([True, False], tf.ones((2, 3)), tf.zeros((2, 3)))
    assert found.numpy().tolist() == [[1.0] * 3, [0.0] * 3]
