"""`tf.train.Example` and its parts: what the records of TFRecord files often hold.

Lists of bytes, floats and integers by name, as protocol buffers of TensorFlow's.
"""

from __future__ import annotations

from rillet.checkpoint.wire import Field, Schema
from rillet.data.protocol import Message


class BytesList(Message):
    """A list of bytes: `value`."""

    _schema = Schema("BytesList", Field(1, "value", "bytes", True))


class FloatList(Message):
    """A list of float32 numbers: `value`."""

    _schema = Schema("FloatList", Field(1, "value", "float", True))


class Int64List(Message):
    """A list of integers: `value`."""

    _schema = Schema("Int64List", Field(1, "value", "int", True))


class Feature(Message):
    """One of `bytes_list`, `float_list` and `int64_list`."""

    _schema = Schema(
        "Feature",
        Field(1, "bytes_list", BytesList._schema),
        Field(2, "float_list", FloatList._schema),
        Field(3, "int64_list", Int64List._schema),
    )
    _kinds = {"bytes_list": BytesList, "float_list": FloatList, "int64_list": Int64List}
    _one_of = ("bytes_list", "float_list", "int64_list")


def _entry(name: str, value: Schema) -> Schema:
    return Schema(name, Field(1, "key", "string"), Field(2, "value", value))


class Features(Message):
    """Features by name: `feature`."""

    _schema = Schema(
        "Features", Field(1, "feature", _entry("FeatureEntry", Feature._schema), True)
    )
    _kinds = {"feature": Feature}
    _maps = frozenset({"feature"})


class Example(Message):
    """One example: its `features`.

    Example:
        >>> import rillet as tf
        >>> numbers = tf.train.Int64List(value=[1, 2])
        >>> features = {"n": tf.train.Feature(int64_list=numbers)}
        >>> example = tf.train.Example(features=tf.train.Features(feature=features))
        >>> data = example.SerializeToString()
        >>> again = tf.train.Example.FromString(data)
        >>> again.features.feature["n"].int64_list.value
        [1, 2]
    """

    _schema = Schema("Example", Field(1, "features", Features._schema))
    _kinds = {"features": Features}


class FeatureList(Message):
    """Features of a sequence's steps: `feature`."""

    _schema = Schema("FeatureList", Field(1, "feature", Feature._schema, True))
    _kinds = {"feature": Feature}


class FeatureLists(Message):
    """Lists of features by name: `feature_list`."""

    _schema = Schema(
        "FeatureLists",
        Field(1, "feature_list", _entry("ListEntry", FeatureList._schema), True),
    )
    _kinds = {"feature_list": FeatureList}
    _maps = frozenset({"feature_list"})


class SequenceExample(Message):
    """A sequence: its `context`, and `feature_lists` with a feature a step."""

    _schema = Schema(
        "SequenceExample",
        Field(1, "context", Features._schema),
        Field(2, "feature_lists", FeatureLists._schema),
    )
    _kinds = {"context": Features, "feature_lists": FeatureLists}
