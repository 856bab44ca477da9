"""The table of semantics: what TensorFlow does at the edges, and rillet with it.

The rows stand in `golden/semantics/expressions/`, TensorFlow's outcomes beside them in
`semantics.json`. Where rillet differs on purpose, `DIFFERENCES` says how and why.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from golden.semantics import outcomes, rows

import rillet as tf

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "semantics"
EXPECTED = json.loads((GOLDEN / "semantics.json").read_text())["rows"]
NAMES = rows.namespace(tf)
SPACING = {
    "float16": 2.0**-10,
    "bfloat16": 2.0**-7,
    "float32": 2.0**-23,
    "float64": 2.0**-52,
    "complex64": 2.0**-23,
    "complex128": 2.0**-52,
}

REFUSED = "a value that the type does not hold is refused, not wrapped around"
JOINED = "tensors in a list are stacked, as in TensorFlow 2.15"
VARIES = "TensorFlow's answer depends on the element's place in the vector"
NAN_LARGEST = "NaN counts as the largest; TensorFlow leaves it about where it stood"
DIVISOR = "a divisor of 0 is the caller's error, as in floordiv"
LACKS = "a type that the op lacks is named beside those it has"
SIGN = "a remainder of zero has the divisor's sign, as in Python"


def _tensor(dtype, shape, values):
    return {"dtype": dtype, "shape": shape, "values": values}


DIFFERENCES: dict[str, tuple[object, str]] = {
    "i32([1]) + 2**40": ({"error": "ValueError"}, REFUSED),
    "u8([1]) + -1": ({"error": "ValueError"}, REFUSED),
    "u8([1]) + 256": ({"error": "ValueError"}, REFUSED),
    "tf.constant(300, tf.uint8)": ({"error": "ValueError"}, REFUSED),
    "tf.constant(-1, tf.uint8)": ({"error": "ValueError"}, REFUSED),
    "tf.constant(2**40, tf.int32)": ({"error": "ValueError"}, REFUSED),
    "tf.matmul(u8([[1]]), u8([[1]]))": (
        _tensor("uint8", [1, 1], [1]),
        "every integer type multiplies",
    ),
    "tf.constant(np.array([1j]), tf.float32)": (
        _tensor("float32", [1], [0.0]),
        "NumPy's warning stays inside",
    ),
    "tf.constant(np.array([1, 2], dtype=object))": (
        _tensor("int32", [2], [1, 2]),
        "pandas columns of numbers convert",
    ),
    "tf.constant([tf.constant(1), 2])": (_tensor("int32", [2], [1, 2]), JOINED),
    "tf.constant([tf.constant(1), 2.5])": ({"error": "TypeError"}, JOINED),
    "tf.constant([tf.constant(1.5), 2])": (_tensor("float32", [2], [1.5, 2.0]), JOINED),
    "tf.constant([[tf.constant(1.5), 2],[3, 4]])": (
        _tensor("float32", [2, 2], [1.5, 2.0, 3.0, 4.0]),
        JOINED,
    ),
    "float(tf.constant([1.]))": ({"python": 1.0}, "one element is enough, as in 2.15"),
    "int(tf.constant([1]))": ({"python": 1}, "one element is enough, as in 2.15"),
    "len(tf.Variable([5,6]))": (
        {"python": 2},
        "a variable has the length of its value",
    ),
    "+tf.constant(1)": (_tensor("int32", [], [1]), "Python's unary plus"),
    "repr(tf.constant(-0.0))": (
        {"python": "<tf.Tensor: shape=(), dtype=float32, numpy=-0.0>"},
        "the sign of zero is shown",
    ),
    "tf.constant([[],[1]])": ({"error": "ValueError"}, "rows of unequal length"),
    "tf.constant([[], [1]])": ({"error": "ValueError"}, "rows of unequal length"),
    "tf.constant([300], dtype=tf.uint8)": ({"error": "ValueError"}, REFUSED),
    "tf.constant([-1], dtype=tf.uint8)": ({"error": "ValueError"}, REFUSED),
    "tf.constant([300],dtype=tf.uint8)": ({"error": "ValueError"}, REFUSED),
    "tf.constant(300,dtype=tf.uint8)": ({"error": "ValueError"}, REFUSED),
    "tf.constant(-1,dtype=tf.uint8)": ({"error": "ValueError"}, REFUSED),
    "tf.constant(2**31,dtype=tf.int32)": ({"error": "ValueError"}, REFUSED),
    "tf.constant([2**31],dtype=tf.int32)": ({"error": "ValueError"}, REFUSED),
    "tf.constant(2**40,dtype=tf.int32)": ({"error": "ValueError"}, REFUSED),
    "tf.constant(2**40,dtype=tf.int8)": ({"error": "ValueError"}, REFUSED),
    "tf.constant([1])+2**40": ({"error": "ValueError"}, REFUSED),
    "tf.constant([1])*2**40": ({"error": "ValueError"}, REFUSED),
    "tf.repeat(i32([1, 2]), [-1, 1])": (
        {"error": "InvalidArgumentError"},
        "a negative count is refused, not read as 0",
    ),
    "tf.range([0], 3)": ({"error": "InvalidArgumentError"}, "limits are scalars"),
    "c64([1 + 1j]) // c64([2 + 0j])": (
        {"error": "InvalidArgumentError"},
        LACKS,
    ),
    "float(i32([3]))": ({"python": 3.0}, "one element is enough, as in 2.15"),
    "float(tf.constant([3]))": ({"python": 3.0}, "one element is enough, as in 2.15"),
    "int(tf.constant([3]))": ({"python": 3}, "one element is enough, as in 2.15"),
    "float(tf.constant([[3.0]]))": (
        {"python": 3.0},
        "one element is enough, as in 2.15",
    ),
    "tf.constant(np.array([1, 2.5], object))": (
        _tensor("float32", [2], [1.0, 2.5]),
        "pandas columns of numbers convert",
    ),
    "tf.reduce_mean(f16([60000.0, 60000.0]))": (
        _tensor("float16", [], [60000.0]),
        "half floats are summed in float32",
    ),
    "tf.nn.softmax(f32([1.0, nan, 2.0]))": (
        _tensor("float32", [3], ["nan"] * 3),
        VARIES,
    ),
    "tf.nn.softmax(f32([1.0, inf, 2.0]))": (
        _tensor("float32", [3], ["nan"] * 3),
        "the sum is NaN, and so is every share of it",
    ),
    "tf.nn.relu(f32([nan, -1.0, -0.0, 2.0]))": (
        _tensor("float32", [4], ["nan", 0.0, 0.0, 2.0]),
        VARIES,
    ),
    "tf.nn.relu6(f32([nan, -1.0, -0.0, 2.0]))": (
        _tensor("float32", [4], ["nan", 0.0, 0.0, 2.0]),
        VARIES,
    ),
    "tf.nn.relu(f32([-0.0, 0.0]))": (_tensor("float32", [2], [0.0, 0.0]), VARIES),
    "tf.maximum(f32([-0.0, 0.0]), f32([0.0, -0.0]))": (
        _tensor("float32", [2], [0.0, "-0.0"]),
        VARIES,
    ),
    "tf.minimum(f32([-0.0, 0.0]), f32([0.0, -0.0]))": (
        _tensor("float32", [2], [0.0, "-0.0"]),
        VARIES,
    ),
    "tf.sort(f32([3.0, nan, 1.0]), direction='DESCENDING')": (
        _tensor("float32", [3], ["nan", 3.0, 1.0]),
        NAN_LARGEST,
    ),
    "tf.math.top_k(f32([3.0, nan, 1.0]), k=2)": (
        {
            "list": [
                _tensor("float32", [2], ["nan", 3.0]),
                _tensor("int32", [2], [1, 0]),
            ]
        },
        NAN_LARGEST,
    ),
    "tf.truncatediv(i32([7, -7, 7, -7]), i32([3, 3, -3, 0]))": (
        {"error": "InvalidArgumentError"},
        DIVISOR,
    ),
    "tf.truncatemod(i32([1]), i32([0]))": ({"error": "InvalidArgumentError"}, DIVISOR),
    "tf.realdiv(i32([7]), i32([2]))": ({"error": "InvalidArgumentError"}, LACKS),
    "tf.round(c64([1.5 + 2.5j]))": ({"error": "InvalidArgumentError"}, LACKS),
    "tf.math.softplus(f32([-100.0, 100.0, 0.0]))": (
        _tensor("float32", [3], [3.783505853677006e-44, 100.0, 0.6931472]),
        "what is too small for a normal number is not flushed to 0",
    ),
    "f32([-0.0]) % f32([2.0])": (_tensor("float32", [1], [0.0]), SIGN),
    "f32([1.0, -1.0, 0.0, -0.0]) % f32([0.0, 0.0, 0.0, 2.0])": (
        _tensor("float32", [4], ["nan", "nan", "nan", 0.0]),
        SIGN,
    ),
}
"""For a row, rillet's own outcome and why it is not TensorFlow's."""


def check(found, expected, row):
    """Compare two outcomes; floats may differ by 8 units in the last place.

    Both libraries' elementwise functions are right to 4 units or better, and the rows
    hold no sum longer than 40 elements.
    """
    if "error" in expected:
        classes = [found.get("error"), *found.get("bases", [])]
        assert expected["error"] in classes, f"{row}: {found} instead of {expected}"
        return
    assert found.keys() == expected.keys(), f"{row}: {found} instead of {expected}"
    for parts in ("list", "indexed_slices"):
        if parts in expected:
            assert len(found[parts]) == len(expected[parts]), f"{row}: {found}"
            for one, other in zip(found[parts], expected[parts], strict=True):
                check(one, other, row)
            return
    spacing = SPACING.get(expected.get("dtype", ""))
    if spacing is None:
        assert found == expected, f"{row}: {found} instead of {expected}"
        return
    assert found["dtype"] == expected["dtype"], f"{row}: {found}"
    assert found["shape"] == expected["shape"], f"{row}: {found}"
    arrays = [outcomes.decoded(o["values"], o["dtype"]) for o in (found, expected)]
    np.testing.assert_allclose(*arrays, rtol=8 * spacing, atol=0.0, err_msg=row)
    zeros = [np.signbit(a.real) & (a == 0) for a in arrays]
    np.testing.assert_array_equal(*zeros, err_msg=f"{row}: a zero's sign")


@pytest.mark.parametrize(
    ("family", "row"),
    [pytest.param(*pair, id=f"{pair[0]}:{pair[1]}") for pair in rows.expressions()],
)
def test_row(family, row):
    expected, _ = DIFFERENCES.get(row, (EXPECTED[row], ""))
    check(outcomes.outcome(NAMES, row), expected, row)


def test_every_row_has_an_outcome_and_nothing_else():
    assert set(EXPECTED) == {row for _, row in rows.expressions()}
    assert not [row for row, found in EXPECTED.items() if "crash" in found]
    assert set(DIFFERENCES) <= set(EXPECTED)


def test_each_difference_is_one():
    for row, (own, _) in DIFFERENCES.items():
        with pytest.raises(AssertionError):
            check(own, EXPECTED[row], row)
