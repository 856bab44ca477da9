"""Ops of TensorFlow's graphs that no record of rillet's stands for, one by one.

Constants, calls, branches, loops; `variable_readers`, `update_readers`,
`table_readers`, `list_readers` and `older_readers` enter more. A reader takes the
model's `Reader`, the node and its inputs; it gives the outputs. `graph_reader` asks the
table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import context, dtypes
from rillet.core.convert import to_tensor
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.graph.control import CASE, IF
from rillet.graph.ir import SymbolicTensor
from rillet.ops.casting import cast
from rillet.ops.identity import identity_op
from rillet.saved_model.resources import is_list, is_resource
from rillet.saved_model.tensors import damaged

Read = Callable[[Any, Any, list[Any]], Any]
READERS: dict[str, Read] = {}
#: Ops that open files, call Python, or load code: refused unless allowed.
FORBIDDEN = frozenset(
    """ReadFile WriteFile MatchingFiles PyFunc PyFuncStateless EagerPyFunc Save SaveV2
    SaveSlices Restore RestoreV2 RestoreSlice MergeV2Checkpoints ShardedFilename
    FixedLengthRecordReaderV2 TextLineReaderV2
    TFRecordReaderV2 WholeFileReaderV2 LMDBReader TFRecordDataset TextLineDataset
    FixedLengthRecordDatasetV2 SqlDataset ImmutableConst LoadDataset SaveDatasetV2
    WriteRawProtoSummary WriteSummary CreateSummaryFileWriter CreateSummaryDbWriter
    DebugIdentityV2 DebugIdentityV3 DumpTensor CollectiveReduceV2 RpcCall
    RemoteCall""".split()
)


def reads(*names: str) -> Callable[[Read], Read]:
    """Enter a reader under names of ops."""

    def entered(function: Read) -> Read:
        for name in names:
            READERS[name] = function
        return function

    return entered


def constant(array: Any) -> Any:
    """An array as a constant of the graph that is built."""
    tensor = Tensor(array)
    tracer = context.state.tracer
    return tensor if tracer is None else tracer.constant(tensor)


@reads("Const")
def _const(reader: Any, step: Any, inputs: list[Any]) -> Any:
    value = step.attrs.get("value")
    if not isinstance(value, np.ndarray):
        raise damaged("a constant has no value", step.name)
    return (constant(value),)


@reads("NoOp", "ControlTrigger", "DisableCopyOnRead")
def _no_op(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return ()


@reads("Identity", "IdentityN", "PreventGradient", "Snapshot", "_Retval", "RefIdentity")
def _same(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return tuple(
        [x if is_resource(x) or is_list(x) else identity_op(x) for x in inputs]
    )


@reads("PlaceholderWithDefault")
def _given(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (inputs[0],)


@reads("Placeholder", "PlaceholderV2")
def _not_given(reader: Any, step: Any, inputs: list[Any]) -> Any:
    raise damaged("a placeholder gets no value", step.name)


# Calls, branches and loops


@reads("PartitionedCall", "StatefulPartitionedCall")
def _call(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return reader.call(_function(step, "f"), inputs)


def _function(step: Any, name: str) -> str:
    found = step.attrs.get(name)
    if found is None:
        raise damaged(f"{step.op} names no function", step.name)
    return str(found.name)


def tracing(name: str) -> Any:
    """What makes a branch or loop of functions: the service that traces it.

    While a model begins no graph is traced; there branches and loops just run.

    Args:
        name: "graph.branches" or "graph.loop".
    """
    if context.state.tracer is None:
        return _EAGER[name]
    return context.service(name)


def _choose(index: Any, branches: list[Any], form: Any, names: Any = ()) -> Any:
    """Run the branch that a condition or number names, as the service would."""
    if form is IF:
        return list(branches[0 if bool(to_tensor(index)) else 1]())
    at = int(to_tensor(index))
    return list(branches[at if 0 <= at < len(branches) else -1]())


def _go_round(
    test: Any, body: Any, state: Any, specs: Any = (), names: Any = ()
) -> Any:
    """Run a loop, as the service would; readers bound how many nodes run."""
    state = list(state)
    while bool(test(*state)):
        state = list(body(*state))
    return state


_EAGER = {"graph.branches": _choose, "graph.loop": _go_round}


def split(values: list[Any]) -> tuple[list[Any], Callable[[Any], list[Any]]]:
    """The tensors among values, and what puts others in their places."""
    tensors = [x for x in values if not is_resource(x)]

    def whole(found: Any) -> list[Any]:
        rest = iter(found)
        return [x if is_resource(x) else next(rest) for x in values]

    return tensors, whole


def as_truth(x: Any) -> Any:
    """What a condition counts as: zero and the empty text are false."""
    x = to_tensor(x)
    if x.dtype is dtypes.bool_:
        return x
    if x.dtype is dtypes.string:
        from rillet.ops.compare import not_equal

        return not_equal(x, to_tensor(b""))
    return cast(x, dtypes.bool_)


@reads("If", "StatelessIf")
def _if(reader: Any, step: Any, inputs: list[Any]) -> Any:
    names = [_function(step, "then_branch"), _function(step, "else_branch")]
    return _branches(reader, as_truth(inputs[0]), names, inputs[1:], IF, step)


@reads("Case", "StatelessCase")
def _case(reader: Any, step: Any, inputs: list[Any]) -> Any:
    names = [str(f.name) for f in step.attrs.get("branches") or ()]
    if not names:
        raise damaged("Case names no functions", step.name)
    return _branches(reader, inputs[0], names, inputs[1:], CASE, step)


def _branches(
    reader: Any, index: Any, names: list[str], values: list[Any], form: Any, step: Any
) -> Any:
    service = tracing("graph.branches")

    def branch(name: str) -> Callable[[], list[Any]]:
        return lambda: reader.call(name, values)

    found = service(index, [branch(name) for name in names], form, names)
    _learn_shapes(found, step)
    return found


def _learn_shapes(found: Any, step: Any) -> None:
    shapes = step.attrs.get("output_shapes") or ()
    for y, dims in zip(found, shapes, strict=False):
        if isinstance(y, SymbolicTensor) and dims is not None:
            if y.dtype is not dtypes.variant:
                y.set_shape(dims)


@reads("While", "StatelessWhile")
def _while(reader: Any, step: Any, inputs: list[Any]) -> Any:
    service = tracing("graph.loop")
    test, body = _function(step, "cond"), _function(step, "body")
    tensors, whole = split(inputs)
    tensors = [to_tensor(x) for x in tensors]
    shapes = list(step.attrs.get("output_shapes") or ())
    if len(shapes) != len(inputs):
        shapes = [None] * len(inputs)
    kept = [s for s, x in zip(shapes, inputs, strict=True) if not is_resource(x)]
    specs = [
        Spec(() if x.dtype is dtypes.variant else s, x.dtype)
        for s, x in zip(kept, tensors, strict=True)
    ]

    def goes_on(*state: Any) -> Any:
        return as_truth(reader.call(test, whole(state))[0])

    def once(*state: Any) -> list[Any]:
        found = reader.call(body, whole(state))
        return [y for y in found if not is_resource(y)]

    return whole(service(goes_on, once, tensors, specs, (test, body)))
