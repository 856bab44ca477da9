"""Programs that draw random numbers, to be run by TensorFlow and by rillet alike.

Each takes the library and returns a list of tensors or arrays. `make_random.py` keeps
what TensorFlow draws in `random.npz`; tests/ops/random compares.
"""

from __future__ import annotations

from typing import Any

import numpy as np

FLOATS = ("float16", "bfloat16", "float32", "float64")
SIZES = (1, 2, 3, 4, 5, 7, 1001)


def seeded_calls(tf: Any) -> list[Any]:
    tf.random.set_seed(1)
    return [
        tf.random.uniform([5]),
        tf.random.uniform([5]),
        tf.random.normal([3, 2]),
        tf.random.uniform([5], -3, 9, tf.int32),
        tf.random.truncated_normal([7]),
        tf.random.shuffle(tf.range(20)),
        tf.random.uniform([2]),
    ]


def op_seed_alone(tf: Any) -> list[Any]:
    tf.random.set_seed(None)
    a = [tf.random.uniform([3], seed=7) for _ in range(3)]
    b = [tf.random.normal([3], seed=7) for _ in range(2)]
    return [*a, *b, tf.random.uniform([3], seed=8), tf.random.uniform([3], seed=7)]


def both_seeds(tf: Any) -> list[Any]:
    tf.random.set_seed(42)
    first = [tf.random.uniform([3], seed=7), tf.random.uniform([4], seed=7)]
    first += [tf.random.uniform([3]), tf.random.uniform([3], seed=7)]
    tf.random.set_seed(42)
    again = [tf.random.uniform([3], seed=7), tf.random.uniform([3])]
    tf.random.set_seed(43)
    return [*first, *again, tf.random.uniform([3], seed=7), tf.random.uniform([3])]


def kernels_by_attributes(tf: Any) -> list[Any]:
    tf.random.set_seed(5)
    wide = np.array([3], np.int64)
    return [
        tf.random.uniform([3], seed=1),
        tf.random.uniform(wide, seed=1),
        tf.random.uniform([3], seed=1, dtype=tf.float64),
        tf.random.uniform([3], 0, 10, tf.int32, seed=1),
        tf.random.uniform([3], 0, 10, tf.int64, seed=1),
        tf.random.uniform([3], seed=1),
        tf.random.uniform(wide, seed=1),
        tf.random.uniform([3], 0, 99, tf.int32, seed=1),
    ]


def zero_seeds(tf: Any) -> list[Any]:
    tf.random.set_seed(0)
    out = [tf.random.uniform([3], seed=0), tf.random.uniform([3])]
    tf.random.set_seed(-5)
    out += [tf.random.uniform([3], seed=-1), tf.random.uniform([3])]
    tf.random.set_seed(2**40 + 3)
    return [*out, tf.random.uniform([3], seed=2**35), tf.random.uniform([3])]


def uniform_types(tf: Any) -> list[Any]:
    tf.random.set_seed(3)
    out = []
    for name in FLOATS:
        for size in SIZES:
            out.append(tf.random.uniform([size], dtype=name))
        out.append(tf.random.uniform([3, 2], -2, 5, dtype=name))
        out.append(tf.random.uniform([2, 3], [0.0, 1.0, 2.0], 4.0, dtype=name))
    return out


def integer_ranges(tf: Any) -> list[Any]:
    tf.random.set_seed(3)
    out = []
    for low, high in ((-5, 17), (0, 1), (-(2**31), 2**31 - 1), (2**31 - 2, 2**31 - 1)):
        out.append(tf.random.uniform([501], low, high, tf.int32))
    for low, high in ((-5, 17), (-(2**63), 2**63 - 1), (3, 2**40), (2**62, 2**63 - 1)):
        out.append(tf.random.uniform([501], low, high, tf.int64))
    return out


def large(tf: Any) -> list[Any]:
    tf.random.set_seed(9)
    bits = tf.random.uniform([1_200_003], 0, 2**31 - 1, tf.int32).numpy()
    wide = tf.random.uniform([600_001], 0, 2**62, tf.int64).numpy()
    real = tf.random.uniform([1_200_003]).numpy()
    after = tf.random.uniform([3], seed=2)
    sums = [np.sum(v.astype(np.uint64)) for v in (bits, wide, real.view(np.int32))]
    return [np.array(sums), bits[-9:], wide[-9:], real[-9:], after]


def normals(tf: Any) -> list[Any]:
    tf.random.set_seed(4)
    out = []
    for name in FLOATS:
        for size in SIZES:
            out.append(tf.random.normal([size], dtype=name))
            out.append(tf.random.truncated_normal([size], dtype=name))
        out.append(tf.random.normal([2, 3], [1.0, 2.0, 3.0], 0.5, dtype=name))
    return out


