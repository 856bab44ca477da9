"""Fits the series of rillet's special functions; writes ops/*_tables.py.

    python scripts/fit_special.py

Needs mpmath. Each function is brought into a form that is smooth on an interval (its
zero, pole, growth or oscillation divided out), sampled there at Chebyshev points in 50
digits, and expanded. Terms below 2e-17 of the largest are left out. The kernels in
`rillet.ops` undo the forms; their docstrings name the sources.
"""

from pathlib import Path

import mpmath as mp

mp.mp.dps = 50
HOME = Path(__file__).parents[1] / "src" / "rillet" / "ops"
NODES = 72


def series(function, low, high):
    """The Chebyshev coefficients of `function` on an interval, half the first."""
    low, high = mp.mpf(low), mp.mpf(high)
    half, middle = (high - low) / 2, (high + low) / 2
    angles = [mp.pi * (k + mp.mpf(1) / 2) / NODES for k in range(NODES)]
    values = [function(middle + half * mp.cos(a)) for a in angles]
    out = []
    for j in range(NODES):
        total = sum(v * mp.cos(j * a) for v, a in zip(values, angles, strict=True))
        out.append(total * (1 if j == 0 else 2) / NODES)
    largest = max(abs(c) for c in out)
    while abs(out[-1]) < mp.mpf("2e-17") * largest:
        out.pop()
    if len(out) > NODES - 6:
        raise SystemExit(f"{function.__name__} on [{low}, {high}] does not converge")
    return out


def root(x):
    return mp.sqrt(x)


def erf_small(s):
    """erf(x) / x by x²."""
    x = root(s)
    return mp.erf(x) / x


def erfcx(t):
    """exp(x²) erfc(x) by t = (x - 4) / (x + 4)."""
    x = 4 * (1 + t) / (1 - t)
    if x > 60:
        u = 1 / (2 * x * x)
        return (1 - u + 3 * u**2 - 15 * u**3 + 105 * u**4 - 945 * u**5) / (
            x * root(mp.pi)
        )
    return mp.exp(x * x) * mp.erfc(x)


def erfcx_by_two(t):
    """(x + 2) exp(x²) erfc(x) by t = (x - 2) / (x + 2)."""
    x = 2 * (1 + t) / (1 - t)
    return (x + 2) * mp.exp(x * x) * mp.erfc(x)


def quantile_middle(s):
    """ndtri(1/2 + q) / q by q²."""
    q = root(s)
    return mp.sqrt(2) * mp.erfinv(2 * q) / q


def quantile_tail(r):
    """-ndtri(exp(-r²)) - r √2 by r."""
    target = -r * r
    x = r * mp.sqrt(2)

    def gap(z):
        return mp.log(mp.erfc(z / mp.sqrt(2)) / 2) - target

    return mp.findroot(gap, x - mp.log(x * mp.sqrt(2 * mp.pi) + 1) / (x + 1)) - x


def quantile_far(v):
    """The same by 1 / r, times r."""
    r = 1 / v
    return quantile_tail(r) * r


def lgamma_low(x):
    """lgamma(x) / ((x - 1)(x - 2))."""
    return mp.loggamma(x) / ((x - 1) * (x - 2))


def lgamma_high(x):
    return mp.loggamma(x)


def i0_near(x):
    return mp.exp(-x) * mp.besseli(0, x)


def i0_far(v):
    return mp.exp(-1 / v) * mp.besseli(0, 1 / v) * root(1 / v)


def i1_near(x):
    return mp.exp(-x) * mp.besseli(1, x) / x


def i1_far(v):
    return mp.exp(-1 / v) * mp.besseli(1, 1 / v) * root(1 / v)


def k0_near(s):
    """K0(x) + log(x/2) I0(x) by x²."""
    x = root(s)
    return mp.besselk(0, x) + mp.log(x / 2) * mp.besseli(0, x)


def k0_far(v):
    return mp.exp(1 / v) * mp.besselk(0, 1 / v) * root(1 / v)


def k1_near(s):
    """x K1(x) - x log(x/2) I1(x) by x²."""
    x = root(s)
    return x * mp.besselk(1, x) - x * mp.log(x / 2) * mp.besseli(1, x)


def k1_far(v):
    return mp.exp(1 / v) * mp.besselk(1, 1 / v) * root(1 / v)


def j0_near(s):
    return mp.besselj(0, root(s))


def j1_near(s):
    x = root(s)
    return mp.besselj(1, x) / x


