"""Layers over space, for rillet and tf.keras alike: a class, its arguments, an input.

`make_spatial.py` keeps tf.keras's outputs and gradients, `tests/keras` compares
rillet's with them. Inputs, weights and the weights of the loss follow from a
row's name, so that only answers are kept.

A row: the class, the constructor's arguments, the shape of the input. The argument
``data_format="NC"`` says channels first for a layer that TensorFlow refuses to run so
on a CPU: its answers come from the twin with channels last.
"""

import zlib

import numpy as np

CONV = {
    "conv1d": ("Conv1D", {"filters": 4, "kernel_size": 3}, (2, 7, 3)),
    "conv1d causal": (
        "Conv1D",
        {"filters": 2, "kernel_size": 3, "padding": "causal", "dilation_rate": 2},
        (2, 7, 3),
    ),
    "conv1d causal stride": (
        "Conv1D",
        {"filters": 2, "kernel_size": (2,), "padding": "causal", "strides": 2},
        (2, 6, 3),
    ),
    "conv1d causal first": (
        "Conv1D",
        {"filters": 2, "kernel_size": 3, "padding": "causal", "data_format": "NC"},
        (2, 3, 6),
    ),
    "conv1d groups": (
        "Conv1D",
        {"filters": 4, "kernel_size": 2, "groups": 2, "activation": "tanh"},
        (2, 6, 4),
    ),
    "conv1d batches": (
        "Conv1D",
        {"filters": 2, "kernel_size": 2, "strides": 2, "padding": "same"},
        (2, 2, 5, 3),
    ),
    "conv2d": ("Conv2D", {"filters": 4, "kernel_size": 3}, (2, 5, 6, 3)),
    "conv2d same": (
        "Conv2D",
        {
            "filters": 3,
            "kernel_size": (3, 2),
            "strides": (2, 1),
            "padding": "SAME",
            "activation": "relu",
            "use_bias": False,
        },
        (2, 5, 6, 2),
    ),
    "conv2d dilated first": (
        "Conv2D",
        {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "data_format": "NC"},
        (2, 2, 5, 6),
    ),
    "conv2d groups": (
        "Conv2D",
        {"filters": 4, "kernel_size": 2, "groups": 2, "padding": "same"},
        (1, 4, 4, 4),
    ),
    "conv2d point": (
        "Conv2D",
        {"filters": 5, "kernel_size": 1, "activation": "sigmoid"},
        (2, 3, 4, 3),
    ),
    "conv3d": (
        "Conv3D",
        {"filters": 2, "kernel_size": 2, "padding": "same", "strides": (1, 2, 1)},
        (1, 3, 4, 3, 2),
    ),
    "conv3d first": (
        "Conv3D",
        {"filters": 2, "kernel_size": (1, 2, 2), "data_format": "NC"},
        (2, 2, 3, 3, 4),
    ),
    "conv1d back": (
        "Conv1DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": 2},
        (2, 4, 3),
    ),
    "conv1d back same": (
        "Conv1DTranspose",
        {
            "filters": 2,
            "kernel_size": 3,
            "strides": 2,
            "padding": "same",
            "output_padding": 1,
            "data_format": "NC",
        },
        (2, 3, 4),
    ),
    "conv1d back dilated": (
        "Conv1DTranspose",
        {"filters": 2, "kernel_size": 2, "dilation_rate": 2, "activation": "tanh"},
        (2, 4, 3),
    ),
    "conv2d back": (
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"},
        (2, 3, 4, 2),
    ),
    "conv2d back valid": (
        "Conv2DTranspose",
        {
            "filters": 3,
            "kernel_size": (2, 3),
            "strides": (3, 2),
            "output_padding": (1, 0),
            "use_bias": False,
            "activation": "tanh",
        },
        (1, 3, 2, 2),
    ),
    "conv2d back first": (
        "Conv2DTranspose",
        {"filters": 3, "kernel_size": 2, "dilation_rate": 2, "data_format": "NC"},
        (1, 2, 3, 3),
    ),
    "conv3d back": (
        "Conv3DTranspose",
        {"filters": 2, "kernel_size": 2, "strides": 2},
        (1, 2, 2, 3, 2),
    ),
    "conv3d back same": (
        "Conv3DTranspose",
        {"filters": 2, "kernel_size": 3, "strides": (1, 2, 1), "padding": "same"},
        (1, 2, 2, 3, 2),
    ),
    "depthwise1d": (
        "DepthwiseConv1D",
        {"kernel_size": 3, "depth_multiplier": 2},
        (2, 6, 3),
    ),
    "depthwise1d first": (
        "DepthwiseConv1D",
        {"kernel_size": 2, "strides": 2, "padding": "same", "data_format": "NC"},
        (2, 3, 5),
    ),
    "depthwise2d": (
        "DepthwiseConv2D",
        {"kernel_size": 3, "padding": "same", "activation": "relu"},
        (2, 4, 5, 3),
    ),
    "depthwise2d first": (
        "DepthwiseConv2D",
        {
            "kernel_size": (2, 3),
            "depth_multiplier": 2,
            "strides": 2,
            "data_format": "NC",
        },
        (2, 2, 5, 6),
    ),
    "separable1d": (
        "SeparableConv1D",
        {"filters": 4, "kernel_size": 3, "padding": "causal", "depth_multiplier": 2},
        (2, 6, 3),
    ),
    "separable1d first": (
        "SeparableConv1D",
        {"filters": 2, "kernel_size": 2, "strides": 2, "data_format": "NC"},
        (2, 3, 6),
    ),
    "separable2d": (
        "SeparableConv2D",
        {"filters": 4, "kernel_size": 3, "activation": "tanh"},
        (2, 4, 5, 3),
    ),
    "separable2d first": (
        "SeparableConv2D",
        {
            "filters": 3,
            "kernel_size": 2,
            "dilation_rate": 2,
            "padding": "same",
            "depth_multiplier": 2,
            "use_bias": False,
            "data_format": "NC",
        },
        (1, 2, 4, 4),
    ),
}

