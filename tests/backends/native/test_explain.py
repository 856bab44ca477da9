"""What `explain` says of programs, and what `jit_compile=True` refuses."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import rillet as tf
from rillet.backends.native.costs import cost
from rillet.backends.native.explain import host_items
from rillet.backends.native.origins import origins
from rillet.backends.native.timing import measured


def function_of(body: Any, *args: Any, **options: Any) -> Any:
    found = tf.function(body, **options)
    found(*args)
    return found


def binding_of(body: Any, *args: Any) -> Any:
    concrete = function_of(body, *args).get_concrete_function(*args)
    (binding,) = concrete._call._programs[0][0]._bindings.values()
    return binding


def kernels(binding: Any) -> list[tuple[Any, Any]]:
    return [
        (task.item, call)
        for segment in binding.schedule.segments
        for wave in segment.waves
        for chain in wave
        for task, call in zip(chain.tasks, chain.calls, strict=True)
    ]


def ops_of(binding: Any) -> list[list[str]]:
    known = origins(binding)
    return [known.fused(item) for item, _ in kernels(binding)]


def total(binding: Any) -> Any:
    found = [cost(item, call) for item, call in kernels(binding)]
    return [sum(values) for values in zip(*found, strict=True)]


X = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)


def test_ops_that_one_kernel_computes_are_named_together() -> None:
    binding = binding_of(lambda x: tf.tanh(tf.sin(x) * 2.0) + x, tf.constant(X))
    assert ops_of(binding) == [["Sin", "Mul", "Tanh", "AddV2"]]


def test_a_product_and_what_follows_it_are_named() -> None:
    w, b = tf.Variable(tf.ones([4, 5])), tf.Variable(tf.ones([5]))

    def body(x: Any) -> Any:
        return tf.nn.relu(tf.nn.bias_add(x @ w, b))

    names = ops_of(binding_of(body, tf.constant(X)))
    assert names == [["MatMul"], ["BiasAdd", "Relu"]]


def test_an_update_is_named_with_its_assignment() -> None:
    v = tf.Variable(tf.ones([3, 4]))
    names = ops_of(binding_of(lambda x: v.assign_add(x * 2.0) * 0.0, tf.constant(X)))
    assert ["Mul", "AddV2", "Assign"] in names


@pytest.mark.parametrize(
    ("body", "flops", "read", "written"),
    [
        (lambda x: x + x * 2.0, 24, 48, 48),
        (lambda x: tf.reduce_sum(x, 1), 12, 48, 12),
        (lambda x: tf.reduce_sum(x * x, 0), 24, 48, 16),
        (lambda x: tf.cast(x > 0.0, tf.int32), 0, 48, 48),
        (lambda x: tf.matmul(x, x, transpose_b=True),
         2 * 3 * 3 * 4, 48, 36),
        (lambda x: tf.cast(x, tf.float64) * 2.0, 12, 48, 96),
        (lambda x: x - tf.constant([1.0, 2.0, 3.0, 4.0]), 12, 64, 48),
    ],
    ids=["pointwise", "rows", "columns", "compare", "product", "wide", "broadcast"],
)  # fmt: skip
def test_operations_and_bytes_are_those_of_the_formula(
    body: Any, flops: float, read: int, written: int
) -> None:
    found = total(binding_of(body, tf.constant(X)))
    assert found[:3] == [read, written, flops]


def test_what_depends_on_fewer_counters_counts_less() -> None:
    # a scale for each row: 3 divisions, 12 products
    def body(x: Any) -> Any:
        return x * (1.0 / tf.reduce_max(x, 1, keepdims=True))

    assert total(binding_of(body, tf.constant(X)))[2] == 12 + 3 + 12


def test_host_ops_are_named_with_their_place_and_reason() -> None:
    @tf.function
    def body(x: Any) -> Any:
        y = tf.linalg.svd(x, compute_uv=False)
        return tf.numpy_function(np.sum, [y], tf.float32)

    body(tf.constant(X))
    text = body.explain()
    line = body.python_function.__code__.co_firstlineno
    assert f'test_explain.py", line {line + 2}: the compiler has no rule' in text
    assert re.search(rf"line {line + 3}: it calls Python", text)
    assert "first the host: Svd" in text


def test_variables_that_python_sees_keep_all_on_the_host() -> None:
    v = tf.Variable(1.0)

    @tf.function
    def body() -> Any:
        v.assign(2.0)
        tf.py_function(lambda: print(end=""), [], [])
        return v + 1.0

    body()
    assert "all on the host, because Python may look at variables" in body.explain()
    assert "node by node" in body.explain()


def test_waves_chains_and_totals_are_told() -> None:
    a = tf.ones([256, 256])
    text = function_of(lambda x: tf.nn.relu(x @ x), a).explain(a)
    assert "compiled for x: float32[256,256]" in text
    assert re.search(r"256 rows in \d+ blocks of \d+", text)
    assert "33.55 M" in text and "[product_rows_float" in text
    assert "on the host: none" in text
    assert re.search(r"about us on so many threads: 1: \d+, 2: \d+", text)


def test_nothing_is_run_on_variables_or_streams() -> None:
    v = tf.Variable(tf.zeros([4]))
    tf.random.set_seed(3)

    @tf.function
    def body(x: Any) -> Any:
        v.assign_add(tf.random.normal([4]) + x)
        return v * 2.0

    body(tf.ones([4]))
    before = v.numpy()
    text = body.explain(tf.ones([4]), timed=True)
    assert "GFLOP/s" in text and "measured:" in text
    np.testing.assert_array_equal(v.numpy(), before)
    after = body(tf.ones([4])).numpy()
    tf.random.set_seed(3)
    v.assign(tf.zeros([4]))
    again = tf.function(body.python_function)
    again(tf.ones([4]))
    np.testing.assert_array_equal(again(tf.ones([4])).numpy(), after)


def test_times_are_of_every_kernel() -> None:
    def body(x: Any, n: Any) -> Any:
        for i in tf.range(n):
            x = tf.tanh(x) + tf.gather(x, [i % 3])
        return tf.linalg.matmul(x, x, transpose_b=True)

    binding = binding_of(body, tf.constant(X), tf.constant(3))
    times = measured(binding)
    assert set(times.calls) == {id(call) for _, call in kernels(binding)}
    assert all(0 < seconds < 1 for seconds in times.calls.values())
    assert 0 < times.whole < 1


def test_loops_and_what_they_repeat() -> None:
    def body(x: Any) -> Any:
        for i in tf.range(7):
            x = x * tf.cast(i, tf.float32)
        return x

    text = function_of(body, tf.constant(X)).explain()
    assert "place A" in text and "7 rounds in all" in text
    assert "84 FLOPs;" in text  # 12 products, seven times


def test_before_a_call_only_known_sizes_are_compiled() -> None:
    open_size = tf.function(lambda x: x + 1.0)
    spec = tf.TensorSpec([None], tf.float32)
    text = open_size.explain(spec)
    assert "nothing is compiled yet" in text and "AddV2" in text
    assert "compiled for x: float32[6]" in open_size.explain(tf.ones([6]))
    known = tf.function(lambda x: x + 1.0)
    assert "compiled for x: float32[3]" in known.explain(tf.TensorSpec([3], tf.float32))
    assert "nothing was traced yet" in tf.function(lambda: 1).explain()


def test_the_gradient_is_told_where_it_ran() -> None:
    body = tf.function(lambda x: tf.reduce_sum(tf.tanh(x)))
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = body(x)
    tape.gradient(y, x)
    text = body.explain()
    assert "Program under 1 tapes" in text and "\nGradient\n" in text


def test_the_reference_tells_its_steps() -> None:
    found = function_of(lambda x: tf.sin(x) + 1.0, tf.constant(X), jit_compile=False)
    text = found.explain()
    assert "node by node: 2 steps" in text and "1  Sin (Sin)" in text


STRICT = [
    (lambda x: tf.linalg.svd(x, compute_uv=False), "Svd", "has no rule"),
    (lambda x: tf.py_function(lambda a: a, [x], tf.float32), "py_function", "Python"),
    (lambda x: tf.boolean_mask(x, x > 0), "Where", "."),
    (lambda x: tf.strings.as_string(x), "AsString", "."),
]


@pytest.mark.parametrize(("body", "op", "why"), STRICT, ids=[s[1] for s in STRICT])
def test_jit_compile_refuses_what_the_host_would_run(
    body: Any, op: str, why: str
) -> None:
    plain = function_of(body, tf.constant(X))
    assert plain._concretes()
    found = tf.function(body, jit_compile=True)
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        found(tf.constant(X))
    text = str(caught.value)
    assert "Detected unsupported operations when trying to compile graph" in text
    assert re.search(rf'{op}.* at File ".*test_explain.py", line \d+: .*{why}', text)
    assert "Leave jit_compile out" in text


def test_jit_compile_refuses_calls_beside_variables() -> None:
    v = tf.Variable(1.0)

    @tf.function(jit_compile=True)
    def body() -> Any:
        v.assign(2.0)
        tf.py_function(lambda: print(end=""), [], [])
        return v + 1.0

    with pytest.raises(tf.errors.InvalidArgumentError, match="it calls Python"):
        body()
    assert v.numpy() == 1.0


def test_jit_compile_runs_what_compiles() -> None:
    found = tf.function(lambda x: tf.nn.softmax(tf.tanh(x)), jit_compile=True)
    wanted = tf.nn.softmax(tf.tanh(tf.constant(X)))
    # one rounding of each exponential and quotient
    np.testing.assert_allclose(found(tf.constant(X)), wanted, rtol=1e-6)


def model() -> Any:
    keras = tf.keras
    made = keras.Sequential(
        [
            keras.layers.Dense(512, activation="relu"),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    made.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return made


def test_the_mnist_step_runs_no_op_on_the_host() -> None:
    (x, y), _ = tf.keras.datasets.mnist.load_data()
    x, y = (x[:512] / 255).astype(np.float32).reshape(-1, 784), y[:512]
    made = model()
    made.fit(x, y, batch_size=128, epochs=1, verbose=0)
    (concrete,) = made.train_function.step.graphs
    bindings = list(concrete._call._programs[0][0]._bindings.values())
    assert bindings
    for binding in bindings:
        assert len(binding.schedule.segments) == 1
        assert not host_items(binding)
        assert not binding.schedule.before
        assert not binding.lowered.host_writes
        names = [name for ops in ops_of(binding) for name in ops]
        assert names.count("MatMul") == 5 and names.count("RilletRMSprop") == 4
        # two products forward, three backward
        assert total(binding)[2] > 2 * 2 * 128 * 784 * 512 + 3 * 2 * 128 * 512 * 10
    weights = [w.numpy() for w in made.weights]
    text = made.explain_step((x[:128], y[:128]), timed=True)
    assert "on the host: none" in text
    assert "many steps in one call, each on 128 rows" in text
    assert "RilletRMSprop + Assign" in text
    for before, after in zip(weights, made.weights, strict=True):
        np.testing.assert_array_equal(after.numpy(), before)


def test_a_step_is_explained_before_it_has_run() -> None:
    made = model()
    x, y = np.zeros((4, 784), np.float32), np.zeros(4, np.int64)
    text = made.explain_step((x, y))
    assert "compiled for data: float32[4,784]" in text
    assert made.optimizer.iterations.numpy() == 0
    made.run_eagerly = True
    assert made.explain_step((x, y)) == "Sequential.train_step runs eagerly, op by op"
