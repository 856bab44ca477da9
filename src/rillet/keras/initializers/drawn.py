"""Initializers that draw: normals, uniforms, truncated normals, orthogonal matrices."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.initializers.base import Initializer, float_type, nonce, sizes
from rillet.keras.random_source import RandomGenerator
from rillet.keras.serialization import builtin
from rillet.keras.settings import floatx


class Drawn(Initializer):
    """An initializer with a seed: the same seed gives the same numbers every time.

    Args:
        seed: an integer; one is chosen at the first call where None.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed
        self._random_generator = RandomGenerator(seed, rng_type="stateless")
        self._called = False

    def _about_to_draw(self, kwargs: dict[str, Any]) -> None:
        """Warn where an unseeded initializer is about to repeat itself."""
        if self._called and self.seed is None and nonce(kwargs) is None:
            warnings.warn(
                f"The initializer {type(self).__name__} is unseeded and being called"
                " multiple times, which will return identical values each time (even"
                " if the initializer is unseeded). Please update your code to provide"
                " a seed to the initializer, or avoid using the same initializer"
                " instance more than once.",
                stacklevel=3,
            )
        self._called = True


@builtin("initializer", "random_normal", "normal")
class RandomNormal(Drawn):
    """Normal numbers.

    Args:
        mean: their mean.
        stddev: their standard deviation.
        seed: an integer, or None.

    Example:
        >>> import rillet as tf
        >>> tf.keras.initializers.RandomNormal(seed=1)((2, 3)).shape
        TensorShape([2, 3])
    """

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A tensor of `shape` and `dtype`, a float type."""
        kind = float_type(self, dtype)
        dims = sizes(shape, kwargs)
        self._about_to_draw(kwargs)
        return self._random_generator.random_normal(
            dims, self.mean, self.stddev, kind, nonce(kwargs)
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


@builtin("initializer", "random_uniform", "uniform")
class RandomUniform(Drawn):
    """Uniform numbers on [minval, maxval).

    Args:
        minval: the lower limit.
        maxval: the upper limit.
        seed: an integer, or None.
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        self.minval = minval
        self.maxval = maxval

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A tensor of `shape` and `dtype`: a float type, int32 or int64."""
        kind = floatx() if dtype is None else dtype
        dims = sizes(shape, kwargs)
        self._about_to_draw(kwargs)
        return self._random_generator.random_uniform(
            dims, self.minval, self.maxval, kind, nonce(kwargs)
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"minval": self.minval, "maxval": self.maxval, "seed": self.seed}


@builtin("initializer", "truncated_normal")
class TruncatedNormal(Drawn):
    """Normal numbers within two deviations of their mean.

    Args:
        mean: their mean.
        stddev: their standard deviation before the cut.
        seed: an integer, or None.
    """

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None
    ) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = stddev

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A tensor of `shape` and `dtype`, a float type."""
        kind = float_type(self, dtype)
        dims = sizes(shape, kwargs)
        self._about_to_draw(kwargs)
        return self._random_generator.truncated_normal(
            dims, self.mean, self.stddev, kind, nonce(kwargs)
        )

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"mean": self.mean, "stddev": self.stddev, "seed": self.seed}


@builtin("initializer", "orthogonal")
class Orthogonal(Drawn):
    """A matrix whose rows, or columns, are orthonormal (Saxe et al., 2013).

    A shape of more than two sizes is seen as a matrix of its last size by the rest.

    Args:
        gain: a factor.
        seed: an integer, or None.

    Example:
        >>> import rillet as tf
        >>> w = tf.keras.initializers.Orthogonal(seed=3)((3, 2))
        >>> tf.round(tf.matmul(w, w, transpose_a=True)).numpy().tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """

    def __init__(self, gain: float = 1.0, seed: int | None = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Tensor:
        """A tensor of `shape` and `dtype`, a float type.

        Raises:
            ValueError: where the shape has fewer than two sizes.
        """
        kind = float_type(self, dtype)
        dims = sizes(shape, kwargs)
        if len(dims) < 2:
            raise ValueError(
                house_message(
                    "Orthogonal",
                    "The tensor to initialize must be at least two-dimensional",
                    f"shape={shape} is of rank {len(dims)}",
                )
            )
        self._about_to_draw(kwargs)
        rows = int(np.prod(dims[:-1]))
        columns = dims[-1]
        tall = (max(columns, rows), min(columns, rows))
        drawn = self._random_generator.random_normal(tall, dtype=kind)._array
        wide = drawn.astype(np.float32) if drawn.dtype.itemsize == 2 else drawn
        q, r = np.linalg.qr(wide)
        # Signs of R's diagonal make the draw uniform over all such matrices.
        q = q * np.sign(np.diagonal(r))
        matrix = q.T if rows < columns else q
        out = np.ascontiguousarray(matrix.reshape(dims)) * matrix.dtype.type(self.gain)
        return Tensor(out.astype(kind.numpy_dtype, copy=False))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"gain": self.gain, "seed": self.seed}
