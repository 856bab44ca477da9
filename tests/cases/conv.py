"""Rows of `ops.conv`, `ops.pools` and `ops.morphology`."""

import numpy as np

from cases import Case, floats, ints

HALVES = ("float16", "bfloat16", "float64")
ONES = [1, 1, 1, 1]
IMAGE, WIDE = floats(2, 5, 6, 4), floats(1, 6, 5, 2)
KERNEL, GROUPED = floats(3, 2, 4, 5, seed=1), floats(2, 3, 2, 6, seed=2)
DEPTH = floats(3, 3, 2, 2, seed=3)
LINE, CUBE = floats(2, 7, 3), floats(1, 4, 5, 3, 2)
CUBIC = floats(2, 3, 2, 2, 3, seed=4)
UP = floats(3, 2, 3, 4, seed=5)
TIES = np.array([1, 1, 0, 2, 2, 2, -1, 3, 3, 0, 5, 5, 1, 1, 1, 1], np.float32)
TIES = TIES.reshape(1, 4, 4, 1)
SPREAD = np.random.default_rng(3).permutation(120).reshape(2, 5, 6, 2) / 20
SPREAD = SPREAD.astype(np.float32)
HOLES = np.array([np.nan, 1, 1, np.nan, -np.inf, -np.inf, np.nan, np.nan], np.float32)
CLASS = "InvalidArgumentError"

REFUSED_CONV = (
    ((floats(2, 5, 6, 3), KERNEL), CLASS, "input depth must be evenly divisible"),
    ((IMAGE, floats(2, 2, 2, 5)), CLASS, "divisible by number of groups"),
    ((floats(1, 1, 2, 4), KERNEL), CLASS, "Computed output size would be negative"),
    ((floats(5, 6, 4), KERNEL), CLASS, "input must be 4-dimensional"),
    ((IMAGE, floats(3, 4, 5)), CLASS, "filter must be 4-dimensional"),
    (
        (IMAGE, KERNEL.astype(np.float64)),
        CLASS,
        "float32 tensor but is a float64 tensor",
    ),
    ((IMAGE.astype(np.int64), KERNEL.astype(np.int64)), CLASS, "not in the list"),
)


def conv2d(*args, **options):
    """A call of `tf.nn.conv2d` with attributes."""
    return lambda tf, x, w: tf.nn.conv2d(x, w, *args, **options)


def pool2d(kind, *args):
    """A call of a pool over two axes."""
    return lambda tf, x: getattr(tf.nn, kind)(x, *args)


