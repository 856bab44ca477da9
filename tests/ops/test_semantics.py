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

DIFFERENCES: dict[str, tuple[object, str]] = {}
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
