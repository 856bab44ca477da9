"""Write the golden SavedModel of ops that older programs and saved gradients hold.

    TENSORFLOW_PYTHON make_older_ops.py

Run by TensorFlow 2.21.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import packing
import tensorflow as tf

HERE = Path(__file__).resolve().parent
R = tf.raw_ops


def function(*specs: Any) -> Any:
    """A function of such arguments."""
    return tf.function(input_signature=[tf.TensorSpec(*one) for one in specs])


class Older(tf.Module):
    @function(([2], tf.int32))
    def draws(self, seed: Any) -> Any:
        found = []
        for kind in (tf.float32, tf.float16, tf.float64, tf.bfloat16):
            for name in ("RandomUniform", "RandomNormal", "TruncatedNormal"):
                op = getattr(R, f"Stateless{name}")
                found.append(op(shape=[3, 5], seed=seed, dtype=kind))
        for kind in (tf.int32, tf.int64):
            ends = {"minval": tf.constant(-7, kind), "maxval": tf.constant(90, kind)}
            found.append(R.StatelessRandomUniformInt(shape=[11], seed=seed, **ends))
        return found

    @function(([None, 3, 4, 2],), ([None, 3, 4, 2],), ([2],), ([2],), ([2],))
    def norms(self, g: Any, x: Any, scale: Any, mean: Any, variance: Any) -> Any:
        found = []
        args = {"scale": scale, "reserve_space_1": mean, "reserve_space_2": variance}
        for trains in (True, False):
            more = args | {"is_training": trains, "epsilon": 1e-3}
            found += R.FusedBatchNormGrad(y_backprop=g, x=x, **more)[:3]
            found += R.FusedBatchNormGradV2(y_backprop=g, x=x, **more)[:3]
            more["reserve_space_3"] = tf.zeros([0])
            found += R.FusedBatchNormGradV3(y_backprop=g, x=x, **more)
        return found

    @function(([None, 4],), ([None],))
    def boxes(self, boxes: Any, scores: Any) -> Any:
        args = {"boxes": boxes, "scores": scores, "max_output_size": 4}
        low = {"iou_threshold": 0.3, "score_threshold": 0.2}
        return [
            R.NonMaxSuppression(**args, iou_threshold=0.4),
            R.NonMaxSuppressionV2(**args, iou_threshold=0.6),
            *R.NonMaxSuppressionV4(**args, **low),
            *R.NonMaxSuppressionV4(**args, **low, pad_to_max_output_size=True),
        ]

    @function(([None, 6, 6, 2],), ([None, 5],))
    def pictures(self, x: Any, rows: Any) -> Any:
        turn = [[0.9, -0.1, 0.5, 0.2, 1.1, -0.3, 0.01, 0.0]]
        found = [
            R.MaxPoolV2(
                input=x, ksize=[1, 2, 3, 1], strides=[1, 2, 1, 1], padding="SAME"
            ),
            R.NthElement(input=rows, n=1),
            R.NthElement(input=rows, n=1, reverse=True),
            R.MatrixDiagV2(
                diagonal=rows[:, :4], k=1, num_rows=-1, num_cols=-1, padding_value=7.0
            ),
            R.MatrixDiagV2(
                diagonal=tf.stack([rows[:, :3], rows[:, 1:4]], 1),
                k=[0, 1],
                num_rows=3,
                num_cols=4,
                padding_value=0.0,
            ),
        ]
        for mode in ("CONSTANT", "REFLECT"):
            for way in ("NEAREST", "BILINEAR"):
                found.append(
                    R.ImageProjectiveTransformV2(
                        images=x,
                        transforms=turn,
                        output_shape=[5, 7],
                        interpolation=way,
                        fill_mode=mode,
                    )
                )
        return found

    @function(([None], tf.int32), ([],), ([],))
    def numbers(self, n: Any, a: Any, b: Any) -> Any:
        weights = tf.cast(n, tf.float64) * 0.5
        none = tf.constant([], tf.int64)
        return [
            R.LinSpace(start=a, stop=b, num=7),
            R.LinSpace(start=a, stop=b, num=1),
            R.Bincount(arr=n, size=5, weights=none),
            R.Bincount(arr=n, size=5, weights=weights),
            R.ApproximateEqual(x=[a, b], y=[a + 0.5, b + 2.0], tolerance=1.0),
            R.DataFormatDimMap(x=[0, 1, 2, 3, -1, -4]),
            R.DataFormatDimMap(x=[2, -1], src_format="NCHW", dst_format="NHWC"),
            R.DataFormatVecPermute(x=n[:4], src_format="NCHW", dst_format="NHWC"),
            R.DataFormatVecPermute(x=n[:4]),
            R.DataFormatVecPermute(x=n[:2]),
            R.DataFormatVecPermute(x=tf.reshape(n[:8], [4, 2])),
        ]

    @function(([None, 3],))
    def rounded(self, x: Any) -> Any:
        found = []
        ends = {"input_min": -1.5, "input_max": 2.0}
        for op in (R.QuantizeAndDequantizeV2, R.QuantizeAndDequantizeV4):
            for given in (True, False):
                for more in (
                    {},
                    {"signed_input": False, "num_bits": 4},
                    {"narrow_range": True, "round_mode": "HALF_UP", "num_bits": 3},
                ):
                    found.append(op(input=x, range_given=given, **ends, **more))
        found.append(R.QuantizeAndDequantizeV3(input=x, num_bits=6, **ends))
        ends = {"input_min": [-1.0, -2.0, 0.0], "input_max": [1.0, 0.5, 2.0]}
        found.append(R.QuantizeAndDequantizeV2(input=x, **ends, axis=1))
        return found


def main() -> None:
    """Write the model."""
    draw = np.random.default_rng(5)

    def normal(*sizes: int) -> np.ndarray:
        return draw.normal(size=sizes).astype(np.float32)

    corners = draw.uniform(size=(9, 2)).astype(np.float32)
    boxes = np.concatenate([corners, corners + 0.4], 1)
    g, x = normal(2, 3, 4, 2), normal(2, 3, 4, 2)
    moments = x.mean((0, 1, 2)), x.var((0, 1, 2))
    calls = [
        (".draws", [np.array([7, -3], np.int32)]),
        (".norms", [g, x, np.array([1.5, 0.5], np.float32), *moments]),
        (".boxes", [boxes, draw.uniform(size=9).astype(np.float32)]),
        (".pictures", [normal(2, 6, 6, 2), normal(3, 5)]),
        (
            ".numbers",
            [np.array([1, 2, 2, 9, 0, 4, 5, 3], np.int32), *np.float32([-1, 2])],
        ),
        (".rounded", [normal(6, 3)]),
    ]
    folder = packing.folder_for("older_ops")
    tf.saved_model.save(Older(), folder)
    packing.finish("older_ops", folder, calls, HERE)


if __name__ == "__main__":
    main()
