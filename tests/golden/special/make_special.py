"""Makes special.npz: special functions at reference points, by mpmath in 80 digits.

    python tests/golden/special/make_special.py

For each function NAME: ``NAME/x0``, ``NAME/x1``, … are the arguments and ``NAME/y`` the
values, rounded to float64. Two values that differ only in the last place are equal for
`tests/ops/test_special.py`.
"""

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 80
rng = np.random.default_rng(3)


def both(low, high, n=40):
    """Points of both signs, evenly spaced in magnitude and in logarithm."""
    even = np.linspace(low, high, n) + 1e-3
    small = np.geomspace(1e-8, max(abs(low), abs(high)), n)
    return np.concatenate([even, small, -small])


def positive(high, n=40):
    """Points from near 0 to `high`."""
    even = np.linspace(high / n, high, n)
    return np.concatenate([even, np.geomspace(1e-8, high * 20, n)])


def lgamma(x):
    return mp.log(abs(mp.gamma(x)))


def quantile(p):
    """The normal quantile by Newton's method on log erfc, for p below 1/2."""
    if p > 0.5:
        return -quantile(1 - p)
    start = -mp.sqrt(-2 * mp.log(p)) if p < 0.1 else mp.mpf(p - 0.5) * 2.5
    return mp.findroot(
        lambda z: mp.log(mp.erfc(-z / mp.sqrt(2)) / 2) - mp.log(p), start
    )


def spence(x):
    return mp.re(mp.polylog(2, 1 - x)) if x <= 2 else long_spence(x)


def long_spence(x):
    """By the inversion formula, DLMF 25.12.4."""
    return -mp.re(mp.polylog(2, 1 - 1 / x)) - mp.log(x) ** 2 / 2


def dawson(x):
    return mp.sqrt(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)


TAILS = np.concatenate(
    [np.geomspace(1e-300, 0.45, 40), 1 - np.geomspace(1e-14, 0.45, 20)]
)
SHAPES = np.concatenate([rng.uniform(0.05, 40, 60), 10 ** rng.uniform(1, 3, 20)])
NEAR = SHAPES * rng.uniform(0.3, 2.0, 80)

CASES = {
    "erf": (mp.erf, both(-6, 6)),
    "erfc": (mp.erfc, both(-6, 25)),
    "erfinv": (mp.erfinv, both(-0.998, 0.998)),
    "ndtri": (quantile, TAILS),
    "lgamma": (lgamma, np.concatenate([positive(50), both(-9.7, 9.7, 31) + 0.01])),
    "digamma": (mp.digamma, np.concatenate([positive(50), both(-9.7, 9.7, 31) + 0.01])),
    "polygamma": (
        lambda n, x: mp.polygamma(int(n), x),
        rng.integers(0, 6, 80).astype(float),
        positive(20),
    ),
    "zeta": (mp.zeta, rng.uniform(1.05, 30, 80), rng.uniform(0.05, 40, 80)),
    "igamma": (lambda a, x: mp.gammainc(a, 0, x, regularized=True), SHAPES, NEAR),
    "igammac": (lambda a, x: mp.gammainc(a, x, mp.inf, regularized=True), SHAPES, NEAR),
    "betainc": (
        lambda a, b, x: mp.betainc(a, b, 0, x, regularized=True),
        SHAPES[:60],
        SHAPES[::-1][20:],
        rng.uniform(0.02, 0.98, 60),
    ),
    "bessel_i0": (lambda x: mp.besseli(0, x), both(-30, 30)),
    "bessel_i1": (lambda x: mp.besseli(1, x), both(-30, 30)),
    "bessel_i0e": (lambda x: mp.exp(-abs(x)) * mp.besseli(0, x), both(-30, 30)),
    "bessel_i1e": (lambda x: mp.exp(-abs(x)) * mp.besseli(1, x), both(-30, 30)),
    "bessel_j0": (lambda x: mp.besselj(0, x), both(-30, 30)),
    "bessel_j1": (lambda x: mp.besselj(1, x), both(-30, 30)),
    "bessel_y0": (lambda x: mp.bessely(0, x), positive(30)),
    "bessel_y1": (lambda x: mp.bessely(1, x), positive(30)),
    "bessel_k0": (lambda x: mp.besselk(0, x), positive(30)),
    "bessel_k1": (lambda x: mp.besselk(1, x), positive(30)),
    "bessel_k0e": (lambda x: mp.exp(x) * mp.besselk(0, x), positive(30)),
    "bessel_k1e": (lambda x: mp.exp(x) * mp.besselk(1, x), positive(30)),
    "dawsn": (dawson, both(-12, 12)),
    "expint": (mp.ei, positive(30)),
    "fresnel_sin": (mp.fresnels, both(-9, 9)),
    "fresnel_cos": (mp.fresnelc, both(-9, 9)),
    "spence": (spence, positive(20)),
}


def main():
    """Compute every value and write the file."""
    found = {}
    for name, (function, *points) in CASES.items():
        rows = zip(*points, strict=True)
        values = [float(mp.re(function(*map(mp.mpf, row)))) for row in rows]
        for i, x in enumerate(points):
            found[f"{name}/x{i}"] = x
        found[f"{name}/y"] = np.array(values)
        print(name, len(values))
    np.savez_compressed(Path(__file__).parent / "special.npz", **found)


main()