POOL = {
    "max1d": ("MaxPooling1D", {"strides": 1}, (2, 5, 3)),
    "max1d first": (
        "MaxPooling1D",
        {"pool_size": 3, "strides": 2, "padding": "same", "data_format": "NC"},
        (2, 3, 6),
    ),
    "max2d": ("MaxPooling2D", {}, (2, 5, 6, 3)),
    "max2d same": (
        "MaxPooling2D",
        {"pool_size": (2, 3), "strides": (1, 2), "padding": "same"},
        (2, 4, 5, 2),
    ),
    "max2d first": (
        "MaxPooling2D",
        {"pool_size": 3, "data_format": "NC"},
        (1, 2, 6, 7),
    ),
    "max3d": ("MaxPooling3D", {"pool_size": (1, 2, 2)}, (1, 2, 4, 4, 2)),
    "max3d first": (
        "MaxPooling3D",
        {"padding": "same", "data_format": "NC"},
        (1, 2, 3, 3, 4),
    ),
    "mean1d": ("AveragePooling1D", {"padding": "same", "strides": 1}, (2, 5, 3)),
    "mean1d first": (
        "AveragePooling1D",
        {"pool_size": 3, "data_format": "NC"},
        (2, 3, 7),
    ),
    "mean2d": ("AveragePooling2D", {"pool_size": 3, "strides": 2}, (2, 5, 6, 3)),
    "mean2d first": (
        "AveragePooling2D",
        {"padding": "same", "data_format": "NC"},
        (1, 2, 5, 5),
    ),
    "mean3d": ("AveragePooling3D", {}, (1, 2, 4, 5, 2)),
    "mean3d first": (
        "AveragePooling3D",
        {"pool_size": 2, "strides": 1, "padding": "same", "data_format": "NC"},
        (1, 2, 2, 3, 3),
    ),
    "all max1d": ("GlobalMaxPooling1D", {}, (2, 4, 3)),
    "all max1d first": (
        "GlobalMaxPooling1D",
        {"data_format": "channels_first", "keepdims": True},
        (2, 4, 3),
    ),
    "all max2d": ("GlobalMaxPooling2D", {"keepdims": True}, (2, 3, 4, 3)),
    "all max2d first": (
        "GlobalMaxPooling2D",
        {"data_format": "channels_first"},
        (2, 3, 4, 3),
    ),
    "all max3d": ("GlobalMaxPooling3D", {}, (2, 2, 3, 2, 3)),
    "all max3d first": (
        "GlobalMaxPooling3D",
        {"data_format": "channels_first", "keepdims": True},
        (2, 2, 3, 2, 3),
    ),
    "all mean1d": ("GlobalAveragePooling1D", {"keepdims": True}, (2, 4, 3)),
    "all mean1d first": (
        "GlobalAveragePooling1D",
        {"data_format": "channels_first"},
        (2, 4, 3),
    ),
    "all mean2d": ("GlobalAveragePooling2D", {}, (2, 3, 4, 3)),
    "all mean2d first": (
        "GlobalAveragePooling2D",
        {"data_format": "channels_first", "keepdims": True},
        (2, 3, 4, 3),
    ),
    "all mean3d": ("GlobalAveragePooling3D", {"keepdims": True}, (2, 2, 3, 2, 3)),
    "all mean3d first": (
        "GlobalAveragePooling3D",
        {"data_format": "channels_first"},
        (2, 2, 3, 2, 3),
    ),
}

FIRST = {"data_format": "channels_first"}

