"""Networks trained: by classes of one's own, by Keras's layers, by compile and fit."""

import math

import numpy as np
import pytest

import rillet as tf

FEW = 6400


@pytest.fixture(scope="module")
def digits():
    """6,400 pictures to train on and 1,000 to test on, flat, between 0 and 1."""
    (images, labels), (test_images, test_labels) = tf.keras.datasets.mnist.load_data()
    train = images[:FEW].reshape(-1, 784).astype("float32") / 255
    test = test_images[:1000].reshape(-1, 784).astype("float32") / 255
    return train, labels[:FEW], test, test_labels[:1000]


class NaiveDense:
    def __init__(self, inputs, outputs, activation):
        self.activation = activation
        self.W = tf.Variable(tf.random.uniform((inputs, outputs), 0, 1e-1))
        self.b = tf.Variable(tf.zeros((outputs,)))
        self.weights = [self.W, self.b]

    def __call__(self, x):
        return self.activation(tf.matmul(x, self.W) + self.b)


class NaiveSequential:
    def __init__(self, layers):
        self.layers = layers

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    @property
    def weights(self):
        return [weight for layer in self.layers for weight in layer.weights]


class Batches:
    def __init__(self, images, labels, size=128):
        self.images, self.labels, self.size = images, labels, size
        self.index = 0
        self.count = math.ceil(len(images) / size)

    def next(self):
        rows = slice(self.index, self.index + self.size)
        self.index += self.size
        return self.images[rows], self.labels[rows]


def step(model, images, labels, rate):
    """A step whose gradients and updates stand inside the tape, as a book has it."""
    with tf.GradientTape() as tape:
        given = model(images)
        losses = tf.keras.losses.sparse_categorical_crossentropy(labels, given)
        loss = tf.reduce_mean(losses)
        slopes = tape.gradient(loss, model.weights)
        for slope, weight in zip(slopes, model.weights, strict=True):
            weight.assign_sub(slope * rate)
    return loss


def test_from_scratch(digits):
    images, labels, *_ = digits
    tf.random.set_seed(1)
    model = NaiveSequential(
        [NaiveDense(784, 64, tf.nn.relu), NaiveDense(64, 10, tf.nn.softmax)]
    )
    assert len(model.weights) == 4
    first = [weight.numpy() for weight in model.weights]
    kept = [array.copy() for array in first]
    losses = []
    for _ in range(2):
        batches = Batches(images, labels)
        assert batches.count == 50
        for _ in range(batches.count):
            losses.append(float(step(model, *batches.next(), rate=1e-3)))
    assert np.mean(losses[-10:]) < np.mean(losses[:10]) - 0.15
    for array, copy in zip(first, kept, strict=True):
        np.testing.assert_array_equal(array, copy)
    matches = np.argmax(model(images).numpy(), axis=1) == labels
    assert matches.mean() > 0.11


def test_layers_in_a_loop(digits):
    images, labels, test_images, test_labels = digits
    tf.random.set_seed(2)
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [layers.Dense(50), layers.ReLU(), layers.Dense(10, activation="softmax")]
    )
    optimizer = tf.keras.optimizers.SGD(learning_rate=0.1)
    loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=False)
    mean = tf.keras.metrics.Mean()
    hits = tf.keras.metrics.SparseCategoricalAccuracy()
    for _ in range(4):
        mean.reset_state()
        hits.reset_states()
        batches = Batches(images, labels, 64)
        for _ in range(batches.count):
            x, y = batches.next()
            with tf.GradientTape() as tape:
                given = model(x)
                loss = loss_fn(y_true=y, y_pred=given)
            slopes = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(
                zip(slopes, model.trainable_variables, strict=True)
            )
            mean(loss)
            hits(y_true=y, y_pred=given)
    assert float(mean.result()) < 0.4
    assert hits.result() > 0.88
    assert f"{hits.result():.1f}" == "0.9"
    found = np.argmax(model.predict(test_images, verbose=0), axis=1)
    assert (found == test_labels).mean() > 0.85


def test_compile_fit_evaluate_predict(digits):
    images, labels, test_images, test_labels = digits
    tf.keras.utils.set_random_seed(3)
    model = tf.keras.Sequential(
        [
            tf.keras.layers.Dense(128, activation="relu"),
            tf.keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(
        images,
        labels,
        epochs=4,
        batch_size=128,
        validation_data=(test_images, test_labels),
        verbose=0,
    )
    assert set(history.history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history.epoch == [0, 1, 2, 3]
    assert history.params["steps"] == 50
    assert int(model.optimizer.iterations) == 200
    assert history.history["accuracy"][-1] > 0.92
    loss, accuracy = model.evaluate(test_images, test_labels, verbose=0)
    np.testing.assert_allclose(loss, history.history["val_loss"][-1], rtol=1e-5)
    assert accuracy > 0.88
    given = model.predict(test_images[:10], verbose=0)
    assert (given.shape, given.dtype) == ((10, 10), np.float32)
    np.testing.assert_allclose(given.sum(axis=1), 1, rtol=1e-5)
    assert given[0].argmax() == test_labels[0] == 7


def test_zeros_from_ones():
    (x, y), (test_x, test_y) = tf.keras.datasets.mnist.load_data()
    tf.keras.utils.set_random_seed(4)

    def binary(images, labels, count):
        chosen = labels < 2
        return images[chosen][:count].reshape(-1, 784) / 255.0, labels[chosen][:count]

    x, y = binary(x, y, 500)
    test_x, test_y = binary(test_x, test_y, 1000)
    model = tf.keras.models.Sequential(
        [tf.keras.layers.Dense(n, activation="sigmoid") for n in (25, 15, 1)]
    )
    model.compile(loss=tf.keras.losses.BinaryCrossentropy())
    model.fit(x, y, epochs=40, verbose=0)
    found = (model.predict(test_x, verbose=0) >= 0.5).astype(int)[:, 0]
    assert (found == test_y).mean() > 0.99


def test_a_model_of_ones_own(digits):
    images, *_ = digits

    class Network(tf.keras.Model):
        def __init__(self, inputs, outputs):
            super().__init__()
            self.first = tf.keras.layers.Dense(
                50, input_shape=(inputs,), activation="relu"
            )
            self.second = tf.keras.layers.Dense(outputs)

        def call(self, x):
            return tf.nn.softmax(self.second(self.first(x)))

    model = Network(784, 10)
    given = model(images[:4])
    assert given.shape == (4, 10)
    np.testing.assert_allclose(tf.reduce_sum(given, axis=1), 1, rtol=1e-6)
    assert [tuple(w.shape) for w in model.weights] == [
        (784, 50),
        (50,),
        (50, 10),
        (10,),
    ]
