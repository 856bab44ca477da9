"""What a backend offers: a program for a graph, called with arrays.

`function` asks a backend for a program once a graph and set of outputs, and calls it
once a step. `reference` is the definition of what a graph means.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from rillet.graph.ir import Graph, SymbolicTensor

#: What flows between nodes: an array, or a tuple of them for a tensor list.
Value = Any
Array = np.ndarray[Any, Any]


class Program(Protocol):
    """A graph made ready to run; any number of threads may call it at once."""

    def __call__(self, inputs: list[Value]) -> list[Value]:
        """Run.

        Args:
            inputs: a value for each of the graph's inputs.

        Returns:
            A value for each output asked for. Variables hold what the graph writes
            where it succeeds; where it fails they hold what they held before.
        """

    def explain(self, inputs: list[Value] | None = None, timed: bool = False) -> str:
        """What runs, in lines for people; nothing is run on variables.

        Args:
            inputs: values of the sizes that are meant; None for all sizes that were
                run so far.
            timed: whether to measure what can be measured.
        """


class Backend(Protocol):
    """Makes programs."""

    def program(self, graph: Graph, outputs: list[SymbolicTensor]) -> Program:
        """A program that gives `outputs`, and writes what the graph writes."""
