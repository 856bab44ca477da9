"""Draws the pictures of `docs/pictures.md` into `docs/pictures`.

Run it after a change in `rillet.explain`: python scripts/draw_pictures.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import rillet as tf
from rillet import explain

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
Dense = tf.keras.layers.Dense


def kimchi() -> tuple[np.ndarray, np.ndarray]:
    """Temperatures and minutes, and whether the kimchi came out well."""
    rng = np.random.default_rng(0)
    x = np.stack([rng.uniform(150, 250, 300), rng.uniform(30, 180, 300)], 1)
    good = (np.abs(x[:, 0] - 200) < 30) & (np.abs(x[:, 1] - 100) < 40)
    return x, good.astype(int)


def main() -> None:
    """Draw all pictures."""
    FOLDER.mkdir(exist_ok=True)
    tf.keras.utils.set_random_seed(0)
    x, y, w, b = (
        tf.constant(2.0),
        tf.constant(4.0),
        tf.Variable(3.0, name="w"),
        tf.Variable(1.0, name="b"),
    )

    def loss(x, y):
        return abs(y - (x * w + b))

    points, labels = kimchi()
    middle, spread = points.mean(0), points.std(0)
    scaled = ((points - middle) / spread).astype(np.float32)
    model = tf.keras.Sequential(
        [Dense(8, "tanh"), Dense(4, "tanh"), Dense(1, "sigmoid")]
    )
    adam = tf.keras.optimizers.Adam(0.03)
    model.compile(adam, "binary_crossentropy", metrics=["accuracy"])
    run = model.fit(scaled, labels, epochs=60, validation_split=0.2, verbose=0)

    def say(p):
        return model.predict((p - middle) / spread, verbose=0)

    names = ("temperature", "minutes")
    pictures = {
        "graph.svg": explain.graph(loss, x, y),
        "history.png": explain.history(run),
        "confusion.png": explain.confusion(labels, say(points), ["bad", "good"]),
        "predictions.png": explain.predictions(model, scaled, labels),
        "weights.png": explain.weights(model),
        "activations.png": explain.activations(model, scaled),
        "loss_surface.png": explain.loss_surface(
            lambda a, b: 0.3 * a * a + 3.0 * b * b, learning_rate=0.1
        ),
        "local_minimum.png": explain.local_minimum(),
        "geometry.png": explain.geometry(),
        "uncrumple.png": explain.uncrumple(),
        "boundary.png": explain.boundary(say, points, labels, names, ("bad", "good")),
        "network.svg": explain.network(model),
        "overview.svg": explain.overview(model, points, labels),
        "shapes.svg": explain.shapes(),
        "matmul.svg": explain.matmul((3, 4), (4, 2)),
    }
    for name, picture in pictures.items():
        picture.save(FOLDER / name)


if __name__ == "__main__":
    main()
