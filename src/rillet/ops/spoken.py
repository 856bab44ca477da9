"""What an op is called in an error message: the public name that the user wrote.

Records bear TensorFlow's op names (`AddV2`, `Sum`), which a user never typed. Before
`dispatch` words a refusal it asks here for `add` and `reduce_sum`.
"""

from __future__ import annotations

import re
from typing import Any, Final

_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

#: Ops whose public name isn't their own in small letters.
_PUBLIC: Final[dict[str, str]] = {
    "All": "reduce_all",
    "Any": "reduce_any",
    "ArgMax": "argmax",
    "ArgMin": "argmin",
    "BatchMatMulV2": "matmul",
    "ComplexAbs": "abs",
    "Conv2D": "conv2d",
    "Conv3D": "conv3d",
    "Diag": "linalg.tensor_diag",
    "DivNoNan": "divide_no_nan",
    "EuclideanNorm": "reduce_euclidean_norm",
    "FloorDiv": "floordiv",
    "FloorMod": "floormod",
    "MatMul": "matmul",
    "MatrixInverse": "linalg.inv",
    "MatrixSolve": "linalg.solve",
    "Max": "reduce_max",
    "Mean": "reduce_mean",
    "Min": "reduce_min",
    "Mul": "multiply",
    "Multinomial": "random.categorical",
    "Neg": "negative",
    "Pack": "stack",
    "Prod": "reduce_prod",
    "RandomGamma": "random.gamma",
    "RandomPoissonV2": "random.poisson",
    "RandomShuffle": "random.shuffle",
    "RandomStandardNormal": "random.normal",
    "RandomUniform": "random.uniform",
    "RandomUniformInt": "random.uniform",
    "RealDiv": "divide",
    "SelectV2": "where",
    "SplitV": "split",
    "Sub": "subtract",
    "Sum": "reduce_sum",
    "TruncatedNormal": "random.truncated_normal",
    "Unpack": "unstack",
}


def public_name(op: Any) -> str:
    """The name under which a user knows an op.

    Args:
        op: its record.

    Example:
        >>> from rillet.ops.elementwise import add_op
        >>> public_name(add_op)
        'add'
    """
    known = _PUBLIC.get(op.name)
    if known is not None:
        return known
    plain = re.sub(r"V\d$", "", op.name.removeprefix("Rillet"))
    return _CAPITAL.sub("_", plain).lower()
