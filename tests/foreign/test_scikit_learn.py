"""scikit-learn clones, searches and pipes models; `pip install scikit-learn` first."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import rillet as tf

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3)).astype("float32")
Y = (X @ np.array([1.0, -2.0, 0.5]) > 0).astype("int64")
wrappers = tf.keras.wrappers.scikit_learn


def build(units: int = 4, rate: float = 0.05) -> Any:
    tf.keras.utils.set_random_seed(0)
    layers = tf.keras.layers
    model = tf.keras.Sequential(
        [layers.Dense(units, "tanh"), layers.Dense(2, "softmax")]
    )
    optimizer = tf.keras.optimizers.Adam(rate)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def build_regressor() -> Any:
    tf.keras.utils.set_random_seed(0)
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile(tf.keras.optimizers.Adam(0.1), "mse")
    return model


def classifier(**more: Any) -> Any:
    return wrappers.KerasClassifier(build, epochs=15, verbose=0, **more)


def test_clones_and_kinds() -> None:
    estimator = classifier(units=8)
    twin = clone(estimator)
    assert twin.get_params() == estimator.get_params()
    assert is_classifier(estimator)


def test_cross_validation() -> None:
    scores = cross_val_score(classifier(), X, Y, cv=3)
    assert scores.shape == (3,) and scores.mean() > 0.85


def test_grid_search_on_two_processes() -> None:
    grid = {"units": [2, 8], "rate": [0.001, 0.05]}
    search = GridSearchCV(classifier(), grid, cv=2, n_jobs=2)
    search.fit(X, Y)
    assert search.best_params_["rate"] == 0.05
    assert search.best_score_ > 0.85
    assert (search.predict(X) == Y).mean() > 0.85


def test_pipeline() -> None:
    pipe = Pipeline([("scale", StandardScaler()), ("net", classifier())])
    pipe.fit(X * 100, Y)
    assert pipe.score(X * 100, Y) > 0.85
    chances = pipe.predict_proba(X * 100)
    np.testing.assert_allclose(chances.sum(1), 1, rtol=1e-5)
    again = pickle.loads(pickle.dumps(pipe))
    np.testing.assert_array_equal(again.predict(X * 100), pipe.predict(X * 100))


def test_regression() -> None:
    goal = X @ np.array([1.0, -2.0, 0.5], "float32")
    estimator = wrappers.KerasRegressor(build_regressor, epochs=60, verbose=0)
    scores = cross_val_score(estimator, X, goal, cv=2)
    assert scores.max() <= 0 and scores.mean() > -0.1
