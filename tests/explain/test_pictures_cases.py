"""Pictures of what is unusual: several losses, descents that diverge, NaN."""

from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

import rillet as tf
from rillet import explain
from rillet.explain.picture import COLOURS


def test_paths_that_leave_the_picture() -> None:
    """With rate 1.5 on x * x each step doubles the distance: -1.5, 3, -6, ..."""
    for loss, axes in ((lambda a: a * a, 1), (lambda a, b: a * a + b * b, 2)):
        found = explain.loss_surface(
            loss, optimizers={"wild": tf.keras.optimizers.SGD(1.5)}, steps=400
        )
        path = found.paths["wild"]
        np.testing.assert_allclose(path[:4, 0], [-1.5, 3.0, -6.0, 12.0])
        assert len(path) < 400 and np.isfinite(found.path_losses["wild"][:-1]).all()
        assert found.gone("wild") == 1
        assert "wild: outside the picture since step 1" in repr(found)
        panel = found.figure.axes[0]
        assert panel.get_xlim() == (-2.0, 2.0)
        assert axes == 2 or panel.get_ylim()[1] < 5
    lost = explain.loss_surface(tf.math.log, start=[0.5], optimizers="SGD", steps=9,
                                limits=(0.1, 2.0), learning_rate=1.0)  # fmt: skip
    # log's slope at 0.5 is 2: the first step ends at -1.5, where there is no logarithm
    assert lost.paths["SGD"].tolist() == [[0.5], [-1.5]]
    assert np.isnan(lost.path_losses["SGD"][-1]) and lost.gone("SGD") == 1
    calm = explain.loss_surface(lambda a: a * a, optimizers="SGD", steps=3)
    assert calm.gone("SGD") is None and len(calm.paths["SGD"]) == 4


def test_paths_that_come_back() -> None:
    """On 2 cos(a), whose slope is -2 sin(a), rate 2 adds 4 sin(a)."""
    turned = explain.loss_surface(
        lambda a: tf.cos(a) * 2.0, start=[1.0], limits=(0.9, 3.3), steps=4,
        optimizers={"far": tf.keras.optimizers.SGD(2.0)}, side=5,
    )  # fmt: skip
    path = [1.0]
    for _ in range(4):
        path.append(path[-1] + 4.0 * np.sin(path[-1]))
    np.testing.assert_allclose(turned.paths["far"][:, 0], path, rtol=1e-4)
    # 1, 4.37, 0.60, 2.87, 3.93: out, in again, and out at the end
    inside = [0.9 <= at <= 3.3 for at in path]
    assert inside == [True, False, False, True, False] and turned.gone("far") == 4
    assert "far: outside the picture since step 4" in repr(turned)


def test_descents_on_a_curve_do_not_hide_each_other() -> None:
    found = explain.loss_surface(lambda a: a * a, steps=9)
    panels = found.figure.axes
    assert [axis.get_title().split("\n")[0] for axis in panels] == list(found.paths)
    for axis, name in zip(panels, found.paths, strict=True):
        drawn = axis.lines[1]
        np.testing.assert_array_equal(drawn.get_xdata(), found.paths[name][:, 0])
        np.testing.assert_array_equal(drawn.get_ydata(), found.path_losses[name])


def test_descents_that_leave_the_valleys() -> None:
    found = explain.local_minimum(learning_rate=5)

    def step(w: float) -> float:
        """The loss is 0.1 x**4 - 0.4 x**2 - 0.12 x."""
        return w - 5 * (0.4 * w**3 - 0.8 * w - 0.12)

    np.testing.assert_allclose(
        found.paths["SGD"][:3], [-2.3, step(-2.3), step(step(-2.3))]
    )
    assert found.gone == {"SGD": 1, "momentum": 1} and len(found.paths["SGD"]) < 9
    assert "SGD is outside the picture since step 1" in repr(found)
    axis = found.figure.axes[0]
    assert axis.get_ylim()[1] < 3 and axis.get_xlim()[1] < 3
    label = axis.get_legend().get_texts()[0].get_text()
    assert label == "SGD: outside since step 1"
    assert explain.local_minimum(learning_rate=1e308).figure.axes  # without a warning
    for wrong in ({"learning_rate": np.nan}, {"learning_rate": 0}, {"momentum": 2}):
        with pytest.raises(ValueError, match="learning_rate must be finite and above"):
            explain.local_minimum(**wrong)


