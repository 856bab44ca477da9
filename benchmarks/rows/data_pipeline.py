"""The course's input pipeline over MNIST: an epoch of reading, and of training."""

from __future__ import annotations

import statistics
from functools import partial
from typing import Any

from harness.case import Data, Once, Step, Steps

from rows._mlp import MLP512
from rows._starts import seconds_of

BATCH, BUFFER = 256, 5000
EPOCHS = 3


def pipeline(tf: Any, data: Data) -> Any:
    """Return the course's pipeline."""
    mnist = data.mnist()

    def prepare(image: Any, label: Any) -> tuple[Any, Any]:
        return tf.cast(image, tf.float32) / 255.0, label

    return (
        tf.data.Dataset.from_tensor_slices((mnist["x_train"], mnist["y_train"]))
        .map(prepare, num_parallel_calls=tf.data.AUTOTUNE)
        .shuffle(BUFFER)
        .batch(BATCH)
        .prefetch(tf.data.AUTOTUNE)
    )


def _read(batches: Any) -> tuple[float, int]:
    """Return the brightest pixel of the last batch, and how many images came."""
    import numpy as np

    count = 0
    for images, _ in batches:
        count += len(images)
    return float(np.max(np.asarray(images))), count


def tensorflow(tf: Any, data: Data) -> Step:
    batches = pipeline(tf, data)
    return lambda: _read(batches)


def training(tf: Any, data: Data) -> float:
    """Return the seconds of an epoch from the pipeline over one from arrays."""
    x, y = data.images()
    model = MLP512.keras(tf)
    stack = tf.keras.Sequential([tf.keras.layers.Flatten(), model])
    stack.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    batches = pipeline(tf, data)
    sources: tuple[tuple[Any, ...], ...] = ((x, y, BATCH), (batches,))
    seconds: list[list[float]] = [[], []]
    for _ in range(1 + EPOCHS):  # the first of each traces and compiles
        for source, kept in zip(sources, seconds, strict=True):
            kept.append(seconds_of(partial(stack.fit, *source, verbose=0)))
    arrays, piped = (statistics.median(kept[1:]) for kept in seconds)
    return piped / arrays


def torch(torch: Any, data: Data) -> Step:
    mnist = data.mnist()
    x, y = map(torch.from_numpy, (mnist["x_train"], mnist["y_train"]))

    class Prepared(torch.utils.data.Dataset):
        def __len__(self) -> int:
            return len(x)

        def __getitem__(self, index: int) -> tuple[Any, Any]:
            return x[index].float() / 255.0, y[index]

    # In one process: sending batches of so little work costs more than making them.
    batches = torch.utils.data.DataLoader(Prepared(), batch_size=BATCH, shuffle=True)

    return lambda: _read(batches)


CASES = (
    Steps(
        name="epoch",
        title="from_tensor_slices, map, shuffle(5000), batch(256), prefetch: an epoch",
        build={
            "rillet": tensorflow,
            "tensorflow": tensorflow,
            "tf_keras": tensorflow,
            "torch": torch,
        },
        targets={"tensorflow": 5.0},
        needs=("mnist",),
        check=(60_000, 0.0),
        warm=2,
    ),
    Once(
        name="training",
        title="784-512-10, batch 256: an epoch from that pipeline over one from arrays",
        measure={
            "rillet": training,
            "tensorflow": training,
            "tf_keras": training,
        },
        unit="times",
        limit=1.1,
        needs=("mnist",),
        most_repeats=3,
    ),
)
