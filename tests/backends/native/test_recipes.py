"""Programs for any sizes: right at each of them, and made once.

Expected values come from the reference backend (`jit_compile=False`), which runs the
same graph node by node with NumPy and knows nothing of recipes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.backends.native import jit

FEATURES = 4
#: Small, prime, powers of two, beside them, and larger than any before.
LENGTHS = (6, 9, 13, 1, 2, 16, 17, 31, 4, 64, 23, 10, 24, 70)

_random = np.random.default_rng(3)
_KERNEL = tf.constant(_random.normal(0, 0.5, (FEATURES, 5)).astype(np.float32))
_SQUARE = tf.constant(_random.normal(0, 0.5, (5, 5)).astype(np.float32))
_TABLE = tf.constant(_random.normal(0, 1, (50, 3)).astype(np.float32))
_FILTER = tf.constant(_random.normal(0, 0.5, (3, FEATURES, 6)).astype(np.float32))


def _attention(x: Any) -> Any:
    scores = tf.matmul(x, x, transpose_b=True) / 2.0
    return tf.matmul(tf.nn.softmax(scores), x)


def _causal(x: Any) -> Any:
    length = tf.shape(x)[1]
    mask = tf.linalg.band_part(tf.ones([length, length]), -1, 0)
    scores = tf.matmul(x, x, transpose_b=True) - 1e4 * (1.0 - mask)
    return tf.matmul(tf.nn.softmax(scores), x)


def _looped(x: Any) -> Any:
    rows = tf.transpose(x, [1, 0, 2])
    state = tf.zeros([tf.shape(x)[0], 5])
    for t in tf.range(tf.shape(x)[1]):
        state = tf.tanh(rows[t] @ _KERNEL + state @ _SQUARE)
    return state


def _gathered(x: Any) -> Any:
    rows = tf.transpose(x, [1, 0, 2])
    total = tf.zeros([tf.shape(x)[0], FEATURES])
    for t in tf.range(tf.shape(x)[1]):
        total = tf.sin(total + tf.gather(rows, t))
    return total


def _array(x: Any) -> Any:
    length = tf.shape(x)[1]
    rows = tf.TensorArray(tf.float32, size=length)
    state = tf.zeros([tf.shape(x)[0], FEATURES])
    for t in tf.range(length):
        state = 0.5 * state + x[:, t]
        rows = rows.write(t, state)
    return rows.stack()


def _even(x: Any) -> Any:
    if tf.shape(x)[1] % 2 == 0:
        return x * 2.0
    return x[:, 1:]


def _halves(x: Any) -> Any:
    half = tf.shape(x)[1] // 2
    return tf.reduce_sum(x[:, :half], 1) - tf.reduce_sum(x[:, half:], 1)


def _rounded(x: Any) -> Any:
    return x[:, : tf.shape(x)[1] // 4 * 4]


def _positions(x: Any) -> Any:
    places = tf.cast(tf.range(tf.shape(x)[1]), tf.float32)
    return x + tf.sin(places)[None, :, None]


def _folded(x: Any) -> Any:
    shape = tf.shape(x)
    rows = tf.reshape(x, [shape[0] * shape[1], FEATURES]) @ _KERNEL
    return tf.reshape(rows, [shape[0], shape[1], 5])


def _masked(x: Any) -> Any:
    length = tf.shape(x)[1]
    mask = tf.sequence_mask([length, length // 2, 1], length, tf.float32)
    return tf.reduce_sum(x * mask[:, :, None], 1) / tf.reduce_sum(mask, 1)[:, None]


def _noise(x: Any) -> Any:
    return x * tf.random.stateless_uniform(tf.shape(x), seed=[3, 5])


def _embedded(x: Any) -> Any:
    ids = tf.cast(tf.abs(x[:, :, 0]) * 10.0, tf.int32) % 50
    return tf.reduce_mean(tf.gather(_TABLE, ids), 1) * tf.reduce_sum(x)


def _normal(x: Any) -> Any:
    mean, variance = tf.nn.moments(x, [1], keepdims=True)
    return (x - mean) * tf.math.rsqrt(variance + 1e-3)


def _last(x: Any) -> Any:
    return x[:, -1] + x[:, 0]


def _tiled(x: Any) -> Any:
    first = tf.tile(x[:, :1], [1, tf.shape(x)[1], 1])
    return first * x


#: By name, a function of (batch, length, features) tensors of floats.
PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "mean": lambda x: tf.reduce_mean(x, 1),
    "mean_of_all": lambda x: tf.reduce_mean(tf.square(x)),
    "softmax": lambda x: tf.nn.softmax(x, axis=1),
    "attention": _attention,
    "causal": _causal,
    "cumsum": lambda x: tf.cumsum(x, axis=1),
    "reverse": lambda x: tf.reverse(x, [1]),
    "concat": lambda x: tf.concat([x, x * 2.0], 1),
    "pad": lambda x: tf.pad(x, [[0, 0], [2, 1], [0, 0]]),
    "every_other": lambda x: x[:, ::2],
    "first_five": lambda x: x[:, :5],
    "conv": lambda x: tf.nn.conv1d(x, _FILTER, 1, "SAME"),
    "strided_conv": lambda x: tf.nn.conv1d(x, _FILTER, 2, "SAME"),
    "max_pool": lambda x: tf.nn.max_pool1d(x, 2, 2, "SAME"),
    "folded": _folded,
    "product": lambda x: tf.tanh(x @ _KERNEL) @ _SQUARE,
    "transpose": lambda x: tf.transpose(x, [1, 0, 2]) * 3.0,
    "last": _last,
    "argmax": lambda x: tf.one_hot(tf.argmax(x, 1), 8),
    "embedded": _embedded,
    "masked": _masked,
    "looped": _looped,
    "gathered": _gathered,
    "array": _array,
    "normal": _normal,
    "roll": lambda x: tf.roll(x, 2, 1),
    "tiled": _tiled,
    "positions": _positions,
    "even": _even,
    "halves": _halves,
    "rounded": _rounded,
    "einsum": lambda x: tf.einsum("btf,bsf->bts", x, x),
    "sort": lambda x: tf.sort(x, 1),
    "noise": _noise,
    "logsumexp": lambda x: tf.reduce_logsumexp(x, [1, 2]),
    "outer": lambda x: x[:, :, None, :] - x[:, None, :, :],
}


def _both(function: Callable[[Any], Any]) -> tuple[Any, Any]:
    """The value and the gradient of a function, natively and by the reference."""

    def values(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = function(x)
            total = tf.reduce_sum(tf.cast(y, tf.float32) * 0.5)
        return y, tape.gradient(total, x, unconnected_gradients="zero")

    made = []
    for jit_compile in (None, False):
        signature = [tf.TensorSpec([None, None, FEATURES], tf.float32)]
        made.append(tf.function(values, signature, jit_compile=jit_compile))
    return made[0], made[1]


def _numbers(rows: int, length: int) -> Any:
    random = np.random.default_rng(100 * rows + length)
    return tf.constant(random.normal(0, 1, (rows, length, FEATURES)).astype(np.float32))


def _recipes(function: Any, x: Any) -> list[Any]:
    """The recipes of a function's program."""
    concrete = function.get_concrete_function(x)
    made = concrete._call._program(0)[0]._recipes._made
    return [recipe for group in made.values() for recipe in group]


