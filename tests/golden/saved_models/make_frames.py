"""Write golden SavedModels with TensorFlow 1's own control flow: switches, frames.

    TENSORFLOW_PYTHON make_frames.py [NAME ...]

Makers are like those of `make_graphs`, which writes them; control flow v2 is off.
"""

from __future__ import annotations

import sys
from typing import Any

import make_graphs
import numpy as np
import tensorflow as tf
from make_graphs import f32

v1 = tf.compat.v1
MAKERS: dict[str, Any] = {}


def model(make: Any) -> Any:
    """Enter a maker."""

    def old() -> Any:
        v1.disable_control_flow_v2()
        try:
            return make()
        finally:
            v1.enable_control_flow_v2()

    MAKERS[make.__name__] = old
    return make


def served(given: dict[str, Any], outs: dict[str, Any], *calls: dict[str, Any]) -> Any:
    """One signature, called with each of some inputs."""
    rows = [[call[name] for name in sorted(given)] for call in calls]
    return {"serving_default": (given, outs)}, None, {"serving_default": rows}


@model
def f_loops() -> Any:
    """A loop with a branch and an array, branches of two, a loop in a loop."""
    found, first, inputs = make_graphs.loops()
    return found, first, {"serving_default": [inputs["serving_default"]]}


@model
def f_branches() -> Any:
    """Branches: in branches, in a row on one condition, of constants and checks."""
    x = v1.placeholder(tf.float32, [None], "x")
    a = v1.placeholder(tf.bool, [], "a")
    b = v1.placeholder(tf.bool, [], "b")
    w = v1.get_variable("w", [3], use_resource=False)
    u = v1.get_variable("u", [3], use_resource=True)

    def deep() -> Any:
        y = x * w
        return v1.cond(b, lambda: (y + u, tf.constant(1)), lambda: (y - x, 2 * one))

    one = tf.size(x) - 2
    first, number = v1.cond(a, deep, lambda: (tf.exp(x), one))
    second = v1.cond(a, lambda: first * 2.0, lambda: x)
    third = v1.cond(a, lambda: second + w, lambda: second - 1.0)
    other = v1.cond(
        tf.logical_and(a, tf.logical_not(b)), lambda: tf.constant([7.0]), lambda: x
    )

    def checked() -> Any:
        with tf.control_dependencies([v1.assert_positive(tf.reduce_sum(x * x))]):
            return tf.identity(x)

    seen = v1.cond(b, checked, lambda: x + 1.0)
    case = v1.case(
        [(a, lambda: x + 1.0), (b, lambda: x + 2.0)], default=lambda: x + 3.0
    )
    live, which = merged(x, a)
    outs = {
        "first": first, "number": number, "second": second, "third": third,
        "other": other, "seen": seen, "case": case, "live": live, "which": which,
    }  # fmt: skip
    rows = [{"a": p, "b": q, "x": f32(3)} for p in (False, True) for q in (False, True)]
    return served({"x": x, "a": a, "b": b}, outs, *rows)


def merged(x: Any, a: Any) -> Any:
    """A branch made of its parts, which tells which side it took."""
    dead, live = tf.raw_ops.Switch(data=x, pred=a)
    return tf.raw_ops.Merge(inputs=[live * 10.0, dead * 20.0])


