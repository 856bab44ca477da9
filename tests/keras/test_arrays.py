"""One-hot labels, unit rows, padded sequences."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf

U = tf.keras.utils


@pytest.mark.parametrize(
    ("labels", "settings", "expected"),
    [
        ([0, 2], {}, [[1, 0, 0], [0, 0, 1]]),
        ([[1], [0]], {}, [[0, 1], [1, 0]]),
        ([[1, 0]], {}, [[[0, 1], [1, 0]]]),
        ([1], {"num_classes": 3, "dtype": "int8"}, [[0, 1, 0]]),
        (np.array([1.0, 0.0]), {}, [[0, 1], [1, 0]]),
    ],
)
def test_to_categorical(labels, settings, expected):
    found = U.to_categorical(labels, **settings)
    assert found.dtype == settings.get("dtype", "float32")
    np.testing.assert_array_equal(found, expected)


def test_to_categorical_refuses_labels_out_of_range():
    with pytest.raises(IndexError, match="got label 3 with num_classes=3"):
        U.to_categorical([0, 3], 3)


def test_normalize():
    np.testing.assert_allclose(
        U.normalize([[3.0, 4.0], [0.0, 0.0]]), [[0.6, 0.8], [0, 0]]
    )
    np.testing.assert_allclose(
        U.normalize([[3.0], [1.0]], axis=0, order=1), [[0.75], [0.25]]
    )


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"value": -1, "padding": "post"}, [[1, -1, -1], [2, 3, -1], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [4, 5]]),
        ({"maxlen": 0}, np.zeros((3, 0))),
    ],
)
def test_pad_sequences(settings, expected):
    found = U.pad_sequences([[1], [2, 3], [4, 5, 6]], **settings)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize(
    ("sequences", "settings", "text"),
    [
        (3, {}, "must be iterable"),
        ([1, 2], {}, "found non-iterable: 1"),
        ([[1]], {"padding": "left"}, "padding is 'pre' or 'post'"),
        ([[1]], {"value": "x"}, "set `dtype=object`"),
        ([[[1, 2]], [[1]]], {}, "different from expected shape"),
    ],
)
def test_pad_sequences_refuses(sequences, settings, text):
    with pytest.raises(ValueError, match=text):
        U.pad_sequences(sequences, **settings)
