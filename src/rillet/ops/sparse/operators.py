"""What operators and ops of the table do with sparse tensors; signed in on import.

Elementwise functions that leave zeros alone work on the elements that are there, `*`
and `/` with a dense tensor too, as TensorFlow has it.
"""

from __future__ import annotations

from typing import Any

from rillet.core.composite import register
from rillet.core.convert import to_tensor
from rillet.core.dtypes import float32, float64, int32
from rillet.core.sparse_tensor import SparseTensor as SparseTensor
from rillet.core.sparse_tensor import SparseTensorSpec as SparseTensorSpec
from rillet.core.tensor import install_operators
from rillet.ops.casting import cast
from rillet.ops.functional import map_fn
from rillet.ops.reduce import reduce_prod
from rillet.ops.sizes import size
from rillet.ops.sparse.arithmetic import dense_div_op, dense_mul_op, with_dense
from rillet.ops.sparse.joining import concat
from rillet.ops.sparse.mapping import map_sparse_fn

#: Ops of one tensor that may look at the elements alone.
_ALONE = frozenset(
    """Abs Neg Sign Square Sqrt Tanh Erf Cast Identity StopGradient Relu Softsign
    Sin Tan Asin Atan Sinh Asinh Atanh Expm1 Log1p Rint Round Floor Ceil Conj""".split()
)


def _apply(op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
    x = inputs[0]
    if op.name not in _ALONE or not isinstance(x, SparseTensor):
        return NotImplemented
    return x.with_values(op.run(x.values, *inputs[1:], **attrs))


def _mul(x: Any, y: Any) -> Any:
    if isinstance(x, SparseTensor) and isinstance(y, SparseTensor):
        return NotImplemented
    whole, other = (x, y) if isinstance(x, SparseTensor) else (y, x)
    return with_dense(dense_mul_op, whole, other)


def _div(x: Any, y: Any) -> Any:
    if not isinstance(x, SparseTensor) or isinstance(y, SparseTensor):
        return NotImplemented
    if x.dtype.is_integer:  # true division, in a type that holds the quotients
        wide = float32 if x.dtype.size < 4 else float64
        y = cast(to_tensor(y, dtype=x.dtype), wide)
        x = x.with_values(cast(x.values, wide))
    return with_dense(dense_div_op, x, y)


def _operator(function: Any, turned: bool = False) -> Any:
    def apply(self: Any, other: Any) -> Any:
        if not turned and not isinstance(other, SparseTensor):
            return function(self, other)
        if turned and hasattr(other, "dtype"):
            return function(self, other)
        return NotImplemented

    return apply


def _shape(x: SparseTensor, **attrs: Any) -> Any:
    return cast(x.dense_shape, attrs.get("out_type", int32))


def _size(x: SparseTensor, **attrs: Any) -> Any:
    return reduce_prod(cast(x.dense_shape, attrs.get("out_type", int32)))


def _size_of_shape(x: SparseTensor) -> Any:
    return size(x.dense_shape)


def _concat(values: Any, axis: Any, **attrs: Any) -> Any:
    if not all(isinstance(v, SparseTensor) for v in values):
        return NotImplemented
    return concat(axis, values)


def _cast(self: SparseTensor, dtype: Any) -> SparseTensor:
    return self.with_values(cast(self.values, dtype))


SparseTensor._apply = staticmethod(_apply)  # type: ignore[method-assign]
register(SparseTensor, "Mul", _mul)
register(SparseTensor, "RealDiv", _div)
register(SparseTensor, "ConcatV2", _concat)
register(SparseTensor, map_fn, map_sparse_fn)
register(SparseTensor, "Shape", _shape)
register(SparseTensor, "Size", _size)
register(SparseTensor, "Rank", _size_of_shape)


install_operators(
    {
        "_cast": _cast,
        "__mul__": _operator(_mul),
        "__rmul__": _operator(_mul, turned=True),
        "__truediv__": _operator(_div),
        "__div__": _operator(_div),
    },
    SparseTensor,
)
