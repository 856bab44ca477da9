"""`tf.map_fn` where rows, or results, are composites: ragged rows in and out.

Eagerly a Python loop over rows; traced one `While` node, whose results are kept as
their flat values and lengths in tensor arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core import context, dtypes, nest
from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape
from rillet.core.spec import TensorSpec
from rillet.ops.array import stack
from rillet.ops.filling import zeros
from rillet.ops.loops import while_loop
from rillet.ops.ragged import partition as parts
from rillet.ops.ragged.rows import RaggedRows, count_of
from rillet.ops.ragged.spec import RaggedTensorSpec
from rillet.ops.sizes import shape as shape_of
from rillet.ops.tensor_array import TensorArray

_state = context.state


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
    """`tf.map_fn` with ragged tensors among the elements or the results."""
    if not callable(fn):
        raise TypeError(house_message("map_fn", "fn is not callable", repr(fn)))
    elems = nest.map_structure(
        lambda x: x if isinstance(x, CompositeTensor) else to_tensor(x), elems
    )
    flat = nest.flatten(elems)
    signature = fn_output_signature if fn_output_signature is not None else dtype
    if signature is None:
        signature = nest.map_structure(_row_spec, elems)
    specs = nest.map_structure(_as_spec, signature)
    count = _count(flat)
    if _state.tracer is None:
        rows = range(int(count))
        results = [fn(_row(elems, i)) for i in rows]
        for found in results:
            nest.assert_same_structure(specs, found, check_types=False)
        columns = [nest.flatten(found) for found in results]
        made = [
            _whole(spec, [column[k] for column in columns])
            for k, spec in enumerate(nest.flatten(specs))
        ]
        return nest.pack_sequence_as(specs, made)
    return _traced(fn, elems, specs, count)


def _row_spec(value: Any) -> Any:
    if isinstance(value, RaggedRows):
        return value._type_spec._unbatch()
    return TensorSpec(value.shape[1:] if value.shape.rank else None, value.dtype)


def _as_spec(leaf: Any) -> Any:
    if isinstance(leaf, TensorSpec | RaggedTensorSpec):
        return leaf
    return TensorSpec(None, leaf if isinstance(leaf, DType) else as_dtype(leaf))


def _count(flat: list[Any]) -> Any:
    for x in flat:
        if x.shape.rank is not None and x.shape[0] is not None:
            return x.shape[0]
    first = flat[0]
    if isinstance(first, RaggedRows):
        return count_of(first, dtypes.int32)
    return shape_of(first)[0]


def _row(elems: Any, i: Any) -> Any:
    return nest.map_structure(lambda x: x[i], elems)


def _whole(spec: Any, values: list[Any]) -> Any:
    """The results of all rows as one value."""
    if isinstance(spec, RaggedTensorSpec):
        made = [
            v if isinstance(v, RaggedRows) else to_tensor(v, hint=spec.dtype)
            for v in values
        ]
        for value in made:
            _check_type(spec, value)
        if spec.shape.rank == 0:
            return stack(made) if made else zeros([0], spec.dtype)
        if not made:
            return _nothing(spec)
        return spec._stack(made)
    tensors = []
    for value in values:
        if isinstance(value, CompositeTensor):
            raise ValueError(
                house_message(
                    "map_fn",
                    "fn gave a ragged tensor where fn_output_signature says a tensor",
                    f"{value!r}",
                    "Give fn_output_signature=tf.RaggedTensorSpec(...)",
                )
            )
        tensors.append(to_tensor(value, hint=spec.dtype))
        _check_type(spec, tensors[-1])
    if tensors:
        return stack(tensors)
    shape = spec.shape.as_list() if spec.shape.rank is not None else []
    return zeros([0, *[n or 0 for n in shape]], spec.dtype)


def _check_type(spec: Any, value: Any) -> None:
    if value.dtype is not spec.dtype:
        raise TypeError(
            house_message(
                "map_fn",
                f"fn gave {value.dtype.name}, not {spec.dtype.name}",
                f"got {value!r}",
                f"Say fn_output_signature=tf.{value.dtype.name}",
            )
        )


def _nothing(spec: RaggedTensorSpec) -> Any:
    """The rows of no results."""
    kind = spec.row_splits_dtype
    shape = spec.shape.as_list() if spec.shape.rank is not None else []
    inner = [n or 0 for n in shape[spec.ragged_rank + 1 :]]
    value: Any = zeros([0, *inner], spec.dtype)
    for _ in range(spec.ragged_rank + 1):
        value = RaggedRows._of(value, parts.scalar(0, kind)[None])
    return value


class _Column:
    """Where the results of one leaf are kept while a loop is traced.

    Args:
        spec: what each result is.
        count: how many there will be.
    """

    def __init__(self, spec: Any, count: Any) -> None:
        self.spec = spec
        self.ragged = isinstance(spec, RaggedTensorSpec) and spec.shape.rank != 0
        kind = spec.dtype
        self.arrays = [TensorArray(kind, size=count, infer_shape=False)]
        self.shape = TensorShape(None)
        if self.ragged:
            index = spec.row_splits_dtype
            self.arrays.append(TensorArray(index, size=count))
            for _ in range(spec.ragged_rank):
                self.arrays.append(TensorArray(index, size=count, infer_shape=False))

    def written(self, arrays: list[Any], i: Any, value: Any) -> list[Any]:
        """The arrays with one result more."""
        if not self.ragged:
            tensor = to_tensor(value, hint=self.spec.dtype)
            self.shape = tensor.shape
            return [arrays[0].write(i, tensor)]
        index = self.spec.row_splits_dtype
        if not isinstance(value, RaggedRows):
            value = to_tensor(value, hint=self.spec.dtype)
            self.shape = value.shape
            count = parts.size_of(value, 0, index)
            return [arrays[0].write(i, value), arrays[1].write(i, count)]
        value = value.with_row_splits_dtype(index)
        self.shape = value.flat_values.shape
        out = [arrays[0].write(i, value.flat_values)]
        out.append(arrays[1].write(i, count_of(value, index)))
        lengths = value.nested_row_lengths()
        for array, one in zip(arrays[2:], lengths, strict=True):
            out.append(array.write(i, one))
        return out

    def whole(self, arrays: list[Any], count: Any) -> Any:
        """All results as one value."""
        if not self.ragged:
            arrays[0]._shape = self.shape
            made = arrays[0].stack()
            if isinstance(count, int):
                made.set_shape(TensorShape([count]).concatenate(self.shape))
            return made
        inner = self.shape[1:] if self.shape.rank is not None else TensorShape(None)
        flat = arrays[0].concat()
        flat.set_shape(TensorShape([None]).concatenate(inner))
        levels = [arrays[1].stack(), *[a.concat() for a in arrays[2:]]]
        value = flat
        for lengths in reversed(levels):
            value = RaggedRows._of(value, parts.splits_of_lengths(lengths))
        return value


def _traced(fn: Callable[..., Any], elems: Any, specs: Any, count: Any) -> Any:
    size = to_tensor(count, dtypes.int32)
    columns = [_Column(spec, size) for spec in nest.flatten(specs)]

    def body(i: Any, *held: Any) -> Any:
        found = fn(_row(elems, i))
        nest.assert_same_structure(specs, found, check_types=False)
        out: list[Any] = []
        at = 0
        for column, value in zip(columns, nest.flatten(found), strict=True):
            many = len(column.arrays)
            out += column.written(list(held[at : at + many]), i, value)
            at += many
        return (i + 1, *out)

    arrays = [array for column in columns for array in column.arrays]
    start = (to_tensor(0), *arrays)
    final = list(while_loop(lambda i, *_: i < size, body, start)[1:])
    made = []
    for column in columns:
        many = len(column.arrays)
        made.append(column.whole(final[:many], count))
        del final[:many]
    return nest.pack_sequence_as(specs, made)