CONVOLUTIONS = (
    Case(
        "Conv2D",
        conv2d(1, "VALID"),
        (IMAGE, KERNEL),
        refused=REFUSED_CONV,
        dtypes=HALVES,
    ),
    Case("Conv2D", conv2d(1, "SAME"), (IMAGE, KERNEL), name="same"),
    Case("Conv2D", conv2d(2, "SAME"), (IMAGE, KERNEL), name="strided"),
    Case("Conv2D", conv2d([1, 2, 3, 1], "VALID"), (IMAGE, KERNEL), name="strides"),
    Case("Conv2D", conv2d(1, "SAME", dilations=2), (IMAGE, KERNEL), name="dilated"),
    Case(
        "Conv2D",
        conv2d(2, [[0, 0], [1, 2], [0, 3], [0, 0]]),
        (IMAGE, KERNEL),
        name="explicit",
    ),
    Case("Conv2D", conv2d(1, "SAME"), (IMAGE, GROUPED), name="groups"),
    Case("Conv2D", conv2d(1, "VALID"), (IMAGE, floats(1, 1, 4, 3)), name="pointwise"),
    Case("Conv2D", conv2d(3, "SAME"), (IMAGE, floats(1, 1, 4, 3)), name="sparse"),
    Case(
        "Conv2D",
        conv2d(1, "VALID"),
        (IMAGE, floats(6, 6, 4, 3)),
        name="empty",
        order=0,
        golden=False,
        expect=lambda x, w: np.zeros((2, 0, 1, 3), np.float32),
    ),
    Case(
        "Conv2D",
        conv2d(1, "SAME"),
        (floats(1, 9, 9, 12), floats(3, 3, 12, 2)),
        name="deep",
        order=1,
        rtol=3e-5,  # 108 terms, summed in the order of the machine's products
    ),
    Case(
        "Conv2D",
        lambda tf, x, w: tf.nn.conv1d(x, w, 2, "SAME"),
        (LINE, floats(3, 3, 4)),
        name="conv1d",
    ),
    Case(
        "Conv2D",
        lambda tf, x, w: tf.nn.conv1d(x, w, 1, "VALID", dilations=2),
        (LINE, floats(3, 3, 4)),
        name="conv1d_dilated",
    ),
    Case(
        "Conv2D",
        lambda tf, x, w: tf.nn.convolution(x, w, 2, "SAME"),
        (IMAGE, KERNEL),
        name="convolution",
    ),
    Case(
        "Conv2D",
        lambda tf, x, w: tf.nn.convolution(x, w, dilations=[2, 1]),
        (IMAGE, KERNEL),
        name="convolution_dilated",
    ),
    Case(
        "Conv2D",
        lambda tf, x, w: tf.nn.atrous_conv2d(x, w, 2, "SAME"),
        (IMAGE, KERNEL),
        name="atrous",
    ),
    Case(
        "Conv3D",
        lambda tf, x, w: tf.nn.conv3d(x, w, [1] * 5, "SAME"),
        (CUBE, CUBIC),
        dtypes=HALVES,
        order=1,
    ),
    Case(
        "Conv3D",
        lambda tf, x, w: tf.nn.conv3d(x, w, [1, 2, 1, 2, 1], "VALID"),
        (CUBE, CUBIC),
        name="strided",
    ),
    Case(
        "DepthwiseConv2dNative",
        lambda tf, x, w: tf.nn.depthwise_conv2d(x, w, ONES, "SAME"),
        (WIDE, DEPTH),
        dtypes=HALVES,
        refused=(((floats(1, 6, 5, 3), DEPTH), CLASS, "must have the same depth"),),
    ),
    Case(
        "DepthwiseConv2dNative",
        lambda tf, x, w: tf.nn.depthwise_conv2d(x, w, [1, 2, 2, 1], "VALID"),
        (WIDE, DEPTH),
        name="strided",
    ),
    Case(
        "DepthwiseConv2dNative",
        lambda tf, x, w: tf.nn.depthwise_conv2d(x, w, ONES, "SAME", dilations=[2, 2]),
        (WIDE, DEPTH),
        name="dilated",
    ),
    Case(
        "DepthwiseConv2dNative",
        lambda tf, x, w, p: tf.nn.separable_conv2d(x, w, p, ONES, "SAME"),
        (WIDE, DEPTH, floats(1, 1, 4, 3)),
        name="separable",
        order=1,
    ),
)

BACKWARD = (
    Case(
        "Conv2DBackpropInput",
        lambda tf, x, w: tf.nn.conv2d_transpose(x, w, [2, 10, 12, 3], 2),
        (IMAGE, UP),
        dtypes=HALVES,
        refused=(
            ((floats(1, 5, 6, 4), UP), CLASS, "batch"),
            ((floats(2, 4, 6, 4), UP), CLASS, "size of out_backprop"),
            ((floats(2, 5, 6, 3), UP), CLASS, "out_depth"),
        ),
    ),
    Case(
        "Conv2DBackpropInput",
        lambda tf, x, w: tf.nn.conv2d_transpose(x, w, [2, 7, 7, 3], 1, "VALID"),
        (IMAGE, UP),
        name="valid",
    ),
    Case(
        "Conv2DBackpropInput",
        lambda tf, x, w: tf.nn.conv1d_transpose(x, w, [2, 14, 4], 2),
        (LINE, floats(3, 4, 3)),
        name="conv1d",
    ),
    Case(
        "Conv2DBackpropInput",
        lambda tf, x, w: tf.nn.conv_transpose(x, w, [2, 15, 18, 3], 3),
        (IMAGE, UP),
        name="conv_transpose",
    ),
    Case(
        "Conv2DBackpropInput",
        lambda tf, x, w: tf.nn.atrous_conv2d_transpose(x, w, [2, 9, 8, 3], 2, "VALID"),
        (IMAGE, UP),
        name="atrous",
    ),
    Case(
        "Conv2DBackpropFilter",
        lambda tf, x, g: _tape(tf, x, g, 4),
        (IMAGE, floats(2, 3, 5, 5)),
        order=0,
    ),
    Case(
        "Conv3DBackpropInputV2",
        lambda tf, x, w: tf.nn.conv3d_transpose(x, w, [1, 8, 10, 6, 3], 2),
        (CUBE, floats(2, 3, 2, 3, 2)),
        order=1,
    ),
    Case(
        "Conv3DBackpropFilterV2",
        lambda tf, x, g: _tape(tf, x, g, 5),
        (CUBE, floats(1, 3, 3, 2, 3)),
        order=0,
    ),
    Case(
        "DepthwiseConv2dNativeBackpropInput",
        lambda tf, w, g: tf.nn.depthwise_conv2d_backprop_input(
            [1, 6, 5, 2], w, g, ONES, "SAME"
        ),
        (DEPTH, floats(1, 6, 5, 4)),
    ),
    Case(
        "DepthwiseConv2dNativeBackpropFilter",
        lambda tf, x, g: tf.nn.depthwise_conv2d_backprop_filter(
            x, [3, 3, 2, 2], g, ONES, "SAME"
        ),
        (WIDE, floats(1, 6, 5, 4)),
    ),
)