SIZE = {
    "zeros1d": ("ZeroPadding1D", {}, (2, 3, 2)),
    "zeros1d pair": ("ZeroPadding1D", {"padding": (2, 0)}, (1, 3, 2)),
    "zeros2d": ("ZeroPadding2D", {"padding": (1, 2)}, (1, 2, 3, 2)),
    "zeros2d first": (
        "ZeroPadding2D",
        {"padding": ((1, 0), (0, 2)), **FIRST},
        (1, 2, 3, 2),
    ),
    "zeros3d": ("ZeroPadding3D", {"padding": 1}, (1, 1, 2, 2, 2)),
    "zeros3d first": (
        "ZeroPadding3D",
        {"padding": ((1, 0), 0, (0, 2)), **FIRST},
        (1, 2, 1, 2, 2),
    ),
    "crop1d": ("Cropping1D", {}, (2, 5, 2)),
    "crop1d pair": ("Cropping1D", {"cropping": (0, 2)}, (2, 5, 2)),
    "crop2d": ("Cropping2D", {"cropping": (1, 2)}, (2, 4, 6, 2)),
    "crop2d first": (
        "Cropping2D",
        {"cropping": ((0, 1), (2, 0)), **FIRST},
        (2, 3, 4, 4),
    ),
    "crop3d": ("Cropping3D", {}, (1, 3, 4, 5, 2)),
    "crop3d first": (
        "Cropping3D",
        {"cropping": ((1, 0), 1, (0, 2)), **FIRST},
        (1, 2, 3, 4, 5),
    ),
    "up1d": ("UpSampling1D", {}, (2, 3, 2)),
    "up1d 3": ("UpSampling1D", {"size": 3}, (1, 2, 2)),
    "up2d": ("UpSampling2D", {}, (2, 2, 3, 2)),
    "up2d first": ("UpSampling2D", {"size": (1, 3), **FIRST}, (2, 2, 2, 3)),
    "up2d bilinear": (
        "UpSampling2D",
        {"size": (2, 3), "interpolation": "bilinear"},
        (1, 3, 2, 2),
    ),
    "up2d bicubic": (
        "UpSampling2D",
        {"interpolation": "bicubic", **FIRST},
        (1, 2, 3, 3),
    ),
    "up2d lanczos": ("UpSampling2D", {"interpolation": "lanczos5"}, (1, 3, 3, 1)),
    "up3d": ("UpSampling3D", {"size": (1, 2, 3)}, (1, 2, 1, 2, 2)),
    "up3d first": ("UpSampling3D", {**FIRST}, (1, 2, 2, 1, 2)),
}

_ONE, _TWO = ("LocallyConnected1D", "LocallyConnected2D")
_SAME = {"padding": "same", "strides": 2}

LOCAL = {
    "local1d": (_ONE, {"filters": 2, "kernel_size": 3, "strides": 2}, (2, 6, 2)),
    "local1d first": (
        _ONE,
        {"filters": 2, "kernel_size": 2, "activation": "tanh", **FIRST},
        (2, 2, 4),
    ),
    "local1d masked": (
        _ONE,
        {"filters": 2, "kernel_size": 2, "implementation": 2, **_SAME},
        (2, 5, 2),
    ),
    "local1d listed": (
        _ONE,
        {"filters": 2, "kernel_size": 3, "implementation": 3, **_SAME, **FIRST},
        (2, 2, 5),
    ),
    "local2d": (_TWO, {"filters": 2, "kernel_size": 2}, (2, 3, 4, 2)),
    "local2d first": (
        _TWO,
        {"filters": 2, "kernel_size": (1, 2), "strides": (2, 1), **FIRST},
        (2, 3, 3, 4),
    ),
    "local2d masked": (
        _TWO,
        {"filters": 2, "kernel_size": 2, "implementation": 2, "use_bias": False},
        (1, 3, 3, 2),
    ),
    "local2d masked first": (
        _TWO,
        {"filters": 2, "kernel_size": 3, "implementation": 2, **_SAME, **FIRST},
        (1, 2, 3, 4),
    ),
    "local2d listed": (
        _TWO,
        {"filters": 2, "kernel_size": (2, 3), "implementation": 3, **_SAME},
        (1, 4, 3, 2),
    ),
}

FAMILIES = {"conv": CONV, "pool": POOL, "size": SIZE, "local": LOCAL}


def last(arguments):
    """The arguments of the twin with channels last, and whether there is one."""
    first = arguments.get("data_format") == "NC"
    return {**arguments, **({"data_format": "channels_last"} if first else {})}, first


def numbers(name, *shape):
    """Normals that follow from a name."""
    draws = np.random.default_rng(zlib.crc32(name.encode()))
    return draws.normal(size=shape).astype(np.float32)


def answers(tf, name, layer, x, moved=False):
    """A layer's output, and the gradients of a loss by input and weights.

    `moved` says that the layer has its channels last, but `x` has them first.
    """
    rank = len(x.shape)
    back = [0, rank - 1, *range(1, rank - 1)]
    x = tf.constant(np.moveaxis(x, 1, -1) if moved else x)
    layer.build(x.shape)
    layer.set_weights(
        [
            numbers(f"{name} {i}", *w.shape) * 0.5
            for i, w in enumerate(layer.get_weights())
        ]
    )
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = layer(x)
        if moved:
            y = tf.transpose(y, back)
        loss = tf.reduce_sum(y * numbers(f"{name} loss", *y.shape))
    dx, *dw = tape.gradient(loss, [x, *layer.trainable_weights])
    if moved:
        dx = tf.transpose(dx, back)
    return [np.asarray(a) for a in (y, dx, *dw)]
