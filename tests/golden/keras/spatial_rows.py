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

FAMILIES = {"conv": CONV}


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
