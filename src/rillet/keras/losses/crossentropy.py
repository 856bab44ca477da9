"""Cross-entropies, of probabilities and of logits.

Predictions have shape ``(batch, ..., classes)``, losses ``(batch, ...)``. Predictions
that sigmoid or softmax made are seen through: the loss is computed from what went into
them.
"""

from __future__ import annotations

import warnings
from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.describe import describe
from rillet.core.dtypes import INDEX, int64
from rillet.core.errors import UnimplementedError, house_message
from rillet.core.tensor import Tensor
from rillet.keras.call_context import set_mask
from rillet.keras.losses.shapes import both, logits_of
from rillet.keras.serialization import builtin
from rillet.keras.settings import epsilon
from rillet.ops.clip import clip_by_value
from rillet.ops.compare import not_equal
from rillet.ops.elementwise import cast, log, pow
from rillet.ops.mask import where
from rillet.ops.rearrange import expand_dims
from rillet.ops.reduce import mean_op
from rillet.ops.shaping import could_match, reduce_sum, reshape, static_dims
from rillet.ops.sigmoid_losses import sigmoid_cross_entropy_with_logits
from rillet.ops.softmax import (
    softmax,
    softmax_cross_entropy_with_logits,
    sparse_softmax_cross_entropy_with_logits,
)
from rillet.ops.transcendental import sigmoid
from rillet.ops.transposes import transpose


def _seen_through(
    output: Any, from_logits: bool, function: str, kind: str
) -> tuple[Any, bool]:
    """The logits that an activation was made of, where there are any."""
    logits = logits_of(output)
    if logits is None:
        return output, from_logits
    if from_logits:
        warnings.warn(
            f'"`{function}` received `from_logits=True`, but the `output` argument was'
            f" produced by a {kind} activation and thus does not represent logits. Was"
            " this intended?",
            stacklevel=4,
        )
    return logits, True


def _safe(probabilities: Any) -> Any:
    small = epsilon()
    return clip_by_value(probabilities, small, 1.0 - small)


def _check_axis(axis: Any) -> None:
    if isinstance(axis, bool):
        raise ValueError(
            house_message(
                "crossentropy",
                "`axis` must be of type `int`",
                f"axis={axis} of type {type(axis).__name__}",
            )
        )


def _check_classes(function: str, y_true: Any, y_pred: Any) -> None:
    true, pred = y_true.shape, y_pred.shape
    if not true.is_compatible_with(pred):
        fix = ""
        if true.rank is not None and len(true) == len(pred) - 1 or true[-1:] == [1]:
            fix = f"For integer labels use sparse_{function}"
        raise ValueError(
            house_message(
                function,
                f"Shapes {true} and {pred} are incompatible",
                "y_true and y_pred must have the same shape",
                fix,
            )
        )


def _smoothed_classes(y_true: Any, y_pred: Any, smoothing: Any, axis: int) -> Any:
    if not smoothing:
        return y_true
    count = cast(y_pred.shape[axis], y_pred.dtype)
    part = cast(smoothing, y_pred.dtype)
    return y_true * (1.0 - part) + part / count


@builtin("loss")
def categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """-Σ y_true · log y_pred over the classes.

    Args:
        y_true: one-hot labels, or probabilities.
        y_pred: probabilities, or logits; of the same shape.
        from_logits: whether they are logits.
        label_smoothing: the part of each label that is spread over all classes.
        axis: the axis of the classes.

    Returns:
        The losses, without that axis.

    Raises:
        ValueError: where the shapes differ.

    Example:
        >>> import rillet as tf
        >>> loss = tf.keras.losses.categorical_crossentropy([[0., 1.]], [[0.5, 0.5]])
        >>> round(float(loss[0]), 6)
        0.693147
    """
    _check_axis(axis)
    y_true, y_pred = both(y_true, y_pred)
    _check_classes("categorical_crossentropy", y_true, y_pred)
    if static_dims(y_pred)[-1] == 1:
        warnings.warn(
            "In loss categorical_crossentropy, expected y_pred.shape to be (batch_size,"
            " num_classes) with num_classes > 1. Received: y_pred.shape="
            f"{y_pred.shape}. Consider using 'binary_crossentropy' if you only have 2"
            " classes.",
            SyntaxWarning,
            stacklevel=2,
        )
    y_true = _smoothed_classes(y_true, y_pred, label_smoothing, axis)
    output, logits = _seen_through(
        y_pred, from_logits, "categorical_crossentropy", "Softmax"
    )
    if logits:
        return softmax_cross_entropy_with_logits(y_true, output, axis)
    output = _safe(output / reduce_sum(output, axis=axis, keepdims=True))
    return -reduce_sum(y_true * log(output), axis=axis)


