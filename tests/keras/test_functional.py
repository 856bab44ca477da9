"""Models of inputs and outputs: tables, connections and results as real tf.keras's."""

from __future__ import annotations

import copy
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

GOLDEN = Path(__file__).parent.parent / "golden" / "keras"
sys.path.insert(0, str(GOLDEN))
from functional_programs import PROGRAMS, described  # noqa: E402

EXPECTED = json.loads((GOLDEN / "functional.json").read_text(encoding="utf-8"))
keras, layers = tf.keras, tf.keras.layers


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_models_are_what_keras_makes_of_them(program: Any) -> None:
    found, expected = described(tf, program), EXPECTED[program.__name__]
    assert "\n".join(found["summary"]) == "\n".join(expected["summary"])
    results, wanted = found.pop("results"), expected["results"]
    for key, value in found.items():
        assert json.loads(json.dumps(value)) == expected[key], key
    for mine, theirs in zip(results, wanted, strict=True):
        # Float32 sums in another order; those that overflow may do so on both sides.
        finite = np.isfinite(theirs)
        assert (np.isfinite(mine) == finite).all()
        kept = [np.where(finite, x, 0) for x in (mine, theirs)]
        np.testing.assert_allclose(*kept, rtol=2e-5, atol=1e-6)


def _values(model: Any, inputs: list[Any]) -> list[Any]:
    found = model(inputs if len(inputs) > 1 else inputs[0])
    return [np.asarray(y) for y in tf.nest.flatten(found)]


def _from_config(model: Any) -> Any:
    return type(model).from_config(json.loads(json.dumps(_plain(model.get_config()))))


def _plain(config: Any) -> Any:
    if isinstance(config, dict):
        return {k: _plain(v) for k, v in config.items()}
    if isinstance(config, list | tuple):
        return [_plain(v) for v in config]
    return getattr(config, "name", config) if hasattr(config, "is_floating") else config


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
@pytest.mark.parametrize(
    "copied",
    [
        copy.deepcopy,
        lambda m: pickle.loads(pickle.dumps(m)),
        _from_config,
        keras.models.clone_model,
    ],
    ids=["deepcopy", "pickle", "config", "clone"],
)
def test_copies_compute_the_same(program: Any, copied: Any) -> None:
    if program.__name__ == "subclass" and copied not in (copy.deepcopy, _from_config):
        # A class made inside a function has no name to be pickled by.
        copied = copy.deepcopy
    model, inputs = program(tf)
    again = copied(model)
    assert again.summary(print_fn=lambda line: None) is None
    again.set_weights(model.get_weights())
    for mine, theirs in zip(
        _values(again, inputs), _values(model, inputs), strict=True
    ):
        np.testing.assert_array_equal(mine, theirs)
    assert not {id(w) for w in again.weights} & {id(w) for w in model.weights}


def test_layers_know_their_calls() -> None:
    dense = layers.Dense(3)
    with pytest.raises(AttributeError, match="is not connected, no input to return"):
        _ = dense.input
    with pytest.raises(AttributeError, match="has no inbound nodes"):
        _ = dense.output
    with pytest.raises(AttributeError, match="has never been called"):
        _ = dense.output_shape
    with pytest.raises(RuntimeError, match="never been called"):
        dense.get_input_at(0)
    a, b = keras.Input((4,)), keras.Input((5, 4))
    x, y = dense(a), dense(b)
    assert dense.input is a and dense.output is x
    assert dense.get_input_at(1) is b and dense.get_output_at(1) is y
    assert dense.get_output_shape_at(1) == (None, 5, 3)
    assert len(dense.inbound_nodes) == 2 and a.node.layer.outbound_nodes
    with pytest.raises(AttributeError, match="multiple inbound nodes, with different"):
        _ = dense.output_shape
    with pytest.raises(ValueError, match="has only 2 inbound nodes"):
        dense.get_input_at(2)


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda a, b: keras.Model(a, 3.0), ValueError, "must be the output of a"),
        (lambda a, b: keras.Model(tf.ones([2]), a), ValueError, "unexpected instance"),
        (lambda a, b: keras.Model(a, a + b), ValueError, "cannot be reached"),
        (lambda a, b: keras.Model([a, a], a + 1.0), ValueError, "multiple times"),
        (lambda a, b: keras.Model(a, a + 1.0, foo=1), TypeError, "aren't supported"),
        (
            lambda a, b: keras.Model(
                a, layers.Dense(1, name="x")(layers.Dense(1, name="x")(a))
            ),
            ValueError,
            'The name "x" is used 2 times',
        ),
        (lambda a, b: bool(a), TypeError, "do not implement `__len__`"),
        (lambda a, b: len(a), TypeError, "do not implement `__len__`"),
        (lambda a, b: list(a), TypeError, "Cannot iterate over a Tensor"),
        (lambda a, b: np.asarray(a), TypeError, "symbolic input/output"),
        (lambda a, b: a.numpy(), AttributeError, "no attribute 'numpy'"),
        (lambda a, b: float(a), TypeError, "must be a number"),
        (lambda a, b: pickle.dumps(a), TypeError, "cannot be pickled"),
        (lambda a, b: a @ tf.ones([5, 2]), tf.errors.InvalidArgumentError, "inner dim"),
        (
            lambda a, b: layers.Concatenate()([a, keras.Input((4, 2))]),
            ValueError,
            "matching shapes",
        ),
    ],
)
def test_mistakes_are_told(make: Any, error: Any, text: str) -> None:
    with pytest.raises(error, match=text):
        make(keras.Input((4,)), keras.Input((4,)))


