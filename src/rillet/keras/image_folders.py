"""Batches of changed images from a folder with a folder for each class.

In: a path. Out: batches. `ImageDataGenerator.flow_from_directory` makes the iterator.
"""

from __future__ import annotations

import os
from typing import Any, Final

import numpy as np

from rillet.keras.image_iterators import ENDINGS, FileIterator, refused
from rillet.keras.settings import floatx

_FOLDER_MODES: Final = ("categorical", "binary", "sparse", "input", None)


class DirectoryIterator(FileIterator):
    """Batches of changed images from a folder with a folder for each class.

    Args:
        directory: the folder.
        image_data_generator: what changes images.
        target_size: the height and width that images are resized to.
        color_mode: ``"rgb"``, ``"rgba"`` or ``"grayscale"``.
        classes: the folders in the order of their numbers; alphabetical if None.
        class_mode: ``"categorical"``, ``"binary"``, ``"sparse"``, ``"input"`` or None.
        batch_size: images a batch.
        shuffle: whether the order is new each time.
        seed: for the order and the changes.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        save_to_dir: a folder for what comes out.
        save_prefix: what names in it begin with.
        save_format: ``"png"`` or ``"jpeg"``.
        follow_links: whether links to folders are followed.
        subset: ``"training"`` or ``"validation"``.
        interpolation: as in `load_img`.
        keep_aspect_ratio: cut images to proportion first.
        dtype: the type of images.

    Raises:
        ValueError: where an argument is unknown.
    """

    def __init__(
        self,
        directory: Any,
        image_data_generator: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: Any = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: Any = None,
        data_format: Any = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: Any = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
    ) -> None:
        op = "DirectoryIterator"
        self.set_processing_attrs(
            op,
            image_data_generator,
            target_size,
            color_mode,
            data_format,
            (save_to_dir, save_prefix, save_format),
            subset,
            interpolation,
            keep_aspect_ratio,
        )
        if class_mode not in _FOLDER_MODES:
            raise refused(
                op, f"Invalid class_mode; expected one of {_FOLDER_MODES}", class_mode
            )
        self.directory = os.fspath(directory)
        self.dtype = dtype or floatx()
        self.class_mode = class_mode
        if not classes:
            names = sorted(os.listdir(self.directory))
            classes = [
                n for n in names if os.path.isdir(os.path.join(self.directory, n))
            ]
        self.classes_given = list(classes)
        self.num_classes = len(self.classes_given)
        self.class_indices = {name: i for i, name in enumerate(self.classes_given)}
        self.filenames: list[str] = []
        numbers: list[int] = []
        for name in self.classes_given:
            found = self._files(os.path.join(self.directory, name), follow_links)
            self.filenames += found
            numbers += [self.class_indices[name]] * len(found)
        self.samples = len(self.filenames)
        self.classes = np.array(numbers, np.int32)
        self.filepaths = [os.path.join(self.directory, f) for f in self.filenames]
        self.labels = self.classes
        print(f"Found {self.samples} images belonging to {self.num_classes} classes.")
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _files(self, folder: str, follow_links: bool) -> list[str]:
        """The image files of one class, of the part that is wanted, by name."""
        paths = []
        for root, _, files in sorted(os.walk(folder, followlinks=follow_links)):
            for name in sorted(files):
                if name.lower().endswith(tuple(f".{e}" for e in ENDINGS)):
                    paths.append(os.path.join(root, name))
        if self.split is not None:
            first, last = (int(s * len(paths)) for s in self.split)
            paths = paths[first:last]
        return [os.path.relpath(p, self.directory) for p in paths]
