"""SavedModels that TensorFlow and tf.keras 2 wrote run here, and agree."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

import rillet as tf
from rillet import cli

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "saved_models"
#: Sums are taken in another order here than in TensorFlow's kernels.
CLOSE = {"rtol": 1e-5, "atol": 1e-6}
KERAS = ["keras_attention", "keras_curve", "keras_dense", "keras_images", "keras_steps"]


@pytest.fixture
def model(request, tmp_path):
    with zipfile.ZipFile(GOLDEN / f"{request.param}.zip") as archive:
        archive.extractall(tmp_path)
    given = np.load(tmp_path / "io.npz")
    return tmp_path, given["x"], given["y"]


@pytest.mark.parametrize("model", KERAS, indirect=True)
def test_keras_folders_load_as_graphs(model):
    folder, x, y = model
    loaded = tf.saved_model.load(folder)
    np.testing.assert_allclose(loaded(tf.constant(x)), y, **CLOSE)
    (served,) = loaded.signatures["serving_default"](tf.constant(x)).values()
    np.testing.assert_allclose(served, y, **CLOSE)


@pytest.mark.parametrize("model", KERAS, indirect=True)
def test_keras_folders_load_as_models(model):
    folder, x, y = model
    loaded = tf.keras.models.load_model(folder)
    revived = folder.joinpath("keras_metadata.pb").read_bytes().count(b"Curve") > 0
    assert (type(loaded).__name__ == "Revived") is revived
    np.testing.assert_allclose(loaded(x), y, **CLOSE)
    np.testing.assert_allclose(loaded.predict(x, verbose=0), y, **CLOSE)


@pytest.mark.parametrize("model", ["keras_dense"], indirect=True)
def test_a_compiled_model_goes_on_where_it_was(model):
    folder, x, _ = model
    loaded = tf.keras.models.load_model(folder)
    assert type(loaded.optimizer).__name__ == "Adam"
    before = int(loaded.optimizer.iterations)
    loaded.fit(x, np.arange(len(x)) % 3, verbose=0)
    assert (before, int(loaded.optimizer.iterations)) == (1, 2)


@pytest.mark.parametrize("model", ["keras_curve"], indirect=True)
def test_gradients_flow_through_loaded_models(model):
    folder, x, _ = model
    loaded = tf.saved_model.load(folder)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(loaded(tf.constant(x), training=True) ** 2)
    slopes = tape.gradient(loss, loaded.trainable_variables)
    assert len(slopes) == 4 and all(s is not None for s in slopes)


@pytest.mark.parametrize("model", ["module"], indirect=True)
def test_modules_keep_parts_assets_and_traces(model):
    folder, x, y = model
    loaded = tf.saved_model.load(folder)
    np.testing.assert_allclose(loaded(tf.constant(x)), y)
    np.testing.assert_allclose(loaded(tf.constant(x), doubled=True), 2 * y)
    np.testing.assert_allclose(loaded(tf.constant(x), tf.constant(3)), x + [3, 6])
    assert float(loaded.parts[0]) == 1.0 and int(loaded.named["a"]) == 3
    joined, path = loaded.texts(tf.constant(["A", "Bc"]))
    assert joined.numpy().tolist() == [b"A-a", b"Bc-bc"]
    assert Path(path.numpy().decode()).read_text() == "one\ntwo\n"
    with pytest.raises(ValueError, match="Could not find matching concrete function"):
        loaded(tf.constant("text"))


@pytest.mark.parametrize("model", ["version_one"], indirect=True)
def test_version_one_has_signatures_and_can_be_pruned(model):
    folder, x, y = model
    loaded = tf.saved_model.load(folder)
    found = loaded.signatures["serving_default"](x=tf.constant(x))
    np.testing.assert_allclose(found["y"], y, **CLOSE)
    part = loaded.prune("x:0", "y:0")
    np.testing.assert_allclose(part(tf.constant(x)), y, **CLOSE)


@pytest.mark.parametrize("model", ["keras_dense", "version_one"], indirect=True)
def test_show_lists_what_a_folder_holds(model, capsys):
    folder, *_ = model
    assert cli.main(["show", str(folder), "--all"]) == 0
    out = capsys.readouterr().out
    assert "signature serving_default" in out and "MatMul" in out
    assert "float32 [?, " in out


def test_a_folder_without_a_model_is_an_error(tmp_path, capsys):
    assert not tf.saved_model.contains_saved_model(tmp_path)
    with pytest.raises(OSError, match="SavedModel file does not exist at"):
        tf.saved_model.load(tmp_path)
    assert cli.main(["show", str(tmp_path)]) == 2
