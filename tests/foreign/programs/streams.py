"""Random streams: global seeds, operation seeds, stateless draws, generators."""

import tensorflow as tf

tf.random.set_seed(7)
print(tf.random.uniform([3]))
print(tf.random.normal([2, 2], seed=3))
print(tf.random.uniform([4], maxval=100, dtype=tf.int32))
tf.random.set_seed(7)
print(tf.random.uniform([3]))
print(tf.random.stateless_uniform([2, 3], seed=[1, 2]))
print(tf.random.stateless_normal([3], seed=[5, 6]))
generator = tf.random.Generator.from_seed(42)
print(generator.normal([3]), generator.uniform([2]))
print(tf.random.shuffle(tf.range(8), seed=1))
