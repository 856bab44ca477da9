"""Pictures of training and of models: the values that each one draws."""

import json
import re

import numpy as np
import pytest

import rillet as tf
from rillet import explain

Dense = tf.keras.layers.Dense


def kimchi():
    rng = np.random.default_rng(0)
    x = np.stack([rng.uniform(150, 250, 200), rng.uniform(30, 180, 200)], 1)
    good = (np.abs(x[:, 0] - 200) < 30) & (np.abs(x[:, 1] - 100) < 40)
    return x, good.astype(int)


def looks(picture, path):
    """Saves as a picture; the file's first bytes say which kind."""
    picture.save(path / "p.png")
    assert (path / "p.png").read_bytes().startswith(b"\x89PNG")
    assert picture._repr_png_().startswith(b"\x89PNG")


def test_history(tmp_path):
    given = {"loss": [3.0, 2, 1], "val_loss": [3.0, 1, 2], "mae": [1.0, 1, 1]}
    found = explain.history(given)
    assert found.groups == [["loss", "val_loss"], ["mae"]] and found.best == 2
    (first, second) = found.figure.axes
    assert first.lines[0].get_ydata().tolist() == [3, 2, 1]
    assert first.lines[1].get_ydata().tolist() == [3, 1, 2]
    assert second.get_title() == "mae"
    looks(found, tmp_path)
    with pytest.raises(ValueError, match=r"explain.history: the history holds no"):
        explain.history({})


def test_local_minimum(tmp_path):
    found = explain.local_minimum()
    # roots of 4 x^3 - 8 x - 1.2, from numpy.roots
    low, _, high = np.sort(np.roots([4, 0, -8, -1.2]).real)
    assert found.ends["SGD"] == pytest.approx(low, abs=1e-4)
    assert found.ends["momentum"] == pytest.approx(high, abs=1e-2)
    looks(found, tmp_path)
    with pytest.raises(ValueError, match="start must be from"):
        explain.local_minimum(start=9)


def test_confusion(tmp_path):
    found = explain.confusion([0, 1, 2, 2], np.eye(3)[[0, 2, 2, 2]], ["a", "b", "c"])
    assert found.counts.tolist() == [[1, 0, 0], [0, 0, 1], [0, 0, 2]]
    assert found.accuracy == 0.75
    assert [t.get_text() for t in found.figure.axes[0].texts][:3] == ["1", "0", "0"]
    looks(found, tmp_path)
    assert explain.confusion([0, 1], [[0.2], [0.7]]).accuracy == 1
    with pytest.raises(ValueError, match="must be equally many"):
        explain.confusion([0], [0, 1])
    with pytest.raises(ValueError, match="need a name each"):
        explain.confusion([0, 2], [0, 2], ["a", "b"])


def test_predictions_of_classes(tmp_path):
    said = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    found = explain.predictions(lambda x: said, np.zeros((3, 4)), [1, 1, 1])
    assert found.kind == "classes" and found.wrong.tolist() == [0, 1]
    assert found.figure.axes[0].get_title() == "0, 90 %; is 1"
    looks(found, tmp_path)


def test_predictions_of_numbers(tmp_path):
    found = explain.predictions(lambda x: x + 1, np.zeros((3, 1)), [1.0, 2.0, 5.0])
    assert found.kind == "numbers" and found.wrong.tolist() == [2, 1, 0]
    line = found.figure.axes[0].lines[0]
    assert line.get_xdata().tolist() == [1, 2, 5]
    assert line.get_ydata().tolist() == [1, 1, 1]
    looks(found, tmp_path)


def test_weights_and_activations(tmp_path):
    model = tf.keras.Sequential(
        [
            tf.keras.layers.Conv2D(2, 3, activation="relu", name="conv"),
            tf.keras.layers.Flatten(name="flat"),
            Dense(3, kernel_initializer="ones", name="out"),
        ]
    )
    with pytest.raises(ValueError, match="there are no weights"):
        explain.weights(model)
    x = np.random.default_rng(0).normal(size=(4, 8, 8, 1)).astype(np.float32)
    found = explain.activations(model, x)
    assert {n: v.shape for n, v in found.values.items()} == {
        "conv": (4, 6, 6, 2), "flat": (4, 72), "out": (4, 3),
    }  # fmt: skip
    np.testing.assert_allclose(found.values["out"], model(x), rtol=1e-6)
    assert found.maps["conv"].shape == (2, 6, 6)
    assert 0 < found.summary()["conv"]["zeros"] < 1
    looks(found, tmp_path)
    held = explain.weights(model)
    assert held.summary()["out/kernel"]["mean"] == 1
    assert held.values["conv/kernel"].shape == (3, 3, 1, 2)
    looks(held, tmp_path)


