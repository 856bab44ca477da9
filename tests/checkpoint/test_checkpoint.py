"""`tf.train.Checkpoint`: names, restoring now and later, what a status says."""

from __future__ import annotations

import gc
import logging
import os
from pathlib import Path

import numpy as np
import pytest

import rillet as tf
from rillet.checkpoint.bundle import BundleReader
from rillet.checkpoint.restoration import graph_in
from rillet.checkpoint.waiting import waiting

GOLDEN = Path(__file__).parents[1] / "golden" / "checkpoints"


class Part(tf.Module):
    """What `make_checkpoints.py` saved as `part`."""

    def __init__(self, zero=False):
        super().__init__(name="part")
        scale = 0 if zero else 1
        self.b = tf.Variable([1.0 * scale, 2.0 * scale], name="bb")
        self.a = tf.Variable(3 * scale, name="aa")
        self.rows = [tf.Variable(1.5 * scale), [tf.Variable(2.5 * scale)]]
        self.table = {"x": tf.Variable(3.0 * scale), "y/z.q": tf.Variable(1.0 * scale)}
        self.pair = (tf.Variable(5.0 * scale),)
        self.numbers = [1, 2]


def beside():
    return {
        "words": tf.Variable(["", "", ""]),
        "half": tf.Variable([0.0], dtype=tf.bfloat16),
        "flags": tf.Variable([[False], [True]]),
        "plane": tf.Variable(0j, dtype=tf.complex128),
        "empty": tf.Variable(tf.zeros([0, 2])),
    }


def values(part):
    return [float(v.numpy().sum()) for v in part.variables]


def test_restoring_what_tensorflow_saved():
    part, others = Part(zero=True), beside()
    checkpoint = tf.train.Checkpoint(part=part, **others)
    status = checkpoint.restore(GOLDEN / "objects-1")
    status.assert_consumed().assert_existing_objects_matched()
    assert values(part) == values(Part())
    assert others["words"].numpy().tolist() == [b"a", b"", ("ü" * 200).encode()]
    assert complex(others["plane"].numpy()) == 1 - 2j
    assert others["half"].numpy().tolist() == [1.5]
    assert int(checkpoint.save_counter) == 1


def test_the_graph_is_tensorflows(tmp_path):
    checkpoint = tf.train.Checkpoint(part=Part(), **beside())
    path = checkpoint.save(tmp_path / "x")
    assert path == os.path.join(tmp_path, "x-1")
    mine, theirs = (
        graph_in(BundleReader(p)) for p in (path, str(GOLDEN / "objects-1"))
    )
    assert mine == theirs
    names = BundleReader(path).keys()
    assert names == BundleReader(str(GOLDEN / "objects-1")).keys()


def test_save_counts_and_lists(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(1.0))
    paths = [checkpoint.save(tmp_path / "run.1" / "ck") for _ in range(2)]
    assert [Path(p).name for p in paths] == ["ck-1", "ck-2"]
    assert tf.train.latest_checkpoint(tmp_path / "run.1") == paths[1]
    assert int(checkpoint.save_counter) == 2
    other = tf.train.Checkpoint(v=tf.Variable(0.0))
    other.restore(paths[1])
    assert Path(other.save(tmp_path / "run.1" / "ck")).name == "ck-3"


def test_write_and_read_leave_the_counter_alone(tmp_path):
    v = tf.Variable(1.0)
    checkpoint = tf.train.Checkpoint(v=v)
    path = checkpoint.write(tmp_path / "only")
    v.assign(5.0)
    checkpoint.read(path).assert_consumed()
    assert float(v) == 1.0
    assert tf.train.latest_checkpoint(tmp_path) is None
    assert [n for n, _ in tf.train.list_variables(path)] == [
        "_CHECKPOINTABLE_OBJECT_GRAPH",
        "v/.ATTRIBUTES/VARIABLE_VALUE",
    ]


def test_root(tmp_path):
    part = Part()
    path = tf.train.Checkpoint(part).save(tmp_path / "r")
    assert "rows/1/0/.ATTRIBUTES/VARIABLE_VALUE" in dict(tf.train.list_variables(path))
    # An object saved as a root is restored as one, or as a part by its names.
    other = Part(zero=True)
    tf.train.Checkpoint(other).restore(path).assert_consumed()
    assert values(other) == values(part)
    with pytest.raises(ValueError, match=r"argument b if root\.b already exists"):
        tf.train.Checkpoint(part, b=tf.Variable(1.0))


def test_shared_objects_are_saved_once(tmp_path):
    v = tf.Variable(2.0)
    path = tf.train.Checkpoint(a=v, b=[v]).save(tmp_path / "s")
    assert len(tf.train.list_variables(path)) == 3
    one, two = tf.Variable(0.0), tf.Variable(0.0)
    tf.train.Checkpoint(b=[two]).restore(path).expect_partial()
    tf.train.Checkpoint(a=one).restore(path).expect_partial()
    assert float(one) == float(two) == 2.0


@pytest.fixture(autouse=True)
def nobody_waits():
    """Forget restorations of other tests, whose objects may still be alive."""
    waiting.clear()


