"""Programs of metrics: each takes `tf` and gives their values and configurations.

`make_rest.py` runs them with real tf.keras, `tests/keras/test_rest.py` with rillet.
"""

from __future__ import annotations

from typing import Any

import numpy as np

TRUE = np.array([[0, 1, 2], [2, 2, 1]])
PRED = np.array([[0, 2, 2], [2, 1, 1]])
SCORES = np.array([[0.2, 0.7, 0.1], [0.3, 0.3, 0.4], [0.8, 0.1, 0.1], [0.0, 0.0, 0.0]])
HOT = np.array([[0, 1, 0], [0, 1, 1], [1, 0, 0], [0, 0, 1]])


def _run(metric: Any, *batches: Any) -> list[Any]:
    for batch in batches:
        metric.update_state(*batch)
    config = metric.get_config()
    config.pop("name")
    found = [np.asarray(metric.result()), config]
    metric.reset_state()
    return [*found, np.asarray(metric(*batches[0]))]


def overlaps(tf: Any) -> Any:
    kinds = tf.keras.metrics
    whole = (TRUE, PRED)
    weighted = (TRUE, PRED, np.array([[0.5, 1, 2], [1, 0, 3.0]]))
    return [
        *_run(kinds.IoU(3, [0, 2]), whole, weighted),
        *_run(kinds.MeanIoU(4), whole, weighted),
        *_run(kinds.MeanIoU(3, ignore_class=1), whole, weighted),
        *_run(kinds.MeanIoU(3, sparse_y_pred=False), (HOT.argmax(-1), SCORES)),
        *_run(kinds.BinaryIoU([1], 0.3), (HOT, SCORES)),
        *_run(kinds.BinaryIoU(), (HOT, SCORES)),
        *_run(kinds.OneHotIoU(3, [1, 2]), (HOT, SCORES)),
        *_run(kinds.OneHotMeanIoU(3), (HOT, SCORES, np.array([1, 2, 0.5, 0]))),
    ]


def f_scores(tf: Any) -> Any:
    kinds = tf.keras.metrics
    found: list[Any] = []
    batch = (HOT.astype("float32"), SCORES.astype("float32"))
    weighted = (*batch, np.array([1, 2, 0.5, 1], "float32"))
    for average in (None, "micro", "macro", "weighted"):
        found += _run(kinds.FBetaScore(average, 2.0, 0.25), batch, weighted)
        found += _run(kinds.F1Score(average), batch)
    return found


def r2(tf: Any) -> Any:
    kind = tf.keras.metrics.R2Score
    rng = np.random.default_rng(1)
    true = rng.normal(size=(6, 2)).astype("float32")
    pred = (true + 0.3 * rng.normal(size=(6, 2))).astype("float32")
    weights = np.array([1, 2, 1, 0.5, 1, 1], "float32")
    return [
        *_run(kind(), (true, pred), (true, pred, weights)),
        *_run(kind(None), (true, pred)),
        *_run(kind("variance_weighted_average"), (true, pred)),
        *_run(kind(num_regressors=2), (true, pred)),
    ]


ROWS = [overlaps, f_scores, r2]
