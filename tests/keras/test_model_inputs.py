"""What models make of their inputs: forms, copies, masks, probing for shapes."""

from __future__ import annotations

import sys
import threading
from typing import Any

import numpy as np
import pytest

import rillet as tf

layers = tf.keras.layers
_X = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
_Y = np.ones((20, 1), "float32")


def _known() -> Any:
    entry = layers.InputLayer((4,), name="pixels")
    model = tf.keras.Sequential([entry, layers.Dense(1, kernel_initializer="ones")])
    model.compile("sgd", "mse")
    return model


@pytest.mark.parametrize(
    "inputs",
    [[_X], (_X,), {"pixels": _X}, {"pixels": _X, "extra": _Y}],
    ids=["list", "tuple", "by name", "one too many"],
)
def test_a_stack_of_known_input_takes_it_out_of_its_container(inputs: Any) -> None:
    wanted = _known().predict(_X, verbose=0)
    assert np.array_equal(_known().predict(inputs, verbose=0), wanted)
    loss = _known().fit(_X, _Y, shuffle=False, verbose=0).history["loss"]
    history = _known().fit(inputs, [_Y], shuffle=False, verbose=0).history
    assert history["loss"] == loss


def test_a_dictionary_must_have_the_input() -> None:
    with pytest.raises(ValueError, match='Missing data for input "pixels"'):
        _known()({"other": _X})


def test_one_layer_may_stand_in_a_stack_twice() -> None:
    layer = layers.Dense(4, kernel_initializer="identity")
    model = tf.keras.Sequential([layer, layer])
    assert np.array_equal(model(_X), _X) and len(model.weights) == 2
    with pytest.raises(ValueError, match="unique names"):
        model.add(layers.Dense(2, name=layer.name))


def test_layers_of_a_stack_know_what_they_take() -> None:
    model = tf.keras.Sequential([layers.Dense(3, input_shape=(4,)), layers.Dense(2)])
    assert [layer.input_shape for layer in model.layers] == [(None, 4), (None, 3)]


