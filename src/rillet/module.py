"""`tf.Module`: an object that holds variables, and finds them by its attributes.

Attributes flow in as they are set; out come the variables and modules below, in
TensorFlow's order: an object's own attributes by name, then those of its parts. Keras's
layers are modules; checkpoints walk `_trackable_children`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rillet.checkpoint.children import attribute_children
from rillet.checkpoint.waiting import attend, waiting
from rillet.core import context
from rillet.core.scopes import name_scope
from rillet.core.variable import Variable

_IDENTIFIER = re.compile(r"^[a-zA-Z_]([a-zA-Z0-9_])*$")
_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=.)(?=[A-Z][a-z])")


class Module:
    """Holds variables and other modules in its attributes, `tf.Module`.

    Subclasses set variables, modules, and lists or dictionaries of them as attributes.

    Args:
        name: the module's name, a Python identifier; the class's in snake case where
            None.

    Raises:
        ValueError: where the name is no identifier.

    Example:
        >>> import rillet as tf
        >>> class Line(tf.Module):
        ...     def __init__(self):
        ...         super().__init__()
        ...         self.slope = tf.Variable(2.0, name="slope")
        ...     @tf.Module.with_name_scope
        ...     def __call__(self, x):
        ...         return self.slope * x
        >>> line = Line()
        >>> float(line(3.0)), [v.name for v in line.trainable_variables]
        (6.0, ['slope:0'])
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = _BORDER.sub("_", type(self).__name__).lower()
        if not _IDENTIFIER.match(name):
            raise ValueError(
                f"{name!r} is not a valid module name. Module names must be valid"
                " Python identifiers (e.g. a valid class name)."
            )
        self._name = name
        self._scope_path = "/".join((*context.state.names, name)) + "/"

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if waiting:
            attend()

    @property
    def name(self) -> str:
        """The module's name."""
        return self._name

    @property
    def name_scope(self) -> name_scope:
        """A ``with`` block whose variables' names begin with the module's."""
        return name_scope(self._scope_path)

    @property
    def variables(self) -> Any:
        """The variables of this module and of those below it, a tuple."""
        return tuple(v for v in _leaves(self) if isinstance(v, Variable))

    @property
    def trainable_variables(self) -> Any:
        """Those of `variables` that tapes watch by themselves."""
        return tuple(
            v for v in _leaves(self) if isinstance(v, Variable) and v.trainable
        )

    @property
    def non_trainable_variables(self) -> Any:
        """The others of `variables`."""
        return tuple(
            v for v in _leaves(self) if isinstance(v, Variable) and not v.trainable
        )

    @property
    def submodules(self) -> Any:
        """All modules below this one, a tuple.

        Example:
            >>> import rillet as tf
            >>> a, b, c = tf.Module("a"), tf.Module("b"), tf.Module("c")
            >>> a.b, b.c = b, c
            >>> [part.name for part in a.submodules]
            ['b', 'c']
        """
        return tuple(v for v in _leaves(self) if isinstance(v, Module))

    def _flatten(
        self,
        recursive: Any = True,
        predicate: Callable[[Any], bool] | None = None,
        attribute_traversal_key: Any = None,
        with_path: bool = False,
        expand_composites: bool = False,
    ) -> Any:
        """What the attributes hold, and those of modules below, each once.

        Args:
            recursive: whether to look into modules.
            predicate: which values to give; all where None.
            attribute_traversal_key: gives what attributes' names are sorted by.
            with_path: whether to give pairs of the path there and the value.
            expand_composites: ignored; composite tensors are leaves.
        """
        for path, leaf in _walk(self, recursive, attribute_traversal_key):
            if predicate is None or predicate(leaf):
                yield (path, leaf) if with_path else leaf

    def _module_parts(self, key: Any = None) -> Iterator[tuple[Any, Any]]:
        """Paths and leaves of the attributes, by name."""
        space = vars(self)
        for name in sorted(space, key=key):
            value = space[name]
            for path, leaf in _inside(value):
                yield (name, *path), leaf

    def _trackable_children(
        self, save_type: str = "checkpoint", **kwargs: Any
    ) -> dict[str, Any]:
        """What a checkpoint follows from here, by the attributes' names."""
        return attribute_children(vars(self))

    @classmethod
    def with_name_scope(cls, method: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate a method so that variables made in it have the module's name.

        Args:
            method: the method.

        Example:
            >>> import rillet as tf
            >>> class Part(tf.Module):
            ...     @tf.Module.with_name_scope
            ...     def make(self):
            ...         self.w = tf.Variable(1.0, name="w")
            >>> part = Part()
            >>> part.make()
            >>> part.w.name
            'part/w:0'
        """

        @functools.wraps(method)
        def scoped(self: Any, *args: Any, **kwargs: Any) -> Any:
            with self.name_scope:
                return context.to_call(method)(self, *args, **kwargs)

        return scoped


def _inside(value: Any) -> Iterator[tuple[Any, Any]]:
    """Paths and leaves in a list, tuple or dictionary; entries by their keys."""
    if not isinstance(value, list | tuple | Mapping):
        yield (), value
        return
    if isinstance(value, Mapping):
        try:
            keys: Any = sorted(value)
        except TypeError:
            keys = list(value)
    else:
        keys = range(len(value))
    for key in keys:
        for path, leaf in _inside(value[key]):
            yield (key, *path), leaf


def _leaves(module: Any) -> Iterator[Any]:
    for _, leaf in _walk(module, True, None):
        yield leaf


def _walk(module: Any, recursive: Any, key: Any) -> Iterator[tuple[Any, Any]]:
    """Variables, modules and other values below a module, each once."""
    seen: set[int] = {id(module)}
    line: list[tuple[Any, Any]] = [((), module)]
    while line:
        above, part = line.pop()
        inner: list[tuple[Any, Any]] = []
        for path, leaf in part._module_parts(key):
            if id(leaf) in seen:
                continue
            seen.add(id(leaf))
            yield (*above, *path), leaf
            deeper = recursive(leaf) if callable(recursive) else recursive
            if deeper and isinstance(leaf, Module):
                inner.append(((*above, *path), leaf))
        line += reversed(inner)
