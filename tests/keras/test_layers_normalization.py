"""Normalisation, embedding, merging and attention: modes, gradients, refusals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf

k = tf.keras.layers
X = np.linspace(-1, 2, 24, dtype="float32").reshape(4, 6)


def test_moving_averages_follow_batches_and_rule_at_rest() -> None:
    layer = k.BatchNormalization(momentum=0.0, epsilon=0.0)
    y = layer(X, training=True)
    np.testing.assert_allclose(layer.moving_mean.numpy(), X.mean(0), rtol=1e-6)
    np.testing.assert_allclose(layer.moving_variance.numpy(), X.var(0), rtol=1e-5)
    # The averages are the batch's now: both modes agree but for rounding.
    np.testing.assert_allclose(layer(X).numpy(), y.numpy(), rtol=1e-4, atol=1e-6)


def test_frozen_batch_normalization_stays_as_it_is() -> None:
    layer = k.BatchNormalization()
    layer.trainable = False
    before = layer(X).numpy()
    found = layer(X, training=True).numpy()
    assert (found == before).all()
    assert (layer.moving_mean.numpy() == 0).all() and not layer.trainable_weights


def test_updates_leave_no_trace_on_a_tape() -> None:
    layer = k.BatchNormalization()
    x = tf.constant(X)
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            loss = tf.reduce_sum(layer(x, training=True) ** 3)
        slope = tape.gradient(loss, x)
    assert np.isfinite(outer.gradient(slope, x).numpy()).all()
    assert tf.reduce_max(tf.abs(tf.reduce_sum(slope, 0))) < 1e-4


@pytest.mark.parametrize("name", ["sgd", "adam", "rmsprop", "adagrad"])
def test_embedding_trains_only_the_rows_it_gave(name: str) -> None:
    layer = k.Embedding(30, 4)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(tf.constant([[1, 5], [5, 7]])) ** 2)
    (slope,) = tape.gradient(loss, layer.trainable_weights)
    assert isinstance(slope, tf.IndexedSlices)
    before = layer.embeddings.numpy()
    tf.keras.optimizers.get(name).apply_gradients([(slope, layer.embeddings)])
    changed = np.abs(layer.embeddings.numpy() - before).sum(1).nonzero()[0]
    assert changed.tolist() == [1, 5, 7]


def test_functions_merge_tensors() -> None:
    a, b = tf.constant([[1.0, 4.0]]), tf.constant([[3.0, 2.0]])
    rows = {
        "add": [[4, 6]],
        "subtract": [[-2, 2]],
        "multiply": [[3, 8]],
        "average": [[2, 3]],
        "maximum": [[3, 4]],
        "minimum": [[1, 2]],
        "concatenate": [[1, 4, 3, 2]],
    }
    for name, wanted in rows.items():
        assert getattr(k, name)([a, b]).numpy().tolist() == wanted, name
    assert k.dot([a, b], axes=1).numpy().tolist() == [[11]]


def test_masks_of_merged_tensors() -> None:
    a = k.Masking()(np.array([[[1.0], [0.0]]], "float32"))
    b = k.Masking()(np.array([[[1.0], [1.0]]], "float32"))
    assert k.Add()([a, b])._keras_mask.numpy().tolist() == [[True, False]]
    both = k.Concatenate(axis=1)([a, b])
    assert both._keras_mask.numpy().tolist() == [[True, False, True, True]]
    wide = k.Concatenate()([a, b])
    assert wide._keras_mask.numpy().tolist() == [[True, False]]


def test_heads_heed_the_masks_of_their_inputs() -> None:
    x = k.Masking()(np.array([[[1.0, 2.0], [3.0, 1.0], [0.0, 0.0]]], "float32"))
    layer = k.MultiHeadAttention(2, 2)
    _, scores = layer(x, x, return_attention_scores=True)
    assert (scores.numpy()[:, :, :2, 2] == 0).all()
    again = k.MultiHeadAttention.from_config(layer.get_config())
    assert len(again(x, x).shape) == 3 and len(again.weights) == 8


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_types(dtype: str) -> None:
    x = X[None]
    for layer in (
        k.BatchNormalization(dtype=dtype),
        k.LayerNormalization(dtype=dtype),
        k.GroupNormalization(2, dtype=dtype),
        k.UnitNormalization(dtype=dtype),
        k.EinsumDense("abc,cd->abd", (None, 3), dtype=dtype),
    ):
        y = layer(x)
        assert y.dtype.name == layer.compute_dtype
        assert {w.dtype.name for w in layer.weights} <= {layer.variable_dtype}


_REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "axis": (
        lambda: k.BatchNormalization(axis=5)(X),
        ValueError,
        "Invalid value for `axis`",
    ),
    "twice": (lambda: k.LayerNormalization([1, -1])(X), ValueError, "Duplicate axis"),
    "no axis": (lambda: k.LayerNormalization("x"), TypeError, "Expected an int"),
    "renorm": (lambda: k.BatchNormalization(renorm=True), ValueError, "TensorFlow 1"),
    "channels": (
        lambda: k.BatchNormalization().build((None, None)),
        ValueError,
        "undefined `axis` dimension",
    ),
    "groups": (lambda: k.GroupNormalization(4)(X), ValueError, "must divide"),
    "iterations": (
        lambda: k.SpectralNormalization(k.Dense(2), 0),
        ValueError,
        "greater than zero",
    ),
    "no kernel": (
        lambda: k.SpectralNormalization(k.Flatten())(X),
        AttributeError,
        "no attribute 'kernel'",
    ),
    "table": (lambda: k.Embedding(0, 2), ValueError, "should be positive"),
    "length": (
        lambda: k.Embedding(4, 2, input_length=3).compute_output_shape((1, 4)),
        ValueError,
        '"input_length" is 3',
    ),
    "rate": (lambda: k.AlphaDropout(2), ValueError, "between 0 and 1"),
    "layout": (lambda: k.SpatialDropout2D(0.5, "x"), ValueError, "`data_format` must"),
    "spatial rank": (lambda: k.SpatialDropout1D(0.5)(X), ValueError, "expected ndim=3"),
    "one input": (lambda: k.Add()(X), ValueError, "list of at least 1 input"),
    "shapes": (
        lambda: k.Add()([X, X[:, :4]]),
        ValueError,
        "Inputs have incompatible shapes",
    ),
    "batches": (lambda: k.Add()([X, X[:3]]), ValueError, "different batch sizes"),
    "three": (lambda: k.Subtract()([X, X, X]), ValueError, "exactly 2 inputs"),
    "sides": (
        lambda: k.Concatenate(axis=0)([X, X[:, :4]]),
        ValueError,
        "matching shapes except",
    ),
    "dot axes": (lambda: k.Dot("x"), TypeError, "Invalid type for argument `axes`"),
    "dot sizes": (lambda: k.Dot(1)([X, X[:, :4]]), ValueError, "axis values 6 != 4"),
    "equation": (
        lambda: k.EinsumDense("ab->c", 4)(X),
        ValueError,
        "Invalid einsum equation",
    ),
    "no match": (
        lambda: k.EinsumDense("ab,cd->ad", 4)(X),
        ValueError,
        "did not have a match",
    ),
    "bias axes": (
        lambda: k.EinsumDense("ab,bc->ac", 4, bias_axes="z")(X),
        ValueError,
        "not part of the output spec",
    ),
    "score mode": (lambda: k.Attention(score_mode="x"), ValueError, "score_mode"),
    "no list": (lambda: k.Attention()(X[None]), ValueError, "list of inputs"),
    "heads": (lambda: k.MultiHeadAttention(0, 2), ValueError, "`num_heads` must be"),
    "wrapped": (lambda: k.Wrapper(3), TypeError, "Layer wrapped by another"),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_refusals(name: str) -> None:
    run, kind, text = _REFUSED[name]
    with pytest.raises(kind, match=text):
        run()
