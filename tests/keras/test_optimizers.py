"""Optimizers: what a step leaves, settings, refusals, users' subclasses."""

from __future__ import annotations

import copy
import logging
import pickle

import numpy as np
import pytest

import rillet as tf

OPT = tf.keras.optimizers


def one(value=1.0, name="w", **kwargs):
    return tf.Variable(value, name=name, **kwargs)


def test_minimize_takes_a_function_or_a_tape():
    w = one(3.0)
    opt = OPT.SGD(0.1)
    opt.minimize(lambda: w * w, [w])
    assert float(w) == pytest.approx(2.4)
    with tf.GradientTape() as tape:
        loss = w * w
    opt.minimize(loss, [w], tape=tape)
    assert float(w) == pytest.approx(1.92)
    assert int(opt.iterations) == 2
    assert opt.iterations.dtype == tf.int64
    with pytest.raises(ValueError, match="`tape` is required"):
        opt.minimize(loss, [w])


def test_no_gradients_says_where_the_chain_broke():
    w = one()
    opt = OPT.SGD()
    with tf.GradientTape() as tape:
        loss = tf.constant((w * 2.0).numpy())
    grads = tape.gradient(loss, [w])
    with pytest.raises(ValueError, match=r"No gradients provided for any variable"):
        opt.apply_gradients(zip(grads, [w], strict=True))
    with tf.GradientTape() as tape:
        loss = tf.constant((w * 2.0).numpy())
    grads = tape.gradient(loss, [w])
    with pytest.raises(ValueError, match=r"broke at: numpy\(\) at .*test_optimizers"):
        opt.apply_gradients(zip(grads, [w], strict=True))


def test_some_gradients_missing_is_a_warning(caplog):
    a, b = one(name="a"), one(name="b")
    logger = tf.get_logger()
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.WARNING):
            OPT.SGD(1.0).apply_gradients([(tf.constant(0.5), a), (None, b)])
    finally:
        logger.removeHandler(caplog.handler)
    assert float(a) == 0.5
    assert float(b) == 1.0
    assert "Gradients do not exist for variables ['b:0']" in caplog.text


MAKERS = [
    lambda **k: OPT.SGD(0.1, **k),
    lambda **k: OPT.SGD(0.1, momentum=0.9, **k),
    lambda **k: OPT.Adam(**k),
    lambda **k: OPT.RMSprop(OPT.schedules.ExponentialDecay(0.1, 2, 0.5), **k),
    lambda **k: OPT.Nadam(use_ema=True, **k),
    lambda **k: OPT.SGD(0.1, weight_decay=0.1, **k),
]


@pytest.mark.parametrize("make", MAKERS)
def test_a_step_that_fails_changes_nothing(make):
    a, b = tf.Variable([1.0, 2.0]), tf.Variable([[3.0]])
    opt = make()
    good = [(tf.constant([1.0, 1.0]), a), (tf.constant([[1.0]]), b)]
    opt.apply_gradients(good)
    kept = [v.numpy() for v in (a, b, *opt.variables)]
    with pytest.raises(tf.errors.InvalidArgumentError, match="has the shape of its"):
        opt.apply_gradients([good[0], (tf.constant([1.0, 2.0, 3.0]), b)])
    for before, v in zip(kept, (a, b, *opt.variables), strict=True):
        np.testing.assert_array_equal(before, v.numpy())


def test_a_constraint_that_fails_changes_nothing():
    def refuse(w):
        raise ValueError("no")

    a, b = one(), one(constraint=refuse)
    opt = OPT.SGD(0.1)
    with pytest.raises(ValueError, match="no"):
        opt.apply_gradients([(tf.constant(1.0), a), (tf.constant(1.0), b)])
    assert float(a) == 1.0
    assert int(opt.iterations) == 0


def test_constraints_come_after_the_update():
    w = tf.Variable([1.0, -1.0], constraint=tf.keras.constraints.NonNeg())
    OPT.SGD(1.0).apply_gradients([(tf.constant([2.0, -0.5]), w)])
    np.testing.assert_array_equal(w.numpy(), [0.0, 0.0])


