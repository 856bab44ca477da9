"""Runs branches and loops of TensorFlow 1, whose steps hold plans (`regions`).

Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

from rillet.core import context, dtypes
from rillet.core.convert import to_tensor
from rillet.core.shapes import TensorShape
from rillet.core.spec import Spec
from rillet.graph.control import IF
from rillet.graph.ir import SymbolicTensor
from rillet.saved_model.op_readers import READERS, Read, as_truth, reads, split, tracing
from rillet.saved_model.records import hosted
from rillet.saved_model.regions import BRANCHES, ROUNDS
from rillet.saved_model.steps import CONTROL, Plan
from rillet.saved_model.tensors import damaged


def _plan(step: Any, name: str) -> Plan:
    found = step.attrs.get(name)
    if not isinstance(found, Plan):
        raise damaged("a branch or loop has no plan", step.name)
    return found


@reads(BRANCHES)
def _branches(reader: Any, step: Any, inputs: list[Any]) -> Any:
    plans = [_plan(step, "then"), _plan(step, "else")]
    test, *rest = inputs
    cut = len(plans[1].arguments)
    given = [rest[cut:], rest[:cut]]
    known = hosted(as_truth(test))
    if not isinstance(known, SymbolicTensor):
        # A switch such as `is_training` that nobody feeds.
        side = 0 if known else 1
        return reader.run(plans[side], given[side])
    service = tracing("graph.branches")

    def branch(side: int) -> Any:
        return lambda: reader.run(plans[side], given[side])

    names = [plan.name for plan in plans]
    return service(as_truth(test), [branch(0), branch(1)], IF, names)


class _Wider(Exception):
    """A round gives other sizes than it took: the loop is traced again with these."""

    def __init__(self, specs: list[Spec]) -> None:
        super().__init__()
        self.specs = specs


@reads(ROUNDS)
def _rounds(reader: Any, step: Any, inputs: list[Any]) -> Any:
    plans = [_plan(step, "cond"), _plan(step, "body")]
    count = step.attrs["count"]
    cut = len(plans[0].arguments)
    start, whole = split(inputs[:count])
    start = [to_tensor(x) for x in start]
    around = [inputs[count:cut], inputs[cut:]]
    specs = [
        Spec(() if x.dtype is dtypes.variant else x.shape._dims, x.dtype) for x in start
    ]

    def goes_on(*state: Any) -> Any:
        return as_truth(reader.run(plans[0], [*whole(state), *around[0]])[0])

    def once(*state: Any) -> list[Any]:
        found = reader.run(plans[1], [*whole(state), *around[1]])
        kept = [
            to_tensor(y)
            for y, x in zip(found, inputs[:count], strict=True)
            if any(x is one for one in start)
        ]
        wider = [_joined(s, y) for s, y in zip(specs, kept, strict=True)]
        if wider != specs and context.state.tracer is not None:
            raise _Wider(wider)
        return kept

    service = tracing("graph.loop")
    names = plans[0].name, plans[1].name
    while True:
        try:
            return whole(service(goes_on, once, start, specs, names))
        except _Wider as found:
            # A body without nodes may still turn its values round.
            reader.count(len(start))
            specs = found.specs


def _joined(spec: Spec, y: Any) -> Spec:
    """What holds of a value before and after a round."""
    if spec.dtype is dtypes.variant or y.dtype is not spec.dtype:
        return spec
    before = TensorShape.of(spec.shape)
    if y.shape.is_subtype_of(before):
        return spec
    return Spec(before.most_specific_compatible_shape(y.shape)._dims, spec.dtype)


def _never(name: str) -> Read:
    def read(reader: Any, step: Any, inputs: list[Any]) -> Any:
        raise damaged(f"{name} stands outside of a branch or loop", step.name)

    return read


READERS.update({name: _never(name) for name in CONTROL})
