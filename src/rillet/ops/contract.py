"""Einsum: sums of products named by labels, over matrix products.

In flow an equation and tensors. Three or more are contracted two at a time along the
path that opt_einsum finds; an `Einsum` op holds one or two, and is a transposition, a
sum, or one batch matrix product of `ops.blas`. `tensordot` and `matvec` stand here too.
"""

from __future__ import annotations

import functools
from typing import Any, NamedTuple

import numpy as np

from rillet.core.dtypes import NUMERIC
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import broadcast_dims
from rillet.core.spec import Spec
from rillet.ops import blas
from rillet.ops.contract_products import as_products
from rillet.ops.elementwise import conjugate
from rillet.ops.lowering import Rewrite
from rillet.ops.registry import Op, define
from rillet.ops.shaping import (
    broadcast_to_op,
    reshape_op,
    static_dims,
    sum_array,
    sum_op,
)

Array = np.ndarray[Any, Any]
Labels = tuple[str, ...]


class Equation(NamedTuple):
    """An equation taken apart; an ellipsis stays one label, ``"..."``."""

    inputs: tuple[Labels, ...]
    output: Labels


def _labels(text: str) -> Labels:
    head, dots, tail = text.partition("...")
    return (*head, "...", *tail) if dots else tuple(head)


@functools.lru_cache(256)
def parsed(equation: str) -> Equation:
    """An equation of the form ``ij,jk->ik`` as labels."""
    left, _, right = equation.partition("->")
    return Equation(tuple(map(_labels, left.split(","))), _labels(right))


def _refused(rule: str, values: str, fix: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message("einsum", rule, values, fix))


@functools.lru_cache(256)
def _expanded(
    equation: Equation, ranks: tuple[int, ...]
) -> tuple[list[Labels], Labels, Labels]:
    """Labels an axis: ellipses become numbered labels, counted from the right."""
    extra: Labels = ()
    inputs: list[Labels] = []
    for i, (labels, rank) in enumerate(zip(equation.inputs, ranks, strict=True)):
        named = len(labels) - labels.count("...")
        if "..." not in labels and named != rank:
            raise _refused(
                f"Expected input {i} to have rank {named} but got: {rank}",
                f"its labels are '{''.join(labels)}'",
            )
        if named > rank:
            raise _refused(
                f"Expected input {i} to have rank at least {named} but got: {rank}",
                f"its labels are '{''.join(labels)}'",
            )
        dots = tuple([f".{n}" for n in range(rank - named, 0, -1)])
        extra = max(extra, dots, key=len)
        inputs.append(_filled(labels, dots))
    if extra and "..." not in equation.output:
        raise _refused(
            f"Output contains {len(extra)} broadcasting dimension(s) but no ellipsis"
            " (...) was found in the output subscripts",
            f"the output is '{''.join(equation.output)}'",
            "Write ... in the output too",
        )
    return inputs, _filled(equation.output, extra), extra


def _filled(labels: Labels, dots: Labels) -> Labels:
    out: list[str] = []
    for label in labels:
        out.extend(dots if label == "..." else (label,))
    return tuple(out)


def _sizes(inputs: list[Labels], shapes: list[Any]) -> dict[str, int | None]:
    """The size that each label stands for; ellipses broadcast."""
    found: dict[str, int | None] = {}
    for i, (labels, shape) in enumerate(zip(inputs, shapes, strict=True)):
        for axis, (label, size) in enumerate(zip(labels, shape, strict=True)):
            have = found.get(label)
            if label[0] == "." and label in found:
                found[label] = broadcast_dims("einsum", (have,), (size,))[0]
            elif have is None:
                found[label] = size
            elif size is not None and size != have:
                raise _refused(
                    f"Expected dimension {have} at axis {axis} of the input shaped"
                    f" {list(shape)} but got dimension {size}",
                    f"label '{label}' of input {i}",
                )
    return found


