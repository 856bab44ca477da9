"""The losses as classes: each a function of this package with its settings."""

from __future__ import annotations

from typing import Any

from rillet.core.errors import house_message
from rillet.keras.losses import crossentropy, margins, regression
from rillet.keras.losses.base import LossFunctionWrapper
from rillet.keras.losses.reduction import Reduction
from rillet.keras.serialization import builtin

_AUTO = Reduction.AUTO


class _Plain(LossFunctionWrapper):
    """A loss without settings of its own."""

    _function: Any
    _default_name = ""

    def __init__(self, reduction: str = _AUTO, name: str | None = None) -> None:
        function = type(self)._function
        super().__init__(function, reduction, name or self._default_name)


@builtin("loss")
class MeanSquaredError(_Plain):
    """The mean of squared errors.

    Example:
        >>> import rillet as tf
        >>> float(tf.keras.losses.MeanSquaredError()([[0., 1.]], [[1., 1.]]))
        0.5
    """

    _function = staticmethod(regression.mean_squared_error)
    _default_name = "mean_squared_error"


@builtin("loss")
class MeanAbsoluteError(_Plain):
    """The mean of absolute errors."""

    _function = staticmethod(regression.mean_absolute_error)
    _default_name = "mean_absolute_error"


@builtin("loss")
class MeanAbsolutePercentageError(_Plain):
    """The mean of absolute errors in percent of the targets."""

    _function = staticmethod(regression.mean_absolute_percentage_error)
    _default_name = "mean_absolute_percentage_error"


@builtin("loss")
class MeanSquaredLogarithmicError(_Plain):
    """The mean of squared errors of logarithms."""

    _function = staticmethod(regression.mean_squared_logarithmic_error)
    _default_name = "mean_squared_logarithmic_error"


@builtin("loss")
class Hinge(_Plain):
    """max(1 - y_true · y_pred, 0); targets are -1 and 1, or 0 and 1."""

    _function = staticmethod(margins.hinge)
    _default_name = "hinge"


@builtin("loss")
class SquaredHinge(_Plain):
    """max(1 - y_true · y_pred, 0)²; targets as of `Hinge`."""

    _function = staticmethod(margins.squared_hinge)
    _default_name = "squared_hinge"


@builtin("loss")
class CategoricalHinge(_Plain):
    """The margin between the right class and the greatest other one."""

    _function = staticmethod(margins.categorical_hinge)
    _default_name = "categorical_hinge"


@builtin("loss")
class Poisson(_Plain):
    """y_pred - y_true · log y_pred."""

    _function = staticmethod(regression.poisson)
    _default_name = "poisson"


@builtin("loss")
class LogCosh(_Plain):
    """log(cosh(y_pred - y_true))."""

    _function = staticmethod(regression.log_cosh)
    _default_name = "log_cosh"


@builtin("loss")
class KLDivergence(_Plain):
    """y_true · log(y_true / y_pred)."""

    _function = staticmethod(regression.kl_divergence)
    _default_name = "kl_divergence"


@builtin("loss")
class Huber(LossFunctionWrapper):
    """Squares for small errors, absolute values for large ones.

    Args:
        delta: where the square ends.
        reduction: as of `Loss`.
        name: a name.
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str = _AUTO,
        name: str | None = "huber_loss",
    ) -> None:
        super().__init__(regression.huber, reduction, name, delta=delta)


@builtin("loss")
class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine between targets and predictions.

    Args:
        axis: the axis of the vectors.
        reduction: as of `Loss`.
        name: a name.
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str = _AUTO,
        name: str | None = "cosine_similarity",
    ) -> None:
        super().__init__(regression.cosine_similarity, reduction, name, axis=axis)


@builtin("loss")
class BinaryCrossentropy(LossFunctionWrapper):
    """Cross-entropy of yes and no; see `binary_crossentropy`.

    Args:
        from_logits: whether predictions are logits.
        label_smoothing: how far labels are drawn towards 0.5.
        axis: the axis of the mean.
        reduction: as of `Loss`.
        name: a name.

    Example:
        >>> import rillet as tf
        >>> loss = tf.keras.losses.BinaryCrossentropy(from_logits=True)
        >>> round(float(loss([[0.], [1.]], [[0.], [0.]])), 6)
        0.693147
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = _AUTO,
        name: str | None = "binary_crossentropy",
    ) -> None:
        super().__init__(
            crossentropy.binary_crossentropy,
            reduction,
            name,
            from_logits=_flag("BinaryCrossentropy", from_logits),
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits


@builtin("loss")
class BinaryFocalCrossentropy(LossFunctionWrapper):
    """See `binary_focal_crossentropy` for the arguments."""

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = _AUTO,
        name: str | None = "binary_focal_crossentropy",
    ) -> None:
        super().__init__(
            crossentropy.binary_focal_crossentropy,
            reduction,
            name,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=_flag("BinaryFocalCrossentropy", from_logits),
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.apply_class_balancing = apply_class_balancing
        self.alpha = alpha
        self.gamma = gamma


@builtin("loss")
class CategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of one-hot labels; see `categorical_crossentropy`.

    Args:
        from_logits: whether predictions are logits.
        label_smoothing: the part of each label that is spread over all classes.
        axis: the axis of the classes.
        reduction: as of `Loss`.
        name: a name.
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = _AUTO,
        name: str | None = "categorical_crossentropy",
    ) -> None:
        super().__init__(
            crossentropy.categorical_crossentropy,
            reduction,
            name,
            from_logits=_flag("CategoricalCrossentropy", from_logits),
            label_smoothing=label_smoothing,
            axis=axis,
        )


@builtin("loss")
class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """See `categorical_focal_crossentropy` for the arguments."""

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str = _AUTO,
        name: str | None = "categorical_focal_crossentropy",
    ) -> None:
        super().__init__(
            crossentropy.categorical_focal_crossentropy,
            reduction,
            name,
            alpha=alpha,
            gamma=gamma,
            from_logits=_flag("CategoricalFocalCrossentropy", from_logits),
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.from_logits = from_logits
        self.alpha = alpha
        self.gamma = gamma


@builtin("loss")
class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """Cross-entropy of integer labels; see `sparse_categorical_crossentropy`.

    Args:
        from_logits: whether predictions are logits.
        ignore_class: a class whose examples do not count.
        reduction: as of `Loss`.
        name: a name.

    Example:
        >>> import rillet as tf
        >>> loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        >>> round(float(loss([1, 0], [[0., 0.], [0., 0.]])), 6)
        0.693147
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str = _AUTO,
        name: str | None = "sparse_categorical_crossentropy",
    ) -> None:
        super().__init__(
            crossentropy.sparse_categorical_crossentropy,
            reduction,
            name,
            from_logits=_flag("SparseCategoricalCrossentropy", from_logits),
            ignore_class=ignore_class,
        )


def _flag(owner: str, from_logits: Any) -> bool:
    """`from_logits`, which is easily mistaken for the targets of a call.

    Raises:
        ValueError: where it is no truth value.
    """
    if isinstance(from_logits, bool | int) or hasattr(from_logits, "dtype"):
        if getattr(from_logits, "shape", ()) == ():
            return bool(from_logits)
    raise ValueError(
        house_message(
            owner,
            "`from_logits` is True or False",
            f"got {type(from_logits).__name__}",
            f"Make the loss first, then call it: {owner}()(y_true, y_pred)",
        )
    )
