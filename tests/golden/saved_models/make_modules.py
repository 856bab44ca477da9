"""Write golden SavedModels of `tf.Module`s, with TensorFlow 2.21.

    TF_USE_LEGACY_KERAS=1 TENSORFLOW_PYTHON make_modules.py [NAME ...]

Each function makes an object, the calls to keep, and what else `tf.saved_model.save`
gets. `packing.finish` calls what was saved and writes the zip.
"""

from __future__ import annotations

import collections
import sys
from pathlib import Path
from typing import Any

import numpy as np
import packing
import tensorflow as tf

HERE = Path(__file__).resolve().parent
MAKERS: dict[str, Any] = {}
F = tf.float32
DRAW = np.random.default_rng(3)
Point = collections.namedtuple("Point", "x y")


def model(make: Any) -> Any:
    """Enter a maker."""
    MAKERS[make.__name__] = make
    return make


def spec(*shape: Any, dtype: Any = F) -> tf.TensorSpec:
    """The spec of an argument."""
    return tf.TensorSpec(shape, dtype)


def f32(*shape: int) -> np.ndarray:
    """Numbers around zero."""
    return DRAW.normal(size=shape).astype(np.float32)


def module(**functions: Any) -> tf.Module:
    """A module with functions."""
    made = tf.Module()
    for name, function in functions.items():
        setattr(made, name, function)
    return made


class Affine(tf.Module):
    """A layer of one's own."""

    def __init__(self, size: int, name: str | None = None) -> None:
        super().__init__(name=name)
        self.w = tf.Variable(f32(size, size), name="w")
        self.b = tf.Variable(f32(size), name="b")

    @tf.function
    def __call__(self, x: Any, activation: Any = "tanh") -> Any:
        y = x @ self.w + self.b
        return tf.tanh(y) if activation == "tanh" else y


@model
def nested_modules() -> Any:
    """Modules in lists, dictionaries and tuples; arguments with defaults."""

    class Net(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.parts = [Affine(3), Affine(3)]
            self.heads = {"a": Affine(3), "b": Affine(3)}
            self.pair = (Affine(3), tf.Variable(2.0))

        @tf.function
        def __call__(self, x: Any, scale: Any = 1.0, *, head: str = "a") -> Any:
            for part in self.parts:
                x = part(x)
            return self.heads[head](self.pair[0](x), None) * scale * self.pair[1]

    net, x = Net(), f32(2, 3)
    net(x), net(x, 3.0, head="b"), net(x, tf.constant(2.0))
    calls = [
        ("", [x]),
        ("", [x, 3.0], {"head": "b"}),
        ("", [x, np.float32(2.0)]),
        (".pair.__getitem__", [1]),
    ]
    return net, calls[:3], {}


@model
def structures() -> Any:
    """Nests of tensors in and out."""

    @tf.function
    def f(pair: Any, by_name: Any, point: Any = None) -> Any:
        a, (b, c) = pair
        total = a + b * c + by_name["x"] * by_name["y"][0]
        return {"z": total, "a": [a, (b,)], "p": Point(c, a), "n": None}

    x = [np.float32(i) for i in range(1, 6)]
    args = ((x[0], (x[1], x[2])), {"x": x[3], "y": [x[4]]})
    args = tf.nest.map_structure(tf.constant, args)
    f(*args)
    return module(f=f), [(".f", args)], {}


@model
def signatures() -> Any:
    """Several signatures, names and types as they were given."""

    @tf.function(input_signature=[tf.TensorSpec([None, 2], F, "left"), spec(2)])
    def join(left: Any, right: Any) -> Any:
        return {"sum": left + right, "product": left * right}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "words")])
    def sizes(words: Any) -> Any:
        return {"sizes": tf.strings.length(words), "low": tf.strings.lower(words)}

    @tf.function(input_signature=[spec(None, dtype=tf.int64)])
    def bare(x: Any) -> Any:
        return x * 2, tf.cast(x, tf.float64)

    served = {"join": join, "sizes": sizes, "bare": bare}
    x, y = f32(3, 2), f32(2)
    calls = [
        ("sig:join", [], {"left": tf.constant(x), "right": tf.constant(y)}),
        ("sig:sizes", [], {"words": tf.constant(["Ab", "", "ÄÖ"])}),
        ("sig:bare", [], {"x": tf.constant([1, 2], tf.int64)}),
        (".join", [x, y]),
    ]
    return module(**served), calls, {"signatures": served}


