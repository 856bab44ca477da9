"""A line fitted by gradient descent on the tape."""

import tensorflow as tf

x = tf.constant([0.0, 1.0, 2.0, 3.0])
y = 3.0 * x + 2.0
w, b = tf.Variable(0.5), tf.Variable(-0.5)
for step in range(60):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(w * x + b - y))
    dw, db = tape.gradient(loss, [w, b])
    w.assign_sub(0.1 * dw)
    b.assign_sub(0.1 * db)
    if step % 20 == 0:
        print(step, loss, dw.numpy(), float(db))
print(w, b)
