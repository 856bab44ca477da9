"""`tf.train.Coordinator`: what TensorFlow 2.21 did in the same situations.

Where its logging of exceptions fails (TypeError from a format string), the exception
that was handed over is expected in its place.
"""

from __future__ import annotations

import sys
import threading
import time
from typing import Any

import pytest

import rillet as tf

Coordinator = tf.train.Coordinator


def _failed() -> Any:
    coordinator = Coordinator()
    with coordinator.stop_on_exception():
        raise KeyError("first")
    return coordinator


def test_threads_stop_together() -> None:
    coordinator, rounds = Coordinator(), []

    def work() -> None:
        while not coordinator.should_stop():
            rounds.append(1)
            time.sleep(0.002)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    while len(rounds) < 4:
        time.sleep(0.002)
    coordinator.request_stop()
    coordinator.join(threads)
    assert coordinator.joined
    assert not any(thread.is_alive() for thread in threads)


def test_the_first_exception_is_raised_by_join() -> None:
    coordinator = _failed()
    assert coordinator.should_stop()
    coordinator.request_stop(ValueError("second"))
    with pytest.raises(KeyError, match="first"):
        coordinator.raise_requested_exception()
    with pytest.raises(KeyError, match="first"):
        coordinator.join([])


def test_exceptions_that_end_work_are_no_errors() -> None:
    for kinds, error in [
        (None, tf.errors.OutOfRangeError(None, None, "end")),
        ((ValueError,), ValueError("end")),
    ]:
        coordinator = Coordinator(clean_stop_exception_types=kinds)
        coordinator.request_stop(error)
        coordinator.join([])
        coordinator.raise_requested_exception()
    coordinator = Coordinator((ValueError,))
    coordinator.request_stop(tf.errors.OutOfRangeError(None, None, "end"))
    with pytest.raises(tf.errors.OutOfRangeError):
        coordinator.join([])


def test_threads_that_go_on_are_named() -> None:
    coordinator, going = Coordinator(), threading.Event()
    thread = threading.Thread(target=going.wait, name="slow", daemon=True)
    thread.start()
    coordinator.register_thread(thread)
    coordinator.request_stop()
    with pytest.raises(RuntimeError, match="threads still running: slow"):
        coordinator.join(stop_grace_period_secs=0.01)
    coordinator.join([thread], 0.01, ignore_live_threads=True)
    going.set()


def test_begins_anew() -> None:
    coordinator = _failed()
    coordinator.clear_stop()
    assert not coordinator.should_stop()
    coordinator.join([])


def test_what_comes_after_join_is_raised_at_once() -> None:
    coordinator = Coordinator()
    coordinator.request_stop()
    coordinator.join([])
    coordinator.request_stop()
    with pytest.raises(ValueError, match="late"):
        coordinator.request_stop(ValueError("late"))
    try:
        raise ZeroDivisionError("later")
    except ZeroDivisionError:
        with pytest.raises(ZeroDivisionError, match="later"):
            coordinator.request_stop(sys.exc_info())


def test_waits_for_a_request() -> None:
    coordinator = Coordinator()
    assert coordinator.wait_for_stop(0.01) is False
    threading.Timer(0.02, coordinator.request_stop).start()
    assert coordinator.wait_for_stop(5) is True


def test_refuses_what_is_no_exception() -> None:
    with pytest.raises(TypeError, match="ex is an exception, or what sys.exc_info"):
        Coordinator().request_stop(5)
