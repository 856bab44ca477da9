"""Losses as metrics: their means over all batches."""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.losses import crossentropy, margins, regression
from rillet.keras.losses.shapes import matched_ranks
from rillet.keras.metrics.means import Mean, MeanMetricWrapper
from rillet.keras.serialization import builtin, builtins_of
from rillet.ops.arithmetic import l2_normalize, squared_difference
from rillet.ops.elementwise import abs, cast, divide_no_nan, sqrt
from rillet.ops.shaping import reduce_sum

#: Functions of losses are metrics by the same names, but for the cosine's sign.
builtins_of("metric").update(
    {
        name: item
        for name, item in builtins_of("loss").items()
        if not isinstance(item, type)
    }
)


@builtin("metric", "cosine_proximity")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Tensor:
    """The cosine of the angle between targets and predictions.

    Args:
        y_true: the targets.
        y_pred: the predictions.
        axis: the axis of the vectors.
    """
    wanted = l2_normalize(to_tensor(y_true), axis)
    return reduce_sum(wanted * l2_normalize(to_tensor(y_pred), axis), axis=axis)


class _Plain(MeanMetricWrapper):
    """The mean of a loss without settings."""

    _function: Any
    _default_name = ""

    def __init__(self, name: str | None = None, dtype: Any = None) -> None:
        super().__init__(type(self)._function, name or self._default_name, dtype=dtype)


@builtin("metric")
class MeanSquaredError(_Plain):
    """The mean of squared errors.

    Example:
        >>> import rillet as tf
        >>> float(tf.keras.metrics.MeanSquaredError()([[0., 1.]], [[1., 1.]]))
        0.5
    """

    _function = staticmethod(regression.mean_squared_error)
    _default_name = "mean_squared_error"


@builtin("metric")
class MeanAbsoluteError(_Plain):
    """The mean of absolute errors."""

    _function = staticmethod(regression.mean_absolute_error)
    _default_name = "mean_absolute_error"


@builtin("metric")
class MeanAbsolutePercentageError(_Plain):
    """The mean of absolute errors in percent of the targets."""

    _function = staticmethod(regression.mean_absolute_percentage_error)
    _default_name = "mean_absolute_percentage_error"


@builtin("metric")
class MeanSquaredLogarithmicError(_Plain):
    """The mean of squared errors of logarithms."""

    _function = staticmethod(regression.mean_squared_logarithmic_error)
    _default_name = "mean_squared_logarithmic_error"


@builtin("metric")
class Hinge(_Plain):
    """The mean of `hinge`."""

    _function = staticmethod(margins.hinge)
    _default_name = "hinge"


@builtin("metric")
class SquaredHinge(_Plain):
    """The mean of `squared_hinge`."""

    _function = staticmethod(margins.squared_hinge)
    _default_name = "squared_hinge"


@builtin("metric")
class CategoricalHinge(_Plain):
    """The mean of `categorical_hinge`."""

    _function = staticmethod(margins.categorical_hinge)
    _default_name = "categorical_hinge"


@builtin("metric")
class LogCoshError(_Plain):
    """The mean of `log_cosh`."""

    _function = staticmethod(regression.log_cosh)
    _default_name = "logcosh"


@builtin("metric")
class Poisson(_Plain):
    """The mean of `poisson`."""

    _function = staticmethod(regression.poisson)
    _default_name = "poisson"


@builtin("metric")
class KLDivergence(_Plain):
    """The mean of `kl_divergence`."""

    _function = staticmethod(regression.kl_divergence)
    _default_name = "kullback_leibler_divergence"


@builtin("metric")
class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine between targets and predictions.

    Args:
        name: a name.
        dtype: the type of the state.
        axis: the axis of the vectors.
    """

    def __init__(
        self,
        name: str | None = "cosine_similarity",
        dtype: Any = None,
        axis: int = -1,
    ) -> None:
        super().__init__(cosine_similarity, name, dtype=dtype, axis=axis)


@builtin("metric")
class BinaryCrossentropy(MeanMetricWrapper):
    """The mean of `binary_crossentropy`; arguments as of the loss."""

    def __init__(
        self,
        name: str | None = "binary_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            crossentropy.binary_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@builtin("metric")
class CategoricalCrossentropy(MeanMetricWrapper):
    """The mean of `categorical_crossentropy`; arguments as of the loss."""

    def __init__(
        self,
        name: str | None = "categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        label_smoothing: float = 0,
        axis: int = -1,
    ) -> None:
        super().__init__(
            crossentropy.categorical_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )


@builtin("metric")
class SparseCategoricalCrossentropy(MeanMetricWrapper):
    """The mean of `sparse_categorical_crossentropy`; arguments as of the function."""

    def __init__(
        self,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: Any = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        super().__init__(
            crossentropy.sparse_categorical_crossentropy,
            name,
            dtype=dtype,
            from_logits=from_logits,
            ignore_class=ignore_class,
            axis=axis,
        )


@builtin("metric")
class RootMeanSquaredError(Mean):
    """The root of the mean of squared errors.

    Example:
        >>> import rillet as tf
        >>> float(tf.keras.metrics.RootMeanSquaredError()([0., 0.], [3., 3.]))
        3.0
    """

    def __init__(
        self, name: str | None = "root_mean_squared_error", dtype: Any = None
    ) -> None:
        super().__init__(name, dtype=dtype)

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        """Take a batch into account."""
        kind = as_dtype(self._dtype)
        y_true, y_pred = matched_ranks(cast(y_true, kind), cast(y_pred, kind))
        super().update_state(squared_difference(y_pred, y_true), sample_weight)

    def result(self) -> Tensor:
        """The root of the mean so far."""
        return sqrt(divide_no_nan(self.total, self.count))


@builtin("metric")
class MeanRelativeError(Mean):
    """The mean of errors as parts of given numbers.

    Args:
        normalizer: the numbers, of the predictions' shape.
        name: a name.
        dtype: the type of the state.
    """

    def __init__(
        self, normalizer: Any, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.normalizer = cast(normalizer, as_dtype(self._dtype))

    def update_state(  # type: ignore[override]
        self, y_true: Any, y_pred: Any, sample_weight: Any = None
    ) -> Any:
        """Take a batch into account.

        Raises:
            ValueError: where the predictions have another shape.
        """
        kind = as_dtype(self._dtype)
        y_true, y_pred = matched_ranks(cast(y_true, kind), cast(y_pred, kind))
        if not y_pred.shape.is_compatible_with(y_true.shape):
            raise ValueError(
                house_message(
                    "MeanRelativeError",
                    "Shapes are incompatible",
                    f"{y_pred.shape} and {y_true.shape}",
                )
            )
        parts = divide_no_nan(abs(y_true - y_pred), self.normalizer)
        super().update_state(parts, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {**super().get_config(), "normalizer": self.normalizer.numpy()}
