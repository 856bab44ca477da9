"""From a running Python function to a graph: the tracer that ops find in `context`.

While a tracer stands in `context.state`, every op becomes a node. Tapes opened inside
see symbolic tensors, so gradients trace as well. Values from outside are captured: once
each, by identity. `function` and the control-flow ops open tracers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rillet.core import context
from rillet.core.composite import CompositeArgument, apply_op
from rillet.core.convert import to_tensor
from rillet.core.dtypes import variant
from rillet.core.errors import (
    InvalidArgumentError,
    LateVariableError,
    TracedArgumentError,
    house_message,
)
from rillet.core.shapes import TensorShape
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.graph.inference import SMALL, inferred, learn
from rillet.graph.ir import (
    CONST,
    READ,
    WRITE,
    Graph,
    SymbolicTensor,
)
from rillet.graph.log import Log
from rillet.graph.out_of_scope import out_of_scope
from rillet.ops.dispatch import same_typed, spec_of, typed_inputs
from rillet.ops.tensor_lists import ListTensor

_state = context.state
context.register_module("graph.loop", "rillet.graph.loops")
context.register_module("graph.vjp", "rillet.graph.gradient")
_HOME = str(Path(__file__).parents[1]) + os.sep


class Tracer:
    """Builds one graph; stands on the thread's stack while a function is traced.

    Args:
        name: the graph's name.
        parent: the tracer around this one, for branches and loop bodies.
        isolated: whether the graph is a function's: it reads and writes variables by
            itself, and takes from the parent only tensors.
    """

    def __init__(
        self, name: str, parent: Tracer | None = None, isolated: bool = False
    ) -> None:
        self.graph: Graph = Graph(name, parent.graph if parent else None)
        self.parent = parent
        self.isolated = isolated or parent is None
        self.created: list[Variable] = []
        #: Whether layers or metrics were made while this was traced.
        self.births = False
        self.may_create = True
        self.log = Log(self)
        self.graph.log = self.log
        #: The graph whose tensors a backward graph takes as inputs.
        self.home: Graph | None = None
        self.aliases: dict[int, Any] = {}
        #: Functions traced inside this one that take its tensors.
        self.functions: dict[Any, Any] = {}
        self._versions: dict[int, tuple[Variable, SymbolicTensor | None, bool]] = {}
        self._reads: dict[int, SymbolicTensor] = {}
        self._lifted: dict[int, tuple[Any, SymbolicTensor]] = {}
        self._sources: dict[int, tuple[Variable, SymbolicTensor]] = {}
        self._outside: tuple[Any, Any, Any] = (None, (), ())

    def __enter__(self) -> Tracer:
        self._outside = (_state.tracer, _state.recorders, _state.names)
        _state.tracer, _state.recorders = self, (self.log,)
        return self

    def __exit__(self, *exc: object) -> None:
        _state.tracer, _state.recorders, _state.names = self._outside

    # What ops call

    def trace(self, op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        """Add a node for `op`; return its symbolic outputs."""
        flat: tuple[Any, ...]
        try:
            if op.variadic:
                flat = (*same_typed(op, inputs[0]), *inputs[1:])
                given = {id(x) for x in inputs[0]}
            else:
                flat = typed_inputs(op, op.types, inputs)
                given = {id(x) for x in inputs}
        except CompositeArgument:
            return apply_op(op, inputs, attrs)
        except InvalidArgumentError as error:
            raise _traced_error(error) from None
        flat = tuple([_packed(x) for x in flat])
        if self.aliases:
            flat = tuple([self.aliases.get(id(x), x) for x in flat])
        lifted = tuple(
            [
                self.lift(x, captured=id(x) in given) if isinstance(x, Tensor) else x
                for x in flat
            ]
        )
        if op.effects == "random" and attrs.get("_instance") is None:
            attrs = _with_instance(op, attrs)
        try:
            specs = inferred(op, lifted, attrs)
        except InvalidArgumentError as error:
            raise _traced_error(error) from None
        node = self.graph.add(op, lifted, attrs, specs, "", caller())
        learn(node)
        outs = node.outputs
        for recorder in _state.recorders:
            given_in = lifted if recorder is self.log else flat
            recorder.record(op, given_in, outs, attrs)
        if op.outputs == 1:
            return outs[0]
        return outs

    def read_variable(self, variable: Any) -> SymbolicTensor:
        """The variable's value at this place of the program."""
        key = id(variable._cell)
        tensor = self._reads.get(key)
        if tensor is None:
            tensor = self._reads[key] = self._read(variable)
        for recorder in _state.recorders:
            recorder.read(variable, tensor)
        return tensor

    def _read(self, variable: Any) -> SymbolicTensor:
        version = self._versions.get(id(variable._cell))
        written = version[1] if version else None
        if written is None and not self.isolated:
            return self.source(variable)
        inputs = () if written is None else (written,)
        spec = Spec(variable.shape._dims, variable.dtype)
        if written is not None and spec.shape != written.spec.shape:
            spec = written.spec
        node = self.graph.add(
            READ, inputs, {"variable": variable}, [spec], f"{variable._name}/Read"
        )
        return node.outputs[0]

    def source(self, variable: Any) -> SymbolicTensor:
        """The input by which a branch or body gets a variable's value from outside."""
        found = self._sources.get(id(variable._cell))
        if found is None:
            outer = self._in_parent(lambda: _state.tracer.read_variable(variable))
            found = (variable, self.capture(outer))
            self._sources[id(variable._cell)] = found
        return found[1]

    def assign_variable(self, variable: Any, value: Any, how: str) -> None:
        """Let the variable hold a new value from here on."""
        from rillet.ops.elementwise import add_op, sub_op

        shape = TensorShape.of(value.shape._dims)
        if not variable.shape.is_compatible_with(shape):
            raise ValueError(
                house_message(
                    f"Variable.{how}",
                    "Cannot assign value to variable: Shape mismatch",
                    f"the variable '{variable.name}' has shape {variable.shape}, the"
                    f" value {shape}",
                )
            )
        key = id(variable._cell)
        with context.recording_stopped():
            if how != "assign":
                old = self.read_variable(variable)
                value = (add_op if how == "assign_add" else sub_op).run(old, value)
        for recorder in _state.recorders:
            recorder.left(value, f"Variable.{how}")
        self._versions[key] = (variable, self.lift(value), True)
        self._reads.pop(key, None)

    def constant(self, tensor: Any) -> SymbolicTensor:
        """A symbolic stand-in for a tensor that a program wrote down."""
        return self.lift(tensor, captured=False)

    def created_variable(self, variable: Any) -> None:
        """Note a variable that the function makes; its first value is found at once.

        Raises:
            ValueError: where the function made its variables in an earlier trace.
        """
        root = self
        while not root.isolated and root.parent is not None:
            root = root.parent
        if not root.may_create:
            raise late_variable(variable)
        root.created.append(variable)

    def owner_born(self) -> None:
        """Note that something was made that will make variables by itself."""
        root = self
        while not root.isolated and root.parent is not None:
            root = root.parent
        root.births = True

    def settle(self, made: list[Variable]) -> None:
        """Count variables that layers made as the function's own if it made the layers.

        Those in `created` are a reason to trace once more.

        Args:
            made: all variables that tracing made.

        Raises:
            ValueError: where this was the second time.
        """
        if self.births and made:
            if not self.may_create:
                raise late_variable(made[0])
            self.created.extend(made)

    # What control flow calls

    def lift(self, value: Tensor, captured: bool = True) -> SymbolicTensor:
        """A tensor of this graph for any tensor: a capture or a constant."""
        if isinstance(value, SymbolicTensor):
            if value.node.graph is self.graph:
                return value
            return self.capture(value)
        if captured:
            return self.capture(value)
        node = self.graph.add(
            CONST, (), {"value": value._array}, [spec_of(value)], "Const", None
        )
        out = node.outputs[0]
        if value._array.size <= SMALL:
            out.known = value._array
        return out

    def capture(self, value: Tensor) -> SymbolicTensor:
        """An input of this graph that stands for a value from outside."""
        found = self._lifted.get(id(value))
        if found is not None:
            return found[1]
        outer: Any = value
        if id(value) in self.aliases:
            return self.lift(self.aliases[id(value)])
        if isinstance(value, SymbolicTensor) and value.node.graph is not self.home:
            if self.parent is None:
                inside = self._stand_in(value)
                if inside is not None:
                    return self.capture(inside)
                raise out_of_scope(
                    value, f"now {self.graph.name.removeprefix('__inference_')!r} is"
                )
            if value.node.graph is not self.parent.graph:
                outer = self.parent.capture(value)
            spec = value.spec
        else:
            if self.parent is not None:
                outer = self.parent.capture(value)
            spec = _spec(value)
        inner = self.graph.placeholder(spec, "Capture")
        known = value._array if isinstance(value, Tensor) else None
        if isinstance(value, SymbolicTensor):
            inner.known, inner.partial = value.known, value.partial
        elif (
            isinstance(known, np.ndarray)
            and known.size <= 16
            and known.dtype.kind in "iub"
        ):
            inner.known = known
        self.graph.captures.append((outer, inner))
        self._lifted[id(value)] = (value, inner)
        return inner

    def _stand_in(self, value: SymbolicTensor) -> SymbolicTensor | None:
        """What stands for a tensor in `home`, which takes it from further outside.

        A gradient that a program wrote may take a forward tensor; the gradient of that
        gradient knows only the backward graph, where the tensor is an input.
        """
        home = self.home
        if home is None:
            return None
        origin = home.log.tracer
        sought: Any = value
        if value.node.graph is not origin.home:
            sought = origin._stand_in(value)
        return next((inner for outer, inner in home.captures if outer is sought), None)

    def _in_parent(self, function: Callable[[], Any]) -> Any:
        """What `function` gives where the graph around this one is being traced."""
        kept = (_state.tracer, _state.recorders)
        _state.tracer, _state.recorders = self.parent, self._outside[1]
        try:
            return function()
        finally:
            _state.tracer, _state.recorders = kept

    def written(self) -> list[tuple[Variable, SymbolicTensor]]:
        """The variables that hold something else at the end, with what they hold."""
        return [
            (variable, tensor)
            for variable, tensor, dirty in self._versions.values()
            if dirty and tensor is not None
        ]

    def sources(self) -> list[tuple[Variable, SymbolicTensor]]:
        """Variables that a branch or body reads from outside, with its inputs."""
        return list(self._sources.values())

    def flush(self) -> None:
        """Write variables now: the host is about to look at them."""
        if not self.isolated:
            return
        for key, (variable, tensor, dirty) in list(self._versions.items()):
            if dirty and tensor is not None:
                self.graph.add(WRITE, (tensor,), {"variable": variable}, [])
            del self._versions[key]
        self._reads.clear()

    def add_form(
        self,
        form: Any,
        inputs: list[Any],
        attrs: dict[str, Any],
        specs: list[Spec],
        name: str = "",
    ) -> tuple[SymbolicTensor, ...]:
        """Add a node that is no op of the table; tapes are told."""
        if self.aliases:
            inputs = [self.aliases.get(id(x), x) for x in inputs]
        lifted = tuple([self.lift(x) if isinstance(x, Tensor) else x for x in inputs])
        node = self.graph.add(form, lifted, attrs, specs, name, caller())
        if any(recorder is not self.log for recorder in _state.recorders):
            inputs = self._as_outside(inputs)
        for recorder in _state.recorders:
            given = lifted if recorder is self.log else tuple(inputs)
            recorder.record(form, given, node.outputs, attrs)
        return node.outputs

    def _as_outside(self, inputs: list[Any]) -> list[Any]:
        """What tapes know inputs by: a branch or body was given this graph's captures.

        Reads of variables stay: tapes were told of them by what this graph has.
        """
        known = {id(inner): value for value, inner in self._lifted.values()}
        for _, inner in self._sources.values():
            known.pop(id(inner), None)
        return [known.get(id(x), x) for x in inputs]


