"""Tapes: what is recorded, and the gradients that come back."""

import gc
import weakref

import numpy as np
import pytest

import rillet as tf


def test_a_variable_is_watched_and_a_constant_is_not():
    x, c = tf.Variable(3.0), tf.constant(2.0)
    with tf.GradientTape() as tape:
        y = x * x * c
    assert [v is x for v in tape.watched_variables()] == [True]
    gx, gc_ = tape.gradient(y, [x, c])
    assert gx.numpy() == 12.0 and gc_ is None


def test_a_watched_constant_has_a_gradient():
    c = tf.constant(2.0)
    with tf.GradientTape() as tape:
        tape.watch(c)
        y = c**3
    assert tape.gradient(y, c).numpy() == pytest.approx(12.0)


def test_untrainable_variables_are_not_watched():
    x = tf.Variable(3.0, trainable=False)
    with tf.GradientTape() as tape:
        y = x * x
    assert tape.gradient(y, x) is None


def test_watch_accessed_variables_can_be_switched_off():
    x, z = tf.Variable(3.0), tf.Variable(2.0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(z)
        y = x * z
    assert tape.gradient(y, x) is None
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        y = x * z
    assert tape.gradient(y, x).numpy() == 2.0


def test_a_tape_that_is_not_persistent_is_read_once():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(RuntimeError, match=r"persistent=True"):
        tape.gradient(y, x)


def test_intermediate_tensors_have_gradients():
    """The chain f(g(h(j(x)))), split at every link."""
    x = tf.constant(0.7)
    with tf.GradientTape(persistent=True) as tape:
        tape.watch(x)
        x1 = tf.sin(x)
        x2 = x1**2
        x3 = tf.exp(x2)
        y = 3.0 * x3
    parts = [(y, x3), (x3, x2), (x2, x1), (x1, x)]
    product = np.prod([tape.gradient(*p).numpy() for p in parts])
    s = np.sin(0.7)
    assert product == pytest.approx(3 * np.exp(s * s) * 2 * s * np.cos(0.7), rel=1e-6)
    assert tape.gradient(y, x).numpy() == pytest.approx(product, rel=1e-6)
    assert tape.gradient(x1, x2) is None


def test_the_books_graph():
    """loss = |4 - (x w + b)| at x = 2, w = 3, b = 1: loss 3, gradients 2 and 1."""
    x, w, b = tf.constant(2.0), tf.Variable(3.0), tf.Variable(1.0)
    with tf.GradientTape() as tape:
        loss = tf.abs(4.0 - (x * w + b))
    assert loss.numpy() == 3.0
    assert [g.numpy() for g in tape.gradient(loss, [w, b])] == [2.0, 1.0]


def test_nests_of_targets_and_sources():
    x, z = tf.Variable(2.0), tf.Variable(5.0)
    with tf.GradientTape() as tape:
        targets = {"a": x * z, "b": x * x}
    found = tape.gradient(targets, {"x": x, "z": [z]})
    assert found["x"].numpy() == 5.0 + 4.0 and found["z"][0].numpy() == 2.0


def test_output_gradients_weigh_the_targets():
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = x * x
    g = tape.gradient(y, x, output_gradients=tf.constant([10.0, 1.0]))
    assert g.numpy().tolist() == [20.0, 4.0]


def test_unconnected_gradients_are_none_or_zero():
    x, z = tf.Variable([1.0, 2.0]), tf.Variable(1.0)
    with tf.GradientTape(persistent=True) as tape:
        y = z * 2
    assert tape.gradient(y, x) is None
    zero = tape.gradient(y, x, unconnected_gradients="zero")
    assert zero.numpy().tolist() == [0.0, 0.0]


def test_gradient_and_update_inside_the_block():
    w = tf.Variable(4.0)
    with tf.GradientTape() as tape:
        loss = w * w
        g = tape.gradient(loss, w)
        w.assign_sub(0.25 * g)
    assert w.numpy() == 2.0 and g.numpy() == 8.0


def test_a_value_read_before_an_update_keeps_its_gradient():
    """d(w · w_old)/dw where w was assigned in between: each read is its own value."""
    w = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        before = w * 1.0
        w.assign(10.0)
        y = before * w
    assert y.numpy() == 20.0
    assert tape.gradient(y, w).numpy() == 12.0


def test_nested_tapes_give_higher_orders():
    x = tf.Variable(2.0)
    with tf.GradientTape() as t3, tf.GradientTape() as t2, tf.GradientTape() as t1:
        y = x**4
    # the tapes are closed: nothing is left to differentiate further
    assert t1.gradient(y, x).numpy() == pytest.approx(32.0)
    with tf.GradientTape() as t3:
        with tf.GradientTape() as t2:
            with tf.GradientTape() as t1:
                y = x**4
            first = t1.gradient(y, x)
        second = t2.gradient(first, x)
    third = t3.gradient(second, x)
    got = [first.numpy(), second.numpy(), third.numpy()]
    assert got == pytest.approx([32.0, 48.0, 48.0])


def test_stop_recording_and_reset():
    x = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        y = x * x
        with tape.stop_recording():
            z = x * 100
    assert tape.gradient([y, z], x).numpy() == 6.0
    with tf.GradientTape() as tape:
        y = x * x
        tape.reset()
        y = x * 2
    assert tape.gradient(y, x).numpy() == 2.0
    with pytest.raises(RuntimeError, match="not recording"), tape.stop_recording():
        pass


def test_integers_have_no_gradient():
    x = tf.Variable([1.5, 2.5])
    with tf.GradientTape() as tape:
        y = tf.cast(tf.cast(x, tf.int32), tf.float32)
    assert tape.gradient(y, x) is None


def test_jacobian_of_an_affine_map_is_its_matrix():
    a = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]], np.float32)
    x = tf.Variable([1.0, 1.0, 2.0])
    with tf.GradientTape() as tape:
        y = tf.reshape(tf.matmul(a, tf.reshape(x, [3, 1])), [2])
    assert tape.jacobian(y, x).numpy().tolist() == a.tolist()


