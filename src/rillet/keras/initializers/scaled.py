"""Initializers whose spread follows from the number of inputs and outputs.

Sources: Glorot and Bengio 2010; He et al. 2015; LeCun et al. 1998; Klambauer et al.
2017.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.initializers.base import float_type, nonce, sizes
from rillet.keras.initializers.drawn import Drawn
from rillet.keras.serialization import builtin

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("uniform", "truncated_normal", "untruncated_normal")
#: The standard deviation of a standard normal cut at two deviations.
_CUT = 0.87962566103423978


@builtin("initializer", "variance_scaling")
class VarianceScaling(Drawn):
    """Numbers of variance scale / n, where n counts inputs, outputs or their mean.

    Args:
        scale: a positive factor.
        mode: ``"fan_in"``, ``"fan_out"`` or ``"fan_avg"``.
        distribution: ``"truncated_normal"``, ``"untruncated_normal"`` or
            ``"uniform"``.
        seed: an integer, or None.

    Raises:
        ValueError: for another scale, mode or distribution.

    Example:
        >>> import rillet as tf
        >>> kind = tf.keras.initializers.VarianceScaling
        >>> make = kind(2., "fan_in", "uniform", seed=1)
        >>> bool(tf.reduce_max(tf.abs(make((6, 4)))) <= 1.0)
        True
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
    ) -> None:
        if scale <= 0.0:
            raise ValueError(
                house_message(
                    "VarianceScaling", "`scale` must be positive float", f"got {scale}"
                )
            )
        kind = distribution.lower()
        kind = "truncated_normal" if kind == "normal" else kind
        _check("mode", mode, _MODES)
        _check("distribution", kind, _DISTRIBUTIONS)
        super().__init__(seed)
        self.scale = scale
        self.mode = mode
        self.distribution = kind

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A tensor of `shape` and `dtype`, a float type."""
        kind = float_type(self, dtype)
        dims = sizes(shape, kwargs)
        self._about_to_draw(kwargs)
        # The parts of one weight are drawn with the spread of the whole.
        inputs, outputs = fans(sizes(shape, {}))
        n = {"fan_in": inputs, "fan_out": outputs}.get(
            self.mode, (inputs + outputs) / 2.0
        )
        variance = self.scale / max(1.0, n)
        part = nonce(kwargs)
        draw = self._random_generator
        if self.distribution == "uniform":
            limit = math.sqrt(3.0 * variance)
            return draw.random_uniform(dims, -limit, limit, kind, part)
        if self.distribution == "truncated_normal":
            spread = math.sqrt(variance) / _CUT
            return draw.truncated_normal(dims, 0.0, spread, kind, part)
        return draw.random_normal(dims, 0.0, math.sqrt(variance), kind, part)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {
            "scale": self.scale,
            "mode": self.mode,
            "distribution": self.distribution,
            "seed": self.seed,
        }


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(
            house_message(
                "VarianceScaling",
                f"Invalid `{name}` argument",
                f"got {value!r}; allowed are {', '.join(allowed)}",
            )
        )


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many inputs and outputs meet in a weight of this shape.

    Args:
        shape: ``(in, out)``, or a convolution's ``(..., in, out)``.

    Example:
        >>> fans((3, 3, 8, 16))
        (72, 144)
    """
    if not shape:
        return 1, 1
    if len(shape) == 1:
        return shape[0], shape[0]
    window = int(np.prod(shape[:-2]))
    return shape[-2] * window, shape[-1] * window


class _Named(VarianceScaling):
    """`VarianceScaling` with everything but the seed settled."""

    _settled: ClassVar[tuple[float, str, str]]

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(*self._settled, seed=seed)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"seed": self.seed}


@builtin("initializer", "glorot_uniform")
class GlorotUniform(_Named):
    """Uniform numbers within sqrt(6 / (inputs + outputs)), also named after Xavier.

    Args:
        seed: an integer, or None.

    Example:
        >>> import rillet as tf
        >>> w = tf.keras.initializers.GlorotUniform(seed=1)((2, 4))
        >>> bool(tf.reduce_max(tf.abs(w)) <= 1.0)
        True
    """

    _settled = (1.0, "fan_avg", "uniform")


@builtin("initializer", "glorot_normal")
class GlorotNormal(_Named):
    """Truncated normals of variance 2 / (inputs + outputs)."""

    _settled = (1.0, "fan_avg", "truncated_normal")


@builtin("initializer", "he_uniform")
class HeUniform(_Named):
    """Uniform numbers within sqrt(6 / inputs)."""

    _settled = (2.0, "fan_in", "uniform")


@builtin("initializer", "he_normal")
class HeNormal(_Named):
    """Truncated normals of variance 2 / inputs."""

    _settled = (2.0, "fan_in", "truncated_normal")


@builtin("initializer", "lecun_uniform")
class LecunUniform(_Named):
    """Uniform numbers within sqrt(3 / inputs)."""

    _settled = (1.0, "fan_in", "uniform")


@builtin("initializer", "lecun_normal")
class LecunNormal(_Named):
    """Truncated normals of variance 1 / inputs."""

    _settled = (1.0, "fan_in", "truncated_normal")
