"""Gradients of several steps, averaged before the variables change.

In: an optimizer, and what one step found. Out: sums, or the optimizer's own update with
their mean. `Optimizer.apply_gradients` calls it where `gradient_accumulation_steps` is
set, as Keras 3's optimizers do.
"""

from __future__ import annotations

from typing import Any

from rillet.core import context
from rillet.core.dtypes import int64
from rillet.core.errors import house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.scopes import init_scope
from rillet.core.variable import Variable
from rillet.ops.compare import equal
from rillet.ops.control import cond
from rillet.ops.filling import zeros, zeros_like

_state = context.state


def checked_steps(owner: str, value: Any) -> int | None:
    """The setting, if it is one.

    Raises:
        ValueError: where it is no integer of 2 or more, nor None.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 2:
        raise ValueError(
            house_message(
                owner,
                "`gradient_accumulation_steps` must be an integer >= 2, or None",
                f"got {value!r}",
            )
        )
    return value


class Accumulator:
    """The sums of gradients since the last update.

    Args:
        optimizer: whose gradients.
        steps: how many make an update.
    """

    def __init__(self, optimizer: Any, steps: int) -> None:
        self._optimizer = optimizer
        self._steps = steps
        with init_scope():
            self.calls = Variable(
                zeros((), int64), trainable=False, name="calls", dtype=int64
            )
        optimizer._keep(self.calls)
        self._sums: dict[int, Variable] = {}

    def _sum_of(self, variable: Variable) -> Variable:
        # By place, which holds in copies as well.
        key = self._optimizer._index_dict[id(variable._cell)]
        if key not in self._sums:
            with init_scope():
                self._sums[key] = self._optimizer.add_variable_from_reference(
                    variable, "gradient_accumulator"
                )
        return self._sums[key]

    def step(self, grads: list[Any], variables: list[Variable], given: Any) -> None:
        """Add a step's gradients, or update where enough have come."""
        sums = [self._sum_of(v) for v in variables]
        dense = [
            g._dense_tensor() if isinstance(g, IndexedSlices) else g for g in grads
        ]

        def gather() -> None:
            for total, grad in zip(sums, dense, strict=True):
                total.assign_add(grad, read_value=False)

        def update() -> None:
            means = [
                (total + grad) / self._steps
                for total, grad in zip(sums, dense, strict=True)
            ]
            self._optimizer._apply(means, variables, given)
            for total in sums:
                total.assign(zeros_like(total), read_value=False)

        if _state.tracer is None:
            due = (int(self.calls) + 1) % self._steps == 0
            update() if due else gather()
        else:
            cond(equal((self.calls + 1) % self._steps, 0), update, gather)
        self.calls.assign_add(1, read_value=False)
