"""Images changed at random while training: flips, crops, contrast, brightness, sizes.

In flow images ``(height, width, channels)``, maybe with a batch in front; out flow
images. Every layer draws from a `tf.random.Generator` of its own, as tf.keras's do, so
that a seed gives tf.keras's images.
"""

from __future__ import annotations

from typing import Any

from rillet.core.dtypes import as_dtype, int32
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.base_layer import Layer
from rillet.keras.image_sizes import smart_resize
from rillet.keras.layers.resizing import as_images, image_size, sized, spare_of
from rillet.keras.layers.upsampling import interpolation_name
from rillet.keras.random_source import RandomGenerator
from rillet.keras.serialization import builtin
from rillet.ops.clip import clip_by_value
from rillet.ops.elementwise import cast
from rillet.ops.host import is_symbolic
from rillet.ops.image_frames import crop_to_bounding_box
from rillet.ops.image_random import (
    stateless_random_contrast,
    stateless_random_flip_left_right,
    stateless_random_flip_up_down,
)
from rillet.ops.resize import resize
from rillet.ops.shaping import static_dims


class RandomLayer(Layer):
    """A layer that changes images at random while training, which is its default.

    Args:
        seed: decides the draws; chosen at random where None.
        **kwargs: as for `Layer`; `rng_type` is kept for files of tf.keras.
    """

    def __init__(self, seed: int | None = None, **kwargs: Any) -> None:
        kwargs.pop("rng_type", None)
        super().__init__(**kwargs)
        self.seed = seed
        self._random_generator = RandomGenerator(seed, rng_type="stateful")

    def build(self, input_shape: Any) -> None:
        """Settle the seed; see `Layer.build`."""
        self._random_generator.start()
        self.built = True

    def _trackable_children(
        self, save_type: str = "checkpoint", **kwargs: Any
    ) -> dict[str, Any]:
        """As for `Layer`, and for SavedModels alone the generator, as in tf.keras."""
        found = super()._trackable_children(save_type, **kwargs)
        if save_type == "savedmodel":
            found["_random_generator"] = self._random_generator
        return found

    def call(self, inputs: Any, training: Any = True) -> Any:
        """The images, changed where `training` is true."""
        images = self._prepared(inputs)
        return self._changed(images) if training else images

    def _prepared(self, inputs: Any) -> Any:
        wanted = as_dtype(self.compute_dtype or "float32")
        return as_images(type(self).__name__, inputs, wanted)

    def _changed(self, images: Any) -> Any:
        """The changed images; subclasses define it."""
        raise NotImplementedError

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape."""
        return as_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "rng_type": "stateful", "seed": self.seed}


def bounds(value: Any) -> tuple[float, float]:
    """The range that a factor means: a pair, or from minus to plus a number."""
    if isinstance(value, tuple | list):
        return value[0], value[1]
    return -value, value


def refused(owner: str, rule: str, name: str, value: Any) -> ValueError:
    """The error for an argument that breaks a rule."""
    return ValueError(house_message(owner, rule, f"Received: {name}={value!r}"))


_MODES = {
    "horizontal": (True, False),
    "vertical": (False, True),
    "horizontal_and_vertical": (True, True),
}


@builtin("layer")
class RandomFlip(RandomLayer):
    """Images mirrored at random, each by itself.

    Args:
        mode: ``"horizontal"`` (left and right change places), ``"vertical"`` or
            ``"horizontal_and_vertical"``.
        seed: decides the draws; chosen at random where None.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where there is no such mode.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.RandomFlip("horizontal", seed=2)
        >>> sorted(layer(tf.constant([[[1.], [2.]]])).numpy().ravel().tolist())
        [1.0, 2.0]
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        if mode not in _MODES:
            raise ValueError(
                house_message(
                    "RandomFlip",
                    f"RandomFlip layer {self.name} received an unknown mode argument",
                    repr(mode),
                    f"It is one of {', '.join(_MODES)}",
                )
            )
        self.mode = mode
        self.horizontal, self.vertical = _MODES[mode]

    def _changed(self, images: Any) -> Any:
        source = self._random_generator
        if self.horizontal:
            seed = source.make_seed_for_stateless_op()
            images = stateless_random_flip_left_right(images, seed)
        if self.vertical:
            seed = source.make_seed_for_stateless_op()
            images = stateless_random_flip_up_down(images, seed)
        return images

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "mode": self.mode}


@builtin("layer")
class RandomCrop(RandomLayer):
    """A part of images, at a random place that is the same for all of a batch.

    Outside training, and where images are smaller, they are resized and cut to the
    proportions instead.

    Args:
        height: the height of the part.
        width: its width.
        seed: decides the draws; chosen at random where None.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where a size is not positive.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.RandomCrop(3, 2)(tf.ones([4, 8, 8, 1])).shape
        TensorShape([4, 3, 2, 1])
    """

    def __init__(
        self, height: int, width: int, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(seed, **kwargs)
        self.height, self.width = image_size("RandomCrop", height, width)

    def call(self, inputs: Any, training: Any = True) -> Any:
        """A part of the images where `training` is true, else the whole, resized."""
        images = self._prepared(inputs)
        size = self.height, self.width
        tall, wide = spare_of(images, size)
        if not training or tall < 0 or wide < 0:
            return cast(smart_resize(images, size), images.dtype)
        draws = self._random_generator.random_uniform([2], 0, 2**31 - 1, int32)
        top, left = draws[0] % (tall + 1), draws[1] % (wide + 1)
        return crop_to_bounding_box(images, top, left, *size)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape with the layer's height and width."""
        return sized(input_shape, (self.height, self.width))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "height": self.height, "width": self.width}


