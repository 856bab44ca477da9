"""Batches of changed images from arrays.

In: arrays. Out: batches. `ImageDataGenerator.flow` makes the iterator.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.keras.image_iterators import Iterator, part_of, refused
from rillet.keras.settings import floatx, image_data_format

Array = np.ndarray[Any, Any]


class NumpyArrayIterator(Iterator):
    """Batches of changed images from arrays; `ImageDataGenerator.flow` makes it.

    Args:
        x: images ``(n, height, width, channels)``, or a tuple of them and a list of
            further arrays.
        y: labels, or None.
        image_data_generator: what changes images.
        batch_size: images a batch.
        shuffle: whether the order is new each time.
        sample_weight: weights of examples.
        seed: for the order and the changes.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        save_to_dir: a folder for what comes out.
        save_prefix: what names in it begin with.
        save_format: ``"png"`` or ``"jpeg"``.
        subset: ``"training"`` or ``"validation"``.
        ignore_class_split: whether the two may have different classes.
        dtype: the type of images.

    Raises:
        ValueError: where sizes do not fit.
    """

    def __init__(
        self,
        x: Any,
        y: Any,
        image_data_generator: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        sample_weight: Any = None,
        seed: Any = None,
        data_format: Any = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        subset: Any = None,
        ignore_class_split: bool = False,
        dtype: Any = None,
    ) -> None:
        op = "NumpyArrayIterator"
        self.dtype = dtype or floatx()
        rest: list[Array] = []
        if isinstance(x, tuple | list):
            rest = [np.asarray(a) for a in _listed(x[1])]
            x = x[0]
            for part in rest:
                if len(part) != len(x):
                    raise refused(
                        op,
                        "All of the arrays in `x` should have the same length",
                        f"{len(x)} and {len(part)}",
                    )
        x = np.asarray(x, dtype=self.dtype)
        for name, other in (("labels", y), ("sample weights", sample_weight)):
            if other is not None and len(other) != len(x):
                raise refused(
                    op,
                    f"`x` (images tensor) and {name} should have the same length",
                    f"x.shape is {x.shape}, there are {len(other)} {name}",
                )
        labels = None if y is None else np.asarray(y)
        weights = None if sample_weight is None else np.asarray(sample_weight)
        split = part_of(subset, image_data_generator._validation_split, op)
        if split is not None:
            cut = int(len(x) * image_data_generator._validation_split)
            chosen = slice(0, cut) if subset == "validation" else slice(cut, None)
            if labels is not None and not ignore_class_split:
                kinds = np.unique(labels[:cut])
                if not np.array_equal(kinds, np.unique(labels[cut:])):
                    raise refused(
                        op,
                        "Training and validation subsets have different number of"
                        " classes after the split",
                        "",
                        "If your numpy arrays are sorted by the label, you might want"
                        " to shuffle them",
                    )
            x, rest = x[chosen], [a[chosen] for a in rest]
            labels = None if labels is None else labels[chosen]
            weights = None if weights is None else weights[chosen]
        self.data_format = data_format or image_data_format()
        if x.ndim != 4:
            raise refused(
                op,
                "Input data in `NumpyArrayIterator` should have rank 4",
                f"You passed an array with shape {x.shape}",
            )
        self.x, self.x_misc, self.y, self.sample_weight = x, rest, labels, weights
        self.image_data_generator = image_data_generator
        self.save_to_dir = save_to_dir
        self.save_prefix, self.save_format = save_prefix, save_format
        super().__init__(len(x), batch_size, shuffle, seed)

    def _get_batches_of_transformed_samples(self, index_array: Array) -> Any:
        generator = self.image_data_generator
        batch = np.zeros((len(index_array), *self.x.shape[1:]), self.dtype)
        for k, number in enumerate(index_array):
            image = self.x[number]
            chosen = generator.get_random_transform(image.shape)
            image = generator.apply_transform(image.astype(self.dtype), chosen)
            batch[k] = generator.standardize(image)
        self._save(batch, index_array)
        rest = [a[index_array] for a in self.x_misc]
        images: Any = [batch, *rest] if rest else batch
        if self.y is None:
            return images
        if self.sample_weight is None:
            return images, self.y[index_array]
        return images, self.y[index_array], self.sample_weight[index_array]


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]
