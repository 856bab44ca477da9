"""The rest of `tf.keras.backend`: phases, functions of placeholders, moving averages.

In: tensors, functions and placeholders. Out: tensors. Programs of the years before
TensorFlow 2 call them; Keras's layers do not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from rillet.core import nest
from rillet.core.convert import to_tensor
from rillet.core.dtypes import bool_
from rillet.core.errors import house_message
from rillet.core.scopes import name_scope as name_scope
from rillet.core.sparse_tensor import SparseTensor, SparseTensorSpec
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras import losses
from rillet.keras.backend_math import binary_crossentropy, ndim
from rillet.keras.call_context import outer_training
from rillet.keras.input_layer import Input
from rillet.keras.layers import dots
from rillet.keras.models import Model
from rillet.keras.session import learning_phase
from rillet.keras.settings import floatx
from rillet.ops import neural, sorting
from rillet.ops.control import cond
from rillet.ops.elementwise import cast, pow
from rillet.ops.mask import where
from rillet.ops.printing import print_
from rillet.ops.shaping import reshape, static_dims
from rillet.ops.sparse.dense import to_dense as _to_dense
from rillet.ops.transcendental import sigmoid

Value = Any | Callable[[], Any]


def _called(x: Value) -> Any:
    return x() if callable(x) and not hasattr(x, "dtype") else x


def in_train_phase(x: Value, alt: Value, training: Any = None) -> Any:
    """`x` in training, else `alt`.

    Args:
        x: a tensor, or a function that gives one.
        alt: the same.
        training: whether it is training; what the layer that is being called, or the
            learning phase, says where None.
    """
    if training is None:
        training = outer_training()
    if training is None:
        training = learning_phase()
    if isinstance(training, bool | int):
        return _called(x if training else alt)
    return switch(training, x, alt)


def in_test_phase(x: Value, alt: Value, training: Any = None) -> Any:
    """`x` in inference, else `alt`; see `in_train_phase`."""
    return in_train_phase(alt, x, training)


def switch(condition: Any, then_expression: Value, else_expression: Value) -> Any:
    """One value where a condition is true, another where it is not.

    Args:
        condition: a scalar, which picks one value; or a tensor, which picks rows or
            elements.
        then_expression: a tensor, or a function that gives one.
        else_expression: the same.

    Raises:
        ValueError: where the condition has more axes than the values.
    """
    test = cast(to_tensor(condition), bool_)
    if not ndim(test):
        return cond(
            test, lambda: _called(then_expression), lambda: _called(else_expression)
        )
    yes, no = to_tensor(_called(then_expression)), to_tensor(_called(else_expression))
    more = ndim(yes) - ndim(test)
    if more < 0:
        raise ValueError(
            house_message(
                "switch",
                "Rank of `condition` should be less than or equal to rank of"
                " `then_expression` and `else_expression`",
                f"ndim(condition)={ndim(test)}, ndim(then_expression)={ndim(yes)}",
            )
        )
    if more:
        test = reshape(test, (*static_dims(test), *[1] * more))
    return where(test, yes, no)


def placeholder(
    shape: Any = None,
    ndim: int | None = None,
    dtype: Any = None,
    sparse: bool = False,
    name: Any = None,
    ragged: bool = False,
) -> Any:
    """A placeholder, as `keras.Input` gives it, of a whole shape.

    Args:
        shape: the shape, batch included.
        ndim: the number of axes, where there is no shape.
        dtype: the type; Keras's float type where None.
        sparse: whether it stands for a sparse tensor.
        name: a name.
        ragged: whether it stands for a ragged tensor.

    Raises:
        ValueError: where there is neither a shape nor a number of axes.
    """
    if shape is None:
        if not ndim:
            raise ValueError(
                house_message(
                    "placeholder",
                    "a placeholder has a shape, or a number of axes",
                    "shape=None, ndim=None",
                )
            )
        shape = (None,) * ndim
    more = {"sparse": True} if sparse else {"ragged": True} if ragged else {}
    return Input(batch_shape=tuple(shape), dtype=dtype or floatx(), name=name, **more)


def function(
    inputs: Any, outputs: Any, updates: Any = None, name: Any = None, **kwargs: Any
) -> Callable[[Any], Any]:
    """A function that computes outputs of a model's graph of layers from inputs.

    Args:
        inputs: placeholders, or a list of them. A learning phase among them, a plain
            number, makes the function take one in its place.
        outputs: what came of them.
        updates: not supported.
        name: ignored.
        **kwargs: those of sessions, refused.

    Returns:
        A function of a list of arrays that gives NumPy arrays.

    Raises:
        ValueError: for `updates` or arguments of sessions.

    Example:
        >>> import rillet as tf
        >>> x = tf.keras.Input((2,))
        >>> double = tf.keras.backend.function([x], [x * 2])
        >>> double([[[1.0, 2.0]]])[0].tolist()
        [[2.0, 4.0]]
    """
    if updates or kwargs:
        raise ValueError(
            house_message(
                "backend.function",
                "`updates` and arguments of sessions are not supported during eager"
                " execution",
                f"updates={updates}, {kwargs}",
                "Use tf.function",
            )
        )
    listed = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    phases = [at for at, x in enumerate(listed) if isinstance(x, bool | int)]
    given = [x for at, x in enumerate(listed) if at not in phases]
    model = Model(given, outputs)

    def compute(values: Any) -> Any:
        found = list(values) if isinstance(values, list | tuple) else [values]
        flags = {"training": bool(found[phases[0]])} if phases else {}
        tensors = [
            to_tensor(value, hint=x.dtype)
            for value, x in zip(
                [v for at, v in enumerate(found) if at not in phases],
                given,
                strict=True,
            )
        ]
        out = model(tensors if len(tensors) > 1 else tensors[0], **flags)
        if isinstance(outputs, list) and not isinstance(out, list):
            out = [out]
        return nest.map_structure(
            lambda y: y.numpy() if isinstance(y, Tensor) else y, out
        )

    return compute


def gradients(loss: Any, variables: Any) -> Any:
    """Gradients without a tape, which need TensorFlow 1's graphs: an error says so.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        house_message(
            "backend.gradients",
            "tf.gradients is not supported when eager execution is enabled",
            f"loss={loss!r}",
            "Use tf.GradientTape: with tf.GradientTape() as tape: loss = ...; then"
            " tape.gradient(loss, variables)",
        )
    )


