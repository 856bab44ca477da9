"""What all pictures keep: labels on axes, memory, words where there is no picture."""

import gc
import sys
import weakref

import numpy as np
import pytest

import rillet as tf
from rillet import explain

L = tf.keras.layers


def classifier():
    tf.keras.utils.set_random_seed(0)
    model = tf.keras.Sequential([L.Dense(4, "relu"), L.Dense(3, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).normal(size=(12, 2)).astype("float32")
    model(x)
    return model, x, np.arange(12) % 3


MODEL, X, Y = classifier()
LOG = {"loss": [2.0, 1.0]}
#: Pictures that matplotlib draws: the labels of their first axes, across and up.
PLOTS = {
    "activations": (lambda: explain.activations(MODEL, X), "value", "how many"),
    "boundary": (lambda: explain.boundary(MODEL, X, Y, side=5), "x1", "x2"),
    "confusion": (lambda: explain.confusion(Y, Y), "predicted", "true"),
    "geometry": (explain.geometry, "x", "y"),
    "history": (lambda: explain.history(LOG), "epoch", ""),
    "local_minimum": (lambda: explain.local_minimum(steps=5), "weight", "loss"),
    "loss_surface of one number": (
        lambda: explain.loss_surface(lambda w: w * w, side=5, steps=2), "w", "loss",
    ),
    "loss_surface of two": (
        lambda: explain.loss_surface(lambda w, b: w * b, side=5, steps=2), "w", "b",
    ),
    "loss_surface of a model": (
        lambda: explain.loss_surface(MODEL, X, Y, side=3, steps=1),
        "along direction 1", "along direction 2",
    ),
    "predictions": (lambda: explain.predictions(MODEL, X, Y), "class", "probability"),
    "predictions of numbers": (
        lambda: explain.predictions(lambda x: x[:, :1], X, X[:, 1]),
        "target", "prediction",
    ),
    "uncrumple": (lambda: explain.uncrumple(1, 20, 1), "", ""),
    "weights": (lambda: explain.weights(MODEL), "value", "how many"),
}  # fmt: skip
DRAWINGS = {
    "graph": lambda: explain.graph(lambda x: x * x, tf.constant(2.0)),
    "graph of a model": lambda: explain.graph(MODEL, X, Y),
    "matmul": lambda: explain.matmul((2, 3), (3, 4)),
    "network": lambda: explain.network(MODEL),
    "overview": lambda: explain.overview(MODEL, X, Y),
    "shapes": explain.shapes,
}
TOLD = {
    "step": lambda: explain.step(MODEL, X, Y),
    "examine": lambda: explain.examine(MODEL, X, Y),
    "naive": lambda: explain.naive.compare("naive_relu", size=5),
}


def test_the_tables_have_every_function():
    rows = {name.split()[0] for name in (*PLOTS, *DRAWINGS, *TOLD)}
    assert rows == {*explain.__all__} - {"doctor"}


@pytest.mark.parametrize("name", PLOTS)
def test_axes_say_what_they_show(name):
    make, across, up = PLOTS[name]
    picture = make()
    axis = picture.figure.axes[0]
    assert (axis.get_xlabel(), axis.get_ylabel()) == (across, up)
    if not axis.get_title():
        assert axis.get_legend() is not None


@pytest.mark.parametrize("name", [*DRAWINGS, *TOLD])
def test_pictures_leave_nothing_behind(name):
    make = (DRAWINGS | TOLD)[name]

    def look():
        found = make()
        str(found)
        if hasattr(found, "svg"):
            assert found._repr_svg_() == found.svg

    for _ in range(3):
        look()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(20):
        look()
    gc.collect()
    assert len(gc.get_objects()) - before < 20


@pytest.mark.parametrize("name", PLOTS)
def test_plots_leave_no_figure_behind(name):
    picture = PLOTS[name][0]()
    assert picture._repr_png_().startswith(b"\x89PNG")
    assert picture.figure is picture.figure
    figure = weakref.ref(picture.figure)
    del picture
    gc.collect()
    assert figure() is None
    pyplot = sys.modules.get("matplotlib.pyplot")
    assert pyplot is None or not pyplot.get_fignums()


@pytest.fixture
def bare(monkeypatch):
    """Without matplotlib."""
    for name in ("", ".animation", ".figure", ".backends", ".backends.backend_agg"):
        monkeypatch.setitem(sys.modules, f"matplotlib{name}", None)


@pytest.mark.parametrize("name", PLOTS)
def test_plots_name_the_extra_that_they_need(name, bare, tmp_path):
    picture = PLOTS[name][0]()
    assert str(picture)  # words and numbers need nothing
    for ask in (picture._repr_png_, lambda: picture.save(tmp_path / "p.png")):
        with pytest.raises(ImportError, match=r"pip install 'rillet\[plots\]'"):
            ask()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", DRAWINGS)
def test_drawings_need_no_matplotlib(name, bare, tmp_path):
    picture = DRAWINGS[name]()
    picture.save(tmp_path / "p.svg")
    picture.save(tmp_path / "p.html")
    assert "<svg" in (tmp_path / "p.html").read_text("utf-8")


def test_the_animation_needs_matplotlib_as_gif_alone(bare, tmp_path):
    picture = explain.uncrumple(1, 20, 1)
    picture.save(tmp_path / "p.html")
    assert (tmp_path / "p.html").read_text("utf-8").count("<circle") == 20
    with pytest.raises(ImportError, match="rillet\\[plots\\]"):
        picture.save(tmp_path / "p.gif")


@pytest.mark.parametrize("count", [1, 2])
def test_a_loss_that_never_changes_is_drawn(count):
    loss = (lambda w: w * 0.0 + 3.0) if count == 1 else (lambda w, b: w * 0.0 + 3.0)
    found = explain.loss_surface(loss, side=5, steps=4)
    np.testing.assert_array_equal(found.losses, np.full((5,) * count, 3.0))
    for name, path in found.paths.items():
        assert (path == path[0]).all(), name
    assert found._repr_png_().startswith(b"\x89PNG")
    assert "from 3 to 3" in str(found)


def test_logs_that_never_change_or_end_in_nan_are_drawn():
    log = {"loss": [1.0, 1.0], "mae": [np.nan, np.inf]}
    found = explain.history(log)
    first, second = found.figure.axes
    assert first.lines[0].get_ydata().tolist() == [1.0, 1.0]
    assert second.get_title() == "mae"
    assert found._repr_png_()


def branches():
    given = L.Input((4,))
    a, b = L.Dense(3, name="a")(given), L.Dense(3, name="b")(given)
    return tf.keras.Model(given, L.Dense(2, name="c")(L.Add()([a, b])))


def residual():
    given = L.Input((4,))
    inner = L.Dense(4, name="a")(given)
    return tf.keras.Model(given, L.Dense(2, name="b")(L.Add()([given, inner])))


class Own(tf.keras.Model):
    """Three Dense layers, and what happens between the second and the third."""

    def __init__(self, between):
        super().__init__()
        self.a, self.b = L.Dense(4, name="a"), L.Dense(4, name="b")
        self.c, self.between = L.Dense(1, name="c"), between

    def call(self, x):
        h = self.a(x["x"])
        return self.c(self.between(h, self.b(h), tf.cast(x["times"], tf.float32)))


def own(between):
    model = Own(between)
    model({"x": tf.ones((2, 3)), "times": tf.ones((2, 4), tf.int32)})
    return model


def siamese():
    one, two = L.Input((4,)), L.Input((4,))
    base = tf.keras.Sequential([L.Dense(4, name="a"), L.Dense(2, name="b")])
    return tf.keras.Model([one, two], L.Dense(1)(L.Subtract()([base(one), base(two)])))


def attention():
    seen = L.Dense(4, name="a")(given := L.Input((5, 3)))
    mixed = L.MultiHeadAttention(2, 4)(seen, seen)
    return tf.keras.Model(given, L.Dense(2, name="b")(mixed))


def two_outputs():
    seen = L.Dense(4, name="h")(given := L.Input((3,)))
    outputs = [L.Dense(2, name="a")(seen), L.Dense(1, name="b")(seen)]
    return tf.keras.Model(given, outputs)


def twice():
    layer = L.Dense(3, name="a")
    return tf.keras.Model(given := L.Input((3,)), layer(layer(given)))


def row(*layers, shape=(3,)):
    return tf.keras.Sequential([L.Input(shape), *layers])


def words():
    seen = L.TextVectorization(output_mode="multi_hot")
    seen.adapt(["a b", "c"])
    model = tf.keras.Sequential([seen, L.Dense(2, name="a")])
    model(tf.constant(["a"]))
    return model


@pytest.mark.parametrize(
    ("make", "got"),
    [
        (branches, r"a \(4, 3\) before b \(4, 3\)"),
        (residual, r"a \(4, 4\) before b \(4, 2\)"),
        (lambda: own(lambda h, g, times: h + g), r"b \(4, 4\) before c"),
        (lambda: own(lambda h, g, times: g * times), r"b \(4, 4\) before c"),
        (siamese, r"b \(4, 2\) before a \(4, 4\)"),
        (attention, r"a \(3, 4\) before b"),
        (two_outputs, r"a \(4, 2\) before b \(4, 1\)"),
        (twice, "a called 2 times"),
        (
            lambda: row(L.Dense(4, name="a"), L.LSTM(4), L.Dense(2), shape=(5, 3)),
            r"a \(3, 4\) before",
        ),
        (
            lambda: row(L.Dense(4, name="a"), L.Flatten(), L.Dense(2), shape=(5, 3)),
            r"a \(3, 4\) before .* \(20, 2\)",
        ),
        (words, "a on what Python made of the inputs"),
    ],
)
def test_a_network_with_branches_is_no_row_of_layers(make, got):
    with pytest.raises(ValueError, match=f"got {got}.* fold=True"):
        explain.network(make())


def half():
    tf.keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        return row(L.Dense(4, "relu", name="a"), L.Dense(1, name="b"))
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")


@pytest.mark.parametrize(
    ("make", "drawn"),
    [
        (
            lambda: own(lambda h, g, times: tf.nn.relu(g)),
            "inputs (3) a (4) b (4) c (1)",
        ),
        (half, "inputs (3) a (4) b (1)"),
        (
            lambda: row(L.Dense(4, name="a"), L.LeakyReLU(), L.Dense(1, name="b")),
            "inputs (3) a (4) b (1)",
        ),
        (
            lambda: row(L.LSTM(4, name="past"), L.Dense(2, name="a"), shape=(5, 3)),
            "from past (4) a (2)",
        ),
        (
            lambda: row(
                L.Conv2D(2, 3),
                L.Flatten(name="f"),
                L.Dense(2, name="a"),
                shape=(5, 5, 1),
            ),
            "from f (18) a (2)",
        ),
    ],
)
def test_a_row_of_layers_is_drawn_whatever_made_its_inputs(make, drawn):
    found = explain.network(make())
    pairs = zip(found.names, found.sizes, strict=True)
    assert " ".join(f"{name} ({size})" for name, size in pairs) == drawn


def test_inner_models_and_what_holds_no_neurons_are_passed():
    inner = tf.keras.Sequential([L.Dense(3, name="in", input_shape=(4,))])
    given = L.Input((2,))
    flow = L.Dropout(0.5)(L.BatchNormalization()(L.Dense(4, name="first")(given)))
    found = explain.network(tf.keras.Model(given, L.Dense(1, name="out")(inner(flow))))
    assert found.names == ["inputs", "first", "in", "out"]
    assert found.sizes == [2, 4, 3, 1]


def test_weights_that_are_no_numbers_are_dashed():
    model = tf.keras.Sequential([L.Dense(2, input_shape=(2,))])
    model.layers[0].kernel.assign([[np.nan, 1.0], [-2.0, np.inf]])
    drawing = explain.network(model).svg
    assert drawing.count("stroke-dasharray") == 2
    assert "stroke-width: 3.50" in drawing and "stroke-width: 1.90" in drawing
    assert "<title>weight nan</title>" in drawing


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: explain.confusion([-1, 1], [1, 1]), "from 0 to .* got class -1. Numb"),
        (lambda: explain.confusion([0, 1], [10**9, 1]), "got class 1000000000"),
        (lambda: explain.confusion([0, 5], np.eye(2)), "from 0 to 1: got target 5"),
        (lambda: explain.confusion([], []), "one or more: got 0 and 0"),
        (lambda: explain.confusion([0.0, np.nan], [0, 1]), "numbers: got NaN"),
        (lambda: explain.confusion([None], [None]), "must be numbers: got object"),
        (lambda: explain.boundary(len, X, Y - 1), "explain.boundary: .* class -1"),
        (lambda: explain.boundary(len, X, ["a"] * 12), "Number them, as in np.unique"),
        (lambda: explain.boundary(len, "abc", [0]), "points must be numbers"),
        (lambda: explain.predictions(MODEL, X, Y - 1), "predictions: .* class -1"),
        (lambda: explain.geometry("abc"), "points must be numbers: got 'abc'"),
        (lambda: explain.geometry([[1, 2], [3]]), "points must be numbers: got"),
        (lambda: explain.geometry(angle="x"), "angle must be numbers: got 'x'"),
        (lambda: explain.geometry(angle=np.nan), "angle must be finite"),
        (lambda: explain.geometry(shift=None), "shift must be finite"),
        (lambda: explain.uncrumple(2.5), "whole numbers from 1 on"),
        (lambda: explain.uncrumple("abc"), "whole numbers from 1 on"),
        (lambda: explain.uncrumple(seed=-1), "seed from 0 on"),
        (lambda: explain.confusion([1e300, 0], [0, 1]), r"got one of the size 1e\+300"),
        (lambda: explain.confusion(np.array([2**63], np.uint64), [0]), "size 9.22"),
        (lambda: explain.geometry([[1e308, 1]]), r"within 1e\+100.* 1e\+308 in points"),
        (lambda: explain.geometry(scale=(1, 1e200)), r"got 1e\+200 in scaling"),
        (lambda: explain.boundary(len, X.astype(float) * 1e300, Y), "of single prec"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_said(call, text):
    with pytest.raises(ValueError, match=text):
        call()


@pytest.mark.parametrize("size", [1.0, 1e4, 1e30])
def test_logits_of_any_size_have_regions(size):
    found = explain.boundary(
        lambda p: (size * (p[:, :1] - 1)).astype(np.float32),
        [[0.0, 0.0], [2.0, 2.0], [3.0, 1.0]],
        [0, 1, 1],
    )
    assert found.right == 1.0
    assert found.classes[0, 0] == 0 and found.classes[0, -1] == 1