def test_a_variable_that_comes_twice_is_updated_twice():
    w = one(4.0)
    OPT.SGD(0.5, momentum=0.5).apply_gradients([(tf.constant(1.0), w)] * 2)
    assert float(w) == pytest.approx(4.0 - 0.5 - (0.25 + 0.5))


def test_values_read_before_stay():
    w = tf.Variable([1.0, 2.0])
    before = w.read_value()
    OPT.Adam(0.1).apply_gradients([(tf.constant([1.0, 1.0]), w)])
    np.testing.assert_array_equal(before.numpy(), [1.0, 2.0])


@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float64"])
@pytest.mark.parametrize("name", ["SGD", "RMSprop", "Adam", "Nadam", "Ftrl", "Adagrad"])
def test_other_float_types_stay(name, kind):
    w = tf.Variable([1.0, 2.0], dtype=kind)
    opt = getattr(OPT, name)(0.1)
    opt.apply_gradients([(tf.cast([0.5, -0.5], kind), w)])
    assert w.dtype == getattr(tf, kind)
    assert all(v.dtype == w.dtype for v in opt.variables[1:])


def test_gradients_may_be_arrays():
    w = tf.Variable([1.0, 2.0])
    OPT.SGD(1.0).apply_gradients([(np.array([1.0, 1.0], np.float32), w)])
    np.testing.assert_array_equal(w.numpy(), [0.0, 1.0])


def test_learning_rate_reads_and_sets():
    opt = OPT.Adam(0.01)
    assert isinstance(opt.learning_rate, tf.Variable)
    assert opt.lr is opt.learning_rate
    opt.learning_rate = 0.5
    assert float(opt.lr) == 0.5
    opt.lr.assign(0.25)
    assert opt.get_config()["learning_rate"] == np.float32(0.25)
    opt.lr = tf.constant(0.125)
    assert float(opt.learning_rate.numpy()) == 0.125
    opt.learning_rate = OPT.schedules.ExponentialDecay(1.0, 1, 0.5)
    with pytest.raises(TypeError, match="not settable"):
        opt.learning_rate = 0.1


def test_schedule_sees_the_step():
    w = one(0.0)
    opt = OPT.SGD(OPT.schedules.PiecewiseConstantDecay([0], [1.0, 0.5]))
    for _ in range(3):
        opt.apply_gradients([(tf.constant(1.0), w)])
    assert float(w) == -2.0
    assert float(opt.learning_rate) == 0.5


def test_old_arguments():
    w = one(0.0)
    opt = OPT.SGD(lr=1.0, decay=1.0)
    for _ in range(2):
        opt.apply_gradients([(tf.constant(1.0), w)])
    assert float(w) == -1.5
    again = OPT.SGD.from_config(opt.get_config())
    assert again.get_config() == opt.get_config()


def test_weight_decay_can_leave_variables_out():
    a, b, c = one(name="a"), one(name="bias"), one(name="c")
    opt = OPT.SGD(0.1, weight_decay=0.5)
    opt.exclude_from_weight_decay(var_list=[c], var_names=["bias"])
    zero = tf.constant(0.0)
    opt.apply_gradients([(zero, a), (zero, b), (zero, c)])
    assert [float(v) for v in (a, b, c)] == pytest.approx([0.95, 1.0, 1.0])
    with pytest.raises(ValueError, match="before the optimizer is built"):
        opt.exclude_from_weight_decay(var_list=[a])


def test_averages_replace_variables_at_the_end():
    w = one(1.0)
    opt = OPT.SGD(1.0, use_ema=True, ema_momentum=0.5)
    opt.apply_gradients([(tf.constant(1.0), w)])
    assert float(w) == 0.0
    opt.finalize_variable_values([w])
    assert float(w) == 0.5