def test_loss_surface_of_a_function(tmp_path):
    found = explain.loss_surface(
        lambda a, b: a * a + 4 * b * b, start=(1.0, 1.0), learning_rate=0.1, steps=2
    )
    # plain descent by hand: a shrinks by 1 - 0.2, b by 1 - 0.8
    want = [[1, 1], [0.8, 0.2], [0.64, 0.04]]
    np.testing.assert_allclose(found.paths["SGD"], want, rtol=1e-5)
    assert found.losses[0, 0] == pytest.approx(20.0)
    assert found.losses[20, 0] == pytest.approx(4.0)  # y = 0, x = -2
    assert list(found.paths) == ["SGD", "momentum", "RMSprop", "Adam"]
    # momentum by hand: speed 0.9 v - 0.1 g
    np.testing.assert_allclose(found.paths["momentum"][2], [0.46, -0.68], rtol=1e-4)
    # Adam's first step is the learning rate, in the slope's direction
    np.testing.assert_allclose(found.paths["Adam"][1], [0.9, 0.9], rtol=1e-4)
    looks(found, tmp_path)


def test_loss_surface_of_one_number(tmp_path):
    found = explain.loss_surface(lambda a: a * a, start=(1.0,), side=5, steps=3)
    assert found.losses.tolist() == [4, 1, 0, 1, 4] and found.y is None
    looks(found, tmp_path)
    with pytest.raises(ValueError, match="no such optimizer"):
        explain.loss_surface(lambda a: a, start=(1.0,), optimizers=["Newton"])


def test_loss_surface_of_a_model(tmp_path):
    tf.keras.utils.set_random_seed(0)
    model = tf.keras.Sequential([Dense(3, activation="tanh"), Dense(1)])
    model.compile("sgd", "mse")
    x, y = np.ones((8, 2), np.float32), np.zeros(8, np.float32)
    model(x)
    before = model.get_weights()
    found = explain.loss_surface(model, x, y, start=(0.5, 0.5), side=3, steps=5)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    here = model.evaluate(x, y, verbose=0)
    assert found.losses[1, 1] == pytest.approx(here, rel=1e-5)
    assert found.path_losses["SGD"][-1] < found.path_losses["SGD"][0]
    with pytest.raises(ValueError, match="a model needs data"):
        explain.loss_surface(model)


def test_geometry(tmp_path):
    found = explain.geometry(
        [[1.0, 0.0], [0.0, 1.0]], (1, 2), 90, (3, 0.5), ((0, -1), (1, 0))
    )
    want = {
        "translation": [[2, 2], [1, 3]],
        "rotation": [[0, 1], [-1, 0]],
        "scaling": [[3, 0], [0, 0.5]],
        "affine": [[1, 3], [0, 2]],
        "affine, then ReLU": [[1, 3], [0, 2]],
    }
    for name, points in want.items():
        np.testing.assert_allclose(found.results[name], points, atol=1e-12)
    assert (explain.geometry().results["affine, then ReLU"] >= 0).all()
    assert (explain.geometry().results["affine"] < 0).any()
    looks(found, tmp_path)
    with pytest.raises(ValueError, match="points must be"):
        explain.geometry([1.0, 2.0])


def test_uncrumple(tmp_path):
    found = explain.uncrumple(layers=4, points=400)
    assert len(found.stages) == 5
    assert found.overlaps[0] > 0.2 and found.overlaps[-1] < 0.02
    np.testing.assert_allclose(
        found.frame(0.5), (found.stages[0] + found.stages[1]) / 2
    )
    looks(found, tmp_path)
    small = type(found)(found.stages[:2], found.labels)
    small.save(tmp_path / "p.gif")
    assert (tmp_path / "p.gif").read_bytes().startswith(b"GIF8")
    assert not list(tmp_path.glob(".*"))


