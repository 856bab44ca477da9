"""The loop over time that recurrent layers run: a step after the other, masks heeded.

In: a function of a step's input and the states, inputs by step, first states, masks.
Out: the outputs by step and the last states. `recurrent` calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core.tensor import Tensor
from rillet.ops.array import unstack
from rillet.ops.elementwise import cast
from rillet.ops.filling import zeros_like
from rillet.ops.mask import select_op
from rillet.ops.shaping import reshape_op, static_dims

Step = Callable[[Any, list[Any]], tuple[Any, list[Any]]]


def masks_by_step(mask: Any, axis: int) -> list[Any]:
    """The mask of each step, ``(batch,)``; None where every example is seen."""
    if mask.dtype.name != "bool":
        mask = cast(mask, "bool")
    parts: list[Any] = unstack(mask, axis=axis)
    if type(mask) is Tensor:
        whole: Any = mask._array.all(axis=1 - axis)
        return [None if whole[t] else part for t, part in enumerate(parts)]
    return parts


def walk(
    step: Step,
    inputs: list[Any],
    states: list[Any],
    masks: list[Any] | None = None,
    zero_masked: bool = False,
) -> tuple[list[Any], list[Any]]:
    """Run a step for each input.

    Args:
        step: gives the output and the next states.
        inputs: what it takes, in the order of time.
        states: the first states.
        masks: for each input None, or which examples are seen; where one is not, the
            states stay as they are and the output is that of the step before.
        zero_masked: give zeros for what is not seen, in place of that output.

    Returns:
        The outputs and the last states.
    """
    outputs: list[Any] = []
    if masks is None:
        for x in inputs:
            out, states = step(x, states)
            outputs.append(out)
        return outputs, states
    before: Any = None
    for x, mask in zip(inputs, masks, strict=True):
        out, after = step(x, states)
        if mask is not None:
            if before is None:
                before = zeros_like(out)
            out = select_op.run(_facing(mask, out), out, before)
            after = [
                select_op.run(_facing(mask, new), new, old)
                for new, old in zip(after, states, strict=True)
            ]
        states = after
        outputs.append(out)
        before = zeros_like(out) if zero_masked else out
    return outputs, states


def _facing(mask: Any, x: Any) -> Any:
    """A mask of examples with as many axes as `x`."""
    return reshape_op.run(mask, (*static_dims(mask), *[1] * (x.ndim - 1)))
