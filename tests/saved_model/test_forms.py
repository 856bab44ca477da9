"""Every record that bears an op's name of TensorFlow's fits that op, or is adapted.

What TensorFlow's registry says of ops stands in `definitions.txt`.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

import numpy as np
import pytest

import rillet.ops
import rillet.saved_model
from rillet.core import dtypes
from rillet.ops.registry import TABLE, Op
from rillet.saved_model.definitions import Definition, definition
from rillet.saved_model.list_writers import WRITERS
from rillet.saved_model.op_readers import READERS
from rillet.saved_model.rewriting import REWRITES

for _home in (rillet.ops, rillet.saved_model):
    for _module in pkgutil.walk_packages(_home.__path__, f"{_home.__name__}."):
        importlib.import_module(_module.name)
NAMED = sorted(name for name in TABLE if definition(name) is not None)
#: Attributes that are told by other means, or only say how kernels run.
IGNORED = {
    # always false: areas have no such mode
    "ResizeArea": {"half_pixel_centers"},
    # TensorFlow's op has only "SAME" and "VALID" there
    "MaxPoolGradGrad": {"explicit_paddings"},
    # the type of the input, which the attribute T says
    "SerializeTensor": {"kind"},
    "SerializeSparse": {"kind"},
    "SerializeManySparse": {"kind"},
}


def taken(op: Op) -> set[str]:
    """The attributes that a record takes."""
    found = set(op.attrs)
    for parameter in inspect.signature(op.infer).parameters.values():
        if parameter.kind is parameter.KEYWORD_ONLY:
            found.add(parameter.name)
    return found


def input_faults(op: Op, known: Definition) -> list[str]:
    """Where inputs disagree in number or kind."""
    lists = [a for a in known.inputs if a.number_attr or a.is_list]
    numbered = {a.number_attr for a in lists}
    if any(a.is_list for a in known.inputs):
        return ["a list of several types"]
    if lists and not op.variadic and not (op.types == () and numbered <= set(op.attrs)):
        return ["a list that the record does not take"]
    if op.variadic and (not lists or known.inputs[0] is not lists[0]):
        return ["a list that the op does not take"]
    if op.types and len(op.types) != len(known.inputs):
        return [f"{len(known.inputs)} inputs, the record has {len(op.types)}"]
    return []


def output_faults(op: Op, known: Definition) -> list[str]:
    """Where outputs disagree in number."""
    if any(a.is_list for a in known.outputs):
        return ["outputs of several types"]
    if any(a.number_attr for a in known.outputs):
        return [] if op.outputs == -1 else ["a number of outputs"]
    if op.outputs not in (-1, len(known.outputs)):
        return [f"{len(known.outputs)} outputs, the record has {op.outputs}"]
    return []


def attribute_faults(op: Op, known: Definition) -> list[str]:
    """Attributes that one side needs and the other has not."""
    arguments = (*known.inputs, *known.outputs)
    told = {a.type_attr for a in arguments} | {a.number_attr for a in arguments}
    names = {a.name for a in known.attributes}
    mine = taken(op)
    faults = [
        f"the attribute {a.name} has no value"
        for a in known.attributes
        if a.default is None and a.name not in told | mine
    ]
    further = mine - names - IGNORED.get(op.name, set())
    faults += [f"the attribute {name} is not told" for name in sorted(further)]
    return faults


def _number(kind: Any) -> int:
    """TensorFlow's number of a type; NumPy has no strings of bytes."""
    found = dtypes.string if np.dtype(kind).hasobject else dtypes.as_dtype(kind)
    return found.as_datatype_enum


def kind_faults(op: Op, known: Definition) -> list[str]:
    """Inputs of a certain type that the record never takes."""
    faults = []
    for kind, argument in zip(op.types, known.inputs, strict=False):
        if argument.type and isinstance(kind, frozenset | set):
            if argument.type not in {_number(one) for one in kind}:
                faults.append(f"{argument.name} has another type")
    return faults


@pytest.mark.parametrize("name", NAMED)
def test_a_record_is_written_in_its_ops_form(name: str) -> None:
    op, known = TABLE[name], definition(name)
    assert known is not None
    if name in WRITERS or name in REWRITES:
        return
    faults = [
        *input_faults(op, known),
        *output_faults(op, known),
        *attribute_faults(op, known),
        *kind_faults(op, known),
    ]
    assert not faults


@pytest.mark.parametrize("name", NAMED)
def test_an_op_is_read_as_its_record_takes_it(name: str) -> None:
    op, known = TABLE[name], definition(name)
    assert known is not None
    if name in READERS:
        return
    faults = [*input_faults(op, known), *output_faults(op, known)]
    arguments = (*known.inputs, *known.outputs)
    told = {a.type_attr for a in arguments} | {a.number_attr for a in arguments}
    faults += [
        f"the attribute {a.name} is lost"
        for a in known.attributes
        if a.default is None and a.name not in told | taken(op)
    ]
    assert not faults
