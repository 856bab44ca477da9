"""When a program gets a recipe for any sizes, and which of its recipes serves some.

In flow specs of inputs; out flow bindings by recipes, or what says that these sizes are
to have code of their own. `program` asks; `recipes` makes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rillet.backends.native.binding import Binding
from rillet.backends.native.items import Batches
from rillet.backends.native.static import static
from rillet.core.spec import Spec
from rillet.graph.ir import Graph, SymbolicTensor

Made = tuple[Graph, list[SymbolicTensor]]
#: How often a recipe may come to nothing, and how many one program has of a kind.
_TRIES: Final = 4
_MOST: Final = 8
#: Sets of sizes that get code of their own, where only the leading one varies.
_MANY: Final = 8


class Recipes:
    """The recipes of one program, and when they are made.

    The first sets of sizes get code of their own, which knows the sizes: most programs
    see no more of them.

    Args:
        graph: the graph.
        outputs: the tensors wanted.
    """

    def __init__(self, graph: Graph, outputs: list[SymbolicTensor]) -> None:
        self._graph = graph
        self._outputs = outputs
        shapes = [x.spec.shape for x in graph.inputs]
        settled = all(v.shape.is_fully_defined() for v in graph.variables())
        self._varies = settled and any(s is None or None in s for s in shapes)
        self._seen: dict[Any, _Seen] = {}
        self._made: dict[Any, list[Any]] = {}
        self._failed = 0
        #: Whether sizes between others need not be looked at; None where not known.
        self._straight: bool | None = None

    def between(self, specs: Sequence[Spec], batches: Batches | None) -> Binding | None:
        """The program for sizes that lie between others; None where that is open."""
        known = self._made.get(_kind(batches))
        if not known:
            return None
        if self._straight is None:
            from rillet.backends.native.straight import is_straight

            self._straight = is_straight(self._graph)
        for recipe in known if self._straight else ():
            found: Binding | None = recipe.between(specs, batches)
            if found is not None:
                return found
        return None

    def binding(
        self, specs: Sequence[Spec], batches: Batches | None
    ) -> tuple[Binding | None, Made | None]:
        """The program for some sizes by a recipe.

        Args:
            specs: what the inputs are.
            batches: which of them are rows of whole arrays.

        Returns:
            The program, None where it is to have code of its own; and what `static`
            made for these sizes, where it was asked.
        """
        kind = _kind(batches)
        seen = self._seen.setdefault(kind, _Seen(self._graph.varied))
        known = self._made.setdefault(kind, [])
        if not self._varies or not seen.enough(specs):
            return None, None
        if self._failed >= _TRIES and not known:
            return None, None
        made = static(self._graph, self._outputs, specs)
        for recipe in known:
            found = recipe.binding(made, batches)
            if found is not None:
                return found, made
        if self._failed >= _TRIES or len(known) >= _MOST:
            return None, made
        # only programs for many sizes pay for loading this
        from rillet.backends.native.recipes import made_recipe

        fresh = made_recipe(self._graph, self._outputs, specs, batches)
        if fresh is None:
            self._failed += 1
            return None, made
        known.insert(0, fresh)
        return fresh.binding(made, batches), made


def _kind(batches: Batches | None) -> Any:
    """What recipes are made for apart: one step, or many steps of some kind."""
    return None if batches is None else batches._replace(size=0)


class _Seen:
    """What sizes came so far, until they are too many for code of their own.

    Args:
        varied: whether it is known that inner sizes vary.
    """

    def __init__(self, varied: bool) -> None:
        self._enough = varied
        self._count = 0
        self._inner: Any = None

    def enough(self, specs: Sequence[Spec]) -> bool:
        """Whether the next sets had better have a recipe.

        Leading sizes are words in all code: one of them more compiles nothing.
        """
        if not self._enough:
            inner = [spec.shape and spec.shape[1:] for spec in specs]
            self._count += 1
            if self._count == 1:
                self._inner = inner
            self._enough = self._count > _MANY or inner != self._inner
        return self._enough


__all__ = ["Recipes"]
