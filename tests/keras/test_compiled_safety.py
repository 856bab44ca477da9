"""Models in native code: wrong values, threads, callbacks, forks, Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

layers = tf.keras.layers
X = np.random.default_rng(0).normal(size=(256, 8)).astype(np.float32)
Y = X[:, :4].copy()
LABELS = np.zeros(256, np.int32)
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")


def model() -> Any:
    tf.keras.utils.set_random_seed(0)
    out = tf.keras.Sequential(
        [layers.Input((8,)), layers.Dense(16, "relu"), layers.Dense(4)]
    )
    out.compile("adam", "mse")
    return out


def chances(steps: Any) -> Any:
    tf.keras.utils.set_random_seed(0)
    out = tf.keras.Sequential(
        [layers.Input((8,)), layers.Dropout(0.2), layers.Dense(4, "softmax")]
    )
    out.compile("adam", "sparse_categorical_crossentropy", steps_per_execution=steps)
    return out


def same_weights(a: Any, b: Any) -> None:
    for x, y in zip(a.get_weights(), b.get_weights(), strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("steps", [1, 4, 8, "auto"])
@pytest.mark.parametrize("wrong", [0, 100, 255])
def test_steps_before_a_failing_one_count(steps: Any, wrong: int) -> None:
    labels = LABELS.copy()
    labels[wrong] = 4
    net = chances(steps)
    with pytest.raises(tf.errors.InvalidArgumentError, match="label value of 4"):
        net.fit(X, labels, batch_size=32, shuffle=False, verbose=0)
    done = wrong // 32
    assert int(net.optimizer.iterations) == done
    other = chances(1)
    if done:
        other.fit(
            X[: 32 * done], LABELS[: 32 * done], batch_size=32, shuffle=False, verbose=0
        )
    same_weights(net, other)
    net.fit(X, LABELS, verbose=0)
    assert all(np.isfinite(w).all() for w in net.get_weights())


def test_numbers_that_no_embedding_has() -> None:
    net = tf.keras.Sequential(
        [layers.Input((3,)), layers.Embedding(10, 4), layers.Flatten(), layers.Dense(1)]
    )
    net.compile("adam", "mse")
    x = np.zeros((64, 3), np.int32)
    x[40, 1] = 10
    before = net.get_weights()
    for call in (
        lambda: net.fit(x, np.zeros(64), batch_size=64, verbose=0),
        lambda: net.train_on_batch(x, np.zeros(64)),
        lambda: net.predict(x, batch_size=64, verbose=0),
        lambda: net.evaluate(x, np.zeros(64), batch_size=64, verbose=0),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError, match=r"not in \[0, 10\)"):
            call()
    for a, b in zip(net.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert np.isfinite(net.predict(x[:40], verbose=0)).all()


def together(*works: Callable[[], Any]) -> None:
    """Run all in threads of their own; raise what the first of them raised."""
    wrong: list[BaseException] = []

    def run(work: Callable[[], Any]) -> None:
        try:
            work()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]


def test_eight_threads_call_a_model_a_thousand_times_each() -> None:
    net = model()
    parts = [X[i : i + 1] for i in range(8)] + [X[:5]]
    function = tf.function(lambda a: tf.nn.softmax(a @ tf.transpose(a)))
    wanted = [(net(x).numpy(), function(tf.constant(x)).numpy()) for x in parts]

    def work(first: int) -> None:
        for count in range(1000):
            at = (first + count) % len(parts)
            found = net(parts[at]), function(tf.constant(parts[at]))
            for have, want in zip(found, wanted[at], strict=True):
                np.testing.assert_allclose(have, want, rtol=1e-5, atol=1e-6)

    together(*[lambda k=k: work(k) for k in range(8)])


def test_threads_predict_while_one_trains() -> None:
    net, other, done = model(), model(), threading.Event()

    def predict() -> None:
        while not done.is_set():
            assert np.isfinite(net.predict(X[:64], verbose=0)).all()
            assert np.isfinite(net(X[:4]).numpy()).all()
            assert all(np.isfinite(w).all() for w in net.get_weights())

    def train() -> None:
        try:
            net.fit(X, Y, epochs=30, verbose=0)
        finally:
            done.set()

    together(predict, predict, train)
    other.fit(X, Y, epochs=30, verbose=0)
    same_weights(net, other)


def test_no_step_and_no_write_is_lost() -> None:
    net, count = model(), tf.Variable(0)
    add = tf.function(lambda: count.assign_add(1))
    together(*[lambda: net.fit(X, Y, epochs=5, verbose=0)] * 3)
    assert int(net.optimizer.iterations) == 3 * 5 * 8
    together(*[lambda: [add() for _ in range(500)]] * 8)
    assert int(count) == 4000


class Busy(tf.keras.callbacks.Callback):
    """Uses the model in every way while it is trained."""

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.model(X[:3])
        self.model.predict(X[:40], verbose=0)
        self.model.evaluate(X[:8], Y[:8], verbose=0)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.predict(X, verbose=0)
        self.model.train_on_batch(X[:8], Y[:8])
        if epoch == 0:
            self.model.fit(X[:64], Y[:64], verbose=0)


def test_callbacks_use_the_model() -> None:
    net = model()
    history = net.fit(
        X, Y, epochs=2, callbacks=[Busy()], verbose=0, validation_data=(X, Y)
    )
    assert len(history.history["val_loss"]) == 2
    assert int(net.optimizer.iterations) == 2 * 8 + 2 + 2


ROOT = Path(__file__).parents[2]
PROGRAM = """
import os, signal, sys, threading, time
import numpy as np
import rillet as tf
x = np.random.default_rng(0).normal(size=(256, 8)).astype(np.float32)
y = x[:, :4].copy()
net = tf.keras.Sequential([tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dense(4)])
net.compile("adam", "mse")
net.fit(x, y, verbose=0)

