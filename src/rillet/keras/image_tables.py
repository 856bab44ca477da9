"""Batches of images from a table of files: `DataFrameIterator`.

In: a pandas frame, or anything with columns by name. Out: batches.
`ImageDataGenerator.flow_from_dataframe` makes it.
"""

from __future__ import annotations

import os
from typing import Any, Final

import numpy as np

from rillet.keras.image_iterators import FileIterator, refused
from rillet.keras.settings import floatx

_MODES: Final = (
    "binary",
    "categorical",
    "input",
    "multi_output",
    "raw",
    "sparse",
    None,
)
_CLASSES: Final = ("binary", "categorical", "sparse")


class DataFrameIterator(FileIterator):
    """Batches of changed images whose files and labels a table names.

    Args:
        dataframe: a table with a column of files and one, or several, of labels.
        directory: the folder that files lie in; None where names are whole.
        image_data_generator: what changes images.
        x_col: the column of files.
        y_col: the column of labels, or a list of them.
        weight_col: the column of weights, or None.
        target_size: the height and width that images are resized to.
        color_mode: ``"rgb"``, ``"rgba"`` or ``"grayscale"``.
        classes: the classes in the order of their numbers; sorted if None.
        class_mode: ``"categorical"``, ``"binary"``, ``"sparse"``, ``"raw"``,
            ``"multi_output"``, ``"input"`` or None.
        batch_size: images a batch.
        shuffle: whether the order is new each time.
        seed: for the order and the changes.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        save_to_dir: a folder for what comes out.
        save_prefix: what names in it begin with.
        save_format: ``"png"`` or ``"jpeg"``.
        subset: ``"training"`` or ``"validation"``.
        interpolation: as in `load_img`.
        keep_aspect_ratio: cut images to proportion first.
        dtype: the type of images.
        validate_filenames: whether to leave out files that do not exist.

    Raises:
        ValueError: where an argument is unknown.
    """

    def __init__(
        self,
        dataframe: Any,
        directory: Any = None,
        image_data_generator: Any = None,
        x_col: str = "filename",
        y_col: Any = "class",
        weight_col: str | None = None,
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
        subset: Any = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
        dtype: Any = None,
        validate_filenames: bool = True,
    ) -> None:
        op = "DataFrameIterator"
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
        if class_mode not in _MODES:
            raise refused(
                op, f"Invalid class_mode; expected one of {_MODES}", class_mode
            )
        self.directory = "" if directory is None else os.fspath(directory)
        self.dtype = dtype or floatx()
        self.class_mode = class_mode
        names = [str(n) for n in np.asarray(dataframe[x_col]).tolist()]
        kept = np.arange(len(names))
        if validate_filenames:
            endings = tuple(f".{e}" for e in self.white_list_formats)
            good = [
                n.lower().endswith(endings) and os.path.isfile(self._path(n))
                for n in names
            ]
            kept = kept[good]
            missing = len(names) - len(kept)
            if missing:
                print(f"Found {missing} invalid image filename(s) in x_col={x_col!r};")
                print("these filename(s) will be ignored.")
        columns = y_col if isinstance(y_col, list | tuple) else [y_col]
        values: list[Any] = []
        if class_mode not in (None, "input"):
            values = [np.asarray(dataframe[c])[kept] for c in columns]
        if class_mode in _CLASSES:
            kept, values[0] = self._number(op, kept, values[0], classes)
        if self.split is not None:
            first, last = (int(s * len(kept)) for s in self.split)
            kept, values = kept[first:last], [v[first:last] for v in values]
        self.filenames = [names[i] for i in kept]
        self.filepaths = [self._path(n) for n in self.filenames]
        self.samples = len(self.filenames)
        self.labels = self._columns(values, columns)
        if weight_col is not None:
            self.sample_weight = np.asarray(dataframe[weight_col])[kept]
        told = f"Found {self.samples} validated image filenames"
        belonging = f" belonging to {self.num_classes} classes."
        print(told + (belonging if class_mode in _CLASSES else "."))
        super().__init__(self.samples, batch_size, shuffle, seed)

    def _path(self, name: str) -> str:
        return os.path.join(self.directory, name)

    def _number(self, op: str, kept: Any, values: Any, classes: Any) -> tuple[Any, Any]:
        """Classes by number; rows of others are left out."""
        if classes:
            wanted = list(classes)
            chosen = np.array([v in set(wanted) for v in values], bool)
            kept, values = kept[chosen], values[chosen]
        else:
            wanted = sorted(set(values.tolist()))
        if self.class_mode == "binary" and len(wanted) != 2:
            raise refused(
                op,
                'If class_mode="binary" there must be 2 classes',
                f"{len(wanted)} found",
            )
        self.num_classes = len(wanted)
        self.class_indices = {name: i for i, name in enumerate(wanted)}
        numbers = [self.class_indices[v] for v in values.tolist()]
        return kept, np.array(numbers, np.int64)

    def _columns(self, values: list[Any], columns: Any) -> Any:
        if self.class_mode in _CLASSES:
            self.classes = values[0].tolist()
            return self.classes
        if self.class_mode == "multi_output":
            return [np.array(v.tolist()) for v in values]
        if self.class_mode == "raw":
            return values[0] if len(columns) == 1 else np.stack(values, 1)
        return None
