"""Fits the polynomials of rillet's native functions; writes ops/scalar_tables.py.

    python scripts/fit_scalar.py

Needs mpmath. Each polynomial has the least relative error that its degree allows
(Remez's exchange, weighted), and the least degree that meets the goal of its type.
Where an interval starts at 0, coefficients are rounded one by one, the lowest first,
and those that remain are fitted anew to what is left.
"""

import struct
from pathlib import Path

import mpmath as mp

mp.mp.dps = 40
OUT = Path(__file__).parents[1] / "src" / "rillet" / "ops" / "scalar_tables.py"
GOALS = {"float32": mp.mpf(2) ** -28, "float64": mp.mpf(2) ** -57}
GRID = 400


def rounded(x, kind):
    """The nearest number of a type, as a Python float."""
    x = float(x)
    return struct.unpack("f", struct.pack("f", x))[0] if kind == "float32" else x


def value(coefficients, x):
    out = mp.mpf(0)
    for c in reversed(coefficients):
        out = out * x + c
    return out


def exchange(points, function, weight, degree):
    """Remez's exchange on sampled points: coefficients and the weighted error."""
    count = degree + 2
    picks = [
        round((len(points) - 1) * (1 - mp.cos(mp.pi * (k + 0.5) / count)) / 2)
        for k in range(count)
    ]
    for _ in range(60):
        rows = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for i, p in enumerate(picks):
            for j in range(degree + 1):
                rows[i, j] = points[p] ** j
            rows[i, degree + 1] = (-1) ** i / weight[p]
            right[i] = function[p]
        found = list(mp.lu_solve(rows, right))
        coefficients, level = found[:-1], abs(found[-1])
        errors = [
            (value(coefficients, x) - f) * w
            for x, f, w in zip(points, function, weight, strict=True)
        ]
        peaks = alternating(errors, count)
        worst = max(abs(e) for e in errors)
        if worst <= level * mp.mpf("1.0001") or peaks == picks or len(peaks) < count:
            break
        picks = peaks
    return coefficients, worst


def alternating(errors, count):
    """Where errors of changing signs are largest: the best `count` in a row."""
    peaks = []
    for i, e in enumerate(errors):
        if peaks and (e > 0) == (errors[peaks[-1]] > 0):
            if abs(e) > abs(errors[peaks[-1]]):
                peaks[-1] = i
        else:
            peaks.append(i)
    while len(peaks) > count:
        side = 0 if abs(errors[peaks[0]]) < abs(errors[peaks[-1]]) else -1
        peaks.pop(side)
    return peaks


def fit(function, weight, low, high, kind, goal=None):
    """The coefficients, rounded to `kind`, of the least degree that meets the goal."""
    goal = goal or GOALS[kind]
    low, high = mp.mpf(low), mp.mpf(high)
    angles = [mp.pi * (k + mp.mpf(1) / 2) / GRID for k in range(GRID)]
    points = [(low + high) / 2 - (high - low) / 2 * mp.cos(a) for a in angles]
    exact = [function(x) for x in points]
    scale = [abs(weight(x)) for x in points]
    for degree in range(1, 30):
        found, error = exchange(points, exact, scale, degree)
        if error < goal:
            break
    else:
        raise SystemExit(f"{function.__name__}: no degree is enough, {error}")
    fixed, left, left_scale = [], exact, scale
    for k in range(degree + 1):
        fixed.append(rounded(found[0], kind))
        if low < 0:
            fixed = [rounded(c, kind) for c in found]
        if len(fixed) > degree:
            break
        left = [(f - fixed[-1]) / x for f, x in zip(left, points, strict=True)]
        left_scale = [w * abs(x) for w, x in zip(left_scale, points, strict=True)]
        found, _ = exchange(points, left, left_scale, degree - k - 1)
    last = max(
        abs((value(fixed, x) - f) * w)
        for x, f, w in zip(points, exact, scale, strict=True)
    )
    return fixed, last


def exp_rest(r):
    """(e^r - 1 - r) / r²"""
    return mp.fsum(r**k / mp.factorial(k + 2) for k in range(30))


def log_rest(f):
    """(log(1 + f) - f + f²/2) / f³"""
    return (mp.log1p(f) - f + f * f / 2) / f**3


def log_odd(z):
    """(log((1 + s) / (1 - s)) - 2 s) / s³ by s²"""
    s = mp.sqrt(z)
    return 2 * (mp.atanh(s) - s) / s**3


def log_odd_rest(z):
    """(log((1 + s) / (1 - s)) - 2 s) / s³ - 2/3, divided by s², by s²"""
    return 2 * mp.fsum(z**k / (2 * k + 5) for k in range(40))


def erf_share(z):
    """erf(x) / x - 1 by x²"""
    x = mp.sqrt(z)
    return mp.erf(x) / x - 1


def log_erfc(x):
    return mp.log(mp.erfc(x))


def sinh_rest(z):
    """(sinh x - x) / x³ by x²"""
    return mp.fsum(z**k / mp.factorial(2 * k + 3) for k in range(20))


