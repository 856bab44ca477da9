"""The op record: all that rillet knows of an op, in one place.

`define` makes a record, gives it the fastest eager path that fits its form
(`ops.dispatch`) and enters it in `TABLE`. Tapes, graphs, backends and exporters read
records; they never special-case an op elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rillet.core.dtypes import TypeSet
from rillet.ops import dispatch

#: A dtype constraint: one of a set; the same as that of an earlier input; or None for
#: a host input, which is a plain Python value (sizes, axes) in eager mode.
Constraint = TypeSet | int | None


class Op:
    """One op.

    Attributes:
        name: TensorFlow's op name, which SavedModel speaks.
        types: a constraint an input. An integer means «the type of that input». With
            `variadic` the first constraint is that of every tensor in a list.
        kernel: arrays (and host values), attributes -> array or tuple of arrays. Eager
            mode and the reference backend run it. It never writes its inputs.
        infer: specs (and host values), attributes -> spec or tuple of specs; words the
            shape errors by raising.
        grad: None where there is no gradient; a tuple with a function (or None) an
            input, ``f(g, y, *inputs, **attrs) -> gradient``, called only for inputs
            that need one; or one function that gives the tuple for all inputs at once.
            Made of ops, so it traces, compiles and differentiates again. With several
            outputs `g` and `y` are tuples. With `variadic`, inputs arrive flat.
        lower: how a native backend computes it; see `ops.lowering`.
        attrs: TensorFlow's attributes with their defaults.
        outputs: how many tensors come out; -1 where that depends on the attributes.
        variadic: whether the first argument is a list of tensors.
        effects: "" or what else it does: "random", "read", "write", "io".
        quiet: whether the kernel can raise NumPy's floating-point flags.
        run: the eager path; calling the record calls it.
    """

    __slots__ = (
        "attrs",
        "effects",
        "grad",
        "infer",
        "kernel",
        "lower",
        "name",
        "outputs",
        "quiet",
        "run",
        "types",
        "variadic",
    )

    def __init__(
        self,
        name: str,
        types: tuple[Constraint, ...],
        kernel: Callable[..., Any],
        infer: Callable[..., Any],
        grad: Any,
        lower: Any,
        attrs: dict[str, Any],
        outputs: int,
        variadic: bool,
        effects: str,
        quiet: bool,
    ) -> None:
        self.name = name
        self.types = types
        self.kernel = kernel
        self.infer = infer
        self.grad = grad
        self.lower = lower
        self.attrs = attrs
        self.outputs = outputs
        self.variadic = variadic
        self.effects = effects
        self.quiet = quiet
        self.run: Callable[..., Any] = dispatch.path_for(self)

    def __call__(self, *inputs: Any, **attrs: Any) -> Any:
        return self.run(*inputs, **attrs)

    def __repr__(self) -> str:
        return f"<Op {self.name}>"

    def __reduce__(self) -> Any:
        return find, (self.name,)


#: Every op by TensorFlow's name.
TABLE: dict[str, Op] = {}


def find(name: str) -> Op:
    """The op called `name`."""
    return TABLE[name]


def define(
    name: str,
    *,
    types: tuple[Constraint, ...],
    kernel: Callable[..., Any],
    infer: Callable[..., Any],
    grad: Any = None,
    lower: Any = None,
    attrs: dict[str, Any] | None = None,
    outputs: int = 1,
    variadic: bool = False,
    effects: str = "",
    quiet: bool = True,
) -> Op:
    """Make the record of an op and enter it in `TABLE`; see `Op` for the fields."""
    if name in TABLE:
        raise KeyError(f"define: op {name} is defined already")
    op = Op(
        name,
        types,
        kernel,
        infer,
        grad,
        lower,
        attrs or {},
        outputs,
        variadic,
        effects,
        quiet,
    )
    TABLE[name] = op
    return op


#: Ops whose values only graphs hold (tensor lists); eager programs never run them.
GRAPH_TABLE: dict[str, Op] = {}


def define_for_graphs(
    name: str,
    *,
    types: tuple[Any, ...],
    kernel: Callable[..., Any],
    infer: Callable[..., Any],
    grad: Any = None,
    attrs: dict[str, Any] | None = None,
) -> Op:
    """Make the record of an op that only graphs use; see `Op` for the fields."""
    op = Op(name, types, kernel, infer, grad, None, attrs or {}, 1, False, "", False)
    GRAPH_TABLE[name] = op
    return op
