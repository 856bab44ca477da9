"""Which arguments are of one kind: the key that a traced function is found by.

Tensors count by type and shape, Python values by equality, variables and other objects
by identity, structures by their form. In flow a call's arguments; out flow a key, the
tensors among them, and what is needed to put other tensors in their places.
"""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from rillet.core import nest
from rillet.core.composite import CompositeSpec, CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.indexed_slices import IndexedSlices
from rillet.core.spec import TensorSpec, TypeSpec
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.ops.composites import Place

_VALUES = (int, float, complex, bool, str, bytes, type(None))


class Arguments:
    """The arguments of one call.

    Attributes:
        key: equal for calls that one trace serves.
        form_key: the same without the tensors' shapes.
        tensors: the tensors among them, flat.
        specs: a `TensorSpec` for each.
        names: a name for each.
        asked: the names that specs of the call have themselves, by number.
    """

    __slots__ = (
        "args",
        "asked",
        "form_key",
        "key",
        "kwargs",
        "names",
        "specs",
        "tensors",
    )

    def __init__(self) -> None:
        self.tensors: list[Any] = []
        self.specs: list[TensorSpec] = []
        self.names: list[str] = []
        self.asked: dict[int, str] | None = None
        self.args: Any = ()
        self.kwargs: dict[str, Any] = {}
        self.key: Any = None
        self.form_key: Any = None

    def rebuilt(self, tensors: list[Any]) -> tuple[Any, dict[str, Any]]:
        """The arguments with other tensors in their places."""
        return _filled(self.args, tensors), _filled(self.kwargs, tensors)

    def goes_by(self, names: list[str]) -> bool:
        """Whether a trace whose tensors have these names has all that are asked for."""
        return all(names[i] == name for i, name in (self.asked or {}).items())

    def of_names(self) -> None:
        """Be of one kind only with calls that ask for the same names."""
        names = tuple((self.asked or {}).items())
        self.key, self.form_key = (*self.key, names), (*self.form_key, names)


def _filled(structure: Any, tensors: list[Any]) -> Any:
    def one(leaf: Any) -> Any:
        if not isinstance(leaf, Place):
            return leaf
        parts = tensors[leaf.start : leaf.start + leaf.count]
        if leaf.like is None:
            return parts[0]
        if isinstance(leaf.like, IndexedSlices):
            return IndexedSlices(parts[0], parts[1], leaf.like.dense_shape)
        return leaf.like._from_tensors(parts)

    return nest.map_structure(one, structure)


class _ById:
    """An object in a key: equal to itself alone, and not kept alive."""

    __slots__ = ("__weakref__", "held", "number", "ref")

    def __init__(self, value: Any) -> None:
        self.number = id(value)
        self.held: Any = None
        self.ref: Any = None
        try:
            self.ref = weakref.ref(value)
        except TypeError:
            self.held = value

    def __hash__(self) -> int:
        return hash(self.number)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _ById) or self.number != other.number:
            return False
        return self.ref is None or (self.ref() is not None and self.ref is other.ref)


