"""Scalar expressions: what native loops compute.

An op's `lower` says with these what one element of its output is, at positions of
`ops.indices`. They know no backend:
`ops.lowering` builds them, a backend prints them as code. `b` is the set of functions
that make expressions; operators on them do the same.
"""

from __future__ import annotations

from typing import Any, Final

from rillet.ops.indices import Index, Opaque

#: Element types a native loop can hold. Half floats are loaded as float32.
TYPES: Final = frozenset(
    [
        "bool", "int8", "int16", "int32", "int64",
        "uint8", "uint16", "uint32", "uint64", "float32", "float64",
    ]
)  # fmt: skip
HALVES: Final = frozenset(["float16", "bfloat16"])
FLOATS: Final = frozenset(["float32", "float64"])


class Expr:
    """One value of a loop's body.

    Attributes:
        kind: what computes it; see `Builder`.
        args: expressions, or what else the kind takes.
        type: NumPy's name of its type.
    """

    __slots__ = ("args", "kind", "type")

    def __init__(self, kind: str, args: tuple[Any, ...], type: str) -> None:
        self.kind = kind
        self.args = args
        self.type = type

    def operands(self) -> list[Expr]:
        """The expressions among the arguments."""
        return [x for x in self.args if isinstance(x, Expr)]

    def __add__(self, other: Any) -> Expr:
        return b.add(self, other)

    def __radd__(self, other: Any) -> Expr:
        return b.add(other, self)

    def __sub__(self, other: Any) -> Expr:
        return b.sub(self, other)

    def __rsub__(self, other: Any) -> Expr:
        return b.sub(other, self)

    def __mul__(self, other: Any) -> Expr:
        return b.mul(self, other)

    def __rmul__(self, other: Any) -> Expr:
        return b.mul(other, self)

    def __truediv__(self, other: Any) -> Expr:
        return b.div(self, other)

    def __rtruediv__(self, other: Any) -> Expr:
        return b.div(other, self)

    def __neg__(self) -> Expr:
        return b.neg(self)

    def __lt__(self, other: Any) -> Expr:
        return b.lt(self, other)

    def __le__(self, other: Any) -> Expr:
        return b.le(self, other)

    def __gt__(self, other: Any) -> Expr:
        return b.gt(self, other)

    def __ge__(self, other: Any) -> Expr:
        return b.ge(self, other)

    def __and__(self, other: Any) -> Expr:
        return b.bit_and(self, other)

    def __or__(self, other: Any) -> Expr:
        return b.bit_or(self, other)

    def __xor__(self, other: Any) -> Expr:
        return b.bit_xor(self, other)

    def __invert__(self) -> Expr:
        return b.bit_not(self)

    def __lshift__(self, other: Any) -> Expr:
        return b.shl(self, other)

    def __rshift__(self, other: Any) -> Expr:
        return b.shr(self, other)

    def __repr__(self) -> str:
        return f"{self.kind}({', '.join(map(repr, self.args))})"


def _pair(x: Any, y: Any) -> tuple[Expr, Expr]:
    if not isinstance(x, Expr):
        return b.const(x, y.type), y
    if not isinstance(y, Expr):
        return x, b.const(y, x.type)
    if x.type != y.type:
        raise TypeError(f"expression: {x.type} meets {y.type}")
    return x, y


