"""Programs of preprocessing layers: each takes `tf` and gives arrays or plain data.

`make_rest.py` runs them with real tf.keras, `tests/keras/test_rest.py` with rillet.
"""

from __future__ import annotations

from typing import Any

import numpy as np

X = np.array([[1.0, 2.0, 0.5], [3.0, 5.0, 0.25], [-2.0, 4.0, 8.0], [0.0, 1.0, 2.0]])
TEXTS = ["The cat sat. the", "cat sat on", "on, the MAT!", "a dog's day"]


def normalization(tf: Any) -> Any:
    layer = tf.keras.layers.Normalization()
    layer.adapt(X.astype("float32"))
    by_all = tf.keras.layers.Normalization(axis=None)
    by_all.adapt(tf.data.Dataset.from_tensor_slices(X.astype("float32")).batch(3))
    back = tf.keras.layers.Normalization(axis=None, mean=3.0, variance=2.0, invert=True)
    held = [w.numpy() for w in layer.weights]
    return [layer(X), by_all(X), back(X), *held, layer.mean, by_all.variance]


def discretization(tf: Any) -> Any:
    layer = tf.keras.layers.Discretization(num_bins=4, epsilon=0.05)
    layer.adapt(np.arange(100.0).reshape(10, 10) ** 2 / 50)
    values = [[-1.0, 7.0, 55.5], [120.0, 3.0, 99.0]]
    hot = tf.keras.layers.Discretization([0.0, 1.0], output_mode="one_hot")
    many = tf.keras.layers.Discretization([0.0, 1.0], output_mode="multi_hot")
    return [layer(values), hot([[-1.0], [0.0], [2.0]]), many(values)]


def discretization_merged(tf: Any) -> Any:
    layer = tf.keras.layers.Discretization(num_bins=5, epsilon=0.02)
    values = np.sin(np.arange(600.0)).astype("float32")
    layer.adapt(tf.data.Dataset.from_tensor_slices(values).batch(100))
    return [layer(np.linspace(-1, 1, 40).astype("float32"))]


def categories(tf: Any) -> Any:
    kinds = tf.keras.layers.CategoryEncoding
    rows = [[0, 1, 1], [3, 2, 3]]
    return [
        kinds(4, output_mode="multi_hot")(rows),
        kinds(4, output_mode="count")(rows),
        kinds(4, output_mode="count")(
            np.array(rows), count_weights=np.array([[0.5, 1, 2], [1, 1, 4.0]])
        ),
        kinds(4, output_mode="one_hot")([1, 0, 3]),
        kinds(4, output_mode="one_hot")([[1], [0], [3]]),
        kinds(4, output_mode="multi_hot")([1, 0, 3]),
        kinds(4, output_mode="one_hot")(2),
    ]


def hashing(tf: Any) -> Any:
    kind = tf.keras.layers.Hashing
    words = [["A", ""], ["B", "many words and more of them"]]
    return [
        kind(7)(words),
        kind(7, salt=1337)(words),
        kind(7, salt=(3, 4))(words),
        kind(7, mask_value="")(words),
        kind(5)(np.array([[1, -7], [12345678901, 0]])),
        kind(4, output_mode="one_hot")([["A"], ["B"]]),
        kind(4, output_mode="count")(words),
    ]


def crossing(tf: Any) -> Any:
    pair = (tf.constant(["A", "B", "A", "C"]), tf.constant([101, 101, 102, -3]))
    wide = (tf.constant([["A"], ["B"]]), tf.constant([["x"], ["y"]]))
    kind = tf.keras.layers.HashedCrossing
    return [
        kind(50)(pair),
        kind(5, output_mode="one_hot")(pair),
        kind(90)(wide),
    ]


def string_lookup(tf: Any) -> Any:
    kind = tf.keras.layers.StringLookup
    learnt = kind()
    learnt.adapt(np.array([["b", "b", "c"], ["a", "c", "b"]], object))
    few = kind(max_tokens=5, num_oov_indices=2, mask_token="")
    few.adapt(tf.data.Dataset.from_tensor_slices(["b", "c", "b", "", "a"]).batch(2))
    words = [["a", "zz"], ["b", "c"]]
    hot = kind(vocabulary=["a", "b"], output_mode="multi_hot")
    rare = kind(vocabulary=["a", "b"], output_mode="tf_idf", idf_weights=[0.5, 0.7])
    wide = kind(
        vocabulary=["a"], output_mode="count", pad_to_max_tokens=True, max_tokens=5
    )
    back = kind(vocabulary=["a", "b"], invert=True)
    return [
        learnt(words), learnt.get_vocabulary(), few(words), few.get_vocabulary(),
        few.vocabulary_size(), hot(words), rare(words), wide(words),
        back([[0, 1], [2, 9]]),
        kind(vocabulary=["a", "b"], num_oov_indices=3)(["q", "r", "s", "b"]),
        kind(vocabulary=["a", "b"], output_mode="one_hot")([["a"], ["q"]]),
    ]  # fmt: skip


def integer_lookup(tf: Any) -> Any:
    kind = tf.keras.layers.IntegerLookup
    learnt = kind(output_mode="count")
    learnt.adapt([[5, 5, 7], [9, 7, 5]])
    rare = kind(output_mode="tf_idf")
    rare.adapt([[5, 5, 7], [9, 7, 9]])
    given = kind(vocabulary=[5, 7], num_oov_indices=3)
    return [
        learnt([[5, 1, 9]]), learnt.get_vocabulary(),
        rare([[5, 1, 9], [7, 7, 7]]),
        given([5, 7, 9, -1, 0, 14, -5]),
        kind(vocabulary=[5, 7], invert=True)([0, 1, 2]),
        kind(vocabulary=[5, 7], mask_token=0)([0, 5, 3]),
    ]  # fmt: skip


def text_vectorization(tf: Any) -> Any:
    kind = tf.keras.layers.TextVectorization
    out: list[Any] = []
    for options in (
        {},
        {"output_sequence_length": 3},
        {"ngrams": 2, "max_tokens": 9},
        {"ngrams": (1, 3)},
        {"split": "character", "standardize": "lower"},
        {"split": None, "standardize": "strip_punctuation"},
        {"output_mode": "multi_hot"},
        {"output_mode": "count", "max_tokens": 20, "pad_to_max_tokens": True},
        {"output_mode": "tf_idf"},
    ):
        layer = kind(**options)
        layer.adapt(TEXTS)
        out += [layer.get_vocabulary(), layer(["the cat cat saw!", "Dog's day on"])]
        out.append(layer.vocabulary_size())
    own = kind(
        vocabulary=["a", "b"],
        standardize=lambda x: tf.strings.regex_replace(x, "x", "a"),
    )
    return [*out, own([["x b"], ["c"]]), own("x b x")]


def in_a_model(tf: Any) -> Any:
    layer = tf.keras.layers.TextVectorization(output_sequence_length=4)
    layer.adapt(TEXTS)
    inputs = tf.keras.Input(shape=(1,), dtype=tf.string)
    table = tf.keras.layers.Embedding(20, 3, embeddings_initializer="ones")
    model = tf.keras.Model(inputs, table(layer(inputs)))
    found = model(tf.constant([["the cat"], ["dog"]]))
    data = tf.data.Dataset.from_tensor_slices(TEXTS).batch(2).map(layer)
    return [found, *data]


ROWS = [
    normalization,
    discretization,
    discretization_merged,
    categories,
    hashing,
    crossing,
    string_lookup,
    integer_lookup,
    text_vectorization,
    in_a_model,
]
