"""Batches fetched ahead by threads, and sounds from folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf


class Numbers(tf.keras.utils.Sequence):
    """Four batches; it remembers how many epochs ended."""

    def __init__(self) -> None:
        self.ended = 0

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Any:
        return np.full((2, 1), index), np.full(2, index)

    def on_epoch_end(self) -> None:
        self.ended += 1


@pytest.mark.parametrize("workers", [1, 3])
def test_sequences_come_in_order(workers: int) -> None:
    numbers = Numbers()
    fetching = tf.keras.utils.OrderedEnqueuer(numbers)
    fetching.start(workers=workers, max_queue_size=2)
    assert fetching.is_running()
    batches = fetching.get()
    assert [int(next(batches)[1][0]) for _ in range(10)] == [0, 1, 2, 3] * 2 + [0, 1]
    fetching.stop()
    assert not fetching.is_running()
    assert numbers.ended >= 2


def test_shuffled_sequences_are_whole() -> None:
    fetching = tf.keras.utils.OrderedEnqueuer(Numbers(), shuffle=True)
    fetching.start(workers=2)
    batches = fetching.get()
    assert sorted(int(next(batches)[1][0]) for _ in range(4)) == [0, 1, 2, 3]
    fetching.stop()


def test_generators_end() -> None:
    fetching = tf.keras.utils.GeneratorEnqueuer(iter(range(7)))
    fetching.start(workers=2, max_queue_size=3)
    assert list(fetching.get()) == list(range(7))
    fetching.stop()


def test_errors_come_through() -> None:
    def broken() -> Any:
        yield 1
        raise ArithmeticError("broken")

    fetching = tf.keras.utils.GeneratorEnqueuer(broken())
    fetching.start()
    batches = fetching.get()
    assert next(batches) == 1
    with pytest.raises(ArithmeticError, match="broken"):
        next(batches)
    with pytest.raises(RuntimeError, match="not running"):
        next(tf.keras.utils.OrderedEnqueuer(Numbers()).get())


def sounds(folder: Path) -> None:
    """Two classes of sounds of different lengths."""
    for label, name in enumerate(("high", "low")):
        for i in range(3):
            audio = np.full((10 + i, 1), 0.25 * (label + 1), np.float32)
            path = str(folder / name / f"{i}.wav")
            tf.io.write_file(path, tf.audio.encode_wav(audio, 8000))


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        ({}, (6, 12, 1)),
        ({"output_sequence_length": 7}, (6, 7, 1)),
        ({"label_mode": None}, (6, 12, 1)),
        ({"ragged": True}, (6, None, None)),
    ],
)
def test_sounds_of_a_folder(tmp_path: Path, settings: Any, shape: Any) -> None:
    sounds(tmp_path)
    data = tf.keras.utils.audio_dataset_from_directory(
        str(tmp_path), shuffle=False, **settings
    )
    if "label_mode" not in settings:
        assert data.class_names == ["high", "low"]
    batch = next(iter(data))
    audio, labels = batch if isinstance(batch, tuple) else (batch, None)
    assert tuple(audio.shape) == shape
    if labels is not None:
        assert labels.numpy().tolist() == [0, 0, 0, 1, 1, 1]
    if "ragged" not in settings:
        np.testing.assert_array_equal(audio.numpy()[:, 0, 0], [0.25] * 3 + [0.5] * 3)


def test_what_sounds_refuse(tmp_path: Path) -> None:
    sounds(tmp_path)
    read = tf.keras.utils.audio_dataset_from_directory
    with pytest.raises(ValueError, match="Cannot set both"):
        read(str(tmp_path), ragged=True, output_sequence_length=3)
    with pytest.raises(NotImplementedError, match="another rate"):
        read(str(tmp_path), sampling_rate=8000)
