"""What `tf.image` refuses, and what its functions do at the edges."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf

X = tf.reshape(tf.range(12.0), [2, 2, 3])

REFUSED = [
    (lambda: tf.image.resize(tf.ones([2, 2]), [4, 2]), "3 or 4 dimensions.*newaxis"),
    (lambda: tf.image.resize(X, [4]), "1-D Tensor of 2 elements"),
    (lambda: tf.image.resize(X, [4.5, 2]), "1-D int32 Tensor"),
    (lambda: tf.image.resize(X, [4, 2], method="foo"), "not implemented: foo"),
    (lambda: tf.image.resize_with_pad(X, 0, 2), "target_height must be > 0"),
    (lambda: tf.image.resize_with_crop_or_pad(X, 2, 0), "target_width must be > 0"),
    (lambda: tf.image.central_crop(X, 1.5), r"within \(0, 1\]: it is 1.5"),
    (lambda: tf.image.central_crop(X, 0.0), r"within \(0, 1\]"),
    (lambda: tf.image.crop_to_bounding_box(X, 0, 1, 3, 1), "height must be >= target"),
    (
        lambda: tf.image.crop_to_bounding_box(X, 0, -1, 1, 1),
        "offset_width must be >= 0",
    ),
    (lambda: tf.image.crop_to_bounding_box(X, 0, 0, 0, 1), "target_height must be > 0"),
    (lambda: tf.image.pad_to_bounding_box(X, 1, 1, 2, 4), "height must be <= target"),
    (
        lambda: tf.image.pad_to_bounding_box(X, -1, 1, 2, 4),
        "offset_height must be >= 0",
    ),
    (lambda: tf.image.flip_left_right(tf.ones([2, 3])), "at least three-dimensional"),
    (lambda: tf.image.rot90(tf.ones([2])), "at least three-dimensional"),
    (lambda: tf.image.random_flip_up_down(tf.ones([1] * 5)), "3 or 4 dimensions"),
    (lambda: tf.image.grayscale_to_rgb(X), "should be size 1"),
    (lambda: tf.image.adjust_gamma(X, -1.0), "non-negative real number"),
    (lambda: tf.image.adjust_hue(X, 3.0), r"interval \[-1, 1\]"),
    (lambda: tf.image.random_brightness(X, -1.0), "max_delta must be non-negative"),
    (lambda: tf.image.random_contrast(X, 2.0, 1.0), "upper must be > lower"),
    (lambda: tf.image.random_saturation(X, -1.0, 1.0), "lower must be non-negative"),
    (lambda: tf.image.random_hue(X, 0.6), "max_delta must be <= 0.5"),
    (lambda: tf.image.random_hue(X, -0.1), "max_delta must be non-negative"),
    (lambda: tf.image.image_gradients(X), "expects a 4D tensor"),
    (lambda: tf.image.total_variation(X[0]), "3 or 4-dimensional"),
    (lambda: tf.image.psnr(X, X[:1], 1.0), r"\(2, 2, 3\) and \(1, 2, 3\) are incompat"),
]

REFUSED_BY_OPS = [
    (lambda: tf.image.resize(X, [0, 2]), "output dimensions must be positive"),
    (lambda: tf.image.resize(tf.ones([0, 2, 3]), [2, 2]), "of non-zero size"),
    (lambda: tf.image.ssim(X, X, 1.0), "as large as the filter.*filter_size is 11"),
    (lambda: tf.image.random_crop(X, [3, 1, 3]), "Need value.shape >= size"),
    (lambda: tf.image.random_crop(X, [3, 1]), "a number for each dimension"),
    (lambda: tf.image.rgb_to_grayscale(tf.ones([2, 2, 4])), "Incompatible shapes"),
    (
        lambda: tf.image.non_max_suppression([[0, 0, 1, 1.0]], [0.5], 1, 2.0),
        r"iou_threshold must be in \[0, 1\]",
    ),
    (
        lambda: tf.image.crop_and_resize(X[None], [[0, 0, 1, 1]], [0], [2, 2], "area"),
        "'method' of \"area\" is not in the list",
    ),
    (
        lambda: tf.image.draw_bounding_boxes(X[None], [[0.0, 0, 1, 1]], None),
        "boxes must have shape",
    ),
]


@pytest.mark.parametrize(("call", "text"), REFUSED)
def test_refused(call, text: str) -> None:
    with pytest.raises(ValueError, match=f"(?s){text}"):
        call()


@pytest.mark.parametrize(("call", "text"), REFUSED_BY_OPS)
def test_refused_by_ops(call, text: str) -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"(?s){text}"):
        call()


def test_types_are_floating_or_integer() -> None:
    with pytest.raises(AttributeError, match="floating point or integer"):
        tf.image.convert_image_dtype(X, tf.bool)


@pytest.mark.parametrize("method", ["bilinear", "nearest", "area", "gaussian"])
@pytest.mark.parametrize("kind", [tf.uint8, tf.float64, tf.float16, tf.int32])
def test_types_of_resized_images(method: str, kind: tf.DType) -> None:
    images = tf.cast(X, kind)
    want = kind if method == "nearest" else tf.float32
    for size in ([2, 2], [3, 2]):
        assert tf.image.resize(images, size, method=method).dtype == want


def test_a_batch_of_none() -> None:
    none = tf.zeros([0, 4, 4, 3])
    assert tf.image.resize(none, [2, 2]).shape == (0, 2, 2, 3)
    assert tf.image.flip_left_right(none).shape == (0, 4, 4, 3)
    assert tf.image.adjust_hue(none, 0.1).shape == (0, 4, 4, 3)


def test_overlapping_boxes_by_definition() -> None:
    """Against a plain loop over pairs."""
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 8, (40, 2))
    boxes = np.hstack([low, low + rng.uniform(1, 3, (40, 2))]).astype(np.float32)
    scores = rng.uniform(0, 1, 40).astype(np.float32)

    def shared(a: np.ndarray, b: np.ndarray) -> float:
        sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
        both = np.prod(np.maximum(sides, 0))
        return both / (np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - both)

    want: list[int] = []
    for i in np.argsort(-scores):
        if all(shared(boxes[i], boxes[j]) <= 0.2 for j in want):
            want.append(int(i))
    found = tf.image.non_max_suppression(boxes, scores, 40, 0.2)
    assert found.numpy().tolist() == want


@pytest.mark.parametrize("spec", [tf.TensorSpec([None, None, 3]), tf.TensorSpec(None)])
@pytest.mark.parametrize("compiled", [None, False])
def test_random_crops_take_pictures_of_any_size(spec, compiled):
    def crop(x):
        return tf.image.stateless_random_crop(x, [3, 4, 3], seed=[1, 2])

    picture = np.arange(7 * 6 * 3, dtype=np.float32).reshape(7, 6, 3)
    traced = tf.function(crop, input_signature=[spec], jit_compile=compiled)
    assert traced.get_concrete_function().output_shapes == (3, 4, 3)
    np.testing.assert_array_equal(traced(picture), crop(picture))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Need value.shape >= "):
        traced(picture[:2])


def test_random_crops_stand_in_pipelines_of_files():
    file = tf.io.encode_png(np.zeros((9, 8, 3), np.uint8))
    rows = tf.data.Dataset.from_tensors(file).map(tf.io.decode_png)
    (part,) = rows.map(lambda x: tf.image.random_crop(x, [3, 5, 3]))
    assert part.shape == (3, 5, 3)