class _Keeper(tf.keras.Model):  # type: ignore[misc]
    """Keeps its last inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.last = tf.Variable(tf.zeros((20, 4)), trainable=False)
        self.dense = layers.Dense(1)

    def call(self, inputs: Any) -> Any:
        self.last.assign(inputs)
        return self.dense(inputs)


@pytest.mark.parametrize("way", ["train", "test", "predict"])
def test_a_batch_may_be_filled_anew(way: str) -> None:
    model = _Keeper()
    model.compile("sgd", "mse")
    batch = _X.copy()
    step = getattr(model, f"{way}_on_batch")
    step(batch) if way == "predict" else step(batch, _Y)
    batch[:] = 0
    assert np.array_equal(model.last, _X)


def test_steps_receive_data_as_in_keras() -> None:
    seen: list[Any] = []

    class Spy(tf.keras.Model):  # type: ignore[misc]
        def train_step(self, data: Any) -> Any:
            seen.append(data)
            return {"loss": 0.0}

    model = Spy()
    model.compile("sgd")
    for x in (_X, {"a": _X}, [_X, _X]):
        model.fit(x, verbose=0)
    assert isinstance(seen[0], tf.Tensor) and set(seen[1]) == {"a"}
    assert isinstance(seen[2], tuple) and len(seen[2]) == 1
    model.train_on_batch(_X)
    assert isinstance(seen[3], tuple) and len(seen[3]) == 1


def test_utils_take_batches_apart() -> None:
    assert tf.keras.utils.unpack_x_y_sample_weight((1, 2)) == (1, 2, None)
    assert tf.keras.utils.unpack_x_y_sample_weight({"a": 1}) == ({"a": 1}, None, None)
    assert tf.keras.utils.pack_x_y_sample_weight(1, 2, 3) == (1, 2, 3)


def test_metrics_leave_out_what_the_mask_hides() -> None:
    # Three of six steps are not 0: Masking hides the rest, whose error would be 0.
    x = np.ones((2, 3, 4), "float32")
    x[0] = 0
    dense = layers.Dense(1, kernel_initializer="ones", use_bias=False)
    dense.supports_masking = True
    model = tf.keras.Sequential([layers.Masking(), dense])
    model.compile("sgd", "mse", metrics=["mae"], weighted_metrics=["mse"])
    given = {"sample_weight": np.array([5.0, 1.0]), "return_dict": True, "verbose": 0}
    found = model.evaluate(x, np.zeros((2, 3, 1)), **given)
    assert found["mae"] == pytest.approx(4.0) and found["mse"] == pytest.approx(16.0)


class _Counter(layers.Layer):  # type: ignore[misc]
    """Counts its calls; `built_too` says whether in a variable that `build` makes."""

    def __init__(self, built_too: bool) -> None:
        super().__init__()
        self.late = built_too
        if not built_too:
            self.calls = tf.Variable(0, trainable=False)

    def build(self, input_shape: Any) -> None:
        if self.late:
            self.calls = tf.Variable(0, trainable=False)

    def call(self, inputs: Any) -> Any:
        self.calls.assign_add(1)
        return inputs * 2.0


class _Around(tf.keras.Model):  # type: ignore[misc]
    def __init__(self, inner: Any) -> None:
        super().__init__()
        self.inner = inner

    def call(self, inputs: Any) -> Any:
        return self.inner(inputs)


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("form", ["known", "deferred", "subclass"])
def test_finding_shapes_changes_no_variable(form: str, late: bool) -> None:
    counter = _Counter(late)
    if form == "known":
        model: Any = tf.keras.Sequential([layers.InputLayer((4,)), counter])
    elif form == "deferred":
        model = tf.keras.Sequential([counter])
    else:
        model = _Around(counter)
    model.build((None, 4))
    model.summary(print_fn=lambda line: None)
    assert model.compute_output_shape((None, 4)) == (None, 4)
    assert int(counter.calls) == 0
    model(_X)
    assert int(counter.calls) == 1


def test_weights_given_at_the_making_outlive_finding_shapes() -> None:
    given = [np.ones((4, 2), "float32"), np.ones(2, "float32")]
    model = _Around(layers.Dense(2, weights=given))
    model.build((None, 4))
    assert np.array_equal(model.get_weights()[0], given[0])


def test_threads_that_call_a_new_model_build_it_once() -> None:
    kept = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(30):
            model = tf.keras.Sequential([layers.Dense(32), layers.Dense(1)])
            start = threading.Barrier(6)

            def call(model: Any = model, start: Any = start) -> None:
                start.wait()
                model(_X)

            threads = [threading.Thread(target=call) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(model.weights) == 4
    finally:
        sys.setswitchinterval(kept)


def test_models_of_unknown_input_have_no_names_of_outputs() -> None:
    model = _Keeper()
    assert model.inputs is model.outputs is model.output_names is None


def test_verbose_beyond_2_shows_the_epochs_alone(capsys: Any) -> None:
    _known().fit(_X, _Y, epochs=2, verbose=3)
    assert capsys.readouterr().out == "Epoch 1/2\nEpoch 2/2\n"


def test_weights_that_do_not_go_with_the_outputs() -> None:
    with pytest.raises(ValueError, match=r"sample_weight has shape \(20, 3\)"):
        _known().fit(_X, _Y, sample_weight=np.ones((20, 3)), verbose=0)


def test_other_threads_do_not_change_the_steps_of_a_fit() -> None:
    model = _known()
    model.compile("sgd", "mse", steps_per_execution=4)
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            model.predict_on_batch(_X)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        model.fit(_X, _Y, batch_size=1, epochs=40, verbose=0)
    finally:
        done.set()
        thread.join()
    assert int(model.optimizer.iterations) == 40 * 20
