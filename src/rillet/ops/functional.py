"""`tf.map_fn`, `tf.scan`, `tf.foldl`, `tf.foldr`, `tf.vectorized_map`: functions over
the rows of tensors.

Eagerly they are Python loops over rows; traced they are one `While` node with tensor
arrays. Programs call them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core import context, nest
from rillet.core.composite import dispatched
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.spec import TensorSpec
from rillet.ops.array import stack, unstack
from rillet.ops.control import while_loop
from rillet.ops.filling import zeros
from rillet.ops.sizes import shape as shape_of
from rillet.ops.tensor_array import TensorArray

_state = context.state


def _tensors(op: str, elems: Any) -> Any:
    """The nest with tensors for leaves, each with rows."""
    if (
        isinstance(elems, list)
        and elems
        and not any(hasattr(e, "shape") or nest.is_nested(e) for e in elems)
    ):
        elems = to_tensor(elems)
    found = nest.map_structure(to_tensor, elems)
    flat = nest.flatten(found)
    if not flat:
        raise ValueError(house_message(op, "elems must have at least one tensor"))
    for x in flat:
        if x.shape.rank == 0:
            raise ValueError(
                house_message(
                    op,
                    "elements in elems must be 1+ dimensional Tensors, not scalars",
                    f"got {x!r}",
                )
            )
    return found


def _count(flat: list[Any]) -> Any:
    """How many rows there are: a number where it is known."""
    for x in flat:
        if x.shape.rank is not None and x.shape[0] is not None:
            return x.shape[0]
    return shape_of(flat[0])[0]


def _row(elems: Any, i: Any) -> Any:
    return nest.map_structure(lambda x: x[i], elems)


def _dtypes_of(signature: Any) -> Any:
    def one(leaf: Any) -> Any:
        if isinstance(leaf, TensorSpec | DType):
            return leaf.dtype if isinstance(leaf, TensorSpec) else leaf
        return as_dtype(leaf)

    return nest.map_structure(one, signature)


@dispatched
def map_fn(
    fn: Callable[..., Any],
    elems: Any,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    name: str | None = None,
    fn_output_signature: Any = None,
) -> Any:
    """Apply a function to each row of a tensor, or of a nest of tensors.

    Args:
        fn: takes a row, or a nest of rows, and gives a tensor or a nest of them.
        elems: tensors with equally many rows.
        dtype: the old name of `fn_output_signature`.
        parallel_iterations: accepted; rows come one after another.
        back_prop: accepted.
        swap_memory: accepted.
        infer_shape: accepted.
        name: ignored when eager.
        fn_output_signature: the types of what `fn` gives where they are not those of
            `elems`: a nest of types or `tf.TensorSpec`s.

    Returns:
        The results stacked along a new first axis.

    Raises:
        TypeError: where `fn` is no function, or gives other types than said.
        ValueError: where an element is a scalar.

    Example:
        >>> import rillet as tf
        >>> tf.map_fn(lambda x: x * x, tf.constant([1, 2, 3])).numpy().tolist()
        [1, 4, 9]
    """
    _checked_function("map_fn", fn)
    elems = _tensors("map_fn", elems)
    signature = fn_output_signature if fn_output_signature is not None else dtype
    kinds = _dtypes_of(
        nest.map_structure(lambda x: x.dtype, elems) if signature is None else signature
    )
    flat = nest.flatten(elems)
    count = _count(flat)
    if _state.tracer is None:
        results = [fn(_row(elems, i)) for i in range(int(count))]
        return _stacked("map_fn", results, kinds)
    arrays = nest.map_structure(lambda k: TensorArray(k, size=count), kinds)
    shapes: list[Any] = []

    def body(i: Any, arrays: Any) -> Any:
        found = fn(_row(elems, i))
        _same(found, kinds)
        flat_found = [
            to_tensor(y, hint=k)
            for y, k in zip(nest.flatten(found), nest.flatten(kinds), strict=True)
        ]
        shapes[:] = [y.shape for y in flat_found]
        pairs = zip(nest.flatten(arrays), flat_found, strict=True)
        return i + 1, nest.pack_sequence_as(kinds, [a.write(i, y) for a, y in pairs])

    _, arrays = while_loop(lambda i, _: i < count, body, (to_tensor(0), arrays))
    return _stacks(arrays, kinds, shapes, count)


def _stacks(arrays: Any, kinds: Any, shapes: list[Any], count: Any) -> Any:
    """Arrays as tensors whose shapes are what the traced rows had."""
    out = []
    for array, shape in zip(nest.flatten(arrays), shapes, strict=True):
        array._shape = shape
        made = array.stack()
        if isinstance(count, int):
            made.set_shape(TensorShape([count]).concatenate(shape))
        out.append(made)
    return nest.pack_sequence_as(kinds, out)


def _checked_function(op: str, fn: Any) -> None:
    if not callable(fn):
        raise TypeError(
            house_message(op, "The provided function fn is not callable", repr(fn))
        )


def _same(found: Any, kinds: Any) -> None:
    nest.assert_same_structure(kinds, found, check_types=False)


def _stacked(op: str, results: list[Any], kinds: Any) -> Any:
    if not results:
        return nest.map_structure(lambda k: zeros([0], k), kinds)
    flats = []
    for found in results:
        _same(found, kinds)
        flats.append(nest.flatten(found))
    out = []
    for column, kind in zip(zip(*flats, strict=True), nest.flatten(kinds), strict=True):
        tensors = [to_tensor(y, hint=kind) for y in column]
        for y in tensors:
            if y.dtype is not kind:
                raise TypeError(
                    house_message(
                        op,
                        f"fn gave {y.dtype.name}, not the {kind.name} of elems",
                        f"got {y!r}",
                        f"Say fn_output_signature=tf.{y.dtype.name}",
                    )
                )
        out.append(stack(tensors))
    return nest.pack_sequence_as(kinds, out)


def vectorized_map(
    fn: Callable[..., Any],
    elems: Any,
    fallback_to_while_loop: bool = True,
    warn: bool = True,
) -> Any:
    """Apply a function to each row, as `map_fn` does, whatever types it gives.

    Args:
        fn: takes a row, or a nest of rows.
        elems: tensors with equally many rows.
        fallback_to_while_loop: accepted; rows come one after another.
        warn: accepted.

    Returns:
        The results stacked along a new first axis.

    Example:
        >>> import rillet as tf
        >>> x = tf.constant([[1., 2.], [3., 4.]])
        >>> tf.vectorized_map(lambda r: tf.reduce_sum(r), x).numpy().tolist()
        [3.0, 7.0]
    """
    _checked_function("vectorized_map", fn)
    elems = _tensors("vectorized_map", elems)
    count = _count(nest.flatten(elems))
    if isinstance(count, int):
        rows = [fn(_row(elems, i)) for i in range(count)]
        if not rows:
            raise ValueError(house_message("vectorized_map", "elems has no rows"))
        return nest.map_structure(lambda *parts: stack([*parts]), *rows)
    kinds: list[Any] = []

    def probe() -> Any:
        found = nest.map_structure(to_tensor, fn(_row(elems, 0)))
        kinds.append(nest.map_structure(lambda y: y.dtype, found))
        return found

    probe()
    return map_fn(fn, elems, fn_output_signature=kinds[0])


def _fold(op: str, fn: Any, elems: Any, initializer: Any, backwards: bool) -> Any:
    _checked_function(op, fn)
    elems = _tensors(op, elems)
    count = _count(nest.flatten(elems))
    first = 0
    if initializer is None:
        at = count - 1 if backwards else 0
        start = _row(elems, at)
        first = 1
    else:
        start = nest.map_structure(to_tensor, initializer)

    def place(i: Any) -> Any:
        return count - 1 - i if backwards else i

    if _state.tracer is None:
        for i in range(first, int(count)):
            start = fn(start, _row(elems, place(i)))
        return nest.map_structure(to_tensor, start)
    return while_loop(
        lambda i, a: i < count,
        lambda i, a: (i + 1, fn(a, _row(elems, place(i)))),
        (to_tensor(first), start),
    )[1]


def foldl(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Combine the rows of tensors from the first to the last.

    Args:
        fn: ``fn(so_far, row)``.
        elems: tensors with equally many rows.
        initializer: what to start from; the first row where None.
        parallel_iterations: accepted.
        back_prop: accepted.
        swap_memory: accepted.
        name: ignored when eager.

    Returns:
        The last result.

    Example:
        >>> import rillet as tf
        >>> int(tf.foldl(lambda a, x: a - x, tf.constant([10, 1, 2])))
        7
    """
    return _fold("foldl", fn, elems, initializer, False)


