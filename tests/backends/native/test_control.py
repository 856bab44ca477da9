"""Branches, loops and tensor lists inside native programs.

Every row is a function that runs eagerly, where loops are Python's, and as a native
program; results agree to rounding in float64. Rows also say what is left to the host.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest

import rillet as tf
from rillet.backends.native import program as programs_of
from rillet.backends.native.binding import Binding

X = np.random.default_rng(0).normal(size=(5, 3))
W = np.random.default_rng(1).normal(size=(3, 3))


@pytest.fixture(name="bound")
def _bound(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Binding]]:
    """The programs that are made during a test."""
    made: list[Binding] = []

    class Noted(Binding):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            made.append(self)

    monkeypatch.setattr(programs_of, "Binding", Noted)
    yield made


def on_host(bound: list[Binding]) -> list[str]:
    """Why nodes of programs ran on the host."""
    items = [h for p in bound for h in p.schedule.before]
    items += [h for p in bound for s in p.schedule.segments for h in s.host]
    return [h.why for h in items]


def power(x: Any, n: int = 6) -> Any:
    return tf.while_loop(
        lambda i, s: i < n,
        lambda i, s: (i + 1, s * 0.9 + tf.tanh(x * s)),
        (tf.constant(0), x),
    )[1]


def swapped(x: Any) -> Any:
    return tf.while_loop(
        lambda i, s, t: i < 7,
        lambda i, s, t: (i + 1, t + 1.0, s[::-1] * 0.5),
        (tf.constant(0), x, x * 2.0),
    )


def shifted(x: Any) -> Any:
    """Each new state needs old elements from other places."""
    return tf.while_loop(
        lambda i, s: i < 4,
        lambda i, s: (i + 1, tf.roll(s, 1, axis=0) + x),
        (tf.constant(0), x),
    )


def fibonacci(n: Any) -> Any:
    return tf.while_loop(
        lambda i, a, b: i < n,
        lambda i, a, b: (i + 1, b, a + b),
        (tf.constant(0), tf.constant(0), tf.constant(1)),
    )[1]


def collatz(n: Any) -> Any:
    count = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        count += 1
    return count


def broken(x: Any) -> Any:
    total = tf.zeros([3], tf.float64)
    for i in tf.range(10):
        total = total + x[i % 5]
        if tf.reduce_sum(total) > 0.5:
            break
    for row in x:
        if row[0] > 0.0:
            continue
        total += row
    return total


def nested(x: Any) -> Any:
    total = tf.zeros([3], tf.float64)
    for i in tf.range(4):
        for j in tf.range(3):
            total = total + x[i] * x[j]
        if total[0] > 1.0:
            continue
        total = total * 0.9
    return total


def triangle(x: Any) -> Any:
    total = tf.zeros([3], tf.float64)
    for i in tf.range(4):
        for j in tf.range(i):
            total = total + x[i] * x[j]
    return total


def network(x: Any) -> Any:
    steps = tf.stack([x[:4]] * 7)
    weights = tf.constant(W)

    def step(i: Any, h: Any, out: Any) -> Any:
        h = tf.tanh(h @ weights + steps[i])
        return i + 1, h, out.write(i, h)

    start = (
        tf.constant(0),
        tf.zeros([4, 3], tf.float64),
        tf.TensorArray(tf.float64, size=7),
    )
    return tf.while_loop(lambda i, *_: i < 7, step, start)[2].stack()


def written(x: Any) -> Any:
    array = tf.TensorArray(tf.float64, size=6)
    for i in tf.range(6):
        array = array.write(i, x[0] * tf.cast(i, tf.float64))
    return array.stack(), array.read(2), array.size()


def lengthened(x: Any) -> Any:
    array = tf.TensorArray(tf.float64, size=0, dynamic_size=True)
    for i in tf.range(6):
        array = array.write(i, x[0] * tf.cast(i, tf.float64))
    return array.write(6, x[1]).stack()


def lengthened_at_times(x: Any) -> Any:
    array = tf.TensorArray(tf.float64, size=0, dynamic_size=True)
    place = 0
    for row in x:
        if row[0] > 0.0:
            array = array.write(place, row)
            place += 1
    return array.stack()


def some_written(x: Any) -> Any:
    rows = tf.TensorArray(tf.float64, size=5).unstack(x)
    total = tf.zeros(3, tf.float64)
    out = tf.TensorArray(tf.float64, size=5, element_shape=[3])
    for i in tf.range(5):
        total = total * 0.5 + rows.read(4 - i)
        if i % 2 == 0:
            out = out.write(i, total)
    return out.stack()


def overwritten(x: Any) -> Any:
    """Elements are written twice, and read before and after."""
    array = tf.TensorArray(tf.float64, size=3, clear_after_read=False).unstack(x[:3])
    for i in tf.range(6):
        old = array.read(i % 3)
        array = array.write(i % 3, old * 0.5 + array.read((i + 1) % 3))
    return array.stack()


def squares(f: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The gradient of the sum of squares of what a function gives."""

    def gradient(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            total = sum(tf.reduce_sum(y**2) for y in floats(f(x)))
        return tape.gradient(total, x)

    return gradient


def floats(value: Any) -> list[Any]:
    flat = [tf.convert_to_tensor(y) for y in tf.nest.flatten(value)]
    return [y for y in flat if y.dtype == tf.float64]


class Row(NamedTuple):
    """A function, what it takes, and why part of it runs on the host."""

    function: Callable[..., Any]
    name: str
    inputs: tuple[Any, ...] = (X,)
    host: str = ""
    orders: int = 0


def choice(x: Any) -> Any:
    return tf.cond(tf.reduce_sum(x) > 0.0, lambda: x * x * x, lambda: tf.sin(x))


def inner_choice(x: Any) -> Any:
    def deeper() -> Any:
        return tf.cond(x[0, 1] > 0.0, lambda: x, lambda: -x)

    return tf.cond(x[0, 0] > 0.0, deeper, lambda: tf.map_fn(tf.sin, x))


def switch(i: Any, x: Any) -> Any:
    return tf.switch_case(
        i, [lambda: x, lambda: x * 2.0, lambda: x @ tf.transpose(x)[:, :3]]
    )


def computed(x: Any) -> Any:
    return tf.while_loop(
        lambda i, s: i < 3,
        lambda i, s: (i + 1, s + x[..., i] * x[i, i] + x[-1 - i, 0]),
        (tf.constant(0), tf.zeros(5, tf.float64)),
    )[1]


def parts(x: Any) -> Any:
    return tf.while_loop(
        lambda i, s: i < 3,
        lambda i, s: (i + 1, s + x[-1 - i, 1:] * x[tf.newaxis, ..., i][0, :2]),
        (tf.constant(0), tf.zeros(2, tf.float64)),
    )[1]


def limited(x: Any) -> Any:
    return tf.while_loop(
        lambda s: tf.constant(True), lambda s: (s * x,), (x,), maximum_iterations=4
    )[0]


def uncounted(x: Any) -> Any:
    return tf.while_loop(
        lambda s: tf.reduce_sum(tf.abs(s)) < 30.0, lambda s: (s * 1.5 + 0.1,), (x,)
    )[0]


def growing(x: Any) -> Any:
    return tf.while_loop(
        lambda i, s: i < 3,
        lambda i, s: (i + 1, tf.concat([s, s], 0)),
        (tf.constant(0), x),
        shape_invariants=(tf.TensorShape([]), tf.TensorShape([None, 3])),
    )[1]


def never(x: Any) -> Any:
    return tf.while_loop(
        lambda i, s: i < 0, lambda i, s: (i + 1, s * 2.0), (tf.constant(0), x)
    )[1]


def drawn(x: Any) -> Any:
    return tf.while_loop(
        lambda i, s: i < 3,
        lambda i, s: (i + 1, s + tf.random.uniform([3], dtype=tf.float64) * 0.0),
        (tf.constant(0), x),
    )[1]


def several(x: Any) -> Any:
    return tf.map_fn(
        lambda r: (r[0] + r[1], tf.cast(r[0] > 0.0, tf.int32)),
        (x, x * 2.0),
        fn_output_signature=(tf.float64, tf.int32),
    )


LATE = "only the run can count"
ROWS = [
    Row(choice, "cond", orders=2),
    Row(choice, "cond not", (-X,), orders=2),
    Row(inner_choice, "cond in cond", orders=1),
    Row(inner_choice, "map in cond", (-X,), orders=1),
    *[
        Row(switch, f"case {i}", (np.array(i, np.int32), np.eye(3) + W))
        for i in (0, 1, 2, 9, -1)
    ],
    Row(power, "while", orders=2),
    Row(swapped, "states for each other", orders=1),
    Row(shifted, "states from other places", orders=1),
    Row(fibonacci, "rounds of an argument", (np.array(20, np.int32),)),
    Row(collatz, "rounds of a condition", (np.array(27, np.int32),)),
    Row(broken, "break and continue"),
    Row(nested, "nested", orders=2),
    Row(triangle, "nested, uneven"),
    Row(squares(triangle), "nested, uneven, gradient", host=LATE),
    Row(network, "network", orders=2),
    Row(written, "array", orders=2),
    Row(lengthened, "longer array", orders=2),
    Row(lengthened_at_times, "longer array at times", host="of unknown size"),
    Row(parts, "computed parts", orders=2),
    Row(some_written, "array in a branch", orders=1),
    Row(overwritten, "array twice", orders=2),
    Row(computed, "computed places", orders=2),
    Row(limited, "most rounds", orders=2),
    Row(uncounted, "uncounted"),
    Row(squares(uncounted), "uncounted, gradient", host=LATE),
    Row(growing, "growing", host="of a size that only the run knows"),
    Row(never, "no round", orders=1),
    Row(drawn, "random"),
    Row(several, "map of several"),
    Row(lambda x: tf.map_fn(lambda r: tf.tanh(r) * 2.0, x), "map", orders=2),
    Row(lambda x: tf.scan(lambda s, r: s * 0.5 + tf.tanh(r * s), x), "scan", orders=2),
    Row(lambda x: tf.foldl(lambda s, r: s * 0.5 + r * r, x), "foldl", orders=2),
    Row(lambda x: tf.foldr(lambda s, r: s * 0.5 + r * r, x), "foldr", orders=1),
    Row(lambda x: tf.vectorized_map(tf.reduce_sum, x), "vectorized_map", orders=1),
]


def orders() -> list[Any]:
    """The rows, and their gradients."""
    out = []
    for row in ROWS:
        function = row.function
        for order in range(row.orders + 1):
            name = f"{row.name}, order {order}" if order else row.name
            out.append(pytest.param(row._replace(function=function), id=name))
            function = squares(function)
    return out


@pytest.mark.parametrize("row", orders())
def test_row(row: Row, bound: list[Binding]) -> None:
    inputs = [tf.constant(x) for x in row.inputs]
    want = tf.nest.flatten(row.function(*inputs))
    have = tf.nest.flatten(tf.function(row.function)(*inputs))
    assert len(have) == len(want)
    for a, b in zip(have, want, strict=True):
        b = tf.convert_to_tensor(b)
        assert a.dtype == b.dtype
        assert a.shape == b.shape
        scale = float(np.abs(b.numpy()).max(initial=1.0))
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-9, atol=1e-11 * scale)
    why = on_host(bound)
    if row.host:
        assert any(row.host in w for w in why)
    else:
        assert not why