@model
def f_nested_loops() -> Any:
    """Loops in loops in branches; what stays the same; sizes that change."""
    x = v1.placeholder(tf.float32, [None], "x")
    n = v1.placeholder(tf.int32, [], "n")
    w = v1.get_variable("w", [], use_resource=False)
    u = v1.get_variable("u", [], use_resource=True)
    scale = tf.reduce_sum(x)

    def inner(i: Any, s: Any) -> Any:
        def once(j: Any, t: Any) -> Any:
            h = v1.cond(t[0] > 1.0, lambda: t - scale * w, lambda: t + u)
            return j + 1, h

        return i + 1, v1.while_loop(lambda j, _: j < i, once, [0, s])[1]

    def both() -> Any:
        return v1.while_loop(lambda i, _: i < n, inner, [0, x])

    count, deep = v1.cond(n > 2, both, lambda: (n, x * 3.0))
    grown = v1.while_loop(
        lambda i, _: i < n,
        lambda i, y: (i + 1, tf.concat([y, [tf.cast(i, tf.float32)]], 0)),
        [0, tf.zeros([1])],
        [tf.TensorShape([]), tf.TensorShape([None])],
    )[1]
    again = v1.while_loop(
        lambda i, y: i < count, lambda i, y: (i + 1, y * 0.5 + deep), [0, deep]
    )[1]
    given = {"x": x, "n": n}
    outs = {"count": count, "deep": deep, "grown": grown, "again": again}
    return served(given, outs, *[{"n": np.int32(k), "x": f32(2)} for k in (0, 2, 5)])


@model
def f_arrays() -> Any:
    """Arrays in loops: all that TensorFlow 1 does with them."""
    x = v1.placeholder(tf.float32, [None, 2], "x")
    n = v1.placeholder(tf.int32, [], "n")
    rows = tf.TensorArray(tf.float32, tf.shape(x)[0], clear_after_read=False)
    rows = rows.unstack(x)
    out = tf.TensorArray(tf.float32, 0, True, clear_after_read=False, infer_shape=False)
    parts = tf.TensorArray(tf.float32, n, None, False, infer_shape=False)

    def once(i: Any, out: Any, parts: Any) -> Any:
        row = rows.read(i % rows.size())
        parts = parts.write(i, tf.fill([i + 1, 1], row[0]))
        return i + 1, out.write(i, row * tf.cast(i, tf.float32)), parts

    _, out, parts = v1.while_loop(lambda i, *_: i < n, once, [0, out, parts])
    placed = tf.TensorArray(tf.float32, 4, element_shape=[2])
    placed = placed.scatter(
        [3, 1, 0, 2], tf.tile(x[:1], [4, 1]) * [[1.0], [2.0], [3.0], [4.0]]
    )
    pieces = tf.TensorArray(tf.float32, 2, infer_shape=False).split(x[:, 0], [1, 2])
    outs = {
        "stacked": out.stack(), "size": out.size(), "joined": parts.concat(),
        "placed": placed.stack(), "some": out.gather([1, 0, 1]),
        "piece": pieces.read(1),
    }  # fmt: skip
    lengths = [
        op
        for op in v1.get_default_graph().get_operations()
        if op.type == "TensorArrayConcatV3"
    ][-1].outputs[1]
    outs["lengths"] = lengths
    given = {"x": x, "n": n}
    return served(given, outs, {"n": np.int32(4), "x": f32(3, 2)})


@model
def f_rnn() -> Any:
    """Recurrent networks of the old kind: step by step, in loops, rows that end."""
    x = v1.placeholder(tf.float32, [None, 4, 3], "x")
    lengths = v1.placeholder(tf.int32, [None], "lengths")
    cells = v1.nn.rnn_cell
    wanted = {"dtype": tf.float32}
    deep = cells.MultiRNNCell([cells.BasicLSTMCell(4), cells.GRUCell(2)])
    plain, state = v1.nn.dynamic_rnn(cells.GRUCell(4, name="a"), x, **wanted)
    masked, last = v1.nn.dynamic_rnn(deep, x, lengths, **wanted)
    two = cells.LSTMCell(2, name="b"), cells.LSTMCell(3, name="c", num_proj=2)
    both, _ = v1.nn.bidirectional_dynamic_rnn(*two, x, lengths, **wanted)
    steps, _ = v1.nn.static_rnn(
        cells.BasicRNNCell(3, name="d"),
        tf.unstack(x, axis=1),
        None,
        tf.float32,
        lengths,
    )
    outs = {
        "plain": plain, "state": state, "masked": masked, "c": last[0].c,
        "h": last[1], "both": tf.concat(both, 2), "static": tf.stack(steps, 1),
    }  # fmt: skip
    given = {"x": x, "lengths": lengths}
    rows = [
        {"lengths": np.array(n, np.int32), "x": f32(2, 4, 3)} for n in ([2, 4], [3, 1])
    ]
    return served(given, outs, *rows)


