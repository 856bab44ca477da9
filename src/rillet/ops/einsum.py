"""`tf.einsum`, `tf.tensordot` and `tf.linalg.matvec`: products over chosen axes."""

from __future__ import annotations

import functools
import re
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.ops.contract import einsum_op
from rillet.ops.dispatch import matched, same_typed
from rillet.ops.host import integer, integers, plain
from rillet.ops.products import matmul, matmul_op
from rillet.ops.rearrange import expand_dims_op, squeeze_op
from rillet.ops.shaping import could_match, reshape_op, static_dims
from rillet.ops.transposes import transpose_op

_TERM = r"[A-Za-z]*(\.\.\.)?[A-Za-z]*"
_FORM = re.compile(rf"{_TERM}(,{_TERM})*(->{_TERM})?")
_SPARE = "αβγδεζηθικλμνξοπρστυφχψω"


@functools.lru_cache(256)
def _read(equation: str, count: int) -> tuple[tuple[str, ...], str]:
    """The inputs' labels and the output's, which is worked out where it is not said."""
    text = "".join(equation.split())
    if not _FORM.fullmatch(text):
        raise _wrong(f"Subscripts have incorrect format: {equation}")
    left, arrow, right = text.partition("->")
    terms = left.split(",")
    if len(terms) != count:
        raise _wrong(
            f'Got {count} inputs for equation "{equation}", expecting {len(terms)}'
        )
    letters = left.replace(",", "").replace(".", "")
    if not arrow:
        once = [c for c in sorted(set(letters)) if letters.count(c) == 1]
        right = ("..." if "..." in left else "") + "".join(once)
    named = right.replace(".", "")
    for label in named:
        if label not in letters:
            raise _wrong(
                f"Output subscripts contain the label {label} not present in the input"
                " subscripts",
                repr(equation),
            )
    if len(set(named)) != len(named):
        raise _wrong(
            f"Output subscripts contain a label appearing more than once: {equation}"
        )
    return tuple(terms), right


def _wrong(rule: str, values: str = "") -> ValueError:
    return ValueError(house_message("einsum", rule, values))


def einsum(equation: str, *inputs: Any, **kwargs: Any) -> Tensor:
    """A sum of products of tensors, their axes named by letters.

    Args:
        equation: labels of each input's axes, then those of the output, for instance
            ``"ij,jk->ik"``; labels not in the output are summed over. ``...`` stands
            for axes that broadcast. Without ``->`` the output holds the labels that
            occur once, in alphabetical order.
        *inputs: numeric tensors of one type.
        **kwargs: ``optimize``: how to order the products of three and more inputs:
            "greedy" (the default), "optimal", "branch-2", "branch-all" or "auto".
            ``name`` is ignored when eager.

    Returns:
        A tensor of the inputs' type.

    Raises:
        ValueError: where the equation is malformed.
        InvalidArgumentError: where it does not fit the inputs' shapes.

    Example:
        >>> import rillet as tf
        >>> tf.einsum("ij,j->i", [[1., 2.], [3., 4.]], [1., 1.]).numpy().tolist()
        [3.0, 7.0]
    """
    optimize = kwargs.pop("optimize", "greedy")
    kwargs.pop("name", None)
    if kwargs:
        raise TypeError(
            house_message(
                "einsum",
                f"Invalid keyword arguments for einsum: {', '.join(kwargs)}",
                "Valid arguments: name, optimize",
            )
        )
    if not isinstance(equation, str):
        raise TypeError(
            house_message(
                "einsum",
                "the equation is a string such as 'ij,jk->ik'",
                f"got {equation!r}",
            )
        )
    terms, output = _read(equation, len(inputs))
    tensors = same_typed(einsum_op, inputs)
    if len(tensors) > 2:
        return _by_path(list(terms), output, tensors, optimize)
    return einsum_op(tensors, equation=f"{','.join(terms)}->{output}")


