"""Losses, metrics and optimizers give in graphs of open size what they give eagerly."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import rillet as tf

FOLDER = Path(__file__).parent.parent / "golden" / "keras"
K = tf.keras
L, M = K.losses, K.metrics


def _load(name: str) -> Any:
    sys.path.insert(0, str(FOLDER))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(FOLDER))


P = _load("programs")
WEIGHTS = {"no weights": None, "rows": P.WEIGHTS, "column": P.WEIGHTS[:, None]}
Make = Callable[[], Any]

LOSSES: dict[str, tuple[Make, Any]] = {
    **{
        f"{name} {reduction}": (
            lambda n=name, r=reduction: getattr(L, n)(reduction=r),
            pair,
        )
        for name, pair in P.LOSS_CLASSES.items()
        for reduction in ("auto", "sum", "none")
    },
    "logits": (lambda: L.BinaryCrossentropy(True, 0.1), (P.BINARY, P.P)),
    "smooth": (lambda: L.CategoricalCrossentropy(False, 0.1), P.ONE_OF),
    "ignore": (
        lambda: L.SparseCategoricalCrossentropy(ignore_class=1),
        (P.CLASSES, P.SOFTMAX),
    ),
    "sparse logits": (
        lambda: L.SparseCategoricalCrossentropy(from_logits=True),
        (P.CLASSES, P.P),
    ),
    "sparse column": (
        lambda: L.SparseCategoricalCrossentropy(),
        (P.CLASSES[:, None], P.SOFTMAX),
    ),
}
METRICS: dict[str, tuple[Make, Any]] = {
    **{
        name: (lambda n=name: getattr(M, n)(), pair)
        for name, pair in P.METRIC_CLASSES.items()
    },
    "top 2": (lambda: M.TopKCategoricalAccuracy(2), P.ONE_OF),
    "sparse top 2": (lambda: M.SparseTopKCategoricalAccuracy(2), P.CLASS),
    "threshold": (lambda: M.BinaryAccuracy(threshold=0.3), P.YES_NO),
    "mean of": (lambda: M.MeanMetricWrapper(L.mean_squared_error), P.NUMERIC),
    **{
        f"{kind} {settings}": (lambda k=kind, s=settings: getattr(M, k)(**s), P.YES_NO)
        for kind in ("Precision", "Recall")
        for settings in (
            {"thresholds": [0.2, 0.6]},
            {"top_k": 2},
            {"class_id": 1},
            {"top_k": 2, "class_id": 2},
        )
    },
    **{
        f"AUC {settings}": (lambda s=settings: M.AUC(**s), P.YES_NO)
        for settings in (
            {"num_thresholds": 7, "curve": "PR"},
            {"num_thresholds": 7, "summation_method": "majoring"},
            {"thresholds": [0.2, 0.7]},
        )
    },
    "sensitivity": (lambda: M.SensitivityAtSpecificity(0.5, 11), P.YES_NO),
    "recall at": (lambda: M.RecallAtPrecision(0.5, 11), P.YES_NO),
}


def _open(value: Any) -> Any:
    if value is None:
        return None
    return tf.TensorSpec([None, *value.shape[1:]], value.dtype)


def _same(found: Any, wanted: Any) -> None:
    for a, b in zip(tf.nest.flatten(found), tf.nest.flatten(wanted), strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        # Sums over an open size may run in another order.
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.fixture(params=[False, None], ids=["reference", "native"])
def jit(request: pytest.FixtureRequest) -> Any:
    """The argument `jit_compile` of the graphs."""
    return request.param


def _compare(
    make: Make, run: Callable[..., Any], pair: Any, weights: Any, jit: Any
) -> None:
    """Two batches, the second one shorter, eagerly and in one graph."""
    given = tuple(None if a is None else tf.constant(a) for a in (*pair, weights))
    batches = [given, tuple(None if a is None else a[:4] for a in given)]
    item = make()
    wanted = [run(item, *batch) for batch in batches]
    item = make()
    step = tf.function(lambda data: run(item, *data), jit_compile=jit)
    concrete = step.get_concrete_function(tuple(_open(a) for a in given))
    _same([concrete(batch) for batch in batches], wanted)
    assert step.experimental_get_tracing_count() == 1


def _loss(loss: Any, y: Any, p: Any, w: Any) -> Any:
    with tf.GradientTape() as tape:
        tape.watch(p)
        value = loss(y, p, sample_weight=w)
    return value, tape.gradient(value, p)


def _metric(metric: Any, y: Any, p: Any, w: Any) -> Any:
    metric.update_state(y, p, sample_weight=w)
    return metric.result()


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("name", LOSSES)
def test_loss(name: str, weights: str, jit: Any) -> None:
    make, pair = LOSSES[name]
    _compare(make, _loss, pair, WEIGHTS[weights], jit)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("name", METRICS)
def test_metric(name: str, weights: str, jit: Any) -> None:
    make, pair = METRICS[name]
    _compare(make, _metric, pair, WEIGHTS[weights], jit)


OPTIMIZERS = {name: run.__defaults__[0] for name, run in P.optimizers(tf)}
TRAINED = {name: run for name, run in np.load(FOLDER / "optimizers.npz").items()}


class Traced:
    """An optimizer whose steps run as a graph."""

    def __init__(self, optimizer: Any, jit: Any) -> None:
        self._variables: list[Any] = []

        def step(grads: Any) -> None:
            optimizer.apply_gradients(zip(grads, self._variables, strict=True))

        self.step = tf.function(step, jit_compile=jit)

    def apply_gradients(self, pairs: Any) -> None:
        self._variables = [v for _, v in pairs]
        self.step([g for g, _ in pairs])


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer(name: str, jit: Any) -> None:
    optimizer = Traced(OPTIMIZERS[name](), jit)
    found = P.trajectory(tf, optimizer, name.endswith("_rows"))
    # Another library's powers, over twenty steps.
    np.testing.assert_allclose(found, TRAINED[name], rtol=3e-6, atol=2e-6)
    assert optimizer.step.experimental_get_tracing_count() == 1
