"""The list of callbacks of a run, called as one.

In: the loops' events. Out: calls of the methods that callbacks override, with logs as
numbers unless a callback takes tensors. `loops` calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.keras.arguments import refuse_class
from rillet.keras.callbacks.base import Callback, Logs
from rillet.keras.callbacks.standard import History, ProgbarLogger

_BATCH_METHODS = (
    "on_train_batch_begin",
    "on_train_batch_end",
    "on_test_batch_begin",
    "on_test_batch_end",
    "on_predict_batch_begin",
    "on_predict_batch_end",
)


class CallbackList:
    """Callbacks as one.

    Args:
        callbacks: a callback, a list of them, or None.
        add_history: add a `History` where there is none.
        add_progbar: add a `ProgbarLogger` where there is none.
        model: the model they are to hear of.
        **params: what they are told of the run.
    """

    def __init__(
        self,
        callbacks: Any = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        given = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
        self.callbacks: list[Any] = [c for c in _flat(given) if c is not None]
        for callback in self.callbacks:
            refuse_class("a callback", callback)
            if not hasattr(callback, "on_epoch_end"):
                raise TypeError(
                    "fit: a callback must be a keras.callbacks.Callback: got"
                    f" {callback!r} of type {type(callback).__name__}."
                )
        self._add_standard(add_history, add_progbar)
        if model is not None:
            self.set_model(model)
        self.set_params(params)
        #: By method: the callbacks that do something there.
        self._at: dict[str, list[tuple[Callable[..., Any], bool]]] = {
            name: [
                (getattr(c, name), getattr(c, "_supports_tf_logs", False))
                for c in self.callbacks
                if _overrides(c, name)
            ]
            for name in _BATCH_METHODS
        }

    def _add_standard(self, add_history: bool, add_progbar: bool) -> None:
        history = [c for c in self.callbacks if isinstance(c, History)]
        bars = [c for c in self.callbacks if isinstance(c, ProgbarLogger)]
        if add_progbar and not bars:
            self.callbacks.append(ProgbarLogger(count_mode="steps"))
        if add_history and not history:
            history = [History()]
            self.callbacks.append(history[0])
        self._history = history[0] if history else None

    def append(self, callback: Any) -> None:
        """Add a callback at the end."""
        self.callbacks.append(callback)
        for name in _BATCH_METHODS:
            if _overrides(callback, name):
                entry = (getattr(callback, name), callback._supports_tf_logs)
                self._at[name].append(entry)

    @property
    def has_bar(self) -> bool:
        """Whether a progress bar, or a line an epoch, is shown."""
        return any(isinstance(c, ProgbarLogger) and c.verbose for c in self.callbacks)

    def lag(self, event: str) -> bool:
        """Whether batches need not be told one by one.

        Args:
            event: ``"train"``, ``"test"`` or ``"predict"``.
        """
        return all(
            type(getattr(call, "__self__", None)) is ProgbarLogger
            for name in (f"on_{event}_batch_begin", f"on_{event}_batch_end")
            for call, _ in self._at[name]
        )

    def set_params(self, params: dict[str, Any]) -> None:
        """Tell all of the run."""
        self.params = params
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Tell all of the model."""
        self.model = model
        if self._history is not None:
            model.history = self._history
        for callback in self.callbacks:
            callback.set_model(model)

    def _batch(self, method: str, batch: int, logs: Logs | None) -> None:
        numbers: Logs | None = None
        for call, takes_tensors in self._at[method]:
            if takes_tensors or not logs:
                call(batch, logs if takes_tensors else logs or {})
                continue
            if numbers is None:
                numbers = as_numbers(logs)
            call(batch, numbers)

    def _all(self, method: str, *args: Any) -> None:
        for callback in self.callbacks:
            getattr(callback, method)(*args)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Pass it on; the methods below do the same."""
        if self._at["on_train_batch_begin"]:
            self._batch("on_train_batch_begin", batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._batch("on_train_batch_end", batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._batch("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._batch("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._batch("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._batch("on_predict_batch_end", batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self.on_train_batch_begin(batch, logs)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self.on_train_batch_end(batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._all("on_epoch_begin", epoch, logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._all("on_epoch_end", epoch, logs or {})

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._all("on_train_begin", logs or {})

    def on_train_end(self, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._all("on_train_end", logs or {})

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._all("on_test_begin", logs or {})

    def on_test_end(self, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._all("on_test_end", logs or {})

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._all("on_predict_begin", logs or {})

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """See `Callback`."""
        self._all("on_predict_end", logs or {})

    def __iter__(self) -> Iterator[Any]:
        return iter(self.callbacks)


def _flat(items: Any) -> Iterator[Any]:
    for item in items:
        if isinstance(item, list | tuple):
            yield from _flat(item)
        else:
            yield item


def _overrides(callback: Any, method: str) -> bool:
    """Whether a callback does something at a method of batches."""
    own = getattr(type(callback), method, None)
    if method.startswith("on_train_batch"):
        old = method.replace("train_", "")
        if getattr(type(callback), old, None) is not getattr(Callback, old):
            return True
    if method in vars(callback):
        return True
    return own is not None and own is not getattr(Callback, method)


def as_numbers(logs: Logs) -> Logs:
    """Logs with tensors of one element as Python numbers, others as arrays."""
    out: Logs = {}
    for name, value in logs.items():
        if isinstance(value, Tensor | Variable):
            value = value.numpy()
            if value.ndim == 0:
                value = value.item()
        out[name] = value
    return out
