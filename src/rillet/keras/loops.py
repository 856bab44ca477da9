"""`fit`, `evaluate` and `predict`: steps over whole data sets.

In: data in any of Keras's forms. Out: a `History`, metrics, or predictions; callbacks
hear of every step on the way. `Model` inherits them.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import perf_counter
from typing import Any

import numpy as np

from rillet.core import nest
from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras.advised import Watch, watch_fit
from rillet.keras.arguments import checked, unknown_argument
from rillet.keras.call_context import calls
from rillet.keras.callbacks import CallbackList, History
from rillet.keras.compiled_state import trainable_as
from rillet.keras.composites import joined
from rillet.keras.data_batches import split_off
from rillet.keras.data_handler import ENDED, DataHandler
from rillet.keras.data_rows import as_rows
from rillet.keras.logs import as_numpy
from rillet.keras.loop_parts import (
    check_counts,
    generator_arguments,
    hooks_of,
    needed,
    open_batch,
    tell_old,
)
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
        check_counts(epochs, initial_epoch, steps_per_epoch, validation_split)
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
        hooks = hooks_of(callbacks, self, mode, epochs, handler.inferred_steps, True)
        self.stop_training = False
        watch = watch_fit(self, x, y, on_nan, batch_size)
        function = watch.runner(self.make_train_function())
        pace = self._pace("train", function, handler, hooks)
        hooks.on_train_begin()
        # A backup that a callback restored tells where to go on.
        handler.resume_at(self.__dict__.pop("_resume_at", None))
        validate = Validation(
            self,
            validation_data,
            validation_freq,
            validation_batch_size or batch_size,
            validation_steps,
        )
        logs = self._epochs(handler, hooks, function, pace, watch, validate)
        if epochs > 0 and hasattr(self.optimizer, "finalize_variable_values"):
            self.optimizer.finalize_variable_values(self.trainable_variables)
        hooks.on_train_end(logs)
        found: History = self.__dict__["history"]
        return found

    def _epochs(
        self,
        handler: DataHandler,
        hooks: CallbackList,
        function: Any,
        pace: Pace,
        watch: Watch,
        validate: Validation,
    ) -> dict[str, Any]:
        """All epochs of training with their validations; the logs of the last."""
        logs: dict[str, Any] = {}
        trainable = trainable_as(self, self.__dict__["_compiled_trainable"])
        with open_batch(self, handler), trainable:
            for epoch, iterator in handler.epochs():
                watch.begin(epoch)
                batches = watch.reads(iterator)
                logs = self._epoch(epoch, batches, handler, hooks, function, pace, logs)
                if validate.due(epoch):
                    logs.update(validate.run(hooks))
                watch.end(epoch, logs)
                hooks.on_epoch_end(epoch, logs)
                if self.stop_training:
                    break
            watch.done()
        return logs

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
        ran = False
        for step in handler.steps(pace.next):
            calls.steps = handler.increment
            hooks.on_train_batch_begin(step)
            start = perf_counter()
            try:
                logs = function(iterator)
            except ENDED:
                handler.ran_out(step)
                break
            ran = True
            pace.took(handler.increment, perf_counter() - start, logs)
            hooks.on_train_batch_end(step + handler.increment - 1, logs)
            if self.stop_training:
                break
        return needed("train_function", logs, ran)

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
        hooks = hooks_of(callbacks, self, mode, 1, handler.inferred_steps, False)
        function = self.make_test_function()
        pace = self._pace("test", function, handler, hooks)
        logs, ran = None, False
        hooks.on_test_begin()
        with open_batch(self, handler):
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
                    ran = True
                    pace.took(handler.increment, perf_counter() - start, logs)
                    hooks.on_test_batch_end(step + handler.increment - 1, logs)
        found = needed("test_function", logs, ran)
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
        hooks = hooks_of(callbacks, self, mode, 1, handler.inferred_steps, False)
        function = self.make_predict_function()
        pace = self._pace("predict", function, handler, hooks)
        parts: list[Any] = []
        hooks.on_predict_begin()
        with open_batch(self, handler):
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
        tell_old("fit_generator", "fit")
        return self.fit(generator, **generator_arguments("fit", args, kwargs))

    def evaluate_generator(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """The name that older programs have for `evaluate` on a generator."""
        tell_old("evaluate_generator", "evaluate")
        return self.evaluate(generator, **generator_arguments("steps", args, kwargs))

    def predict_generator(self, generator: Any, *args: Any, **kwargs: Any) -> Any:
        """The name that older programs have for `predict` on a generator."""
        tell_old("predict_generator", "predict")
        return self.predict(generator, **generator_arguments("steps", args, kwargs))
