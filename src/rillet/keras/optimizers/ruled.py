"""Optimizers whose update is one op record: from old values and slots to new ones.

In eager mode the record's kernel runs on the arrays of all variables, then the results
are put in place; in a graph the record is a node and assignments follow it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from rillet.checkpoint.waiting import attend, waiting
from rillet.core import context
from rillet.core.dtypes import FROM_NUMPY
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.quiet import restore, silence
from rillet.core.tensor import Tensor
from rillet.core.variable import Cell, Variable
from rillet.keras.optimizers.base import Optimizer
from rillet.keras.optimizers.gradients import as_array, rows_of
from rillet.ops.elementwise import cast
from rillet.ops.registry import Op

_state = context.state
Array = np.ndarray[Any, Any]
#: Slots by name and attribute, in groups that lie together.
Groups = tuple[tuple[tuple[str, str], ...], ...]


class Ruled(Optimizer):
    """An optimizer that is one record; subclasses tell which.

    `_slot_groups` pairs each slot's name with the attribute that lists it, in the order
    of the record's inputs. The slots of a group lie together for each variable, groups
    one after the other, as Keras stores them.
    """

    _slots: list[tuple[Variable, ...]]
    _cells: dict[int, tuple[Cell, ...]]
    _slot_groups: Groups = ()
    #: How many of the slots the record takes; all where None.
    _slots_used: int | None = None
    #: Whether rows without a gradient stay as they are, slots included.
    _by_rows = False
    #: Whether the record takes the number of the step.
    _counts = False

    def _slot_names(self) -> list[tuple[str, str]]:
        return [pair for group in self._slot_groups for pair in group]

    def _rule(self) -> tuple[Op, dict[str, Any]]:
        """The record, and its attributes from the settings."""
        raise NotImplementedError

    def _first_value(self, slot: str, variable: Variable) -> Any:
        """A slot's first value; zeros where None."""
        return None

    def build(self, var_list: Iterable[Variable]) -> None:
        """Make the slots of each variable; those it has already are kept."""
        variables = list(var_list)
        if "_slots" not in self.__dict__:
            self._slots = []
        if self._index_dict:
            old = [v for v in variables if id(v._cell) in self._index_dict]
            if len(old) == len(variables):
                return
            new = [v for v in variables if id(v._cell) not in self._index_dict]
            super().build([*self._trained, *new])
        else:
            new = variables
            super().build(variables)
        start = len(self._slots)
        self._slots.extend(() for _ in new)
        for group in self._slot_groups:
            for _, attribute in group:
                self.__dict__.setdefault(attribute, [])
            for i, variable in enumerate(new, start):
                for slot, attribute in group:
                    first = self._first_value(slot, variable)
                    made = self.add_variable_from_reference(
                        variable, slot, initial_value=first
                    )
                    getattr(self, attribute).append(made)
                    self._slots[i] = (*self._slots[i], made)

        self._note_cells()
        if waiting:
            attend()

    def _note_cells(self) -> None:
        """Where the values of each variable and its slots stand."""
        used = self._slots_used
        self._cells = {
            id(v._cell): (v._cell, *[s._cell for s in slots[:used]])
            for v, slots in zip(self._trained, self._slots, strict=True)
        }

    def __getstate__(self) -> dict[str, Any]:
        kept = super().__getstate__()
        kept.pop("_cells", None)
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        super().__setstate__(kept)
        if "_slots" in self.__dict__:
            self._note_cells()

    def _meet(self, variables: list[Variable], all_given: list[Variable]) -> None:
        self.build(all_given)

    def get_slot(self, var: Variable, slot_name: str) -> Variable | None:
        """The slot of a variable by its name, as in Keras before 2.11."""
        at = self._index_dict.get(id(var._cell))
        for place, (name, attribute) in enumerate(self._slot_names()):
            if at is not None and slot_name in (name, attribute.strip("_")):
                return self._slots[at][place]
        return None

    def get_slot_names(self) -> list[str]:
        """The names of the slots that each variable has."""
        return [name for name, _ in self._slot_names()]

    def update_step(self, gradient: Any, variable: Variable) -> None:
        """Change one variable by its gradient."""
        self._run([gradient], [variable])

    def _is_plain(self) -> bool:
        return (
            type(self).update_step is Ruled.update_step
            and not self.weight_decay
            and not self.use_ema
            and isinstance(self._learning_rate, Variable)
        )

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        if type(self).update_step is not Ruled.update_step:
            super()._update(grads, variables)
        else:
            self._run(grads, variables)

    def _run(self, grads: list[Any], variables: list[Variable]) -> None:
        if _state.tracer is not None:
            self._run_symbolic(grads, variables)
            return
        op, attrs = self._rule()
        kernel, known = op.kernel, self._cells
        single, by_rows = op.outputs == 1, self._by_rows
        type_now: Any = None
        done: list[tuple[Any, Any]] = []
        token = silence()
        try:
            for grad, variable in zip(grads, variables, strict=True):
                cells = known[id(variable._cell)]
                value = cells[0].tensor._array
                kind = value.dtype
                if kind is not type_now:
                    type_now = kind
                    rest = (self._rate_of(kind), *self._extras(kind))
                if by_rows and isinstance(grad, IndexedSlices):
                    arrays = [cell.tensor._array for cell in cells]
                    found = self._rows(op, grad, variable, arrays, rest[0], attrs)
                else:
                    array = grad._array if type(grad) is Tensor else None
                    if (
                        array is None
                        or array.shape != value.shape
                        or array.dtype is not kind
                    ):
                        array = as_array(grad, variable)
                    if single:
                        found = kernel(value, array, *rest)
                    else:
                        held = [cell.tensor._array for cell in cells[1:]]
                        found = kernel(value, array, *held, *rest, **attrs)
                # At once, since a variable may come twice.
                if single:
                    cell = cells[0]
                    done.append((cell, cell.tensor))
                    cell.tensor = Tensor(found)
                    continue
                for cell, new in zip(cells, found, strict=True):
                    done.append((cell, cell.tensor))
                    cell.tensor = Tensor(new)
        except BaseException:
            for cell, tensor in reversed(done):
                cell.tensor = tensor
            raise
        finally:
            restore(token)

    def _extras(self, dtype: np.dtype[Any]) -> tuple[Any, ...]:
        """What the kernel takes after the rate."""
        if not self._counts:
            return ()
        return (np.asarray(self._iterations._cell.tensor._array + 1),)

    def _symbolic_extras(self, dtype: Any) -> tuple[Any, ...]:
        """The same in a graph."""
        return (self._iterations + 1,) if self._counts else ()

    def _rate_of(self, dtype: np.dtype[Any]) -> Array:
        """The learning rate of this step in a type."""
        rate = self.learning_rate._cell.tensor._array
        if self._rate_decay:
            steps = self._iterations._cell.tensor._array
            rate = rate / np.float32(1.0 + self._rate_decay * float(steps))
        return np.asarray(rate, dtype)

    def _rows(
        self,
        op: Op,
        grad: IndexedSlices,
        variable: Variable,
        arrays: list[Array],
        rate: Array,
        attrs: dict[str, Any],
    ) -> Any:
        """The update of those rows that have a gradient."""
        places, sums = rows_of(grad, variable)
        wholes = [a.copy() for a in arrays]
        parts = [w[places] for w in wholes]
        found = op.kernel(parts[0], sums, *parts[1:], rate, **attrs)
        results = (found,) if op.outputs == 1 else found
        for whole, part in zip(wholes, results, strict=True):
            whole[places] = part
        return wholes[0] if op.outputs == 1 else wholes

    def _run_symbolic(self, grads: list[Any], variables: list[Variable]) -> None:
        """The update as nodes of the graph that is being traced."""
        op, attrs = self._rule()
        for grad, variable in zip(grads, variables, strict=True):
            slots = self._slots[self._index_dict[id(variable._cell)]]
            slots = slots[: self._slots_used]
            kind = FROM_NUMPY[variable._cell.tensor._array.dtype]
            rate = cast(self.learning_rate, kind)
            if self._rate_decay:
                passed = cast(self._iterations, kind)
                rate = rate / (1.0 + self._rate_decay * passed)
            extras = self._symbolic_extras(kind)
            dense = grad._dense_tensor() if isinstance(grad, IndexedSlices) else grad
            held = [s.read_value() for s in slots]
            out = op(variable.read_value(), dense, *held, rate, *extras, **attrs)
            news = out if slots else (out,)
            for target, value in zip((variable, *slots), news, strict=True):
                target.assign(value, read_value=False)
