"""The table of readers names what its modules enter, and loading imports little."""

from __future__ import annotations

import subprocess
import sys

import rillet as tf
from rillet.saved_model import reader_table
from rillet.saved_model.definitions import definition

#: What loading a small model has no use for.
LATER = """rillet.graph.autograph rillet.graph.drawing rillet.saved_model.list_readers
rillet.saved_model.graph_writer rillet.saved_model.saving logging shutil""".split()
PROGRAM = """
import sys, rillet as tf
before = set(sys.modules)
tf.saved_model.load(sys.argv[1])
print(*(set(sys.modules) - before))
"""


def test_the_table_names_the_ops_of_each_module():
    readers = reader_table.all_readers()
    homes = {op: read.__module__.rpartition(".")[2] for op, read in readers.items()}
    found = {op: home for op, home in homes.items() if home != "op_readers"}
    assert found == reader_table._HOMES


def test_tensorflow_has_each_op_that_is_read():
    names = {op for op in reader_table.all_readers() if not op.startswith("Rillet")}
    assert not [op for op in sorted(names) if definition(op) is None]


def test_loading_a_small_model_imports_what_it_needs(tmp_path):
    class Scaled(tf.Module):
        def __init__(self):
            self.w = tf.Variable([1.0, 2.0])

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
        def __call__(self, x):
            return x * self.w[0]

    tf.saved_model.save(Scaled(), str(tmp_path))
    line = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    found = subprocess.run(line, capture_output=True, text=True, check=True)
    assert not {*LATER} & {*found.stdout.split()}
