"""Sequential and subclassed models: building, naming, layers, configuration."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import rillet as tf

layers = tf.keras.layers


def _deferred() -> Any:
    return tf.keras.Sequential([layers.Dense(4, activation="relu"), layers.Dense(2)])


def test_weights_come_with_the_first_call() -> None:
    tf.keras.backend.clear_session()
    model = _deferred()
    assert not model.built and model.inputs is None
    with pytest.raises(ValueError, match="have not yet been created"):
        _ = model.weights
    with pytest.raises(ValueError, match="not yet been built"):
        model.summary()
    assert model(np.ones((3, 5))).shape == (3, 2)
    assert [w.name for w in model.weights] == [
        "dense/kernel:0",
        "dense/bias:0",
        "dense_1/kernel:0",
        "dense_1/bias:0",
    ]
    assert model.count_params() == 5 * 4 + 4 + 4 * 2 + 2
    assert model.input_shape == (3, 5) and model.output_shape == (3, 2)


def test_shapes_after_fit_leave_the_batch_open() -> None:
    model = _deferred()
    model(np.ones((3, 5), "float32"))
    model.compile("sgd", "mse")
    model.fit(np.ones((10, 5)), np.ones((10, 2)), verbose=0)
    assert model.input_shape == (None, 5) and model.output_shape == (None, 2)


@pytest.mark.parametrize(
    "first",
    [
        lambda: [layers.Dense(4, input_shape=(5,))],
        lambda: [layers.Dense(4, input_dim=5)],
        lambda: [layers.Dense(4, batch_input_shape=(None, 5))],
        lambda: [tf.keras.Input((5,)), layers.Dense(4)],
        lambda: [layers.InputLayer((5,)), layers.Dense(4)],
        lambda: [tf.keras.Input(batch_shape=(None, 5)), layers.Dense(4)],
    ],
)
def test_weights_come_with_a_known_input_shape(first: Any) -> None:
    model = tf.keras.Sequential(first())
    model.add(layers.Dense(2))
    assert model.built and len(model.weights) == 4 and len(model.layers) == 2
    assert model.input_shape == (None, 5) and model.output_shape == (None, 2)
    assert model.layers[0].output_shape == (None, 4)
    assert tuple(model.inputs[0].shape) == (None, 5)


def test_layers_are_added_and_popped() -> None:
    model = _deferred()
    model.build((None, 3))
    kernel = model.layers[0].kernel
    model.pop()
    assert [type(layer) for layer in model.layers] == [layers.Dense]
    assert model(np.ones((1, 3))).shape == (1, 4)
    model.add(layers.Dense(7))
    assert model(np.ones((1, 3))).shape == (1, 7)
    assert model.layers[0].kernel is kernel
    assert model.get_layer(index=1).units == 7
    assert model.get_layer(model.layers[1].name) is model.layers[1]


def test_a_custom_layer_in_a_stack_is_probed_for_its_shape() -> None:
    class Doubles(layers.Layer):
        def call(self, inputs: Any) -> Any:
            return tf.concat([inputs, inputs], axis=-1)

    model = tf.keras.Sequential([tf.keras.Input((3,)), Doubles(), layers.Dense(1)])
    assert model.layers[0].output_shape == (None, 6)
    assert model.layers[1].kernel.shape == (6, 1)


def test_models_in_models() -> None:
    inner = _deferred()
    outer = tf.keras.Sequential([inner, layers.Dense(1)])
    assert outer(np.ones((2, 3))).shape == (2, 1)
    assert len(outer.weights) == 6 and len(outer.trainable_weights) == 6
    inner.trainable = False
    assert len(outer.trainable_weights) == 2
    assert len(outer.non_trainable_weights) == 4


def test_configuration_makes_an_equal_model() -> None:
    model = tf.keras.Sequential(
        [
            layers.Dense(4, "relu", input_shape=(3,), name="first"),
            layers.Dropout(0.5),
            layers.Dense(2, kernel_regularizer="l2"),
        ],
        name="mine",
    )
    twin = tf.keras.Sequential.from_config(model.get_config())
    assert twin.name == "mine" and twin.get_config() == model.get_config()
    assert twin.output_shape == (None, 2)
    twin.set_weights(model.get_weights())
    x = np.ones((2, 3))
    assert (twin(x).numpy() == model(x).numpy()).all()
    assert '"class_name": "Sequential"' in model.to_json()


class Branches(tf.keras.Model):  # type: ignore[misc]
    """A model as users write them."""

    def __init__(self) -> None:
        super().__init__(name="branches")
        self.left = layers.Dense(2, name="left")
        self.right = [layers.Dense(2, name="right")]
        self.scale = tf.Variable(2.0, name="scale")

    def call(self, inputs: Any, training: Any = None) -> Any:
        return self.left(inputs) + self.right[0](inputs) * self.scale


def test_subclassed_model() -> None:
    model = Branches()
    assert model(np.ones((3, 4))).shape == (3, 2)
    assert [layer.name for layer in model.layers] == ["left", "right"]
    # The layers' weights stand before the model's own.
    assert [w.name for w in model.weights] == [
        "branches/left/kernel:0",
        "branches/left/bias:0",
        "branches/right/kernel:0",
        "branches/right/bias:0",
        "scale:0",
    ]
    assert model.count_params() == 21


def test_subclassed_model_is_built_for_a_shape() -> None:
    model = Branches()
    model.build((None, 4))
    assert model.built and model.count_params() == 21
    with pytest.raises(ValueError, match="Input shape must be defined"):
        Branches().build(None)


def test_custom_step_trains_with_metrics_of_ones_own() -> None:
    class Own(tf.keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.dense = layers.Dense(1)
            self.tracker = tf.keras.metrics.Mean(name="loss")

        def call(self, x: Any) -> Any:
            return self.dense(x)

        @property
        def metrics(self) -> list[Any]:
            return [self.tracker]

        def train_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(self(x, training=True) - y))
            grads = tape.gradient(loss, self.trainable_variables)
            self.optimizer.apply_gradients(
                zip(grads, self.trainable_variables, strict=True)
            )
            self.tracker.update_state(loss)
            return {"loss": self.tracker.result()}

    model = Own()
    model.compile(optimizer=tf.keras.optimizers.SGD(0.1))
    x = np.linspace(-1, 1, 64, dtype="float32")[:, None]
    history = model.fit(x, 3 * x + 1, epochs=40, verbose=0)
    assert history.history["loss"][-1] < 0.01 < history.history["loss"][0]


#: What a beginner does, Keras's exception, and words of the message.
_MISTAKES: dict[str, tuple[Any, type[Exception], str]] = {
    "a number for a layer": (
        lambda: tf.keras.Sequential([1]),
        TypeError,
        "must be an instance of class Layer",
    ),
    "a class for a layer": (
        lambda: tf.keras.Sequential([layers.Flatten]),
        TypeError,
        "must be an instance of class Layer",
    ),
    "two of one name": (
        lambda: tf.keras.Sequential(
            [layers.Dense(1, name="a"), layers.Dense(1, name="a")]
        ),
        ValueError,
        'Name "a" is already the name of a layer',
    ),
    "layers that do not fit": (
        lambda: tf.keras.Sequential(
            [
                tf.keras.Input((3, 4)),
                layers.Flatten(),
                layers.RepeatVector(2),
                layers.RepeatVector(2),
            ]
        ),
        ValueError,
        "expected ndim=2, found ndim=3",
    ),
    "nothing to pop": (
        lambda: tf.keras.Sequential().pop(),
        TypeError,
        "There are no layers in the model",
    ),
    "no such layer": (
        lambda: _deferred().get_layer("none"),
        ValueError,
        "No such layer: none. Existing layers are",
    ),
    "no such place": (
        lambda: _deferred().get_layer(index=9),
        ValueError,
        "model only has 2 layers",
    ),
    "neither": (lambda: _deferred().get_layer(), ValueError, "Provide either"),
    "no call": (
        lambda: type("Empty", (tf.keras.Model,), {})()(np.ones((1, 1))),
        NotImplementedError,
        "Subclass `Model` with an overridden `call()` method",
    ),
    "unknown argument": (
        lambda: tf.keras.Model(nmae="x"),
        TypeError,
        "nmae",
    ),
    "layers set": (
        lambda: setattr(Branches(), "layers", []),
        AttributeError,
        "Please choose a different name",
    ),
}


@pytest.mark.parametrize("name", _MISTAKES)
def test_mistakes(name: str) -> None:
    act, kind, words = _MISTAKES[name]
    with pytest.raises(kind) as caught:
        act()
    assert words in str(caught.value)


def test_model_without_super_says_so() -> None:
    class Bare(tf.keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            self.dense = layers.Dense(1)

    with pytest.raises(RuntimeError, match="forgot to call"):
        Bare()


def test_a_row_of_numbers_fits_an_input_of_one_column() -> None:
    model = tf.keras.Sequential([layers.Dense(1, input_shape=[1])])
    model.compile("sgd", "mean_squared_error")
    x = np.array([-1.0, 0.0, 1.0, 2.0, 3.0, 4.0])
    model.fit(x, 2 * x - 1, epochs=500, verbose=0)
    found = model.predict(np.array([10.0]), verbose=0)
    assert found.shape == (1, 1) and abs(found[0, 0] - 19) < 0.1


def test_announced_input_shapes_are_checked() -> None:
    model = tf.keras.Sequential([layers.Flatten(input_shape=(4, 4)), layers.Dense(1)])
    with pytest.raises(ValueError, match=r"expected shape=\(None, 4, 4\), found shape"):
        model(np.zeros((2, 4, 3), "float32"))
    for _ in range(3):
        assert model(tf.zeros([2, 4, 4])).shape == (2, 1)


@pytest.mark.parametrize(
    "clone", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))]
)
def test_trained_models_can_be_copied(clone: Any) -> None:
    model = tf.keras.Sequential([layers.Dense(1, kernel_regularizer="l2")])
    model.compile("adam", "mse", metrics=["mae"])
    x = np.ones((8, 2), "float32")
    model.fit(x, x[:, :1], verbose=0)
    twin = clone(model)
    assert (twin.predict(x, verbose=0) == model.predict(x, verbose=0)).all()
    twin.fit(x, x[:, :1], epochs=2, verbose=0)
    assert not (twin.get_weights()[0] == model.get_weights()[0]).any()
    twin.layers[0].kernel.assign([[1.0], [2.0]])
    assert float(twin.losses[0]) == pytest.approx(0.05)
    assert float(model.losses[0]) != pytest.approx(0.05)
