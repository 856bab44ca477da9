"""Write `backend.json`: what functions of `tf.keras.backend` give.

Run with an interpreter that has TensorFlow and tf_keras: ``python make_backend.py``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent


def numbers(*shape: int, seed: int = 0) -> Any:
    """Normal numbers, float32."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def spatial(tf: Any) -> dict[str, Any]:
    """Functions of convolutions, pools and shapes."""
    k = tf.keras.backend

    def data(*shape: int) -> Any:
        return tf.constant(numbers(*shape))

    x1, x2, x3 = data(2, 7, 3), data(2, 6, 5, 3), data(1, 4, 5, 4, 2)
    k1, k2, k3 = data(3, 3, 4), data(3, 2, 3, 4), data(2, 2, 2, 2, 3)
    first = "channels_first"
    return {
        "conv1d": lambda: k.conv1d(x1, k1, 2, "same"),
        "conv1d causal": lambda: k.conv1d(x1, k1, padding="causal", dilation_rate=2),
        "conv2d": lambda: k.conv2d(x2, k2, (2, 1), "same"),
        "conv2d dilated": lambda: k.conv2d(x2, k2, dilation_rate=(2, 2)),
        "conv3d": lambda: k.conv3d(x3, k3, (1, 2, 1), "valid"),
        "conv2d_transpose": lambda: k.conv2d_transpose(
            x2, data(3, 2, 4, 3), (2, 12, 5, 4), (2, 1), "same"
        ),
        "depthwise": lambda: k.depthwise_conv2d(x2, data(2, 2, 3, 2), (2, 2), "same"),
        "separable": lambda: k.separable_conv2d(
            x2, data(2, 2, 3, 2), data(1, 1, 6, 4), (1, 1), "valid"
        ),
        "pool2d max": lambda: k.pool2d(x2, (2, 2), (2, 1), "same"),
        "pool2d avg": lambda: k.pool2d(x2, (3, 2), pool_mode="avg"),
        "pool3d": lambda: k.pool3d(x3, (2, 2, 2), (1, 2, 2), "same", pool_mode="avg"),
        "local_conv1d": lambda: k.local_conv1d(x1, data(3, 9, 4), (3,), (2,)),
        "local_conv2d": lambda: k.local_conv2d(
            x2, data(8, 18, 4), (3, 2), (2, 1), (2, 4)
        ),
        "local_conv2d first": lambda: k.local_conv2d(
            tf.transpose(x2, (0, 3, 1, 2)),
            data(8, 18, 4),
            (3, 2),
            (2, 1),
            (2, 4),
            first,
        ),
        "resize nearest": lambda: k.resize_images(x2, 2, 3, "channels_last"),
        "resize bilinear": lambda: k.resize_images(
            tf.transpose(x2, (0, 3, 1, 2)), 2, 2, first, "bilinear"
        ),
        "volumes": lambda: k.resize_volumes(x3, 2, 1, 2, "channels_last"),
        "padding 1": lambda: k.temporal_padding(x1, (2, 1)),
        "padding 2": lambda: k.spatial_2d_padding(x2, ((1, 0), (2, 1))),
        "padding 2 first": lambda: k.spatial_2d_padding(x2, ((1, 0), (2, 1)), first),
        "padding 3": lambda: k.spatial_3d_padding(x3),
    }


def flow(tf: Any) -> dict[str, Any]:
    """Functions of phases, products and normalisation."""
    k = tf.keras.backend
    x, y = numbers(3, 4), numbers(3, 4, seed=1)
    cube, gamma, beta = numbers(2, 3, 4), numbers(4, seed=2), numbers(4, seed=3)
    chance = 1 / (1 + np.exp(-y))
    goal = (x > 0).astype("float32")
    rows = np.exp(y) / np.exp(y).sum(-1, keepdims=True)
    once = np.eye(4, dtype="float32")[:3]

    def moved() -> Any:
        v = tf.Variable([1.0, 2.0])
        k.moving_average_update(v, tf.constant([3.0, 5.0]), 0.9)
        return v.read_value()

    return {
        "batch_dot vectors": lambda: k.batch_dot(tf.constant(x), tf.constant(y)),
        "batch_dot": lambda: k.batch_dot(
            tf.constant(cube), tf.constant(numbers(2, 4, 5))
        ),
        "batch_dot axes": lambda: k.batch_dot(
            tf.constant(cube), tf.constant(numbers(2, 5, 3)), axes=(1, -1)
        ),
        "train": lambda: k.in_train_phase(
            tf.constant(x), tf.constant(y), training=True
        ),
        "test": lambda: k.in_train_phase(lambda: tf.constant(x), tf.constant(y)),
        "test phase": lambda: k.in_test_phase(tf.constant(x), tf.constant(y)),
        "switch": lambda: k.switch(tf.constant(False), lambda: x, lambda: y),
        "switch elements": lambda: k.switch(
            tf.constant(x > 0), tf.constant(x), tf.constant(y)
        ),
        "moving average": moved,
        "batch normalization": lambda: k.batch_normalization(
            tf.constant(x), x.mean(0), x.var(0), beta, gamma
        ),
        "normalize": lambda: k.normalize_batch_in_training(
            tf.constant(cube), gamma, beta, [0, 1]
        ),
        "binary focal": lambda: k.binary_focal_crossentropy(
            tf.constant(goal), tf.constant(chance), True, 0.3, 1.5
        ),
        "binary focal logits": lambda: k.binary_focal_crossentropy(
            tf.constant(goal), tf.constant(y), from_logits=True
        ),
        "categorical focal": lambda: k.categorical_focal_crossentropy(
            tf.constant(once), tf.constant(rows), 0.3, 1.5
        ),
        "in top k": lambda: tf.cast(
            k.in_top_k(tf.constant(y), tf.constant([1, 0, 3]), 2), "float32"
        ),
        "dense": lambda: k.to_dense(tf.constant(x)),
    }


