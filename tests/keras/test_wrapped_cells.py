"""Wrappers of recurrent cells in `tf.nn` against TensorFlow's, bit for bit in draws."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

FOLDER = Path(__file__).parents[1] / "golden" / "keras"
WANTED = json.loads((FOLDER / "wrapped.json").read_text(encoding="utf-8"))
k = tf.keras.layers


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    spec = importlib.util.spec_from_file_location("rows", FOLDER / "wrapped_rows.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        return module.results(tf)
    finally:
        tf.random.set_seed(None)


@pytest.mark.parametrize("name", WANTED)
def test_gives_what_tensorflow_gives(name: str, found: dict[str, Any]) -> None:
    # float32 sums in another order: some last digits
    np.testing.assert_allclose(found[name], WANTED[name], rtol=2e-6, atol=1e-6)


def test_weights_and_sizes_are_the_cells() -> None:
    inner = k.GRUCell(3)
    cell = tf.nn.RNNCellResidualWrapper(inner)
    assert (cell.state_size, cell.output_size) == (3, 3)
    assert cell.wrapped_cell is inner
    cell(tf.ones([2, 3]), [tf.zeros([2, 3])])
    assert len(cell.weights) == 3 and cell.weights[0] is inner.kernel
    assert cell.zero_state(2, tf.float32).shape == (2, 3)


def test_trains_and_comes_back_from_its_configuration() -> None:
    cells = [
        tf.nn.RNNCellDropoutWrapper(
            tf.nn.RNNCellDeviceWrapper(k.LSTMCell(3), "/cpu:0"), output_keep_prob=0.9
        ),
        tf.nn.RNNCellResidualWrapper(k.LSTMCell(3)),
    ]
    layer = k.RNN(cells)
    model = tf.keras.Sequential([tf.keras.Input([5, 2]), layer])
    model.compile("adam", "mse")
    before = [w.copy() for w in model.get_weights()]
    model.fit(np.ones([4, 5, 2]), np.zeros([4, 3]), verbose=0)
    assert all((a != b).any() for a, b in zip(before, model.get_weights(), strict=True))
    with tf.keras.utils.custom_object_scope(
        {
            type_.__name__: type_
            for type_ in (
                tf.nn.RNNCellDropoutWrapper,
                tf.nn.RNNCellDeviceWrapper,
                tf.nn.RNNCellResidualWrapper,
            )
        }
    ):
        again = k.RNN.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


def test_configurations_are_tensorflows() -> None:
    cell = tf.nn.RNNCellDropoutWrapper(k.SimpleRNNCell(3), seed=4, name="d")
    config = cell.get_config()
    assert config.pop("cell")["class_name"] == "SimpleRNNCell"
    assert config == {
        "name": "d",
        "trainable": True,
        "dtype": "float32",
        "input_keep_prob": 1.0,
        "output_keep_prob": 1.0,
        "state_keep_prob": 1.0,
        "variational_recurrent": False,
        "input_size": None,
        "seed": 4,
    }
    config = tf.nn.RNNCellDeviceWrapper(k.SimpleRNNCell(3), "/cpu:0").get_config()
    assert config["device"] == "/cpu:0"


def test_a_function_of_a_residual_comes_back() -> None:
    def less(x: Any, y: Any) -> Any:
        return y - x

    cell = tf.nn.RNNCellResidualWrapper(k.SimpleRNNCell(2), residual_fn=less)
    config = cell.get_config()
    again = tf.nn.RNNCellResidualWrapper.from_config(config, {"less": less})
    assert again._residual_fn is less
    lambdas = tf.nn.RNNCellResidualWrapper(k.SimpleRNNCell(2), lambda x, y: y)
    with pytest.raises(ValueError, match="safe_mode"):
        tf.nn.RNNCellResidualWrapper.from_config(lambdas.get_config())


W = tf.nn.RNNCellDropoutWrapper
REFUSED: list[tuple[Any, type[Exception], str]] = [
    (lambda: W(k.GRUCell(3), 1.5), ValueError, "input_keep_prob must be between"),
    (
        lambda: W(k.GRUCell(3), dropout_state_filter_visitor=3),
        TypeError,
        "dropout_state_filter_visitor must be callable",
    ),
    (
        lambda: W(k.GRUCell(3), variational_recurrent=True),
        ValueError,
        "variational_recurrent=True, dtype must be provided",
    ),
    (
        lambda: W(k.GRUCell(3), 0.5, variational_recurrent=True, dtype=tf.float32),
        ValueError,
        "input_size must be provided",
    ),
    (
        lambda: tf.nn.RNNCellResidualWrapper(k.SimpleRNNCell(1))(
            tf.ones([2, 3]), [tf.ones([2, 1])]
        ),
        ValueError,
        r"Shapes \(2, 3\) and \(2, 1\) are incompatible",
    ),
    (lambda: W(3), ValueError, "a cell has a `call`"),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row[2][:20])
def test_refuses(row: tuple[Any, type[Exception], str]) -> None:
    call, kind, words = row
    with pytest.raises(kind, match=words):
        call()
