"""Arguments, errors, gradients and generators as users meet them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.core import context
from rillet.ops import seeds
from rillet.ops.gamma_gradient import digamma, gamma_sample_gradient

INVALID, VALUE, TYPE = tf.errors.InvalidArgumentError, ValueError, TypeError

REFUSED: tuple[tuple[Callable[[], Any], type[Exception], str], ...] = (
    (lambda: tf.random.uniform(5), INVALID, r"shape must be a vector.*Use shape=\[5\]"),
    (lambda: tf.random.uniform([-1]), INVALID, "Dimension -1 must be >= 0"),
    (lambda: tf.random.normal([2.5]), INVALID, "vector of {int32,int64}"),
    (lambda: tf.random.uniform([2], dtype="int32"), VALUE, "Must specify maxval"),
    (lambda: tf.random.uniform([2], dtype="uint8"), VALUE, "Accepted dtypes are"),
    (lambda: tf.random.uniform([2], 5, 5, "int32"), INVALID, "5 >= 5"),
    (lambda: tf.random.normal([2], dtype="int32"), TYPE, "int32"),
    (lambda: tf.random.uniform([2], seed=1.5), TYPE, "seed must be an integer"),
    (lambda: tf.random.set_seed("a"), TYPE, "seed must be an integer"),
    (lambda: tf.random.categorical([1.0, 2.0], 3), INVALID, "should be a matrix"),
    (lambda: tf.random.categorical([[1.0]], -3), INVALID, "non-negative, got -3"),
    (lambda: tf.random.categorical([[1.0]], 3, "float32"), VALUE, "Accepted dtypes"),
    (lambda: tf.random.poisson(3, [2.0]), INVALID, "shape must be a vector"),
    (lambda: tf.random.stateless_uniform([2], [1, 2, 3]), INVALID, r"shape \[2\]"),
    (lambda: tf.random.stateless_uniform([2], 5), INVALID, r"shape \[2\], not \[\]"),
    (lambda: tf.random.stateless_uniform([2], [1.0, 2]), INVALID, "float32?"),
    (
        lambda: tf.random.stateless_uniform([2], [1, 2], dtype="int32"),
        VALUE,
        "both None",
    ),
    (
        lambda: tf.random.stateless_uniform([2], [1, 2], 0, 4, "uint32"),
        VALUE,
        "unsigned integers",
    ),
    (
        lambda: tf.random.stateless_uniform([2], [1, 2], alg="x"),
        VALUE,
        "unsupported value x",
    ),
    (lambda: tf.random.stateless_uniform([2], [1, 2], alg=2.5), TYPE, "Can't convert"),
    (
        lambda: tf.random.stateless_uniform([2], [1, 2], alg="threefry"),
        INVALID,
        "ThreeFry",
    ),
    (
        lambda: tf.random.stateless_poisson([2, 3], [1, 2], [1.0, 2.0]),
        INVALID,
        "must end with broadcasted shape",
    ),
    (lambda: tf.random.Generator(), VALUE, "needs `state` and `alg`"),
    (lambda: tf.random.Generator.from_state([1, 2], 1), VALUE, "incompatible"),
    (
        lambda: tf.random.Generator.from_seed(1, "threefry").normal([2]),
        tf.errors.UnimplementedError,
        "ThreeFry",
    ),
    (
        lambda: tf.random.Generator.from_seed(1).uniform([2], dtype="int32"),
        VALUE,
        "both `None`",
    ),
)


@pytest.mark.parametrize(("call", "error", "text"), REFUSED)
def test_refused(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


def test_shapes_of_every_kind() -> None:
    tf.random.set_seed(1)
    for shape in (
        [2, 3],
        (2, 3),
        tf.TensorShape([2, 3]),
        tf.constant([2, 3]),
        np.array([2, 3]),
        [tf.constant(2), 3],
    ):
        assert tf.random.uniform(shape).shape == [2, 3]
    for shape in ([], (), [0], [3, 0, 2]):
        assert tf.random.normal(shape).shape == list(shape)
        assert tf.random.truncated_normal(shape, dtype="float64").shape == list(shape)
        assert tf.random.stateless_normal(shape, [1, 2]).shape == list(shape)
        assert tf.random.uniform(shape, 0, 3, "int64").shape == list(shape)


def test_empty_results_never_fail() -> None:
    assert tf.random.uniform([0], 5, 5, tf.int32).shape == [0]
    assert tf.random.gamma([0], 1.0).shape == [0]
    assert tf.random.gamma([2], []).shape == [2, 0]
    assert tf.random.poisson([0], 1.0).shape == [0]
    assert tf.random.categorical(tf.zeros([0, 2]), 3).shape == [0, 3]


def test_invalid_parameters_give_nan_and_end() -> None:
    assert np.isnan(tf.random.gamma([3], [-1.0, np.nan]).numpy()).all()
    assert np.isnan(tf.random.poisson([3], [np.nan, np.inf]).numpy()).all()
    assert (tf.random.poisson([3], [-2.0, 0.0]).numpy() == 0).all()


def test_a_seed_may_be_a_tensor_or_an_array() -> None:
    draws = []
    for seed in (7, np.int64(7), np.array(7), tf.constant(7)):
        tf.random.set_seed(seed)
        draws.append(tf.random.uniform([3], seed=seed).numpy().tolist())
    assert draws.count(draws[0]) == 4


@pytest.fixture
def deterministic() -> Iterator[None]:
    tf.random.set_seed(None)
    seeds.enable_op_determinism()
    yield
    seeds.disable_op_determinism()


@pytest.mark.usefixtures("deterministic")
def test_determinism_demands_seeds() -> None:
    with pytest.raises(RuntimeError, match="require a seed to be set"):
        tf.random.uniform([2])
    with pytest.raises(RuntimeError, match="from_non_deterministic_state"):
        tf.random.Generator.from_non_deterministic_state()
    tf.random.uniform([2], seed=1)
    tf.random.set_seed(1)
    tf.random.uniform([2])


def test_gamma_gradients_are_tensorflows() -> None:
    """The figures are TensorFlow 2.21's; both sides sum float32 rounding errors."""
    alpha = tf.constant([0.1, 0.5, 1.0, 3.0, 50.0, 1000.0])
    with tf.GradientTape() as tape:
        tape.watch(alpha)
        drawn = tf.random.stateless_gamma([2, 6], [1, 2], alpha)
    want = [0.6659836, 1.0525694, 1.7887207, 2.3376482, 2.0647087, 1.9781427]
    np.testing.assert_allclose(tape.gradient(drawn, alpha).numpy(), want, rtol=2e-6)


