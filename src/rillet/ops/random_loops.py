"""Random numbers as loops, for backends that compile: Philox, uniforms and normals.

In flow a stream's key and counter as lazy tensors; out flow lazy tensors that equal
what `ops.philox` makes, bit for bit where no function of mathematics is taken. The
records of `ops.stateful_random` and `ops.stateless_random` name these functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from rillet.ops.expressions import Expr, b
from rillet.ops.indices import ZERO, Index, flat
from rillet.ops.lowering import Lazy, Lowering, whole
from rillet.ops.philox import RESERVED_PER_OUTPUT

_MULTIPLIERS: Final = (0xD2511F53, 0xCD9E8D57)
_WEYL: Final = (0x9E3779B9, 0xBB67AE85)
_SCRAMBLE_KEY: Final = 0x02461E293EC8F720
_LOW: Final = 0xFFFFFFFF
_ROUNDS: Final = 10
_TINY: Final = 1.0e-7
_LOWEST: Final = -1.7976931348623157e308

#: The block at a distance from where a stream stands: four words, as uint64.
Blocks = Callable[[Expr], tuple[Expr, Expr, Expr, Expr]]


def _rounds(key: Sequence[Expr], words: Sequence[Expr]) -> tuple[Expr, ...]:
    """Philox's ten rounds on words that uint64 hold.

    Args:
        key: two.
        words: the counter's four.
    """
    x0, x1, x2, x3 = words
    k0, k1 = key
    for _ in range(_ROUNDS):
        p0, p1 = x0 * _MULTIPLIERS[0], x2 * _MULTIPLIERS[1]
        x0, x1 = (p1 >> 32) ^ x1 ^ k0, p1 & _LOW
        x2, x3 = (p0 >> 32) ^ x3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _WEYL[0]) & _LOW, (k1 + _WEYL[1]) & _LOW
    return x0, x1, x2, x3


def _blocks(key: Sequence[Expr], low: Expr, high: Expr) -> Blocks:
    """Blocks from a counter of two halves on.

    Args:
        key: two words, as uint64.
        low: the counter's lower 64 bits.
        high: its upper ones.
    """

    def block(distance: Expr) -> Any:
        place = low + b.cast(distance, "uint64")
        above = high + b.cast(place < low, "uint64")
        counter = (place & _LOW, place >> 32, above & _LOW, above >> 32)
        return _rounds(key, counter)

    return block


def _stateful(ctx: Lowering, instance: Any, size: int) -> Blocks:
    """The blocks of a stream that reserves what `size` outputs may need."""
    stream = ctx.stream(instance, size * RESERVED_PER_OUTPUT)
    word = [b.cast(stream.at((Index({}, k),)), "uint64") for k in range(6)]
    low, high = word[2] | (word[3] << 32), word[4] | (word[5] << 32)
    return _blocks(word[:2], low, high)


def _stateless(ctx: Lowering, key: Lazy, counter: Lazy) -> Blocks | None:
    """The blocks from a key and a counter on."""
    if key.shape != (1,) or counter.rank != 1 or counter.shape[0] < 2:
        return None
    key, counter = ctx.settled(key), ctx.settled(counter)
    whole = key.at((ZERO,))
    low, high = counter.at((ZERO,)), counter.at((Index({}, 1),))
    return _blocks((whole & _LOW, whole >> 32), low, high)


def _filled(
    ctx: Lowering, blocks: Blocks, make: Callable[..., Sequence[Expr]], each: int
) -> Lazy:
    """The node's output, `each` elements of every block."""
    shape, type = ctx.outputs[0]
    size = math.prod(shape)
    out = ctx.grouped(-(-size // each), each, type, lambda k: make(*blocks(b.at(k))))
    if size % each == 0:
        return ctx.reshaped(out, shape)
    return ctx.pointwise(shape, type, lambda place: out.at((flat(place, shape),)))


def _each(type: str) -> int:
    return 2 if type.endswith("64") else 4


def _uniforms(type: str) -> Callable[..., list[Expr]]:
    """Words to numbers in [0, 1): the low bits are the fraction."""

    def wide(*w: Expr) -> list[Expr]:
        pairs = [(w[0] & 0xFFFFF, w[1]), (w[2] & 0xFFFFF, w[3])]
        bits = [(high << 32) | low | (1023 << 52) for high, low in pairs]
        return [b.bitcast(x, "float64") - 1.0 for x in bits]

    def narrow(*w: Expr) -> list[Expr]:
        digits = {"float16": 10, "bfloat16": 7, "float32": 23}[type]
        bits = [(b.cast(x, "uint32") & ((1 << digits) - 1)) for x in w]
        found = [(x << (23 - digits)) | 0x3F800000 for x in bits]
        return [b.bitcast(x, "float32") - 1.0 for x in found]

    return wide if type == "float64" else narrow


def _normals(type: str) -> Callable[..., list[Expr]]:
    """Words to standard normals, in pairs, by Box and Muller's transform."""
    kind = "float64" if type == "float64" else "float32"

    def make(*words: Expr) -> list[Expr]:
        out = []
        uniforms = _uniforms(kind)(*words)
        for first, second in zip(uniforms[0::2], uniforms[1::2], strict=True):
            radius = b.sqrt(-2.0 * b.log(b.maximum(first, _TINY)))
            angle = b.cast((2 * math.pi) * b.cast(second, "float64"), kind)
            sine, cosine = b.sin_and_cos(angle)
            out += [sine * radius, cosine * radius]
        return out

    return make


def _wholes(type: str) -> Callable[..., list[Expr]]:
    """Words to whole numbers of any bits, without sign."""
    if type.endswith("64"):
        return lambda *w: [w[0] | (w[1] << 32), w[2] | (w[3] << 32)]
    return lambda *w: [b.cast(x, "uint32") for x in w]


def _full(type: str) -> Callable[..., list[Expr]]:
    return lambda *words: [b.bitcast(x, type) for x in _wholes(type)(*words)]


def _between(low: Lazy, high: Lazy) -> Callable[..., list[Expr]]:
    """Words to whole numbers in [low, high), by the remainder."""
    type = low.type
    kind = "u" + type

    def make(*words: Expr) -> list[Expr]:
        first, last = low.at(()), high.at(())
        good = first < last
        span = b.bitcast(last, kind) - b.bitcast(first, kind)
        span = b.checked(b.select(good, span, 1), good)
        found = [b.remainder(x, span) for x in _wholes(type)(*words)]
        return [b.bitcast(x + b.bitcast(first, kind), type) for x in found]

    return make


def _fill(makes: Callable[[str], Any]) -> tuple[Any, Any]:
    """The stateful and the stateless lowering of a distribution."""

    def stateful(
        ctx: Lowering, shape: Any, _instance: Any = None, **attrs: Any
    ) -> Lazy:
        sizes, type = ctx.outputs[0]
        blocks = _stateful(ctx, _instance, math.prod(sizes))
        return _filled(ctx, blocks, makes(type), _each(type))

    def stateless(
        ctx: Lowering, shape: Any, key: Lazy, counter: Lazy, alg: Any, **attrs: Any
    ) -> Lazy | None:
        type = ctx.outputs[0][1]
        blocks = _stateless(ctx, key, counter)
        return blocks and _filled(ctx, blocks, makes(type), _each(type))

    return stateful, stateless


uniform, stateless_uniform = _fill(_uniforms)
normal, stateless_normal = _fill(_normals)
_, stateless_full_int = _fill(_full)


def uniform_int(
    ctx: Lowering,
    shape: Any,
    low: Lazy,
    high: Lazy,
    _instance: Any = None,
    **attrs: Any,
) -> Lazy | None:
    """Whole numbers between limits, from a stream."""
    sizes, type = ctx.outputs[0]
    if low.rank or high.rank:
        return None
    blocks = _stateful(ctx, _instance, math.prod(sizes))
    low, high = ctx.settled(low), ctx.settled(high)
    return _filled(ctx, blocks, _between(low, high), _each(type))


def stateless_uniform_int(
    ctx: Lowering,
    shape: Any,
    key: Lazy,
    counter: Lazy,
    alg: Any,
    low: Lazy,
    high: Lazy,
    **attrs: Any,
) -> Lazy | None:
    """Whole numbers between limits, from a key and a counter."""
    type = ctx.outputs[0][1]
    blocks = _stateless(ctx, key, counter)
    if blocks is None or low.rank or high.rank:
        return None
    low, high = ctx.settled(low), ctx.settled(high)
    return _filled(ctx, blocks, _between(low, high), _each(type))


def key_counter(ctx: Lowering, seed: Lazy, **attrs: Any) -> tuple[Lazy, Lazy] | None:
    """A key and a counter that a pair of seeds is mixed to."""
    if seed.shape != (2,):
        return None
    seed = ctx.settled(seed)
    halves = []
    for k in range(2):
        whole = b.cast(b.cast(seed.at((Index({}, k),)), "int64"), "uint64")
        halves += [whole & _LOW, whole >> 32]
    key = [b.const(k, "uint64") for k in (_SCRAMBLE_KEY & _LOW, _SCRAMBLE_KEY >> 32)]
    words = _rounds(key, halves)
    pairs = [words[0] | (words[1] << 32), words[2] | (words[3] << 32)]

    def counter(place: tuple[Index, ...]) -> Expr:
        return b.select(b.eq(b.at(place[0]), 0), b.const(0, "uint64"), pairs[1])

    return (
        ctx.settled(ctx.pointwise((1,), "uint64", lambda place: pairs[0])),
        ctx.settled(ctx.pointwise((2,), "uint64", counter)),
    )


def _chosen(ctx: Lowering, blocks: Blocks, logits: Lazy, samples: int) -> Lazy:
    """Classes drawn by inverting the cumulative weights; one not finite has none."""
    shape, type = ctx.outputs[0]
    rows, classes = logits.shape
    logits = ctx.settled(logits)

    def finite(place: tuple[Index, ...]) -> tuple[Expr, Expr]:
        value = b.cast(logits.at(place), "float64")
        return b.abs(value) < math.inf, value

    def largest(place: Any, inner: list[Index], accs: Any) -> list[Expr]:
        good, value = finite((place[0], inner[0]))
        return [b.select(good, value, _LOWEST)]

    start = [(_LOWEST, "float64")]
    top = ctx.fold((rows, 1), [classes], "maximum", start, largest)

    def weight(place: tuple[Index, ...]) -> Expr:
        good, value = finite(place)
        away = b.select(good, value - top.at((place[0], ZERO)), 0.0)
        return b.select(good, b.exp(away), 0.0)

    weights = ctx.pointwise((rows, classes), "float64", weight)
    passed = ctx.scan(weights, 1, 0, b.add, False, False)
    make = _uniforms("float64")
    count = rows * samples
    draws = ctx.grouped(-(-count // 2), 2, "float64", lambda k: make(*blocks(b.at(k))))
    steps = [1 << k for k in reversed(range(classes.bit_length()))]

    def element(place: tuple[Index, ...]) -> Expr:
        whole = passed.at((place[0], Index({}, classes - 1)))
        wanted = draws.at((flat(place, shape),)) * whole
        found = b.const(0, "int64")
        for step in steps:
            ahead = found + step
            at = b.position(b.minimum(ahead, classes) - 1, classes)
            below = (passed.at((place[0], at)) <= wanted) & (ahead <= classes)
            found = b.select(below, ahead, found)
        return b.cast(found, type)

    return ctx.pointwise(shape, type, element)


def categorical(
    ctx: Lowering, logits: Lazy, num_samples: Any, _instance: Any = None, **attrs: Any
) -> Lazy | None:
    """Classes drawn with given odds."""
    samples = whole(num_samples)
    if logits.rank != 2 or not logits.size or not samples:
        return None
    # every draw is a float64, of which a block gives two
    blocks = _stateful(ctx, _instance, logits.shape[0] * -(-samples // 4) * 4 * 2)
    return _chosen(ctx, blocks, logits, samples)


def stateless_categorical(
    ctx: Lowering, logits: Lazy, num_samples: Any, seed: Lazy, **attrs: Any
) -> Lazy | None:
    """Classes drawn with given odds, from a pair of seeds."""
    samples = whole(num_samples)
    mixed = key_counter(ctx, seed)
    if logits.rank != 2 or not logits.size or not samples or mixed is None:
        return None
    blocks = _stateless(ctx, *mixed)
    return blocks and _chosen(ctx, blocks, logits, samples)
