"""Models in files: what the two Kerases wrote, what rillet writes, what it refuses."""

from __future__ import annotations

import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import rillet as tf

GOLDEN = Path(__file__).parent.parent / "golden" / "saving"
sys.path.insert(0, str(GOLDEN))
from make_files import MODELS, inputs  # noqa: E402

keras, layers = tf.keras, tf.keras.layers
MAKERS = ("tf_keras", "keras3")


@pytest.fixture(scope="module")
def files(tmp_path_factory: Any) -> Path:
    """The files of both makers, unpacked."""
    place = tmp_path_factory.mktemp("golden")
    for maker in MAKERS:
        with zipfile.ZipFile(GOLDEN / f"{maker}.zip") as archive:
            archive.extractall(place / maker)
    return place


def _close(mine: Any, theirs: Any) -> None:
    # Float32 sums in another order.
    np.testing.assert_allclose(mine, theirs, rtol=2e-5, atol=2e-6)


def _registered(name: str) -> None:
    if name == "subclassed":
        MODELS[name](keras)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("ending", [".keras", ".h5"])
@pytest.mark.parametrize("maker", MAKERS)
def test_whole_models_of_both_are_read(
    files: Path, maker: str, ending: str, name: str
) -> None:
    path = files / maker / f"{name}{ending}"
    if not path.exists():
        assert name == "subclassed" and ending == ".h5"
        return
    _registered(name)
    model = keras.models.load_model(path)
    expected = json.loads((GOLDEN / f"{maker}.json").read_text())[name]
    x = inputs(name)
    _close(model.predict(x, verbose=0), expected["outputs"])
    _close(model.evaluate(x, np.ones((4, 1)), verbose=0), expected["losses"])
    assert int(model.optimizer.iterations) == 1
    model.fit(x, np.ones((4, 1)), verbose=0)
    assert int(model.optimizer.iterations) == 2
    bare = keras.models.load_model(path, compile=False)
    _close(bare(x), expected["outputs"])


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("maker", "ending"),
    [("tf_keras", ".weights.h5"), ("keras3", ".weights.h5"), ("tf_keras", "_old.h5")],
)
def test_weights_of_both_are_read(
    files: Path, maker: str, ending: str, name: str
) -> None:
    model = MODELS[name](keras)
    model(inputs(name))
    model.load_weights(files / maker / f"{name}{ending}")
    expected = json.loads((GOLDEN / f"{maker}.json").read_text())[name]
    _close(model(inputs(name)), expected["outputs"])


def _trained(name: str) -> Any:
    keras.utils.set_random_seed(2)
    model = MODELS[name](keras)
    model.compile(keras.optimizers.Adam(0.02), "mse", metrics=["mae"])
    model.fit(inputs(name), np.ones((4, 1)), epochs=2, verbose=0)
    return model


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_saved_models_go_on_where_they_were(
    tmp_path: Path, ending: str, name: str
) -> None:
    model, x, y = _trained(name), inputs(name), np.ones((4, 1))
    path = tmp_path / f"model{ending}"
    if name == "subclassed" and ending == ".h5":
        with pytest.raises(NotImplementedError, match="requires the model to be a Fun"):
            model.save(path)
        assert not list(tmp_path.iterdir())
        return
    model.save(path)
    again = keras.models.load_model(path)
    np.testing.assert_array_equal(
        again.predict(x, verbose=0), model.predict(x, verbose=0)
    )
    assert again.get_compile_config()["optimizer"]["config"]["learning_rate"] == (
        pytest.approx(0.02)
    )
    for mine, theirs in zip(
        again.optimizer.variables, model.optimizer.variables, strict=True
    ):
        np.testing.assert_array_equal(mine.numpy(), theirs.numpy())
    # Dropout draws other numbers; without it both take the same step.
    if name != "functional":
        again.fit(x, y, verbose=0)
        model.fit(x, y, verbose=0)
        for mine, theirs in zip(again.weights, model.weights, strict=True):
            np.testing.assert_array_equal(mine.numpy(), theirs.numpy())


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("ending", [".weights.h5", ".h5", ".keras"])
def test_weights_alone(tmp_path: Path, ending: str, name: str) -> None:
    model, x = _trained(name), inputs(name)
    path = tmp_path / f"w{ending}"
    model.save(path) if ending == ".keras" else model.save_weights(path)
    other = MODELS[name](keras)
    if name == "subclassed":
        with pytest.raises(ValueError, match="has not created its variables"):
            other.load_weights(path)
    other(x)
    other.load_weights(path)
    np.testing.assert_array_equal(other(x), model(x))


