"""`tf.summary` against a file that TensorFlow and TensorBoard wrote."""

from __future__ import annotations

import importlib.util
import io
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import rillet as tf
from rillet.checkpoint.graph_messages import GRAPH
from rillet.checkpoint.wire import Record, decode
from rillet.data.tfrecord import read_records
from rillet.events.messages import EVENT, METADATA, RUN_METADATA, SUMMARY, VALUE
from rillet.saved_model.tensors import array_of

GOLDEN = Path(__file__).parents[1] / "golden" / "events"


def events(path: Any) -> list[Record]:
    """Return the events in a file, or in the one file of a folder."""
    path = Path(path)
    if path.is_dir():
        (path,) = path.glob("events.out.tfevents.*")
    with open(path, "rb") as file:
        return [decode(EVENT, data) for data in read_records(file, str(path))]


def values(path: Any) -> dict[str, Any]:
    """Return the arrays of a file by tag and step."""
    return {
        (v.tag, e.step): array_of(v.tensor)
        for e in events(path)
        for v in e.summary.value
    }


def make_events() -> Any:
    spec = importlib.util.spec_from_file_location("m", GOLDEN / "make_events.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module", name="pair")
def _pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], list[Any]]:
    folder = tmp_path_factory.mktemp("events")
    make_events().summaries(tf, str(folder))
    return events(folder), events(GOLDEN / "summaries.v2")


def test_as_many_events_as_tensorflow(pair: tuple[list[Any], list[Any]]) -> None:
    mine, theirs = pair
    assert len(mine) == len(theirs) > 15
    assert mine[0].file_version == theirs[0].file_version == "brain.Event:2"
    assert [e.step for e in mine] == [e.step for e in theirs]


def pixels(text: bytes) -> list[Any]:
    shown = Image.open(io.BytesIO(text))
    return [shown.size, shown.mode, shown.tobytes()]


def test_values_are_those_of_tensorflow(pair: tuple[list[Any], list[Any]]) -> None:
    for mine, theirs in zip(*pair, strict=True):
        for a, b in zip(mine.summary.value, theirs.summary.value, strict=True):
            assert a.tag == b.tag
            assert a.metadata == b.metadata
            x, y = array_of(a.tensor), array_of(b.tensor)
            assert x.dtype == y.dtype and x.shape == y.shape
            if a.metadata.plugin_data.plugin_name == "images":
                assert list(x[:2]) == list(y[:2])
                assert [pixels(t) for t in x[2:]] == [pixels(t) for t in y[2:]]
            elif x.dtype == np.float64:
                # edges are left * (1 - t) + right * t, or a ramp: a rounding apart
                np.testing.assert_allclose(x, y, rtol=1e-15, atol=1e-16)
            else:
                assert x.tolist() == y.tolist(), a.tag


def test_names_of_files(tmp_path: Path) -> None:
    first = tf.summary.create_file_writer(tmp_path)
    second = tf.summary.create_file_writer(str(tmp_path), filename_suffix=".mine")
    first.close()
    second.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 2
    assert [n.startswith("events.out.tfevents.") for n in names] == [True, True]
    assert {n.rpartition(".")[2] for n in names} == {"v2", "mine"}


def test_steps(tmp_path: Path) -> None:
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        with pytest.raises(ValueError, match="No step set"):
            tf.summary.scalar("a", 1.0)
        tf.summary.scalar("a", 1.0, step=5)
        step = tf.Variable(6, dtype=tf.int64)
        tf.summary.experimental.set_step(step)
        assert tf.summary.experimental.get_step() is step
        tf.summary.scalar("a", 2.0)
        step.assign_add(1)
        tf.summary.scalar("a", 3.0)
        with writer.as_default(step=9):
            tf.summary.scalar("a", 4.0)
        tf.summary.scalar("b", 5.0)
        tf.summary.experimental.set_step(None)
    writer.close()
    want = {("a", 5): 1.0, ("a", 6): 2.0, ("a", 7): 3.0, ("a", 9): 4.0, ("b", 7): 5.0}
    assert {k: float(v) for k, v in values(tmp_path).items()} == want