@pytest.mark.parametrize("name", PROGRAMS)
def test_any_length_is_right(name: str) -> None:
    native, reference = _both(PROGRAMS[name])
    order = np.random.default_rng(len(name)).permutation(len(LENGTHS))
    for length in [LENGTHS[k] for k in order]:
        x = _numbers(3, length)
        for have, want in zip(native(x), reference(x), strict=True):
            assert have.shape == want.shape
            # sums in another order
            np.testing.assert_allclose(have, want, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", ["mean", "softmax", "folded", "looped", "cumsum"])
def test_batches_of_other_rows_and_lengths(name: str) -> None:
    native, reference = _both(PROGRAMS[name])
    for rows, length in [(3, 8), (5, 11), (5, 5), (1, 9), (2, 1), (7, 30), (3, 11)]:
        x = _numbers(rows, length)
        for have, want in zip(native(x), reference(x), strict=True):
            np.testing.assert_allclose(have, want, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", ["pad", "concat", "folded", "looped", "cumsum"])
def test_nothing_at_all_is_a_length(name: str) -> None:
    native, reference = _both(PROGRAMS[name])
    for length in (5, 8, 11, 0, 7):
        x = _numbers(3, length)
        for have, want in zip(native(x), reference(x), strict=True):
            assert have.shape == want.shape
            np.testing.assert_allclose(have, want, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(
    "name",
    ["mean", "softmax", "cumsum", "concat", "pad", "folded", "product", "last",
     "gathered", "array", "looped", "normal", "roll", "positions",
     "logsumexp", "outer", "noise", "halves", "embedded", "attention", "causal",
     "einsum"],
)  # fmt: skip
def test_the_third_length_compiles_nothing(name: str) -> None:
    native, _ = _both(PROGRAMS[name])
    for length in (20, 21):
        native(_numbers(3, length))
    assert len(_recipes(native, _numbers(3, 20))) == 1
    before = jit.default().compiled, jit.default()._libraries
    for length in (22, 29, 31, 40, 47, 53):
        native(_numbers(3, length))
    assert (jit.default().compiled, jit.default()._libraries) == before


def test_sizes_between_others_are_not_looked_at_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from rillet.backends.native import recipe_book

    native, reference = _both(_looped)
    for length in (10, 11, 12, 40):
        native(_numbers(3, length))
    looked: list[Any] = []
    static = recipe_book.static

    def noted(*args: Any) -> Any:
        looked.append(args)
        return static(*args)

    monkeypatch.setattr(recipe_book, "static", noted)
    for length in (13, 39, 22):
        x = _numbers(3, length)
        np.testing.assert_allclose(native(x)[0], reference(x)[0], rtol=1e-5, atol=1e-5)
    assert not looked
    native(_numbers(3, 41))
    native(_numbers(3, 15))
    assert len(looked) == 1


def test_remainders_are_always_looked_at() -> None:
    native, reference = _both(_even)
    for length in (10, 12, 20, 11, 15, 14, 40, 13):
        x = _numbers(3, length)
        for have, want in zip(native(x), reference(x), strict=True):
            np.testing.assert_array_equal(have, want)


def test_sequences_of_many_lengths_train_as_by_the_reference() -> None:
    layers = tf.keras.layers

    def losses(jit_compile: Any) -> list[float]:
        tf.keras.utils.set_random_seed(7)
        model = tf.keras.Sequential(
            [
                layers.Masking(0.0, input_shape=(None, FEATURES)),
                layers.GRU(6, return_sequences=True),
                layers.Dropout(0.25, seed=3),
                layers.LSTM(5),
                layers.Dense(3, "softmax"),
            ]
        )
        loss = "sparse_categorical_crossentropy"
        model.compile("adam", loss, jit_compile=jit_compile)
        found = []
        for length in (7, 12, 5, 19, 8, 11, 2, 17):
            x = _numbers(4, length).numpy()
            y = np.arange(4) % 3
            found.append(float(model.train_on_batch(x, y)))
        return found

    np.testing.assert_allclose(losses(None), losses(False), rtol=1e-4)


@pytest.mark.parametrize("rows", [1, 2])
@pytest.mark.parametrize("length", [1, 6])
def test_gradients_that_a_loop_adds_up(rows: int, length: int) -> None:
    def gradients(x: Any, w: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            rows = tf.transpose(x, [1, 0, 2])
            state = tf.zeros([tf.shape(x)[0], FEATURES])
            for t in tf.range(tf.shape(x)[1]):
                state = tf.tanh(tf.gather(rows, t) + state @ w)
        return tape.gradient(state, [x, w])

    signature = [
        tf.TensorSpec([None, None, FEATURES]),
        tf.TensorSpec([FEATURES, FEATURES]),
    ]
    x, w = _numbers(rows, length), _numbers(1, FEATURES)[0]
    found = [
        tf.function(gradients, signature, jit_compile=compiled)(x, w)
        for compiled in (None, False)
    ]
    for have, want in zip(*found, strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-5, atol=1e-6)


def test_fit_takes_batches_of_many_lengths() -> None:
    layers = tf.keras.layers
    lengths = [9, 5, 14, 7, 21, 6, 11, 30, 8, 13]
    batches = [(_numbers(4, n).numpy(), np.arange(4) % 3) for n in lengths]

    def weights(jit_compile: Any) -> Any:
        tf.keras.utils.set_random_seed(1)
        inputs = tf.keras.Input((None, FEATURES))
        x = layers.LSTM(6)(inputs)
        model = tf.keras.Model(inputs, layers.Dense(3)(x))
        loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("sgd", loss, jit_compile=jit_compile)
        spec = (
            tf.TensorSpec([None, None, FEATURES], tf.float32),
            tf.TensorSpec([None], tf.int64),
        )
        data = tf.data.Dataset.from_generator(lambda: batches, output_signature=spec)
        model.fit(data, epochs=2, verbose=0)
        return model.get_weights()

    for have, want in zip(weights(None), weights(False), strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-4, atol=1e-5)


def test_gradients_of_einsums_leave_the_host() -> None:
    native, _ = _both(lambda x: tf.einsum("btf,bsf->bts", x, x * 2.0))
    x = _numbers(3, 6)
    native(x)
    assert "on the host: none" in native.get_concrete_function(x).explain()


def test_what_serves_any_size_says_so() -> None:
    native, _ = _both(_folded)
    for length in (6, 7, 8):
        native(_numbers(3, length))
    concrete = native.get_concrete_function(_numbers(3, 8))
    assert "any sizes" in concrete.explain()


def _length(x: Any) -> Any:
    return tf.shape(x)[1]


#: What once came out wrong for lengths after the second, and lengths that showed it.
CROOKED: dict[str, tuple[Callable[[Any], Any], tuple[int, ...]]] = {
    "pool of every third": (
        lambda x: tf.nn.avg_pool1d(x[:, 6::3], 2, 1, "SAME"),
        (40, 33, 64, 100, 23),
    ),
    "pool of a third": (
        lambda x: tf.nn.avg_pool1d(x[:, : _length(x) // 3], 2, 1, "SAME"),
        (40, 33, 64, 100, 23, 41, 43),
    ),
    "before the beginning": (
        lambda x: x[:, _length(x) - 20 : _length(x) - 16] * 1.0,
        (30, 33, 10, 40, 18),
    ),
    "strides of windows": (
        lambda x: tf.nn.conv1d(x, tf.ones([1, 4, 4]), 2, "VALID"),
        (9, 2, 7, 3, 12, 31),
    ),
    "between two lengths": (
        lambda x: tf.cond(
            (_length(x) > 16) & (_length(x) < 32), lambda: x * 0.0, lambda: x
        ),
        (39, 41, 8, 24, 10),
    ),
    "a square": (
        lambda x: tf.cond(
            _length(x) * _length(x) - 40 * _length(x) + 300 > 0,
            lambda: x * 0.0,
            lambda: x,
        ),
        (39, 41, 8, 24, 9, 35),
    ),
    "a bend": (
        lambda x: x[:, : tf.maximum(_length(x) - 10, 10 - _length(x))] + 1.0,
        (2, 18, 10, 30, 5, 14),
    ),
}


@pytest.mark.parametrize("name", CROOKED)
def test_what_does_not_follow_from_lengths_in_a_straight_way(name: str) -> None:
    function, lengths = CROOKED[name]
    native, reference = _both(function)
    for length in lengths:
        x = _numbers(3, length)
        for have, want in zip(native(x), reference(x), strict=True):
            assert have.shape == want.shape
            np.testing.assert_allclose(have, want, rtol=2e-5, atol=2e-5)


def test_draws_among_any_number_of_classes() -> None:
    @tf.function(input_signature=[tf.TensorSpec([1, None])])
    def draw(x: Any) -> Any:
        return tf.random.stateless_categorical(x, 2000, seed=[1, 2])

    for classes in (5, 6, 100, 7):
        assert int(tf.reduce_max(draw(tf.zeros([1, classes])))) == classes - 1
