"""The course's loops beside their twins; a training step told in order."""

import numpy as np
import pytest

import rillet as tf
from rillet import explain
from rillet.explain import naive

L = tf.keras.layers


@pytest.mark.parametrize("name", sorted(naive.TWINS))
def test_loops_give_what_twins_give(name):
    (row,) = naive.compare(name, size=7, repeats=1)
    assert row.difference < 1e-12  # float64: a sum of 7 products in another order
    assert row.naive > 0 and name in str(row)


CASES = [
    (naive.naive_relu, ([[-1.0, 2.0]],), [[0.0, 2.0]]),
    (naive.naive_add, ([[1.0, 2.0]], [[3.0, 4.0]]), [[4.0, 6.0]]),
    (naive.naive_add_matrix_and_vector, ([[1.0], [2.0]], [5.0]), [[6.0], [7.0]]),
    (naive.naive_vector_dot, ([1.0, 2.0], [3.0, 4.0]), 11.0),
    (naive.naive_matrix_vector_dot, ([[1.0, 2.0], [0.0, 1.0]], [3.0, 4.0]), [11, 4]),
    (naive.naive_matrix_dot, ([[1.0, 2.0]], [[3.0], [4.0]]), [[11.0]]),
    (naive.naive_dense, ([[1.0, 2.0]], [[1.0, -1.0], [1.0, -1.0]], [1.0, 1.0]),
     [[4.0, 0.0]]),
]  # fmt: skip


@pytest.mark.parametrize(("function", "given", "wanted"), CASES)
def test_by_hand(function, given, wanted):
    np.testing.assert_array_equal(function(*given), wanted)


def test_inputs_stay_as_they_were():
    x = np.array([[-1.0]])
    naive.naive_relu(x)
    naive.naive_add(x, x)
    assert x == -1


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: naive.naive_relu([1.0]), "x must be of rank 2: got shape"),
        (lambda: naive.naive_add([[1.0]], [[1.0, 2.0]]), "shapes must be the same"),
        (lambda: naive.naive_vector_dot([1.0], [1.0, 2.0]), "lengths must be the same"),
        (lambda: naive.naive_matrix_dot([[1.0]], [[1.0]] * 2), "columns and y's rows"),
        (lambda: naive.compare("naive_sub"), "no such function"),
        (lambda: naive.compare(size=0), "size and repeats must be 1 or more"),
    ],
)
def test_refusals(call, text):
    with pytest.raises(ValueError, match=text):
        call()


def line_model():
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, use_bias=False, name="d")])
    model.build((None, 1))
    model.set_weights([np.array([[3.0]], np.float32)])
    model.compile(tf.keras.optimizers.SGD(0.1), "mse")
    return model


def test_a_step_by_hand():
    # y = w x; w = 3; x = 1, 2; y = 0: loss (9 + 36) / 2, gradient 2 w (1 + 4) / 2
    model = line_model()
    told = explain.step(model, ([[1.0], [2.0]], [[0.0], [0.0]]), keep=True)
    assert told.loss == pytest.approx(22.5)
    (change,) = told.changes
    assert change.name == "d/kernel" and told.largest is change
    assert change.gradient == pytest.approx(15.0)
    assert change.update == pytest.approx(1.5)
    assert change.ratio == pytest.approx(0.5)
    assert model.get_weights()[0] == pytest.approx(1.5)
    assert told.loss_after == pytest.approx(22.5 / 4)
    (layer,) = told.layers
    assert (layer.name, layer.took, layer.gave) == ("d", (2, 1), (2, 1))
    assert layer.mean == pytest.approx(4.5)  # 3 and 6, before the update
    lines = str(told).splitlines()
    assert [line[:2] for line in lines if line[0] != " "] == [
        "1.", "2.", "3.", "4.", "5.", "6.",
    ]  # fmt: skip
    assert set(told.seconds) == {"forward", "backward", "update"}


def test_a_step_leaves_the_model_as_it_was():
    tf.keras.utils.set_random_seed(0)
    layers = [tf.keras.layers.BatchNormalization(), tf.keras.layers.Dense(1)]
    model = tf.keras.Sequential(layers)
    model.compile("adam", "mse")
    x, y = np.arange(8.0, dtype=np.float32).reshape(4, 2), np.zeros(4)
    model.fit(x, y, epochs=2, verbose=0)
    before = model.get_weights(), [np.array(v) for v in model.optimizer.variables]
    told = explain.step(model, x, y)
    assert told.batch == ((4, 2), (4,)) and told.loss_after != told.loss
    for a, b in zip(before[0], model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(before[1], model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_step_says_how_to_call_it():
    with pytest.raises(ValueError, match="explain.step: a batch is") as caught:
        explain.step(line_model(), tf.ones((1, 1)))
    assert "Call explain.step(model, (x, y)) or explain.step(model, x, y)" in str(
        caught.value
    )
    with pytest.raises(ValueError, match="To keep the step write keep=True"):
        explain.step(line_model(), ([[1.0]], [[0.0]]), True)
    with pytest.raises(ValueError, match="the model must be compiled"):
        explain.step(tf.keras.Sequential(), ([1.0], [1.0]))


def test_a_step_tells_the_shapes_of_inputs_not_of_weights():
    given = L.Input((7,), dtype="int32")
    words = L.BatchNormalization(name="n")(L.Embedding(30, 5, name="e")(given))
    last = L.LSTM(4, name="r")(words)
    model = tf.keras.Model(
        given, {"a": L.Dense(2, name="a")(last), "b": L.Dense(1, name="b")(last)}
    )
    model.compile("sgd", "mse")
    told = explain.step(
        model, np.ones((3, 7)), {"a": np.ones((3, 2)), "b": np.ones((3, 1))}
    )
    assert {layer.name: layer.took for layer in told.layers} == {
        "e": (3, 7),
        "n": (3, 7, 5),
        "r": (3, 7, 5),
        "a": (3, 4),
        "b": (3, 4),
    }
    assert "targets {'a': (3, 2), 'b': (3, 1)}" in str(told)


def test_a_step_tells_no_input_where_python_made_it():
    seen = L.TextVectorization(output_mode="multi_hot")
    seen.adapt(["a b", "c"])
    model = tf.keras.Sequential([seen, L.Dense(2, name="d")])
    model.compile("sgd", "mse")
    told = explain.step(model, tf.constant(["a", "b"]), np.ones((2, 2)))
    assert told.layers[-1].took is None and "d (Dense): (2, 2), mean" in str(told)
