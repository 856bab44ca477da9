"""Recurrent layers: states that are kept, cells of users, masks, training, refusals."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf

k = tf.keras.layers
X = np.linspace(-1, 1, 24, dtype="float32").reshape(2, 4, 3)


class Sums(k.Layer):
    """A user's cell: the running sum of projected inputs."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight("w", (input_shape[-1], self.units), initializer="ones")

    def call(self, inputs: Any, states: Any) -> Any:
        total = states[0] + tf.matmul(inputs, self.w)
        return total, [total]

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "units": self.units}


def test_users_cell() -> None:
    layer = k.RNN(Sums(2), return_sequences=True)
    wanted = np.cumsum(X.sum(-1), 1)[..., None].repeat(2, -1)
    # float32 sums of twelve terms in another order.
    np.testing.assert_allclose(layer(X).numpy(), wanted, rtol=1e-5, atol=1e-6)
    with tf.keras.utils.custom_object_scope({"Sums": Sums}):
        twin = k.deserialize(k.serialize(layer))
    np.testing.assert_allclose(twin(X).numpy(), wanted, rtol=1e-5, atol=1e-6)
    stacked = k.RNN([Sums(2), Sums(3)], return_state=True)
    assert [tuple(y.shape) for y in stacked(X)] == [(2, 3), (2, 2), (2, 3)]


@pytest.mark.parametrize("make", [k.LSTM, k.GRU, k.SimpleRNN])
def test_kept_states_join_the_parts_of_a_sequence(make: Callable[..., Any]) -> None:
    whole = make(3)
    wanted = whole(X).numpy()
    parts = make(3, stateful=True)
    parts(X[:, :2])
    parts.set_weights(whole.get_weights())
    for _ in range(2):
        parts.reset_states()
        parts(X[:, :2])
        found = parts(X[:, 2:])
        np.testing.assert_allclose(found.numpy(), wanted, rtol=1e-5, atol=1e-6)
    given = [s.numpy() for s in parts.states]
    parts.reset_states([np.ones_like(s) for s in given])
    assert all((s.numpy() == 1).all() for s in parts.states)
    assert len(parts.weights) == 3