def _by_path(
    terms: list[str], output: str, tensors: list[Tensor], optimize: str
) -> Tensor:
    """Two inputs at a time, in the order that opt_einsum finds."""
    for step in _path(terms, output, tensors, optimize):
        chosen = [(terms[i], tensors[i]) for i in sorted(step)]
        for i in sorted(step, reverse=True):
            del terms[i], tensors[i]
        while len(chosen) > 1:
            (first, a), (second, b) = chosen[:2]
            rest = [*terms, output, *[term for term, _ in chosen[2:]]]
            made = _kept(first, second, rest)
            equation = f"{first},{second}->{made}"
            chosen[:2] = [(made, einsum_op([a, b], equation=equation))]
        terms.append(chosen[0][0])
        tensors.append(chosen[0][1])
    if terms[0] == output:
        return tensors[0]
    return einsum_op(tensors, equation=f"{terms[0]}->{output}")


def _kept(first: str, second: str, rest: list[str]) -> str:
    """The labels of a product that others still need."""
    both = first + second
    dots = "..." if "..." in both else ""
    later = "".join(rest)
    letters = dict.fromkeys(both.replace(".", ""))
    return dots + "".join([c for c in letters if c in later])


def _path(
    terms: list[str], output: str, tensors: list[Tensor], optimize: str
) -> list[tuple[int, ...]]:
    import opt_einsum

    shapes = [static_dims(t) for t in tensors]
    dots = [
        len(s) - len(t.replace(".", "")) for t, s in zip(terms, shapes, strict=True)
    ]
    if min(dots) < 0 or any(
        n and "..." not in t for t, n in zip(terms, dots, strict=True)
    ):
        return [tuple(range(len(terms)))]  # the op words the error
    most = max(dots)
    named = [
        t.replace("...", _SPARE[most - n : most])
        for t, n in zip(terms, dots, strict=True)
    ]
    equation = f"{','.join(named)}->{output.replace('...', _SPARE[:most])}"
    sizes = [tuple([1 if d is None else d for d in s]) for s in shapes]
    try:
        path, _ = opt_einsum.contract_path(
            equation, *sizes, shapes=True, optimize=optimize
        )
    except KeyError:
        raise _wrong(
            "optimize must be greedy, optimal, branch-2, branch-all or auto",
            repr(optimize),
        ) from None
    except ValueError:
        return [tuple(range(len(terms)))]
    return list(path)


def tensordot(a: Any, b: Any, axes: Any, name: str | None = None) -> Tensor:
    """The sum of products of two tensors over axes of both.

    Args:
        a: a numeric tensor.
        b: a tensor of the same type.
        axes: how many of the last axes of `a` go with the first of `b`; or two lists,
            the axes of `a` and those of `b`.
        name: ignored when eager.

    Returns:
        A tensor of the axes of `a` that are left, then those of `b`.

    Raises:
        ValueError: where `axes` does not fit.
        InvalidArgumentError: where sizes or types differ.

    Example:
        >>> import rillet as tf
        >>> tf.tensordot([[1., 2.], [3., 4.]], [1., 1.], axes=1).numpy().tolist()
        [3.0, 7.0]
    """
    a, b = matched(matmul_op, a, b)
    dims_a, dims_b = static_dims(a), static_dims(b)
    inner_a, inner_b = _pairs(axes, dims_a, dims_b)
    free_a = [i for i in range(len(dims_a)) if i not in inner_a]
    free_b = [i for i in range(len(dims_b)) if i not in inner_b]
    for i, j in zip(inner_a, inner_b, strict=True):
        if not could_match((dims_a[i],), (dims_b[j],)):
            raise InvalidArgumentError(
                house_message(
                    "tensordot",
                    "axes that go together have the same size (Matrix"
                    " size-incompatible)",
                    f"axis {i} of a, of shape {list(dims_a)}, holds {dims_a[i]}; axis"
                    f" {j} of b, of shape {list(dims_b)}, holds {dims_b[j]}",
                )
            )
    inner, rows, columns = (
        _count(dims_a, inner_a),
        _count(dims_a, free_a),
        _count(dims_b, free_b),
    )
    left = _matrix(a, [*free_a, *inner_a], inner, rows, 1)
    right = _matrix(b, [*inner_b, *free_b], inner, columns, 0)
    product = matmul_op.run(left, right)
    dims = (*[dims_a[i] for i in free_a], *[dims_b[i] for i in free_b])
    return reshape_op(product, dims)


