"""Golden SavedModels whose functions have gradients of their own, by TensorFlow 2.21.

    TF_USE_LEGACY_KERAS=1 TENSORFLOW_PYTHON make_gradients.py

`asked_gradients.zip` holds one module, and in ``calls.json`` the gradients that
TensorFlow found before the module was saved: for each function its arguments, what
`tape.gradient` gives for the floating ones and for the variable ``w`` (None where there
is none), and where ``second`` is there the gradient of the first gradient's sum.
`unsaved_gradients.zip` was saved without its gradients.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import packing
import tensorflow as tf

HERE = Path(__file__).resolve().parent
X = tf.TensorSpec([None], tf.float32)


@tf.custom_gradient
def seven(x: Any) -> Any:
    return x * x, lambda g: 7.0 * g


@tf.custom_gradient
def softened(x: Any) -> Any:
    e = tf.exp(x)
    return tf.math.log(1 + e), lambda g: g * (1 - 1 / (1 + e)) * 3.0


@tf.custom_gradient
def steered(g: Any, x: Any) -> Any:
    return g * x * 10.0, lambda h: (h * 100.0, h * g * 1000.0)


@tf.custom_gradient
def cubed(x: Any) -> Any:
    return x**3, lambda g: steered(g, x)


@tf.custom_gradient
def crossed(x: Any, y: Any) -> Any:
    return (x * y, x + y), lambda g, h: (g * 2.0 + h * 3.0, g * 5.0 + h * 11.0)


@tf.custom_gradient
def counted(x: Any, n: Any) -> Any:
    return x * tf.cast(n, x.dtype), lambda g: (g * 4.0, None)


class Functions(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable([2.0, 3.0], name="w")
        self.n = tf.Variable(5.0, trainable=False, name="n")

    @tf.function(input_signature=[X])
    def plain(self, x: Any) -> Any:
        return seven(x)

    @tf.function(input_signature=[X])
    def captured(self, x: Any) -> Any:
        return softened(x)

    @tf.function(input_signature=[X])
    def nested(self, x: Any) -> Any:
        return cubed(x)

    @tf.function(input_signature=[X, X])
    def several(self, x: Any, y: Any) -> Any:
        return crossed(x, y)

    @tf.function(input_signature=[X, X])
    def one_of_several(self, x: Any, y: Any) -> Any:
        return crossed(x, y)[1]

    @tf.function(input_signature=[X, tf.TensorSpec([None], tf.int32)])
    def numbers(self, x: Any, n: Any) -> Any:
        return counted(x, n)

    @tf.function(input_signature=[X])
    def twice(self, x: Any) -> Any:
        return softened(x) * softened(2.0 * x)

    @tf.function(input_signature=[X])
    def called(self, x: Any) -> Any:
        return self.captured(x) * 2.0 + self.captured(-x)

    @tf.function(input_signature=[X])
    def variables(self, x: Any) -> Any:
        @tf.custom_gradient
        def f(x: Any) -> Any:
            def grad(g: Any, variables: Any = None) -> Any:
                return g * 6.0, [g * 8.0 * x for _ in variables]

            return x * self.w, grad

        return f(x)

    @tf.function(input_signature=[X])
    def recomputed(self, x: Any) -> Any:
        return tf.recompute_grad(lambda x: tf.sin(x * self.w))(x)

    @tf.function(input_signature=[X])
    def unused_before(self, x: Any) -> Any:
        c = tf.cos(x)

        @tf.custom_gradient
        def f(x: Any) -> Any:
            return x * 2.0, lambda g: g * c

        return f(x)

    @tf.function(input_signature=[X])
    def reads_a_variable(self, x: Any) -> Any:
        @tf.custom_gradient
        def f(x: Any) -> Any:
            return x * 2.0, lambda g: g * self.n

        return f(x)

    @tf.function(input_signature=[X])
    def rows(self, x: Any) -> Any:
        @tf.custom_gradient
        def f(x: Any) -> Any:
            def grad(g: Any) -> Any:
                return tf.IndexedSlices(g * 3.0, tf.constant([0, 0]), tf.shape(x))

            return tf.gather(x, [0, 0]), grad

        return f(x)

    @tf.function(input_signature=[X])
    def chosen(self, x: Any) -> Any:
        high = tf.reduce_sum(x) > 0
        return tf.cond(high, lambda: softened(x) * x, lambda: seven(x))

    @tf.function(input_signature=[X])
    def rounds(self, x: Any) -> Any:
        for _ in tf.range(3):
            x = softened(x) + 0.1 * seven(x)
        return x

    @tf.function(input_signature=[X])
    def rounded(self, x: Any) -> Any:
        return tf.grad_pass_through(tf.round)(x) * x

    @tf.function(input_signature=[X])
    def silu(self, x: Any) -> Any:
        return tf.nn.silu(x)

    @tf.function(input_signature=[X])
    def quantised(self, x: Any) -> Any:
        fake = tf.quantization
        part = tf.reshape(x, [-1, 2])
        part = fake.fake_quant_with_min_max_vars_per_channel(part, -self.w, self.w)
        return (
            fake.fake_quant_with_min_max_vars(x, -self.w[0], self.w[1], 4)
            + 3.0 * fake.fake_quant_with_min_max_args(x, -1.0, 2.5, narrow_range=True)
            + tf.reshape(part, [-1])
            + fake.fake_quant_with_min_max_vars(x, 0.0 * self.w[0], 0.0)
        )


#: What each function is called with, and whether its second gradient is kept.
CALLS = {
    "plain": ([[1.0, -2.0]], False),
    "captured": ([[1.0, -2.0]], True),
    "nested": ([[1.0, -2.0]], False),
    "several": ([[1.0, -2.0], [3.0, 4.0]], False),
    "one_of_several": ([[1.0, -2.0], [3.0, 4.0]], False),
    "numbers": ([[1.0, -2.0], [3, 4]], False),
    "twice": ([[1.0, -2.0]], True),
    "called": ([[1.0, -2.0]], True),
    "variables": ([[1.0, -2.0]], False),
    "recomputed": ([[1.0, -2.0]], False),
    "unused_before": ([[1.0, -2.0]], True),
    "reads_a_variable": ([[1.0, -2.0]], False),
    "rows": ([[1.0, -2.0]], False),
    "chosen": ([[1.0, 2.0]], False),
    "rounds": ([[0.5, 0.2]], False),
    "rounded": ([[1.4, -2.3]], True),
    "silu": ([[1.0, -2.0]], True),
    "quantised": ([[-2.5, 0.3, 2.4, 3.5, 0.0, -4.0]], False),
}


def row_of(made: Functions, name: str) -> dict[str, Any]:
    """A function's gradients."""
    given, again = CALLS[name]
    args = [tf.constant(value) for value in given]
    floats = [x for x in args if x.dtype.is_floating]
    with tf.GradientTape() if again else contextlib.nullcontext() as outer:
        if outer is not None:
            outer.watch(floats)
        with tf.GradientTape() as tape:
            tape.watch(floats)
            y = getattr(made, name)(*args)
        found = tape.gradient(y, [*floats, made.w])
    found = [None if g is None else tf.convert_to_tensor(g) for g in found]
    row = {"name": name, "args": [packing.told(x) for x in args]}
    row["gradients"] = [packing.told(g) for g in found]
    if outer is not None:
        row["second"] = packing.told(outer.gradient(found[0], floats[0]))
    return row


def main() -> None:
    """Write both zips."""
    made, folder = Functions(), packing.folder_for("asked")
    rows = [row_of(made, name) for name in CALLS]
    x = tf.constant([1.0, -2.0])
    tf.saved_model.save(made, folder)
    calls = [(f".{name}", [x]) for name in ("plain", "captured", "rows")]
    packing.finish("asked_gradients", folder, calls, HERE, gradients=rows)
    bare, folder = tf.Module(), packing.folder_for("unsaved")
    bare.w, bare.f = made.w, made.captured
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(bare, folder, options=options)
    packing.finish("unsaved_gradients", folder, [(".f", [x])], HERE)


if __name__ == "__main__":
    main()