def y0_near(s):
    """Y0(x) - (2/π) log(x) J0(x) by x²."""
    x = root(s)
    return mp.bessely(0, x) - 2 / mp.pi * mp.log(x) * mp.besselj(0, x)


def y1_near(s):
    """(Y1(x) - (2/π)(log(x) J1(x) - 1/x)) / x by x²."""
    x = root(s)
    return (mp.bessely(1, x) - 2 / mp.pi * (mp.log(x) * mp.besselj(1, x) - 1 / x)) / x


def modulus(order, which):
    """P and Q of DLMF 10.17.3 by 1/x²: Q without its leading 1/x."""

    def part(s):
        x = 1 / root(s)
        angle = x - (2 * order + 1) * mp.pi / 4
        scale = root(mp.pi * x / 2)
        j, y = mp.besselj(order, x), mp.bessely(order, x)
        if which == "P":
            return scale * (j * mp.cos(angle) + y * mp.sin(angle))
        return scale * x * (y * mp.cos(angle) - j * mp.sin(angle))

    return part


def dawson(x):
    return root(mp.pi) / 2 * mp.exp(-x * x) * mp.erfi(x)


def dawson_near(s):
    x = root(s)
    return dawson(x) / x


def dawson_far(s):
    """x D(x) by 1/x²."""
    x = 1 / root(s)
    return x * dawson(x)


def ei_near(x):
    """(Ei(x) - γ - log x) / x."""
    return (mp.ei(x) - mp.euler - mp.log(x)) / x


def ei_far(v):
    """x exp(-x) Ei(x) by 1/x."""
    x = 1 / v
    return x * mp.exp(-x) * mp.ei(x)


def fresnel_s_near(s):
    """S(x) / x³ by x⁴."""
    x = s ** (mp.mpf(1) / 4)
    return mp.fresnels(x) / x**3


def fresnel_c_near(s):
    """C(x) / x by x⁴."""
    x = s ** (mp.mpf(1) / 4)
    return mp.fresnelc(x) / x


def fresnel_f(s):
    """π x f(x) of DLMF 7.5.2 by 1/x⁴."""
    x = s ** (-mp.mpf(1) / 4)
    a, b, z = mp.fresnelc(x), mp.fresnels(x), mp.pi * x * x / 2
    both = (mp.mpf(1) / 2 - b) * mp.cos(z) - (mp.mpf(1) / 2 - a) * mp.sin(z)
    return mp.pi * x * both


def fresnel_g(s):
    """π² x³ g(x) of DLMF 7.5.2 by 1/x⁴."""
    x = s ** (-mp.mpf(1) / 4)
    a, b, z = mp.fresnelc(x), mp.fresnels(x), mp.pi * x * x / 2
    both = (mp.mpf(1) / 2 - a) * mp.cos(z) + (mp.mpf(1) / 2 - b) * mp.sin(z)
    return mp.pi**2 * x**3 * both


def spence_middle(x):
    """spence(x) / (1 - x)."""
    return mp.re(mp.polylog(2, 1 - x)) / (1 - x)


TABLES = {
    "ERF_SMALL": (erf_small, 0, 1),
    "ERFCX": (erfcx, "-0.6", 1),
    "QUANTILE_MIDDLE": (quantile_middle, 0, "0.140625"),
    "QUANTILE_TAIL": (quantile_tail, "1.4", "4"),
    "QUANTILE_FAR": (quantile_far, "0.125", "0.25"),
    "QUANTILE_FARTHEST": (quantile_far, "0.0359", "0.125"),
    "LGAMMA_LOW": (lgamma_low, "0.5", "1.5"),
    "LGAMMA_MIDDLE": (lgamma_low, "1.5", "3"),
    "LGAMMA_HIGH": (lgamma_high, 3, 10),
    "I0_NEAR": (i0_near, 0, 8),
    "I0_FAR": (i0_far, "1e-20", "0.125"),
    "I1_NEAR": (i1_near, 0, 8),
    "I1_FAR": (i1_far, "1e-20", "0.125"),
    "K0_NEAR": (k0_near, 0, 4),
    "K0_FAR": (k0_far, "1e-20", "0.5"),
    "K1_NEAR": (k1_near, 0, 4),
    "K1_FAR": (k1_far, "1e-20", "0.5"),
    "J0_NEAR": (j0_near, 0, 64),
    "J1_NEAR": (j1_near, 0, 64),
    "Y0_NEAR": (y0_near, 0, 64),
    "Y1_NEAR": (y1_near, 0, 64),
    "J0_P": (modulus(0, "P"), "1e-16", "0.015625"),
    "J0_Q": (modulus(0, "Q"), "1e-16", "0.015625"),
    "J1_P": (modulus(1, "P"), "1e-16", "0.015625"),
    "J1_Q": (modulus(1, "Q"), "1e-16", "0.015625"),
    "DAWSON_NEAR": (dawson_near, 0, 9),
    "DAWSON_MIDDLE": (dawson, 3, 6),
    "DAWSON_FAR": (dawson_far, "1e-8", "0.0278"),
    "EI_NEAR": (ei_near, 0, 6),
    "EI_ABOVE_6": (ei_far, "0.0833333", "0.1666667"),
    "EI_ABOVE_12": (ei_far, "0.0416666", "0.0833334"),
    "EI_ABOVE_24": (ei_far, "1e-12", "0.0416667"),
    "FRESNEL_S_NEAR": (fresnel_s_near, 0, "39.0625"),
    "FRESNEL_C_NEAR": (fresnel_c_near, 0, "39.0625"),
    "FRESNEL_F": (fresnel_f, "1e-14", "0.0257"),
    "FRESNEL_G": (fresnel_g, "1e-14", "0.0257"),
    "SPENCE": (spence_middle, "0.5", "1.5"),
}


