"""The metric: numbers that add up over batches, and what they come to.

`update_state` takes targets and predictions of a batch, `result` gives the value so
far, `reset_state` starts anew. State is kept in variables, so a compiled step can own
it. `Model.compile` and users' loops call it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import as_dtype
from rillet.core.errors import house_message
from rillet.core.scopes import init_scope
from rillet.core.tensor import Tensor
from rillet.core.variable import (
    Variable,
    VariableAggregation,
    VariableSynchronization,
)
from rillet.keras.base_layer import Layer
from rillet.keras.settings import floatx


class Metric(Layer):
    """A metric, `tf.keras.metrics.Metric`.

    Subclasses make their state with `add_weight` and define `update_state` and
    `result`.

    Args:
        name: a name; made from the class's where None.
        dtype: the type of the state; Keras's float type where None.

    Example:
        >>> import rillet as tf
        >>> class Positives(tf.keras.metrics.Metric):
        ...     def __init__(self, name="positives", **kwargs):
        ...         super().__init__(name=name, **kwargs)
        ...         self.seen = self.add_weight(name="seen", initializer="zeros")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         above = tf.cast(y_pred > 0.5, tf.float32)
        ...         self.seen.assign_add(tf.reduce_sum(above))
        ...     def result(self):
        ...         return self.seen
        >>> float(Positives()([0, 1], tf.constant([0.2, 0.9])))
        1.0
    """

    _is_metric = True
    _dtype: str

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "result" in cls.__dict__ and not cls.__module__.startswith("rillet."):
            # Users give the variable of the state itself, which goes on changing.
            settling: Any = _settling(cls.__dict__["result"])
            type.__setattr__(cls, "result", settling)

    def __init__(
        self, name: str | None = None, dtype: Any = None, **kwargs: Any
    ) -> None:
        kind = as_dtype(floatx() if dtype is None else dtype).name
        super().__init__(name=name, dtype=kind, **kwargs)
        self.__dict__["_dtype"] = kind
        self.stateful = True
        self.built = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Update the state, and give the result."""
        self.update_state(*args, **kwargs)
        return _settled(self, self.result())

    def __str__(self) -> str:
        settings = self.get_config().items()
        shown = ",".join(f"{key}={value}" for key, value in settings)
        return f"{type(self).__name__}({shown})"

    @property
    def dtype(self) -> str | None:
        """The type of the state."""
        return self._dtype

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"name": self.name, "dtype": self.dtype}

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Take a batch into account; subclasses define it."""
        raise NotImplementedError(
            house_message(
                type(self).__name__, "Must be implemented in subclasses: `update_state`"
            )
        )

    def result(self) -> Any:
        """The value so far, a tensor or a dictionary of them; subclasses define it."""
        raise NotImplementedError(
            house_message(
                type(self).__name__, "Must be implemented in subclasses: `result`"
            )
        )

    def reset_state(self) -> None:
        """Start anew: all state is set to 0."""
        if type(self).reset_states is not Metric.reset_states:
            # A subclass of the time when the method had that name.
            self.reset_states()
            return
        for variable in self.variables:
            variable.assign(np.zeros(tuple(variable.shape), variable.dtype.numpy_dtype))

    def reset_states(self) -> None:
        """The older name of `reset_state`."""
        self.reset_state()

    def merge_state(self, metrics: Iterable[Metric]) -> None:
        """Add the state of other metrics of this kind to this one's.

        Raises:
            ValueError: where another metric has other state.
        """
        for metric in metrics:
            theirs = metric.weights
            if len(theirs) != len(self.weights):
                raise ValueError(
                    house_message(
                        "merge_state",
                        f"Metric {metric} is not compatible with {self}",
                        f"{len(theirs)} and {len(self.weights)} weights",
                    )
                )
            for mine, other in zip(self.weights, theirs, strict=True):
                mine.assign_add(other)

    def add_weight(  # type: ignore[override]
        self,
        name: str | None = None,
        shape: Any = (),
        aggregation: VariableAggregation = VariableAggregation.SUM,
        synchronization: VariableSynchronization = VariableSynchronization.ON_READ,
        initializer: Any = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> Variable:
        """Make a variable of the state; zeros where `initializer` is None."""
        # A metric may meet its first batch while a step is being traced.
        with init_scope():
            return super().add_weight(
                name=name,
                shape=shape,
                dtype=dtype or self._dtype,
                trainable=False,
                initializer="zeros" if initializer is None else initializer,
                synchronization=synchronization,
                aggregation=aggregation,
                **kwargs,
            )


def _settling(result: Callable[[Any], Any]) -> Callable[[Any], Any]:
    @wraps(result)
    def settled(self: Any) -> Any:
        return _settled(self, result(self))

    return settled


def _settled(metric: Any, value: Any) -> Any:
    """A result as tensors, which later updates do not change."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Variable):
        return value.read_value()
    if isinstance(value, dict):
        return {key: _part(metric, key, part) for key, part in value.items()}
    try:
        return to_tensor(value)
    except (TypeError, ValueError) as error:
        raise RuntimeError(
            house_message(
                f"{type(metric).__name__}.result",
                "The output of `metric.result()` can only be a single Tensor/Variable,"
                " or a dict of Tensors/Variables",
                f"For metric {metric.name}, got result {value!r}",
            )
        ) from error


def _part(metric: Any, key: Any, value: Any) -> Any:
    """One entry of a result that is a dictionary."""
    if isinstance(value, dict):
        return {name: _part(metric, name, part) for name, part in value.items()}
    try:
        return value.read_value() if isinstance(value, Variable) else to_tensor(value)
    except (TypeError, ValueError) as error:
        raise ValueError(
            house_message(
                f"{type(metric).__name__}.result",
                "Attempt to convert a value with an unsupported type to a Tensor",
                f"metric {metric.name} gave {key!r}: {value!r}",
            )
        ) from error