@builtin("loss")
def sparse_categorical_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    axis: int = -1,
    ignore_class: int | None = None,
) -> Tensor:
    """-log of the probability that y_pred gives to the class that y_true names.

    Args:
        y_true: classes, 0 to the number of classes less one.
        y_pred: probabilities, or logits, of shape ``(batch, ..., classes)``.
        from_logits: whether they are logits.
        axis: the axis of the classes.
        ignore_class: a class whose examples have loss 0.

    Returns:
        The losses, without that axis.

    Raises:
        InvalidArgumentError: where a label is out of range.

    Example:
        >>> import rillet as tf
        >>> loss = tf.keras.losses.sparse_categorical_crossentropy([1], [[0.5, 0.5]])
        >>> round(float(loss[0]), 6)
        0.693147
    """
    _check_axis(axis)
    output, logits = _seen_through(
        to_tensor(y_pred), from_logits, "sparse_categorical_crossentropy", "Softmax"
    )
    labels = _classes(y_true)
    if not logits:
        output = log(_safe(output))
    rank = len(output.shape)
    at = axis % rank
    if at != rank - 1:
        order = [i for i in range(rank) if i != at] + [at]
        output = transpose(output, order)
    dims = static_dims(output)
    flat = len(labels.shape) != rank - 1
    if flat:
        labels = reshape(labels, (-1,))
        output = reshape(output, (-1, dims[-1]))
    if not could_match(static_dims(labels), static_dims(output)[:-1]):
        raise ValueError(
            house_message(
                "sparse_categorical_crossentropy",
                "`labels.shape` must equal `logits.shape` except for the last"
                " dimension",
                f"labels.shape={to_tensor(y_true).shape} and logits.shape={dims}",
                _which_labels(to_tensor(y_true).shape, dims),
            )
        )
    if ignore_class is not None:
        return _without_class(labels, output, ignore_class, dims[:-1])
    found = sparse_softmax_cross_entropy_with_logits(labels, output)
    return reshape(found, dims[:-1]) if flat and rank >= 3 else found


def _classes(y_true: Any) -> Tensor:
    """Labels as integers."""
    labels = to_tensor(y_true)
    if type(labels) is Tensor and labels._array.dtype in INDEX:
        return labels
    if labels.dtype.name == "string":
        raise UnimplementedError(
            house_message(
                "sparse_categorical_crossentropy",
                "labels are integers (Cast string to int64 is not supported)",
                describe(labels),
                "Number the classes first",
            )
        )
    return cast(labels, int64)


def _without_class(labels: Any, output: Any, ignored: int, dims: Any) -> Tensor:
    """Losses with zeros where the label is `ignored`; the rest is their mask."""
    counts = not_equal(labels, cast(ignored, labels.dtype))
    found = sparse_softmax_cross_entropy_with_logits(
        where(counts, labels, cast(0, labels.dtype)),
        # Rows that do not count may hold anything: no gradient comes from zeros.
        where(expand_dims(counts, -1), output, cast(0, output.dtype)),
    )
    mask = reshape(counts, dims)
    whole = reshape(where(counts, found, cast(0, found.dtype)), dims)
    set_mask(whole, mask)
    return whole


