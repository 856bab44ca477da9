"""Gradients that programs gave to functions count for what is loaded.

`tests/golden/saved_models/make_gradients.py` has the functions; TensorFlow found the
gradients before it saved the module.
"""

from __future__ import annotations

import contextlib
import json
import zipfile

import numpy as np
import pytest
from golden_calls import GOLDEN, agree, array_of, called, unpacked, value_of

import rillet as tf

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
    with (
        pytest.raises(LookupError, match="No gradient defined for operation 'Ident"),
        tf.GradientTape() as tape,
    ):
        tape.watch(x)
        model.f(x)


def test_a_gradient_inside_a_gradient_is_not_in_tensorflows_files(loaded):
    row = next(r.values[0] for r in rows() if r.id == "nested")
    with pytest.raises(LookupError, match="experimental_custom_gradients=True"):
        gradients_of(loaded, {**row, "second": None})
