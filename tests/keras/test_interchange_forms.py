"""Forms of the two Kerases in files that need neither of them to be tested."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

keras, layers = tf.keras, tf.keras.layers
X = (np.arange(24, dtype="float32").reshape(2, 3, 4) % 7 - 3) / 4


def _trained(optimizer: Any) -> Any:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(1)])
    model.compile(optimizer, "mse")
    model.fit(X[0], np.ones((3, 1)), epochs=2, verbose=0)
    return model


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_a_stack_that_is_called_twice_comes_back(tmp_path: Path, ending: str) -> None:
    a, b = keras.Input((4,)), keras.Input((4,))
    tower = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    out = layers.Dense(1)(layers.Subtract()([tower(a), tower(b)]))
    model = keras.Model([a, b], out)
    given = [X[0], X[1]]
    model.save(tmp_path / f"m{ending}")
    again = keras.models.load_model(tmp_path / f"m{ending}")
    np.testing.assert_array_equal(again(given), model(given))


@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("momentum", [0.0, 0.5])
@pytest.mark.parametrize("kind", ["SGD", "RMSprop"])
def test_slots_come_back(
    tmp_path: Path, kind: str, momentum: float, ending: str
) -> None:
    model = _trained(getattr(keras.optimizers, kind)(0.1, momentum=momentum))
    model.save(tmp_path / f"m{ending}")
    again = keras.models.load_model(tmp_path / f"m{ending}")
    for mine, theirs in zip(
        again.optimizer.variables, model.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)


def test_a_scale_and_what_it_wraps_come_back(tmp_path: Path) -> None:
    inner = keras.optimizers.Adam(0.1)
    wrapped = keras.mixed_precision.LossScaleOptimizer(inner, dynamic_growth_steps=3)
    model = _trained(wrapped)
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras").optimizer
    assert float(again.loss_scale) == 32768.0 and int(again.dynamic_counter) == 2
    assert int(again.iterations) == 2
    for mine, theirs in zip(again.variables, inner.variables, strict=True):
        np.testing.assert_array_equal(mine, theirs)


def _place(name: str) -> dict[str, Any]:
    config = {"shape": [None], "dtype": "float32", "keras_history": [name, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def _model_of(kind: str, config: dict[str, Any], args: list[Any]) -> Any:
    """A model of one operation, configured as Keras 3 does."""
    entry = {
        "class_name": "InputLayer",
        "config": {"batch_shape": [None, 3, 4], "dtype": "float32", "name": "x"},
        "name": "x",
        "inbound_nodes": [],
    }
    operation = {
        "module": "keras.src.ops.numpy",
        "class_name": kind,
        "config": {"name": "op", **config},
        "registered_name": kind,
        "name": "op",
        "inbound_nodes": [{"args": args, "kwargs": {}}],
    }
    return keras.Model.from_config(
        {
            "name": "m",
            "layers": [entry, operation],
            "input_layers": [["x", 0, 0]],
            "output_layers": [["op", 0, 0]],
        }
    )


_T = _place("x")
_ALL = {"class_name": "__slice__", "config": dict.fromkeys(["start", "stop", "step"])}
OPERATIONS = [
    ("Subtract", {}, [1.0, _T], 1.0 - X),
    ("NotEqual", {}, [_T, 0.25], X != 0.25),
    ("Mean", {"axis": 1, "keepdims": True}, [_T], X.mean(1, keepdims=True)),
    ("Max", {"axis": [1, 2], "keepdims": False, "initial": None}, [_T], X.max((1, 2))),
    ("GetItem", {}, [_T, [_ALL, 0]], X[:, 0]),
    ("Clip", {"x_min": -0.5, "x_max": 0.25}, [_T], X.clip(-0.5, 0.25)),
    ("Transpose", {"axes": [0, 2, 1]}, [_T], X.transpose(0, 2, 1)),
    ("Concatenate", {"axis": -1}, [[_T, _T]], np.concatenate([X, X], -1)),
    ("Where", {}, [True, _T, 0.0], X),
    ("Einsum", {"subscripts": "bij,bkj->bik"}, [_T, _T], X @ X.transpose(0, 2, 1)),
    ("Argmax", {"axis": -1, "keepdims": False}, [_T], X.argmax(-1).astype("int32")),
]


@pytest.mark.parametrize(
    ("kind", "config", "args", "expected"), OPERATIONS, ids=[o[0] for o in OPERATIONS]
)
def test_operations_of_keras_3_are_read(
    kind: str, config: Any, args: Any, expected: Any
) -> None:
    model = _model_of(kind, config, args)
    again = keras.Model.from_config(model.get_config())
    for made in (model, again):
        found = np.asarray(made(X))
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize(
    ("kind", "config", "words"),
    [
        ("Fft", {}, "an operation of Keras 3 that has no counterpart: 'Fft'"),
        ("Elu", {"alpha": 0.5}, "has no argument 'alpha': the file says alpha=0.5"),
        ("Split", {"indices_or_sections": [1, 2]}, "equal parts: the file cuts at"),
    ],
)
def test_what_has_no_counterpart_is_named(kind: str, config: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _model_of(kind, config, [_T])


@pytest.mark.parametrize("kind", ["StringLookup", "TextVectorization"])
def test_words_that_stand_elsewhere_in_the_file_have_a_number(kind: str) -> None:
    made = getattr(tf.keras.layers, kind)(output_mode="multi_hot")
    config = {**made.get_config(), "vocabulary": None, "vocabulary_size": 4}
    layer = type(made).from_config(config)
    assert layer(tf.keras.Input((1,), dtype="string")).shape == (None, 4)
    with pytest.raises((RuntimeError, tf.errors.FailedPreconditionError)):
        layer(tf.constant([["a"]]))
