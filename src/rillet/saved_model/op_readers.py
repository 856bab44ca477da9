"""Ops of TensorFlow's graphs that no record of rillet's stands for, one by one.

Constants, variables, calls, branches, loops, tensor lists, and older forms of ops. A
reader takes the model's `Reader`, the node and its inputs; it gives the outputs.
`graph_reader` asks the table.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from rillet.core import context, dtypes
from rillet.core.convert import to_tensor
from rillet.core.errors import UnimplementedError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.graph import loops as _loops  # noqa: F401  signs loops in
from rillet.graph.control import CASE, IF, host_call
from rillet.graph.ir import SymbolicTensor
from rillet.ops.casting import cast
from rillet.ops.elementwise import add_op, mul_op, sub_op
from rillet.ops.identity import identity_op
from rillet.saved_model.records import record_of, run_record
from rillet.saved_model.tensors import damaged

Read = Callable[[Any, Any, list[Any]], Any]
READERS: dict[str, Read] = {}
#: Ops that open files, call Python, or load code: refused unless allowed.
FORBIDDEN = frozenset(
    """ReadFile WriteFile MatchingFiles PyFunc PyFuncStateless EagerPyFunc Save SaveV2
    SaveSlices Restore RestoreV2 RestoreSlice MergeV2Checkpoints ShardedFilename
    DeleteOldDirs PrintV2File FixedLengthRecordReaderV2 TextLineReaderV2
    TFRecordReaderV2 WholeFileReaderV2 LMDBReader TFRecordDataset TextLineDataset
    FixedLengthRecordDatasetV2 SqlDataset InitializeTableFromTextFileV2
    InitializeTableFromTextFile ImmutableConst LoadDataset SaveDatasetV2
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
    return (constant(step.attrs["value"]),)


