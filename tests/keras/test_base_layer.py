"""Layers of one's own: building, weights, losses, names, tracking."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import rillet as tf

layers = tf.keras.layers


class Scale(layers.Layer):
    """A layer as users write them."""

    def __init__(self, start: float = 2.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.seen_shape = input_shape
        self.w = self.add_weight(
            "w",
            shape=(input_shape[-1],),
            initializer=tf.keras.initializers.Constant(self.start),
        )
        self.count = self.add_weight(
            "count", shape=(), dtype="int32", initializer="zeros", trainable=False
        )

    def call(self, inputs: Any) -> Any:
        self.count.assign_add(1)
        return inputs * self.w


def test_build_runs_once_with_the_input_shape() -> None:
    layer = Scale()
    assert not layer.built and layer.weights == []
    y = layer(np.ones((2, 3)))
    layer(np.ones((2, 3)))
    assert layer.built and layer.seen_shape == (2, 3)
    assert y.numpy().tolist() == [[2.0] * 3] * 2
    assert int(layer.count) == 2
    assert [w.name for w in layer.trainable_weights] == [f"{layer.name}/w:0"]
    assert [w.name for w in layer.non_trainable_weights] == [f"{layer.name}/count:0"]


def test_names_are_counted_and_begin_anew() -> None:
    tf.keras.backend.clear_session()
    assert [layers.Dense(1).name for _ in range(3)] == ["dense", "dense_1", "dense_2"]
    assert layers.LeakyReLU().name == "leaky_re_lu"
    assert layers.Dense(1, name="mine").name == "mine"
    tf.keras.backend.clear_session()
    assert layers.Dense(1).name == "dense"


def test_parts_are_found_in_attributes_lists_and_dictionaries() -> None:
    class Block(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.parts: list[Any] = []
            self.by_name = {"a": layers.Dense(1)}
            self.own = tf.Variable(1.0)
            self.fixed = tf.Variable(1.0, trainable=False)
            self.pair = (layers.Dense(1), [tf.Variable(2.0)])
            for _ in range(2):
                self.parts.append(layers.Dense(1))

    block = Block()
    for part in (*block.parts, block.by_name["a"], block.pair[0]):
        part(np.ones((1, 1)))
    assert len(block.trainable_weights) == 2 + 4 * 2
    assert len(block.non_trainable_weights) == 1
    assert len(block.submodules) == 4
    block.trainable = False
    assert block.trainable_weights == [] and len(block.weights) == 11
    assert not block.parts[0].trainable
    del block.own
    assert len(block.weights) == 10
    block.fixed = tf.Variable(5.0)
    assert [w.numpy() for w in block.weights if w.shape == ()] == [2.0, 5.0]


def test_weights_are_read_and_written() -> None:
    layer = layers.Dense(2)
    layer.build((None, 3))
    new = [np.arange(6.0).reshape(3, 2), np.array([1.0, 2.0])]
    layer.set_weights(new)
    for got, given in zip(layer.get_weights(), new, strict=True):
        assert got.dtype == np.float32 and (got == given).all()
    assert layer.count_params() == 8
    with pytest.raises(ValueError, match="weight list of length 1, but the layer was"):
        layer.set_weights(new[:1])
    with pytest.raises(ValueError, match=r"weight shape \(2,\) is not compatible"):
        layer.set_weights([new[0] * 0, np.zeros(3)])
    assert (layer.get_weights()[0] == new[0]).all()
    twin = layers.Dense(2, weights=new)
    twin(np.zeros((1, 3)))
    assert (twin.get_weights()[0] == new[0]).all()


def test_losses_are_of_the_last_call() -> None:
    class Pays(layers.Layer):
        def call(self, inputs: Any, training: Any = None) -> Any:
            if training:
                self.add_loss(tf.reduce_sum(inputs))
            return inputs

    class Outer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.pays = Pays()
            self.dense = layers.Dense(
                1, kernel_initializer="ones", kernel_regularizer="l2"
            )

        def call(self, inputs: Any) -> Any:
            return self.dense(self.pays(inputs))

    outer = Outer()
    x = tf.ones([2, 2])
    for _ in range(3):
        outer(x, training=True)
        assert [float(v) for v in outer.losses] == pytest.approx([4.0, 0.02])
    outer(x)
    assert [float(v) for v in outer.losses] == pytest.approx([0.02])
    outer.add_loss(lambda: tf.constant(7.0))
    assert [float(v) for v in outer.losses] == pytest.approx([7.0, 0.02])


def test_activity_regularizer_is_divided_by_the_batch() -> None:
    penalty = tf.keras.regularizers.L2(0.5)
    layer = layers.Dense(1, kernel_initializer="ones", activity_regularizer=penalty)
    layer(tf.ones([4, 3]))
    assert [float(v) for v in layer.losses] == pytest.approx([0.5 * 9.0])
    layer(tf.ones([2, 3]))
    assert [float(v) for v in layer.losses] == pytest.approx([0.5 * 9.0])


def test_training_reaches_inner_layers() -> None:
    class Tells(layers.Layer):
        def call(self, inputs: Any, training: Any = None) -> Any:
            self.told = training
            return inputs

    class Outer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Tells()

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs)

    outer = Outer()
    x = tf.ones([1, 1])
    for given, told in ((None, None), (True, True), (False, False), (None, None)):
        arguments = {} if given is None else {"training": given}
        outer(x, **arguments)
        assert outer.inner.told is told
        outer(x, **arguments)
        assert outer.inner.told is told
    with tf.keras.backend.learning_phase_scope(1):
        outer(x)
        assert outer.inner.told


def test_arguments_by_name_and_several_inputs() -> None:
    class Adds(layers.Layer):
        def call(self, inputs: Any, scale: float = 1.0) -> Any:
            return (inputs[0] + inputs[1]) * scale

    layer = Adds()
    a = np.ones((2, 2), "float32")
    assert layer([a, a]).numpy().tolist() == [[2.0, 2.0]] * 2
    assert layer(inputs=[a, a], scale=2.0).numpy().tolist() == [[4.0, 4.0]] * 2
    assert layer([a, a], 3.0).numpy().tolist() == [[6.0, 6.0]] * 2


def test_errors_in_call_name_the_layer_and_its_arguments() -> None:
    class Fails(layers.Layer):
        def call(self, inputs: Any, training: Any = None) -> Any:
            raise KeyError("lost")

    with pytest.raises(KeyError) as caught:
        Fails(name="f")(tf.ones([2, 3]))
    text = str(caught.value.args[0])
    assert "Exception encountered when calling layer 'f' (type Fails)" in text
    assert "inputs=tf.Tensor(shape=(2, 3), dtype=float32)" in text
    assert "training=None" in text
    model = tf.keras.Sequential([Fails(name="inside")], name="outside")
    with pytest.raises(KeyError) as caught:
        model(tf.ones([2, 3]))
    assert "'inside'" in str(caught.value) and "'outside'" not in str(caught.value)


def test_configuration_is_made_from_the_constructor() -> None:
    layer = Scale(3.0, name="s")
    config = layer.get_config()
    assert config == {"name": "s", "trainable": True, "dtype": "float32", "start": 3.0}
    assert Scale.from_config(config).start == 3.0

    class Holds(layers.Layer):
        def __init__(self, what: Any) -> None:
            super().__init__()

    with pytest.raises(NotImplementedError, match="override `get_config"):
        Holds(object()).get_config()


def test_layers_can_be_copied_and_pickled() -> None:
    layer = layers.Dense(2)
    layer(np.ones((1, 3)))
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert (twin.get_weights()[0] == layer.get_weights()[0]).all()
        twin.kernel.assign_add(tf.ones([3, 2]))
        assert not (twin.get_weights()[0] == layer.get_weights()[0]).any()
        assert twin(np.ones((1, 3), "float32")).shape == (1, 2)


#: What a beginner writes, Keras's exception, and words of the message.
_MISTAKES: dict[str, tuple[Any, type[Exception], str]] = {
    "a vector": (
        lambda: layers.Dense(3)(tf.constant([180.0, 90.0])),
        ValueError,
        "incompatible with the layer: expected min_ndim=2, found ndim=1. Full shape"
        " received: (2,)",
    ),
    "a list of numbers": (
        lambda: layers.Dense(3)([180.0, 90.0]),
        ValueError,
        "expects 1 input(s), but it received 2 input tensors",
    ),
    "a string": (
        lambda: layers.Dense(3)("abc"),
        TypeError,
        "Inputs to a layer should be tensors",
    ),
    "no units": (lambda: layers.Dense(0), ValueError, "expected a positive integer"),
    "units a word": (lambda: layers.Dense("a"), ValueError, "number of outputs"),
    "unknown argument": (
        lambda: layers.Dense(3, actvation="relu"),
        TypeError,
        "Did you mean activation?",
    ),
    "unknown activation": (
        lambda: layers.Dense(3, activation="rellu"),
        ValueError,
        "Did you mean 'relu'?",
    ),
    "unknown initializer": (
        lambda: layers.Dense(3, kernel_initializer="zeross"),
        ValueError,
        "zeross",
    ),
    "input_shape a number": (
        lambda: layers.Dense(3, input_shape=784),
        TypeError,
        "Write input_shape=(784,)",
    ),
    "nothing": (lambda: layers.Dense(3)(), ValueError, "must always be passed"),
    "rate too large": (
        lambda: layers.Dropout(50),
        ValueError,
        "expected a value between 0 and 1",
    ),
    "negative ceiling": (lambda: layers.ReLU(-1), ValueError, "max_value"),
    "reshape": (
        lambda: layers.Reshape((5,))(np.zeros((2, 6))),
        ValueError,
        "total size of new array must be unchanged",
    ),
    "permute": (lambda: layers.Permute((0, 1)), ValueError, "start from 1"),
    "data format": (lambda: layers.Flatten("last"), ValueError, "data_format"),
    "last size unknown": (
        lambda: layers.Dense(3).build((None, None)),
        ValueError,
        "should be defined. Found None",
    ),
    "integer layer": (
        lambda: layers.Dense(3, dtype="int32").build((None, 2)),
        TypeError,
        "floating-point dtype",
    ),
    "count before build": (
        lambda: layers.Dense(3).count_params(),
        ValueError,
        "isn't built",
    ),
    "output shape before call": (
        lambda: layers.Dense(3).output_shape,
        AttributeError,
        "has no defined output shape",
    ),
    "placeholder as data": (
        lambda: np.asarray(tf.keras.Input((3,))),
        TypeError,
        "Call the model on data",
    ),
    "input without shape": (lambda: tf.keras.Input(), ValueError, "`shape`"),
    "metric without name": (
        lambda: layers.Dense(1).add_metric(1.0),
        ValueError,
        "provide a name",
    ),
}


@pytest.mark.parametrize("name", _MISTAKES)
def test_mistakes(name: str) -> None:
    act, kind, words = _MISTAKES[name]
    with pytest.raises(kind) as caught:
        act()
    assert words in str(caught.value)


def test_other_inputs_than_it_was_built_for() -> None:
    layer = layers.Dense(3, name="d")
    layer(tf.ones([2, 4]))
    layer(tf.ones([2, 4]))
    with pytest.raises(
        ValueError, match="expected axis -1 of input shape to have value"
    ):
        layer(tf.ones([2, 5]))
    assert layer(tf.ones([7, 4])).shape == (7, 3)
    assert layer(tf.ones([7, 2, 4])).shape == (7, 2, 3)


def test_a_layer_without_super_says_so() -> None:
    class Bare(layers.Layer):
        def __init__(self) -> None:
            self.dense = layers.Dense(1)

    with pytest.raises(RuntimeError, match=r"must call `super\(\).__init__\(\)`"):
        Bare()(tf.ones([1, 1]))
