"""The perceptron and the line's trainer of the course, for pages and for programs.

In: points as lists of numbers. Out: weights that were learned from them. `lessons`
shows both at work. The arguments' names are the course's.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from rillet.playground.settings import refuse


def _size(what: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise refuse(what, "the number of inputs must be 1 or more", value)
    return value


class Perceptron:
    """One neuron that says yes or no, after Frank Rosenblatt.

    Args:
        no: how many inputs it has, without the bias.
        learningRate: what a mistake counts.
        seed: a seed for the first weights; other ones each time where None.

    Attributes:
        learnc: the learning rate.
        bias: the value of a further input that is always there.
        weights: one for each input and one, the last, for the bias; at first at random
            from -1 to 1.

    Example:
        >>> gate = Perceptron(2, 0.1, seed=0)
        >>> cases = [[0, 0], [0, 1], [1, 0], [1, 1]]
        >>> while gate.train_pass(cases, [0, 0, 0, 1]):
        ...     pass
        >>> [gate.decide(case) for case in cases]
        [0, 0, 0, 1]
    """

    def __init__(
        self, no: int, learningRate: float = 0.00001, seed: int | None = None
    ) -> None:
        drawn = random.Random(seed)
        self.learnc = learningRate
        self.bias = 1.0
        self.weights = [
            drawn.uniform(-1, 1) for _ in range(_size("Perceptron", no) + 1)
        ]

    def activate(self, inputs: Sequence[float]) -> int:
        """Decide: 1 where the weighted sum of the inputs is above 0, else 0.

        Args:
            inputs: all of them, the bias's value last.

        Returns:
            0 or 1.
        """
        total = 0.0
        for value, weight in zip(inputs, self.weights, strict=True):
            total += value * weight
        return 1 if total > 0 else 0

    def decide(self, inputs: Sequence[float]) -> int:
        """Decide on inputs without the bias's value, which is added here."""
        return self.activate([*inputs, self.bias])

    def train(self, inputs: Sequence[float], desired: int) -> int:
        """Learn one point: after a mistake each weight moves by its share of it.

        Args:
            inputs: the point, without the bias's value.
            desired: what would be right, 0 or 1.

        Returns:
            The error before: 0 where it was right, else 1 or -1.
        """
        full = [*inputs, self.bias]
        if len(full) != len(self.weights):
            raise refuse(
                "Perceptron.train",
                f"a point must have {len(self.weights) - 1} values",
                len(inputs),
            )
        error = desired - self.activate(full)
        if error:
            step = self.learnc * error
            self.weights = [
                weight + step * value
                for weight, value in zip(self.weights, full, strict=True)
            ]
        return error

    def train_pass(
        self, points: Iterable[Sequence[float]], desired: Iterable[int]
    ) -> int:
        """Learn all points once, in order.

        Returns:
            How many were mistakes when their turn came.
        """
        return sum(
            self.train(point, wanted) != 0
            for point, wanted in zip(points, desired, strict=True)
        )

    def mistakes(
        self, points: Iterable[Sequence[float]], desired: Iterable[int]
    ) -> int:
        """How many points it decides wrongly as it is now."""
        return sum(
            self.decide(point) != wanted
            for point, wanted in zip(points, desired, strict=True)
        )


class Trainer:
    """Finds the line y = weight * x + bias through points by gradient descent.

    Args:
        xArr: the points' x values.
        yArr: their y values.

    Attributes:
        points: how many there are.
        learnc: the learning rate.
        weight: the line's slope; zero at first.
        bias: where it meets the y axis; zero at first.
        cost: the mean squared distance in y, as of the last look.

    Example:
        >>> trainer = Trainer([1, 2, 3], [2, 4, 6])
        >>> trainer.learnc = 0.1
        >>> steps = trainer.train_until_still()
        >>> round(trainer.weight, 3), round(trainer.bias, 3)
        (2.0, 0.0)
    """

    def __init__(self, xArr: Sequence[float], yArr: Sequence[float]) -> None:
        if len(xArr) != len(yArr) or not len(xArr):
            raise refuse(
                "Trainer",
                "xArr and yArr must be equally long, and not empty",
                (len(xArr), len(yArr)),
            )
        self.xArr = [float(x) for x in xArr]
        self.yArr = [float(y) for y in yArr]
        self.points = len(self.xArr)
        self.learnc = 0.00001
        self.weight = 0.0
        self.bias = 0.0
        self.cost = self.costError()

    def costError(self) -> float:
        """The mean of the squared distances between the points and the line."""
        total = 0.0
        for x, y in zip(self.xArr, self.yArr, strict=True):
            missed = y - (self.weight * x + self.bias)
            total += missed * missed
        return total / self.points

    def updateWeights(self) -> None:
        """One step down the slope of the cost."""
        by_weight = by_bias = 0.0
        for x, y in zip(self.xArr, self.yArr, strict=True):
            missed = y - (self.weight * x + self.bias)
            by_weight -= 2 * missed * x
            by_bias -= 2 * missed
        self.weight -= by_weight / self.points * self.learnc
        self.bias -= by_bias / self.points * self.learnc

    def train(self, iterations: int) -> float:
        """Go so many steps.

        Returns:
            The cost afterwards.
        """
        for _ in range(iterations):
            self.updateWeights()
        self.cost = self.costError()
        return self.cost

    def step(self) -> bool:
        """Go one step, and back again where the cost does not fall.

        Returns:
            Whether it fell.
        """
        before = self.weight, self.bias, self.cost
        self.updateWeights()
        self.cost = self.costError()
        if self.cost < before[2]:
            return True
        self.weight, self.bias, self.cost = before
        return False

    def train_until_still(self, limit: int = 1_000_000) -> int:
        """Go on until the cost no longer falls.

        Args:
            limit: steps at most.

        Returns:
            The steps that made it fall.
        """
        for done in range(limit):
            if not self.step():
                return done
        return limit