def test_json_describes_a_model() -> None:
    model = MODELS["functional"](keras)
    again = keras.models.model_from_json(model.to_json())
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]
    with pytest.raises(RuntimeError, match="removed due to security"):
        keras.models.model_from_yaml("a: 1")
    with pytest.raises(TypeError, match="expects a dictionary, not a list"):
        keras.models.model_from_config([])


def _line(units: int = 2, name: str = "d") -> Any:
    return keras.Sequential([layers.Dense(units, input_shape=(3,), name=name)])


@pytest.mark.parametrize("ending", [".weights.h5", ".h5"])
def test_other_weights_fail_loudly_and_change_nothing(
    tmp_path: Path, ending: str
) -> None:
    path = tmp_path / f"w{ending}"
    _line(2).save_weights(path)
    model = keras.Sequential([layers.Dense(3, input_shape=(3,), name="d")])
    before = [w.numpy() for w in model.weights]
    with pytest.raises(ValueError, match=r"d/kernel:0.*\(3, 3\)") as told:
        model.load_weights(path)
    assert "(3, 2)" in str(told.value)
    for mine, old in zip(model.weights, before, strict=True):
        np.testing.assert_array_equal(mine.numpy(), old)
    deeper = keras.Sequential([layers.Dense(2, input_shape=(3,)), layers.Dense(1)])
    with pytest.raises(ValueError, match="dense_1|expected 2 layers, found 1"):
        deeper.load_weights(path)
    deeper.save_weights(path)
    with pytest.raises(
        ValueError, match="the model has not|expected 1 layers, found 2"
    ):
        _line(2).load_weights(path)


def test_mismatches_are_skipped_where_asked(tmp_path: Path, caplog: Any) -> None:
    old, new = tmp_path / "w.h5", tmp_path / "w.weights.h5"
    source = keras.Sequential(
        [layers.Dense(2, input_shape=(3,), name="a"), layers.Dense(4, name="b")]
    )
    source.save_weights(old)
    source.save_weights(new)
    model = keras.Sequential(
        [layers.Dense(2, input_shape=(3,), name="a"), layers.Dense(5, name="b")]
    )
    logger = tf.get_logger()
    logger.addHandler(caplog.handler)
    try:
        model.load_weights(old, by_name=True, skip_mismatch=True)
    finally:
        logger.removeHandler(caplog.handler)
    assert "Skipping loading of weights" in caplog.text
    kernel = source.layers[0].kernel.numpy()
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), kernel)
    model.layers[0].kernel.assign(kernel * 0)
    model.load_weights(new, skip_mismatch=True)
    np.testing.assert_array_equal(model.layers[0].kernel.numpy(), kernel)
    with pytest.raises(ValueError, match="skip_mismatch can only be set to True when"):
        model.load_weights(old, skip_mismatch=True)
    with pytest.raises(ValueError, match="by_name works with files of the older form"):
        model.load_weights(new, by_name=True)
    with pytest.raises(ValueError, match="Shape mismatch|Weight expects shape"):
        model.load_weights(old, by_name=True)


def test_lambdas_need_trust(tmp_path: Path) -> None:
    i = keras.Input((2,))
    model = keras.Model(i, layers.Lambda(lambda t: t * 3.0)(i))
    for path in (tmp_path / "m.keras", tmp_path / "m.h5"):
        model.save(path)
        with pytest.raises(ValueError, match="safe_mode"):
            keras.models.load_model(path)
        again = keras.models.load_model(path, safe_mode=False)
        np.testing.assert_array_equal(again(np.ones((1, 2))), [[3.0, 3.0]])