BESSEL = ("I0", "I1", "J0", "J1", "K0", "K1", "Y0", "Y1")


def quotient(function, low, high, above, below):
    """Coefficients of p / q, equal to `function` at Chebyshev points; q starts with 1.

    The powers are those of the argument itself, from the constant up.
    """
    low, high = mp.mpf(low), mp.mpf(high)
    count = above + below + 1
    matrix, right = mp.matrix(count, count), mp.matrix(count, 1)
    for i in range(count):
        place = mp.cos(mp.pi * (2 * i + 1) / 2 / count)
        s = (high + low) / 2 + (high - low) / 2 * place
        f = function(s)
        for j in range(above + 1):
            matrix[i, j] = s**j
        for j in range(1, below + 1):
            matrix[i, above + j] = -f * s**j
        right[i] = f
    found = mp.lu_solve(matrix, right)
    return list(found[: above + 1]), [mp.mpf(1), *found[above + 1 :]]


def wrapped(numbers):
    """Lines of numbers, indented for a tuple."""
    lines, row = [], "       "
    for number in [repr(float(c)) for c in numbers]:
        if len(row) + len(number) + 2 > 88:
            lines.append(row)
            row = "       "
        row += f" {number},"
    return [*lines, row]


def written(title, tables):
    """The text of a module of series."""
    lines = [
        f'"""{title}; made by scripts/fit_special.py.',
        "",
        "Each is ``(low, high, coefficients)``: the interval of the argument, and the",
        "factors of Chebyshev's polynomials on it; `ops.chebyshev` reads them.",
        '"""',
        "",
        "from __future__ import annotations",
        "",
        "Series = tuple[float, float, tuple[float, ...]]",
    ]
    for name, (function, low, high) in tables.items():
        lines += ["", f"{name}: Series = (", f"    {float(low)!r},"]
        lines += [f"    {float(high)!r},", "    ("]
        lines += [*wrapped(series(function, low, high)), "    ),", ")"]
    return lines


def main():
    """Fit every table and write the modules."""
    bessel = {n: t for n, t in TABLES.items() if n[:2] in BESSEL}
    others = {n: t for n, t in TABLES.items() if n[:2] not in BESSEL}
    lines = written("Series of Bessel functions", bessel)
    (HOME / "bessel_tables.py").write_text("\n".join(lines) + "\n")
    lines = written("Series of special functions", others)
    above, below = quotient(erf_small, 0, 15, 6, 6)
    lines += [
        "",
        "# erf(x) / x by x² up to 15, as a quotient of polynomials, for float32.",
        "ERF_SINGLE: tuple[tuple[float, ...], tuple[float, ...]] = (",
    ]
    for part in (above, below):
        lines += ["    (", *wrapped(part), "    ),"]
    lines += [
        ")",
        "",
        "# (x + 2) exp(x²) erfc(x) by (x - 2) / (x + 2), x up to 10.2, for float32.",
        "ERFCX_SINGLE: tuple[float, ...] = (",
    ]
    powers, _ = quotient(erfcx_by_two, -1, "0.6721", 10, 0)
    lines += [line[4:] for line in wrapped(powers)]
    lines += [")"]
    (HOME / "special_tables.py").write_text("\n".join(lines) + "\n")


main()
