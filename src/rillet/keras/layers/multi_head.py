"""MultiHeadAttention: several attentions side by side over projected inputs."""

from __future__ import annotations

import math
import string
from typing import Any, Self

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.variable import Variable
from rillet.keras import constraints, initializers, regularizers
from rillet.keras.base_layer import Layer
from rillet.keras.call_context import mask_of
from rillet.keras.layers.activation import Softmax
from rillet.keras.layers.attention import causal_mask
from rillet.keras.layers.dropout import Dropout
from rillet.keras.layers.einsum_dense import EinsumDense
from rillet.keras.serialization import builtin
from rillet.ops.compare import logical_and
from rillet.ops.contract import einsum_op
from rillet.ops.elementwise import cast, mul_op
from rillet.ops.rearrange import expand_dims_op
from rillet.ops.shaping import static_dims

_LETTERS = string.ascii_lowercase


def projection(rank: int, bound: int, given: int) -> tuple[str, str]:
    """The equation of a projection, and the axes of its bias.

    Args:
        rank: how many axes of the inputs stay.
        bound: how many axes, behind them, are summed over.
        given: how many axes the kernel gives in their place.
    """
    stay = _LETTERS[:rank]
    summed = _LETTERS[rank : rank + bound]
    new = _LETTERS[rank + bound : rank + bound + given]
    return f"{stay}{summed},{summed}{new}->{stay}{new}", new


def attention_equations(rank: int, axes: tuple[int, ...]) -> tuple[str, str]:
    """The equations of scores and of outputs.

    Args:
        rank: of projected queries: batch, axes, heads, features.
        axes: the axes that queries and keys attend over.
    """
    query = _LETTERS[:rank]
    fresh = iter(_LETTERS[rank:])
    key = "".join(next(fresh) if i in axes else c for i, c in enumerate(query))
    batch = "".join(c for i, c in enumerate(query[:-1]) if i not in axes)
    scores = batch + "".join(query[i] for i in axes) + "".join(key[i] for i in axes)
    return f"{key},{query}->{scores}", f"{scores},{key}->{query}"


