"""Overlaps and F-scores: written and read, inside a compiled fit, refusals."""

from __future__ import annotations

import numpy as np
import pytest

import rillet as tf

M = tf.keras.metrics

KINDS = [
    lambda: M.IoU(3, [0, 2], ignore_class=1),
    lambda: M.MeanIoU(3, sparse_y_pred=False),
    lambda: M.BinaryIoU([1], 0.25),
    lambda: M.OneHotIoU(3, [1]),
    lambda: M.OneHotMeanIoU(3),
    lambda: M.F1Score("macro", 0.5),
    lambda: M.FBetaScore("weighted", 2.0),
    lambda: M.R2Score("variance_weighted_average", 2),
]


@pytest.mark.parametrize("make", KINDS, ids=range(len(KINDS)))
def test_written_and_read(make):
    metric = make()
    again = M.deserialize(M.serialize(metric))
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()


def test_fit_gives_what_evaluate_gives():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(48, 4)).astype("float32")
    y = np.eye(3, dtype="float32")[np.arange(48) % 3]
    layer = tf.keras.layers.Dense(3, activation="softmax", trainable=False)
    model = tf.keras.Sequential([layer])
    kinds = [M.F1Score("macro"), M.OneHotIoU(3, [0, 1]), M.R2Score()]
    model.compile("sgd", "categorical_crossentropy", metrics=kinds)
    history = model.fit(x, y, batch_size=16, verbose=0).history
    expected = []
    for kind in (M.F1Score("macro"), M.OneHotIoU(3, [0, 1]), M.R2Score()):
        expected.append(float(kind(y, model(x))))
    found = [values[0] for name, values in history.items() if name != "loss"]
    np.testing.assert_allclose(found, expected, 1e-5)


REFUSED = [
    (lambda: M.IoU(2, [2]), "must be less than the number of classes"),
    (lambda: M.FBetaScore("some"), "`average` must be one of"),
    (lambda: M.FBetaScore(beta=1), "`beta` must be a float above 0"),
    (lambda: M.F1Score(threshold=2.0), "`threshold` must be a float"),
    (lambda: M.F1Score()([1.0], [1.0]), "expects 2D inputs"),
    (lambda: M.R2Score("some"), "`class_aggregation` must be one of"),
    (lambda: M.R2Score()([1.0], [1.0]), "expects 2D inputs"),
]


@pytest.mark.parametrize(("run", "words"), REFUSED, ids=[w for _, w in REFUSED])
def test_refused(run, words):
    with pytest.raises(ValueError, match=words):
        run()
