"""What `make_train_function` and its kin make: steps over the next batches.

In: an iterator of batches, and how many steps to run (`calls.steps`). Out: the last
step's logs, or all outputs. Rows of whole arrays are gathered here, or by a native
backend that signs in as the service ``"native.steps"`` (see `Native`). `training` makes
runners, `loops` calls them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from rillet.core import context
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.call_context import calls
from rillet.keras.compiled_steps import Batch, Step
from rillet.keras.data_rows import Batches, RowIterator, pick
from rillet.keras.logs import joined
from rillet.keras.outputs import need_output


def outside_functions(method: str) -> None:
    """Raise where a method that makes functions of its own is called inside one."""
    if context.state.tracer is not None:
        raise RuntimeError(
            house_message(
                f"Model.{method}",
                f"Detected a call to `Model.{method}` inside a `tf.function`",
                "it manages tf.functions of its own",
                "Move the call outside; inside, call the model: model(x)",
            )
        )


class Native(Protocol):
    """The service ``"native.steps"``: many steps in one call."""

    def __call__(
        self, concrete: Any, wholes: list[Tensor], batches: Batches, collect: bool
    ) -> list[Tensor] | None:
        """Run a traced step on each of some batches, in order.

        Args:
            concrete: the step's `ConcreteFunction`; its variables are read and written
                as by `concrete.run`.
            wholes: a whole array for each argument of `concrete`, which takes the rows
                of a batch. One without axes goes to every step as it is.
            batches: which rows, all batches of one size.
            collect: whether the outputs of all steps are wanted, joined along their
                first axis; else those of the last step alone.

        Returns:
            The flat outputs, as `concrete.run_flat` gives them; None where it does not
            run this function: nothing has changed then.
        """


class Runner:
    """Runs a model's steps on the next batches of an iterator.

    Args:
        model: the model.
        method: its step method.
        collect: whether outputs of all steps are wanted, joined; else the last logs.
    """

    def __init__(self, model: Any, method: str, collect: bool = False) -> None:
        self.step = Step(model, method)
        self._model = model
        self._collect = collect

    def __call__(self, iterator: Iterator[Any]) -> Any:
        """Run `calls.steps` steps, or as many as the model was compiled for.

        Raises:
            StopIteration: where batches end before; for outputs, before the first.
        """
        steps = calls.steps or self._model.steps_per_execution
        if type(iterator) is RowIterator and self.step.compiles():
            parts = self._over_rows(iterator, steps)
        elif self._joins(iterator, steps):
            parts = self._over_joined(iterator, steps)
        else:
            parts = self._one_by_one(iterator, steps)
        return joined(parts) if self._collect else parts[-1]

    def again(self, data: Any) -> Any:
        """Run one batch through a graph that has run before; None where there is none.

        What is left out is all that only the first batch needs.
        """
        batch = Batch(data)
        if batch.tensors is None:
            return None
        concrete = self.step.proven(batch)
        return None if concrete is None else concrete.run(batch.tensors)

    def _joins(self, iterator: Any, steps: int) -> bool:
        """Whether batches are to be asked for side by side."""
        several = steps > 1 or getattr(iterator, "together", False)
        return several and hasattr(iterator, "pull_joined") and self.step.compiles()

    def _one_by_one(self, iterator: Iterator[Any], steps: int) -> list[Any]:
        parts: list[Any] = []
        for _ in range(steps):
            try:
                data = next(iterator)
            except StopIteration:
                if not parts or not self._collect:
                    raise
                break
            logs = self.step(data)
            if self._collect:
                need_output(logs)
                parts.append(logs)
            else:
                parts = [logs]
        return parts

    def _over_rows(self, iterator: RowIterator, steps: int) -> list[Any]:
        parts: list[Any] = []
        left = steps
        while left:
            try:
                batches = iterator.take(left)
            except StopIteration:
                if not parts or not self._collect:
                    raise
                break
            found = self._run(iterator, batches)
            parts = [*parts, *found] if self._collect else found
            left -= batches.count
        return parts

    def _over_joined(self, iterator: Any, steps: int) -> list[Any]:
        """Steps on the batches of a dataset that makes several at a time."""
        parts: list[Any] = []
        left = steps
        while left:
            try:
                found = iterator.pull_joined(left)
                if found is None:
                    return [*parts, *self._one_by_one(iterator, left)]
            except StopIteration:
                if not parts or not self._collect:
                    raise
                break
            data, size, count = found
            rows = RowIterator(data, size * count, size, False, 1)
            done = self._run(rows, rows.take(count))
            parts = [*parts, *done] if self._collect else done
            left -= count
        return parts

    def _run(self, iterator: RowIterator, batches: Batches) -> list[Any]:
        """The steps on some batches of one size; results of all, or of the last."""
        whole = iterator.opened(Batch)
        concrete = self.step.graph(whole, batches.size)
        if concrete is None:
            return self._run_eagerly(iterator, batches)
        with self.step.worded(concrete, lambda: iterator.gather(batches.one(0))):
            return self._run_graph(concrete, whole.tensors, batches)

    def _run_graph(
        self, concrete: Any, wholes: list[Tensor], batches: Batches
    ) -> list[Any]:
        native: Native | None = context.service("native.steps")
        if native is not None:
            flat = native(concrete, wholes, batches, self._collect)
            if flat is not None:
                return [concrete.packed(flat)]
        arrays = [t._array for t in wholes]
        parts: list[Any] = []
        flat = []
        for at in range(batches.count):
            which = batches.one(at)
            flat = concrete.run_flat(
                [Tensor(pick(a, which) if a.ndim else a) for a in arrays]
            )
            if self._collect:
                parts.append(concrete.packed(flat))
        return parts if self._collect else [concrete.packed(flat)]

    def _run_eagerly(self, iterator: RowIterator, batches: Batches) -> list[Any]:
        parts: list[Any] = []
        for at in range(batches.count):
            data = Batch(iterator.gather(batches.one(at)))
            logs = self.step.run_eagerly(data)
            if self._collect:
                need_output(logs)
            parts.append(logs)
        return parts if self._collect else parts[-1:]
