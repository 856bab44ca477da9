"""Training from datasets: the same steps as from arrays, several in one call."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

import rillet as tf

Dataset = tf.data.Dataset
RANDOM = np.random.default_rng(3)
X = RANDOM.normal(size=(50, 4)).astype(np.float32)
Y = RANDOM.integers(0, 3, 50)


def model() -> Any:
    tf.keras.utils.set_random_seed(5)
    layers = [tf.keras.layers.Dense(5, activation="tanh"), tf.keras.layers.Dense(3)]
    made = tf.keras.Sequential([tf.keras.layers.InputLayer((4,)), *layers])
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    made.compile("adam", loss, metrics=["accuracy"])
    return made


def pipeline(kind: str) -> Any:
    rows = Dataset.from_tensor_slices((X / 2, Y)).map(lambda x, y: (x * 2.0, y))
    batches = rows.batch(8)
    if kind == "one by one":
        return batches.map(lambda x, y: (x, y))
    return batches.prefetch(2) if kind == "read ahead" else batches


@pytest.mark.parametrize("kind", ["rows", "read ahead", "one by one"])
def test_fit_is_that_from_arrays(kind: str) -> None:
    expected, found = model(), model()
    wanted = expected.fit(X, Y, batch_size=8, epochs=12, shuffle=False, verbose=0)
    dataset = pipeline(kind)
    assert dataset._joins == (kind != "one by one")
    history = found.fit(dataset, epochs=12, verbose=0, validation_data=dataset)
    for key, values in wanted.history.items():
        np.testing.assert_allclose(history.history[key], values, rtol=1e-5)
    for a, b in zip(expected.get_weights(), found.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        found.predict(dataset, verbose=0), expected.predict(X, verbose=0), atol=1e-5
    )
    np.testing.assert_allclose(
        found.evaluate(dataset, verbose=0),
        expected.evaluate(X, Y, batch_size=8, verbose=0),
        rtol=1e-4,
    )


def test_many_steps_a_call_need_no_reading_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[str] = []
    start = threading.Thread.start

    def noted(thread: threading.Thread) -> None:
        begun.append(thread.name)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", noted)
    model().fit(pipeline("read ahead"), epochs=2, verbose=0)
    assert "rillet-prefetch" not in begun
    each = tf.keras.callbacks.LambdaCallback(on_batch_end=lambda batch, logs: None)
    model().fit(pipeline("read ahead"), verbose=0, callbacks=[each])
    assert "rillet-prefetch" in begun


def test_epochs_of_given_length_go_on() -> None:
    seen: list[int] = []

    def look(n: Any) -> Any:
        seen.append(int(n))
        return n

    rows = Dataset.range(12).map(lambda n: tf.numpy_function(look, [n], tf.int64))
    rows = rows.map(lambda n: (tf.ones([4]), tf.cast(n, tf.int32) % 3))
    model().fit(rows.batch(2).repeat(), steps_per_epoch=4, epochs=3, verbose=0)
    assert seen[:24] == [*range(12), *range(12)]


def test_batches_joined_are_the_batches() -> None:
    dataset = pipeline("rows")
    iterator = iter(dataset)
    sizes = []
    rows = []
    while True:
        try:
            data, size, count = iterator.pull_joined(4)
        except StopIteration:
            break
        sizes.append((size, count))
        rows.append(data[0].numpy())
    assert sizes == [(8, 4), (8, 2), (2, 1)]
    np.testing.assert_array_equal(np.concatenate(rows), X)


def test_joined_batches_over_repeats() -> None:
    iterator = iter(Dataset.range(5).repeat(3).batch(4))
    parts = []
    while True:
        try:
            data, size, count = iterator.pull_joined(9)
        except StopIteration:
            break
        parts += np.split(data.numpy(), count)
    wanted = Dataset.range(5).repeat(3).batch(4).as_numpy_iterator()
    assert [p.tolist() for p in parts] == [w.tolist() for w in wanted]


def test_class_weights() -> None:
    weights = {0: 1.0, 1: 0.0, 2: 3.0}
    expected, found = model(), model()
    kwargs = {"epochs": 2, "verbose": 0, "class_weight": weights}
    wanted = expected.fit(X, Y, batch_size=8, shuffle=False, **kwargs)
    history = found.fit(pipeline("rows"), **kwargs)
    np.testing.assert_allclose(
        history.history["loss"], wanted.history["loss"], rtol=1e-5
    )
