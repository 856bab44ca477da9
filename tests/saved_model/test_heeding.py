"""What a node says and its reader does not look at is refused, not passed over."""

from __future__ import annotations

import numpy as np
import pytest
from golden_calls import unpacked

import rillet as tf
from rillet.core import dtypes
from rillet.saved_model.heeding import Attributes, check_heeded
from rillet.saved_model.reader_table import reader_of
from rillet.saved_model.steps import Step


@pytest.mark.parametrize(
    ("function", "said"),
    [("cut", "Cast with Truncate=True"), ("passed_over", "policy='IGNORE'")],
)
def test_a_model_that_says_more_is_refused_where_it_runs(function, said, tmp_path):
    unpacked("unread_attributes", tmp_path)
    loaded = tf.saved_model.load(tmp_path)
    with pytest.raises(tf.errors.UnimplementedError, match=said) as caught:
        getattr(loaded, function)(tf.constant([1.0]))
    assert "of the saved function '__inference_" in caught.value.__notes__[0]


def _step(op, **attrs):
    return Step("node", op, [], Attributes(attrs))


CASES = {
    "default": ("Cast", {"Truncate": False}, False),
    "unusual": ("Cast", {"Truncate": True}, True),
    "default in other words": ("ScatterNd", {"bad_indices_policy": b"ERROR"}, False),
    "harmless": ("VarHandleOp", {"shared_name": b"v"}, False),
    "no op of the table": ("MyOp", {"size": 3}, False),
    "another type": ("Identity", {"T": dtypes.float64}, True),
    "its type": ("Identity", {"T": dtypes.float32}, False),
}


@pytest.mark.parametrize("case", CASES)
def test_only_what_matters_is_refused(case):
    op, attrs, refused = CASES[case]
    step, outputs = _step(op, **attrs), (tf.constant(np.float32(1.0)),)
    if not refused:
        check_heeded(step, outputs)
        return
    with pytest.raises(tf.errors.UnimplementedError, match=rf"SavedModel: {op} with"):
        check_heeded(step, outputs)


@pytest.mark.parametrize("bits", [0, 1, 17])
def test_steps_are_of_as_many_bits_as_tensorflow_takes(bits):
    step = _step("FakeQuantWithMinMaxArgs", num_bits=bits)
    read = reader_of(step.op)
    with pytest.raises(tf.errors.InvalidArgumentError, match="between 2 and 16"):
        read(None, step, [tf.constant([0.3])])


@pytest.mark.parametrize("ask", ["get", "item", "spread"])
def test_what_was_asked_for_is_heeded(ask):
    step = _step("Cast", Truncate=True)
    if ask == "get":
        step.attrs.get("Truncate")
    elif ask == "item":
        step.attrs["Truncate"]
    else:
        dict(**step.attrs)
    check_heeded(step, (tf.constant(1.0),))
