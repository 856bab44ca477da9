"""`tf.train.Example` and its kin: bytes and texts as real TensorFlow 2.21 has them."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rillet as tf
from rillet.data.protocol import DecodeError

T = tf.train


def floats(*values):
    return T.Feature(float_list=T.FloatList(value=values))


def ints(*values):
    return T.Feature(int64_list=T.Int64List(value=values))


def example():
    texts = T.Feature(
        bytes_list=T.BytesList(value=[b"x\x00\xff'\"\n", np.bytes_(b"q")])
    )
    numbers = floats(1, 0.1, 1e20, float("nan"), -2.5, 1e-7, 123456789.0)
    features = {"b": texts, "a": numbers, "i": ints(1, -2), "e": ints()}
    return T.Example(features=T.Features(feature=features))


# Serialized by TensorFlow 2.21 with deterministic=True.
BYTES = bytes.fromhex(
    "0a5a0a250a01611220121e0a1c0000803fcdcccc3dec78ad600000c07f000020c095bfd633a379eb4c"
    "0a120a0162120d0a0b0a067800ff27220a0a01710a070a016512021a000a140a0169120f1a0d0a0b01"
    "feffffffffffffffff01"
)
SEQUENCE = bytes.fromhex(
    "0a0c0a0a0a016e12051a030a0102121a0a180a017712130a051a030a01010a000a0812060a04000040"
    "40"
)


def test_bytes_are_tensorflows():
    assert example().SerializeToString() == BYTES
    assert T.Example.FromString(BYTES).SerializeToString() == BYTES
    assert example().ByteSize() == len(BYTES)


def test_sequences():
    lists = {"w": T.FeatureList(feature=[ints(1), T.Feature()])}
    made = T.SequenceExample(
        context=T.Features(feature={"n": ints(2)}),
        feature_lists=T.FeatureLists(feature_list=lists),
    )
    made.feature_lists.feature_list["w"].feature.add().float_list.value.append(3.0)
    assert made.SerializeToString() == SEQUENCE
    again = T.SequenceExample.FromString(SEQUENCE)
    assert len(again.feature_lists.feature_list["w"].feature) == 3
    assert again == made


def test_reading():
    found = T.Example.FromString(BYTES).features.feature
    assert sorted(found) == ["a", "b", "e", "i"]
    assert found["a"].float_list.value[1] == float(np.float32(0.1))
    assert found["i"].int64_list.value == [1, -2]
    assert found["b"].bytes_list.value[1] == b"q"
    assert found["i"].WhichOneof("kind") == "int64_list"
    assert found["e"].HasField("int64_list") and not found["e"].HasField("float_list")
    assert "new" not in found and found.get("new") is None
    assert T.Feature().WhichOneof("kind") is None


def test_changing():
    made = example()
    feature = made.features.feature["i"]
    feature.float_list.value.append(2)
    assert feature.WhichOneof("kind") == "float_list"
    made.features.feature["new"].bytes_list.value.extend([b"1", b"2"])
    assert len(made.features.feature) == 5
    feature.CopyFrom(ints(9))
    assert made.features.feature["i"].int64_list.value == [9]
    del made.features.feature["i"]
    assert "i" not in made.features.feature
    made.Clear()
    assert made.SerializeToString() == b"" and made == T.Example()


def test_reading_sets_nothing():
    made = T.Feature()
    assert made.int64_list.value == []
    assert made.SerializeToString() == b"" and not made.HasField("int64_list")


def test_parts_are_copies_that_read_when_looked_into():
    numbers = ints(1)
    features = T.Features(feature={"a": numbers, "": T.Feature()})
    made = T.Example(features=features)
    numbers.int64_list.value.append(2)
    features.feature["a"].int64_list.value.append(3)
    # serialized by TensorFlow 2.21 with deterministic=True
    wanted = bytes.fromhex("0a120a0a0a016112051a030a01010a040a001200")
    assert T.Example.FromString(wanted) == made
    assert len(made.SerializeToString()) == len(wanted)
    made = T.Example(features=made.features)
    inner = made.features.feature["a"].int64_list
    inner.value.append(7)  # changes the whole, through copies that were bytes
    assert T.Example.FromString(made.SerializeToString()).features.feature[
        "a"
    ].int64_list.value == [1, 7]
    assert features.feature["a"].int64_list.value == [1, 3]


def test_looking_into_a_part_that_was_taken_out_sets_nothing():
    made = example()
    held = T.Example(features=made.features)
    part = held.features
    held.Clear()
    assert len(part.feature) == 4
    assert not held.HasField("features") and held.SerializeToString() == b""
    part.feature["new"].int64_list.value.append(1)
    lone = T.Feature(int64_list=T.Int64List())
    assert lone.HasField("int64_list") and lone.int64_list.value == []
    lone.int64_list.value.append(5)
    assert lone == ints(5)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([1e40, -1e40, True, 0.1], [np.inf, -np.inf, 1.0, float(np.float32(0.1))]),
        (np.float64([1e40, 0.1]), [np.inf, float(np.float32(0.1))]),
        (np.arange(3, dtype=np.uint8), [0.0, 1.0, 2.0]),
        ((np.float16(0.1), np.int8(3)), [float(np.float16(0.1)), 3.0]),
        (iter([1, 2]), [1.0, 2.0]),
        ([10**300], [np.inf]),
    ],
)
def test_floats_are_kept_as_float32(given, kept):
    made = T.FloatList(value=given)
    assert made.value == kept
    assert T.FloatList.FromString(made.SerializeToString()).value == kept


def test_whole_numbers_of_any_type():
    values = [True, np.bool_(True), np.int16(-3), np.uint64(7), -(1 << 63)]
    assert T.Int64List(value=values).value == [1, 1, -3, 7, -(1 << 63)]
    assert T.Int64List(value=np.array([5, 6])).value == [5, 6]
    for wrong in (np.array([1.5]), np.uint64([1 << 63]), [0, "1"]):
        with pytest.raises((TypeError, ValueError)):
            T.Int64List(value=wrong)


TEXT = """\
float_list {
  value: 1
  value: 0.1
  value: 1e+20
  value: nan
  value: -2.5
  value: 1e-07
  value: 123456792
}
"""


def test_text():
    made = example()
    assert str(made.features.feature["a"]) == TEXT
    assert 'value: "x\\000\\377\\\'\\"\\n"' in str(made)
    assert 'key: "e"\n    value {\n      int64_list {\n      }' in str(made)


def test_copies():
    made = T.Features(feature={"a": ints(1)})
    for twin in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert twin == made
        twin.feature["a"].int64_list.value.append(2)
        assert twin != made


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: T.BytesList(value=["s"]), TypeError, "expected bytes, str found"),
        (lambda: T.BytesList(value=b"ab"), TypeError, "expected bytes, int found"),
        (
            lambda: T.Int64List(value=[1.5]),
            TypeError,
            "cannot be interpreted as an int",
        ),
        (lambda: T.Int64List(value=[1 << 63]), ValueError, "Value out of range"),
        (lambda: T.Int64List(value=5), TypeError, "must assign iterable"),
        (lambda: T.FloatList(value=["a"]), TypeError, "must be real number, not str"),
        (
            lambda: T.FloatList(value=np.ones([1, 2])),
            TypeError,
            "expected one of: float",
        ),
        (lambda: T.Example(nope=1), ValueError, 'has no "nope" field'),
        (
            lambda: T.Example.FromString(b"\xff\xff"),
            DecodeError,
            "Error parsing message",
        ),
        (lambda: T.Example().nope, AttributeError, "has no field nope"),
    ],
)
def test_refusals(make, error, words):
    with pytest.raises(error, match=words):
        make()


def test_records(tmp_path):
    path = str(tmp_path / "x.tfrecord")
    records = [example().SerializeToString(), SEQUENCE]
    dataset = tf.data.Dataset.from_tensor_slices(records)
    from rillet.data.tfrecord import RecordFile

    with RecordFile(path) as file:
        for record in records:
            file.write(record)
    for record, source in zip(tf.data.TFRecordDataset(path), dataset, strict=True):
        assert record.numpy() == source.numpy()


def test_takes_truth_as_a_number() -> None:
    """As the message classes of TensorFlow up to 2.15 do, whose guide passes True."""
    made = T.Int64List(value=[True, np.False_, 2])
    assert list(made.value) == [1, 0, 2]
    assert made.SerializeToString() == b"\n\x03\x01\x00\x02"
