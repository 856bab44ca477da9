"""`tf.name_scope`, `tf.init_scope` and `tf.control_dependencies` as ``with`` blocks.

They change the stacks in `core.context`: variables take their names from one, ops ask
the others who is recording and who is tracing.
"""

from __future__ import annotations

from typing import Any

from rillet.core import context
from rillet.core.errors import house_message


class name_scope:
    """A ``with`` block whose variables have names that begin with `name`.

    Args:
        name: one part of a name, or several with ``/`` between; one that ends in ``/``
            starts from the top, as does the empty name.

    Raises:
        ValueError: where the name is no string.

    Example:
        >>> import rillet as tf
        >>> with tf.name_scope("dense") as scope:
        ...     kernel = tf.Variable(1.0, name="kernel")
        >>> scope, kernel.name
        ('dense/', 'dense/kernel:0')
    """

    def __init__(self, name: Any) -> None:
        if not isinstance(name, str):
            raise ValueError(
                house_message(
                    "name_scope",
                    "name for name_scope must be a string",
                    f"got {name!r} of type {type(name).__name__}",
                )
            )
        self._name = name
        self._kept: list[tuple[str, ...]] = []

    @property
    def name(self) -> str:
        """The name as given."""
        return self._name

    def __enter__(self) -> str:
        state = context.state
        self._kept.append(state.names)
        if self._name.endswith("/"):
            state.names = (self._name[:-1],)
        else:
            state.names = (*state.names, self._name) if self._name else ()
        return "/".join(state.names) + "/" if state.names else ""

    def __exit__(self, *exc: object) -> None:
        context.state.names = self._kept.pop()


class init_scope:
    """A ``with`` block outside every function and tape: it runs at once, unrecorded.

    Example:
        >>> import rillet as tf
        >>> with tf.init_scope():
        ...     print(tf.executing_eagerly())
        True
    """

    def __enter__(self) -> None:
        state = context.state
        self._kept = (state.recorders, state.tracer)
        state.recorders, state.tracer = (), None

    def __exit__(self, *exc: object) -> None:
        context.state.recorders, context.state.tracer = self._kept


class control_dependencies:
    """A ``with`` block whose ops run after others, `tf.control_dependencies`.

    Ops run in program order, in graphs too where they have effects, so the block
    changes nothing.

    Args:
        control_inputs: ops or tensors that run first; functions among them are called;
            None for no one.

    Raises:
        TypeError: where `control_inputs` is no list.

    Example:
        >>> import rillet as tf
        >>> v = tf.Variable(1)
        >>> with tf.control_dependencies([v.assign_add(1)]):
        ...     print(v.numpy())
        2
    """

    def __init__(self, control_inputs: Any) -> None:
        if control_inputs is None:
            return
        if not hasattr(control_inputs, "__iter__"):
            raise TypeError(
                house_message(
                    "control_dependencies",
                    "`control_inputs` must be a list of ops or tensors",
                    f"got {control_inputs!r}",
                )
            )
        if context.executing_eagerly():
            for item in control_inputs:
                if callable(item) and not hasattr(item, "dtype"):
                    item()

    def __enter__(self) -> None:
        """Nothing to do: program order holds."""

    def __exit__(self, *exc: object) -> None:
        """Nothing to undo."""


class variables_made:
    """A ``with`` block that gives a list of the variables made in it.

    Those count too that an `init_scope` inside hides from the tracer.
    """

    def __enter__(self) -> list[Any]:
        self._outer = context.state.made
        self._found: list[Any] = []
        context.state.made = self._found
        return self._found

    def __exit__(self, *exc: object) -> None:
        context.state.made = self._outer
        if self._outer is not None:
            self._outer.extend(self._found)
