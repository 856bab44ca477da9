"""What a plan is: nodes in the order in which they run.

`plans` and `regions` make plans, `graph_reader` runs them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

_KINDS = ("Switch", "Merge", "Enter", "Exit", "NextIteration", "LoopCond")
#: The ops of control flow, each with what it is: those on references are the same.
CONTROL = {kind: kind for kind in _KINDS}
CONTROL |= {f"Ref{kind}": kind for kind in _KINDS if kind != "LoopCond"}


class Step(NamedTuple):
    """A node to run.

    Attributes:
        name: its name.
        op: its op.
        inputs: for each input the node and which of its outputs.
        attrs: its attributes.
        gradient: the name under which the file holds its gradient, where a program
            gave it one.
    """

    name: str
    op: str
    inputs: list[tuple[str, int]]
    attrs: dict[str, Any]
    gradient: str = ""


class Plan(NamedTuple):
    """Nodes in order.

    Attributes:
        name: the function's name.
        arguments: names of the arguments.
        steps: the nodes.
        results: for each result the node, or argument, and which of its outputs.
    """

    name: str
    arguments: list[str]
    steps: list[Step]
    results: list[tuple[str, int]]