@model
def control_flow() -> Any:
    """Branches and loops inside each other, early exits among them."""

    @tf.function(input_signature=[spec(None), spec(dtype=tf.int32)])
    def f(x: Any, n: Any) -> Any:
        total = tf.zeros_like(x)
        for i in tf.range(n):
            if i == 2:
                continue
            if tf.reduce_sum(total) > 20.0:
                break
            total += x * tf.cast(i, F)
            while tf.reduce_max(total) > 5.0:
                total = total / 2.0
        if n > 3:
            y = tf.switch_case(
                n % 3, [lambda: total, lambda: total * 2.0, lambda: -total]
            )
        else:
            y = total + 1.0
        return y

    @tf.function(input_signature=[spec(dtype=tf.int32)])
    def collatz(n: Any) -> Any:
        steps = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            steps += 1
        return steps

    x = np.array([1.0, 2.5], np.float32)
    calls: list[Any] = [(".f", [x, np.int32(n)]) for n in (0, 2, 4, 5, 6)]
    calls += [(".collatz", [np.int32(27)])]
    return module(f=f, collatz=collatz), calls, {}


@model
def lists() -> Any:
    """Tensor arrays, `map_fn`, `scan`, folds."""

    @tf.function(input_signature=[spec(None, 2)])
    def arrays(x: Any) -> Any:
        rows = tf.TensorArray(F, 0, dynamic_size=True, clear_after_read=False)
        for i in tf.range(tf.shape(x)[0]):
            rows = rows.write(i, x[i] * tf.cast(i, F))
        parts = tf.TensorArray(F, 2, infer_shape=False, element_shape=[None, 2])
        parts = parts.write(0, x).write(1, x[:1])
        taken = tf.TensorArray(F, 3).unstack(x[:3])
        split = tf.TensorArray(F, 2, infer_shape=False).split(x[:3], [1, 2])
        gathered = rows.gather([1, 0])
        return rows.stack(), parts.concat(), taken.read(1), split.concat(), gathered

    @tf.function(input_signature=[spec(None, 2)])
    def maps(x: Any) -> Any:
        mapped = tf.map_fn(lambda row: tf.reduce_sum(row) * row, x)
        pairs = tf.map_fn(lambda r: (r[0], r[1]), x, fn_output_signature=(F, F))
        scanned = tf.scan(lambda a, row: a * 0.5 + row, x)
        back = tf.scan(lambda a, row: a + row, x, reverse=True)
        left = tf.foldl(lambda a, row: a - row, x)
        right = tf.foldr(lambda a, row: a - row, x, tf.zeros([2]))
        made = tf.vectorized_map(lambda row: tf.reduce_max(row) + row, x)
        return mapped, pairs, scanned, back, left, right, made

    x = f32(4, 2)
    return module(arrays=arrays, maps=maps), [(".arrays", [x]), (".maps", [x])], {}


