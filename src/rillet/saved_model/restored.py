"""The objects that `tf.saved_model.load` makes: parts, functions, signatures.

A function that was saved has one or more traces. A call looks for the one that its
arguments fit, and runs it as a function of rillet's: compiled, and differentiable.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from rillet.checkpoint.wire import Record
from rillet.core import nest
from rillet.core.composite import CompositeSpec, CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.scopes import init_scope
from rillet.core.spec import TensorSpec
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.functions import Function
from rillet.saved_model.named_calls import NamedCalls
from rillet.saved_model.naming import plain_name
from rillet.saved_model.python_signatures import python_signature
from rillet.saved_model.resources import is_resource
from rillet.saved_model.structures import Opaque, structure_of
from rillet.saved_model.tensors import damaged

if TYPE_CHECKING:
    from rillet.graph.concrete import ConcreteFunction


class Restored:
    """An object that was loaded: its parts are its attributes."""

    def __init__(self, identifier: str) -> None:
        self.__dict__["_identifier"] = identifier

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        from rillet.checkpoint.children import attribute_children

        return attribute_children(vars(self))

    def __repr__(self) -> str:
        parts = [name for name in vars(self) if not name.startswith("_")]
        return f"<loaded {vars(self)['_identifier']}: {', '.join(parts)}>"


class Callable(Restored):
    """A loaded object that can be called as the one that was saved."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the saved object's ``__call__``."""
        return self.__dict__["__call__"](*args, **kwargs)


callable_kind = Callable


class RestoredResource(Restored):
    """A table that was loaded: made and filled by the functions in the file."""

    def handle(self, loader: Any) -> Any:
        """What stands for it in graphs.

        Args:
            loader: what knows the model's functions.
        """
        space = self.__dict__
        if "_store" not in space:
            space["_store"] = None
            found = self._call(loader, "_create_resource")
            if len(found) != 1 or not is_resource(found[0]):
                raise damaged("a resource is not made by its function", repr(self))
            space["_store"] = found[0]
        if space["_store"] is None:
            raise damaged("a resource's function needs the resource", repr(self))
        return space["_store"]

    def begin(self, loader: Any, parts: dict[str, Any]) -> None:
        """Make it, and fill it as the file says.

        Args:
            loader: what knows the model's functions.
            parts: its keys and values, where a checkpoint holds them.
        """
        store = self.handle(loader)
        if "_initialize" in vars(self):
            self._call(loader, "_initialize")
        if len(parts) == 2:
            restore = getattr(store, "restore", None)
            if restore is None:
                store.clear()
                restore = store.insert
            restore(parts["keys"], parts["values"])

    def _call(self, loader: Any, name: str) -> list[Any]:
        function = vars(self).get(name)
        if not isinstance(function, RestoredFunction) or not function._saved:
            raise damaged("a resource has no function", name)
        trace = function._saved[0]
        reader = loader.reader
        reader.check(reader.plan(trace.name))
        found: list[Any] = reader.call(trace.name, loader.bound(trace._bound))
        return found

    def size(self) -> Any:
        """How many keys a table holds."""
        from rillet.ops.lookup.records import size_op

        return size_op.run(table=vars(self)["_store"])