def _tape(tf, x, g, rank):
    """The gradient of the filter that a tape gives, weighted by `g`."""
    w = tf.constant(KERNEL if rank == 4 else CUBIC)
    with tf.GradientTape() as tape:
        tape.watch(w)
        if rank == 4:
            y = tf.nn.conv2d(x, w, 1, "VALID")
        else:
            y = tf.nn.conv3d(x, w, [1] * 5, "VALID")
    return tape.gradient(y, w, output_gradients=g)


POOLS = (
    Case(
        "MaxPool",
        pool2d("max_pool2d", 2, 2, "SAME"),
        (SPREAD,),
        dtypes=HALVES,
        refused=(((SPREAD[0],), CLASS, "2 spatial dimensions"),),
    ),
    Case("MaxPool", pool2d("max_pool2d", [3, 2], 1, "VALID"), (SPREAD,), name="valid"),
    Case(
        "MaxPool",
        pool2d("max_pool2d", 3, 2, [[0, 0], [1, 2], [0, 1], [0, 0]]),
        (SPREAD,),
        name="explicit",
    ),
    Case("MaxPool", pool2d("max_pool2d", 2, 1, "SAME"), (TIES,), name="ties", order=0),
    Case(
        "MaxPool",
        pool2d("max_pool2d", [1, 2], [1, 2], "VALID"),
        (HOLES.reshape(1, 1, 8, 1),),
        name="holes",
        order=0,
    ),
    Case(
        "MaxPool",
        pool2d("max_pool2d", 3, 2, "SAME"),
        (ints(1, 6, 5, 2),),
        name="integers",
        order=0,
    ),
    Case(
        "MaxPool",
        pool2d("max_pool2d", [1, 1, 1, 2], [1, 1, 1, 2], "VALID"),
        (SPREAD,),
        name="depth",
        order=0,
    ),
    Case("MaxPool", pool2d("max_pool1d", 3, 2, "SAME"), (SPREAD[0],), name="line"),
    Case("MaxPool", pool2d("max_pool", 2, 2, "VALID"), (SPREAD,), name="any"),
    Case(
        "MaxPool", pool2d("pool", [2, 2], "MAX", [2, 2], "SAME"), (SPREAD,), name="pool"
    ),
    Case("MaxPool3D", pool2d("max_pool3d", 2, 2, "SAME"), (SPREAD[None],), order=1),
    Case("AvgPool", pool2d("avg_pool2d", 2, 2, "SAME"), (IMAGE,), dtypes=HALVES),
    Case("AvgPool", pool2d("avg_pool2d", [3, 2], 1, "VALID"), (IMAGE,), name="valid"),
    Case("AvgPool", pool2d("avg_pool2d", 3, 1, "SAME"), (IMAGE,), name="overlapping"),
    Case("AvgPool", pool2d("avg_pool1d", 3, 2, "SAME"), (LINE,), name="line"),
    Case("AvgPool3D", pool2d("avg_pool3d", 2, 2, "SAME"), (CUBE,)),
    Case(
        "AvgPool3D",
        pool2d("avg_pool", [2, 1, 3], 1, "VALID", "NDHWC"),
        (CUBE,),
        name="any",
    ),
    Case(
        "MaxPoolWithArgmax",
        pool2d("max_pool_with_argmax", 2, 2, "SAME"),
        (SPREAD,),
        order=1,
    ),
    Case(
        "MaxPoolWithArgmax",
        lambda tf, x: tf.nn.max_pool_with_argmax(
            x,
            [3, 2],
            [1, 2],
            "VALID",
            output_dtype=tf.int32,
            include_batch_in_index=True,
        ),
        (SPREAD,),
        name="batch",
        order=0,
    ),
    Case(
        "MaxPoolWithArgmax",
        pool2d("max_pool_with_argmax", [1, 2], [1, 2], "VALID"),
        (HOLES.reshape(1, 1, 8, 1),),
        name="holes",
        order=0,
    ),
)

