"""`import tensorflow` under rillet: every way that programs spell it."""

from __future__ import annotations

import pytest

BEFORE = (
    "import rillet\n"
    "rillet.install_as_tensorflow()\n"
    "rillet.install_as_tensorflow()\n"  # again changes nothing
)

# Each line is a program's; the expression after # must be true.
RESOLVES = [
    "import tensorflow as tf  # tf is rillet",
    "import tensorflow  # tensorflow.constant is rillet.constant",
    "import tensorflow.keras  # tensorflow.keras is rillet.keras",
    "import tensorflow.keras.layers as L  # L is rillet.keras.layers",
    "from tensorflow import keras  # keras is rillet.keras",
    "from tensorflow.keras import layers  # layers is rillet.keras.layers",
    "from tensorflow.keras.layers import Dense as D  # D.__name__ == 'Dense'",
    "from tensorflow.keras.layers import *  # Dense is rillet.keras.layers.Dense",
    "import keras  # keras is rillet.keras",
    "from keras.layers import Dense  # Dense is rillet.keras.layers.Dense",
    "import tf_keras  # tf_keras is rillet.keras",
    "import tensorflow.compat.v2 as tf2  # tf2 is rillet",
    "import tensorflow.compat.v2.keras as K  # K is rillet.keras",
    "from tensorflow.compat import v2  # v2 is rillet",
    "import tensorflow._api.v2.v2 as tf2  # tf2 is rillet",
    "from tensorflow._api.v2.v2 import keras  # keras is rillet.keras",
    "import tensorflow.nn as nn  # nn is rillet.nn",
    "from keras.layers.core import Dense  # Dense is rillet.keras.layers.Dense",
    "from keras.layers.core import Dropout  # Dropout.__name__ == 'Dropout'",
    "from keras.layers import core  # core.Dense is rillet.keras.layers.Dense",
    "import keras.layers.recurrent  # True",
    "from keras.engine.training import Model  # Model is rillet.keras.Model",
    "from keras.engine import Layer  # Layer is rillet.keras.layers.Layer",
    "from keras.optimizer_v2.adam import Adam  # Adam.__name__ == 'Adam'",
    "from keras.src.layers.core.dense import Dense  # Dense.__name__ == 'Dense'",
    "from tensorflow.python.keras import layers  # layers is rillet.keras.layers",
    "from tensorflow.python.keras.layers import Dense  # issubclass(Dense, object)",
    "from tensorflow.python.framework import ops  # ops.Tensor is rillet.Tensor",
    "from tensorflow.python.framework.ops import Tensor  # Tensor is rillet.Tensor",
    "from tensorflow.python.framework.ops import EagerTensor  # EagerTensor.shape",
    "from tensorflow.python.ops.resource_variable_ops import ResourceVariable as R"
    "  # R is rillet.Variable",
    "from tensorflow.python.ops.gen_math_ops import neg  # neg is rillet.math.negative",
    "from tensorflow.python.framework import dtypes  # dtypes.int32 is rillet.int32",
    "from tensorflow.python.ops import math_ops  # math_ops.tanh is rillet.math.tanh",
    "from tensorflow.python.ops.nn_ops import relu  # relu is rillet.nn.relu",
    "from tensorflow.python.eager import context  # context.executing_eagerly()",
    "from tensorflow.python.client import device_lib"
    "  # device_lib.list_local_devices()[0].device_type == 'CPU'",
    "import importlib.util  # importlib.util.find_spec('tensorflow') is not None",
    "import importlib.util  # importlib.util.find_spec('tensorflow.no_such') is None",
    "import importlib.util  # importlib.util.find_spec('rillet.no_such') is None",
    "import tensorflow as tf  # not hasattr(tf, 'no_such_name')",
    "import tensorflow.keras  # rillet.keras.__spec__.name == 'rillet.keras'",
    "from importlib import metadata  # metadata.version('tensorflow') == '2.15.0'",
    "from importlib import metadata  # metadata.version('numpy')",
]

