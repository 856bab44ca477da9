"""`CheckpointManager`, the file named ``checkpoint``, and looking into checkpoints."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

import rillet as tf
from rillet.checkpoint import manager as managers
from rillet.checkpoint import state
from rillet.checkpoint.state import CheckpointState, parse_state


def made(**kwargs):
    return tf.train.Checkpoint(v=tf.Variable(1.0), **kwargs)


def names(paths):
    return [os.path.basename(p) for p in paths]


def test_only_the_newest_are_kept(tmp_path):
    checkpoint = made()
    manager = tf.train.CheckpointManager(checkpoint, tmp_path / "m", max_to_keep=2)
    assert manager.latest_checkpoint is None
    for i in range(4):
        assert os.path.basename(manager.save()) == f"ckpt-{i + 1}"
    assert names(manager.checkpoints) == ["ckpt-3", "ckpt-4"]
    assert sorted(os.listdir(tmp_path / "m")) == [
        "checkpoint",
        "ckpt-3.data-00000-of-00001",
        "ckpt-3.index",
        "ckpt-4.data-00000-of-00001",
        "ckpt-4.index",
    ]
    assert tf.train.latest_checkpoint(tmp_path / "m") == manager.latest_checkpoint
    again = tf.train.CheckpointManager(checkpoint, tmp_path / "m", max_to_keep=2)
    assert again.checkpoints == manager.checkpoints
    again.save()
    assert names(again.checkpoints) == ["ckpt-4", "ckpt-5"]
    assert again.directory == os.fspath(tmp_path / "m")


def test_one_in_so_many_hours_is_kept_for_good(tmp_path, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(state, "now", lambda: clock[0])
    manager = tf.train.CheckpointManager(
        made(), tmp_path, max_to_keep=1, keep_checkpoint_every_n_hours=2
    )
    for _ in range(7):
        clock[0] += 3600.0
        manager.save()
    found = sorted(p.stem for p in tmp_path.glob("*.index"))
    assert found == ["ckpt-2", "ckpt-4", "ckpt-6", "ckpt-7"]
    assert names(manager.checkpoints) == ["ckpt-7"]


def test_an_interval_of_steps(tmp_path):
    step = tf.Variable(0)
    manager = tf.train.CheckpointManager(
        made(step=step), tmp_path, 5, step_counter=step, checkpoint_interval=3
    )
    saved = []
    for _ in range(8):
        if manager.save():
            saved.append(int(step))
        step.assign_add(1)
    assert saved == [0, 3, 6]
    assert manager.save(check_interval=False)
    assert manager.checkpoint_interval == 3


def test_numbers_of_ones_own(tmp_path):
    checkpoint = made()
    manager = tf.train.CheckpointManager(
        checkpoint, tmp_path, None, checkpoint_name="model"
    )
    assert os.path.basename(manager.save(tf.Variable(77))) == "model-77"
    assert int(checkpoint.save_counter) == 0
    assert names(manager.checkpoints) == ["model-77"]


def test_restore_or_initialize(tmp_path):
    v = tf.Variable(0.0)
    checkpoint = tf.train.Checkpoint(v=v)
    manager = tf.train.CheckpointManager(
        checkpoint, tmp_path, 3, init_fn=lambda: v.assign(5.0)
    )
    assert manager.restore_or_initialize() is None
    assert float(v) == 5.0
    manager.save()
    v.assign(0.0)
    assert manager.restore_or_initialize() == manager.latest_checkpoint
    assert float(v) == 5.0


def test_refusals(tmp_path):
    with pytest.raises(ValueError, match="positive integer or `None`"):
        tf.train.CheckpointManager(made(), tmp_path, max_to_keep=0)
    with pytest.raises(ValueError, match="`step_counter` should be passed"):
        tf.train.CheckpointManager(made(), tmp_path, 3, checkpoint_interval=2)


def test_a_failed_save_does_not_count(tmp_path, monkeypatch):
    checkpoint = made()
    manager = tf.train.CheckpointManager(checkpoint, tmp_path, max_to_keep=2)
    manager.save()
    monkeypatch.setattr(
        checkpoint, "write", lambda *a: (_ for _ in ()).throw(OSError("disk full"))
    )
    with pytest.raises(OSError, match="disk full"):
        manager.save()
    assert int(checkpoint.save_counter) == 1
    assert names(manager.checkpoints) == ["ckpt-1"]


TEXT = (
    'model_checkpoint_path: "a b/ckpt-5"\n'
    'all_model_checkpoint_paths: "\\303\\274-4"\n'
    "all_model_checkpoint_paths: '/q\\'\\\"x\\\\-5'\n"
    "all_model_checkpoint_timestamps: 1795379704.9436307\n"
    "all_model_checkpoint_timestamps: 2\n"
    "some_new_field: 3\n"
    "last_preserved_timestamp: 1.5\n"
)


def test_text_of_the_file():
    found = parse_state(TEXT)
    assert found.model_checkpoint_path == "a b/ckpt-5"
    assert found.all_model_checkpoint_paths == ["ü-4", "/q'\"x\\-5"]
    assert found.all_model_checkpoint_timestamps == [1795379704.9436307, 2.0]
    assert found.last_preserved_timestamp == 1.5
    assert str(parse_state(str(found))) == str(found)
    assert '"\\303\\274-4"' in str(found)
    assert str(CheckpointState()) == ""


@pytest.mark.parametrize("text", ["", "no: such", 'model_checkpoint_path: "', "\0\xff"])
def test_odd_files_are_none(text, tmp_path):
    (tmp_path / "checkpoint").write_text(text, encoding="latin-1")
    assert tf.train.latest_checkpoint(tmp_path) is None


def test_paths_may_move(tmp_path):
    path = made().save(tmp_path / "one" / "ck")
    assert os.path.basename(path) == "ck-1"
    os.rename(tmp_path / "one", tmp_path / "two")
    found = tf.train.latest_checkpoint(tmp_path / "two")
    assert found == os.path.join(tmp_path, "two", "ck-1")
    os.remove(f"{found}.index")
    tf.get_logger().disabled = True
    try:
        assert tf.train.latest_checkpoint(tmp_path / "two") is None
    finally:
        tf.get_logger().disabled = False


def test_relative_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = made().save("ck")
    assert path == "ck-1"
    assert tf.train.latest_checkpoint(".") == os.path.join(".", "ck-1")
    assert Path("checkpoint").read_text().startswith('model_checkpoint_path: "ck-1"\n')
    path = made().save("deep/er/ck")
    assert tf.train.latest_checkpoint("deep/er") == os.path.join("deep/er", "ck-1")


def test_looking_into_a_checkpoint(tmp_path):
    path = tf.train.Checkpoint(
        v=tf.Variable([[1.0], [2.0]]), w=tf.Variable("text")
    ).save(tmp_path / "x")
    name = "v/.ATTRIBUTES/VARIABLE_VALUE"
    for where in (path, tmp_path):
        reader = tf.train.load_checkpoint(where)
        assert reader.get_variable_to_shape_map()[name] == [2, 1]
        assert reader.get_variable_to_dtype_map()[name] == tf.float32
        assert reader.has_tensor(name) and not reader.has_tensor("v")
        np.testing.assert_array_equal(reader.get_tensor(name), [[1.0], [2.0]])
        assert tf.train.load_variable(where, name).tolist() == [[1.0], [2.0]]
    assert tf.train.load_variable(path, "w/.ATTRIBUTES/VARIABLE_VALUE") == b"text"
    listed = tf.train.list_variables(path)
    assert listed[0] == ("_CHECKPOINTABLE_OBJECT_GRAPH", [])
    assert (name, [2, 1]) in listed
    assert f"{name} (DT_FLOAT32) [2, 1]" in reader.debug_string().decode()
    with pytest.raises(tf.errors.NotFoundError, match="Key no not found in checkpoint"):
        tf.train.load_variable(path, "no")
    with pytest.raises(ValueError, match="Couldn't find 'checkpoint' file"):
        tf.train.load_checkpoint(tmp_path.parent)


def test_waiting_for_new_ones(tmp_path):
    checkpoint = made()
    seen = []
    checkpoint.save(tmp_path / "x")
    asked = []

    def over():
        asked.append(1)
        if len(asked) == 1:
            checkpoint.save(tmp_path / "x")
            return False
        return True

    for path in tf.train.checkpoints_iterator(tmp_path, timeout=0, timeout_fn=over):
        seen.append(os.path.basename(path))
    assert seen == ["x-1", "x-2"]
    assert list(tf.train.checkpoints_iterator(tmp_path / "none", timeout=0)) == []


class Ended(BaseException):
    """The process was ended here."""


@pytest.mark.parametrize("files", [0, 1])
def test_a_manager_that_was_ended_while_deleting_forgets_nothing(
    files, tmp_path, monkeypatch
):
    """The next one deletes what was to go, and the bytes of what went half."""
    checkpoint = made()
    manager = tf.train.CheckpointManager(checkpoint, tmp_path, max_to_keep=2)
    for _ in range(2):
        manager.save()

    def ended(path):
        if files:
            os.remove(f"{path}.index")
        raise Ended

    with monkeypatch.context() as patch:
        patch.setattr(managers, "delete_checkpoint", ended)
        with pytest.raises(Ended):
            manager.save()
    again = tf.train.CheckpointManager(checkpoint, tmp_path, max_to_keep=2)
    expected = ["ckpt-1", "ckpt-2", "ckpt-3"][files:]
    assert names(again.checkpoints) == expected
    assert names([again.latest_checkpoint]) == ["ckpt-3"]
    again.save()
    assert names(again.checkpoints) == ["ckpt-3", "ckpt-4"]
    found = {name.split(".")[0] for name in os.listdir(tmp_path)}
    assert found == {"checkpoint", "ckpt-3", "ckpt-4"}


def test_what_a_state_names_in_vain_may_be_written_again(tmp_path):
    first = tf.train.CheckpointManager(made(), tmp_path, max_to_keep=3)
    lost = first.save()
    os.remove(f"{lost}.index")
    second = tf.train.CheckpointManager(made(), tmp_path, max_to_keep=3)
    assert second.save() == lost and second.checkpoints == [lost]
    assert tf.train.latest_checkpoint(tmp_path) == lost