def test_a_list_lives_on_beside_one_made_of_it(bound: list[Binding]) -> None:
    @tf.function
    def step(x: Any) -> Any:
        first = tf.TensorArray(tf.float64, size=2, clear_after_read=False)
        first = first.unstack(x[:2])
        second = first.write(0, x[4])
        total = first.read(0) + second.read(0)
        third = second.write(1, x[3])
        return first.stack(), second.stack(), total, third.stack()

    first, second, total, third = step(tf.constant(X))
    assert not on_host(bound)
    np.testing.assert_array_equal(first, X[:2])
    np.testing.assert_array_equal(second, X[[4, 1]])
    np.testing.assert_array_equal(total, X[0] + X[4])
    np.testing.assert_array_equal(third, X[[4, 3]])


def drawn_in_rounds(x: Any) -> Any:
    for _ in tf.range(3):
        for _ in tf.range(2):
            x = x + tf.random.normal([3], dtype=tf.float64)
        x = x * tf.random.uniform([5, 3], dtype=tf.float64)
    return x


def drawn_at_times(x: Any) -> Any:
    for _ in tf.range(4):
        if x[0, 0] > 0.0:
            x = x + tf.random.normal([5, 3], dtype=tf.float64)
    return x


@pytest.mark.parametrize(
    ("function", "host"),
    [
        (drawn_in_rounds, ""),
        (squares(drawn_in_rounds), ""),
        (drawn_at_times, "random numbers"),
    ],
)
def test_random_numbers_are_those_of_the_op_by_op_backend(
    function: Callable[[Any], Any], host: str, bound: list[Binding]
) -> None:
    found = []
    for native in (None, False):
        tf.random.set_seed(7)
        step = tf.function(function, jit_compile=native)
        found.append([step(tf.constant(X)).numpy() for _ in range(2)])
    for have, want in zip(*found, strict=True):
        np.testing.assert_allclose(have, want, rtol=1e-9, atol=1e-12)
    assert all(host in why for why in on_host(bound))
    assert bool(on_host(bound)) == bool(host)


