"""Logistic regression on MNIST by hand; the figures are those that courses print."""

import numpy as np
import pytest

import rillet as tf

COUNTS = [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]

#: Loss and accuracy of all 60,000 pictures before step 0, 100, ... 900.
PUBLISHED = [
    (2.3025854, 0.0987167),
    (0.6087094, 0.8613333),
    (0.4893727, 0.8772166),
    (0.4403721, 0.8854500),
    (0.4121580, 0.8906000),
    (0.3932503, 0.8945833),
    (0.3794312, 0.8975000),
    (0.3687483, 0.8997833),
    (0.3601595, 0.9016333),
    (0.3530518, 0.9029833),
]

#: The same of the first 500 pictures alone.
PUBLISHED_500 = [
    (2.3025851, 0.100),
    (0.4364985, 0.904),
    (0.2936296, 0.944),
    (0.2247713, 0.966),
    (0.1816231, 0.982),
    (0.1515568, 0.986),
    (0.1293906, 0.992),
    (0.1124672, 0.998),
    (0.0992136, 1.000),
    (0.0886120, 1.000),
]


class Linear:
    """x W + b, of ones and zeros."""

    def __init__(self, inputs, outputs):
        self.W = tf.Variable(tf.ones([inputs, outputs]))
        self.b = tf.Variable(tf.zeros(outputs))
        self.trainable_variables = [self.W, self.b]

    def __call__(self, x):
        return x @ self.W + self.b


def prepared(images, labels):
    images, labels = tf.convert_to_tensor(images), tf.convert_to_tensor(labels)
    flat = tf.cast(tf.reshape(images, (-1, 28 * 28)), tf.float32) / 255.0
    return flat, tf.one_hot(labels, depth=10)


def accuracy(wanted, given):
    equal = tf.math.argmax(given, axis=1) == tf.math.argmax(wanted, axis=1)
    return tf.reduce_mean(tf.cast(equal, tf.float32))


def crossentropy(wanted, given):
    return -tf.reduce_sum(wanted * tf.math.log(given), axis=1)


def train(x, y, steps):
    """The model, and loss and accuracy before every hundredth step."""
    model = Linear(28 * 28, 10)
    optimizer = tf.keras.optimizers.SGD(learning_rate=0.1)
    seen = []
    for step in range(steps):
        with tf.GradientTape() as tape:
            given = tf.nn.softmax(model(x))
            loss = tf.reduce_mean(crossentropy(y, given))
        slopes = tape.gradient(loss, model.trainable_variables)
        pairs = zip(slopes, model.trainable_variables, strict=True)
        optimizer.apply_gradients(pairs)
        if step % 100 == 0:
            seen.append((float(loss), float(accuracy(y, given))))
    return model, seen


@pytest.fixture(scope="module")
def mnist():
    return tf.keras.datasets.mnist.load_data()


@pytest.fixture(scope="module")
def first_500(mnist):
    (images, labels), _ = mnist
    return prepared(images[:500], labels[:500])


def test_the_data(mnist):
    (images, labels), (test_images, test_labels) = mnist
    assert (images.shape, images.dtype) == ((60000, 28, 28), np.uint8)
    assert (test_images.shape, labels.dtype) == ((10000, 28, 28), np.uint8)
    assert labels[:5].tolist() == [5, 0, 4, 1, 9]
    assert test_labels[:3].tolist() == [7, 2, 1]
    assert test_labels[-3:].tolist() == [4, 5, 6]
    y = tf.convert_to_tensor(labels)
    digits = [int(tf.reduce_sum(tf.cast(y == d, tf.int32))) for d in range(10)]
    assert digits == COUNTS


def test_logits_of_ones_are_the_ink(first_500):
    x, _ = first_500
    logits = Linear(784, 10)(x)
    # Printed by the course: the sums of the pictures' pixels.
    places, printed = [0, 1, 2], [107.94119, 121.94121, 76.247055]
    np.testing.assert_allclose(logits.numpy()[places, 0], printed, rtol=1e-5)


def test_softmax_written_out_overflows_and_tensorflows_does_not(first_500):
    x, y = first_500
    logits = Linear(784, 10)(x)
    naive = tf.math.exp(logits) / tf.reduce_sum(tf.math.exp(logits))
    assert np.isnan(naive).any()
    given = tf.nn.softmax(logits)
    # Sums near 108 are known to 7.6e-6.
    np.testing.assert_allclose(given, 0.1, rtol=2e-5)
    np.testing.assert_allclose(tf.reduce_sum(given, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(accuracy(y, given), 0.1, rtol=1e-6)
    np.testing.assert_allclose(crossentropy(y, given), np.log(10), rtol=1e-5)
    by_keras = tf.keras.losses.categorical_crossentropy(y, given)
    np.testing.assert_allclose(by_keras, np.log(10), rtol=1e-5)


def test_500_pictures(first_500, mnist):
    model, seen = train(*first_500, 1000)
    # float32 over a thousand steps; one picture of 500 is 0.002 of accuracy.
    np.testing.assert_allclose(
        [s[0] for s in seen], [p[0] for p in PUBLISHED_500], 1e-3
    )
    np.testing.assert_allclose(
        [s[1] for s in seen], [p[1] for p in PUBLISHED_500], atol=2.1e-3
    )
    x, y = prepared(*mnist[1])
    given = tf.nn.softmax(model(x))
    loss = tf.reduce_mean(crossentropy(y, given))
    np.testing.assert_allclose(loss, 0.5398113, atol=2e-3)
    np.testing.assert_allclose(accuracy(y, given), 0.8337, atol=1e-3)


def test_60000_pictures_a_hundred_steps(mnist):
    _, seen = train(*prepared(*mnist[0]), 101)
    np.testing.assert_allclose(seen, PUBLISHED[:2], atol=5e-5)


@pytest.mark.foreign
def test_60000_pictures(mnist):
    model, seen = train(*prepared(*mnist[0]), 1000)
    np.testing.assert_allclose(seen, PUBLISHED, atol=5e-5)
    x, y = prepared(*mnist[1])
    given = tf.nn.softmax(model(x))
    loss = tf.reduce_mean(crossentropy(y, given))
    np.testing.assert_allclose(loss, 0.3309538, atol=2e-4)
    np.testing.assert_allclose(accuracy(y, given), 0.9096, atol=2e-4)