def test_uncrumple_is_a_page_that_needs_no_other(tmp_path):
    made = type(explain.uncrumple(1, 10, 1))
    before = np.array([[0.0, 0], [1, 2], [2, 1]])
    after = np.array([[5.0, 5], [5, 4], [5, 3]])
    found = made([before, after], np.array([0, 1, 1]))
    page = found._repr_html_()
    dots = re.findall(r'<circle class="of(\d)" cx="(.*?)" cy="(.*?)"', page)
    # 400 wide with 14 free on each side, y upwards
    assert dots == [
        ("0", "14.0", "386.0"), ("1", "200.0", "14.0"), ("1", "386.0", "200.0"),
    ]  # fmt: skip
    moves = json.loads(re.search(r"stages = (.*?), says = ", page)[1])
    assert moves[1] == [14.0, 14.0, 14.0, 200.0, 14.0, 386.0]
    says = json.loads(re.search(r"says = (.*?), end = ", page)[1])
    assert says == ["crumpled: 0 % mixed", "after layer 1: 0 % mixed"]
    assert "http" not in page
    assert page.count("<script>") == page.count("</script>") == 1
    found.save(tmp_path / "p.html")
    saved = (tmp_path / "p.html").read_text("utf-8")
    assert saved.startswith("<!doctype html>") and saved.count("<circle") == 3


def test_boundary(tmp_path):
    x, y = kimchi()
    inside = explain.boundary(
        lambda p: 1.0 * ((abs(p[:, :1] - 200) < 30) & (abs(p[:, 1:] - 100) < 40)),
        x,
        y,
        ("temperature", "minutes"),
        ("bad", "good"),
    )
    assert inside.right == 1.0
    assert inside.classes[40, 40] == 1 and inside.classes[0, 0] == 0
    assert inside.outputs.shape == (81, 81)
    assert inside.figure.axes[0].get_xlabel() == "temperature"
    looks(inside, tmp_path)
    three = explain.boundary(
        lambda p: np.stack([p[:, 0], p[:, 1], 0 * p[:, 0]], 1), [[1, 0], [0, 1]], [0, 1]
    )
    assert three.outputs.shape == (81, 81, 3) and three.right == 1
    looks(three, tmp_path)
    with pytest.raises(ValueError, match="points must be"):
        explain.boundary(lambda p: p, [[1.0]], [0])


def dense():
    model = tf.keras.Sequential(
        [Dense(20, "relu", input_shape=(2,), name="a"), Dense(1, name="b")]
    )
    model.compile("adam", "mse", metrics=["mae"])
    return model


def test_network():
    model = dense()
    found = explain.network(model)
    assert found.sizes == [2, 20, 1] and found.activations == ["relu", "linear"]
    np.testing.assert_array_equal(found.weights[0], model.layers[0].kernel)
    # 11 of 20 neurons are drawn, with all their links
    assert found.svg.count("<circle") == 2 + 11 + 1
    assert found.svg.count('class="line"') == 2 * 11 + 11
    with pytest.raises(ValueError, match="must have Dense layers"):
        explain.network(tf.keras.Sequential([Dense(1)]))


def test_overview(tmp_path):
    found = explain.overview(dense(), np.zeros((5, 2)), np.zeros(5))
    assert found.parts["layers"] == ["a: Dense 20, relu", "b: Dense 1, linear"]
    assert found.parts["optimizer"] == ["Adam", "rate 0.001"]
    assert found.parts["data"] == ["x (5, 2)"] and found.parts["targets"] == ["y (5,)"]
    assert found.svg.count('class="line"') == 7
    found.save(tmp_path / "o.svg")
    with pytest.raises(ValueError, match="the model must be compiled"):
        explain.overview(tf.keras.Sequential([Dense(1)]))


def test_matmul_and_shapes():
    found = explain.matmul(np.zeros((3, 4)), (4, 2))
    assert found.out == (3, 2) and "x · y (3, 2)" in found.svg
    with pytest.raises(ValueError, match="size of x, 4, must be the last but one"):
        explain.matmul((3, 4), (3, 4))
    every = explain.shapes()
    assert [len(s) for s in every.shapes.values()] == [0, 1, 2, 3, 4, 5]
    assert list(every.cells.values()) == [1, 4, 12, 36, 54, 72]
    assert every.svg.count("<rect") == sum(every.cells.values())
    assert explain.shapes(big=(100, 7)).cells == {"big": 25}
    size = re.search(r'width="(\d+)" height="(\d+)"', every.svg)
    width, height = map(int, size.groups())
    assert width <= 730 and height > 200  # more than one row
    with pytest.raises(ValueError, match="rank 0 to 5"):
        explain.shapes((1,) * 6)