@builtin("loss", "bce", "BCE")
def binary_crossentropy(
    y_true: Any,
    y_pred: Any,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """The mean of -y_true · log y_pred - (1 - y_true) · log(1 - y_pred) along an axis.

    Args:
        y_true: labels 0 or 1, or probabilities.
        y_pred: probabilities, or logits; of the same shape.
        from_logits: whether they are logits.
        label_smoothing: how far labels are drawn towards 0.5, from 0 to 1.
        axis: the axis of the mean.

    Returns:
        The losses, without that axis.

    Example:
        >>> import rillet as tf
        >>> loss = tf.keras.losses.binary_crossentropy([[1.]], [[0.5]])
        >>> round(float(loss[0]), 6)
        0.693147
    """
    y_true, y_pred = both(y_true, y_pred)
    y_true = _smoothed_pair(y_true, label_smoothing)
    return mean_op(_binary(y_true, y_pred, from_logits), axis)


def _smoothed_pair(y_true: Any, smoothing: Any) -> Any:
    if not smoothing:
        return y_true
    part = cast(smoothing, y_true.dtype)
    return y_true * (1.0 - part) + 0.5 * part


def _binary(y_true: Any, y_pred: Any, from_logits: bool) -> Any:
    """The binary cross-entropy of each element."""
    output, logits = _seen_through(
        y_pred, from_logits, "binary_crossentropy", "Sigmoid"
    )
    if logits:
        return sigmoid_cross_entropy_with_logits(y_true, output)
    small = epsilon()
    output = _safe(output)
    return -(y_true * log(output + small) + (1.0 - y_true) * log(1.0 - output + small))


@builtin("loss")
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Binary cross-entropy in which examples that are right already count less.

    Source: Lin et al., 2017.

    Args:
        y_true: labels 0 or 1.
        y_pred: probabilities, or logits; of the same shape.
        apply_class_balancing: whether to weigh the classes.
        alpha: the weight of class 1, that of class 0 being 1 - alpha.
        gamma: how much less.
        from_logits: whether `y_pred` are logits.
        label_smoothing: as of `binary_crossentropy`.
        axis: the axis of the mean.
    """
    y_true, y_pred = both(y_true, y_pred)
    y_true = _smoothed_pair(y_true, label_smoothing)
    output, logits = _seen_through(
        y_pred, from_logits, "binary_focal_crossentropy", "Sigmoid"
    )
    sure = sigmoid(output) if logits else output
    right = y_true * sure + (1.0 - y_true) * (1.0 - sure)
    losses = pow(1.0 - right, gamma) * _binary(y_true, output, logits)
    if apply_class_balancing:
        losses = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * losses
    return mean_op(losses, axis)


@builtin("loss")
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Categorical cross-entropy in which examples that are right already count less.

    Source: Lin et al., 2017.

    Args:
        y_true: one-hot labels.
        y_pred: probabilities, or logits; of the same shape.
        alpha: the weight of all classes, or a list of weights.
        gamma: how much less.
        from_logits: whether `y_pred` are logits.
        label_smoothing: as of `categorical_crossentropy`.
        axis: the axis of the classes.
    """
    _check_axis(axis)
    y_true, y_pred = both(y_true, y_pred)
    _check_classes("categorical_focal_crossentropy", y_true, y_pred)
    y_true = _smoothed_classes(y_true, y_pred, label_smoothing, axis)
    output, logits = _seen_through(
        y_pred, from_logits, "categorical_focal_crossentropy", "Softmax"
    )
    if logits:
        output = softmax(output, axis)
    output = _safe(output / reduce_sum(output, axis=axis, keepdims=True))
    weights = pow(1.0 - output, gamma) * alpha
    return reduce_sum(weights * (-y_true * log(output)), axis=axis)


def _which_labels(shape: Any, dims: Any) -> str:
    """What helps where labels are not one for each row of the outputs."""
    if shape == dims:
        return "For one-hot labels use categorical_crossentropy"
    if len(dims) > 2 and (shape.rank or 0) < len(dims) - 1:
        return (
            "The model gives classes for each place of an example, not one for the"
            " whole: put Flatten() or a global pool before its last layers"
        )
    return ""
