"""Programs for any sizes: lowered once, laid out anew for each set of sizes.

In flow graphs that `static` made for some sizes; out flow bindings. A recipe is a
program in which numbers that hang on sizes are `Size`s: its kernels take them as words.
For other sizes `likeness` says what the numbers are, and all that is left to do is to
plan memory and to write the image: no lowering, no scheduling, no compilation.

A recipe is only believed when a second lowering, for other sizes, gives the same
kernels on the words that the recipe foretells. `recipe_book` asks for recipes.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np

from rillet.backends.native.binding import Binding
from rillet.backends.native.frames import Arenas
from rillet.backends.native.items import Batches
from rillet.backends.native.jumps import Jump, Mark
from rillet.backends.native.likeness import Array, Matching, Merging, Unlike
from rillet.backends.native.memory import GUARDED
from rillet.backends.native.sized_arrays import SizedArray
from rillet.backends.native.sizes import Ledger, Of, Untraceable, Values, plain
from rillet.backends.native.static import static
from rillet.backends.native.straight import Proven
from rillet.core.errors import OpError
from rillet.core.spec import Spec
from rillet.graph.ir import Graph, SymbolicTensor
from rillet.ops.lowering import Buffer

Made = tuple[Graph, list[SymbolicTensor]]
Portrait = Callable[[Binding, Of], Iterator[Any]]
#: How much larger sizes are with which graphs are compared: where numbers differ, and
#: whether a recipe foretells another lowering.
_APART: Final = (lambda n: n // 2 + 5, lambda n: 1)
_NEAR: Final = (lambda n: 1, lambda n: 2, lambda n: -1)
_FAR: Final = (lambda n: 2 * n + 11, lambda n: 7 * n + 100)
#: What graphs say that only break for the sizes they are compared with.
_BREAKS: Final = (
    Unlike, Untraceable, ValueError, TypeError, IndexError, ZeroDivisionError,
    NotImplementedError, OpError,
)  # fmt: skip


class Recipe:
    """A program for any sizes, as long as comparisons of them come out the same.

    Args:
        made: the graph for some sizes, and the tensors wanted; it is changed.
        other: the same for other sizes.
        batches: which inputs are rows of whole arrays, for runs of many steps.

    Raises:
        Unlike: the graphs differ in more than sizes, or the host has a part in it.
        Untraceable: something hangs on sizes in a way that cannot be followed.
    """

    def __init__(self, made: Made, other: Made, batches: Batches | None) -> None:
        self.ledger = Ledger()
        merging = Merging(self.ledger)
        merging.graphs(made[0], other[0])
        self._symbols = len(self.ledger.values)
        self._arrays = merging.arrays
        self._merged = made[0]
        self._proven = Proven(made[0], self._symbols)
        if batches is not None:
            batches = batches._replace(size=_rows(made[0], batches))
        self.base = base = Binding.__new__(Binding)
        base.prepare(*made, batches)
        lowered = base.lowered
        if base._hosts or lowered.host_writes or lowered.slots:
            raise Unlike("the host has a part in it")

    def compile(self) -> None:
        """Make code of it."""
        self.base.codes = self.base._compiled()
        self.base.arenas = None if GUARDED else Arenas()
        self.base.recipe = self
        self.ledger.close()

    def values(self, made: Made) -> tuple[Values, Sequence[Array]] | None:
        """What the sizes are in a graph; None where the recipe does not serve it."""
        matching = Matching()
        try:
            matching.graphs(self._merged, made[0])
        except Unlike:
            return None
        found = matching.values(self.ledger, self._symbols)
        if found is None or not found.agree():
            return None
        return found, matching.arrays

    def binding(self, made: Made, batches: Batches | None) -> Binding | None:
        """The program for a graph's sizes; None where the recipe does not serve it."""
        found = self.values(made)
        if found is None:
            return None
        if self._proven.open:
            shapes = [x.spec.shape for x in made[0].inputs]
            self._proven.add(self._proven.symbols(shapes))
        return self._laid_out(*found, batches)

    def between(self, specs: Sequence[Spec], batches: Batches | None) -> Binding | None:
        """The program for sizes that lie between others; None where that is open."""
        proven = self._proven
        if not proven.open:
            return None
        matching = Matching()
        try:
            for x, spec in zip(self._merged.inputs, specs, strict=True):
                matching.value(x.spec.shape, spec.shape)
        except Unlike:
            return None
        found = matching.values(self.ledger, self._symbols)
        if found is None or not found.agree():
            return None
        if not proven.holds(proven.symbols([spec.shape for spec in specs])):
            return None
        arrays = self._evaluated(found)
        return None if arrays is None else self._laid_out(found, arrays, batches)

    def _laid_out(
        self, values: Values, arrays: Sequence[Array], batches: Batches | None
    ) -> Binding:
        binding = copy.copy(self.base)
        binding.of = values
        binding.batches = batches
        binding.lay_out(arrays)
        return binding

    def _evaluated(self, of: Of) -> list[Any] | None:
        """The constants that hang on sizes; None where they are more than sizes."""
        out: list[Any] = [None] * len(self._arrays)
        for buffer, _, _ in self.base._ranges.values():
            value = buffer.source
            if buffer.role == "const" and isinstance(value, SizedArray):
                if value.sizes is None:
                    return None
                out[value.number] = np.array(_of_all(value.sizes, of), value.dtype)
        return out

    def foretells(
        self, made: Made, batches: Batches | None, other: Made, portrait: Portrait
    ) -> bool | None:
        """Whether the recipe of another graph is what this one says.

        Args:
            made: that graph; it is changed.
            batches: as for the recipe.
            other: what it is compared with.
            portrait: what is to be the same of both.

        Returns:
            None where the recipe does not serve the graph's sizes, or one that varies
            is there what it is here, so that nothing would be shown.
        """
        found = self.values(made)
        if found is None or not found[0].moved():
            return None
        theirs = Recipe(made, other, batches).base
        pairs = zip(portrait(self.base, found[0]), portrait(theirs, plain), strict=True)
        return all(a == z for a, z in pairs) and self._same_constants(theirs, found[1])

    def _same_constants(self, other: Binding, arrays: Sequence[Array]) -> bool:
        mine = [x[0] for x in self.base._ranges.values() if x[0].role == "const"]
        theirs = [x[0] for x in other._ranges.values() if x[0].role == "const"]
        if len(mine) != len(theirs):
            return False
        for a, z in zip(mine, theirs, strict=True):
            value = a.source
            if isinstance(value, SizedArray):
                value = arrays[value.number]
            if value is not z.source and value.tobytes() != z.source.tobytes():
                return False
        return True


