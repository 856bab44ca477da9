"""`tf.TensorArray`: a list of tensors that loops write and read.

Eagerly it holds tensors. Inside a traced function it is a tensor list (`tensor_lists`),
an immutable value that branches and loops carry like any tensor.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import context, dtypes
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import InvalidArgumentError, OutOfRangeError, house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.tensor import Tensor
from rillet.ops.array import concat, stack, unstack
from rillet.ops.filling import zeros
from rillet.ops.gather import gather
from rillet.ops.host import is_symbolic
from rillet.ops.splits import split
from rillet.ops.tensor_lists import (
    list_concat_op,
    list_from_op,
    list_get_op,
    list_length_op,
    list_reserve_op,
    list_set_op,
    list_split_op,
    list_stack_op,
)

_state = context.state


class TensorArray:
    """A list of tensors of one type, `tf.TensorArray`.

    Args:
        dtype: the elements' type.
        size: how many there are at first; 0 where None.
        dynamic_size: whether writing past the end makes it longer.
        clear_after_read: accepted; elements are kept.
        tensor_array_name: accepted.
        handle: not supported.
        flow: not supported.
        infer_shape: whether all elements must have one shape.
        element_shape: their shape, where it is known.
        colocate_with_first_write_call: accepted.
        name: ignored.

    Example:
        >>> import rillet as tf
        >>> ta = tf.TensorArray(tf.float32, size=2)
        >>> ta = ta.write(0, 1.).write(1, 2.)
        >>> ta.stack().numpy().tolist()
        [1.0, 2.0]
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = None,
        dynamic_size: bool | None = None,
        clear_after_read: bool | None = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        self._dtype = as_dtype(dtype)
        self._dynamic = bool(dynamic_size)
        self._infer = infer_shape
        # one list for all arrays that come of this one: what a loop's body writes is
        # known after the loop
        self._known = [
            TensorShape(None) if element_shape is None else as_shape(element_shape)
        ]
        self._rows: list[Any] = []
        self._flow: Any = None
        count = 0 if size is None else size
        if _state.tracer is None:
            self._rows = [None] * int(count)
        else:
            self._flow = list_reserve_op.run(
                to_tensor(count),
                element_dtype=self._dtype,
                element_shape=self._shape._dims,
            )

    @property
    def dtype(self) -> Any:
        """The elements' type."""
        return self._dtype

    @property
    def _shape(self) -> TensorShape:
        return self._known[0]

    @_shape.setter
    def _shape(self, shape: TensorShape) -> None:
        self._known[0] = shape

    @property
    def dynamic_size(self) -> bool:
        """Whether writing past the end makes it longer."""
        return self._dynamic

    @property
    def element_shape(self) -> TensorShape:
        """What is known of the elements' shape."""
        return self._shape

    @property
    def handle(self) -> None:
        """There is none."""
        return None

    @property
    def flow(self) -> Any:
        """What branches and loops carry of it."""
        return self._in_graph() if _state.tracer is not None else to_tensor(0.0)

    def _in_graph(self) -> Any:
        """The array as a tensor list; an eager one becomes one."""
        if self._flow is None:
            flow = list_reserve_op.run(
                to_tensor(len(self._rows)),
                element_dtype=self._dtype,
                element_shape=self._shape._dims,
            )
            for i, row in enumerate(self._rows):
                if row is not None:
                    flow = list_set_op.run(flow, to_tensor(i), row)
            return flow
        return self._flow

    def _flat_tensors(self) -> list[Any]:
        return [self._in_graph()]

    def _from_tensors(self, tensors: list[Any]) -> TensorArray:
        made = object.__new__(TensorArray)
        made.__dict__.update(self.__dict__)
        made._rows = []
        made._flow = tensors[0]
        return made

    def _eager(self) -> bool:
        return _state.tracer is None and self._flow is None

    def identity(self) -> TensorArray:
        """The array itself."""
        return self

    def grad(self, source: Any, flow: Any = None, name: Any = None) -> Any:
        """Not supported; tapes differentiate through the array."""
        raise NotImplementedError(
            house_message("TensorArray.grad", "it is TensorFlow 1's", fix="Use a tape")
        )

    def size(self, name: str | None = None) -> Tensor:
        """How many elements there are, int32."""
        if self._eager():
            return Tensor(np.array(len(self._rows), np.int32))
        return list_length_op.run(self._in_graph())

    def _merged(self, value: Any, method: str) -> None:
        """Check an element's shape, and learn it."""
        if not self._shape.is_compatible_with(value.shape):
            raise ValueError(
                house_message(
                    f"TensorArray.{method}",
                    "Incompatible shape for value",
                    f"got {value.shape}, elements have {self._shape}",
                    "Use infer_shape=False for elements of different shapes",
                )
            )
        if self._infer:
            self._shape = self._shape.merge_with(value.shape)

    def _typed(self, value: Any, method: str) -> Any:
        tensor = to_tensor(value, hint=self._dtype)
        if tensor.dtype is not self._dtype:
            raise InvalidArgumentError(
                house_message(
                    f"TensorArray.{method}",
                    f"TensorArray dtype is {self._dtype.name} but Op is trying to"
                    f" write dtype {tensor.dtype.name}",
                    f"got {tensor!r}",
                    f"Cast it with tf.cast(x, tf.{self._dtype.name})",
                )
            )
        return tensor

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """Write an element; returns the array that holds it.

        Raises:
            InvalidArgumentError: where the type is another.
            OutOfRangeError: where there is no such element.
        """
        tensor = self._typed(value, "write")
        self._merged(tensor, "write")
        if not self._eager():
            flow = list_set_op.run(
                self._in_graph(), to_tensor(index), tensor, resize=self._dynamic
            )
            return self._from_tensors([flow])
        at = int(index)
        if at < 0 or at >= len(self._rows) and not self._dynamic:
            raise OutOfRangeError(
                house_message(
                    "TensorArray.write",
                    f"Tried to write to index {at} but array is not resizeable and"
                    f" size is: {len(self._rows)}",
                    fix="Use dynamic_size=True, or a larger size",
                )
            )
        self._rows += [None] * (at + 1 - len(self._rows))
        self._rows[at] = tensor
        return self

    def read(self, index: Any, name: str | None = None) -> Tensor:
        """The element at `index`; zeros where nobody wrote."""
        if not self._eager():
            return list_get_op.run(
                self._in_graph(),
                to_tensor(index),
                element_dtype=self._dtype,
                element_shape=self._shape._dims,
            )
        at = int(index)
        if not 0 <= at < len(self._rows):
            raise OutOfRangeError(
                house_message(
                    "TensorArray.read",
                    f"Tried to read from index {at} but array size is:"
                    f" {len(self._rows)}",
                )
            )
        return self._row(at)

    def _row(self, at: int) -> Any:
        row = self._rows[at]
        if row is not None:
            return row
        if not self._shape.is_fully_defined():
            raise InvalidArgumentError(
                house_message(
                    "TensorArray.read",
                    f"Could not read index {at} twice or before it was written",
                    "the elements' shape is not known",
                    "Write it first, or give element_shape",
                )
            )
        return zeros(self._shape, self._dtype)

    def stack(self, name: str | None = None) -> Tensor:
        """All elements along a new first axis."""
        if not self._eager():
            return list_stack_op.run(
                self._in_graph(),
                element_dtype=self._dtype,
                element_shape=self._shape._dims,
            )
        if not self._rows:
            dims = [d or 0 for d in self._shape._dims or ()]
            return zeros([0, *dims], self._dtype)
        return stack([self._row(i) for i in range(len(self._rows))])

    def gather(self, indices: Any, name: str | None = None) -> Tensor:
        """The elements at `indices` along a new first axis."""
        if not self._eager() or is_symbolic(indices):
            return gather(self.stack(), indices)
        places = to_tensor(indices).numpy().reshape(-1).tolist()
        return stack([self.read(i) for i in places])

    def concat(self, name: str | None = None) -> Tensor:
        """All elements joined along their first axis."""
        if not self._eager():
            return list_concat_op.run(
                self._in_graph(),
                element_dtype=self._dtype,
                element_shape=self._shape._dims,
            )
        return concat([self._row(i) for i in range(len(self._rows))], 0)

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """An array of the rows of `value`."""
        tensor = self._typed(value, "unstack")
        dims = tensor.shape._dims
        if self._infer and dims is not None:
            self._shape = self._shape.merge_with(TensorShape.of(dims[1:]))
        if not self._eager():
            return self._from_tensors([list_from_op.run(tensor)])
        rows = unstack(tensor)
        if len(rows) > len(self._rows) and self._rows and not self._dynamic:
            raise InvalidArgumentError(
                house_message(
                    "TensorArray.unstack",
                    f"{len(rows)} rows for an array of {len(self._rows)}",
                )
            )
        self._rows = rows
        return self

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """Write the rows of `value` at `indices`."""
        tensor = self._typed(value, "scatter")
        if is_symbolic(indices):
            places: Any = indices
            count = tensor.shape[0]
        else:
            places = to_tensor(indices)._array.reshape(-1).tolist()
            count = len(places)
        out = self
        for k in range(count or 0):
            out = out.write(places[k], tensor[k])
        return out

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """Write pieces of `value`, `lengths` long along its first axis."""
        tensor = self._typed(value, "split")
        if not self._eager():
            return self._from_tensors([list_split_op.run(tensor, to_tensor(lengths))])
        sizes = to_tensor(lengths)._array.reshape(-1).tolist()
        self._rows = list(split(tensor, sizes))
        return self

    def close(self, name: str | None = None) -> None:
        """Forget the elements."""
        self._rows = []

    def __repr__(self) -> str:
        return f"<tf.TensorArray dtype={self._dtype.name} shape={self._shape}>"


#: The type of the flow of a traced array.
FLOW = dtypes.variant
