"""Programs of data preparation: each takes `tf` and gives arrays or plain data.

`make_rest.py` runs them with real tf.keras, `tests/keras/test_rest.py` with rillet.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

TEXTS = ["The cat, the dog!", "a Dog and a cat and more", "the end"]


def tokenizer(tf: Any) -> Any:
    words = tf.keras.preprocessing.text.Tokenizer(num_words=6, oov_token="<oov>")
    words.fit_on_texts(TEXTS)
    plain = tf.keras.preprocessing.text.Tokenizer()
    plain.fit_on_texts(TEXTS)
    found: list[Any] = [
        words.word_index,
        words.texts_to_sequences(["the cat flew", "a dog"]),
        words.sequences_to_texts([[2, 3, 9], [1]]),
        plain.texts_to_sequences(["the cat flew", "a dog"]),
        dict(plain.word_docs),
        plain.document_count,
    ]
    for mode in ("binary", "count", "freq", "tfidf"):
        found.append(plain.texts_to_matrix(TEXTS, mode))
    again = tf.keras.preprocessing.text.tokenizer_from_json(plain.to_json())
    chars = tf.keras.preprocessing.text.Tokenizer(char_level=True)
    chars.fit_on_texts(TEXTS)
    return [*found, again.texts_to_sequences(TEXTS), chars.word_index]


def words(tf: Any) -> Any:
    text = tf.keras.preprocessing.text
    return [
        text.text_to_word_sequence("A cat, and-so on\tHERE"),
        text.text_to_word_sequence("A cat,b,c", filters="", lower=False, split=","),
        text.hashing_trick("a cat and a dog", 50, "md5"),
    ]


def sequences(tf: Any) -> Any:
    tools = tf.keras.preprocessing.sequence
    pairs, labels = tools.skipgrams([1, 2, 0, 3, 4], 5, 2, 0.0, shuffle=False)
    mixed = tools.skipgrams([1, 2, 3, 4], 5, 1, 0.0, categorical=True, seed=7)
    windows = tools.TimeseriesGenerator(
        np.arange(20).reshape(10, 2), np.arange(10), 4, 2, 2, 1, 8, reverse=True,
        batch_size=2,
    )  # fmt: skip
    return [
        pairs, labels, *mixed, tools.make_sampling_table(12),
        len(windows), *[list(windows[i]) for i in range(len(windows))],
    ]  # fmt: skip


def time_series(tf: Any) -> Any:
    cut = tf.keras.utils.timeseries_dataset_from_array
    data = np.arange(30.0).reshape(15, 2).astype("float32")
    found: list[Any] = []
    for options in (
        {},
        {"sequence_stride": 2, "sampling_rate": 3, "batch_size": 2},
        {"shuffle": True, "seed": 5, "batch_size": 4},
        {"start_index": 3, "end_index": 11, "batch_size": None},
    ):
        found += [list(cut(data, None, 4, **options))]
        targets = np.arange(12)
        found += [[list(pair) for pair in cut(data, targets, 3, **options)]]
    return found


def splits(tf: Any) -> Any:
    split = tf.keras.utils.split_dataset
    data = tf.data.Dataset.from_tensor_slices((np.arange(10), np.arange(10) * 2))
    found: list[Any] = []
    for options in (
        {"left_size": 0.75},
        {"right_size": 3},
        {"left_size": 4, "right_size": 2},
        {"left_size": 0.5, "shuffle": True, "seed": 3},
    ):
        for part in split(data, **options):
            found.append([[int(a), int(b)] for a, b in part])
    return found


def images(tf: Any) -> Any:
    tools = tf.keras.utils
    array = np.arange(8 * 6 * 3).reshape(8, 6, 3).astype("float32")
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/a.png"
        tools.save_img(path, array, scale=False)
        found = [
            tools.img_to_array(tools.load_img(path)),
            tools.img_to_array(tools.load_img(path, color_mode="grayscale")),
            tools.img_to_array(tools.load_img(path, color_mode="rgba")),
            tools.img_to_array(tools.load_img(path, target_size=(4, 3))),
            tools.img_to_array(
                tools.load_img(
                    path, target_size=(5, 5), interpolation="bilinear",
                    keep_aspect_ratio=True,
                )
            ),
            tools.img_to_array(tools.array_to_img(array / 7), "channels_first"),
            tools.img_to_array(tools.array_to_img(array[..., :1] * 3, scale=False)),
        ]  # fmt: skip
    return found


def _folder(tf: Any, folder: str) -> None:
    for number, name in enumerate(("cats", "dogs", "eels")):
        Path(folder, name).mkdir()
        for i in range(4):
            value = np.full((6, 5, 3), 40.0 * number + i)
            value[i] += 5
            tf.keras.utils.save_img(f"{folder}/{name}/{i}.png", value, scale=False)
            Path(folder, name, f"{i}.txt").write_text(f"{name} number {i}")


def image_folder(tf: Any) -> Any:
    read = tf.keras.utils.image_dataset_from_directory
    found: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        _folder(tf, folder)
        for options in (
            {"shuffle": False},
            {"seed": 3, "label_mode": "categorical", "color_mode": "grayscale"},
            {"seed": 3, "validation_split": 0.3, "subset": "training"},
            {"seed": 3, "validation_split": 0.3, "subset": "validation"},
            {"shuffle": False, "labels": None, "crop_to_aspect_ratio": True},
            {"shuffle": False, "label_mode": None, "interpolation": "nearest"},
            {"seed": 1, "class_names": ["eels", "cats", "dogs"], "batch_size": None},
        ):
            data = read(folder, image_size=(3, 4), **{"batch_size": 5, **options})
            found.append(data.class_names)
            for batch in data:
                parts = list(batch) if isinstance(batch, tuple) else [batch]
                found.append([np.asarray(part) for part in parts])
    return found


def text_folder(tf: Any) -> Any:
    read = tf.keras.utils.text_dataset_from_directory
    found: list[Any] = []
    with tempfile.TemporaryDirectory() as folder:
        _folder(tf, folder)
        for options in (
            {"seed": 2},
            {"shuffle": False, "max_length": 4, "label_mode": None},
            {"seed": 2, "validation_split": 0.25, "subset": "both"},
            {"seed": 4, "label_mode": "categorical", "batch_size": 3},
        ):
            made = read(folder, **options)
            for data in made if isinstance(made, list) else [made]:
                found.append([list(b) for b in data] if data.class_names else [])
    return found


ROWS = [
    tokenizer,
    words,
    sequences,
    time_series,
    splits,
    images,
    image_folder,
    text_folder,
]