# What the program writes, the exception, and what its text must hold.
REFUSED = [
    (
        "from tensorflow.keras.layers import Dens",
        "ImportError",
        "cannot import name 'Dens' from 'tensorflow.keras.layers'",
        "did you mean tensorflow.keras.layers.Dense?",
    ),
    (
        "import tensorflow.kears",
        "ModuleNotFoundError",
        "No module named 'tensorflow.kears'",
        "did you mean tensorflow.keras?",
    ),
    (
        "from tensorflow.nn import reluu",
        "ImportError",
        "rillet has no tensorflow.nn.reluu",
        "did you mean tensorflow.nn.relu?",
    ),
    (
        "from tensorflow import log",
        "ImportError",
        "cannot import name 'log' from 'tensorflow'",
        "did you mean tensorflow.math.log?",
    ),
    (
        "import tensorflow.contrib.slim as slim",
        "ModuleNotFoundError",
        "No module named 'tensorflow.contrib'",
        "rillet has no tensorflow.contrib",
    ),
    (
        "from tensorflow.python.ops.math_ops import tanhh",
        "ImportError",
        "rillet has no tensorflow.python.ops.math_ops.tanhh",
        "did you mean",
    ),
    (
        "import tensorflow.keras.layers.Dense",
        "ModuleNotFoundError",
        "No module named 'tensorflow.keras.layers.Dense'",
        "",
    ),
    ("import tensorflow as tf; tf.no_such_name", "AttributeError", "no_such_name", ""),
    (
        "from tensorflow.ops import registry",  # rillet's storeys are not TensorFlow's
        "ModuleNotFoundError",
        "No module named 'tensorflow.ops'",
        "",
    ),
    (
        "import tensorflow_datasets as tfds",
        "ModuleNotFoundError",
        "No module named 'tensorflow_datasets'",
        "tf.keras.datasets has MNIST",
    ),
    (
        "from tensorflow_addons.optimizers import AdamW",
        "ModuleNotFoundError",
        "No module named 'tensorflow_addons'",
        "came to tf.keras",
    ),
]


@pytest.fixture(scope="module")
def resolved(tmp_path_factory):
    """Run every line of the table in one process; return what failed, by line."""
    import json
    import os
    import subprocess
    import sys
    from pathlib import Path

    program = BEFORE + (
        "import json, sys\n"
        "answers = {}\n"
        "for line in json.load(sys.stdin):\n"
        "    names = {'rillet': rillet}\n"
        "    try:\n"
        "        exec(line.partition('#')[0], names)\n"
        "        condition = line.partition('#')[2].strip() or 'True'\n"
        "        answers[line] = 'true' if eval(condition, names) else 'false'\n"
        "    except Exception as error:\n"
        "        answers[line] = f'{type(error).__name__}: {error}'\n"
        "print(json.dumps(answers))\n"
    )
    lines = [*RESOLVES, *(row[0] for row in REFUSED)]
    source = Path(__file__).resolve().parents[2] / "src"
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(lines),
        env=os.environ | {"PYTHONPATH": str(source)},
        cwd=tmp_path_factory.mktemp("alias"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("line", RESOLVES)
def test_import_gives_rillets_own(resolved, line):
    assert resolved[line] == "true"


@pytest.mark.parametrize(("line", "kind", "text", "nearest"), REFUSED)
def test_missing_names_are_refused_in_words(resolved, line, kind, text, nearest):
    answer = resolved[line]
    assert answer.startswith(f"{kind}: "), answer
    assert text in answer
    assert nearest in answer


def test_real_tensorflow_is_left_alone(rillet, program):
    program("__version__ = '9.9'", "tensorflow.py")
    path = program(
        "import sys\n"
        "sys.path.insert(0, '.')\n"
        "sys.meta_path = [f for f in sys.meta_path if type(f).__name__ != 'Alias']\n"
        "for name in [n for n in sys.modules if n.partition('.')[0] == 'tensorflow']:\n"
        "    del sys.modules[name]\n"
        "import tensorflow, rillet\n"
        "print(tensorflow.__version__)\n"
        "rillet.install_as_tensorflow()\n"
    )
    done = rillet("run", path, status=1)
    assert done.out == "9.9\n"
    assert done.err.splitlines()[-1].startswith(
        "RuntimeError: install_as_tensorflow: another tensorflow is imported already: "
        "9.9 from "
    )
