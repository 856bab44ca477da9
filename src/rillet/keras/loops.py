"""`fit`, `evaluate` and `predict`: steps over whole data sets.

In: data in any of Keras's forms. Out: a `History`, metrics, or predictions; callbacks
hear of every step on the way. `Model` inherits them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np

from rillet.core import nest
from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.core.tensor import Tensor
from rillet.keras.advised import watch_fit
from rillet.keras.arguments import checked, unknown_argument
from rillet.keras.call_context import calls
from rillet.keras.callbacks import CallbackList, History
from rillet.keras.compiled_state import trainable_as
from rillet.keras.composites import joined
from rillet.keras.data_batches import split_off
from rillet.keras.data_handler import ENDED, DataHandler
from rillet.keras.data_rows import as_rows
from rillet.keras.logs import as_numpy, plain_logs
from rillet.keras.pace import Pace
from rillet.keras.progress import verbosity
from rillet.keras.step_runners import Runner, outside_functions
from rillet.keras.training import Trainer
from rillet.keras.validation import Validation

_ARRAYS = (np.ndarray, Tensor)


class Loops(Trainer):
    """The part of `Model` that goes over data sets."""

    @checked
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: Any = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        on_nan: str | None = None,
    ) -> History:
        """Train the model for a number of epochs.

        NumPy arrays are not copied: do not change them while it runs.

        Args:
            x: inputs: arrays, a list or dictionary of them, a dataset, a generator or
                a `keras.utils.Sequence`.
            y: targets, where `x` does not bring them.
            batch_size: examples a step; 32 where None.
            epochs: the number of the last epoch.
            verbose: 0 silent, 1 a progress bar, 2 a line an epoch; 1 where ``"auto"``.
            callbacks: callbacks, or a list of them.
            validation_split: the share of the arrays' last rows to validate on.
            validation_data: ``(x, y)``, ``(x, y, sample_weight)`` or a dataset to
                validate on after each epoch.
            shuffle: whether rows are shuffled each epoch; ``"batch"`` for batches and
                within them.
            class_weight: weights by class.
            sample_weight: weights of examples.
            initial_epoch: the number of the first epoch, from 0.
            steps_per_epoch: steps an epoch; all rows where None.
            validation_steps: steps of a validation.
            validation_batch_size: examples a step of validation.
            validation_freq: validate every so many epochs, or after those listed.
            max_queue_size: ignored.
            workers: ignored.
            use_multiprocessing: ignored.
            on_nan: ``"explain"`` to stop at the first operation that makes a NaN or an
                infinity, with its layer, step and likely cause.

        Returns:
            The history: losses and metrics by epoch.

        Raises:
            RuntimeError: where the model is not compiled.
            ValueError: where data and arguments do not fit together.
        """
        outside_functions("fit")
        self._need_compiled()
        _check_counts(epochs, initial_epoch, steps_per_epoch, validation_split)
        mode = verbosity(verbose)
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_off(
                (x, y, sample_weight), validation_split
            )
        handler = DataHandler(
            "fit",
            x,
            y,
            sample_weight,
            batch_size,
            steps_per_epoch,
            initial_epoch,
            epochs,
            shuffle,
            class_weight,
        )
        hooks = _hooks(callbacks, self, mode, epochs, handler.inferred_steps, True)
        self.stop_training = False
        watch = watch_fit(self, x, y, on_nan)
        function = watch.runner(self.make_train_function())
        pace = self._pace("train", function, handler, hooks)
        hooks.on_train_begin()
        # A backup that a callback restored tells where to go on.
        handler.resume_at(self.__dict__.pop("_resume_at", None))
        logs: dict[str, Any] = {}
        validate = Validation(
            self,
            validation_data,
            validation_freq,
            validation_batch_size or batch_size,
            validation_steps,
        )
        trainable = trainable_as(self, self.__dict__["_compiled_trainable"])
        with _open_batch(self), trainable:
            for epoch, iterator in handler.epochs():
                watch.begin(epoch)
                logs = self._epoch(
                    epoch, iterator, handler, hooks, function, pace, logs
                )
                if validate.due(epoch):
                    logs.update(validate.run(hooks))
                watch.end(epoch, logs)
                hooks.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
        if epochs > 0 and hasattr(self.optimizer, "finalize_variable_values"):
            self.optimizer.finalize_variable_values(self.trainable_variables)
        hooks.on_train_end(logs)
        found: History = self.__dict__["history"]
        return found

    def _epoch(
        self,
        epoch: int,
        iterator: Iterator[Any],
        handler: DataHandler,
        hooks: CallbackList,
        function: Any,
        pace: Pace,
        before: dict[str, Any],
    ) -> dict[str, Any]:
        """One epoch of training; its logs, or those before where there is no data."""
        self.reset_metrics()
        hooks.on_epoch_begin(epoch)
        logs: Any = before or None
        for step in handler.steps(pace.next):
            calls.steps = handler.increment
            hooks.on_train_batch_begin(step)
            start = perf_counter()
            try:
                logs = function(iterator)
            except ENDED:
                handler.ran_out(step)
                break
            pace.took(handler.increment, perf_counter() - start, logs)
            hooks.on_train_batch_end(step + handler.increment - 1, logs)
            if self.stop_training:
                break
        return _needed("train_function", logs)

    @checked
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and the metrics on data that the model is not trained on.

        Args:
            x: inputs; see `fit`.
            y: targets.
            batch_size: examples a step; 32 where None.
            verbose: see `fit`.
            sample_weight: weights of examples.
            steps: steps; all rows where None.
            callbacks: callbacks, or a list of them.
            max_queue_size: ignored.
            workers: ignored.
            use_multiprocessing: ignored.
            return_dict: give metrics by name.
            **kwargs: none.

        Returns:
            The loss where it is the only metric; else a list in the order of
            `metrics_names`, or a dictionary.

        Raises:
            RuntimeError: where the model is not compiled.
            ValueError: where data and arguments do not fit together.
        """
        kwargs.pop("_use_cached_eval_dataset", None)
        for key in kwargs:
            raise unknown_argument(Loops.evaluate, key, "Invalid keyword arguments")
        outside_functions("evaluate")
        self._need_compiled()
        handler = DataHandler("evaluate", x, y, sample_weight, batch_size, steps)
        mode = verbosity(verbose)
        hooks = _hooks(callbacks, self, mode, 1, handler.inferred_steps, False)
        function = self.make_test_function()
        pace = self._pace("test", function, handler, hooks)
        logs = None
        hooks.on_test_begin()
        with _open_batch(self):
            for _, iterator in handler.epochs():
                self.reset_metrics()
                for step in handler.steps(pace.next):
                    calls.steps = handler.increment
                    hooks.on_test_batch_begin(step)
                    start = perf_counter()
                    try:
                        logs = function(iterator)
                    except ENDED:
                        handler.ran_out(step)
                        break
                    pace.took(handler.increment, perf_counter() - start, logs)
                    hooks.on_test_batch_end(step + handler.increment - 1, logs)
        found = _needed("test_function", logs)
        hooks.on_test_end(found)
        return found if return_dict else self._logs_in_order(found)

    @checked
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
        max_queue_size: int = 10,
        workers: int = 1,
        use_multiprocessing: bool = False,
    ) -> Any:
        """The outputs for all inputs.

        Args:
            x: inputs; see `fit`.
            batch_size: examples a step; 32 where None.
            verbose: see `fit`.
            steps: steps; all rows where None.
            callbacks: callbacks, or a list of them.
            max_queue_size: ignored.
            workers: ignored.
            use_multiprocessing: ignored.

        Returns:
            NumPy arrays, in the nest that the model gives.

        Raises:
            ValueError: where there is no data.
        """
        outside_functions("predict")
        mode = verbosity(verbose)
        if mode == 0 and steps is None and not callbacks:
            found = self._predict_at_once(x, batch_size)
            if found is not None:
                return found
        handler = DataHandler("predict", x, None, None, batch_size, steps)
        hooks = _hooks(callbacks, self, mode, 1, handler.inferred_steps, False)
        function = self.make_predict_function()
        pace = self._pace("predict", function, handler, hooks)
        parts: list[Any] = []
        hooks.on_predict_begin()
        with _open_batch(self):
            for _, iterator in handler.epochs():
                for step in handler.steps(pace.next):
                    calls.steps = handler.increment
                    hooks.on_predict_batch_begin(step)
                    start = perf_counter()
                    try:
                        outputs = function(iterator)
                    except ENDED:
                        handler.ran_out(step)
                        break
                    pace.took(handler.increment, perf_counter() - start, None)
                    parts.append(as_numpy(outputs))
                    end = step + handler.increment - 1
                    hooks.on_predict_batch_end(end, {"outputs": outputs})
        hooks.on_predict_end()
        if not parts:
            raise ValueError(
                house_message(
                    "predict",
                    "Unexpected result of `predict_function` (Empty batch_outputs)",
                    "the data gave no batch",
                )
            )
        if len(parts) == 1:
            return parts[0]
        return nest.map_structure(lambda *p: joined(p), *parts)

    def _predict_at_once(self, x: Any, batch_size: Any) -> Any:
        """The outputs of one batch like an earlier one; None for any other."""
        function = self.__dict__["predict_function"]
        if type(function) is not Runner or type(x) not in _ARRAYS or not x.ndim:
            return None
        if not 0 < len(x) <= (32 if batch_size is None else batch_size):
            return None
        outputs = function.again(as_rows(x))
        return None if outputs is None else as_numpy(outputs)

    def _pace(
        self, event: str, function: Any, handler: DataHandler, hooks: CallbackList
    ) -> Pace:
        """How many steps a call runs: many, where nobody hears of each."""
        free = (
            handler.by_rows
            and type(function) is Runner
            and function.step.compiles()
            and hooks.lag(event)
        )
        handler.take_together(free)
        fixed = self.__dict__["_steps_per_execution"]
        return Pace(self, fixed, free, hooks.has_bar)

    def fit_generator(self, generator: Any, *args: Any, **kwargs: Any) -> History:
        """The name that older programs have for `fit` on a generator."""
        _old("fit_generator", "fit")
        return self.fit(generator, **_generator_arguments("fit", args, kwargs))

    def evaluate_generator(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """The name that older programs have for `evaluate` on a generator."""
        _old("evaluate_generator", "evaluate")
        return self.evaluate(generator, **_generator_arguments("steps", args, kwargs))

    def predict_generator(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """The name that older programs have for `predict` on a generator."""
        _old("predict_generator", "predict")
        return self.predict(generator, **_generator_arguments("steps", args, kwargs))


@contextmanager
def _open_batch(model: Any) -> Iterator[None]:
    """Batches of any size go through a model meanwhile; see `call_context`."""
    for part in model._flatten():
        if hasattr(part, "_free_batch"):
            part._free_batch()
    kept, calls.free_batch = (calls.free_batch, calls.steps), True
    try:
        yield
    finally:
        calls.free_batch, calls.steps = kept


def _hooks(
    callbacks: Any, model: Any, mode: int, epochs: int, steps: Any, history: bool
) -> CallbackList:
    if isinstance(callbacks, CallbackList):
        return callbacks
    return CallbackList(
        callbacks,
        add_history=history,
        add_progbar=mode != 0,
        model=model,
        verbose=mode,
        epochs=epochs,
        steps=steps,
    )


def _needed(function: str, logs: Any) -> dict[str, Any]:
    if logs is None:
        raise ValueError(
            house_message(
                function,
                f"Unexpected result of `{function}` (Empty Logs)",
                "the data gave no batch",
                "Give data that is not empty; a generator can be used up only once",
            )
        )
    return plain_logs(logs)


def _check_counts(epochs: Any, initial: Any, steps: Any, split: Any) -> None:
    for name, value in (("epochs", epochs), ("initial_epoch", initial)):
        if not isinstance(value, int | np.integer):
            raise TypeError(
                house_message("fit", f"`{name}` must be an integer", f"got {value!r}")
            )
    if steps is not None and (
        not isinstance(steps, int | np.integer) or (steps < 1 and steps != -1)
    ):
        raise ValueError(
            house_message(
                "fit", "`steps_per_epoch` must be a positive integer", f"got {steps!r}"
            )
        )
    if split and not 0 < split < 1:
        raise ValueError(
            house_message(
                "fit",
                "`validation_split` must be between 0 and 1",
                f"got {split!r}",
            )
        )


def _old(name: str, new: str) -> None:
    get_logger().warning(
        "`Model.%s` is deprecated. Please use `Model.%s`, which supports generators.",
        name,
        new,
    )


def _generator_arguments(
    method: str, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Positional arguments of the old generator methods by name."""
    names = (
        ("steps_per_epoch", "epochs", "verbose", "callbacks", "validation_data")
        if method == "fit"
        else ("steps", "callbacks")
    )
    return {**dict(zip(names, args, strict=False)), **kwargs}
