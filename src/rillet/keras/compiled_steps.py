"""A model's steps as graphs: each traced once for every kind of batch.

In: a model with its `train_step`, `test_step` or `predict_step`, and batches. Out: the
step's concrete functions, or its results. `step_runners` runs them over data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from rillet.core import context, nest
from rillet.core.convert import to_tensor
from rillet.core.devices import settings
from rillet.core.errors import (
    InvalidArgumentError,
    LateVariableError,
    TracedArgumentError,
)
from rillet.core.logger import get_logger
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.keras.call_context import mode
from rillet.keras.outputs import need_output

_state = context.state
_EAGER = (
    "%s.%s cannot become a graph, so it runs op by op, which is slower. Use"
    " TensorFlow's functions in it; where it has to run as Python, say so with"
    " compile(run_eagerly=True). What stopped it: %s"
)
#: What counts the steps of a method, where a callback put a counter there.
_COUNTERS = {"train_step": "_train_counter", "test_step": "_test_counter"}
#: Kinds of batches that get graphs of their own before one graph serves the rest.
_EXACT = 1
#: The sizes of a tensor, None where a graph leaves one open.
Dims = tuple[int | None, ...]


class Batch:
    """A batch, or whole arrays, opened.

    Attributes:
        data: the batch in its structure.
        tensors: the tensors in it; None where it holds what is more than a tensor.
        kind: equal for batches that differ in their rows alone.
        form: equal for batches that differ in sizes alone.
    """

    __slots__ = ("data", "form", "kind", "tensors")

    tensors: list[Tensor] | None
    kind: Any
    form: Any

    def __init__(self, data: Any) -> None:
        self.data = data
        self.tensors = None
        self.kind = self.form = None
        if type(data) is Tensor:
            found = [data]
            structure: Any = "one"
        elif type(data) is tuple and all([type(t) is Tensor for t in data]):
            found = list(data)
            structure = len(found)
        else:
            leaves = [_as_tensor(leaf) for leaf in nest.flatten(data)]
            found = [leaf for leaf in leaves if leaf is not None]
            if not all([type(leaf) is Tensor for leaf in found]):
                return
            structure = repr(nest.map_structure(lambda leaf: leaf is None, data))
        self.tensors = found
        arrays = [t._array for t in found]
        self.form = (structure, *[(a.dtype, a.ndim) for a in arrays])
        self.kind = (self.form, *[a.shape[1:] for a in arrays])

    def rows(self) -> int | None:
        """The number of rows."""
        shapes = [t._array.shape for t in self.tensors or ()]
        return next((shape[0] for shape in shapes if shape), None)

    def dims(self, rows: int | None) -> list[Dims]:
        """The sizes of the tensors in a batch of so many rows."""
        found: list[Dims] = []
        for tensor in self.tensors or ():
            shape = tensor._array.shape
            found.append((rows, *shape[1:]) if shape else ())
        return found

    def filled(self, leaves: list[Any]) -> Any:
        """Other leaves in the structure of the data, in place of the tensors."""
        rest = iter(leaves)
        flat = [None if x is None else next(rest) for x in nest.flatten(self.data)]
        return nest.pack_sequence_as(self.data, flat)


def _as_tensor(leaf: Any) -> Any:
    return to_tensor(leaf) if isinstance(leaf, np.ndarray | np.generic) else leaf


class Step:
    """One of a model's step methods, as a graph for each kind of batch.

    A graph takes any number of rows. Where the method does not allow that, each number
    gets its own; a method that no graph can hold runs eagerly, and the log says so.

    Args:
        model: the model.
        method: the method's name.
    """

    def __init__(self, model: Any, method: str) -> None:
        self._model = model
        self._method = method
        self._warned = False
        self._dynamic: bool | None = None
        self._world: tuple[Any, ...] = ()
        self._forget()

    def _forget(self) -> None:
        #: By kind, or by kind and rows.
        self._graphs: dict[Any, Any] = {}
        #: Kinds that need a graph for each number of rows, and why.
        self._sized: dict[Any, Exception] = {}
        #: Kinds that run eagerly, and why; True once the log has it.
        self._eager: dict[Any, Any] = {}
        #: Graphs that have run.
        self._proven: set[Any] = set()
        #: By form: the sizes that graphs were traced for.
        self._seen: dict[Any, list[list[Dims]]] = {}
        #: By form: sizes with open ones, and the graph that serves them.
        self._wide: dict[Any, tuple[list[Dims], Any]] = {}

    @property
    def method(self) -> Callable[[Any], Any]:
        """The method itself."""
        found: Callable[[Any], Any] = getattr(self._model, self._method)
        counter = self._model.__dict__.get(_COUNTERS.get(self._method))
        if counter is None:
            return found

        def counted(data: Any) -> Any:
            outputs = context.to_call(found)(data)
            counter.assign_add(1)
            return outputs

        return counted

    @property
    def graphs(self) -> list[Any]:
        """The concrete functions that batches have needed so far."""
        wide = [graph for _, graph in self._wide.values()]
        return [*self._graphs.values(), *wide]

    def compiles(self) -> bool:
        """Whether steps are to run as graphs."""
        if _state.tracer is not None or settings.functions_eager:
            return False
        if self._dynamic is None:
            self._dynamic = bool(self._model.dynamic)
        return not (self._dynamic or self._model.__dict__["_run_eagerly"])

    def __call__(self, data: Any) -> Any:
        """Run the step on one batch."""
        if not self.compiles():
            return self.method(data)
        batch = Batch(data)
        if batch.tensors is None:
            return self._run_composite(batch)
        concrete = self.graph(batch, batch.rows())
        if concrete is None:
            return self.run_eagerly(batch)
        with self.worded(concrete, lambda: data):
            return concrete.run(batch.tensors)

    def graph(self, batch: Batch, rows: int | None) -> Any:
        """The concrete function for batches of a kind, traced where there is none.

        Args:
            batch: a batch, or whole arrays.
            rows: the batch's rows.

        Returns:
            A `ConcreteFunction` of the batch's tensors; None where such batches run
            eagerly.
        """
        self._look_around()
        kind = batch.kind
        found = self._graphs.get(kind)
        if found is not None:
            return found
        if kind in self._eager:
            return None
        if kind not in self._sized:
            found = self._wider(batch) or self._any_rows(batch)
            if found is not None:
                return found
        found = self._graphs.get((kind, rows))
        return found or self._these_rows(batch, rows)

    def proven(self, batch: Batch) -> Any:
        """The graph for batches of a kind where one has run already, else None."""
        if not self.compiles():
            return None
        self._look_around()
        found = self._graphs.get(batch.kind)
        return found if found in self._proven else None

    @contextmanager
    def worded(self, concrete: Any, data: Callable[[], Any]) -> Iterator[None]:
        """A block that runs a graph; where its first run fails, so does the method.

        The eager step knows layers and arguments, so its error says more. A graph that
        fails changes nothing; where steps before it were done, the error is its own.

        Args:
            concrete: the graph.
            data: gives the batch.
        """
        if concrete in self._proven:
            yield
            return
        before = self._steps_done()
        try:
            yield
        except Exception:
            if self._steps_done() == before:
                self.method(data())
            raise
        self._proven.add(concrete)

    def _steps_done(self) -> Any:
        iterations = getattr(self._model.optimizer, "iterations", None)
        return None if iterations is None else iterations.numpy()

    def _state(self) -> list[Any]:
        """The variables that a step may change."""
        model = self._model
        slots = getattr(model.optimizer, "variables", ())
        return [*model.variables, *(slots() if callable(slots) else slots)]

    def run_eagerly(self, batch: Batch) -> Any:
        """Run what no graph could hold; where this fails too, the error is its own."""
        proven = self._eager.get(batch.kind) is True
        held = [] if proven else [(v._cell, v._cell.tensor) for v in self._state()]
        try:
            logs = self.method(batch.data)
        except BaseException as fault:
            traced = self._eager.pop(batch.kind, None)
            # a graph would have changed nothing
            for cell, tensor in held:
                cell.tensor = tensor
            if type(fault) is InvalidArgumentError and isinstance(traced, ValueError):
                # tf.keras traces, and so raises this class
                told: Any = TracedArgumentError(fault.message)
                told._layer_told = getattr(fault, "_layer_told", False)
                raise told.with_traceback(fault.__traceback__) from None
            raise
        error = self._eager.get(batch.kind)
        self._eager[batch.kind] = True
        if isinstance(error, Exception) and not self._warned:
            self._warned = True
            text = str(error).strip() or type(error).__name__
            name = type(self._model).__name__
            get_logger().warning(_EAGER, name, self._method, text)
        return logs

    def _look_around(self) -> None:
        """Forget graphs that another optimizer, rate or learning phase has settled."""
        optimizer = self._model.optimizer
        rate = getattr(optimizer, "_learning_rate", None)
        known = self._world
        if not known or (
            known[0] is not optimizer or known[1] is not rate or known[2] != mode.phase
        ):
            self._forget()
            self._world = (optimizer, rate, mode.phase)

    def _any_rows(self, batch: Batch) -> Any:
        """A new graph for any number of rows, or None."""
        dims = batch.dims(None)
        try:
            found = self._traced(batch, dims)
        except LateVariableError:
            raise
        except Exception as error:
            self._sized[batch.kind] = error
            return None
        self._graphs[batch.kind] = found
        self._seen.setdefault(batch.form, []).append(dims)
        return found

    def _these_rows(self, batch: Batch, rows: int | None) -> Any:
        """A new graph for one number of rows, or None."""
        try:
            found = self._traced(batch, batch.dims(rows))
        except Exception:
            self._eager[batch.kind] = self._sized.pop(batch.kind)
            return None
        self._graphs[batch.kind, rows] = found
        return found

    def _wider(self, batch: Batch) -> Any:
        """A graph that leaves sizes open, once batches have come in two; or None.

        The first kind has a graph of its own: most programs see no other.
        """
        dims = batch.dims(None)
        known = self._wide.get(batch.form)
        if known is not None and _cover(known[0], dims):
            return known[1]
        seen = self._seen.get(batch.form, [])
        if len(seen) < _EXACT:
            return None
        open_dims = [_common(column) for column in zip(dims, *seen, strict=True)]
        try:
            found = self._traced(batch, open_dims)
        except Exception:
            # The layers need the sizes: each kind keeps a graph of its own.
            return None
        found.graph.varied = True
        self._wide[batch.form] = (open_dims, found)
        return found

    def _traced(self, batch: Batch, dims: list[Dims]) -> Any:
        """A concrete function for arguments of these sizes."""
        tensors = batch.tensors or ()
        specs = [TensorSpec(d, t.dtype) for d, t in zip(dims, tensors, strict=True)]
        return self._function().get_concrete_function(batch.filled(specs))

    def _function(self) -> Any:
        from rillet.functions import function

        def step(data: Any) -> Any:
            outputs = context.to_call(self.method)(data)
            if self._method == "predict_step":
                need_output(outputs)
            return outputs

        step.__name__ = self._method
        return function(step, autograph=False, jit_compile=self._model.jit_compile)

    def _run_composite(self, batch: Batch) -> Any:
        """Run on a batch that holds ragged or sparse tensors or the like."""
        self._look_around()
        if batch.kind in self._eager:
            return self.run_eagerly(batch)
        traced = self._graphs.get(batch.kind)
        if traced is None:
            traced = self._graphs[batch.kind] = self._function()
        try:
            concrete = traced.get_concrete_function(batch.data)
        except LateVariableError:
            raise
        except Exception as error:
            self._eager[batch.kind] = error
            return self.run_eagerly(batch)
        del concrete
        return traced(batch.data)


def _cover(open_dims: list[Dims], dims: list[Dims]) -> bool:
    """Whether sizes, some of them open, serve these."""
    return all(
        a is None or a == b
        for wide, exact in zip(open_dims, dims, strict=True)
        for a, b in zip(wide, exact, strict=True)
    )


def _common(column: tuple[Dims, ...]) -> Dims:
    """Sizes that several tensors have in common, None for the others."""
    return tuple([a[0] if len({*a}) == 1 else None for a in zip(*column, strict=True)])
