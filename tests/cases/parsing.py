"""Rows of `ops.parsing`: a row makes its records by `tf.train`, and parses them."""

import numpy as np

from cases import Case, floats

LINES = np.array(['1,2.5,"a,""b"""', "-7,,x"])
WORDS = np.array(["abcd", "efgh"])


def feature(tf, value):
    """A list of texts, floats or whole numbers as a feature."""
    if value and isinstance(value[0], str):
        held = tf.train.BytesList(value=[text.encode() for text in value])
        return tf.train.Feature(bytes_list=held)
    if value and isinstance(value[0], float):
        return tf.train.Feature(float_list=tf.train.FloatList(value=value))
    return tf.train.Feature(int64_list=tf.train.Int64List(value=value))


def features(tf, **held):
    """Features by name."""
    return tf.train.Features(feature={k: feature(tf, v) for k, v in held.items()})


def example(tf, **held):
    """An example's bytes."""
    return tf.train.Example(features=features(tf, **held)).SerializeToString()


def sequence(tf, context, **lists):
    """A sequence's bytes."""
    steps = {
        name: tf.train.FeatureList(feature=[feature(tf, v) for v in held])
        for name, held in lists.items()
    }
    whole = tf.train.SequenceExample(
        context=features(tf, **context),
        feature_lists=tf.train.FeatureLists(feature_list=steps),
    )
    return whole.SerializeToString()


def flat(tf, value):
    """A nest of dense, sparse and ragged tensors, opened."""
    if isinstance(value, dict):
        return [flat(tf, value[key]) for key in sorted(value)]
    if isinstance(value, tuple):
        return [flat(tf, part) for part in value]
    return tf.nest.flatten(value, expand_composites=True)


def pair(tf):
    """Two examples."""
    a = example(tf, x=[1.0, 2.0], n=[3], s=["p", "q"], big=[-1, 1 << 62, 300], q=[8])
    return [a, example(tf, x=[3.0, 4.0], n=[4, 5, 6], big=[])]


def many(tf, *_):
    """Features of all kinds of a batch."""
    io = tf.io
    wanted = {
        "x": io.FixedLenFeature([2], tf.float32),
        "n": io.VarLenFeature(tf.int64),
        "s": io.VarLenFeature(tf.string),
        "big": io.FixedLenSequenceFeature([], tf.int64, True, default_value=-9),
        "no": io.FixedLenFeature([1, 2], tf.string, default_value=[["a", "b"]]),
        "r": io.RaggedFeature(tf.int64, value_key="q"),
    }
    return flat(tf, io.parse_example(pair(tf), wanted))


def one(tf, *_):
    """Features of all kinds of one example."""
    io = tf.io
    wanted = {
        "x": io.FixedLenFeature([2, 1], tf.float32),
        "n": io.RaggedFeature(tf.int64),
        "s": io.VarLenFeature(tf.string),
        "big": io.FixedLenSequenceFeature([1], tf.int64, True),
    }
    return flat(tf, io.parse_single_example(pair(tf)[0], wanted))


def cut(tf, *_):
    """Ragged features with partitions, and a sparse one."""
    io, ragged = tf.io, tf.io.RaggedFeature
    held = dict(v=[1.0, 2.0, 3.0, 4.0], l=[1, 3], i=[7, 5, 2, 0], sp=[0, 1, 3, 4])
    held["w"] = held["v"]
    data = example(tf, **held, rid=[0, 0, 2, 2], lim=[1, 4], st=[0, 3])
    parts = {
        "lengths": [ragged.RowLengths("l")],
        "splits": [ragged.RowSplits("sp")],
        "ids": [ragged.ValueRowIds("rid")],
        "limits": [ragged.RowLimits("lim")],
        "starts": [ragged.RowStarts("st")],
        "two": [ragged.UniformRowLength(2), ragged.RowLengths("l")],
    }
    wanted = {k: ragged(tf.float32, "v", parts[k]) for k in parts}
    wanted["f"] = io.SparseFeature("i", "w", tf.float32, 10)
    return flat(tf, io.parse_example([data, data], wanted))


