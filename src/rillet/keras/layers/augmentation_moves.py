"""Images moved, turned and zoomed at random while training, each by itself.

In flow images ``(height, width, channels)``, maybe with a batch in front; out flow
images of the same size. Every change is a row of eight numbers for the op in
`ops.projective`, which says where each pixel comes from.
"""

from __future__ import annotations

import math
from typing import Any

from rillet.core.dtypes import float32
from rillet.core.errors import house_message
from rillet.keras.layers.augmentation import RandomLayer, bounds, refused
from rillet.keras.layers.windows import sizes_of
from rillet.keras.serialization import builtin
from rillet.ops.array import stack
from rillet.ops.elementwise import cast
from rillet.ops.filling import ones_like, zeros_like
from rillet.ops.image_rules import batched
from rillet.ops.projective import projective_op
from rillet.ops.transcendental import cos, sin

_FILL_MODES = ("reflect", "wrap", "constant", "nearest")
_INTERPOLATIONS = ("nearest", "bilinear")


class _RandomMove(RandomLayer):
    """Images whose pixels come from other places; see `RandomRotation`."""

    def __init__(
        self,
        fill_mode: str,
        interpolation: str,
        seed: int | None,
        fill_value: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, **kwargs)
        for name, value, known in (
            ("fill_mode", fill_mode, _FILL_MODES),
            ("interpolation", interpolation, _INTERPOLATIONS),
        ):
            if value not in known:
                raise NotImplementedError(
                    house_message(
                        type(self).__name__,
                        f"Unknown `{name}`: only {', '.join(known)} are supported",
                        f"Received: {name}={value!r}",
                    )
                )
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.interpolation = interpolation

    def _changed(self, images: Any) -> Any:
        return batched(type(self).__name__, images, self._moved, "images")

    def _moved(self, images: Any) -> Any:
        batch, height, width, _ = sizes_of(images)
        tall, wide = cast(height, float32), cast(width, float32)
        rows = stack(self._rows(batch, tall, wide), axis=1)
        return projective_op.run(
            images,
            rows,
            (height, width),
            float(self.fill_value),
            interpolation=self.interpolation.upper(),
            fill_mode=self.fill_mode.upper(),
        )

    def _rows(self, batch: Any, height: Any, width: Any) -> list[Any]:
        """The eight numbers of each image, a column each; subclasses define it."""
        raise NotImplementedError

    def _draw(self, batch: Any, reach: tuple[float, float]) -> Any:
        draws = self._random_generator.random_uniform([batch], *reach)
        return cast(draws, float32)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "interpolation": self.interpolation,
        }


