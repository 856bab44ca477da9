"""Reads and writes of variables in TensorFlow's graphs.

Importing the file enters its readers in the table of `op_readers`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.indexed_slices import IndexedSlices
from rillet.ops.casting import cast
from rillet.saved_model.op_readers import Read, constant, reads
from rillet.saved_model.records import hosted
from rillet.saved_model.resources import variable_of
from rillet.saved_model.tensors import damaged

_MASKS = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")


@reads("VarHandleOp", "VariableV2", "Variable")
def _handle(reader: Any, step: Any, inputs: list[Any]) -> Any:
    found = reader.resources.get(step.name)
    if found is None:
        raise damaged("a variable has no value", step.name)
    return (found if step.op == "VarHandleOp" else found.read_value(),)


@reads("ReadVariableOp")
def _read(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (variable_of(inputs[0], step).read_value(),)


@reads("AssignVariableOp")
def _assign(reader: Any, step: Any, inputs: list[Any]) -> Any:
    variable_of(inputs[0], step).assign(inputs[1], read_value=False)
    return ()


@reads("AssignAddVariableOp")
def _assign_add(reader: Any, step: Any, inputs: list[Any]) -> Any:
    variable_of(inputs[0], step).assign_add(inputs[1], read_value=False)
    return ()


@reads("AssignSubVariableOp")
def _assign_sub(reader: Any, step: Any, inputs: list[Any]) -> Any:
    variable_of(inputs[0], step).assign_sub(inputs[1], read_value=False)
    return ()


@reads("ResourceGather")
def _resource_gather(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.gather import gather

    value = variable_of(inputs[0], step).read_value()
    batch = step.attrs.get("batch_dims") or 0
    return (gather(value, inputs[1], axis=batch, batch_dims=batch),)


@reads("ResourceGatherNd")
def _resource_gather_nd(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.gather_nd import gather_nd

    return (gather_nd(variable_of(inputs[0], step).read_value(), inputs[1]),)


@reads("VariableShape")
def _variable_shape(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.sizes import shape

    kind = step.attrs.get("out_type") or dtypes.int32
    return (shape(variable_of(inputs[0], step).read_value(), out_type=kind),)


@reads("VarIsInitializedOp")
def _is_initialized(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (constant(np.array(True)),)


def _scattering(way: str) -> Read:
    def read(reader: Any, step: Any, inputs: list[Any]) -> Any:
        variable = variable_of(inputs[0], step)
        getattr(variable, f"scatter_{way}")(IndexedSlices(inputs[2], inputs[1]))
        return ()

    return read


def _scattering_nd(way: str) -> Read:
    def read(reader: Any, step: Any, inputs: list[Any]) -> Any:
        variable = variable_of(inputs[0], step)
        getattr(variable, f"scatter_nd_{way}")(inputs[1], inputs[2])
        return ()

    return read


for _way in ("add", "sub", "mul", "div", "min", "max", "update"):
    reads(f"ResourceScatter{_way.capitalize()}")(_scattering(_way))
for _way in ("add", "sub", "min", "max", "update"):
    reads(f"ResourceScatterNd{_way.capitalize()}")(_scattering_nd(_way))


@reads("ResourceStridedSliceAssign")
def _slice_assign(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.strided import strided_slice_update_op

    variable = variable_of(inputs[0], step)
    masks = {f"{name}_mask": step.attrs.get(f"{name}_mask") or 0 for name in _MASKS}
    parts = [hosted(x) for x in inputs[1:4]]
    found = strided_slice_update_op.run(
        variable.read_value(), *parts, inputs[4], **masks
    )
    variable.assign(found, read_value=False)
    return ()


@reads("RngReadAndSkip", "RngSkip")
def _skip(reader: Any, step: Any, inputs: list[Any]) -> Any:
    """The state before; the generator goes on as many values as were asked for."""
    from rillet.ops.generator import advance_op
    from rillet.ops.philox import RESERVED_PER_OUTPUT

    variable = variable_of(inputs[0], step)
    state = variable.read_value()
    count = hosted(cast(inputs[2], dtypes.int64))
    variable.assign(advance_op.run(state, count * RESERVED_PER_OUTPUT))
    return (state,) if step.op == "RngReadAndSkip" else ()
