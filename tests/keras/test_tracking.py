"""The order of weights, which saved weights follow; configurations kept by default."""

from __future__ import annotations

from typing import Any

import rillet as tf

layers = tf.keras.layers


class _Held(tf.keras.Model):  # type: ignore[misc]
    """Holds layers and variables in containers of every kind."""

    def __init__(self) -> None:
        super().__init__()
        self.alone = tf.Variable(0.0, name="alone")
        self.listed = [
            tf.Variable(0.0, name="listed"),
            tf.Variable(0.0, name="fixed", trainable=False),
            layers.Dense(1, use_bias=False, name="first"),
            "a word",
        ]
        self.words = {"x": "a word", 1: ("two", "words")}
        self.named = {
            "z": layers.Dense(1, use_bias=False, name="last"),
            "a": {"b": layers.Dense(1, use_bias=False, name="second")},
        }

    def call(self, inputs: Any) -> Any:
        x = self.listed[2](inputs)
        return self.named["z"](self.named["a"]["b"](x))


def test_weights_in_containers_come_in_keras_order() -> None:
    # Keras: containers in the attributes' order, dictionaries by key, in each the
    # layers before the variables; variables of the model's own last.
    model = _Held()
    model(tf.ones((2, 3)))
    names = [w.name.split("/")[-2] if "/" in w.name else w.name for w in model.weights]
    assert names == ["first", "listed:0", "fixed:0", "second", "last", "alone:0"]
    assert [layer.name for layer in model.layers] == ["first", "second", "last"]
    assert [w.name for w in model.non_trainable_weights] == ["fixed:0"]
    assert len(model.trainable_weights) == 5
    model.listed[2].trainable = False
    assert len(model.trainable_weights) == 4
    assert [w.name for w in model.non_trainable_weights][1:] == ["fixed:0"]


def test_a_stack_lists_weights_layer_by_layer() -> None:
    class Fixed(layers.Layer):  # type: ignore[misc]
        def build(self, input_shape: Any) -> None:
            self.c = self.add_weight("c", (1,), trainable=False)

        def call(self, inputs: Any) -> Any:
            return inputs * self.c

    model = tf.keras.Sequential([Fixed(), layers.Dense(1, use_bias=False)])
    model(tf.ones((2, 3)))
    assert [w.name.split("/")[-1] for w in model.weights] == ["c:0", "kernel:0"]


def test_the_default_configuration_does_not_mind_what_self_is_called() -> None:
    class Scaled(layers.Layer):  # type: ignore[misc]
        def __init__(this, factor: float, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    config = Scaled(2.0, name="s").get_config()
    assert config["factor"] == 2.0 and Scaled.from_config(config).name == "s"
