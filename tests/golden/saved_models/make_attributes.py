"""Write golden SavedModels of nodes that say something out of the ordinary.

    TENSORFLOW_PYTHON make_attributes.py [NAME ...]

`attributes` and `updates` hold what rillet reads; `unread_attributes` what it refuses,
with no calls kept. Run by TensorFlow 2.21.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import packing
import tensorflow as tf

HERE = Path(__file__).resolve().parent
MAKERS: dict[str, Any] = {}
R = tf.raw_ops
F = tf.float32


def model(make: Any) -> Any:
    """Enter a maker."""
    MAKERS[make.__name__] = make
    return make


def spec(*shape: Any, dtype: Any = F) -> tf.TensorSpec:
    """The spec of an argument."""
    return tf.TensorSpec(shape, dtype)


def function(*specs: Any) -> Any:
    """A function of such arguments."""
    return tf.function(input_signature=list(specs))


@model
def attributes() -> Any:
    """Texts, edges, ranges of zeros, wide sums, shapes that do not go together."""
    made = tf.Module()

    @function(spec(None), spec(None, dtype=tf.string))
    def texts(x: Any, s: Any) -> Any:
        z = tf.complex(x, x)
        found = [R.AsString(input=x, fill=c, width=9, precision=2) for c in "0-+ #"]
        found += [R.AsString(input=z, fill="0", width=9), R.AsString(input=x > 0.0)]
        found.append(R.AsString(input=s, fill="0", width=5))
        for empty in (True, False):
            for marks in ("", " ", ", "):
                found += R.StringSplit(input=s, delimiter=marks, skip_empty=empty)
        for ids in ([0, 0, 0, 0], [1, 1, 0, 0], [2, 1, 1, 2]):
            join = R.UnsortedSegmentJoin
            found.append(join(inputs=s, segment_ids=ids, num_segments=3, separator=":"))
        return found

    @function(spec(None, dtype=tf.float64), spec(None), spec(None, dtype=tf.int64))
    def edges(d: Any, f: Any, n: Any) -> Any:
        b = [0.1, 2.5, 1e9]
        whole = tf.cast(n, tf.int32)
        return [R.Bucketize(input=x, boundaries=b) for x in (d, f, n, whole)]

    @function(spec(None, 3))
    def quantised(x: Any) -> Any:
        low, high = tf.constant([0.0, -1.0, -0.3]), tf.constant([0.0, 1.0, 2.0])
        of = R.FakeQuantWithMinMaxVars
        return [
            of(inputs=x, min=0.0, max=0.0),
            of(inputs=x, min=-1.0, max=1.5, num_bits=4, narrow_range=True),
            R.FakeQuantWithMinMaxVarsPerChannel(inputs=x, min=low, max=high),
            R.FakeQuantWithMinMaxArgs(inputs=x, min=-2.0, max=1.0, num_bits=5),
        ]

    @function(spec(2, 300, dtype=tf.int8), spec(3, None))
    def products(a: Any, x: Any) -> Any:
        return [
            R.BatchMatMulV3(x=a, y=a, Tout=tf.int32, adj_y=True),
            *(x == tf.zeros([4, 7]), tf.reduce_sum(x, 1) != tf.zeros([5])),
        ]

    @function(spec(1, 1, 1, 2), spec(2), spec(2))
    def pixel(x: Any, mean: Any, variance: Any) -> Any:
        one = tf.ones([2])
        args = {"x": x, "scale": one, "offset": one, "is_training": True}
        first = R.FusedBatchNormV3(mean=[], variance=[], **args)
        args |= {"mean": mean, "variance": variance, "exponential_avg_factor": 0.25}
        return [*first[:3], *R.FusedBatchNormV3(**args)[:3]]

    @function(spec(None, dtype=tf.string), spec(None, dtype=tf.int64))
    def coded(s: Any, n: Any) -> Any:
        words = {"input": s, "input_encoding": "UTF-8", "replacement_char": 63}
        found = []
        for errors in ("ignore", "replace"):
            words |= {"errors": errors, "replace_control_characters": True}
            found.append(R.UnicodeTranscode(output_encoding="UTF-8", **words))
            found += R.UnicodeDecodeWithOffsets(**words)
        for of in ([], [0.5, 2.0, 1.5, 4.0]):
            for weights in (tf.constant(of, tf.float32), tf.constant(of, tf.float64)):
                for binary in (True, False):
                    found += R.DenseCountSparseOutput(
                        values=n, weights=weights, binary_output=binary
                    )
        for most in (-1, 0, 1, 2):
            found += R.StringSplitV2(input=s, sep=" ", maxsplit=most)
            found += R.StringSplitV2(input=s, sep="", maxsplit=most)
        for most in (0, 2):
            found += R.DenseCountSparseOutput(
                values=n,
                weights=tf.zeros([0]),
                binary_output=False,
                minlength=3,
                maxlength=most,
            )
        for sizes in (tf.stack([n[0] + 4, -1]), tf.stack([n[1], n[0]])):
            found.append(
                R.RaggedTensorToTensor(
                    shape=sizes,
                    values=tf.cast(n, tf.float32),
                    default_value=9.0,
                    row_partition_tensors=[tf.constant([0, 1, 1, 4], tf.int64)],
                    row_partition_types=["ROW_SPLITS"],
                )
            )
        found += R.ComputeAccidentalHits(
            true_classes=n[None, :], sampled_candidates=[3, 1, 3], num_true=4
        )
        image = tf.zeros([1, 1, 3], tf.uint8)
        for unit in ("in", "cm"):
            file = R.EncodeJpeg(
                image=image, density_unit=unit, x_density=70, y_density=80
            )
            found.append(tf.strings.substr(file, 0, 20))
        return found

    for made_function in (texts, edges, quantised, products, pixel, coded):
        setattr(made, made_function.python_function.__name__, made_function)
    odd = np.array([1.5, np.inf, np.nan, -np.inf, -2.25], np.float32)
    words = np.array([b"", b"a b", b" a ", b"a,,b"], object)
    control = [b"a\x01\tb", b"\xff\xc3\xa9", b" a  b ", b"a ", b"   ", b""]
    control = np.array(control, object)
    numbers = np.array([np.nan, 0.1, 2.5, 3.0])
    whole = np.array([10**9, 10**9 - 1, 10**9 - 33, 0, 2])
    draw = np.random.default_rng(1)
    few = draw.normal(size=(4, 3)).astype(np.float32)
    bytes_ = np.full((2, 300), 100, np.int8)
    pairs = np.array([0.5, -1.0], np.float32), np.array([2.0, 3.0], np.float32)
    calls = [
        (".texts", [odd, words]),
        (".edges", [numbers, numbers.astype(np.float32), whole]),
        (".quantised", [few]),
        (".products", [bytes_, few.T.copy()]),
        (".coded", [control, np.array([1, 3, 3, 2])]),
        (".pixel", [np.ones((1, 1, 1, 2), np.float32), *pairs]),
    ]
    return made, calls


class Rows(tf.Module):
    """Variables that optimizers' ops change."""

    def __init__(self) -> None:
        super().__init__()
        first = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], np.float32)
        self.held = [tf.Variable(first + i) for i in range(4)]

    @function(spec(None, 2), spec(None, dtype=tf.int32))
    def rows(self, g: Any, at: Any) -> Any:
        """Rows that come again are updated again."""
        some = {
            "Momentum": ("accum", {"momentum": 0.9, "use_nesterov": True}),
            "KerasMomentum": ("accum", {"momentum": 0.9}),
            "Adagrad": ("accum", {}),
            "AdagradV2": ("accum", {"epsilon": 0.01}),
            "Adadelta": ("accum accum_update", {"rho": 0.9, "epsilon": 1e-3}),
            "Ftrl": ("accum linear", {"l1": 0.01, "l2": 0.02, "lr_power": -0.5}),
            "RMSProp": ("ms mom", {"rho": 0.9, "momentum": 0.5, "epsilon": 1e-3}),
            "CenteredRMSProp": (
                "mg ms mom",
                {"rho": 0.9, "momentum": 0.5, "epsilon": 8.0},
            ),
        }
        found = []
        for name, (slots, numbers) in some.items():
            held = zip(["var", *slots.split()], self.held, strict=False)
            self.begin()
            getattr(R, f"ResourceSparseApply{name}")(
                **{slot: v.handle for slot, v in held},
                **numbers,
                lr=0.1,
                grad=g,
                indices=at,
            )
            found += [v.read_value() for v in self.held]
        return found

    @function(spec(None, 2))
    def leaders(self, g: Any) -> Any:
        """Follow the regularized leader, the second slot times the rate or not."""
        found = []
        for times in (False, True):
            for shrink in ({}, {"l2_shrinkage": 0.15}):
                self.begin()
                names = zip(("var", "accum", "linear"), self.held, strict=False)
                op = R.ResourceApplyFtrlV2 if shrink else R.ResourceApplyFtrl
                op(
                    **{name: v.handle for name, v in names},
                    **shrink,
                    **{"grad": g, "lr": 0.3, "l1": 0.1, "l2": 0.2, "lr_power": -0.4},
                    multiply_linear_by_lr=times,
                )
                found += [v.read_value() for v in self.held[:3]]
        return found

    def begin(self) -> None:
        """Give the variables their first values."""
        first = tf.constant([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        for i, v in enumerate(self.held):
            v.assign(first + float(i))


@model
def updates() -> Any:
    """What optimizers' ops write."""
    g = np.array([[0.1, 0.2], [0.3, 0.4], [0.5, 0.6], [0.7, -0.8]], np.float32)
    at = np.array([1, 1, 0, 1], np.int32)
    return Rows(), [(".rows", [g, at]), (".leaders", [g[:3]])]


@model
def unread_attributes() -> Any:
    """What rillet refuses."""
    made = tf.Module()
    calls = {
        "cut": lambda x: R.Cast(x=x, DstT=tf.bfloat16, Truncate=True),
        "passed_over": lambda x: R.GatherNd(
            params=x, indices=[[9]], bad_indices_policy="IGNORE"
        ),
    }
    for name, call in calls.items():
        setattr(made, name, function(spec(None))(call))
    return made, []


def main(names: list[str]) -> None:
    """Write the models of the given names, or all."""
    for name in names or MAKERS:
        made, calls = MAKERS[name]()
        folder = packing.folder_for(name)
        tf.saved_model.save(made, folder)
        packing.finish(name, folder, calls, HERE)


if __name__ == "__main__":
    main(sys.argv[1:])