def works():
    net.fit(x, y, verbose=0)
    return bool(np.isfinite(net.predict(x, verbose=0)).all())

def child():
    process = os.fork()
    if not process:
        signal.alarm(30)
        os._exit(0 if works() else 1)
    return os.waitpid(process, 0)[1]
"""


def run(script: str, output: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c",
         PROGRAM + textwrap.dedent(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        timeout=90, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, output, "")


@forks
def test_forks_train() -> None:
    run("print(child(), works(), child())", "0 True 0")


@forks
def test_forks_inside_a_thread_and_a_callback() -> None:
    run(
        """
        codes = []
        thread = threading.Thread(target=lambda: codes.append(child()))
        thread.start()
        thread.join()

        class Forks(tf.keras.callbacks.Callback):
            def on_train_batch_end(self, batch, logs=None):
                if batch < 2:
                    codes.append(child())

        net.fit(x, y, callbacks=[Forks()], verbose=0)
        print(codes, works())
        """,
        "[0, 0, 0] True",
    )


@forks
def test_forks_while_another_thread_trains() -> None:
    run(
        """
        other = tf.keras.Sequential([tf.keras.layers.Dense(4)])
        other.compile("sgd", "mse")
        ends = threading.Event()

        def train():
            while not ends.is_set():
                other.fit(x, y, verbose=0)

        thread = threading.Thread(target=train)
        thread.start()
        codes = [child() for _ in range(3)]
        ends.set()
        thread.join()
        print(codes, works())
        """,
        "[0, 0, 0] True",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to one process")
@pytest.mark.parametrize("steps", [1, 64, "'auto'"])
def test_control_c_ends_fit_within_half_a_second(steps: Any) -> None:
    run(
        f"""
        net.compile("adam", "mse", steps_per_execution={steps})
        big, wide = np.tile(x, (2000, 1)), np.tile(y, (2000, 1))
        net.fit(big[:4096], wide[:4096], verbose=0)
        kept = net.weights[0].value()

        def interrupt():
            global sent
            time.sleep(0.5)
            sent = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        before = int(net.optimizer.iterations)
        try:
            net.fit(big, wide, epochs=10**6, verbose=0)
        except KeyboardInterrupt:
            quick = time.monotonic() - sent < 0.5
        finite = all(np.isfinite(w).all() for w in net.get_weights())
        print(quick, finite, int(net.optimizer.iterations) > before,
              bool((net.get_weights()[0] != kept.numpy()).any()), works())
        """,
        "True True True True True",
    )
