"""Functions given to datasets: traced once, run on elements or on many at once.

In flow a program's function and the specs of what it will get; out flows a
`DataFunction`, which maps leaves to leaves. What it gives may hold datasets, which need
tensors of its graph: those come out too, and bind the inner dataset's run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from rillet.backends.choice import ReferenceBackend
from rillet.core import context
from rillet.core.composite import CompositeSpec, CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.describe import takes
from rillet.core.dtypes import resource
from rillet.core.errors import house_message
from rillet.core.scopes import variables_made
from rillet.core.spec import Spec, TensorSpec
from rillet.core.tensor import Tensor
from rillet.core.tracebacks import trim
from rillet.data.batching import Batched
from rillet.data.drawing import NotBatchable
from rillet.data.plan import HandlePlan, Plan, Run, is_free
from rillet.data.structure import (
    Bound,
    DatasetSpec,
    Element,
    NoneTensorSpec,
    Structure,
    arrays_of,
    as_leaf,
    composed,
    flatten,
    leaf_of,
    made,
    map_nest,
    pack,
)
from rillet.graph.autograph import convert, leaving
from rillet.graph.inline import inline
from rillet.graph.ir import Graph, SymbolicTensor, inner_graphs
from rillet.graph.places import explain_symbolic
from rillet.graph.trace import Tracer
from rillet.ops.registry import Op

_state = context.state
_BACKEND = ReferenceBackend()


class _Debug:
    """Whether functions run eagerly, element by element."""

    on = False


def enable_debug_mode() -> None:
    """Run functions given to datasets eagerly, so that a debugger can step in."""
    _Debug.on = True


class DataFunction:
    """A function of elements.

    Args:
        function: takes an element; a tuple's parts one by one.
        specs: the specs of the arguments: each a nest.
        owner: the dataset method that it was given to, for messages.

    Attributes:
        spec: the nest of specs of what it gives.
        free: the symbolic tensors that a run must give values for.
    """

    def __init__(
        self, function: Callable[..., Any], specs: tuple[Any, ...], owner: str
    ) -> None:
        if not callable(function):
            raise ValueError(
                house_message(
                    owner,
                    "Argument `func` must be a callable",
                    f"Received func={function!r} (of type {type(function)})",
                )
            )
        self._function = function
        self._owner = owner
        self._arguments = [Structure(s) for s in specs]
        self._flat = [s for part in self._arguments for s in part.flat]
        self._eager = _Debug.on
        tracer = self._trace(True)
        if tracer.created:
            tracer = self._trace(False)
        self._graph: Graph = tracer.graph
        self._finish(tracer)

    def _trace(self, may_create: bool) -> Tracer:
        name = getattr(self._function, "__name__", "function")
        tracer = Tracer(f"Dataset_{name}", _state.tracer, isolated=True)
        tracer.may_create = may_create
        with variables_made() as made, tracer:
            self._ins: list[Any] = []
            places = [self._place(tracer, s) for s in self._flat]
            left = iter(places)
            given = [pack(part.spec, left) for part in self._arguments]
            args = unpacked(given)
            try:
                result = leaving(convert(self._function)(*args))
            except Exception as error:
                self._explain(error, args)
                trim(error)
                raise
            if isinstance(result, list):
                result = tuple(result)
            self.result = map_nest(lambda x: self._leaf(tracer, x), result)
        tracer.settle(made)
        return tracer

    def _explain(self, error: Exception, args: Sequence[Any]) -> None:
        """Note on an error what the function is given, where it does not take that."""
        explain_symbolic(error)
        if not isinstance(error, TypeError) or takes(self._function, *args):
            return
        names = ", ".join("xyzabcdefghijklmnopqrstuvw"[: len(args)])
        many = "parts" if len(args) > 1 else "part"
        error.add_note(
            f"{self._owner}: an element has {len(args)} {many}, so the function is"
            f" called with {len(args)} of them: write it as lambda {names}: ..."
        )

    def _place(self, tracer: Tracer, spec: Any) -> Any:
        """What the function sees in the place of one leaf."""
        if isinstance(spec, TensorSpec):
            tensor = tracer.graph.placeholder(Spec(spec.shape._dims, spec.dtype))
            self._ins.append(tensor)
            return tensor
        if isinstance(spec, DatasetSpec):
            handle = tracer.graph.placeholder(Spec((), resource))
            self._ins.append(handle)
            return made(HandlePlan(handle, spec.element_spec))
        if isinstance(spec, CompositeSpec):
            parts = [
                tracer.graph.placeholder(Spec(s.shape._dims, s.dtype))
                for s in spec._component_specs
            ]
            value = spec._from_tensors(list(parts))
            self._ins.append(value if isinstance(value, Tensor) else parts)
            return value
        self._ins.append(None)
        if isinstance(spec, NoneTensorSpec):
            return None
        raise TypeError(
            house_message(
                self._owner, "a function takes tensors and datasets", f"got {spec!r}"
            )
        )

    def _leaf(self, tracer: Tracer, value: Any) -> Any:
        """One leaf of what the function gave, as a tensor of the graph or a plan."""
        if value is None:
            return None
        if hasattr(value, "_plan"):
            return value._plan
        if isinstance(value, CompositeTensor):
            parts = [tracer.lift(x) for x in value._flat_tensors()]
            return value._from_tensors(parts)
        try:
            written = not isinstance(value, Tensor) and not hasattr(
                value, "_dense_tensor"
            )
            tensor = as_leaf(value)
            if not isinstance(tensor, Tensor):
                raise TypeError(type(value).__name__)
        except (TypeError, ValueError) as error:
            raise TypeError(
                house_message(
                    self._owner,
                    f"Unsupported return value from function passed to {self._owner}()",
                    f"{value!r}",
                    "Return tensors, datasets, or tuples and dicts of them",
                )
            ) from error
        return tracer.lift(tensor, captured=not written)

    def _finish(self, tracer: Tracer) -> None:
        """What comes out: its specs, its tensors, and those its datasets need."""
        graph = self._graph
        leaves = flatten(self.result)
        outputs: list[SymbolicTensor] = []
        self._needs: list[Any] = []
        specs: list[Any] = []
        for leaf in leaves:
            if isinstance(leaf, Plan):
                specs.append(DatasetSpec(leaf.spec))
                self._needs.extend(leaf.free)
            elif leaf is None:
                specs.append(NoneTensorSpec())
            elif isinstance(leaf, CompositeTensor):
                specs.append(leaf._type_spec)
                outputs.extend(leaf._flat_tensors())
            else:
                specs.append(TensorSpec(leaf.shape, leaf.dtype))
                outputs.append(leaf)
        self.spec = pack(self.result, iter(specs))
        self._leaves = leaves
        outputs += [tracer.lift(x) for x in self._needs]
        graph.outputs = outputs
        graph.writes = tracer.written()
        self._captured = [outer for outer, _ in graph.captures]
        self.free = [x for x in self._captured if is_free(x)]
        self._random = _has(graph, "random")
        self.waits = _waits(graph)
        self.computes = not _waits(graph, _OUTSIDE)
        self._program = None if self._random else _BACKEND.program(graph, outputs)
        self._batched: Any = False
        self._flows: bool | None = None

    @property
    def is_pure(self) -> bool:
        """Whether tensors alone go in and out."""
        tensors = all(isinstance(x, Tensor) for x in [*self._ins, *self._leaves])
        return tensors and not any(isinstance(s, DatasetSpec) for s in self._flat)

    def batched(self) -> Batched | None:
        """The function of many elements at once, where it is provably the same."""
        if self._batched is False:
            self._batched = None
            if self.is_pure and not self._eager:
                try:
                    self._batched = Batched(self._graph, self._ins)
                except NotBatchable:
                    pass
        found: Batched | None = self._batched
        return found

    def flows(self) -> bool:
        """Whether it can run on many elements that come in their order."""
        if self.batched() is not None:
            return True
        if self._flows is None:
            self._flows = False
            if self._random and self.is_pure and not self._eager:
                try:
                    Batched(self._graph, self._ins, chance=True)
                    self._flows = True
                except NotBatchable:
                    pass
        return self._flows

    def on_rows(self, run: Run) -> Callable[[list[Any], int], list[Any]]:
        """`batched`, with what it captured: columns and their length -> columns."""
        batched = self.batched()
        if batched is None:
            again = _again(self._graph)
            batched = Batched(again, again.inputs[: len(self._ins)], chance=True)
        held = [run.array(x) for x in self._captured]
        return lambda columns, count: batched(columns, held, count)

    def start(self, run: Run) -> Callable[[Element], Element]:
        """The function of one element, for one iteration: its random streams begin."""
        if self._eager:
            return self._stepwise
        program: Any = self._program
        if program is None:
            again = _again(self._graph)
            program = _BACKEND.program(again, again.outputs)
        held = [run.array(x) for x in self._captured]
        if self.is_pure:
            if held:
                return lambda leaves: tuple(program([*leaves, *held]))
            return lambda leaves: tuple(program(list(leaves)))
        return lambda leaves: self._with_datasets(program, leaves, held, run)

    def _with_datasets(
        self, program: Any, leaves: Element, held: list[Any], run: Run
    ) -> Element:
        given: list[Any] = []
        for leaf, x in zip(leaves, self._ins, strict=True):
            given += [] if x is None else arrays_of(leaf)
        found = iter(program([*given, *held]))
        out = [_next_leaf(x, found) for x in self._leaves]
        bound = {id(x): value for x, value in zip(self._needs, found, strict=True)}
        inner = Run(bound, run)
        return tuple([Bound(x, inner) if isinstance(x, Plan) else x for x in out])

    def _stepwise(self, leaves: Element) -> Element:
        """The function called as it is, on tensors."""
        at = 0
        given = []
        for part in self._arguments:
            stop = at + len(part.flat)
            given.append(part.pack(leaves[at:stop]))
            at = stop
        result = self._function(*unpacked(given))
        if isinstance(result, list):
            result = tuple(result)
        out = []
        for leaf, spec in zip(flatten(result), flatten(self.spec), strict=True):
            hint = spec.dtype if isinstance(spec, TensorSpec) else None
            value = to_tensor(leaf, hint=hint) if hint is not None else leaf
            out.append(leaf_of(value))
        return tuple(out)


def _next_leaf(traced: Any, found: Any) -> Any:
    """What a program gave for a leaf that was traced; plans as they are."""
    if isinstance(traced, CompositeTensor):
        spec = traced._type_spec
        return composed(spec, [next(found) for _ in spec._component_specs])
    return next(found) if isinstance(traced, Tensor) else traced


def unpacked(given: list[Any]) -> list[Any]:
    """The arguments of a call: a lone plain tuple's parts one by one."""
    if len(given) == 1 and type(given[0]) is tuple:
        return list(given[0])
    return given


