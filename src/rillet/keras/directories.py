"""Data sets of the files in a folder, a folder a class: images, texts, sounds.

In: a folder's path. Out: a `tf.data.Dataset` of batches, with `class_names` and
`file_paths`. `keras.utils` offers the functions.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype, string
from rillet.core.errors import house_message
from rillet.core.spec import TensorSpec
from rillet.data.dataset import Dataset
from rillet.keras.image_sizes import smart_resize
from rillet.keras.images import img_to_array, load_img
from rillet.ops.files import read_file
from rillet.ops.host_functions import numpy_function
from rillet.ops.ragged.tensor import RaggedTensor
from rillet.ops.resize import resize
from rillet.ops.wav import decode_wav

_IMAGES: Final = (".bmp", ".gif", ".jpeg", ".jpg", ".png")
_TEXTS: Final = (".txt",)
_SOUNDS: Final = (".wav",)
_MODES: Final = ("int", "categorical", "binary", None)
_CHANNELS: Final = {"grayscale": 1, "rgb": 3, "rgba": 4}


def image_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
    color_mode: str = "rgb",
    batch_size: int | None = 32,
    image_size: Any = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    **kwargs: Any,
) -> Any:
    """The images in a folder as a data set of batches.

    Args:
        directory: a folder with a folder for each class.
        labels: ``"inferred"`` from the folders, None, or a list of numbers for the
            files in alphabetical order.
        label_mode: ``"int"``, ``"categorical"``, ``"binary"`` or None for no labels.
        class_names: the folders in the order of their numbers; alphabetical if None.
        color_mode: ``"rgb"``, ``"rgba"`` or ``"grayscale"``.
        batch_size: images a batch; single images where None.
        image_size: the height and width that images are resized to.
        shuffle: whether the order is random, else alphabetical.
        seed: for the order.
        validation_split: the part that is kept for validation.
        subset: ``"training"``, ``"validation"`` or ``"both"``, with a split.
        interpolation: as in `tf.image.resize`.
        follow_links: whether links to folders are followed.
        crop_to_aspect_ratio: cut images to proportion instead of distorting them.
        **kwargs: `smart_resize`, the older name of the last.

    Returns:
        A data set of float32 ``(batch, height, width, channels)``, or of pairs of such
        and labels; a list of two data sets with ``"both"``.

    Raises:
        ValueError: where an argument is unknown, or there are no images.
    """
    name = "image_dataset_from_directory"
    crops = crop_to_aspect_ratio or bool(kwargs.pop("smart_resize", False))
    if kwargs:
        raise TypeError(
            house_message(name, "Unknown keywords argument(s)", str(kwargs))
        )
    if color_mode not in _CHANNELS:
        raise ValueError(
            house_message(
                name,
                '`color_mode` must be one of {"rgb", "rgba", "grayscale"}',
                f"Received: color_mode={color_mode}",
            )
        )
    size = tuple(int(n) for n in image_size)
    # The nearest neighbour leaves bytes bytes.
    kind = "uint8" if interpolation == "nearest" else "float32"
    spec = TensorSpec((*size, _CHANNELS[color_mode]), as_dtype(kind))

    def read(path: Any) -> Any:
        array = img_to_array(
            load_img(path.decode(), color_mode=color_mode), "channels_last", kind
        )
        if crops:
            return np.asarray(smart_resize(array, size, interpolation))
        return resize(to_tensor(array), size, interpolation).numpy()

    def load(path: Any) -> Any:
        return numpy_function(read, [path], spec)

    files = _Files(name, directory, labels, label_mode, class_names, _IMAGES)
    files.walk(follow_links)
    return files.datasets(load, batch_size, shuffle, seed, validation_split, subset)


def text_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
    batch_size: int | None = 32,
    max_length: int | None = None,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
) -> Any:
    """The texts in a folder as a data set of batches of strings.

    Args:
        directory: a folder with a folder for each class, of `.txt` files.
        labels: as for `image_dataset_from_directory`.
        label_mode: as there.
        class_names: as there.
        batch_size: texts a batch; single texts where None.
        max_length: how many bytes of a text to keep; all where None.
        shuffle: whether the order is random, else alphabetical.
        seed: for the order.
        validation_split: the part that is kept for validation.
        subset: ``"training"``, ``"validation"`` or ``"both"``, with a split.
        follow_links: whether links to folders are followed.

    Returns:
        A data set of strings, or of pairs of strings and labels.

    Raises:
        ValueError: where an argument is unknown, or there are no texts.
    """

    def read(path: Any) -> Any:
        return np.array(Path(path.decode()).read_bytes()[:max_length], object)

    def load(path: Any) -> Any:
        return numpy_function(read, [path], TensorSpec((), string))

    name = "text_dataset_from_directory"
    files = _Files(name, directory, labels, label_mode, class_names, _TEXTS)
    files.walk(follow_links)
    return files.datasets(load, batch_size, shuffle, seed, validation_split, subset)


def audio_dataset_from_directory(
    directory: Any,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Any = None,
    batch_size: int | None = 32,
    sampling_rate: int | None = None,
    output_sequence_length: int | None = None,
    ragged: bool = False,
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    follow_links: bool = False,
) -> Any:
    """The sounds in a folder as a data set of batches.

    Args:
        directory: a folder with a folder for each class, of `.wav` files.
        labels: as for `image_dataset_from_directory`.
        label_mode: as there.
        class_names: as there.
        batch_size: sounds a batch; single sounds where None.
        sampling_rate: not supported.
        output_sequence_length: how many samples to give of each, zeros after the last;
            without it, those of a batch are as long as its longest.
        ragged: whether batches are ragged tensors, each sound as long as it is.
        shuffle: whether the order is random, else alphabetical.
        seed: for the order.
        validation_split: the part that is kept for validation.
        subset: ``"training"``, ``"validation"`` or ``"both"``, with a split.
        follow_links: whether links to folders are followed.

    Returns:
        A data set of float32 ``(batch, samples, channels)``, or of pairs of such and
        labels.

    Raises:
        ValueError: where an argument is unknown, or there are no sounds.
        NotImplementedError: with a sampling rate.
    """
    name = "audio_dataset_from_directory"
    if ragged and output_sequence_length is not None:
        raise ValueError(
            house_message(name, "Cannot set both `ragged` and `output_sequence_length`")
        )
    if sampling_rate is not None:
        raise NotImplementedError(
            house_message(
                name,
                "sounds are not brought to another rate (tf.keras needs tensorflow_io"
                " for it)",
                f"sampling_rate={sampling_rate}",
                "Leave it out, and map the data set with a function that resamples",
            )
        )
    count = -1 if output_sequence_length is None else output_sequence_length

    def load(path: Any) -> Any:
        sound = decode_wav(read_file(path), desired_samples=count).audio
        return RaggedTensor.from_tensor(sound) if ragged else sound

    files = _Files(name, directory, labels, label_mode, class_names, _SOUNDS)
    files.pads = output_sequence_length is None and not ragged
    files.walk(follow_links)
    return files.datasets(load, batch_size, shuffle, seed, validation_split, subset)


class _Files:
    """The files of a folder with their classes.

    Attributes:
        pads: whether a batch's elements are filled with zeros to one size.
    """

    pads = False

    def __init__(
        self,
        op: str,
        directory: Any,
        labels: Any,
        label_mode: str | None,
        class_names: Any,
        endings: tuple[str, ...],
    ) -> None:
        self.op = op
        self.folder = os.fspath(directory)
        self.given = None if label_mode is None else labels
        self.mode = None if labels is None else label_mode
        self.names = None if class_names is None else list(class_names)
        self.endings = endings
        self.paths: list[str] = []
        self.labels: list[int] = []
        if label_mode not in _MODES:
            raise self._error(
                '`label_mode` must be one of "int", "categorical", "binary" or None',
                f"Received: label_mode={label_mode}",
            )
        if self.names is not None and labels != "inferred":
            raise self._error(
                'You can only pass `class_names` if `labels="inferred"`',
                f"labels={labels}",
            )

    def _error(self, rule: str, values: str = "", fix: str = "") -> ValueError:
        return ValueError(house_message(self.op, rule, values, fix))

    def walk(self, follow_links: bool) -> None:
        """Find the files in alphabetical order, class by class."""
        inferred = isinstance(self.given, str) and self.given == "inferred"
        if not inferred:
            self._gather(self.folder, 0, follow_links)
            self._take_labels()
            return
        entries = os.listdir(self.folder)
        found = sorted(e for e in entries if os.path.isdir(f"{self.folder}/{e}"))
        if self.names is None:
            self.names = found
        elif sorted(self.names) != found:
            raise self._error(
                "The `class_names` passed did not match the names of the"
                " subdirectories of the target directory",
                f"Expected: {found}, but received: {self.names}",
            )
        for name in found:
            number = self.names.index(name)
            self._gather(os.path.join(self.folder, name), number, follow_links)
        if self.mode == "binary" and len(self.names) != 2:
            raise self._error(
                'When passing `label_mode="binary"`, there must be exactly 2'
                " class_names",
                f"Received: class_names={self.names}",
            )
        text = f"Found {len(self.paths)} files"
        count = len(self.names)
        print(text + (f" belonging to {count} classes." if self.mode else "."))

    def _gather(self, folder: str, number: int, follow_links: bool) -> None:
        for root, _, files in sorted(os.walk(folder, followlinks=follow_links)):
            for file in sorted(files):
                if file.lower().endswith(self.endings):
                    self.paths.append(os.path.join(root, file))
                    self.labels.append(number)

    def _take_labels(self) -> None:
        if self.given is None:
            self.names = [""]
            print(f"Found {len(self.paths)} files.")
            return
        self.labels = [int(v) for v in self.given]
        if len(self.labels) != len(self.paths):
            raise self._error(
                "Expected the lengths of `labels` to match the number of files in the"
                " target directory",
                f"len(labels) is {len(self.labels)} while we found"
                f" {len(self.paths)} files in {self.folder}",
            )
        self.names = [str(v) for v in sorted(set(self.labels))]
        count = len(self.names)
        print(f"Found {len(self.paths)} files belonging to {count} classes.")

    def datasets(
        self,
        load: Any,
        batch_size: int | None,
        shuffle: bool,
        seed: int | None,
        split: float | None,
        subset: str | None,
    ) -> Any:
        """The data set, or the two parts of it."""
        self._check_split(split, subset, shuffle, seed)
        if not self.paths:
            raise self._error(
                f"No files found in directory {self.folder}",
                f"Allowed formats: {self.endings}",
            )
        if shuffle:
            if seed is None:
                seed = int(np.random.randint(1000000))
            # Twice the same order, for paths and labels alike, as Keras has it.
            order = np.arange(len(self.paths))
            np.random.RandomState(seed).shuffle(order)
            self.paths = [self.paths[i] for i in order]
            self.labels = [self.labels[i] for i in order]
        kept = int((split or 0) * len(self.paths))
        cut = len(self.paths) - kept
        parts = {"training": slice(0, cut), "validation": slice(cut, None)}
        if subset == "both":
            print(f"Using {cut} files for training.")
            print(f"Using {kept} files for validation.")
            return [
                self._one(parts["training"], load, batch_size, shuffle, seed),
                self._one(parts["validation"], load, batch_size, False, seed),
            ]
        if subset is not None:
            count = cut if subset == "training" else kept
            print(f"Using {count} files for {subset}.")
        part = parts.get(subset or "", slice(None))
        return self._one(part, load, batch_size, shuffle, seed)

    def _check_split(
        self, split: Any, subset: Any, shuffle: bool, seed: int | None
    ) -> None:
        if split is not None and not 0 < split < 1:
            raise self._error(
                "`validation_split` must be between 0 and 1", f"Received: {split}"
            )
        if (split is None) != (subset is None):
            raise self._error(
                "If `subset` is set, `validation_split` must be set, and inversely",
                f"subset={subset!r}, validation_split={split}",
            )
        if subset not in ("training", "validation", "both", None):
            raise self._error(
                '`subset` must be either "training", "validation" or "both"',
                f"received: {subset}",
            )
        if split and shuffle and seed is None:
            raise self._error(
                "If using `validation_split` and shuffling the data, you must provide"
                " a `seed` argument, to make sure that there is no overlap between the"
                " training and validation subset"
            )

    def _one(
        self,
        part: slice,
        load: Any,
        batch_size: int | None,
        shuffle: bool,
        seed: int | None,
    ) -> Any:
        paths = self.paths[part]
        labels: Any = np.asarray(self.labels[part], np.int32)
        if not paths:
            raise self._error(f"No files found in this part of {self.folder}")
        if self.mode == "categorical":
            labels = np.eye(len(self.names or ()), dtype=np.float32)[labels]
        elif self.mode == "binary":
            labels = labels.astype(np.float32)[:, None]
        names = np.asarray(paths, object)
        source: Any
        if self.mode is None:
            source = Dataset.from_tensor_slices(names)
        else:
            source = Dataset.from_tensor_slices((names, labels))
        if shuffle:
            # Paths are shuffled and not what is read, which comes to the same order.
            room = 1024 if batch_size is None else batch_size * 8
            source = source.shuffle(room, seed=seed)

        def loaded(path: Any, *label: Any) -> Any:
            return (load(path), *label) if label else load(path)

        found = source.map(loaded, num_parallel_calls=-1)
        if batch_size is not None:
            join = found.padded_batch if self.pads else found.batch
            found = join(batch_size)
        found = found.prefetch(-1)
        found.class_names = self.names
        found.file_paths = paths
        return found