def sin_rest(z):
    """(sin x - x) / x³ by x²"""
    return mp.fsum((-1) ** (k + 1) * z**k / mp.factorial(2 * k + 3) for k in range(20))


def cos_rest(z):
    """(cos x - 1 + x²/2) / x⁴ by x²"""
    return mp.fsum((-1) ** k * z**k / mp.factorial(2 * k + 4) for k in range(20))


def atan_rest(z):
    """(atan x - x) / x³ by x²"""
    x = mp.sqrt(z)
    return (mp.atan(x) - x) / x**3


def asin_rest(z):
    """(asin x - x) / x³ by x²"""
    x = mp.sqrt(z)
    return (mp.asin(x) - x) / x**3


def cube_share(whole):
    """x³ / whole(x) by x²: how much of a function the fitted part is."""
    return lambda z: mp.sqrt(z) ** 3 / whole(mp.sqrt(z))


HALF_LN2 = mp.log(2) / 2 * mp.mpf("1.0005")
EIGHTH = (mp.pi / 4) ** 2 * mp.mpf("1.0005")
LOW, HIGH = mp.sqrt(0.5) - 1, mp.sqrt(2) - 1
LOG_END = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2
ATAN_END = (mp.sqrt(2) - 1) ** 2 * mp.mpf("1.0005")


def jobs():
    both = ("float32", "float64")
    for kind in both:
        yield (
            "EXP", kind, exp_rest,
            lambda r: r * r / min(mp.exp(r), 1), -HALF_LN2, HALF_LN2,
        )  # fmt: skip
        yield "SINH", kind, sinh_rest, cube_share(mp.sinh), 1e-12, 1
        yield "SIN", kind, sin_rest, cube_share(mp.sin), 1e-12, EIGHTH
        yield "COS", kind, cos_rest, lambda z: z * z, 1e-12, EIGHTH
        yield "ATAN", kind, atan_rest, cube_share(mp.atan), 1e-12, ATAN_END
        yield "ASIN", kind, asin_rest, cube_share(mp.asin), 1e-12, 0.25
    # For a power of float32 numbers float64 need not be exact to the last digit.
    half = 2 ** mp.mpf(-34)
    yield "POW_EXP", "float32", exp_rest, lambda r: r * r, -HALF_LN2, HALF_LN2, half
    yield (
        "POW_LOG", "float32", log_odd, lambda z: z / 2, 1e-12, LOG_END,
        2 ** mp.mpf(-42),
    )  # fmt: skip
    yield (
        "POW_LOG", "float64", log_odd_rest, lambda z: z * z / 2, 1e-12, LOG_END,
        2 ** mp.mpf(-68),
    )  # fmt: skip
    yield (
        "ERF_NEAR", "float32", erf_share,
        lambda z: mp.sqrt(z) / mp.erf(mp.sqrt(z)), 1e-12, 1,
    )  # fmt: skip
    yield (
        "ERFC_LOG", "float32", log_erfc, lambda x: mp.erfc(x) / mp.erf(x), 1, 4,
    )  # fmt: skip
    yield "LOG", "float32", log_rest, lambda f: f**3 / mp.log1p(f), LOW, HIGH
    yield (
        "LOG", "float64", log_odd,
        lambda z: mp.sqrt(z) ** 3 / mp.atanh(mp.sqrt(z)) / 2, 1e-12, LOG_END,
    )  # fmt: skip


HEAD = '''"""Polynomials of native functions; made by scripts/fit_scalar.py.

Coefficients stand by the element's type, the constant first; `ops.scalar_*` read them
and say what they are of.
"""

from __future__ import annotations

Table = dict[str, tuple[float, ...]]
'''


def words(width, count):
    """2/π in pieces of `width` bits, as whole numbers."""
    with mp.workprec(width * count + 64):
        number = int(mp.floor(2 / mp.pi * mp.mpf(2) ** (width * count)))
    mask = (1 << width) - 1
    return [(number >> (width * (count - 1 - k))) & mask for k in range(count)]


def write(tables):
    lines = [HEAD]
    for name in sorted(tables):
        lines.append(f"{name}: Table = {{")
        for kind, coefficients in tables[name].items():
            lines.append(f'    "{kind}": (')
            lines.extend(f"        {c!r}," for c in coefficients)
            lines.append("    ),")
        lines.append("}")
    for width, count in ((28, 7), (50, 24)):
        lines.append(f"#: 2/π in pieces of {width} bits, the first ones first.")
        lines.append(f"TURN_{width} = (")
        lines.extend(f"    {word}," for word in words(width, count))
        lines.append(")")
    OUT.write_text("\n".join(lines) + "\n")


def main():
    tables = {}
    for name, kind, function, weight, low, high, *goal in jobs():
        wide = "float64" if name.startswith("POW") else kind
        coefficients, error = fit(function, weight, low, high, wide, *goal)
        print(name, kind, "degree", len(coefficients) - 1, "2 **", mp.log(error, 2))
        tables.setdefault(name, {})[kind] = coefficients
    write(tables)


if __name__ == "__main__":
    main()
