"""What a small file may cost: constants and lists that claim to be large."""

import gc
import os
import resource

import numpy as np
import pytest

import rillet as tf
from rillet.checkpoint.wire import decode, encode
from rillet.saved_model import messages

PEAK = resource.RUSAGE_SELF


def rewritten(folder, change):
    """Change a saved model's message."""
    path = os.path.join(folder, "saved_model.pb")
    with open(path, "rb") as file:
        found = decode(messages.SAVED_MODEL, file.read())
    change(found.meta_graphs[0])
    with open(path, "wb") as file:
        file.write(encode(messages.SAVED_MODEL, found))


def with_constants(folder, values, size):
    """A model whose function adds up 50 vectors that some values stand for."""
    module = tf.Module()
    parts = [tf.constant([1.0, 2.0, 3.0, float(k)]) for k in range(50)]
    spec = tf.TensorSpec([], tf.float32)
    total = tf.function(
        lambda x: x + tf.add_n([tf.reduce_sum(part) for part in parts]), [spec]
    )
    module.total = total
    tf.saved_model.save(module, folder)

    def change(meta):
        for function in meta.graph_def.library.function:
            for node in function.node_def:
                for attr in node.attr if node.op == "Const" else ():
                    held = attr.value.tensor
                    if (
                        attr.key == "value"
                        and held.dtype == tf.float32.as_datatype_enum
                    ):
                        for dim in held.tensor_shape.dim:
                            dim.size = size
                        held.values.pop("tensor_content", None)
                        held.float_val = values

    rewritten(folder, change)


def test_a_value_that_stands_for_all_takes_no_memory(tmp_path) -> None:
    """50 times 128 MB."""
    with_constants(str(tmp_path), [0.5], 1 << 25)
    before = resource.getrusage(PEAK).ru_maxrss
    total = tf.saved_model.load(str(tmp_path)).total(tf.constant(1.0))
    assert float(total) == pytest.approx(1.0 + 50 * 0.5 * 2**25)
    assert resource.getrusage(PEAK).ru_maxrss - before < 200_000  # KB


def test_the_last_value_stands_for_the_rest(tmp_path) -> None:
    with_constants(str(tmp_path), [5.0, 0.5], 1000)
    total = tf.saved_model.load(str(tmp_path)).total(tf.constant(1.0))
    assert float(total) == pytest.approx(1.0 + 50 * (5.0 + 0.5 * 999))


def test_few_values_do_not_stand_for_gigabytes(tmp_path) -> None:
    """50 times 128 MB are refused, and nothing of them stays."""
    with_constants(str(tmp_path / "large"), [5.0, 0.5], 1 << 25)
    with_constants(str(tmp_path / "fair"), [5.0, 0.5], 1 << 18)
    for _ in range(2):
        with pytest.raises(tf.errors.DataLossError, match="stand for far more"):
            tf.saved_model.load(str(tmp_path / "large")).total(tf.constant(1.0))
        for _ in range(30):  # 50 MB each
            fair = tf.saved_model.load(str(tmp_path / "fair"))
        assert float(fair.total(tf.constant(1.0))) == pytest.approx(
            1.0 + 50 * (5.0 + 0.5 * (2**18 - 1))
        )
        del fair
        gc.collect()


def test_lists_do_not_have_millions_of_places(tmp_path) -> None:
    module = tf.Module()
    module.rows = [[tf.Module()] for _ in range(20)]
    tf.saved_model.save(module, str(tmp_path))

    def change(meta):
        for node in meta.object_graph_def.nodes:
            for child in node.children:
                if child.local_name.isdigit():
                    child.local_name = "999999"

    rewritten(str(tmp_path), change)
    with pytest.raises(tf.errors.DataLossError, match="lists have too many places"):
        tf.saved_model.load(str(tmp_path))


def test_one_value_for_all_in_functions() -> None:
    """What is computed from a view that repeats one value is what a copy gives."""
    view = np.broadcast_to(np.float32(1.5), (4, 3))
    x = tf.constant(np.arange(12.0, dtype=np.float32).reshape(4, 3))

    @tf.function
    def used(x):
        held = tf.constant(view)
        return held * x, tf.matmul(held, x, transpose_b=True), tf.reshape(held, [6, 2])

    for found, want in zip(
        used(x),
        (1.5 * x.numpy(), view @ x.numpy().T, np.full((6, 2), 1.5)),
        strict=True,
    ):
        np.testing.assert_allclose(found, want)