def test_several_losses_count_as_in_fit() -> None:
    start = tf.keras.Input((3,))
    wide = tf.keras.layers.Dense(4, "relu", kernel_regularizer="l2")(start)
    ends = [
        tf.keras.layers.Dense(1, name="number")(wide),
        tf.keras.layers.Dense(2, activation="softmax", name="kind")(wide),
    ]
    model = tf.keras.Model(start, ends)
    x = np.random.default_rng(1).normal(size=(16, 3)).astype("float32")
    y = [x[:, :1], (x[:, 0] > 0).astype("int64")]
    losses = ["mse", "sparse_categorical_crossentropy"]
    model.compile("sgd", losses, loss_weights=[1.0, 0.5])
    total = model.evaluate(x, y, verbose=0)[0]
    assert explain.graph(model, x, y).nodes[-1].value == pytest.approx(total)
    told = explain.step(model, x, y)
    assert told.loss == pytest.approx(total) and "targets [(16, 1), (16,)]" in str(told)
    surface = explain.loss_surface(model, x, y, side=3, steps=1)
    assert surface.losses[1, 1] == pytest.approx(total)
    assert explain.overview(model, x, y).parts["loss"] == [
        "mean_squared_error",
        "sparse_categorical_crossentropy",
    ]


def test_numbers_are_no_classes() -> None:
    with pytest.raises(ValueError, match="classes must be whole numbers"):
        explain.boundary(lambda p: p[:, :1], [[0.0, 0.0], [1.0, 2.0]], [0.5, 0.25])
    with pytest.raises(ValueError, match="from 0 to 1, .* got class 750. .*predictio"):
        explain.boundary(lambda p: p[:, :1], [[0.0, 0.0], [1.0, 2.0]], [50.0, 750.0])
    with pytest.raises(ValueError, match="got NaN. Leave such rows out"):
        explain.boundary(lambda p: p[:, :1], [[0.0, 0.0], [1.0, 2.0]], [1.0, np.nan])


def filled(picture: Any) -> dict[str, Any]:
    """The ends of the regions along x1, by the colour that they are drawn in."""
    found = {}
    for part in picture.figure.axes[0].collections:
        colour = to_hex(part.get_facecolor()[0]) if len(part.get_facecolor()) else ""
        xs = [path.vertices[:, 0] for path in part.get_paths() if len(path.vertices)]
        if part.get_alpha() == 0.3 and xs:
            found[colour] = (np.concatenate(xs).min(), np.concatenate(xs).max())
    return found


def test_a_class_that_never_wins_has_no_region() -> None:
    x = np.linspace([-2.0, -1.0], [2.0, 1.0], 20)
    picture = explain.boundary(
        lambda p: np.stack([p[:, 0], p[:, 1] - 50, 0.2 - p[:, 0]], 1),
        x,
        2 * (x[:, 0] < 0.1),
    )
    regions = filled(picture)
    assert set(regions) == {COLOURS[0], COLOURS[2]}
    # outputs are equal at 0.1: the regions meet there, between places of the grid
    np.testing.assert_allclose(regions[COLOURS[0]], (0.1, 2.24), atol=1e-5)
    np.testing.assert_allclose(regions[COLOURS[2]], (-2.24, 0.1), atol=1e-5)


def test_class_numbers_of_any_function_have_regions() -> None:
    x = np.array([[-2.0, 0.0], [0.0, 0.0], [2.0, 0.0]])
    found = explain.boundary(
        lambda p: np.digitize(p[:, 0], [-1.0, 1.0]), x, [0, 1, 2], side=5
    )
    assert found.classes[0].tolist() == [0, 0, 1, 2, 2] and found.right == 1.0
    assert len(filled(found)) == 3


def test_the_first_dense_layer_names_where_its_numbers_come_from() -> None:
    layers = tf.keras.layers
    rows = tf.keras.Sequential([layers.LSTM(4, name="rows"), layers.Dense(1)])
    rows.build((None, 5, 2))
    assert explain.network(rows).names[0] == "from rows"
    flat = tf.keras.Sequential([layers.Flatten(), layers.Dense(1)])
    flat.build((None, 5, 2))
    assert explain.network(flat).names[0] == "inputs"