def shuffles(tf: Any) -> list[Any]:
    tf.random.set_seed(6)
    rows = np.arange(60).reshape(20, 3)
    out = [tf.random.shuffle(rows, seed=3), tf.random.shuffle(rows, seed=3)]
    for size in (1, 2, 3, 1000):
        out.append(tf.random.shuffle(tf.range(size)))
        out.append(tf.random.shuffle(tf.range(size), seed=4))
    return out


def categories(tf: Any) -> list[Any]:
    tf.random.set_seed(6)
    logits = np.random.RandomState(0).randn(5, 11).astype(np.float32)
    odd = np.array([[-np.inf, 0, np.inf], [np.nan, 1, 2], [-np.inf] * 3], np.float32)
    out = [tf.random.categorical(logits, n) for n in (0, 1, 3, 4, 200)]
    out += [tf.random.categorical(logits, 3, seed=2) for _ in range(2)]
    out += [tf.random.categorical(logits, 7, dtype=tf.int32)]
    out += [tf.random.categorical(tf.cast(logits, name), 9) for name in FLOATS]
    many = np.repeat(logits, 60, axis=0)
    return [*out, tf.random.categorical(odd, 5), tf.random.categorical(many, 1)]


def gammas(tf: Any) -> list[Any]:
    tf.random.set_seed(6)
    alpha = [0.1, 0.5, 1.0, 1.5, 7.0, 100.0]
    out = []
    for name in ("float16", "float32", "float64"):
        out.append(tf.random.gamma([300], alpha, dtype=name))
        out.append(tf.random.gamma([3, 2], alpha, [[1.0], [2.0]], dtype=name))
    return [*out, *[tf.random.gamma([2], alpha, seed=5) for _ in range(2)]]


def poissons(tf: Any) -> list[Any]:
    tf.random.set_seed(6)
    rates = [0.0, 0.1, 3.0, 9.9, 10.0, 50.0, 1e4]
    out = []
    for name in ("float32", "float64", "int32", "int64"):
        out.append(tf.random.poisson([200], rates, dtype=name))
    out.append(tf.random.poisson([200], rates[:-1], dtype="float16"))
    return [*out, *[tf.random.poisson([3], 4, seed=5) for _ in range(2)]]


def stateless_basics(tf: Any) -> list[Any]:
    out = []
    for seed in ([1, 2], [0, 0], [-1, 2**31 - 1], np.array([2**40, -(2**50)])):
        for name in FLOATS:
            out.append(tf.random.stateless_uniform([7], seed, dtype=name))
        for name in ("int32", "int64", "uint32", "uint64"):
            out.append(tf.random.stateless_uniform([7], seed, None, None, name))
        for name in ("int32", "int64"):
            out.append(tf.random.stateless_uniform([7], seed, -9, 100, name))
        out.append(tf.random.stateless_uniform([2, 2], seed, 3, [4.0, 5.0]))
        out.append(tf.random.split(seed, 3))
        out.append(tf.random.fold_in(seed, 5))
        out.append(tf.random.experimental.stateless_shuffle(tf.range(30), seed))
    return out


def stateless_normals(tf: Any) -> list[Any]:
    out = []
    for name in FLOATS:
        out.append(tf.random.stateless_normal([101], [1, 2], 1.0, 2.0, dtype=name))
        out.append(tf.random.stateless_truncated_normal([101], [3, 4], dtype=name))
    return out


def stateless_counts(tf: Any) -> list[Any]:
    n = np.array([0, 10, 10, 10, 1000, 1000, 1000, 1e6])
    p = np.array([0.5, 0.1, 0.9, 1.0, 0.3, 0.7, 0.0, 0.2])
    rates = np.array([0, 0.1, 9.9, 10, 50, 1e5])
    logits = np.random.RandomState(0).randn(5, 11).astype(np.float32)
    out = [tf.random.stateless_categorical(logits, 40, [5, 6])]
    for name in ("float32", "float64", "int32", "int64"):
        out.append(tf.random.stateless_binomial([100, 8], [1, 2], n, p, name))
        out.append(tf.random.stateless_poisson([100, 6], [1, 2], rates, name))
    out.append(tf.random.stateless_binomial([9, 2, 1], [1, 2], [[30.0], [60.0]], 0.4))
    return out


def stateless_gammas(tf: Any) -> list[Any]:
    alpha = [0.1, 0.5, 1.0, 1.5, 7.0, 100.0]
    return [
        tf.random.stateless_gamma([100, 6], [1, 2], alpha, dtype=name)
        for name in ("float16", "float32", "float64")
    ]


