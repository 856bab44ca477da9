"""What rillet saves it loads again, and computes the same."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf
from rillet.saved_model.load import read_message

K = tf.keras


class Steps(tf.Module):
    """Control flow, lists, strings, gradients, a training step."""

    def __init__(self):
        super().__init__()
        self.v = tf.Variable([1.0, 2.0], name="v")
        self.held = {"n": tf.Variable(0)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32)])
    def rows(self, x):
        tf.debugging.assert_greater(x, 0.0)
        found = tf.TensorArray(tf.float32, size=3)
        for i in tf.range(3):
            found = found.write(i, x * tf.cast(i, tf.float32))
        return found.stack()

    @tf.function(input_signature=[tf.TensorSpec([], tf.string)])
    def text(self, s):
        return {"size": tf.strings.length(s), "low": tf.strings.lower(s)}

    @tf.function(input_signature=[tf.TensorSpec([2], tf.float32, "point")])
    def slope(self, x):
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.reduce_logsumexp(x * self.v) + tf.norm(x) + tf.maximum(x[0], 0.3)
        return tape.gradient(y, x)

    @tf.function(input_signature=[tf.TensorSpec([2], tf.float32)])
    def step(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((x - self.v) ** 2)
        self.v.assign_sub(0.1 * tape.gradient(loss, self.v))
        self.held["n"].assign_add(1)
        return loss

    @tf.function
    def kinds(self, x, scale=2, flag=True):
        return (x * scale, [x[1:]]) if flag else {"x": tf.transpose(x)}


def test_functions_variables_and_signatures(tmp_path):
    steps = Steps()
    x = tf.constant([1.0, 4.0])
    steps.kinds(x)
    steps.kinds(tf.ones([2, 3]), flag=False)
    served = {"slope": steps.slope, "text": steps.text}
    tf.saved_model.save(steps, tmp_path, signatures=served)
    assert tf.saved_model.contains_saved_model(tmp_path)
    again = tf.saved_model.load(tmp_path)
    np.testing.assert_allclose(again.rows(x), [[0, 0], [1, 4], [2, 8]])
    np.testing.assert_allclose(again.slope(x), steps.slope(x), rtol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="assertion failed"):
        again.rows(-x)
    assert float(again.step(x)) == 4.0 and int(again.held["n"]) == 1
    np.testing.assert_allclose(again.v, [1.0, 2.4])
    np.testing.assert_allclose(again.kinds(x)[1][0], [4.0])
    assert again.kinds(tf.ones([2, 3]), flag=False)["x"].shape == (3, 2)
    assert sorted(again.signatures) == ["slope", "text"]
    found = again.signatures["text"](s=tf.constant("ÄB"))
    assert {k: v.numpy() for k, v in found.items()} == {"size": 3, "low": "Äb".encode()}
    signature = again.signatures["slope"].structured_input_signature
    assert signature == ((), {"point": tf.TensorSpec([2], tf.float32, "point")})


MODELS = {
    "dense": (lambda: [K.layers.Dense(3, activation="gelu", input_shape=(4,))], (2, 4)),
    "images": (
        lambda: [
            K.layers.Conv2D(2, 3, padding="same", input_shape=(6, 6, 1)),
            K.layers.BatchNormalization(),
            K.layers.MaxPooling2D(),
            K.layers.Flatten(),
        ],
        (2, 6, 6, 1),
    ),
    "steps": (lambda: [K.layers.LSTM(3, input_shape=(None, 2))], (2, 5, 2)),
}


@pytest.mark.parametrize("name", MODELS)
def test_keras_models_as_folders(name, tmp_path):
    make, shape = MODELS[name]
    model = K.Sequential(make())
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    y = model(x).numpy()
    model.save(tmp_path / "saved")
    again = K.models.load_model(tmp_path / "saved")
    assert type(again) is K.Sequential
    np.testing.assert_allclose(again(x), y, atol=1e-6)
    graph = tf.saved_model.load(tmp_path / "saved")
    np.testing.assert_allclose(graph(tf.constant(x)), y, atol=1e-6)
    model.export(tmp_path / "served")
    layer = K.layers.TFSMLayer(tmp_path / "served")
    np.testing.assert_allclose(layer(x), y, atol=1e-6)


def test_training_goes_on_where_it_was(tmp_path):
    model = K.Sequential([K.layers.Dense(1, input_shape=(2,))])
    model.compile("adam", "mse", metrics=["mae"])
    x, y = np.ones([8, 2], "float32"), np.arange(8.0)
    model.fit(x, y, epochs=3, verbose=0, shuffle=False)
    model.save(tmp_path)
    again = K.models.load_model(tmp_path)
    found = [
        m.fit(x, y, epochs=2, verbose=0, shuffle=False).history["loss"]
        for m in (model, again)
    ]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)
    assert int(again.optimizer.iterations) == 5


class Curve(K.Model):
    """A subclassed model, never compiled."""

    def __init__(self):
        super().__init__()
        self.first = K.layers.Dense(4, activation="tanh")
        self.last = K.layers.Dense(1)

    def call(self, x, training=False):
        return tf.squeeze(self.last(self.first(x[:, tf.newaxis])), 1)


def test_a_class_that_is_not_known_runs_by_its_functions(tmp_path):
    model = Curve()
    x = tf.linspace(-1.0, 1.0, 5)
    y = model(x).numpy()
    model.save(tmp_path / "a")
    again = K.models.load_model(tmp_path / "a")
    np.testing.assert_allclose(again(x), y, atol=1e-6)
    assert len(again.trainable_variables) == 4
    tf.saved_model.save(model, tmp_path / "b")
    found = tf.saved_model.load(tmp_path / "b").signatures["serving_default"](x)
    np.testing.assert_allclose(found["output_0"], y, atol=1e-6)


def test_a_variable_that_no_object_holds_is_an_error(tmp_path):
    class Loose(tf.Module):
        pass

    loose, v = Loose(), tf.Variable(1.0)
    loose.f = tf.function(lambda x: x * v)
    loose.f(tf.constant(2.0))
    with pytest.raises(AssertionError, match="untracked"):
        tf.saved_model.save(loose, tmp_path)


def test_python_in_a_function_is_refused(tmp_path):
    class Calls(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([], tf.float32)])
        def f(self, x):
            return tf.numpy_function(lambda v: v, [x], tf.float32)

    with pytest.raises(tf.errors.UnimplementedError, match="calls Python"):
        tf.saved_model.save(Calls(), tmp_path)
    with pytest.raises(ValueError, match="Expected an object of type `Trackable`"):
        tf.saved_model.save(3, tmp_path)


@pytest.mark.parametrize("kind", ["list", "dict", "tuple"])
def test_a_bare_container_is_no_root(kind, tmp_path):
    part = tf.Variable(1.0)
    root = {"list": [part], "dict": {"a": part}, "tuple": (part,)}[kind]
    with pytest.raises(ValueError, match="Expected an object of type `Trackable`"):
        tf.saved_model.save(root, tmp_path)


def test_signatures_must_give_tensors(tmp_path):
    module = tf.Module()
    module.f = tf.function(lambda x: x, input_signature=[tf.TensorSpec([2])])
    with pytest.raises(ValueError, match="Expected a TensorFlow function"):
        tf.saved_model.save(module, tmp_path, signatures=3)
    with pytest.raises(KeyError, match="is reserved"):
        served = {"__saved_model_init_op": module.f}
        tf.saved_model.save(module, tmp_path, signatures=served)


def test_results_tell_their_shapes(tmp_path):
    """Converters match a graph's results to its signature by type and shape."""
    model = K.Sequential([K.Input((8,)), K.layers.Dense(3)])
    model.export(tmp_path)
    graph = read_message(str(tmp_path)).meta_graphs[0].graph_def
    for function in graph.library.function:
        told = {
            node.name: [[d.size for d in s.dim] for s in entry.value.list.shape]
            for node in function.node_def
            for entry in node.attr
            if entry.key == "_output_shapes"
        }
        if "signature_wrapper" in function.signature.name:
            result = function.ret[0].value.split(":")[0]
            assert told[result] == [[-1, 3]]
            return
    raise AssertionError("no signature was written")


def test_loops_begin_with_their_count_once(tmp_path):
    """TensorFlow's gradient asks for count and limit; a second trip adds no others."""

    @tf.function(input_signature=[tf.TensorSpec([]), tf.TensorSpec([], tf.int32)])
    def power(x, n):
        result = 1.0
        for _ in tf.range(n):
            result = result * x
        return result

    holder = tf.Module()
    holder.power = power
    sizes = []
    for trip in range(2):
        path = str(tmp_path / str(trip))
        tf.saved_model.save(holder, path)
        library = read_message(path).meta_graphs[0].graph_def.library
        nodes = [node for f in library.function for node in f.node_def]
        loop = next(node for node in nodes if node.op == "While")
        first = {node.name: node for node in nodes}[loop.input[0].split(":")[0]]
        assert first.op == "Const"
        sizes.append(len(loop.input))
        holder = tf.saved_model.load(path)
    assert sizes[0] == sizes[1]
    assert float(holder.power(2.0, tf.constant(5))) == 32.0
