"""Ops traced for sizes that only the run knows give what they give eagerly."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf

DRAW = np.random.default_rng(0)
IMAGES = DRAW.random((2, 12, 14, 3), np.float32)
IMAGE = IMAGES[0]
SQUARE = DRAW.random((2, 4, 4), np.float32)
TALL = DRAW.random((5, 3), np.float32)
METHODS = (
    "bilinear",
    "nearest",
    "bicubic",
    "area",
    "lanczos3",
    "lanczos5",
    "gaussian",
    "mitchellcubic",
)
IM, L = tf.image, tf.linalg
CASES = {
    "crop_or_pad": (lambda x: IM.resize_with_crop_or_pad(x, 5, 17), IMAGES),
    "pad_to_box": (lambda x: IM.pad_to_bounding_box(x, 1, 2, 15, 19), IMAGES),
    "crop_to_box": (lambda x: IM.crop_to_bounding_box(x, 1, 2, 3, 4), IMAGES),
    "central": (lambda x: IM.central_crop(x, 0.4), IMAGE),
    "standardization": (IM.per_image_standardization, IMAGES),
    "sobel": (IM.sobel_edges, IMAGES),
    "yuv": (IM.rgb_to_yuv, IMAGES),
    "hue": (lambda x: IM.adjust_hue(x, 0.1), IMAGES),
    "saturation": (lambda x: IM.adjust_saturation(x, 1.5), IMAGE),
    "ssim": (lambda x, y: IM.ssim(x, y, 1.0), IMAGES, IMAGES * 0.9),
    "scales": (
        lambda x, y: IM.ssim_multiscale(x, y, 1.0, (0.3, 0.7), filter_size=3),
        IMAGES[:, :7, :9],
        IMAGES[:, :7, :9] * 0.8,
    ),
    "grey": (IM.grayscale_to_rgb, IMAGES[..., :1]),
    "tensordot": (lambda x, y: tf.tensordot(x, y, [[2, 1], [1, 2]]), SQUARE, SQUARE),
    "gather_nd": (
        lambda x: tf.gather_nd(x, [[[0], [1]], [[1], [2]]], batch_dims=1),
        SQUARE,
    ),
    "pinv": (L.pinv, SQUARE),
    "matrix_rank": (L.matrix_rank, SQUARE),
    "least_squares": (L.lstsq, TALL, TALL[:, :2]),
    "confusion": (
        lambda x: tf.math.confusion_matrix([0, 1, 2, 2, 1], tf.cast(x[:, 0], "int32")),
        TALL * 3,
    ),
    "add_n": (lambda x, y: tf.add_n([x, y, tf.ones([5, 3])]), TALL, TALL),
}
for method in METHODS:
    CASES |= {
        f"{method}": (lambda x, m=method: IM.resize(x, [5, 4], m), IMAGES),
        f"{method} smooth": (
            lambda x, m=method: IM.resize(x, [5, 4], m, antialias=True),
            IMAGE,
        ),
        f"{method} in proportion": (
            lambda x, m=method: IM.resize(x, [5, 9], m, preserve_aspect_ratio=True),
            IMAGES,
        ),
        f"{method} padded": (lambda x, m=method: IM.resize_with_pad(x, 9, 7, m), IMAGE),
    }


@pytest.mark.parametrize("jit", (None, False), ids=("native", "reference"))
@pytest.mark.parametrize("name", CASES)
def test_unknown_sizes_change_nothing(name, jit):
    function, *inputs = CASES[name]
    wanted = function(*map(tf.constant, inputs))
    specs = [tf.TensorSpec([None] * x.ndim, tf.float32) for x in inputs]
    traced = tf.function(function, input_signature=specs, jit_compile=jit)
    found = traced(*map(tf.constant, inputs))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)


def test_sizes_that_are_given_stay_known():
    @tf.function(input_signature=[tf.TensorSpec([None, None, 3])])
    def changed(x):
        return IM.resize_with_pad(x, 9, 7), IM.resize_with_crop_or_pad(x, 5, 6)

    outputs = changed.get_concrete_function().outputs
    assert [tuple(x.shape) for x in outputs] == [(9, 7, 3), (5, 6, 3)]


@pytest.mark.parametrize("matrix", (TALL, TALL.T), ids=("tall", "wide"))
def test_regularized_least_squares(matrix):
    """Both ways to the minimum of the sum of squares and of 0.5 times x's norm."""
    rhs = DRAW.random((len(matrix), 2), np.float32)
    size = matrix.shape[1]
    wanted = np.linalg.solve(matrix.T @ matrix + 0.5 * np.eye(size), matrix.T @ rhs)
    solve = tf.function(
        lambda a, b: L.lstsq(a, b, l2_regularizer=0.5),
        input_signature=[tf.TensorSpec([None, None])] * 2,
    )
    for found in (L.lstsq(matrix, rhs, l2_regularizer=0.5), solve(matrix, rhs)):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-5)
    slopes = []
    for function in (lambda a, b: L.lstsq(a, b, l2_regularizer=0.5), solve):
        a, b = tf.constant(matrix), tf.constant(rhs)
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            total = tf.reduce_sum(function(a, b) ** 2)
        slopes.append(tape.gradient(total, [a, b]))
    for one, other in zip(*slopes, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