def _infer(inputs: list[Spec], equation: str) -> Spec:
    dtype = inputs[0].dtype
    shapes = [x.shape for x in inputs]
    if any(s is None for s in shapes):
        return Spec(None, dtype)
    labels, output, _ = _expanded(
        parsed(equation), tuple([len(s or ()) for s in shapes])
    )
    sizes = _sizes(labels, shapes)
    return Spec(tuple([sizes[label] for label in output]), dtype)


def _diagonal(x: Array, labels: Labels) -> tuple[Array, Labels]:
    """`x` with one axis a label: repeated ones become their diagonal."""
    if len(set(labels)) == len(labels):
        return x, labels
    kept: list[str] = list(dict.fromkeys(labels))
    shape = [x.shape[labels.index(label)] for label in kept]
    steps = [
        sum(s for s, other in zip(x.strides, labels, strict=True) if other == label)
        for label in kept
    ]
    view = np.lib.stride_tricks.as_strided(x, shape, steps, writeable=False)
    return view, tuple(kept)


def _prepared(x: Array, labels: Labels, kept: set[str]) -> tuple[Array, Labels]:
    """`x` reduced to labels that others know: diagonals taken, the rest summed."""
    x, labels = _diagonal(x, labels)
    gone = tuple([i for i, label in enumerate(labels) if label not in kept])
    if gone:
        x = np.asarray(sum_array(x, gone))
        labels = tuple([label for label in labels if label in kept])
    return x, labels


def _arranged(x: Array, labels: Labels, order: list[str]) -> Array:
    return x.transpose([labels.index(label) for label in order])


def _inflated(x: Array, labels: Labels, output: Labels) -> Array:
    """`x` in the order of `output`, repeated labels on a diagonal, zeros around."""
    unique = list(dict.fromkeys(output))
    x = _arranged(x, labels, unique)
    if len(unique) == len(output):
        return x
    size = dict(zip(unique, x.shape, strict=True))
    out = np.zeros([size[label] for label in output], x.dtype)
    steps = [
        sum(s for s, other in zip(out.strides, output, strict=True) if other == label)
        for label in unique
    ]
    np.lib.stride_tricks.as_strided(out, x.shape, steps)[...] = x
    return out


def _count(sizes: Any) -> int:
    total = 1
    for size in sizes:
        total *= size
    return total


def _kernel(arrays: list[Array], equation: str) -> Array:
    inputs, output, _ = _expanded(parsed(equation), tuple([x.ndim for x in arrays]))
    sizes: Any = _sizes(inputs, [x.shape for x in arrays])
    if len(arrays) == 1:
        x, labels = _prepared(arrays[0], inputs[0], set(output))
        return np.array(_inflated(x, labels, output), order="C")
    (first, second), wanted = inputs, set(output)
    a, left = _prepared(arrays[0], first, wanted | set(second))
    b, right = _prepared(arrays[1], second, wanted | set(first))
    shared = [label for label in left if label in right]
    batch = [label for label in shared if label in wanted]
    inner = [label for label in shared if label not in wanted]
    rows = [label for label in left if label not in right]
    columns = [label for label in right if label not in left]
    a = _arranged(a, left, [*batch, *rows, *inner])
    b = _arranged(b, right, [*batch, *inner, *columns])
    n = len(batch)
    k = _count([sizes[label] for label in inner])
    width = _count([sizes[label] for label in columns])
    height = _count([sizes[label] for label in rows])
    product = blas.batch_matmul(
        a.reshape(*a.shape[:n], height, k), b.reshape(*b.shape[:n], k, width)
    )
    made = (*batch, *rows, *columns)
    product = product.reshape([sizes[label] for label in made])
    return np.ascontiguousarray(_inflated(product, made, output)).reshape(
        [sizes[label] for label in output]
    )


def _grad(g: Any, y: Any, *inputs: Any, equation: str) -> tuple[Any, ...]:
    whole = parsed(equation)
    if len(inputs) == 1:
        return (_grad_one(g, inputs[0], whole, 0, None),)
    return (
        _grad_one(g, inputs[0], whole, 0, inputs[1]),
        _grad_one(g, inputs[1], whole, 1, inputs[0]),
    )


