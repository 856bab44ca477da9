"""The perceptron and the trainer, by the course's formulas; their lessons."""

from __future__ import annotations

import time

import numpy as np
import pytest

from rillet import playground
from rillet.playground.lessons import Lessons, pattern, scatter
from rillet.playground.messages import Lesson, Pace, Play, Step
from rillet.playground.perceptron import Perceptron, Trainer
from rillet.playground.settings import PlaygroundError
from rillet.playground.worker import Outbox

from .pages import Mail


def test_public_names() -> None:
    assert playground.Perceptron is Perceptron and playground.Trainer is Trainer


def test_the_concert() -> None:
    # 0.7 + 0.5 + 0.4 = 1.6 is above 1.5: the bias's weight is minus the threshold.
    judge = Perceptron(5)
    judge.weights = [0.7, 0.6, 0.5, 0.3, 0.4, -1.5]
    assert judge.decide([1, 0, 1, 0, 1]) == 1
    assert judge.decide([1, 0, 1, 1, 0]) == 0


def test_the_first_weights() -> None:
    made = Perceptron(2)
    assert made.learnc == 0.00001 and made.bias == 1 and len(made.weights) == 3
    drawn = [w for _ in range(400) for w in Perceptron(4).weights]
    assert -1 <= min(drawn) < -0.95 and 0.95 < max(drawn) <= 1
    assert abs(np.mean(drawn)) < 0.1
    assert Perceptron(2, seed=5).weights == Perceptron(2, seed=5).weights


def test_one_mistake() -> None:
    made = Perceptron(2, 0.01)
    made.weights = [1.0, -1.0, 0.5]
    assert made.train([3, 1], 1) == 0 and made.weights == [1.0, -1.0, 0.5]
    # The sum is 2.5, so it says 1; error -1, so each weight loses 0.01 of its input.
    assert made.train([3, 1], 0) == -1
    assert made.weights == pytest.approx([0.97, -1.01, 0.49])
    with pytest.raises(PlaygroundError, match="a point must have 2 values: 3"):
        made.train([1, 2, 3], 0)


def test_inputs_are_counted() -> None:
    for no in (0, -1, 1.5, True):
        with pytest.raises(PlaygroundError, match="must be 1 or more"):
            Perceptron(no)  # type: ignore[arg-type]


def test_a_pass_is_its_points_in_order() -> None:
    points, desired = pattern(3)
    one, other = Perceptron(2, seed=3), Perceptron(2, seed=3)
    mistakes = one.train_pass(points, desired)
    weights = np.array(other.weights)
    counted = 0
    for (x, y), wanted in zip(points, desired, strict=True):
        error = wanted - int(weights[0] * x + weights[1] * y + weights[2] > 0)
        weights = weights + 0.00001 * error * np.array([x, y, 1.0])
        counted += error != 0
    assert mistakes == counted > 0
    assert one.weights == pytest.approx(weights.tolist(), rel=1e-12)


def test_the_pattern() -> None:
    points, desired = pattern(1)
    assert len(points) == 500 and 0 <= np.min(points) and np.max(points) <= 400
    above = [y > 1.2 * x + 50 for x, y in points]
    assert desired == [int(a) for a in above]


def test_the_trainer_by_its_derivatives() -> None:
    x, y = [1.0, 2.0, 4.0], [3.0, 3.0, 8.0]
    trainer = Trainer(x, y)
    assert (trainer.weight, trainer.bias) == (0, 0)
    assert trainer.cost == pytest.approx((9 + 9 + 64) / 3)
    trainer.learnc = 0.01
    trainer.updateWeights()
    # -2/n sum((y - 0) x) = -2/3 * 41 and -2/3 * 14.
    assert trainer.weight == pytest.approx(0.01 * 2 / 3 * 41)
    assert trainer.bias == pytest.approx(0.01 * 2 / 3 * 14)
    trainer.train_until_still()
    assert [trainer.weight, trainer.bias] == pytest.approx(
        np.polyfit(x, y, 1), rel=1e-4
    )


def test_the_trainer_stops_where_the_cost_grows() -> None:
    trainer = Trainer([100, 200], [1, 2])
    trainer.learnc = 1
    assert trainer.train_until_still() == 0
    assert (trainer.weight, trainer.bias) == (0, 0)


@pytest.mark.parametrize(("x", "y"), [([], []), ([1, 2], [1])])
def test_the_trainer_needs_pairs(x: list[float], y: list[float]) -> None:
    with pytest.raises(PlaygroundError, match="must be equally long"):
        Trainer(x, y)


def test_a_lesson_goes_point_by_point() -> None:
    mail = Mail()
    lesson = Lessons(Outbox(mail.ring))
    lesson.handle(Lesson(4))
    for _ in range(500):
        lesson.handle(Step())
    lesson.work()
    frame, arrays = mail.last(lesson.outbox, "lesson")
    alone = Perceptron(2, seed=4)
    mistakes = alone.train_pass(*pattern(4))
    assert frame["weights"] == alone.weights and frame["steps"] == 1
    assert arrays["curve"].tolist() == [mistakes]
    assert frame["mistakes"] == alone.mistakes(*pattern(4))


def test_fast_forward_finishes_a_start() -> None:
    mail = Mail()
    lesson = Lessons(Outbox(mail.ring))
    # Its bias has the right sign: 8 passes. Other starts take thousands.
    for message in (Lesson(22), Pace(0), Play()):
        lesson.handle(message)
    while (wait := lesson.work()) is not None:
        time.sleep(wait)
    frame, arrays = mail.last(lesson.outbox, "lesson")
    assert frame["finished"] and frame["mistakes"] == 0 and frame["steps"] > 1
    assert len(arrays["curve"]) <= 501


def test_the_trainers_lesson() -> None:
    mail = Mail()
    lesson = Lessons(Outbox(mail.ring))
    lesson.handle(Lesson(2, True))
    for _ in range(40):
        lesson.handle(Step())
    lesson.work()
    frame, _ = mail.last(lesson.outbox, "lesson")
    trainer = Trainer(*scatter(2))
    trainer.train(40)
    assert frame["weight"] == trainer.weight and frame["cost"] == trainer.cost
