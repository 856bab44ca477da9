"""Gradients that programs gave to functions, as the files of models hold them.

In flow what a file says of them; a node that bears the name of one runs, and tapes are
told that its gradient is a function of the file. `graph_reader` asks, `load` tells what
those functions captured. Where a file names a gradient that it does not hold, asking
for it is an error, as in TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.checkpoint.wire import Record
from rillet.core import context
from rillet.core.composite import CompositeSpec
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.core.tensor import Tensor
from rillet.ops.dispatch import Recorded
from rillet.saved_model.resources import is_list
from rillet.saved_model.steps import Plan
from rillet.saved_model.structures import structure_of
from rillet.saved_model.tensors import damaged

_state = context.state
#: What functions that are being run have computed, the innermost last.
Frames = tuple[tuple[str, dict[str, Any]], ...]


class UnsavedGradientError(LookupError):
    """A gradient was asked for that the program had, and its file has not."""


class CustomGradients:
    """The gradients that a model's file holds.

    Args:
        registered: what the library of functions says: functions by gradients' names.
    """

    def __init__(self, registered: list[Record]) -> None:
        self._functions = {g.registered_op_type: g.gradient_func for g in registered}
        self._concretes: dict[str, Record] = {}
        self._tensors: dict[int, tuple[str, str]] = {}
        self._kept: dict[str, list[str]] = {}
        self._bound: Callable[[list[int]], list[Any]] | None = None
        self._told: set[str] = set()

    def learn(
        self,
        concretes: dict[str, Record],
        nodes: list[Record],
        bound: Callable[[list[int]], list[Any]],
    ) -> None:
        """Take what the object graph says.

        Args:
            concretes: what it says of functions, by their names.
            nodes: the objects.
            bound: gives what objects are by their numbers.
        """
        self._concretes = concretes
        self._bound = bound
        for number, node in enumerate(nodes):
            if node.has("captured_tensor"):
                held = node.captured_tensor
                self._tensors[number] = (held.concrete_function, held.name)
                name = held.name.partition(":")[0]
                self._kept.setdefault(held.concrete_function, []).append(name)

    def kept(self, function: str) -> list[str]:
        """The nodes of a function whose tensors gradients take."""
        return self._kept.get(function, [])

    def warn(self, plan: Plan) -> None:
        """Say, once, where a function's gradients are not in the file."""
        if plan.name in self._told:
            return
        for step in plan.steps:
            if step.gradient and step.gradient not in self._functions:
                self._told.add(plan.name)
                get_logger().warning(
                    "SavedModel: the function %s has custom gradients that were not"
                    " saved (node '%s'): asking for its gradient will fail",
                    plan.name,
                    step.name,
                )
                return

    def run(
        self, reader: Any, step: Any, inputs: list[Any], frames: Frames
    ) -> tuple[Any, ...]:
        """Run a node that has such a gradient.

        Args:
            reader: the model's `Reader`.
            step: the node.
            inputs: what it takes.
            frames: what its function, and those around it, have computed so far.

        Returns:
            Its outputs.
        """
        with context.recording_stopped():
            outputs = tuple(reader.run_step(step._replace(gradient=""), inputs))
        flows = [i for i, y in enumerate(outputs) if _is_plain(y)]
        taken = [i for i, x in enumerate(inputs) if _is_plain(x)]
        if not flows or not _state.recorders:
            return outputs

        def rule(gs: Any, ys: Any, *_: Any) -> list[Any]:
            given: list[Any] = list(outputs)
            for i, g in zip(flows, gs if isinstance(gs, tuple) else (gs,), strict=True):
                given[i] = g
            found = self._gradients(reader, step, given, frames)
            if len(found) != len(inputs):
                raise damaged(
                    "a gradient gives as many results as its node has inputs",
                    f"{step.name} has {len(inputs)}, the gradient gives {len(found)}",
                )
            return [found[i] for i in taken]

        entry = Recorded(step.op, rule)
        for recorder in _state.recorders:
            recorder.record(
                entry,
                tuple([inputs[i] for i in taken]),
                tuple([outputs[i] for i in flows]),
                None,
            )
        return outputs

    def _gradients(
        self, reader: Any, step: Any, given: list[Any], frames: Frames
    ) -> list[Any]:
        """The gradients of a node's inputs, None where there is none."""
        name = self._functions.get(step.gradient)
        if name is None:
            raise UnsavedGradientError(
                house_message(
                    "SavedModel",
                    f"No gradient defined for operation '{step.name}' (op type:"
                    f" {step.op})",
                    f"the program gave it one ({step.gradient}), and the file does not"
                    " hold it",
                    "Save the model with tf.saved_model.SaveOptions("
                    "experimental_custom_gradients=True)",
                )
            )
        reader.check(reader.plan(name))
        saved = self._concretes.get(name)
        numbers = [] if saved is None else list(saved.bound_inputs)
        captured = [self._captured(number, frames) for number in numbers]
        found = reader.call_inside(frames, name, [*given, *captured])
        if saved is None:
            return list(found)
        return _packed(structure_of(saved.output_signature), found, name)

    def _captured(self, number: int, frames: Frames) -> Any:
        """What a gradient captured: a tensor of a function, or an object."""
        place = self._tensors.get(number)
        if place is None:
            assert self._bound is not None
            return self._bound([number])[0]
        function, tensor = place
        name, _, index = tensor.partition(":")
        for where, values in reversed(frames):
            if where == function:
                outputs = values.get(name, ())
                at = int(index) if index.isdecimal() and len(index) < 9 else -1
                if 0 <= at < len(outputs):
                    return outputs[at]
                break
        raise damaged("a gradient captured what is missing", f"{tensor} of {function}")


def _packed(structure: Any, found: list[Any], name: str) -> list[Any]:
    """A gradient function's results, with None for those that it does not give."""
    specs = structure if isinstance(structure, list | tuple) else [structure]
    parts = iter(found)
    out: list[Any] = []
    for spec in specs:
        count = 1
        if spec is None:
            out.append(None)
            continue
        if isinstance(spec, CompositeSpec):
            count = len(spec._component_specs)
        held = [next(parts, None) for _ in range(count)]
        if any(part is None for part in held):
            raise damaged("a gradient gives too few results", name)
        rows = isinstance(spec, CompositeSpec)
        out.append(to_tensor(spec._from_tensors(held) if rows else held[0]))
    return out


def _is_plain(x: Any) -> bool:
    """Whether gradients can flow to or from a value."""
    return isinstance(x, Tensor) and not is_list(x)