def test_saving_refuses_unknown_kinds(tmp_path):
    with pytest.raises(ValueError, match="save: the name's ending says"):
        explain.geometry().save(tmp_path / "p.doc")


def test_confusion_of_names():
    found = explain.confusion(["cat", "dog", "dog"], ["cat", "cat", "dog"])
    assert found.labels == ["cat", "dog"] and found.counts.tolist() == [[1, 0], [1, 1]]
    mixed = explain.confusion(["b", "a"], [[0.9, 0.1], [0.2, 0.8]], ["b", "a"])
    assert mixed.accuracy == 1.0
    with pytest.raises(ValueError, match="need the names' order: .*Give labels=\\[\"c"):
        explain.confusion(["cat", "dog"], [0, 1])
    with pytest.raises(ValueError, match=r"one of the labels \['cat'\]: got 'dog'"):
        explain.confusion(["cat", "dog"], ["cat", "cat"], ["cat"])


def test_loss_surface_knows_how_many_numbers_a_function_takes():
    found = explain.loss_surface(lambda w: w * w, side=5, steps=2)
    assert found.y is None and found.names == ["w"] and found.x[0] == -2
    assert found.figure.axes[0].get_xlabel() == "w"
    both = explain.loss_surface(lambda w, b: w * w + b, side=5, steps=2)
    first, *_, bar = both.figure.axes
    assert (first.get_xlabel(), first.get_ylabel()) == ("w", "b")
    assert bar.get_ylabel() == "loss"
    low, high = bar.get_ylim()
    assert (low, high) == pytest.approx((both.losses.min(), both.losses.max()))
    with pytest.raises(ValueError, match="must take one number or two: got 3: a, b, c"):
        explain.loss_surface(lambda a, b, c: a)
    with pytest.raises(ValueError, match="a function of one or two numbers is needed"):
        explain.loss_surface(3.0)


def test_predictions_have_ticks():
    found = explain.predictions(lambda x: np.eye(10)[:3], np.zeros((3, 4)), [0, 1, 5])
    axis = found.figure.axes[0]
    assert [t.get_text() for t in axis.get_xticklabels()] == list("0123456789")
    assert axis.get_xlabel() == "class"


TOLD = [
    (lambda: explain.loss_surface(lambda a: a * a, start=(1.0,), learning_rate=0.1,
                                  steps=2, side=5),
     "SGD: loss 1 to 0.4096 in 2 steps, at a 0.64"),
    (lambda: explain.predictions(lambda x: x + 1, np.zeros((2, 1)), [1.0, 3.0]),
     "<predictions: 2, off by 1 on average>\n  row 1: 1, is 3"),
    (lambda: explain.predictions(lambda x: np.array([[0.9, 0.1]]), np.zeros((1, 1)),
                                 [1]),
     "<predictions: 1 of 1 wrong>\n  row 0: 0 with 90 %, is 1"),
    (lambda: explain.boundary(lambda p: 1.0 * (p[:, :1] > 1), [[0, 0], [2, 2]], [0, 1]),
     "<boundary: 100.0 % of 2 points right; x1 -0.12 to 2.12"),
    (lambda: explain.local_minimum(), "SGD ends at -1.332 with loss -0.2351"),
    (lambda: explain.geometry([[1.0, 0.0]], angle=90),
     "rotation: (1, 0) goes to (6.123e-17, 1)"),
    (lambda: explain.history({"loss": [2.0, 1.0]}), "<history: loss 1>"),
    (lambda: explain.uncrumple(1, 40, 1), "<uncrumple: after each layer mixed "),
]  # fmt: skip


@pytest.mark.parametrize(("make", "text"), TOLD)
def test_what_print_tells(make, text):
    assert text in str(make())


def test_every_name_has_a_page_and_a_test():
    import pathlib

    root = pathlib.Path(__file__).parents[2]
    page = (root / "docs" / "pictures.md").read_text("utf-8")
    tests = "".join(
        p.read_text("utf-8") for p in (root / "tests" / "explain").glob("*.py")
    )
    for name in explain.__all__:
        assert f"explain.{name}" in page, name
        assert f"explain.{name}" in tests or f"import {name}" in tests, name


