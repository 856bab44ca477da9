"""`ImageDataGenerator`: images read, standardised and changed at random, in batches.

In: arrays, a folder, or a table of files. Out: the iterators of `image_iterators`. The
changes are `affine`'s; what is drawn, and in which order, is tf.keras's.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.keras import affine
from rillet.keras.image_arrays import NumpyArrayIterator
from rillet.keras.image_folders import DirectoryIterator
from rillet.keras.image_iterators import refused
from rillet.keras.image_tables import DataFrameIterator
from rillet.keras.settings import floatx, image_data_format
from rillet.ops.blas import matmul

Array = np.ndarray[Any, Any]


class ImageDataGenerator:
    """Images changed at random, and standardised, in batches without end.

    Args:
        featurewise_center: subtract the mean of the data that `fit` saw.
        samplewise_center: subtract each image's mean.
        featurewise_std_normalization: divide by the deviation of the data.
        samplewise_std_normalization: divide each image by its deviation.
        zca_whitening: whiten by the correlations of the data.
        zca_epsilon: what keeps that from dividing by zero.
        rotation_range: how far to turn at most, in degrees.
        width_shift_range: how far to move sideways: a part of the width below 1, else
            pixels; or a list of pixels to choose from.
        height_shift_range: how far to move up or down, likewise.
        brightness_range: two factors between which brightness varies.
        shear_range: how far to shear at most, in degrees.
        zoom_range: two factors, or the distance of both from 1.
        channel_shift_range: by how much channels grow or shrink at most.
        fill_mode: what stands outside: ``"constant"``, ``"nearest"``, ``"reflect"`` or
            ``"wrap"``.
        cval: the constant.
        horizontal_flip: whether to mirror every other image.
        vertical_flip: whether to turn every other upside down.
        rescale: a factor for all values, after the changes.
        preprocessing_function: called with each changed image; gives another.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        validation_split: the part kept for validation.
        interpolation_order: 0 to 5: the order of the spline between pixels.
        dtype: the type of images.

    Raises:
        ValueError: where an argument does not fit.

    Example:
        >>> import numpy as np
        >>> flow = ImageDataGenerator(rescale=0.5).flow(
        ...     np.ones((3, 2, 2, 1)), [0, 1, 2], batch_size=2, shuffle=False)
        >>> images, labels = next(flow)
        >>> images.shape, float(images.max()), labels.tolist()
        ((2, 2, 2, 1), 0.5, [0, 1])
    """

    def __init__(
        self,
        featurewise_center: bool = False,
        samplewise_center: bool = False,
        featurewise_std_normalization: bool = False,
        samplewise_std_normalization: bool = False,
        zca_whitening: bool = False,
        zca_epsilon: float = 1e-6,
        rotation_range: float = 0,
        width_shift_range: Any = 0.0,
        height_shift_range: Any = 0.0,
        brightness_range: Any = None,
        shear_range: float = 0.0,
        zoom_range: Any = 0.0,
        channel_shift_range: float = 0.0,
        fill_mode: str = "nearest",
        cval: float = 0.0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        rescale: Any = None,
        preprocessing_function: Any = None,
        data_format: Any = None,
        validation_split: float = 0.0,
        interpolation_order: int = 1,
        dtype: Any = None,
    ) -> None:
        self.featurewise_center = featurewise_center or zca_whitening
        self.samplewise_center = samplewise_center or samplewise_std_normalization
        self.featurewise_std_normalization = featurewise_std_normalization
        self.samplewise_std_normalization = samplewise_std_normalization
        self.zca_whitening, self.zca_epsilon = zca_whitening, zca_epsilon
        self.rotation_range = rotation_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.brightness_range = brightness_range
        self.shear_range = shear_range
        self.channel_shift_range = channel_shift_range
        self.fill_mode, self.cval = fill_mode, cval
        self.horizontal_flip, self.vertical_flip = horizontal_flip, vertical_flip
        self.rescale = rescale
        self.preprocessing_function = preprocessing_function
        self.dtype = dtype or floatx()
        self.interpolation_order = interpolation_order
        self._set_order(data_format or image_data_format())
        self._set_ranges(zoom_range, validation_split)
        if zca_whitening:  # whitening divides by the deviations already
            self.featurewise_std_normalization = False
        if featurewise_std_normalization:
            self.featurewise_center = True
        self.mean: Any = None
        self.std: Any = None
        self.zca_whitening_matrix: Any = None
        self._told: set[str] = set()

    def _set_order(self, order: str) -> None:
        if order not in ("channels_first", "channels_last"):
            raise refused(
                "ImageDataGenerator",
                '`data_format` should be `"channels_last"` or `"channels_first"`',
                f"Received: {order}",
            )
        self.data_format = order
        first = order == "channels_first"
        self.channel_axis, self.row_axis, self.col_axis = (
            (1, 2, 3) if first else (3, 1, 2)
        )

    def _set_ranges(self, zoom: Any, share: float) -> None:
        op = "ImageDataGenerator"
        if share and not 0 < share < 1:
            raise refused(
                op,
                "`validation_split` must be strictly between 0 and 1",
                f"Received: {share}",
            )
        self._validation_split = share
        if isinstance(zoom, int | float):
            self.zoom_range = [1 - zoom, 1 + zoom]
        elif len(zoom) == 2 and all(isinstance(z, int | float) for z in zoom):
            self.zoom_range = [zoom[0], zoom[1]]
        else:
            raise refused(
                op,
                "`zoom_range` should be a float or a tuple or list of two floats",
                f"Received: {zoom}",
            )
        brightness = self.brightness_range
        if brightness is not None:
            if not isinstance(brightness, tuple | list) or len(brightness) != 2:
                raise refused(
                    op,
                    "`brightness_range should be tuple or list of two floats",
                    f"Received: {brightness}",
                )

    def flow(
        self,
        x: Any,
        y: Any = None,
        batch_size: int = 32,
        shuffle: bool = True,
        sample_weight: Any = None,
        seed: Any = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        ignore_class_split: bool = False,
        subset: Any = None,
    ) -> NumpyArrayIterator:
        """Batches from arrays; see `NumpyArrayIterator`."""
        return NumpyArrayIterator(
            x,
            y,
            self,
            batch_size=batch_size,
            shuffle=shuffle,
            sample_weight=sample_weight,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            ignore_class_split=ignore_class_split,
            subset=subset,
            dtype=self.dtype,
        )

    def flow_from_directory(
        self,
        directory: Any,
        target_size: Any = (256, 256),
        color_mode: str = "rgb",
        classes: Any = None,
        class_mode: Any = "categorical",
        batch_size: int = 32,
        shuffle: bool = True,
        seed: Any = None,
        save_to_dir: Any = None,
        save_prefix: str = "",
        save_format: str = "png",
        follow_links: bool = False,
        subset: Any = None,
        interpolation: str = "nearest",
        keep_aspect_ratio: bool = False,
    ) -> DirectoryIterator:
        """Batches from a folder with a folder a class; see `DirectoryIterator`."""
        return DirectoryIterator(
            directory,
            self,
            target_size=target_size,
            color_mode=color_mode,
            classes=classes,
            class_mode=class_mode,
            batch_size=batch_size,
            shuffle=shuffle,
            seed=seed,
            data_format=self.data_format,
            save_to_dir=save_to_dir,
            save_prefix=save_prefix,
            save_format=save_format,
            follow_links=follow_links,
            subset=subset,
            interpolation=interpolation,
            keep_aspect_ratio=keep_aspect_ratio,
            dtype=self.dtype,
        )

    def flow_from_dataframe(
        self, dataframe: Any, directory: Any = None, *args: Any, **kwargs: Any
    ) -> DataFrameIterator:
        """Batches from a table of files; see `DataFrameIterator`."""
        for old in ("has_ext", "sort", "drop_duplicates"):
            kwargs.pop(old, None)
        names = (
            "x_col y_col weight_col target_size color_mode classes class_mode"
            " batch_size shuffle seed save_to_dir save_prefix save_format subset"
            " interpolation validate_filenames"
        )
        given = dict(zip(names.split(), args, strict=False))
        return DataFrameIterator(
            dataframe,
            directory,
            self,
            data_format=self.data_format,
            dtype=self.dtype,
            **given,
            **kwargs,
        )

    def _tell(self, what: str) -> None:
        """Say once that data of `fit` is missing."""
        if what not in self._told:
            self._told.add(what)
            get_logger().warning(
                house_message(
                    "ImageDataGenerator",
                    f"this generator specifies `{what}`, but it hasn't been fit on any"
                    " training data",
                    fix="Fit it first by calling `.fit(numpy_data)`",
                )
            )

    def standardize(self, x: Any) -> Any:
        """An image with the changes that are the same for all.

        Args:
            x: one image, floats; it may be changed in place.
        """
        if self.preprocessing_function:
            x = self.preprocessing_function(x)
        if self.rescale:
            x = x * self.rescale
        if self.samplewise_center:
            x = x - np.mean(x, keepdims=True)
        if self.samplewise_std_normalization:
            x = x / (np.std(x, keepdims=True) + 1e-6)
        if self.featurewise_center:
            if self.mean is None:
                self._tell("featurewise_center")
            else:
                x = x - self.mean
        if self.featurewise_std_normalization:
            if self.std is None:
                self._tell("featurewise_std_normalization")
            else:
                x = x / (self.std + 1e-6)
        if self.zca_whitening:
            if self.zca_whitening_matrix is None:
                self._tell("zca_whitening")
            else:
                flat = np.ascontiguousarray(x.reshape(-1, int(np.prod(x.shape[-3:]))))
                matrix = self.zca_whitening_matrix.astype(flat.dtype)
                x = matmul(flat, matrix).reshape(x.shape)
        return x

    def get_random_transform(self, img_shape: Any, seed: Any = None) -> dict[str, Any]:
        """What to do to an image of a shape, drawn from NumPy's random numbers."""
        rows, columns = self.row_axis - 1, self.col_axis - 1
        if seed is not None:
            np.random.seed(seed)
        theta: Any = 0
        if self.rotation_range:
            theta = np.random.uniform(-self.rotation_range, self.rotation_range)
        tx = _shift(self.height_shift_range, img_shape[rows])
        ty = _shift(self.width_shift_range, img_shape[columns])
        shear: Any = 0
        if self.shear_range:
            shear = np.random.uniform(-self.shear_range, self.shear_range)
        zx: Any = 1
        zy: Any = 1
        if self.zoom_range[0] != 1 or self.zoom_range[1] != 1:
            zx, zy = np.random.uniform(self.zoom_range[0], self.zoom_range[1], 2)
        across = (np.random.random() < 0.5) * self.horizontal_flip
        down = (np.random.random() < 0.5) * self.vertical_flip
        intensity = None
        if self.channel_shift_range != 0:
            most = self.channel_shift_range
            intensity = np.random.uniform(-most, most)
        brightness = None
        if self.brightness_range is not None:
            low, high = self.brightness_range
            brightness = np.random.uniform(low, high)
        return {
            "theta": theta,
            "tx": tx,
            "ty": ty,
            "shear": shear,
            "zx": zx,
            "zy": zy,
            "flip_horizontal": across,
            "flip_vertical": down,
            "channel_shift_intensity": intensity,
            "brightness": brightness,
        }

    def apply_transform(self, x: Any, transform_parameters: dict[str, Any]) -> Any:
        """An image changed as `get_random_transform` says.

        Args:
            x: one image.
            transform_parameters: any of `theta`, `tx`, `ty`, `shear`, `zx`, `zy`,
                `flip_horizontal`, `flip_vertical`, `channel_shift_intensity` and
                `brightness`.
        """
        given = transform_parameters
        rows, columns = self.row_axis - 1, self.col_axis - 1
        x = affine.apply_affine_transform(
            x,
            given.get("theta", 0),
            given.get("tx", 0),
            given.get("ty", 0),
            given.get("shear", 0),
            given.get("zx", 1),
            given.get("zy", 1),
            row_axis=rows,
            col_axis=columns,
            channel_axis=self.channel_axis - 1,
            fill_mode=self.fill_mode,
            cval=self.cval,
            order=self.interpolation_order,
        )
        if given.get("channel_shift_intensity") is not None:
            x = affine.apply_channel_shift(
                x, given["channel_shift_intensity"], self.channel_axis - 1
            )
        if given.get("flip_horizontal", False):
            x = affine.flip_axis(x, columns)
        if given.get("flip_vertical", False):
            x = affine.flip_axis(x, rows)
        if given.get("brightness") is not None:
            x = affine.apply_brightness_shift(x, given["brightness"], False)
        return x

    def random_transform(self, x: Any, seed: Any = None) -> Any:
        """An image changed at random."""
        return self.apply_transform(x, self.get_random_transform(x.shape, seed))

    def fit(
        self, x: Any, augment: bool = False, rounds: int = 1, seed: Any = None
    ) -> None:
        """See the data, for its mean, deviation and correlations.

        Args:
            x: images ``(n, height, width, channels)``.
            augment: whether to see changed images.
            rounds: how often, then.
            seed: for the changes.

        Raises:
            ValueError: where there are not four axes.
        """
        x = np.asarray(x, dtype=self.dtype)
        if x.ndim != 4:
            raise refused(
                "ImageDataGenerator.fit",
                "Input to `.fit()` should have rank 4",
                f"Got array with shape: {x.shape}",
            )
        if seed is not None:
            np.random.seed(seed)
        x = np.copy(x)
        if self.rescale:
            x *= self.rescale
        if augment:
            rows = [self.random_transform(image) for _ in range(rounds) for image in x]
            x = np.stack(rows).astype(self.dtype)
        axes = (0, self.row_axis, self.col_axis)
        shape = [1, 1, 1]
        shape[self.channel_axis - 1] = x.shape[self.channel_axis]
        if self.featurewise_center:
            self.mean = np.reshape(np.mean(x, axis=axes), shape)
            x = x - self.mean
        if self.featurewise_std_normalization:
            self.std = np.reshape(np.std(x, axis=axes), shape)
            x = x / (self.std + 1e-6)
        if self.zca_whitening:
            flat = np.ascontiguousarray(x.reshape(len(x), -1).T)
            u, s, _ = np.linalg.svd(flat, full_matrices=False)
            scaled = u * (np.sqrt(len(x)) / (s + self.zca_epsilon))
            self.zca_whitening_matrix = matmul(
                np.ascontiguousarray(scaled, u.dtype), np.ascontiguousarray(u.T)
            )


def _shift(given: Any, size: int) -> Any:
    """How far to move: chosen from a list, or drawn between two limits."""
    if not np.any(given):
        return 0
    try:  # a list of pixels; for an integer any below it
        found = np.random.choice(given)
        found = found * np.random.choice([-1, 1])
    except ValueError:
        found = np.random.uniform(-given, given)
    return found * size if np.max(given) < 1 else found
