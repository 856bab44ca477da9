"""`tf.Module`: names, scopes, and what lies below; orders as TensorFlow gives them."""

from __future__ import annotations

import copy
import pickle

import pytest

import rillet as tf


class Leaf(tf.Module):
    def __init__(self, name=None):
        super().__init__(name=name)
        self.v = tf.Variable(1.0, name="v")

    @tf.Module.with_name_scope
    def __call__(self):
        """Make a variable at the first call."""
        if not hasattr(self, "w"):
            self.w = tf.Variable(2.0, name="w")
        return self.w


class Tree(tf.Module):
    def __init__(self):
        super().__init__()
        self.z = tf.Variable(1.0, name="z")
        self.a = tf.Variable(1.0, trainable=False, name="a")
        self.table = {
            "q": tf.Variable(1.0, name="q"),
            "b": [tf.Variable(2.0, name="b")],
        }
        self.leaves = [Leaf("one"), (Leaf("two"),)]
        self.again = self.leaves[0]
        self.number = 3


def names(items):
    return [item.name for item in items]


def test_variables_are_sorted_by_attribute():
    # What TensorFlow 2.21 lists.
    tree = Tree()
    assert names(tree.variables) == ["a:0", "b:0", "q:0", "z:0", "v:0", "v:0"]
    assert names(tree.trainable_variables) == ["b:0", "q:0", "z:0", "v:0", "v:0"]
    assert names(tree.non_trainable_variables) == ["a:0"]
    assert names(tree.submodules) == ["one", "two"]
    assert isinstance(tree.variables, tuple) and isinstance(tree.submodules, tuple)


def test_layers_are_modules():
    tree = tf.Module()
    tree.norm = tf.keras.layers.BatchNormalization(name="norm")
    tree.dense = tf.keras.layers.Dense(2, name="dense")
    for layer in (tree.norm, tree.dense):
        layer(tf.ones([1, 3]))
    assert isinstance(tree.dense, tf.Module)
    assert isinstance(tf.keras.Sequential(), tf.Module)
    assert names(tree.submodules) == ["dense", "norm"]
    assert names(tree.variables) == [
        "dense/kernel:0",
        "dense/bias:0",
        "norm/moving_mean:0",
        "norm/moving_variance:0",
        "norm/gamma:0",
        "norm/beta:0",
    ]
    assert len(tree.trainable_variables) == 4


def test_networks_list_their_ends_first():
    # What TensorFlow 2.21 lists, with tf_keras.
    tree = tf.Module()
    layers = [
        tf.keras.layers.Dense(1, input_shape=(2,), name="first"),
        tf.keras.layers.Dense(1, name="middle"),
        tf.keras.layers.BatchNormalization(name="last"),
    ]
    tree.net = tf.keras.Sequential(layers, name="net")
    found = names(tree.submodules)
    assert found == ["net", "first_input", "last", "first", "middle"]
    assert names(tree.trainable_variables)[:2] == ["last/gamma:0", "last/beta:0"]
    unbuilt = tf.Module()
    unbuilt.net = tf.keras.Sequential([tf.keras.layers.Dense(1, name="only")])
    assert names(unbuilt.submodules)[1:] == ["only"]


def test_names():
    assert Leaf().name == "leaf"
    assert Leaf("mine").name == "mine"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # as TensorFlow 2.21 names them
        ("MyLSTMCell2D", "my_lstm_cell2_d"),
        ("_Private", "__private"),
        ("A_Bc", "a__bc"),
        ("ABCDef", "abc_def"),
        ("X", "x"),
        ("Foo_bar", "foo_bar"),
        ("FooBarV2", "foo_bar_v2"),
    ],
)
def test_names_of_classes(name, expected):
    assert type(name, (tf.Module,), {})().name == expected


@pytest.mark.parametrize("name", ["a b", "9a", "", "a/b"])
def test_names_that_are_no_identifiers(name):
    with pytest.raises(ValueError, match="is not a valid module name"):
        tf.Module(name=name)


def test_scopes():
    leaf = Leaf()
    assert leaf().name == "leaf/w:0"
    assert leaf.name_scope.name == "leaf/"
    with tf.name_scope("outer"):
        inner = Leaf()
        assert inner().name == "outer/leaf/w:0"
        assert leaf().name == "leaf/w:0"
    assert inner.name_scope.name == "outer/leaf/"
    assert Leaf.__call__.__doc__ == "Make a variable at the first call."


def test_without_calling_the_constructor():
    class Bare(tf.Module):
        def __init__(self):
            self.v = tf.Variable(1.0)

    bare = Bare()
    assert len(bare.variables) == 1
    with pytest.raises(AttributeError):
        _ = bare.name


def test_modules_that_hold_each_other():
    one, two = tf.Module("one"), tf.Module("two")
    one.other, two.other = two, one
    two.v = tf.Variable(1.0)
    assert names(one.submodules) == ["two"]
    assert names(two.submodules) == ["one"]
    assert len(one.variables) == 1


def test_keys_of_any_kind():
    module = tf.Module()
    module.table = {1: tf.Variable(1.0), "a": tf.Variable(2.0)}
    assert len(module.variables) == 2


def test_flatten():
    tree = Tree()
    is_variable = lambda x: isinstance(x, tf.Variable)  # noqa: E731
    paths = [path for path, _ in tree._flatten(predicate=is_variable, with_path=True)]
    assert paths[:4] == [("a",), ("table", "b", 0), ("table", "q"), ("z",)]
    assert ("leaves", 1, 0, "v") in paths
    assert len(list(tree._flatten(recursive=False, predicate=is_variable))) == 4


def test_in_a_function_and_a_tape():
    tree = Tree()

    @tf.function
    def total():
        return tf.add_n([v * 2.0 for v in tree.trainable_variables])

    with tf.GradientTape() as tape:
        y = total()
    grads = tape.gradient(y, tree.trainable_variables)
    assert [float(g) for g in grads] == [2.0] * 5


def test_copies():
    tree = Tree()
    twin = copy.deepcopy(tree)
    twin.z.assign(9.0)
    assert float(tree.z) == 1.0
    assert names(twin.variables) == names(tree.variables)
    again = pickle.loads(pickle.dumps(Leaf("kept")))
    assert again.name == "kept" and float(again.v) == 1.0
