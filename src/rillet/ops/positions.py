"""Where the greatest and the smallest elements stand: ArgMax and ArgMin."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import BOOL, FLOATING, REAL, DType, as_dtype, type_set
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops import lowering
from rillet.ops.expressions import HALVES, b
from rillet.ops.host import integer
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import axis_in, reduced

Array = np.ndarray[Any, Any]


def _infer(name: str) -> Any:
    rule = reduced(name)

    def infer(x: Spec, dimension: Any, output_type: DType = dtypes.int64) -> Spec:
        spec = rule(x, dimension)
        if x.shape is not None and isinstance(dimension, int):
            at = axis_in(name, dimension, len(x.shape))
            if x.shape[at] == 0:
                raise InvalidArgumentError(
                    house_message(
                        name,
                        f"Reduction axis {at} is empty in shape {list(x.shape)}",
                        f"axis={dimension}",
                    )
                )
        return Spec(spec.shape, output_type)

    return infer


def _kernel(greatest: bool) -> Any:
    """The first position of the extreme element; NaN counts as the least extreme."""
    extreme: Any = np.maximum.reduce if greatest else np.minimum.reduce
    worst = -np.inf if greatest else np.inf

    def kernel(x: Array, dimension: int, output_type: DType = dtypes.int64) -> Array:
        if not -x.ndim <= dimension < x.ndim:
            raise IndexError("the axis is out of range")
        if x.dtype.itemsize == 2 and x.dtype in FLOATING:
            x = x.astype(np.float32)
        if x.dtype.kind == "f" and x.size:
            top = extreme(x, None)
            if top != top:
                x = np.where(np.isnan(x), x.dtype.type(worst), x)
        found = x.argmax(dimension) if greatest else x.argmin(dimension)
        return np.asarray(found).astype(output_type.numpy_dtype, copy=False)

    return kernel


def _lower(greatest: bool) -> Any:
    """The kernel as a loop: the best so far, and where it stood."""

    def lower(
        ctx: Any, x: Any, dimension: int, output_type: DType = dtypes.int64
    ) -> Any:
        if x.type == "bool" or not x.size:
            return None
        axis = dimension % x.rank
        kind = "float32" if x.type in HALVES else x.type
        worst = lowering.least(kind) if greatest else lowering.greatest(kind)
        start = [(worst, kind), (0, "int64")]
        out = output_type.name

        def update(place: Any, inner: Any, accs: Any) -> Any:
            here = x.at((*place[:axis], inner[0], *place[axis:]))
            better = here > accs[0] if greatest else here < accs[0]
            at = b.at(inner[0])
            return [b.select(better, here, accs[0]), b.select(better, at, accs[1])]

        def finish(place: Any, accs: Any) -> Any:
            return b.cast(accs[1], out)

        shape = (*x.shape[:axis], *x.shape[axis + 1 :])
        return ctx.fold(
            shape, [x.shape[axis]], "other", start, update, finish, not axis, [out]
        )

    return lower


arg_max_op: Op = define(
    "ArgMax",
    types=(REAL | BOOL, None),
    kernel=_kernel(True),
    infer=_infer("argmax"),
    attrs={"output_type": dtypes.int64},
    quiet=False,
    lower=_lower(True),
)
arg_min_op: Op = define(
    "ArgMin",
    types=(REAL | BOOL, None),
    kernel=_kernel(False),
    infer=_infer("argmin"),
    attrs={"output_type": dtypes.int64},
    quiet=False,
    lower=_lower(False),
)

_MAX_TYPES = type_set(dtypes.int16, dtypes.uint16, dtypes.int32, dtypes.int64)
_MIN_TYPES = type_set(dtypes.int32, dtypes.int64)


def _output_type(op: str, value: Any, allowed: Any) -> DType:
    wanted = as_dtype(value)
    if wanted.numpy_dtype not in allowed:
        raise InvalidArgumentError(
            house_message(
                op,
                f"Value for attr 'output_type' of {wanted.name} is not in the list of"
                " allowed values",
                allowed.names(),
            )
        )
    return wanted


def argmax(
    input: Any,
    axis: Any = None,
    output_type: Any = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """The position of the greatest element along an axis; the first of equal ones.

    Args:
        input: a real or boolean tensor of rank 1 or more.
        axis: the axis to look along; 0 where None.
        output_type: int64, int32, int16 or uint16.
        name: ignored when eager.

    Returns:
        A tensor of `output_type` without that axis. NaN is never the greatest.

    Raises:
        InvalidArgumentError: where the axis does not exist or is empty.

    Example:
        >>> import rillet as tf
        >>> tf.argmax([[1, 9, 2], [7, 3, 7]], axis=1).numpy().tolist()
        [1, 0]
    """
    at = 0 if axis is None else integer("argmax", "axis", axis)
    if output_type is dtypes.int64:
        return arg_max_op.run(input, at)
    return arg_max_op.run(
        input, at, output_type=_output_type("argmax", output_type, _MAX_TYPES)
    )


def argmin(
    input: Any,
    axis: Any = None,
    output_type: Any = dtypes.int64,
    name: str | None = None,
) -> Tensor:
    """The position of the smallest element along an axis; the first of equal ones.

    Args:
        input: a real or boolean tensor of rank 1 or more.
        axis: the axis to look along; 0 where None.
        output_type: int64 or int32.
        name: ignored when eager.

    Returns:
        A tensor of `output_type` without that axis. NaN is never the smallest.

    Raises:
        InvalidArgumentError: where the axis does not exist or is empty.

    Example:
        >>> import rillet as tf
        >>> tf.argmin([3, 1, 2]).numpy()
        np.int64(1)
    """
    at = 0 if axis is None else integer("argmin", "axis", axis)
    if output_type is dtypes.int64:
        return arg_min_op.run(input, at)
    return arg_min_op.run(
        input, at, output_type=_output_type("argmin", output_type, _MIN_TYPES)
    )
