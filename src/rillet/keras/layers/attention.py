"""Attention with dot products and with sums: values looked up by likeness."""

from __future__ import annotations

from typing import Any

from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.variable import Variable
from rillet.keras.base_layer import Layer
from rillet.keras.call_context import mode
from rillet.keras.random_source import RandomGenerator
from rillet.keras.serialization import builtin
from rillet.ops.compare import logical_and, logical_not
from rillet.ops.diagonals import matrix_band_part_op
from rillet.ops.dropout import dropout as drop
from rillet.ops.elementwise import add_op, cast, mul_op, sub_op
from rillet.ops.filling import ones
from rillet.ops.products import batch_matmul_op
from rillet.ops.rearrange import expand_dims_op
from rillet.ops.shaping import reduce_sum, static_dims
from rillet.ops.softmax import softmax
from rillet.ops.transcendental import tanh


def causal_mask(queries: int, keys: int) -> Any:
    """Which keys each query may see: those no later, ``(1, queries, keys)``."""
    return matrix_band_part_op(ones([1, queries, keys], "bool"), -1, 0)


class BaseAttention(Layer):
    """Attention over ``[query, value]`` or ``[query, value, key]``; abstract.

    Args:
        dropout: the part of the scores that is dropped while training.
        **kwargs: as for `Layer`; `seed` of the dropout.
    """

    _leaf = True

    def __init__(self, dropout: float = 0.0, **kwargs: Any) -> None:
        self._causal = kwargs.pop("causal", False)
        seed = kwargs.pop("seed", None)
        super().__init__(**kwargs)
        self.dropout = dropout
        self.supports_masking = True
        self._random_generator = RandomGenerator(seed, rng_type="legacy_stateful")

    def _scores(self, query: Any, key: Any) -> Any:
        raise NotImplementedError

    def call(
        self,
        inputs: Any,
        mask: Any = None,
        training: Any = None,
        return_attention_scores: bool = False,
        use_causal_mask: bool = False,
    ) -> Any:
        """What the queries find, ``(batch, queries, features)``, and the scores."""
        self._check(inputs, mask)
        query, value = inputs[0], inputs[1]
        key = inputs[2] if len(inputs) > 2 else value
        of_queries = None if mask is None else mask[0]
        seen = None if mask is None or mask[1] is None else mask[1]
        scores = self._scores(query, key)
        if seen is not None:
            seen = expand_dims_op(to_tensor(seen), -2)
        if use_causal_mask or self._causal:
            earlier = causal_mask(*static_dims(scores)[-2:])
            seen = earlier if seen is None else logical_and(earlier, seen)
        if seen is not None:
            # What float16 can hold of a number that no score outweighs.
            far = 65504.0 if scores.dtype.name == "float16" else 1.0e9
            hidden = cast(logical_not(seen), scores.dtype)
            scores = sub_op.run(scores, mul_op.run(hidden, far))
        weights = softmax(scores)
        if training is None:
            training = mode.phase or False
        if training and self.dropout > 0:
            seed = self._random_generator.make_legacy_seed()
            weights = drop(weights, self.dropout, seed=seed)
        out = batch_matmul_op.run(weights, value)
        if of_queries is not None:
            kept = expand_dims_op(cast(of_queries, out.dtype), -1)
            out = mul_op.run(out, kept)
        return (out, weights) if return_attention_scores else out

    def _check(self, inputs: Any, mask: Any) -> None:
        own = type(self).__name__
        if not isinstance(inputs, list | tuple) or not 2 <= len(inputs) <= 3:
            raise ValueError(
                house_message(
                    own,
                    f"{own} layer must be called on a list of inputs, namely [query,"
                    " value] or [query, value, key]",
                    f"Received: inputs={inputs}",
                )
            )
        if mask is None:
            return
        if not isinstance(mask, list | tuple) or not 2 <= len(mask) <= len(inputs):
            raise ValueError(
                house_message(
                    own,
                    f"{own} layer `mask` must be a list of length 2, namely"
                    " [query_mask, value_mask]",
                    f"Received: mask={mask}",
                )
            )

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The mask of the queries."""
        self._check(inputs, mask)
        if mask is None or mask[0] is None:
            return None
        return to_tensor(mask[0])

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The query's shape with the value's features."""
        query, value = as_shape(input_shape[0]), as_shape(input_shape[1])
        return query[:-1].concatenate(value[-1:])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "dropout": self.dropout}