def late_variable(variable: Variable) -> LateVariableError:
    """The error of a function that makes variables each time it is traced."""
    return LateVariableError(
        house_message(
            "tf.function",
            "tf.function only supports singleton tf.Variables created on the"
            " first call",
            f"variable {variable.name} was made in a later trace",
            "Make the variable, or the layer that has it, once: outside the function"
            " or under `if self.v is None`",
        )
    )


def caller() -> tuple[str, int] | None:
    """File and line of the program outside rillet that runs now."""
    frame: Any = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(_HOME):
        frame = frame.f_back
    return None if frame is None else (frame.f_code.co_filename, frame.f_lineno)


def _traced_error(error: InvalidArgumentError) -> InvalidArgumentError:
    """The error as of the classes that TensorFlow raises while it traces."""
    if type(error) is not InvalidArgumentError:
        return error
    told = TracedArgumentError(error.message)
    return told.with_traceback(error.__traceback__)


def _spec(value: Any) -> Spec:
    if isinstance(value, SymbolicTensor):
        return value.spec
    if isinstance(value, ListTensor):
        return Spec((), variant)
    found: Spec = spec_of(value)
    return found


def _packed(value: Any) -> Any:
    """A host input; a list with symbolic tensors in it becomes one tensor."""
    if isinstance(value, list | tuple) and any(
        isinstance(v, SymbolicTensor) for v in value
    ):
        if all(
            isinstance(v, Tensor) and v.known is not None
            for v in value
            if isinstance(v, SymbolicTensor)
        ):
            return tuple([int(v._array) if isinstance(v, Tensor) else v for v in value])
        kind = next(v.dtype for v in value if isinstance(v, SymbolicTensor))
        stack = context.service("ops.stack")
        assert stack is not None
        return stack([to_tensor(v, hint=kind) for v in value])
    return value


def _with_instance(op: Any, attrs: dict[str, Any]) -> dict[str, Any]:
    """A random op's attributes with a stream of its own, as a graph's node has it."""
    from rillet.ops.seeds import Instance

    made = Instance(attrs.get("seed", 0), attrs.get("seed2", 0))
    return {**attrs, "_instance": made}
