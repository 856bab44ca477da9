"""What a beginner is told: the class that TensorFlow raises, and words that help.

The mistakes stand in `golden/mistakes/`, TensorFlow's classes in `mistakes.json` beside
them, with the script that asked real TensorFlow.
"""

import json
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from golden.mistakes import tables
from golden.mistakes.mistake import run

import rillet as tf

GOLDEN = Path(__file__).resolve().parent / "golden" / "mistakes" / "mistakes.json"
RAISED = json.loads(GOLDEN.read_text("utf-8"))["errors"]

#: Who speaks, then a colon, what broke, and a full stop or a question.
HOUSE = re.compile(r"^[\w.\[\]() =]+: \S(.|\n)*[.?]$")
#: Words that are Python's, or TensorFlow's own form of an assertion.
OTHERS = re.compile(
    r"unexpected keyword argument|required (positional )?argument"
    r"|takes \d positional arguments? but"
    r"|is not (callable|subscriptable)|object has no attribute"
    r"|^Condition x == y did not hold|^loss : Tensor had NaN values"
)


def each(table):
    return [pytest.param(row, id=row.name) for row in table]


def words(error):
    """A message without what Keras adds around it: which layer was being called."""
    text = str(error)
    if text.startswith("Exception encountered when calling layer"):
        text = text.split("\n\n", 1)[1].split("\n\nCall arguments", 1)[0]
    return text


@pytest.mark.parametrize("row", each(tables.CHECKED))
def test_mistake(row):
    found = run(tf, row)
    assert found.error is not None, "nothing was refused"
    text = words(found.error)
    bases = [base.__name__ for base in type(found.error).__mro__]
    assert (row.here or RAISED[row.name]) in bases, text
    assert re.search(row.says, text, re.DOTALL), text
    assert HOUSE.match(text) or OTHERS.search(text), text
    assert found.before.keys() == found.after.keys()
    for name, value in found.before.items():
        np.testing.assert_array_equal(found.after[name], value, err_msg=name)


def memory_peak():
    """The most memory that this process has held, where the system tells."""
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


@pytest.mark.parametrize("row", each(tables.SIZES))
def test_no_memory_for_it(row):
    before, started = memory_peak(), time.perf_counter()
    found = run(tf, row)
    text = str(found.error)
    assert isinstance(found.error, tf.errors.ResourceExhaustedError), text
    assert re.search(row.says, text), text
    assert memory_peak() - before < 200e6
    assert time.perf_counter() - started < 5


def test_each_row_was_shown_to_tensorflow():
    names = [row.name for row in tables.CHECKED]
    assert len(set(names)) == len(names) >= 70
    assert RAISED.keys() == set(names)


def test_differences_have_a_reason():
    for row in tables.CHECKED:
        assert bool(row.here) == bool(row.why)
        assert row.here or RAISED[row.name], f"TensorFlow refuses nothing at {row.name}"
        assert row.here != RAISED[row.name]
