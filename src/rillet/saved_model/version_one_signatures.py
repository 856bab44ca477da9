"""Signatures of TensorFlow 1's graphs: tensors by name in and out.

In flow a `SignatureDef` and what runs its graph; out flows something to call. Inputs
that are sparse or ragged come in part by part, as TensorFlow gives them names; results
come out whole. `version_one` makes them, `saving` writes them again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rillet.checkpoint.wire import Record
from rillet.core import dtypes
from rillet.core.composite import CompositeSpec
from rillet.core.sparse_tensor import SparseTensorSpec
from rillet.core.spec import TensorSpec
from rillet.functions import Function
from rillet.saved_model import messages
from rillet.saved_model.graph_reader import Reader
from rillet.saved_model.messages import as_dict
from rillet.saved_model.named_calls import NamedCalls
from rillet.saved_model.steps import Plan
from rillet.saved_model.structures import structure_of
from rillet.saved_model.tensors import damaged, dims_of, dtype_of

if TYPE_CHECKING:
    from rillet.graph.concrete import ConcreteFunction


class VersionOneSignature:
    """A signature of a graph: tensors by name in and out.

    Args:
        reader: what runs the graph.
        name: the signature's name.
        signature: what the file says of it.
    """

    def __init__(self, reader: Reader, name: str, signature: Record) -> None:
        self._reader = reader
        self._name = name
        #: Names of tensors in the graph by names of arguments, and their specs.
        self._feeds: dict[str, str] = {}
        self._specs: dict[str, TensorSpec] = {}
        for key, info in sorted(as_dict(signature.inputs).items()):
            for end, part, spec in parts_of_info(info, key, name):
                self._feeds[key + end] = part
                self._specs[key + end] = spec
        self._results: dict[str, Any] = {}
        self._fetches: list[str] = []
        for key, info in sorted(as_dict(signature.outputs).items()):
            self._results[key] = spec_of_info(info, key)
            self._fetches += [part for _, part, _ in parts_of_info(info, key, name)]
        self._concrete: ConcreteFunction | None = None
        self._plan: Plan | None = None
        names = sorted(self._feeds)
        self._calls = NamedCalls(name, names, names, self._function, self._computed)

    def _computed(self, flat: list[Any]) -> Any:
        """The results by name, for tensors in the order of the arguments' names."""
        if self._plan is None:
            feeds = [tensor_name(self._feeds[name]) for name in sorted(self._feeds)]
            fetches = [tensor_name(fetch) for fetch in self._fetches]
            plan = self._reader.part(feeds, fetches)
            self._reader.check(plan)
            self._plan = plan
        given = iter(self._reader.run(self._plan, flat))
        return {
            key: spec._from_tensors([next(given) for _ in spec._component_specs])
            if isinstance(spec, CompositeSpec)
            else next(given)
            for key, spec in self._results.items()
        }

    def _function(self) -> ConcreteFunction:
        if self._concrete is None:
            names = sorted(self._feeds)

            def signature(**inputs: Any) -> Any:
                return self._computed([inputs[name] for name in names])

            function = Function(signature, self._name, autograph=False)
            self._concrete = function.get_concrete_function(**self._specs)
        return self._concrete

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call with tensors by name, or by place in the order of the names."""
        return self._calls(args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(self._function(), name)

    @property
    def structured_outputs(self) -> dict[str, Any]:
        """The results as specs."""
        return dict(self._results)

    @property
    def structured_input_signature(self) -> tuple[Any, dict[str, TensorSpec]]:
        """The arguments as specs."""
        return (), dict(self._specs)


def tensor_name(name: str) -> str:
    """A tensor's name with the number of the output that it is."""
    return name if ":" in name else f"{name}:0"


def spec_of_info(info: Record, name: str) -> Any:
    """What the file says of an input or result: of a tensor, or of a composite.

    Args:
        info: the `TensorInfo`.
        name: the input's or result's name.

    Raises:
        DataLossError: where it is a composite of an unknown kind.
    """
    if info.has("coo_sparse"):
        return SparseTensorSpec(dims_of(info.tensor_shape), dtype_of(info.dtype))
    if not info.has("composite_tensor"):
        return TensorSpec(dims_of(info.tensor_shape), dtype_of(info.dtype), name)
    told = info.composite_tensor
    spec = structure_of(Record(messages.STRUCTURE, type_spec_value=told.type_spec))
    if not isinstance(spec, CompositeSpec):
        raise damaged("a signature has a composite of an unknown kind", name)
    if len(told.components) != len(spec._component_specs):
        raise damaged("a signature's composite lacks a part", name)
    return spec


def parts_of_info(
    info: Record, key: str, where: str
) -> list[tuple[str, str, TensorSpec]]:
    """The tensors of an input or result.

    Returns:
        Of each what its argument's name ends in, its name in the graph, and its spec.
    """
    found: list[tuple[str, str, TensorSpec]]
    if info.has("coo_sparse"):
        told, dims = info.coo_sparse, dims_of(info.tensor_shape)
        rank, kind = None if dims is None else len(dims), dtype_of(info.dtype)
        names = "_indices", "_values", "_dense_shape"
        parts = (
            (told.indices_tensor_name, [None, rank], dtypes.int64),
            (told.values_tensor_name, [None], kind),
            (told.dense_shape_tensor_name, [rank], dtypes.int64),
        )
        found = [
            (end, part, TensorSpec(sizes, dtype, key + end))
            for end, (part, sizes, dtype) in zip(names, parts, strict=True)
        ]
    elif info.has("composite_tensor"):
        spec_of_info(info, key)
        found = []
        for place, part in enumerate(info.composite_tensor.components):
            end = f"_component_{place}"
            found.append((end, part.name, _spec_of_part(part, key + end)))
    else:
        found = [("", info.name, _spec_of_part(info, key))]
    if not all(part for _, part, _ in found):
        raise damaged("a signature names no tensor", where)
    return found


def _spec_of_part(info: Record, name: str) -> TensorSpec:
    return TensorSpec(dims_of(info.tensor_shape), dtype_of(info.dtype), name)