@builtin("layer")
class RandomContrast(RandomLayer):
    """Images with more or less contrast: ``(x - mean) * factor + mean``, each channel.

    Args:
        factor: how far the contrast may fall and rise from 1: a number from 0 to 1, or
            one for each.
        seed: decides the draws; chosen at random where None.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `factor` is out of range.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.RandomContrast(0.2)(tf.ones([4, 4, 3])).shape
        TensorShape([4, 4, 3])
    """

    def __init__(self, factor: Any, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(seed, **kwargs)
        self.factor = factor
        pair = isinstance(factor, tuple | list)
        self.lower, self.upper = factor if pair else (factor, factor)
        if self.lower < 0.0 or self.upper < 0.0 or self.lower > 1.0:
            raise refused(
                "RandomContrast",
                "`factor` argument cannot have negative values or values greater"
                " than 1",
                "factor",
                factor,
            )

    def _changed(self, images: Any) -> Any:
        seed = self._random_generator.make_seed_for_stateless_op()
        found = stateless_random_contrast(
            images, 1.0 - self.lower, 1.0 + self.upper, seed
        )
        return clip_by_value(found, 0.0, 255.0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "factor": self.factor}


@builtin("layer")
class RandomBrightness(RandomLayer):
    """Brighter or darker images, each by a number of its own, cut to the range.

    Args:
        factor: from how much darker to how much brighter, in parts of the range: two
            numbers from -1 to 1, or one for both ways.
        value_range: the least and the largest value of pixels.
        seed: decides the draws; chosen at random where None.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `factor` or `value_range` is none.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.RandomBrightness(0.3, value_range=(0., 1.))
        >>> bool(tf.reduce_max(layer(tf.ones([2, 4, 4, 3]))) <= 1)
        True
    """

    def __init__(
        self,
        factor: Any,
        value_range: Any = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        given = factor if isinstance(factor, tuple | list) else [factor]
        numeric = all(isinstance(f, int | float) and -1 <= f <= 1 for f in given)
        if not numeric or isinstance(factor, tuple | list) and len(given) != 2:
            raise refused(
                "RandomBrightness",
                "The `factor` argument should be a number (or a list of two numbers)"
                " in the range [-1.0, 1.0]",
                "factor",
                factor,
            )
        if not isinstance(value_range, tuple | list) or len(value_range) != 2:
            raise refused(
                "RandomBrightness",
                "The `value_range` argument should be a list of two numbers",
                "value_range",
                value_range,
            )
        reach = sorted(given) if len(given) == 2 else [-abs(given[0]), abs(given[0])]
        self._factor = reach
        self._value_range = sorted(value_range)

    def _changed(self, images: Any) -> Any:
        sizes = static_dims(images)
        shape = [1, 1, 1] if len(sizes) == 3 else [sizes[0], 1, 1, 1]
        least, most = self._value_range
        draws = self._random_generator.random_uniform(shape, *self._factor)
        brighter = images + cast(draws * float(most - least), images.dtype)
        return clip_by_value(brighter, float(least), float(most))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "factor": list(self._factor),
            "value_range": list(self._value_range),
        }


class _RandomSize(RandomLayer):
    """Images of a height or width that is drawn for each batch."""

    #: The axis that changes, from the end.
    _axis = -3

    def __init__(
        self,
        factor: Any,
        interpolation: str = "bilinear",
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        owner = type(self).__name__
        self.factor = factor
        self._lower, self._upper = bounds(factor)
        if self._upper < self._lower:
            raise refused(
                owner,
                "`factor` argument cannot have an upper bound less than the lower"
                " bound",
                "factor",
                factor,
            )
        if self._lower < -1.0:
            raise refused(
                owner,
                "`factor` argument must have values larger than -1",
                "factor",
                factor,
            )
        self._method = interpolation_name(owner, interpolation)
        self.interpolation = interpolation

    def call(self, inputs: Any, training: Any = True) -> Any:
        """The images, in another size where `training` is true."""
        images = as_images(type(self).__name__, inputs, None)
        return self._changed(images) if training else images

    def _changed(self, images: Any) -> Any:
        low, high = 1.0 + self._lower, 1.0 + self._upper
        factor = self._random_generator.random_uniform([], low, high)
        sizes = list(images.shape)[-3:-1]
        size = cast(sizes[self._axis + 3], factor.dtype)
        changed = cast(factor * size, int32)
        sizes[self._axis + 3] = changed if is_symbolic(changed) else int(changed)
        found = resize(images, sizes, self._method)
        return cast(found, as_dtype(self.compute_dtype or "float32"))

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape with one size unknown."""
        dims = as_shape(input_shape).as_list()
        dims[self._axis] = None
        return TensorShape(dims)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "factor": self.factor,
            "interpolation": self.interpolation,
        }


@builtin("layer")
class RandomHeight(_RandomSize):
    """Images of another height, drawn for each batch.

    Args:
        factor: from how much lower to how much higher, in parts of the height: two
            numbers above -1, or one for both ways.
        interpolation: as in `Resizing`.
        seed: decides the draws; chosen at random where None.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `factor` is out of range.
        NotImplementedError: where there is no such interpolation.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.RandomHeight((0.5, 0.5))
        >>> layer(tf.ones([1, 10, 4, 3])).shape
        TensorShape([1, 15, 4, 3])
    """

    _axis = -3


@builtin("layer")
class RandomWidth(_RandomSize):
    """Images of another width, drawn for each batch; see `RandomHeight`.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.RandomWidth((-0.5, -0.5))
        >>> layer(tf.ones([1, 10, 4, 3])).shape
        TensorShape([1, 10, 2, 3])
    """

    _axis = -2
