"""What goes into a node as TensorFlow's definition of its op has it.

Host inputs become constants of the type that the definition asks for; attributes that
tell types follow from the tensors. `graph_writer` calls it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import DType
from rillet.core.errors import UnimplementedError, house_message
from rillet.graph.ir import Node, SymbolicTensor
from rillet.ops.registry import Op
from rillet.ops.spoken import public_name
from rillet.saved_model.definitions import Definition, parsed

#: Ops whose inputs are made the type of the result.
_RESULT_SAYS = frozenset(("Range",))
#: rillet's own ops that no file can hold, in a program's words.
_WORDS = {
    "RilletResizeAreaGrad": "the gradient of image.resize with method='area'",
    "RilletProjectiveTransformGrad": "the gradient of a projective transform of images",
    "RilletRngBinomial": "random.Generator.binomial",
}


def refused(node: Node, why: str, fix: str = "") -> UnimplementedError:
    """The error for a node that TensorFlow has no op for."""
    where = f"node '{node.name}'"
    if node.where is not None:
        where += f', defined at File "{node.where[0]}", line {node.where[1]}'
    told = f"{_subject(node)} {why}"
    return UnimplementedError(house_message("saved_model.save", told, where, fix))


def _subject(node: Node) -> str:
    """What a node is in a program's words."""
    if node.type == "RilletGradient":
        return f"the gradient of {public_name(node.attrs['host'].run.__self__.op)}"
    if node.type == "EagerPyFunc":
        return f"a node ({node.attrs['host']})"
    return _WORDS.get(node.type) or node.type.removeprefix("Rillet")


class NodeInputs:
    """The inputs of a node by its definition, and what types they settle.

    Args:
        writer: what writes the graph: it gives references and adds constants.
        node: the node.
        found: its op's definition.
    """

    def __init__(self, writer: Any, node: Node, found: Definition) -> None:
        self._writer = writer
        self._node = node
        self._found = found
        self._kinds: dict[str, Any] = {}

    def all(self) -> tuple[list[str], dict[str, Any]]:
        """References, and the attributes that the inputs and outputs say."""
        slots = self._slots()
        if self._node.type in _RESULT_SAYS:
            argument = self._found.outputs[0]
            self._kinds[argument.type_attr] = self._node.outputs[0].dtype
        for argument, value in slots:
            if isinstance(value, SymbolicTensor) and argument.type_attr:
                self._kinds.setdefault(argument.type_attr, value.dtype)
        given = self._node.attrs
        for attribute in self._found.attributes:
            if attribute.kind == "type" and given.get(attribute.name) is not None:
                self._kinds.setdefault(attribute.name, given[attribute.name])
        for argument, y in zip(self._found.outputs, self._node.outputs, strict=False):
            if argument.type_attr:
                self._kinds.setdefault(argument.type_attr, y.dtype)
        return [self._reference(a, v) for a, v in slots], self._kinds

    def _slots(self) -> list[tuple[Any, Any]]:
        """Each input with its argument."""
        values = list(self._node.inputs)
        arguments = self._found.inputs
        rest = len(arguments) - 1
        slots: list[tuple[Any, Any]] = []
        for argument in arguments:
            count = 1
            if argument.number_attr:
                told = self._node.attrs.get(argument.number_attr)
                count = len(values) - rest if told is None else int(told)
                self._kinds[argument.number_attr] = count
            elif argument.is_list:
                raise refused(self._node, "has no form in TensorFlow's files yet")
            if len(values) < count:
                raise refused(self._node, "lacks an input that TensorFlow's op has")
            slots += [(argument, value) for value in values[:count]]
            del values[:count]
        if values:
            raise refused(self._node, "has inputs that TensorFlow's op lacks")
        return slots

    def _reference(self, argument: Any, value: Any) -> str:
        wanted = argument.type or self._kinds.get(argument.type_attr)
        kind = None if wanted is None else dtypes.as_dtype(wanted)
        if isinstance(value, SymbolicTensor):
            ref = self._writer.ref(value)
            if kind is None or value.dtype is kind:
                return ref
            attrs = {"SrcT": ("type", value.dtype), "DstT": ("type", kind)}
            made = self._writer.emit("Cast", f"{self._node.name}/Cast", [ref], attrs)
            return f"{made}:y:0"
        if value is None:
            value = self._absent(argument)
        if isinstance(value, str):
            return value
        array = _host_array(value, kind)
        kind = kind or dtypes.as_dtype(array.dtype)
        self._kinds.setdefault(argument.type_attr, kind)
        name = f"{self._node.name}/{argument.name}"
        return self._writer.constant(array, kind, name)

    def _absent(self, argument: Any) -> Any:
        """What None stands for: all axes, or all axes turned round."""
        x = self._node.inputs[0]
        turned = argument.name == "perm"
        if argument.name == "reduction_axes":
            # of a sparse tensor, whose places have a column an axis
            columns = (x.spec.shape or (None, None))[-1]
            if columns is not None:
                return list(range(columns))
        if argument.name not in ("perm", "reduction_indices"):
            raise refused(self._node, f"has no value for '{argument.name}'")
        dims = x.spec.shape
        if dims is not None:
            found = list(range(len(dims)))
            return found[::-1] if turned else found
        writer, name = self._writer, self._node.name
        self._kinds.setdefault(argument.type_attr, dtypes.int32)
        made = writer.emit(
            "Rank", f"{name}/Rank", [writer.ref(x)], {"T": ("type", x.dtype)}
        )
        ends = [f"{made}:output:0"]
        zero = writer.constant(np.int32(0), dtypes.int32)
        step = writer.constant(np.int32(1), dtypes.int32)
        attrs = {"Tidx": ("type", dtypes.int32)}
        made = writer.emit("Range", f"{name}/Range", [zero, *ends, step], attrs)
        if not turned:
            return f"{made}:output:0"
        first = writer.constant(np.array([0], np.int32), dtypes.int32)
        attrs = {"T": ("type", dtypes.int32), "Tidx": ("type", dtypes.int32)}
        inputs = [f"{made}:output:0", first]
        return f"{writer.emit('ReverseV2', f'{name}/perm', inputs, attrs)}:output:0"


def _host_array(value: Any, kind: DType | None) -> Any:
    if kind is not None:
        if kind is dtypes.string:
            array = np.empty((), object)
            array[()] = value if isinstance(value, bytes) else str(value).encode()
            return array
        return np.asarray(value, kind.numpy_dtype)
    array = np.asarray(value)
    if array.dtype.kind in "iu" or array.size == 0:
        wide = array.size and (array.max() > 2**31 - 1 or array.min() < -(2**31))
        return array.astype(np.int64 if wide else np.int32)
    return array.astype(np.float32) if array.dtype.kind == "f" else array


def attributes_of(
    node: Node, found: Definition, kinds: dict[str, Any]
) -> dict[str, tuple[str, Any]]:
    """A node's attributes with TensorFlow's kinds; defaults are told too."""
    attrs: dict[str, tuple[str, Any]] = {}
    counted = {"num", "num_split", "num_partitions"}
    for attribute in found.attributes:
        name, kind = attribute.name, attribute.kind
        value = kinds.get(name)
        if value is None:
            value = node.attrs.get(name)
        if value is None and isinstance(node.op, Op):
            value = node.op.attrs.get(name)
        if value is None and name in counted:
            value = len(node.outputs)
        if value is None and attribute.default is not None:
            value = parsed(kind, attribute.default)
        if value is None and kind != "shape":
            raise refused(node, f"has no value for the attribute '{name}'")
        attrs[name] = (kind, value)
    return attrs