class Later(tf.Module):
    """Makes its parts at the first call."""

    def __init__(self):
        super().__init__()
        self.parts = []
        self.inner = tf.Module()

    def __call__(self):
        if not hasattr(self, "v"):
            self.v = tf.Variable([0.0, 0.0])
            self.parts.append(tf.Module())
            self.parts[0].w = tf.Variable(0)
            self.inner.deep = {"k": tf.Variable(0.0)}
        return self.v


def test_restoring_when_objects_are_made(tmp_path):
    saved = Later()
    saved()
    saved.v.assign([3.0, 4.0])
    saved.parts[0].w.assign(7)
    saved.inner.deep["k"].assign(9.0)
    path = tf.train.Checkpoint(m=saved).save(tmp_path / "x")
    made = Later()
    status = tf.train.Checkpoint(m=made).restore(path)
    with pytest.raises(AssertionError, match=r"\(root\)\.m\.v \(VARIABLE_VALUE\)"):
        status.assert_consumed()
    assert made().numpy().tolist() == [3.0, 4.0]
    assert int(made.parts[0].w) == 7
    assert float(made.inner.deep["k"]) == 9.0
    status.assert_consumed()
    assert not waiting


def test_lists_and_dictionaries_that_grow(tmp_path):
    saved = tf.train.Checkpoint()
    saved.listed = [tf.Variable(1.0)]
    saved.listed.append([tf.Variable(2.0)])
    saved.mapped = {"one": saved.listed[0], "two": {"deep": tf.Variable(3.0)}}
    path = saved.save(tmp_path / "x")
    made = tf.train.Checkpoint()
    status = made.restore(path)
    made.mapped = {}
    made.listed = []
    v, w, x = (tf.Variable(0.0) for _ in range(3))
    made.listed.append(v)
    assert float(v) == 1.0
    made.listed += [[]]
    made.listed[1].append(w)
    assert float(w) == 2.0
    made.mapped["one"] = v
    made.mapped.update(two={})
    made.mapped["two"].setdefault("deep", x)
    assert float(x) == 3.0
    status.assert_consumed()
    assert isinstance(made.listed, list) and made.mapped == {
        "one": v,
        "two": {"deep": x},
    }


def test_what_waits_goes_with_its_object(tmp_path):
    saved = Later()
    saved()
    path = tf.train.Checkpoint(m=saved).save(tmp_path / "x")
    made = Later()
    tf.train.Checkpoint(m=made).restore(path).expect_partial()
    assert waiting
    del made
    gc.collect()
    tf.train.Checkpoint(m=Later()).restore(path).expect_partial()
    gc.collect()
    tf.Module().other = tf.Variable(1.0)
    assert len(waiting) <= 1
    waiting.clear()


def test_a_later_restore_takes_the_place_of_one_that_waits(tmp_path):
    saved = Later()
    saved()
    checkpoint = tf.train.Checkpoint(m=saved)
    paths = []
    for value in (1.0, 2.0):
        saved.v.assign([value, value])
        paths.append(checkpoint.save(tmp_path / "x"))
    made = Later()
    again = tf.train.Checkpoint(m=made)
    for path in paths:
        again.restore(path)
    assert made().numpy().tolist() == [2.0, 2.0]


def bound(tmp_path, **objects):
    path = tf.train.Checkpoint(a=tf.Variable(1.0), b=tf.Variable(2.0)).save(
        tmp_path / "x"
    )
    return tf.train.Checkpoint(**objects).restore(path).expect_partial()


def test_status_of_a_partial_match(tmp_path):
    status = bound(tmp_path, a=tf.Variable(0.0))
    assert status.assert_existing_objects_matched() is status
    assert status.assert_nontrivial_match() is status
    with pytest.raises(AssertionError, match="1 values were not used"):
        status.assert_consumed()


def test_status_of_new_objects(tmp_path):
    status = bound(tmp_path, a=tf.Variable(0.0), c=tf.Variable(0.0, name="new"))
    with pytest.raises(AssertionError, match=r"Found 1 Python objects .*new:0"):
        status.assert_existing_objects_matched()


def test_status_of_nothing():
    status = tf.train.Checkpoint(a=tf.Variable(0.0)).restore(None)
    for ask in ("consumed", "existing_objects_matched", "nontrivial_match"):
        with pytest.raises(AssertionError, match="No checkpoint specified"):
            getattr(status, f"assert_{ask}")()
    assert status.expect_partial() is status


@pytest.mark.parametrize(
    ("variable", "error", "words"),
    [
        (tf.Variable([1.0, 2.0]), ValueError, r"shape \(\) when .*shape \(2,\)"),
        (tf.Variable(1), tf.errors.InvalidArgumentError, "expected dtype int32"),
    ],
)
def test_values_that_do_not_fit_change_nothing(variable, error, words, tmp_path):
    b = tf.Variable(0.0)
    with pytest.raises(error, match=words):
        bound(tmp_path, a=variable, b=b)
    assert float(b) == 0.0