def test_custom_objects(tmp_path: Path) -> None:
    class Twice(layers.Layer):
        def call(self, x: Any) -> Any:
            return x * 2.0

    def far(y: Any, p: Any) -> Any:
        return tf.reduce_mean(tf.abs(y - p), -1)

    i = keras.Input((2,))
    model = keras.Model(i, Twice(name="t")(layers.Dense(1)(i)))
    model.compile("sgd", far)
    for path in (tmp_path / "m.keras", tmp_path / "m.h5"):
        model.save(path)
        with pytest.raises(ValueError, match="Twice"):
            keras.models.load_model(path)
        objects = {"Twice": Twice, "far": far}
        again = keras.models.load_model(path, custom_objects=objects)
        assert isinstance(again.layers[-1], Twice) and again.loss is far
        with keras.utils.custom_object_scope(objects):
            keras.models.load_model(path)
        x = np.ones((2, 2), "float32")
        np.testing.assert_array_equal(again(x), model(x))


def _outside(path: Path, kind: str) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = np.array([b"d"])
        group = file.create_group("d")
        group.attrs["weight_names"] = np.array([b"d/kernel:0", b"d/bias:0"])
        if kind == "link":
            group["d"] = h5py.ExternalLink("other.h5", "/")
        elif kind == "soft":
            group["d"] = h5py.SoftLink("/elsewhere")
        elif kind == "storage":
            inner = group.create_group("d")
            inner.create_dataset("bias:0", data=np.zeros(2, "float32"))
            outside = [(str(path.with_name("raw.bin")), 0, 24)]
            inner.create_dataset("kernel:0", (3, 2), "float32", external=outside)
        else:
            inner = group.create_group("d")
            layout = h5py.VirtualLayout((3, 2), "float32")
            layout[:] = h5py.VirtualSource("other.h5", "k", (3, 2))
            inner.create_virtual_dataset("kernel:0", layout)
            inner.create_dataset("bias:0", data=np.zeros(2, "float32"))


@pytest.mark.parametrize("kind", ["link", "soft", "storage", "virtual"])
def test_files_that_lead_elsewhere_are_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "w.h5"
    _outside(path, kind)
    with pytest.raises(ValueError, match="was not read"):
        _line().load_weights(path)


def _archive(path: Path, entries: dict[str, bytes], deflated: bool = False) -> None:
    how = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ({"../config.json": b"{}"}, "would lie outside"),
        ({"/config.json": b"{}"}, "would lie outside"),
        ({"config.json": b"\xff\xfe"}, "damaged"),
        ({"metadata.json": b"{}"}, "has no config.json"),
        ({"config.json": b"0" * (200 << 20)}, "unpacks to more"),
        (
            {"config.json": b'{"class_name": "Popen", "config": {}, "module": "os"}'},
            "Unknown layer: 'Popen'",
        ),
        (
            {"config.json": b'{"class_name": "Dense", "config": {"units": 1}}'},
            "holds no model",
        ),
    ],
)
def test_archives_that_are_none_are_refused(
    tmp_path: Path, entries: dict[str, bytes], text: str
) -> None:
    path = tmp_path / "m.keras"
    _archive(path, entries, deflated=True)
    with pytest.raises(ValueError, match=text):
        keras.models.load_model(path)


def test_wrong_paths_are_told(tmp_path: Path) -> None:
    model = _line()
    with pytest.raises(OSError, match="No file or directory found"):
        keras.models.load_model(tmp_path / "none.keras")
    with pytest.raises(FileNotFoundError, match="there is no such file"):
        model.load_weights(tmp_path / "none.h5")
    with pytest.raises(ValueError, match="Unknown `save_format`"):
        model.save(tmp_path / "m.keras", save_format="onnx")
    (tmp_path / "text.h5").write_text("no HDF5")
    with pytest.raises(OSError, match="no HDF5 file, or damaged"):
        model.load_weights(tmp_path / "text.h5")
    with pytest.raises(ValueError, match="has no weights yet"):
        keras.Sequential([layers.Dense(1)]).save(tmp_path / "m.keras")
    assert not list(tmp_path.glob(".*"))


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: Any) -> None:
    path = tmp_path / "m.keras"
    _line(2).save(path)
    old = path.read_bytes()

    def fails(*args: Any) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="disk is full"):
        _line(3).save(path)
    assert path.read_bytes() == old and len(list(tmp_path.iterdir())) == 1


