"""`jit_compile=True`: all of a function is compiled, or none of it.

In flow what a program would leave to the host; out flows an error that names it.
"""

from __future__ import annotations

from typing import NoReturn

from rillet.backends.native.binding import Binding
from rillet.backends.native.explain import host_items, told
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.graph.ir import Graph


def refuse_items(binding: Binding) -> None:
    """Raise where a compiled graph has nodes that Python runs.

    Raises:
        InvalidArgumentError: it has; the message names each, its place and the reason.
    """
    found = [told(item.node, item.why) for item in host_items(binding)]
    if found:
        _refuse(binding.graph, found)


def refuse_calls(graph: Graph) -> None:
    """Raise for a graph in which Python looks at variables.

    Raises:
        InvalidArgumentError: always, with the calls.
    """
    found = [told(n, "it calls Python") for n in graph.nodes if "host" in n.attrs]
    _refuse(graph, found)


def _refuse(graph: Graph, found: list[str]) -> NoReturn:
    lines = "".join(f"\n  {line}" for line in found)
    raise InvalidArgumentError(
        house_message(
            "tf.function",
            "jit_compile=True: Detected unsupported operations when trying to compile"
            f" graph {graph.name}",
            f"the host would run{lines}",
            "Leave jit_compile out to have them run there and the rest compiled",
        )
    )
