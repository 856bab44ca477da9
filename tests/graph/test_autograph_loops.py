"""Loops over tensors, ranges and zips; options; variables that only a loop sets."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import rillet as tf

OPTIONS = tf.autograph.experimental.set_loop_options


def over_rows(x):
    total = tf.zeros([2])
    for row in x:
        total = total + row
    return total


def over_rows_and_columns(x):
    total = 0.0
    for row in x:
        for value in row:
            if value < 0.0:
                continue
            total += value
    return total


def with_break(x):
    total = 0.0
    for row in x:
        if total > 5.0:
            break
        total += tf.reduce_sum(row)
    return total


def with_return(x):
    for row in x:
        if row[0] > 2.0:
            return row * 10.0
    return x[0]


def with_enumerate(x):
    total = 0.0
    for i, row in enumerate(x):
        total += tf.cast(i, tf.float32) * row[1]
    return total


def with_zip(x):
    total = 0.0
    for a, (b, c) in zip(x, x[::-1], strict=True):
        total += a[0] * b + c
    return total


def with_len(x):
    count = 0
    while count < len(x):
        count += 1
    return count


def growing(x):
    y = x[:1]
    for _ in tf.range(2):
        OPTIONS(shape_invariants=[(y, tf.TensorShape([None, 2]))])
        y = tf.concat([y, y], 0)
    return y


def last_row(x):
    for row in x:
        y = row * 2.0
    return y


def none_at_first(x):
    best = None
    for row in x:
        best = row
    return best


def nest_in_a_loop(x):
    state = {"sum": tf.zeros([2]), "pair": (0, 1)}
    for row in x:
        a, b = state["pair"]
        state = {"sum": state["sum"] + row, "pair": (b, a + b)}
    return state["sum"], state["pair"][0]


def comparing(x):
    hits = 0
    for row in x:
        if -1.0 < row[0] < row[1] and not row[1] == 4.0:
            hits += 1
    return hits


def asserted(x):
    for row in x:
        assert row[1] < 100.0, "too large"
    return tf.reduce_sum(x)


def static_python_inside(x):
    layers = [1.0, 2.0, 3.0]
    for i in range(len(layers)):
        x = x * layers[i] if i != 1 else x + layers[i]
    return x


ROWS = [
    over_rows,
    over_rows_and_columns,
    with_break,
    with_return,
    with_enumerate,
    with_zip,
    with_len,
    growing,
    last_row,
    none_at_first,
    nest_in_a_loop,
    comparing,
    asserted,
    static_python_inside,
]
X = np.array([[1.0, 2.0], [3.0, 4.0], [-0.5, 6.0]], np.float32)


@pytest.mark.parametrize("unknown", [False, True], ids=["static", "unknown"])
@pytest.mark.parametrize("fn", ROWS, ids=lambda f: f.__name__)
def test_traced_equals_eager(fn: Any, unknown: bool) -> None:
    signature = [tf.TensorSpec([None, 2] if unknown else [3, 2], tf.float32)]
    found = tf.function(fn, input_signature=signature)(tf.constant(X))
    wanted = fn(tf.constant(X))
    for a, b in zip(tf.nest.flatten(found), tf.nest.flatten(wanted), strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-6)


SMOOTH = [over_rows, over_rows_and_columns, with_break, with_return, with_zip, last_row]


@pytest.mark.parametrize("fn", SMOOTH, ids=lambda f: f.__name__)
def test_gradients_equal_eager(fn: Any) -> None:
    grads = []
    for form in (tf.function(fn), fn):
        x = tf.constant(X)
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_sum(form(x) ** 2)
        grads.append(tf.convert_to_tensor(tape.gradient(y, x)).numpy())
    np.testing.assert_allclose(grads[0], grads[1], rtol=1e-6)


def test_a_loop_is_traced_once() -> None:
    rounds = []

    @tf.function
    def f(n):
        total = 0
        for i in tf.range(n):
            rounds.append(1)
            total += i
        return total

    assert int(f(tf.constant(100))) == 4950
    assert len(rounds) == 1


def test_python_loops_are_unrolled() -> None:
    rounds = []

    @tf.function
    def f(x):
        for i in range(3):
            rounds.append(i)
            x = x + i
        return x

    assert int(f(tf.constant(1))) == 4
    assert rounds == [0, 1, 2]


def test_an_empty_loop_that_alone_sets_a_variable() -> None:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.int32)])
    def f(x):
        for v in x:
            y = v * 2
        return y

    assert int(f(tf.constant([1, 4]))) == 8
    with pytest.raises(
        tf.errors.InvalidArgumentError,
        match="loop must iterate at least once to initialize y",
    ):
        f(tf.constant([], tf.int32))


def test_maximum_iterations() -> None:
    @tf.function
    def f(n):
        i = 0
        while n > 0:
            OPTIONS(maximum_iterations=2)
            n -= 1
            i += 1
        return i

    assert int(f(tf.constant(5))) == 2 and int(f(tf.constant(1))) == 1


def test_variables_are_written_in_order() -> None:
    v = tf.Variable(1)

    @tf.function
    def f(n):
        while n > 0:
            if n % 2 == 0:
                v.assign_add(n)
            else:
                v.assign(v * 2)
            n -= 1
        return v.read_value()

    assert int(f(tf.constant(4))) == ((1 + 4) * 2 + 2) * 2
    assert int(v) == 24


def test_an_assertion_fails_when_the_graph_runs() -> None:
    f = tf.function(asserted)
    with pytest.raises(tf.errors.InvalidArgumentError, match="too large"):
        f(tf.constant([[1.0, 200.0]]))


def test_a_condition_that_turns_into_a_tensor() -> None:
    @tf.function
    def f(step):
        i = 0
        while i < 10:
            i = i + step
        return i

    assert int(f(tf.constant(4))) == 12


def test_functions_given_to_rillet_are_converted() -> None:
    @tf.function
    def f(x):
        return tf.while_loop(
            lambda i: True if i < 5 else i < 8, lambda i: [i + 1 if i > 1 else 2], [x]
        )[0]

    assert int(f(tf.constant(0))) == 8


def appended(x):
    rows = []
    for row in x:
        rows.append(row * 2.0)
    return tf.stack(rows)


def appended_to_a_start(x):
    sums = [tf.constant(0.5)]
    for row in x:
        sums.append(sums[-1] + row[0])
    return tf.stack(sums), sums[1]


def appended_in_a_branch(x):
    found = []
    for row in x:
        if row[0] > 0.0:
            found.append(row)
    return tf.concat(found, 0), tf.stack(found, axis=1), tf.concat(found, axis=-1)


def appended_in_nested_loops(x):
    found = []
    for row in x:
        for value in row:
            if value > 5.0:
                break
            found.append(value)
    total = 0.0
    for value in found:
        total += value
    return total, tf.stack(found), len(found)


def appended_in_a_python_loop(x):
    rows = []
    for i in range(3):
        rows.append(x[i] + 1.0)
    return tf.stack(rows, 1)


def appended_and_returned(x):
    rows = []
    for row in x:
        rows.append(row)
    return rows


LISTS = [
    appended,
    appended_to_a_start,
    appended_in_a_branch,
    appended_in_nested_loops,
    appended_in_a_python_loop,
    appended_and_returned,
]


@pytest.mark.parametrize("unknown", [False, True], ids=["static", "unknown"])
@pytest.mark.parametrize("fn", LISTS, ids=lambda f: f.__name__)
def test_lists_that_grow(fn: Any, unknown: bool) -> None:
    test_traced_equals_eager(fn, unknown)


def test_gradients_through_lists() -> None:
    test_gradients_equal_eager(appended)


def test_a_list_of_the_outside_stays_pythons() -> None:
    log = []

    @tf.function
    def f(x):
        for row in x:
            log.append("traced")
            x = x + row
        return x

    f(tf.constant(X))
    assert log == ["traced"]


@pytest.mark.parametrize("item", [("a", 1), 1], ids=["mixed", "int"])
def test_what_a_growing_list_takes(item: Any) -> None:
    @tf.function
    def f(x):
        rows = [x[0, 0]]
        for _ in x:
            rows.append(item)
        return rows

    with pytest.raises(TypeError, match="'rows' may only be given tensors of one"):
        f(tf.constant(X))


def test_tensor_arrays_are_carried_and_gone_through() -> None:
    @tf.function
    def f(x):
        rows = tf.TensorArray(tf.float32, 0, dynamic_size=True)
        for i in tf.range(3):
            rows = rows.write(i, x * tf.cast(i, tf.float32))
        total = 0.0
        for row in rows:
            total += tf.reduce_sum(row)
        return rows.stack(), total

    stacked, total = f(tf.constant([1.0, 2.0]))
    assert stacked.numpy().tolist() == [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]
    assert float(total) == 9.0


def test_gradients_through_a_returned_list() -> None:
    @tf.function
    def f(x):
        rows = []
        for row in x:
            rows.append(row * row)
        return rows

    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        rows = f(x)
        assert isinstance(rows, list) and len(rows) == 3
        y = tf.reduce_sum(rows[1])
    wanted = np.zeros_like(X)
    wanted[1] = 2 * X[1]
    np.testing.assert_array_equal(tape.gradient(y, x).numpy(), wanted)


def test_a_growing_list_says_what_it_lacks() -> None:
    @tf.function
    def f(x):
        rows = []
        for row in x:
            rows.append(row)
        rows.sort()
        return rows

    with pytest.raises(AttributeError, match="has no 'sort'"):
        f(tf.constant(X))


def test_layers_and_losses_of_a_program_are_converted() -> None:
    class Doubling(tf.keras.layers.Layer):
        def call(self, inputs):
            if tf.reduce_sum(inputs) > 0.0:
                return inputs * 2.0
            return inputs

    class Clipped(tf.keras.losses.Loss):
        def call(self, y_true, y_pred):
            if tf.reduce_max(y_pred) > 10.0:
                y_pred = y_pred / 10.0
            return tf.reduce_mean(y_true - y_pred, axis=-1)

    layer, loss = Doubling(), Clipped()
    f = tf.function(lambda x: loss(x, layer(x)))
    for x in (X, -X, X * 10.0):
        np.testing.assert_allclose(f(x), loss(x, layer(tf.constant(x))), rtol=1e-6)


def test_a_loop_that_changes_a_variable_alone() -> None:
    v = tf.Variable(0)

    @tf.function
    def f(n):
        while v < n:
            v.assign_add(2)
        for _ in tf.range(n):
            v.assign_add(10)
        return v.read_value()

    assert int(f(tf.constant(5))) == 56 == int(v)


def test_an_attribute_is_carried_through_a_loop() -> None:
    class Counter:
        total = 0

        @tf.function
        def count(self, x):
            self.total = 0
            for value in x:
                if value > 1:
                    self.total = self.total + value
            return self.total

    assert int(Counter().count(tf.constant([1, 2, 3]))) == 5