def _classifier():
    layers = [tf.keras.layers.Dense(3, "softmax", name="out")]
    model = tf.keras.Sequential(layers)
    model.compile("sgd", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).normal(size=(10, 2)).astype("float32")
    y = np.arange(10) % 3
    model(x)
    return model, x, y


def test_datasets_give_what_their_arrays_give():
    model, x, y = _classifier()
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(4)
    first = x[:4], y[:4]
    whole = explain.predictions(model, data)
    np.testing.assert_allclose(whole.predicted, model.predict(x, verbose=0), rtol=1e-5)
    assert whole.targets.tolist() == y.tolist()
    assert explain.step(model, data).loss == explain.step(model, *first).loss
    acts = explain.activations(model, data).values["out"]
    np.testing.assert_allclose(acts, model.predict(x[:4], verbose=0), rtol=1e-5)
    assert "x (4, 2)" in str(explain.overview(model, data))
    kernel = explain.graph(model, data, fold=False)["out/kernel"].gradient
    same = explain.graph(model, *first, fold=False)["out/kernel"].gradient
    np.testing.assert_array_equal(kernel, same)
    surface = explain.loss_surface(model, data, side=3, steps=1)
    wanted = explain.loss_surface(model, *first, side=3, steps=1)
    np.testing.assert_array_equal(surface.losses, wanted.losses)


def test_shapes_of_several_inputs_stand_in_the_overview():
    model, x, y = _classifier()
    parts = explain.overview(model, [x, x[:, :1]], y).parts
    assert parts["data"] == ["x (10, 2), (10, 1)"]


def test_logits_become_probabilities():
    logits = np.array([[0.0, np.log(3.0)], [np.log(4.0), 0.0]])
    shown = explain.predictions(lambda x: logits, np.zeros((2, 1)), [1, 0])
    np.testing.assert_allclose(shown.predicted, [[0.25, 0.75], [0.8, 0.2]])


def test_many_classes_are_coloured_rather_than_counted():
    classes = np.arange(200)
    axis = explain.confusion(classes, classes).figure.axes[0]
    assert not axis.texts and axis.get_title().endswith("; no room for the counts")
    np.testing.assert_array_equal(axis.images[0].get_array(), np.eye(200))


def test_a_loss_that_is_no_number_in_places_is_drawn():
    found = explain.loss_surface(
        lambda a, b: tf.math.log(a) + b * 0.0, start=(1.0, 0.0), side=5, steps=1
    )
    assert np.isfinite(found.losses).sum() == 10  # a is 1 and 2
    assert found._repr_png_()


def test_a_number_that_the_loss_does_not_use_stays():
    found = explain.loss_surface(lambda a, b: a * a, optimizers="SGD", steps=3)
    assert found.paths["SGD"][:, 1].tolist() == [1.5] * 4


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: explain.weights(3), "a model or layer is needed: got int"),
        (lambda: explain.activations(3, [1.0]), "a model or layer is needed: got int"),
        (lambda: explain.predictions(3, [1.0], [1]), "a model or a function is needed"),
        (lambda: explain.history({"loss": ["a"]}), "a number for each epoch"),
        (lambda: explain.history({"loss": [[1.0]]}), "a number for each epoch"),
        (lambda: explain.geometry([[np.nan, 1.0]]), "finite numbers: got NaN"),
        (lambda: explain.geometry(scale=2.0), r"scale must be .* shape \(2,\)"),
        (lambda: explain.geometry(matrix=[[1.0]]), r"shape \(2, 2\): got \(1, 1\)"),
        (lambda: explain.boundary(len, np.zeros((0, 2)), []), "must be points"),
        (
            lambda: explain.loss_surface(lambda a: a * np.nan),
            "a number somewhere",
        ),
        (
            lambda: explain.predictions(lambda x: [x, x], np.zeros((2, 1)), [0, 1]),
            "one output",
        ),
        (
            lambda: explain.predictions(
                lambda x: np.zeros((2, 5, 2)), np.zeros((2, 1)), np.zeros((2, 5))
            ),
            "one place of a sequence",
        ),
        (lambda: explain.predictions(len, np.zeros((2, 1))), "targets are needed"),
        (
            lambda: explain.step(
                _classifier()[0], np.zeros((2, 2)), [np.zeros(2), np.zeros((2, 1))]
            ),
            "^explain: The two structures don.t have the same nested structure",
        ),
    ],
)
def test_what_cannot_be_drawn_is_said(call, text):
    with pytest.raises(ValueError, match=text):
        call()
