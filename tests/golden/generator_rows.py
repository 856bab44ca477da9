"""What image generators give, for rillet and for tf.keras, from the same seeds."""

import contextlib
import io

import numpy as np

CHANGES = {
    "turned": {"rotation_range": 40},
    "moved": {
        "width_shift_range": 0.2,
        "height_shift_range": 0.3,
        "fill_mode": "constant",
        "cval": 9.0,
    },
    "moved_by_pixels": {
        "width_shift_range": 3,
        "height_shift_range": [-2, 1, 4],
        "fill_mode": "wrap",
    },
    "sheared": {"shear_range": 25, "fill_mode": "reflect"},
    "zoomed": {"zoom_range": 0.4},
    "zoomed_nearest": {
        "zoom_range": [0.5, 0.8],
        "fill_mode": "wrap",
        "interpolation_order": 0,
    },
    "flipped": {"horizontal_flip": True, "vertical_flip": True},
    "brightened": {"brightness_range": [0.3, 1.7]},
    "shifted": {"channel_shift_range": 50.0},
    "all": {
        "rotation_range": 30,
        "width_shift_range": 0.1,
        "height_shift_range": 0.1,
        "shear_range": 20,
        "zoom_range": 0.2,
        "horizontal_flip": True,
        "fill_mode": "reflect",
        "rescale": 1 / 255,
        "channel_shift_range": 20,
    },
    "square_nearest": {"rotation_range": 40, "interpolation_order": 2},
    "cubic_nearest": {"zoom_range": [0.5, 1.9], "interpolation_order": 3},
    "cubic_reflect": {
        "rotation_range": 70,
        "width_shift_range": 0.4,
        "fill_mode": "reflect",
        "interpolation_order": 3,
    },
    "fourth_wrap": {
        "shear_range": 30,
        "zoom_range": [0.6, 1.8],
        "fill_mode": "wrap",
        "interpolation_order": 4,
    },
    "fifth_constant": {
        "rotation_range": 60,
        "fill_mode": "constant",
        "cval": 7.0,
        "interpolation_order": 5,
    },
    "far_wrap": {
        "rotation_range": 90,
        "width_shift_range": 0.6,
        "zoom_range": [1.5, 2.5],
        "fill_mode": "wrap",
    },
    "far_reflect": {
        "rotation_range": 90,
        "width_shift_range": 0.6,
        "zoom_range": [1.5, 3.5],
        "fill_mode": "reflect",
    },
    "far_constant": {
        "rotation_range": 90,
        "width_shift_range": 0.6,
        "zoom_range": [1.5, 2.5],
        "fill_mode": "constant",
        "cval": -3.0,
    },
    "standardised": {
        "samplewise_center": True,
        "samplewise_std_normalization": True,
        "preprocessing_function": lambda x: x + 1,
    },
}

FOLDERS = {
    "categorical": {},
    "binary": {"classes": ["a", "c"], "class_mode": "binary"},
    "sparse": {"class_mode": "sparse", "color_mode": "grayscale"},
    "input": {"class_mode": "input"},
    "none": {"class_mode": None, "color_mode": "rgba"},
    "training": {"subset": "training"},
    "validation": {
        "subset": "validation",
        "interpolation": "bilinear",
        "keep_aspect_ratio": True,
    },
}


def pictures():
    """Five images."""
    rng = np.random.default_rng(0)
    return rng.uniform(0, 255, (5, 8, 9, 3)).astype(np.float32)


def fill(tf, folder):
    """Write a folder of three classes."""
    rng = np.random.default_rng(1)
    for name in "abc":
        (folder / name / "deep").mkdir(parents=True)
        for i in range(4):
            pixels = rng.integers(0, 255, (9 + i, 11, 3)).astype(np.uint8)
            place = folder / name / ("deep" if i == 3 else "") / f"{i}.png"
            place.write_bytes(tf.io.encode_png(pixels).numpy())


def parts(batch):
    """A batch as a list of arrays."""
    return list(batch) if isinstance(batch, tuple) else [batch]


def results(tf, folder):
    """Every batch by name."""
    image = tf.keras.preprocessing.image
    found, x, y = {}, pictures(), np.arange(5)
    for name, settings in CHANGES.items():
        flow = image.ImageDataGenerator(**settings).flow(
            x.copy(), y, batch_size=3, seed=7
        )
        for k in range(3):
            for j, part in enumerate(parts(next(flow))):
                found[f"{name}/{k}/{j}"] = part
        found[f"{name}/second"] = flow[1][0]
    for name, settings in (
        (
            "featurewise",
            {"featurewise_center": True, "featurewise_std_normalization": True},
        ),
        ("whitened", {"zca_whitening": True, "zca_epsilon": 1e-2}),
    ):
        generator = image.ImageDataGenerator(**settings)
        small = x[:, :4, :4] / 255
        generator.fit(small, augment=True, rounds=2, seed=3)
        found[name] = next(generator.flow(small.copy(), batch_size=5, shuffle=False))
    generator = image.ImageDataGenerator(validation_split=0.3)
    for subset in ("training", "validation"):
        found[subset] = generator.flow(x, shuffle=False, subset=subset)[0]
    found.update(functions(image, x[0]))
    fill(tf, folder)
    for name, settings in FOLDERS.items():
        generator = image.ImageDataGenerator(
            validation_split=0.3, rotation_range=10, rescale=1 / 255
        )
        with contextlib.redirect_stdout(io.StringIO()):
            flow = generator.flow_from_directory(
                str(folder), target_size=(8, 7), batch_size=5, seed=3, **settings
            )
        for k in range(2):
            for j, part in enumerate(parts(next(flow))):
                found[f"folder/{name}/{k}/{j}"] = part
        found[f"folder/{name}/classes"] = np.array(flow.classes)
    return found


def functions(image, x):
    """The functions that change one image."""
    places = {"row_axis": 0, "col_axis": 1, "channel_axis": 2}
    np.random.seed(4)
    found = {
        "random_rotation": image.random_rotation(x, 30, **places),
        "random_shift": image.random_shift(x, 0.2, 0.3, **places),
        "random_shear": image.random_shear(x, 20, **places),
        "random_zoom": image.random_zoom(x, (0.7, 1.3), **places),
        "random_channel_shift": image.random_channel_shift(x, 30, 2),
        "random_brightness": image.random_brightness(x, (0.5, 1.5)),
        "apply_affine_transform": image.apply_affine_transform(
            x.transpose(2, 0, 1), theta=20, tx=1, ty=2, shear=5, zx=0.8, zy=1.2
        ),
        "bytes": image.apply_affine_transform(x.astype(np.uint8), theta=20, **places),
        "apply_brightness_shift": image.apply_brightness_shift(x - 50, 0.8, False),
    }
    return {f"function/{name}": np.asarray(value) for name, value in found.items()}
