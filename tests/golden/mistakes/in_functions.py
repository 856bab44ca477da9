"""Mistakes inside functions, layers, steps and pipelines, each at a line of a file.

Every function takes the module and fails at the line that ends in ``# here``.
`make_mistakes.py` keeps TensorFlow's classes of exception.
"""

# These lines are what a user might write, faults included.
# ruff: noqa: B007, B023, F821, F841

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

PROGRAMS: dict[str, Callable[[Any], Any]] = {}
ONES = np.ones((4, 3), "float32")


def program(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """List a program under its name."""
    PROGRAMS[function.__name__] = function
    return function


@program
def shapes_in_a_branch(tf):
    @tf.function
    def f(x):
        if tf.reduce_sum(x) > 0:
            y = tf.matmul(x, tf.ones([5, 2]))  # here
        else:
            y = tf.zeros([2, 2])
        return y

    f(tf.ones([2, 3]))


@program
def shapes_in_an_inner_function(tf):
    @tf.function
    def g(x):
        return tf.reshape(x, [7])  # here

    @tf.function
    def f(x):
        return g(x) + 1

    f(tf.ones([2, 3]))


@program
def shapes_in_a_loop(tf):
    @tf.function
    def f(x):
        for _ in tf.range(3):
            x = x + tf.ones([4])  # here
        return x

    f(tf.ones([3]))


@program
def shapes_in_a_helper(tf):
    def helper(x):
        return tf.concat([x, tf.ones([1])], 0)  # here

    @tf.function
    def f(x):
        return helper(x)

    f(tf.ones([2, 3]))


@program
def types_in_a_function(tf):
    @tf.function
    def f(x, i):
        return x + i  # here

    f(tf.ones([3]), tf.constant(7))


@program
def gather_out_of_range(tf):
    @tf.function
    def f(x, i):
        return tf.gather(x, i) + 1  # here

    f(tf.ones([3]), tf.constant(7))


@program
def assertion_that_fails(tf):
    @tf.function
    def f(x):
        tf.debugging.assert_positive(x)  # here
        return tf.sqrt(x)

    f(tf.constant([-1.0]))


@program
def division_by_zero(tf):
    @tf.function
    def f(x):
        return x // (x - x)  # here

    f(tf.constant(3))


@program
def reshape_of_open_size(tf):
    @tf.function(input_signature=[tf.TensorSpec([None])])
    def f(x):
        return tf.reshape(x, [2, 2])  # here

    f(tf.ones([3]))


@program
def product_of_open_size(tf):
    @tf.function(input_signature=[tf.TensorSpec([None, None])])
    def f(x):
        return tf.matmul(x * 2, tf.ones([4, 2]))  # here

    f(tf.ones([3, 3]))


@program
def layer_under_fit(tf):
    class Wide(tf.keras.layers.Layer):
        def call(self, x):
            return tf.matmul(x, tf.ones([9, 2]))  # here

    model = tf.keras.Sequential([Wide()])
    model.compile("sgd", "mse")
    model.fit(ONES, ONES[:, :2], verbose=0)


@program
def model_under_fit(tf):
    class Strict(tf.keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = tf.keras.layers.Dense(2)

        def call(self, x):
            y = self.dense(x)
            tf.debugging.assert_less(y, -1e9)  # here
            return y

    model = Strict()
    model.compile("sgd", "mse")
    model.fit(ONES, ONES[:, :2], verbose=0)


@program
def loss_under_fit(tf):
    def loss(y, p):
        return tf.reduce_mean(tf.square(y - tf.matmul(p, tf.ones([3, 1]))))  # here

    model = tf.keras.Sequential([tf.keras.layers.Dense(2)])
    model.compile("sgd", loss)
    model.fit(ONES, ONES[:, :2], verbose=0)


@program
def train_step_under_fit(tf):
    class Odd(tf.keras.Model):
        def train_step(self, data):
            x, y, z = data  # here

    model = Odd()
    model.compile("sgd", "mse")
    model.fit(ONES, ONES[:, :2], verbose=0)


@program
def error_of_ones_own(tf):
    @tf.function
    def f(x):
        if x.shape[0] == 2:
            raise ValueError("I want three rows")  # here
        return x

    f(tf.ones([2]))


@program
def key_that_is_missing(tf):
    @tf.function
    def f(d):
        return d["b"]  # here

    f({"a": tf.ones([2])})


@program
def name_that_is_missing(tf):
    @tf.function
    def f(x):
        while tf.reduce_sum(x) < 10:
            x = x + undefined  # here
        return x

    f(tf.ones([2]))


@program
def map_of_wrong_shape(tf):
    def parse(row):
        return tf.reshape(row, [2, 2])  # here

    list(tf.data.Dataset.from_tensor_slices(ONES).map(parse))


@program
def map_of_wrong_text(tf):
    def parse(text):
        return tf.strings.to_number(text)  # here

    list(tf.data.Dataset.from_tensor_slices(["1", "x"]).map(parse))


@program
def map_with_python_inside(tf):
    def invert(v):
        return 1 / int(v)  # here

    data = tf.data.Dataset.range(2)
    list(data.map(lambda v: tf.py_function(invert, [v], tf.float32)))


@program
def tensor_that_left_a_loop(tf):
    kept = []

    @tf.function
    def f(n):
        for i in tf.range(n):
            kept.append(i * 2)
        return kept[0] + 1  # here

    f(tf.constant(3))


@program
def tensor_that_left_its_function(tf):
    kept = []

    @tf.function
    def f(x):
        kept.append(x * 2)
        return x

    f(tf.constant(1.0))
    kept[0] + 1  # here


@program
def tensor_that_left_in_an_attribute(tf):
    class Holder(tf.Module):
        @tf.function
        def __call__(self, x):
            self.held = x * 2
            return x

    module = Holder()
    module(tf.constant(1.0))
    tf.reduce_sum(module.held)  # here


@program
def name_set_in_one_branch(tf):
    @tf.function
    def f(x):
        if tf.reduce_sum(x) > 0:  # here
            r = 1
        return r

    f(tf.ones([2]))


@program
def types_of_two_branches(tf):
    @tf.function
    def f(x):
        if tf.reduce_sum(x) > 0:  # here
            r = tf.constant(1)
        else:
            r = tf.constant("a")
        return r

    f(tf.ones([2]))


@program
def shape_that_grows(tf):
    @tf.function
    def f(x):
        for _ in tf.range(3):  # here
            x = tf.concat([x, x], 0)
        return x

    f(tf.constant([1.0]))


@program
def return_in_one_branch(tf):
    @tf.function
    def f(x):
        if x > 0:  # here
            return x

    f(tf.constant(1))
