"""SciPy's sparse matrices as sparse tensors: what `fit` and its kin are given.

SciPy itself is not needed; its matrices are known by what they can do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import nest
from rillet.keras.settings import floatx
from rillet.ops.sparse.operators import SparseTensor


def is_matrix(value: Any) -> bool:
    """Whether a value is one of SciPy's sparse matrices or arrays."""
    return hasattr(type(value), "tocoo")


def without_scipy(data: Any) -> Any:
    """Inputs whose SciPy matrices are sparse tensors, in order.

    Args:
        data: an array, or a nest of them.

    Returns:
        `data` itself where there is none.
    """
    if is_matrix(data):
        return _tensor(data)
    if nest.is_nested(data) and any(map(is_matrix, nest.flatten(data))):
        return nest.map_structure(lambda v: _tensor(v) if is_matrix(v) else v, data)
    return data


def _tensor(matrix: Any) -> SparseTensor:
    """Floats in Keras's float type; equal places add up, as in the matrix."""
    triples = matrix.tocoo(copy=True)
    triples.sum_duplicates()
    values = np.asarray(triples.data)
    if values.dtype.kind == "f":
        values = values.astype(floatx())
    places = np.stack([triples.row, triples.col], 1).astype(np.int64)
    order = np.lexsort(places.T[::-1])
    return SparseTensor(places[order], values[order], matrix.shape)
