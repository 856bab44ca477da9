"""Parsing: what is refused, hostile bytes, functions and datasets.

The numbers stand in the op cases, golden from TensorFlow.
"""

from __future__ import annotations

import os
import random
from typing import Any

import numpy as np
import pytest
from cases import parsing

import rillet as tf

io = tf.io
WANTED = {
    "x": io.FixedLenFeature([2], tf.float32),
    "n": io.VarLenFeature(tf.int64),
    "s": io.RaggedFeature(tf.string),
}
STEPS = {
    "t": io.FixedLenSequenceFeature([], tf.int64, allow_missing=True),
    "u": io.RaggedFeature(tf.float32),
}
GOOD = parsing.example(tf, x=[1.0, 2.0], n=[3, -1, 300], s=["p", "q"])
SEQUENCE = parsing.sequence(
    tf, {"n": [3], "s": ["a"], "x": [1.0, 2.0]}, t=[[1], [-2]], u=[[1.0], [2.0, 3.0]]
)


def single(**wanted: Any) -> Any:
    return io.parse_single_example(GOOD, wanted)


REFUSED: dict[str, tuple[Any, str, str]] = {
    "missing": (
        lambda: single(m=io.FixedLenFeature([], tf.int64)),
        "InvalidArgumentError",
        "Feature: m .data type: int64. is required but could not be found",
    ),
    "type": (
        lambda: single(x=io.VarLenFeature(tf.int64)),
        "InvalidArgumentError",
        "Key: x.*Expected type: int64, Actual type: float",
    ),
    "number": (
        lambda: single(n=io.FixedLenFeature([2], tf.int64)),
        "InvalidArgumentError",
        "Values size: 3 but output shape",
    ),
    "stride": (
        lambda: single(n=io.FixedLenSequenceFeature([2], tf.int64, True)),
        "InvalidArgumentError",
        "not a multiple of stride",
    ),
    "kind": (
        lambda: single(x=io.FixedLenFeature([2], tf.float64)),
        "InvalidArgumentError",
        "float64, is not in the list",
    ),
    "shape": (
        lambda: single(x=io.FixedLenFeature([None], tf.float32)),
        "ValueError",
        "First dimension of shape for feature x unknown",
    ),
    "nothing": (lambda: single(), "ValueError", "cannot be None or falsy"),
    "feature": (lambda: single(x=3), "ValueError", "Unsupported int 3 for key 'x'"),
    "scalar": (
        lambda: io.parse_single_example([GOOD], WANTED),
        "ValueError",
        "must be a scalar",
    ),
    "junk": (
        lambda: io.parse_example([b"\xff"], WANTED),
        "InvalidArgumentError",
        "Could not parse example input, value",
    ),
    "sequence": (
        lambda: io.parse_single_sequence_example(
            SEQUENCE, None, {"q": io.FixedLenSequenceFeature([], tf.int64)}
        ),
        "InvalidArgumentError",
        "Feature list 'q' is required",
    ),
    "tensor": (
        lambda: io.parse_tensor(io.serialize_tensor([1]), tf.float32),
        "InvalidArgumentError",
        "Type mismatch between parsed tensor",
    ),
    "partition": (
        lambda: single(
            r=io.RaggedFeature(
                tf.string, "s", [io.RaggedFeature.RowLengths("n")], tf.int64
            )
        ),
        "InvalidArgumentError",
        "does not cut an example's 2 values",
    ),
    "csv": (
        lambda: io.decode_csv("1,x", [0, 0]),
        "InvalidArgumentError",
        "Field 1 in record 0 is not a valid int32: x",
    ),
    "fields": (
        lambda: io.decode_csv("1", [0, 0]),
        "InvalidArgumentError",
        "Expect 2 fields but have 1 in record 0",
    ),
    "quote": (
        lambda: io.decode_csv('"a"b', [""]),
        "InvalidArgumentError",
        "Quote inside a string has to be escaped",
    ),
    "raw": (
        lambda: io.decode_raw("abc", tf.int16),
        "InvalidArgumentError",
        "not a multiple of 2",
    ),
    "zlib": (
        lambda: io.decode_compressed("abc", "ZLIB"),
        "DataLossError",
        "incorrect header",
    ),
    "base64": (
        lambda: io.decode_base64("+/"),
        "InvalidArgumentError",
        "Invalid character found in base64",
    ),
    "json": (
        lambda: io.decode_json_example('{"x": 1}'),
        "InvalidArgumentError",
        "no such field: 'x'",
    ),
}


@pytest.mark.parametrize("row", REFUSED)
def test_refused(row: str) -> None:
    call, kind, text = REFUSED[row]
    with pytest.raises(Exception, match=text) as caught:
        call()
    assert type(caught.value).__name__ == kind


def test_shows_what_was_asked() -> None:
    assert repr(io.FixedLenFeature([2], tf.float32)) == (
        "FixedLenFeature(shape=[2], dtype=tf.float32, default_value=None)"
    )
    assert repr(io.RaggedFeature(tf.int64)) == (
        "RaggedFeature(dtype=tf.int64, value_key=None, partitions=(),"
        " row_splits_dtype=tf.int32, validate=False)"
    )
    assert repr(io.RaggedFeature.RowLengths("l")) == "RowLengths(key='l')"