def bounded_normals(tf: Any) -> list[Any]:
    columns = [
        (0, 1, -2, 2),
        (0, 1, 0.5, 0.7),
        (0, 2, -0.3, 0.2),
        (5, 1, -np.inf, 1),
        (0, 1, 2, np.inf),
        (0, 1, 3, 8),
        (0, 1, -5, -1),
        (2, 0.5, -1, 3),
    ]
    out = []
    for name in ("float16", "float32", "float64"):
        rows = np.array(columns).T.astype(name)
        draw = tf.random.stateless_parameterized_truncated_normal
        out.append(draw([50, 8], [1, 2], *rows))
    return out


def index_shuffles(tf: Any) -> list[Any]:
    out = []
    for top in (1, 5, 100, 65535, 65536, 65537, 1 << 20, (1 << 33) + 1):
        index = np.array([0, 1, min(3, top), top], np.int64)
        shuffled = tf.random.experimental.index_shuffle(index, [7, 3], np.int64(top))
        out.append(shuffled)
    return out


def generators(tf: Any) -> list[Any]:
    g = tf.random.Generator.from_seed(1)
    out = [g.uniform([3]), g.uniform([3], -1, 4), g.uniform([3], 1, 9, tf.int64)]
    out += [g.uniform([3], None, None, tf.int32), g.uniform_full_int([2]), g.skip(7)]
    out += [g.make_seeds(3), g.state.numpy(), g.key]
    out += [child.uniform([3]) for child in g.split(2)]
    out += [g.binomial([3, 2], [10.0, 20.0], [0.5, 0.5]), g.state.numpy()]
    out += [g.binomial([2, 3, 1], [100.0], [0.5]), g.state.numpy()]
    g.reset_from_seed(2**70 + 5)
    out += [g.state.numpy(), g.uniform([2])]
    g.reset([1, 2, 3])
    out += [g.uniform([2])]
    g.reset_from_key_counter(5, [6, 7])
    out += [g.uniform([2]), g.state.numpy()]
    copy = tf.random.Generator(copy_from=g)
    out += [copy.uniform([2]), g.uniform([2])]
    auto = tf.random.Generator.from_seed(1, alg="auto_select")
    out += [auto.uniform([2]), auto.algorithm]
    wrap = tf.random.Generator.from_state([-1, -1, 9], "philox")
    out += [wrap.uniform([2]), wrap.state.numpy()]
    for seed, alg in ((5, 1), ([1, 2], "philox"), (-1, "threefry"), ([1, 2, 3, 4], 1)):
        out.append(tf.random.create_rng_state(seed, alg))
    return out


def generator_normals(tf: Any) -> list[Any]:
    g = tf.random.Generator.from_seed(1234)
    out = [g.normal([2, 3]), g.truncated_normal([5]), g.normal([2], 3, 2, tf.float64)]
    return [*out, g.state.numpy()]


def candidates(tf: Any) -> list[Any]:
    tf.random.set_seed(8)
    true = np.array([[1, 5], [3, 0]], np.int64)
    out: list[Any] = []
    for sampler in ("uniform", "log_uniform", "learned_unigram"):
        draw = getattr(tf.random, f"{sampler}_candidate_sampler")
        out += draw(true, 2, 6, True, 10)
        out += draw(true, 2, 6, False, 16)
        for _ in range(3):
            out += draw(true, 2, 5, True, 1000, seed=3)
    return out


def other_candidates(tf: Any) -> list[Any]:
    tf.random.set_seed(8)
    true = np.array([[1, 5], [3, 0]], np.int64)
    weights = [0.1, 3.0, 1.0, 0.5, 2.0, 7.0, 0.25, 1.0]
    out: list[Any] = list(tf.random.all_candidate_sampler(true, 2, 8, True))
    draw = tf.random.fixed_unigram_candidate_sampler
    out += draw(true, 2, 4, True, 8, unigrams=weights)
    out += draw(true, 2, 20, False, 8, distortion=0.75, unigrams=weights, seed=2)
    return out


#: Programs whose every number must be TensorFlow's, bit for bit.
EXACT = (
    both_seeds,
    zero_seeds,
    kernels_by_attributes,
    uniform_types,
    integer_ranges,
    large,
    shuffles,
    categories,
    poissons,
    stateless_basics,
    stateless_counts,
    index_shuffles,
    generators,
)
#: Programs whose floats may differ in the last place or two: logarithms, sines and
#: exponentials are those of another library.
NEAR = (
    seeded_calls,
    op_seed_alone,
    normals,
    gammas,
    stateless_normals,
    stateless_gammas,
    bounded_normals,
    generator_normals,
    candidates,
    other_candidates,
)
