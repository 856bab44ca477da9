"""Elementwise ops on ragged tensors: one rule for all records that are elementwise.

`tensor.RaggedTensor._apply` calls `apply` for every record that has no version of its
own; which ones are elementwise tells how they infer shapes.
"""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.tensor import Tensor
from rillet.ops.casting import cast as cast
from rillet.ops.dispatch import hinted, is_typed
from rillet.ops.ragged.alignment import aligned
from rillet.ops.ragged.rows import RaggedRows
from rillet.ops.shape_rules import broadcast, same_as_input, same_shape
from rillet.ops.spoken import public_name

#: How elementwise records infer; those of closures are known by where they were made.
_ONE = same_shape.__qualname__ + ".<locals>."
_TWO = broadcast.__qualname__ + ".<locals>."
#: Elementwise records that infer in a way of their own.
_UNARY = frozenset(
    "ZerosLike OnesLike Identity StopGradient Real Imag Angle Bitcast".split()
)
#: Those whose inputs have types of their own.
_MIXED = frozenset("StringToNumber Substr".split())
_NOT = frozenset("Softmax LogSoftmax".split())


def apply(op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
    """What an elementwise op gives for inputs with ragged tensors among them.

    Args:
        op: its record.
        inputs: ragged tensors, tensors and other values.
        attrs: its attributes.

    Returns:
        A ragged tensor; NotImplemented where the op is not elementwise.
    """
    if op.name in _NOT:
        return NotImplemented
    rule = op.infer
    name = getattr(rule, "__qualname__", "")
    if op.variadic:
        if op.name not in ("StringJoin", "AddN"):
            return NotImplemented
        rebuilt, flats = aligned(public_name(op), tensors_of(op, inputs[0]))
        return rebuilt(op.run(flats, *inputs[1:], **attrs))
    if op.name in _UNARY or rule is same_as_input or name.startswith(_ONE):
        x = inputs[0]
        if not isinstance(x, RaggedRows):
            return NotImplemented
        return x._with_flat(op.run(x.flat_values, *inputs[1:], **attrs))
    if op.name in _MIXED:
        given = [v if is_typed(v) else to_tensor(v) for v in inputs]
        rebuilt, flats = aligned(public_name(op), given)
        return rebuilt(op.run(*flats, **attrs))
    if op.name == "SelectV2":
        chosen = tensors_of(op, inputs[1:])
        rebuilt, flats = aligned("where", [inputs[0], *chosen])
        return rebuilt(op.run(*flats, **attrs))
    if name.startswith(_TWO):
        rebuilt, flats = aligned(public_name(op), tensors_of(op, inputs))
        return rebuilt(op.run(*flats, **attrs))
    return NotImplemented


def tensors_of(op: Any, values: Any) -> list[Any]:
    """Values as ragged tensors and tensors; Python's take the type of the others."""
    kind = next((v.dtype for v in values if is_typed(v)), None)
    out: list[Any] = []
    for value in values:
        if isinstance(value, RaggedRows | Tensor):
            out.append(value)
        elif is_typed(value):
            out.append(to_tensor(value))
        else:
            out.append(hinted(op, value, kind))
            kind = kind or out[-1].dtype
    return out
