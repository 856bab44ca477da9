"""Computes scalar expressions with NumPy: what backends that print them are held to."""

import numpy as np

_UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}


def _fma(x, y, z):
    if x.dtype == np.float32:
        wide = x.astype(np.float64) * y.astype(np.float64) + z.astype(np.float64)
        return wide.astype(np.float32)
    # Dekker's product: x y = high + low, exactly where nothing overflows.
    high = x * y
    x1, y1 = x * 134217729.0, y * 134217729.0
    x1, y1 = x1 - (x1 - x), y1 - (y1 - y)
    x2, y2 = x - x1, y - y1
    low = ((x1 * y1 - high) + x1 * y2 + x2 * y1) + x2 * y2
    total = high + z
    back = total - high
    lost = (high - (total - back)) + (z - back)
    lost = lost + low
    out = np.where(lost == 0, total, total + lost)
    return np.where(np.isfinite(out), out, high + z)


def _cast(x, kind):
    kind = np.dtype(kind)
    if kind == np.bool_:
        return x != 0
    if kind.kind in "iu" and x.dtype.kind == "f":
        limits = np.iinfo(kind)
        top = float(limits.max)
        inside = np.where(np.isnan(x), 0, np.clip(x.astype(np.float64), -top - 1, top))
        low = inside >= top
        whole = np.where(low, 0, np.maximum(inside, float(limits.min)))
        return np.where(low, limits.max, whole.astype(kind)).astype(kind)
    return x.astype(kind)


def _quotient(x, y):
    out = np.zeros_like(x)
    fine = y != 0
    if x.dtype.kind == "i":
        fine &= ~((x == np.iinfo(x.dtype).min) & (y == -1))
    rest = np.fmod(x[fine], y[fine])
    out[fine] = (x[fine] - rest) // y[fine]
    return out


def _remainder(x, y):
    if x.dtype.kind == "f":
        return np.fmod(x, y)
    out = np.zeros_like(x)
    fine = y != 0
    out[fine] = np.fmod(x[fine], y[fine])
    return out


def _popcount(x):
    return np.bitwise_count(x.view(_UNSIGNED[x.dtype.itemsize])).astype(x.dtype)


KINDS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
    "quotient": _quotient, "remainder": _remainder,
    "maximum": np.maximum, "minimum": np.minimum, "fma": _fma,
    "copysign": np.copysign, "neg": np.negative, "abs": np.absolute, "sqrt": np.sqrt,
    "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc, "rint": np.rint,
    "popcount": _popcount, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
    "and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor,
    "not": np.invert, "shl": np.left_shift, "shr": np.right_shift,
    "select": np.where,
}  # fmt: skip


class CheckFailed(Exception):
    """A `checked` expression whose condition is false somewhere."""


def evaluate(root, values):
    """The value of an expression where `values` gives those of its leaves by id.

    Args:
        root: an expression without loads, folds or positions but those in `values`.
        values: for each leaf's id an array; all of one shape.
    """
    found = dict(values)
    stack = [(root, False)]
    shape = np.broadcast_shapes(*[v.shape for v in values.values()])
    with np.errstate(all="ignore"):
        while stack:
            expr, ready = stack.pop()
            if id(expr) in found:
                continue
            if not ready:
                stack.append((expr, True))
                stack.extend((x, False) for x in expr.operands())
                continue
            found[id(expr)] = _one(expr, [found[id(x)] for x in expr.operands()], shape)
    return found[id(root)]


def _one(expr, args, shape):
    if expr.kind == "const":
        with np.errstate(all="ignore"):
            return np.full(shape, np.array(expr.args[0]).astype(expr.type))
    if expr.kind == "cast":
        return _cast(args[0], expr.type)
    if expr.kind == "bitcast":
        return args[0].view(expr.type)
    if expr.kind == "checked":
        if not args[1].all():
            raise CheckFailed
        return args[0]
    out = np.asarray(KINDS[expr.kind](*args))
    assert out.dtype == expr.type, (expr.kind, out.dtype, expr.type)
    return out
