"""Jacobians twice: by the tape and by central differences, `tf.test.compute_gradient`.

In flow a function and its arguments; out flow both Jacobians for each argument, as
NumPy matrices. The callers are tests, ours and those of programs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.autodiff.tape import GradientTape
from rillet.core.convert import convert_to_tensor, to_tensor
from rillet.core.describe import describe
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor

Array = np.ndarray[Any, Any]
Matrices = tuple[Array, ...]


def compute_gradient(
    f: Callable[..., Any], x: Any, delta: float | None = None
) -> tuple[Matrices, Matrices]:
    """The Jacobians of a function, as the tape has them and as differences have them.

    Args:
        f: a function of as many tensors as `x` has values; gives one tensor.
        x: a list or tuple of values, real or complex.
        delta: the step of the central differences; 1/1024 by default, 1/16 for the
            16-bit types, in which the smaller step would vanish.

    Returns:
        Two tuples with a matrix for each value, of the value's real type and of shape
        ``(outputs, inputs)``. A complex number counts as two, real part first.

    Raises:
        ValueError: where `x` is no list, or the outputs are not floating or complex.
        TypeError: where a value is not floating or complex.

    Example:
        >>> import rillet as tf
        >>> by_tape, by_differences = tf.test.compute_gradient(
        ...     lambda x: x * x, [tf.constant([1.0, 2.0])])
        >>> by_tape[0].tolist(), by_differences[0].tolist()
        ([[2.0, 0.0], [0.0, 4.0]], [[2.0, 0.0], [0.0, 4.0]])
    """
    if not isinstance(x, list | tuple):
        raise ValueError(
            house_message(
                "test.compute_gradient",
                "`x` must be a list or tuple of values convertible to a Tensor"
                f" (arguments to `f`), not a {type(x)}",
            )
        )
    values = [convert_to_tensor(v) for v in x]
    for i, value in enumerate(values):
        if not (value.dtype.is_floating or value.dtype.is_complex):
            raise TypeError(
                house_message(
                    "test.compute_gradient",
                    f"Cannot compute gradient for unsupported type {value.dtype.name}"
                    f" of argument {i}",
                    describe(value),
                    "Give a floating or complex tensor",
                )
            )
    count = range(len(values))
    by_tape = tuple([_by_tape(f, values, i) for i in count])
    return by_tape, tuple([_by_differences(f, values, i, delta) for i in count])


def _parts(array: Array) -> Array:
    """A fresh vector of the real numbers in an array, two for a complex one."""
    flat = np.array(array).reshape(-1)
    if flat.dtype.kind != "c":
        return flat
    return flat.view(flat.real.dtype)


def _whole(parts: Array, like: Array) -> Tensor:
    """The tensor whose parts these are, in the form of `like`."""
    return Tensor(parts.view(like.dtype).reshape(like.shape))


def _by_tape(f: Callable[..., Any], values: list[Tensor], which: int) -> Array:
    source = values[which]
    with GradientTape(persistent=True) as tape:
        tape.watch(source)
        y = to_tensor(f(*values))
    if not (y.dtype.is_floating or y.dtype.is_complex):
        raise ValueError(
            house_message(
                "test.compute_gradient",
                "`f` must give a floating or complex tensor",
                f"it gave {describe(y)}",
            )
        )
    width = _parts(source._array)
    rows = np.zeros((_parts(y._array).size, width.size), width.dtype)
    for row in range(len(rows)):
        seed = np.zeros(len(rows), _parts(y._array).dtype)
        seed[row] = 1
        g = tape.gradient(y, source, output_gradients=_whole(seed, y._array))
        if g is not None:
            rows[row] = _parts(to_tensor(g)._array)
    return rows


def _by_differences(
    f: Callable[..., Any], values: list[Tensor], which: int, delta: float | None
) -> Array:
    array = values[which]._array
    parts = _parts(array)
    step = delta
    if step is None:
        step = 1 / 16 if parts.dtype.itemsize == 2 else 1 / 1024

    def output(moved: Array) -> Array:
        arguments = [*values]
        arguments[which] = _whole(moved, array)
        return _parts(to_tensor(f(*arguments))._array)

    columns = []
    for i in range(parts.size):
        up, down = parts.copy(), parts.copy()
        up[i] += parts.dtype.type(step)
        down[i] -= parts.dtype.type(step)
        columns.append((output(up) - output(down)) / (2 * step))
    if not columns:
        return np.zeros((output(parts).size, 0), parts.dtype)
    return np.stack(columns, axis=1).astype(parts.dtype)