class SavedTrace:
    """One trace of a function.

    Args:
        loader: what knows the model's objects.
        name: the function's name in the library.
        saved: what the object graph says of it.
    """

    def __init__(self, loader: Any, name: str, saved: Record) -> None:
        self._loader = loader
        self.name = name
        self._bound = list(saved.bound_inputs)
        self._saved = saved
        self._concrete: ConcreteFunction | None = None

    @functools.cached_property
    def _signature(self) -> tuple[Any, Any]:
        found = structure_of(self._saved.canonicalized_input_signature)
        if not isinstance(found, tuple) or len(found) != 2:
            raise damaged("a function has no signature", self.name)
        return found

    @property
    def args(self) -> Any:
        """The positional arguments it was traced for, specs and plain values."""
        return self._signature[0]

    @property
    def kwargs(self) -> Any:
        """Those by name."""
        return self._signature[1]

    @functools.cached_property
    def outputs(self) -> Any:
        """What it gives, likewise."""
        return structure_of(self._saved.output_signature)

    def concrete(self) -> ConcreteFunction:
        """The trace as rillet runs it; made on the first call."""
        if self._concrete is None:
            reader = self._loader.reader
            reader.check(reader.plan(self.name))
            function = Function(self._body, self.name, autograph=False)
            # It must not hang on whoever calls it first.
            with init_scope():
                self._concrete = function.get_concrete_function(
                    *self.args, **self.kwargs
                )
        return self._concrete

    def _body(self, *args: Any, **kwargs: Any) -> Any:
        leaves = nest.flatten((args, kwargs), expand_composites=True)
        return self.computed([x for x in leaves if isinstance(x, Tensor)])

    def computed(self, flat: list[Any]) -> Any:
        """The results for flat tensors, computed op by op.

        Args:
            flat: the tensors, in the order of the arguments.
        """
        bound = self._loader.bound(self._bound)
        found = self._loader.reader.call(self.name, [*flat, *bound])
        given = iter(found)
        values = [self._result(spec, given) for spec in nest.flatten(self.outputs)]
        return nest.pack_sequence_as(self.outputs, values)

    def _result(self, spec: Any, given: Iterator[Any]) -> Any:
        """The next result: a tensor, a composite of several, or a plain value."""
        if isinstance(spec, CompositeSpec):
            return spec._from_tensors([next(given) for _ in spec._component_specs])
        if not isinstance(spec, TensorSpec):
            return spec
        value = next(given, None)
        if value is None:
            raise damaged("a function gives too few results", self.name)
        if spec.shape._dims is not None and hasattr(value, "set_shape"):
            if spec.is_compatible_with(value):
                value.set_shape(spec.shape)
        return value

    def fits(self, args: Any, kwargs: Any, convert: bool) -> list[Any] | None:
        """The flat tensors of a call, or None where the trace is not for it.

        Args:
            args: the positional arguments, defaults included.
            kwargs: those by name.
            convert: whether Python values may stand for tensors.
        """
        flat: list[Any] = []
        if len(args) != len(self.args) or set(kwargs) != set(self.kwargs):
            return None
        pairs = list(zip(self.args, args, strict=True))
        pairs += [(self.kwargs[k], kwargs[k]) for k in sorted(kwargs)]
        for spec, value in pairs:
            if not _fits(spec, value, convert, flat):
                return None
        return flat

    def __repr__(self) -> str:
        return f"{self.args} {self.kwargs}" if self.kwargs else f"{self.args}"


def _fits(spec: Any, value: Any, convert: bool, flat: list[Any]) -> bool:
    if isinstance(spec, TensorSpec):
        tensor = _tensor(value, spec, convert)
        if tensor is None or not spec.is_compatible_with(tensor):
            return False
        flat.append(tensor)
        return True
    if isinstance(spec, CompositeSpec):
        return _fits_composite(spec, value, flat)
    if isinstance(spec, dict):
        if not isinstance(value, dict) or set(spec) != set(value):
            return False
        return all(_fits(spec[k], value[k], convert, flat) for k in sorted(spec))
    if isinstance(spec, list | tuple):
        if not isinstance(value, list | tuple) or len(spec) != len(value):
            return False
        pairs = zip(spec, value, strict=True)
        return all(_fits(s, v, convert, flat) for s, v in pairs)
    if isinstance(spec, Opaque):
        return False
    if isinstance(value, Tensor | Variable | np.ndarray):
        return False
    return type(spec) is type(value) and spec == value


def _fits_composite(spec: CompositeSpec, value: Any, flat: list[Any]) -> bool:
    if not isinstance(value, CompositeTensor) or type(value._type_spec) is not type(
        spec
    ):
        return False
    parts, specs = value._flat_tensors(), spec._component_specs
    if len(parts) != len(specs):
        return False
    if not all(s.is_compatible_with(x) for s, x in zip(specs, parts, strict=True)):
        return False
    flat.extend(parts)
    return True


def _tensor(value: Any, spec: TensorSpec, convert: bool) -> Tensor | None:
    if isinstance(value, TensorSpec) or value is None:
        return None
    if isinstance(value, Tensor):
        return value
    if not convert and not isinstance(value, Variable | np.ndarray | np.generic):
        return None
    try:
        return to_tensor(value, hint=spec.dtype)
    except (TypeError, ValueError):
        return None