def test_types_and_strings_survive(tmp_path: Path) -> None:
    i = keras.Input((3,), dtype="float16")
    model = keras.Model(i, layers.Dense(2, dtype="bfloat16")(i))
    mixed = keras.Sequential([layers.Dense(2, input_shape=(3,), dtype="mixed_float16")])
    for number, one in enumerate((model, mixed)):
        path = tmp_path / f"{number}.keras"
        one.save(path)
        again = keras.models.load_model(path)
        x = np.ones((1, 3), "float16")
        assert again.layers[-1].dtype_policy == one.layers[-1].dtype_policy
        np.testing.assert_array_equal(
            np.asarray(again(x), "float32"), np.asarray(one(x), "float32")
        )


def test_checkpoints(tmp_path: Path, capsys: Any) -> None:
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    y = x.sum(1, keepdims=True)
    model = _line(1)
    model.compile("adam", "mse")
    save = keras.callbacks.ModelCheckpoint
    history = model.fit(
        x,
        y,
        epochs=3,
        verbose=0,
        validation_split=0.25,
        callbacks=[
            save(tmp_path / "{epoch:02d}.keras", verbose=1),
            save(
                tmp_path / "best.weights.h5",
                save_best_only=True,
                verbose=1,
                save_weights_only=True,
            ),
            save(tmp_path / "b{batch}.weights.h5", save_weights_only=True, save_freq=2),
        ],
    )
    names = {path.name for path in tmp_path.iterdir()}
    assert {"01.keras", "02.keras", "03.keras", "best.weights.h5"} <= names
    out = capsys.readouterr().out
    assert f"Epoch 1: saving model to {tmp_path / '01.keras'}" in out
    first = history.history["val_loss"][0]
    assert f"Epoch 1: val_loss improved from inf to {first:.5f}, saving model to" in out
    last = keras.models.load_model(tmp_path / "03.keras")
    np.testing.assert_array_equal(last(x), model(x))
    for arguments, error, text in (
        ({"save_freq": "often"}, ValueError, "Unrecognized save_freq"),
        ({"colour": 1}, TypeError, "Invalid keyword arguments"),
    ):
        with pytest.raises(error, match=text):
            save("x.keras", **arguments)
    with pytest.raises(KeyError, match="Failed to format this callback filepath"):
        model.fit(x, y, verbose=0, callbacks=[save(tmp_path / "{nothing}.keras")])


class _Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            raise KeyboardInterrupt


def test_training_goes_on_from_a_backup(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")

    def ready() -> Any:
        keras.utils.set_random_seed(1)
        model = _line(1)
        model.compile("adam", "mse")
        return model

    def fit(model: Any, *callbacks: Any) -> Any:
        y = x[:, :1]
        return model.fit(
            x, y, epochs=4, shuffle=False, verbose=0, callbacks=[*callbacks]
        )

    whole = fit(ready()).history["loss"]
    keep = keras.callbacks.BackupAndRestore
    with pytest.raises(KeyboardInterrupt):
        fit(ready(), keep(tmp_path / "backup"), _Stop())
    assert (tmp_path / "backup" / "backup.weights.h5").exists()
    rest = fit(ready(), keep(tmp_path / "backup"))
    assert rest.epoch == [2, 3] and rest.history["loss"] == whole[2:]
    assert not (tmp_path / "backup").exists()
    with pytest.raises(ValueError, match="Empty `backup_dir`"):
        keep("")


@keras.saving.register_keras_serializable("tests")
class Words(layers.Layer):
    """A layer with a file of its own."""

    words: tuple[str, ...] = ()

    def call(self, x: Any) -> Any:
        return x * float(len(self.words))

    def save_assets(self, folder: str) -> None:
        Path(folder, "words.txt").write_text("\n".join(self.words))

    def load_assets(self, folder: str) -> None:
        self.words = tuple(Path(folder, "words.txt").read_text().split("\n"))


def test_layers_have_files_of_their_own(tmp_path: Path) -> None:
    layer = Words()
    layer.words = ("a", "b", "c")
    i = keras.Input((2,))
    keras.Model(i, layer(i)).save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        assert "assets/layers/words/words.txt" in archive.namelist()
    again = keras.models.load_model(tmp_path / "m.keras")
    assert again.layers[-1].words == ("a", "b", "c")


@keras.saving.register_keras_serializable("tests")
def halved(x: Any) -> Any:
    """A function that a configuration names."""
    return x / 2


@pytest.mark.parametrize(
    "item",
    [
        keras.losses.Huber(0.5),
        keras.metrics.AUC(num_thresholds=5),
        keras.optimizers.SGD(0.1, momentum=0.5),
        keras.initializers.HeNormal(seed=2),
        keras.regularizers.L2(0.3),
        keras.constraints.MaxNorm(2),
        keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5),
        layers.LSTM(3, return_sequences=True),
    ],
    ids=lambda item: type(item).__name__,
)
def test_objects_as_data(item: Any) -> None:
    data = json.loads(json.dumps(keras.saving.serialize_keras_object([item])))
    (again,) = keras.saving.deserialize_keras_object(data)
    assert type(again) is type(item)
    assert again.get_config().keys() == item.get_config().keys()