def made_recipe(
    graph: Graph,
    outputs: list[SymbolicTensor],
    specs: Sequence[Spec],
    batches: Batches | None,
) -> Recipe | None:
    """A recipe for a graph, from the sizes it is called with; None where it has none.

    Args:
        graph: the graph.
        outputs: the tensors wanted.
        specs: what the inputs are.
        batches: which of them are rows of whole arrays.
    """

    def at(change: Any) -> tuple[Made, Batches | None]:
        changed = _changed(graph, specs, batches, change)
        made = static(graph, outputs, changed[0])
        return made, changed[1]

    for far in _APART:
        try:
            made, other = at(None)[0], at(far)[0]
            recipe = Recipe(made, other, batches)
        except _BREAKS:
            continue

        def foretold(
            changes: Any, portrait: Any, recipe: Recipe = recipe, other: Made = other
        ) -> Any:
            for change in changes:
                try:
                    found = recipe.foretells(*at(change), other, portrait)
                except _BREAKS:
                    continue
                if found is not None:
                    return found
            return None

        # Near by a rounded number may be what it is here; far off calls may stand in
        # another order, which is a matter of speed.
        if foretold(_NEAR, _portrait) and foretold(_FAR, _calls) is not False:
            recipe.compile()
            return recipe
    return None


def _changed(
    graph: Graph, specs: Sequence[Spec], batches: Batches | None, change: Any
) -> tuple[list[Spec], Batches | None]:
    """Specs with other numbers where the graph leaves sizes open.

    Equal sizes stay equal: it may be no chance that they are.
    """
    if change is None:
        return list(specs), batches
    table: dict[int, int] = {}
    taken: set[int] = set()

    def other(n: int) -> int:
        if n not in table:
            new = n + change(n)
            while new in taken or new <= 0:
                new += 1
            taken.add(new)
            table[n] = new
        return table[n]

    out: list[Spec] = []
    for x, spec in zip(graph.inputs, specs, strict=True):
        dims, shape = x.spec.shape, spec.shape
        if shape is not None and (dims is None or None in dims):
            open_dims = dims or (None,) * len(shape)
            shape = tuple(
                [
                    n if n is None or wide is not None else other(n)
                    for n, wide in zip(shape, open_dims, strict=True)
                ]
            )
        out.append(Spec(shape, spec.dtype))
    if batches is not None:
        batches = batches._replace(size=table.get(batches.size, batches.size))
    return out, batches


def _rows(graph: Graph, batches: Batches) -> int:
    for number in batches.inputs:
        shape = graph.inputs[number].spec.shape
        if shape:
            return shape[0] or 0
    return batches.size


def _of_all(sizes: Any, of: Of) -> Any:
    return [_of_all(x, of) for x in sizes] if isinstance(sizes, list) else of(sizes)


def _calls(made: Binding, of: Of) -> Iterator[Any]:
    """What is called, in any order."""
    yield Counter(
        (
            call.kernel.text,
            *[
                (w.role, w.type, of(w.size))
                if isinstance(w, Buffer)
                else of(w)
                if isinstance(w, int)
                else w
                for w in call.words
            ],
        )
        for segment in made.schedule.segments
        for wave in segment.waves
        for chain in wave
        for call in chain.calls
    )


def _portrait(made: Binding, of: Of) -> Iterator[Any]:
    """All that running a program hangs on, part by part."""
    places: dict[int, int] = {}

    def buffer(x: Buffer) -> Any:
        number = places.setdefault(id(x), len(places))
        source = x.source if x.role in ("input", "variable") else None
        return number, x.role, x.type, of(x.size), source

    def word(w: Any) -> Any:
        if isinstance(w, Buffer):
            return buffer(w)
        return of(w) if isinstance(w, int) else w

    yield len(made.schedule.segments), made.schedule.copies
    for segment in made.schedule.segments:
        yield len(segment.waves), len(segment.host)
        for wave in segment.waves:
            if isinstance(wave, Mark):
                yield "mark"
            elif isinstance(wave, Jump):
                yield buffer(wave.flag), wave.when
            for chain in wave:
                yield of(chain.rows), chain.whole, of(chain.cut), len(chain.calls)
                for call in chain.calls:
                    yield call.kernel.text
                    yield [word(w) for w in call.words]
                    yield of(call.extent), call.rigid, of(call.scratch), call.fails
    yield [(*buffer(b), *span) for b, *span in made._ranges.values()]
    yield [(buffer(x), [of(n) for n in shape]) for x, shape in made.lowered.outputs]
    yield [(v, buffer(x)) for v, x in made.lowered.writes]
    yield [
        (buffer(x), instance, of(blocks), of(times))
        for x, instance, blocks, times in made.lowered.streams
    ]


__all__ = ["Recipe", "made_recipe"]
