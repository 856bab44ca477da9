"""Programs made up at random: Python, converted Python and graphs agree on them."""

from __future__ import annotations

import linecache
import random
from typing import Any

import pytest

import rillet as tf
from rillet.graph import autograph

VARIABLES = ("a", "b", "c")


class Writer:
    """Writes a function of nested branches, loops and jumps over small integers."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.loops = 0

    def value(self) -> str:
        pick = self.random.choice
        one, other = pick(VARIABLES), pick((*VARIABLES, "1", "2", "5"))
        return f"({one} {pick('+-*')} {other} + 1) % 17"

    def condition(self) -> str:
        pick = self.random.choice
        simple = (
            f"{pick(VARIABLES)} {pick(('<', '>', '=='))} {pick((*VARIABLES, 4, 9))}"
        )
        form = self.random.random()
        if form < 0.15:
            return f"not {simple}"
        if form < 0.4:
            other = f"{pick(VARIABLES)} % 3 == {pick((0, 1))}"
            return f"{simple} {pick(('and', 'or'))} {other}"
        if form < 0.5:
            return f"{pick((0, 2))} < {pick(VARIABLES)} <= {pick(VARIABLES)}"
        return simple

    def block(self, depth: int, in_loop: bool) -> None:
        for _ in range(self.random.randint(1, 3)):
            self.statement(depth, in_loop)

    def put(self, depth: int, text: str) -> None:
        self.lines.append("    " * depth + text)

    def statement(self, depth: int, in_loop: bool) -> None:
        form = self.random.random()
        name = self.random.choice(VARIABLES)
        if form < 0.35 or depth > 4:
            if form < 0.1:
                value = f"{self.value()} if {self.condition()} else {name}"
                self.put(depth, f"{name} = {value}")
            else:
                self.put(depth, f"{name} = {self.value()}")
        elif form < 0.65:
            self.put(depth, f"if {self.condition()}:")
            self.block(depth + 1, in_loop)
            if self.random.random() < 0.6:
                self.put(depth, "else:")
                self.block(depth + 1, in_loop)
        elif form < 0.85:
            self.loop(depth)
        elif in_loop and form < 0.95:
            self.put(depth, f"if {self.condition()}:")
            self.put(depth + 1, self.random.choice(("break", "continue")))
        elif form > 0.97:
            self.put(depth, f"if {self.condition()}:")
            self.put(depth + 1, f"return {name}, {self.loops}")
        else:
            self.put(depth, f"{name} = {self.value()}")

    def loop(self, depth: int) -> None:
        self.loops += 1
        index = f"i{self.loops}"
        if self.random.random() < 0.5:
            name = self.random.choice(VARIABLES)
            self.put(depth, f"for {index} in range({name} % 4):")
            self.put(depth + 1, f"{name} = ({name} + {index}) % 17")
        else:
            self.put(depth, f"{index} = 0")
            self.put(depth, f"while {index} < 3 and ({self.condition()}):")
            self.put(depth + 1, f"{index} += 1")
        self.block(depth + 1, True)
        if self.random.random() < 0.2:
            self.put(depth, "else:")
            self.block(depth + 1, False)

    def source(self) -> str:
        self.put(0, "def program(a, b, c):")
        for _ in range(3):
            self.statement(1, False)
        self.put(1, "return a, b, c" if self.loops % 2 else "return a, b")
        return "\n".join(self.lines) + "\n"


def program(seed: int) -> Any:
    text = Writer(seed).source()
    where = f"<random program {seed}>"
    linecache.cache[where] = (len(text), None, text.splitlines(True), where)
    space: dict[str, Any] = {}
    exec(compile(text, where, "exec"), space)
    return space["program"], text


CALLS = [(3, 7, 12), (0, 1, 2), (9, 4, 4), (16, 0, 5)]
MIXED = "must have the same nested structure"


@pytest.mark.parametrize("seed", range(30))
def test_random_programs(seed: int) -> None:
    fn, text = program(seed)
    converted = autograph.convert(fn)
    assert converted is not fn
    for call in CALLS:
        assert converted(*call) == fn(*call), text
    graph = tf.function(fn)
    for call in CALLS:
        try:
            found = graph(*map(tf.constant, call))
        except TypeError as error:
            # returns of two and of three values in one function: a graph has one form
            assert MIXED in str(error) and "return" in text, text
            return
        assert [int(v) for v in found] == list(fn(*call)), text
