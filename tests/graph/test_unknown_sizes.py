"""Functions of arrays whose sizes, counts or margins only the run knows.

The expected values are those of TensorFlow 2.21 for the same calls.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import rillet as tf

I1, F1 = tf.TensorSpec([None], tf.int32), tf.TensorSpec([None], tf.float32)
F2 = tf.TensorSpec([None, None], tf.float32)
N = tf.TensorSpec([], tf.int32)
TEXTS = tf.TensorSpec([None], tf.string)
X = np.array([[1, 2, 3], [4, 5, 6]], "float32")
SAMPLED = ([1, 2], [[1.0], [1.0]], [1.0, 1.0])


def sampled(x: Any, labels: Any) -> Any:
    """A loss over two sampled classes, one of them true for the first example."""
    return tf.nn.sampled_softmax_loss(
        tf.ones([5, 3]),
        tf.zeros([5]),
        labels,
        x,
        2,
        5,
        sampled_values=tuple(tf.constant(v) for v in SAMPLED),
    )


Row = tuple[list[Any], Callable[..., Any], list[Any], Any]
ROWS: dict[str, Row] = {
    "tile": (
        [F2, N],
        lambda x, n: tf.tile(x, [n, 1]),
        [X, 2],
        [[1, 2, 3], [4, 5, 6], [1, 2, 3], [4, 5, 6]],
    ),
    "pad": (
        [F2, N],
        lambda x, n: tf.pad(x, [[0, n], [n, 0]]),
        [X, 1],
        [[0, 1, 2, 3], [0, 4, 5, 6], [0, 0, 0, 0]],
    ),
    "pad reflected": (
        [F2, N],
        lambda x, n: tf.pad(x, [[0, n], [n, 0]], "REFLECT"),
        [X, 1],
        [[2, 1, 2, 3], [5, 4, 5, 6], [2, 1, 2, 3]],
    ),
    "reverse": ([F2], lambda x: tf.reverse(x, [1]), [X], [[3, 2, 1], [6, 5, 4]]),
    "linspace": (
        [N],
        lambda n: tf.linspace(0.0, 1.0, n),
        [5],
        [0.0, 0.25, 0.5, 0.75, 1.0],
    ),
    "linspace of one": ([N], lambda n: tf.linspace(2.0, 1.0, n), [1], [2.0]),
    "linspace of rows": (
        [N],
        lambda n: tf.linspace([0.0, 2.0], [1.0, 8.0], n, axis=-1),
        [3],
        [[0.0, 0.5, 1.0], [2.0, 5.0, 8.0]],
    ),
    "bincount": ([I1], tf.math.bincount, [[1, 1, 3]], [0, 2, 0, 1]),
    "bincount of none": ([I1], tf.math.bincount, [[]], []),
    "bincount to a length": (
        [I1, N],
        lambda x, n: tf.math.bincount(x, minlength=n, maxlength=n),
        [[1, 1, 3], 6],
        [0, 2, 0, 1, 0, 0],
    ),
    "bincount of some": (
        [I1],
        lambda x: tf.math.bincount(x, minlength=3, maxlength=3),
        [[1, 1, 3]],
        [0, 2, 0],
    ),
    "bincount binary": (
        [I1],
        lambda x: tf.math.bincount(x, axis=-1, binary_output=True),
        [[1, 1, 3]],
        [0, 1, 0, 1],
    ),
    "bincount weighted": (
        [I1, F1],
        lambda x, w: tf.math.bincount(x, weights=w),
        [[1, 1, 3], [1.0, 2.0, 3.0]],
        [0.0, 3.0, 0.0, 3.0],
    ),
    "confusion": (
        [I1, I1],
        tf.math.confusion_matrix,
        [[1, 0, 2], [1, 1, 2]],
        [[0, 1, 0], [0, 1, 0], [0, 0, 1]],
    ),
    "confusion weighted": (
        [I1, I1],
        lambda a, b: tf.math.confusion_matrix(a, b, 3, [1, 2, 3]),
        [[1, 0, 2], [1, 1, 2]],
        [[0, 2, 0], [0, 1, 0], [0, 0, 3]],
    ),
    "ngrams": (
        [TEXTS],
        lambda s: tf.strings.ngrams(s, 2),
        [["a", "b", "c"]],
        [b"a b", b"b c"],
    ),
    "ngrams of rows": (
        [tf.TensorSpec([None, None], tf.string)],
        lambda s: tf.strings.ngrams(s, [1, 2], separator="_"),
        [[["a", "b"], ["c", "d"]]],
        [[b"a", b"b", b"a_b"], [b"c", b"d", b"c_d"]],
    ),
}


@pytest.mark.parametrize("compiled", [None, False], ids=["native", "reference"])
@pytest.mark.parametrize("name", ROWS)
def test_as_tensorflow(name: str, compiled: bool | None) -> None:
    signature, function, values, wanted = ROWS[name]
    given = [tf.constant(v, s.dtype) for v, s in zip(values, signature, strict=True)]
    traced = tf.function(function, input_signature=signature, jit_compile=compiled)
    found = traced(*given).numpy()
    assert found.tolist() == wanted


def test_sampled_softmax_leaves_hits_out() -> None:
    labels = tf.constant([[1], [4]], tf.int64)
    signature = [F2, tf.TensorSpec([None, 1], tf.int64)]
    traced = tf.function(sampled, input_signature=signature)
    np.testing.assert_allclose(traced(X, labels), sampled(X, labels), rtol=1e-6)


def test_classes_are_checked_as_the_graph_runs() -> None:
    traced = tf.function(
        lambda a, b: tf.math.confusion_matrix(a, b, 2), input_signature=[I1, I1]
    )
    assert traced([0, 1], [1, 1]).numpy().tolist() == [[0, 1], [0, 1]]
    with pytest.raises(tf.errors.InvalidArgumentError, match="`labels` out of bound"):
        traced([0, 2], [1, 1])
    with pytest.raises(tf.errors.InvalidArgumentError, match="negative values"):
        traced([0, 1], [1, -1])


def test_a_map_over_nothing_knows_what_one_element_would_be() -> None:
    traced = tf.function(
        lambda x: tf.map_fn(lambda row: tf.stack([row, row]), x), input_signature=[F2]
    )
    assert traced(tf.zeros([0, 3])).shape == (0, 2, 3)


def test_sums_of_what_may_have_one_shape():
    specs = [tf.TensorSpec([None, 2]), tf.TensorSpec([3, None]), tf.TensorSpec(None)]
    total = tf.function(lambda *xs: tf.add_n(xs), input_signature=specs)
    assert total.get_concrete_function().output_shapes.as_list() == [3, 2]
    ones = tf.ones([3, 2])
    assert total(ones, ones, ones).numpy().tolist() == [[3.0, 3.0]] * 3