@model
def f_training() -> Any:
    """Dropout and batch normalization that a flag switches; nobody feeds it."""
    x = v1.placeholder(tf.float32, [None, 4], "x")
    training = v1.placeholder_with_default(False, [], "is_training")
    h = normalized("one", x, training)
    h = v1.cond(training, lambda: tf.nn.dropout(h, 0.5), lambda: tf.identity(h))
    h = normalized("two", h * 2.0, training)
    rate = v1.cond(training, lambda: 0.5, lambda: 0.0)
    keep = v1.nn.dropout(h, rate=rate)
    given = {"x": x}
    calls = {"serving_default": (given, {"h": h, "keep": keep})}
    calls["switched"] = (
        {"x": x, "training": training},
        {"h": normal_only(x, training)},
    )
    rows = {
        "serving_default": [[f32(3, 4)]],
        "switched": [[np.bool_(flag), f32(5, 4)] for flag in (False, True)],
    }
    return calls, None, rows


@model
def f_first() -> Any:
    """What runs first holds branches and loops: they fill a table and an array."""
    table = tf.lookup.experimental.MutableHashTable(tf.int64, tf.int64, -1)
    many = tf.size(tf.constant([4, 5, 6]))

    def once(i: Any, kept: Any) -> Any:
        kept = kept.write(tf.cast(i, tf.int32), i * i)
        with tf.control_dependencies([table.insert(i, i * i)]):
            return i + 1, kept

    def put(keys: list[int], values: list[int]) -> Any:
        given = tf.constant(keys, tf.int64), tf.constant(values, tf.int64)
        with tf.control_dependencies([table.insert(*given)]):
            return tf.constant(len(keys))

    kept = tf.TensorArray(tf.int64, 4)
    _, kept = v1.while_loop(lambda i, _: i < 4, once, [tf.constant(0, tf.int64), kept])
    squares = kept.stack()
    with tf.control_dependencies([squares]):
        last = table.insert(squares + 100, squares)
    with tf.control_dependencies([last]):
        sides = lambda: put([50], [7]), lambda: put([51, 52], [8, 8])
        chosen = v1.cond(many > 2, *sides)
    x = v1.placeholder(tf.int64, [None], "x")
    asked = {"serving_default": ({"x": x}, {"found": table.lookup(x)})}
    numbers = np.array([0, 3, 9, 50, 51, 104, 109])
    return asked, tf.group(chosen), {"serving_default": [numbers]}


def normal_only(x: Any, training: Any) -> Any:
    """Two layers in a row, without chance."""
    return normalized("four", tf.nn.relu(normalized("three", x, training)), training)


def normalized(name: str, x: Any, training: Any) -> Any:
    """Batch normalization as layers wrote it: one kernel or the other."""
    with v1.variable_scope(name, use_resource=True):
        ones, zeros = v1.ones_initializer(), v1.zeros_initializer()
        gamma = v1.get_variable("gamma", [4], initializer=ones)
        beta = v1.get_variable("beta", [4])
        mean = v1.get_variable("mean", [4], initializer=zeros)
        variance = v1.get_variable("variance", [4], initializer=ones)
    wide = x[:, None, None, :]
    y, new_mean, new_variance = v1.cond(
        training,
        lambda: v1.nn.fused_batch_norm(wide, gamma, beta, epsilon=0.1),
        lambda: v1.nn.fused_batch_norm(
            wide, gamma, beta, mean, variance, 0.1, is_training=False
        ),
    )
    rate = v1.cond(training, lambda: 0.1, lambda: 0.0)
    for old, new in ((mean, new_mean), (variance, new_variance)):
        v1.add_to_collection(
            v1.GraphKeys.UPDATE_OPS, old.assign_sub((old - new) * rate)
        )
    return y[:, 0, 0, :]


if __name__ == "__main__":
    for chosen in sys.argv[1:] or MAKERS:
        make_graphs.write(chosen, MAKERS[chosen])
