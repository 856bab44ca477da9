"""Write golden SavedModels of version 1: graphs, sessions, signatures.

    TENSORFLOW_PYTHON make_graphs.py [NAME ...]

Each maker builds a graph in a session and gives the signatures to save, an op that
loaders must run first or None, and the inputs of each signature.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import packing
import tensorflow as tf

v1 = tf.compat.v1
HERE = Path(__file__).resolve().parent
MAKERS: dict[str, Any] = {}
DRAW = np.random.default_rng(7)


def model(make: Any) -> Any:
    """Enter a maker."""
    MAKERS[make.__name__] = make
    return make


def f32(*shape: int) -> np.ndarray:
    """Numbers around zero."""
    return DRAW.normal(size=shape).astype(np.float32)


@model
def v1_classifier() -> Any:
    """A network of the old layers, two signatures, a switch for dropout."""
    x = v1.placeholder(tf.float32, [None, 6, 6, 1], "x")
    training = v1.placeholder_with_default(False, [], "training")
    kernel = v1.get_variable("conv/kernel", [3, 3, 1, 4], use_resource=False)
    h = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME"))
    gain = v1.get_variable("gain", [4], initializer=v1.ones_initializer())
    h, _, _ = v1.nn.fused_batch_norm(h, gain, gain * 0.5, is_training=True)
    h = tf.reshape(tf.nn.max_pool2d(h, 2, 2, "VALID"), [-1, 36])
    h = v1.cond(training, lambda: tf.nn.dropout(h, 0.5), lambda: tf.identity(h))
    w = v1.get_variable("w", [36, 3], partitioner=v1.fixed_size_partitioner(2))
    logits = tf.matmul(h, w)
    steps = v1.train.get_or_create_global_step()
    outs = {"probabilities": tf.nn.softmax(logits), "classes": tf.argmax(logits, 1)}
    served = {
        "serving_default": ({"images": x}, outs),
        "steps": ({"images": x}, {"steps": steps + 1, "logits": logits}),
    }
    images = f32(2, 6, 6, 1)
    return served, None, {"serving_default": [images], "steps": [images]}


def loops() -> Any:
    """Branches and loops, as the flags that are set write them.

    `make_frames` writes them as switches, merges and frames.
    """
    x = v1.placeholder(tf.float32, [None], "x")
    n = v1.placeholder(tf.int32, [], "n")
    w = v1.get_variable("w", [2], use_resource=True)

    def body(i: Any, h: Any, rows: Any) -> Any:
        h = v1.cond(i % 2 > 0, lambda: h * tf.reduce_sum(w), lambda: h + 1.0)
        return i + 1, h, rows.write(i, tf.reduce_sum(h))

    rows = tf.TensorArray(tf.float32, n)
    _, y, rows = v1.while_loop(lambda i, *_: i < n, body, [0, x, rows])
    a, b = v1.cond(tf.reduce_sum(y) > 0, lambda: (y, x), lambda: (x, -y))
    inner = v1.while_loop(
        lambda i, s: i < 3,
        lambda i, s: (
            i + 1,
            v1.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, t + y), [0, s])[1],
        ),
        [0, tf.zeros_like(x)],
    )[1]
    outs = {"a": a, "b": b, "rows": rows.stack(), "inner": inner}
    served = {"serving_default": ({"x": x, "n": n}, outs)}
    given = [np.int32(4), f32(3)]  # n, x
    return served, None, {"serving_default": given}


@model
def v1_loops() -> Any:
    """Loops and branches that call functions."""
    return loops()


@model
def v1_words() -> Any:
    """A table of words from a file that goes along; texts in and out."""
    path = os.path.join(packing.TOP, "vocabulary.txt")
    Path(path).write_text("red\ngreen\nblue\n", encoding="utf-8")
    v1.add_to_collection(v1.GraphKeys.ASSET_FILEPATHS, tf.constant(path))
    held = tf.lookup.TextFileInitializer(
        v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS)[0], tf.string,
        tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64,
        tf.lookup.TextFileIndex.LINE_NUMBER,
    )  # fmt: skip
    table = tf.lookup.StaticHashTable(held, -1)
    back = tf.lookup.StaticHashTable(
        tf.lookup.KeyValueTensorInitializer(
            tf.constant([0, 1, 2], tf.int64), tf.constant(["r", "g", "b"])
        ),
        "?",
    )
    x = v1.placeholder(tf.string, [None], "words")
    low = tf.strings.lower(x)
    ids = table.lookup(low)
    e = v1.get_variable("e", [4, 2])
    outs = {"ids": ids, "letters": back.lookup(ids), "rows": tf.gather(e, ids + 1)}
    served = {"serving_default": ({"words": x}, outs)}
    words = np.array([b"Red", b"blue", b"pink"])
    return served, v1.tables_initializer(), {"serving_default": [words]}


@model
def v1_examples() -> Any:
    """What an estimator exports: serialised examples in, classes out."""
    texts = v1.placeholder(tf.string, [None], "examples")
    wanted = {
        "x": v1.FixedLenFeature([3], tf.float32),
        "tags": v1.VarLenFeature(tf.int64),
    }
    parsed = v1.parse_example(texts, wanted)
    w = v1.get_variable("w", [3, 2])
    e = v1.get_variable("e", [5, 2])
    tags = v1.nn.embedding_lookup_sparse(e, parsed["tags"], None, combiner="sum")
    scores = tf.matmul(parsed["x"], w) + tags
    served = {"serving_default": ({"examples": texts}, {"scores": scores})}
    rows = []
    for i in range(1, 3):
        t = tf.train
        tags = t.Feature(int64_list=t.Int64List(value=list(range(i))))
        x = t.Feature(float_list=t.FloatList(value=[i, -i, 0.5]))
        features = t.Features(feature={"x": x, "tags": tags})
        rows.append(t.Example(features=features).SerializeToString())
    return served, None, {"serving_default": [np.array(rows, object)]}


@model
def v1_composites() -> Any:
    """Sparse and ragged tensors in and out of signatures, part by part."""
    placed = v1.sparse_placeholder(tf.float32, [None, 3], "placed")
    w = v1.get_variable("w", [3, 2])
    twice = tf.SparseTensor(placed.indices, placed.values * 2.0, placed.dense_shape)
    rows = v1.ragged.placeholder(tf.float32, 1, [])
    more = rows.with_values(rows.values + 1.0)
    served = {
        "placed": (
            {"x": placed},
            {"product": tf.sparse.sparse_dense_matmul(placed, w), "twice": twice},
        ),
        "rows": ({"x": rows}, {"more": more, "sums": tf.reduce_sum(rows, 1)}),
    }
    parts = {
        "x_indices": np.array([[0, 0], [0, 2], [1, 1]]),
        "x_values": f32(3),
        "x_dense_shape": np.array([2, 3]),
    }
    flat = {"x_component_0": f32(4), "x_component_1": np.array([0, 1, 1, 4])}
    return served, None, {"placed": [parts], "rows": [flat]}


def write(name: str, make: Any) -> None:
    """Build, initialise, save, and call what was saved.

    Args:
        name: the model's name.
        make: what builds it.
    """
    folder = packing.folder_for(name)
    graph = tf.Graph()
    with graph.as_default(), v1.Session(graph=graph) as session:
        v1.set_random_seed(1)
        served, first, inputs = make()
        session.run([v1.global_variables_initializer(), v1.tables_initializer()])
        builder = v1.saved_model.Builder(folder)
        signatures = {
            key: v1.saved_model.predict_signature_def(given, outs)
            for key, (given, outs) in served.items()
        }
        builder.add_meta_graph_and_variables(
            session,
            ["serve"],
            signatures,
            assets_collection=v1.get_collection(v1.GraphKeys.ASSET_FILEPATHS),
            main_op=first,
        )
        builder.save()
    calls = []
    for key, tensors in inputs.items():
        names = sorted(served[key][0])
        # One call, or a list of them.
        rows = tensors if isinstance(tensors[0], list | dict) else [tensors]
        for row in rows:
            told = row if isinstance(row, dict) else dict(zip(names, row, strict=True))
            kwargs = {key: tf.constant(value) for key, value in told.items()}
            calls.append((f"sig:{key}", [], kwargs))
    packing.finish(name, folder, calls, HERE)


if __name__ == "__main__":
    for chosen in sys.argv[1:] or MAKERS:
        write(chosen, MAKERS[chosen])
