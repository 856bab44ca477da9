"""Signatures: functions of tensors by name that give tensors by name, for servers.

In flow what a user gave as ``signatures=``, or an object whose only function serves;
out flow traces by name. `save` calls it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rillet.core.composite import CompositeSpec
from rillet.core.errors import house_message
from rillet.core.spec import TensorSpec
from rillet.functions import Function
from rillet.graph.concrete import ConcreteFunction
from rillet.saved_model.keras_functions import serving_function
from rillet.saved_model.objects import SignatureMap, parts_of
from rillet.saved_model.restored import RestoredSignature
from rillet.saved_model.version_one_signatures import VersionOneSignature

DEFAULT_KEY = "serving_default"
#: What loaders run first; no signature may have the name.
RESERVED = ("__saved_model_init_op", "__saved_model_train_op")


def signatures_for(obj: Any, given: Any, first_output: int = 0) -> SignatureMap:
    """The signatures of a model.

    Args:
        obj: the object to save.
        given: what the user gave; None to look for a function that serves.
        first_output: the number that a Keras model's outputs are counted from.

    Raises:
        ValueError: where one cannot be a signature.
    """
    if given is None:
        found = _found(obj, first_output)
        return SignatureMap() if found is None else _wrapped({DEFAULT_KEY: found})
    if isinstance(given, Function | ConcreteFunction):
        return _wrapped({DEFAULT_KEY: given})
    if not isinstance(given, dict):
        raise ValueError(
            house_message(
                "saved_model.save",
                "Expected a TensorFlow function for which to generate a signature, but"
                f" got {given!r}",
                fix="Give a tf.function with an input signature, or a dictionary",
            )
        )
    return _wrapped(given)


def _found(obj: Any, first_output: int) -> Any:
    """The function that serves, where the object shows one and no other."""
    served = serving_function(obj, first_output)
    if served is not None:
        return served
    found = []
    for child in parts_of(obj).values():
        if isinstance(child, Function) and child.input_signature is not None:
            found.append(child.get_concrete_function())
        elif isinstance(child, ConcreteFunction):
            found.append(child)
    found = [c for c in found if _named_outputs(c) is not None]
    return found[0] if len(found) == 1 else None


def _named_outputs(concrete: ConcreteFunction) -> dict[str, Any] | None:
    """The results' specs by name, in the order of the flat results.

    None where they have no plain form.
    """
    found = concrete.structured_outputs
    if isinstance(found, TensorSpec | CompositeSpec):
        found = [found]
    if isinstance(found, list | tuple):
        found = {f"output_{i}": value for i, value in enumerate(found)}
    elif isinstance(found, dict) and all(isinstance(key, str) for key in found):
        # results of graphs are flat by key
        found = {key: found[key] for key in sorted(found)}
    if not isinstance(found, dict) or not found:
        return None
    for key, value in found.items():
        if not isinstance(key, str):
            return None
        if not isinstance(value, TensorSpec | CompositeSpec):
            return None
    return found


def _wrapped(given: dict[str, Any]) -> SignatureMap:
    found = SignatureMap()
    for key, function in given.items():
        found[key] = _signature(key, function)
    return found


def _signature(key: Any, function: Any) -> ConcreteFunction:
    if key in RESERVED or not isinstance(key, str):
        raise KeyError(
            f"The signature name {key!r} is reserved. Please use a different name."
        )
    if isinstance(function, RestoredSignature):
        function = function._trace.concrete()
    elif isinstance(function, VersionOneSignature):
        function = function._function()
    if isinstance(function, Function):
        if function.input_signature is None and len(function._concretes()) != 1:
            raise ValueError(
                house_message(
                    "saved_model.save",
                    "Expected a TensorFlow function for which to generate a signature",
                    f"signature {key!r}: {function!r} has no input signature",
                    "Give f.get_concrete_function(...) for the arguments to serve",
                )
            )
        if function.input_signature is None:
            function = function._concretes()[0]
        else:
            function = function.get_concrete_function()
    if not isinstance(function, ConcreteFunction):
        raise ValueError(
            house_message(
                "saved_model.save",
                "Expected a TensorFlow function for which to generate a signature, but"
                f" got {function!r}. Only `tf.functions` with an input signature or"
                " concrete functions can be used as a signature",
                f"signature {key!r}",
            )
        )
    results = _named_outputs(function)
    if results is None:
        raise ValueError(
            house_message(
                "saved_model.save",
                "Exporting a function used as signature: outputs must be tensors, a"
                " sequence of tensors, or a dictionary of tensors by name",
                f"signature {key!r} returns {function.structured_outputs!r}",
            )
        )
    return _by_name(function, results)


def _by_name(function: ConcreteFunction, results: dict[str, Any]) -> ConcreteFunction:
    """A trace that takes and gives tensors by name."""
    names: list[str] = []
    for spec, name in zip(function._specs, function._names, strict=True):
        plain = spec.name or name
        free, at = plain, 1
        while free in names:
            free, at = f"{plain}_{at}", at + 1
        names.append(free)

    def signature_wrapper(**inputs: Any) -> Any:
        flat = function.run_flat([inputs[name] for name in names])
        given = iter(flat)
        return {key: _value(spec, given) for key, spec in results.items()}

    wrapper = Function(signature_wrapper, "signature_wrapper", autograph=False)
    specs = {
        name: TensorSpec(spec.shape, spec.dtype, name)
        for name, spec in zip(names, function._specs, strict=True)
    }
    return wrapper.get_concrete_function(**specs)


def _value(spec: Any, given: Iterator[Any]) -> Any:
    """The next result: a tensor, or a composite of several."""
    if isinstance(spec, CompositeSpec):
        return spec._from_tensors([next(given) for _ in spec._component_specs])
    return next(given)
