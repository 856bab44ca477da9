"""`tf.test.TestCase`: what passes, what fails and in which words."""

from __future__ import annotations

import os

import numpy as np
import pytest

import rillet as tf


class Sample(tf.test.TestCase):
    def runTest(self) -> None:
        """Nothing: the assertions are called from outside."""

    __test__ = False


CASE = Sample()

PASSES = [
    ("assertAllClose", ([1.0, 2.0], tf.constant([1.0, 2.0 + 1e-7]))),
    ("assertAllClose", ({"a": [tf.constant(1.0)]}, {"a": [1.0]})),
    ("assertAllClose", ([[1.0], [1.0, 2.0]], [[1.0], [1.0, 2.0]])),
    ("assertAllClose", ([np.nan], [np.nan])),
    ("assertAllClose", (tf.constant([1.5], tf.bfloat16), [1.5])),
    ("assertNotAllClose", ([1.0], [1.1])),
    ("assertAllCloseAccordingToType", (tf.constant([1.0], tf.float16), [1.0005])),
    ("assertAllEqual", (tf.constant(["a"]), ["a"])),
    ("assertAllEqual", (tf.constant(["a"]), [b"a"])),
    ("assertAllEqual", ([np.nan], [np.nan])),
    ("assertNotAllEqual", ([1], [2])),
    ("assertAllGreater", ([1, 2], 0)),
    ("assertAllLess", ([1, 2], 3)),
    ("assertAllGreaterEqual", ([1, 2], 1)),
    ("assertAllLessEqual", ([1, 2], 2)),
    ("assertAllInRange", ([1, 2], 1, 2)),
    ("assertAllInSet", ([1, 2], {1, 2, 3})),
    ("assertDTypeEqual", (tf.constant(1.0), tf.float32)),
    ("assertShapeEqual", (np.ones([2]), tf.zeros([2]))),
    ("assertDeviceEqual", ("/device:CPU:0", "/cpu:0")),
    ("assertNear", (1.0, 1.5, 0.5)),
    ("assertArrayNear", ([1.0], [1.1], 0.2)),
    ("assertNDArrayNear", (np.ones(2), np.ones(2) + 0.1, 0.2)),
    ("assertLen", ([1], 1)),
    ("assertEmpty", ([],)),
    ("assertNotEmpty", ([1],)),
    ("assertStartsWith", ("abc", "ab")),
    ("assertEndsWith", ("abc", "bc")),
    ("assertBetween", (1, 0, 2)),
    ("assertSameStructure", ([1, (2,)], [3, (4,)])),
]

FAILS = [
    ("assertAllClose", ([1.0, 2.0], [1.0, 2.1]), r"Not equal to tolerance rtol=1e-06"),
    ("assertAllClose", ({"a": [1.0]}, {"a": [1.1]}), r"a\[a\] is different from"),
    ("assertAllClose", ({"a": 1.0}, {"b": 1.0}), "mismatched keys"),
    ("assertAllClose", ([1.0], [1.0, 2.0]), r"Shape mismatch: expected \(1,\), got"),
    ("assertAllClose", ((1.0, [2.0, 3.0]), (1.0, [2.0, 3.5])), r"a\[1\] is different"),
    ("assertNotAllClose", ([1.0], [1.0]), "are close at all elements"),
    ("assertAllEqual", ([1, 2], [1, 3]), r"not equal lhs = \[2\]"),
    ("assertAllEqual", (tf.constant(["a"]), ["b"]), "not equal"),
    ("assertNotAllEqual", ([1], [1]), "are equal at all elements"),
    ("assertAllGreater", ([1, 2], 1), "1.* not greater than 1"),
    ("assertAllLess", ([1, 2], 2), "2.* not less than 2"),
    ("assertAllGreaterEqual", ([1, 2], 3), "not greater than or equal to 3"),
    ("assertAllLessEqual", ([1, 2], 1), "not less than or equal to 1"),
    ("assertAllInRange", ([1, 2, 5], 1, 3), r"1 of the 3 element\(s\) are outside"),
    ("assertAllInRange", ([1.0, np.nan], 1, 3), r"outside the range \[1, 3\]"),
    ("assertAllInSet", ([1, 2], [1]), r"not in the set \[1\]: \[2\]"),
    ("assertDTypeEqual", ([1], tf.float32), "float32"),
    ("assertShapeEqual", (np.ones([2]), tf.zeros([3])), r"\(2,\) != \(3,\)"),
    ("assertDeviceEqual", ("/cpu:0", "/gpu:0"), "cpu:0"),
    ("assertNear", (1.0, 2.0, 0.5), r"\+/- 0.5"),
    ("assertNDArrayNear", (np.ones(2), np.zeros(2), 1.0), "not less than 1.0"),
    ("assertLen", ([1], 2), "has length of 1, expected 2"),
    ("assertNotEmpty", ([],), "length of 0"),
    ("assertStartsWith", ("abc", "b"), "does not start with"),
    ("assertEndsWith", ("abc", "b"), "does not end with"),
    ("assertBetween", (3, 0, 2), "not between 0 and 2"),
    ("assertSameStructure", ([1], [1, 2]), "differ in structure"),
]


@pytest.mark.parametrize(("name", "arguments"), PASSES)
def test_passes(name: str, arguments: tuple) -> None:
    getattr(CASE, name)(*arguments)


@pytest.mark.parametrize(("name", "arguments", "text"), FAILS)
def test_fails(name: str, arguments: tuple, text: str) -> None:
    with pytest.raises(AssertionError, match=text):
        getattr(CASE, name)(*arguments)


def test_errors_of_ops() -> None:
    with CASE.assertRaisesOpError("Incompatible"):
        tf.ones([2]) + tf.ones([3])
    with pytest.raises(AssertionError, match="xyz"):
        with CASE.assertRaisesOpError("abc"):
            raise tf.errors.InvalidArgumentError(None, None, "xyz")
    with pytest.raises(AssertionError, match="OpError not raised"):
        with CASE.assertRaisesOpError("abc"):
            pass


def test_each_test_starts_from_one_seed() -> None:
    draws = []
    for _ in range(2):
        CASE.setUp()
        draws.append((float(tf.random.uniform([])), np.random.rand()))
    assert draws[0] == draws[1]


def test_folder_and_evaluation() -> None:
    case = Sample()
    folder = case.get_temp_dir()
    assert os.path.isdir(folder) and case.get_temp_dir() == folder
    case.doCleanups()
    assert not os.path.exists(folder)
    assert case.evaluate({"a": tf.constant(1), "b": [tf.Variable(2.0)]}) == {
        "a": 1,
        "b": [2.0],
    }


def test_honest_about_devices() -> None:
    assert tf.test.gpu_device_name() == "" and not tf.test.is_gpu_available()
    assert not tf.test.is_built_with_cuda() and not tf.test.is_built_with_xla()
    assert tf.sysconfig.get_build_info()["is_cuda_build"] is False