class Signature:
    """What is known of a function's arguments.

    Args:
        function: the Python function.
        specs: its `input_signature`, or None.
        name: its name, for messages.
        bound: whether it is a method whose instance is given already.
    """

    def __init__(
        self, function: Callable[..., Any], specs: Any, name: str, bound: bool
    ) -> None:
        self.name = name
        self.specs = specs
        self._bound = bound
        try:
            self.signature: inspect.Signature | None = inspect.signature(function)
        except (TypeError, ValueError):
            self.signature = None

    @property
    def fullargspec(self) -> Any:
        """The signature as `inspect` gives it."""
        return self.signature

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        """The arguments of a call, in one form however they were given.

        Raises:
            TypeError: where they do not fit the function.
        """
        if self.signature is not None:
            try:
                bound = self.signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(
                    f"Binding inputs to tf.function failed due to `{error}`. Received"
                    f" args: {args} and kwargs: {kwargs} for signature:"
                    f" {self.signature}."
                ) from None
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        if self.specs is not None:
            args = self._cast(args)
        return self._collected(args, kwargs)

    def _cast(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Arguments as the tensors that the input signature names."""
        count = len(self.specs)
        if len(args) < count:
            raise TypeError(
                house_message(
                    self.name,
                    "Binding inputs to tf.function failed: missing arguments",
                    f"the signature has {count}, got {len(args)}",
                )
            )
        done = []
        for value, spec in zip(args[:count], self.specs, strict=True):
            if isinstance(spec, TypeSpec) and not isinstance(value, dict):
                done.append(self._fitted(spec, value))
                continue
            try:
                nest.assert_same_structure(spec, value, check_types=False)
            except (TypeError, ValueError) as error:
                raise TypeError(
                    f"Binding inputs to tf.function failed due to `{error}`"
                ) from None
            done.append(nest.map_structure(self._fitted, spec, value))
        return (*done, *args[count:])

    def _fitted(self, spec: Any, value: Any) -> Any:
        if isinstance(value, TensorSpec | CompositeSpec):
            return value
        if isinstance(spec, CompositeSpec):
            return self._composed(spec, value)
        if isinstance(value, Tensor) and value.dtype is not spec.dtype:
            tensor: Any = value
        else:
            try:
                tensor = to_tensor(value, hint=spec.dtype)
            except (TypeError, ValueError) as error:
                raise TypeError(
                    f"Binding inputs to tf.function failed due to `{error}`"
                ) from None
        if not spec.is_compatible_with(tensor):
            raise TypeError(
                house_message(
                    self.name,
                    "Binding inputs to tf.function failed: Can not cast"
                    f" {TensorSpec(tensor.shape, tensor.dtype)} to {spec!r}",
                    f"got {tensor!r}",
                    "Give a tensor of that shape and type",
                )
            )
        return _Fitted(tensor, spec)

    def _composed(self, spec: CompositeSpec, value: Any) -> Any:
        """A composite that goes by its signature's spec."""
        if not isinstance(value, CompositeTensor) or not spec.is_compatible_with(value):
            raise TypeError(
                house_message(
                    self.name,
                    f"Binding inputs to tf.function failed: Can not cast"
                    f" {getattr(value, '_type_spec', type(value).__name__)!r} to"
                    f" {spec!r}",
                    f"got {value!r}",
                    f"Give a {spec.value_type.__name__} of that form",
                )
            )
        return _Fitted(value, spec)

    def from_specs(self) -> Arguments:
        """Arguments that stand for the input signature itself."""
        args = tuple(self.specs or ())
        if self.signature is not None:
            bound = self.signature.bind(*args)
            bound.apply_defaults()
            return self._collected(bound.args, bound.kwargs)
        return self._collected(args, {})

    def _collected(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Arguments:
        out = Arguments()
        key: list[Any] = []
        form: list[Any] = []
        names = self._names(len(args))
        collected = []
        for value, name in zip(args, names, strict=True):
            collected.append(_collect(value, name, out, key, form))
        out.args = tuple(collected)
        for name in sorted(kwargs):
            key.append(name)
            form.append(name)
            out.kwargs[name] = _collect(kwargs[name], name, out, key, form)
        out.key = tuple(key)
        out.form_key = tuple(form)
        return out

    def _names(self, count: int) -> list[str]:
        names: list[str] = []
        if self.signature is not None:
            for p in self.signature.parameters.values():
                if p.kind is p.VAR_POSITIONAL:
                    names += [f"{p.name}_{i}" for i in range(count - len(names))]
                elif p.kind is not p.KEYWORD_ONLY:
                    names.append(p.name)
        names += [f"arg{i}" for i in range(len(names), count)]
        return names[:count]


class _Fitted:
    """A tensor that goes by its signature's spec."""

    __slots__ = ("spec", "tensor")

    def __init__(self, tensor: Any, spec: Any) -> None:
        self.tensor = tensor
        self.spec = spec


def _collect(value: Any, name: str, out: Arguments, key: Any, form: Any) -> Any:
    """Add an argument to the keys; return it with places for its tensors."""
    kind = type(value)
    if isinstance(value, Tensor):
        return _tensor(value, None, name, out, key, form)
    if kind in (int, float, bool, str, bytes, complex) or value is None:
        same = (kind, str(value) if value != value else value)
        key.append(same)
        form.append(same)
        return value
    if kind is _Fitted and isinstance(value.spec, CompositeSpec):
        return _composite(value.tensor, value.spec, name, out, key, form)
    if isinstance(value, CompositeSpec):
        return _composite(None, value, name, out, key, form)
    if kind is _Fitted:
        return _tensor(value.tensor, value.spec, name, out, key, form)
    if isinstance(value, TensorSpec):
        if value.name:
            out.asked = {**(out.asked or {}), len(out.tensors): value.name}
        return _tensor(None, value, value.name or name, out, key, form)
    if isinstance(value, Variable):
        return _object(value, key, form)
    if isinstance(value, np.ndarray | np.generic):
        return _tensor(to_tensor(value), None, name, out, key, form)
    if isinstance(value, IndexedSlices):
        return _opened(value, name, out, key, form)
    if isinstance(value, CompositeTensor):
        return _composite(value, value._type_spec, name, out, key, form)
    if hasattr(value, "_flat_tensors"):
        return _opened(value, name, out, key, form)
    if nest.is_nested(value):
        key.append(kind)
        form.append(kind)
        flat = _parts(value, key, form)
        done = [_collect(part, name, out, key, form) for part in flat]
        key.append(")")
        form.append(")")
        return _remade(value, done)
    return _object(value, key, form)


def _parts(value: Any, key: Any, form: Any) -> list[Any]:
    if isinstance(value, dict):
        names = sorted(value, key=str)
        key.append(tuple(names))
        form.append(tuple(names))
        return [value[n] for n in names]
    if isinstance(value, list | tuple):
        return list(value)
    return nest.flatten(value)


def _remade(value: Any, parts: list[Any]) -> Any:
    if isinstance(value, dict):
        found = dict(zip(sorted(value, key=str), parts, strict=True))
        ordered = {k: found[k] for k in value}
        return nest._like_mapping(value, ordered)
    if hasattr(value, "_fields"):
        return type(value)(*parts)
    if isinstance(value, list | tuple):
        return type(value)(parts)
    return nest.pack_sequence_as(value, parts)


def _tensor(
    value: Any, spec: Any, name: str, out: Arguments, key: Any, form: Any
) -> Place:
    if spec is None:
        spec = TensorSpec(value.shape, value.dtype, name)
        key.append((value.dtype, value.shape._dims))
    else:
        key.append((spec.dtype, spec.shape._dims))
        spec = TensorSpec(spec.shape, spec.dtype, spec.name or name)
    form.append(spec.dtype)
    out.tensors.append(value)
    out.specs.append(spec)
    out.names.append(name)
    return Place(len(out.tensors) - 1, 1, None)


def _composite(
    value: Any, spec: CompositeSpec, name: str, out: Arguments, key: Any, form: Any
) -> Place:
    """Add the components of a composite, or of what a spec says of one."""
    key.append(type(spec))
    key.append(spec._parts())
    form.append(type(spec))
    form.append(spec._form_key())
    start = len(out.tensors)
    specs = spec._component_specs
    parts = [None] * len(specs) if value is None else value._flat_tensors()
    for part, one in zip(parts, specs, strict=True):
        _tensor(part, one, name, out, key, form)
    return Place(start, len(specs), spec)


def _opened(value: Any, name: str, out: Arguments, key: Any, form: Any) -> Place:
    slices = isinstance(value, IndexedSlices)
    parts = [value.values, value.indices] if slices else value._flat_tensors()
    key.append(type(value))
    form.append(type(value))
    start = len(out.tensors)
    for part in parts:
        _tensor(to_tensor(part), None, name, out, key, form)
    return Place(start, len(parts), value)


def _object(value: Any, key: Any, form: Any) -> Any:
    try:
        ref = weakref.ref(value)
    except TypeError:
        ref = None
    held = _ById(value)
    held.ref = ref
    if isinstance(value, range | slice):
        key.append((type(value), str(value)))
        form.append((type(value), str(value)))
        return value
    key.append(held)
    form.append(held)
    return value


def checked_signature(signature: Any) -> Any:
    """An `input_signature` as a tuple; TypeError where it is no nest of specs."""
    if signature is None:
        return None
    if not isinstance(signature, list | tuple):
        raise TypeError(
            house_message(
                "tf.function",
                "input_signature must be either a tuple or a list",
                f"got {signature!r} of type {type(signature).__name__}",
                "Write input_signature=[tf.TensorSpec(...)]",
            )
        )
    for leaf in nest.flatten(signature):
        if not isinstance(leaf, TypeSpec):
            raise TypeError(
                house_message(
                    "tf.function",
                    "input_signature must be a possibly nested sequence of TensorSpec"
                    " objects",
                    f"it holds {leaf!r}",
                )
            )
    return tuple(signature)
