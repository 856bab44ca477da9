"""`tf.function`: when it traces, what it gives back, and what it refuses."""

from __future__ import annotations

import gc
import logging
import threading
from typing import Any

import numpy as np
import pytest

import rillet as tf


def traced(body: Any, **options: Any) -> tuple[Any, list[int]]:
    """A function and the list that grows by one with each trace."""
    traces: list[int] = []

    @tf.function(**options)
    def function(x: Any, y: Any = 1) -> Any:
        traces.append(1)
        return body(x, y)

    return function, traces


@pytest.mark.parametrize(
    ("calls", "count"),
    [
        ([tf.constant(1.0), tf.constant(2.0)], 1),
        ([tf.constant(1.0), tf.constant([2.0])], 2),
        ([tf.constant(1.0), tf.constant(1)], 2),
        ([1, 1, 2], 2),
        ([1, 1.0, True], 3),
        ([np.float32(1), tf.constant(1.0)], 1),
        ([[1, 2], (1, 2), [1, 2]], 2),
        ([{"a": 1}, {"a": 2}, {"b": 1}], 3),
        (["a", "a", None], 2),
    ],
)
def test_one_trace_for_each_kind_of_argument(calls: list[Any], count: int) -> None:
    function, traces = traced(lambda x, y: 0)
    for call in calls:
        function(call)
    assert len(traces) == count
    assert function.experimental_get_tracing_count() == count


def test_keywords_defaults_and_positions_are_one_kind() -> None:
    function, traces = traced(lambda x, y: x + y)
    assert [int(f) for f in (function(1), function(1, 1), function(y=1, x=1))] == [
        2
    ] * 3
    assert len(traces) == 1


def test_objects_count_by_identity_and_are_not_kept_alive() -> None:
    class Thing:
        value = 2.0

    function, traces = traced(lambda x, y: x.value * tf.constant(1.0))
    one, two = Thing(), Thing()
    function(one), function(one), function(two)
    assert len(traces) == 2


def test_variables_count_by_identity() -> None:
    function, traces = traced(lambda x, y: x * 2.0)
    one, two = tf.Variable(1.0), tf.Variable(3.0)
    assert [float(function(v)) for v in (one, two, one)] == [2.0, 6.0, 2.0]
    assert len(traces) == 2


def test_methods_are_traced_once_for_each_instance() -> None:
    traces: list[int] = []

    class Model:
        def __init__(self, k: float) -> None:
            self.k = k

        @tf.function
        def scale(self, x: Any) -> Any:
            traces.append(1)
            return x * self.k

    one, two = Model(2.0), Model(3.0)
    x = tf.constant(1.0)
    assert [float(m.scale(x)) for m in (one, two, one)] == [2.0, 3.0, 2.0]
    assert len(traces) == 2


def test_reduce_retracing_traces_with_unknown_sizes() -> None:
    function, traces = traced(lambda x, y: tf.reduce_sum(x), reduce_retracing=True)
    for n in range(1, 6):
        assert float(function(tf.ones([n]))) == n
    assert len(traces) == 2


def test_a_loop_that_retraces_is_warned_of_once() -> None:
    function, _ = traced(lambda x, y: x)
    logger = tf.get_logger()
    records: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: Any) -> None:
            records.append(record.getMessage())

    keep = Keep()
    logger.addHandler(keep)
    try:
        for n in range(12):
            function(n)
    finally:
        logger.removeHandler(keep)
    assert len(records) == 1
    assert "triggered tf.function retracing" in records[0]


SIGNATURE = [tf.TensorSpec([None, 2], tf.float32)]


def test_an_input_signature_traces_once_and_converts_lists() -> None:
    function, traces = traced(lambda x, y: tf.reduce_sum(x), input_signature=SIGNATURE)
    assert float(function([[1.0, 2.0]])) == 3.0
    assert float(function(tf.ones([5, 2]))) == 10.0
    assert len(traces) == 1


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        (tf.ones([2, 3]), "Can not cast"),
        (tf.ones([2, 2], tf.int32), "Can not cast"),
        (tf.ones([2]), "Can not cast"),
    ],
)
def test_an_input_signature_refuses_other_tensors(argument: Any, text: str) -> None:
    function, _ = traced(lambda x, y: x, input_signature=SIGNATURE)
    with pytest.raises(TypeError, match=text):
        function(argument)


