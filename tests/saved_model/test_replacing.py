"""Models saved where others are at work: their files, their links, their folders."""

from __future__ import annotations

import os
import shutil
import stat

import pytest

import rillet as tf


def model(value: float) -> tf.Module:
    module = tf.Module()
    module.v = tf.Variable(value)
    return module


class Ended(BaseException):
    """The process was ended here."""


def ends_after(steps: int, monkeypatch) -> list[str]:
    """End the process before it has renamed or removed so many files and folders."""
    done: list[str] = []

    def counted(step):
        def run(*args, **kwargs):
            if len(done) == steps:
                raise Ended
            done.append(step.__name__)
            return step(*args, **kwargs)

        return run

    for name in ("rename", "replace", "remove"):
        monkeypatch.setattr(os, name, counted(getattr(os, name)))
    monkeypatch.setattr(shutil, "rmtree", counted(shutil.rmtree))
    return done


def value(path) -> float:
    return float(tf.saved_model.load(str(path)).v)


def test_a_file_that_is_open_stays_open(tmp_path):
    tf.saved_model.save(model(1.0), tmp_path)
    log = tmp_path / "log.csv"
    with open(log, "w", encoding="utf-8") as file:
        file.write("epoch\n")
        file.flush()
        tf.saved_model.save(model(2.0), tmp_path)
        file.write("1\n")
    assert log.read_text(encoding="utf-8") == "epoch\n1\n"
    assert value(tmp_path) == 2.0
    names = "assets fingerprint.pb log.csv saved_model.pb variables".split()
    assert sorted(set(os.listdir(tmp_path)) | {"fingerprint.pb"}) == names


def test_the_working_folder_stays(tmp_path, monkeypatch):
    tf.saved_model.save(model(1.0), tmp_path)
    monkeypatch.chdir(tmp_path)
    before = os.stat(tmp_path).st_ino
    tf.saved_model.save(model(2.0), ".")
    assert os.stat(os.curdir).st_ino == os.stat(tmp_path).st_ino == before
    assert value(tmp_path) == 2.0


def test_a_link_is_followed(tmp_path):
    target, link = tmp_path / "v1", tmp_path / "latest"
    tf.saved_model.save(model(1.0), target)
    try:
        link.symlink_to(target)
    except OSError:
        return  # this system gives no links to its users
    tf.saved_model.save(model(2.0), link)
    assert link.is_symlink() and value(target) == 2.0
    assert sorted(os.listdir(tmp_path)) == ["latest", "v1"]


@pytest.mark.skipif(os.name == "nt", reason="rights are told otherwise there")
def test_the_rights_stay(tmp_path):
    folder = tmp_path / "m"
    tf.saved_model.save(model(1.0), folder)
    os.chmod(folder, 0o750)
    tf.saved_model.save(model(2.0), folder)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o750


def test_what_the_old_model_held_goes(tmp_path):
    """Also where a folder stays, Keras's file would say what the new model is not."""
    keras = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    keras.save(tmp_path)
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    tf.saved_model.save(model(3.0), tmp_path)
    assert value(tmp_path) == 3.0
    assert not (tmp_path / "keras_metadata.pb").exists()
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_a_file_in_the_place_is_told(tmp_path):
    path = tmp_path / "m"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(tf.errors.FailedPreconditionError, match="not a directory"):
        tf.saved_model.save(model(1.0), path)
    assert path.read_text(encoding="utf-8") == "mine"


def test_one_whole_model_loads_wherever_a_save_into_a_used_folder_ends(tmp_path):
    """The models differ in their variables: a mixture of both would not load."""
    keras = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
    found = []
    for steps in range(40):
        folder = tmp_path / str(steps)
        keras.save(folder)
        (folder / "notes.txt").write_text("mine", encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch:
            ends_after(steps, patch)
            try:
                tf.saved_model.save(model(3.0), folder)
            except Ended:
                pass
            else:
                break
        loaded = tf.saved_model.load(folder)
        found.append(hasattr(loaded, "v"))
        if found[-1]:
            assert float(loaded.v) == 3.0
            assert not (folder / "keras_metadata.pb").exists()
        else:
            assert loaded(tf.ones([1, 2])).shape == (1, 1)
            assert (folder / "keras_metadata.pb").exists()
        tf.saved_model.save(model(4.0), folder)
        assert value(folder) == 4.0
        names = {"assets", "variables", "saved_model.pb", "notes.txt", "fingerprint.pb"}
        left = {n for n in os.listdir(folder) if not n.startswith(".saving.")}
        assert left <= names
        assert not (folder / ".saving.whole").exists()
    assert found == sorted(found) and {False, True} == set(found)
