"""Rows of `ops.contract` and `ops.einsum`."""

import numpy as np

from cases import Case, floats, ints

A, B, V = floats(2, 3), floats(3, 4, seed=1), floats(3, seed=2)
STACK, OTHER = floats(2, 3, 4, seed=3), floats(2, 4, 3, seed=4)
ZA = (floats(2, 3) + 1j * floats(2, 3, seed=1)).astype(np.complex64)
ZB = (floats(3, 4) + 1j * floats(3, 4, seed=1)).astype(np.complex64)


def einsum(equation, *inputs, **more):
    return Case("Einsum", lambda tf, *xs: tf.einsum(equation, *xs), inputs,
                name=equation, **more)


CASES = (
    einsum("ij,jk->ik", A, B, dtypes=("float16", "bfloat16", "float64"), refused=(
        ((A, A), "InvalidArgumentError", r"Expected dimension 3 at axis 0"),
        ((A,), "ValueError", "Got 1 inputs for equation"),
        ((A, V), "InvalidArgumentError", "to have rank 2 but got: 1"),
        ((A, ints(3, 4)), "InvalidArgumentError", "int32 tensor|float32 tensor"),
    )),
    einsum("ij,jk", A, B),
    einsum("ba", A),
    einsum("ij->", A),
    einsum("ij->i", A),
    einsum("ii->i", floats(3, 3)),
    einsum("ii", floats(3, 3)),
    einsum("iji->j", floats(2, 3, 2)),
    einsum("i,j->ij", V, floats(2)),
    einsum("i,i->", V, V),
    einsum("ijk,j->ki", STACK, V),
    einsum("bij,bjk->bki", STACK, OTHER),
    einsum("bhqd,bhkd->bhqk", floats(2, 2, 3, 4), floats(2, 2, 5, 4)),
    einsum("...ij,...jk->...ik", floats(2, 1, 2, 3), floats(3, 3, 2)),
    einsum("...ij,jk->...ik", STACK, floats(4, 2)),
    einsum("...i->i...", STACK),
    einsum("i...,i...->...", floats(2, 3), floats(2, 1, seed=6)),
    einsum("...,...->...", STACK, floats(3, 1)),
    einsum("...i,...->i...", STACK, floats(2, 1)),
    einsum("iij,jk->ik", floats(2, 2, 3), B),
    einsum("ijk,kl->l", STACK, floats(4, 2)),
    einsum("ij,jk,kl->il", A, B, floats(4, 2)),
    einsum("abc,cd,bde->ea", floats(2, 3, 4), floats(4, 2), floats(3, 2, 2)),
    einsum("...a,ab,...b->...", STACK, floats(4, 3), floats(2, 1, 3)),
    Case("Einsum", lambda tf, x, y: tf.einsum("ij,jk->ik", x, y), (ZA, ZB), grad=(0, 1),
         order=1, name="complex"),
    Case("Einsum", lambda tf, x, y: tf.einsum("ij,jk->ik", x, y),
         (ints(2, 3), ints(3, 4)), name="int32"),
    Case("Einsum", lambda tf, x, y: tf.einsum("ij,jk->ik", x, y),
         (floats(2, 0), floats(0, 3)), name="empty", order=0),
    Case("MatMul", lambda tf, x, y: tf.tensordot(x, y, 1), (A, B), name="tensordot",
         refused=(
             ((floats(2, 4), B), "InvalidArgumentError", "axes that go together"),
             ((V, np.float32(2)), "ValueError", "not be larger than the number"),
         )),
    Case("MatMul", lambda tf, x, y: tf.tensordot(x, y, [[0, 1], [0, 2]]),
         (STACK, OTHER), name="tensordot axes", refused=(
             ((STACK, B), "IndexError", "list index out of range"),)),
    Case("MatMul", lambda tf, x, y: tf.tensordot(x, y, 0), (A, V), name="tensordot 0"),
    Case("MatMul", lambda tf, x, y: tf.tensordot(x, y, [[-1], [-2]]), (A, B),
         name="tensordot negative"),
    Case("MatMul", lambda tf, x, y: tf.linalg.matvec(x, y), (A, V), name="matvec",
         refused=(((A, floats(2)), "InvalidArgumentError", "size-incompatible"),
                  ((V, V), "InvalidArgumentError", "at least 2-D|rank 2"))),
    Case("BatchMatMulV2", lambda tf, x, y: tf.linalg.matvec(x, y, transpose_a=True),
         (STACK, floats(2, 3)), name="matvec stack"),
)
