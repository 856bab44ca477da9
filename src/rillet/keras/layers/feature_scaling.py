"""Numbers made fit for a network: `Normalization` and `Discretization`."""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype, float32, int64
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.keras.layers.adapting import Adapting
from rillet.keras.layers.categories import (
    ENCODINGS,
    checked_mode,
    encoded,
    encoded_shape,
)
from rillet.keras.serialization import builtin
from rillet.keras.settings import epsilon, floatx
from rillet.ops.compare import greater_equal
from rillet.ops.elementwise import cast, maximum, sqrt
from rillet.ops.rearrange import expand_dims
from rillet.ops.shaping import reduce_sum, reshape

Array = np.ndarray[Any, Any]


@builtin("layer")
class Normalization(Adapting):
    """Moves and scales features to mean 0 and variance 1, as `adapt` found them.

    Args:
        axis: the axes that keep a mean each; None for one mean over all.
        mean: the mean, where it is known; then `adapt` is not needed.
        variance: the variance, given along with `mean`.
        invert: whether to undo the normalisation instead.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where one of `mean` and `variance` is given without the other.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Normalization(mean=3., variance=2.)
        >>> layer(tf.constant([[1.], [3.]])).numpy().round(3).tolist()
        [[-1.4140000343322754], [0.0]]
    """

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        axes = () if axis is None else axis
        self.axis = tuple(axes) if isinstance(axes, list | tuple) else (axes,)
        if (mean is None) != (variance is None):
            raise ValueError(
                house_message(
                    "Normalization",
                    "When setting values directly, both `mean` and `variance` must be"
                    " set",
                    f"Got mean: {mean} and variance: {variance}",
                )
            )
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self._count = 0

    def build(self, input_shape: Any) -> None:
        """Make the weights, or take the given values; see `Layer.build`."""
        dims = as_shape(input_shape).as_list()
        rank = len(dims)
        if any(not -rank <= a < rank for a in self.axis):
            raise ValueError(
                house_message(
                    "Normalization",
                    "all `axis` values must be in the range [-ndim, ndim)",
                    f"Found ndim: {rank}, axis: {self.axis}",
                )
            )
        kept = sorted(a % rank for a in self.axis)
        for a in kept:
            if dims[a] is None:
                raise ValueError(
                    house_message(
                        "Normalization",
                        "all `axis` values to be kept must have known shape",
                        f"Got axis: {self.axis}, input shape: {dims}, with unknown"
                        f" axis at index: {a}",
                    )
                )
        self._keep_axis = kept
        self._face: Any = tuple(dims[a] if a in kept else 1 for a in range(rank))
        sizes = tuple(dims[a] for a in kept)
        if self.input_mean is None:
            self.adapt_mean = self.add_weight(
                "mean", sizes, initializer="zeros", trainable=False
            )
            self.adapt_variance = self.add_weight(
                "variance", sizes, initializer="ones", trainable=False
            )
            self.count = self.add_weight(
                "count", (), dtype=int64, initializer="zeros", trainable=False
            )
        self.built = True

    def _given(self, value: Any) -> Any:
        kind = as_dtype(self.compute_dtype or floatx())
        found = np.asarray(value, np.float32)
        if getattr(self, "_face", None) is None:
            return cast(to_tensor(found), kind)
        face: Array = np.broadcast_to(found, self._face)
        return cast(to_tensor(np.array(face)), kind)

    def _faced(self, weight: Any) -> Any:
        kind = as_dtype(self.compute_dtype or floatx())
        return cast(reshape(weight.read_value(), self._face), kind)

    @property
    def mean(self) -> Any:
        """The mean, in a shape that broadcasts against inputs; None before `build`."""
        if self.input_mean is not None:
            return self._given(self.input_mean)
        return self._faced(self.adapt_mean) if self.built else None

    @property
    def variance(self) -> Any:
        """The variance, in a shape that broadcasts against inputs."""
        if self.input_mean is not None:
            return self._given(self.input_variance)
        return self._faced(self.adapt_variance) if self.built else None

    def adapt(
        self, data: Any, batch_size: int | None = None, steps: Any = None
    ) -> None:
        """Find the means and variances of data; see `Adapting.adapt`."""
        if self.input_mean is not None:
            raise ValueError(
                house_message(
                    "Normalization",
                    "Cannot `adapt` a Normalization layer that is initialized with"
                    " static `mean` and `variance`",
                    f"you passed mean {self.input_mean} and variance"
                    f" {self.input_variance}",
                )
            )
        super().adapt(data, batch_size, steps)

    def reset_state(self) -> None:
        """Back to mean 0 and variance 1."""
        self._sums: Any = None
        if self.built and self.input_mean is None:
            self.adapt_mean.assign(np.zeros(self.adapt_mean.shape, np.float32))
            self.adapt_variance.assign(np.ones(self.adapt_variance.shape, np.float32))
            self.count.assign(0)

    def update_state(self, data: Any) -> None:
        """Take a batch into account."""
        if not self.built:
            self._build_once(data)
        array = np.asarray(data.numpy(), np.float64)
        if array.ndim < len(self._face):
            array = array.reshape((1,) * (len(self._face) - array.ndim) + array.shape)
        over = tuple(a for a in range(array.ndim) if a not in self._keep_axis)
        size = int(np.prod([array.shape[a] for a in over], dtype=np.int64))
        if not size:
            return
        mean = array.mean(axis=over)
        spread = np.square(array - mean.reshape(self._face)).sum(axis=over)
        held = self._sums
        if held is not None:
            # Chan, Golub & LeVeque (1979): two parts' moments in one.
            before, old_mean, old_spread = held
            size += before
            shift = mean - old_mean
            part = (size - before) / size
            spread = spread + old_spread + np.square(shift) * before * part
            mean = old_mean + shift * part
        self._sums = (size, mean, spread)
        self.adapt_mean.assign(mean.astype(np.float32))
        self.adapt_variance.assign((spread / size).astype(np.float32))
        self.count.assign(size)

    def call(self, inputs: Any) -> Any:
        """The scaled inputs, of the same shape."""
        kind = as_dtype(self.compute_dtype or floatx())
        x = inputs if inputs.dtype is kind else cast(inputs, kind)
        if x.shape.rank == 1 and len(getattr(self, "_face", ())) == 2:
            x = reshape(x, (-1, 1)) if self._face[1] == 1 else x
        deviation = maximum(sqrt(self.variance), cast(epsilon(), kind))
        if self.invert:
            return self.mean + x * deviation
        return (x - self.mean) / deviation

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape."""
        return as_shape(input_shape)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""

        def plain(value: Any) -> Any:
            return None if value is None else np.asarray(value).tolist()

        return {
            **super().get_config(),
            "axis": list(self.axis) if self.axis else None,
            "invert": self.invert,
            "mean": plain(self.input_mean),
            "variance": plain(self.input_variance),
        }


@builtin("layer")
class Discretization(Adapting):
    """Puts numbers into bins.

    Args:
        bin_boundaries: the limits between bins, ascending; `adapt` is not needed then.
        num_bins: how many bins `adapt` shall make, by quantiles.
        epsilon: how exact the quantiles are, in (0, 1).
        output_mode: ``"int"``, ``"one_hot"``, ``"multi_hot"`` or ``"count"``.
        sparse: whether encodings are sparse tensors.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where both or none of boundaries and bins are given.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Discretization([0., 1.])
        >>> layer(tf.constant([-1., 0.5, 7.])).numpy().tolist()
        [0, 1, 2]
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        checked_mode("Discretization", output_mode, ("int", *ENCODINGS[:3]), sparse)
        if "dtype" not in kwargs or kwargs["dtype"] is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else floatx()
        super().__init__(autocast=False, **kwargs)
        if num_bins is not None and num_bins < 0:
            raise ValueError(
                house_message(
                    "Discretization",
                    "`num_bins` must be greater than or equal to 0",
                    f"You passed `num_bins={num_bins}`",
                )
            )
        if (num_bins is None) == (bin_boundaries is None):
            raise ValueError(
                house_message(
                    "Discretization",
                    "set exactly one of `num_bins` and `bin_boundaries`",
                    f"num_bins={num_bins}, bin_boundaries={bin_boundaries}",
                )
            )
        boundaries = None if bin_boundaries is None else np.asarray(bin_boundaries)
        self.input_bin_boundaries = None if boundaries is None else boundaries.tolist()
        self.bin_boundaries = self.input_bin_boundaries or []
        self.num_bins = num_bins
        self.epsilon = epsilon
        self.output_mode = output_mode
        self.sparse = sparse

    def adapt(
        self, data: Any, batch_size: int | None = None, steps: Any = None
    ) -> None:
        """Find boundaries between bins that hold equally many; see `Adapting.adapt`."""
        if self.input_bin_boundaries is not None:
            raise ValueError(
                house_message(
                    "Discretization",
                    "Cannot adapt a Discretization layer that has been initialized"
                    " with `bin_boundaries`, use `num_bins` instead",
                    f"You passed `bin_boundaries={self.input_bin_boundaries}`",
                )
            )
        super().adapt(data, batch_size, steps)

    def reset_state(self) -> None:
        """Forget the boundaries."""
        self._summary: Array = np.zeros((2, 0), np.float32)
        if self.input_bin_boundaries is None:
            self.bin_boundaries = []

    def update_state(self, data: Any) -> None:
        """Take a batch into account."""
        values = np.sort(np.asarray(data.numpy(), np.float32).reshape(-1))
        stride = int(values.size * self.epsilon)
        step = max(stride, 1)
        bins = values[stride::step]
        found = np.stack([bins, np.full(bins.shape, step, np.float32)])
        if self._summary.size:
            found = np.concatenate([self._summary, found], axis=1)
            found = found[:, np.argsort(found[0], kind="stable")]
            found = _compressed(found, self.epsilon)
        self._summary = found

    def finalize_state(self) -> None:
        """Make boundaries out of the summary."""
        if self._summary.size:
            bins = _compressed(self._summary, 1.0 / (self.num_bins or 1))
            self.bin_boundaries = bins[0, :-1].tolist()

    def _size(self) -> int:
        if self.input_bin_boundaries is None and self.num_bins is not None:
            return self.num_bins
        return len(self.bin_boundaries) + 1

    def call(self, inputs: Any) -> Any:
        """The number of each value's bin, or its encoding."""
        if isinstance(inputs, CompositeTensor):
            bins = self._bins(inputs._gradient_tensor())
            found = inputs._with_gradient_tensor(bins)
        else:
            found = self._bins(inputs)
        mode, kind = self.output_mode, self.compute_dtype
        size = self._size()
        return encoded(found, mode, size, kind, op="Discretization", sparse=self.sparse)

    def _bins(self, inputs: Any) -> Any:
        limits = to_tensor(np.asarray(self.bin_boundaries, np.float32))
        # As many as there are limits at or below; this fuses, a search does not.
        above = greater_equal(expand_dims(cast(inputs, float32), -1), limits)
        return reduce_sum(cast(above, int64), axis=-1)

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape, or that of its encoding."""
        return encoded_shape(as_shape(input_shape), self.output_mode, self._size())

    def save_own_variables(self, store: Any) -> None:
        """Write the boundaries that `adapt` found."""
        if self.input_bin_boundaries is None:
            store["0"] = np.asarray(self._summary, np.float32)

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote."""
        if "0" in store.keys():
            self._summary = np.asarray(store["0"], np.float32)
            self.finalize_state()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "bin_boundaries": self.input_bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }


def _compressed(summary: Array, precision: float) -> Array:
    """A summary of values and weights with fewer of them, by interpolation."""
    parts = precision + np.arange(0.0, 1.0, precision)
    weights = summary[1].cumsum()
    levels = weights / weights[-1]
    bins = np.interp(parts, levels, summary[0])
    kept = np.interp(parts, levels, weights)
    kept = kept - np.concatenate([[0.0], kept[:-1]])
    return np.stack([bins, kept]).astype(np.float32)