def test_epochs_without_a_number_are_marked() -> None:
    found = explain.history({"loss": [2.0, 1.0, np.nan, np.inf]})
    assert "loss NaN or infinite in epoch 3" in repr(found)
    texts = [text.get_text() for text in found.figure.axes[0].texts]
    assert texts == ["training: NaN or infinity"]


PRODUCTS = [
    ((3, 4), (4, 2)), ((4,), (4, 2)), ((3, 4), (4,)), ((4,), (4,)), ((0, 0), (0, 0)),
    ((2, 3, 4), (2, 4, 5)), ((7, 1, 3, 4), (2, 4, 1)), ((2, 3, 4), (4,)),
    ((0, 2, 3), (3, 1)),
]  # fmt: skip


@pytest.mark.parametrize(("x", "y"), PRODUCTS)
def test_products_of_any_rank(x: tuple[int, ...], y: tuple[int, ...]) -> None:
    wanted = np.matmul(np.zeros(x), np.zeros(y)).shape
    found = explain.matmul(x, y)
    assert found.out == wanted and str(found) == f"{x} · {y} = {wanted}"
    batch = np.broadcast_shapes(x[:-2], y[:-2])
    sheets = [min(max(1, int(np.prod(s))), 3) for s in (x[:-2], y[:-2], batch)]
    # and the row, the column and their product
    assert found.svg.count("<rect") == sum(sheets) + 3
    assert ("a batch of shape" in found.svg) == bool(batch)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        ((), (4, 2), "a scalar has no rows"),
        ((3, 4), (3,), "last size of x, 4, must be the only size of y, 3"),
        ((3, 3, 4), (2, 4, 5), r"batches \(3,\) and \(2,\) must be alike, or 1"),
        ((None, 4), (4, 2), r"got \(None, 4\). Put a number in place of None"),
    ],
)
def test_products_that_there_are_not(x: object, y: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        explain.matmul(x, y)


def test_shapes_of_tensors_are_shapes() -> None:
    assert explain.shapes(tf.zeros((2, 3)).shape).shapes == {"matrix": (2, 3)}
    with pytest.raises(ValueError, match="whole numbers from 0 on"):
        explain.shapes((-1, 2))


def _overlap(labels: list[Any]) -> bool:
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    return any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[k + 1 : k + 3])


@pytest.mark.parametrize(
    ("count", "each", "name"),
    [(2, 1, "{}"), (15, 9_000_000, "{}"), (26, 99, "{}"), (60, 30, "{}"),
     (40, 5, "class of number {}"), (300, 1, "{}")],
)  # fmt: skip
def test_counts_fit_their_squares(count: int, each: int, name: str) -> None:
    names = [name.format(k) for k in range(count)]
    found = explain.confusion(np.arange(count), np.arange(count), names)
    picture = type(found)(found.counts * each, names)
    assert max(picture.size) < 13
    picture.figure.draw_without_rendering()
    axis = picture.figure.axes[0]
    side = axis.get_window_extent().width / count
    # 300 squares have no room for a digit of 6 points
    assert len(axis.texts) == (0 if count == 300 else count * count)
    for text in axis.texts[:: count + 1]:
        assert text.get_window_extent().width < side and text.get_fontsize() >= 6
    assert not _overlap(axis.get_xticklabels()) and not _overlap(axis.get_yticklabels())


@pytest.mark.parametrize("scale", [1e-5, 0.04, 0.7, 1.0, 1e6])
def test_ticks_and_titles_of_weights_stand_apart(scale: float) -> None:
    long = tf.keras.layers.Dense(30, name="a_layer_with_quite_a_long_name_indeed")
    model = tf.keras.Sequential([tf.keras.Input((9,)), long])
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(1, 0.3, (9, 30)) * scale, -scale * np.ones(30)])
    figure = explain.weights(model).figure
    figure.draw_without_rendering()
    for axis in figure.axes:
        assert not _overlap(axis.get_xticklabels())
    assert not _overlap([axis.title for axis in figure.axes])