def _again(graph: Graph) -> Graph:
    """The same graph, its random streams at their beginning."""
    tracer = Tracer(graph.name, None, isolated=True)
    with tracer:
        places = [tracer.graph.placeholder(x.spec) for x in graph.inputs]
        for mine, old in zip(places, graph.inputs, strict=True):
            mine.known, mine.partial = old.known, old.partial
        tracer.graph.outputs = [tracer.lift(y) for y in inline(graph, places)]
        tracer.graph.writes = tracer.written()
    return tracer.graph


def _has(graph: Graph, effect: str) -> bool:
    return any(
        node.op.effects == effect or any(_has(g, effect) for g in inner_graphs(node))
        for node in graph.nodes
    )


#: Ops that spend their time outside Python's lock, or wait.
_WAITING = ("ReadFile", "Decode", "Encode", "WriteFile", "ParseExample", "Parse")
#: Those that wait for something outside.
_OUTSIDE = ("ReadFile", "WriteFile")


def _waits(graph: Graph, ops: tuple[str, ...] = _WAITING) -> bool:
    """Whether several calls at once would gain: files, images, the program's Python."""
    for node in graph.nodes:
        if "host" in node.attrs:
            return True
        if isinstance(node.op, Op) and node.op.name.startswith(ops):
            return True
        if any(_waits(g, ops) for g in inner_graphs(node)):
            return True
    return False


def scalar_bool(spec: Any) -> bool:
    """Whether a function's result is one boolean."""
    if not isinstance(spec, TensorSpec) or not spec.dtype.is_bool:
        return False
    return spec.shape.rank in (0, None)


def truth(value: Any) -> bool:
    """A predicate's result as Python's."""
    return bool(np.asarray(value).reshape(()))
