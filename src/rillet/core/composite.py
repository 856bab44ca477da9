"""Composite tensors: values made of several tensors that programs handle as one.

A ragged or a sparse tensor, and the rows of a gradient, are composites. Nests,
functions, loops, tapes, datasets and models open one into its components, flat tensors,
and close others in the same way; its `CompositeSpec` says what the components are. Ops
that get a composite ask it for its own version of what they do.

How a kind of composite plugs in (`ops.ragged` and `ops.sparse` do):

- The value is a `CompositeTensor`: `_type_spec`, `_flat_tensors` (its components),
  `_gradient_tensor` and `_with_gradient_tensor` (the one component that gradients flow
  to), and `_versions`, the module that registers its versions of ops.
- The spec is a `CompositeSpec`: `_parts` (what tells two specs apart), `_form_key`,
  `_component_specs`, `_from_tensors` (components -> value), and for datasets `_batch`,
  `_unbatch`, `_stack` (values of a batch -> one value), `_rows` (a value -> its rows).
- Its versions of ops go in through ``register(kind, "Sum", handler)``, where a record's
  name in `ops.registry.TABLE` is given, or ``register(kind, concat, handler)`` for a
  public function that is marked `dispatched`. Handlers get the arguments of the call,
  and may give NotImplemented. `kind._apply(op, inputs, attrs)` is asked for records
  without a handler, so that all elementwise ops need one rule.

Nothing here is asked before an argument turned out not to be a tensor.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterable
from typing import Any, Final, NoReturn, TypeVar

from rillet.core.errors import house_message
from rillet.core.spec import TensorSpec, TypeSpec

F = TypeVar("F", bound=Callable[..., Any])
#: What functions for tensors say of an argument that is none.
_REFUSALS: Final = (AttributeError, TypeError, ValueError)


class CompositeArgument(ValueError):
    """A composite stands where a tensor is wanted; dispatch may know what to do."""


class CompositeTensor:
    """A value made of several tensors."""

    __slots__ = ()
    is_tensor_like = True
    #: The module that registers versions of ops; loaded when one is wanted.
    _versions = ""

    @property
    def _type_spec(self) -> CompositeSpec:
        """What describes this value."""
        raise NotImplementedError

    def _flat_tensors(self) -> list[Any]:
        """The components, in the order of the spec's."""
        raise NotImplementedError

    def _from_tensors(self, tensors: Any) -> Any:
        """A value of this kind with other components."""
        return self._type_spec._from_tensors(list(tensors))

    def _gradient_tensor(self) -> Any:
        """The component that gradients flow to and from."""
        raise NotImplementedError

    def _with_gradient_tensor(self, tensor: Any) -> Any:
        """This value with another such component."""
        raise NotImplementedError

    @classmethod
    def _apply(cls, op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        """What an op without a handler of its own gives; NotImplemented for nothing."""
        return NotImplemented


class CompositeSpec(TypeSpec):
    """What describes a composite tensor: the specs of its components and its form."""

    __slots__ = ()

    @property
    def _composite(self) -> type[CompositeTensor]:
        """The kind of composite whose versions of ops know such values."""
        found: Any = self.value_type
        return found

    def _parts(self) -> tuple[Any, ...]:
        """What the spec is made of; equal for equal specs, hashable."""
        raise NotImplementedError

    def _form_key(self) -> Any:
        """What values must share to differ in their components' sizes alone."""
        raise NotImplementedError

    @property
    def _component_specs(self) -> list[TensorSpec]:
        """The specs of the components."""
        raise NotImplementedError

    def _from_tensors(self, tensors: list[Any]) -> Any:
        """The value that has these components."""
        raise NotImplementedError

    def _batch(self, size: int | None) -> Any:
        """The spec of so many such values as one."""
        raise self._no("batched")

    def _unbatch(self) -> Any:
        """The spec of one row of such a value."""
        raise self._no("unbatched")

    def _stack(self, values: list[Any]) -> Any:
        """Values of this spec as one of the spec that `_batch` gives."""
        raise self._no("batched")

    def _rows(self, value: Any) -> Iterable[Any]:
        """The rows of a value, of the spec that `_unbatch` gives."""
        raise self._no("unbatched")

    def _no(self, what: str) -> NotImplementedError:
        return NotImplementedError(
            house_message(type(self).__name__, f"such values cannot be {what}")
        )

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and self._parts() == other._parts()

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((type(self), self._parts()))

    def __repr__(self) -> str:
        shown = ", ".join(repr(part) for part in self._parts())
        return f"{type(self).__name__}({shown})"

    def __reduce__(self) -> Any:
        return type(self), self._parts()


#: Versions of ops: by kind of composite, by a record's name or a public function's.
_HANDLERS: dict[type, dict[str, Callable[..., Any]]] = {}


def register(
    kind: type, op: str | Callable[..., Any], handler: Callable[..., Any]
) -> None:
    """Enter a kind's version of an op.

    Args:
        kind: a class of composites.
        op: the name of a record, or a function that is `dispatched`.
        handler: takes what the record (its host values and attributes) or the function
            takes.
    """
    _HANDLERS.setdefault(kind, {})[op if isinstance(op, str) else _key(op)] = handler


def _key(function: Callable[..., Any]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def composites_in(values: Iterable[Any]) -> list[Any]:
    """The composites (and specs of some) among values, lists, tuples and dicts."""
    found: list[Any] = []
    for value in values:
        if isinstance(value, CompositeTensor) or hasattr(value, "_composite"):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += composites_in(value)
        elif isinstance(value, dict):
            found += composites_in(value.values())
    return found


def _handler(kind: type[CompositeTensor], key: str) -> Callable[..., Any] | None:
    if kind._versions:
        importlib.import_module(kind._versions)
    return _HANDLERS.get(kind, {}).get(key)


def _kinds(values: Iterable[Any]) -> list[type[CompositeTensor]]:
    found: dict[type, None] = {}
    for value in composites_in(values):
        whole = isinstance(value, CompositeTensor)
        found[type(value) if whole else value._composite] = None
    return list(found)


def is_whole(value: CompositeTensor) -> bool:
    """Whether a composite is handled as one: rows of a gradient become a tensor."""
    return not hasattr(value, "_dense_tensor")


def has_whole(*values: Any) -> bool:
    """Whether a composite that is handled as one is among values."""
    return any(isinstance(v, CompositeTensor) and is_whole(v) for v in values)


def apply_op(op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
    """What an op gives for inputs that hold composites.

    Args:
        op: its record.
        inputs: its inputs, as the record was called.
        attrs: its attributes.

    Raises:
        CompositeArgument: where no composite among them has a version of it.
    """
    kinds = _kinds(inputs)
    for kind in kinds:
        handler = _handler(kind, op.name)
        if handler is not None:
            result = handler(*inputs, **attrs)
        else:
            result = kind._apply(op, inputs, attrs)
        if result is not NotImplemented:
            return result
    raise CompositeArgument(
        house_message(
            op.name,
            f"it takes tensors, not {' or '.join(k.__name__ for k in kinds)}",
            fix="Convert the value first, e.g. with its to_tensor()",
        )
    )


def dispatched(function: F) -> F:
    """Mark a public function of which composites may have versions of their own.

    The function itself runs first. Only where it fails are its arguments looked at, so
    calls with tensors pay a call's frame and no more. Functions that thinly call a
    record need no mark.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except _REFUSALS as error:
            version = _version(key, args, kwargs)
            if version is None:
                raise
            refusal = error
        result = version(*args, **kwargs)
        if result is NotImplemented:
            raise refusal
        return result

    key = _key(function)
    return call  # type: ignore[return-value]


def _version(
    key: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Callable[..., Any] | None:
    """A version of a function for the composites among arguments; None without."""
    for kind in _kinds((*args, *kwargs.values())):
        handler = _handler(kind, key)
        if handler is not None:
            return handler
    return None


def refuse(value: CompositeTensor) -> NoReturn:
    """Raise for a composite that stands where only a tensor can."""
    kind = type(value).__name__
    raise CompositeArgument(
        house_message(
            "convert_to_tensor",
            f"a {kind} is no tensor, and this takes tensors",
            f"got {value!r}",
            "Convert it first, e.g. with its to_tensor()",
        )
    )
