"""What tensors and variables say of attributes and keys that they lack."""

import copy
import pickle
import traceback

import numpy as np
import pytest

import rillet as tf

TENSOR = tf.constant([[1.0, 2.0], [3.0, 4.0]])
VARIABLE = tf.Variable([1.0, 2.0], name="slope")

#: The access, and what its error says.
ROWS = [
    (lambda: VARIABLE.assing([1.0, 1.0]), r"'assing'\.\nDid you mean assign\?"),
    (lambda: VARIABLE.trainabel, r"Did you mean trainable\?"),
    (lambda: VARIABLE.reshape(2), r"Use tf\.reshape\(x, shape\)"),
    (lambda: VARIABLE.xyz, r"x\.numpy\(\) has NumPy's methods"),
    (lambda: TENSOR.nump(), r"'nump'\.\nDid you mean numpy\?"),
    (lambda: TENSOR.shap, r"Did you mean shape\?"),
    (lambda: TENSOR.mean(), r"Use tf\.reduce_mean\(x\)"),
    (lambda: TENSOR.unsqueeze(0), r"Use tf\.expand_dims\(x, axis\)"),
    (lambda: TENSOR.assign(1.0), r"Use a tf\.Variable: a tensor never changes"),
    (lambda: TENSOR.op, "undefined when eager execution is enabled"),
]


@pytest.mark.parametrize(("access", "words"), ROWS)
def test_missing_attribute(access, words):
    with pytest.raises(AttributeError, match=words) as caught:
        access()
    shown = "".join(traceback.format_exception_only(caught.value))
    assert shown.count("Did you mean") == str(caught.value).count("Did you mean")


def test_variables_are_still_copied_and_pickled():
    for twin in (copy.deepcopy(VARIABLE), pickle.loads(pickle.dumps(VARIABLE))):
        assert twin.numpy().tolist() == [1.0, 2.0]
    assert not hasattr(VARIABLE, "xyz")
    assert np.asarray(VARIABLE).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("holder", [TENSOR, VARIABLE])
def test_a_list_as_a_key_that_fails_leads_to_gather(holder):
    with pytest.raises(tf.errors.InvalidArgumentError) as caught:
        _ = holder[[0, 2]]
    words = "A list is one index for each axis: to take rows, tf.gather(x, [0, 2])."
    assert str(caught.value).endswith(words)
    assert TENSOR[[0, 1]].numpy() == 2.0


#: A write or a use, the class of its error, and what it says of the variable.
WRITES = [
    (
        lambda v: v.assign([1.0, 2.0, 3.0]),
        ValueError,
        r"value has shape \(3,\)\. Give .* \(2,\), or .* shape=tf\.TensorShape\(None\)",
    ),
    (
        lambda v: v.assign_add([1.0, 2.0, 3.0]),
        tf.errors.InvalidArgumentError,
        r"value has shape \(3,\)\. Give a value of shape \(2,\)\.$",
    ),
    (lambda v: v.assign(tf.constant([1, 2])), ValueError, r"Convert .*tf\.cast\(value"),
    (lambda v: v.__setitem__(0, 1.0), TypeError, r"Use variable\[\.\.\.\]\.assign"),
    (hash, TypeError, r"Use variable\.ref\(\)"),
]


@pytest.mark.parametrize(("act", "kind", "words"), WRITES)
def test_messages_name_the_variable(act, kind, words):
    with pytest.raises(kind, match=words) as caught:
        act(VARIABLE)
    label = "variable 'slope:0' has shape (2,) and dtype float32"
    assert label in str(caught.value)
    assert VARIABLE.numpy().tolist() == [1.0, 2.0]


def test_indexed_slices_print_as_in_tensorflow():
    rows = tf.IndexedSlices(
        tf.constant([[5.0, 1.0]]), tf.constant([0]), tf.constant([4, 2])
    )
    assert repr(rows).startswith(
        "<tensorflow.python.framework.indexed_slices.IndexedSlices object at 0x"
    )
    assert str(rows) == (
        "IndexedSlices(indices=tf.Tensor([0], shape=(1,), dtype=int32),"
        " values=tf.Tensor([[5. 1.]], shape=(1, 2), dtype=float32),"
        " dense_shape=tf.Tensor([4 2], shape=(2,), dtype=int32))"
    )
