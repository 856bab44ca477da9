"""Names of TensorFlow are followed through everything a program does with them."""

from __future__ import annotations

import ast

import pytest

from rillet.programs.usage import uses

ROOTS = frozenset({"tensorflow", "keras"})
TF = "import tensorflow as tf\n"

# A program, and the full names it uses after its imports ("tf." is "tensorflow.").
FOLLOWED = [
    ("import tensorflow as tf\ntf.ones(2)", ["tf", "tf.ones"]),
    ("import tensorflow\ntensorflow.ones(2)", ["tf", "tf.ones"]),
    ("import tensorflow.keras\ntensorflow.nn.relu", ["tf.keras", "tf.nn.relu"]),
    ("import tensorflow.keras as k\nk.Model", ["tf.keras", "tf.keras.Model"]),
    ("from tensorflow import keras\nkeras.Model", ["tf.keras", "tf.keras.Model"]),
    (
        "from tensorflow.keras.layers import Dense as D\nD(3)",
        ["tf.keras.layers.Dense"] * 2,
    ),
    ("import keras\nkeras.Model", ["keras", "keras.Model"]),
    ("import keras\nk = keras\nk(1)", ["keras", "keras"]),
    (
        "import keras\nm = keras.Sequential()\nm.fit(1)",
        ["keras", "keras.Sequential", "keras.Sequential.fit"],
    ),
    (
        TF + "K = tf.keras.backend\nK.clear_session()",
        [
            "tf",
            "tf.keras.backend",
            "tf.keras.backend.clear_session",
        ],
    ),
    (
        TF + "L, M = tf.keras.layers, tf.keras.Model\nL.Dense",
        [
            "tf",
            "tf.keras.layers",
            "tf.keras.Model",
            "tf.keras.layers.Dense",
        ],
    ),
    (TF + "if (n := tf.nn): n.relu", ["tf", "tf.nn", "tf.nn.relu"]),
    (TF + "a: tf.Tensor = tf.ones(1)", ["tf", "tf.Tensor", "tf.ones"]),
    (TF + "tf.ones(tf.shape(x)[0])", ["tf", "tf.ones", "tf.shape"]),
    (TF + "tf.ones(2).numpy().mean()", ["tf", "tf.ones"]),
    (TF + "tf.data.Dataset.range(3).map(f)", ["tf", "tf.data.Dataset.range"]),
    # Functions see names that are bound after them; arguments hide names.
    ("def f():\n    return tf.ones(1)\n" + TF, ["tf.ones", "tf"]),
    (TF + "def f(tf):\n    return tf.no", ["tf"]),
    (
        TF + "def f(x=tf.one, *, y: tf.two = 1) -> tf.three: ...",
        [
            "tf",
            "tf.one",
            "tf.two",
            "tf.three",
        ],
    ),
    (TF + "@tf.function\ndef f(): ...", ["tf", "tf.function"]),
    (
        TF + "class A(tf.Module):\n    x = tf.a\n    def f(self):\n        tf.b",
        [
            "tf",
            "tf.Module",
            "tf.a",
            "tf.b",
        ],
    ),
    (TF + "class A:\n    tf = 1\n    def f(self):\n        tf.b", ["tf", "tf.b"]),
    (TF + "[tf.a for tf in y]\ntf.b", ["tf", "tf.b"]),
    (TF + "g = lambda tf: tf.no\ntf.b", ["tf", "tf.b"]),
    (TF + "tf = other\ntf.no", ["tf"]),
    (TF + "for tf in x: tf.no", ["tf"]),
    (TF + "with tf.GradientTape() as tape: tape.no", ["tf", "tf.GradientTape"]),
    (TF + "def f():\n    global g\n    g = tf.nn\ng.relu", ["tf", "tf.nn"]),
    (TF + "tf.x = 3\ntf.keras.backend.y = 4", ["tf"]),
    (TF + "getattr(tf.nn, 'relu')(x)", ["tf", "tf.nn.relu", "tf.nn"]),
    ("from numpy import ones\nones(2)", []),
    ("from .tensorflow import a\na.b", []),
]