class Builder:
    """Makes expressions; Python numbers take the type of what they meet.

    `div` is for floats; `quotient` and `remainder` truncate and are undefined by zero
    and for the least number by -1: the caller guards. Shifts are undefined by the
    type's width or more. Functions of mathematics (`exp`, `tanh`, ...) come from
    `ops.scalar_math`.
    """

    def const(self, value: Any, type: str) -> Expr:
        """A number."""
        if isinstance(value, int) and value.__class__ not in (int, bool):
            # it hangs on sizes, so code must not hold it
            return self.cast(self.number(value), type)
        if type == "bool":
            return Expr("const", (bool(value),), type)
        if type in FLOATS:
            return Expr("const", (float(value),), type)
        return Expr("const", (int(value),), type)

    def at(self, index: Index) -> Expr:
        """A position as an int64."""
        return Expr("index", (index,), "int64")

    def number(self, value: int) -> Expr:
        """A size that changes with the batch, as an int64: code does not hold it."""
        if not isinstance(value, int):
            value = int(value)
        return Expr("number", (value,), "int64")

    def position(self, x: Expr, extent: int | None) -> Index:
        """An int64 that is known to lie in ``[0, extent)`` as a position."""
        return Index({Opaque(x, extent): 1})

    def load(self, buffer: Any, index: Index) -> Expr:
        """An element of a buffer; half floats come as float32."""
        type = "float32" if buffer.type in HALVES else buffer.type
        return Expr("load", (buffer, index), type)

    def _two(self, kind: str, x: Any, y: Any) -> Expr:
        x, y = _pair(x, y)
        return Expr(kind, (x, y), x.type)

    def add(self, x: Any, y: Any) -> Expr:
        """Sum; whole numbers wrap."""
        return self._two("add", x, y)

    def sub(self, x: Any, y: Any) -> Expr:
        """Difference."""
        return self._two("sub", x, y)

    def mul(self, x: Any, y: Any) -> Expr:
        """Product."""
        return self._two("mul", x, y)

    def div(self, x: Any, y: Any) -> Expr:
        """Quotient of floats."""
        return self._two("div", x, y)

    def quotient(self, x: Any, y: Any) -> Expr:
        """Quotient of whole numbers, towards zero; unguarded."""
        return self._two("quotient", x, y)

    def remainder(self, x: Any, y: Any) -> Expr:
        """Remainder of `quotient`, with the sign of `x`; unguarded."""
        return self._two("remainder", x, y)

    def maximum(self, x: Any, y: Any) -> Expr:
        """The larger; NaN where one is."""
        return self._two("maximum", x, y)

    def minimum(self, x: Any, y: Any) -> Expr:
        """The smaller; NaN where one is."""
        return self._two("minimum", x, y)

    def fma(self, x: Any, y: Any, z: Any) -> Expr:
        """``x * y + z``, rounded once where the processor can."""
        kind = next(v.type for v in (x, y, z) if isinstance(v, Expr))
        args = [v if isinstance(v, Expr) else self.const(v, kind) for v in (x, y, z)]
        return Expr("fma", tuple(args), kind)

    def copysign(self, x: Any, y: Any) -> Expr:
        """The size of `x` with the sign of `y`."""
        return self._two("copysign", x, y)

    def _one(self, kind: str, x: Expr) -> Expr:
        return Expr(kind, (x,), x.type)

    def neg(self, x: Expr) -> Expr:
        """``-x``."""
        return self._one("neg", x)

    def abs(self, x: Expr) -> Expr:
        """The absolute value."""
        return self._one("abs", x)

    def sqrt(self, x: Expr) -> Expr:
        """The square root."""
        return self._one("sqrt", x)

    def floor(self, x: Expr) -> Expr:
        """Rounded down."""
        return self._one("floor", x)

    def ceil(self, x: Expr) -> Expr:
        """Rounded up."""
        return self._one("ceil", x)

    def trunc(self, x: Expr) -> Expr:
        """Rounded towards zero."""
        return self._one("trunc", x)

    def rint(self, x: Expr) -> Expr:
        """Rounded to the nearest, ties to even."""
        return self._one("rint", x)

    def popcount(self, x: Expr) -> Expr:
        """How many bits are set."""
        return self._one("popcount", x)

    def _compare(self, kind: str, x: Any, y: Any) -> Expr:
        x, y = _pair(x, y)
        return Expr(kind, (x, y), "bool")

    def lt(self, x: Any, y: Any) -> Expr:
        """``x < y``; false where one is NaN."""
        return self._compare("lt", x, y)

    def le(self, x: Any, y: Any) -> Expr:
        """``x <= y``."""
        return self._compare("le", x, y)

    def gt(self, x: Any, y: Any) -> Expr:
        """``x > y``."""
        return self._compare("gt", x, y)

    def ge(self, x: Any, y: Any) -> Expr:
        """``x >= y``."""
        return self._compare("ge", x, y)

    def eq(self, x: Any, y: Any) -> Expr:
        """``x == y``."""
        return self._compare("eq", x, y)

    def ne(self, x: Any, y: Any) -> Expr:
        """``x != y``; true where one is NaN."""
        return self._compare("ne", x, y)

    def is_nan(self, x: Expr) -> Expr:
        """Whether a float is NaN."""
        return self._compare("ne", x, x)

    def bit_and(self, x: Any, y: Any) -> Expr:
        """And, of bits or truths."""
        return self._two("and", x, y)

    def bit_or(self, x: Any, y: Any) -> Expr:
        """Or, of bits or truths."""
        return self._two("or", x, y)

    def bit_xor(self, x: Any, y: Any) -> Expr:
        """Exclusive or, of bits or truths."""
        return self._two("xor", x, y)

    def bit_not(self, x: Expr) -> Expr:
        """Not, of bits or truths."""
        return self._one("not", x)

    def shl(self, x: Any, y: Any) -> Expr:
        """Shifted left."""
        return self._two("shl", x, y)

    def shr(self, x: Any, y: Any) -> Expr:
        """Shifted right, with the sign where the type has one."""
        return self._two("shr", x, y)

    def select(self, condition: Expr, x: Any, y: Any) -> Expr:
        """`x` where the condition holds, else `y`; both are computed."""
        x, y = _pair(x, y)
        return Expr("select", (condition, x, y), x.type)

    def cast(self, x: Expr, type: str) -> Expr:
        """Converted; floats out of an integer's range give any number."""
        if type in HALVES:
            type = "float32"
        return x if x.type == type else Expr("cast", (x,), type)

    def bitcast(self, x: Expr, type: str) -> Expr:
        """The same bits as a type of the same width."""
        return x if x.type == type else Expr("bitcast", (x,), type)

    def checked(self, x: Expr, ok: Expr) -> Expr:
        """`x`; where `ok` is false for any element the node's op words the error."""
        return Expr("checked", (x, ok), x.type)

    def step(self) -> Expr:
        """Which of the steps of a run, or of a loop over time, this is; int64."""
        return Expr("step", (), "int64")

    def __getattr__(self, name: str) -> Any:
        found = None if name.startswith("_") else _functions.get(name)
        if found is None:
            raise AttributeError(f"no scalar function {name}: is scalar_math imported?")
        setattr(self, name, found)
        return found


#: Functions of mathematics by name; `ops.scalar_math` signs them in.
_functions: dict[str, Any] = {}


def provide(functions: dict[str, Any]) -> None:
    """Let `b` offer functions of mathematics."""
    _functions.update(functions)


b: Final = Builder()
