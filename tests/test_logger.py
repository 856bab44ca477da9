"""The logger: where its messages go."""

import contextlib
import io

import rillet as tf


def test_messages_go_to_the_stream_of_now():
    first, second = io.StringIO(), io.StringIO()
    for stream in (first, second):
        with contextlib.redirect_stderr(stream):
            tf.get_logger().warning("here")
    assert first.getvalue() == second.getvalue() == "WARNING:tensorflow:here\n"


def test_a_stream_that_a_program_chose_stays():
    chosen, other = io.StringIO(), io.StringIO()
    handler = tf.get_logger().handlers[0]
    before = handler.setStream(chosen)
    try:
        with contextlib.redirect_stderr(other):
            tf.get_logger().warning("there")
    finally:
        handler.setStream(before)
    assert "there" in chosen.getvalue() and not other.getvalue()
