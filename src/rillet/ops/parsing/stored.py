"""Tensors as bytes: `tf.io.serialize_tensor`, `parse_tensor`, and sparse ones in three.

The bytes are TensorFlow's `TensorProto`. They may be hostile: sizes are held against
what there is before memory is taken.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import ANY, INDEX, STRING, DType, as_dtype, int64, string
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.shapes import TensorShape
from rillet.core.sparse_tensor import SparseTensor, SparseTensorSpec
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.core.varints import bytes_field, varint
from rillet.ops.parsing.messages import Damaged, fields, varints
from rillet.ops.registry import Op, define
from rillet.ops.sparse.places import check_parts, sparse, sparse_specs
from rillet.ops.string_rules import filled

Array = np.ndarray[Any, Any]
_DTYPE, _SHAPE, _CONTENT, _TEXT, _HALF = 1, 2, 4, 8, 13
#: The fields that hold numbers one by one, with their form in the bytes.
_FLOATS = {5: "<f4", 6: "<f8", 9: "<f4", 12: "<f8"}
_WHOLES = (7, 10, 11, _HALF, 16, 17)
_VARINT, _LENGTH = 0, 2


def stored(array: Array, kind: DType) -> bytes:
    """An array as a message."""
    dims = b"".join(
        bytes_field(2, b"\x08" + varint(size) if size else b"") for size in array.shape
    )
    head = b"\x08" + varint(kind.as_datatype_enum) + bytes_field(_SHAPE, dims)
    if kind is string:
        texts = array.reshape(-1).tolist()
        return head + b"".join(bytes_field(_TEXT, text) for text in texts)
    little = array.dtype.newbyteorder("<") if array.dtype.kind != "V" else array.dtype
    content = np.ascontiguousarray(array, little).tobytes()
    return head + (bytes_field(_CONTENT, content) if content else b"")


def restored(data: bytes) -> tuple[DType, Array]:
    """The type and the array of a message.

    Raises:
        Damaged: where the bytes are none.
    """
    number, dims, texts = 0, [], []
    content: list[bytes] = []
    numbers: list[Array] = []
    for field, wire, at, stop in fields(data, (0, len(data))):
        if field == _DTYPE and wire == _VARINT:
            number = int(varints(data, at, stop)[0])
        elif field == _SHAPE and wire == _LENGTH:
            dims = _dims(data, (at, stop))
        elif field == _CONTENT and wire == _LENGTH:
            content = [data[at:stop]]
        elif field == _TEXT and wire == _LENGTH:
            texts.append(data[at:stop])
        elif field in _FLOATS and wire != _VARINT:
            form = np.dtype(_FLOATS[field])
            if (stop - at) % form.itemsize:
                raise Damaged("numbers are cut off")
            numbers.append(np.frombuffer(data, form, (stop - at) // form.itemsize, at))
        elif field in _WHOLES and wire in (_VARINT, _LENGTH):
            numbers.append(varints(data, at, stop))
    try:
        kind = as_dtype(number)
    except TypeError:
        raise Damaged(f"the type {number} is unknown") from None
    return kind, _array(kind, dims, content, texts, numbers)


def _dims(data: bytes, span: tuple[int, int]) -> list[int]:
    out = []
    for field, wire, at, stop in fields(data, span):
        if field != 2 or wire != _LENGTH:
            continue
        size = 0
        for inner, form, begin, end in fields(data, (at, stop)):
            if inner == 1 and form == _VARINT:
                size = int(varints(data, begin, end)[0])
        out.append(size)
    if any(d < 0 for d in out) or len(out) > 254 or math.prod(out) >= 1 << 62:
        raise Damaged(f"the shape is impossible, {out[:8]}")
    return out


def _array(
    kind: DType,
    dims: list[int],
    content: list[bytes],
    texts: list[bytes],
    numbers: list[Array],
) -> Array:
    count = math.prod(dims)
    form = kind.numpy_dtype
    if kind is string:
        if len(texts) != count:
            raise Damaged(f"{len(texts)} texts do not fit the shape {dims}")
        return filled(texts, tuple(dims))
    if not kind.is_numpy_compatible:
        raise Damaged(f"values of type {kind.name} cannot be read")
    if content:
        if len(content[0]) != count * form.itemsize:
            raise Damaged(f"{len(content[0])} bytes do not fit the shape {dims}")
        return np.frombuffer(content[0], form).reshape(dims).copy()
    held = np.concatenate(numbers) if numbers else np.zeros(0, form)
    if kind.name in ("float16", "bfloat16"):
        held = (held.astype(np.int64) & 0xFFFF).astype(np.uint16).view(form)
    elif kind.is_complex:
        held = held[: len(held) // 2 * 2].astype(form.type(0).real.dtype).view(form)
    held = held.astype(form)
    if len(held) > count or count > max(len(held), 1) << 20:
        raise Damaged(f"{len(held)} numbers do not fit the shape {dims}")
    out = np.zeros(count, form)
    out[: len(held)] = held
    if 0 < len(held) < count:
        out[len(held) :] = held[-1]  # the last number stands for all that follow
    return out.reshape(dims)


def _serialize(x: Array, kind: DType) -> bytes:
    return stored(x, kind)


def _parse(x: Array, out_type: DType) -> Array:
    op = "io.parse_tensor"
    if x.ndim:
        raise InvalidArgumentError(
            house_message(
                op,
                "Expected `serialized` to be a scalar",
                f"got shape: {list(x.shape)}",
            )
        )
    try:
        kind, found = restored(bytes(x[()]))
    except Damaged as error:
        raise InvalidArgumentError(
            house_message(op, "Could not parse `serialized` as TensorProto", str(error))
        ) from None
    if kind is not out_type:
        raise InvalidArgumentError(
            house_message(
                op,
                f"Type mismatch between parsed tensor ({kind.name}) and dtype"
                f" ({out_type.name})",
                fix=f"Give out_type=tf.{kind.name}",
            )
        )
    return found


serialize_op: Op = define(
    "SerializeTensor",
    types=(ANY,),
    kernel=_serialize,
    infer=lambda x, kind: Spec((), string),
    attrs={"kind": string},
    quiet=False,
)
parse_op: Op = define(
    "ParseTensor",
    types=(STRING,),
    kernel=_parse,
    infer=lambda x, out_type: Spec(None, out_type),
    attrs={"out_type": string},
    quiet=False,
)


def serialize_tensor(tensor: Any, name: str | None = None) -> Tensor:
    """A tensor as bytes that TensorFlow reads too.

    Args:
        tensor: any tensor.
        name: ignored when eager.

    Returns:
        A scalar string.

    Example:
        >>> import rillet as tf
        >>> data = tf.io.serialize_tensor([1, 2])
        >>> tf.io.parse_tensor(data, tf.int32).numpy().tolist()
        [1, 2]
    """
    x = to_tensor(tensor)
    found: Tensor = serialize_op.run(x, kind=x.dtype)
    return found


def parse_tensor(serialized: Any, out_type: Any, name: str | None = None) -> Tensor:
    """The tensor that `serialize_tensor` made bytes of.

    Args:
        serialized: a scalar string.
        out_type: the tensor's type.
        name: ignored when eager.

    Returns:
        The tensor.

    Raises:
        InvalidArgumentError: where the bytes are no tensor, or one of another type.
    """
    text = to_tensor(serialized, None if hasattr(serialized, "dtype") else string)
    found: Tensor = parse_op.run(text, out_type=as_dtype(out_type))
    return found


# Sparse tensors


def _three(indices: Array, values: Array, shape: Array, kind: DType) -> Array:
    pairs = (indices, int64), (values, kind), (shape, int64)
    return filled([stored(x, k) for x, k in pairs], (3,))


def _serialize_many(indices: Array, values: Array, shape: Array, kind: DType) -> Array:
    check_parts("io.serialize_many_sparse", indices, values, shape)
    if len(shape) < 2:
        raise InvalidArgumentError(
            house_message(
                "io.serialize_many_sparse",
                "Rank of input SparseTensor should be > 1",
                f"its rank is {len(shape)}",
            )
        )
    order = np.argsort(indices[:, 0], kind="stable")
    ends = np.searchsorted(indices[order, 0], np.arange(shape[0] + 1))
    rows: list[bytes] = []
    for begin, end in zip(ends[:-1], ends[1:], strict=True):
        part = order[begin:end]
        rows += _three(indices[part, 1:], values[part], shape[1:], kind).tolist()
    return filled(rows, (int(shape[0]), 3))


def _deserialize_many(x: Array, dtype: DType) -> tuple[Array, Array, Array]:
    op = "io.deserialize_many_sparse"
    if x.ndim != 2 or x.shape[1] != 3:
        raise InvalidArgumentError(
            house_message(
                op,
                "Serialized sparse should have 3 columns",
                f"its shape is {list(x.shape)}",
            )
        )
    if not len(x):
        raise InvalidArgumentError(
            house_message(op, "Must have at least 1 serialized SparseTensor")
        )
    places: list[Array] = []
    held: list[Array] = []
    shapes: list[Array] = []
    for number, row in enumerate(x.tolist()):
        try:
            parts = [restored(text) for text in row]
        except Damaged as error:
            raise _refused(op, number, str(error)) from None
        (pk, place), (vk, values), (sk, shape) = parts
        if vk is not dtype:
            raise InvalidArgumentError(
                house_message(
                    op,
                    f"Requested SparseTensor of type {dtype.name} but"
                    f" SparseTensor[{number}].values.dtype() == {vk.name}",
                )
            )
        fits = place.ndim == 2 and place.shape[1:] == shape.shape
        if pk is not int64 or sk is not int64 or not fits or (shape < 0).any():
            raise _refused(op, number, "places and shape do not fit")
        if values.shape != place.shape[:1] or (
            shapes and shapes[0].shape != shape.shape
        ):
            raise _refused(op, number, "its rank or number of values is another")
        places.append(np.insert(place, 0, number, axis=1))
        held.append(values)
        shapes.append(shape)
    whole = np.concatenate([[len(x)], np.max(shapes, axis=0)]).astype(np.int64)
    return np.concatenate(places), np.concatenate(held), whole


def _refused(op: str, number: int, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        house_message(op, f"SparseTensor[{number}] cannot be read: {why}")
    )


serialize_sparse_op: Op = define(
    "SerializeSparse",
    types=(INDEX, ANY, INDEX),
    kernel=_three,
    infer=lambda indices, values, shape, kind: Spec((3,), string),
    attrs={"kind": string},
    quiet=False,
)
serialize_many_op: Op = define(
    "SerializeManySparse",
    types=(INDEX, ANY, INDEX),
    kernel=_serialize_many,
    infer=lambda indices, values, shape, kind: Spec((None, 3), string),
    attrs={"kind": string},
    quiet=False,
)
deserialize_many_op: Op = define(
    "DeserializeManySparse",
    types=(STRING,),
    kernel=_deserialize_many,
    infer=lambda x, dtype: sparse_specs(None, dtype),
    attrs={"dtype": string},
    outputs=3,
    quiet=False,
)


def serialize_sparse(
    sp_input: Any, out_type: Any = string, name: str | None = None
) -> Tensor:
    """A sparse tensor as three strings: places, values, shape.

    Args:
        sp_input: a sparse tensor.
        out_type: `tf.string`.
        name: ignored when eager.

    Returns:
        Strings ``(3,)``.

    Raises:
        TypeError: where `sp_input` is not sparse.
        ValueError: where `out_type` is something else.
    """
    op = "io.serialize_sparse"
    return _as_texts(op, serialize_sparse_op, sp_input, out_type)


def serialize_many_sparse(
    sp_input: Any, out_type: Any = string, name: str | None = None
) -> Tensor:
    """The rows of a sparse tensor, each as three strings; see `serialize_sparse`.

    Args:
        sp_input: a sparse tensor of rank 2 or more.
        out_type: `tf.string`.
        name: ignored when eager.

    Returns:
        Strings ``(rows, 3)``.

    Raises:
        TypeError: where `sp_input` is not sparse.
        InvalidArgumentError: where it has no rows.
    """
    op = "io.serialize_many_sparse"
    return _as_texts(op, serialize_many_op, sp_input, out_type)


def _as_texts(op: str, record: Op, sp_input: Any, out_type: Any) -> Tensor:
    if as_dtype(out_type) is not string:
        raise ValueError(
            house_message(op, "out_type must be tf.string", f"got {out_type!r}")
        )
    x = sparse(op, sp_input)
    found: Tensor = record.run(x.indices, x.values, x.dense_shape, kind=x.dtype)
    return found


def deserialize_many_sparse(
    serialized_sparse: Any, dtype: Any, rank: int | None = None, name: str | None = None
) -> SparseTensor:
    """Sparse tensors of strings, joined along a new first axis.

    Args:
        serialized_sparse: strings ``(rows, 3)``.
        dtype: the type of the values.
        rank: the rank of one of them, where it is known.
        name: ignored when eager.

    Returns:
        A sparse tensor of one more rank; each size is the largest.

    Raises:
        InvalidArgumentError: where the strings are no sparse tensors of that type.

    Example:
        >>> import rillet as tf
        >>> x = tf.SparseTensor([[0, 2], [1, 0]], [1, 2], [2, 3])
        >>> rows = tf.io.serialize_many_sparse(x)
        >>> tf.io.deserialize_many_sparse(rows, tf.int32).indices.numpy().tolist()
        [[0, 2], [1, 0]]
    """
    texts = to_tensor(serialized_sparse)
    kind = as_dtype(dtype)
    parts = deserialize_many_op.run(texts, dtype=kind)
    dims = None if rank is None else [None] * (rank + 1)
    found = SparseTensorSpec(TensorShape(dims), kind)._from_tensors(list(parts))
    return found
