"""One neuron after another: perceptrons, forward propagation, Dense."""

import numpy as np
import pytest

import rillet as tf


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_going_to_the_concert():
    reasons = tf.constant([1.0, 0.0, 1.0, 0.0, 1.0])
    weights = tf.constant([0.7, 0.6, 0.5, 0.3, 0.4])
    total = tf.reduce_sum(reasons * weights)
    np.testing.assert_allclose(total, 1.6, rtol=1e-6)
    assert bool(total > 1.5) is True
    assert ("go" if total > 1.5 else "stay") == "go"


def test_a_perceptron_learns_a_line():
    points = tf.random.uniform((500, 2), 0, 400, seed=1)
    above = tf.cast(points[:, 1] > points[:, 0] * 1.2 + 50, tf.float32)
    rows = tf.concat([points, tf.ones([500, 1])], axis=1)
    weights = tf.Variable(tf.random.uniform([3], -1, 1, seed=2))
    mistakes = []
    for _ in range(30):
        wrong = 0
        for row, wanted in zip(rows, above, strict=True):
            guess = tf.cast(tf.reduce_sum(row * weights) > 0, tf.float32)
            if guess != wanted:
                weights.assign_add(1e-5 * (wanted - guess) * row)
                wrong += 1
        mistakes.append(wrong)
    assert mistakes[-1] < 25
    assert mistakes[-1] < mistakes[0]


#: Weights and bias of three neurons, and their sums for 180 degrees and 90 minutes.
NEURONS = [([1, 2], -1, 359), ([-3, 4], 1, -179), ([0.5, -1.5], 0, -45)]


def test_three_neurons_are_a_layer():
    x = np.array([180.0, 90.0])
    sums = [np.dot(w, x) + b for w, b, _ in NEURONS]
    assert sums == [z for *_, z in NEURONS]
    layer = tf.keras.layers.Dense(3, activation="sigmoid")
    layer.build((None, 2))
    kernel = np.array([w for w, *_ in NEURONS]).T
    layer.set_weights([kernel, np.array([b for _, b, _ in NEURONS])])
    outputs = layer(x[np.newaxis])
    assert outputs.shape == (1, 3)
    np.testing.assert_allclose(outputs[0], sigmoid(np.array(sums)), atol=1e-6)


def by_loops(inputs, kernel, bias):
    outputs = np.zeros(kernel.shape[1])
    for j in range(kernel.shape[1]):
        z = bias[j]
        for i in range(kernel.shape[0]):
            z += kernel[i, j] * inputs[i]
        outputs[j] = sigmoid(z)
    return outputs


@pytest.mark.parametrize("widths", [(2, 3), (2, 3, 1), (4, 25, 15, 1)], ids=str)
def test_loops_vectors_and_dense_agree(widths):
    rng = np.random.default_rng(len(widths))
    x = rng.normal(size=(5, widths[0]))
    pairs = list(zip(widths, widths[1:], strict=False))
    parts = [(rng.normal(size=pair), rng.normal(size=pair[1])) for pair in pairs]
    model = tf.keras.Sequential(
        [tf.keras.layers.Dense(n, activation="sigmoid") for n in widths[1:]]
    )
    model.build((None, widths[0]))
    model.set_weights([array for part in parts for array in part])
    loops, vectors = x, tf.constant(x)
    for kernel, bias in parts:
        loops = np.array([by_loops(row, kernel, bias) for row in loops])
        vectors = tf.sigmoid(tf.matmul(vectors, kernel) + bias)
    assert vectors.dtype == tf.float64
    np.testing.assert_allclose(vectors, loops, rtol=1e-12)
    np.testing.assert_allclose(model(x), loops, atol=1e-6)
    np.testing.assert_allclose(model.predict(x, verbose=0), loops, atol=1e-6)


def test_the_answer_is_yes_or_no():
    first = tf.keras.layers.Dense(units=3, activation="sigmoid")
    second = tf.keras.layers.Dense(units=1, activation="sigmoid")
    answer = second(first(np.array([[180, 90]])))
    assert answer.shape == (1, 1)
    assert (1 if answer >= 0.5 else 0) in (0, 1)


def test_layers_without_a_nonlinearity_are_one_layer():
    tf.random.set_seed(3)
    x = tf.random.normal([5, 7])
    w1, b1 = tf.random.normal([7, 6]), tf.random.normal([6])
    w2, b2 = tf.random.normal([6, 3]), tf.random.normal([3])
    deep = (x @ w1 + b1) @ w2 + b2
    flat = x @ (w1 @ w2) + (b1[tf.newaxis] @ w2 + b2)
    np.testing.assert_allclose(deep, flat, atol=1e-4)