def test_variables_are_read_and_written_in_rounds() -> None:
    total = tf.Variable([1.0, 2.0, 3.0])

    @tf.function
    def step(x: Any) -> Any:
        for i in tf.range(3):
            total.assign_add(x[i])
            if total[0] > 2.0:
                total.assign(total * 0.5)
        return total + 0.0

    x = tf.constant(X[:, :3].astype(np.float32))
    value = np.array([1.0, 2.0, 3.0], np.float32)
    for row in x.numpy()[:3]:
        value = value + row
        if value[0] > 2.0:
            value = value * np.float32(0.5)
    assert step(x).numpy().tolist() == value.tolist()
    assert total.numpy().tolist() == value.tolist()


def test_effects_in_rounds_keep_their_order(capfd: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []

    @tf.function
    def step(x: Any) -> Any:
        for i in tf.range(2):
            tf.print("round", i, output_stream="file://" + os.devnull)
            tf.py_function(lambda n: seen.append(int(n)), [i], [])
            tf.debugging.assert_less(i, 5)
            x = x + 1.0
        tf.py_function(lambda: seen.append(-1), [], [])
        return x

    assert step(tf.constant(1.0)).numpy() == 3.0
    assert seen == [0, 1, -1]


@pytest.mark.parametrize("at", [4, -1])
def test_places_outside_lists_are_errors(at: int) -> None:
    @tf.function
    def read(n: Any) -> Any:
        array = tf.TensorArray(tf.float32, size=3).unstack([1.0, 2.0, 3.0])
        total = tf.constant(0.0)
        for _ in tf.range(2):
            total += array.read(n)
        return total

    assert read(tf.constant(1)).numpy() == 4.0
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"index {at} of a list"):
        read(tf.constant(at))
    assert read(tf.constant(2)).numpy() == 6.0