def test_missing_files(tmp_path):
    checkpoint = tf.train.Checkpoint(v=tf.Variable(1.0))
    with pytest.raises(tf.errors.NotFoundError, match="missing the checkpoint suffix"):
        checkpoint.restore(tmp_path / "none")
    with pytest.raises(tf.errors.NotFoundError, match="Failed to find any matching"):
        checkpoint.read(tmp_path / "none")
    path = checkpoint.save(tmp_path / "x")
    os.remove(f"{path}.data-00000-of-00001")
    with pytest.raises(tf.errors.NotFoundError, match="No such file or directory"):
        checkpoint.restore(path)


@pytest.mark.parametrize("value", [3, "text", np.ones(3), None])
def test_untrackable_objects_are_refused(value):
    with pytest.raises(ValueError, match="expecting v to be a trackable object"):
        tf.train.Checkpoint(v=value)


def test_keys_that_are_no_strings(tmp_path):
    module = tf.Module()
    module.table = {1: tf.Variable(1.0)}
    with pytest.raises(ValueError, match="non-string key, 1"):
        tf.train.Checkpoint(module).save(tmp_path / "x")
    module.table = {1: "plain values may have any key"}
    tf.train.Checkpoint(module).save(tmp_path / "x")


def test_leftovers_are_told_of(tmp_path, caplog):
    path = tf.train.Checkpoint(a=tf.Variable(1.0)).save(tmp_path / "x")
    logger = tf.get_logger()
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.WARNING, "tensorflow"):
            tf.train.Checkpoint(b=tf.Variable(1.0)).restore(path)
            waiting.clear()
            gc.collect()
    finally:
        logger.removeHandler(caplog.handler)
    assert "could not be found in the restored object: (root).a" in caplog.text


class Counted:
    """An object that saves itself by TensorFlow's pair of methods."""

    def __init__(self, value):
        self.value = value

    def _serialize_to_tensors(self):
        return {"count": tf.constant(self.value), "twice": tf.constant(2 * self.value)}

    def _restore_from_tensors(self, tensors):
        assert int(tensors["twice"]) == 2 * int(tensors["count"])
        self.value = int(tensors["count"])


def test_objects_that_save_themselves(tmp_path):
    path = tf.train.Checkpoint(c=Counted(21)).save(tmp_path / "x")
    assert "c/.ATTRIBUTES/twice" in dict(tf.train.list_variables(path))
    again = Counted(0)
    tf.train.Checkpoint(c=again).restore(path).assert_consumed()
    assert again.value == 21


def test_names_of_tensorflow_1(tmp_path):
    kernel = tf.Variable([0.0, 0.0], name="plain/kernel")
    table = tf.Variable(tf.zeros([350, 2]), name="table")
    checkpoint = tf.train.Checkpoint(k=kernel, t=table)
    checkpoint.restore(GOLDEN / "slices").assert_consumed()
    assert kernel.numpy().tolist() == [1.0, 2.0]
    other = tf.Variable(1.0, name="other")
    with pytest.raises(AssertionError, match="not restored"):
        tf.train.Checkpoint(o=other).restore(
            GOLDEN / "slices"
        ).assert_existing_objects_matched()


def test_generators_and_functions(tmp_path):
    module = tf.Module()
    module.random = tf.random.Generator.from_seed(3)
    module.twice = tf.function(lambda x: x + module.random.uniform([]))
    module.random.normal([5])
    path = tf.train.Checkpoint(module).save(tmp_path / "x")
    drawn = float(module.twice(0.0))
    tf.train.Checkpoint(module).restore(path).assert_consumed()
    assert float(module.twice(0.0)) == drawn


def pipeline():
    dataset = tf.data.Dataset.range(20).shuffle(7).map(lambda x: x * 2)
    return iter(dataset.batch(3).repeat(2))


def test_iterators_go_on_where_they_stood(tmp_path):
    iterator = pipeline()
    for _ in range(4):
        next(iterator)
    path = tf.train.Checkpoint(it=iterator).save(tmp_path / "x")
    rest = [batch.numpy().tolist() for batch in iterator]
    again = pipeline()
    next(again)
    tf.train.Checkpoint(it=again).restore(path).assert_consumed()
    assert [batch.numpy().tolist() for batch in again] == rest
    other = iter(tf.data.Dataset.range(3))
    with pytest.raises(tf.errors.InvalidArgumentError, match="another pipeline"):
        tf.train.Checkpoint(it=other).restore(path)


def test_callbacks_after_writing(tmp_path):
    seen = []
    options = tf.train.CheckpointOptions(
        experimental_write_callbacks=[seen.append, lambda: seen.append("done")]
    )
    path = tf.train.Checkpoint(v=tf.Variable(1.0)).write(tmp_path / "x", options)
    assert seen == [path, "done"]


def test_saving_inside_a_scope_or_tape(tmp_path):
    v = tf.Variable(3.0)
    with tf.name_scope("outer"), tf.GradientTape() as tape:
        checkpoint = tf.train.Checkpoint(v=v)
        path = checkpoint.save(tmp_path / "x")
        loss = v * v
        checkpoint.restore(path)
    assert float(tape.gradient(loss, v)) == 6.0
    assert checkpoint.save_counter.name == "save_counter:0"