def print_tensor(x: Any, message: str = "", summarize: int = 3) -> Any:
    """Print a tensor whenever it is computed, and give it back.

    Args:
        x: the tensor.
        message: what is printed before it.
        summarize: how many elements to show at both ends of each dimension.
    """
    if hasattr(x, "dtype"):
        print_(message, x, output_stream=sys.stdout, summarize=summarize)
    else:
        print(message, x)
    return x


def moving_average_update(x: Variable, value: Any, momentum: Any) -> Any:
    """Move a variable towards a value: x = momentum · x + (1 - momentum) · value."""
    kept = cast(to_tensor(momentum), x.dtype)
    return x.assign_sub((x - cast(to_tensor(value), x.dtype)) * (1 - kept))


def manual_variable_initialization(value: bool) -> None:
    """Nothing: variables have their values when they are made."""


def is_sparse(tensor: Any) -> bool:
    """Whether a tensor or a placeholder is sparse."""
    spec = getattr(tensor, "type_spec", None)
    return isinstance(tensor, SparseTensor) or isinstance(spec, SparseTensorSpec)


def to_dense(tensor: Any) -> Any:
    """A sparse tensor as a dense one; others as they are."""
    return _to_dense(tensor) if is_sparse(tensor) else tensor


def in_top_k(predictions: Any, targets: Any, k: int) -> Any:
    """For each row, whether its target is among the `k` largest predictions."""
    return sorting.in_top_k(targets, predictions, k)


