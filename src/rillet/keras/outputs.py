"""Targets, weights, losses and metrics by a model's outputs.

In: what users give, by place or by name, and a model's outputs. Out: one part an
output, in the outputs' order. `compile_parts` calls it.
"""

from __future__ import annotations

from typing import Any

from rillet.core import nest
from rillet.core.convert import to_tensor
from rillet.core.dtypes import float32
from rillet.core.errors import house_message
from rillet.keras.composites import any_ragged
from rillet.ops.elementwise import cast
from rillet.ops.rearrange import expand_dims
from rillet.ops.shaping import static_dims


class Container:
    """What losses and metrics of a model have in common: names of outputs."""

    def __init__(self, output_names: list[str] | None = None) -> None:
        self._output_names = output_names
        self._built = False

    def _name_outputs(self, y_pred: Any) -> list[str]:
        """A name for each output."""
        names = self._output_names
        flat = nest.flatten(y_pred)
        if names is not None and len(names) == len(flat):
            return names
        if isinstance(y_pred, dict):
            names = []
            for key in sorted(y_pred):
                inner = nest.flatten(y_pred[key])
                names += (
                    [str(key)]
                    if len(inner) == 1
                    else [f"{key}_{i + 1}" for i in range(len(inner))]
                )
            return names
        return [f"output_{i + 1}" for i in range(len(flat))]

    def _spread(self, struct: Any, names: list[str], broadcast: bool) -> list[Any]:
        """One part of `struct` for each output, by place or by name.

        Raises:
            ValueError: where numbers or names do not fit the outputs.
        """
        count = len(names)
        if struct is None:
            return [None] * count
        if broadcast:
            return [struct] * count
        if isinstance(struct, dict):
            extra = [key for key in struct if key not in names]
            if extra:
                raise ValueError(
                    "Found unexpected losses or metrics that do not correspond to any"
                    f" Model output: {extra}. Valid mode output names: {names}."
                    f" Received struct is: {struct}."
                )
            return [struct.get(name) for name in names]
        parts = list(struct)
        if len(parts) != count:
            raise ValueError(
                house_message(
                    "compile",
                    "there must be one entry an output",
                    f"got {len(parts)} for the {count} outputs {names}",
                )
            )
        return parts


def conform(label: str, struct: Any, y_pred: Any, names: list[str]) -> list[Any]:
    """A part of `struct` for each output."""
    outputs = nest.flatten(y_pred)
    count = len(outputs)
    if struct is None:
        return [None] * count
    if not nest.is_nested(struct):
        if count == 1 or label == "sample_weight":
            return [struct] * count
        raise _structures(label, 1, count, names)
    if isinstance(struct, dict):
        if isinstance(y_pred, dict) and label == "y":
            missing = [k for k in y_pred if k not in struct]
            if missing and len(missing) == len(y_pred):
                raise _structures(label, len(struct), count, names)
        return [struct.get(name) for name in names]
    flat = nest.flatten(struct)
    if len(flat) != count:
        raise _structures(label, len(flat), count, names)
    return flat


def _structures(label: str, given: int, count: int, names: list[str]) -> ValueError:
    return ValueError(
        house_message(
            "fit",
            "The two structures don't have the same nested structure: there must be one"
            f" array of {label} an output",
            f"got {given} for the {count} outputs {names}",
        )
    )


def match(y: Any, p: Any, w: Any) -> tuple[Any, Any, Any]:
    """Targets and weights with the rank and type of the outputs."""
    if any_ragged(y, p):
        return (cast(y, p.dtype) if p.dtype.is_floating else y), p, w
    y, p = to_tensor(y), to_tensor(p)
    if y.ndim == 1 and p.ndim == 2:
        y = expand_dims(y, -1)
    if w is not None:
        w = to_tensor(w)
        if w.ndim == 1 and p.ndim == 2:
            w = expand_dims(w, -1)
        if w.dtype is not p.dtype and p.dtype.is_floating:
            w = cast(w, p.dtype)
    same_kind = (y.dtype.is_floating and p.dtype.is_floating) or (
        y.dtype.is_integer and p.dtype.is_integer
    )
    if same_kind and y.dtype is not p.dtype:
        y = cast(y, p.dtype)
    return y, p, w


def misfit(y: Any, p: Any, w: Any, error: Exception) -> Exception:
    """The error for targets or weights that do not go with the outputs."""
    have, want = static_dims(y), static_dims(p)
    if not _meet(have, want):
        return ValueError(
            house_message(
                "fit",
                "the targets do not have the shape of the model's outputs (Dimensions"
                " must be equal)",
                f"y has shape {have}, the outputs {want}",
                "Give targets of that shape, or change the last layer's units",
            )
        )
    weighed = [] if w is None else zip(static_dims(w), want, strict=False)
    if all(not isinstance(b, int) or a in (b, 1) for a, b in weighed):
        return error
    return ValueError(
        house_message(
            "fit",
            "the sample weights do not go with the model's outputs (Dimensions must be"
            " equal)",
            f"sample_weight has shape {static_dims(w)}, the outputs {want}",
            "Give one weight an example",
        )
    )


def _meet(have: Any, want: Any) -> bool:
    """Whether shapes broadcast, counted from the right; unknown sizes fit any."""
    pairs = zip(reversed(have), reversed(want), strict=False)
    return all(_goes(a, b) for a, b in pairs)


def _goes(a: Any, b: Any) -> bool:
    known = isinstance(a, int) and isinstance(b, int)
    return not known or a == b or 1 in (a, b)


def row_total(y: Any) -> Any:
    """The number of examples: what a batch's loss counts for in a mean."""
    if any_ragged(y):
        return cast(y.nrows(), float32)
    sizes = static_dims(y)
    if not sizes:
        return 1.0
    first = sizes[0]
    return float(first) if isinstance(first, int) else cast(first, float32)


def need_output(y_pred: Any) -> None:
    """Raise where a model gave None: its `call` most likely lacks a return."""
    if y_pred is None:
        raise ValueError(
            house_message(
                "Model.call",
                "a model must give its outputs",
                "`call` returned None",
                "End it with `return outputs`",
            )
        )
