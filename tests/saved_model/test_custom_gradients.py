"""Gradients that programs gave to functions count for what is loaded.

`tests/golden/saved_models/make_gradients.py` has the functions; TensorFlow found the
gradients before it saved the module.
"""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import zipfile

import gradient_programs
import numpy as np
import pytest
from golden_calls import GOLDEN, agree, array_of, called, unpacked, value_of

import rillet as tf
from rillet.checkpoint.wire import encode
from rillet.saved_model import messages
from rillet.saved_model.load import read_message

PROGRAMS = gradient_programs.programs(tf)
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def rows() -> list:
    with zipfile.ZipFile(GOLDEN / "asked_gradients.zip") as archive:
        found = json.loads(archive.read("calls.json"))["gradients"]
    return [pytest.param(row, id=row["name"]) for row in found]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    folder = tmp_path_factory.mktemp("asked")
    unpacked("asked_gradients", folder)
    return tf.saved_model.load(folder)


def gradients_of(model, row):
    """The gradients of a function, and that of the first one's sum, if it is kept."""
    args = [value_of(x) for x in row["args"]]
    floats = [x for x in args if x.dtype.is_floating]
    again = "second" in row
    with tf.GradientTape() if again else contextlib.nullcontext() as outer:
        if again:
            outer.watch(floats)
        with tf.GradientTape() as tape:
            tape.watch(floats)
            y = getattr(model, row["name"])(*args)
        found = tape.gradient(y, [*floats, model.w])
    return found, [outer.gradient(found[0], floats[0])] if again else []


def same(found, want):
    for g, told in zip(found, want, strict=True):
        if "plain" in told:
            assert g is None
        else:
            np.testing.assert_allclose(tf.convert_to_tensor(g), array_of(told), **CLOSE)


@pytest.mark.parametrize("row", rows())
def test_loaded_functions_have_the_gradients_they_were_given(loaded, row):
    found, second = gradients_of(loaded, row)
    same(found, row["gradients"])
    same(second, [row["second"]] if "second" in row else [])


@pytest.mark.parametrize("compiled", [True, False], ids=["native", "reference"])
@pytest.mark.parametrize("row", rows())
def test_they_count_inside_functions_too(loaded, row, compiled):
    inner = getattr(loaded, row["name"])
    args = [value_of(x) for x in row["args"]]
    floats = [i for i, x in enumerate(args) if x.dtype.is_floating]

    @tf.function(jit_compile=None if compiled else False)
    def gradients(*args):
        with tf.GradientTape() as tape:
            tape.watch([args[i] for i in floats])
            y = inner(*[tf.identity(x) for x in args])
        return tape.gradient(y, [*[args[i] for i in floats], loaded.w])

    same(gradients(*args), row["gradients"])


def test_rows_compute_what_they_did(loaded, tmp_path):
    for call in unpacked("asked_gradients", tmp_path)["calls"]:
        agree(call, called(loaded, call), CLOSE)


def asked_in_vain(model, x, words):
    with pytest.raises(LookupError, match=words), tf.GradientTape() as tape:
        tape.watch(x)
        model.f(x)


def test_gradients_that_were_not_saved_are_asked_for_in_vain(
    tmp_path, caplog, monkeypatch
):
    unpacked("unsaved_gradients", tmp_path)
    monkeypatch.setattr(tf.get_logger(), "propagate", True)
    model = tf.saved_model.load(tmp_path)
    x = tf.constant([1.0, -2.0])
    model.f(x)
    told = [r.getMessage() for r in caplog.records]
    (told,) = {text for text in told if "custom gradients" in text}
    assert "that were not saved (node 'IdentityN')" in told
    asked_in_vain(model, x, "No gradient defined for operation 'Ident")


def test_a_gradient_inside_a_gradient_is_not_in_tensorflows_files(loaded):
    row = next(r.values[0] for r in rows() if r.id == "nested")
    with pytest.raises(LookupError, match="experimental_custom_gradients=True"):
        gradients_of(loaded, {**row, "second": None})


# What rillet writes


@pytest.fixture(scope="module")
def own():
    return gradient_programs.made(tf)