def test_recorded_or_not(tmp_path: Path) -> None:
    assert not tf.summary.should_record_summaries()
    assert not tf.summary.scalar("a", 1.0, step=0)
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default():
        assert tf.summary.should_record_summaries()
        assert tf.summary.scalar("yes", 1.0, step=0)
        with tf.summary.record_if(False):
            assert not tf.summary.scalar("no", 1.0, step=0)
            assert not tf.summary.write("no", lambda: 1 / 0, step=0)
        with tf.summary.record_if(lambda: tf.constant(True)):
            assert tf.summary.scalar("also", 1.0, step=0)
        with tf.summary.create_noop_writer().as_default():
            assert not tf.summary.scalar("no", 1.0, step=0)
    writer.close()
    assert sorted(tag for tag, _ in values(tmp_path)) == ["also", "yes"]
    with pytest.raises(RuntimeError, match="already closed"):
        writer.as_default()
    with pytest.raises(RuntimeError, match="already closed"):
        writer.init()
    writer.flush()


def test_set_as_default(tmp_path: Path) -> None:
    writer = tf.summary.create_file_writer(str(tmp_path))
    writer.set_as_default(step=2)
    try:
        tf.summary.scalar("a", 1.0)
        seen: list[bool] = []
        thread = threading.Thread(
            target=lambda: seen.append(bool(tf.summary.should_record_summaries()))
        )
        thread.start()
        thread.join()
        assert seen == [False]
    finally:
        tf.summary.create_noop_writer().set_as_default()
        tf.summary.experimental.set_step(None)
    writer.close()
    assert list(values(tmp_path)) == [("a", 2)]


@pytest.mark.parametrize("jit", [None, False])
def test_in_functions_effects_keep_their_order(tmp_path: Path, jit: Any) -> None:
    writer = tf.summary.create_file_writer(str(tmp_path))
    count = tf.Variable(0, dtype=tf.int64)

    @tf.function(jit_compile=jit)
    def step(x: Any) -> Any:
        tf.summary.scalar("first", x)
        for i in tf.range(2):
            tf.summary.scalar("loop", x * tf.cast(i, tf.float32), step=10 * count)
        count.assign_add(1)
        with tf.summary.record_if(x > 1.5):
            tf.summary.scalar("large", x)
            tf.summary.write("lazy", lambda: x * 2.0)
        return x + 1.0

    with writer.as_default(step=count):
        assert float(step(tf.constant(1.0))) == 2.0
        assert float(step(tf.constant(2.0))) == 3.0
    writer.close()
    found = [(v.tag, e.step) for e in events(tmp_path) for v in e.summary.value]
    loops = [("loop", 0), ("loop", 0)], [("loop", 10), ("loop", 10)]
    tail = [("large", 2), ("lazy", 2)]
    assert found == [("first", 0), *loops[0], ("first", 1), *loops[1], *tail]


def test_a_function_that_outlives_its_writer(tmp_path: Path) -> None:
    @tf.function
    def note(x: Any) -> Any:
        return tf.summary.scalar("x", x, step=1)

    first = tf.summary.create_file_writer(str(tmp_path / "a"))
    with first.as_default():
        assert note(tf.constant(1.0))
    first.close()
    assert not note(tf.constant(2.0))
    second = tf.summary.create_file_writer(str(tmp_path / "b"))
    with second.as_default():
        assert note(tf.constant(3.0))
    second.close()
    assert float(values(tmp_path / "b")["x", 1]) == 3.0


def test_flushing(tmp_path: Path) -> None:
    writer = tf.summary.create_file_writer(str(tmp_path), max_queue=2)
    writer.set_as_default(step=0)
    try:
        for i in range(3):
            assert len(events(tmp_path)) == 1, "events wait"
            tf.summary.scalar("a", float(i))
        assert len(events(tmp_path)) == 4, "the queue is full"
        tf.summary.scalar("a", 3.0)
        tf.summary.flush()
        assert len(events(tmp_path)) == 5
    finally:
        tf.summary.create_noop_writer().set_as_default()
        tf.summary.experimental.set_step(None)
    writer.close()


def test_a_forgotten_writer_leaves_all_on_disk(tmp_path: Path) -> None:
    writer = tf.summary.create_file_writer(str(tmp_path))
    writer.add(Record(EVENT, step=1))
    del writer
    assert [e.step for e in events(tmp_path)] == [0, 1]


