"""The perceptron's page: points learned one by one, and the line's trainer.

In: the page's messages. Out: points, weights, mistakes, costs. `server` runs it in a
`Worker`. What learns are the classes of `perceptron`.
"""

from __future__ import annotations

import time
from typing import Any, Final

import numpy as np

from rillet.playground import messages as say
from rillet.playground.frames import pack
from rillet.playground.messages import Message
from rillet.playground.perceptron import Perceptron, Trainer
from rillet.playground.settings import PlaygroundError
from rillet.playground.worker import Outbox, Page

#: Points, the side of their square, and the line y = SLOPE * x + SHIFT.
COUNT: Final = 500
EDGE: Final = 400.0
SLOPE: Final = 1.2
SHIFT: Final = 50.0
#: Passes and iterations before a lesson gives up.
PASSES: Final = 200_000
ITERATIONS: Final = 1_000_000
_FRAME: Final = 1 / 60
#: Numbers of a curve; past them every second one goes.
_CURVE: Final = 500


def pattern(seed: int) -> tuple[list[list[float]], list[int]]:
    """The points to tell apart, and the desired answers.

    Args:
        seed: of the points.

    Returns:
        500 points in [0, 400]², and 1 for each above the line y = 1.2 x + 50, else 0.
    """
    places = np.random.default_rng([seed, 0]).uniform(0, EDGE, (COUNT, 2))
    above = places[:, 1] > SLOPE * places[:, 0] + SHIFT
    return places.tolist(), above.astype(int).tolist()


def scatter(seed: int) -> tuple[list[float], list[float]]:
    """60 points around a line, for the trainer: x and y from about 0 to 400."""
    rng = np.random.default_rng([seed, 1])
    x = rng.uniform(20, 380, 60)
    slope, shift = rng.uniform(0.4, 0.8), rng.uniform(20, 60)
    y = slope * x + shift + rng.normal(0, 18, 60)
    return x.tolist(), y.tolist()


class _Curve:
    """A curve of any length in so many numbers at most."""

    def __init__(self) -> None:
        self._stride = 1
        self._count = 0
        self.values: list[float] = []

    def add(self, value: float) -> None:
        if self._count % self._stride == 0:
            self.values.append(value)
        self._count += 1
        if len(self.values) > _CURVE:
            self._stride *= 2
            self.values = self.values[::2]


class Lessons(Page):
    """Both lessons of the perceptron's page; one of them runs.

    Args:
        outbox: leads to the page.
    """

    def __init__(self, outbox: Outbox) -> None:
        super().__init__(outbox)
        self._speed = 200
        self._playing = False
        self._dirty = True
        self._due = self._next_frame = 0.0
        self._begin(say.Lesson(1))

    def _begin(self, lesson: say.Lesson) -> None:
        self._seed, self._trainer = lesson.seed, None
        self._curve = _Curve()
        self._steps = self._at = self._pass_mistakes = 0
        self._finished = False
        self._playing = False
        if lesson.trainer:
            x, y = scatter(lesson.seed)
            self._trainer = Trainer(x, y)
            self._curve.add(self._trainer.cost)
            told: dict[str, Any] = {"x": x, "y": y}
        else:
            self._points, self._desired = pattern(lesson.seed)
            self._perceptron = Perceptron(2, seed=lesson.seed)
            self._first_bias = self._perceptron.weights[2]
            told = {"points": self._points, "desired": self._desired}
        self.outbox.say("lesson", trainer=lesson.trainer, seed=lesson.seed, **told)

    def handle(self, message: Message) -> None:
        """Do what the page asks."""
        self._dirty = True
        match message:
            case say.Lesson():
                self._begin(message)
            case say.Play():
                self._playing, self._due = not self._finished, time.perf_counter()
            case say.Pause():
                self._playing = False
            case say.Step():
                self._playing = False
                if not self._finished:
                    self._go(1)
            case say.Pace():
                self._speed, self._due = message.speed, time.perf_counter()
            case _:
                raise PlaygroundError(f"perceptron: {message.kind}: not on this page.")

    def work(self) -> float | None:
        """Learn until the next picture is due, and show it."""
        now = time.perf_counter()
        if self._playing:
            self._dirty = True
            self._learn(now)
            now = time.perf_counter()
        if self._dirty and now >= self._next_frame:
            self._next_frame = now + _FRAME
            self._dirty = False
            self.outbox.show("lesson", self._frame())
        if self._playing or self._dirty:
            wait = self._next_frame - time.perf_counter()
            return 0.0 if self._playing and not self._speed else max(wait, 0.0)
        return None

    def _learn(self, now: float) -> None:
        if self._speed:
            many = int((now - self._due) * self._speed)
            if many:
                self._due += many / self._speed
                self._go(min(many, 20_000))
            return
        end = now + min(_FRAME / 2, self.seconds)
        while self._playing and time.perf_counter() < end:
            self._go(1 if self._trainer else COUNT)

    def _go(self, many: int) -> None:
        """So many points, or iterations."""
        for _ in range(many):
            if self._trainer is not None:
                self._iterate(self._trainer)
            else:
                self._learn_point()
            if self._finished:
                self._playing = False
                return

    def _iterate(self, trainer: Trainer) -> None:
        if trainer.step():
            self._steps += 1
            self._curve.add(trainer.cost)
            self._finished = self._steps >= ITERATIONS
        else:
            self._finished = True

    def _learn_point(self) -> None:
        error = self._perceptron.train(self._points[self._at], self._desired[self._at])
        self._pass_mistakes += error != 0
        self._at += 1
        if self._at == COUNT:
            self._curve.add(self._pass_mistakes)
            self._steps += 1
            self._finished = not self._pass_mistakes or self._steps >= PASSES
            self._at = self._pass_mistakes = 0

    def _frame(self) -> bytes:
        told: dict[str, Any] = {
            "playing": self._playing,
            "finished": self._finished,
            "steps": self._steps,
            "trainer": self._trainer is not None,
        }
        arrays = {"curve": np.array(self._curve.values, np.float32)}
        if self._trainer is not None:
            trainer = self._trainer
            told |= {"weight": trainer.weight, "bias": trainer.bias}
            told |= {"cost": trainer.cost}
        else:
            perceptron = self._perceptron
            weights = perceptron.weights
            told |= {"weights": weights, "at": self._at}
            told |= {"first_bias": self._first_bias}
            # All 500 guesses in one go: the page colours every point by its guess.
            places = np.array(self._points)
            sums = (places * weights[:2]).sum(axis=1) + weights[2] * perceptron.bias
            guesses = (sums > 0).astype(np.uint8)
            arrays["guesses"] = guesses
            told["mistakes"] = int((guesses != np.array(self._desired)).sum())
        return pack("lesson", told, arrays)
