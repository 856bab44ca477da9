"""Gradients of TensorFlow 1's arrays of tensors, saved by TensorFlow, run by rillet."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf

MAKER = """
import json, os, sys
import numpy as np
import tensorflow as tf
v1 = tf.compat.v1
v1.disable_v2_behavior()
draw = np.random.default_rng(0)
given = draw.normal(size=(4, 3, 2)).astype("float32")
start = draw.normal(size=(2, 2)).astype("float32")

def array(size, **attrs):
    return tf.TensorArray(
        tf.float32, size, element_shape=[None, 2], clear_after_read=False, **attrs
    )

def stacked(x, w):
    rows = array(3).unstack(tf.transpose(x, [1, 0, 2]))
    first = tf.matmul(rows.read(0), w) + rows.read(0) * rows.read(2)
    out = array(2).write(0, first).write(1, first * 2.0)
    return tf.reduce_sum(out.stack() ** 2) + tf.reduce_sum(out.gather([1]) ** 2)

def joined(x, w):
    pieces = array(3, infer_shape=False).split(tf.matmul(x[:, 0], w), [1, 2, 1])
    out = array(2, infer_shape=False).write(0, pieces.read(1) * 2.0)
    return tf.reduce_sum(out.write(1, tf.sin(pieces.read(0))).concat() ** 2)

found = {"given": given.tolist()}
for name, function in (("stacked", stacked), ("joined", joined)):
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3, 2], "x")
        w = v1.get_variable("w", initializer=start, use_resource=True)
        y = function(x, w)
        results = dict(zip(("y", "gx", "gw"), [y, *tf.gradients(y, [x, w])]))
        session.run(v1.global_variables_initializer())
        values = session.run(results, {x: given})
        found[name] = {key: value.tolist() for key, value in values.items()}
        folder = os.path.join(sys.argv[1], name)
        v1.saved_model.simple_save(session, folder, {"x": x}, results)
print("FOUND" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def models(asked, tmp_path_factory):
    top = tmp_path_factory.mktemp("arrays")
    return top, asked(MAKER, str(top))


@pytest.mark.parametrize("name", ["stacked", "joined"])
def test_gradients_of_arrays(name, models):
    top, found = models
    model = tf.saved_model.load(top / name)
    results = model.signatures["serving_default"](x=tf.constant(found["given"]))
    for key, wanted in found[name].items():
        np.testing.assert_allclose(results[key], wanted, rtol=1e-5, atol=1e-5)