@pytest.fixture(scope="module")
def again(own, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    tf.saved_model.save(own, folder)
    return tf.saved_model.load(folder)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_rillet_saves_keeps_them(own, again, name):
    twice = PROGRAMS[name][1]
    found = gradient_programs.gradients(tf, again, name, twice)
    want = gradient_programs.gradients(tf, own, name, twice)
    for g, w in zip(found, want, strict=True):
        assert (g is None) == (w is None)
        np.testing.assert_allclose(
            0 if g is None else g, 0 if w is None else w, **CLOSE
        )


@pytest.mark.parametrize("row", rows())
def test_models_of_tensorflow_keep_them_when_they_are_saved_again(resaved, row):
    found, second = gradients_of(resaved, row)
    same(found, row["gradients"])
    same(second, [row["second"]] if "second" in row else [])


def widths(folder):
    """How many inputs the nodes have that bear gradients."""
    library = read_message(str(folder)).meta_graphs[0].graph_def.library
    nodes = [n for f in library.function for n in f.node_def if n.op == "IdentityN"]
    return sorted(len(node.input) for node in nodes)


@pytest.fixture(scope="module")
def resaved(loaded, tmp_path_factory):
    folder = tmp_path_factory.mktemp("resaved")
    tf.saved_model.save(loaded, folder / "first")
    tf.saved_model.save(tf.saved_model.load(folder / "first"), folder / "second")
    # calls must not take more from file to file
    assert widths(folder / "first") == widths(folder / "second")
    return tf.saved_model.load(folder / "second")


def test_the_file_says_what_tensorflows_does(again, own, tmp_path):
    one = tf.Module()
    one.f = own.captured
    tf.saved_model.save(one, tmp_path)
    meta = read_message(str(tmp_path)).meta_graphs[0]
    library = meta.graph_def.library
    objects = meta.object_graph_def
    registered = {
        g.registered_op_type: g.gradient_func for g in library.registered_gradients
    }
    functions = {f.signature.name: f for f in library.function}
    nodes = [n for f in library.function for n in f.node_def if n.op == "IdentityN"]
    concretes = {e.key: e.value for e in objects.concrete_functions}
    assert len(nodes) == len(registered) == 2  # the function, and its signature
    for node in nodes:
        attrs = {e.key: e.value for e in node.attr}
        name = registered[attrs["_gradient_op_type"].s.decode()]
        (number,) = concretes[name].bound_inputs
        held = objects.nodes[number].captured_tensor
        inner = functions[held.concrete_function]
        assert held.name.partition(":")[0] in [n.name for n in inner.node_def]
        arguments = [a.name for a in functions[name].signature.input_arg]
        assert arguments[:2] == ["result_grads_0", "result_grads_1"]
        told = concretes[name].output_signature.list_value.items
        assert [part.has("none_value") for part in told] == [True, False]


def test_the_option_leaves_them_out(own, tmp_path):
    one = tf.Module()
    one.f = own.captured
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(one, tmp_path, options=options)
    model, x = tf.saved_model.load(tmp_path), tf.constant([1.0, -2.0])
    np.testing.assert_array_equal(model.f(x), own.captured(x))
    asked_in_vain(model, x, "No gradient defined")


class Refused(tf.Module):
    """A gradient that calls Python, and one that fails."""

    def __init__(self, grad):
        super().__init__()

        @tf.custom_gradient
        def f(x):
            return x * 2.0, grad

        self.f = tf.function(f, input_signature=[tf.TensorSpec([2])])


@pytest.mark.parametrize(
    ("grad", "kind", "text"),
    [
        (lambda g: g + "a text", ValueError, "experimental_custom_gradients=False"),
        (
            lambda g: tf.py_function(lambda v: v, [g], tf.float32),
            tf.errors.UnimplementedError,
            "calls Python",
        ),
    ],
    ids=["fails", "python"],
)
def test_gradients_that_files_cannot_hold_are_refused(tmp_path, grad, kind, text):
    model = Refused(grad)
    with pytest.raises(kind, match=text) as caught:
        tf.saved_model.save(model, tmp_path / "model")
    told = [str(caught.value), *getattr(caught.value, "__notes__", [])]
    assert "experimental_custom_gradients=False" in " ".join(told)
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(model, tmp_path / "model", options=options)


def test_gradients_that_nobody_can_ask_for_are_left_out(
    own, tmp_path, caplog, monkeypatch
):
    """In a branch of a function that another one calls, over the first one's tensor."""
    monkeypatch.setattr(tf.get_logger(), "propagate", True)
    one, x = tf.Module(), tf.constant([1.0, 2.0])
    inner = own.outer_in_branch
    one.f = tf.function(lambda x: inner(2.0 * x), input_signature=[tf.TensorSpec([2])])
    tf.saved_model.save(one, tmp_path)
    assert "takes a tensor of a function that was called around it" in caplog.text
    model = tf.saved_model.load(tmp_path)
    np.testing.assert_array_equal(model.f(x), one.f(x))
    asked_in_vain(model, x, "No gradient defined")


def test_layers_with_gradients_of_their_own_keep_them(tmp_path):
    class Sevenfold(tf.keras.layers.Layer):
        def call(self, x):
            @tf.custom_gradient
            def f(x):
                return x * 2.0, lambda g: g * 7.0

            return f(x)

    i = tf.keras.Input((2,))
    model = tf.keras.Model(i, Sevenfold()(tf.keras.layers.Dense(2)(i)))
    model.save(tmp_path, save_format="tf")
    loaded = tf.saved_model.load(tmp_path)
    x = tf.constant([[1.0, -2.0]])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = loaded(x)
    kernel = model.layers[1].kernel
    want = 7.0 * tf.reduce_sum(kernel, axis=1)
    np.testing.assert_allclose(tape.gradient(y, x)[0], want, rtol=1e-5)
    whole = tf.keras.models.load_model(tmp_path, safe_mode=False)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = whole(x)
    np.testing.assert_allclose(tape.gradient(y, x)[0], want, rtol=1e-5)


# Files that are wrong


def _lacks_function(meta):
    for registered in meta.graph_def.library.registered_gradients:
        registered.gradient_func = f"no_{registered.gradient_func}"


def _lacks_node(meta):
    for node in meta.object_graph_def.nodes:
        if node.has("captured_tensor"):
            node.captured_tensor.name = "nowhere:0"


def _lacks_output(meta):
    for node in meta.object_graph_def.nodes:
        if node.has("captured_tensor"):
            node.captured_tensor.name = node.captured_tensor.name[:-1] + "99999"


def _wrong_function(meta):
    for node in meta.object_graph_def.nodes:
        if node.has("captured_tensor"):
            node.captured_tensor.concrete_function = "elsewhere"


def _few_results(meta):
    for entry in meta.object_graph_def.concrete_functions:
        if "internal_grad_fn" in entry.key:
            told = entry.value.output_signature.list_value
            told.items = told.items[1:]


def _many_results(meta):
    for entry in meta.object_graph_def.concrete_functions:
        if "internal_grad_fn" in entry.key:
            told = entry.value.output_signature.list_value
            told.items = [told.items[-1]] * 2


@pytest.mark.parametrize(
    ("harm", "text"),
    [
        (_lacks_function, "a function is missing"),
        (_lacks_node, "a gradient captured what is missing"),
        (_lacks_output, "a gradient captured what is missing"),
        (_wrong_function, "a gradient captured what is missing"),
        (_few_results, "as many results as its node has inputs"),
        (_many_results, "a gradient gives too few results"),
    ],
)
def test_wrong_files_run_and_have_no_gradients(own, tmp_path, harm, text):
    one = tf.Module()
    one.f = own.captured
    tf.saved_model.save(one, tmp_path)
    whole = read_message(str(tmp_path))
    harm(whole.meta_graphs[0])
    (tmp_path / "saved_model.pb").write_bytes(encode(messages.SAVED_MODEL, whole))
    model, x = tf.saved_model.load(tmp_path), tf.constant([1.0, -2.0])
    np.testing.assert_array_equal(model.f(x), own.captured(x))
    with pytest.raises(tf.errors.DataLossError, match=text), tf.GradientTape() as tape:
        tape.watch(x)
        model.f(x)


def test_a_function_first_called_inside_another_is_saved_again(tmp_path):
    unpacked("asked_gradients", tmp_path / "one")
    model = tf.saved_model.load(tmp_path / "one")
    x = tf.constant([-2.5, 0.3, 2.4, 3.5, 0.0, -4.0])
    outer = tf.function(lambda x: model.quantised(tf.identity(x)))
    wanted = outer(x)
    tf.saved_model.save(model, tmp_path / "two")
    again = tf.saved_model.load(tmp_path / "two")
    np.testing.assert_array_equal(again.quantised(x), wanted)


def test_threads_that_come_first_at_once_get_their_gradients(tmp_path):
    unpacked("asked_gradients", tmp_path)
    model = tf.saved_model.load(tmp_path)
    given = [row.values[0] for row in rows() if "second" not in row.values[0]]
    gate = threading.Barrier(len(given))
    failed = []

    def ask(row):
        gate.wait()
        try:
            same(gradients_of(model, row)[0], row["gradients"])
        except Exception as error:
            failed.append((row["name"], error))

    threads = [threading.Thread(target=ask, args=[row]) for row in given]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert not failed
