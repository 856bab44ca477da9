"""`tf.summary.trace_on`, `trace_off` and `trace_export`: the graphs that ran.

While it is on, `graph.call` tells of each graph that is called; `trace_export` writes
them as one summary, which TensorBoard draws.
"""

from __future__ import annotations

from typing import Any

from rillet.checkpoint.wire import Record, encode
from rillet.core import context
from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.events.graphs import graph_message
from rillet.events.messages import FUNCTION_GRAPHS, RUN_METADATA, plugin
from rillet.events.writing import summary_scope, write
from rillet.graph.ir import Graph

_NO_PROFILER = (
    "tf.summary.trace_on: profiler=True has no effect: rillet writes no profile. Graphs"
    " are recorded; for the time of each kernel of a function use"
    " fn.explain(..., timed=True), of a training step"
    " model.explain_step(batch, timed=True)."
)


class _Trace:
    """The graphs that were called, each once, in the order of their first calls."""

    def __init__(self) -> None:
        self.graphs: dict[int, Graph] = {}

    def __call__(self, graph: Graph) -> None:
        self.graphs.setdefault(id(graph), graph)


_current: list[_Trace] = []


def trace_on(
    graph: bool = True, profiler: bool = False, profiler_outdir: str | None = None
) -> None:
    """Note the graphs of the functions that are called from now on.

    Args:
        graph: whether to note graphs.
        profiler: not done: rillet writes no profiles, and says so.
        profiler_outdir: ignored.

    Example:
        >>> import rillet as tf
        >>> tf.summary.trace_on()
        >>> tf.summary.trace_off()
    """
    if context.state.tracer is not None:
        get_logger().warning("Cannot enable trace inside a tf.function.")
        return
    if profiler:
        get_logger().warning(_NO_PROFILER)
    trace_off()
    found = _Trace()
    _current.append(found)
    if graph:
        context.graph_listeners.append(found)


def trace_export(
    name: str, step: Any = None, profiler_outdir: str | None = None
) -> None:
    """Write the graphs that were called since `trace_on` to the default writer; stop.

    Args:
        name: the summary's name.
        step: the step; that of the writer's block where None.
        profiler_outdir: ignored.

    Raises:
        ValueError: where nothing was traced, or there is a writer and no step.
    """
    if context.state.tracer is not None:
        get_logger().warning("Cannot export trace inside a tf.function.")
        return
    if not _current:
        raise ValueError(
            house_message(
                "summary.trace_export",
                "Must enable trace before export through tf.summary.trace_on",
            )
        )
    graphs = [
        Record(
            FUNCTION_GRAPHS, partition_graphs=[message], pre_optimization_graph=message
        )
        for message in map(graph_message, _current[0].graphs.values())
    ]
    parts = [part.pre_optimization_graph for part in graphs]
    metadata = Record(RUN_METADATA, partition_graphs=parts, function_graphs=graphs)
    with summary_scope(name, "graph_run_metadata") as (tag, _):
        data = encode(RUN_METADATA, metadata)
        write(tag, data, step, plugin("graph_run_metadata_graph", b"1"))
    trace_off()


def trace_off() -> None:
    """Stop noting graphs, and forget those that were noted."""
    for trace in _current:
        if trace in context.graph_listeners:
            context.graph_listeners.remove(trace)
    _current.clear()