def steps(tf, *_):
    """Sequences in a batch."""
    io = tf.io
    context = {
        "n": io.FixedLenFeature([], tf.int64),
        "w": io.VarLenFeature(tf.string),
    }
    lists = {
        "t": io.FixedLenSequenceFeature([], tf.int64),
        "u": io.VarLenFeature(tf.float32),
        "no": io.FixedLenSequenceFeature([2], tf.string, allow_missing=True),
    }
    a = sequence(tf, {"n": [3], "w": ["a"]}, t=[[1], [2]], u=[[1.0], [2.0, 3.0]])
    b = sequence(tf, {"n": [4]}, t=[[5]], u=[])
    return flat(tf, io.parse_sequence_example([a, b], context, lists))


def single_steps(tf, *_):
    """One sequence."""
    data = sequence(tf, {"n": [3]}, t=[[1], [2]], u=[[1.0], [2.0, 3.0]])
    lists = {
        "t": tf.io.FixedLenSequenceFeature([], tf.int64),
        "u": tf.io.RaggedFeature(tf.float32),
    }
    return flat(tf, tf.io.parse_single_sequence_example(data, None, lists))


def stored(tf, x):
    """A sparse tensor of one, as texts."""
    return tf.SparseTensor([[0, 1], [0, 3], [1, 2], [3, 0]], x, [4, 4])


def case(op, call, *inputs, **more):
    """A row without gradients."""
    return Case(op, call, inputs, **{"order": 0, "grad": (), **more})


JSON = np.array(
    ['{"features":{"feature":{"a":{"int64List":{"value":["1",2]}}}}}', "{}"]
)

CASES = (
    case("ParseExampleV2", many),
    case("ParseExampleV2", one, name="single"),
    case("ParseExampleV2", cut, name="cut"),
    case("RilletPartitionRows", cut, name="cut"),
    case("ParseSequenceExampleV2", steps),
    case("ParseSequenceExampleV2", single_steps, name="single"),
    case(
        "DecodeCSV",
        lambda tf, x: tf.io.decode_csv(x, [[0], [1.5], ["?"]]),
        LINES,
    ),
    case(
        "DecodeCSV",
        lambda tf, x: tf.io.decode_csv(
            x, [tf.constant([], tf.int64), [""]], select_cols=[0, 2], na_value="x"
        ),
        LINES,
        name="selected",
    ),
    case("DecodeRaw", lambda tf, x: tf.io.decode_raw(x, tf.int16, False), WORDS),
    case(
        "DecodePaddedRaw",
        lambda tf, x: tf.io.decode_raw(x, tf.uint8, fixed_length=3),
        WORDS,
    ),
    case(
        "DecodeCompressed",
        lambda tf, x: tf.io.decode_compressed(tf.io.decode_base64(x), "ZLIB"),
        np.array(["eJxLBAAAYgBi"]),
    ),
    case("EncodeBase64", lambda tf, x: tf.io.encode_base64(x, pad=True), WORDS),
    case("DecodeBase64", lambda tf, x: tf.io.decode_base64(x), np.array(["w7-_Pg"])),
    case("DecodeJSONExample", lambda tf, x: tf.io.decode_json_example(x), JSON),
    case("SerializeTensor", lambda tf, x: tf.io.serialize_tensor(x), floats(2, 3)),
    case(
        "SerializeTensor", lambda tf, x: tf.io.serialize_tensor(x), WORDS, name="texts"
    ),
    case(
        "ParseTensor",
        lambda tf, x: tf.io.parse_tensor(tf.io.serialize_tensor(x), tf.float32),
        floats(2, 3),
    ),
    case(
        "SerializeSparse",
        lambda tf, x: tf.io.serialize_sparse(stored(tf, x)),
        floats(4),
    ),
    case(
        "SerializeManySparse",
        lambda tf, x: tf.io.serialize_many_sparse(stored(tf, x)),
        floats(4),
    ),
    case(
        "DeserializeManySparse",
        lambda tf, x: flat(
            tf,
            tf.io.deserialize_many_sparse(
                tf.io.serialize_many_sparse(stored(tf, x)), tf.float32
            ),
        ),
        floats(4),
    ),
)
