"""Files of models that were forged or cut: small errors in place of large losses."""

from __future__ import annotations

import json
import time
import zipfile

import h5py
import numpy as np
import pytest

import rillet as tf

keras = tf.keras


def model():
    return keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, name="d")])


def forged(path, change):
    """Save a model, and change its description."""
    model().save(path)
    if path.suffix == ".h5":
        with h5py.File(path, "r+") as file:
            config = change(file.attrs["model_config"])
            file.attrs["model_config"] = config
        return
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    config = entries["config.json"].decode()
    entries["config.json"] = change(config).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries.items():
            archive.writestr(name, data)


CHANGES = {
    "huge": (
        lambda s: s.replace('"units": 2', '"units": 200000000'),
        "far more weights than it holds",
    ),
    "deep": (
        lambda s: s.replace('"units": 2', f'"units": {"[" * 9000}1{"]" * 9000}'),
        "nested too deeply",
    ),
    "number": (
        lambda s: s.replace('"class_name": "Dense"', '"class_name": 5'),
        "class's name is no text: 5",
    ),
    "top": (lambda s: json.dumps([json.loads(s)]), "load_model|deserialize"),
    "root": (lambda s: '{"class_name": 5}', "class's name is no text: 5"),
}


@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("case", CHANGES)
def test_forged_descriptions_are_refused(case, ending, tmp_path):
    path = tmp_path / f"m.{ending}"
    change, words = CHANGES[case]
    forged(path, change)
    begun = time.perf_counter()
    with pytest.raises(ValueError, match=words):
        keras.models.load_model(path)
    assert time.perf_counter() - begun < 5.0


def test_many_layers_may_not_add_up_to_more(tmp_path):
    """Each of them has room, all together have not."""
    path = tmp_path / "m.keras"
    layer = keras.layers.Dense(1500)
    large = keras.Sequential([keras.Input((1500,)), layer])
    large.save(path)
    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        entries = {"model.weights.h5": b"", "metadata.json": b"{}"}
    first, dense = config["config"]["layers"]
    more = [json.loads(json.dumps(dense)) for _ in range(20)]
    for number, data in enumerate(more):
        data["config"]["name"] = f"d{number}"
    config["config"]["layers"] = [first, *more]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        for name, held in entries.items():
            archive.writestr(name, held)
    with pytest.raises(ValueError, match="far more weights"):
        keras.models.load_model(path)


@pytest.mark.parametrize("part", [0.0, 0.3, 0.95])
def test_a_cut_archive_is_called_one(part, tmp_path):
    path = tmp_path / "m.keras"
    model().save(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * part)])
    for read in (keras.models.load_model, model().load_weights):
        with pytest.raises(ValueError, match="no zip, or damaged"):
            read(path)


def test_an_h5_file_may_have_the_other_ending(tmp_path):
    made = model()
    made.save(tmp_path / "m.h5")
    (tmp_path / "m.h5").rename(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again.get_weights()[0], made.get_weights()[0])


def test_layers_of_programs_may_hold_what_they_do_not_write(tmp_path):
    class Table(keras.layers.Layer):
        def build(self, shape):
            self.table = self.add_weight(
                shape=(9000, 9000), initializer="zeros", trainable=False, dtype="int8"
            )

        def call(self, x):
            return x + tf.cast(self.table[0, 0], x.dtype)

        def save_own_variables(self, store):
            pass

        def load_own_variables(self, store):
            pass

    made = keras.Sequential([keras.Input((2,)), Table()])
    made.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras", {"Table": Table})
    assert again(tf.ones([1, 2])).shape == (1, 2)


def test_errors_of_programs_stay_their_own(tmp_path):
    class Odd(keras.layers.Layer):
        @classmethod
        def from_config(cls, config):
            return config["nothing of that name"]

    keras.Sequential([keras.Input((2,)), Odd()]).save(tmp_path / "m.keras")
    with pytest.raises(KeyError, match="nothing of that name"):
        keras.models.load_model(tmp_path / "m.keras", {"Odd": Odd})