@builtin("layer")
class MultiHeadAttention(Layer):
    """Attention by several heads, each over its own projections of the inputs.

    Source: Vaswani et al. (2017).

    Args:
        num_heads: how many heads.
        key_dim: the features of a head's queries and keys.
        value_dim: the features of a head's values; `key_dim` where None.
        dropout: the part of the scores that is dropped while training.
        use_bias: whether projections have biases.
        output_shape: the outputs' features; the query's where None.
        attention_axes: the axes to attend over; all but batch and features where None.
        kernel_initializer: what gives the projections' kernels.
        bias_initializer: what gives their biases.
        kernel_regularizer: a penalty of the kernels.
        bias_regularizer: a penalty of the biases.
        activity_regularizer: a penalty of the projections' outputs.
        kernel_constraint: applied to the kernels after each update.
        bias_constraint: applied to the biases after each update.
        softmax_robust_masking: kept for configurations of Keras.
        **kwargs: as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.MultiHeadAttention(num_heads=2, key_dim=4)
        >>> layer(tf.zeros([1, 3, 8]), tf.zeros([1, 5, 8])).shape
        TensorShape([1, 3, 8])
    """

    bias: Variable | None

    def __init__(
        self,
        num_heads: int,
        key_dim: int,
        value_dim: int | None = None,
        dropout: float = 0.0,
        use_bias: bool = True,
        output_shape: Any = None,
        attention_axes: Any = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        softmax_robust_masking: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        for name, value in (("num_heads", num_heads), ("key_dim", key_dim)):
            if not isinstance(value, int) or value <= 0:
                raise ValueError(
                    house_message(
                        "MultiHeadAttention",
                        f"`{name}` must be a positive integer",
                        f"{name}={value!r}",
                    )
                )
        self.supports_masking = True
        self._num_heads = num_heads
        self._key_dim = key_dim
        self._value_dim = value_dim if value_dim else key_dim
        self._dropout = dropout
        self._use_bias = use_bias
        self._output_sizes = output_shape
        axes = attention_axes
        self._attention_axes = (axes,) if isinstance(axes, int) else axes
        self._kernel_initializer = initializers.get(kernel_initializer)
        self._bias_initializer = initializers.get(bias_initializer)
        self._kernel_regularizer = regularizers.get(kernel_regularizer)
        self._bias_regularizer = regularizers.get(bias_regularizer)
        self._projection_regularizer = regularizers.get(activity_regularizer)
        self._kernel_constraint = constraints.get(kernel_constraint)
        self._bias_constraint = constraints.get(bias_constraint)
        self._robust = softmax_robust_masking
        self._query_shape: TensorShape | None = None
        self._key_shape: TensorShape | None = None
        self._value_shape: TensorShape | None = None

    def _untracked(self) -> tuple[str, ...]:
        return (*super()._untracked(), "_attention_axes", "_output_sizes")

    def _projection(self, name: str, rank: int, bound: int, sizes: list[Any]) -> Any:
        """One of the four layers that project."""
        equation, bias_axes = projection(rank, bound, len(sizes))
        return EinsumDense(
            equation,
            output_shape=[*[None] * (rank - 1), *sizes],
            bias_axes=bias_axes if self._use_bias else None,
            name=name,
            # Each projection draws numbers of its own.
            kernel_initializer=_twin(self._kernel_initializer),
            bias_initializer=_twin(self._bias_initializer),
            kernel_regularizer=self._kernel_regularizer,
            bias_regularizer=self._bias_regularizer,
            activity_regularizer=self._projection_regularizer,
            kernel_constraint=self._kernel_constraint,
            bias_constraint=self._bias_constraint,
            dtype=self._dtype_policy,
        )

    def _make_parts(self, query: Any, value: Any, key: Any) -> None:
        """Make the projections for inputs of these shapes."""
        self._query_shape = as_shape(query)
        self._value_shape = as_shape(value)
        self._key_shape = self._value_shape if key is None else as_shape(key)
        rank = len(self._query_shape)
        heads, size = self._num_heads, self._key_dim
        self._query_dense = self._projection("query", rank - 1, 1, [heads, size])
        self._key_dense = self._projection(
            "key", len(self._key_shape) - 1, 1, [heads, size]
        )
        self._value_dense = self._projection(
            "value", len(self._value_shape) - 1, 1, [heads, self._value_dim]
        )
        axes = self._attention_axes
        self._attention_axes = tuple(range(1, rank - 1)) if axes is None else axes
        axes = tuple(a % rank for a in self._attention_axes)
        self._scores_of, self._outputs_of = attention_equations(rank + 1, axes)
        self._softmax = Softmax(
            axis=tuple(range(-len(axes), 0)), dtype=self._dtype_policy
        )
        self._dropout_layer = Dropout(rate=self._dropout, dtype=self._dtype_policy)
        sizes = self._output_sizes
        if sizes is None:
            sizes = [self._query_shape[-1]]
        elif isinstance(sizes, int):
            sizes = [sizes]
        self._output_dense = self._projection(
            "attention_output", rank - 1, 2, list(sizes)
        )

    def call(
        self,
        query: Any,
        value: Any,
        key: Any = None,
        attention_mask: Any = None,
        return_attention_scores: bool = False,
        training: Any = None,
        use_causal_mask: bool = False,
    ) -> Any:
        """What the queries find, and, where asked for, the scores of each head.

        Args:
            query: ``(batch, queries, features)``.
            value: ``(batch, keys, features)``.
            key: of the shape of `value`; the values where None.
            attention_mask: true for what may be seen, ``(batch, queries, keys)``.
            return_attention_scores: whether scores are wanted too.
            training: whether scores are dropped.
            use_causal_mask: let no query see later keys.
        """
        masks = [mask_of(query), mask_of(value), mask_of(key)]
        wanted = self._compute_type
        value = cast(to_tensor(value), wanted)
        key = value if key is None else cast(to_tensor(key), wanted)
        if self._query_shape is None:
            self._make_parts(query.shape, value.shape, key.shape)
        seen = _seen(masks, attention_mask)
        if use_causal_mask:
            earlier = causal_mask(static_dims(query)[1], static_dims(value)[1])
            seen = earlier if seen is None else logical_and(seen, earlier)
        q, k = self._query_dense(query), self._key_dense(key)
        q = mul_op.run(q, 1.0 / math.sqrt(self._key_dim))
        scores = einsum_op([k, q], equation=self._scores_of)
        if seen is not None:
            at = -len(self._attention_axes or ()) * 2 - 1
            while len(seen.shape) < len(scores.shape):
                seen = expand_dims_op(seen, at)
        weights = self._softmax(scores, seen)
        dropped = self._dropout_layer(weights, training=training)
        v = self._value_dense(value)
        found = einsum_op([dropped, v], equation=self._outputs_of)
        out = self._output_dense(found)
        return (out, weights) if return_attention_scores else out

    def compute_output_shape(
        self, query_shape: Any, value_shape: Any = None, key_shape: Any = None
    ) -> TensorShape:
        """The query's shape with the outputs' features."""
        shape = as_shape(query_shape)
        sizes = self._output_sizes
        if sizes is None:
            return shape
        return shape[:-1].concatenate([sizes] if isinstance(sizes, int) else sizes)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, and the shapes the layer was built for."""
        return {
            **super().get_config(),
            "num_heads": self._num_heads,
            "key_dim": self._key_dim,
            "value_dim": self._value_dim,
            "dropout": self._dropout,
            "use_bias": self._use_bias,
            "output_shape": self._output_sizes,
            "attention_axes": self._attention_axes,
            "kernel_initializer": initializers.serialize(self._kernel_initializer),
            "bias_initializer": initializers.serialize(self._bias_initializer),
            "kernel_regularizer": regularizers.serialize(self._kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self._bias_regularizer),
            "activity_regularizer": regularizers.serialize(
                self._projection_regularizer
            ),
            "kernel_constraint": constraints.serialize(self._kernel_constraint),
            "bias_constraint": constraints.serialize(self._bias_constraint),
            "query_shape": self._query_shape,
            "key_shape": self._key_shape,
            "value_shape": self._value_shape,
            "softmax_robust_masking": self._robust,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer from what `get_config` gave."""
        rest = dict(config)
        shapes = [rest.pop(f"{n}_shape", None) for n in ("query", "value", "key")]
        layer = cls(**rest)
        if None not in shapes:
            layer._make_parts(*shapes)
        return layer


def _twin(initializer: Any) -> Any:
    """An initializer like another, with draws of its own."""
    made = getattr(type(initializer), "from_config", None)
    return initializer if made is None else made(initializer.get_config())


def _seen(masks: list[Any], given: Any) -> Any:
    """The mask of pairs that inputs' masks and the caller's give together."""
    of_query, of_value, of_key = masks
    parts = [
        None if of_query is None else expand_dims_op(of_query, -1),
        None if of_value is None else expand_dims_op(of_value, -2),
        None if of_key is None else expand_dims_op(of_key, -2),
        None if given is None else cast(to_tensor(given), "bool"),
    ]
    out = None
    for part in parts:
        if part is not None:
            out = part if out is None else logical_and(out, part)
    return out
