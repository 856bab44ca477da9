"""`tf.while_loop`: eagerly a Python loop, traced a `While` node.

Structures are opened here; the service that `graph.loops` signs in sees flat tensors.
Programs and AutoGraph call it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core import context, nest
from rillet.core.composite import CompositeSpec, CompositeTensor
from rillet.core.convert import to_tensor
from rillet.core.errors import house_message
from rillet.core.shapes import as_shape
from rillet.core.spec import Spec, TensorSpec
from rillet.ops.compare import logical_and_op
from rillet.ops.composites import Form, Place, opened, rebuilt

_state = context.state


def service_of(name: str) -> Callable[..., Any]:
    """What the graph storey offers under `name`."""
    found = context.service(name)
    if found is None:
        raise RuntimeError(f"{name}: rillet.graph is not loaded")
    return found


def while_loop(
    cond: Callable[..., Any],
    body: Callable[..., Any],
    loop_vars: Any,
    shape_invariants: Any = None,
    parallel_iterations: int = 10,
    back_prop: bool = True,
    swap_memory: bool = False,
    maximum_iterations: Any = None,
    name: str | None = None,
) -> Any:
    """Call `body` on the loop variables while `cond` of them holds.

    Args:
        cond: a function of the loop variables that gives a scalar boolean.
        body: a function of them that gives them anew.
        loop_vars: a list or tuple of tensors, nests of them, or tensor arrays.
        shape_invariants: for each, a shape with None for sizes that change.
        parallel_iterations: accepted; rounds run one after another.
        back_prop: accepted.
        swap_memory: accepted.
        maximum_iterations: the most rounds to run.
        name: ignored when eager.

    Returns:
        The loop variables at the end, in their structure.

    Raises:
        TypeError: where `cond` or `body` is no function, or a type changes.
        ValueError: where there are no loop variables, or structures or shapes change.

    Example:
        >>> import rillet as tf
        >>> i = tf.constant(0)
        >>> int(tf.while_loop(lambda i: i < 10, lambda i: [i + 1], [i])[0])
        10
    """
    for key, function in (("cond", cond), ("body", body)):
        if not callable(function):
            raise TypeError(house_message("while_loop", f"'{key}' must be callable"))
    if not isinstance(loop_vars, list | tuple):
        loop_vars = [loop_vars]
    if not loop_vars:
        raise ValueError(house_message("while_loop", "No loop variables provided"))
    if _state.tracer is None:
        return _python_loop(cond, body, loop_vars, maximum_iterations)
    return _traced_loop(cond, body, loop_vars, shape_invariants, maximum_iterations)


def _python_loop(cond: Any, body: Any, loop_vars: Any, most: Any) -> Any:
    limit = None if most is None else int(most)
    state = loop_vars
    rounds = 0
    while (limit is None or rounds < limit) and bool(cond(*state)):
        new = body(*state)
        if not isinstance(new, list | tuple):
            new = (new,)
        nest.assert_same_structure(list(state), list(new), check_types=False)
        state = new
        rounds += 1

    def tensor(value: Any) -> Any:
        return (
            value
            if value is None or hasattr(value, "_flat_tensors")
            else (to_tensor(value))
        )

    found = nest.map_structure(tensor, list(state))
    return tuple(found) if isinstance(loop_vars, tuple) else found


def _traced_loop(
    cond: Any, body: Any, loop_vars: Any, invariants: Any, most: Any
) -> Any:
    form, tensors = opened(list(loop_vars))
    specs = [Spec(t.shape._dims, t.dtype) for t in tensors]
    for place in nest.flatten(form.structure):
        if isinstance(place, Place) and isinstance(place.like, CompositeSpec):
            found = [Spec(s.shape._dims, s.dtype) for s in place.like._component_specs]
            specs[place.start : place.start + place.count] = found
    if invariants is not None:
        specs = _invariant_specs(loop_vars, invariants, specs)
    limit = None if most is None else to_tensor(most)

    def split(flat: Any) -> Any:
        return rebuilt(form, list(flat))

    def test(*flat: Any) -> Any:
        values = flat if limit is None else flat[1:]
        found = cond(*split(values))
        found = to_tensor(found)
        if limit is None:
            return found
        return logical_and_op.run(flat[0] < limit, found)

    def step(*flat: Any) -> list[Any]:
        values = flat if limit is None else flat[1:]
        new = body(*split(values))
        if not isinstance(new, list | tuple) or _is_one(form, new):
            new = [new]
        try:
            nest.assert_same_structure(
                form.structure, opened(list(new))[0].structure, check_types=False
            )
        except (ValueError, TypeError) as error:
            raise ValueError(
                house_message(
                    "while_loop",
                    "the body must give the loop variables in their structure",
                    str(error),
                )
            ) from None
        out = opened(list(new), [s.dtype for s in specs])[1]
        return out if limit is None else [flat[0] + 1, *out]

    if limit is not None:
        tensors = [to_tensor(0, limit.dtype), *tensors]
        specs = [Spec((), limit.dtype), *specs]
        inner_specs, specs = specs, specs[1:]
    else:
        inner_specs = specs
    found = service_of("graph.loop")(test, step, tensors, inner_specs)
    result = rebuilt(form, found if limit is None else found[1:])
    return tuple(result) if isinstance(loop_vars, tuple) else result


def _is_one(form: Form, new: Any) -> bool:
    """Whether a body gave its only loop variable, which is itself a nest."""
    return (
        len(form.structure) == 1
        and nest.is_nested(form.structure[0])
        and (len(new) != 1 or not nest.is_nested(new[0]))
    )


def _invariant_specs(loop_vars: Any, invariants: Any, specs: list[Spec]) -> list[Spec]:
    flat: list[Any] = []

    def walk(shape: Any, value: Any) -> None:
        if isinstance(value, CompositeTensor):
            given = shape if isinstance(shape, CompositeSpec) else value._type_spec
            flat.extend(given._component_specs)
        elif hasattr(value, "_flat_tensors"):
            shapes = getattr(value, "_flat_shapes", None)
            flat.extend(shapes() if shapes is not None else [None])
        elif nest.is_nested(value) and isinstance(shape, list | tuple | dict):
            items = value.items() if isinstance(value, dict) else enumerate(value)
            for key, part in items:
                walk(shape[key], part)
        else:
            flat.append(shape)

    for shape, value in zip(invariants, loop_vars, strict=True):
        walk(shape, value)
    out = []
    for shape, spec in zip(flat, specs, strict=True):
        if isinstance(shape, TensorSpec):
            shape = shape.shape
        if shape is None and spec.shape == ():
            out.append(spec)
        else:
            out.append(Spec(as_shape(shape)._dims, spec.dtype))
    return out