def test_inputs_are_taken_in_every_form() -> None:
    a, b = keras.Input((4,), name="p"), keras.Input((1,), name="q")
    model = keras.Model({"u": a, "v": b}, layers.Concatenate()([a, b]))
    x, y = np.ones((2, 4), "float32"), np.ones((2, 1), "float64")
    wanted = np.ones((2, 5))
    for given in ({"u": x, "v": y}, [x, y], (x, y[:, 0]), {"v": y, "u": x}):
        np.testing.assert_array_equal(model(given), wanted)
    with pytest.raises(ValueError, match='Missing data for input "v"'):
        model({"u": x})
    with pytest.raises(ValueError, match=r"expects 2 input\(s\)"):
        model([x])


def test_masks_and_modes_go_through() -> None:
    i = keras.Input((3,), dtype="int32")
    x = layers.Embedding(5, 2, mask_zero=True)(i)
    assert x._keras_mask is not None
    x = layers.Dropout(0.9999)(x)
    pooled = layers.GlobalAveragePooling1D()(x)
    model = keras.Model(i, pooled)
    table = model.layers[1].embeddings
    ids = np.array([[1, 2, 0]])
    np.testing.assert_allclose(model(ids)[0], table.numpy()[[1, 2]].mean(0), rtol=1e-6)
    assert not np.any(model(ids, training=True).numpy() == model(ids).numpy())
    always = keras.Model(
        i, layers.Dropout(0.9999)(layers.Embedding(5, 2)(i), training=True)
    )
    assert not always(ids).numpy().any()


def test_other_types_and_frozen_layers() -> None:
    i = keras.Input((4,), dtype="float16")
    dense = layers.Dense(2, dtype="mixed_bfloat16")
    model = keras.Model(i, dense(i))
    assert model.output.dtype == tf.bfloat16 and dense.kernel.dtype == tf.float32
    assert model(np.ones((1, 4))).dtype == tf.bfloat16
    model.trainable = False
    assert not dense.trainable and model.trainable_weights == []


def test_a_model_is_taken_apart_for_features() -> None:
    i = keras.Input((8,))
    hidden = layers.Dense(4, name="hidden")(i)
    model = keras.Model(i, layers.Dense(1)(hidden))
    features = keras.Model(model.input, model.get_layer("hidden").output)
    x = np.ones((2, 8), "float32")
    np.testing.assert_array_equal(features(x), model.get_layer("hidden")(x))
    rest = keras.Model(hidden, model.output)
    np.testing.assert_allclose(rest(features(x)), model(x), rtol=1e-6)
    assert rest.layers[0].output_shape == [(None, 4)]


def test_models_of_inputs_and_outputs_train() -> None:
    tf.keras.utils.set_random_seed(1)
    a, b = keras.Input((4,), name="a"), keras.Input((3,), name="b")
    x = layers.Concatenate()([layers.Dense(8, activation="relu")(a), b * 2.0])
    one, two = layers.Dense(1, name="one")(x), layers.Dense(2, name="two")(x)
    model = keras.Model([a, b], {"one": one, "two": two})
    model.compile(
        "adam",
        {"one": "mse", "two": keras.losses.SparseCategoricalCrossentropy(True)},
        metrics={"two": "accuracy"},
    )
    rng = np.random.default_rng(0)
    inputs = {"a": rng.normal(size=(64, 4)), "b": rng.normal(size=(64, 3))}
    targets = {"one": inputs["a"][:, :1], "two": (inputs["b"][:, 0] > 0).astype(int)}
    history = model.fit(inputs, targets, epochs=15, verbose=0).history
    assert history["loss"][-1] < history["loss"][0]
    assert {"one_loss", "two_loss", "two_accuracy"} <= set(history)
    found = model.predict(inputs, verbose=0)
    assert found["one"].shape == (64, 1) and found["two"].shape == (64, 2)


