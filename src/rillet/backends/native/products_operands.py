"""Matrices and stacks of them as they lie in memory, and what a block needs of each.

In flow operands; `products` plans by them.
"""

from __future__ import annotations

from typing import NamedTuple


class Operand(NamedTuple):
    """A matrix, or a stack of them, as it lies in memory.

    Attributes:
      rows: rows as stored.
      columns: columns as stored; those of a row lie side by side.
      transposed: whether the product takes the transpose.
      step: elements from a row to the next; `columns` where it is 0.
      stack: the dimensions before the matrix, dense.
    """

    rows: int
    columns: int
    transposed: bool = False
    step: int = 0
    stack: tuple[int, ...] = ()


class Shape(NamedTuple):
    """The extents of a product."""

    m: int
    n: int
    k: int


class Stack(NamedTuple):
    """Dimensions of a stack: extents, and steps of a and of b, the innermost first."""

    extents: tuple[int, ...]
    steps_a: tuple[int, ...]
    steps_b: tuple[int, ...]


def alignment(
    a: Operand,
    b: Operand,
    shape: Shape,
    by: str,
    stack: Stack | None,
    step_out: int,
) -> dict[str, bool]:
    """For each matrix whether a range of what is cut touches only its share of it."""
    dense = {"a": lies_dense(a), "b": lies_dense(b), "out": step_out == shape.n}
    if by == "matrices" and stack:
        single = len(stack.extents) == 1
        shares = {
            "a": single and stack.steps_a[0] > 0,
            "b": single and stack.steps_b[0] > 0,
            "out": True,
        }
    elif by == "terms":
        shares = {"a": a.transposed, "b": not b.transposed, "out": False}
    elif by == "columns":
        shares = {"a": False, "b": b.transposed, "out": shape.m == 1}
    else:
        alone = stack is None or (len(stack.extents) == 1 and stack.steps_a[0] > 0)
        shares = {"a": alone and not a.transposed, "b": False, "out": True}
    return {name: shares[name] and dense[name] for name in dense}


def lies_dense(matrix: Operand) -> bool:
    """Whether rows follow each other without gaps."""
    return matrix.step in (0, matrix.columns)


def stack_of(a: Operand, b: Operand) -> Stack | None:
    """The dimensions before the matrices, those that can be walked as one joined."""
    depth = max(len(a.stack), len(b.stack))
    if not depth:
        return None
    stack_a = (1,) * (depth - len(a.stack)) + a.stack
    stack_b = (1,) * (depth - len(b.stack)) + b.stack
    step_a = a.rows * (a.step or a.columns)
    step_b = b.rows * (b.step or b.columns)
    joined: list[list[int]] = []
    for size_a, size_b in zip(reversed(stack_a), reversed(stack_b), strict=True):
        if 1 not in (size_a, size_b) and size_a != size_b:
            raise ValueError(
                f"product: stacks {a.stack} and {b.stack} cannot be broadcast"
            )
        extent = size_b if size_a == 1 else size_a
        here_a = step_a if size_a == extent else 0
        here_b = step_b if size_b == extent else 0
        step_a *= size_a
        step_b *= size_b
        last = joined[-1] if joined else None
        if last and here_a == last[0] * last[1] and here_b == last[0] * last[2]:
            last[0] *= extent
        else:
            joined.append([extent, here_a, here_b])
    extents, steps_a, steps_b = zip(*joined, strict=True)
    return Stack(extents, steps_a, steps_b)
