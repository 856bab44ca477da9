"""`ImageDataGenerator` and its iterators against tf.keras's, and in training."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

GOLDEN = Path(__file__).parents[1] / "golden"
IMAGE = tf.keras.preprocessing.image


def _rows() -> Any:
    path = GOLDEN / "generator_rows.py"
    spec = importlib.util.spec_from_file_location("generator_rows", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ROWS = _rows()


def test_batches_are_those_of_tf_keras(tmp_path: Path) -> None:
    want = np.load(GOLDEN / "keras" / "generators.npz")
    state = np.random.get_state()
    try:
        found = ROWS.results(tf, tmp_path)
    finally:
        np.random.set_state(state)
    assert set(found) == set(want.files)
    for key in want.files:
        have = found[key]
        assert have.shape == want[key].shape, key
        assert have.dtype == want[key].dtype, key
        # whitening multiplies by the inverse of small numbers
        room = 1e-2 if key == "whitened" else 1e-4
        scale = max(1.0, float(np.abs(want[key].astype(np.float64)).max()))
        far = np.abs(have.astype(np.float64) - want[key].astype(np.float64)).max()
        assert far <= room * scale, (key, far)


def _model() -> Any:
    model = tf.keras.Sequential(
        [
            tf.keras.layers.Conv2D(4, 3, activation="relu", input_shape=(8, 9, 3)),
            tf.keras.layers.GlobalAveragePooling2D(),
            tf.keras.layers.Dense(1),
        ]
    )
    model.compile("adam", "mse")
    return model


@pytest.mark.parametrize("more", [{}, {"workers": 2}])
def test_fit_and_predict(more: dict[str, Any]) -> None:
    x, y = ROWS.pictures(), np.arange(5.0)
    generator = IMAGE.ImageDataGenerator(rotation_range=20, validation_split=0.4)
    model = _model()
    history = model.fit(
        generator.flow(x, y, batch_size=2, subset="training", ignore_class_split=True),
        validation_data=generator.flow(
            x, y, batch_size=2, subset="validation", ignore_class_split=True
        ),
        epochs=2,
        verbose=0,
        **more,
    )
    assert len(history.history["val_loss"]) == 2
    flow = IMAGE.ImageDataGenerator().flow(x, batch_size=2, shuffle=False)
    found = model.predict(flow, verbose=0)
    np.testing.assert_allclose(found, model.predict(x, verbose=0), rtol=1e-5)


class _Table(dict):
    """Columns by name, as a frame of pandas has them."""


def test_tables(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ROWS.fill(tf, tmp_path)
    table = _Table(
        filename=["a/0.png", "b/1.png", "nothing.png", "c/2.png"],
        kind=np.array(["cat", "dog", "dog", "cat"], object),
        height=np.array([1.0, 2.0, 3.0, 4.0]),
        width=np.array([5, 6, 7, 8]),
    )
    generator = IMAGE.ImageDataGenerator()

    def flow(**settings: Any) -> Any:
        return generator.flow_from_dataframe(
            table, str(tmp_path), target_size=(4, 4), shuffle=False, **settings
        )

    images, labels = next(flow(y_col="kind"))
    assert "Found 3 validated image filenames belonging to 2 classes." in (
        capsys.readouterr().out
    )
    assert images.shape == (3, 4, 4, 3)
    assert labels.tolist() == [[1, 0], [0, 1], [1, 0]]
    _, labels = next(flow(y_col="kind", class_mode="binary"))
    assert labels.tolist() == [0, 1, 0]
    _, labels = next(flow(y_col="height", class_mode="raw"))
    assert labels.tolist() == [1, 2, 4]
    _, labels = next(flow(y_col=["height", "width"], class_mode="multi_output"))
    assert [part.tolist() for part in labels] == [[1, 2, 4], [5, 6, 8]]
    _, _, weights = next(flow(y_col="kind", weight_col="width"))
    assert weights.tolist() == [5, 6, 8]


def test_saved_pictures(tmp_path: Path) -> None:
    flow = IMAGE.ImageDataGenerator().flow(
        ROWS.pictures(), batch_size=5, save_to_dir=str(tmp_path), save_prefix="made"
    )
    next(flow)
    assert len(list(tmp_path.glob("made_*.png"))) == 5


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda g: g(zoom_range=[1, 2, 3]), "`zoom_range` should be a float"),
        (lambda g: g(brightness_range=[1]), "brightness_range should be"),
        (lambda g: g(validation_split=2), "strictly between 0 and 1"),
        (lambda g: g(data_format="x"), "`data_format` should be"),
        (lambda g: g().flow(np.ones((2, 3))), "should have rank 4"),
        (lambda g: g().flow(np.ones((2, 3, 3, 1)), [1]), "the same length"),
        (lambda g: g().flow(np.ones((2, 3, 3, 1)), subset="x"), "Invalid subset"),
        (lambda g: g().flow(np.ones((2, 3, 3, 1)))[5], "has length 1"),
        (lambda g: g().fit(np.ones((2, 3))), "should have rank 4"),
        (lambda g: IMAGE.random_zoom(np.ones((3, 3, 1)), [1]), "two floats"),
    ],
)
def test_refused(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(IMAGE.ImageDataGenerator)
