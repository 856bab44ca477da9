"""Sizes that no machine has the memory for."""

from .mistake import rows

BIG = r"^\w[\w.]*: OOM: there is not enough memory: "

PROGRAMS = {
    "zeros": "tf.zeros([10**6, 10**6])",
    "ones": "tf.ones([10**6, 10**6])",
    "fill": "tf.fill([10**6, 10**6], 1.0)",
    "uniform": "tf.random.uniform([10**6, 10**6])",
    "normal": "tf.random.normal([10**12])",
    "truncated normal": "tf.random.truncated_normal([10**12])",
    "random integers": "tf.random.uniform([10**12], maxval=5, dtype=tf.int32)",
    "stateless": "tf.random.stateless_uniform([10**12], seed=[1, 2])",
    "eye": "tf.eye(10**6)",
    "range": "tf.range(10**12)",
    "one_hot": "tf.one_hot([0, 1], 10**12)",
    "tile": "tf.tile(tf.ones([10**3, 10**3]), [10**3, 10**3])",
    "repeat": "tf.repeat([1.0], 10**12) + 1.0",
    "broadcast_to": "tf.broadcast_to(tf.constant(1.0), [10**6, 10**6]).numpy()",
    "outer sum": "tf.ones([10**6, 1]) + tf.ones([1, 10**6])",
    "outer product": "tf.matmul(tf.ones([10**6, 1]), tf.ones([1, 10**6]))",
    "tensordot": "tf.tensordot(tf.ones([10**6]), tf.ones([10**6]), 0)",
    "einsum": "tf.einsum('i,j->ij', tf.ones([10**6]), tf.ones([10**6]))",
    "pad": "tf.pad(tf.ones([2, 2]), [[0, 10**6], [0, 10**6]])",
    "diag": "tf.linalg.diag(tf.ones([10**6]))",
    "meshgrid": "tf.exp(tf.meshgrid(tf.ones([10**6]), tf.ones([10**6]))[0])",
    "gather": "tf.gather(tf.ones([1, 10**6]), tf.zeros([10**6], tf.int32))",
    "scatter": "tf.scatter_nd([[0]], [1.0], [10**12])",
    "variable": "tf.Variable(tf.zeros([10**6, 10**6]))",
    "dense": "tf.keras.layers.Dense(10**12)(tf.ones([1, 4]))",
}

ROWS = rows(tuple((name, program, BIG) for name, program in PROGRAMS.items()))