class RestoredFunction(Function):
    """A function that was loaded.

    Args:
        traces: its traces.
        spec: what the file says of its arguments.
    """

    def __init__(self, traces: list[SavedTrace], spec: Record) -> None:
        self._saved = traces
        name = plain_name(traces[0].name if traces else "function")

        def restored(*args: Any, **kwargs: Any) -> Any:
            return self(*args, **kwargs)

        signature = python_signature(spec)
        if signature is not None:
            restored.__signature__ = signature  # type: ignore[attr-defined]
        super().__init__(restored, name, autograph=False)
        self._form = signature
        self._declared = structure_of(spec.input_signature) is not None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        trace, flat = self._match(args, kwargs)
        return trace.concrete().run(flat)

    def _match(self, args: Any, kwargs: Any) -> tuple[SavedTrace, list[Any]]:
        if self._form is not None:
            try:
                bound = self._form.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{self._name}: {error}") from None
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        for convert in (False, True):
            for trace in self._saved:
                flat = trace.fits(args, kwargs, convert)
                if flat is not None:
                    return trace, flat
        # Where the program declared the arguments they do not bind; where it left
        # them open, calls make the traces there are.
        kind = TypeError if self._declared else ValueError
        raise kind(self._refusal(args, kwargs))

    def _refusal(self, args: Any, kwargs: Any) -> str:
        if not self._saved:
            return (
                "Found zero restored functions for caller function: it was never called"
                " before the model was saved, so no trace of it is in the file."
            )
        options = "\n\n".join(
            f"Option {i + 1}:\n  Positional arguments: {trace.args}\n  Keyword"
            f" arguments: {trace.kwargs}"
            for i, trace in enumerate(self._saved)
        )
        return (
            "Could not find matching concrete function to call loaded from the"
            f" SavedModel. Got:\n  Positional arguments: {args}\n  Keyword arguments:"
            f" {kwargs}\n\n Expected these arguments to match one of the following"
            f" {len(self._saved)} option(s):\n\n{options}"
        )

    def get_concrete_function(self, *args: Any, **kwargs: Any) -> ConcreteFunction:
        """The trace for arguments, tensors or specs, as `tf.function` gives it.

        Raises:
            ValueError: where the function was not traced for such arguments.
        """
        if not args and not kwargs and len(self._saved) == 1:
            return self._saved[0].concrete()
        args, kwargs = nest.map_structure(_example, (args, kwargs))
        return self._match(args, kwargs)[0].concrete()

    def _concretes(self) -> list[ConcreteFunction]:
        return [trace.concrete() for trace in self._saved]

    @property
    def concrete_functions(self) -> list[ConcreteFunction]:
        """All traces."""
        return self._concretes()


def _example(value: Any) -> Any:
    """A tensor for a spec: what fits the one fits the other."""
    if not isinstance(value, TensorSpec):
        return value
    dims = [1 if d is None else d for d in value.shape._dims or ()]
    return Tensor(np.zeros(dims, value.dtype.numpy_dtype))


class Signatures(dict[str, Any]):
    """The signatures of a loaded model by name."""

    def __init__(self) -> None:
        super().__init__()

    def __repr__(self) -> str:
        return f"_SignatureMap({dict.__repr__(self)})"


class RestoredSignature:
    """A signature or concrete function that was loaded: tensors by name in and out.

    Args:
        trace: the trace.
        names: the arguments' names.
        bare: what the file says of it.
    """

    def __init__(self, trace: SavedTrace, names: list[str], bare: Record) -> None:
        self._trace = trace
        self._names = names
        self._positional = bare.allowed_positional_arguments
        self._name = plain_name(trace.name)
        self._calls: NamedCalls | None = None

    def called(self, key: str) -> None:
        """Take the name that users know a signature by."""
        self._name = key
        self._calls = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call with tensors by name; with one by place, where there is one."""
        calls = self._calls
        if calls is None:
            trace, names = self._trace, self._names
            order = sorted(trace.kwargs) if trace.kwargs else names
            most = len(names) if len(names) == 1 else self._positional
            concrete, placed = trace.concrete, names[:most]
            calls = NamedCalls(self._name, order, placed, concrete, trace.computed)
            self._calls = calls
        return calls(args, kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_trace"].concrete(), name)

    @property
    def structured_outputs(self) -> Any:
        """The results as specs."""
        return self._trace.outputs

    @property
    def structured_input_signature(self) -> Any:
        """The arguments as specs."""
        return self._trace.args, self._trace.kwargs

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        return {}

    def __iter__(self) -> Iterator[Any]:
        raise TypeError("a signature is not iterable")
