"""Programs: a graph compiled for the shapes it is called with, and called.

In flow a graph and arrays; out flow arrays, and variables hold what the graph writes.
`functions` asks `BACKEND` for a program once a graph and calls it once a step; a
program makes a `Binding` for each set of input shapes, out of `static`, `lower`,
`schedule`, `memory` and the runtime's image.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from typing import Any, Final

from rillet.backends.base import Value
from rillet.backends.native import pool
from rillet.backends.native.binding import Binding
from rillet.backends.native.items import Batches
from rillet.backends.native.recipe_book import Recipes
from rillet.backends.native.scalar_ir import Unwritable
from rillet.backends.reference import ReferenceProgram
from rillet.core.cell import Contended, lent
from rillet.core.cycles import uncollected
from rillet.core.logger import get_logger
from rillet.core.spec import Spec
from rillet.graph.ir import WRITE, Graph, SymbolicTensor

#: Sets of shapes for which one graph is compiled as soon as they come; others run op by
#: op once, and are compiled when they come again.
_AT_ONCE: Final = 16
#: Sets of shapes for which one graph is compiled at all, and the bytes of all arenas.
_MOST: Final = 64
#: Sets of shapes for which recipes' programs stay laid out.
_SERVED: Final = 1024
_MOST_BYTES: Final = 1 << 29
_MOST_SEEN: Final = 1 << 14
_ANY_SIZES: Final = (
    "one program for any sizes: its kernels take them as words; %d sets of sizes so"
    " far. Made for the last of them alone, it would be:"
)


class NativeProgram:
    """A graph that runs as native code; any number of threads may call it.

    Args:
        graph: the graph.
        outputs: the tensors wanted.
        strict: whether to refuse what would run on the host.

    Attributes:
        cells: of the variables that are written.
        beside: of those that are only read.
        on_host: whether Python looks at variables in between, so that all of it runs
            on the host.
    """

    def __init__(
        self, graph: Graph, outputs: list[SymbolicTensor], strict: bool = False
    ) -> None:
        self._graph = graph
        self._outputs = outputs
        self._lock = threading.RLock()
        self._bindings: OrderedDict[Any, Binding] = OrderedDict()
        self._seen: set[Any] = set()
        self._own = 0
        self._bytes = 0
        self._recipes = Recipes(graph, outputs)
        self._said = False
        self._reference: ReferenceProgram | None = None
        self.cells = _cells(v for v, _ in graph.writes)
        written = {id(cell) for cell in self.cells}
        self.beside = [c for c in _cells(graph.variables()) if id(c) not in written]
        #: Of variables whose sizes may change.
        self._loose = [
            v._cell for v in graph.variables() if not v.shape.is_fully_defined()
        ]
        self.on_host = any(node.op is WRITE for node in graph.nodes)
        self._why = ""
        self._strict = strict
        if strict and self.on_host:
            from rillet.backends.native.strict import refuse_calls

            refuse_calls(graph)

    def reference(self) -> ReferenceProgram:
        """The same graph, node by node: it words errors, and runs what is rare."""
        if self._reference is None:
            self._reference = ReferenceProgram(self._graph, self._outputs)
        return self._reference

    def __call__(self, inputs: list[Value]) -> list[Value]:
        """Run; see `backends.base.Program`."""
        if self.on_host:
            return self.reference()(inputs)
        try:
            key: Any = tuple([x.shape for x in inputs])
        except AttributeError:  # a list of tensors
            key = tuple([getattr(x, "shape", None) for x in inputs])
        if self._loose:
            key = (*key, *[cell.tensor._array.shape for cell in self._loose])
        binding = self._bindings.get(key)
        if binding is None:
            found = self._bound(key, inputs)
            if found is None:
                return self.reference()(inputs)
            binding = found
        if not self.cells:
            results = binding.run(inputs)
        else:
            try:
                with lent(self.cells):
                    results = binding.run(inputs)
            except Contended:
                with lent(self.cells, self.beside):
                    results = binding.run(inputs, locked=True)
        if results is not None:
            return results
        # A check failed: nothing is written. The reference says what is wrong.
        return self.reference()(inputs)

    def explain(self, inputs: list[Value] | None = None, timed: bool = False) -> str:
        """What was compiled; see `backends.base.Program`."""
        from rillet.backends.native.explain import explain_binding

        if self.on_host:
            calls = ", ".join(
                repr(n.attrs["host"]) for n in self._graph.nodes if "host" in n.attrs
            )
            head = "all on the host, because Python may look at variables in between"
            why = f"all on the host: {self._why}" if self._why else f"{head}: {calls}"
            return f"{why}\n{self.reference().explain()}"
        if inputs is None:
            found = list(self._bindings.values())
            if not found:
                return "nothing is compiled yet: it is when sizes are known"
        else:
            key = tuple([getattr(x, "shape", None) for x in inputs])
            found = [b for k, b in self._bindings.items() if _shapes(k) == key]
            made = None if found else self._bound(key, inputs)
            found = [made] if made is not None else found
            if not found:
                return f"not compiled for these sizes: {self.reference().explain()}"
        texts = [explain_binding(b, inputs, timed) for b in found if b.recipe is None]
        served = [b for b in found if b.recipe is not None]
        if served:
            last = served[-1]
            alone = Binding(self._graph, self._outputs, last.specs, last.batches)
            text = explain_binding(alone, inputs, timed)
            texts.append(f"{_ANY_SIZES % len(served)}\n{text}")
        return "\n\n".join(texts)

    def kept(self, key: Any) -> Binding | None:
        """What was bound under a key of the caller's own."""
        return self._bindings.get(key)

    def keep(
        self, key: Any, specs: Sequence[Spec], batches: Batches | None = None
    ) -> Binding | None:
        """Bind under a key of the caller's own, once.

        Args:
            key: the key; of shapes, as all others.
            specs: what the inputs are.
            batches: which of them are rows of whole arrays, for runs of many steps.

        Returns:
            None where such shapes are too many to be compiled, each for itself.
        """
        with self._lock:
            binding = self._bindings.get(key)
            if binding is not None:
                return binding
            # next to nothing: a search for cycles after it would be the larger part
            binding = self._recipes.between(specs, batches)
            with nullcontext() if binding is not None else uncollected():
                made = None
                if binding is None:
                    binding, made = self._recipes.binding(specs, batches)
                if binding is None:
                    if batches is None and not self._strict and not self._worth(key):
                        return None
                    try:
                        binding = Binding(
                            self._graph, self._outputs, specs, batches, made
                        )
                    except Unwritable as error:
                        self.on_host, self._why = True, str(error)
                        return None
            binding.specs = specs
            if self._strict:
                from rillet.backends.native.strict import refuse_items

                refuse_items(binding)
            self._bindings[key] = binding
            self._count(binding, 1)
            self._drop()
            return binding

    def _count(self, binding: Binding, change: int) -> None:
        if binding.recipe is None:
            self._own += change
            self._bytes += change * binding.arena_bytes

    def _drop(self) -> None:
        """Forget bindings beyond what is kept: each kind's oldest."""
        served = len(self._bindings) - self._own
        for over, of_recipe in ((self._own > _MOST, False), (served > _SERVED, True)):
            if over:
                found = self._bindings.items()
                oldest = (k for k, b in found if (b.recipe is not None) is of_recipe)
                self._count(self._bindings.pop(next(oldest)), -1)

    def _bound(self, key: Any, inputs: list[Value]) -> Binding | None:
        """What runs for inputs of those shapes; None where there are too many."""
        with self._lock:
            specs = [
                Spec(getattr(a, "shape", None), x.spec.dtype)
                for a, x in zip(inputs, self._graph.inputs, strict=True)
            ]
            return self.keep(key, specs)

    def _worth(self, key: Any) -> bool:
        """Whether to compile for shapes: in a stream of ever new ones it never pays."""
        if self._own < _AT_ONCE:
            return True
        if self._own >= _MOST or self._bytes > _MOST_BYTES:
            if not self._said:
                self._said = True
                get_logger().info(
                    "%s was compiled for %d sets of sizes; others run op by op."
                    " Pad batches to a few lengths to have them compiled.",
                    self._graph.name,
                    self._own,
                )
            return False
        if key in self._seen:
            return True
        if len(self._seen) < _MOST_SEEN:
            self._seen.add(key)
        return False


def _shapes(key: Any) -> Any:
    """The inputs' shapes, which a key ends with."""
    return key[4:] if key[:1] == ("steps",) else key


def _cells(variables: Iterable[Any]) -> list[Any]:
    cells = {id(v._cell): v._cell for v in variables}
    return [cells[k] for k in sorted(cells)]


class NativeBackend:
    """Makes native programs; see `backends.base.Backend`.

    Args:
        strict: whether to refuse graphs of which a part would run on the host.
    """

    def __init__(self, strict: bool = False) -> None:
        self._strict = strict

    def program(self, graph: Graph, outputs: list[SymbolicTensor]) -> NativeProgram:
        """A program that gives `outputs` and writes what the graph writes."""
        return NativeProgram(graph, outputs, self._strict)

    def get_ready(self) -> None:
        """Load LLVM, and the code that threads wait and work in."""
        pool.driver()


BACKEND: Final = NativeBackend()
STRICT: Final = NativeBackend(strict=True)

__all__ = ["BACKEND", "STRICT", "NativeBackend", "NativeProgram"]
