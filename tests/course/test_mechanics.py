"""What a network is made of: naive loops, geometry, gradients, momentum."""

import math

import numpy as np
import pytest

import rillet as tf

RNG = np.random.default_rng(5)
X, Y = RNG.uniform(-0.5, 0.5, (6, 7)), RNG.uniform(-0.5, 0.5, (6, 7))
V = RNG.uniform(-0.5, 0.5, 7)


def naive_relu(x):
    out = x.copy()
    for place in np.ndindex(x.shape):
        out[place] = max(x[place], 0)
    return out


def naive_add(x, y):
    out = x.copy()
    for place in np.ndindex(x.shape):
        out[place] += y[place]
    return out


def naive_add_vector(x, vector):
    out = x.copy()
    for i, j in np.ndindex(x.shape):
        out[i, j] += vector[j]
    return out


def naive_dot(x, y):
    total = 0.0
    for a, b in zip(x, y, strict=True):
        total += a * b
    return total


def naive_matrix_vector(x, vector):
    return np.array([naive_dot(row, vector) for row in x])


def naive_matmul(x, y):
    return np.array([[naive_dot(row, column) for column in y.T] for row in x])


PAIRS = {
    "relu": (lambda: naive_relu(X), lambda: tf.nn.relu(X)),
    "add": (lambda: naive_add(X, Y), lambda: tf.constant(X) + Y),
    "add a vector": (lambda: naive_add_vector(X, V), lambda: tf.constant(X) + V),
    "dot": (lambda: naive_dot(V, V), lambda: tf.tensordot(V, V, 1)),
    "matvec": (lambda: naive_matrix_vector(X, V), lambda: tf.linalg.matvec(X, V)),
    "matmul": (lambda: naive_matmul(X, Y.T), lambda: tf.matmul(X, Y, transpose_b=True)),
    "both": (lambda: naive_relu(naive_add(X, Y)), lambda: tf.maximum(X + Y, 0.0)),
    "on tensors": (
        lambda: naive_dot(tf.constant(V), tf.constant(V)),
        lambda: tf.reduce_sum(tf.square(V)),
    ),
}


@pytest.mark.parametrize(("naive", "whole"), PAIRS.values(), ids=PAIRS)
def test_naive_loops_agree(naive, whole):
    np.testing.assert_allclose(whole(), naive(), rtol=1e-12)


def test_broadcasting_by_hand():
    x, y = RNG.random((64, 3, 32, 10)), RNG.random((32, 10))
    np.testing.assert_array_equal(tf.maximum(x, y), np.maximum(x, y))
    row = np.expand_dims(tf.constant(V), axis=0)
    assert np.concatenate([row] * 32, axis=0).shape == (32, 7)


def test_products_of_higher_rank():
    solid = tf.ones((2, 3, 4, 5))
    assert tf.tensordot(solid, tf.ones((5,)), 1).shape == (2, 3, 4)
    assert tf.tensordot(solid, tf.ones((5, 6)), 1).shape == (2, 3, 4, 6)
    six = tf.reshape(tf.constant([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]), (6, 1))
    assert tf.reshape(six, (2, 3)).numpy().tolist() == [[0, 1, 2], [3, 4, 5]]


def test_geometry():
    a, b = tf.constant([0.5, 1.0]), tf.constant([1.0, 0.25])
    assert (a + b).numpy().tolist() == [1.5, 1.25]
    quarter = math.pi / 2
    turn = tf.constant(
        [
            [math.cos(quarter), -math.sin(quarter)],
            [math.sin(quarter), math.cos(quarter)],
        ]
    )
    np.testing.assert_allclose(tf.linalg.matvec(turn, [1.0, 0.0]), [0, 1], atol=1e-6)
    scale = tf.linalg.diag([1.0, -0.5])
    np.testing.assert_allclose(tf.linalg.matvec(scale, a), [0.5, -0.5])
    affine = tf.keras.layers.Dense(2)
    affine.build((None, 2))
    affine.set_weights([tf.transpose(turn).numpy(), b.numpy()])
    wanted = tf.linalg.matvec(turn, a) + b
    np.testing.assert_allclose(affine(a[tf.newaxis])[0], wanted, atol=1e-6)


