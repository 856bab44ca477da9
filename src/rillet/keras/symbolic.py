"""A layer called on placeholders: what will come out, and a node that remembers it.

In: a layer and arguments with placeholders among them. Out: placeholders. The layer is
built and its `call` traced into a graph that nobody runs; only shapes and types are
kept. `Layer.__call__` comes here through `core.context`.
"""

from __future__ import annotations

from typing import Any

from rillet.core import nest
from rillet.core.composite import CompositeSpec, CompositeTensor
from rillet.core.describe import describe
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.functions import scratch_tracer
from rillet.keras.call_context import calls, set_mask
from rillet.keras.keras_tensor import KerasTensor, replaced
from rillet.keras.nodes import Node


class Scratch:
    """A graph nobody runs, and what stands in it for placeholders.

    Args:
        name: the graph's name.
    """

    def __init__(self, name: str) -> None:
        self.tracer = scratch_tracer(name)
        self._stands: dict[int, Any] = {}
        self._kept: list[Any] = []

    def stand_in(self, placeholder: KerasTensor) -> Any:
        """The graph's input that stands for a placeholder, with its mask."""
        found = self._stands.get(id(placeholder))
        if found is None:
            if placeholder.composite is not None:
                return self._composite(placeholder)
            found = self.tracer.graph.placeholder(placeholder.spec, "Placeholder")
            found.known, found.partial = placeholder.known, placeholder.partial
            mask = getattr(placeholder, "_keras_mask", None)
            if mask is not None:
                set_mask(found, self.stand_in(mask))
            self._stands[id(placeholder)] = found
            self._kept.append(placeholder)
        return found

    def _composite(self, placeholder: KerasTensor) -> Any:
        """The ragged or sparse tensor of the graph that stands for a placeholder."""
        spec: CompositeSpec = placeholder.composite
        parts = [
            self.tracer.graph.placeholder(Spec(s.shape._dims, s.dtype), "Placeholder")
            for s in spec._component_specs
        ]
        found = self._stands[id(placeholder)] = spec._from_tensors(list(parts))
        self._kept.append(placeholder)
        return found


def described_call(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a layer on placeholders.

    Args:
        layer: the layer.
        args: its arguments, as the program gave them.
        kwargs: those by name.

    Returns:
        Placeholders in the structure of what `call` returns.

    Raises:
        ValueError: where the inputs do not fit the layer.
    """
    if layer.dynamic:
        outputs = _by_rule(layer, args)
    else:
        outputs = _by_trace(layer, args, kwargs)
    Node(layer, args, kwargs, outputs)
    return outputs


def _by_trace(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    scratch = Scratch(f"{layer.name}_described")
    around = calls.frame, calls.autocast
    calls.frame, calls.autocast = None, None
    try:
        with scratch.tracer:
            inner_args = replaced(args, scratch.stand_in)
            inner_kwargs = replaced(kwargs, scratch.stand_in)
            found = layer._call_fully(inner_args, inner_kwargs)
            return nest.map_structure(lambda y: _placeholder(y, layer), found)
    finally:
        calls.frame, calls.autocast = around
        _forget_losses(layer)


def _placeholder(value: Any, layer: Any) -> Any:
    """The placeholder for what came out of a trace; None and plain values stay."""
    if hasattr(value, "_dense_tensor"):
        value = value._dense_tensor()
    if isinstance(value, CompositeTensor):
        return described_composite(value, layer)
    if not isinstance(value, Tensor):
        return value
    out = described_tensor(value, layer)
    mask = getattr(value, "_keras_mask", None)
    if mask is not None:
        set_mask(out, described_tensor(mask, None))
    return out


def described_tensor(value: Any, layer: Any) -> KerasTensor:
    """A placeholder that looks like a tensor of a graph."""
    known = getattr(value, "known", None)
    partial = getattr(value, "partial", None)
    if known is not None and known.dtype.kind not in "iu":
        known = None
    name = None if layer is None else layer.name
    return KerasTensor(value.shape, value.dtype, name, layer, known, partial)


def described_composite(value: CompositeTensor, layer: Any) -> KerasTensor:
    """A placeholder that looks like a ragged or sparse tensor of a graph."""
    spec: Any = value._type_spec
    name = None if layer is None else layer.name
    return KerasTensor(spec.shape, spec.dtype, name, layer, composite=spec)


def _forget_losses(layer: Any) -> None:
    """What a trace added to the losses belongs to a graph that is gone."""
    for part in layer._flatten():
        said = getattr(part, "_said", None)
        if said is not None:
            said.losses = []


def _by_rule(layer: Any, args: tuple[Any, ...]) -> Any:
    """Placeholders from `compute_output_shape`, where `call` must run as Python."""
    inputs = args[0] if args else None
    shapes = nest.map_structure(lambda x: x.shape, inputs)
    if not layer.built:
        layer._build_scoped(shapes)
    found = layer.compute_output_shape(shapes)
    first = nest.flatten(inputs)[0]
    dtype = as_dtype(layer.compute_dtype or first.dtype)
    if isinstance(found, tuple) and all(d is None or isinstance(d, int) for d in found):
        found = as_shape(found)
    return nest.map_structure(
        lambda s: KerasTensor(s, dtype, layer.name, layer),
        found if isinstance(found, TensorShape) else list(found),
    )


def check_history(tensors: list[Any], what: str) -> None:
    """Raise where a model is made of what is no placeholder.

    Args:
        tensors: the inputs or outputs given.
        what: ``"inputs"`` or ``"outputs"``.

    Raises:
        ValueError: where one has no history.
    """
    for tensor in tensors:
        if isinstance(tensor, KerasTensor) and tensor._history is not None:
            continue
        if what == "inputs":
            rule = (
                "Found unexpected instance while processing input tensors for keras"
                " functional model. Expecting KerasTensor which is from"
                " tf.keras.Input() or output from keras layer call()"
            )
        else:
            rule = (
                "Output tensors of a Functional model must be the output of a"
                " TensorFlow `Layer` (thus holding past layer metadata)"
            )
        raise ValueError(
            house_message(
                "Model",
                rule,
                f"got {describe(tensor)}",
                "Make it by calling layers on keras.Input(...)",
            )
        )