def batch_dot(x: Any, y: Any, axes: Any = None) -> Any:
    """For each example, the sum of products over one axis of each tensor.

    Args:
        x: a tensor of two axes or more, the batch first.
        y: the same.
        axes: that axis, or one for each tensor; the last of `x` and the last but one
            of `y`, or its only one, where None.

    Returns:
        The other axes of `x`, then those of `y`; ``(batch, 1)`` where none is left.

    Raises:
        ValueError: where a tensor has no axis beside the batch, or sizes differ.
    """
    x, y = to_tensor(x), to_tensor(y)
    shapes = tuple(x.shape), tuple(y.shape)
    ranks = len(shapes[0]), len(shapes[1])
    if min(ranks) < 2:
        raise ValueError(_unfit(shapes, axes, "inputs have two axes or more"))
    if axes is None:
        pair = [ranks[0] - 1, 1 if ranks[1] == 2 else ranks[1] - 2]
    else:
        pair = [axes, axes] if isinstance(axes, int) else list(axes)
    pair = [a + r if a < 0 else a for a, r in zip(pair, ranks, strict=True)]
    if 0 in pair:
        raise ValueError(_unfit(shapes, pair, "the batch, axis 0, is not summed over"))
    sizes = shapes[0][pair[0]], shapes[1][pair[1]]
    if None not in sizes and sizes[0] != sizes[1]:
        rule = f"x.shape[{pair[0]}] != y.shape[{pair[1]}] ({sizes[0]} != {sizes[1]})"
        raise ValueError(_unfit(shapes, pair, rule))
    return dots.batch_dot(x, y, (pair[0], pair[1]))


def _unfit(shapes: Any, axes: Any, rule: str) -> str:
    return house_message(
        "batch_dot",
        f"Cannot do batch_dot on inputs with shapes {shapes[0]} and {shapes[1]} with"
        f" axes={axes}",
        rule,
    )


def batch_normalization(
    x: Any,
    mean: Any,
    var: Any,
    beta: Any,
    gamma: Any,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> Any:
    """gamma · (x - mean) / √(var + ε) + beta, with sizes along `axis`."""
    x = to_tensor(x)
    shape = [1] * len(x.shape)
    shape[axis] = -1

    def along(value: Any) -> Any:
        return None if value is None else reshape(value, shape)

    return neural.batch_normalization(
        x, along(mean), along(var), along(beta), along(gamma), epsilon
    )


def normalize_batch_in_training(
    x: Any, gamma: Any, beta: Any, reduction_axes: Any, epsilon: float = 1e-3
) -> tuple[Any, Any, Any]:
    """A batch normalised by its own mean and variance, and these."""
    x, axes = to_tensor(x), list(reduction_axes)
    mean, variance = neural.moments(x, axes)
    shape = [1 if i in axes else d for i, d in enumerate(static_dims(x))]

    def wide(value: Any) -> Any:
        return None if value is None else reshape(value, shape)

    found = neural.batch_normalization(
        x, wide(mean), wide(variance), wide(beta), wide(gamma), epsilon
    )
    return found, mean, variance


def binary_focal_crossentropy(
    target: Any,
    output: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
) -> Any:
    """The focal cross-entropy of each value; see `losses.BinaryFocalCrossentropy`."""
    goal = to_tensor(target)
    chance = to_tensor(output)
    if from_logits:
        chance = sigmoid(chance)
    goal = cast(goal, chance.dtype)
    right = goal * chance + (1 - goal) * (1 - chance)
    found = pow(1.0 - right, gamma) * binary_crossentropy(goal, chance)
    if apply_class_balancing:
        found = (goal * alpha + (1 - goal) * (1 - alpha)) * found
    return found


def categorical_focal_crossentropy(
    target: Any,
    output: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    axis: int = -1,
) -> Any:
    """The focal cross-entropy of each row, as of the loss of that name."""
    return losses.categorical_focal_crossentropy(
        target, output, alpha, gamma, from_logits, axis=axis
    )
