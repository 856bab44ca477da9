"""Embedding: rows of a table, looked up by number."""

from __future__ import annotations

from typing import Any

from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.sparse_tensor import SparseTensor
from rillet.keras import constraints, initializers, regularizers
from rillet.keras.base_layer import Layer
from rillet.keras.serialization import builtin
from rillet.keras.settings import floatx
from rillet.ops.compare import not_equal
from rillet.ops.elementwise import cast
from rillet.ops.gather import gather_op
from rillet.ops.sparse.dense import to_dense

_WHOLE = ("int32", "int64")


@builtin("layer")
class Embedding(Layer):
    """Turns whole numbers into vectors: the rows of a table that is learnt.

    Args:
        input_dim: how many rows: the largest number plus 1.
        output_dim: the length of a row.
        embeddings_initializer: what gives the table, ``(input_dim, output_dim)``.
        embeddings_regularizer: a penalty of the table.
        activity_regularizer: a penalty of the outputs.
        embeddings_constraint: applied to the table after each update.
        mask_zero: whether 0 is no word but padding, to be masked.
        input_length: how many numbers an example has, where that is fixed.
        sparse: a hint for accelerators; gradients are always sparse.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where a size is not positive.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.Embedding(10, 4, mask_zero=True)
        >>> layer(tf.constant([[3, 0]])).shape
        TensorShape([1, 2, 4])
    """

    _leaf = True

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        activity_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        input_length: Any = None,
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        if "input_shape" not in kwargs and "batch_input_shape" not in kwargs:
            kwargs["input_shape"] = (input_length,) if input_length else (None,)
        if input_dim <= 0 or output_dim <= 0:
            raise ValueError(
                house_message(
                    "Embedding",
                    "Both `input_dim` and `output_dim` should be positive",
                    f"Received input_dim = {input_dim} and output_dim = {output_dim}",
                )
            )
        # Whole numbers must not be cast to the type that the layer computes in.
        kwargs["autocast"] = False
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.input_dim = input_dim
        self.output_dim = output_dim
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.input_length = input_length
        self.sparse = sparse

    def build(self, input_shape: Any = None) -> None:
        """Make the table; see `Layer.build`."""
        self.embeddings = self.add_weight(
            "embeddings",
            shape=(self.input_dim, self.output_dim),
            dtype=self.dtype or floatx(),
            initializer=self.embeddings_initializer,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            experimental_autocast=False,
        )
        self.built = True

    def _makes_masks(self) -> bool:
        return self.mask_zero

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True where the number is not 0, with `mask_zero`; else None."""
        return not_equal(inputs, 0) if self.mask_zero else None

    def call(self, inputs: Any) -> Any:
        """The rows, of shape ``inputs.shape + (output_dim,)``."""
        if isinstance(inputs, SparseTensor):
            inputs = to_dense(inputs)
        if inputs.dtype.name not in _WHOLE:
            inputs = cast(inputs, "int32")
        rows = gather_op(self.embeddings._dense_tensor(), inputs, 0)
        wanted = self._compute_type
        if wanted is not None and rows.dtype is not wanted:
            return cast(rows, as_dtype(wanted))
        return rows

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The input's shape with `output_dim` behind it.

        Raises:
            ValueError: where `input_length` is another.
        """
        shape = as_shape(input_shape)
        if self.input_length is None:
            return shape.concatenate([self.output_dim])
        given = self.input_length
        lengths = list(given) if isinstance(given, list | tuple) else [given]
        inner = shape[1:].as_list()
        fits = len(lengths) == len(inner) and all(
            a is None or b is None or a == b
            for a, b in zip(lengths, inner, strict=True)
        )
        if not fits:
            raise ValueError(
                house_message(
                    "Embedding",
                    f'"input_length" is {given}, but received input has shape'
                    f" {tuple(shape)}",
                )
            )
        sizes = [b if a is None else a for a, b in zip(lengths, inner, strict=True)]
        return TensorShape([shape[0], *sizes, self.output_dim])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "input_dim": self.input_dim,
            "output_dim": self.output_dim,
            "embeddings_initializer": initializers.serialize(
                self.embeddings_initializer
            ),
            "embeddings_regularizer": regularizers.serialize(
                self.embeddings_regularizer
            ),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "embeddings_constraint": constraints.serialize(self.embeddings_constraint),
            "mask_zero": self.mask_zero,
            "input_length": self.input_length,
        }
