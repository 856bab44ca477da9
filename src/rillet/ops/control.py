"""Branches and loops over tensors: `tf.cond`, `tf.case`, `tf.while_loop`.

Eagerly they are plain Python. Inside a function being traced they become nodes, through
the services that `graph.control` signs in. Structures are opened here, so those only
see flat lists of tensors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core import context, nest
from rillet.core.convert import to_tensor
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.ops.composites import Form, opened, rebuilt
from rillet.ops.host import is_symbolic
from rillet.ops.loops import service_of
from rillet.ops.loops import while_loop as while_loop

_state = context.state


def _symbolic(value: Any) -> bool:
    return isinstance(value, Tensor) and is_symbolic(value)


def _predicate(op: str, pred: Any) -> Any:
    """A condition: Python's own, or a tensor of type bool."""
    if isinstance(pred, Variable):
        pred = pred._dense_tensor()
    if isinstance(pred, Tensor):
        if not pred.dtype.is_bool:
            raise TypeError(
                house_message(
                    op,
                    "pred must be a boolean",
                    f"got {pred!r}",
                    "Compare it, e.g. x > 0, or use tf.cast(x, tf.bool)",
                )
            )
        if pred.shape.rank not in (0, None) and pred.shape.num_elements() != 1:
            raise ValueError(
                house_message(op, "pred must be a scalar", f"its shape is {pred.shape}")
            )
    return pred


def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    name: str | None = None,
) -> Any:
    """What `true_fn` gives where `pred` holds, what `false_fn` gives where not.

    Args:
        pred: a scalar boolean, a tensor or Python's.
        true_fn: a function of no arguments.
        false_fn: another, with results of the same structure and types.
        name: ignored when eager.

    Returns:
        The chosen function's results. Both are traced inside `tf.function`, only the
        chosen one runs.

    Raises:
        TypeError: where a branch is no function, or the results' types differ.
        ValueError: where their structures differ.

    Example:
        >>> import rillet as tf
        >>> x = tf.constant(3.)
        >>> float(tf.cond(x > 0, lambda: x, lambda: -x))
        3.0
    """
    for key, function in (("true_fn", true_fn), ("false_fn", false_fn)):
        if not callable(function):
            raise TypeError(house_message("cond", f"{key} must be callable"))
    if pred is None:
        raise TypeError(house_message("cond", "pred must not be None"))
    pred = _predicate("cond", pred)
    assert true_fn is not None and false_fn is not None
    if _state.tracer is None or not _symbolic(pred):
        return true_fn() if bool(_host_bool(pred)) else false_fn()
    return _branches(
        "cond", pred, [true_fn, false_fn], "If", ["cond_true", "cond_false"]
    )


def _host_bool(pred: Any) -> Any:
    return pred._array.reshape(())[()] if isinstance(pred, Tensor) else pred


def _branches(
    op: str, index: Any, functions: list[Any], kind: str, names: list[str]
) -> Any:
    """Trace the functions, and pack the chosen one's results in their structure."""
    forms: list[Form] = []

    def flat(function: Callable[[], Any]) -> Callable[[], list[Any]]:
        def run() -> list[Any]:
            form, tensors = opened(function())
            if forms:
                _same_results(op, forms[0], form, len(forms))
            forms.append(form)
            return _matched_types(op, forms, tensors, form)

        return run

    found = service_of("graph.branches")(
        index, [flat(f) for f in functions], _form(kind), names
    )
    return rebuilt(forms[0], found)


def _matched_types(
    op: str, forms: list[Form], tensors: list[Any], form: Form
) -> list[Any]:
    """The results; their types must be those of the first branch."""
    form.types = [t.dtype for t in tensors]
    first = forms[0].types
    for i, (a, b) in enumerate(zip(first, form.types, strict=True)):
        if a is not b:
            raise TypeError(
                house_message(
                    op,
                    "true_fn and false_fn must return the same types",
                    f"result #{i} is {a.name} in the first branch, {b.name} in branch"
                    f" {len(forms) - 1}",
                    "Cast one of them with tf.cast",
                )
            )
    return tensors


def _same_results(op: str, first: Form, other: Form, at: int) -> None:
    try:
        nest.assert_same_structure(first.structure, other.structure, check_types=False)
    except (ValueError, TypeError) as error:
        raise type(error)(
            house_message(
                op,
                "true_fn and false_fn must return the same structure",
                f"branch {at} gives another: {error}",
            )
        ) from None
    pairs = zip(
        nest.flatten(first.structure), nest.flatten(other.structure), strict=True
    )
    if any((a is None) != (b is None) for a, b in pairs):
        raise ValueError(
            house_message(
                op,
                "true_fn and false_fn must return the same structure",
                "one gives None where the other gives a value",
                "Return a value from both",
            )
        )


