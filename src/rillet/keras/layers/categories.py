"""Categories: numbers to one-hot rows and counts.

In: whole numbers. Out: `CategoryEncoding`, and `encoded`, which lookups and hashing
share. The work is done on the host, row by row in NumPy, so
that no tensor of (tokens, depth) ever stands in memory.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype, int64
from rillet.core.errors import house_message
from rillet.core.shapes import TensorShape, as_shape
from rillet.core.spec import TensorSpec
from rillet.keras.base_layer import Layer
from rillet.keras.layers import told_lookups
from rillet.keras.layers.adapting import as_batch
from rillet.keras.layers.sparse_categories import (
    check_rank as check_rank,
)
from rillet.keras.layers.sparse_categories import (
    encoded_shape as encoded_shape,
)
from rillet.keras.layers.sparse_categories import (
    out_of_range,
    places_of,
    sparse_encoding,
)
from rillet.keras.serialization import builtin
from rillet.keras.settings import floatx
from rillet.ops.checks import Assert
from rillet.ops.compare import greater_equal, less, logical_and
from rillet.ops.elementwise import cast
from rillet.ops.host_functions import told_function
from rillet.ops.reduce import reduce_all
from rillet.ops.sparse.dense import to_dense

Array = np.ndarray[Any, Any]

ENCODINGS: Final = ("one_hot", "multi_hot", "count", "tf_idf")


def checked_mode(op: str, mode: Any, allowed: tuple[str, ...], sparse: Any) -> None:
    """Refuse an unknown output mode, and sparse numbers.

    Raises:
        ValueError: for either.
    """
    if mode not in allowed:
        raise ValueError(
            house_message(
                op,
                f"The `output_mode` argument received an invalid value {mode!r}",
                f"Allowed values are: {allowed}",
            )
        )
    if sparse and mode == "int":
        raise ValueError(
            house_message(
                op,
                f"`sparse` may only be true if `output_mode` is one of {ENCODINGS}",
                f"Received: sparse={sparse} and output_mode={mode}",
            )
        )


def encode(
    ids: Array, mode: str, depth: int, dtype: Any, weights: Array | None = None
) -> Array:
    """An encoding of whole numbers, in NumPy.

    Args:
        ids: numbers from 0 to `depth` - 1, of any shape; negative ones say nothing.
        mode: ``"one_hot"``, ``"multi_hot"``, ``"count"`` or ``"tf_idf"``.
        depth: the length of a row.
        dtype: the NumPy type of the result.
        weights: what each number counts, of the shape of `ids`; with ``"tf_idf"``,
            what each of the `depth` numbers counts.

    Returns:
        An array whose last axis is `depth` long.
    """
    if mode == "one_hot":
        rows = ids[..., 0] if ids.ndim and ids.shape[-1] == 1 else ids
        lead, flat = rows.shape, rows.reshape(-1, 1)
    else:
        lead, row = ids.shape[:-1], ids.shape[-1:] or (1,)
        flat = ids.reshape(math.prod(lead), *row)
    count = len(flat)
    said = flat >= 0
    at = (np.arange(count)[:, None] * depth + flat)[said]
    out = np.zeros(count * depth, dtype)
    if mode in ("one_hot", "multi_hot"):
        out[at] = 1
    elif mode == "count" and weights is not None:
        np.add.at(out, at, weights.reshape(flat.shape)[said].astype(dtype))
    else:
        out += np.bincount(at, minlength=count * depth).astype(dtype)
    out = out.reshape(*lead, depth)
    if mode == "tf_idf" and weights is not None:
        out *= weights.astype(dtype)
    return out


def encoded(
    ids: Any,
    mode: str,
    depth: int,
    dtype: Any,
    weights: Any = None,
    op: str = "encode",
    sparse: bool = False,
) -> Any:
    """A tensor of whole numbers, encoded; works eagerly and in graphs.

    Args:
        ids: whole numbers; also sparse or ragged.
        mode: ``"int"`` or an encoding.
        depth: the length of a row.
        dtype: the result's type.
        weights: see `encode`.
        op: whose words an error shall have.
        sparse: whether the result is sparse.

    Raises:
        ValueError: where the result would have more than two axes, or a number lies
            outside the range.
    """
    kind = as_dtype(dtype or floatx())
    if mode == "int":
        return ids if ids.dtype is kind else cast(ids, kind)
    check_rank(op, mode, ids.shape)
    composite = isinstance(ids, CompositeTensor)
    if sparse or composite:
        places = places_of(ids) if composite else ids
        found = sparse_encoding(places, mode, depth, kind, weights, op)
        return found if sparse else to_dense(found)
    spec = TensorSpec(encoded_shape(ids.shape, mode, depth), kind)
    given = [ids] if weights is None else [ids, to_tensor(weights)]

    def run(numbers: Any, parts: Any = None) -> Array:
        numbers = np.asarray(numbers)
        if numbers.size and (numbers.min() < 0 or numbers.max() >= depth):
            raise out_of_range(op, depth, numbers)
        held = None if parts is None else np.asarray(parts)
        return encode(numbers.astype(np.int64), mode, depth, kind.numpy_dtype, held)

    def told(numbers: Any, parts: Any = None) -> Any:
        inside = reduce_all(less(numbers, to_tensor(depth, numbers.dtype)))
        least = reduce_all(greater_equal(numbers, to_tensor(0, numbers.dtype)))
        rule = f"{op}: input values must be in the range 0 <= values < {depth}"
        Assert(logical_and(inside, least), [rule, numbers])
        return told_lookups.encoding(cast(numbers, int64), mode, depth, kind, parts)

    return told_function(run, given, spec, told)


@builtin("layer")
class CategoryEncoding(Layer):
    """Turns whole numbers into rows of ones, or counts.

    Args:
        num_tokens: how many categories there are.
        output_mode: ``"multi_hot"``, ``"one_hot"`` or ``"count"``.
        sparse: whether the rows are a sparse tensor.
        **kwargs: as for `Layer`.

    Raises:
        ValueError: where an argument is missing or unknown.

    Example:
        >>> import rillet as tf
        >>> layer = tf.keras.layers.CategoryEncoding(4, output_mode="count")
        >>> layer(tf.constant([[1, 2], [2, 2]])).numpy().tolist()
        [[0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 2.0, 0.0]]
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        most = kwargs.pop("max_tokens", None)
        num_tokens = num_tokens if num_tokens is not None else most
        mode = "multi_hot" if output_mode == "binary" else output_mode
        checked_mode("CategoryEncoding", mode, ENCODINGS[:3], sparse)
        if num_tokens is None or num_tokens < 1:
            raise ValueError(
                house_message(
                    "CategoryEncoding",
                    "`num_tokens` must be set, to 1 or more",
                    f"received {num_tokens}",
                )
            )
        super().__init__(autocast=False, **kwargs)
        self.num_tokens = num_tokens
        self.output_mode = mode
        self.sparse = sparse

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Apply the layer; a list of Python values is one tensor."""
        if args and isinstance(args[0], list | tuple | np.ndarray):
            args = (as_batch(args[0]), *args[1:])
        return super().__call__(*args, **kwargs)

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        """The rows, ``(batch, num_tokens)``; `count_weights` with ``"count"`` only."""
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                house_message(
                    "CategoryEncoding",
                    "`count_weights` is not used when `output_mode` is not `'count'`",
                    f"output_mode={self.output_mode!r}",
                )
            )
        return encoded(
            inputs,
            self.output_mode,
            self.num_tokens,
            self.compute_dtype,
            count_weights,
            "CategoryEncoding",
            self.sparse,
        )

    def compute_output_shape(self, input_shape: Any) -> TensorShape:
        """The rows' shape."""
        return encoded_shape(as_shape(input_shape), self.output_mode, self.num_tokens)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_tokens": self.num_tokens,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }
