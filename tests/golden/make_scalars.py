"""Writes scalars.npz: functions of one number to 30 digits, for tests of native loops.

    python tests/golden/make_scalars.py

Needs mpmath. For each function, `x` (and `y`) are the arguments; the value is the sum
of `high` and `low`, two float64 numbers.
"""

from pathlib import Path

import mpmath as mp
import numpy as np

mp.mp.dps = 400
HOME = Path(__file__).parent
COUNT = 240


def spread(rng, low, high, tiny=-20, large=None):
    """Numbers all over an interval, and small and large ones by their exponents."""
    few = COUNT // 4
    parts = [rng.uniform(low, high, 2 * few)]
    for span in [(tiny, 0)] + ([(0, large)] if large is not None else []):
        signs = rng.choice([-1, 1], few)
        parts.append(10.0 ** rng.uniform(*span, few) * signs)
    x = np.concatenate(parts)
    return x[(x >= low) & (x <= high) | (large is not None) & (np.abs(x) >= 1)]


def positive(x):
    return np.abs(x)


def jobs(rng):
    yield "exp", mp.exp, spread(rng, -744, 709)
    yield "exp2", lambda v: mp.mpf(2) ** v, spread(rng, -1073, 1023)
    yield "expm1", mp.expm1, spread(rng, -50, 709)
    yield "log", mp.log, positive(spread(rng, 0.5, 2, -300, 300))
    yield "log2", lambda v: mp.log(v, 2), positive(spread(rng, 0.5, 2, -300, 300))
    yield "log1p", mp.log1p, positive(spread(rng, -0.99, 2, -20, 300)) - 0.5
    yield "sigmoid", lambda v: 1 / (1 + mp.exp(-v)), spread(rng, -700, 40)
    yield "tanh", mp.tanh, spread(rng, -20, 20)
    yield "softplus", lambda v: mp.log1p(mp.exp(v)), spread(rng, -700, 40)
    yield "log_sigmoid", lambda v: -mp.log1p(mp.exp(-v)), spread(rng, -40, 700)
    yield "sinh", mp.sinh, spread(rng, -710, 710)
    yield "cosh", mp.cosh, spread(rng, -710, 710)
    yield "asinh", mp.asinh, spread(rng, -3, 3, -20, 300)
    yield "acosh", mp.acosh, positive(spread(rng, 0, 3, -20, 300)) + 1
    yield "atanh", mp.atanh, spread(rng, -0.99, 0.99)
    for name in ("sin", "cos", "tan"):
        yield name, getattr(mp, name), spread(rng, -7, 7, -20, 300)
    yield "asin", mp.asin, spread(rng, -1, 1)
    yield "acos", mp.acos, spread(rng, -1, 1)
    yield "atan", mp.atan, spread(rng, -5, 5, -20, 300)
    yield "erf", mp.erf, spread(rng, -6, 6)
    yield "erfc", mp.erfc, spread(rng, -6, 26)
    yield "lgamma", mp.loggamma, positive(spread(rng, 2.2, 30, -20, 30))
    yield "digamma", mp.digamma, positive(spread(rng, 2, 30, -10, 20))
    yield "erfinv", mp.erfinv, spread(rng, -1, 1)
    yield "ndtri", lambda p: mp.sqrt(2) * mp.erfinv(2 * p - 1), rng.uniform(0, 1, COUNT)


def in_two(values):
    high = np.array([float(v) for v in values])
    return high, np.array(
        [float(v - mp.mpf(h)) for v, h in zip(values, high, strict=True)]
    )


def main():
    rng = np.random.default_rng(5)
    out = {}
    for name, function, x in jobs(rng):
        mp.mp.dps = 60 if name in ("erfinv", "ndtri", "lgamma", "digamma") else 400
        if name in ("erf", "erfc", "exp", "exp2", "expm1", "sinh", "cosh"):
            mp.mp.dps = 60
        for kind in ("float32", "float64"):
            with np.errstate(over="ignore"):
                given = x.astype(kind).astype(np.float64)
            given = given[np.isfinite(given)]
            if name in ("erfinv", "ndtri"):
                given = given[np.abs(given) < 1]
            high, low = in_two([function(mp.mpf(v)) for v in given])
            out[f"{name}.{kind}.x"] = given.astype(kind)
            out[f"{name}.{kind}.high"], out[f"{name}.{kind}.low"] = high, low
    mp.mp.dps = 60
    base = 10.0 ** rng.uniform(-30, 30, 2 * COUNT)
    power = rng.uniform(-10, 10, 2 * COUNT)
    for kind in ("float32", "float64"):
        x, y = base.astype(kind), power.astype(kind)
        values = [
            mp.mpf(float(a)) ** mp.mpf(float(n)) for a, n in zip(x, y, strict=True)
        ]
        top = float(np.finfo(kind).max)
        fine = np.array([mp.mpf(float(np.finfo(kind).tiny)) < v < top for v in values])
        kept = [v for v, ok in zip(values, fine, strict=True) if ok]
        high, low = in_two(kept)
        out[f"pow.{kind}.x"], out[f"pow.{kind}.y"] = x[fine], y[fine]
        out[f"pow.{kind}.high"], out[f"pow.{kind}.low"] = high, low
    np.savez_compressed(HOME / "scalars.npz", **out)


if __name__ == "__main__":
    main()
