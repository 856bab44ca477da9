"""Printed forms, slices, types and what is refused."""

import tensorflow as tf

a = tf.reshape(tf.range(24), [2, 3, 4])
print(a)
print(repr(a[0]), a[..., ::-2].shape, a[1, 1:, tf.newaxis].shape)
print(tf.constant([[1.5, -2.25], [1e-8, 3e10]]))
print(tf.constant(["one", "zwei"]), tf.constant(True), tf.constant(3 + 4j))
print(tf.concat([[1, 2], [3]], 0), tf.stack([[1], [2]], axis=1).shape)
print(tf.cast([1.9, -1.9], tf.int32), tf.constant([7, -7]) // 2, tf.constant(7) % -3)
print(tf.argmax([[1, 9], [8, 2]], axis=1), tf.reduce_max([[1.0, 2.0]], axis=0))
v = tf.Variable([1.0, 2.0], name="v")
v[0].assign(5.0)
print(v)
for wrong in (
    lambda: tf.constant(1) + tf.constant(1.0),
    lambda: tf.matmul(tf.ones([2, 3]), tf.ones([2, 3])),
    lambda: tf.reshape(tf.range(5), [2, 3]),
    lambda: tf.constant([[1], [1, 2]]),
):
    try:
        wrong()
    except Exception as error:
        print(type(error).__name__)
