"""`keras.applications` against what tf.keras builds: layers, weights, outputs."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

GOLDEN = Path(__file__).parents[1] / "golden"


def _rows() -> Any:
    path = GOLDEN / "application_rows.py"
    spec = importlib.util.spec_from_file_location("application_rows", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ROWS = _rows()
WANT = json.loads(gzip.decompress((GOLDEN / "keras/applications.json.gz").read_bytes()))
NAMES = json.loads(
    gzip.decompress((GOLDEN / "keras/application_names.json.gz").read_bytes())
)
OUTPUTS = np.load(GOLDEN / "keras/applications.npz")
#: One of each family; `make foreign` builds them all, some of a gigabyte and more.
QUICK = (
    "ResNet50 ResNet50V2 InceptionV3 Xception MobileNet MobileNetV2 MobileNetV3Small"
    " MobileNetV3Large DenseNet121 NASNetMobile EfficientNetB0 EfficientNetV2B0"
    " ConvNeXtTiny RegNetX002 RegNetY002"
).split()
MARKED = [
    pytest.param(
        name,
        settings,
        id=f"{name}-{i}",
        marks=() if name in QUICK else pytest.mark.foreign,
    )
    for i, (name, settings) in enumerate(ROWS.ARCHITECTURES)
]


def _plain(names: str) -> list[str]:
    """Layers by name; those of operators, which graphs name otherwise, as one."""
    starts = ("tf_op_layer", "tf.")
    return ["op" if n.startswith(starts) else n for n in names.split()]


@pytest.mark.parametrize(("name", "settings"), MARKED)
def test_built_as_tf_keras_builds(name: str, settings: dict[str, Any]) -> None:
    tf.keras.backend.clear_session()
    model = getattr(tf.keras.applications, name)(weights=None, **settings)
    want = WANT[f"{name} {json.dumps(settings)}"]
    assert model.name == want["name"]
    have = " ".join(layer.name for layer in model.layers)
    assert _plain(have) == _plain(want["layers"])
    sizes = ["x".join(map(str, w.shape)) for w in model.weights]
    assert " ".join(sizes) == want["weights"]
    count = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    assert count == want["trainable"]


#: Large, and a like of theirs is among the others: their outputs are foreign tests.
SLOW = "ResNet50V2 InceptionV3 Xception NASNetMobile EfficientNetB0".split()
SMALL = [
    pytest.param(
        name, settings, id=name, marks=pytest.mark.foreign if name in SLOW else ()
    )
    for name, settings in ROWS.SMALL
]


@pytest.mark.parametrize(("name", "settings"), SMALL)
def test_outputs(name: str, settings: dict[str, Any]) -> None:
    """The same weights give the same outputs; sums of thousands differ by 1e-4."""
    tf.keras.backend.clear_session()
    model = getattr(tf.keras.applications, name)(weights=None, **settings)
    assert " ".join(w.name for w in model.weights) == NAMES[name]
    ROWS.filled(model)
    found = model.predict(ROWS.picture(settings["input_shape"]), verbose=0)
    scale = np.abs(OUTPUTS[name]).max()
    np.testing.assert_allclose(found / scale, OUTPUTS[name] / scale, atol=1e-4)


def test_weights_from_a_file(tmp_path: Path) -> None:
    build = tf.keras.applications.MobileNet
    tiny = {"alpha": 0.25, "input_shape": (32, 32, 3), "classes": 3}
    first = build(weights=None, **tiny)
    path = str(tmp_path / "tiny.h5")
    first.save_weights(path)
    second = build(weights=path, **tiny)
    x = ROWS.picture((32, 32, 3)) / 255
    np.testing.assert_array_equal(first(x).numpy(), second(x).numpy())


def test_public_weights_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    where = "mobilenet_2_5_128_tf.h5"
    tiny = {"alpha": 0.25, "input_shape": (128, 128, 3)}
    with pytest.raises(ValueError, match=f"Fetch https://.*{where} and put it there"):
        tf.keras.applications.MobileNet(weights="imagenet", **tiny)
    model = tf.keras.applications.MobileNet(weights=None, **tiny)
    (tmp_path / "models").mkdir()
    model.save_weights(str(tmp_path / "models" / where))
    again = tf.keras.applications.MobileNet(weights="imagenet", **tiny)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_transfer() -> None:
    """The tutorials' way: a base without its top, frozen, and a head."""
    tf.keras.utils.set_random_seed(1)
    inputs = tf.keras.Input((32, 32, 3))
    base = tf.keras.applications.MobileNetV2(
        weights=None, include_top=False, alpha=0.35, input_shape=(32, 32, 3)
    )
    ROWS.filled(base)
    base.trainable = False
    x = tf.keras.applications.mobilenet_v2.preprocess_input(inputs)
    x = tf.keras.layers.GlobalAveragePooling2D()(base(x, training=False))
    model = tf.keras.Model(inputs, tf.keras.layers.Dense(2)(x))
    assert len(model.trainable_weights) == 2
    loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss)
    images = ROWS.picture((32, 32, 3))
    frozen, head = base.get_weights(), model.layers[-1].get_weights()
    model.fit(images, np.array([0, 1]), epochs=2, verbose=0)
    for before, after in zip(frozen, base.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    moved = np.abs(model.layers[-1].get_weights()[0] - head[0])
    # Two steps of Adam: at most the learning rate each.
    assert 0.001 < moved.max() < 0.0021


def test_input_tensor() -> None:
    given = tf.keras.Input((48, 48, 3))
    changed = tf.keras.layers.Rescaling(0.5)(given)
    model = tf.keras.applications.VGG16(
        weights=None, include_top=False, input_tensor=changed
    )
    assert model.input is given
    assert model.output_shape == (None, 1, 1, 512)


@pytest.mark.parametrize("mode", ["caffe", "tf", "torch"])
@pytest.mark.parametrize("order", ["channels_last", "channels_first"])
def test_preprocess_input(mode: str, order: str) -> None:
    x = np.random.default_rng(0).uniform(0, 255, (2, 3, 4, 3))
    if mode == "caffe":
        want = x[..., ::-1] - np.array([103.939, 116.779, 123.68])
    elif mode == "tf":
        want = x / 127.5 - 1
    else:
        mean, spread = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
        want = (x / 255 - mean) / spread
    if order == "channels_first":
        x, want = x.transpose(0, 3, 1, 2), want.transpose(0, 3, 1, 2)
    preprocess = tf.keras.applications.imagenet_utils.preprocess_input
    for given in (x.copy(), tf.constant(x)):
        found = preprocess(given, data_format=order, mode=mode)
        np.testing.assert_allclose(np.asarray(found), want, atol=1e-12)
    whole = preprocess(x.astype(np.uint8), data_format=order, mode="tf")
    assert whole.dtype == np.float32


def test_decode_predictions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    decode = tf.keras.applications.resnet50.decode_predictions
    scores = np.zeros((1, 1000), np.float32)
    scores[0, [3, 7]] = [0.7, 0.3]
    with pytest.raises(ValueError, match="Fetch https://.* and put it there"):
        decode(scores)
    (tmp_path / "models").mkdir()
    names = {str(i): [f"n{i:08d}", f"thing_{i}"] for i in range(1000)}
    path = tmp_path / "models" / "imagenet_class_index.json"
    path.write_text(json.dumps(names), encoding="utf-8")
    found = decode(scores, top=2)
    assert [row[:2] for row in found[0]] == [
        ("n00000003", "thing_3"),
        ("n00000007", "thing_7"),
    ]
    with pytest.raises(ValueError, match="expects a batch of predictions"):
        decode(np.zeros((1, 10)))


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("VGG16", {"weights": "nothing.h5"}, "should be either `None`"),
        ("VGG16", {"weights": "imagenet", "classes": 2}, "`classes` should be 1000"),
        ("VGG16", {"weights": None, "input_shape": (8, 8, 3)}, "at least 32x32"),
        ("VGG16", {"weights": None, "input_shape": (None, 32, 3)}, "a static"),
        ("Xception", {"weights": None, "input_shape": (32, 3)}, "three integers"),
    ],
)
def test_refused(name: str, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        getattr(tf.keras.applications, name)(**settings)
