"""Rows of `ops.projective`.

For a gradient TensorFlow takes the transform by the inverted matrix, which is near the
truth at best. rillet's is the true one: so rows with golden values are not
differentiated, and rows with a formula are. Images are interpolated in float32 even
where they are float64, so finite differences take wide steps: the op is linear, and a
wide step loses nothing.
"""

import numpy as np

from cases import Case, floats

X = floats(2, 5, 6, 2)
BYTES = np.random.default_rng(5).integers(0, 256, (2, 5, 6, 2)).astype(np.uint8)
MOVES = np.array(
    [
        [1.1, 0.2, -2.5, -0.3, 0.9, 1.3, 0.01, -0.02],
        [0.6, 0.0, 3.2, 0.1, -1.2, 6.4, 0.0, 0.0],
    ],
    np.float32,
)


def transformed(tf, x, moves, sizes, fill, **attrs):
    if hasattr(tf, "raw_ops"):
        return tf.raw_ops.ImageProjectiveTransformV3(
            images=x, transforms=moves, output_shape=sizes, fill_value=fill, **attrs
        )
    from rillet.ops.projective import projective_op

    return projective_op(x, moves, tuple(sizes), fill, **attrs)


def spread(tf, g, moves, space, **attrs):
    from rillet.ops.projective import projective_grad_op

    return projective_grad_op(g, moves, space, **attrs)


def spread_by_parts(g, space, **attrs):
    """The gradient from what the transform makes of each pixel alone."""
    import rillet as tf

    found = np.zeros((g.shape[0], *space, g.shape[3]), np.float32)
    for y in range(space[0]):
        for x in range(space[1]):
            one = np.zeros(found.shape, np.float32)
            one[:, y, x] = 1
            seen = transformed(tf, one, MOVES, g.shape[1:3], 0.0, **attrs).numpy()
            found[:, y, x] = (seen * g).sum((1, 2))
    return found


def row(name, interpolation, fill_mode, sizes=(5, 6), x=X, **more):
    attrs = {"interpolation": interpolation, "fill_mode": fill_mode}
    return Case(
        "ImageProjectiveTransformV3",
        lambda tf, x: transformed(tf, x, MOVES, sizes, 0.5, **attrs),
        (x,),
        name=name,
        grad=(),
        order=0,
        **more,
    )


def known(name, moves, expect, **attrs):
    """A row whose value a formula gives."""
    rows = np.array([[*moves, 0, 0]], np.float32)
    return Case(
        "ImageProjectiveTransformV3",
        lambda tf, x: transformed(tf, x, rows, (5, 6), 0.0, **attrs),
        (X,),
        name=name,
        golden=False,
        expect=expect,
        step=0.5,
    )


def halfway(x):
    """Means of neighbours in a row; beyond the last stands 0."""
    beyond = np.pad(x, ((0, 0), (0, 0), (0, 1), (0, 0)))
    return (beyond[:, :, :-1] + beyond[:, :, 1:]) / 2


WRONG = (
    ((X[0],), "InvalidArgumentError", "images must have rank 4"),
    ((np.zeros((3, 5, 6, 2), np.float32),), "InvalidArgumentError", "num_images x 8"),
)
PAIR = {"interpolation": "BILINEAR", "fill_mode": "WRAP"}

CASES = (
    row("", "BILINEAR", "CONSTANT", refused=WRONG),
    row("reflect", "BILINEAR", "REFLECT", (7, 3)),
    row("wrap", "BILINEAR", "WRAP"),
    row("edge", "BILINEAR", "NEAREST"),
    row("nearest", "NEAREST", "CONSTANT", (3, 8)),
    row("nearest reflect", "NEAREST", "REFLECT"),
    row("bytes", "BILINEAR", "REFLECT", x=BYTES),
    known(
        "halfway",
        (1, 0, 0.5, 0, 1, 0),
        halfway,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    ),
    known(
        "turned over",
        (-1, 0, 5, 0, 1, 0),
        lambda x: x[:, :, ::-1],
        interpolation="NEAREST",
        fill_mode="WRAP",
    ),
    Case(
        "RilletProjectiveTransformGrad",
        lambda tf, g: spread(tf, g, MOVES, (3, 4), **PAIR),
        (X,),
        golden=False,
        expect=lambda g: spread_by_parts(g, (3, 4), **PAIR),
        step=0.5,
    ),
)
