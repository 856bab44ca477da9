"""Models as estimators, `tf.keras.wrappers.scikit_learn` as tf.keras had it to 2.11.

In: a function that builds a compiled model, and its settings. Out: an object that
scikit-learn clones, fits, scores, searches over and puts into pipelines. It needs
nothing of scikit-learn itself.
"""

from __future__ import annotations

import copy
import importlib
import inspect
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from rillet.core.errors import house_message
from rillet.keras.arrays import to_categorical
from rillet.keras.model import Model

Array = np.ndarray[Any, Any]


class BaseWrapper:
    """What both estimators share.

    Args:
        build_fn: builds and compiles a model; None where a subclass is called for it.
        **sk_params: arguments of `build_fn`, and of `fit`, `predict` and so on.
    """

    #: What scikit-learn asks.
    _estimator_type = ""

    def __init__(
        self, build_fn: Callable[..., Any] | None = None, **sk_params: Any
    ) -> None:
        self.build_fn = build_fn
        self.sk_params = sk_params
        self.check_params(sk_params)

    def _builder(self) -> Callable[..., Any]:
        """What builds the model: the function, an object's `__call__`, or our own."""
        if self.build_fn is None:
            own: Any = self
            builder: Callable[..., Any] = own.__call__
            return builder
        return self.build_fn

    def check_params(self, params: dict[str, Any]) -> None:
        """Raise where a setting is an argument of nothing.

        Raises:
            ValueError: there.
        """
        takers: list[Callable[..., Any]] = [Model.fit, Model.predict, Model.evaluate]
        known = {name for taker in takers for name in _names(taker)}
        if self.build_fn is not None or callable(self):
            builder = self._builder()
            if _takes_all(builder):
                return
            known |= _names(builder)
        for name in params:
            if name not in known and name != "nb_epoch":
                raise ValueError(
                    house_message(
                        type(self).__name__, f"{name} is not a legal parameter"
                    )
                )

    def get_params(self, deep: bool = True, **params: Any) -> dict[str, Any]:
        """The settings, by name."""
        found = copy.copy(self.sk_params)
        found["build_fn"] = self.build_fn
        return found

    def set_params(self, **params: Any) -> Self:
        """Change settings."""
        given = dict(params)
        if "build_fn" in given:
            self.build_fn = given.pop("build_fn")
        self.check_params(given)
        self.sk_params.update(given)
        return self

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Build a new model and train it.

        Args:
            x: inputs.
            y: targets.
            **kwargs: arguments of `Model.fit`.

        Returns:
            The history of the training.
        """
        builder = self._builder()
        self.model = builder(**self.filter_sk_params(builder))
        loss = getattr(self.model, "loss", None)
        name = getattr(loss, "name", getattr(loss, "__name__", loss))
        if name == "categorical_crossentropy" and np.ndim(y) != 2:
            y = to_categorical(y)
        arguments = self.filter_sk_params(Model.fit)
        arguments.update(kwargs)
        self.history = self.model.fit(x, y, **arguments)
        return self.history

    def filter_sk_params(
        self, fn: Callable[..., Any], override: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The settings that are arguments of a function.

        Args:
            fn: the function.
            override: values that come first.
        """
        names = _names(fn)
        every = _takes_all(fn) and fn == self._builder()
        found = {k: v for k, v in self.sk_params.items() if every or k in names}
        found.update(override or {})
        return found

    def __sklearn_tags__(self) -> Any:
        """What newer versions of scikit-learn ask: tags of this kind of estimator."""
        base: Any = importlib.import_module("sklearn.base")  # who asks has it
        kind = self._estimator_type.capitalize()
        bases = (getattr(base, f"{kind}Mixin"), base.BaseEstimator)
        return type("Tags", bases, {})().__sklearn_tags__()

    def __sklearn_is_fitted__(self) -> bool:
        """Whether `fit` was called."""
        return hasattr(self, "model")

    def _trained(self) -> Any:
        if not hasattr(self, "model"):
            raise AttributeError(
                house_message(
                    type(self).__name__,
                    "there is no model yet",
                    "",
                    "Call fit first",
                )
            )
        return self.model


