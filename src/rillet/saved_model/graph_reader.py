"""TensorFlow's functions run on rillet's ops.

In flow a library of `FunctionDef`s and values; out flow results. It stands inside a
trace, so that what it runs becomes a graph of rillet's. Nothing runs before all ops are
known; ops that touch files or call Python are refused. `load` calls it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from rillet.checkpoint.wire import Record
from rillet.core.errors import (
    NotFoundError,
    PermissionDeniedError,
    house_message,
)
from rillet.saved_model.custom_gradients import CustomGradients, Frames
from rillet.saved_model.heeding import check_heeded
from rillet.saved_model.op_readers import FORBIDDEN
from rillet.saved_model.plans import plan_of_function, plan_of_graph
from rillet.saved_model.reader_table import reader_of
from rillet.saved_model.records import record_of, run_record
from rillet.saved_model.steps import Plan
from rillet.saved_model.tensors import damaged

#: Functions that call functions, at most.
_DEEPEST = 64
#: Nodes that calls of functions may come to, all told.
_MOST_STEPS = 2_000_000
#: Nodes that a function may come to when it is traced, those that it calls counted each
#: time. The largest models have some ten thousand.
_MOST_TRACED = 100_000


class _Here(threading.local):
    """Where one thread stands in a model's functions.

    Attributes:
        frames: what functions that are being run have computed, the innermost last.
        depth: how many they are.
        steps: the nodes that they have come to.
    """

    frames: Frames = ()
    depth = 0
    steps = 0


class Reader:
    """Runs the functions of one model.

    Args:
        graph: the model's `GraphDef`.
        allowed: ops that touch files or call Python and may be called all the same.
        folder: where the model is; its tables may read files there.

    Attributes:
        gradients: those that programs gave to functions.
    """

    def __init__(
        self, graph: Record, allowed: Iterable[str] = (), folder: str = ""
    ) -> None:
        self.folder = folder
        self._functions = {f.signature.name: f for f in graph.library.function}
        self._nodes = list(graph.node)
        self.gradients = CustomGradients(list(graph.library.registered_gradients))
        self._plans: dict[str, Plan] = {}
        self._checked: set[str] = set()
        self._sizes: dict[str, int] = {}
        self._here = _Here()
        self.allowed = frozenset(allowed)
        #: Variables of a version-1 graph by the names of their nodes, and tables.
        self.resources: dict[Any, Any] = {}
        #: Paths of a version-1 graph's assets by the tensors that stand for them.
        self.files: dict[str, Any] = {}

    def has(self, name: str) -> bool:
        """Whether there is a function of that name."""
        return name in self._functions

    def signature(self, name: str) -> Record:
        """What a function takes and gives."""
        found: Record = self._functions[name].signature
        return found

    def plan(self, name: str) -> Plan:
        """A function's plan."""
        found = self._plans.get(name)
        if found is None:
            function = self._functions.get(name)
            if function is None:
                raise damaged("a function is missing", name)
            kept = self.gradients.kept(name)
            found = self._plans[name] = plan_of_function(
                function, self._functions, kept
            )
            self.gradients.warn(found)
        return found

    def part(self, feeds: list[str], fetches: list[str]) -> Plan:
        """A plan for a part of the graph around the functions."""
        return plan_of_graph(self._nodes, feeds, fetches, "the graph")

    def knows(self, op: str) -> bool:
        """Whether there is something that runs an op, or a function of that name."""
        return bool(reader_of(op) or record_of(op) or self.has(op))

    def ops_of(self, plan: Plan, seen: set[str]) -> dict[str, str]:
        """The ops of a plan, and of the functions it calls, each with a place.

        Args:
            plan: the plan.
            seen: names of functions that need no look; those looked at are added.
        """
        found: dict[str, str] = {}
        line = [plan]
        while line:
            part = line.pop()
            for step in part.steps:
                found.setdefault(
                    step.op, f"node '{step.name}' of function '{part.name}'"
                )
                line += [x for x in step.attrs.values() if isinstance(x, Plan)]
                for name in self._called(step):
                    if name not in seen:
                        seen.add(name)
                        line.append(self.plan(name))
        return found

    def check(self, plan: Plan) -> None:
        """Look through a plan, and the functions it calls, for ops that rillet lacks.

        Raises:
            NotFoundError: where there are such ops; all are named, with their places.
        """
        seen = set(self._checked)
        lacking = {
            op: where
            for op, where in self.ops_of(plan, seen).items()
            if op not in FORBIDDEN and not self.knows(op)
        }
        if lacking:
            shown = "; ".join(f"{op} at {where}" for op, where in lacking.items())
            raise NotFoundError(
                house_message(
                    "SavedModel",
                    "Op type not registered: the model uses ops that rillet lacks",
                    shown,
                )
            )
        self._size(plan)
        self._checked = seen

    def _size(self, plan: Plan, depth: int = 0) -> int:
        """How many nodes a plan comes to when it is traced.

        Raises:
            DataLossError: where they are too many; a small file can ask for millions.
        """
        if depth > _DEEPEST:
            raise damaged("functions call functions without end", plan.name)
        total = 0
        for step in plan.steps:
            total += 1
            for held in step.attrs.values():
                if isinstance(held, Plan):
                    total += self._size(held, depth + 1)
            for name in self._called(step):
                if name not in self._sizes:
                    self._sizes[name] = self._size(self.plan(name), depth + 1)
                total += self._sizes[name]
        if total > _MOST_TRACED:
            raise damaged(
                f"a function comes to more than {_MOST_TRACED:,} nodes, those of the"
                " functions that it calls included",
                plan.name,
            )
        return total

    def _called(self, step: Any) -> list[str]:
        """The functions that a node calls, as often as it names them."""
        found = _called(step)
        return [*found, step.op] if self.has(step.op) else found

    def call(self, name: str, inputs: list[Any]) -> list[Any]:
        """Run a function.

        Args:
            name: its name.
            inputs: a tensor or resource for each argument.

        Returns:
            Its results.
        """
        return self.run(self.plan(name), inputs)

    def call_inside(self, frames: Frames, name: str, inputs: list[Any]) -> list[Any]:
        """Run a function as if other functions, which ran before, were running.

        Args:
            frames: what those have computed.
            name: the function's name.
            inputs: a value for each argument.
        """
        kept, self._here.frames = self._here.frames, frames
        try:
            return self.call(name, inputs)
        finally:
            self._here.frames = kept

    def run(self, plan: Plan, inputs: list[Any]) -> list[Any]:
        """Run a plan."""
        if len(inputs) != len(plan.arguments):
            raise damaged(
                f"a function takes {len(plan.arguments)} inputs",
                f"{plan.name} is given {len(inputs)}",
            )
        if self._here.depth >= _DEEPEST:
            raise damaged("functions call functions without end", plan.name)
        if not self._here.depth:
            self._here.steps = 0
        self._here.depth += 1
        frames = self._here.frames
        try:
            values: dict[str, Any] = {
                name: (value,)
                for name, value in zip(plan.arguments, inputs, strict=True)
            }
            self._here.frames = (*frames, (plan.name, values))
            for step in plan.steps:
                self.count(1)
                given = [_picked(values, place, plan) for place in step.inputs]
                try:
                    values[step.name] = self.run_step(step, given)
                except Exception as error:
                    _locate(error, step.name, plan.name)
                    raise
            return [_picked(values, place, plan) for place in plan.results]
        finally:
            self._here.depth -= 1
            self._here.frames = frames

    def count(self, steps: int) -> None:
        """Note work, of which a file can ask only so much.

        Args:
            steps: how many nodes it came to.

        Raises:
            DataLossError: where it is too much.
        """
        self._here.steps += steps
        if self._here.steps > _MOST_STEPS:
            raise damaged("functions and loops run too many nodes", str(_MOST_STEPS))

    def run_step(self, step: Any, inputs: list[Any]) -> Any:
        """Run a node: its outputs."""
        if step.gradient:
            return self.gradients.run(self, step, inputs, self._here.frames)
        if step.op in FORBIDDEN and step.op not in self.allowed:
            known = self.knows(step.op)
            options = f"LoadOptions(allowed_ops=[{step.op!r}])"
            raise PermissionDeniedError(
                house_message(
                    "SavedModel",
                    f"{step.op} touches files or runs code, and is refused",
                    f"node '{step.name}'",
                    f"Where the model is trusted, give {options}" if known else "",
                )
            )
        read = reader_of(step.op)
        if read is None and self.has(step.op):
            return self.call(step.op, inputs)
        if read is not None:
            found = read(self, step, inputs)
        else:
            op = record_of(step.op)
            if op is None:
                raise NotFoundError(
                    house_message("SavedModel", f"Op type not registered '{step.op}'")
                )
            found = run_record(op, step.attrs, inputs)
        check_heeded(step, found)
        return found


def _called(step: Any) -> list[str]:
    """The functions that a node calls."""
    found = []
    for value in step.attrs.values():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Record):
                found.append(item.name)
    return found


def _picked(values: dict[str, Any], place: tuple[str, int], plan: Plan) -> Any:
    name, index = place
    outputs = values.get(name)
    if outputs is None or not 0 <= index < len(outputs):
        raise damaged("an op has no such output", f"{name}:{index} in {plan.name}")
    return outputs[index]


def _locate(error: Exception, node: str, function: str) -> None:
    if not getattr(error, "__notes__", None):
        error.add_note(f"Detected at node '{node}' of the saved function '{function}'")
