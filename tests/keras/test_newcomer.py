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


def _metric(result: Any) -> Any:
    """A metric that counts batches and gives what a function makes of its state."""

    class Own(K.metrics.Metric):  # type: ignore[misc]
        def __init__(self, name: str = "count", **kwargs: Any) -> None:
            super().__init__(name=name, **kwargs)
            self.count = self.add_weight(name="c", initializer="zeros")

        def update_state(self, y: Any, p: Any, sample_weight: Any = None) -> None:
            self.count.assign_add(1.0)

        def result(self) -> Any:
            return result(self)

    return Own()


@pytest.mark.parametrize(
    "result, wanted",
    [
        (lambda m: m.count, {"count": 2.0}),
        (lambda m: {"a": m.count, "b": tf.constant(3)}, {"a": 2.0, "b": 3}),
        (lambda m: 1.5, {"count": 1.5}),
        (lambda m: 3, {"count": 3}),
        (lambda m: np.float32(2), {"count": 2.0}),
        (lambda m: [m.count, 1.0], {"count": [2.0, 1.0]}),
        (lambda m: np.ones(2), {"count": [1.0, 1.0]}),
    ],
    ids=["variable", "dict", "float", "int", "NumPy number", "list", "array"],
)
def test_metrics_may_give_what_becomes_a_tensor(result: Any, wanted: Any) -> None:
    metric = _metric(result)
    model = K.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse", metrics=[metric])
    data = {"validation_data": (_X, _Y), "batch_size": 4, "verbose": 0}
    logs = model.fit(_X, _Y, epochs=2, **data).history
    shown = model.evaluate(_X, _Y, batch_size=4, verbose=0, return_dict=True)
    for name, value in wanted.items():
        for found in (*logs[name], *logs[f"val_{name}"], shown[name]):
            assert not isinstance(found, tf.Tensor | tf.Variable)
            assert np.array_equal(found, value)
        assert type(shown[name]) in (int, float, np.ndarray)
    given = metric.result()
    assert isinstance(given, dict if len(wanted) > 1 else tf.Tensor)


@pytest.mark.parametrize(
    "result, error",
    [
        (lambda m: None, RuntimeError),
        (lambda m: object(), RuntimeError),
        (lambda m: {"a": None}, ValueError),
    ],
)
def test_what_a_metric_cannot_give_names_the_metric(result: Any, error: Any) -> None:
    with pytest.raises(error, match=r"(?s)^Own\.result: .*metric count\b"):
        _metric(result).result()