def test_points_of_ones_own_fill_the_panels() -> None:
    triangle = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]])
    for points in (triangle, 1e-6 * triangle, 1e5 * triangle, triangle + [5, 900]):
        found = explain.geometry(points, shift=(0, 0))
        every = np.concatenate([found.points, *found.results.values()])
        axis = found.figure.axes[0]
        for lim, values in (
            (axis.get_xlim(), every[:, 0]),
            (axis.get_ylim(), every[:, 1]),
        ):
            assert lim[0] < values.min() and values.max() < lim[1]
        wide = np.diff(axis.get_xlim())[0]
        assert wide < 1.2 * float(np.ptp(every, axis=0).max())
        assert axis.lines[-1].get_markersize() > 8
    crowd = explain.geometry(np.random.default_rng(0).normal(size=(900, 2)))
    assert crowd.figure.axes[0].lines[-1].get_markersize() == 3


def _two_outputs(name: str) -> Any:
    start = tf.keras.Input((3,))
    ends = [tf.keras.layers.Dense(1, name=n)(start) for n in (name, "b")]
    model = tf.keras.Model(start, ends)
    model.compile("sgd", "mse", metrics=[["mae"], ["mae"]])
    return model


def test_an_output_that_is_called_val() -> None:
    x = np.ones((20, 3), "float32")
    y = [x[:, :1], x[:, :1]]
    model = _two_outputs("val")
    bare = explain.history(model.fit(x, y, epochs=2, verbose=0))
    assert bare.groups == [["loss"], ["val_loss"], ["b_loss"], ["val_mae"], ["b_mae"]]
    assert not bare.checked and bare.best is None
    log = model.fit(x, y, epochs=2, verbose=0, validation_split=0.5)
    # the log holds one val_loss: validation's, as in Keras
    last = log.history
    total = last["val_val_loss"][-1] + last["val_b_loss"][-1]
    assert last["val_loss"][-1] == pytest.approx(total)
    pairs = [
        ["b_loss", "val_b_loss"],
        ["val_mae", "val_val_mae"],
        ["b_mae", "val_b_mae"],
    ]
    for given in (log, log.history):
        found = explain.history(given)
        assert found.groups == [["loss", "val_loss"], ["val_val_loss"], *pairs]
        panel = found.figure.axes[1]
        assert panel.get_title() == "val_loss: validation alone"
        assert panel.get_legend().get_texts()[0].get_text() == "validation"


def test_names_of_validation_alone() -> None:
    found = explain.history({"val_loss": [3.0, 1.0], "lr": [0.1, 0.1]})
    assert found.groups == [["lr"], ["val_loss"]] and found.best == 2
    assert found.figure.axes[1].get_title() == "loss: validation alone"


def test_several_numbers_are_no_classes() -> None:
    x = np.arange(12.0).reshape(4, 3)
    wanted = np.array([[0.0, 0.0, 5.0], [2.0, -1.0, 0.0], [1.0, 1.0, 1.0], [0, 0, 9]])
    off = np.zeros((4, 3))
    off[2, 1], off[0, 2] = 3.0, -0.6
    found = explain.predictions(lambda x: wanted + off, x, wanted)
    assert found.kind == "numbers" and found.wrong[:2].tolist() == [2, 0]
    assert str(found).splitlines()[:2] == [
        "<predictions: 4, off by 0.3 on average>", "  row 2, output 1: 4, is 1",
    ]  # fmt: skip
    axis = found.figure.axes[0]
    assert [text.get_text() for text in axis.get_legend().get_texts()] == [
        "output 0", "output 1", "output 2", "prediction = target",
    ]  # fmt: skip
    np.testing.assert_array_equal(axis.lines[2].get_xdata(), wanted[:, 2])
    # marks of several labels are numbers, too; shares of classes are classes
    marks = np.array([[1, 1, 0], [0, 0, 0], [1, 0, 1], [0, 1, 0]])
    assert explain.predictions(lambda x: marks * 0.9, x, marks).kind == "numbers"
    soft = np.full((4, 3), 0.05) + 0.85 * np.eye(3)[[0, 1, 2, 0]]
    assert explain.predictions(lambda x: soft, x, soft).kind == "classes"