BACK_POOLS = tuple(
    Case(
        op,
        lambda tf, x, g, kind=kind, k=k: _pool_tape(tf, x, g, kind, k),
        (x, g),
        order=0,
    )
    for op, kind, k, x, g in (
        ("MaxPoolGrad", "max_pool2d", 2, TIES, floats(1, 2, 2, 1)),
        ("MaxPool3DGrad", "max_pool3d", 2, SPREAD[None], floats(1, 1, 3, 3, 2)),
        ("AvgPoolGrad", "avg_pool2d", 3, IMAGE, floats(2, 2, 2, 4)),
        ("AvgPool3DGrad", "avg_pool3d", 2, CUBE, floats(1, 2, 3, 2, 2)),
    )
)


def _pool_tape(tf, x, g, kind, k):
    """The gradient of a pool's input, weighted by `g`."""
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = getattr(tf.nn, kind)(x, k, k, "SAME")
    return tape.gradient(y, x, output_gradients=g)


def _twice(tf, x, g, kind):
    """The gradient of a maximum's gradient, by the gradient that came in."""
    with tf.GradientTape() as outer:
        outer.watch(g)
        back = _pool_tape(tf, x, g, kind, 2)
        loss = tf.reduce_sum(back * back * x)
    return outer.gradient(loss, g)


TWICE = (
    Case(
        "MaxPoolGradGrad",
        lambda tf, x, g: _twice(tf, x, g, "max_pool2d"),
        (SPREAD, floats(2, 3, 3, 2)),
        order=0,
    ),
    Case(
        "MaxPool3DGradGrad",
        lambda tf, x, g: _twice(tf, x, g, "max_pool3d"),
        (SPREAD[None], floats(1, 1, 3, 3, 2)),
        order=0,
    ),
)

OFFSETS = floats(2, 3, 2, low=-0.01, high=0.01, seed=6)


def dilation(kind, strides, rates, padding):
    """A call of a grey-scale dilation or erosion."""
    return lambda tf, x, w: getattr(tf.nn, kind)(x, w, strides, padding, "NHWC", rates)


MORPHOLOGY = (
    Case(
        "Dilation2D",
        dilation("dilation2d", ONES, ONES, "SAME"),
        (SPREAD, OFFSETS),
        order=1,
        refused=(((IMAGE, OFFSETS), CLASS, "same depth"),),
    ),
    Case(
        "Dilation2D",
        dilation("dilation2d", [1, 2, 1, 1], [1, 1, 2, 1], "VALID"),
        (SPREAD, OFFSETS),
        name="strided",
        order=1,
    ),
    Case(
        "Dilation2D",
        dilation("erosion2d", ONES, ONES, "SAME"),
        (SPREAD, OFFSETS),
        name="erosion",
        order=1,
    ),
    Case(
        "Dilation2DBackpropInput",
        lambda tf, x, w: _morphology(tf, x, w)[0],
        (SPREAD, OFFSETS),
        order=0,
    ),
    Case(
        "Dilation2DBackpropFilter",
        lambda tf, x, w: _morphology(tf, x, w)[1],
        (SPREAD, OFFSETS),
        order=0,
    ),
)


def _morphology(tf, x, w):
    """The gradients of a dilation."""
    with tf.GradientTape() as tape:
        tape.watch([x, w])
        y = tf.nn.dilation2d(x, w, ONES, "SAME", "NHWC", ONES)
    return tape.gradient(y, [x, w])


CASES = (*CONVOLUTIONS, *BACKWARD, *POOLS, *BACK_POOLS, *TWICE, *MORPHOLOGY)