def _grad_one(g: Any, x: Any, whole: Equation, at: int, other: Any) -> Any:
    """The gradient for one input: the same sum, with `g` in that input's place.

    Labels that only this input has, and the output lacks, were summed: their gradient
    is the same along them, so it is broadcast there before the diagonal is restored.
    """
    mine, theirs = whole.inputs[at], whole.inputs[1 - at] if other is not None else ()
    rank = len(static_dims(x))
    if rank == len(mine) - 1:  # the ellipsis stands for nothing
        mine = tuple([label for label in mine if label != "..."])
    known = set(whole.output) | set(theirs)
    unique = tuple(dict.fromkeys(mine))
    reduced = [label for label in unique if label not in known]
    found = tuple([label for label in unique if label in known])
    dots = () if "..." in found or "..." not in known else ("...",)
    made = (*dots, *found)
    left = "".join(whole.output)
    if other is None:
        g = einsum_op([g], equation=f"{left}->{''.join(made)}")
    else:
        g = einsum_op(
            [g, conjugate(other)],
            equation=f"{left},{''.join(theirs)}->{''.join(made)}",
        )
    dims = static_dims(x)
    g = _unbroadcast(g, mine, made, len(dims))
    made = found
    if reduced:
        g, made = _restored(g, mine, made, reduced, dims)
    if made == mine and "..." not in mine:
        return g
    if "..." in mine:
        return _sum_dots(g, x, mine, made)
    return einsum_op([g], equation=f"{''.join(made)}->{''.join(mine)}")


def _unbroadcast(g: Any, mine: Labels, made: Labels, rank: int) -> Any:
    """`g` with no more axes for the ellipsis than this input has."""
    if "..." not in made:
        return g
    own = rank - (len(mine) - 1) if "..." in mine else 0
    have = len(static_dims(g)) - (len(made) - 1)
    start = made.index("...")
    if have > own:
        g = sum_op(g, tuple(range(start, start + have - own)), keep_dims=False)
    return g


def _restored(
    g: Any, mine: Labels, made: Labels, reduced: list[str], dims: Any
) -> tuple[Any, Labels]:
    """`g` broadcast along the labels that were summed, which come last."""
    sizes = [dims[_axis_of(mine, label, len(dims))] for label in reduced]
    have = static_dims(g)
    g = reshape_op(g, (*have, *(1,) * len(sizes)))
    return broadcast_to_op(g, (*have, *sizes)), (*made, *reduced)


def _axis_of(labels: Labels, label: str, rank: int) -> int:
    at = labels.index(label)
    if "..." in labels and labels.index("...") < at:
        return rank - (len(labels) - at)
    return at


def _sum_dots(g: Any, x: Any, mine: Labels, made: Labels) -> Any:
    """`g` in the order of an input with an ellipsis, whose sizes of 1 are summed."""
    if made != mine:
        g = einsum_op([g], equation=f"{''.join(made)}->{''.join(mine)}")
    have, want = static_dims(g), static_dims(x)
    axes = tuple([i for i, d in enumerate(want) if d == 1 and have[i] != 1])
    return sum_op(g, axes, keep_dims=True) if axes else g


def _as_products(arrays: list[Any], equation: str) -> Any:
    shapes = [static_dims(x) for x in arrays]
    if not arrays[0].dtype.is_floating:
        return None
    inputs, output, _ = _expanded(parsed(equation), tuple(map(len, shapes)))
    sizes: Any = _sizes(inputs, shapes)
    return as_products(arrays, inputs, output, sizes)


einsum_op: Op = define(
    "Einsum",
    types=(NUMERIC,),
    kernel=_kernel,
    infer=_infer,
    grad=_grad,
    attrs={"equation": ""},
    variadic=True,
    lower=Rewrite(_as_products),
)
