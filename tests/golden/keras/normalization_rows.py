"""Rows of the normalising layers, of Embedding and of those that only add noise."""

import numpy as np
from layer_runs import Row, numbers

MASK = np.array([[True, True, False], [True, False, False]])

ROWS = {
    "batch": Row(lambda k: k.BatchNormalization(name="layer"), numbers(5, 3)),
    "batch training": Row(
        lambda k: k.BatchNormalization(momentum=0.7, epsilon=0.01, name="layer"),
        numbers(5, 3),
        {"training": True},
        warm=1,
    ),
    "batch rank 3": Row(
        lambda k: k.BatchNormalization(name="layer"),
        numbers(2, 3, 4),
        {"training": True},
    ),
    "batch masked": Row(
        lambda k: k.BatchNormalization(name="layer", momentum=0.5),
        numbers(2, 3, 4),
        {"training": True, "mask": MASK},
    ),
    "batch image": Row(
        lambda k: k.BatchNormalization(momentum=0.9, name="layer"),
        numbers(2, 3, 2, 4),
        {"training": True},
    ),
    "batch image at rest": Row(
        lambda k: k.BatchNormalization(scale=False, name="layer"), numbers(2, 3, 2, 4)
    ),
    "batch image width": Row(
        lambda k: k.BatchNormalization(axis=2, name="layer"), numbers(2, 3, 2, 4)
    ),
    "batch image synchronized": Row(
        lambda k: k.BatchNormalization(synchronized=True, name="layer"),
        numbers(2, 3, 2, 4),
        {"training": True},
    ),
    "batch volume": Row(
        lambda k: k.BatchNormalization(momentum=0.5, name="layer"),
        numbers(2, 2, 3, 2, 2),
        {"training": True},
    ),
    "batch two axes": Row(
        lambda k: k.BatchNormalization(axis=[1, 3], name="layer"),
        numbers(3, 2, 4, 3),
        {"training": True},
    ),
    "batch bare": Row(
        lambda k: k.BatchNormalization(
            center=False,
            scale=False,
            moving_mean_initializer="ones",
            name="layer",
        ),
        numbers(5, 3),
        {"training": True},
    ),
    "batch regularized": Row(
        lambda k: k.BatchNormalization(
            axis=1,
            beta_regularizer="l2",
            gamma_regularizer="l1",
            beta_constraint="non_neg",
            gamma_constraint="max_norm",
            name="layer",
        ),
        numbers(5, 3, 2),
    ),
    "layer": Row(lambda k: k.LayerNormalization(name="layer"), numbers(4, 5)),
    "layer axes": Row(
        lambda k: k.LayerNormalization(axis=[1, 2], epsilon=0.1, name="layer"),
        numbers(2, 3, 4),
    ),
    "layer inner axis": Row(
        lambda k: k.LayerNormalization(axis=1, center=False, name="layer"),
        numbers(2, 3, 4),
    ),
    "layer bare": Row(
        lambda k: k.LayerNormalization(
            axis=-1, scale=False, beta_regularizer="l2", epsilon=1e-6, name="layer"
        ),
        numbers(2, 3, 4),
    ),
    "group": Row(
        lambda k: k.GroupNormalization(groups=2, name="layer"), numbers(2, 3, 4)
    ),
    "group image": Row(
        lambda k: k.GroupNormalization(groups=3, axis=1, epsilon=0.01, name="layer"),
        numbers(2, 6, 2, 3),
    ),
    "group of one": Row(
        lambda k: k.GroupNormalization(groups=-1, scale=False, name="layer"),
        numbers(3, 2, 4),
    ),
    "group masked": Row(
        lambda k: k.GroupNormalization(groups=2, name="layer"),
        numbers(2, 3, 4),
        {"mask": MASK[..., None]},
    ),
    "unit": Row(lambda k: k.UnitNormalization(name="layer"), numbers(4, 5)),
    "unit axes": Row(
        lambda k: k.UnitNormalization(axis=[1, 2], name="layer"), numbers(2, 3, 4)
    ),
    "spectral": Row(
        lambda k: k.SpectralNormalization(k.Dense(3, name="inner"), name="layer"),
        numbers(4, 5),
        {"training": True},
        warm=1,
    ),
    "spectral steps": Row(
        lambda k: k.SpectralNormalization(
            k.Dense(2, name="inner"), power_iterations=3, name="layer"
        ),
        numbers(4, 5),
    ),
    "embedding": Row(
        lambda k: k.Embedding(5, 3, name="layer"),
        np.array([[1, 4, 1], [0, 2, 2]]),
        slopes=False,
    ),
    "embedding masked": Row(
        lambda k: k.Embedding(
            5,
            2,
            embeddings_initializer="normal",
            embeddings_regularizer="l2",
            embeddings_constraint="unit_norm",
            mask_zero=True,
            input_length=3,
            name="layer",
        ),
        np.array([[1, 4, 0], [0, 2, 2]], "int32"),
        slopes=False,
    ),
    "embedding floats": Row(
        lambda k: k.Embedding(4, 2, name="layer", activity_regularizer="l2"),
        np.array([[1.0, 3.0]], "float32"),
        slopes=False,
    ),
    "noise": Row(
        lambda k: k.GaussianNoise(0.3, name="layer"), numbers(3, 4), {"training": True}
    ),
    "noise seeded": Row(
        lambda k: k.GaussianNoise(0.3, seed=5, name="layer"),
        numbers(3, 4),
        {"training": True},
    ),
    "noise at rest": Row(lambda k: k.GaussianNoise(0.3, name="layer"), numbers(3, 4)),
    "gaussian dropout": Row(
        lambda k: k.GaussianDropout(0.4, name="layer"),
        numbers(3, 4),
        {"training": True},
    ),
    "gaussian dropout seeded": Row(
        lambda k: k.GaussianDropout(0.4, seed=3, name="layer"),
        numbers(3, 4),
        {"training": True},
    ),
    "alpha dropout": Row(
        lambda k: k.AlphaDropout(0.3, name="layer"), numbers(4, 6), {"training": True}
    ),
    "alpha dropout shared": Row(
        lambda k: k.AlphaDropout(0.5, noise_shape=[4, 1], seed=2, name="layer"),
        numbers(4, 6),
        {"training": True},
    ),
    "spatial 1": Row(
        lambda k: k.SpatialDropout1D(0.5, name="layer"),
        numbers(2, 3, 4),
        {"training": True},
    ),
    "spatial 2": Row(
        lambda k: k.SpatialDropout2D(0.5, name="layer"),
        numbers(2, 2, 3, 4),
        {"training": True},
    ),
    "spatial 2 first": Row(
        lambda k: k.SpatialDropout2D(0.5, "channels_first", name="layer"),
        numbers(2, 4, 2, 3),
        {"training": True},
    ),
    "spatial 3": Row(
        lambda k: k.SpatialDropout3D(0.4, name="layer"),
        numbers(2, 2, 2, 2, 4),
        {"training": True},
    ),
    "spatial 3 first": Row(
        lambda k: k.SpatialDropout3D(0.4, "channels_first", name="layer"),
        numbers(2, 4, 2, 2, 2),
        {"training": True},
    ),
    "activity": Row(
        lambda k: k.ActivityRegularization(l1=0.1, l2=0.2, name="layer"), numbers(4, 5)
    ),
}
