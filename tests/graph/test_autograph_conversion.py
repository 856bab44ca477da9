"""What is converted and what is left; closures, methods, tracebacks, `tf.autograph`."""

from __future__ import annotations

import functools
import logging
import textwrap
import traceback
from typing import Any

import pytest

import rillet as tf
from rillet.graph import autograph

FACTOR = 3


def uses_global(x):
    if x > 0:
        return x * FACTOR
    return x


def with_defaults(x, y=2, *rest, z=5, **more):
    if x > y:
        return x + z
    return x + y + sum(rest) + sum(more.values())


class Base:
    def scale(self, x):
        if x > 0:
            return x * 2
        return x


class Child(Base):
    def __init__(self, gain):
        self.__gain = gain
        self.count = 0

    def scale(self, x):
        if self.__gain > 1:
            return super().scale(x) * self.__gain
        return super().scale(x)

    @staticmethod
    def shifted(x):
        return x + 1 if x > 0 else x - 1

    @classmethod
    def made(cls, x):
        if x > 5:
            return cls(2).scale(x)
        return cls(1).scale(x)

    def __call__(self, x):
        if x > 0:
            return self.scale(x) + self.shifted(x)
        return self.made(x)


def traced(fn: Any, *args: Any) -> Any:
    return tf.function(lambda *a: autograph.convert(fn)(*a))(*map(tf.constant, args))


CHILD = Child(4)
CALLS = [
    (uses_global, (4,)),
    (uses_global, (-4,)),
    (with_defaults, (4,)),
    (with_defaults, (1, 3, 5)),
    (CHILD.scale, (3,)),
    (CHILD.shifted, (-3,)),
    (Child.made, (7,)),
    (CHILD, (3,)),
    (CHILD, (-3,)),
    (functools.partial(with_defaults, 1, z=7), (0,)),
    (functools.partial(with_defaults, 9, z=7), (0,)),
]


@pytest.mark.parametrize("fn, args", CALLS)
def test_callables_of_every_kind(fn: Any, args: Any) -> None:
    assert autograph.convert(fn)(*args) == fn(*args)
    assert int(traced(fn, *args)) == fn(*args)


def test_the_converted_function_is_the_users_in_name_and_defaults() -> None:
    made = autograph.convert(with_defaults)
    assert made is not with_defaults
    assert made.__name__ == "with_defaults" and made.__defaults__ == (2,)
    assert made.__kwdefaults__ == {"z": 5}
    assert made.__code__.co_filename == __file__
    assert made.__code__.co_firstlineno == with_defaults.__code__.co_firstlineno


def test_closures_share_cells() -> None:
    level = [0]
    bound = 1

    def raise_level(x):
        nonlocal bound
        if x > 0:
            bound = bound + x
        level.append(bound)
        return bound

    made = autograph.convert(raise_level)
    made(5)
    assert bound == 6 and level == [0, 6]
    bound = 10
    assert made(1) == 11


def counting():
    n = 0

    def step(x):
        nonlocal n
        while n < x:
            n = n + 1
        return n

    return step


def test_one_code_serves_many_closures() -> None:
    one, two = autograph.convert(counting()), autograph.convert(counting())
    assert one.__code__ is two.__code__
    assert (one(3), two(1), one(2), two(5)) == (3, 1, 3, 5)


def test_lambdas_of_one_line_are_told_apart() -> None:
    first, second = (lambda x: 1 if x else 2), (lambda x: 3 if x else 4)
    assert [autograph.convert(f)(0) for f in (first, second)] == [2, 4]
    assert autograph.convert(first)(1) == 1


def powers(x, n):
    if n == 0:
        return x
    return sum([powers(x * part, n - 1) for part in (1, 2)])


def test_a_function_of_a_module_calls_itself() -> None:
    # (1 + 2)^3 times 2.
    assert float(tf.function(powers)(tf.constant(2.0), 3)) == 54.0


def generator(n):
    for i in range(n):
        if i % 2:
            yield i


async def coroutine(x):
    return x if x > 0 else -x


@tf.autograph.experimental.do_not_convert
def marked(x):
    return x if x > 0 else -x


LEFT = [generator, coroutine, marked, tf.reduce_sum, textwrap.dedent, int, len, Base, 3]


