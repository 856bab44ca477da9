"""A loop over tensors as one `While`: what it carries, and checks on each round.

`loops` makes a `Loop` where a statement's condition or items are tensors of a graph.
The state of the `While` are the variables that the body changes and that are wanted
again, flat; a variable that only the body sets starts from zeros of its type, which a
round traced for trial tells.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import Spec
from rillet.graph.autograph.iterables import Items
from rillet.graph.autograph.lists import ListProbe
from rillet.graph.autograph.state import (
    UNSET,
    State,
    Values,
    flatten,
    is_number,
    pack,
    same_structure,
    spec_text,
    tensor_of,
    zeros_like_spec,
)
from rillet.graph.trace import Tracer
from rillet.ops import control
from rillet.ops.checks import Assert
from rillet.ops.compare import logical_and
from rillet.ops.sizes import ensure_shape

Options = dict[str, Any]
_state = context.state


class Loop:
    """One traced loop: which variables it carries, and checks on each round."""

    def __init__(
        self,
        state: State,
        carried: int,
        options: Callable[[], Options] | None,
        lists: Sequence[str] = (),
    ) -> None:
        self.state = state
        self.carried = carried
        self.lists = lists
        self.options = options() if options is not None else {}
        self.before = state.get()
        self.start: list[Any] = []
        self.fixed: list[Any] = []
        self.late: list[bool] = []

    def run(self, test: Callable[[], Any], body: Callable[[], None]) -> None:
        """Trace a loop that asks `test` before each round."""
        self._begin(body)
        tensors = self._tensors(self.start)
        extra = [to_tensor(False)] if self._needs_round() else []
        count = len(extra)

        def holds(*flat: Any) -> Any:
            self._enter(flat[count:])
            return test()

        def step(*flat: Any) -> list[Any]:
            self._enter(flat[count:])
            body()
            return [*([to_tensor(True)] if count else []), *self._leave()]

        found = self._while(holds, step, [*extra, *tensors], count)
        self._end(found, count)

    def run_over(
        self, items: Items, test: Callable[[], Any], body: Callable[[Any], None]
    ) -> None:
        """Trace a loop over items that are found by their number."""
        length = items.length

        def item(i: Any) -> Any:
            return items.item(i)

        def first() -> None:
            body(item(_place(Spec((), length.dtype))))

        self._begin(first)
        late = self._needs_round()

        def holds(i: Any, *flat: Any) -> Any:
            self._enter(flat)
            going = test()
            if going is True:
                return i < length
            return logical_and(i < length, to_tensor(going))

        def step(i: Any, *flat: Any) -> list[Any]:
            self._enter(flat)
            body(item(i))
            return [i + 1, *self._leave()]

        count = to_tensor(0, length.dtype)
        found = self._while(holds, step, [count, *self._tensors(self.start)], 1)
        if late:
            self._require(found[0] > 0)
        self._end(found, 1, checked=True)

    def run_by(
        self,
        traced_loop: Callable[..., Any],
        test: Callable[[], Any],
        body: Callable[[Any], None],
    ) -> None:
        """Let an iterable (a dataset) run the loop in its own way.

        Its ``_traced_for()`` gives a stream: ``more()`` is a boolean of the graph that
        says whether there is another item, ``next()`` takes it.
        """
        stream = traced_loop()

        def going() -> Any:
            asked, more = test(), stream.more()
            return more if asked is True else logical_and(to_tensor(asked), more)

        self.run(going, lambda: body(stream.next()))

    # The loop's variables

    def _begin(self, body: Callable[[], None] | None) -> None:
        """Find what each variable starts from; an unset one starts from zeros."""
        values = list(self.before[: self.carried])
        self.late = [False] * len(values)
        growing = [i for i, v in enumerate(values) if self._grows(i, v)]
        open_ = [i for i, v in enumerate(values) if v is UNSET or v is None]
        open_ += growing
        if open_ and body is not None:
            after = self._tried(body, open_)
            for i in open_:
                if after[i] is UNSET or after[i] is None:
                    continue
                if i in growing:
                    values[i] = self._grown(i, after[i])
                    continue
                self.late[i] = values[i] is UNSET and not self.state.is_made(i)
                values[i] = self._zeros(i, after[i])
        self.start = [None if v is UNSET else v for v in values]
        self.fixed = [v is UNSET for v in values]

    def _tried(self, body: Callable[[], None], open_: list[int]) -> Values:
        """Trace a round into a graph that is thrown away, to see what it sets."""
        try:
            with Tracer("autograph_trial", _state.tracer):
                self.state.put(tuple(map(self._on_trial, range(len(self.before)))))
                body()
                after = self.state.get()
                specs = [_specs_of(v) if i in open_ else v for i, v in enumerate(after)]
        except NameError as error:
            for i in open_:
                if error.name == self.state.names[i]:
                    raise self._undefined(i) from None
            raise
        finally:
            self.state.put(self.before)
        return tuple(specs)

    def _grows(self, i: int, value: Any) -> bool:
        """Whether a variable is a Python list that the body appends to."""
        return type(value) is list and self.state.names[i] in self.lists

    def _on_trial(self, i: int) -> Any:
        value = self.before[i]
        return ListProbe(value) if self._grows(i, value) else _places_for(value)

    def _grown(self, i: int, probe: Any) -> Any:
        """What the loop carries for a list: itself, if nothing was appended."""
        values = self.before[i]
        if not isinstance(probe, ListProbe) or not probe.grew:
            return values
        if probe.fault:
            raise self.state.error(
                TypeError,
                i,
                "may only be given tensors of one type in a loop over tensors"
                f" ({probe.fault})",
                "Keep a list for each, or cast them",
            )
        return probe.made(values)

    def _undefined(self, i: int) -> Any:
        none = self.before[i] is None
        rule = "is not allowed to be None" if none else "must be defined"
        return self.state.error(ValueError, i, f"{rule} before the loop")

    def _zeros(self, i: int, specs: Any) -> Any:
        made = []
        for leaf in flatten(specs):
            if not isinstance(leaf, _Kind):
                raise self._undefined(i)
            made.append(zeros_like_spec(leaf.spec))
        return pack(specs, made)

    def _tensors(self, values: Sequence[Any]) -> list[Any]:
        return [
            tensor_of(leaf)
            for value, fixed in zip(values, self.fixed, strict=True)
            for leaf in ([] if fixed else flatten(value))
            if is_number(leaf)
        ]

    def _packed(self, flat: Sequence[Any]) -> list[Any]:
        """The variables' values from the loop's flat state."""
        left = iter(flat)
        out: list[Any] = []
        for value, fixed in zip(self.start, self.fixed, strict=True):
            if fixed:
                out.append(UNSET)
                continue
            leaves = [next(left) if is_number(x) else x for x in flatten(value)]
            out.append(pack(value, leaves))
        return out

    def _enter(self, flat: Sequence[Any]) -> None:
        self.state.put((*self._packed(flat), *self.before[self.carried :]))

    def _leave(self) -> list[Any]:
        """The flat state after a round, each variable as it was built before."""
        values = self.state.get()[: self.carried]
        out: list[Any] = []
        for i, (old, new) in enumerate(zip(self.start, values, strict=True)):
            if not self.fixed[i]:
                out += self._same(i, old, new)
        return out

    def _same(self, i: int, old: Any, new: Any) -> list[Any]:
        state = self.state
        if new is UNSET:
            raise state.error(ValueError, i, "must not be deleted inside the loop")
        if new is None and old is not None:
            raise state.error(
                ValueError, i, "is None at the end of an iteration, but not before it"
            )
        why = same_structure(old, new)
        if why:
            raise state.error(
                TypeError,
                i,
                f"must keep its nested structure from iteration to iteration ({why})",
            )
        out = []
        for a, b in zip(flatten(old), flatten(new), strict=True):
            if is_number(a) and is_number(b):
                out.append(self._fits(i, tensor_of(a), tensor_of(b)))
            elif is_number(a) != is_number(b) or not (a is b or a == b):
                raise state.error(
                    TypeError,
                    i,
                    f"changed from a {type(a).__name__} to a {type(b).__name__} inside"
                    " the loop",
                    "Only tensors and numbers may change from iteration to iteration",
                )
        return out

    def _fits(self, i: int, a: Any, b: Any) -> Any:
        """One leaf after a round; its type and known sizes must be those before."""
        old, new = spec_text(a), spec_text(b)
        if old is None or new is None:
            return b
        if old.dtype is not new.dtype:
            raise self.state.error(
                TypeError,
                i,
                f"has dtype {old.dtype.name} before the loop, but dtype"
                f" {new.dtype.name} after one iteration",
                f"Start from a {new.dtype.name}, or use tf.cast",
            )
        shape, after = TensorShape.of(old.shape), TensorShape.of(new.shape)
        given = self._invariant(i, self.start[i])
        wanted = shape if given is None else given
        if self.late[i] or self.state.is_made(i) or self.before[i] is None:
            return b
        if after.rank is None and wanted.rank is not None:
            return ensure_shape(b, wanted)  # the run tells whether it kept its shape
        if not after.is_subtype_of(wanted):
            if wanted.is_compatible_with(after) and not after.is_fully_defined():
                if given is None and not shape.is_fully_defined():
                    return b
            raise self._reshaped(i, shape, after, given)
        return b

    def _reshaped(self, i: int, old: Any, new: Any, given: Any) -> Any:
        fix = (
            "Use tf.autograph.experimental.set_loop_options to set shape invariants"
            if given is None
            else f"The shape invariant is {given}"
        )
        return self.state.error(
            ValueError,
            i,
            f"has shape {old} before the loop, but shape {new} after one iteration",
            fix,
        )

    def _invariant(self, i: int, value: Any) -> TensorShape | None:
        for variable, shape in self.options.get("shape_invariants") or ():
            if variable is value or variable is self.before[i]:
                return as_shape(getattr(shape, "shape", shape))
        return None

    def _shapes(self, head: int) -> list[Any]:
        """What holds of every round's shapes."""
        shapes: list[Any] = [TensorShape([])] * head
        for i, (value, fixed) in enumerate(zip(self.start, self.fixed, strict=True)):
            given = self._invariant(i, value)
            made = self.before[i] is UNSET or self.before[i] is None
            for leaf in [] if fixed else flatten(value):
                if not is_number(leaf):
                    continue
                shape = getattr(tensor_of(leaf), "shape", None)
                if made and shape is not None:
                    shape = TensorShape([d or None for d in shape.as_list()])
                shapes.append(shape if given is None else given)
        return shapes

    def _while(self, holds: Any, step: Any, tensors: list[Any], head: int) -> list[Any]:
        shapes = self._shapes(head)
        if not tensors:
            # a loop that changes variables of the graph alone still needs a state
            tensors, shapes = [to_tensor(0)], [TensorShape([])]
            control.while_loop(
                lambda _: holds(),
                lambda n: [*step(), n],
                tensors,
                maximum_iterations=self.options.get("maximum_iterations"),
            )
            return []
        found = control.while_loop(
            holds,
            step,
            tensors,
            shape_invariants=shapes,
            maximum_iterations=self.options.get("maximum_iterations"),
        )
        return list(found)

    def _needs_round(self) -> bool:
        return any(self.late)

    def _require(self, ran: Any) -> None:
        """A variable that only the loop sets has no value if it never ran."""
        names = [
            n for n, late in zip(self.state.names, self.late, strict=False) if late
        ]
        what = f"loop must iterate at least once to initialize {', '.join(names)}"
        Assert(ran, [what])

    def _end(self, found: list[Any], head: int, checked: bool = False) -> None:
        if head and not checked:
            self._require(found[0])
        rest = self.before[self.carried :]
        self.state.put((*self._packed(found[head:]), *rest))


class _Kind:
    """The type and shape that a trial found, in the place of its tensor."""

    def __init__(self, spec: Any) -> None:
        self.spec = spec


def _place(spec: Spec) -> Any:
    """A tensor that a round is given."""
    return _state.tracer.graph.placeholder(spec)


def _places_for(value: Any) -> Any:
    """What a variable is in some round: its numbers are tensors of unknown value."""
    if value is UNSET or value is None:
        return value
    specs = [spec_text(tensor_of(x)) if is_number(x) else None for x in flatten(value)]
    leaves = zip(flatten(value), specs, strict=True)
    return pack(value, [x if spec is None else _place(spec) for x, spec in leaves])


def _specs_of(value: Any) -> Any:
    if value is UNSET or value is None:
        return value
    leaves = []
    for leaf in flatten(value):
        spec = spec_text(tensor_of(leaf)) if is_number(leaf) else None
        leaves.append(leaf if spec is None else _Kind(spec))
    return pack(value, leaves)