@builtin("layer")
class RandomTranslation(_RandomMove):
    """Images moved up or down and sideways.

    Args:
        height_factor: from how far up to how far down, in parts of the height: two
            numbers from -1 to 1, or one for both ways.
        width_factor: the same from left to right, in parts of the width.
        fill_mode: what comes in: ``"reflect"``, ``"wrap"``, ``"constant"`` or
            ``"nearest"``.
        interpolation: ``"bilinear"`` or ``"nearest"``.
        seed: decides the draws; chosen at random where None.
        fill_value: what comes in for ``"constant"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where a factor is out of range.
        NotImplementedError: where there is no such fill mode or interpolation.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.RandomTranslation(
        ...     0., (0.5, 0.5), fill_mode="constant")
        >>> layer(tf.ones([1, 4, 1])).numpy().ravel().tolist()
        [0.0, 0.0, 1.0, 1.0]
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, **kwargs)
        self.height_factor = height_factor
        self.width_factor = width_factor
        for name, value in (
            ("height_factor", height_factor),
            ("width_factor", width_factor),
        ):
            low, high = bounds(value)
            rule = ""
            if high < low:
                rule = f"`{name}` cannot have upper bound less than lower bound"
            elif abs(low) > 1.0 or abs(high) > 1.0:
                rule = f"`{name}` argument must have values between [-1, 1]"
            if rule:
                raise refused("RandomTranslation", rule, name, value)

    def _rows(self, batch: Any, height: Any, width: Any) -> list[Any]:
        down = self._draw(batch, bounds(self.height_factor)) * height
        right = self._draw(batch, bounds(self.width_factor)) * width
        one, none = ones_like(down), zeros_like(down)
        return [one, none, -right, none, one, -down, none, none]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "height_factor": self.height_factor,
            "width_factor": self.width_factor,
        }


@builtin("layer")
class RandomRotation(_RandomMove):
    """Images turned about their middle.

    Args:
        factor: from how far clockwise to how far against the clock, in parts of a whole
            turn: two numbers, or one for both ways.
        fill_mode: what comes in: ``"reflect"``, ``"wrap"``, ``"constant"`` or
            ``"nearest"``.
        interpolation: ``"bilinear"`` or ``"nearest"``.
        seed: decides the draws; chosen at random where None.
        fill_value: what comes in for ``"constant"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `factor` ends below its beginning.
        NotImplementedError: where there is no such fill mode or interpolation.

    Example:
        >>> import rillet as tf
        >>> half = tf.keras.layers.RandomRotation((0.5, 0.5), interpolation="nearest")
        >>> x = tf.reshape([1., 2., 3., 4.], [2, 2, 1])
        >>> half(x).numpy().ravel().tolist()
        [4.0, 3.0, 2.0, 1.0]
    """

    def __init__(
        self,
        factor: Any,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, **kwargs)
        self.factor = factor
        self.lower, self.upper = bounds(factor)
        if self.upper < self.lower:
            raise refused(
                "RandomRotation",
                "`factor` argument cannot have an upper bound less than the lower"
                " bound",
                "factor",
                factor,
            )

    def _rows(self, batch: Any, height: Any, width: Any) -> list[Any]:
        turn = 2.0 * math.pi
        angles = self._draw(batch, (self.lower * turn, self.upper * turn))
        c, s = cos(angles), sin(angles)
        last_row, last_column = height - 1.0, width - 1.0
        right = (last_column - (c * last_column - s * last_row)) / 2.0
        down = (last_row - (s * last_column + c * last_row)) / 2.0
        none = zeros_like(c)
        return [c, -s, right, s, c, down, none, none]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "factor": self.factor}


@builtin("layer")
class RandomZoom(_RandomMove):
    """Images zoomed about their middle.

    Args:
        height_factor: from how much nearer to how much farther, in parts of the height:
            two numbers from -1 to 1, or one for both ways; below 0 the image grows.
        width_factor: the same for the width; None keeps the proportions.
        fill_mode: what comes in: ``"reflect"``, ``"wrap"``, ``"constant"`` or
            ``"nearest"``.
        interpolation: ``"bilinear"`` or ``"nearest"``.
        seed: decides the draws; chosen at random where None.
        fill_value: what comes in for ``"constant"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where a factor is out of range.
        NotImplementedError: where there is no such fill mode or interpolation.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.RandomZoom(0.2)(tf.ones([2, 8, 8, 3])).shape
        TensorShape([2, 8, 8, 3])
    """

    def __init__(
        self,
        height_factor: Any,
        width_factor: Any = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, **kwargs)
        self.height_factor = height_factor
        self.width_factor = width_factor
        low, high = bounds(height_factor)
        if abs(low) > 1.0 or abs(high) > 1.0:
            raise refused(
                "RandomZoom",
                "`height_factor` argument must have values between [-1, 1]",
                "height_factor",
                height_factor,
            )
        if width_factor is not None and min(bounds(width_factor)) < -1.0:
            raise refused(
                "RandomZoom",
                "`width_factor` argument must have values larger than -1",
                "width_factor",
                width_factor,
            )

    def _rows(self, batch: Any, height: Any, width: Any) -> list[Any]:
        low, high = bounds(self.height_factor)
        tall = wide = self._draw(batch, (1.0 + low, 1.0 + high))
        if self.width_factor is not None:
            low, high = bounds(self.width_factor)
            wide = self._draw(batch, (1.0 + low, 1.0 + high))
        right = ((width - 1.0) / 2.0) * (1.0 - wide)
        down = ((height - 1.0) / 2.0) * (1.0 - tall)
        none = zeros_like(tall)
        return [wide, none, right, none, tall, down, none, none]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "height_factor": self.height_factor,
            "width_factor": self.width_factor,
        }