def _ready() -> Any:
    model = K.Sequential([layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


def _square() -> Any:
    return K.Sequential([layers.Flatten(input_shape=(4, 4)), layers.Dense(2)])


def _square_by_data() -> Any:
    model = K.Sequential([layers.Flatten(), layers.Dense(2)])
    model(np.zeros((2, 4, 4)))
    return model


class _Pictures(K.Model):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.all = _square_by_data()

    def call(self, inputs: Any) -> Any:
        return self.all(inputs)


class _Silent(_Net):
    def call(self, inputs: Any) -> None:
        self.first(inputs)


def _silent() -> Any:
    model = _Silent()
    model.compile("sgd", "mse", metrics=["mae"])
    return model


_ONE = r"(?s)shape \(None, 4, 4\), but x has shape \(4, 4\): .*x\[tf\.newaxis\]"
_CLASS = r"not a class: got the class {0}\.\nDid you forget the parentheses, {0}\(\)\?"
_IMAGE = np.zeros((4, 4))
_MSE = "MeanSquaredError"
_SLIPS: list[Any] = [
    ("image, known", lambda: _square().predict(_IMAGE, verbose=0), ValueError, _ONE),
    ("image, called", lambda: _square()(_IMAGE), ValueError, _ONE),
    ("image, by data", lambda: _square_by_data()(_IMAGE), ValueError, _ONE),
    ("image, subclass", lambda: _Pictures()(_IMAGE), ValueError, r"x\[tf\.newaxis\]"),
    (
        "lists of numbers",
        lambda: _ready().fit([1.0, 2.0, 3.0], [2.0, 4.0, 6.0], verbose=0),
        ValueError,
        r"give x of shape \(3, 1\): np\.array\(x\)\[:, np\.newaxis\]",
    ),
    (
        "dictionary for a stack",
        lambda: _ready().fit({"a": _X}, _Y, verbose=0),
        TypeError,
        r"takes one tensor, but x is a dictionary of \['a'\]: give x\['a'\]\.(?s:.*)"
        r"inputs=\{'a': tf\.Tensor\(shape=\(8, 3\), dtype=float32\)\}",
    ),
    (
        "loss class",
        lambda: _ready().compile("sgd", K.losses.MeanSquaredError),
        TypeError,
        "^compile: a loss must.*" + _CLASS.format(_MSE),
    ),
    (
        "metric class",
        lambda: _ready().compile("sgd", "mse", [K.metrics.MeanSquaredError]),
        TypeError,
        "^compile: a metric must.*" + _CLASS.format(_MSE),
    ),
    (
        "weighted metric class",
        lambda: _ready().compile(weighted_metrics=K.metrics.MeanSquaredError),
        TypeError,
        _CLASS.format(_MSE),
    ),
    (
        "optimizer class",
        lambda: _ready().compile(K.optimizers.Adam, "mse"),
        ValueError,
        r"^optimizers\.get: (?s:.*)\nDid you forget the parentheses, Adam\(\)\?",
    ),
    (
        "callback class",
        lambda: _ready().fit(_X, _Y, callbacks=[K.callbacks.History], verbose=0),
        TypeError,
        "^fit: a callback must.*" + _CLASS.format("History"),
    ),
    (
        "fit(epoch=)",
        lambda: _ready().fit(_X, _Y, epoch=3),
        TypeError,
        r"^fit: got an unexpected (?s:.*)'epoch': (?s:.*)\nDid you mean 'epochs'\?",
    ),
    (
        "evaluate(batchsize=)",
        lambda: _ready().evaluate(_X, _Y, batchsize=3),
        TypeError,
        r"^evaluate: (?s:.*)\nDid you mean 'batch_size'\?",
    ),
    (
        "predict(batchsize=)",
        lambda: _ready().predict(_X, batchsize=3),
        TypeError,
        r"^predict: (?s:.*)\nDid you mean 'batch_size'\?",
    ),
    (
        "compile(metric=)",
        lambda: _ready().compile("sgd", "mse", metric=["mae"]),
        TypeError,
        r"^compile: (?s:.*)\nDid you mean 'metrics'\?",
    ),
    (
        "train_on_batch(weights=)",
        lambda: _ready().train_on_batch(_X, _Y, weights=1),
        TypeError,
        r"^train_on_batch: got an unexpected",
    ),
    (
        "Dense of a name",
        lambda: layers.Dense("relu"),
        ValueError,
        r"^Dense: `units` .*: units='relu'\. Write Dense\(1, 'relu'\)",
    ),
    ("Dense of a list", lambda: layers.Dense([3]), TypeError, r"^Dense: `units` "),
    *(
        (
            f"{way} without a return",
            lambda way=way, data=data: getattr(_silent(), way)(*data, verbose=0),
            ValueError,
            r"^Model\.call: .*returned None\. End it with `return outputs`",
        )
        for way, data in (
            ("fit", (_X, _Y)),
            ("evaluate", (_X, _Y)),
            ("predict", (_X,)),
        )
    ),
    (
        "predict_classes",
        lambda: _ready().predict_classes,
        AttributeError,
        r"^Sequential\.predict_classes: .*np\.argmax\(model\.predict\(x\), axis=-1\)",
    ),
    *(
        (f"model.{name}", lambda name=name: getattr(_ready(), name), AttributeError, to)
        for name, to in (
            ("load_weight", r"Did you mean 'load_weights'\?"),
            ("fitt", r"no attribute 'fitt'\.\nDid you mean 'fit'\?"),
            ("sumary", r"Did you mean 'summary'\?"),
        )
    ),
    (
        "layer.kernal",
        lambda: _square().layers[1].kernal,
        AttributeError,
        r"^Dense\.kernal: 'Dense' object has no attribute 'kernal'\.\n.*'kernel'\?",
    ),
]


@pytest.mark.parametrize(
    "do, error, says", [row[1:] for row in _SLIPS], ids=[row[0] for row in _SLIPS]
)
def test_slips_are_told(do: Any, error: Any, says: str) -> None:
    with pytest.raises(error) as caught:
        do()
    caught.match(says)
    assert type(caught.value) is error


def test_absent_attributes_stay_cheap_and_keep_what_properties_say() -> None:
    layer = layers.Dense(1)
    assert not hasattr(layer, "kernal") and not hasattr(layer, "_private")
    with pytest.raises(AttributeError, match="never been called"):
        _ = layer.output_shape

    class Broken(layers.Layer):  # type: ignore[misc]
        @property
        def size(self) -> Any:
            return self.sizes_of_all

    with pytest.raises(AttributeError, match="sizes_of_all"):
        _ = Broken().size
    assert copy.copy(layer).units == 1
