"""`rillet check` lists what is missing, with its place and what comes nearest."""

from __future__ import annotations

from rillet.programs import check


def test_nothing_missing(rillet, program):
    path = program("import tensorflow as tf\nx = tf.constant([1.0]) + tf.ones([1])\n")
    done = rillet("check", path)
    assert done.out == (
        f"{path}: 3 names of TensorFlow in 3 uses; missing: 0 in 0 uses\n"
    )


def test_missing_names_are_listed(rillet, program):
    path = program(
        "import tensorflow as tf\n"
        "x = tf.constnt(1)\n"
        "y = tf.constnt(2) + tf.contrib.slim\n"
    )
    out = rillet("check", path, status=1).out.splitlines()
    assert out[0].startswith(
        f"{path}:2:5: rillet has no tensorflow.constnt; nearest: tensorflow.constant"
    )
    assert out[1].startswith(f"{path}:3:5: rillet has no tensorflow.constnt")
    assert out[2].startswith(f"{path}:3:21: rillet has no tensorflow.contrib.slim")
    assert out[3].endswith("3 names of TensorFlow in 4 uses; missing: 2 in 3 uses")


def test_unknown_arguments_are_listed(rillet, program):
    path = program("import tensorflow as tf\ntf.matmul(a, b, transpose_bb=True)\n")
    out = rillet("check", path, status=1).out
    lack = "rillet has no tensorflow.matmul(transpose_bb=); nearest: transpose_b="
    assert lack in out


def test_what_the_program_provides_for_is_no_failure(rillet, program):
    path = program(
        "import tensorflow as tf\n"
        "try:\n    from tensorflow import nothing\nexcept ImportError:\n    pass\n"
    )
    out = rillet("check", path).out
    assert "rillet has no tensorflow.nothing (the program provides for that)" in out


def test_the_program_is_not_run(rillet, program, tmp_path):
    path = program("open('made', 'w')\nimport tensorflow as tf\nraise SystemExit(9)\n")
    rillet("check", path)
    assert not (tmp_path / "made").exists()


def test_notebooks_and_folders(rillet, program, notebook, tmp_path):
    notebook("!pip install x\nimport tensorflow as tf", "%%time\ntf.nothing_here()")
    program("import keras", "deep/er/one.py")
    out = rillet("check", str(tmp_path), status=1).out
    place = tmp_path / "book.ipynb"
    assert f"{place}[cell 2]:2:1: rillet has no tensorflow.nothing_here" in out
    assert "one.py: 1 names of TensorFlow in 1 uses" in out


def test_files_that_cannot_be_read(rillet, program):
    path = program("x = (")
    done = rillet("check", path, "none.py", status=2)
    assert f"check: {path} is no Python: '(' was never closed" in done.err
    assert "check: cannot read none.py: " in done.err


def test_inner_modules(rillet, program):
    path = program(
        "from tensorflow.python.framework import ops\n"
        "from tensorflow.python.framework.ops import Tensor\n"
        "ops.Tensor\nops.no_such_thing\n"
        "from tensorflow.python.client import device_lib\n"
        "device_lib.list_local_devices()\n"
    )
    out = rillet("check", path, status=1).out.splitlines()
    assert len(out) == 2
    assert "rillet has no tensorflow.python.framework.ops.no_such_thing" in out[0]


FUNCTIONAL = """\
from tensorflow import keras
from tensorflow.keras import layers
inputs = keras.Input(shape=(4,))
x = layers.Dense(3)(inputs)
x = layers.Concatenate()([x, inputs])
model = keras.Model(inputs=inputs, outputs=layers.Dense(1)(x))
"""


def test_layers_on_inputs_are_listed_where_rillet_cannot_call_them(
    program, monkeypatch
):
    path = program(FUNCTIONAL)
    monkeypatch.setattr(check, "is_functional", lambda: False)
    out = "\n".join(map(str, check.examine(path).missing))
    for place, name in [("4:5", "layers.Dense"), ("6:9", "Model"), ("6:44", "")]:
        lack = f"{path}:{place}: rillet has no tensorflow.keras.{name}"
        assert lack in out
    assert "on keras.Input (the functional API): Use keras.Sequential" in out
    monkeypatch.setattr(check, "is_functional", lambda: True)
    assert "functional" not in str(check.examine(path).missing)


METHODS = """\
from tensorflow import keras
class Net(keras.Model):
    def save(self, path): ...
    def call(self, x): return x
net = Net()
net.save("own"), net.fit(1, 2), net.own, net.optimizer
net.summary()
model = keras.Sequential([keras.layers.Dense(1)])
model.summary()
def f(model):
    model.summary()
model = 3
model.summary()
"""


def test_methods_of_models_are_followed(program, monkeypatch):
    path = program(METHODS)
    assert check.examine(path).missing == []
    has = check._has
    lacking = lambda of, name: name != "summary" and has(of, name)  # noqa: E731
    monkeypatch.setattr(check, "_has", lacking)
    out = [str(lack).removeprefix(f"{path}:") for lack in check.examine(path).missing]
    assert out == [
        "7:1: rillet has no tensorflow.keras.Model.summary",
        "9:1: rillet has no tensorflow.keras.Sequential.summary",
    ]


def test_advice_for_names_of_old(rillet, program):
    path = program(
        "import tensorflow as tf\n"
        "tf.train.AdamOptimizer(0.1)\ntf.Session()\ntf.train.Nothing\n"
    )
    out = rillet("check", path, status=1).out.splitlines()
    assert out[0].endswith("train.AdamOptimizer: Use tf.keras.optimizers.Adam")
    assert "tensorflow.Session: There are no sessions" in out[1]
    assert out[2].endswith("rillet has no tensorflow.train.Nothing")