def test_places_outside_tensors_are_errors() -> None:
    @tf.function
    def read(x: Any, n: Any) -> Any:
        total = tf.constant(0.0)
        for _ in tf.range(2):
            total += x[n]
        return total

    x = tf.constant([1.0, 2.0, 3.0])
    assert read(x, tf.constant(-1)).numpy() == 6.0
    with pytest.raises(tf.errors.InvalidArgumentError, match="out of bounds"):
        read(x, tf.constant(3))


def test_only_the_branch_that_runs_can_fail() -> None:
    @tf.function
    def quotient(x: Any, y: Any) -> Any:
        return tf.cond(y == 0, lambda: 0, lambda: x // y)

    assert quotient(tf.constant(7), tf.constant(0)).numpy() == 0
    assert quotient(tf.constant(7), tf.constant(2)).numpy() == 3


def test_a_branch_that_cannot_run_may_have_sizes_that_do_not_fit() -> None:
    @tf.function(
        input_signature=[
            tf.TensorSpec([None, 3], tf.float32),
            tf.TensorSpec([], tf.bool),
        ]
    )
    def step(x: Any, pred: Any) -> Any:
        return tf.cond(pred, lambda: x + tf.ones([2, 3]), lambda: x)

    x = tf.ones([5, 3])
    assert step(x, tf.constant(False)).numpy().tolist() == x.numpy().tolist()
    assert step(x[:2], tf.constant(True)).numpy().max() == 2.0


def test_lengths_are_not_compiled_in(bound: list[Binding]) -> None:
    """Another number of rows compiles the same kernels, which are found again."""

    @tf.function
    def step(x: Any) -> Any:
        return tf.map_fn(lambda r: tf.tanh(r) * 2.0, x)

    for rows in (20, 24):
        step(tf.ones([rows, 3]))
    texts = [
        {code.address for code in p.codes.values()} for p in bound if not on_host([p])
    ]
    assert len(texts) == 2
    assert texts[0] == texts[1]


@pytest.mark.skipif(os.name == "nt", reason="signals come to the console only")
def test_an_endless_loop_can_be_interrupted() -> None:
    @tf.function
    def forever(x: Any) -> Any:
        return tf.while_loop(lambda s: s > 0.0, lambda s: (s * 1.0000001,), (x,))[0]

    assert forever(tf.constant(-1.0)).numpy() == -1.0
    begun = time.monotonic()
    timer = threading.Timer(0.5, lambda: signal.raise_signal(signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        forever(tf.constant(1.0))
    timer.join()
    assert time.monotonic() - begun < 1.5
    assert forever(tf.constant(-1.0)).numpy() == -1.0


def test_fit_takes_many_steps_through_a_loop(bound: list[Binding]) -> None:
    """A step with a loop inside stays native from step to step."""

    class Repeated(tf.keras.layers.Layer):  # type: ignore[misc]
        def call(self, x: Any) -> Any:
            for _ in tf.range(3):
                x = x * 0.9 + tf.tanh(x)
            return x

    def trained(steps: int) -> list[Any]:
        tf.keras.utils.set_random_seed(3)
        model = tf.keras.Sequential(
            [tf.keras.layers.Dense(4), Repeated(), tf.keras.layers.Dense(1)]
        )
        model.compile("sgd", "mse", steps_per_execution=steps)
        x = np.random.default_rng(2).normal(size=(32, 3)).astype(np.float32)
        model.fit(x, x[:, :1], batch_size=8, epochs=2, shuffle=False, verbose=0)
        return list(model.get_weights())

    for a, b in zip(trained(4), trained(1), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)
    assert not on_host(bound)
