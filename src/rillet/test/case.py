"""`tf.test.TestCase`: unit tests with assertions on tensors and nests of them."""

from __future__ import annotations

import contextlib
import random
import re
import tempfile
import unittest
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np

from rillet.core import nest
from rillet.core.dtypes import as_dtype
from rillet.core.errors import OpError
from rillet.core.tensor import is_tensor
from rillet.ops.seeds import set_seed

_SEED: Final = 87654321  # TensorFlow's default graph seed


def main(argv: list[str] | None = None) -> None:
    """Run the tests of the program that is being run, as `unittest.main` does."""
    unittest.main(argv=argv)


def _value(x: Any) -> Any:
    """A tensor's or variable's value, other things as they are."""
    return x.numpy() if is_tensor(x) else x


def _array(x: Any) -> Any:
    array = np.asarray(_value(x))
    if array.dtype == object and array.size:
        texts = [v.encode() if isinstance(v, str) else v for v in array.reshape(-1)]
        if all(isinstance(v, bytes) for v in texts):
            return np.array(texts).reshape(array.shape)
    if array.dtype.kind == "U":
        return np.char.encode(array, "utf-8")
    return array


def _offending(kind: str, mask: Any, a: Any, b: Any) -> str:
    a, b = np.broadcast_to(a, mask.shape), np.broadcast_to(b, mask.shape)
    return (
        f"{kind} where = {np.where(mask)}\n{kind} lhs = {a[mask]}\n"
        f"{kind} rhs = {b[mask]}\n"
    )


