"""Rows of `ops.stateful_random`, `ops.stateless_random`, `ops.generator` and kin."""

import numpy as np

from cases import Case

LOGITS = np.array([[0.0, 1.0, 2.0], [3.0, -1.0, 0.5]], np.float32)
ALPHA = np.array([0.5, 1.0, 7.0], np.float32)
RATES = np.array([0.5, 20.0], np.float64)
TRUE = np.array([[1, 5], [3, 0]], np.int64)
SEED = [3, 4]


def seeded(draw):
    """A call under a global seed of its own."""

    def call(tf, *inputs):
        tf.random.set_seed(11)
        return draw(tf, *inputs)

    return call


def generator(draw):
    """A call of a fresh generator."""
    return lambda tf, *inputs: draw(tf.random.Generator.from_seed(5), *inputs)


def stateful(op, draw, *inputs, **options):
    """A row whose numbers come from the global seed."""
    return Case(op, seeded(draw), inputs, order=0, **options)


def stateless(op, draw, *inputs, **options):
    """A row whose numbers come from a seed of its own."""
    return Case(op, draw, inputs, order=0, **options)


def candidates(kind, **given):
    """A call of a candidate sampler."""

    def draw(tf, true):
        sampler = getattr(tf.random, f"{kind}_candidate_sampler")
        return list(sampler(true, 2, 6, True, seed=4, **given))

    return draw


def raw(tf, name, **inputs):
    """An op that has no public function of its own."""
    if hasattr(tf, "raw_ops"):
        return getattr(tf.raw_ops, name)(**inputs)
    from rillet.ops.registry import TABLE

    return TABLE[name](*inputs.values())


CASES = (
    stateful(
        "RandomUniform",
        lambda tf: tf.random.uniform([2, 3], -1.0, 2.0),
    ),
    stateful("RandomStandardNormal", lambda tf: tf.random.normal([2, 3])),
    stateful("TruncatedNormal", lambda tf: tf.random.truncated_normal([2, 3])),
    stateful(
        "RandomUniformInt",
        lambda tf: tf.random.uniform([7], -3, 9, tf.int64),
    ),
    stateful(
        "RandomUniformInt",
        lambda tf, low: tf.random.uniform([7], low, 5, tf.int32),
        np.array(2, np.int32),
        name="limits",
        refused=(
            ((np.array(5, np.int32),), "InvalidArgumentError", "minval < maxval"),
            (
                (np.array([1, 2], np.int32),),
                "InvalidArgumentError",
                "minval must be 0-D",
            ),
        ),
    ),
    stateful(
        "Multinomial",
        lambda tf, x: tf.random.categorical(x, 5),
        LOGITS,
        refused=(
            ((LOGITS[0],), "InvalidArgumentError", "logits should be a matrix"),
            (
                (LOGITS[:, :0],),
                "InvalidArgumentError",
                "num_classes should be positive",
            ),
        ),
    ),
    stateful("RandomGamma", lambda tf, a: tf.random.gamma([4], a), ALPHA),
    stateful("RandomPoissonV2", lambda tf, r: tf.random.poisson([4], r), RATES),
    stateful(
        "RandomShuffle", lambda tf, x: tf.random.shuffle(x), np.arange(12).reshape(6, 2)
    ),
    Case(
        "RandomGammaGrad",
        lambda tf, a, x: raw(tf, "RandomGammaGrad", alpha=a, sample=x),
        (
            np.array([0.01, 0.1, 0.5, 1, 2, 5, 10, 100, 1000, 3, 3, 3]),
            np.array([1e-5, 0.2, 0.3, 0.1, 5, 4, 20, 90, 1100, 1e-3, 1e-20, 40]),
        ),
        order=0,
    ),
    stateful("UniformCandidateSampler", candidates("uniform", range_max=9), TRUE),
    stateful(
        "LogUniformCandidateSampler",
        candidates("log_uniform", range_max=9),
        TRUE,
        refused=(((TRUE + 5,), "InvalidArgumentError", "out of range"),),
    ),
    stateful(
        "LearnedUnigramCandidateSampler",
        candidates("learned_unigram", range_max=9),
        TRUE,
    ),
    stateful(
        "FixedUnigramCandidateSampler",
        candidates("fixed_unigram", range_max=8, unigrams=[1.0, 2, 3, 4, 5, 6, 7, 8]),
        TRUE,
    ),
    stateful("AllCandidateSampler", candidates("all"), TRUE),
    stateless(
        "StatelessRandomGetKeyCounter",
        lambda tf, seed: tf.random.stateless_uniform([3], seed),
        np.array(SEED),
        refused=(
            ((np.array([1, 2, 3]),), "InvalidArgumentError", "must have shape .2."),
            ((np.array(1),), "InvalidArgumentError", "must have shape .2."),
        ),
    ),
    stateless(
        "StatelessRandomUniformV2",
        lambda tf: tf.random.stateless_uniform([2, 3], SEED, 1.0, 4.0),
    ),
    stateless(
        "StatelessRandomNormalV2", lambda tf: tf.random.stateless_normal([2, 3], SEED)
    ),
    stateless(
        "StatelessTruncatedNormalV2",
        lambda tf: tf.random.stateless_truncated_normal([2, 3], SEED),
    ),
    stateless(
        "StatelessRandomUniformFullIntV2",
        lambda tf: tf.random.stateless_uniform([5], SEED, None, None, tf.uint64),
    ),
    stateless(
        "StatelessRandomUniformIntV2",
        lambda tf: tf.random.stateless_uniform([5], SEED, -4, 90, tf.int32),
    ),
    stateless(
        "StatelessRandomGammaV3",
        lambda tf, a: tf.random.stateless_gamma([4, 3], SEED, a),
        ALPHA,
        refused=(
            ((RATES.astype(np.float32),), "InvalidArgumentError", "must end with"),
        ),
    ),
    stateless(
        "StatelessShuffle",
        lambda tf, x: tf.random.experimental.stateless_shuffle(x, SEED),
        np.arange(12).reshape(6, 2),
    ),
    stateless(
        "StatelessMultinomial",
        lambda tf, x: tf.random.stateless_categorical(x, 5, SEED),
        LOGITS,
    ),
    stateless(
        "StatelessRandomPoisson",
        lambda tf, r: tf.random.stateless_poisson([4, 2], SEED, r),
        RATES,
    ),
    stateless(
        "StatelessRandomBinomial",
        lambda tf, n, p: tf.random.stateless_binomial([4, 2], SEED, n, p),
        np.array([10.0, 90.0], np.float32),
        np.array([0.2, 0.7], np.float32),
    ),
    stateless(
        "StatelessParameterizedTruncatedNormal",
        lambda tf, sd: tf.random.stateless_parameterized_truncated_normal(
            [4], SEED, 1.0, sd, -1.0, 2.0
        ),
        np.array(1.5, np.float32),
        refused=(
            ((np.array(-1, np.float32),), "InvalidArgumentError", "Invalid param"),
        ),
    ),
    stateless(
        "RandomIndexShuffle",
        lambda tf, i: tf.random.experimental.index_shuffle(i, SEED, 40),
        np.array([0, 7, 40], np.int32),
        refused=(
            ((np.array([41], np.int32),), "InvalidArgumentError", "must be >= index"),
        ),
    ),
    stateless("RilletRngAdvance", generator(lambda g: [g.skip(3), g.state])),
    stateless("RilletRngKeyCounter", generator(lambda g: g.normal([2, 3]))),
    stateless(
        "RilletRngBinomial", generator(lambda g: g.binomial([3, 2], [9.0, 50.0], 0.4))
    ),
)
