"""Tensor operations as loops over numbers, as the course writes them, and in one call.

In: NumPy arrays. Out: NumPy arrays, the same from a function and its twin in `TWINS`;
`compare` times both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import numpy as np

import rillet as tf
from rillet.explain.picture import refuse

Array = np.ndarray[Any, Any]


def _of_rank(op: str, name: str, value: Any, rank: int) -> Array:
    array = np.asarray(value)
    if array.ndim != rank:
        raise refuse(op, f"{name} must be of rank {rank}", f"shape {array.shape}")
    return array


def _same(op: str, what: str, a: Any, b: Any) -> None:
    if a != b:
        raise refuse(op, what, f"{a} and {b}")


def naive_relu(x: Any) -> Array:
    """max(x, 0), element by element.

    Args:
        x: ``(n, m)``.

    Returns:
        A new array ``(n, m)``.

    Raises:
        ValueError: where x is no matrix.

    Example:
        >>> naive_relu([[1.0, -2.0]]).tolist()
        [[1.0, 0.0]]
    """
    found = _of_rank("naive_relu", "x", x, 2).copy()
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            found[i, j] = max(found[i, j], 0)
    return found


def naive_add(x: Any, y: Any) -> Array:
    """x + y, element by element.

    Args:
        x: ``(n, m)``.
        y: ``(n, m)``.

    Returns:
        A new array ``(n, m)``.

    Raises:
        ValueError: where the shapes differ.
    """
    found = _of_rank("naive_add", "x", x, 2).copy()
    other = _of_rank("naive_add", "y", y, 2)
    _same("naive_add", "the shapes must be the same", found.shape, other.shape)
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            found[i, j] += other[i, j]
    return found


def naive_add_matrix_and_vector(x: Any, y: Any) -> Array:
    """x + y, the vector added to each row.

    Args:
        x: ``(n, m)``.
        y: ``(m,)``.

    Returns:
        A new array ``(n, m)``.

    Raises:
        ValueError: where a row is not as long as the vector.
    """
    name = "naive_add_matrix_and_vector"
    found = _of_rank(name, "x", x, 2).copy()
    row = _of_rank(name, "y", y, 1)
    _same(name, "x's columns and y's values differ", found.shape[1], row.shape[0])
    for i in range(found.shape[0]):
        for j in range(found.shape[1]):
            found[i, j] += row[j]
    return found


def naive_vector_dot(x: Any, y: Any) -> float:
    """The sum of the products of two vectors' values.

    Args:
        x: ``(n,)``.
        y: ``(n,)``.

    Raises:
        ValueError: where they differ in length.

    Example:
        >>> naive_vector_dot([1.0, 2.0], [3.0, 4.0])
        11.0
    """
    a = _of_rank("naive_vector_dot", "x", x, 1)
    b = _of_rank("naive_vector_dot", "y", y, 1)
    _same("naive_vector_dot", "the lengths must be the same", a.shape, b.shape)
    total = 0.0
    for i in range(a.shape[0]):
        total += float(a[i] * b[i])
    return total


def naive_matrix_vector_dot(x: Any, y: Any) -> Array:
    """The dot product of each row with a vector.

    Args:
        x: ``(n, m)``.
        y: ``(m,)``.

    Returns:
        ``(n,)``.

    Raises:
        ValueError: where a row is not as long as the vector.
    """
    name = "naive_matrix_vector_dot"
    a, b = _of_rank(name, "x", x, 2), _of_rank(name, "y", y, 1)
    _same(name, "x's columns and y's values differ", a.shape[1], b.shape[0])
    found = np.zeros(a.shape[0])
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            found[i] += a[i, j] * b[j]
    return found


def naive_matrix_dot(x: Any, y: Any) -> Array:
    """The dot product of each row of x with each column of y.

    Args:
        x: ``(n, k)``.
        y: ``(k, m)``.

    Returns:
        ``(n, m)``.

    Raises:
        ValueError: where x's columns are not as many as y's rows.

    Example:
        >>> naive_matrix_dot([[1.0, 2.0]], [[3.0], [4.0]]).tolist()
        [[11.0]]
    """
    a = _of_rank("naive_matrix_dot", "x", x, 2)
    b = _of_rank("naive_matrix_dot", "y", y, 2)
    _same("naive_matrix_dot", "x's columns and y's rows differ", a.shape[1], b.shape[0])
    found = np.zeros((a.shape[0], b.shape[1]))
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            found[i, j] = naive_vector_dot(a[i, :], b[:, j])
    return found


def naive_dense(x: Any, w: Any, b: Any) -> Array:
    """A Dense layer with relu: relu(x w + b), in loops.

    Args:
        x: inputs ``(batch, in)``.
        w: the kernel ``(in, units)``.
        b: the bias ``(units,)``.

    Returns:
        ``(batch, units)``.

    Raises:
        ValueError: where the shapes do not fit together.
    """
    return naive_relu(naive_add_matrix_and_vector(naive_matrix_dot(x, w), b))


def _product(x: Any, y: Any) -> Any:
    return tf.matmul(tf.convert_to_tensor(x), tf.convert_to_tensor(y)).numpy()


def _vector_dot(x: Any, y: Any) -> float:
    return float((np.asarray(x) * np.asarray(y)).sum())


#: The same in one call: NumPy's loops are in C, products are rillet's own.
TWINS: Final[dict[str, Callable[..., Any]]] = {
    "naive_relu": lambda x: np.maximum(x, 0),
    "naive_add": lambda x, y: np.asarray(x) + np.asarray(y),
    "naive_add_matrix_and_vector": lambda x, y: np.asarray(x) + np.asarray(y),
    "naive_vector_dot": _vector_dot,
    "naive_matrix_vector_dot": lambda x, y: _product(x, np.asarray(y)[:, None])[:, 0],
    "naive_matrix_dot": _product,
    "naive_dense": lambda x, w, b: np.maximum(_product(x, w) + np.asarray(b), 0),
}
_SHAPES: Final[dict[str, Callable[[int], tuple[tuple[int, ...], ...]]]] = {
    "naive_relu": lambda n: ((n, n),),
    "naive_add": lambda n: ((n, n), (n, n)),
    "naive_add_matrix_and_vector": lambda n: ((n, n), (n,)),
    "naive_vector_dot": lambda n: ((n,), (n,)),
    "naive_matrix_vector_dot": lambda n: ((n, n), (n,)),
    "naive_matrix_dot": lambda n: ((n, n), (n, n)),
    "naive_dense": lambda n: ((n, n), (n, n), (n,)),
}


@dataclass(frozen=True)
class Timing:
    """How long a function and its twin took.

    Attributes:
        name: the function.
        size: the sides of its arrays.
        naive: seconds a call of the loops.
        vectorised: seconds a call of the twin.
        difference: the largest difference between their results.
    """

    name: str
    size: int
    naive: float
    vectorised: float
    difference: float

    @property
    def factor(self) -> float:
        """How many times faster the twin is."""
        return self.naive / self.vectorised

    def __str__(self) -> str:
        return (
            f"{self.name:28} {self.size:5}  loops {self.naive * 1e3:9.3f} ms"
            f"  one call {self.vectorised * 1e3:9.4f} ms  {self.factor:7.0f} times"
        )


def compare(
    names: str | list[str] | None = None, size: int = 64, repeats: int = 5
) -> list[Timing]:
    """Time functions of loops beside their twins, on the same random numbers.

    Args:
        names: functions; all where None.
        size: the sides of the arrays.
        repeats: calls of each; the fastest counts.

    Returns:
        A row a function; print them.

    Raises:
        ValueError: where a name is unknown, or a size or repeats is below 1.

    Example:
        >>> (row,) = compare("naive_add", size=30)
        >>> row.factor > 1 and row.difference == 0
        True
    """
    if size < 1 or repeats < 1:
        raise refuse("compare", "size and repeats must be 1 or more", (size, repeats))
    wanted = [names] if isinstance(names, str) else names or list(TWINS)
    rng = np.random.default_rng(0)
    rows = []
    for name in wanted:
        if name not in TWINS:
            raise refuse(
                "compare", "no such function", repr(name), f"One of {list(TWINS)}"
            )
        arrays = [rng.normal(size=shape) for shape in _SHAPES[name](size)]
        loops, twin = globals()[name], TWINS[name]
        slow, first = _fastest(loops, arrays, repeats)
        fast, second = _fastest(twin, arrays, repeats)
        gap = float(np.abs(np.asarray(first) - np.asarray(second)).max())
        rows.append(Timing(name, size, slow, fast, gap))
    return rows


def _fastest(
    function: Callable[..., Any], arrays: list[Array], repeats: int
) -> tuple[float, Any]:
    best, found = float("inf"), None
    for _ in range(repeats):
        start = perf_counter()
        found = function(*arrays)
        best = min(best, perf_counter() - start)
    return max(best, 1e-9), found


__all__ = [
    "TWINS",
    "Timing",
    "compare",
    "naive_add",
    "naive_add_matrix_and_vector",
    "naive_dense",
    "naive_matrix_dot",
    "naive_matrix_vector_dot",
    "naive_relu",
    "naive_vector_dot",
]


def __dir__() -> list[str]:
    return sorted(__all__)
