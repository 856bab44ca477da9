"""Rows of `ops.resize_kernels`, `ops.image_*`, `ops.crop_resize` and `ops.boxes`.

Resized images are float32 even where images are float64, so finite differences take
wide steps: every resizing is linear, and a wide step loses nothing.
"""

import numpy as np

from cases import Case, floats

X, SMALL = floats(2, 5, 6, 3), floats(1, 3, 4, 2)
BRIGHT = floats(2, 4, 5, 3, low=0.05, high=0.95)
LARGE = floats(1, 24, 26, 2, low=0.0, high=1.0)
BYTES = np.random.default_rng(3).integers(0, 256, (2, 4, 5, 3)).astype(np.uint8)
BOXES = np.array(
    [[0.1, 0.2, 0.8, 0.7], [-0.3, 0.9, 0.6, 0.1], [0.0, 0.0, 1.0, 1.3]], np.float32
)
CORNERS = np.sort(floats(12, 2, 2, low=0, high=9), 1).reshape(12, 4)
SCORES = floats(12, low=0, high=1)
WEIGHTS = np.array([0.4, 0.6], np.float32)


def resized(op, size, name, **settings):
    return Case(
        op,
        lambda tf, x: tf.image.resize(x, size, **settings),
        (SMALL,),
        name=name,
        step=0.5,
        rtol=1e-4,
    )


def made(op, name, call, x=BRIGHT, order=0, **more):
    """A row of a function that other ops make up."""
    return Case(op, call, (x,), name=name, order=order, rtol=1e-4, atol=1e-5, **more)


def seeded(draw):
    """A draw of the stateful kind, from one seed."""
    return lambda tf, x: (tf.random.set_seed(3), draw(tf, x))[1]


