"""`explain.graph`: the book's example, tapes, models folded by layer."""

import numpy as np
import pytest

import rillet as tf
from rillet import explain


def book():
    x, y = tf.constant(2.0), tf.constant(4.0)
    w, b = tf.Variable(3.0, name="w"), tf.Variable(1.0, name="b")
    return x, y, w, b


def check(picture, y_name):
    # Chollet, Deep Learning with Python, 2nd edition, figures 2.22 to 2.25
    assert picture["x1"].value == 6 and picture["x2"].value == 7
    assert picture["loss"].value == 3
    path = [("x2", "loss"), ("x1", "x2"), ("b", "x2"), ("w", "x1")]
    assert [picture.edge(*e).derivative for e in path] == [1, 1, 1, 2]
    assert picture["w"].gradient == 2 and picture["b"].gradient == 1
    assert picture.edge(y_name, "loss").derivative == -1


def test_the_books_example_in_one_expression():
    x, y, w, b = book()
    check(explain.graph(lambda x: abs(4 - (x * w + b)), x), "4")


def test_the_books_example_with_names():
    x, y, w, b = book()

    @tf.function
    def loss(x, y):
        x1 = x * w
        x2 = x1 + b
        return abs(y - x2)

    picture = explain.graph(loss, x, y)
    check(picture, "y")
    assert [n.kind for n in picture.nodes] == [
        "input", "variable", "Mul", "variable", "AddV2", "input", "|a - b|",
    ]  # fmt: skip
    assert "x1 = x * w = 6" in str(picture)
    assert "d x1 / d w = 2" in str(picture)
    assert picture._repr_svg_().startswith("<svg") and ">7<" in picture.svg


def test_a_tape():
    x, y, w, b = book()
    with tf.GradientTape() as tape:
        loss = abs(y - (x * w + b))
    check(explain.graph(tape, target=loss, names={"x": x, "y": y}), "y")
    assert tape.gradient(loss, w).numpy() == 2
    with pytest.raises(ValueError, match="explain.graph: the tape does not hold"):
        explain.graph(tape, target=loss)


def test_a_value_used_twice_gets_one_edge():
    picture = explain.graph(lambda x: x * x, tf.constant(3.0))
    assert [(e.derivative, e.source.name) for e in picture.edges] == [(6.0, "x")]


def model():
    tf.keras.utils.set_random_seed(0)
    found = tf.keras.Sequential(
        [
            tf.keras.layers.Dense(8, activation="relu", name="first"),
            tf.keras.layers.Dense(3, activation="softmax", name="last"),
        ]
    )
    found.compile("sgd", "sparse_categorical_crossentropy")
    return found


def test_a_model_folded_by_layer():
    net = model()
    x, y = np.ones((5, 4), np.float32), np.array([0, 1, 2, 1, 1])
    picture = explain.graph(net, x, y, fold=True)
    assert [n.name for n in picture.nodes] == ["x", "first", "last", "y", "loss"]
    assert picture["first"].kind == "Dense"
    assert picture["last"].value.shape == (5, 3)
    assert picture["loss"].value == pytest.approx(net.evaluate(x, y, verbose=0))
    names = [(e.source.name, e.target.name) for e in picture.edges]
    assert names == [("x", "first"), ("first", "last"), ("y", "loss"), ("last", "loss")]


def test_gradients_of_a_model_are_those_of_a_tape():
    net = model()
    x, y = tf.ones((5, 4)), tf.constant([0, 1, 2, 1, 1])
    picture = explain.graph(net, x, y, fold=False)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(
            tf.keras.losses.sparse_categorical_crossentropy(y, net(x))
        )
    for v, g in zip(net.weights, tape.gradient(loss, net.weights), strict=True):
        np.testing.assert_allclose(picture[v.name.split(":")[0]].gradient, g, 1e-5)


def test_large_computations_fold_by_themselves():
    layers = [tf.keras.layers.Dense(4, activation="relu") for _ in range(6)]
    net = tf.keras.Sequential(layers)
    picture = explain.graph(net, np.ones((2, 4), np.float32))
    assert len(picture.nodes) == 7


@pytest.mark.parametrize("name", ["g.svg", "g.html"])
def test_saving(tmp_path, name):
    explain.graph(lambda x: x * 2.0, tf.constant(1.0)).save(tmp_path / name)
    assert "<svg" in (tmp_path / name).read_text()


def test_refusals(tmp_path):
    picture = explain.graph(lambda x: x * 2.0, tf.constant(1.0))
    with pytest.raises(ValueError, match=r"saved as .svg or .html: .* it as g.svg"):
        picture.save(tmp_path / "g.png")
    with pytest.raises(ValueError, match="a function, a model or a tape is needed"):
        explain.graph(3)
    with pytest.raises(ValueError, match="the result must be one tensor"):
        explain.graph(lambda: 3)
    with pytest.raises(KeyError, match="no node is called 'nobody'"):
        picture["nobody"]


def test_a_tape_that_watched_nothing_says_so():
    x = tf.constant(2.0)
    with tf.GradientTape() as tape:
        y = x * x
    with pytest.raises(ValueError, match=r"constants that tape.watch\(x\) was called"):
        explain.graph(tape, target=y)
    w = tf.Variable(1.0)
    with tf.GradientTape() as tape:
        y = w * x
    tape.gradient(y, w)
    with pytest.raises(ValueError, match="Ask before tape.gradient, or make the tape"):
        explain.graph(tape, target=y)


def test_names_and_lengths_are_explained():
    picture = explain.graph(
        lambda x, x1: tf.reduce_sum((x + x1) * 2.0, 0), np.ones((2, 3)), np.ones((2, 3))
    )
    assert [node.name for node in picture.nodes] == [
        "x", "x1", "x2", "2", "x3", "result",
    ]  # fmt: skip
    assert picture.edge("x", "x2").said().startswith("|g| ")
    for text in (str(picture), picture.svg):
        assert "|g| is the length of the gradient that comes back" in text