def test_metadata_and_raw_messages(tmp_path: Path) -> None:
    writer = tf.summary.create_file_writer(str(tmp_path))
    metadata = bytes.fromhex("0a060a046d696e65")  # plugin_data {plugin_name: "mine"}
    whole = bytes.fromhex("0a090a01761500000040")  # value {tag: "v" simple_value: 2}
    with writer.as_default(step=4):
        tf.summary.write("a", 1, metadata=metadata)
        tf.summary.experimental.write_raw_pb(bytes([0x0A, 8]) + whole[2:])
        with pytest.raises(TypeError, match="SummaryMetadata"):
            tf.summary.write("a", 1, metadata=5)
    writer.close()
    _, first, second = events(tmp_path)
    assert first.summary.value[0].metadata.plugin_data.plugin_name == "mine"
    (value,) = second.summary.value
    assert (value.tag, value.simple_value, second.step) == ("v", 2.0, 4)


def test_graphs(tmp_path: Path) -> None:
    @tf.function
    def steps(x: Any) -> Any:
        while tf.reduce_sum(x) < 10.0:
            x = x * 2.0
        return x

    x = tf.constant([1.0, 2.0])
    steps(x)
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default(step=1):
        tf.summary.trace_on()
        steps(x)
        steps(x)
        tf.summary.trace_export("ran")
        steps(x)
        with pytest.raises(ValueError, match="trace_on"):
            tf.summary.trace_export("ran")
        assert tf.summary.graph(steps.get_concrete_function(x).graph)
        with pytest.raises(ValueError, match="graph_data"):
            tf.summary.graph(3)
    writer.close()
    _, ran, drawn = events(tmp_path)
    (value,) = ran.summary.value
    assert value.metadata.plugin_data.plugin_name == "graph_run_metadata_graph"
    told = decode(RUN_METADATA, array_of(value.tensor)[()])
    assert len(told.function_graphs) == 1, "one function ran, twice"
    graph = decode(GRAPH, drawn.graph_def)
    ops = {node.op for node in graph.node}
    assert "Placeholder" in ops and any("While" in op for op in ops)
    names = {node.name for node in graph.node}
    assert {i.partition(":")[0] for n in graph.node for i in n.input} <= names
    assert graph.library.function, "bodies are functions"


def test_refusals(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(ValueError, match="logdir"):
        tf.summary.create_file_writer(None)
    (tmp_path / "file").write_text("")
    with pytest.raises(tf.errors.FailedPreconditionError, match="cannot be written"):
        tf.summary.create_file_writer(str(tmp_path / "file" / "inside"))
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default(step=0):
        with pytest.raises(ValueError, match=r"Expected scalar shape.*\(1,\)"):
            tf.summary.scalar("a", [1.0])
        with pytest.raises(ValueError, match="rank 4"):
            tf.summary.image("a", [1.0])
        with pytest.raises(ValueError, match="1, 2, 3 or 4 channels"):
            tf.summary.image("a", tf.zeros((1, 2, 2, 5)))
        with pytest.raises(ValueError, match="Unknown encoding"):
            tf.summary.audio("a", tf.zeros((1, 2, 1)), 8000, encoding="mp3")
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(writer)
    writer.close()
    caplog.clear()
    tf.summary.trace_on(profiler=True)
    tf.summary.trace_off()


def test_values_that_are_not_finite_are_not_counted(tmp_path: Path) -> None:
    writer = tf.summary.create_file_writer(str(tmp_path))
    with writer.as_default(step=0):
        data = [np.nan, 1.0, 3.0, np.inf, -np.inf]
        tf.summary.histogram("a", data, buckets=2)
        tf.summary.histogram("wide", np.array([-1.7e308, 0.0, 1.7e308]), buckets=2)
    writer.close()
    found = values(tmp_path)
    assert found["a", 0].tolist() == [[1.0, 2.0, 1.0], [2.0, 3.0, 1.0]]
    assert found["wide", 0][:, 2].tolist() == [1.0, 2.0]


def test_messages_have_their_numbers() -> None:
    """The numbers of fields, as summary.proto and event.proto publish them."""
    assert {f.name: n for n, f in VALUE.by_number.items()} == {
        "tag": 1,
        "simple_value": 2,
        "node_name": 7,
        "tensor": 8,
        "metadata": 9,
    }
    assert set(METADATA.by_number) == {1, 2, 3, 4}
    assert set(SUMMARY.by_number) == {1}
    assert set(EVENT.by_number) == {1, 2, 3, 4, 5, 10}