@model
def loop_gradients() -> Any:
    """Gradients of loops and branches, as TensorFlow writes them."""
    made = module()
    made.w = tf.Variable(f32(2, 2) * 0.5)

    @tf.function(input_signature=[spec(None, 2), spec(dtype=tf.int32)])
    def f(x: Any, n: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            h, i = x, 0
            while i < n:
                h = tf.tanh(h @ made.w) + x
                if tf.reduce_sum(h) > 0.5:
                    h = h * tf.sin(x)
                i += 1
            rows = tf.TensorArray(F, 0, dynamic_size=True, element_shape=[None, 2])
            for k in tf.range(n):
                rows = rows.write(k, h * tf.cast(k, F) ** 2.0)
            y = tf.reduce_sum(h**2) + tf.reduce_sum(tf.sin(rows.stack()))
        return y, tape.gradient(y, [x, made.w])

    @tf.function(input_signature=[spec(3, 2)])
    def scanned(x: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = tf.scan(lambda a, r: tf.sin(a * r) + r, x)
            y += tf.map_fn(lambda r: tf.cumsum(r) * r, x)
        return tape.gradient(y, x)

    made.f, made.scanned = f, scanned
    x = f32(3, 2)
    calls = [(".f", [x, np.int32(n)]) for n in (1, 2, 3)]
    return made, [*calls, (".scanned", [x])], {}


@model
def strings() -> Any:
    """Texts, and what is read from them."""
    s = tf.strings

    @tf.function(input_signature=[spec(None, dtype=tf.string)])
    def f(x: Any) -> Any:
        return {
            "join": s.join([x, s.upper(x)], "|"),
            "sub": s.substr(x, 0, 2, unit="UTF8_CHAR"),
            "swap": s.regex_replace(x, "[aeiou]+", "<\\0>"),
            "whole": s.regex_full_match(x, ".*b.*"),
            "bucket": s.to_hash_bucket_fast(x, 97),
            "strong": s.to_hash_bucket_strong(x, 97, [1, 2]),
            "bytes": s.length(x),
            "chars": s.length(x, "UTF8_CHAR"),
            "strip": s.strip(x),
            "all": s.reduce_join(x, separator=","),
            "shown": s.format("x is {}!", x),
            "equal": x == "ab",
            "coded": tf.io.encode_base64(x),
            "back": tf.io.decode_base64(tf.io.encode_base64(x)),
            "points": s.unicode_transcode(x, "UTF-8", "UTF-16-BE"),
        }

    @tf.function(input_signature=[spec(None, dtype=tf.string)])
    def numbers(x: Any) -> Any:
        a = s.to_number(x)
        raw = tf.io.decode_raw(s.substr(x, 0, 2), tf.uint8)
        shown = s.as_string(a, precision=2, width=7, fill="0")
        return a, s.to_number(x, tf.int64), shown, raw, s.as_string(a > 1)

    words = np.array(["ab cd", "", " üb\tx", "ab"], object)
    calls = [
        (".f", [tf.constant(words)]),
        (".numbers", [tf.constant(["12", "3 ", "-7"])]),
    ]
    return module(f=f, numbers=numbers), calls, {}


@model
def mathematics() -> Any:
    """Elementwise functions, reductions, comparisons."""
    m = tf.math

    @tf.function(input_signature=[spec(None, 3), spec(None, 3)])
    def f(x: Any, y: Any) -> Any:
        up = tf.abs(x) + 0.5
        found = [
            m.exp(x), m.log(up), m.log1p(up), m.expm1(x), m.sqrt(up), m.rsqrt(up),
            m.sin(x), m.atan2(x, y), m.sinh(x), m.erf(x), m.lgamma(up), m.digamma(up),
            m.pow(up, y), m.floormod(x, y), x // y, m.squared_difference(x, y),
            m.xlogy(up, up), m.divide_no_nan(x, y), m.sign(x), m.round(x * 3.0),
            tf.clip_by_value(x, -0.5, 0.5), m.maximum(x, y), tf.where(x > y, x, y),
            m.reduce_logsumexp(x, 1), m.reduce_std(x, 0), m.reduce_prod(x), m.cumsum(x),
            m.cumprod(x, 1, exclusive=True, reverse=True), m.l2_normalize(x, 1),
            m.reduce_euclidean_norm(x), m.argmax(x, 1), m.is_finite(x / (y - y)),
            m.logical_xor(x > 0, y > 0), m.polyval([1.0, 2.0], x), m.igamma(up, up),
            m.zeta(up + 1.0, up), m.betainc(up, up, 0.3 * tf.ones_like(up)),
            tf.nn.softmax(x), tf.nn.log_softmax(y), tf.nn.elu(x), tf.nn.selu(x),
            tf.nn.gelu(x), tf.nn.gelu(x, True), tf.nn.swish(x), tf.nn.leaky_relu(x),
            tf.nn.softplus(x), tf.nn.softsign(x), tf.nn.relu6(x * 9.0), m.cosh(x),
            m.ndtri(tf.sigmoid(x)), m.bessel_i0e(x), m.cumulative_logsumexp(x),
        ]  # fmt: skip
        return found

    @tf.function(input_signature=[spec(None, dtype=tf.int32)])
    def whole(x: Any) -> Any:
        y = tf.constant([3, -2, 5])
        u = tf.cast(x & 255, tf.uint8)
        return [
            x // y, x % y, tf.truncatediv(x, y), tf.truncatemod(x, y), x & y, x ^ 3,
            tf.bitwise.left_shift(u, 2), tf.bitwise.invert(u), tf.cast(x, tf.int8),
            tf.math.bincount(tf.abs(x), minlength=9), x**2, tf.reduce_all(x > 0),
            tf.cast(x, tf.bfloat16), tf.cast(x, tf.float16) / 3, tf.bitcast(x, F),
            tf.cast(x, tf.complex64) * 2j, tf.saturate_cast(x * 100, tf.int8),
        ]  # fmt: skip

    x, y = f32(2, 3), f32(2, 3)
    calls = [(".f", [x, y]), (".whole", [np.array([7, -8, 3], np.int32)])]
    return module(f=f, whole=whole), calls, {}


def main(names: list[str]) -> None:
    """Write the models of the given names, or all."""
    for name in names or MAKERS:
        tf.random.set_seed(1)
        made, calls, options = MAKERS[name]()
        folder = packing.folder_for(name)
        tf.saved_model.save(made, folder, **options)
        packing.finish(name, folder, calls, HERE)


if __name__ == "__main__":
    main(sys.argv[1:])