@pytest.mark.parametrize("fn", LEFT)
def test_left_alone(fn: Any) -> None:
    assert autograph.convert(fn) is fn


def test_generators_are_called_from_converted_code() -> None:
    def total(n):
        found = 0
        for i in generator(n):
            found += i
        return found

    assert autograph.convert(total)(6) == total(6) == 9


def test_a_marked_function_meets_the_tensor() -> None:
    with pytest.raises(tf.errors.OperatorNotAllowedInGraphError, match="bool"):
        traced(lambda x: marked(x), 3)


def test_do_not_convert_with_brackets_and_bad_arguments() -> None:
    mark = tf.autograph.experimental.do_not_convert()
    assert mark(uses_global.__get__) is not None
    with pytest.raises(ValueError, match="it takes a callable: received 3"):
        tf.autograph.experimental.do_not_convert(3)


def without_source() -> Any:
    space: dict[str, Any] = {}
    exec("def lost(x):\n    return x + 1 if x > 0 else x", space)
    return space["lost"]


def test_a_function_without_source_runs_as_it_is(caplog: Any) -> None:
    lost = without_source()
    logger = tf.get_logger()
    logger.addHandler(caplog.handler)
    try:
        with caplog.at_level(logging.WARNING):
            assert autograph.convert(lost) is lost
            assert autograph.convert(lost) is lost
    finally:
        logger.removeHandler(caplog.handler)
    texts = [r.getMessage() for r in caplog.records]
    assert len(texts) == 1 and "AutoGraph could not transform lost" in texts[0]


def fails_in_a_loop(n):
    total = 0
    for i in range(n):
        if i > 1:
            total += {}[i]
    return total


@pytest.mark.parametrize("run", [autograph.convert(fails_in_a_loop), traced])
def test_tracebacks_name_the_users_line(run: Any) -> None:
    args = (fails_in_a_loop, 5) if run is traced else (5,)
    with pytest.raises((KeyError, TypeError)) as caught:
        run(*args)
    lines = traceback.extract_tb(caught.value.__traceback__)
    wanted = fails_in_a_loop.__code__.co_firstlineno + 4
    assert (__file__, wanted) in [(f.filename, f.lineno) for f in lines]


def test_to_code_and_to_graph() -> None:
    text = tf.autograph.to_code(uses_global)
    assert text.startswith("def uses_global(x):") and "ag__.if_stmt(x > 0" in text
    assert tf.autograph.to_code(tf.function(uses_global).python_function) == text
    made = tf.autograph.to_graph(uses_global)
    assert made(4) == 12 and int(tf.function(made)(tf.constant(4))) == 12


@pytest.mark.parametrize("what", [3, len, int])
def test_to_code_refuses_what_has_none(what: Any) -> None:
    with pytest.raises(ValueError, match="doesn't expose a __code__ object"):
        tf.autograph.to_code(what)
    with pytest.raises(ValueError, match="doesn't expose a __code__ object"):
        tf.autograph.to_graph(what)


def test_trace_and_verbosity(capsys: Any) -> None:
    tf.autograph.trace("now", 1)
    assert capsys.readouterr().out == "now 1\n"
    tf.autograph.set_verbosity(3, alsologtostdout=True)
    try:
        autograph.convert(lambda v: v if v else 0)(1)
    finally:
        tf.autograph.set_verbosity(0)
    assert "ag__.if_exp" in capsys.readouterr().out


def test_features() -> None:
    feature = tf.autograph.experimental.Feature
    assert feature.LISTS in feature.all()
    assert feature.LISTS not in feature.all_but(feature.LISTS)


def test_a_decorated_function_is_converted_within_its_wrapper() -> None:
    def doubled(fn):
        @functools.wraps(fn)
        def wrapper(*args):
            return fn(*args) * 2

        return wrapper

    @doubled
    def f(x):
        if x > 0:
            x = x + 1
        return x

    assert int(traced(f, 3)) == f(3) == 8


def test_recursion_ends_on_python_values() -> None:
    def power(x, n):
        if n == 0:
            return 1
        return x * power(x, n - 1)

    assert int(tf.function(power)(tf.constant(2), 5)) == 32