def test_variables_and_weights():
    a, b = tf.Variable([1.0, 2.0], name="a"), one(name="b")
    opt = OPT.Adam()
    opt.build([a, b])
    assert [v.name for v in opt.variables] == [
        "iteration:0",
        "m/a:0",
        "v/a:0",
        "m/b:0",
        "v/b:0",
    ]
    assert opt.variables() == opt.variables
    opt.apply_gradients([(tf.constant([1.0, 1.0]), a), (tf.constant(1.0), b)])
    other = OPT.Adam()
    other.build([tf.Variable([0.0, 0.0]), one()])
    other.set_weights(opt.get_weights())
    for x, y in zip(opt.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(x, y)
    with pytest.raises(ValueError, match="number and shapes"):
        other.set_weights(opt.get_weights()[1:])
    store = {}
    opt.save_own_variables(store)
    other.load_own_variables(store)
    assert opt.get_slot(a, "m") is opt.variables[1]


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]
)
def test_copies_go_on_alone(copied):
    w = tf.Variable([1.0, 2.0])
    opt = OPT.SGD(0.1, momentum=0.9)
    opt.apply_gradients([(tf.constant([1.0, 1.0]), w)])
    twin, v = copied((opt, w))
    opt.apply_gradients([(tf.constant([1.0, 1.0]), w)])
    assert int(twin.iterations) == 1
    twin.apply_gradients([(tf.constant([1.0, 1.0]), v)])
    np.testing.assert_array_equal(v.numpy(), w.numpy())


def test_late_variables_get_slots():
    a, b = one(), one()
    opt = OPT.Adam(0.1)
    opt.apply_gradients([(tf.constant(1.0), a)])
    opt.apply_gradients([(tf.constant(1.0), b), (tf.constant(1.0), a)])
    assert len(opt.variables) == 5
    assert float(b) < 1.0


class Signs(OPT.Optimizer):
    """A user's optimizer of the newer kind: steps of one size."""

    def __init__(self, learning_rate=0.5, name="Signs", **kwargs):
        super().__init__(name=name, **kwargs)
        self._learning_rate = self._build_learning_rate(learning_rate)

    def build(self, var_list):
        super().build(var_list)
        self.seen = [self.add_variable_from_reference(v, "seen") for v in var_list]

    def update_step(self, gradient, variable):
        self.seen[self._index_dict[self._var_key(variable)]].assign_add(abs(gradient))
        variable.assign_sub(self.learning_rate * tf.sign(gradient))

    def get_config(self):
        rate = self._serialize_hyperparameter(self._learning_rate)
        return {**super().get_config(), "learning_rate": rate}


def test_users_subclass():
    w = tf.Variable([1.0, 2.0])
    opt = Signs()
    for _ in range(2):
        opt.apply_gradients([(tf.constant([3.0, -3.0]), w)])
    np.testing.assert_array_equal(w.numpy(), [0.0, 3.0])
    np.testing.assert_array_equal(opt.seen[0].numpy(), [6.0, 6.0])
    with pytest.raises(KeyError, match="cannot recognize variable"):
        opt.apply_gradients([(tf.constant(1.0), one())])


def test_users_update_step_of_a_built_in_class_is_called():
    class Loud(OPT.SGD):
        calls = 0

        def update_step(self, gradient, variable):
            Loud.calls += 1
            super().update_step(gradient, variable)

    w = one(1.0)
    Loud(0.5).apply_gradients([(tf.constant(1.0), w)])
    assert Loud.calls == 1
    assert float(w) == 0.5


class OldStyle(OPT.legacy.Optimizer):
    """A user's optimizer of the older kind: momentum by hand."""

    def __init__(self, learning_rate=0.5, rho=0.5, name="OldStyle", **kwargs):
        super().__init__(name, **kwargs)
        self._set_hyper("learning_rate", kwargs.get("lr", learning_rate))
        self._set_hyper("rho", rho)

    def _create_slots(self, var_list):
        for var in var_list:
            self.add_slot(var, "m")

    def _resource_apply_dense(self, grad, var, apply_state=None):
        m = self.get_slot(var, "m")
        m.assign(self._get_hyper("rho", var.dtype) * m + grad)
        return var.assign_sub(self._decayed_lr(var.dtype) * m)

    def get_config(self):
        rate = self._serialize_hyperparameter("learning_rate")
        return {**super().get_config(), "learning_rate": rate}