def sequences(tf: Any) -> dict[str, Any]:
    """Loops over time, labels of frames, random numbers."""
    k = tf.keras.backend
    x = numbers(2, 5, 3)
    seen = np.array([[1, 1, 0, 1, 1], [1, 0, 0, 1, 0]], bool)
    frames = np.exp(numbers(2, 6, 4))
    frames /= frames.sum(-1, keepdims=True)
    labels = np.array([[0, 1, 2], [1, 1, 0]])

    def step(x: Any, states: Any) -> Any:
        return x * 2 + states[0], [x + states[0] * 0.5]

    def run(**more: Any) -> Any:
        first = [tf.zeros((2, 3))]
        last, outs, states = k.rnn(step, tf.constant(x), first, **more)
        return [last, outs, states[0]]

    def decoded(**more: Any) -> Any:
        found, scores = k.ctc_decode(tf.constant(frames), np.array([6, 5]), **more)
        return [*[tf.cast(f, "float32") for f in found], scores]

    def drawn(what: str, *more: Any, **seeds: Any) -> Any:
        tf.keras.utils.set_random_seed(7)
        return tf.convert_to_tensor(getattr(k, what)((3, 2), *more, **seeds))

    found = {
        "rnn": run,
        "rnn backwards": lambda: run(go_backwards=True, unroll=True),
        "rnn mask": lambda: run(mask=tf.constant(seen)),
        "rnn mask zeros": lambda: run(
            mask=tf.constant(seen), zero_output_for_mask=True, go_backwards=True
        ),
        "rnn last": lambda: run(return_all_outputs=False),
        "ctc cost": lambda: k.ctc_batch_cost(
            tf.constant(labels),
            tf.constant(frames),
            tf.constant([[6], [5]]),
            tf.constant([[3], [2]]),
        ),
        "ctc greedy": decoded,
        "ctc beam": lambda: decoded(greedy=False, beam_width=20, top_paths=3),
        "dropout": lambda: drawn_from(tf, k),
    }
    for what, more in (
        ("random_normal", (1.0, 2.0)),
        ("random_uniform", (1.0, 2.0)),
        ("truncated_normal", ()),
        ("random_bernoulli", (0.5,)),
        ("random_uniform_variable", (0.0, 1.0)),
        ("random_normal_variable", (0.0, 1.0)),
    ):
        for seed in (None, 3):
            found[f"{what} {seed}"] = lambda w=what, m=more, s=seed: drawn(
                w, *m, seed=s
            )
    return found


def drawn_from(tf: Any, k: Any) -> Any:
    """A dropout with a seed."""
    tf.keras.utils.set_random_seed(7)
    return k.dropout(tf.ones((3, 4)), 0.4, seed=5)


def all_rows(tf: Any) -> dict[str, Any]:
    """Every row by name."""
    return {**spatial(tf), **flow(tf), **sequences(tf)}


def flat(found: Any) -> list[Any]:
    """A result's arrays."""
    parts = found if isinstance(found, list | tuple) else [found]
    return [np.asarray(part) for part in parts]


if __name__ == "__main__":
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tensorflow

    answers = {}
    for name, run in all_rows(tensorflow).items():
        answers[name] = [
            [list(a.shape), [float(f"{v:.9g}") for v in a.ravel().tolist()]]
            for a in flat(run())
        ]
    text = json.dumps(answers)
    (HERE / "backend.json").write_text(text + "\n", encoding="utf-8")
