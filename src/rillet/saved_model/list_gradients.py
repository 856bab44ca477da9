"""Gradients of tensor lists, and optional values, told in TensorFlow's ops.

A gradient that nobody wrote is for rillet a list of no length: where such a list may
come, it is made as long as it must be. Importing the file enters its writers in the
table of `list_writers`; `graph_writer` asks `OF_LISTS` for ops on what is a list only
in the file.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.graph.ir import Node
from rillet.saved_model.list_writers import (
    WRITERS,
    Write,
    as_type,
    element_shape,
    empty_list,
)

_INT = ("type", dtypes.int32)
_LIST = {"T": ("type", dtypes.variant)}


def _number(writer: Any, value: int) -> str:
    found: str = writer.constant(np.int32(value), dtypes.int32)
    return found


def _length(writer: Any, rows: str) -> str:
    return f"{writer.emit('TensorListLength', 'length', [rows], {})}:length:0"


def _two(writer: Any, op: str, x: str, y: str) -> str:
    made = writer.emit(op, op, [x, y], {"T": _INT})
    return f"{made}:z:0"


def _sized(writer: Any, rows: str, size: str) -> str:
    made = writer.emit("TensorListResize", "resized", [rows, size], {})
    return f"{made}:output_handle:0"


def _zeros(writer: Any, like: str, kind: Any) -> str:
    made = writer.emit("ZerosLike", "zeros", [like], {"T": ("type", kind)})
    return f"{made}:y:0"


def _slice(writer: Any, vector: str, begin: int | None, end: int | None) -> str:
    """`vector[begin:end]`, and the element `begin` where there is no end to it."""
    one = end is not None and begin is not None and end == begin + 1
    ends = [begin or 0, end or 0, 1]
    given = [writer.constant(np.array([n], np.int32), dtypes.int32) for n in ends]
    attrs = {
        "T": _INT,
        "Index": _INT,
        "begin_mask": ("int", 1 if begin is None else 0),
        "end_mask": ("int", 1 if end is None else 0),
        "ellipsis_mask": ("int", 0),
        "new_axis_mask": ("int", 0),
        "shrink_axis_mask": ("int", 1 if one else 0),
    }
    made = writer.emit("StridedSlice", "part", [vector, *given], attrs)
    return f"{made}:output:0"


def _shape(writer: Any, x: Any) -> str:
    """The sizes of a tensor; none of a list."""
    dims = writer.shape(x)
    if dims is not None and None not in dims:
        return element_shape(writer, dims)
    attrs = {"T": ("type", x.dtype), "out_type": _INT}
    return f"{writer.emit('Shape', 'shape', [writer.ref(x)], attrs)}:output:0"


def _pieces(writer: Any, x: Any) -> str:
    """The sizes of pieces of a tensor, of any length."""
    any_length = writer.constant(np.array([-1], np.int32), dtypes.int32)
    inner = _slice(writer, _shape(writer, x), 1, None)
    attrs = {"N": ("int", 2), "T": _INT, "Tidx": _INT}
    made = writer.emit(
        "ConcatV2", "sizes", [any_length, inner, _number(writer, 0)], attrs
    )
    return f"{made}:output:0"


def _joined(writer: Any, rows: str, kind: Any, shape: str, lengths: str) -> str:
    attrs = {"element_dtype": ("type", kind), "shape_type": _INT}
    made: str = writer.emit(
        "TensorListConcatV2", "joined", [rows, shape, lengths], attrs
    )
    return made


def _lengths(writer: Any, rows: Any, kind: Any) -> str:
    """How long each piece of a list is."""
    unknown = element_shape(writer, None)
    none = writer.constant(np.zeros(0, np.int64), dtypes.int64)
    return f"{_joined(writer, writer.ref(rows), kind, unknown, none)}:lengths:0"


def _one(writer: Any, rows: str, index: str, item: Any, value: str) -> list[str]:
    """A list with an element in its place."""
    attrs = {
        "element_dtype": ("type", writer.kind(item)),
        "resize_if_index_out_of_bounds": ("bool", True),
    }
    made = writer.emit("TensorListSetItem", "set", [rows, index, value], attrs)
    return [f"{made}:output_handle:0"]


def _clear(writer: Any, node: Node) -> list[str]:
    rows, index, like = node.inputs
    blank = _zeros(writer, writer.ref(like), writer.kind(like))
    place = as_type(writer, index, dtypes.int32)
    return _one(writer, writer.ref(rows), place, like, blank)


def _get_like(writer: Any, node: Node) -> list[str]:
    rows, index, like = node.inputs
    held, place = writer.ref(rows), as_type(writer, index, dtypes.int32)
    if writer.library.kinds.may_be_short(rows):
        enough = _two(writer, "AddV2", place, _number(writer, 1))
        held = _sized(
            writer, held, _two(writer, "Maximum", _length(writer, held), enough)
        )
    given = [held, place, _shape(writer, like)]
    return [_item(writer, node.name, given, writer.kind(like))]


def _blank(writer: Any, node: Node) -> list[str]:
    size, dims = node.inputs
    attrs = {"element_dtype": ("type", node.attrs["element_dtype"]), "shape_type": _INT}
    given = [as_type(writer, x, dtypes.int32) for x in (dims, size)]
    return [f"{writer.emit('TensorListReserve', node.name, given, attrs)}:handle:0"]


def _piece_lengths(writer: Any, node: Node) -> list[str]:
    rows = node.inputs[0]
    return [_lengths(writer, rows, writer.library.kinds.element(rows))]


def _filled(writer: Any, node: Node) -> list[str]:
    """Pieces whose lengths are told, cut out of their whole."""
    rows, lengths, dims = node.inputs
    kind = writer.library.kinds.element(rows)
    sizes = as_type(writer, dims, dtypes.int32)
    told = as_type(writer, lengths, dtypes.int64)
    whole = f"{_joined(writer, writer.ref(rows), kind, sizes, told)}:tensor:0"
    attrs = {"element_dtype": ("type", kind), "shape_type": _INT}
    made = writer.emit("TensorListSplit", node.name, [whole, sizes, told], attrs)
    return [f"{made}:output_handle:0"]


def _only(writer: Any, node: Node) -> list[str]:
    item, index, like = node.inputs
    attrs = {"element_dtype": ("type", writer.kind(item)), "shape_type": _INT}
    given = [element_shape(writer, None), _length(writer, writer.ref(like))]
    rows = f"{writer.emit('TensorListReserve', 'blank', given, attrs)}:handle:0"
    place = as_type(writer, index, dtypes.int32)
    return _one(writer, rows, place, item, writer.ref(item))


def _stack_like(writer: Any, node: Node) -> list[str]:
    rows, like = node.inputs
    held, sizes = writer.ref(rows), _shape(writer, like)
    if writer.library.kinds.may_be_short(rows):
        held = _sized(writer, held, _slice(writer, sizes, 0, 1))
    attrs = {"element_dtype": ("type", like.dtype), "num_elements": ("int", -1)}
    given = [held, _slice(writer, sizes, 1, None)]
    return [f"{writer.emit('TensorListStack', node.name, given, attrs)}:tensor:0"]


def _split_like(writer: Any, node: Node) -> list[str]:
    x, like = node.inputs
    given = [writer.ref(x), _pieces(writer, x), _lengths(writer, like, x.dtype)]
    attrs = {"element_dtype": ("type", x.dtype), "shape_type": _INT}
    made = writer.emit("TensorListSplit", node.name, given, attrs)
    return [f"{made}:output_handle:0"]


def _concat_like(writer: Any, node: Node) -> list[str]:
    rows, x, like = node.inputs
    held = writer.ref(rows)
    if writer.library.kinds.may_be_short(rows):
        held = _sized(writer, held, _length(writer, writer.ref(like)))
    lengths = _lengths(writer, like, x.dtype)
    made = _joined(writer, held, x.dtype, _pieces(writer, x), lengths)
    return [f"{made}:tensor:0"]


def _sum(writer: Any, node: Node) -> list[str]:
    """The sum of gradients, the shorter ones filled up."""
    parts = [writer.ref(x) for x in node.inputs]
    kinds = writer.library.kinds
    out = node.outputs[0]
    if kinds.may_be_short(out) and not kinds.is_optional(out):
        sizes = [_length(writer, part) for part in parts]
        size = sizes[0]
        for other in sizes[1:]:
            size = _two(writer, "Maximum", size, other)
        parts = [_sized(writer, part, size) for part in parts]
    attrs = {"N": ("int", len(parts)), **_LIST}
    return [f"{writer.emit('AddN', node.name, parts, attrs)}:sum:0"]


def _zeros_of(writer: Any, node: Node) -> list[str]:
    return [_zeros(writer, writer.ref(node.inputs[0]), dtypes.variant)]


def _row(writer: Any, node: Node) -> list[str]:
    """What a round of a loop was."""
    rows, index = node.inputs
    out = node.outputs[0]
    kinds = writer.library.kinds
    held, place = writer.ref(rows), as_type(writer, index, dtypes.int32)
    if kinds.is_list(out) and kinds.may_be_short(rows):
        # the row after the last: a gradient that nobody wrote
        blank = empty_list(writer, kinds.element(out))
        attrs = {"element_dtype": ("type", dtypes.variant)}
        one = empty_list(writer, dtypes.variant)
        one = f"{writer.emit('TensorListPushBack', 'one', [one, blank], attrs)}"
        given = [held, f"{one}:output_handle:0"]
        place = _two(writer, "Minimum", place, _length(writer, held))
        held = f"{writer.emit('TensorListConcatLists', 'all', given, attrs)}:output:0"
    sizes = element_shape(writer, writer.shape(out))
    return [_item(writer, node.name, [held, place, sizes], kinds.kind(out))]


def _item(writer: Any, name: str, given: list[str], kind: Any) -> str:
    attrs = {"element_dtype": ("type", kind)}
    return f"{writer.emit('TensorListGetItem', name, given, attrs)}:item:0"


def _spread(writer: Any, node: Node) -> list[str]:
    """Zeros like what a loop kept, with a gradient in one row."""
    g, index, history = node.inputs
    rows, place = writer.ref(history), as_type(writer, index, dtypes.int32)
    flow = writer.ref(g)
    if writer.library.kinds.is_list(g) and writer.library.kinds.may_be_short(g):
        given = [rows, place, element_shape(writer, ())]
        row = _item(writer, "row", given, dtypes.variant)
        flow = _sized(writer, flow, _length(writer, row))
    zeros = _zeros(writer, rows, dtypes.variant)
    return _one(writer, zeros, place, g, flow)


def _push(writer: Any, node: Node) -> list[str]:
    attrs = {"element_dtype": ("type", writer.kind(node.inputs[1]))}
    given = [writer.ref(x) for x in node.inputs]
    made = writer.emit("TensorListPushBack", node.name, given, attrs)
    return [f"{made}:output_handle:0"]


def _pop(output: str) -> Write:
    def write(writer: Any, node: Node) -> list[str]:
        rows = node.inputs[0]
        kind = writer.library.kinds.element(rows)
        dims = node.attrs.get("element_shape")
        if kind is dtypes.variant:
            dims = ()
        given = [writer.ref(rows), element_shape(writer, dims)]
        attrs = {"element_dtype": ("type", kind)}
        made = writer.emit("TensorListPopBack", node.name, given, attrs)
        return [f"{made}:{output}:0"]

    return write


def _both(writer: Any, node: Node) -> list[str]:
    kind = writer.library.kinds.element(node.outputs[0])
    attrs = {"element_dtype": ("type", kind)}
    given = [writer.ref(x) for x in node.inputs]
    return [f"{writer.emit(node.type, node.name, given, attrs)}:output:0"]


def _parts(node: Node) -> list[Any]:
    """The parts of an optional value, as it was made."""
    rows, item = node.inputs
    before = _parts(rows.node) if rows.node.type == node.type else []
    return [*before, item]


def _with_part(writer: Any, node: Node) -> list[str]:
    parts = _parts(node)
    attrs = {"Toutput_types": ("list(type)", [writer.kind(x) for x in parts])}
    given = [writer.ref(x) for x in parts]
    made = writer.emit("OptionalFromValue", node.name, given, attrs)
    return [f"{made}:optional:0"]


def _part(writer: Any, node: Node) -> list[str]:
    attrs = {
        "output_types": ("list(type)", list(node.attrs["kinds"])),
        "output_shapes": ("list(shape)", list(node.attrs["shapes"])),
    }
    given = [writer.ref(node.inputs[0])]
    made = writer.emit("OptionalGetValue", node.name, given, attrs)
    return [f"{made}:components:{node.attrs['index']}"]


def _count(writer: Any, node: Node) -> list[str]:
    rows = writer.ref(node.inputs[0])
    if not writer.library.kinds.is_optional(node.inputs[0]):
        return [_length(writer, rows)]
    has = f"{writer.emit('OptionalHasValue', node.name, [rows], {})}:has_value:0"
    attrs = {"SrcT": ("type", dtypes.bool_), "DstT": _INT}
    return [f"{writer.emit('Cast', 'count', [has], attrs)}:y:0"]


#: Ops whose results may be lists in the file: then they are these.
OF_LISTS: dict[str, Write] = {
    "AddV2": _sum,
    "AddN": _sum,
    "ZerosLike": _zeros_of,
    "Identity": lambda writer, node: [writer.ref(node.inputs[0])],
}

WRITERS |= {
    "RilletListClear": _clear,
    "RilletListGetLike": _get_like,
    "RilletListOnly": _only,
    "RilletListBlank": _blank,
    "RilletListLengths": _piece_lengths,
    "RilletListFilled": _filled,
    "RilletListStackLike": _stack_like,
    "RilletListSplitLike": _split_like,
    "RilletListConcatLike": _concat_like,
    "RilletListAdd": _sum,
    "RilletListZeros": _zeros_of,
    "RilletListZeroRows": _zeros_of,
    "RilletRow": _row,
    "RilletRowSpread": _spread,
    "RilletListPush": _push,
    "RilletListDrop": _pop("output_handle"),
    "RilletListLast": _pop("tensor"),
    "RilletListWithPart": _with_part,
    "RilletListPart": _part,
    "TensorListLength": _count,
    "TensorListConcatLists": _both,
}