@reads("NoOp", "ControlTrigger", "DisableCopyOnRead")
def _no_op(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return ()


@reads("Identity", "IdentityN", "PreventGradient", "Snapshot", "_Retval", "RefIdentity")
def _same(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return tuple(
        [
            x if isinstance(x, Variable) or _is_list(x) else identity_op(x)
            for x in inputs
        ]
    )


@reads("PlaceholderWithDefault")
def _given(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (inputs[0],)


@reads("Placeholder", "PlaceholderV2")
def _not_given(reader: Any, step: Any, inputs: list[Any]) -> Any:
    raise damaged("a placeholder gets no value", step.name)


def _is_list(x: Any) -> bool:
    return isinstance(x, Tensor) and x.dtype is dtypes.variant


# Variables


def _variable(x: Any, step: Any) -> Variable:
    if not isinstance(x, Variable):
        raise UnimplementedError(
            house_message(
                "SavedModel",
                f"{step.op} of a resource that is no variable",
                f"node '{step.name}' is given {x!r}",
            )
        )
    return x


@reads("VarHandleOp", "VariableV2", "Variable")
def _handle(reader: Any, step: Any, inputs: list[Any]) -> Any:
    found = reader.resources.get(step.name)
    if found is None:
        raise damaged("a variable has no value", step.name)
    return (found if step.op == "VarHandleOp" else found.read_value(),)


@reads("ReadVariableOp")
def _read(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (_variable(inputs[0], step).read_value(),)


@reads("AssignVariableOp")
def _assign(reader: Any, step: Any, inputs: list[Any]) -> Any:
    _variable(inputs[0], step).assign(inputs[1], read_value=False)
    return ()


@reads("AssignAddVariableOp")
def _assign_add(reader: Any, step: Any, inputs: list[Any]) -> Any:
    _variable(inputs[0], step).assign_add(inputs[1], read_value=False)
    return ()


@reads("AssignSubVariableOp")
def _assign_sub(reader: Any, step: Any, inputs: list[Any]) -> Any:
    _variable(inputs[0], step).assign_sub(inputs[1], read_value=False)
    return ()


@reads("ResourceGather")
def _resource_gather(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.gather import gather

    value = _variable(inputs[0], step).read_value()
    batch = step.attrs.get("batch_dims") or 0
    return (gather(value, inputs[1], axis=batch, batch_dims=batch),)


@reads("ResourceGatherNd")
def _resource_gather_nd(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.gather_nd import gather_nd

    return (gather_nd(_variable(inputs[0], step).read_value(), inputs[1]),)


@reads("VariableShape")
def _variable_shape(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.sizes import shape

    kind = step.attrs.get("out_type") or dtypes.int32
    return (shape(_variable(inputs[0], step).read_value(), out_type=kind),)


@reads("VarIsInitializedOp")
def _is_initialized(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (constant(np.array(True)),)


# Calls, branches and loops


@reads("PartitionedCall", "StatefulPartitionedCall")
def _call(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return reader.call(_function(step, "f"), inputs)


def _function(step: Any, name: str) -> str:
    found = step.attrs.get(name)
    if found is None:
        raise damaged(f"{step.op} names no function", step.name)
    return str(found.name)


def _split(values: list[Any]) -> tuple[list[Any], Callable[[Any], list[Any]]]:
    """The tensors among values, and what puts others in their places."""
    tensors = [x for x in values if not isinstance(x, Variable)]

    def whole(found: Any) -> list[Any]:
        rest = iter(found)
        return [x if isinstance(x, Variable) else next(rest) for x in values]

    return tensors, whole


def _truth(x: Any) -> Any:
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
    return _branches(reader, _truth(inputs[0]), names, inputs[1:], IF, step)


@reads("Case", "StatelessCase")
def _case(reader: Any, step: Any, inputs: list[Any]) -> Any:
    names = [str(f.name) for f in step.attrs.get("branches") or ()]
    if not names:
        raise damaged("Case names no functions", step.name)
    return _branches(reader, inputs[0], names, inputs[1:], CASE, step)


def _branches(
    reader: Any, index: Any, names: list[str], values: list[Any], form: Any, step: Any
) -> Any:
    service = context.service("graph.branches")
    assert service is not None

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
    service = context.service("graph.loop")
    assert service is not None
    test, body = _function(step, "cond"), _function(step, "body")
    tensors, whole = _split(inputs)
    tensors = [to_tensor(x) for x in tensors]
    shapes = list(step.attrs.get("output_shapes") or ())
    if len(shapes) != len(inputs):
        shapes = [None] * len(inputs)
    kept = [
        s for s, x in zip(shapes, inputs, strict=True) if not isinstance(x, Variable)
    ]
    specs = [
        Spec(() if x.dtype is dtypes.variant else s, x.dtype)
        for s, x in zip(kept, tensors, strict=True)
    ]

    def goes_on(*state: Any) -> Any:
        return _truth(reader.call(test, whole(state))[0])

    def once(*state: Any) -> list[Any]:
        found = reader.call(body, whole(state))
        return [y for y in found if not isinstance(y, Variable)]

    return whole(service(goes_on, once, tensors, specs, (test, body)))


# Files, where the caller allows them


@reads("ReadFile")
def _read_file(reader: Any, step: Any, inputs: list[Any]) -> Any:
    def run(arrays: list[Any], undo: list[Any]) -> list[Any]:
        found = np.empty((), object)
        found[()] = Path(arrays[0].item().decode()).read_bytes()
        return [found]

    return host_call(run, inputs, [Spec((), dtypes.string)], "ReadFile")


@reads("WriteFile")
def _write_file(reader: Any, step: Any, inputs: list[Any]) -> Any:
    def run(arrays: list[Any], undo: list[Any]) -> list[Any]:
        path = Path(arrays[0].item().decode())
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(arrays[1].item())
        return []

    return host_call(run, inputs, [], "WriteFile")


# Older forms, and ops that are others under another name


def _renamed(name: str) -> Read:
    def read(reader: Any, step: Any, inputs: list[Any]) -> Any:
        op = record_of(name)
        assert op is not None
        return run_record(op, step.attrs, inputs)

    return read


for _old, _new in {
    "BatchMatMul": "BatchMatMulV2",
    "BatchMatMulV3": "BatchMatMulV2",
    "Inv": "Reciprocal",
    "Gather": "GatherV2",
    "Mod": "TruncateMod",
    "ResizeNearestNeighborV2": "ResizeNearestNeighbor",
    "TopK": "TopKV2",
}.items():
    READERS[_old] = _renamed(_new)


@reads("Gather")
def _gather(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.gather import gather

    return (gather(inputs[0], inputs[1]),)


@reads("Add")
def _add(reader: Any, step: Any, inputs: list[Any]) -> Any:
    if inputs[0].dtype is dtypes.string:
        from rillet.ops.string_joins import join

        return (join(inputs),)
    return (add_op.run(*inputs),)


@reads("Div")
def _div(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.quotients import realdiv
    from rillet.ops.rounding import truncatediv

    whole = inputs[0].dtype.is_integer
    return ((truncatediv if whole else realdiv)(*inputs),)


@reads("LogicalXor")
def _xor(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.compare import not_equal

    return (not_equal(*inputs),)


@reads("Select")
def _select(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.mask import where
    from rillet.ops.shaping import reshape

    test, x, y = inputs
    rank = len(x.shape)
    if len(test.shape) == 1 and rank > 1:
        test = reshape(test, [-1, *[1] * (rank - 1)])
    return (where(test, x, y),)


@reads("ShapeN")
def _shape_n(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.sizes import shape

    kind = step.attrs.get("out_type") or dtypes.int32
    return [shape(x, out_type=kind) for x in inputs]


@reads("CheckNumerics")
def _check_numerics(reader: Any, step: Any, inputs: list[Any]) -> Any:
    return (identity_op(inputs[0]),)


@reads("Assert")
def _assert(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.checks import Assert

    Assert(inputs[0], list(inputs[1:]), summarize=step.attrs.get("summarize") or 3)
    return ()


@reads("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3")
def _batch_norm(reader: Any, step: Any, inputs: list[Any]) -> Any:
    from rillet.ops.reduce import reduce_mean
    from rillet.ops.shaping import reshape
    from rillet.ops.transcendental import rsqrt

    x, scale, offset, mean, variance = inputs
    attrs = step.attrs
    epsilon = attrs.get("epsilon", 1e-4)
    first = attrs.get("data_format", b"NHWC").startswith(b"NC")
    rank = len(x.shape)
    axes = [i for i in range(rank) if i != (1 if first else rank - 1)]
    wide = cast(x, scale.dtype)

    def facing(v: Any) -> Any:
        return reshape(v, [1, -1, *[1] * (rank - 2)]) if first else v

    outs = [mean, variance]
    if attrs.get("is_training", True):
        found = reduce_mean(wide, axes)
        apart = sub_op.run(wide, facing(found))
        spread = reduce_mean(mul_op.run(apart, apart), axes)
        count = cast(_count(x, axes), spread.dtype)
        whole = spread * (count / (count - 1.0))
        factor = attrs.get("exponential_avg_factor", 1.0)
        outs = [found, whole]
        if factor != 1.0:
            outs = [
                mean * (1.0 - factor) + found * factor,
                variance * (1.0 - factor) + whole * factor,
            ]
        mean, variance = found, spread
    gain = mul_op.run(scale, rsqrt(variance + epsilon))
    y = (wide - facing(mean)) * facing(gain) + facing(offset)
    return (cast(y, x.dtype), *outs, mean, variance, constant(np.zeros(0, np.float32)))


def _count(x: Any, axes: list[int]) -> Any:
    from rillet.ops.gather import gather
    from rillet.ops.reduce import reduce_prod
    from rillet.ops.sizes import shape

    return reduce_prod(gather(shape(x), axes))