def gradient(tf, call, x):
    """The gradient of a sum, as a value of its own."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = call(x)
    return tape.gradient(y, x)


RESIZED = (
    resized("ResizeBilinear", [5, 3], "", method="bilinear"),
    resized("ResizeBilinear", [1, 9], "wide", method="bilinear"),
    resized("ResizeBicubic", [5, 3], "", method="bicubic"),
    resized("ResizeBicubic", [2, 9], "wide", method="bicubic"),
    resized("ResizeNearestNeighbor", [5, 3], "", method="nearest"),
    *[
        resized(
            "ScaleAndTranslate",
            size,
            f"{m}{'_anti' * anti}{size[0]}",
            method=m,
            antialias=anti,
        )
        for m in ("lanczos3", "lanczos5", "gaussian", "mitchellcubic")
        for anti in (False, True)
        for size in ([2, 7],)
    ],
    resized("ScaleAndTranslate", [2, 2], "triangle", method="bilinear", antialias=True),
    resized("ScaleAndTranslate", [2, 2], "keys", method="bicubic", antialias=True),
    Case(
        "ResizeArea",
        lambda tf, x: tf.image.resize(x, [2, 7], method="area"),
        (SMALL,),
        order=0,
        rtol=1e-4,
    ),
    Case(
        "ResizeBilinear",
        lambda tf, x: tf.image.resize(x, [3, 9]),
        (BYTES,),
        name="bytes",
        order=0,
    ),
    Case(
        "ResizeNearestNeighbor",
        lambda tf, x: tf.image.resize(x, [3, 9], method="nearest"),
        (BYTES,),
        name="bytes",
        order=0,
    ),
    made(
        "ResizeBilinear",
        "proportions",
        lambda tf, x: tf.image.resize(x, [7, 7], preserve_aspect_ratio=True),
    ),
    made("ResizeBilinear", "with_pad", lambda tf, x: tf.image.resize_with_pad(x, 9, 7)),
    Case(
        "ResizeBilinearGrad",
        lambda tf, x: gradient(tf, lambda v: tf.image.resize(v, [5, 3]) ** 2, x),
        (SMALL,),
        order=0,
    ),
    Case(
        "ResizeBicubicGrad",
        lambda tf, x: gradient(
            tf, lambda v: tf.image.resize(v, [5, 3], "bicubic") ** 2, x
        ),
        (SMALL,),
        order=0,
        rtol=1e-4,
    ),
    Case(
        "ResizeNearestNeighborGrad",
        lambda tf, x: gradient(
            tf, lambda v: tf.image.resize(v, [5, 3], "nearest") ** 2, x
        ),
        (SMALL,),
        order=0,
    ),
    Case(
        "ScaleAndTranslateGrad",
        lambda tf, x: gradient(
            tf, lambda v: tf.image.resize(v, [5, 3], "gaussian") ** 2, x
        ),
        (SMALL,),
        order=0,
        rtol=1e-4,
    ),
    Case(
        "RilletResizeAreaGrad",
        lambda tf, x: gradient(tf, lambda v: tf.image.resize(v, [2, 2], "area"), x),
        (np.ones((1, 4, 4, 1), np.float32),),
        golden=False,
        order=0,
        # four equal pixels make one
        expect=lambda x: np.full_like(x, 0.25),
    ),
)

COLOURS = (
    Case(
        "RGBToHSV",
        lambda tf, x: tf.image.rgb_to_hsv(x),
        (BRIGHT,),
        rtol=1e-4,
        dtypes=("float64",),
        refused=(((floats(2, 2),), "FailedPreconditionError", "must have 3 channels"),),
    ),
    Case(
        "HSVToRGB", lambda tf, x: tf.image.hsv_to_rgb(x), (BRIGHT,), dtypes=("float64",)
    ),
    made("Sum", "grayscale", lambda tf, x: tf.image.rgb_to_grayscale(x), BYTES),
    made("Sum", "grayscale_floats", lambda tf, x: tf.image.rgb_to_grayscale(x)),
    made(
        "Tile", "grayscale_to_rgb", lambda tf, x: tf.image.grayscale_to_rgb(x[..., :1])
    ),
    made("MatMul", "yiq", lambda tf, x: tf.image.rgb_to_yiq(x)),
    made("MatMul", "from_yiq", lambda tf, x: tf.image.yiq_to_rgb(x)),
    made("MatMul", "yuv", lambda tf, x: tf.image.rgb_to_yuv(x)),
    made("MatMul", "from_yuv", lambda tf, x: tf.image.yuv_to_rgb(x)),
    made("Mean", "contrast", lambda tf, x: tf.image.adjust_contrast(x, 1.7)),
    made(
        "Mean", "contrast_bytes", lambda tf, x: tf.image.adjust_contrast(x, 1.7), BYTES
    ),
    made(
        "AddV2", "brightness", lambda tf, x: tf.image.adjust_brightness(x, 0.2), BYTES
    ),
    made("Pow", "gamma", lambda tf, x: tf.image.adjust_gamma(x, 0.7, 1.1)),
    made("RGBToHSV", "hue", lambda tf, x: tf.image.adjust_hue(x, -0.4)),
    made("RGBToHSV", "hue_bytes", lambda tf, x: tf.image.adjust_hue(x, 0.3), BYTES),
    made("HSVToRGB", "saturation", lambda tf, x: tf.image.adjust_saturation(x, 1.5)),
    made(
        "Mean",
        "standardization",
        lambda tf, x: tf.image.per_image_standardization(x),
        BYTES,
    ),
    made(
        "Cast",
        "dtype_up",
        lambda tf, x: tf.image.convert_image_dtype(x, tf.uint16),
        BYTES,
    ),
    made(
        "Cast",
        "dtype_float",
        lambda tf, x: tf.image.convert_image_dtype(x, tf.float32),
        BYTES,
    ),
    made("Cast", "dtype_down", lambda tf, x: tf.image.convert_image_dtype(x, tf.uint8)),
)

RANDOM = (
    made(
        "ReverseV2",
        "flip_lr",
        seeded(lambda tf, x: tf.image.random_flip_left_right(x, seed=5)),
    ),
    made(
        "ReverseV2",
        "flip_ud_one",
        seeded(lambda tf, x: tf.image.random_flip_up_down(x[0], seed=5)),
    ),
    made(
        "ReverseV2",
        "flip_stateless",
        lambda tf, x: tf.image.stateless_random_flip_up_down(x, seed=[1, 2]),
    ),
    made(
        "AddV2",
        "random_brightness",
        seeded(lambda tf, x: tf.image.random_brightness(x, 0.3, seed=5)),
    ),
    made(
        "Mean",
        "random_contrast",
        seeded(lambda tf, x: tf.image.random_contrast(x, 0.3, 1.4, seed=5)),
    ),
    made(
        "RGBToHSV",
        "random_hue",
        seeded(lambda tf, x: tf.image.random_hue(x, 0.4, seed=5)),
    ),
    made(
        "RGBToHSV",
        "random_saturation",
        seeded(lambda tf, x: tf.image.random_saturation(x, 0.3, 1.4, seed=5)),
    ),
    made(
        "Slice",
        "random_crop",
        seeded(lambda tf, x: tf.image.random_crop(x, [1, 2, 3, 3], seed=5)),
    ),
    made(
        "Slice",
        "stateless_crop",
        lambda tf, x: tf.image.stateless_random_crop(x, [1, 2, 3, 3], seed=[1, 2]),
    ),
    made(
        "RGBToHSV",
        "stateless_hue",
        lambda tf, x: tf.image.stateless_random_hue(x, 0.4, seed=[1, 2]),
    ),
    made(
        "AddV2",
        "stateless_brightness",
        lambda tf, x: tf.image.stateless_random_brightness(x, 0.4, seed=[1, 2]),
    ),
    made(
        "Mean",
        "stateless_contrast",
        lambda tf, x: tf.image.stateless_random_contrast(x, 0.4, 2.0, seed=[1, 2]),
    ),
    made(
        "RGBToHSV",
        "stateless_saturation",
        lambda tf, x: tf.image.stateless_random_saturation(x, 0.4, 2.0, seed=[1, 2]),
    ),
)

FRAMES = (
    *[
        made("ReverseV2", f"rot{k}", lambda tf, x, k=k: tf.image.rot90(x, k))
        for k in (-1, 1, 2)
    ],
    made("ReverseV2", "left_right", lambda tf, x: tf.image.flip_left_right(x)),
    made("ReverseV2", "up_down", lambda tf, x: tf.image.flip_up_down(x[0])),
    made("Transpose", "image", lambda tf, x: tf.image.transpose(x)),
    made("Slice", "central", lambda tf, x: tf.image.central_crop(x, 0.55)),
    made("Slice", "box", lambda tf, x: tf.image.crop_to_bounding_box(x, 1, 2, 2, 3)),
    made("Pad", "box", lambda tf, x: tf.image.pad_to_bounding_box(x, 1, 2, 8, 9)),
    made(
        "Slice", "crop_or_pad", lambda tf, x: tf.image.resize_with_crop_or_pad(x, 7, 2)
    ),
)

QUALITY = (
    made(
        "StridedSlice", "gradients", lambda tf, x: tf.image.image_gradients(x), order=2
    ),
    made("MirrorPad", "sobel", lambda tf, x: tf.image.sobel_edges(x), order=2),
    made("Sum", "variation", lambda tf, x: tf.image.total_variation(x), order=1),
    made("Log", "psnr", lambda tf, x: tf.image.psnr(x, x[::-1] * 0.9, 1.0)),
    made("Log", "psnr_bytes", lambda tf, x: tf.image.psnr(x, x[::-1], 255), BYTES),
    made(
        "DepthwiseConv2dNative",
        "ssim",
        lambda tf, x: tf.image.ssim(x, x[:, ::-1] * 0.9 + x * 0.1, 1.0),
        LARGE,
    ),
    made(
        "DepthwiseConv2dNative",
        "ssim_map",
        lambda tf, x: tf.image.ssim(x, x[:, ::-1], 1.0, 5, 1.1, 0.02, 0.04, True),
        LARGE,
    ),
    made(
        "AvgPool",
        "ssim_multiscale",
        lambda tf, x: tf.image.ssim_multiscale(
            x,
            x * 0.8 + x[:, ::-1] * 0.2,
            1.0,
            power_factors=(0.3, 0.3, 0.4),
            filter_size=4,
        ),
        LARGE[:, :23, :25],
    ),
)

PLACED = (
    Case(
        "CropAndResize",
        lambda tf, x, b: tf.image.crop_and_resize(x, b, [0, 1, 0], [3, 4]),
        (X, BOXES),
        order=0,
        rtol=1e-4,
        refused=(
            ((X, BOXES[:, :3]), "InvalidArgumentError", r"shape \(n, 4\)"),
            ((X[:1], BOXES), "OutOfRangeError", "outside"),
        ),
    ),
    Case(
        "CropAndResize",
        lambda tf, x: tf.image.crop_and_resize(x, BOXES, [0, 1, 0], [2, 5]),
        (X,),
        name="image",
        rtol=1e-4,
        step=0.5,
    ),
    Case(
        "CropAndResize",
        lambda tf, x, b: tf.image.crop_and_resize(
            x, b, [0, 1, 0], [1, 4], "nearest", 7
        ),
        (X, BOXES),
        name="nearest",
        order=0,
    ),
    Case(
        "CropAndResizeGradImage",
        lambda tf, x, b: gradient(
            tf, lambda v: tf.image.crop_and_resize(v, b, [0, 1, 0], [3, 1]) ** 2, x
        ),
        (X, BOXES),
        order=0,
        rtol=1e-4,
    ),
    Case(
        "CropAndResizeGradBoxes",
        lambda tf, x, b: gradient(
            tf, lambda v: tf.image.crop_and_resize(x, v, [0, 1, 0], [3, 1]) ** 2, b
        ),
        (X, BOXES),
        order=0,
        rtol=1e-4,
    ),
    Case(
        "NonMaxSuppressionV3",
        lambda tf, b, s: tf.image.non_max_suppression(b, s, 8, 0.3, 0.1),
        (CORNERS, SCORES),
        grad=(),
        order=0,
        refused=(((CORNERS, SCORES[:3]), "InvalidArgumentError", "score for each"),),
    ),
    Case(
        "NonMaxSuppressionV5",
        lambda tf, b, s: tf.image.non_max_suppression_with_scores(
            b, s, 8, 0.9, 0.1, 0.4
        ),
        (CORNERS, SCORES),
        grad=(),
        order=0,
    ),
    Case(
        "NonMaxSuppressionWithOverlaps",
        lambda tf, o, s: tf.image.non_max_suppression_overlaps(o, s, 8, 0.3),
        (floats(12, 12, low=0, high=1), SCORES),
        grad=(),
        order=0,
    ),
    Case(
        "DrawBoundingBoxesV2",
        lambda tf, x, b: tf.image.draw_bounding_boxes(x, [b, b], None),
        (X, BOXES),
        grad=(),
        order=0,
    ),
    Case(
        "DrawBoundingBoxesV2",
        lambda tf, x, b: tf.image.draw_bounding_boxes(x[..., :1], [b, b], [[0.5], [2]]),
        (X, BOXES),
        name="colours",
        grad=(),
        order=0,
    ),
)

CASES = RESIZED + COLOURS + RANDOM + FRAMES + QUALITY + PLACED