@pytest.mark.parametrize(("source", "expected"), FOLLOWED)
def test_names_are_followed(source, expected):
    found = uses([ast.parse(source)], ROOTS)[0]
    names = [use.name.replace("tensorflow", "tf") for use in found]
    if "getattr" in source:  # two uses in one place have no order
        names, expected = sorted(names), sorted(expected)
    assert names == expected


def test_place_and_keywords():
    source = TF + "y = tf.ones(shape=[2], **more)"
    use = uses([ast.parse(source)], ROOTS)[0][1]
    assert (use.line, use.column, use.keywords) == (2, 5, ("shape",))


def test_cells_share_their_names():
    cells = [
        ast.parse(TF),
        ast.parse("tf.ones"),
        ast.parse("tf = 1"),
        ast.parse("tf.no"),
    ]
    found = uses(cells, ROOTS)
    assert [[u.name for u in piece] for piece in found] == [
        ["tensorflow"],
        ["tensorflow.ones"],
        [],
        [],
    ]


def test_star_brings_names():
    tree = ast.parse("from tensorflow.keras.layers import *\nDense(2)")
    found = uses([tree], ROOTS, star=lambda module: ["Dense"])[0]
    assert [use.name for use in found] == [
        "tensorflow.keras.layers",
        "tensorflow.keras.layers.Dense",
    ]


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    tf.x\nexcept AttributeError: pass",
        "try:\n    tf.x\nexcept (ValueError, ImportError): pass",
        "try:\n    tf.x\nexcept: pass",
        "if hasattr(tf, 'x'):\n    tf.x",
        "y = tf.x if hasattr(tf, 'x') else 0",
        "y = getattr(tf, 'x', None)",
        "if tf.__version__ < '2':\n    tf.x",
        "try:\n    def f():\n        tf.x\nexcept ImportError: pass",
    ],
)
def test_guarded_uses_are_known(source):
    found = uses([ast.parse(TF + source)], ROOTS)[0]
    assert [use.guarded for use in found if use.name == "tensorflow.x"] == [True]


@pytest.mark.parametrize(
    "source",
    [
        "try:\n    tf.x\nexcept ValueError: pass",
        "try:\n    pass\nexcept ImportError:\n    tf.x",
        "if hasattr(tf, 'y'):\n    tf.x",
        "if hasattr(tf, 'x'):\n    pass\ntf.x",
        "getattr(tf, 'x')",
    ],
)
def test_other_uses_are_not_guarded(source):
    found = uses([ast.parse(TF + source)], ROOTS)[0]
    assert [use.guarded for use in found if use.name == "tensorflow.x"] == [False]


KERAS = "from tensorflow import keras\nfrom tensorflow.keras import layers as L\n"
INPUT = KERAS + "x = keras.Input((2,))\n"
ON_INPUTS = [
    (INPUT + "L.Dense(2)(x)", 1),
    (INPUT + "dense = L.Dense(2)\ny = dense(x)\ndense(y)", 2),
    (INPUT + "L.concatenate([x, x])", 1),
    (INPUT + "L.Add()([x, L.Dense(2)(x)])", 2),
    (INPUT + "keras.Model(inputs=x, outputs=[x])", 1),
    (KERAS + "def f():\n    x = L.Input((2,))\n    return L.Dense(1)(x)", 1),
    (INPUT + "x = 3\nL.Dense(2)(x)", 0),
    (KERAS + "keras.Sequential([keras.Input((2,)), L.Dense(1)])", 0),
    (KERAS + "m = keras.Sequential()\nm.add(keras.Input((2,)))", 0),
    (INPUT + "print(x), keras.backend.is_keras_tensor(x)", 0),
    (KERAS + "L.Dense(2)(data)", 0),
]


@pytest.mark.parametrize(("source", "count"), ON_INPUTS)
def test_calls_on_inputs_are_told(source, count):
    found = uses([ast.parse(source)], ROOTS)[0]
    assert [use.role for use in found].count("functional") == count


def test_methods_of_models_are_guarded_as_names_are():
    guarded = "if hasattr(m, 'save'):\n    m.save(1)\n"
    source = KERAS + "m = keras.Model()\n" + guarded + "m.save(2)"
    found = uses([ast.parse(source)], ROOTS)[0]
    assert [use.guarded for use in found if use.role == "method"] == [True, False]