def test_gradients_of_a_few_kinds():
    x = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = x**2 + 2 * x - 5
    assert (float(y), float(tape.gradient(y, x))) == (-2.0, 4.0)
    table = tf.Variable(tf.random.uniform((2, 2)))
    with tf.GradientTape() as tape:
        y = 2 * table + 3
    assert tape.gradient(y, table).numpy().tolist() == [[2, 2], [2, 2]]
    kernel, bias = tf.Variable(tf.random.uniform((2, 2))), tf.Variable(tf.zeros((2,)))
    inputs = tf.random.uniform((2, 2))
    with tf.GradientTape() as tape:
        y = tf.matmul(inputs, kernel) + bias
    of_kernel, of_bias = tape.gradient(y, [kernel, bias])
    assert of_bias.numpy().tolist() == [2, 2]
    sums = np.repeat(inputs.numpy().sum(0)[:, np.newaxis], 2, axis=1)
    np.testing.assert_allclose(of_kernel, sums, rtol=1e-6)


def test_the_books_graph():
    x, w, b, wanted = tf.constant(2.0), tf.Variable(3.0), tf.Variable(1.0), 4.0
    with tf.GradientTape(persistent=True) as tape:
        x1 = x * w
        x2 = x1 + b
        loss = tf.abs(wanted - x2)
    assert (float(x1), float(x2), float(loss)) == (6.0, 7.0, 3.0)
    edges = [(loss, x2, 1), (x2, x1, 1), (x2, b, 1), (x1, w, 2), (loss, w, 2)]
    for top, bottom, slope in [*edges, (loss, b, 1)]:
        assert float(tape.gradient(top, bottom)) == slope


def test_the_chain_rule():
    x = tf.constant(0.7)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        x1 = tf.sin(x)
        x2 = x1**2
        x3 = tf.exp(x2)
        y = 3.0 * x3
    chain = [(y, x3), (x3, x2), (x2, x1), (x1, x)]
    product = math.prod(float(tape.gradient(*pair)) for pair in chain)
    inner = math.sin(0.7)
    formula = 3 * math.exp(inner**2) * 2 * inner * math.cos(0.7)
    np.testing.assert_allclose(tape.gradient(y, x), formula, rtol=1e-6)
    np.testing.assert_allclose(product, formula, rtol=1e-6)
    assert tape.gradient(x1, x2) is None


def test_gradients_against_one_coefficient_at_a_time():
    tf.random.set_seed(11)
    inputs, labels = tf.random.normal([4, 5], dtype=tf.float64), [0, 2, 1, 2]
    sizes = ([5, 6], [6], [6, 3], [3])
    weights = [tf.Variable(tf.random.normal(s, dtype=tf.float64)) for s in sizes]

    def loss():
        w1, b1, w2, b2 = weights
        given = tf.nn.softmax(tf.nn.relu(inputs @ w1 + b1) @ w2 + b2)
        losses = tf.keras.losses.sparse_categorical_crossentropy(labels, given)
        return tf.reduce_mean(losses)

    with tf.GradientTape() as tape:
        value = loss()
    step = 1e-5
    for weight, slope in zip(weights, tape.gradient(value, weights), strict=True):
        kept = weight.numpy()
        for place in np.ndindex(kept.shape):
            ends = []
            for side in (step, -step):
                moved = kept.copy()
                moved[place] += side
                weight.assign(moved)
                ends.append(float(loss()))
            weight.assign(kept)
            # Keras keeps probabilities 1e-7 from 0 and 1 in float32's resolution.
            found = (ends[0] - ends[1]) / (2 * step)
            assert abs(found - slope.numpy()[place]) < 1e-5


def test_momentum_is_nesterovs():
    rate, momentum = 0.05, 0.1
    w, velocity = 2.0, 0.0
    variable = tf.Variable(2.0)
    optimizer = tf.keras.optimizers.SGD(rate, momentum=momentum, nesterov=True)
    for _ in range(40):
        slope = 2 * w
        velocity = velocity * momentum - rate * slope
        w = w + momentum * velocity - rate * slope
        with tf.GradientTape() as tape:
            loss = variable**2
        optimizer.apply_gradients([(tape.gradient(loss, variable), variable)])
        np.testing.assert_allclose(variable, w, rtol=1e-5)


@pytest.mark.parametrize(("momentum", "side"), [(0.0, -1), (0.95, 1)])
def test_momentum_leaves_the_local_minimum(momentum, side):
    place = tf.Variable(-4.0)
    optimizer = tf.keras.optimizers.SGD(0.01, momentum=momentum)
    for _ in range(400):
        with tf.GradientTape() as tape:
            height = 0.05 * place**4 - 0.5 * place**2 - 0.2 * place + 2.0
        optimizer.apply_gradients([(tape.gradient(height, place), place)])
    # The roots of 0.2 t^3 - t - 0.2: a shallow valley at -2.13, a deep one at 2.33.
    valleys = np.roots([0.2, 0, -1, -0.2])
    valley = valleys.min() if side < 0 else valleys.max()
    np.testing.assert_allclose(place, valley, atol=0.05)
