"""`tf.summary.write` and what every summary goes through: its tag, step and event.

In: tensors, a function that makes a message of their arrays. Out: an event in the
default writer's file, at once or when the graph that is being traced runs; there it is
a node with effects, so summaries keep their order.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from rillet.checkpoint.tensor_messages import tensor_message
from rillet.checkpoint.wire import Record, decode
from rillet.core import context
from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, bool_, int64, string
from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.core.scopes import init_scope, name_scope
from rillet.core.spec import Spec
from rillet.events import writers
from rillet.events.graphs import graph_bytes, is_graph
from rillet.events.messages import EVENT, METADATA, SUMMARY, VALUE, plugin
from rillet.events.writers import SummaryWriter, recorder, recording
from rillet.ops.control import cond
from rillet.ops.elementwise import cast

Array = np.ndarray[Any, Any]
Make = Callable[..., Record]

_UNNAMED = re.compile(r"[^-_/.A-Za-z0-9]")
_NO_STEP = house_message(
    "tf.summary",
    "No step set. Please specify one either through the `step` argument or through"
    " tf.summary.experimental.set_step()",
)


@contextmanager
def summary_scope(
    name: str, default_name: str = "summary", values: Any = None
) -> Iterator[tuple[str, str]]:
    """A ``with`` block for one summary: its tag, and the scope of its ops.

    Args:
        name: the summary's name; the names of scopes around it come before.
        default_name: the scope's name where nothing is left of `name`.
        values: ignored.

    Example:
        >>> import rillet as tf
        >>> with tf.name_scope("train"):
        ...     with tf.summary.experimental.summary_scope("loss") as (tag, scope):
        ...         print(tag, scope)
        train/loss train/loss/
    """
    name = name or default_name
    around = "/".join(context.state.names)
    tag = f"{around}/{name}" if around else name
    plain = _UNNAMED.sub("", name).strip("/")
    with name_scope(plain or default_name) as scope:
        yield tag, scope


def the_step(step: Any) -> Any:
    """The step of a summary, as a scalar int64 tensor.

    Raises:
        ValueError: where neither the summary nor anybody else names one.
    """
    if step is None:
        step = writers.state.step
    if step is None:
        raise ValueError(_NO_STEP)
    return cast(to_tensor(step), int64)


def add_event(make: Make, inputs: list[Any], step: Any, text: str) -> Any:
    """Write an event where summaries are recorded now.

    Args:
        make: makes the event of the arrays of `inputs`; where a graph is traced, when
            it runs.
        inputs: tensors.
        step: the summary's step, or None.
        text: what it is, for people.

    Returns:
        Whether it was written: a scalar tensor of type bool.

    Raises:
        ValueError: where there is no step.
    """
    writer, wanted = recorder(), recording()
    if writer is None or wanted is False:
        return to_tensor(False)
    place = the_step(step)
    if context.state.tracer is None:
        arrays = [x._array for x in inputs]
        _put(writer, make, arrays, place._array)
        return to_tensor(True)
    host = context.service("graph.host_call")
    assert host is not None
    chosen: SummaryWriter = writer

    def run(arrays: list[Any], undo: list[Any]) -> list[Any]:
        ready = bool(arrays[0])
        # a function may outlive the block whose writer it met when it was traced
        live = chosen if chosen.records else recorder()
        if ready and live is not None:
            with init_scope():
                _put(live, make, arrays[2:], arrays[1])
        return [np.asarray(ready and live is not None)]

    given = [to_tensor(wanted), place, *inputs]
    return host(run, given, [Spec((), bool_)], text)[0]


def _put(writer: SummaryWriter, make: Make, arrays: list[Any], step: Any) -> None:
    event = make(*arrays)
    event.step = int(step)
    writer.add(event)


def value_event(tag: str, value: Any, dtype: DType, metadata: Record) -> Record:
    """An event that holds one array under a tag."""
    shown = Record(VALUE, tag=tag, tensor=tensor_message(value, dtype))
    if metadata.values:
        shown.metadata = metadata
    return Record(EVENT, summary=Record(SUMMARY, value=[shown]))


def write(
    tag: str, tensor: Any, step: Any = None, metadata: Any = None, name: Any = None
) -> Any:
    """Write a tensor to the default writer; `scalar`, `image` and others call it.

    Args:
        tag: what the summary is called.
        tensor: the tensor, or a function that gives it, called where summaries are
            recorded.
        step: the step; that of the writer's block where None.
        metadata: a `SummaryMetadata` message or its bytes, which say what plugin of
            TensorBoard shows the tensor.
        name: ignored.

    Returns:
        Whether it was written: a scalar tensor of type bool.

    Raises:
        ValueError: where there is a writer and no step.
        TypeError: where `metadata` is none.

    Example:
        >>> import rillet as tf
        >>> bool(tf.summary.write("weights", [1.0, 2.0], step=0))  # no writer
        False
    """
    known = _metadata(metadata)
    wanted = recording()
    if wanted is False:
        return to_tensor(False)
    if not callable(tensor) or hasattr(tensor, "dtype"):
        return _write(tag, tensor, step, known)
    if isinstance(wanted, bool):
        return _write(tag, tensor(), step, known)
    give: Callable[[], Any] = tensor

    def put() -> Any:
        with writers.record_if(True):
            return _write(tag, give(), step, known)

    return cond(wanted, put, lambda: to_tensor(False))


def _write(tag: str, value: Any, step: Any, metadata: Record) -> Any:
    tensor = to_tensor(value)
    dtype = tensor.dtype
    return add_event(
        lambda array: value_event(tag, array, dtype, metadata),
        [tensor],
        step,
        f"WriteSummary {tag}",
    )


def _metadata(given: Any) -> Record:
    if given is None:
        return Record(METADATA)
    if isinstance(given, Record):
        return given
    if hasattr(given, "SerializeToString"):
        given = given.SerializeToString()
    if isinstance(given, bytes):
        return decode(METADATA, given)
    raise TypeError(
        house_message(
            "summary.write",
            "metadata must be a SummaryMetadata message or its bytes",
            f"got {type(given).__name__}",
        )
    )


def write_raw_pb(tensor: Any, step: Any = None, name: Any = None) -> Any:
    """Write whole `Summary` messages to the default writer.

    Args:
        tensor: their bytes: strings.
        step: the step; that of the writer's block where None.
        name: ignored.

    Returns:
        Whether it was written: a scalar tensor of type bool.

    Raises:
        DataLossError: where a string is no such message.
    """

    def make(array: Array) -> Record:
        whole = Record(SUMMARY, value=[])
        for text in np.asarray(array).flat:
            whole.value += decode(SUMMARY, text).value
        return Record(EVENT, summary=whole)

    return add_event(make, [to_tensor(tensor, string)], step, "WriteRawProtoSummary")


def graph(graph_data: Any) -> Any:
    """Write a graph, which TensorBoard draws.

    Args:
        graph_data: a `tf.Graph`, such as that of a concrete function, or a `GraphDef`
            message.

    Returns:
        Whether it was written: a scalar tensor of type bool. Nothing is written while
        a function is traced.

    Raises:
        ValueError: where it is no graph.

    Example:
        >>> import rillet as tf
        >>> double = tf.function(lambda x: 2 * x)
        >>> traced = double.get_concrete_function(tf.constant(1.0)).graph
        >>> bool(tf.summary.graph(traced))  # no writer
        False
    """
    if context.state.tracer is not None:
        get_logger().warning(
            "Cannot write graph inside a tf.function: write it outside, with the"
            " concrete function's graph."
        )
        return to_tensor(False)
    if is_graph(graph_data):
        data = graph_bytes(graph_data)
    elif hasattr(graph_data, "SerializeToString"):
        data = graph_data.SerializeToString()
    else:
        raise ValueError(
            house_message(
                "summary.graph",
                "Argument 'graph_data' is not tf.Graph or tf.compat.v1.GraphDef",
                f"Received graph_data={graph_data!r} of type"
                f" {type(graph_data).__name__}",
                "Give the .graph of a concrete function",
            )
        )
    return add_event(lambda: Record(EVENT, graph_def=data), [], 0, "WriteGraph")


def keras_model(name: str, model: Any, step: Any = None) -> Any:
    """Write a Keras model's structure, which TensorBoard draws as a graph of layers.

    Args:
        name: the summary's name.
        model: the model; its `to_json` tells its structure.
        step: the step; that of the writer's block where None.

    Returns:
        Whether it was written: a scalar tensor of type bool.
    """
    with summary_scope(name, "graph_keras_model") as (tag, _):
        try:
            text = model.to_json()
        except (NotImplementedError, TypeError, ValueError) as error:
            get_logger().warning("Model failed to serialize as JSON: %s", error)
            return to_tensor(False)
        return write(tag, text, step, plugin("graph_keras_model", b"1"))


def checked_rank(op: str, shape: Any, rank: int, words: str) -> None:
    """Raise where a tensor is known to have another rank."""
    if shape.rank is not None and shape.rank != rank:
        raise ValueError(house_message(op, f"{words}, saw shape: {tuple(shape)}"))
