"""What a type checker knows of the public names; `make types` reads it, nothing runs.

An ignored line is one that must be an error: mypy refuses ignores that nothing needs.
"""

from typing import assert_type

import rillet as tf

total = tf.reduce_sum(tf.constant([1.0, 2.0]))
assert_type(total, tf.Tensor)
assert_type(tf.nn.relu(total), tf.Tensor)
assert_type(tf.keras.layers.Dense(3), tf.keras.layers.Dense)
assert_type(tf.zeros([2]).shape, tf.TensorShape)
assert_type(tf.float32, tf.DType)

tf.reduce_meen(total)  # type: ignore[attr-defined]
tf.nn.reul(total)  # type: ignore[attr-defined]
tf.reshape(total, shap=[2])  # type: ignore[call-arg]
