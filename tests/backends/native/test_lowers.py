"""What moves, gathers, scatters, runs along axes or draws, inside native programs.

Expected values come from NumPy or from the op-by-op backend; programs are looked into
for what must not leave them: nothing here may run on the host.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.backends.native import binding

RNG = np.random.default_rng(20)


@pytest.fixture(name="programs")
def _programs(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """The programs that are compiled while a test runs."""
    made: list[Any] = []
    usual = binding.Binding.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        usual(self, *args, **kwargs)
        made.append(self)

    monkeypatch.setattr(binding.Binding, "__init__", init)
    yield made


def on_host(programs: list[Any]) -> list[str]:
    """The types of nodes that Python runs."""
    return [
        item.node.type
        for program in programs
        for item in [
            *program.schedule.before,
            *[h for s in program.schedule.segments for h in s.host],
        ]
    ]


def kernels(programs: list[Any]) -> set[Any]:
    """The kernels of all programs."""
    return {
        call.kernel
        for program in programs
        for segment in program.schedule.segments
        for wave in segment.waves
        for chain in wave
        for call in chain.calls
    }


def floats(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


def wholes(limit: int, *shape: int) -> np.ndarray:
    return RNG.integers(0, limit, shape).astype(np.int32)


def traced(function: Callable[..., Any], *arrays: Any) -> Any:
    compiled = tf.function(function, autograph=False)
    found = compiled(*[tf.constant(a) for a in arrays])
    return tf.nest.map_structure(lambda y: y.numpy(), found)


KEYS = [
    np.s_[1:3],
    np.s_[:, 2],
    np.s_[..., ::-1],
    np.s_[3:0:-2, :, 1:4:2],
    np.s_[-1],
    np.s_[:, None, 1:, -3:],
    np.s_[2, ..., 0],
    np.s_[4:2],
    np.s_[::2, ::-2, ::3],
]


@pytest.mark.parametrize("key", KEYS, ids=[str(k) for k in KEYS])
def test_keys(key: Any, programs: list[Any]) -> None:
    x = floats(5, 4, 6)
    np.testing.assert_array_equal(traced(lambda x: x[key], x), x[key])

    def gradient(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(x[key] * 2.0)
        return tape.gradient(y, x)

    want = np.zeros_like(x)
    want[key] = 2.0
    np.testing.assert_array_equal(traced(gradient, x), want)
    assert not on_host(programs)


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize("parts", [1, 2, 5])
def test_joins(axis: int, parts: int, programs: list[Any]) -> None:
    shapes = [[4, 3, 2] for _ in range(parts)]
    for k, shape in enumerate(shapes):
        shape[axis] = k + 1 if k != 3 else 0
    xs = [floats(*s) for s in shapes]
    have = traced(lambda *xs: tf.concat([x + 1.0 for x in xs], axis), *xs)
    np.testing.assert_array_equal(have, np.concatenate(xs, axis) + np.float32(1))
    same = [floats(4, 3, 2) for _ in range(parts)]
    have = traced(lambda *xs: tf.stack(list(xs), axis), *same)
    np.testing.assert_array_equal(have, np.stack(same, axis))
    have = traced(lambda x: tf.unstack(tf.tanh(x), axis=axis), same[0])
    for a, b in zip(have, np.moveaxis(np.tanh(same[0]), axis, 0), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
    assert not on_host(programs)


def test_long_stack_of_numbers(programs: list[Any]) -> None:
    """More scalars than are chosen one by one."""
    xs = [np.float32(k) for k in range(40)]
    have = traced(lambda *xs: tf.reverse(tf.stack(list(xs)) * 2.0, [0]), *xs)
    np.testing.assert_array_equal(have, np.arange(40.0)[::-1] * 2)
    assert not on_host(programs)


@pytest.mark.parametrize("mode", ["CONSTANT", "REFLECT", "SYMMETRIC"])
def test_margins(mode: str, programs: list[Any]) -> None:
    x, widths = floats(3, 4, 5), [[2, 0], [0, 0], [1, 3]]
    have = traced(lambda x: tf.pad(tf.abs(x), widths, mode), x)
    want = np.pad(np.abs(x), widths, mode.lower())  # type: ignore[call-overload]
    np.testing.assert_array_equal(have, want)
    assert not on_host(programs)


@pytest.mark.parametrize(
    "shift, axis", [([2], [0]), ([-1, 3], [1, 2]), ([7, 1], [0, 0])]
)
def test_roll(shift: list[int], axis: list[int], programs: list[Any]) -> None:
    x = floats(3, 4, 5)
    have = traced(lambda x: tf.roll(x, shift, axis), x)
    np.testing.assert_array_equal(have, np.roll(x, shift, axis))
    assert not on_host(programs)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("exclusive", [False, True])
@pytest.mark.parametrize("reverse", [False, True])
def test_runs(axis: int, exclusive: bool, reverse: bool, programs: list[Any]) -> None:
    x = floats(5, 3, 33)
    flags = {"exclusive": exclusive, "reverse": reverse}
    line = np.moveaxis(x.astype(np.float64), axis, 0)
    line = line[::-1] if reverse else line
    for run, ufunc, first in (
        (tf.cumsum, np.add, 0),
        (tf.math.cumprod, np.multiply, 1),
    ):
        want = ufunc.accumulate(line, 0)
        if exclusive:
            want = np.concatenate([np.full_like(want[:1], first), want[:-1]])
        want = np.moveaxis(want[::-1] if reverse else want, 0, axis)
        have = traced(lambda x, run=run: run(x, axis, **flags), x)
        # five roundings a sum, thirty-three at most
        np.testing.assert_allclose(have, want, rtol=4e-6, atol=4e-6)
    assert not on_host(programs)


@pytest.mark.parametrize("width", [1, 3, 40])
@pytest.mark.parametrize("count", [7, 5000])
def test_segments(width: int, count: int, programs: list[Any]) -> None:
    """Both ways of sharing the work, small and large; ids below zero are left out."""
    x, ids = floats(count, width), wholes(6, count) - 1
    want = np.zeros((6, width))
    np.add.at(want, ids[ids >= 0], x[ids >= 0].astype(np.float64))
    have = traced(lambda x, i: tf.math.unsorted_segment_sum(x, i, 6), x, ids)
    # 2^-24 for each of the sums' roundings, which mostly cancel
    np.testing.assert_allclose(have, want, rtol=1e-4, atol=1e-4)
    again = traced(lambda x, i: tf.math.unsorted_segment_sum(x, i, 6), x, ids)
    np.testing.assert_array_equal(have, again)
    low = np.full((6, width), np.finfo(np.float32).min, np.float32)
    np.maximum.at(low, ids[ids >= 0], x[ids >= 0])
    have = traced(lambda x, i: tf.math.unsorted_segment_max(x, i, 6), x, ids)
    np.testing.assert_array_equal(have, low)
    assert not on_host(programs)


def test_segment_of_minus_infinity() -> None:
    """TensorFlow 2.21 gives the lowest number, as for segments without rows."""
    function = tf.function(tf.math.unsorted_segment_max)
    have = function(tf.constant([-np.inf, 1.0]), [0, 2], 3).numpy()
    low = np.finfo(np.float32).min
    assert have.tolist() == [low, low, 1.0]
    eager = tf.math.unsorted_segment_max(tf.constant([-np.inf, 1.0]), [0, 2], 3)
    assert eager.numpy().tolist() == have.tolist()


def test_updates(programs: list[Any]) -> None:
    x, at, new = floats(9, 4), wholes(9, 20, 1), floats(20, 4)
    want = x.copy()
    for k, row in zip(at[:, 0], new, strict=True):
        want[k] = row
    have = traced(tf.tensor_scatter_nd_update, x, at, new)
    np.testing.assert_array_equal(have, want)
    pairs = np.concatenate([wholes(9, 20, 1), wholes(4, 20, 1)], 1)
    want = np.zeros((9, 4))
    np.add.at(want, tuple(pairs.T), new[:, 0])
    have = traced(lambda i, v: tf.scatter_nd(i, v, [9, 4]), pairs, new[:, 0])
    np.testing.assert_allclose(have, want, rtol=1e-5, atol=1e-6)
    assert not on_host(programs)


def test_rows_of_a_table(programs: list[Any]) -> None:
    """A gather and its gradient, dense at last."""
    table, ids = floats(50, 40), wholes(50, 6, 7)

    def both(table: Any, ids: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(table)
            y = tf.gather(table, ids)
            total = tf.reduce_sum(y * y)
        return y, tf.convert_to_tensor(tape.gradient(total, table))

    rows, gradient = traced(both, table, ids)
    np.testing.assert_array_equal(rows, table[ids])
    want = np.zeros((50, 40))
    np.add.at(want, ids.reshape(-1), 2.0 * table[ids.reshape(-1)])
    np.testing.assert_allclose(gradient, want, rtol=1e-5, atol=1e-6)
    assert not on_host(programs)


BAD_INDICES = [
    (lambda i: tf.gather(tf.ones([3, 2]), i), [0, 3], r"indices\[1\] = 3 is not in"),
    (lambda i: tf.gather(tf.ones([3, 2]), i), [-1], r"indices\[0\] = -1 is not in"),
    (
        lambda i: tf.gather_nd(tf.ones([3, 2]), i[:, None]),
        [0, 9],
        r"indices\[1\] = \[9\] does not index into",
    ),
    (
        lambda i: tf.math.unsorted_segment_sum(tf.ones([2]), i, 2),
        [0, 2],
        r"segment_ids\[1\] = 2 is out of range",
    ),
    (
        lambda i: tf.tensor_scatter_nd_add(tf.ones([3]), i[:, None], tf.ones([2])),
        [0, -3],
        r"indices\[1\] = \[-3\] does not index into",
    ),
    (
        lambda i: tf.reverse_sequence(tf.ones([2, 3]), i, 1),
        [1, 4],
        r"seq_lens\(1\) > input.dims\(1\)",
    ),
]


@pytest.mark.parametrize("function, indices, message", BAD_INDICES)
def test_indices_outside(function: Any, indices: list[int], message: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        tf.function(function, autograph=False)(tf.constant(indices))


LOGITS = np.array([[0.5, -1.0, np.inf, 2.0], [-3.0, np.nan, 0.0, 1.0]], np.float32)
DRAWS = {
    "uniform": lambda t: tf.random.uniform([5, 7], dtype=t),
    "normal": lambda t: tf.random.normal([40, 33], dtype=t),
    "stateless_uniform": lambda t: tf.random.stateless_uniform(
        [8, 9], [1, -2], dtype=t
    ),
    "stateless_normal": lambda t: tf.random.stateless_normal([8, 9], [3, 4], dtype=t),
}
WHOLE_DRAWS = {
    "uniform": lambda t: tf.random.uniform([5, 7], -5, 100, t),
    "stateless_uniform": lambda t: tf.random.stateless_uniform(
        [8, 9], [3, 4], -5, 100, t
    ),
    "categorical": lambda t: tf.random.categorical(LOGITS, 7, t),
    "stateless_categorical": lambda t: tf.random.stateless_categorical(
        LOGITS, 6, [1, 2], t
    ),
    "full": lambda t: tf.random.stateless_uniform([7, 3], [3, 4], None, None, t),
}
ROWS = [
    *[(k, t) for k in DRAWS for t in ("float16", "bfloat16", "float32", "float64")],
    *[(k, t) for k in WHOLE_DRAWS for t in ("int32", "int64")],
]


@pytest.mark.parametrize("name, type", ROWS)
def test_numbers_drawn(name: str, type: str, programs: list[Any]) -> None:
    """Those of the kernels, call by call, bit for bit; normals to 4 ULP.

    Their radius and their sine are rounded differently: 1.5 ULP each.
    """
    draw = (WHOLE_DRAWS if "int" in type else DRAWS)[name]
    found = []
    for compiled in (None, False):
        tf.random.set_seed(7)
        f = tf.function(lambda: draw(type), autograph=False, jit_compile=compiled)
        found.append(np.stack([f().numpy(), f().numpy()]))
    have, want = found
    assert not on_host(programs)
    if "normal" not in name:
        assert (have == want).all()
        return
    eps = {"float64": 2.0**-52}.get(type, 2.0**-23)
    wide = want.astype(np.float64)
    np.testing.assert_allclose(
        have.astype(np.float64), wide, rtol=4 * eps, atol=4 * eps
    )


def test_limits_that_leave_nothing() -> None:
    f = tf.function(lambda low: tf.random.uniform([3], low, 2, tf.int32))
    with pytest.raises(tf.errors.InvalidArgumentError, match="Need minval < maxval"):
        f(tf.constant(5))


EQUATIONS = [
    ("ij,jk->ik", (3, 4), (4, 5)),
    ("ij,kj->ki", (3, 4), (5, 4)),
    ("ji,jk->ik", (4, 3), (4, 5)),
    ("abc,cde->abde", (2, 3, 4), (4, 5, 6)),
    ("aecd,abcd->acbe", (2, 5, 3, 4), (2, 6, 3, 4)),
    ("acbe,aecd->abcd", (2, 3, 6, 5), (2, 5, 3, 4)),
    ("...ij,...jk->...ik", (2, 1, 3, 4), (7, 4, 5)),
    ("i,j->ji", (3,), (4,)),
    ("ij,ij->i", (3, 4), (3, 4)),
    ("ijk,k->", (2, 3, 4), (4,)),
    ("ij,ij->ij", (3, 4), (3, 4)),
]


@pytest.mark.parametrize("row", EQUATIONS, ids=[r[0] for r in EQUATIONS])
def test_einsum(row: Any, programs: list[Any]) -> None:
    equation, left, right = row
    a, b = floats(*left), floats(*right)

    def both(a: Any, b: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            y = tf.einsum(equation, a, b)
            total = tf.reduce_sum(y)
        return y, tape.gradient(total, [a, b])

    y, gradients = traced(both, a, b)
    want = np.einsum(equation, a.astype(np.float64), b.astype(np.float64))
    np.testing.assert_allclose(y, want, rtol=1e-5, atol=1e-5)
    eager = tf.nest.map_structure(
        lambda g: g.numpy(), both(tf.constant(a), tf.constant(b))[1]
    )
    for have, expected in zip(gradients, eager, strict=True):
        np.testing.assert_allclose(have, expected, rtol=1e-5, atol=1e-5)
    assert not on_host(programs)


def test_a_step_of_a_cell_is_one_chain(programs: list[Any]) -> None:
    """Parts of a row are parts of the same row: no barrier stands between."""

    def step(x: Any, h: Any, c: Any, w: Any, u: Any) -> Any:
        i, f, g, o = tf.split(tf.matmul(x, w) + tf.matmul(h, u), 4, axis=1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return tf.concat([tf.sigmoid(o) * tf.tanh(c), x], 1)

    arrays = floats(64, 32), floats(64, 64), floats(64, 64), floats(32, 256)
    traced(step, *arrays, floats(64, 256))
    (program,) = programs
    (segment,) = program.schedule.segments
    assert [len(wave) for wave in segment.waves] == [1]


FAMILIES: dict[str, tuple[Callable[..., Any], Callable[[int], tuple[Any, ...]]]] = {
    "split": (lambda x: tf.split(x, 4, 1), lambda n: (floats(n, 32),)),
    "split rows": (lambda x: tf.split(x, 2, 0), lambda n: (floats(n, 32),)),
    "concat": (lambda x: tf.concat([x, x[:, :5]], 1), lambda n: (floats(n, 32),)),
    "concat rows": (lambda x: tf.concat([x, -x], 0), lambda n: (floats(n, 32),)),
    "stack": (lambda x: tf.stack([x, -x], 0), lambda n: (floats(n, 32),)),
    "key": (lambda x: x[3:-2, 3:20:2], lambda n: (floats(n, 32),)),
    "reverse": (lambda x: tf.reverse(x, [0, 1]), lambda n: (floats(n, 32),)),
    "pad": (lambda x: tf.pad(x, [[2, 0], [1, 2]]), lambda n: (floats(n, 9),)),
    "tile": (lambda x: tf.tile(x, [2, 3]), lambda n: (floats(n, 9),)),
    "gather": (lambda w, i: tf.gather(w, i), lambda n: (floats(5, 9), wholes(5, n))),
    "gather from": (tf.gather, lambda n: (floats(n, 9), wholes(5, 7))),
    "one_hot": (lambda i: tf.one_hot(i, 10), lambda n: (wholes(9, n),)),
    "dropout": (lambda x: tf.nn.dropout(x, 0.5), lambda n: (floats(n, 32),)),
    "normal": (lambda x: tf.random.normal(tf.shape(x)), lambda n: (floats(n, 8),)),
    "cumsum": (lambda x: tf.cumsum(x, 1), lambda n: (floats(n, 9, 8),)),
    "cumsum rows": (lambda x: tf.cumsum(x, 0, reverse=True), lambda n: (floats(n, 9),)),
    "segments": (
        lambda x, i: tf.math.unsorted_segment_sum(x, i, 5),
        lambda n: (floats(n, 9), wholes(5, n)),
    ),
    "wide segments": (
        lambda x, i: tf.math.unsorted_segment_sum(x, i, 5),
        lambda n: (floats(n, 64), wholes(5, n)),
    ),
    "einsum": (
        lambda x, w: tf.einsum("abc,cde->abde", x, w),
        lambda n: (floats(n, 6, 16), floats(16, 3, 4)),
    ),
    "roll": (lambda x: tf.roll(x, [2, 1], [0, 1]), lambda n: (floats(n, 9),)),
    "band": (lambda x: tf.linalg.band_part(x, -1, 0), lambda n: (floats(n, 6, 6),)),
    "diagonals": (tf.linalg.diag, lambda n: (floats(n, 6),)),
    "patches": (
        lambda x: tf.image.extract_patches(
            x, [1, 3, 3, 1], [1, 2, 2, 1], [1, 1, 1, 1], "SAME"
        ),
        lambda n: (floats(n, 8, 8, 3),),
    ),
    "resize": (lambda x: tf.image.resize(x, [9, 5]), lambda n: (floats(n, 4, 8, 3),)),
    "nearest": (
        lambda x: tf.image.resize(x, [8, 16], "nearest"),
        lambda n: (floats(n, 4, 8, 3),),
    ),
    "colours": (tf.image.rgb_to_hsv, lambda n: (floats(n, 4, 4, 3),)),
    "lrn": (tf.nn.lrn, lambda n: (floats(n, 4, 4, 8),)),
    "depth": (lambda x: tf.nn.space_to_depth(x, 2), lambda n: (floats(n, 4, 4, 3),)),
}


@pytest.mark.parametrize("name", list(FAMILIES))
def test_another_batch_needs_no_new_kernels(name: str, programs: list[Any]) -> None:
    function, arguments = FAMILIES[name]
    traced(function, *arguments(64))
    first = kernels(programs)
    programs.clear()
    traced(function, *arguments(44))
    assert {k.name for k in kernels(programs) - first} == set()
    assert not on_host(programs)


def test_extremes_of_short_rows_keep_what_is_not_a_number() -> None:
    x = np.random.default_rng(4).normal(size=(9, 10)).astype("float32")
    x[2, 3], x[4], x[5, 9], x[6] = np.nan, np.nan, np.inf, -np.inf
    x[7], x[8, ::2], x[8, 1::2] = 0.0, -0.0, 0.0
    for ours, numpy in ((tf.reduce_max, np.max), (tf.reduce_min, np.min)):
        found = tf.function(lambda v, f=ours: f(v, 1))(tf.constant(x))
        np.testing.assert_array_equal(found.numpy(), numpy(x, axis=1))


@pytest.mark.parametrize("turned", [(a, b) for a in (0, 1) for b in (0, 1)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_column_times_a_row_is_fused(
    turned: tuple[int, int], dtype: str, programs: list[Any]
) -> None:
    random = np.random.default_rng(5)
    a = random.normal(size=(1, 37) if turned[0] else (37, 1)).astype(dtype)
    w = random.normal(size=(11, 1) if turned[1] else (1, 11)).astype(dtype)

    def layer(a: Any, w: Any) -> Any:
        product = tf.matmul(a, w, transpose_a=turned[0], transpose_b=turned[1])
        return tf.nn.relu(product + 0.5)

    found = traced(layer, a, w)
    expected = np.maximum(np.multiply.outer(a.ravel(), w.ravel()) + 0.5, 0)
    # The sum may cancel; product and sum are rounded once or twice.
    np.testing.assert_allclose(found, expected, atol=4 * np.finfo(dtype).eps)
    assert found.dtype == dtype
    assert len(kernels(programs)) == 1
    assert not on_host(programs)