@pytest.mark.parametrize("side", [1, 2, 8])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 255.0), (-3.0, 3.0)])
@pytest.mark.parametrize("channels", [1, 3])
def test_images_of_any_size_and_range(
    side: int, low: float, high: float, channels: int
) -> None:
    images = np.random.default_rng(0).uniform(low, high, (6, side, side, channels))
    images[0], images[1] = low, high
    said = np.eye(3)[[1, 1, 1, 0, 0, 0]]
    picture = explain.predictions(lambda x: said, images, [0] * 6).figure
    drawn = [np.asarray(axis.images[0].get_array()) for axis in picture.axes[:6]]
    assert drawn[0].shape == (side, side, 3)[: 2 + (channels == 3)]
    # the wrong rows come first, in their order; all on one scale
    wanted = ((images[:3] - low) / (high - low)).reshape(3, *drawn[0].shape)
    np.testing.assert_allclose(drawn[:3], wanted, atol=1e-12)
    assert channels == 3 or picture.axes[0].images[0].get_clim() == (0, 1)


def _curve(**values: list[float]) -> Any:
    return explain.history(values).figure


def test_epochs_few_and_many() -> None:
    (axis,) = _curve(loss=[2.0]).axes
    assert axis.get_xticks().tolist() == [1]
    for count, marker in ((9, "o"), (1000, "None")):
        (axis,) = _curve(loss=[1.0] * count).axes
        assert axis.lines[0].get_marker() == marker


def test_losses_of_many_sizes_are_drawn_by_powers_of_ten() -> None:
    for values, scale in (
        ([1e8, 1e3, 1.0], "log"), ([3.0, 1e-5], "log"), ([5e-12, 1e-12], "linear"),
        ([1e8, 0.0], "linear"), ([1e8, -1.0], "linear"), ([1e8, 1.0, np.nan], "log"),
    ):  # fmt: skip
        (axis,) = _curve(loss=values, val_loss=values).axes
        assert axis.get_yscale() == scale


def test_marks_of_lost_epochs_stand_apart() -> None:
    lost = [2.0, np.nan, np.nan, 1.0, np.nan]
    figure = _curve(loss=lost, val_loss=lost)
    figure.draw_without_rendering()
    (axis,) = figure.axes
    assert len(axis.patches) == 4  # epochs 2 and 3, and 5, twice
    spans = [patch.get_extents().transformed(axis.transData.inverted()).get_points()
             for patch in axis.patches[:2]]  # fmt: skip
    np.testing.assert_allclose([s[:, 0] for s in spans], [[1.5, 3.5], [4.5, 5.5]])
    boxes = [t.get_window_extent() for t in axis.texts if "NaN" in t.get_text()]
    assert len(boxes) == 2 and not boxes[0].overlaps(boxes[1])


def test_predictions_that_are_nan_are_counted_and_come_first() -> None:
    y = np.arange(4.0)
    found = explain.predictions(lambda x: np.where(x == 2, np.nan, x + 1), y, y)
    assert str(found).splitlines()[:2] == [
        "<predictions: 4, 1 of 4 NaN or infinite, others off by 1 on average>",
        "  row 2: nan, is 2",
    ]
    axis = found.figure.axes[0]
    assert axis.get_title() == "1 of 4 NaN or infinite\nothers off by 1 on average"
    np.testing.assert_array_equal(axis.lines[1].get_data(), [[0, 4], [0, 4]])
    none = explain.predictions(lambda x: x * np.nan, y, y)
    assert str(none).startswith("<predictions: 4, 4 of 4 NaN or infinite>")


def test_many_stages_stand_in_rows() -> None:
    found = explain.uncrumple(7, points=20, epochs=1)
    shown = [axis for axis in found.figure.axes if axis.axison]
    assert len(shown) == 8
    assert len({round(axis.get_position().y0, 3) for axis in shown}) == 2


def test_a_single_epoch_has_no_best() -> None:
    for epochs, texts in ((1, 0), (2, 1)):
        losses = [1.0] * epochs
        (axis,) = explain.history({"loss": losses, "val_loss": losses}).figure.axes
        assert len(axis.texts) == texts
