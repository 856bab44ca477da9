"""Calls of signatures: what came by name and place, put in order and looked over.

In flow the arguments of a call; out flow results, or an error in the words of whoever
called. The signatures of both versions' models call it. As in TensorFlow a type must be
the declared one, but inputs of other sizes run where the model's ops can work on them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core.composite import CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, OpError, house_message
from rillet.core.spec import TensorSpec
from rillet.functions import Function


class NamedCalls:
    """How one signature is called.

    Args:
        name: the signature's, as users know it.
        names: those of the arguments, in the order that tensors flow in.
        by_place: the names that may be given by place, in their order.
        concrete: gives the function for the sizes that were declared.
        body: computes the results for tensors in the order of `names`; it may be
            traced.
    """

    def __init__(
        self,
        name: str,
        names: list[str],
        by_place: list[str],
        concrete: Callable[[], Any],
        body: Callable[[list[Any]], Any],
    ) -> None:
        self._name = name
        self._names = names
        self._by_place = by_place
        self._concrete = concrete

        def other(**inputs: Any) -> Any:
            return body([inputs[name] for name in names])

        self._other = Function(other, name, autograph=False)

    def __call__(self, args: Any, kwargs: dict[str, Any]) -> Any:
        """Call with what came by place and by name.

        Raises:
            TypeError: where names, numbers or values of arguments are wrong.
            InvalidArgumentError: where a tensor has another type, or sizes that the
                model cannot work on.
        """
        given = self._given(args, kwargs)
        concrete = self._concrete()
        pairs = list(zip(self._names, concrete._specs, strict=True))
        flat = [self._tensor(name, given[name], spec) for name, spec in pairs]
        odd = [
            f"'{name}' takes shape {spec.shape}, got {tensor.shape}"
            for (name, spec), tensor in zip(pairs, flat, strict=True)
            if not spec.is_compatible_with(tensor)
        ]
        if not odd:
            return concrete.run(flat)
        try:
            return self._other(**dict(zip(self._names, flat, strict=True)))
        except (ValueError, OpError) as error:
            raise InvalidArgumentError(
                house_message(
                    self._name,
                    "the model cannot work on inputs of these shapes",
                    f"{'; '.join(odd)} ({error})",
                )
            ) from error

    def _given(self, args: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by name."""
        given = dict(zip(self._by_place, args, strict=False))
        told = f"it takes {', '.join(repr(name) for name in self._names) or 'nothing'}"
        if len(args) > len(self._by_place):
            most = len(self._by_place)
            raise self._refused(
                f"it takes {most} positional argument{'s' * (most != 1)}",
                f"got {len(args)}",
                f"Give them by name: {', '.join(f'{n}=...' for n in self._names)}",
            )
        twice = [name for name in kwargs if name in given]
        if twice:
            raise self._refused("multiple values for an argument", repr(twice[0]))
        given |= kwargs
        missing = [repr(name) for name in self._names if name not in given]
        if missing:
            surplus = [repr(name) for name in given if name not in self._names]
            also = f"; got the unknown {', '.join(surplus)}" if surplus else ""
            raise self._refused(
                "missing required arguments", f"{', '.join(missing)}; {told}{also}"
            )
        for name in given:
            if name not in self._names:
                raise self._refused(
                    "got an unexpected keyword argument", f"{name!r}; {told}"
                )
        return given

    def _tensor(self, name: str, value: Any, spec: TensorSpec) -> Any:
        """An argument as a tensor of the type that was declared."""
        if value is None or isinstance(value, CompositeTensor):
            raise self._refused(
                f"argument '{name}' must be a Tensor of {spec.dtype.name}",
                f"got {value!r}",
            )
        try:
            tensor = to_tensor(value, hint=spec.dtype)
        except (TypeError, ValueError) as error:
            raise self._refused(
                f"argument '{name}' takes {spec.dtype.name} of shape {spec.shape}",
                str(error),
            ) from None
        if tensor.dtype is not spec.dtype:
            raise InvalidArgumentError(
                house_message(
                    self._name,
                    f"argument '{name}' was expected to be a {spec.dtype.name} tensor"
                    f" of shape {spec.shape}",
                    f"got a {tensor.dtype.name} tensor of shape {tensor.shape}",
                    f"Give tf.cast({name}, tf.{spec.dtype.name})",
                )
            )
        return tensor

    def _refused(self, rule: str, values: str, fix: str = "") -> TypeError:
        return TypeError(house_message(self._name, rule, values, fix))