def _form(kind: str) -> Any:
    return service_of(f"graph.form.{kind}")()


def switch_case(
    branch_index: Any,
    branch_fns: Any,
    default: Callable[[], Any] | None = None,
    name: str = "switch_case",
) -> Any:
    """What the function with number `branch_index` gives.

    Args:
        branch_index: an int32 scalar.
        branch_fns: a list of functions, or a dict or list of pairs from number to
            function; the numbers are 0 to n - 1.
        default: called where there is no such number; else the last function is.
        name: ignored when eager.

    Returns:
        The chosen function's results.

    Raises:
        TypeError: where branches are no functions or the index is no integer.
        ValueError: where there are none, or numbers are missing.

    Example:
        >>> import rillet as tf
        >>> tf.switch_case(1, [lambda: 10, lambda: 20])
        20
    """
    functions = _numbered("switch_case", branch_fns)
    index = to_tensor(branch_index)
    if not index.dtype.is_integer:
        raise TypeError(
            house_message("switch_case", "branch_index must be an int32", repr(index))
        )
    count = len(functions)
    if default is not None:
        functions = [*functions, default]
    if _state.tracer is None or not _symbolic(index):
        at = int(index._array)
        return functions[at if 0 <= at < count else -1]()
    names = [f"switch_case_{i}" for i in range(len(functions))]
    return _branches("switch_case", index, functions, "Case", names)


def _numbered(op: str, branch_fns: Any) -> list[Callable[[], Any]]:
    pairs = branch_fns
    if isinstance(branch_fns, dict):
        pairs = list(branch_fns.items())
    pairs = list(pairs)
    if not pairs:
        raise ValueError(house_message(op, "branch_fns must not be empty"))
    if not isinstance(pairs[0], tuple):
        pairs = list(enumerate(pairs))
    pairs.sort(key=lambda pair: pair[0])
    if [key for key, _ in pairs] != list(range(len(pairs))):
        raise ValueError(
            house_message(
                op,
                "branch indices must form contiguous range of [0 to n)",
                f"they are {[key for key, _ in pairs]}",
            )
        )
    for key, function in pairs:
        if not callable(function):
            raise TypeError(
                house_message(op, "branches must be functions", f"#{key}: {function!r}")
            )
    return [function for _, function in pairs]


def case(
    pred_fn_pairs: Any,
    default: Callable[[], Any] | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """What the function beside the first true condition gives.

    Args:
        pred_fn_pairs: pairs of a scalar boolean and a function.
        default: called where no condition holds.
        exclusive: whether it is an error that several hold.
        strict: accepted.
        name: ignored when eager.

    Returns:
        The chosen function's results.

    Raises:
        InvalidArgumentError: where none holds and there is no default, or several do
            and `exclusive` is set.

    Example:
        >>> import rillet as tf
        >>> x = tf.constant(3)
        >>> tf.case([(x < 1, lambda: 0), (x < 5, lambda: 1)], default=lambda: 2)
        1
    """
    if isinstance(pred_fn_pairs, dict):
        pred_fn_pairs = list(pred_fn_pairs.items())
    pairs = [(_predicate("case", _deref(p)), f) for p, f in pred_fn_pairs]
    for _, function in pairs:
        if not callable(function):
            raise TypeError(
                house_message("case", "fn must be callable", repr(function))
            )
    if exclusive and len(pairs) > 1:
        _check_exclusive([p for p, _ in pairs])
    return _first_true(pairs, default)


def _deref(pred: Any) -> Any:
    return pred.deref() if hasattr(pred, "deref") else pred


def _check_exclusive(preds: list[Any]) -> None:
    from rillet.ops.array import stack
    from rillet.ops.checks import Assert
    from rillet.ops.elementwise import cast
    from rillet.ops.shaping import reduce_sum

    count = reduce_sum(cast(stack([to_tensor(p) for p in preds]), "int32"))
    Assert(count <= 1, ["case: more than one condition evaluated as True", *preds])


def _first_true(pairs: list[Any], default: Any) -> Any:
    if not pairs:
        if default is None:
            raise InvalidArgumentError(
                house_message(
                    "case",
                    "None of the conditions evaluated as True",
                    fix="Give a default",
                )
            )
        return default()
    (pred, function), rest = pairs[0], pairs[1:]
    if not rest and default is None:
        if _symbolic(pred):
            from rillet.ops.checks import Assert

            Assert(pred, ["case: None of the conditions evaluated as True"])
        elif not bool(_host_bool(pred)):
            return _first_true([], None)
        return function()
    return cond(pred, function, lambda: _first_true(rest, default))