def test_values_as_data() -> None:
    values = {
        "array": np.arange(3.0),
        "tensor": tf.constant([1, 2]),
        "tuple": (1, "a", None),
        "bytes": b"\xff",
        "function": halved,
    }
    data = json.loads(json.dumps(keras.saving.serialize_keras_object(values)))
    again = keras.saving.deserialize_keras_object(data)
    np.testing.assert_array_equal(again["array"], values["array"])
    np.testing.assert_array_equal(again["tensor"], values["tensor"])
    assert again["tuple"] == (1, "a", None) and again["bytes"] == b"\xff"
    assert again["function"] is halved
    lone = keras.saving.serialize_keras_object(lambda x: x + 1)
    with pytest.raises(ValueError, match="safe_mode"):
        keras.saving.deserialize_keras_object(lone)
    assert keras.saving.deserialize_keras_object(lone, safe_mode=False)(1) == 2


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_a_model_that_was_not_trained_is_no_cause_for_a_warning(name, tmp_path, caplog):
    model = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
    model.compile("adam", "mse")
    path = str(tmp_path / name)
    model.save(path)
    again = tf.keras.models.load_model(path)
    assert "do not fit" not in caplog.text
    assert int(again.optimizer.iterations) == 0
    again.fit(tf.ones([4, 2]), tf.ones([4, 1]), verbose=0)
    assert int(again.optimizer.iterations) == 1


class _Straddling(keras.Model):
    """Its attributes sort around `layers`, and otherwise than they were set."""

    def __init__(self) -> None:
        super().__init__()
        self.out, self.first = layers.Dense(2), layers.Dense(3)
        self.seen = keras.metrics.Mean(name="seen")

    def call(self, x: Any) -> Any:
        return self.out(self.first(x))


def test_files_hold_what_tf_keras_looks_for(tmp_path: Path) -> None:
    model = _Straddling()
    x, y = np.ones((4, 5), "float32"), np.ones((4, 2), "float32")
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(x, y, verbose=0)
    model.save_weights(tmp_path / "a.weights.h5")
    with h5py.File(tmp_path / "a.weights.h5") as file:
        # What tf.keras 2.15 writes of this class; both of its layers are Dense.
        assert file["layers/dense/vars/0"].shape == (5, 3)
        assert file["out/vars/0"].shape == (3, 2)
        assert len(file["metrics/mean/vars"]) == len(file["seen/vars"]) == 2
        assert len(file["metrics/mean_metric_wrapper/vars"]) == 2
        assert len(file["optimizer/vars"]) == 1 + 2 * 4
    again = _Straddling()
    again.compile("adam", "mse", metrics=["mae"])
    again.fit(x, y, verbose=0)
    again.load_weights(tmp_path / "a.weights.h5")
    np.testing.assert_array_equal(again(x), model(x))
    losses = [m.fit(x, y, verbose=0).history["loss"] for m in (model, again)]
    assert losses[0] == losses[1]