def test_arguments_that_do_not_fit_are_named() -> None:
    function, _ = traced(lambda x, y: x)
    with pytest.raises(TypeError, match="missing a required argument: 'x'"):
        function()
    with pytest.raises(TypeError, match="too many positional arguments"):
        function(1, 2, 3)


def test_results_keep_their_structure() -> None:
    @tf.function
    def function(x: Any) -> Any:
        return {"a": x, "b": (x + 1.0, None, 3, "s")}

    found = function(tf.constant(1.0))
    assert sorted(found) == ["a", "b"]
    assert float(found["b"][0]) == 2.0
    assert found["b"][1] is None
    assert found["b"][2].dtype == tf.int32
    assert found["b"][3].numpy() == b"s"


def test_python_runs_while_tracing_only() -> None:
    seen: list[str] = []

    @tf.function
    def function(x: Any) -> Any:
        seen.append(str(x))
        return x

    for _ in range(3):
        function(tf.constant([1.0, 2.0]))
    assert seen == ['Tensor("x:0", shape=(2,), dtype=float32)']


def test_variables_change_in_program_order() -> None:
    v = tf.Variable(1.0)

    @tf.function
    def function() -> Any:
        before = v.read_value()
        v.assign(before + 1.0)
        middle = v * 10.0
        v.assign_add(5.0)
        return before, middle, v + 0.0

    assert [float(y) for y in function()] == [1.0, 20.0, 7.0]
    assert float(v) == 7.0


def test_variables_are_swapped_whole() -> None:
    a, b = tf.Variable([1.0]), tf.Variable([2.0])

    @tf.function
    def swap() -> None:
        x, y = a.read_value(), b.read_value()
        a.assign(y)
        b.assign(x)

    swap()
    assert (a.numpy().tolist(), b.numpy().tolist()) == ([2.0], [1.0])


def test_a_step_that_fails_leaves_variables_as_they_were() -> None:
    v = tf.Variable(1.0)

    @tf.function
    def function(x: Any) -> None:
        v.assign(5.0)
        tf.py_function(lambda: None, [], [])
        tf.debugging.assert_equal(x, 1.0)

    with pytest.raises(
        tf.errors.InvalidArgumentError, match="assertion failed"
    ) as info:
        function(tf.constant(2.0))
    assert float(v) == 1.0
    assert __file__ in info.value.__notes__[0]


def test_variables_are_made_on_the_first_call_only() -> None:
    class Model:
        def __init__(self) -> None:
            self.v: Any = None

        @tf.function
        def __call__(self, x: Any) -> Any:
            if self.v is None:
                self.v = tf.Variable(tf.random.normal([2], seed=1))
            return self.v * x

    model = Model()
    first = model(tf.constant(1.0)).numpy()
    np.testing.assert_array_equal(model(tf.constant(1.0)).numpy(), first)

    @tf.function
    def bad(x: Any) -> Any:
        return tf.Variable(1.0) * x

    with pytest.raises(ValueError, match="singleton tf.Variables created on the first"):
        bad(tf.constant(1.0))


def test_symbolic_tensors_refuse_to_be_values() -> None:
    leaked: list[Any] = []

    def as_bool(x: Any) -> Any:
        return 1 if x else 2

    for use, error, text in (
        (as_bool, tf.errors.OperatorNotAllowedInGraphError, "Python `bool`"),
        (float, TypeError, "symbolic"),
        (len, TypeError, "len is not well defined"),
        (list, tf.errors.OperatorNotAllowedInGraphError, "Iterating"),
        (lambda x: np.sin(x), NotImplementedError, "symbolic tf.Tensor"),
        (lambda x: x.numpy(), AttributeError, "numpy"),
        (leaked.append, None, ""),
    ):
        function = tf.function(
            use, autograph=False, input_signature=[tf.TensorSpec(None, tf.float32)]
        )
        if error is None:
            function(1.0)
            continue
        with pytest.raises(error, match=text):
            function(1.0)
    with pytest.raises(TypeError, match="out of scope"):
        leaked[0] + 1.0
    with pytest.raises(TypeError, match="out of scope"):
        tf.function(lambda: leaked[0] * 2.0)()