def test_variables_and_constants_mix_with_placeholders() -> None:
    i = keras.Input((2,))
    scale = tf.Variable([2.0, 3.0])
    model = keras.Model(i, scale * i + np.array([1.0, 1.0], "float32"))
    np.testing.assert_array_equal(model(np.ones((1, 2))), [[3.0, 4.0]])
    scale.assign([0.0, 0.0])
    np.testing.assert_array_equal(model(np.ones((1, 2))), [[1.0, 1.0]])


def test_losses_and_metrics_of_placeholders() -> None:
    i = keras.Input((4,))
    x = layers.Dense(3, kernel_initializer="ones")(i)
    model = keras.Model(i, x)
    model.add_loss(tf.reduce_mean(x) * 2.0)
    model.add_metric(tf.reduce_sum(x), name="total", aggregation="mean")
    model.compile("sgd", "mse")
    ones, targets = np.ones((4, 4)), np.ones((4, 3))
    # (4 - 1)^2 + 2 * 4 and 12 fours.
    assert model.evaluate(ones, targets, verbose=0) == [17.0, 48.0]
    assert [layer.name for layer in model.layers][-1].startswith("add_metric")
    assert len(model.weights) == 2
    for again in (
        keras.Model.from_config(model.get_config()),
        keras.models.clone_model(model),
        copy.deepcopy(model),
    ):
        again.set_weights(model.get_weights())
        again.compile("sgd", "mse")
        assert again.evaluate(ones, targets, verbose=0) == [17.0, 48.0]
    model.fit(ones, targets, verbose=0)
    assert model.evaluate(ones, targets, verbose=0)[0] < 17.0


def test_sequences_of_any_length_train_in_graphs() -> None:
    keras.utils.set_random_seed(1)
    i = keras.Input((None,), dtype="int32")
    x = layers.Embedding(10, 4, mask_zero=True)(i)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(x)
    model = keras.Model(i, layers.Dense(1)(layers.GRU(3, go_backwards=True)(x)))
    ids, ones = np.arange(60).reshape(12, 5) % 10, np.ones((12, 1))
    found = []
    for eagerly in (False, True):
        model.compile("adam", "mse", run_eagerly=eagerly)
        found.append(model.evaluate(ids, ones, verbose=0))
        found.append(model.evaluate(ids[:, :3], ones, verbose=0))
    # The same sums, by a loop in a graph and one after the other.
    np.testing.assert_allclose(found[:2], found[2:], rtol=1e-5)
    model.compile("adam", "mse")
    history = model.fit(ids, ones, epochs=4, verbose=0).history["loss"]
    assert history[-1] < history[0]


def test_results_come_in_the_order_of_their_names() -> None:
    """Loss first, then metrics, as in tf.keras, not by the alphabet."""
    inputs = tf.keras.Input((5,))
    model = tf.keras.Model(inputs, tf.keras.layers.Dense(3)(inputs))
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    x, y = np.ones((8, 5), np.float32), np.zeros(8, np.int64)
    by_name = model.evaluate(x, y, verbose=0, return_dict=True)
    want = [by_name["loss"], by_name["accuracy"]]
    assert model.evaluate(x, y, verbose=0) == want
    assert model.test_on_batch(x, y) == want
    assert model.metrics_names == ["loss", "accuracy"]


def test_a_subclass_without_a_constructor_has_the_network_s_configuration() -> None:
    class Stepped(keras.Model):
        def train_step(self, data: Any) -> Any:
            return super().train_step(data)

    x = keras.Input((3,))
    model = Stepped(x, keras.layers.Dense(2, name="d")(x), name="own")
    config = model.get_config()
    assert [layer["class_name"] for layer in config["layers"]] == [
        "InputLayer",
        "Dense",
    ]

    class Again(keras.Model):
        pass

    again = Again.from_config(config)
    assert type(again) is Again and again.name == "own"
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(np.ones((1, 3))), model(np.ones((1, 3))))
    assert type(keras.models.clone_model(model)).__name__ in ("Stepped", "Functional")