def _count(dims: Any, axes: list[int]) -> int:
    total = 1
    for i in axes:
        total *= dims[i]
    return total


def _matrix(x: Any, order: list[int], inner: int, free: int, at: int) -> Any:
    """A tensor as a matrix whose axis `at` holds the axes that are summed."""
    if order != sorted(order):
        x = transpose_op(x, tuple(order))
    return reshape_op(x, (free, inner) if at else (inner, free))


def _pairs(axes: Any, dims_a: Any, dims_b: Any) -> tuple[list[int], list[int]]:
    """The axes of both that go together, counted from the front."""
    axes = plain(axes)
    if not isinstance(axes, list | tuple) and getattr(axes, "ndim", 0) == 0:
        count = integer("tensordot", "axes", axes)
        if count < 0:
            raise _axes("`axes` must be at least 0", f"Received: {count}")
        for name, dims in (("a", dims_a), ("b", dims_b)):
            if count > len(dims):
                raise _axes(
                    "`axes` must not be larger than the number of dimensions of tensor",
                    f"Received {count}, vs tensor dimensions {len(dims)} of {name}",
                )
        return list(range(len(dims_a) - count, len(dims_a))), list(range(count))
    if len(axes) != 2:
        raise _axes("`axes` must be an integer or have length 2", f"Received {axes}")
    first = list(integers("tensordot", "axes", axes[0]))
    second = list(integers("tensordot", "axes", axes[1]))
    if len(first) != len(second):
        raise _axes(
            "Different number of contraction axes `a` and `b`",
            f"{len(first)} != {len(second)}",
        )
    return _from_front(first, dims_a), _from_front(second, dims_b)


def _from_front(axes: list[int], dims: Any) -> list[int]:
    rank = len(dims)
    for axis in axes:
        if not -rank <= axis < rank:
            raise IndexError(
                house_message(
                    "tensordot",
                    "list index out of range: there is no such axis",
                    f"axis {axis} of a tensor of shape {list(dims)}",
                )
            )
    found = [axis % rank for axis in axes]
    if len(set(found)) != len(found):
        raise _axes("an axis is named once", f"axes {axes} of shape {list(dims)}")
    return found


def _axes(rule: str, values: str) -> ValueError:
    return ValueError(house_message("tensordot", rule, values))


def matvec(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    adjoint_a: bool = False,
    a_is_sparse: bool = False,
    b_is_sparse: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of matrices and vectors.

    Args:
        a: matrices ``(..., m, n)``.
        b: vectors ``(..., n)`` of the same type; leading sizes broadcast.
        transpose_a: use the transposes of `a`.
        adjoint_a: use the conjugate transposes of `a`.
        a_is_sparse: a hint, ignored.
        b_is_sparse: a hint, ignored.
        name: ignored when eager.

    Returns:
        Vectors ``(..., m)``.

    Raises:
        InvalidArgumentError: where sizes or types differ.

    Example:
        >>> import rillet as tf
        >>> tf.linalg.matvec([[1., 2.], [3., 4.]], [1., 1.]).numpy().tolist()
        [3.0, 7.0]
    """
    a, b = matched(matmul_op, a, b)
    column = expand_dims_op(to_tensor(b), -1)
    product = matmul(a, column, transpose_a=transpose_a, adjoint_a=adjoint_a)
    return squeeze_op(product, squeeze_dims=(-1,))
