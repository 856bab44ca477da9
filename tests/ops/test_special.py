"""Special functions against values computed in 80 digits (tests/golden/special)."""

from pathlib import Path

import numpy as np
import pytest

import rillet as tf

FILE = Path(__file__).parents[1] / "golden" / "special" / "special.npz"
with np.load(FILE) as data:
    VALUES = {key: data[key] for key in data.files}
NAMES = sorted({key.partition("/")[0] for key in VALUES})

#: Functions with zeros inside their range: next to one, the error is measured against
#: the size of the terms that cancel there.
CROSSING = {
    "bessel_j0": 1.0,
    "bessel_j1": 1.0,
    "bessel_y0": 1.0,
    "bessel_y1": 1.0,
    "digamma": 10.0,
    "expint": 1.0,
    "lgamma": 1.0,
    "spence": 1.0,
}
#: Relative errors that rounding the argument alone explains: the powers in these have
#: exponents of some hundreds, and one unit of 2e-16 in the exponent is as much outside.
STEEP = {"betainc": 4e-13, "igamma": 2e-13, "igammac": 4e-13}


def called(name, *arguments):
    owner = tf.math if hasattr(tf.math, name) else tf.math.special
    return getattr(owner, name)(*arguments).numpy()


def arguments(name, dtype):
    count = sum(key.startswith(f"{name}/x") for key in VALUES)
    return [VALUES[f"{name}/x{i}"].astype(dtype) for i in range(count)]


@pytest.mark.parametrize("name", NAMES)
def test_double_precision(name):
    want = VALUES[f"{name}/y"]
    have = called(name, *map(tf.constant, arguments(name, np.float64)))
    assert have.dtype == np.float64
    size = np.maximum(np.abs(want), CROSSING.get(name, 1e-280))
    worst = np.max(np.abs(have - want) / size)
    assert worst < STEEP.get(name, 2e-14)


#: Units in the last place by which float32 kernels of their own may err.
OWN_SINGLE = {"erf": 7, "erfc": 6}


@pytest.mark.parametrize("name", NAMES)
def test_single_precision_is_double_rounded(name):
    """float32 goes through float64, so it is right to the last place or nearly.

    erf and erfc have float32 kernels of their own, within 7 and 6 units; real
    TensorFlow's erfc errs by up to 64.
    """
    xs = arguments(name, np.float32)
    have = called(name, *map(tf.constant, xs))
    want = called(name, *[tf.constant(x.astype(np.float64)) for x in xs])
    assert have.dtype == np.float32
    with np.errstate(over="ignore", under="ignore"):
        rounded = want.astype(np.float32)
    known = np.isfinite(rounded) & (np.abs(rounded) > 1e-37)
    assert np.array_equal(np.isfinite(have), np.isfinite(rounded))
    have, rounded = have[known], rounded[known]
    units = np.abs(have - rounded) / np.spacing(np.abs(rounded))
    assert units.max() <= OWN_SINGLE.get(name, 0)


def test_symmetries():
    x = np.linspace(0.1, 20, 50)
    for name in ("erf", "bessel_i1", "bessel_j1"):
        assert np.array_equal(called(name, -x), -called(name, x))
    for name in ("dawsn", "fresnel_sin", "fresnel_cos"):
        assert np.array_equal(called(name, -x), -called(name, x))
    for name in ("bessel_i0", "bessel_j0", "bessel_i0e"):
        assert np.array_equal(called(name, -x), called(name, x))


def test_complements_add_up():
    a, x = np.linspace(0.3, 60, 40), np.linspace(0.1, 80, 40)
    total = called("igamma", a, x) + called("igammac", a, x)
    np.testing.assert_allclose(total, 1, rtol=1e-14)
    y = np.linspace(-3, 3, 40)
    np.testing.assert_allclose(called("erf", y) + called("erfc", y), 1, rtol=1e-15)


def test_quantiles_invert():
    p = np.linspace(0.001, 0.999, 60)
    np.testing.assert_allclose(called("erf", called("erfinv", p)), p, rtol=1e-14)
    both = 0.5 * called("erfc", -called("ndtri", p) / np.sqrt(2))
    np.testing.assert_allclose(both, p, rtol=1e-13)


def test_complement_in_single_precision_keeps_its_digits():
    """Against double precision, down to where float32 has no normal numbers left."""
    x = np.random.default_rng(1).uniform(-4, 9.1, 200_000).astype(np.float32)
    want = called("erfc", tf.constant(x.astype(np.float64)))
    have = called("erfc", tf.constant(x))
    assert (np.abs(have - want) / np.spacing(want.astype(np.float32))).max() <= 6
    edges = called("erfc", tf.constant([np.nan, np.inf, -np.inf, 0.0, 50.0, -50.0]))
    np.testing.assert_array_equal(edges, [np.nan, 0, 2, 1, 0, 2])


def test_large_arrays_match_small_ones():
    """Kernels work in blocks: an array beyond one block gives the same bits."""
    x = np.random.default_rng(0).normal(size=50_000)
    for name in ("erf", "erfc", "lgamma", "bessel_j0"):
        whole = called(name, tf.constant(x, tf.float32))
        parts = [called(name, tf.constant(p, tf.float32)) for p in np.split(x, 100)]
        assert np.array_equal(whole, np.concatenate(parts))
