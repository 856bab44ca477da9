"""Einsum as products of matrices, for backends that compile.

In flow symbolic tensors of known sizes and an equation; out flow tensors made of
transposes, reshapes and products. The record of `ops.contract` names `as_products` in
its `lower`; backends put what it makes in the op's place.
"""

from __future__ import annotations

import math
from typing import Any

from rillet.ops.products import batch_matmul_op, matmul_op
from rillet.ops.shaping import reshape_op, static_dims, sum_op
from rillet.ops.transposes import transpose_op

Labels = tuple[str, ...]


def as_products(
    arrays: list[Any], inputs: list[Labels], output: Labels, sizes: dict[str, int]
) -> Any:
    """A sum of products over labels, by at most one product of matrices.

    Args:
        arrays: one or two tensors.
        inputs: their labels, one an axis.
        output: the result's labels.
        sizes: the size of each label.

    Returns:
        A tensor; None where a label stands twice in one place.
    """
    if any(len(set(x)) < len(x) for x in (*inputs, output)) or 0 in sizes.values():
        return None
    pairs = [
        _unspread(x, labels, sizes) for x, labels in zip(arrays, inputs, strict=True)
    ]
    arrays, inputs = [x for x, _ in pairs], [labels for _, labels in pairs]
    others = [set(output) | set(labels) for labels in reversed(inputs)]
    if len(arrays) == 1:
        x, found = _summed(arrays[0], inputs[0], set(output))
        return _ordered(x, found, output)
    a, left = _summed(arrays[0], inputs[0], others[0])
    b, right = _summed(arrays[1], inputs[1], others[1])
    return _product(a, left, b, right, output, sizes)


def _unspread(x: Any, labels: Labels, sizes: dict[str, int]) -> tuple[Any, Labels]:
    """`x` without the axes of size 1 that are broadcast."""
    dims = static_dims(x)
    kept = [i for i, label in enumerate(labels) if dims[i] == sizes[label]]
    if len(kept) == len(dims):
        return x, labels
    x = reshape_op(x, tuple([dims[i] for i in kept]))
    return x, tuple([labels[i] for i in kept])


def _summed(x: Any, labels: Labels, kept: set[str]) -> tuple[Any, Labels]:
    """`x` summed over labels that nobody else knows."""
    gone = tuple([i for i, label in enumerate(labels) if label not in kept])
    if not gone:
        return x, labels
    left = tuple([label for label in labels if label in kept])
    return sum_op(x, gone, keep_dims=False), left


def _ordered(x: Any, labels: Labels, order: Labels) -> Any:
    if labels == order:
        return x
    return transpose_op(x, tuple([labels.index(label) for label in order]))


def _product(
    a: Any, left: Labels, b: Any, right: Labels, output: Labels, sizes: dict[str, int]
) -> Any:
    shared = [label for label in left if label in right]
    batch = tuple([label for label in output if label in shared])
    inner = tuple([label for label in shared if label not in output])
    rows = tuple([label for label in output if label in left and label not in right])
    columns = tuple([label for label in output if label not in left])
    if output[len(batch) :] == (*columns, *rows) and rows and columns:
        # the other way round the result needs no transposition
        a, left, b, right, rows, columns = b, right, a, left, columns, rows
    if not _plain(right, batch, inner, columns):
        swapped = tuple([label for label in right if label in inner])
        inner = swapped if _plain(right, batch, swapped, columns) else inner
    stack = [sizes[label] for label in batch]
    n, k, m = (math.prod([sizes[x] for x in part]) for part in (rows, inner, columns))
    a, turned = _matrices(a, left, batch, rows, inner)
    a = reshape_op(a, (*stack, k, n) if turned else (*stack, n, k))
    b, across = _matrices(b, right, batch, inner, columns)
    b = reshape_op(b, (*stack, m, k) if across else (*stack, k, m))
    if stack:
        made = batch_matmul_op(a, b, adj_x=turned, adj_y=across)
    else:
        made = matmul_op(a, b, transpose_a=turned, transpose_b=across)
    order = (*batch, *rows, *columns)
    return _ordered(reshape_op(made, tuple([sizes[x] for x in order])), order, output)


def _plain(labels: Labels, batch: Labels, first: Labels, second: Labels) -> bool:
    """Whether an operand is a stack of matrices as it lies, or of transposed ones."""
    return labels in ((*batch, *first, *second), (*batch, *second, *first))


def _matrices(
    x: Any, labels: Labels, batch: Labels, first: Labels, second: Labels
) -> tuple[Any, bool]:
    """An operand as a stack of matrices, and whether they are transposed."""
    if labels == (*batch, *second, *first) and first and second:
        return x, True
    return _ordered(x, labels, (*batch, *first, *second)), False