def test_concrete_functions() -> None:
    v = tf.Variable(2.0)
    w = tf.Variable(3.0, trainable=False)

    @tf.function
    def function(x: Any, k: int = 2) -> Any:
        return {"y": x * v * w * k}

    concrete = function.get_concrete_function(tf.TensorSpec([None], tf.float32))
    assert concrete.structured_input_signature == (
        (tf.TensorSpec([None], tf.float32, "x"), 2),
        {},
    )
    assert concrete.structured_outputs["y"].shape.as_list() == [None]
    assert concrete(tf.constant([1.0]))["y"].numpy().tolist() == [12.0]
    assert concrete(x=tf.constant([1.0]))["y"].numpy().tolist() == [12.0]
    assert [u is v for u in concrete.trainable_variables] == [True]
    assert len(concrete.variables) == 2
    with pytest.raises(TypeError, match="was traced for"):
        concrete(tf.constant([1]))
    assert "Mul" in concrete.explain()


def test_names_of_specs_are_the_arguments() -> None:
    # As TensorFlow 2.21 does: a trace serves specs of its own names, or without any.
    @tf.function
    def f(x, y):
        return x - y

    def traced(*names: str | None) -> Any:
        specs = [tf.TensorSpec([], tf.float32, name) for name in names]
        return f.get_concrete_function(*specs)

    first, second = traced("a", "b"), traced("c", None)
    assert traced("a", "b") is first is traced(None, None) is traced("a", None)
    assert traced("c", None) is second is not first
    assert [s.name for s in second.structured_input_signature[0]] == ["c", "y"]
    one, two = tf.constant(1.0), tf.constant(2.0)
    assert float(second(c=one, y=two)) == float(first(a=one, b=two)) == -1
    assert float(f(one, two)) == -1
    assert f.experimental_get_tracing_count() == 2


def test_functions_run_eagerly_where_asked() -> None:
    function, traces = traced(lambda x, y: x.numpy())
    tf.config.run_functions_eagerly(True)
    try:
        assert function(tf.constant(2.0)) == 2.0
        assert function(tf.constant(2.0)) == 2.0
        assert len(traces) == 2
    finally:
        tf.config.run_functions_eagerly(False)


def test_functions_call_functions() -> None:
    traces: list[int] = []
    v = tf.Variable(1.0)

    @tf.function
    def inner(x: Any) -> Any:
        traces.append(1)
        v.assign_add(x)
        return v * x

    @tf.function
    def outer(x: Any) -> Any:
        return inner(x) + inner(x)

    assert float(outer(tf.constant(2.0))) == 6.0 + 10.0
    assert float(v) == 5.0
    assert len(traces) == 1


def test_inner_functions_may_close_over_symbolic_tensors() -> None:
    @tf.function
    def outer(x: Any) -> Any:
        @tf.function
        def inner() -> Any:
            return x * 2.0

        return inner() + inner()

    assert float(outer(tf.constant(3.0))) == 12.0
    assert outer(tf.constant([1.0, 2.0])).numpy().tolist() == [4.0, 8.0]


@pytest.mark.parametrize("order", [1, 2, 3])
def test_gradients_of_any_order(order: int) -> None:
    """d^n/dx^n of sin(x) e^x is 2^(n/2) e^x sin(x + n pi / 4)."""
    function = tf.function(lambda x: tf.sin(x) * tf.exp(x))
    at = 0.5

    def derivative(n: int, x: Any) -> Any:
        if not n:
            return function(x)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = derivative(n - 1, x)
        return tape.gradient(y, x)

    want = 2 ** (order / 2) * np.exp(at) * np.sin(at + order * np.pi / 4)
    assert abs(float(derivative(order, tf.constant(at))) - want) < 1e-5


