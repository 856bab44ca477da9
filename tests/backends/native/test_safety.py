"""What could make native code read or divide where it must not, beside TensorFlow.

Every row gives TensorFlow's result or error, natively and op by op; the process lives.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from golden.safety_rows import ROWS

import rillet as tf

GOLDEN = Path(__file__).parents[2] / "golden" / "safety.json"
WANT = json.loads(GOLDEN.read_text("utf-8"))
#: Where rillet means to differ: the beginning of the call, what TensorFlow gives (None
#: for any), what rillet gives (None for a tensor of the right size), and why.
DIFFERENT = (
    # TensorFlow's kernel fails without words.
    ("tf.truncatediv", "InternalError", "InvalidArgumentError"),
    # TensorFlow's optimizer takes reshapes and convolutions of nothing away, wrongly;
    # eagerly it gives what rillet gives.
    ("tf.reshape(a, [b, 4])", None, "InvalidArgumentError"),
    ("tf.nn.conv2d", None, None),
    # Only in graphs, and only because of how sizes are inferred.
    ("tf.nn.avg_pool2d", "ValueError", None),
    # No channels: nothing to do, and nothing wrong.
    ("tf.nn.depthwise_conv2d", "InvalidArgumentError", None),
    ("tf.image.resize", "InvalidArgumentError", None),
)


def listed(value: Any) -> list[Any]:
    """A tensor as the golden file holds it."""
    array = np.asarray(value.numpy())
    flat = [str(v) for v in array.reshape(-1).tolist()]
    return [array.dtype.name, list(array.shape), " ".join(flat)]


def answer(row: tuple[str, str, str], jit: bool | None) -> Any:
    """What a function gives for a row: values, or the name of an error's class."""
    call, *values = row
    names = {"tf": tf, "np": np}
    function = tf.function(
        eval(f"lambda a, b: {call}", names), autograph=False, jit_compile=jit
    )
    try:
        return listed(function(*[tf.constant(eval(v, names)) for v in values]))
    except (tf.errors.OpError, ValueError, TypeError) as error:
        # one found while tracing is caught as any of its bases
        traced = type(error).__name__ == "TracedArgumentError"
        return "InvalidArgumentError" if traced else type(error).__name__


def same(have: Any, want: Any) -> bool:
    """Whether two answers agree; one class of errors stands for wrong sizes."""
    if isinstance(have, str) or isinstance(want, str):
        return have == want or (have, want) == ("InvalidArgumentError", "ValueError")
    if have[:2] != want[:2] or have[2] == want[2]:
        return bool(have == want)
    if not have[0].startswith("float"):
        return False
    found, wanted = [np.array(x[2].split(), np.float64) for x in (have, want)]
    return np.allclose(found, wanted, rtol=1e-5, atol=1e-6, equal_nan=True)


def allowed(row: tuple[str, str, str], have: Any, want: Any) -> bool:
    """Whether a difference is listed."""
    return any(
        row[0].startswith(call)
        and (theirs is None or want == theirs)
        and (have == ours if ours else isinstance(have, list))
        for call, theirs, ours in DIFFERENT
    )


@pytest.mark.parametrize("number", range(len(ROWS)))
def test_as_tensorflow_does(number: int) -> None:
    row, want = ROWS[number], WANT[number]
    native, reference = answer(row, None), answer(row, False)
    assert same(native, reference), row
    assert same(native, want) or allowed(row, native, want), row
