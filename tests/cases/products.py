"""Rows of `ops.products`."""

import numpy as np

from cases import Case, floats, ints

A, B = floats(2, 3), floats(3, 4, seed=1)
STACK, OTHER = floats(2, 1, 2, 3, seed=2), floats(3, 3, 4, seed=3)
ZA = (floats(2, 3) + 1j * floats(2, 3, seed=1)).astype(np.complex64)
ZB = (floats(3, 4) + 1j * floats(3, 4, seed=1)).astype(np.complex64)
HALVES = ("float16", "bfloat16", "float64")
DIFFER = ((A, A), "InvalidArgumentError", "inner dimensions differ")
VECTOR = ((A, floats(3)), "InvalidArgumentError", "rank 2 or more")
MIXED = ((A, ints(3, 4)), "InvalidArgumentError", "float32 tensor|int32 tensor")


def turned(**flags):
    """A product that takes one or both operands turned around."""
    name = ", ".join(flags)
    first = A.T if "transpose_a" in flags or "adjoint_a" in flags else A
    second = B.T if "transpose_b" in flags or "adjoint_b" in flags else B
    return Case("MatMul", lambda tf, x, y: tf.matmul(x, y, **flags),
                (first.copy(), second.copy()), name=name)


CASES = (
    Case("MatMul", lambda tf, x, y: tf.matmul(x, y), (A, B), dtypes=HALVES,
         refused=(DIFFER, VECTOR, MIXED)),
    Case("MatMul", lambda tf, x, y: x @ y, (A, B), name="operator"),
    turned(transpose_a=True),
    turned(transpose_b=True),
    turned(transpose_a=True, transpose_b=True),
    turned(adjoint_a=True, transpose_b=True),
    Case("MatMul", lambda tf, x, y: tf.matmul(x, y), (ints(2, 3), ints(3, 4)),
         name="int32"),
    Case("MatMul", lambda tf, x, y: tf.matmul(x, y), (ZA, ZB), name="complex",
         grad=(0, 1), order=1),
    Case("MatMul", lambda tf, x, y: tf.matmul(x, y, adjoint_a=True, transpose_b=True),
         (ZA.T.copy(), ZB.T.copy()), name="complex turned", grad=(0, 1), order=1),
    Case("MatMul", lambda tf, x, y: tf.matmul(x, y), (floats(2, 0), floats(0, 3)),
         name="empty inside"),
    Case("MatMul", lambda tf, x, y: tf.matmul(x, y), (floats(0, 3), B), name="no rows"),
    Case("BatchMatMulV2", lambda tf, x, y: tf.matmul(x, y), (STACK, OTHER),
         dtypes=HALVES, refused=(
             ((STACK, floats(2, 4, 3)), "InvalidArgumentError", "inner dimensions"),
             ((floats(2, 2, 3), OTHER), "InvalidArgumentError", "do not broadcast"))),
    Case("BatchMatMulV2", lambda tf, x, y: tf.matmul(x, y), (STACK, B),
         name="one matrix"),
    Case("BatchMatMulV2", lambda tf, x, y: tf.matmul(x, y, transpose_b=True),
         (STACK, floats(3, 4, 3)), name="transposed"),
    Case("BatchMatMulV2", lambda tf, x, y: tf.matmul(x, y, adjoint_a=True),
         (np.stack([ZA.T, ZA.T * 2]), ZB), name="complex", grad=(0, 1), order=1),
)
