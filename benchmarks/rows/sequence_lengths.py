"""200 distinct sequence lengths in training, beside one fixed length.

A figure of 1 means that lengths cost nothing; a framework that compiles anew for each
of them shows it here. Both trainings start from nothing, tracing and compiling
included, after a first one that wakes the framework and is not counted.
"""

from __future__ import annotations

from typing import Any

from harness.case import Data, Once

from rows._starts import seconds_of
from rows._training import torch_dense

SHORTEST, COUNT, BATCH, FEATURES, UNITS = 10, 200, 32, 28, 64
MIDDLE = SHORTEST + COUNT // 2


def _batches(lengths: list[int]) -> list[tuple[Any, Any]]:
    import numpy as np

    random = np.random.default_rng(0)
    return [
        (
            random.standard_normal((BATCH, length, FEATURES), dtype=np.float32),
            random.integers(0, 10, BATCH).astype(np.int32),
        )
        for length in lengths
    ]


def _lengths() -> tuple[list[int], list[int]]:
    """Return the distinct lengths in a shuffled order, and the fixed ones."""
    import numpy as np

    lengths = np.random.default_rng(1).permutation(COUNT) + SHORTEST
    return lengths.tolist(), [MIDDLE] * COUNT


def _ratio(train: Any) -> float:
    """Return the seconds of distinct lengths over those of one, each trained anew."""
    distinct, fixed = map(_batches, _lengths())
    train(fixed[:3])
    one = seconds_of(lambda: train(fixed))
    return seconds_of(lambda: train(distinct)) / one


def tensorflow(tf: Any, data: Data) -> float:
    layers = tf.keras.layers

    def train(batches: list[tuple[Any, Any]]) -> None:
        model = tf.keras.Sequential(
            [layers.LSTM(UNITS), layers.Dense(10, activation="softmax")]
        )
        model.compile("adam", "sparse_categorical_crossentropy")
        for x, y in batches:
            model.train_on_batch(x, y)

    return _ratio(train)


def torch(torch: Any, data: Data) -> float:
    def train(batches: list[tuple[Any, Any]]) -> None:
        lstm = torch.nn.LSTM(FEATURES, UNITS, batch_first=True)
        dense = torch_dense(torch, UNITS, 10)
        parameters = [*lstm.parameters(), *dense.parameters()]
        optimizer = torch.optim.Adam(parameters, lr=0.001, eps=1e-7)
        criterion = torch.nn.CrossEntropyLoss()
        for x, y in batches:
            optimizer.zero_grad()
            _, (state, _) = lstm(torch.from_numpy(x))
            criterion(dense(state[0]), torch.from_numpy(y).long()).backward()
            optimizer.step()

    return _ratio(train)


CASES = (
    Once(
        name="lstm",
        title=f"LSTM({UNITS}), {COUNT} distinct lengths over one fixed length",
        measure={
            "rillet": tensorflow,
            "tensorflow": tensorflow,
            "tf_keras": tensorflow,
            "torch": torch,
        },
        unit="times",
        caches="cold",
        limit=2.0,
        most_repeats=3,
    ),
)
