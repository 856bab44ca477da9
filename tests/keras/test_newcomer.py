"""What newcomers to Keras try first: unbuilt models, own metrics, slips of the pen."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import rillet as tf

K = tf.keras
layers = K.layers
_X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
_Y = np.ones((8, 1), "float32")


class _Net(K.Model):  # type: ignore[misc]
    """Two layers, the first of which may be built before the model is called."""

    def __init__(self, built: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.first = layers.Dense(2)
        self.second = layers.Dense(3)
        if built:
            self.first.build((None, 4))

    def call(self, inputs: Any) -> Any:
        return self.second(self.first(inputs))


class _Building(_Net):
    """Makes its weights in `build`."""

    def build(self, input_shape: Any) -> None:
        super().build(input_shape)


class _Heir(_Building):
    """Leaves `build` to its parent."""


_LISTS = (
    "weights",
    "trainable_weights",
    "variables",
    "trainable_variables",
)


@pytest.mark.parametrize(
    "make, count",
    [
        (_Net, 0),
        (lambda: _Net(True), 2),
        (_Heir, 0),
        (K.Model, 0),
        (lambda: type("Own", (K.Sequential,), {})([layers.Dense(1)]), 0),
        (lambda: _Building(dynamic=True), 0),
    ],
    ids=["unbuilt", "half built", "build inherited", "Model", "stack", "dynamic"],
)
def test_models_show_the_weights_they_have_so_far(make: Any, count: int) -> None:
    model = make()
    for name in _LISTS:
        assert len(getattr(model, name)) == count
    assert model.non_trainable_variables == []
    assert len(model.get_weights()) == count
    for asked in (model.count_params, model.summary):
        with pytest.raises(ValueError, match="built"):
            asked()


@pytest.mark.parametrize("make", [_Building, lambda: K.Sequential([layers.Dense(1)])])
def test_models_that_build_themselves_have_no_weights_before(make: Any) -> None:
    model = make()
    for name in (*_LISTS, "non_trainable_variables"):
        with pytest.raises(ValueError, match="have not yet been created"):
            getattr(model, name)


def test_one_layer_twice_is_listed_once() -> None:
    layer = layers.Dense(3, kernel_initializer=K.initializers.Constant(2.0))
    model = K.Sequential([layer, layer])
    assert np.allclose(model(tf.ones([1, 3])), 36.0)
    assert model.layers == [layer] and len(model.weights) == 2
    assert layer.input_shape == (1, 3)
    twin = K.Sequential.from_config(model.get_config())
    assert twin.layers[0].name == layer.name


@pytest.mark.parametrize("known", [False, True], ids=["deferred", "known"])
@pytest.mark.parametrize("copied", [False, True], ids=["itself", "copy"])
def test_layers_of_a_trained_stack_know_what_they_take(
    known: bool, copied: bool
) -> None:
    shape = {"input_shape": (3,)} if known else {}
    model = K.Sequential([layers.Dense(4, **shape), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(_X, _Y, verbose=0)
    if copied:
        model = copy.deepcopy(model)
    first, last = model.layers
    assert (first.input_shape, first.output_shape) == ((None, 3), (None, 4))
    assert (last.input_shape, last.output_shape) == ((None, 4), (None, 1))
    found = [p.shape.as_list() for p in (first.input, last.input, last.output)]
    assert found == [[None, 3], [None, 4], [None, 1]]
    assert last.input.name == first.output.name


def test_a_stack_that_was_called_shows_the_sizes_it_saw() -> None:
    model = K.Sequential([layers.Dense(4), layers.Dense(1)])
    model(_X)
    assert [layer.input_shape for layer in model.layers] == [(8, 3), (8, 4)]
    with pytest.raises(AttributeError, match="never been called"):
        _ = layers.Dense(1).input_shape
