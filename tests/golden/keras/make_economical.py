"""Write `economical.json`: steps of Lion, Adafactor, the former Nadam, scaled losses.

Run with an interpreter that has TensorFlow and tf_keras: ``python make_economical.py``.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

HERE = Path(__file__).parent


def optimizers(k: Any) -> dict[str, Any]:
    """Optimizers by name."""
    o, s = k.optimizers, k.optimizers.schedules
    return {
        "lion": o.Lion(0.05, beta_1=0.8, beta_2=0.9),
        "lion decay": o.Lion(s.ExponentialDecay(0.1, 3, 0.5), weight_decay=0.1),
        "lion ema": o.Lion(0.05, use_ema=True, ema_overwrite_frequency=3, clipnorm=0.5),
        "adafactor": o.Adafactor(0.5),
        "adafactor own": o.Adafactor(
            0.3,
            beta_2_decay=-0.6,
            epsilon_1=1e-20,
            epsilon_2=0.01,
            clip_threshold=0.5,
            relative_step=False,
            clipvalue=0.4,
        ),
        "adafactor schedule": o.Adafactor(
            s.ExponentialDecay(0.1, 3, 0.5), weight_decay=0.05
        ),
        "former nadam": o.legacy.Nadam(0.05),
        "former nadam own": o.legacy.Nadam(0.05, 0.8, 0.9, schedule_decay=0.5),
    }


def steps(tf: Any, optimizer: Any) -> list[list[float]]:
    """The variables' values after each of ten steps."""
    rng = np.random.default_rng(5)
    shapes = ((2, 3), (3,), (2, 2, 2))
    variables = [tf.Variable(rng.normal(size=s).astype("float32")) for s in shapes]
    targets = [rng.normal(size=s).astype("float32") for s in shapes]
    out = []
    for step in range(10):
        scale = float(np.cos(step))
        grads = [(v - t) * scale for v, t in zip(variables, targets, strict=True)]
        optimizer.apply_gradients(zip(grads, variables, strict=True))
        out.append([float(x) for v in variables for x in v.numpy().ravel()])
    return out


def scaled(tf: Any, dynamic: bool) -> list[list[float]]:
    """Scale, good steps, number of steps and weights as gradients come and go."""
    k = tf.keras
    how: dict[str, Any] = {"initial_scale": 8.0, "dynamic": dynamic}
    if dynamic:
        how["dynamic_growth_steps"] = 2
    o = k.mixed_precision.LossScaleOptimizer(k.optimizers.Adam(0.1), **how)
    v = tf.Variable([1.0, 2.0])
    out = []
    bad = {2: np.inf, 4: np.nan, 5: np.nan, 6: -np.inf, 7: np.nan, 8: np.nan}
    for step in range(14):
        kept = dynamic and step in bad

        def loss(step: int = step, kept: bool = kept) -> Any:
            factor = bad[step] if kept else 1.0
            return tf.reduce_sum(v * v * tf.constant([factor, 0.5]))

        with tf.GradientTape() as tape:
            whole = o.get_scaled_loss(loss())
        grads = o.get_unscaled_gradients(tape.gradient(whole, [v]))
        o.apply_gradients([(grads[0], v)])
        good = -1 if o.dynamic_counter is None else int(o.dynamic_counter)
        row = [float(o.loss_scale), good, int(o.iterations)]
        out.append([*row, *v.numpy().tolist()])
    return out


def answers(tf: Any) -> dict[str, Any]:
    """Everything by name."""
    found = {name: steps(tf, o) for name, o in optimizers(tf.keras).items()}
    found["scaled"] = scaled(tf, True)
    found["scaled by a fixed number"] = scaled(tf, False)
    return found


if __name__ == "__main__":
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
    import tensorflow

    text = json.dumps(answers(tensorflow), indent=0)
    (HERE / "economical.json").write_text(text + "\n", encoding="utf-8")