def test_stateful_gamma_has_gradients_for_both_parameters() -> None:
    alpha, beta = tf.constant([0.5, 2.0]), tf.constant([3.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch([alpha, beta])
        drawn = tf.random.gamma([5], alpha, beta, seed=1)
    by_alpha, by_beta = tape.gradient(drawn, [alpha, beta])
    assert by_alpha.shape == [2] and (by_alpha.numpy() > 0).all()
    want = -(drawn.numpy() / beta.numpy()).sum(axis=0)
    np.testing.assert_allclose(by_beta.numpy(), want, rtol=1e-5)


def test_an_exponential_moves_as_its_formula_says() -> None:
    """For alpha = 1, P = 1 - exp(-x); dP/dalpha there by central differences of the
    series of P, whose steps of 1e-6 err by 1e-10 or so."""
    x = np.array([0.05, 0.5, 1.0, 3.0, 8.0])

    def lower(a: float) -> np.ndarray:
        from math import gamma

        term = total = np.ones_like(x) / gamma(a + 1)
        for n in range(1, 200):
            term = term * x / (a + n)
            total = total + term
        return np.asarray(x**a * np.exp(-x) * total)

    slope = (lower(1 + 1e-6) - lower(1 - 1e-6)) / 2e-6
    have = gamma_sample_gradient(np.ones_like(x), x)
    np.testing.assert_allclose(have, -slope / np.exp(-x), rtol=2e-6)


def test_digamma_at_known_points() -> None:
    euler = 0.57721566490153286
    points = np.array([1.0, 2.0, 0.5, 10.0])
    harmonic = sum(1 / k for k in range(1, 10))
    want = [-euler, 1 - euler, -euler - 2 * np.log(2), harmonic - euler]
    np.testing.assert_allclose(digamma(points), want, rtol=1e-14)


def test_draws_have_no_gradient() -> None:
    scale = tf.constant(2.0)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(scale)
        noise = tf.random.normal([3])
        scaled = tf.random.normal([3], stddev=scale, seed=1)
    assert tape.gradient(noise, scale) is None
    tf.random.set_seed(seeds.global_seed())
    assert tape.gradient(scaled, scale).shape == []


def test_the_global_generator() -> None:
    kept = tf.random.get_global_generator()
    try:
        assert tf.random.get_global_generator() is kept
        tf.random.set_global_generator(tf.random.Generator.from_seed(1))
        first = tf.random.get_global_generator().normal([2]).numpy()
        np.testing.assert_allclose(first, [0.43842274, -0.53439844], rtol=1e-6)
    finally:
        tf.random.set_global_generator(kept)


def test_generators_share_a_variable_when_asked() -> None:
    state = tf.Variable(tf.random.create_rng_state(1, "philox"))
    one = tf.random.Generator.from_state(state, "philox")
    two = tf.random.Generator.from_state(state, "philox")
    a, b = one.uniform([3]).numpy(), two.uniform([3]).numpy()
    whole = tf.random.Generator.from_seed(1)
    np.testing.assert_array_equal(a, whole.uniform([3]).numpy())
    np.testing.assert_array_equal(b, whole.uniform([3]).numpy())


def test_a_generator_can_be_copied() -> None:
    generator = tf.random.Generator.from_seed(3)
    twin = copy.deepcopy(generator)
    want = generator.uniform([2]).numpy()
    np.testing.assert_array_equal(twin.uniform([2]).numpy(), want)


def test_index_shuffle_is_a_permutation() -> None:
    for top in (1, 6, 100):
        index = np.arange(top + 1)
        order = tf.random.experimental.index_shuffle(index, [9, 1], np.int64(top))
        assert sorted(order.numpy().tolist()) == index.tolist()
    rows = tf.random.experimental.index_shuffle([1, 2], [[1, 2], [3, 4]], 9)
    each = [
        int(tf.random.experimental.index_shuffle(i, seed, 9))
        for i, seed in ((1, [1, 2]), (2, [3, 4]))
    ]
    assert rows.numpy().tolist() == each


class Tracer:
    """A graph under construction, as far as seeds can tell."""


def test_ops_of_a_graph_are_numbered_from_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    """TensorFlow gives the n-th unseeded op of a function the op seed n."""
    tf.random.set_seed(3)
    for _ in range(2):
        monkeypatch.setattr(context.state, "tracer", Tracer())
        pairs = [seeds.get_seed(None), seeds.get_seed(None), seeds.get_seed(5)]
        assert [*pairs, seeds.get_seed(None)] == [(3, 0), (3, 1), (3, 5), (3, 2)]
        assert "_instance" not in seeds.op_attributes(None)
    monkeypatch.setattr(context.state, "tracer", None)


@pytest.mark.parametrize(
    ("seed", "op_seed", "want"),
    [
        (None, None, (None, None)),
        (None, 9, (seeds.DEFAULT_GRAPH_SEED, 9)),
        (4, 9, (4, 9)),
        (0, 0, (0, 2**31 - 1)),
        (-5, -1, (2**31 - 6, 2**31 - 2)),
        (2**31 - 1, 2**31, (0, 1)),
    ],
)
def test_seed_pairs(seed: int | None, op_seed: int | None, want: tuple) -> None:
    """By the rules of `tf.compat.v1.get_seed`: remainders by 2**31 - 1."""
    tf.random.set_seed(seed)
    assert seeds.get_seed(op_seed) == want
