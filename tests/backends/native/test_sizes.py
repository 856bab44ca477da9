"""Numbers that remember what they follow from: arithmetic, questions, other sizes."""

from __future__ import annotations

import math
import operator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rillet.backends.native.sizes import Ledger, Size, Values, plain, same, share
from rillet.backends.native.straight import Proven

_OPERATIONS = (
    operator.add, operator.sub, operator.mul, operator.floordiv, operator.mod,
)  # fmt: skip
_QUESTIONS = (
    operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
)  # fmt: skip
#: How many programs of steps are tried.
_TRIES = 600


def _steps(random: np.random.Generator) -> list[tuple[int, int, int]]:
    """Operations on numbers: which, and on which of those so far."""
    ends = ((5, 4, 4),) * int(random.integers(0, 7))
    return [tuple(int(n) for n in random.integers(0, end)) for end in ends]  # type: ignore[misc]


def _run(start: list[Any], steps: list[tuple[int, int, int]]) -> list[Any] | None:
    """Numbers computed from others; None where one divides by zero."""
    numbers = list(start)
    for kind, x, y in steps:
        try:
            made = _OPERATIONS[kind](numbers[x - 1], numbers[-y])
        except ZeroDivisionError:
            return None
        numbers.append(made)
    return numbers


def test_numbers_follow_from_others() -> None:
    random = np.random.default_rng(0)
    followed = 0
    for _ in range(_TRIES):
        a, b, c, d = random.integers(0, 41, 4).tolist()
        steps = _steps(random)
        ledger = Ledger()
        have = _run([ledger.symbol(a), ledger.symbol(b), 3, 7], steps)
        want, other = _run([a, b, 3, 7], steps), _run([c, d, 3, 7], steps)
        if have is None or want is None:
            assert have is want
            continue
        assert [plain(x) for x in have] == want
        values = Values(ledger, [c, d])
        if other is not None and values.agree():
            assert [values(x) for x in have] == other
            followed += 1
    assert followed > _TRIES // 3


def test_a_set_of_sizes_that_answers_otherwise_is_refused() -> None:
    random = np.random.default_rng(1)
    answers = set()
    for _ in range(_TRIES):
        a, b, c, which = (random.integers(0, 10, 4) % (10, 10, 10, 6)).tolist()
        steps = _steps(random)
        ledger = Ledger()
        have = _run([ledger.symbol(a), b, 2, 5], steps)
        other = _run([c, b, 2, 5], steps)
        if have is None:
            continue
        question = _QUESTIONS[which]
        answer = question(have[-1], have[-2])
        agrees = Values(ledger, [c]).agree()
        if agrees:
            assert other is not None
            assert question(other[-1], other[-2]) == answer
        answers.add((agrees, answer))
    assert len(answers) == 4


def test_what_is_the_same_for_all_sizes_asks_nothing() -> None:
    ledger = Ledger()
    n, m = ledger.symbol(10), ledger.symbol(4)
    assert type(n - n) is int
    assert type(n * 6 % 3) is int
    assert same(n * m * 2 // m, 2 * n)
    assert n * m + 1 > 0
    assert same(share(n * m * 8, m * 2) or 0, n * 4)
    assert share(n * 3, 2) is None
    assert {kind for kind, _ in ledger.asked} == {"zero"}


def test_shapes_of_sizes_are_shapes() -> None:
    n = Ledger().symbol(5)
    assert np.zeros((n, 2)).shape == (5, 2)
    assert type(math.prod((n, 3, n))) is Size
    assert list(range(n)) == [0, 1, 2, 3, 4]
    assert {5: "five"}[n] == "five"
    assert f"{n}" == "5"


@pytest.mark.parametrize("what", [1.5, "a", None])
def test_only_whole_numbers_are_followed(what: Any) -> None:
    n = Ledger().symbol(5)
    assert (n == what) is False
    with pytest.raises(TypeError):
        n < "a"  # noqa: B015


def test_a_closed_ledger_takes_no_notes() -> None:
    ledger = Ledger()
    n = ledger.symbol(7)
    assert n > 3
    noted = dict(ledger.asked)
    ledger.close()
    assert n > 4
    assert n % 2 == 1
    assert len(noted) == 1 and dict(ledger.asked) == noted
    assert Values(ledger, [4]).agree() and not Values(ledger, [3]).agree()


def _proven() -> Proven:
    """What is known of a graph with one input of two sizes that vary."""
    ledger = Ledger()
    shape = (ledger.symbol(10), ledger.symbol(20), 4)
    one = SimpleNamespace(spec=SimpleNamespace(shape=shape))
    graph: Any = SimpleNamespace(inputs=[one], nodes=[])
    return Proven(graph, 2)


def test_sizes_are_served_between_others() -> None:
    proven = _proven()
    assert proven.open and proven.symbols([(5, 6, 4)]) == (5, 6)
    for served in ((10, 20), (30, 40), (12, 60), (1, 20)):
        proven.add(served)
    for sizes, holds in {
        (10, 20): True, (20, 30): True, (11, 50): True, (31, 40): False, (9, 20): True,
        (5, 19): False, (1, 30): True, (0, 30): False, (25, 25): False,
    }.items():  # fmt: skip
        assert proven.holds(sizes) == holds, sizes


@pytest.mark.parametrize(
    "line",
    [
        lambda k: (5000 - k, 6000 - k),
        lambda k: (10 + k, 9000 + k),
        lambda k: (10 + k, 9000 - k),
    ],
)
def test_what_is_known_of_sizes_stays_small(line: Any) -> None:
    proven = _proven()
    for k in range(300):
        proven.add(line(k))
        assert proven.holds(line(k))
    assert len(proven._low) <= 64 and len(proven._high) <= 64
