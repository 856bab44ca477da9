"""Batches of images without end, by number or one after the other: what kinds share.

In: images, and the `ImageDataGenerator` that changes them. Out: batches. They draw from
NumPy's global random numbers as tf.keras's do, so the same seeds give the same batches.
`image_arrays`, `image_folders` and `image_tables` have the kinds.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator as Iterating
from typing import Any, Final

import numpy as np

from rillet.core.errors import house_message
from rillet.keras.images import array_to_img, img_to_array, load_img
from rillet.keras.sequence import Sequence
from rillet.keras.settings import image_data_format

Array = np.ndarray[Any, Any]

ENDINGS: Final = ("png", "jpg", "jpeg", "bmp", "ppm", "tif", "tiff")
_CHANNELS: Final = {"rgb": 3, "rgba": 4, "grayscale": 1}


def refused(op: str, rule: str, values: str = "", fix: str = "") -> ValueError:
    """The error for an argument that does not fit."""
    return ValueError(house_message(op, rule, values, fix))


class Iterator(Sequence):
    """Batches of examples by number, and without end.

    Subclasses say what a batch is, in `_get_batches_of_transformed_samples`.

    Args:
        n: how many examples there are.
        batch_size: examples a batch.
        shuffle: whether the order is new each time.
        seed: for the order.
    """

    white_list_formats = ENDINGS

    def __init__(self, n: int, batch_size: int, shuffle: bool, seed: Any) -> None:
        self.n = n
        self.batch_size = batch_size
        self.seed = seed
        self.shuffle = shuffle
        self.batch_index = 0
        self.total_batches_seen = 0
        self.lock = threading.Lock()
        self.index_array: Any = None
        self.index_generator = self._flow_index()

    def _set_index_array(self) -> None:
        self.index_array = np.arange(self.n)
        if self.shuffle:
            self.index_array = np.random.permutation(self.n)

    def _seed_batch(self) -> None:
        if self.seed is not None:
            np.random.seed(self.seed + self.total_batches_seen)

    def __getitem__(self, idx: int) -> Any:
        if idx >= len(self):
            raise refused(
                "Iterator",
                f"Asked to retrieve element {idx}, but the Sequence has length"
                f" {len(self)}",
            )
        self._seed_batch()
        self.total_batches_seen += 1
        if self.index_array is None:
            self._set_index_array()
        begin = self.batch_size * idx
        chosen = self.index_array[begin : begin + self.batch_size]
        return self._get_batches_of_transformed_samples(chosen)

    def __len__(self) -> int:
        return -(-self.n // self.batch_size)

    def on_epoch_end(self) -> None:
        """Choose the next order."""
        self._set_index_array()

    def reset(self) -> None:
        """Begin with the first batch again."""
        self.batch_index = 0

    def _flow_index(self) -> Iterating[Array]:
        self.reset()
        while True:
            self._seed_batch()
            if self.batch_index == 0:
                self._set_index_array()
            if self.n == 0:
                return
            begin = (self.batch_index * self.batch_size) % self.n
            more = self.n > begin + self.batch_size
            self.batch_index = self.batch_index + 1 if more else 0
            self.total_batches_seen += 1
            yield self.index_array[begin : begin + self.batch_size]

    def __iter__(self) -> Iterator:
        return self

    def __next__(self) -> Any:
        return self.next()

    def next(self) -> Any:
        """The next batch."""
        with self.lock:
            chosen = next(self.index_generator)
        return self._get_batches_of_transformed_samples(chosen)

    def _get_batches_of_transformed_samples(self, index_array: Array) -> Any:
        raise NotImplementedError

    def _save(self, batch: Array, numbers: Any, scale: bool = True) -> None:
        """Write changed images into `save_to_dir`, where one was given."""
        folder = getattr(self, "save_to_dir", None)
        if not folder:
            return
        for image, number in zip(batch, numbers, strict=True):
            picture = array_to_img(image, self.data_format, scale=scale)
            mark = np.random.randint(10000000)
            name = f"{self.save_prefix}_{number}_{mark}.{self.save_format}"
            picture.save(os.path.join(folder, name))

    data_format: Any = None
    save_prefix: str = ""
    save_format: str = "png"


def part_of(subset: Any, share: float, op: str) -> tuple[float, float] | None:
    """Where a part of the data begins and ends, as parts of it.

    Raises:
        ValueError: for an unknown part.
    """
    if subset is None:
        return None
    if subset not in ("training", "validation"):
        raise refused(
            op,
            'Invalid subset name; expected "training" or "validation"',
            f"subset={subset!r}",
        )
    return (0.0, share) if subset == "validation" else (share, 1.0)


class FileIterator(Iterator):
    """What iterators over image files share: how files become batches.

    Subclasses have `filepaths`, `labels` and `sample_weight`.
    """

    filepaths: list[str]
    labels: Any
    sample_weight: Any = None
    dtype: Any = "float32"
    num_classes = 0

    def set_processing_attrs(
        self,
        op: str,
        image_data_generator: Any,
        target_size: Any,
        color_mode: str,
        data_format: Any,
        save: tuple[Any, str, str],
        subset: Any,
        interpolation: str,
        keep_aspect_ratio: bool,
    ) -> None:
        """Keep how files are read and changed.

        Raises:
            ValueError: for an unknown colour mode or subset.
        """
        self.image_data_generator = image_data_generator
        self.target_size = tuple(target_size)
        self.keep_aspect_ratio = keep_aspect_ratio
        if color_mode not in _CHANNELS:
            raise refused(
                op,
                'Invalid color mode; expected "rgb", "rgba", or "grayscale"',
                f"color_mode={color_mode!r}",
            )
        self.color_mode = color_mode
        self.data_format = data_format or image_data_format()
        depth = _CHANNELS[color_mode]
        first = self.data_format == "channels_first"
        shape = (depth, *self.target_size) if first else (*self.target_size, depth)
        self.image_shape = shape
        self.save_to_dir, self.save_prefix, self.save_format = save
        self.interpolation = interpolation
        share = getattr(image_data_generator, "_validation_split", 0.0)
        self.split = part_of(subset, share, op)
        self.subset = subset

    def _get_batches_of_transformed_samples(self, index_array: Array) -> Any:
        batch = np.zeros((len(index_array), *self.image_shape), self.dtype)
        for k, number in enumerate(index_array):
            image = load_img(
                self.filepaths[number],
                color_mode=self.color_mode,
                target_size=self.target_size,
                interpolation=self.interpolation,
                keep_aspect_ratio=self.keep_aspect_ratio,
            )
            array = img_to_array(image, data_format=self.data_format)
            image.close()
            if self.image_data_generator:
                chosen = self.image_data_generator.get_random_transform(array.shape)
                array = self.image_data_generator.apply_transform(array, chosen)
                array = self.image_data_generator.standardize(array)
            batch[k] = array
        self._save(batch, index_array)
        labels = self._labels(batch, index_array)
        if labels is None:
            return batch
        if self.sample_weight is None:
            return batch, labels
        return batch, labels, np.asarray(self.sample_weight)[index_array]

    class_mode: Any = None

    def _labels(self, batch: Array, chosen: Array) -> Any:
        """The labels of a batch, in the form that the mode says."""
        mode = self.class_mode
        if mode == "input":
            return batch.copy()
        if mode in ("binary", "sparse"):
            return np.array([self.labels[i] for i in chosen], self.dtype)
        if mode == "categorical":
            found = np.zeros((len(chosen), self.num_classes), self.dtype)
            for k, i in enumerate(chosen):
                found[k, self.labels[i]] = 1.0
            return found
        if mode == "multi_output":
            return [np.asarray(column)[chosen] for column in self.labels]
        if mode == "raw":
            return np.asarray(self.labels)[chosen]
        return None