class TestCase(unittest.TestCase):
    """A base for unit tests; each test starts from the same random seeds.

    Example:
        >>> import rillet as tf
        >>> class Doubling(tf.test.TestCase):
        ...     def test_double(self):
        ...         self.assertAllEqual(tf.constant([1, 2]) * 2, [2, 4])
        >>> Doubling("test_double").run().wasSuccessful()
        True
    """

    __test__ = False  # for pytest: subclasses below turn it on
    _folder: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__test__" not in cls.__dict__:
            cls.__test__ = True

    def setUp(self) -> None:
        """Seed Python's, NumPy's and rillet's random numbers."""
        super().setUp()
        random.seed(_SEED)
        np.random.seed(_SEED)
        set_seed(_SEED)

    def get_temp_dir(self) -> str:
        """A folder for the test's files, removed after the test."""
        if self._folder is None:
            holder = tempfile.TemporaryDirectory(prefix="rillet-test-")
            self._folder = holder.name
            self.addCleanup(holder.cleanup)
        return self._folder

    def evaluate(self, tensors: Any) -> Any:
        """A nest of tensors as a nest of NumPy values; functions are called first."""
        if callable(tensors) and not is_tensor(tensors):
            tensors = tensors()
        return nest.map_structure(_value, tensors)

    def assertAllClose(
        self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: Any = None
    ) -> None:
        """Fail unless values, or those at the same places of nests, are nearly equal.

        Args:
            a: the value, or a nest of values.
            b: the expected value, or a nest of the same form.
            rtol: how far values may lie apart, as a part of `b`.
            atol: how far they may lie apart besides.
            msg: words to add to the failure.
        """
        self._close(_value(a), _value(b), rtol, atol, (), msg)

    def _close(
        self, a: Any, b: Any, rtol: float, atol: float, path: tuple[Any, ...], msg: Any
    ) -> None:
        place = "".join(f"[{key}]" for key in path)
        if hasattr(a, "_asdict"):
            a = a._asdict()
        if hasattr(b, "_asdict"):
            b = b._asdict()
        self.assertEqual(isinstance(a, Mapping), isinstance(b, Mapping), msg)
        if isinstance(a, Mapping):
            self.assertCountEqual(
                a.keys(),
                b.keys(),
                f"mismatched keys: a{place} has keys {a.keys()}, but b{place} has keys"
                f" {b.keys()}. {msg or ''}",
            )
            for key in a:
                self._close(a[key], b[key], rtol, atol, (*path, key), msg)
        elif isinstance(a, list | tuple) and not self._is_array(a, b):
            self.assertLen(b, len(a), f"mismatched length at a{place}. {msg or ''}")
            for i, (one, other) in enumerate(zip(a, b, strict=True)):
                self._close(one, other, rtol, atol, (*path, i), msg)
        else:
            self._close_arrays(_array(a), _array(b), rtol, atol, place, msg)

    @staticmethod
    def _is_array(a: Any, b: Any) -> bool:
        try:
            pair = np.asarray(nest.map_structure(_value, a)), np.asarray(b)
        except (ValueError, TypeError):
            return False
        return all(array.dtype.kind in "biufcV" for array in pair)

    def _close_arrays(
        self, a: Any, b: Any, rtol: float, atol: float, place: str, msg: Any
    ) -> None:
        self._same_shape(a, b, msg)
        if a.dtype.kind == "V" or b.dtype.kind == "V":  # bfloat16
            a, b = a.astype(np.float32), b.astype(np.float32)
        near = np.isclose(a, b, rtol=rtol, atol=atol, equal_nan=True)
        if not near.all():
            self.fail(
                f"Not equal to tolerance rtol={rtol:g}, atol={atol:g}\nMismatched"
                f" value: a{place} is different from b{place}. {msg or ''}\n"
                + _offending("not close", ~near, a, b)
                + f"not close dif = {np.abs(a - b)[~near]}\n"
                f"dtype = {a.dtype}, shape = {a.shape}"
            )

    def _same_shape(self, a: Any, b: Any, msg: Any) -> None:
        self.assertEqual(
            a.shape,
            b.shape,
            f"Shape mismatch: expected {a.shape}, got {b.shape}. {msg or ''}",
        )

    def assertAllCloseAccordingToType(
        self,
        a: Any,
        b: Any,
        rtol: float = 1e-6,
        atol: float = 1e-6,
        float_rtol: float = 1e-6,
        float_atol: float = 1e-6,
        half_rtol: float = 1e-3,
        half_atol: float = 1e-3,
        bfloat16_rtol: float = 1e-2,
        bfloat16_atol: float = 1e-2,
        msg: Any = None,
    ) -> None:
        """`assertAllClose` with the tolerances of the coarser type of the two."""
        kinds = {_array(a).dtype.name, _array(b).dtype.name}
        for names, loose, close in (
            ({"float32", "complex64"}, float_rtol, float_atol),
            ({"float16"}, half_rtol, half_atol),
            ({"bfloat16"}, bfloat16_rtol, bfloat16_atol),
        ):
            if kinds & names:
                rtol, atol = max(rtol, loose), max(atol, close)
        self.assertAllClose(a, b, rtol, atol, msg)

    def assertNotAllClose(
        self, a: Any, b: Any, rtol: float = 1e-6, atol: float = 1e-6, msg: Any = None
    ) -> None:
        """Fail where values are nearly equal everywhere."""
        try:
            self.assertAllClose(a, b, rtol, atol, msg)
        except self.failureException:
            return
        self.fail(f"The two values are close at all elements. {msg or ''}")

    def assertAllEqual(self, a: Any, b: Any, msg: Any = None) -> None:
        """Fail unless two values have one shape and equal elements; NaN equals NaN."""
        a, b = _array(a), _array(b)
        if a.dtype.kind == "V" or b.dtype.kind == "V":  # bfloat16
            a, b = a.astype(np.float32), b.astype(np.float32)
        self._same_shape(a, b, msg)
        same = np.asarray(a == b)
        if a.dtype.kind in "fc" and b.dtype.kind in "fc":
            same = same | (np.isnan(a) & np.isnan(b))
        if not same.all():
            self.fail(
                f"Arrays are not equal. {msg or ''}\n"
                + _offending("not equal", ~same, a, b)
            )

    def assertNotAllEqual(self, a: Any, b: Any, msg: Any = None) -> None:
        """Fail where two values are equal everywhere."""
        try:
            self.assertAllEqual(a, b, msg)
        except self.failureException:
            return
        self.fail(f"The two values are equal at all elements. {msg or ''}")

    def assertAllGreater(self, a: Any, comparison_target: Any) -> None:
        """Fail unless every element is greater than a number."""
        self.assertGreater(np.min(_array(a)), comparison_target)

    def assertAllLess(self, a: Any, comparison_target: Any) -> None:
        """Fail unless every element is less than a number."""
        self.assertLess(np.max(_array(a)), comparison_target)

    def assertAllGreaterEqual(self, a: Any, comparison_target: Any) -> None:
        """Fail unless every element is at least a number."""
        self.assertGreaterEqual(np.min(_array(a)), comparison_target)

    def assertAllLessEqual(self, a: Any, comparison_target: Any) -> None:
        """Fail unless every element is at most a number."""
        self.assertLessEqual(np.max(_array(a)), comparison_target)

    def assertAllInRange(
        self,
        target: Any,
        lower_bound: Any,
        upper_bound: Any,
        open_lower_bound: bool = False,
        open_upper_bound: bool = False,
    ) -> None:
        """Fail unless every element lies in a range.

        Args:
            target: a numeric value.
            lower_bound: where the range begins.
            upper_bound: where it ends.
            open_lower_bound: leave the beginning itself out.
            open_upper_bound: leave the end itself out.
        """
        array = _array(target)
        low = array <= lower_bound if open_lower_bound else array < lower_bound
        high = array >= upper_bound if open_upper_bound else array > upper_bound
        # NaN compares false with either bound, and lies in no range
        wrong = low | high | (array != array)
        if wrong.any():
            shown = f"{'(' if open_lower_bound else '['}{lower_bound}, {upper_bound}"
            shown += ")" if open_upper_bound else "]"
            places = [f"  {list(i)} : {array[tuple(i)]}" for i in np.argwhere(wrong)]
            self.fail(
                f"{int(wrong.sum())} of the {array.size} element(s) are outside the"
                f" range {shown}. Subscript(s) and value(s) of the offending"
                " elements:\n" + "\n".join(places)
            )

    def assertAllInSet(self, target: Any, expected_set: Any) -> None:
        """Fail unless every element is one of a set."""
        found = np.unique(_array(target))
        odd = [v for v in found.tolist() if v not in list(expected_set)]
        if odd:
            self.fail(
                f"{len(odd)} unique element(s) are not in the set {expected_set}: {odd}"
            )

    def assertDTypeEqual(self, target: Any, expected_dtype: Any) -> None:
        """Fail unless a value has a type."""
        self.assertEqual(as_dtype(_array(target).dtype), as_dtype(expected_dtype))

    def assertShapeEqual(self, input_a: Any, input_b: Any, msg: Any = None) -> None:
        """Fail unless two values have one shape."""
        self.assertEqual(np.shape(_value(input_a)), np.shape(_value(input_b)), msg)

    def assertDeviceEqual(self, device1: Any, device2: Any, msg: Any = None) -> None:
        """Fail unless two names name one device."""
        names = [str(name or "").lower() for name in (device1, device2)]
        first, second = (name.rpartition("/")[2] for name in names)
        self.assertEqual(
            first.removeprefix("device:"), second.removeprefix("device:"), msg
        )

    def assertNear(self, f1: float, f2: float, err: float, msg: Any = None) -> None:
        """Fail unless two numbers lie no farther apart than `err`."""
        self.assertTrue(
            f1 == f2 or abs(f1 - f2) <= err,
            f"{f1:f} != {f2:f} +/- {err:f} (difference: {abs(f1 - f2)})"
            + (f" ({msg})" if msg is not None else ""),
        )

    def assertArrayNear(
        self, farray1: Any, farray2: Any, err: float, msg: Any = None
    ) -> None:
        """Fail unless two lists of numbers are near, element by element."""
        self.assertEqual(len(farray1), len(farray2), msg)
        for one, other in zip(farray1, farray2, strict=True):
            self.assertNear(float(one), float(other), err, msg)

    def assertNDArrayNear(
        self, ndarray1: Any, ndarray2: Any, err: float, msg: Any = None
    ) -> None:
        """Fail unless the distance of two arrays, as vectors, is less than `err`."""
        a, b = _array(ndarray1), _array(ndarray2)
        self._same_shape(a, b, msg)
        self.assertLess(float(np.sqrt(np.sum(np.square(a - b)))), err, msg)

    @contextlib.contextmanager
    def assertRaisesWithPredicateMatch(
        self, exception_type: Any, expected_err_re_or_predicate: Any
    ) -> Iterator[None]:
        """Fail unless the block raises, and the error's text or the error fits.

        Args:
            exception_type: the class.
            expected_err_re_or_predicate: a pattern, or a function of the error.
        """
        fits: Callable[[Any], Any] = expected_err_re_or_predicate
        if not callable(fits):
            pattern = re.compile(expected_err_re_or_predicate)

            def fits(error: Any) -> Any:
                return pattern.search(str(error))

        try:
            yield
        except exception_type as error:
            if not fits(error):
                raise AssertionError(
                    f"Exception of type {type(error)}: {error}"
                ) from error
        else:
            self.fail(f"{exception_type.__name__} not raised")

    def assertRaisesOpError(self, expected_err_re_or_predicate: Any) -> Any:
        """`assertRaisesWithPredicateMatch` for every error of an op."""
        return self.assertRaisesWithPredicateMatch(
            OpError, expected_err_re_or_predicate
        )

    def assertLen(self, container: Any, expected_len: int, msg: Any = None) -> None:
        """Fail unless a container has a length."""
        if len(container) != expected_len:
            self.fail(
                f"{container!r} has length of {len(container)}, expected"
                f" {expected_len}. {msg or ''}"
            )

    def assertEmpty(self, container: Any, msg: Any = None) -> None:
        """Fail unless a container is empty."""
        self.assertLen(container, 0, msg)

    def assertNotEmpty(self, container: Any, msg: Any = None) -> None:
        """Fail where a container is empty."""
        if not len(container):
            self.fail(f"{container!r} has length of 0. {msg or ''}")

    def assertStartsWith(
        self, actual: Any, expected_start: Any, msg: Any = None
    ) -> None:
        """Fail unless a string begins with another."""
        if not actual.startswith(expected_start):
            self.fail(f"{actual!r} does not start with {expected_start!r}. {msg or ''}")

    def assertEndsWith(self, actual: Any, expected_end: Any, msg: Any = None) -> None:
        """Fail unless a string ends with another."""
        if not actual.endswith(expected_end):
            self.fail(f"{actual!r} does not end with {expected_end!r}. {msg or ''}")

    def assertBetween(self, value: Any, minv: Any, maxv: Any, msg: Any = None) -> None:
        """Fail unless a number lies between two, these included."""
        if not minv <= value <= maxv:
            self.fail(f"{value!r} is not between {minv!r} and {maxv!r}. {msg or ''}")

    def assertSameStructure(
        self, a: Any, b: Any, aname: str = "a", bname: str = "b", msg: Any = None
    ) -> None:
        """Fail unless two nests have one form."""
        try:
            nest.assert_same_structure(a, b)
        except (ValueError, TypeError) as error:
            self.fail(f"{aname} and {bname} differ in structure: {error} {msg or ''}")

    def cached_session(self, *args: Any, **kwargs: Any) -> Any:
        """A ``with`` block that changes nothing: there are no sessions."""
        return contextlib.nullcontext()

    session = cached_session