def test_users_subclass_of_the_older_kind():
    w = one(0.0)
    opt = OldStyle(decay=1.0)
    for _ in range(2):
        opt.apply_gradients([(tf.constant(1.0), w)])
    assert float(w) == pytest.approx(-0.5 - 0.25 * 1.5)
    opt.lr = 2.0
    assert float(opt.learning_rate) == 2.0
    assert opt.get_config() == {"name": "OldStyle", "learning_rate": np.float32(2.0)}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("sgd", "SGD"),
        ("SGD", "SGD"),
        ("Adam", "Adam"),
        ("RMSPROP", "RMSprop"),
        ("adamw", "AdamW"),
        ("Nadam", "Nadam"),
    ],
)
def test_get_by_name(name, kind):
    opt = OPT.get(name)
    assert type(opt).__name__ == kind
    assert OPT.get(opt) is opt
    data = OPT.serialize(opt)
    assert data["class_name"] == kind
    assert data["module"] == "keras.optimizers"
    assert OPT.deserialize(data).get_config() == opt.get_config()


def test_schedules_are_written_and_read():
    for make in (
        OPT.schedules.ExponentialDecay(0.1, 5, 0.5),
        OPT.schedules.CosineDecay(0.1, 10, warmup_target=0.2, warmup_steps=3),
        OPT.schedules.PiecewiseConstantDecay([1, 2], [0.1, 0.2, 0.3]),
    ):
        opt = OPT.SGD(make)
        again = OPT.deserialize(OPT.serialize(opt))
        assert again.get_config() == opt.get_config()


REFUSED = [
    (lambda: OPT.SGD(foo=1), TypeError, "foo is not a valid argument"),
    (lambda: OPT.SGD(momentun=0.9), TypeError, "Did you mean momentum"),
    (lambda: OPT.SGD(momentum=2), ValueError, r"`momentum` must be between \[0, 1\]"),
    (lambda: OPT.SGD("fast"), TypeError, "`learning_rate` must be a number"),
    (lambda: OPT.SGD(clipnorm=1.0, global_clipnorm=1.0), ValueError, "At most one of"),
    (lambda: OPT.SGD(clipvalue=-1.0), ValueError, "`clipvalue` cannot be negative"),
    (lambda: OPT.SGD(use_ema=True, ema_momentum=2), ValueError, "`ema_momentum` must"),
    (
        lambda: OPT.AdamW(weight_decay=None),
        ValueError,
        "Missing value of `weight_decay`",
    ),
    (lambda: OPT.Adagrad(initial_accumulator_value=-1), ValueError, "positive or zero"),
    (lambda: OPT.get("adamm"), ValueError, "Unknown optimizer: 'adamm'"),
    (lambda: OPT.get(3), ValueError, "Could not interpret optimizer identifier"),
    (lambda: OPT.SGD().apply_gradients([tf.constant(1.0)]), TypeError, "holds pairs"),
    (lambda: OPT.SGD().apply_gradients([(1.0, 2.0)]), TypeError, "holds pairs"),
    (
        lambda: OPT.SGD().apply_gradients([(tf.constant(1, tf.float64), one())]),
        tf.errors.InvalidArgumentError,
        "has the type of its variable",
    ),
    (
        lambda: OPT.SGD().apply_gradients(
            [(tf.IndexedSlices([[1.0]], [5]), tf.Variable([[1.0]]))]
        ),
        tf.errors.InvalidArgumentError,
        "rows of a sparse gradient lie in its variable",
    ),
    (
        lambda: OPT.schedules.PiecewiseConstantDecay([1], [1.0]),
        ValueError,
        "1 less than the length of values",
    ),
]


@pytest.mark.parametrize(("call", "kind", "text"), REFUSED)
def test_refused(call, kind, text):
    with pytest.raises(kind, match=text):
        call()
