"""Pictures of what is unusual: several losses, descents that diverge, NaN."""

import numpy as np
import pytest

import rillet as tf
from rillet import explain


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
        assert "wild: leaves the picture for good in step 1" in repr(found)
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
