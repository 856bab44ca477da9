"""Compiling a model, and its single steps: train, test, predict.

In: what `compile` is given, and batches. Out: logs of metrics, or outputs. `loops` runs
the step functions made here over whole data sets; users override `train_step`, and a
compiled step takes the place of the eager one in `make_train_function`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rillet.autodiff.tape import GradientTape
from rillet.core import nest
from rillet.core.devices import settings
from rillet.core.errors import house_message
from rillet.distribute.strategy import get_strategy, has_strategy
from rillet.functions import load_compiler
from rillet.keras import losses as losses_module
from rillet.keras import metrics as metrics_module
from rillet.keras import optimizers as optimizers_module
from rillet.keras.arguments import checked, unknown_argument
from rillet.keras.base_layer import Layer
from rillet.keras.call_context import calls
from rillet.keras.compile_parts import LossesContainer, MetricsContainer
from rillet.keras.compiled_state import note_trainable, trainable_as
from rillet.keras.compiled_steps import Batch, Step
from rillet.keras.data_batches import unpack_x_y_sample_weight
from rillet.keras.data_handler import one_batch
from rillet.keras.logs import as_numpy, plain_logs
from rillet.keras.optimizers.loss_scale import scaled_for
from rillet.keras.pace import checked_steps
from rillet.keras.step_runners import Runner
from rillet.keras.tracking import once_each

_KNOWN = (
    "cloning",
    "experimental_run_tf_function",
    "distribute",
    "target_tensors",
    "sample_weight_mode",
)
_NOT_COMPILED = house_message(
    "Model",
    "You must compile your model before training/testing",
    "it has no optimizer and no loss yet",
    "Use `model.compile(optimizer, loss)`",
)


class Trainer(Layer):
    """The part of `Model` that compiles it and runs single steps."""

    optimizer: Any
    loss: Any
    compiled_loss: Any
    compiled_metrics: Any
    stop_training: bool
    train_function: Callable[[Iterator[Any]], Any] | None
    test_function: Callable[[Iterator[Any]], Any] | None
    predict_function: Callable[[Iterator[Any]], Any] | None

    def _init_training(self) -> None:
        space = self.__dict__
        space["optimizer"] = None
        space["loss"] = None
        space["compiled_loss"] = None
        space["compiled_metrics"] = None
        space["stop_training"] = False
        space["history"] = None
        space["_is_compiled"] = False
        space["_run_eagerly"] = None
        space["_steps_per_execution"] = 1
        space["_compile_config"] = None
        space["_strategy"] = get_strategy() if has_strategy() else None
        self._forget_functions()

    def _training_attributes(self) -> tuple[str, ...]:
        """Attributes that hold no layers."""
        return ("optimizer", "loss", "history", "compiled_loss", "compiled_metrics")

    def _forget_functions(self) -> None:
        """Make the step functions anew when they are next needed."""
        space = self.__dict__
        space["train_function"] = None
        space["test_function"] = None
        space["predict_function"] = None

    def __getstate__(self) -> dict[str, Any]:
        kept = super().__getstate__()
        # The step functions are made anew where they are needed.
        for name in ("train_function", "test_function", "predict_function"):
            kept[name] = None
        return kept

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool | None = None,
        steps_per_execution: int | str | None = None,
        jit_compile: Any = None,
        pss_evaluation_shards: Any = 0,
        **kwargs: Any,
    ) -> None:
        """Say how the model is to be trained.

        Args:
            optimizer: an optimizer or its name.
            loss: a loss, its name or function; with several outputs a list or
                dictionary of them.
            metrics: a list of metrics, names or functions; by output where there are
                several. ``"accuracy"`` means the one that fits the shapes.
            loss_weights: factors of the outputs' losses.
            weighted_metrics: metrics in which `sample_weight` counts.
            run_eagerly: whether steps must run op by op.
            steps_per_execution: steps that one call of the step function runs, after
                which callbacks hear of the last; ``"auto"`` for as many as are fast.
            jit_compile: whether steps must be compiled as a whole.
            pss_evaluation_shards: ignored.
            **kwargs: arguments of older programs.

        Raises:
            TypeError: where an argument is unknown.
            ValueError: where a name is unknown.
        """
        for key in kwargs:
            if key not in _KNOWN:
                raise unknown_argument(
                    Trainer.compile, key, "Invalid keyword argument(s)"
                )
        names = self._known_output_names()
        policy = self._dtype_policy.name
        made = nest.map_structure(
            lambda given: scaled_for(optimizers_module.get(given), policy), optimizer
        )
        compiled_loss: Any = loss
        if not isinstance(loss, LossesContainer):
            compiled_loss = LossesContainer(loss, loss_weights, names)
        compiled_metrics = MetricsContainer(metrics, weighted_metrics, names)
        space = self.__dict__
        space["optimizer"] = made
        space["compiled_loss"] = compiled_loss
        space["compiled_metrics"] = compiled_metrics
        space["loss"] = loss
        space["_run_eagerly"] = run_eagerly
        space["_jit_compile"] = jit_compile
        space["_steps_per_execution"] = checked_steps(steps_per_execution)
        space["_is_compiled"] = True
        space["_compiled_trainable"] = note_trainable(self)
        space["_compile_config"] = {
            "optimizer": optimizer,
            "loss": loss,
            "metrics": metrics,
            "loss_weights": loss_weights,
            "weighted_metrics": weighted_metrics,
            "run_eagerly": run_eagerly,
            "steps_per_execution": steps_per_execution,
            "jit_compile": jit_compile,
        }
        self._forget_functions()
        if not (run_eagerly or jit_compile is False or settings.functions_eager):
            load_compiler()

    def _known_output_names(self) -> list[str] | None:
        names: list[str] | None = getattr(self, "output_names", None)
        return names or None

    def get_compile_config(self) -> dict[str, Any]:
        """What `compile` was given, as plain data."""
        if not self.__dict__["_is_compiled"]:
            return {}
        found = dict(self.__dict__["_compile_config"])
        found["optimizer"] = optimizers_module.serialize(self.optimizer)
        found["loss"] = nest.map_structure(losses_module.serialize, found["loss"])
        for key in ("metrics", "weighted_metrics"):
            found[key] = nest.map_structure(metrics_module.serialize, found[key])
        return found

    @property
    def run_eagerly(self) -> bool:
        """Whether steps must run op by op."""
        return bool(self.__dict__["_run_eagerly"] or self.dynamic)

    @run_eagerly.setter
    def run_eagerly(self, value: bool) -> None:
        self.__dict__["_run_eagerly"] = value

    @property
    def jit_compile(self) -> Any:
        """Whether steps must be compiled as a whole."""
        return self.__dict__.get("_jit_compile")

    @property
    def steps_per_execution(self) -> int:
        """Steps that a call of a step function runs, where a loop does not say."""
        steps = self.__dict__["_steps_per_execution"]
        return 1 if steps == "auto" else int(steps)

    @steps_per_execution.setter
    def steps_per_execution(self, value: Any) -> None:
        self.__dict__["_steps_per_execution"] = checked_steps(value)

    @property
    def autotune_steps_per_execution(self) -> bool:
        """Whether loops choose that number by themselves."""
        return bool(self.__dict__["_steps_per_execution"] == "auto")

    @autotune_steps_per_execution.setter
    def autotune_steps_per_execution(self, value: Any) -> None:
        self.__dict__["_steps_per_execution"] = "auto" if value else 1

    def _need_compiled(self) -> None:
        if not self.__dict__["_is_compiled"]:
            raise RuntimeError(_NOT_COMPILED)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One batch of training; override it for training of your own.

        Args:
            data: a batch ``x``, ``(x, y)`` or ``(x, y, sample_weight)``.

        Returns:
            Metrics by name.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        with GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = self.compute_loss(x, y, y_pred, sample_weight)
        self._check_target(y, loss)
        self.optimizer.minimize(loss, self.trainable_variables, tape=tape)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def _check_target(self, y: Any, loss: Any) -> None:
        if self.loss is not None and y is None:
            raise ValueError(
                house_message(
                    "fit",
                    "Target data is missing. Your model was compiled with"
                    f" loss={self.loss}, and therefore expects target data to be"
                    " provided in `fit()`",
                    "y=None",
                )
            )
        if loss is None:
            raise ValueError(
                house_message(
                    "fit",
                    "No loss found",
                    "loss=None",
                    "You may have forgotten to provide a `loss` argument in the"
                    " `compile()` method",
                )
            )

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
    ) -> Any:
        """The total loss of a batch: the compiled losses and those of layers.

        Args:
            x: inputs.
            y: targets.
            y_pred: outputs.
            sample_weight: weights of examples.

        Returns:
            A scalar tensor, or None where there is no loss.
        """
        extra = self.losses
        return self.compiled_loss(y, y_pred, sample_weight, regularization_losses=extra)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any
    ) -> dict[str, Any]:
        """Let the compiled metrics see a batch; arguments as for `compute_loss`.

        Returns:
            All metrics' results by name.
        """
        self.compiled_metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def get_metrics_result(self) -> dict[str, Any]:
        """All metrics' results by name."""
        found: dict[str, Any] = {}
        for metric in self.metrics:
            result = metric.result()
            if isinstance(result, dict):
                found.update(result)
            else:
                found[metric.name] = result
        return found

    def test_step(self, data: Any) -> dict[str, Any]:
        """One batch of evaluation; see `train_step`."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)
        self.compute_loss(x, y, y_pred, sample_weight)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """The outputs for one batch."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False)

    def make_train_function(
        self, force: bool = False
    ) -> Callable[[Iterator[Any]], Any]:
        """The function that runs training steps on the next batches of an iterator.

        Args:
            force: make it anew even where there is one.
        """
        if self.train_function is None or force:
            self.__dict__["train_function"] = Runner(self, "train_step")
        function: Any = self.train_function
        return function

    def explain_step(self, data: Any, timed: bool = False) -> str:
        """What a training step was compiled to: graph, kernels, bytes and FLOPs.

        Args:
            data: a batch ``x``, ``(x, y)`` or ``(x, y, sample_weight)``; after `fit`
                of one of `fit`'s size, for then it is `fit`'s own program.
            timed: whether to measure each kernel, too. Weights stay as they are.

        Returns:
            Lines of text.
        """
        self._need_compiled()
        parts = unpack_x_y_sample_weight(data)
        batch = Batch(next(one_batch("explain_step", *parts, None)))
        made = getattr(self.make_train_function(), "step", None)
        step = made if isinstance(made, Step) else Step(self, "train_step")
        concrete = None
        if step.compiles() and batch.tensors is not None:
            with trainable_as(self, self.__dict__["_compiled_trainable"]):
                concrete = step.graph(batch, batch.rows())
        if concrete is None:
            return f"{type(self).__name__}.train_step runs eagerly, op by op"
        found: str = concrete.explain(batch.tensors, timed)
        return found

    def make_test_function(self, force: bool = False) -> Callable[[Iterator[Any]], Any]:
        """The function that runs test steps; see `make_train_function`."""
        if self.test_function is None or force:
            self.__dict__["test_function"] = Runner(self, "test_step")
        function: Any = self.test_function
        return function

    def make_predict_function(
        self, force: bool = False
    ) -> Callable[[Iterator[Any]], Any]:
        """The function that runs predict steps; see `make_train_function`."""
        if self.predict_function is None or force:
            self.__dict__["predict_function"] = Runner(
                self, "predict_step", collect=True
            )
        function: Any = self.predict_function
        return function

    @property
    def metrics(self) -> list[Any]:
        """The compiled losses' means and metrics, and those of layers."""
        found: list[Any] = []
        if self.__dict__["_is_compiled"]:
            found += self.compiled_loss.metrics
            found += self.compiled_metrics.metrics
        for part in self._flatten():
            if getattr(part, "_is_metric", False):
                found.append(part)
        return once_each(found)

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`; empty until the model has seen data."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Start all metrics anew."""
        for metric in self.metrics:
            metric.reset_state()

    @checked
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Any = None,
        reset_metrics: bool = True,
        return_dict: bool = False,
    ) -> Any:
        """One training step on one batch.

        Args:
            x: inputs.
            y: targets.
            sample_weight: weights of examples.
            class_weight: weights by class.
            reset_metrics: whether metrics are of this batch alone.
            return_dict: give metrics by name.

        Returns:
            The loss where it is the only metric; else a list in the order of
            `metrics_names`, or a dictionary.
        """
        self._need_compiled()
        batch = one_batch("train_on_batch", x, y, sample_weight, class_weight)
        with trainable_as(self, self.__dict__["_compiled_trainable"]):
            return self._on_batch(
                self.make_train_function, batch, reset_metrics, return_dict
            )

    @checked
    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        reset_metrics: bool = True,
        return_dict: bool = False,
    ) -> Any:
        """One test step on one batch; see `train_on_batch`."""
        self._need_compiled()
        batch = one_batch("test_on_batch", x, y, sample_weight, None)
        return self._on_batch(
            self.make_test_function, batch, reset_metrics, return_dict
        )

    def _on_batch(
        self, make: Any, batch: Iterator[Any], reset_metrics: bool, as_dict: bool
    ) -> Any:
        kept, calls.steps = calls.steps, 1
        try:
            if reset_metrics:
                self.reset_metrics()
            logs = plain_logs(make()(batch))
        finally:
            calls.steps = kept
        return logs if as_dict else self._logs_in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """The outputs for one batch, as NumPy arrays."""
        batch = one_batch("predict_on_batch", x, None, None, None)
        kept, calls.steps = calls.steps, 1
        try:
            outputs = self.make_predict_function()(batch)
        finally:
            calls.steps = kept
        return as_numpy(outputs)

    def _logs_in_order(self, logs: dict[str, Any]) -> Any:
        """Logs as a list in the order of `metrics_names`, or the only one."""
        names = self.metrics_names
        found = [logs[name] for name in names if name in logs]
        found += [logs[name] for name in sorted(logs) if name not in names]
        return found[0] if len(found) == 1 else found