@pytest.mark.parametrize("compiled", [None, False])
def test_parses_in_a_function(compiled: bool | None) -> None:
    @tf.function(jit_compile=compiled)
    def parsed(data: Any) -> Any:
        found = io.parse_example(data, WANTED)
        assert found["x"].shape.as_list() == [None, 2]
        assert found["n"].shape.as_list() == [None, None]
        return found["x"] * 2.0, tf.sparse.to_dense(found["n"]), found["s"]

    spec = tf.TensorSpec([None], tf.string)
    x, n, s = parsed.get_concrete_function(spec)(tf.constant([GOOD, GOOD]))
    assert x.numpy().tolist() == [[2, 4], [2, 4]]
    assert n.numpy().tolist() == [[3, -1, 300]] * 2
    assert s.to_list() == [[b"p", b"q"]] * 2


def test_maps_records() -> None:
    wanted = {"x": WANTED["x"]}
    data = tf.data.Dataset.from_tensors(GOOD).repeat(4)
    found = data.map(lambda r: io.parse_single_example(r, wanted)).batch(2)
    assert found.element_spec == {"x": tf.TensorSpec([None, 2], tf.float32)}
    assert [e["x"].numpy().tolist() for e in found] == [[[1, 2], [1, 2]]] * 2
    batches = data.batch(3).map(lambda r: io.parse_example(r, wanted)["x"])
    assert [len(x) for x in batches] == [3, 1]


def damaged(data: bytes, seed: int) -> bytes:
    """Bytes changed, cut out, doubled or put in at random."""
    draw = random.Random(seed)
    out = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(out) + 1)
        kind = draw.randrange(4)
        if kind == 0 and at < len(out):
            out[at] = draw.choice((0, 1, 8, 10, 127, 128, 255, draw.randrange(256)))
        elif kind == 1:
            del out[at : at + draw.randint(1, 8)]
        elif kind == 2:
            out[at:at] = out[at : at + draw.randint(1, 8)]
        else:
            out[at:at] = draw.randbytes(draw.randint(1, 6))
        out = out or bytearray(b"\n")
    return bytes(out)


def test_hostile_bytes_are_refused_or_read() -> None:
    """Nothing but rillet's own error comes of damaged records."""
    context = {k: WANTED[k] for k in ("x", "s")}
    tensor = io.serialize_tensor(np.arange(6.0).reshape(2, 3)).numpy()
    rows = io.serialize_sparse(tf.sparse.from_dense([[1, 0], [0, 2]])).numpy()
    count = int(os.environ.get("RILLET_FUZZ", 2000))
    refused = 0
    for seed in range(count):
        try:
            which = seed % 4
            if which == 0:
                io.parse_example([damaged(GOOD, seed)], WANTED)
            elif which == 1:
                io.parse_single_sequence_example(
                    damaged(SEQUENCE, seed), context, STEPS
                )
            elif which == 2:
                io.parse_tensor(damaged(tensor, seed), tf.float64)
            else:
                bad = [
                    damaged(text, seed) if i == seed % 3 else text
                    for i, text in enumerate(rows)
                ]
                io.deserialize_many_sparse([bad], tf.int32)
        except tf.errors.InvalidArgumentError:
            refused += 1
    assert count // 4 < refused < count


def test_impossible_sizes_take_no_memory() -> None:
    kind, size = b"\x08\x01", b"\x12\x0a\x12\x08\x08" + b"\xff" * 6 + b"\x3f"
    with pytest.raises(tf.errors.InvalidArgumentError, match="TensorProto"):
        io.parse_tensor(kind + size + b"\x2d\x00\x00\x80\x3f", tf.float32)


def test_json_of_all_kinds() -> None:
    text = (
        '{"features": {"feature": {"a": {"int64_list": {"value": [1, "-2"]}},'
        ' "b": {"bytesList": {"value": ["aGk="]}},'
        ' "c": {"floatList": {"value": [1.5, "NaN", 2]}}, "d": {}}}}'
    )
    found = tf.train.Example.FromString(io.decode_json_example(text).numpy())
    table = found.features.feature
    assert list(table["a"].int64_list.value) == [1, -2]
    assert list(table["b"].bytes_list.value) == [b"hi"]
    np.testing.assert_array_equal(table["c"].float_list.value, [1.5, np.nan, 2])


@pytest.mark.parametrize(
    "value",
    [
        1.5,
        [["a", "bc"]],
        [True, False],
        np.zeros((0, 3), np.float32),
        np.array([1 + 2j]),
        np.array([-1, 7], np.int8),
        np.array([1.5], np.float16),
    ],
    ids=lambda v: str(np.asarray(v).dtype),
)
def test_stored_tensors_come_back(value: Any) -> None:
    x = tf.constant(value)
    again = io.parse_tensor(io.serialize_tensor(x), x.dtype)
    assert again.dtype is x.dtype
    np.testing.assert_array_equal(again.numpy(), x.numpy())


def test_numbers_one_by_one_are_read() -> None:
    """TensorProto's other form: values in fields, the last of which stands for more."""
    two = b"\x08\x03\x12\x04\x12\x02\x08\x03\x3a\x02\x05\x07"
    assert io.parse_tensor(two, tf.int32).numpy().tolist() == [5, 7, 7]
