"""Losses, metrics, initializers and kin: lookups, configurations, refusals."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import rillet as tf

K = tf.keras
L, M, INIT = K.losses, K.metrics, K.initializers

CONFIGS = [
    (L, L.MeanSquaredError(name="x"), {"fn": "mean_squared_error", "name": "x"}),
    (L, L.Huber(2.0), {"delta": 2.0, "name": "huber_loss"}),
    (
        L,
        L.SparseCategoricalCrossentropy(from_logits=True, reduction="sum"),
        {"from_logits": True, "reduction": "sum", "ignore_class": None},
    ),
    (M, M.Mean(), {"name": "mean", "dtype": "float32"}),
    (M, M.SparseTopKCategoricalAccuracy(3), {"k": 3}),
    (M, M.Precision(thresholds=[0.1, 0.9], name="p"), {"thresholds": [0.1, 0.9]}),
    (M, M.AUC(curve="PR", name="a"), {"curve": "PR", "num_thresholds": 200}),
    (M, M.RecallAtPrecision(0.8, name="r"), {"precision": 0.8}),
    (
        INIT,
        INIT.VarianceScaling(2.0, seed=1),
        {"scale": 2.0, "mode": "fan_in", "seed": 1},
    ),
    (INIT, INIT.Constant(3), {"value": 3}),
    (K.regularizers, K.regularizers.L1L2(0.5, 0.25), {"l1": 0.5, "l2": 0.25}),
    (K.constraints, K.constraints.MaxNorm(3), {"max_value": 3, "axis": 0}),
]


@pytest.mark.parametrize(("module", "item", "expected"), CONFIGS)
def test_written_and_read(module, item, expected):
    config = item.get_config()
    assert {key: config[key] for key in expected} == expected
    data = module.serialize(item)
    assert data["class_name"] == type(item).__name__
    again = module.deserialize(data)
    assert type(again) is type(item)
    assert again.get_config() == config


@pytest.mark.parametrize(
    ("module", "name", "kind"),
    [
        (L, "MeanSquaredError", L.MeanSquaredError),
        (M, "AUC", M.AUC),
        (INIT, "glorot_uniform", INIT.GlorotUniform),
        (INIT, "normal", INIT.RandomNormal),
        (INIT, "zeros", INIT.Zeros),
        (K.regularizers, "l2", K.regularizers.L2),
        (K.constraints, "max_norm", K.constraints.MaxNorm),
    ],
)
def test_names_of_classes_give_instances(module, name, kind):
    assert type(module.get(name)) is kind
    assert type(module.get(kind)) is kind
    assert module.get(None) is None


@pytest.mark.parametrize(
    ("module", "names", "function"),
    [
        (L, ("mse", "MSE", "mean_squared_error"), L.mean_squared_error),
        (L, ("kld", "KLD", "kullback_leibler_divergence"), L.kl_divergence),
        (L, ("bce", "BCE"), L.binary_crossentropy),
        (M, ("acc", "accuracy"), M.accuracy),
        (M, ("mae", "MAE"), L.mean_absolute_error),
        (M, ("cosine_similarity",), M.cosine_similarity),
        (K.activations, ("silu", "swish"), K.activations.swish),
    ],
)
def test_names_of_functions_give_functions(module, names, function):
    for name in names:
        assert module.get(name) is function
    assert module.get(function) is function


def test_functions_serve_as_initializers():
    layer = K.layers.Dense(
        2, kernel_initializer=lambda s, dtype=None: tf.ones(s, dtype)
    )
    layer.build((None, 3))
    np.testing.assert_array_equal(layer.kernel.numpy(), np.ones((3, 2)))


def test_initializers_of_tensorflow_draw_anew():
    tf.random.set_seed(3)
    make = tf.random_normal_initializer()
    assert not np.array_equal(make((4,)).numpy(), make((4,)).numpy())
    seeded = tf.random_uniform_initializer(seed=1)
    np.testing.assert_array_equal(seeded((4,)).numpy(), seeded((4,)).numpy())


def test_an_unseeded_initializer_warns_when_it_repeats_itself():
    make = INIT.HeNormal()
    first = make((2, 2))
    with pytest.warns(UserWarning, match="unseeded and being called multiple times"):
        second = make((2, 2))
    np.testing.assert_array_equal(first.numpy(), second.numpy())


@pytest.mark.parametrize(
    ("make", "shape", "bound"),
    [
        (INIT.GlorotUniform, (300, 200), (6 / 500) ** 0.5),
        (INIT.HeUniform, (300, 200), (6 / 300) ** 0.5),
        (INIT.LecunUniform, (5, 5, 12, 200), (3 / 300) ** 0.5),
    ],
)
def test_uniform_initializers_fill_their_range(make, shape, bound):
    values = make(seed=2)(shape).numpy()
    assert abs(values).max() <= bound
    # The standard deviation of a uniform number, known to about 1 part in 250 here.
    assert values.std() == pytest.approx(bound / 3**0.5, rel=0.02)


def test_metric_names_count_up():
    K.backend.clear_session()
    assert [M.AUC().name, M.AUC().name, M.Precision().name] == [
        "auc",
        "auc_1",
        "precision",
    ]


def test_metrics_of_users():
    class Twice(M.Metric):
        def __init__(self, name="twice", **kwargs):
            super().__init__(name=name, **kwargs)
            self.sum = self.add_weight(name="sum", initializer="zeros")

        def update_state(self, y_true, y_pred, sample_weight=None):
            self.sum.assign_add(2.0 * tf.reduce_sum(y_pred))

        def result(self):
            return self.sum

        def reset_states(self):
            self.sum.assign(-1.0)

    metric = Twice()
    value = metric(None, tf.constant([1.0, 2.0]))
    metric.update_state(None, tf.constant([1.0]))
    assert float(value) == 6.0
    assert float(metric.result()) == 8.0
    metric.reset_state()
    assert float(metric.result()) == -1.0
    assert [v.name for v in metric.variables] == ["sum:0"]
    assert not metric.trainable_variables


def test_metrics_are_copied_with_their_state():
    metric = M.Mean()
    metric.update_state(3.0)
    twin = copy.deepcopy(metric)
    metric.update_state(5.0)
    assert float(twin.result()) == 3.0


def test_losses_do_not_touch_sharp_predictions_of_softmax():
    logits = tf.Variable([[200.0, 0.0]])
    with tf.GradientTape() as tape:
        loss = L.SparseCategoricalCrossentropy()([1], K.activations.softmax(logits))
    assert float(loss) == 200.0
    np.testing.assert_array_equal(tape.gradient(loss, logits).numpy(), [[1.0, -1.0]])


BAD = tf.errors.InvalidArgumentError
REFUSED = [
    (
        lambda: L.get("mean_squared_eror"),
        ValueError,
        "Did you mean 'mean_squared_error'",
    ),
    (lambda: L.get(3), ValueError, "Could not interpret loss function identifier"),
    (lambda: L.MeanSquaredError("mean"), ValueError, "Invalid Reduction Key: mean"),
    (lambda: L.Loss()(1, 2), NotImplementedError, "Must be implemented in subclasses"),
    (lambda: L.BinaryCrossentropy([1.0], [0.5]), ValueError, "Make the loss first"),
    (
        lambda: L.sparse_categorical_crossentropy([5], [[0.1, 0.9]]),
        BAD,
        r"label value of 5 which is outside the valid range of \[0, 2\)",
    ),
    (
        lambda: L.CategoricalCrossentropy()([0, 1], [[0.1, 0.9], [0.2, 0.8]]),
        ValueError,
        r"Shapes \(2,\) and \(2, 2\) are incompatible[\s\S]*sparse_categorical",
    ),
    (
        lambda: L.sparse_categorical_crossentropy([[1], [2]], [[0.1, 0.9]]),
        ValueError,
        "must equal `logits.shape` except for the last dimension",
    ),
    (
        lambda: L.mse([[1.0, 2.0]], [[1.0, 2.0, 3.0]]),
        BAD,
        "Incompatible shapes",
    ),
    (
        lambda: L.categorical_crossentropy([[1.0, 0.0]], [[0.5, 0.5]], axis=True),
        ValueError,
        "`axis` must be of type `int`",
    ),
    (lambda: M.Accuracy()([1, 2], [1, 2, 3]), ValueError, "are incompatible"),
    (lambda: M.MeanTensor().result(), ValueError, "does not have any value yet"),
    (lambda: M.Precision()([1.0], [1.5]), BAD, "predictions must be >= 0 and <= 1"),
    (lambda: M.Precision(thresholds=2.0), ValueError, r"must be in \[0, 1\]"),
    (lambda: M.AUC(curve="x"), ValueError, 'Invalid AUC curve value: "x"'),
    (lambda: M.AUC(num_thresholds=1), ValueError, "must be an integer > 1"),
    (lambda: M.Mean().merge_state([M.Sum()]), ValueError, "is not compatible with"),
    (lambda: M.Metric().update_state(), NotImplementedError, "`update_state`"),
    (lambda: M.get("sparse_acc"), ValueError, "Unknown metric function: 'sparse_acc'"),
    (lambda: INIT.get("glorot"), ValueError, "Unknown initializer: 'glorot'"),
    (lambda: INIT.VarianceScaling(-1.0), ValueError, "`scale` must be positive float"),
    (lambda: INIT.VarianceScaling(mode="fan"), ValueError, "Invalid `mode` argument"),
    (lambda: INIT.Identity()((2, 2, 2)), ValueError, "only be used for 2D matrices"),
    (lambda: INIT.Orthogonal()((2,)), ValueError, "at least two-dimensional"),
    (
        lambda: INIT.GlorotUniform()((2,), "int32"),
        ValueError,
        "Expected float point type",
    ),
    (lambda: INIT.Zeros()((2,), what=1), TypeError, "Unknown keyword arguments"),
    (
        lambda: INIT.Zeros()((2, None)),
        ValueError,
        "all sizes of the shape must be known",
    ),
    (lambda: K.regularizers.L2("x"), ValueError, "not a valid regularization penalty"),
    (lambda: K.regularizers.L2(float("nan")), ValueError, "infinite number or NaN"),
    (lambda: K.constraints.get("max"), ValueError, "Unknown constraint: 'max'"),
    (
        lambda: K.activations.get("rel"),
        ValueError,
        "Unknown activation function: 'rel'",
    ),
    (lambda: K.activations.get(3), TypeError, "Could not interpret activation"),
    (lambda: K.activations.softmax(tf.zeros((2,))), ValueError, "a tensor that is 1D"),
    (lambda: K.utils.set_random_seed("a"), ValueError, "Expected `seed` argument"),
]


@pytest.mark.parametrize(("call", "kind", "text"), REFUSED)
def test_refused(call, kind, text):
    with pytest.raises(kind, match=text):
        call()


class _Calls(tf.keras.metrics.Metric):  # type: ignore[misc]
    """Counts its updates; gives its state's variable, or a dictionary with it."""

    def __init__(self, several: bool = False) -> None:
        super().__init__(name="calls")
        self.several = several
        self.seen = self.add_weight(name="seen", initializer="zeros")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.seen.assign_add(1.0)

    def result(self) -> Any:
        return {"a": self.seen, "b": self.seen * 2.0} if self.several else self.seen


def test_a_result_does_not_change_with_later_updates() -> None:
    metric = _Calls()
    metric.update_state(0, 0)
    found = metric.result()
    metric.update_state(0, 0)
    assert float(found) == 1.0 and not isinstance(found, tf.Variable)


def test_results_may_be_dictionaries_of_variables() -> None:
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[_Calls(several=True)])
    history = model.fit(np.ones((6, 2)), np.ones((6, 1)), batch_size=2, verbose=0)
    assert history.history["a"] == [3.0] and history.history["b"] == [6.0]


def test_steps_may_return_variables() -> None:
    class Raw(tf.keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.steps = tf.Variable(0.0, trainable=False)

        def train_step(self, data: Any) -> Any:
            self.steps.assign_add(1.0)
            return {"steps": self.steps}

    seen: list[Any] = []
    hook = tf.keras.callbacks.LambdaCallback(
        on_batch_end=lambda batch, logs: seen.append(logs["steps"])
    )
    model = Raw()
    model.compile("sgd")
    found = model.fit(np.ones((6, 2)), batch_size=2, verbose=0, callbacks=[hook])
    assert found.history == {"steps": [3.0]} and seen == [1.0, 2.0, 3.0]
