"""Rows of `ops.files`, of images in files, and of boxes on images."""

import os
import tempfile
from pathlib import Path

import numpy as np

from cases import Case, floats

_HERE = Path(__file__).resolve().parents[1] / "golden"
_FILES = np.load(_HERE / "image_files.npz")
_FOLDER = Path(tempfile.gettempdir()).as_posix()
PIXELS = np.arange(36, dtype=np.uint8).reshape(4, 3, 3) * 7


def bytes_of(name):
    """A file of images as a 0-d array of bytes."""
    out = np.empty((), object)
    out[()] = _FILES[name].tobytes()
    return out


def case(op, call, *inputs, **more):
    """A row without gradients."""
    return Case(op, call, inputs, grad=(), order=0, **more)


def written(tf, text):
    """Write a file and read it again."""
    path = f"{_FOLDER}/rillet_row_{os.getpid()}.txt"
    tf.io.write_file(path, text)
    return tf.io.read_file(path)


def random_boxes(n):
    """Boxes whose second corner lies below and to the right of the first."""
    corners = floats(n, 2, low=0.0, high=0.6)
    sides = floats(n, 2, low=0.1, high=0.4, seed=1)
    return np.concatenate([corners, corners + sides], axis=1)


ACCURATE = {"dct_method": "INTEGER_ACCURATE"}
BOXES = random_boxes(12)

CASES = (
    case(
        "ReadFile",
        lambda tf, x: written(tf, x),
        np.array(b"some text", object),
    ),
    case(
        "WriteFile",
        lambda tf, x: written(tf, x),
        np.array(b"other text", object),
    ),
    case(
        "MatchingFiles",
        lambda tf: tf.io.matching_files("no/such/folder/*"),
    ),
    case(
        "DecodeJpeg",
        lambda tf, x: tf.io.decode_jpeg(x, channels=3, **ACCURATE),
        bytes_of("rgb.jpg"),
    ),
    case(
        "DecodeAndCropJpeg",
        lambda tf, x: tf.io.decode_and_crop_jpeg(x, [1, 2, 5, 7], **ACCURATE),
        bytes_of("gray.jpg"),
    ),
    case("DecodePng", lambda tf, x: tf.io.decode_png(x), bytes_of("rgba.png")),
    case("DecodeGif", lambda tf, x: tf.io.decode_gif(x), bytes_of("anim.gif")),
    case("DecodeBmp", lambda tf, x: tf.io.decode_bmp(x), bytes_of("rgb.bmp")),
    case("DecodeWebP", lambda tf, x: tf.io.decode_webp(x), bytes_of("rgb.webp")),
    case(
        "DecodeImage",
        lambda tf, x: tf.io.decode_image(x, dtype=tf.float32),
        bytes_of("gray16.png"),
    ),
    case(
        "ExtractJpegShape",
        lambda tf, x: tf.io.extract_jpeg_shape(x),
        bytes_of("rgb.jpg"),
    ),
    case("EncodePng", lambda tf, x: tf.io.decode_png(tf.io.encode_png(x)), PIXELS),
    case(
        "EncodeJpeg",
        lambda tf, x: tf.io.extract_jpeg_shape(tf.io.encode_jpeg(x)),
        PIXELS,
    ),
    case(
        "EncodeJpegVariableQuality",
        lambda tf, x: tf.image.adjust_jpeg_quality(x, 100, **ACCURATE),
        np.full((8, 8, 1), 77, np.uint8),
    ),
    case(
        "RilletPaddedSuppression",
        lambda tf, x, s: tf.image.non_max_suppression_padded(
            x, s, 5, 0.3, 0.1, pad_to_max_output_size=True
        ),
        np.stack([BOXES, BOXES[::-1]]),
        floats(2, 12, low=0.0, high=1.0),
    ),
    case(
        "CombinedNonMaxSuppression",
        lambda tf, x, s: tf.image.combined_non_max_suppression(x, s, 3, 6, 0.3, 0.2),
        np.stack([BOXES, BOXES[::-1]])[:, :, None],
        floats(2, 12, 3, low=0.0, high=1.0),
    ),
    case(
        "CombinedNonMaxSuppression",
        lambda tf, x, s: tf.image.combined_non_max_suppression(
            x, s, 2, 10, 0.3, 0.2, pad_per_class=True, clip_boxes=False
        ),
        np.stack([BOXES * 1.5, BOXES[::-1]], 1)[None],
        floats(1, 12, 2, low=0.0, high=1.0),
        name="per_class",
    ),
    case(
        "ExtractGlimpseV2",
        lambda tf, x, o: tf.image.extract_glimpse(x, [3, 4], o, noise="zero"),
        floats(2, 5, 6, 2),
        np.array([[0.1, -0.3], [0.7, 0.6]], np.float32),
    ),
    case(
        "SampleDistortedBoundingBoxV2",
        lambda tf, x: (
            tf.random.set_seed(3),
            tf.image.sample_distorted_bounding_box(
                [30, 40, 3],
                x,
                seed=5,
                min_object_covered=0.3,
                aspect_ratio_range=[0.5, 2.0],
                area_range=[0.2, 0.9],
            ),
        )[1],
        np.array([[[0.1, 0.2, 0.7, 0.8]]], np.float32),
    ),
    case(
        "StatelessSampleDistortedBoundingBox",
        lambda tf, x, s: tf.image.stateless_sample_distorted_bounding_box(
            [300, 217, 3], x, s, min_object_covered=0.5
        ),
        np.array([[[0.1, 0.2, 0.7, 0.8], [0.0, 0.5, 0.3, 0.9]]], np.float32),
        np.array([3, 11], np.int32),
    ),
)
