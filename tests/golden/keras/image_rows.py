"""Layers of images, for rillet and tf.keras alike: a class, its arguments, an input.

`make_images.py` keeps what tf.keras gives, called twice while training and once at
rest; `tests/keras` compares rillet's with it. A row: the class, the constructor's
arguments, the shape of the input. Seeded layers draw the same numbers in both.
"""

import zlib

import numpy as np

ROWS = {
    "resize": ("Resizing", {"height": 3, "width": 5}, (2, 4, 4, 2)),
    "resize near": (
        "Resizing",
        {"height": 3, "width": 7, "interpolation": "nearest"},
        (5, 5, 2),
    ),
    "resize cut": (
        "Resizing",
        {
            "height": 4,
            "width": 6,
            "crop_to_aspect_ratio": True,
            "interpolation": "bicubic",
        },
        (1, 7, 8, 1),
    ),
    "middle": ("CenterCrop", {"height": 3, "width": 2}, (2, 6, 5, 2)),
    "middle of less": ("CenterCrop", {"height": 4, "width": 7}, (6, 5, 1)),
    "crop": ("RandomCrop", {"height": 3, "width": 2, "seed": 3}, (3, 6, 5, 2)),
    "crop of less": ("RandomCrop", {"height": 7, "width": 2, "seed": 3}, (6, 5, 1)),
    "flip": ("RandomFlip", {"seed": 5}, (6, 2, 3, 1)),
    "flip up": ("RandomFlip", {"mode": "vertical", "seed": 2}, (4, 3, 2)),
    "flip left": ("RandomFlip", {"mode": "horizontal", "seed": 2}, (5, 2, 3, 1)),
    "contrast": ("RandomContrast", {"factor": 0.4, "seed": 7}, (3, 3, 2, 2)),
    "contrast pair": ("RandomContrast", {"factor": (0.1, 0.9), "seed": 7}, (3, 3, 2)),
    "bright": ("RandomBrightness", {"factor": 0.3, "seed": 9}, (4, 2, 2, 2)),
    "bright pair": (
        "RandomBrightness",
        {"factor": (0.2, -0.1), "value_range": (0.0, 200.0), "seed": 1},
        (3, 2, 3),
    ),
    "height": ("RandomHeight", {"factor": 0.5, "seed": 4}, (2, 6, 3, 1)),
    "height pair": (
        "RandomHeight",
        {"factor": (-0.3, 0.1), "interpolation": "nearest", "seed": 4},
        (8, 3, 1),
    ),
    "width": ("RandomWidth", {"factor": (0.2, 0.6), "seed": 6}, (2, 3, 6, 1)),
    "move": (
        "RandomTranslation",
        {"height_factor": 0.3, "width_factor": (-0.2, 0.4), "seed": 8},
        (3, 5, 6, 2),
    ),
    "move wrap": (
        "RandomTranslation",
        {
            "height_factor": (0.1, 0.4),
            "width_factor": 0.5,
            "fill_mode": "wrap",
            "interpolation": "nearest",
            "seed": 2,
        },
        (5, 6, 1),
    ),
    "turn": ("RandomRotation", {"factor": 0.3, "seed": 3}, (3, 5, 6, 2)),
    "turn constant": (
        "RandomRotation",
        {
            "factor": (0.05, 0.2),
            "fill_mode": "constant",
            "fill_value": 50.0,
            "seed": 13,
        },
        (2, 6, 5, 1),
    ),
    "zoom": ("RandomZoom", {"height_factor": 0.4, "seed": 5}, (3, 6, 5, 2)),
    "zoom apart": (
        "RandomZoom",
        {
            "height_factor": (0.1, 0.4),
            "width_factor": (-0.5, -0.2),
            "fill_mode": "nearest",
            "seed": 5,
        },
        (6, 5, 1),
    ),
}


def images(name, shape):
    """Images with values up to 255 that follow from a row's name."""
    draws = np.random.default_rng(zlib.crc32(name.encode()))
    return draws.uniform(0, 255, size=shape).astype(np.float32)


def answers(layers, name):
    """What a layer gives: twice while training, once at rest."""
    kind, arguments, shape = ROWS[name]
    layer = getattr(layers, kind)(**arguments)
    x = images(name, shape)
    modes = [{"training": True}] * 2 + [{"training": False}]
    if kind in ("Resizing", "CenterCrop"):
        modes = [{}]
    return [np.asarray(layer(x, **mode)) for mode in modes]