class KerasClassifier(BaseWrapper):
    """A model that tells classes, as a scikit-learn estimator.

    Example:
        >>> import numpy as np
        >>> import rillet as tf
        >>> def build(units=4):
        ...     model = tf.keras.Sequential([
        ...         tf.keras.layers.Dense(units, "relu"), tf.keras.layers.Dense(2)])
        ...     loss = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        ...     model.compile("adam", loss)
        ...     return model
        >>> estimator = tf.keras.wrappers.scikit_learn.KerasClassifier(
        ...     build, units=8, epochs=2, verbose=0)
        >>> history = estimator.fit(np.eye(4), np.array(["a", "b", "a", "b"]))
        >>> estimator.predict(np.eye(4)).shape
        (4,)
    """

    _estimator_type = "classifier"

    def fit(self, x: Any, y: Any, **kwargs: Any) -> Any:
        """Build a new model and train it; see `BaseWrapper`.

        Args:
            x: inputs.
            y: classes, one each, of any type; or one-hot rows.
            **kwargs: arguments of `Model.fit`.

        Raises:
            ValueError: where `y` has another shape.
        """
        y = np.array(y)
        if y.ndim == 2 and y.shape[1] > 1:
            self.classes_ = np.arange(y.shape[1])
        elif y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
            self.classes_ = np.unique(y)
            y = np.searchsorted(self.classes_, y)
        else:
            raise ValueError(
                house_message("KerasClassifier", "Invalid shape for y", f"{y.shape}")
            )
        self.n_classes_ = len(self.classes_)
        return super().fit(x, y, **kwargs)

    def predict(self, x: Any, **kwargs: Any) -> Array:
        """The class of each example."""
        chances = self._outputs(x, kwargs)
        if chances.shape[-1] > 1:
            places = chances.argmax(axis=-1)
        else:
            places = (chances > 0.5).astype("int32").reshape(len(chances))
        found: Array = self.classes_[places]
        return found

    def predict_proba(self, x: Any, **kwargs: Any) -> Array:
        """The chance of each class: ``(examples, classes)``."""
        chances = self._outputs(x, kwargs)
        if chances.shape[1] == 1:
            chances = np.hstack([1 - chances, chances])
        return chances

    def _outputs(self, x: Any, kwargs: dict[str, Any]) -> Array:
        arguments = self.filter_sk_params(Model.predict, kwargs)
        return np.asarray(self._trained().predict(x, **arguments))

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """The share of examples whose class is right.

        Args:
            x: inputs.
            y: classes, as for `fit`.
            **kwargs: `sample_weight`, and arguments of `Model.predict`.
        """
        weights = kwargs.pop("sample_weight", None)
        truth = np.array(y)
        if truth.ndim == 2 and truth.shape[1] > 1:
            truth = truth.argmax(axis=1)
        right = self.predict(x, **kwargs) == truth.reshape(len(truth))
        return float(np.average(right, weights=weights))


class KerasRegressor(BaseWrapper):
    """A model that tells numbers, as a scikit-learn estimator."""

    _estimator_type = "regressor"

    def predict(self, x: Any, **kwargs: Any) -> Array:
        """The number for each example."""
        arguments = self.filter_sk_params(Model.predict, kwargs)
        found: Array = np.squeeze(self._trained().predict(x, **arguments))
        return found

    def score(self, x: Any, y: Any, **kwargs: Any) -> float:
        """Minus the loss, so that more is better.

        Args:
            x: inputs.
            y: targets.
            **kwargs: arguments of `Model.evaluate`.
        """
        arguments = self.filter_sk_params(Model.evaluate, kwargs)
        loss = self._trained().evaluate(x, y, **arguments)
        return -float(loss[0] if isinstance(loss, list) else loss)


def _names(fn: Callable[..., Any]) -> set[str]:
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    found = inspect.signature(fn).parameters.values()
    return {p.name for p in found if p.kind in kinds} - {"self", "x", "y"}


def _takes_all(fn: Callable[..., Any]) -> bool:
    kinds = [p.kind for p in inspect.signature(fn).parameters.values()]
    return inspect.Parameter.VAR_KEYWORD in kinds