def foldr(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    name: str | None = None,
) -> Any:
    """Combine the rows of tensors from the last to the first; see `foldl`.

    Example:
        >>> import rillet as tf
        >>> int(tf.foldr(lambda a, x: a - x, tf.constant([10, 1, 2])))
        -9
    """
    return _fold("foldr", fn, elems, initializer, True)


def scan(
    fn: Callable[..., Any],
    elems: Any,
    initializer: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    infer_shape: bool = True,
    reverse: bool = False,
    name: str | None = None,
) -> Any:
    """Combine the rows of tensors, keeping every result on the way.

    Args:
        fn: ``fn(so_far, row)``.
        elems: tensors with equally many rows.
        initializer: what to start from; the first row where None.
        parallel_iterations: accepted.
        back_prop: accepted.
        swap_memory: accepted.
        infer_shape: accepted.
        reverse: whether to go from the last row to the first.
        name: ignored when eager.

    Returns:
        The results along a new first axis, one a row.

    Example:
        >>> import rillet as tf
        >>> tf.scan(lambda a, x: a + x, tf.constant([1, 2, 3])).numpy().tolist()
        [1, 3, 6]
    """
    _checked_function("scan", fn)
    elems = _tensors("scan", elems)
    count = _count(nest.flatten(elems))

    def place(i: Any) -> Any:
        return count - 1 - i if reverse else i

    first = 0
    if initializer is None:
        start, first = _row(elems, place(0)), 1
    else:
        start = nest.map_structure(to_tensor, initializer)
    if _state.tracer is None:
        return _scanned(fn, elems, start, first, int(count), reverse)
    arrays = [TensorArray(x.dtype, size=count) for x in nest.flatten(start)]
    if first:
        pairs = zip(arrays, nest.flatten(start), strict=True)
        arrays = [a.write(place(0), x) for a, x in pairs]

    def body(i: Any, so_far: Any, arrays: Any) -> Any:
        new = nest.map_structure(to_tensor, fn(so_far, _row(elems, place(i))))
        pairs = zip(arrays, nest.flatten(new), strict=True)
        return i + 1, new, [a.write(place(i), x) for a, x in pairs]

    _, last, arrays = while_loop(
        lambda i, a, _: i < count, body, (to_tensor(first), start, arrays)
    )
    shapes = [x.shape for x in nest.flatten(last)]
    return _stacks(nest.pack_sequence_as(start, arrays), start, shapes, count)


def _scanned(
    fn: Any, elems: Any, start: Any, first: int, count: int, reverse: bool
) -> Any:
    results = [start] if first else []
    for i in range(first, count):
        start = fn(start, _row(elems, count - 1 - i if reverse else i))
        results.append(nest.map_structure(to_tensor, start))
    if reverse:
        results.reverse()
    if not results:
        return nest.map_structure(
            lambda x: zeros([0, *x.shape.as_list()], x.dtype), start
        )
    return nest.map_structure(lambda *parts: stack([*parts]), *results)


def rows_of(x: Any) -> list[Any]:
    """The rows of a tensor."""
    return unstack(x)