def test_gradients_reach_captures_and_variables() -> None:
    x, v = tf.constant(3.0), tf.Variable(2.0)

    @tf.function
    def function(y: Any) -> Any:
        return x * v * y

    y = tf.constant(5.0)
    with tf.GradientTape() as tape:
        tape.watch([x, y])
        z = function(y)
    assert [float(g) for g in tape.gradient(z, [x, v, y])] == [10.0, 15.0, 6.0]


def test_unknown_sizes_have_gradients() -> None:
    w = tf.Variable([[1.0, -1.0, 2.0], [0.5, 1.0, 0.0]])
    b = tf.Variable([0.1, 0.2, 0.3])

    def loss(x: Any) -> Any:
        return tf.reduce_mean(tf.nn.softmax(tf.matmul(x, w) + b) ** 2)

    function = tf.function(loss, input_signature=SIGNATURE)
    for rows in (1, 4):
        x = tf.reshape(tf.range(2.0 * rows), [rows, 2])
        found = []
        for f in (loss, function):
            with tf.GradientTape() as tape:
                y = f(x)
            found.append(tape.gradient(y, [w, b]))
        for a, c in zip(*found, strict=True):
            np.testing.assert_allclose(a.numpy(), c.numpy(), rtol=1e-6, atol=1e-7)


def test_random_numbers_are_tensorflows() -> None:
    """Two calls in real TensorFlow 2.21 after set_seed(5) gave these."""
    tf.random.set_seed(5)

    @tf.function
    def function() -> Any:
        return tf.random.uniform([2]), tf.random.uniform([2], seed=3)

    want = [
        ([0.18286479, 0.68998957], [0.2886784, 0.6889242]),
        ([0.9363872, 0.651327], [0.50560665, 0.73339117]),
    ]
    for row in want:
        for y, w in zip(function(), row, strict=True):
            np.testing.assert_allclose(y.numpy(), w, rtol=1e-6)


def test_many_threads_may_call() -> None:
    v = tf.Variable(0)

    @tf.function
    def function(x: Any) -> Any:
        v.assign_add(1)
        return x * 2

    wrong: list[int] = []

    def work(k: int) -> None:
        for _ in range(100):
            if int(function(tf.constant(k))) != 2 * k:
                wrong.append(k)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert int(v) == 800


def test_calls_leave_nothing_behind() -> None:
    v = tf.Variable(1.0)
    function = tf.function(lambda x: x * v)
    x = tf.constant(2.0)

    def step() -> None:
        with tf.GradientTape() as tape:
            y = function(x)
        tape.gradient(y, v)

    for _ in range(10):
        step()
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(200):
        step()
    gc.collect()
    assert len(gc.get_objects()) - before < 50


def test_rows_of_any_length_sort() -> None:
    found = tf.function(
        lambda x: (tf.sort(x), tf.argsort(x)),
        input_signature=[tf.TensorSpec([None], tf.float32)],
    )
    for row in ([3.0, 1.0, 2.0], [2.0, 4.0]):
        values, places = found(tf.constant(row))
        np.testing.assert_array_equal(values, np.sort(row))
        np.testing.assert_array_equal(places, np.argsort(row))


@pytest.mark.parametrize("kind", ["layer", "model", "object"])
def test_callable_objects_keep_their_attributes(kind: str) -> None:
    """What an object holds (`_name`, `_hot`) is not taken for the function's own."""

    class Twice:
        _hot = None
        note = 3

        def __call__(self, x: tf.Tensor) -> tf.Tensor:
            return x * 2.0

    made = {
        "layer": lambda: tf.keras.layers.Rescaling(2.0),
        "model": lambda: tf.keras.Sequential([tf.keras.layers.Rescaling(2.0)]),
        "object": Twice,
    }[kind]()
    vars(made)["_cache"] = None
    function = tf.function(made)
    for _ in range(2):
        assert function(tf.constant([1.5])).numpy().tolist() == [3.0]
