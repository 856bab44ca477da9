"""What a layer asks of its inputs, and the check of inputs against it.

In: an `InputSpec`, or a nest of them, and the tensors a layer is called on. Out:
nothing, or Keras's error. `Layer.__call__` and the layers' `build` call it.
"""

from __future__ import annotations

from typing import Any

from rillet.core import nest
from rillet.core.describe import describe
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.keras.input_hints import another_size, missing_axis


class InputSpec:
    """What a layer asks of one input.

    Args:
        dtype: the type the input must have.
        shape: the whole shape it must have, None for sizes that may vary.
        ndim: the number of dimensions.
        max_ndim: the largest number of dimensions.
        min_ndim: the smallest number of dimensions.
        axes: sizes by axis.
        allow_last_axis_squeeze: let a last axis of size 1 be missing or too many.
        name: the key where inputs are a dictionary.
        optional: whether the input may be None.

    Example:
        >>> InputSpec(min_ndim=2, axes={-1: 4})
        InputSpec(min_ndim=2, axes={-1: 4})
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = None if dtype is None else as_dtype(dtype).name
        self.shape = None if shape is None else tuple(as_shape(shape).as_list())
        self.ndim = ndim if self.shape is None else len(self.shape)
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.name = name
        self.optional = optional
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.axes = {int(k): axes[k] for k in axes} if axes else {}
        rank = self.ndim if self.ndim is not None else self.max_ndim
        if self.axes and rank is not None and max(self.axes) > rank - 1:
            raise ValueError(
                f"Axis {max(self.axes)} is greater than the maximum allowed value:"
                f" {rank - 1}"
            )

    def __repr__(self) -> str:
        parts = [
            f"dtype={self.dtype}" if self.dtype else "",
            f"shape={self.shape}" if self.shape else "",
            f"ndim={self.ndim}" if self.ndim else "",
            f"max_ndim={self.max_ndim}" if self.max_ndim else "",
            f"min_ndim={self.min_ndim}" if self.min_ndim else "",
            f"axes={self.axes}" if self.axes else "",
        ]
        return f"InputSpec({', '.join(p for p in parts if p)})"

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal spec."""
        return {
            "dtype": self.dtype,
            "shape": self.shape,
            "ndim": self.ndim,
            "max_ndim": self.max_ndim,
            "min_ndim": self.min_ndim,
            "axes": self.axes,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> InputSpec:
        """The spec that `config` describes."""
        return cls(**config)


def frees_batch_axis(spec: Any) -> bool:
    """Whether inputs that differ in their first size only all pass or all fail."""
    if spec is None:
        return True
    if not isinstance(spec, InputSpec):
        return False
    rank_known = spec.ndim is not None
    fixed = 0 in spec.axes or (rank_known and -(spec.ndim or 0) in spec.axes)
    least = spec.ndim or spec.min_ndim or 0
    reaches = any(a < 0 and -a > max(least - 1, 0) for a in spec.axes)
    return not fixed and not reaches and (not spec.shape or spec.shape[0] is None)


def check_inputs(spec: Any, inputs: Any, name: str, kind: str = "Layer") -> None:
    """Raise where inputs do not fit what a layer asks.

    Args:
        spec: an `InputSpec`, a nest of them, or None.
        inputs: a tensor or a nest of them.
        name: the layer's name, for the message.
        kind: the name of its class, for the message.

    Raises:
        ValueError: where number, rank, type or sizes differ.
        TypeError: where something has no shape.
    """
    if spec is None:
        return
    specs = nest.flatten(spec)
    if isinstance(inputs, dict) and all(s.name is not None for s in specs):
        given = _by_name(specs, inputs)
    else:
        given = nest.flatten(inputs)
    for x in given:
        if not hasattr(x, "shape"):
            raise TypeError(
                house_message(
                    kind,
                    f"Inputs to a layer should be tensors. Got '{x}' (of type"
                    f" {type(x)}) as input for layer '{name}'",
                    fix="Give a tensor or an array, e.g. tf.constant([[1.0, 2.0]])",
                )
            )
    if len(given) != len(specs):
        raise ValueError(
            house_message(
                kind,
                f'Layer "{name}" expects {len(specs)} input(s), but it received'
                f" {len(given)} input tensors",
                f"Inputs received: {[describe(x) for x in given]}",
                "A list stands for several inputs; one input goes in as one tensor,"
                " e.g. tf.constant([[1.0, 2.0]])",
            )
        )
    for index, (x, one) in enumerate(zip(given, specs, strict=True)):
        if one is not None and not (x is None and one.optional):
            _check_one(one, x, kind, f'{kind}: Input {index} of layer "{name}"')


def _by_name(specs: list[Any], inputs: dict[str, Any]) -> list[Any]:
    for s in specs:
        if s.name not in inputs and not s.optional:
            raise ValueError(
                f'Missing data for input "{s.name}". You passed a data dictionary with'
                f" keys {list(inputs)}. Expected the following keys:"
                f" {[s.name for s in specs]}"
            )
    return [inputs.get(s.name) for s in specs]


def _check_one(spec: InputSpec, x: Any, kind: str, who: str) -> None:
    shape = as_shape(x.shape)
    if shape.rank is None:
        return
    dims = tuple(shape.as_list())
    wrong = f"{who} is incompatible with the layer:"
    full = f"Full shape received: {dims}."
    rank = len(dims)
    if spec.ndim is not None and not spec.allow_last_axis_squeeze:
        if rank != spec.ndim:
            raise ValueError(
                f"{wrong} expected ndim={spec.ndim}, found ndim={rank}. {full}"
                f"{missing_axis(kind, dims, spec.ndim)}"
            )
    if spec.max_ndim is not None and rank > spec.max_ndim:
        raise ValueError(
            f"{wrong} expected max_ndim={spec.max_ndim}, found ndim={rank}. {full}"
        )
    if spec.min_ndim is not None and rank < spec.min_ndim:
        raise ValueError(
            f"{wrong} expected min_ndim={spec.min_ndim}, found ndim={rank}. {full}"
            f"{missing_axis(kind, dims, spec.min_ndim)}"
        )
    if spec.dtype is not None and x.dtype.name != spec.dtype:
        raise ValueError(
            f"{wrong} expected dtype={spec.dtype}, found dtype={x.dtype.name}."
        )
    for axis, size in spec.axes.items():
        inside = -rank <= axis < rank
        if size is not None and inside and dims[axis] not in (size, None):
            raise ValueError(
                f"{wrong} expected axis {axis} of input shape to have value {size}, but"
                f" received input with shape {dims}.{another_size(dims, ())}"
            )
    if spec.shape is not None:
        _check_shape(spec, dims, wrong)


def _check_shape(spec: InputSpec, dims: tuple[int | None, ...], wrong: str) -> None:
    wanted = spec.shape or ()
    if spec.allow_last_axis_squeeze:
        if dims and dims[-1] == 1:
            dims = dims[:-1]
        if wanted and wanted[-1] == 1:
            wanted = wanted[:-1]
    for want, have in zip(wanted, dims, strict=False):
        if want is not None and have is not None and want != have:
            raise ValueError(
                f"{wrong} expected shape={spec.shape}, found shape={dims}."
                f"{another_size(dims, tuple(wanted))}"
            )
