"""`explain.graph`: the book's example, tapes, models folded by layer."""

import re

import numpy as np
import pytest

import rillet as tf
from rillet import explain

L = tf.keras.layers


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


def test_a_variable_that_is_read_twice_has_both_parts_of_its_gradient():
    """x w + w w has the derivatives w = 3 by x and x + 2 w = 8 by w."""
    w = tf.Variable(3.0, name="w")
    picture = explain.graph(lambda x: x * w + w * w, tf.constant(2.0))
    assert float(picture["w"].gradient) == 8.0
    layer = tf.keras.layers.Dense(2, kernel_regularizer="l2", name="shared")
    x = tf.constant([[1.0, -2.0], [0.5, 3.0]])
    start = tf.keras.Input((2,))
    model = tf.keras.Model(start, layer(layer(start)))
    model.compile("sgd", "mse")
    picture = explain.graph(model, x, x, fold=False)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - x) ** 2) + tf.add_n(model.losses)
    want = tape.gradient(loss, layer.kernel)
    found = next(n for n in picture.nodes if "kernel" in n.name)
    np.testing.assert_allclose(found.gradient, want, rtol=1e-5)


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
    assert "loss: |y - x2|" in picture.svg and "loss = |y - x2| = 3" in str(picture)
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


def test_complex_values_have_lengths():
    picture = explain.graph(
        lambda x: tf.abs(tf.complex(x, x) * tf.complex(x, x)), tf.constant(2.0)
    )
    # |(x + ix)^2| is 2 x^2
    assert picture["loss"].value == pytest.approx(8.0)
    assert picture["x"].gradient == pytest.approx(8.0)
    assert picture.edge("x1", "x3").said() == "|g| 2.828"  # |2 + 2i|
    assert "x3 = x1 * x2 = 0+8j" in str(picture)


def places(picture, look):
    found = re.findall(rf'<text x="(.*?)" y="(.*?)" class="{look}">(.*?)<', picture.svg)
    return [(float(x), float(y), text) for x, y, text in found]


def test_gradients_of_edges_into_one_box_do_not_cover_each_other():
    def branches(x):
        return tf.concat([x, tf.square(x), tf.sin(x), tf.abs(tf.cos(x))], 0)

    told = places(explain.graph(branches, tf.ones((5, 3))), "label back")
    assert len(told) == 8
    for k, (x, y, text) in enumerate(told):
        for u, v, other in told[:k]:
            apart = abs(x - u) >= 3.45 * (len(text) + len(other))
            assert apart or abs(y - v) >= 13, (text, other)


def attending():
    given = tf.keras.layers.Input((6,), dtype="int32")
    rows = tf.keras.layers.Embedding(10, 4, name="embedding")(given)
    seen = tf.keras.layers.MultiHeadAttention(2, 4, name="attention")(rows, rows)
    both = tf.keras.layers.Add(name="add")([rows, seen])
    said = tf.keras.layers.LSTM(3, name="read")(both)
    net = tf.keras.Model(given, tf.keras.layers.Dense(2, name="say")(said * 2.0))
    net.compile("sgd", tf.keras.losses.SparseCategoricalCrossentropy(True))
    return net


def test_attention_and_recurrence_fold_into_a_box_each():
    picture = explain.graph(attending(), np.arange(18).reshape(3, 6) % 10, [0, 1, 1])
    names = [(e.source.name, e.target.name) for e in picture.edges]
    assert names[1:] == [
        ("x1", "embedding"), ("embedding", "attention"), ("embedding", "add"),
        ("attention", "add"), ("add", "read"), ("read", "tf.math.multiply"),
        ("tf.math.multiply", "say"), ("y", "loss"), ("say", "loss"),
    ]  # fmt: skip
    assert picture["attention"].count > 10 and picture["read"].count > 10
    assert "attention: MultiHeadAttention" in picture.svg
    np.testing.assert_allclose(
        picture["add"].gradient, picture.edge("add", "read").gradient, 1e-6
    )


def test_values_outside_of_layers_are_counted_anew_when_folded():
    class Twice(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.layer = tf.keras.layers.Dense(3, name="layer")

        def call(self, x):
            return tf.square(tf.sin(self.layer(x)))

    picture = explain.graph(Twice(), np.ones((2, 2), np.float32), fold=True)
    assert [n.name for n in picture.nodes] == ["x", "layer", "x1", "result"]


class Again(tf.keras.Model):
    """One layer, three times: what a folded box would send back to itself."""

    def __init__(self):
        super().__init__()
        self.again = tf.keras.layers.Dense(3, name="again")
        self.norm = tf.keras.layers.LayerNormalization(name="norm")
        self.compile("sgd", "mse")

    def call(self, x):
        for _ in range(3):
            x = self.norm(x + self.again(x))
        return x


def test_a_layer_called_again_has_a_box_for_each_call():
    x = np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3)
    picture = explain.graph(Again(), x, np.zeros((2, 3), np.float32), fold=True)
    wanted = ["again", "norm", "again, call 2", "norm, call 2", "again, call 3"]
    names = [node.name for node in picture.nodes]
    assert [name for name in names if name in wanted] == wanted
    # Everything flows down; weights are in the first box, and no arrow says so.
    place = {name: i for i, name in enumerate(names)}
    sides = [(edge.source.name, edge.target.name) for edge in picture.edges]
    assert all(place[a] < place[b] for a, b in sides)
    assert ("again", "again, call 2") not in sides
    assert ("norm", "again, call 2") in sides and ("norm", "x2") in sides
    assert not [node for node in picture.nodes if node.kind == "variable"]
    assert "again, call 3: Dense" in picture.svg


def test_two_inputs_of_one_tower_are_two_towers():
    layers = tf.keras.layers
    tower = tf.keras.Sequential(
        [layers.Dense(4, name="low"), layers.Dense(2, name="up")]
    )
    left, right = tf.keras.Input((3,)), tf.keras.Input((3,))
    found = tf.keras.Model([left, right], layers.Dot(1)([tower(left), tower(right)]))
    found.compile("sgd", "mse")
    x = np.ones((2, 3), np.float32)
    picture = explain.graph(found, [x, 2 * x], np.ones((2, 1), np.float32), fold=True)
    sides = [(edge.source.name, edge.target.name) for edge in picture.edges]
    assert ("low", "up") in sides and ("low, call 2", "up, call 2") in sides
    assert ("up", "low, call 2") not in sides


def test_regularizers_stand_in_the_loss_of_a_folded_graph():
    x, y = np.ones((4, 3), np.float32), np.ones((4, 1), np.float32)
    hidden = L.Dense(8, "relu", kernel_regularizer="l2", name="hidden")
    model = tf.keras.Sequential([hidden, L.Dense(1, name="out")])
    model.compile("sgd", "mse")
    total = model.evaluate(x, y, verbose=0)
    picture = explain.graph(model, x, y, fold=True)
    names = [node.name for node in picture.nodes]
    assert sorted(names) == ["hidden", "hidden/kernel", "loss", "out", "x", "y"]
    (loss,) = (node for node in picture.nodes if node.name == "loss")
    assert float(loss.value) == pytest.approx(total)
    into = {edge.source.name for edge in picture.edges if edge.target is loss}
    assert into == {"hidden/kernel", "out", "y"}
