"""Names of variables in scopes, blocks outside tapes, blocks that run after others."""

from __future__ import annotations

import pytest

import rillet as tf


def test_names_as_tensorflow_gives_them() -> None:
    with tf.name_scope("a") as outer:
        with tf.name_scope("b") as inner:
            name = tf.Variable(1, name="x").name
        with tf.name_scope("b/") as top:
            pass
        with tf.name_scope("b") as again:
            pass
        with tf.name_scope("") as root:
            plain = tf.Variable(1, name="x").name
    assert (outer, inner, top, again, root) == ("a/", "a/b/", "b/", "a/b/", "")
    assert (name, plain, tf.Variable(1, name="x").name) == ("a/b/x:0", "x:0", "x:0")
    assert tf.name_scope("x").name == "x"


@pytest.mark.parametrize("bad", [None, 3, b"a"])
def test_a_name_is_a_string(bad: object) -> None:
    with pytest.raises(ValueError, match="must be a string"):
        tf.name_scope(bad)


def test_a_scope_ends_with_an_error() -> None:
    with pytest.raises(KeyError), tf.name_scope("a"):
        raise KeyError
    assert tf.Variable(1, name="x").name == "x:0"


def test_init_scope_is_outside_the_tape_but_keeps_names() -> None:
    x = tf.constant(3.0)
    with tf.GradientTape() as tape, tf.name_scope("q"):
        tape.watch(x)
        with tf.init_scope():
            y = x * x
            name = tf.Variable(1, name="x").name
    assert tape.gradient(y, x) is None and name == "q/x:0"


def test_control_dependencies() -> None:
    called = []
    with tf.control_dependencies([tf.constant(1), lambda: called.append(1)]) as block:
        pass
    assert block is None and called == [1]
    with tf.control_dependencies(None):
        pass
    with pytest.raises(TypeError, match="must be a list"):
        tf.control_dependencies(3)


def test_devices_nest() -> None:
    with tf.device("/CPU:0"), tf.device("GPU:0"):
        assert tf.constant(1).device.endswith("CPU:0")
