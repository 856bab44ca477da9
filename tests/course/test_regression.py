"""A line through points: in closed form, by hand, by class, by optimizer."""

import numpy as np
import pytest

import rillet as tf


class Line:
    """y = m x + b."""

    def __init__(self):
        self.m = tf.Variable(1, dtype=tf.float32)
        self.b = tf.Variable(0, dtype=tf.float32)
        self.trainable_variables = [self.m, self.b]

    def __call__(self, x):
        return self.m * x + self.b


class Descent:
    """Gradient descent in three lines."""

    def __init__(self, rate):
        self.rate = rate

    def apply_gradients(self, pairs):
        for slope, variable in pairs:
            variable.assign_sub(self.rate * slope)


def squared_error(wanted, given):
    return tf.reduce_mean((wanted - given) ** 2)


@pytest.fixture
def points():
    tf.random.set_seed(7)
    x = tf.range(1.0, 5.0, 0.1)
    noise = tf.random.uniform(shape=(40,), minval=-1, maxval=1, dtype=tf.float32)
    return x, 3.5 * x - 1 + noise


def least_squares(x, y):
    """The best m and b, by NumPy in float64."""
    design = np.stack([x.numpy(), np.ones(len(x))], 1).astype(float)
    return np.linalg.lstsq(design, y.numpy().astype(float), rcond=None)[0]


def test_closed_form(points):
    x, y = points
    dx, dy = x - tf.reduce_mean(x), y - tf.reduce_mean(y)
    m = tf.reduce_mean(dx * dy) / tf.reduce_mean(dx**2)
    b = tf.reduce_mean(y) - m * tf.reduce_mean(x)
    np.testing.assert_allclose([m, b], least_squares(x, y), rtol=1e-4, atol=1e-4)


def test_gradient_is_the_formulas(points):
    x, y = points
    line = Line()
    with tf.GradientTape() as tape:
        loss = squared_error(y, line(x))
    found = tape.gradient(loss, line.trainable_variables)
    off = (x.numpy() - y.numpy()).astype(float)
    wanted = [2 * np.mean(off * x.numpy()), 2 * np.mean(off)]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    np.testing.assert_allclose(loss, np.mean(off**2), rtol=1e-5)


def train(line, optimizer, x, y, steps):
    losses = []
    for _ in range(steps):
        with tf.GradientTape() as tape:
            loss = squared_error(y, line(x))
        slopes = tape.gradient(loss, line.trainable_variables)
        pairs = zip(slopes, line.trainable_variables, strict=True)
        optimizer.apply_gradients(pairs)
        losses.append(float(loss))
    return losses


def test_descent_by_hand_reaches_the_closed_form(points):
    x, y = points
    line = Line()
    losses = train(line, Descent(0.05), x, y, 1500)
    assert losses[0] > 30
    # 1500 steps shrink the slower direction, whose rate is 0.983 a step, to nothing.
    np.testing.assert_allclose([line.m, line.b], least_squares(x, y), rtol=2e-3)


def test_keras_descends_alike(points):
    x, y = points
    by_hand, by_keras = Line(), Line()
    mine = train(by_hand, Descent(0.05), x, y, 100)
    theirs = train(by_keras, tf.keras.optimizers.SGD(learning_rate=0.05), x, y, 100)
    np.testing.assert_allclose(mine, theirs, rtol=1e-5)
    old = train(Line(), tf.keras.optimizers.SGD(lr=0.05), x, y, 100)
    np.testing.assert_allclose(old, theirs, rtol=1e-6)


def test_the_loss_as_a_surface(points):
    x, y = points
    ms, bs = tf.linspace(2.0, 5.0, 61), tf.linspace(-3.0, 1.0, 41)
    given = ms[:, None, None] * x + bs[None, :, None]
    surface = tf.reduce_mean((y - given) ** 2, axis=-1)
    assert surface.shape == (61, 41)
    lowest = np.unravel_index(np.argmin(surface), surface.shape)
    m, b = least_squares(x, y)
    # Half a step of the grid, twice over: the valley is narrow and slanted.
    assert abs(float(ms[lowest[0]]) - m) < 0.1
    assert abs(float(bs[lowest[1]]) - b) < 0.4


def test_stop_where_the_cost_no_longer_falls():
    x = np.arange(0.5, 1.51, 0.1, dtype=np.float32)
    y = np.array([7, 8, 8, 9, 9, 9, 10, 11, 14, 14, 15], np.float32)
    weight, bias = tf.Variable(0.0), tf.Variable(0.0)
    best = float("inf")
    while True:
        with tf.GradientTape() as tape:
            cost = tf.reduce_mean((y - (weight * x + bias)) ** 2)
        if not cost < best - 1e-7:
            break
        best = float(cost)
        for variable, slope in zip(
            (weight, bias), tape.gradient(cost, [weight, bias]), strict=True
        ):
            variable.assign_sub(0.1 * slope)
    np.testing.assert_allclose([weight, bias], np.polyfit(x, y, 1), atol=0.05)


class Curve(tf.keras.Model):
    """Two dense layers over one number."""

    def __init__(self, units):
        super().__init__()
        self.inner = tf.keras.layers.Dense(
            units,
            activation=tf.nn.relu,
            kernel_initializer=tf.random.normal,
            bias_initializer=tf.random.normal,
        )
        self.outer = tf.keras.layers.Dense(1)

    def call(self, x, training=True):
        return tf.squeeze(self.outer(self.inner(x[:, tf.newaxis])), axis=1)


def test_a_curve_by_loop_and_by_fit():
    tf.random.set_seed(22)
    x = tf.cast(tf.linspace(-2, 2, 209), tf.float32)
    y = x**2 + 2 * x - 5 + tf.random.normal(shape=[209])
    model = Curve(64)
    untrained = float(squared_error(y, model(x)))
    optimizer = tf.optimizers.SGD(learning_rate=0.01)
    for _ in range(300):
        with tf.GradientTape() as tape:
            loss = squared_error(y, model(x))
        slopes = tape.gradient(loss, model.variables)
        optimizer.apply_gradients(zip(slopes, model.variables, strict=True))
    # The noise has variance 1: no curve does much better.
    assert 0.7 < float(loss) < 1.5 < untrained
    fitted = Curve(64)
    fitted.compile(
        loss=tf.keras.losses.MSE, optimizer=tf.optimizers.SGD(learning_rate=0.01)
    )
    history = fitted.fit(x, y, epochs=60, batch_size=32, verbose=0)
    assert len(history.history["loss"]) == 60
    assert 0.7 < history.history["loss"][-1] < 1.6
