"""The loop over time that recurrent layers run: a step after the other, masks heeded.

In: a function of a step's input and the states, inputs by step, first states, masks.
Out: the outputs by step and the last states. `recurrent` calls it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.shapes import TensorShape
from rillet.core.tensor import Tensor
from rillet.ops.array import unstack
from rillet.ops.elementwise import cast
from rillet.ops.filling import zeros_like
from rillet.ops.gather import gather
from rillet.ops.loops import while_loop
from rillet.ops.mask import select_op
from rillet.ops.shaping import reshape_op, static_dims
from rillet.ops.tensor_array import TensorArray

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


def walk_graph(
    step: Step,
    inputs: Any,
    count: Any,
    states: list[Any],
    mask: Any,
    zero_masked: bool,
    backwards: bool,
) -> tuple[Any, Any, list[Any]]:
    """Run a step for each input where a graph does not know how many there are.

    Args:
        step: gives the output and the next states.
        inputs: ``(time, batch, ...)``.
        count: the number of steps, an int32 scalar.
        states: the first states.
        mask: ``(time, batch)``, true for what is seen; or None.
        zero_masked: see `walk`.
        backwards: begin with the last step.

    Returns:
        The outputs ``(time, batch, ...)``, the last of them, and the last states.
    """
    like, _ = step(gather(inputs, 0), states)
    shape = TensorShape.of(like.shape._dims)
    # Which outputs there are is known; their steps are not.
    rows = TensorArray(like.dtype, size=count, element_shape=shape)

    def body(t: Any, rows: Any, last: Any, *states: Any) -> Any:
        at = count - 1 - t if backwards else t
        out, after = step(gather(inputs, at), list(states))
        if mask is not None:
            seen = gather(mask, at)
            before = zeros_like(out) if zero_masked else last
            out = select_op.run(_facing(seen, out), out, before)
            after = [
                select_op.run(_facing(seen, new), new, old)
                for new, old in zip(after, states, strict=True)
            ]
        return [t + 1, rows.write(t, out), out, *after]

    first = [to_tensor(0), rows, zeros_like(like), *states]
    found = while_loop(lambda t, *rest: t < count, body, first)
    whole = found[1].stack()
    whole.set_shape(TensorShape([None]).concatenate(shape))
    return whole, found[2], list(found[3:])


def _facing(mask: Any, x: Any) -> Any:
    """A mask of examples with as many axes as `x`."""
    return reshape_op.run(mask, (*static_dims(mask), *[1] * (x.ndim - 1)))
