"""What functions do besides computing comes in the program's order in files, too."""

from __future__ import annotations

import os

import pytest

import rillet as tf
from rillet.saved_model.load import read_message


class Telling(tf.Module):
    """Prints before, in and after a branch and a loop."""

    @tf.function(input_signature=[tf.TensorSpec([])])
    def tell(self, x):
        tf.print("first")
        if x > 0:
            tf.print("positive")
        else:
            tf.print("negative")
        tf.print("second")
        for i in tf.range(2):
            tf.print("round", i)
        tf.print("last")
        return x

    @tf.function(input_signature=[tf.TensorSpec([])])
    def quiet(self, x):
        """Nothing here has to wait."""
        if x > 0:
            x = x + 1.0
        for _ in tf.range(2):
            x = x * 2.0
        return x


def functions(folder):
    message = read_message(os.fspath(folder)).meta_graphs[0]
    return message.graph_def.library.function


def test_prints_branches_and_loops_wait_for_each_other(tmp_path):
    tf.saved_model.save(Telling(), tmp_path)
    (body,) = [f for f in functions(tmp_path) if "tell" in f.signature.name]
    nodes = [n for n in body.node_def if n.op in ("PrintV2", "If", "While")]
    assert [n.op for n in nodes] == ["PrintV2", "If", "PrintV2", "While", "PrintV2"]
    for before, node in zip(nodes, nodes[1:], strict=False):
        assert f"^{before.name}" in node.input
    assert list(body.signature.control_output) == [n.name for n in nodes]


def test_what_only_computes_waits_for_nothing(tmp_path):
    """One function's name begins as the other's does: names are not looked at."""
    module = Telling()
    module.quiet_and_telling = module.tell
    tf.saved_model.save(module, tmp_path)
    (body,) = [f for f in functions(tmp_path) if "quiet" in f.signature.name]
    assert not body.signature.control_output
    assert not any(x.startswith("^") for n in body.node_def for x in n.input)


@pytest.mark.parametrize("compiled", [True, False])
def test_the_order_comes_back(compiled, tmp_path, capfd):
    tf.saved_model.save(Telling(), tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    tf.config.run_functions_eagerly(not compiled)
    try:
        loaded.tell(1.0)
    finally:
        tf.config.run_functions_eagerly(False)
    told = capfd.readouterr().err.splitlines()
    assert told == "first,positive,second,round 0,round 1,last".split(",")