@pytest.mark.parametrize("kind", ["TextVectorization", "StringLookup"])
def test_layers_that_learnt_words_may_learn_anew_after_loading(
    tmp_path: Path, kind: str
) -> None:
    for given in (None, ["a", "b"]):
        layer = getattr(layers, kind)(vocabulary=given)
        if given is None:
            layer.adapt(np.array(["a", "b"]))
        stack = keras.Sequential([keras.Input((1,), dtype="string"), layer])
        stack.save(tmp_path / "a.keras")
        loaded = keras.models.load_model(tmp_path / "a.keras").layers[-1]
        assert set(loaded.get_vocabulary()) >= {"a", "b"}
        if given is None:
            loaded.adapt(np.array(["z"]))
            assert loaded.get_vocabulary()[-1] == "z"
        else:
            with pytest.raises(ValueError, match="was given a vocabulary"):
                loaded.adapt(np.array(["z"]))


@pytest.mark.parametrize("ending", [".keras", ".h5"])
def test_one_group_is_said(tmp_path: Path, ending: str) -> None:
    """One group is what convolutions begin with; here the default is 32."""
    model = tf.keras.Sequential(
        [tf.keras.Input((2, 64)), tf.keras.layers.GroupNormalization(1)]
    )
    path = tmp_path / f"model{ending}"
    model.save(path)
    assert tf.keras.models.load_model(path).layers[-1].groups == 1


def test_folders_hold_the_states_of_stateful_layers(tmp_path: Path) -> None:
    model = tf.keras.Sequential(
        [
            tf.keras.layers.InputLayer(batch_input_shape=(2, 3, 4)),
            tf.keras.layers.LSTM(5, stateful=True),
        ]
    )
    x = np.ones((2, 3, 4), np.float32)
    model.save(tmp_path / "model")
    wanted = [model(x).numpy() for _ in range(2)]
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    found = [loaded(tf.constant(x)).numpy() for _ in range(2)]
    np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)
    assert not np.allclose(*found)


def test_folders_tell_weights_and_penalties(tmp_path: Path) -> None:
    """What is loaded as plain objects can be trained on."""
    model = tf.keras.Sequential(
        [
            tf.keras.Input((4,)),
            tf.keras.layers.Dense(3, "relu", True, "ones", kernel_regularizer="l2"),
            tf.keras.layers.BatchNormalization(),
        ]
    )
    model.save(tmp_path / "model")
    loaded = tf.saved_model.load(str(tmp_path / "model"))
    counts = [
        len(getattr(loaded, f"{kind}variables"))
        for kind in ("", "trainable_", "non_trainable_")
    ]
    assert counts == [6, 4, 2]
    # The l2 regularizer's share is 0.01 of the sum of squares.
    assert float(loaded.regularization_losses[0]()) == pytest.approx(0.12)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(loaded(tf.ones([2, 4]), training=False))
    found = tape.gradient(loss, list(loaded.trainable_variables))
    assert all(part is not None for part in found)


def test_paths_in_files_are_those_of_both(tmp_path: Path) -> None:
    # The names in Keras 3's and tf_keras's own files of these models.
    layers = tf.keras.layers
    stack = [layers.SpectralNormalization(layers.Dense(2)), layers.Reshape((5, 2, 1))]
    model = tf.keras.Sequential(
        [tf.keras.Input((5, 3)), *stack, layers.ConvLSTM1D(2, 2)]
    )
    model.save_weights(tmp_path / "m.weights.h5")
    shapes = {}
    with h5py.File(tmp_path / "m.weights.h5") as file:
        file.visititems(
            lambda name, item: (
                shapes.__setitem__(name, item.shape)
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    assert shapes == {
        "layers/conv_lstm1d/cell/vars/0": (2, 1, 8),
        "layers/conv_lstm1d/cell/vars/1": (2, 2, 8),
        "layers/conv_lstm1d/cell/vars/2": (8,),
        "layers/spectral_normalization/layer/vars/0": (3, 2),
        "layers/spectral_normalization/layer/vars/1": (2,),
        "layers/spectral_normalization/vars/0": (3, 2),
        "layers/spectral_normalization/vars/1": (1, 2),
    }
    before = model.get_weights()
    model.set_weights([w * 0 for w in before])
    model.load_weights(tmp_path / "m.weights.h5")
    for mine, wanted in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, wanted)