@builtin("layer")
class Attention(BaseAttention):
    """Attention whose scores are products of query and key (Luong et al., 2015).

    Args:
        use_scale: whether scores have a factor that is learnt.
        score_mode: ``"dot"``, or ``"concat"`` for the tanh of sums.
        **kwargs: `dropout`, and as for `Layer`.

    Raises:
        ValueError: where `score_mode` is neither.

    Example:
        >>> import rillet as tf
        >>> query, value = tf.zeros([1, 2, 4]), tf.ones([1, 3, 4])
        >>> tf.keras.layers.Attention()([query, value]).shape
        TensorShape([1, 2, 4])
    """

    def __init__(
        self, use_scale: bool = False, score_mode: str = "dot", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.use_scale = use_scale
        self.score_mode = score_mode
        if score_mode not in ("dot", "concat"):
            raise ValueError(
                house_message(
                    "Attention",
                    "Invalid value for argument score_mode. Expected one of {'dot',"
                    " 'concat'}",
                    f"Received: score_mode={score_mode}",
                )
            )

    def build(self, input_shape: Any) -> None:
        """Make the factors; see `Layer.build`."""
        self.scale: Variable | None = None
        self.concat_score_weight: Variable | None = None
        if self.use_scale:
            self.scale = self.add_weight("scale", shape=(), initializer="ones")
        if self.score_mode == "concat":
            self.concat_score_weight = self.add_weight(
                "concat_score_weight", shape=(), initializer="ones"
            )
        self.built = True

    def _scores(self, query: Any, key: Any) -> Any:
        if self.concat_score_weight is None:
            scores = batch_matmul_op.run(query, key, adj_y=True)
            if self.scale is not None:
                scores = mul_op.run(scores, self.scale._dense_tensor())
            return scores
        both = add_op.run(expand_dims_op(query, -2), expand_dims_op(key, -3))
        if self.scale is not None:
            both = mul_op.run(both, self.scale._dense_tensor())
        weight = self.concat_score_weight._dense_tensor()
        return mul_op.run(weight, reduce_sum(tanh(both), axis=-1))

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "use_scale": self.use_scale,
            "score_mode": self.score_mode,
        }


@builtin("layer")
class AdditiveAttention(BaseAttention):
    """Attention whose scores are sums of tanh(query + key) (Bahdanau et al., 2014).

    Args:
        use_scale: whether each feature has a factor that is learnt.
        **kwargs: `dropout`, and as for `Layer`.

    Example:
        >>> import rillet as tf
        >>> query, value = tf.zeros([1, 2, 4]), tf.ones([1, 3, 4])
        >>> tf.keras.layers.AdditiveAttention()([query, value]).shape
        TensorShape([1, 2, 4])
    """

    def __init__(self, use_scale: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.use_scale = use_scale

    def build(self, input_shape: Any) -> None:
        """Make the factors; see `Layer.build`."""
        self.scale: Variable | None = None
        if self.use_scale:
            features = as_shape(input_shape[1])[-1]
            self.scale = self.add_weight(
                "scale", shape=[features], initializer="glorot_uniform"
            )
        self.built = True

    def _scores(self, query: Any, key: Any) -> Any:
        both = tanh(add_op.run(expand_dims_op(query, -2), expand_dims_op(key, -3)))
        if self.scale is not None:
            both = mul_op.run(both, self.scale._dense_tensor())
        return reduce_sum(both, axis=-1)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "use_scale": self.use_scale}
