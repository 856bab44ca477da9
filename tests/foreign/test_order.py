"""TensorFlow runs what rillet saved in the program's order, and finds its tuples."""

from __future__ import annotations

import collections
import json
import os
import subprocess

import pytest

import rillet as tf

OTHER = """
import json, sys
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
print("BEGIN", file=sys.stderr, flush=True)
for _ in range(3):
    loaded.tell(1.0)
pair, named, mixed = loaded.pair, loaded.named, loaded.mixed
print("FOUND" + json.dumps([len(pair), len(named), len(mixed), float(loaded.sum())]))
"""
Named = collections.namedtuple("Named", "x y")


class Model(tf.Module):
    """Prints and tuples."""

    def __init__(self):
        super().__init__()
        self.pair = (tf.Variable(5.0), tf.Variable(6.0))
        self.named = Named(tf.Variable(1.0), tf.Variable(2.0))
        self.mixed = (tf.Variable(1.0), 3, (tf.Variable(2.0),))

    @tf.function(input_signature=[tf.TensorSpec([])])
    def tell(self, x):
        tf.print("first")
        if x > 0:
            tf.print("positive")
        tf.print("second")
        for i in tf.range(2):
            tf.print("round", i)
        tf.print("last")
        return x

    @tf.function(input_signature=[])
    def sum(self):
        return self.pair[1] + self.named.y + self.mixed[2][0]


@pytest.fixture(scope="module")
def done(tensorflow_python, tmp_path_factory):
    folder = tmp_path_factory.mktemp("order")
    tf.saved_model.save(Model(), folder)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("PYTHONPATH", None)
    command = [tensorflow_python, "-c", OTHER, str(folder)]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, check=True
    )


def test_prints_come_in_order_in_each_call(done):
    told = done.stderr.partition("BEGIN\n")[2].splitlines()
    once = ["first", "positive", "second", "round 0", "round 1", "last"]
    assert [line for line in told if line in once] == once * 3


def test_tuples_are_sequences(done):
    (line,) = [s for s in done.stdout.splitlines() if s.startswith("FOUND")]
    assert json.loads(line[len("FOUND") :]) == [2, 2, 3, 10.0]