def test_batch_jacobian_keeps_rows_apart():
    x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    want = [[[2.0, 0.0], [0.0, 4.0]], [[6.0, 0.0], [0.0, 8.0]]]
    assert tape.batch_jacobian(y, x).numpy().tolist() == want


def test_sources_must_be_tensors():
    x = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = x * 2
    with pytest.raises(TypeError, match="sources are tensors or variables: got 'x'"):
        tape.gradient(y, ["x"])


def test_watching_a_list_of_numbers_is_refused():
    with tf.GradientTape() as tape, pytest.raises(ValueError, match="not a Tensor"):
        tape.watch(3.0)


def test_a_failed_op_leaves_the_tape_usable():
    x = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        with pytest.raises(tf.errors.InvalidArgumentError):
            x + tf.constant([1.0, 2.0, 3.0])
        y = tf.reduce_sum(x * x)
    assert tape.gradient(y, x).numpy().tolist() == [2.0, 4.0]


@pytest.mark.parametrize("read", ["gradient", "jacobian", "batch_jacobian"])
def test_a_read_tape_keeps_nothing_alive(read):
    x = tf.Variable(tf.ones([4, 1]))
    with tf.GradientTape() as tape:
        inner = x * 2
        y = inner * inner
    kept = weakref.ref(inner)
    getattr(tape, read)(y, x)
    del inner, y
    gc.collect()
    assert kept() is None


@pytest.mark.parametrize(
    ("leave", "text"),
    [
        (lambda x: tf.constant(x.numpy()), r"numpy\(\)"),
        (lambda x: tf.constant(np.sin(x)), "a NumPy function"),
        (lambda x: tf.cast(tf.cast(x, tf.int32), tf.float32), "Cast"),
        (lambda x: tf.Variable(x) * 1.0, "a new tf.Variable"),
        (lambda x: tf.constant(float(x)), r"float\(\)"),
    ],
)
def test_the_place_where_a_chain_broke_is_kept(leave, text):
    from rillet.core.context import state

    w = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = leave(w * 3.0) * 2.0
    assert tape.gradient(y, [w]) == [None]
    assert "test_tape.py" in state.chain_break
    import re

    assert re.search(text, state.chain_break)


@pytest.mark.parametrize(
    "f",
    [
        tf.nn.relu,
        tf.nn.relu6,
        tf.nn.leaky_relu,
        lambda x: tf.nn.relu(3.0 * tf.nn.leaky_relu(x)),
    ],
)
def test_straight_lines_have_a_second_derivative_of_zero(f):
    """TensorFlow gives zeros here too, where it could say None."""
    x = tf.constant([1.0, -1.0, 0.0])
    with tf.GradientTape() as outer:
        outer.watch(x)
        with tf.GradientTape() as inner:
            inner.watch(x)
            y = f(x)
        first = inner.gradient(y, x)
    assert outer.gradient(first, x).numpy().tolist() == [0.0, 0.0, 0.0]


def test_a_masked_root_has_no_gradient():
    """TensorFlow 2.21 gives 0, 0 and 1/4, not the NaN of 0 times infinity."""
    x = tf.constant([0.0, -1.0, 4.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.where(x > 0, tf.sqrt(x), 0.0)
    assert tape.gradient(y, x).numpy().tolist() == [0.0, 0.0, 0.25]


def test_a_row_of_no_segment_has_no_gradient_though_others_have_nan():
    x = tf.constant([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.math.unsorted_segment_sum(x, [0, -1], 1) * np.nan
    found = tape.gradient(y, x).numpy()
    assert np.isnan(found[0]) and found[1] == 0.0


@pytest.mark.parametrize(
    ("method", "f", "shape"),
    [
        ("jacobian", lambda x: x[:0], (0, 3, 2, 3)),
        ("jacobian", lambda x: x[:, :0] * 2.0, (2, 0, 2, 3)),
        ("batch_jacobian", lambda x: x[:, :0], (2, 0, 3)),
        ("batch_jacobian", lambda x: tf.ones([2, 4]), (2, 4, 3)),
    ],
)
def test_jacobians_of_nothing_are_zeros_of_their_shape(method, f, shape):
    """Shapes are TensorFlow's; it gives zeros for rows that are not connected."""
    x = tf.ones([2, 3])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = f(x)
    found = getattr(tape, method)(y, x)
    assert found.shape == shape and not found.numpy().any()


def test_numpy_is_refused_a_conversion_that_may_not_copy():
    with pytest.raises(ValueError, match="copy=False forbids it"):
        np.asarray(tf.constant([1, 2]), dtype=np.float64, copy=False)


def test_the_watched_variables_are_known_after_the_gradient():
    x, z = tf.Variable(3.0, name="x0"), tf.Variable(1.0, name="x1")
    with tf.GradientTape() as tape:
        y = x**2 + z
    tape.gradient(y, x)
    assert [v.name for v in tape.watched_variables()] == ["x0:0", "x1:0"]
    with tape:
        y = z * 2.0
    assert [v.name for v in tape.watched_variables()] == ["x1:0"]
