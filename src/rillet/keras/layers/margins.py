"""Zeros put around space, and edges cut off it.

In flow tensors ``(batch, *space, channels)``, or with the channels after the batch; out
flow the same with other sizes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.base_layer import Layer
from rillet.keras.input_spec import InputSpec
from rillet.keras.layers.windows import layout_name, numbers, space_of, with_space
from rillet.keras.serialization import builtin
from rillet.ops.array import pad_op

Pairs = tuple[tuple[int, int], ...]


def _pairs(owner: str, name: str, value: Any, count: int) -> Pairs:
    """(before, after) for each of `count` axes.

    Raises:
        ValueError: where `value` is no number, no number an axis and no pair an axis.
    """
    if isinstance(value, int | np.integer):
        return (_pair(owner, name, value),) * count
    if count == 1:
        return (_pair(owner, name, value),)
    if isinstance(value, str) or not hasattr(value, "__len__") or len(value) != count:
        raise ValueError(
            house_message(
                owner,
                f"`{name}` should be one number, or have {count} elements, each a"
                " number or a (before, after) pair",
                f"Received: {name}={value!r}",
            )
        )
    return tuple(
        _pair(owner, f"entry {i + 1} of {name}", entry) for i, entry in enumerate(value)
    )


def _pair(owner: str, name: str, value: Any) -> tuple[int, int]:
    before, after = numbers(owner, name, value, 2, 0)
    return before, after


class _Margins(Layer):
    """A layer with a (before, after) pair for each spatial axis."""

    #: The number of spatial axes.
    rank = 2
    _pairs: Pairs

    def __init__(self, pairs: Pairs, data_format: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        owner = type(self).__name__
        fallback = "channels_last" if self.rank == 1 else None
        self.data_format = layout_name(owner, data_format, fallback)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._start = 1 if self.data_format == "channels_last" else 2
        self._pairs = pairs

    def _around(self, pairs: Any, rest: Any) -> tuple[Any, ...]:
        """One entry an axis: `rest` for the axes that are not of space."""
        behind = (rest,) * (2 - self._start)
        return ((rest,) * self._start + tuple(pairs) + behind)[: self.rank + 2]

    def _sized(self, input_shape: Any, sign: int) -> TensorShape:
        dims = as_shape(input_shape).as_list()
        space = [
            None if n is None else max(0, n + sign * (before + after))
            for n, (before, after) in zip(
                space_of(self.data_format, dims, self.rank), self._pairs, strict=True
            )
        ]
        channels = dims[-1 if self.data_format == "channels_last" else 1]
        return with_space(self.data_format, dims, space, channels)

    def _config(self, name: str) -> dict[str, Any]:
        one = self.rank == 1
        config: dict[str, Any] = {name: self._pairs[0] if one else self._pairs}
        if not one:
            config["data_format"] = self.data_format
        return {**super().get_config(), **config}


class _ZeroPadding(_Margins):
    def __init__(self, padding: Any, data_format: Any, **kwargs: Any) -> None:
        pairs = _pairs(type(self).__name__, "padding", padding, self.rank)
        super().__init__(pairs, data_format, **kwargs)
        self.padding = pairs[0] if self.rank == 1 else pairs
        self._paddings = self._around(pairs, (0, 0))

    def call(self, inputs: Any) -> Any:
        """The inputs with zeros around."""
        return pad_op.run(inputs, self._paddings)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape with larger spatial sizes."""
        return self._sized(input_shape, 1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._config("padding")


class _Cropping(_Margins):
    def __init__(self, cropping: Any, data_format: Any, **kwargs: Any) -> None:
        pairs = _pairs(type(self).__name__, "cropping", cropping, self.rank)
        super().__init__(pairs, data_format, **kwargs)
        self.cropping = pairs[0] if self.rank == 1 else pairs
        cuts = [slice(before, -after if after else None) for before, after in pairs]
        self._key = self._around(cuts, slice(None))

    def call(self, inputs: Any) -> Any:
        """The inputs without their edges.

        Raises:
            ValueError: where nothing would be left.
        """
        sizes = space_of(self.data_format, list(inputs.shape), self.rank)
        for n, (before, after) in zip(sizes, self._pairs, strict=True):
            if n is not None and before + after >= n:
                raise ValueError(
                    house_message(
                        type(self).__name__,
                        "the input shape must be greater than what `cropping` takes"
                        " away",
                        f"Received: inputs.shape={tuple(inputs.shape)}, and"
                        f" cropping={self.cropping}",
                    )
                )
        return inputs[self._key]

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape with smaller spatial sizes."""
        return self._sized(input_shape, -1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return self._config("cropping")


@builtin("layer")
class ZeroPadding1D(_ZeroPadding):
    """Puts zeros before and after the steps of sequences.

    Args:
        padding: how many at both ends, or (before, after).
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `padding` is neither.

    Example:
        >>> import rillet as tf
        >>> x = tf.ones([1, 2, 1])
        >>> tf.keras.layers.ZeroPadding1D((1, 0))(x).numpy().ravel().tolist()
        [0.0, 1.0, 1.0]
    """

    _leaf = True
    rank = 1

    def __init__(self, padding: Any = 1, **kwargs: Any) -> None:
        super().__init__(padding, kwargs.pop("data_format", None), **kwargs)


@builtin("layer")
class ZeroPadding2D(_ZeroPadding):
    """Puts zeros around images.

    Args:
        padding: how many on all sides; or (rows, columns); or
            ((top, bottom), (left, right)).
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `padding` is none of these.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.ZeroPadding2D(((1, 0), (2, 2)))
        >>> layer(tf.ones([1, 4, 4, 3])).shape
        TensorShape([1, 5, 8, 3])
    """

    _leaf = True
    rank = 2

    def __init__(
        self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(padding, data_format, **kwargs)


@builtin("layer")
class ZeroPadding3D(_ZeroPadding):
    """Puts zeros around volumes.

    Args:
        padding: how many on all sides; or one number an axis; or a (before, after)
            pair an axis.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `padding` is none of these.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.ZeroPadding3D((1, 2, 3))(tf.ones([1, 2, 2, 2, 5])).shape
        TensorShape([1, 4, 6, 8, 5])
    """

    _leaf = True
    rank = 3

    def __init__(
        self, padding: Any = (1, 1, 1), data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(padding, data_format, **kwargs)


@builtin("layer")
class Cropping1D(_Cropping):
    """Cuts steps off both ends of sequences.

    Args:
        cropping: how many at both ends, or (before, after).
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `cropping` is neither.

    Example:
        >>> import rillet as tf
        >>> x = tf.reshape(tf.range(4.), [1, 4, 1])
        >>> tf.keras.layers.Cropping1D((1, 0))(x).numpy().ravel().tolist()
        [1.0, 2.0, 3.0]
    """

    _leaf = True
    rank = 1

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, kwargs.pop("data_format", None), **kwargs)


@builtin("layer")
class Cropping2D(_Cropping):
    """Cuts the edges off images.

    Args:
        cropping: how many on all sides; or (rows, columns); or
            ((top, bottom), (left, right)).
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `cropping` is none of these.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Cropping2D(((2, 2), (4, 4)))
        >>> layer(tf.ones([2, 28, 28, 3])).shape
        TensorShape([2, 24, 20, 3])
    """

    _leaf = True
    rank = 2

    def __init__(
        self,
        cropping: Any = ((0, 0), (0, 0)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)


@builtin("layer")
class Cropping3D(_Cropping):
    """Cuts the edges off volumes.

    Args:
        cropping: how many on all sides; or one number an axis; or a (before, after)
            pair an axis.
        data_format: ``"channels_last"`` or ``"channels_first"``.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where `cropping` is none of these.

    Example:
        >>> import rillet as tf
        >>> tf.keras.layers.Cropping3D(1)(tf.ones([1, 4, 5, 6, 2])).shape
        TensorShape([1, 2, 3, 4, 2])
    """

    _leaf = True
    rank = 3

    def __init__(
        self,
        cropping: Any = ((1, 1), (1, 1), (1, 1)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(cropping, data_format, **kwargs)