@pytest.mark.parametrize("make", [k.LSTM, k.GRU, k.SimpleRNN])
def test_states_go_in_beside_the_inputs(make: Callable[..., Any]) -> None:
    layer = make(3, return_state=True)
    _, *states = layer(X[:, :2])
    wanted = layer(X)[0].numpy()
    for found in (
        layer(X[:, 2:], initial_state=states),
        layer([tf.constant(X[:, 2:]), *states]),
    ):
        np.testing.assert_allclose(found[0].numpy(), wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("make", [k.LSTM, k.GRU, k.SimpleRNN])
def test_masked_tail_changes_nothing(make: Callable[..., Any]) -> None:
    layer = make(3, return_state=True)
    wanted = [y.numpy() for y in layer(X[:, :2])]
    padded = np.concatenate([X[:, :2], np.zeros((2, 3, 3), "float32")], 1)
    for found, y in zip(layer(k.Masking()(padded)), wanted, strict=True):
        np.testing.assert_allclose(found.numpy(), y, rtol=1e-5, atol=1e-6)


def test_zero_output_for_mask() -> None:
    layer = k.LSTM(2, return_sequences=True, zero_output_for_mask=True)
    mask = np.array([[True, False, True, True]] * 2)
    found = layer(X, mask=tf.constant(mask)).numpy()
    assert (found[:, 1] == 0).all() and (found[:, 2] != 0).all()
    assert layer.get_config()["zero_output_for_mask"] is True


def test_channels_may_come_first() -> None:
    x = np.sin(np.arange(160, dtype="float32")).reshape(1, 2, 4, 5, 4)
    last = k.ConvLSTM2D(3, 2, strides=2, return_sequences=True)
    wanted = last(x).numpy()
    first = k.ConvLSTM2D(
        3, 2, strides=2, return_sequences=True, data_format="channels_first"
    )
    turned = np.moveaxis(x, -1, 2).copy()
    first(turned)
    first.set_weights(last.get_weights())
    found = np.moveaxis(first(turned).numpy(), 2, -1)
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert first.compute_output_shape(turned.shape) == (1, 2, 3, 2, 2)


def test_both_ways_take_states() -> None:
    layer = k.Bidirectional(k.GRU(2, return_state=True))
    _, *states = layer(X)
    found = layer([tf.constant(X), *states])[0].numpy()
    ahead = layer.forward_layer(X, initial_state=states[:1])[0].numpy()
    back = layer.backward_layer(X, initial_state=states[1:])[0].numpy()
    assert (found == np.concatenate([ahead, back], -1)).all()
    with pytest.raises(ValueError, match="states of both layers"):
        layer(X, initial_state=states[:1])


def test_sequences_are_learnt_by_fit() -> None:
    tf.keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    words = rng.integers(1, 20, (160, 8))
    words[:, 6:] = 0
    label = (words == 7).any(1).astype("float32")
    model = tf.keras.Sequential(
        [
            k.Embedding(20, 8, mask_zero=True),
            k.Bidirectional(k.LSTM(6, return_sequences=True)),
            k.GRU(6),
            k.Dense(1, activation="sigmoid"),
        ]
    )
    rate = tf.keras.optimizers.Adam(0.02)
    model.compile(rate, "binary_crossentropy", metrics=["accuracy"])
    told = model.fit(words, label, epochs=15, batch_size=32, verbose=0).history
    assert told["loss"][-1] < 0.3 * told["loss"][0] and told["accuracy"][-1] > 0.9
    twin = copy.deepcopy(model)
    assert (twin(words).numpy() == model(words).numpy()).all()


@pytest.mark.parametrize(
    "layer",
    [
        k.LSTM(2),
        k.Bidirectional(k.GRU(2)),
        k.TimeDistributed(k.Dense(2)),
        k.RNN([k.LSTMCell(2), k.GRUCell(3)]),
    ],
)
def test_pickled_layers_compute_the_same(layer: Any) -> None:
    wanted = layer(X).numpy()
    twin = pickle.loads(pickle.dumps(layer))
    assert (twin(X).numpy() == wanted).all()


@pytest.mark.parametrize("dtype", ["mixed_bfloat16", "mixed_float16", "float64"])
def test_types(dtype: str) -> None:
    for layer in (
        k.LSTM(2, dtype=dtype),
        k.GRU(2, dtype=dtype),
        k.Bidirectional(k.SimpleRNN(2, dtype=dtype), dtype=dtype),
        k.ConvLSTM1D(1, 1, dtype=dtype),
    ):
        x = X[..., None] if "ConvLSTM" in type(layer).__name__ else X
        with tf.GradientTape() as tape:
            y = layer(x, training=True)
            loss = tf.reduce_sum(tf.cast(y, "float32"))
        assert y.dtype.name == layer.compute_dtype
        for w, g in zip(
            layer.weights, tape.gradient(loss, layer.trainable_weights), strict=True
        ):
            assert w.dtype == g.dtype and w.dtype.name == layer.variable_dtype


def _grown() -> Any:
    """A stateful layer built without a batch, called on batches of two sizes."""
    layer = k.LSTM(2, stateful=True)
    layer.build((None, 4, 3))
    layer(X)
    return layer(X[:1])


_REFUSED: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "units": (lambda: k.LSTM(0), ValueError, "`units`, expected a positive integer"),
    "cell": (lambda: k.RNN(3), ValueError, "`cell` should have a `call` method"),
    "state size": (
        lambda: k.StackedRNNCells([k.Dense(2)]),
        ValueError,
        "must have a `state_size` attribute",
    ),
    "rank": (lambda: k.GRU(2)(X[0]), ValueError, "expected ndim=3, found ndim=2"),
    "not stateful": (lambda: k.LSTM(2).reset_states(), AttributeError, "be stateful"),
    "batch": (
        lambda: k.LSTM(2, stateful=True).reset_states(),
        ValueError,
        "needs to know its batch size",
    ),
    "other batch": (
        lambda: _grown(),
        ValueError,
        "takes batches of one size",
    ),
    "initial state": (
        lambda: k.LSTM(2)(X, initial_state=[tf.ones((2, 2))]),
        ValueError,
        "not compatible with `cell.state_size`",
    ),
    "no step": (
        lambda: k.LSTM(2)(X[:, :0]),
        tf.errors.InvalidArgumentError,
        "one step at least",
    ),
    "merge mode": (
        lambda: k.Bidirectional(k.LSTM(2), merge_mode="x"),
        ValueError,
        "Merge mode should be one of",
    ),
    "no direction": (
        lambda: k.Bidirectional(k.Dense(2)),
        ValueError,
        "runs over time",
    ),
    "one direction": (
        lambda: k.Bidirectional(k.LSTM(2), backward_layer=k.LSTM(2)),
        ValueError,
        "different `go_backwards` value",
    ),
    "no time": (
        lambda: k.TimeDistributed(k.Dense(2))(X[0]),
        ValueError,
        "at least 3 dimensions",
    ),
    "no layer": (
        lambda: k.TimeDistributed(tf.nn.relu),
        ValueError,
        "with a `tf.keras.layers.Layer` instance",
    ),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_refusals(name: str) -> None:
    run, kind, text = _REFUSED[name]
    with pytest.raises(kind, match=text.replace("(", r"\(").replace("`", "`")):
        run()
