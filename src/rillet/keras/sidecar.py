"""`keras.utils.SidecarEvaluator`: evaluates checkpoints while training writes them.

In: a folder that another program's training fills with checkpoints. Out: evaluations of
each that is met, for callbacks such as `TensorBoard`.
"""

from __future__ import annotations

from typing import Any

from rillet.checkpoint.checkpoint import Checkpoint
from rillet.checkpoint.reading import checkpoints_iterator, list_variables
from rillet.core.errors import OpError, UnavailableError, house_message
from rillet.core.logger import get_logger
from rillet.core.variable import Variable
from rillet.keras.optimizers.base import Optimizer

_PATIENCE = 60.0
_NOT_READ = -1


class SidecarEvaluator:
    """Evaluates each new checkpoint in a folder, beside the program that trains.

    Args:
        model: a compiled model like the one that is trained.
        data: data for `model.evaluate`.
        checkpoint_dir: the folder that training saves to, by `tf.train.Checkpoint` with
            `model` and `optimizer`, or `ModelCheckpoint(save_weights_only=True)` under
            a path that ends in ``ckpt-{epoch}``.
        steps: steps of an evaluation; all data where None.
        max_evaluations: the number in the name of the checkpoint after which it ends;
            it never ends by itself where None.
        callbacks: callbacks of the evaluations.

    Example:
        >>> import rillet as tf
        >>> model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
        >>> side = tf.keras.utils.SidecarEvaluator(model, None, "ckpts", steps=2)
        >>> side.steps
        2
    """

    def __init__(
        self,
        model: Any,
        data: Any,
        checkpoint_dir: Any,
        steps: int | None = None,
        max_evaluations: int | None = None,
        callbacks: Any = None,
    ) -> None:
        self.model = model
        self.data = data
        self.checkpoint_dir = checkpoint_dir
        self.max_evaluations = max_evaluations
        self.steps = steps
        self.callbacks = callbacks or []
        self._iterations = Variable(_NOT_READ, dtype="int64", name="iterations")

    def start(self) -> None:
        """Evaluate checkpoints as they come.

        Raises:
            RuntimeError: where a checkpoint does not tell the number of steps.
        """
        modern = isinstance(self.model.optimizer, Optimizer)
        optimizer: Any = self.model.optimizer
        if not modern:
            optimizer = Checkpoint(iter=self._iterations)
        whole = Checkpoint(model=self.model, optimizer=optimizer)
        for path in checkpoints_iterator(
            self.checkpoint_dir, timeout=_PATIENCE, timeout_fn=self._none_came
        ):
            try:
                self._load(whole, path, modern)
            except UnavailableError:
                raise
            except OpError as error:
                # training may just be writing it
                get_logger().info(
                    "SidecarEvaluator: %s cannot be read: %s", path, error
                )
                continue
            self._evaluate(path)
            if self.max_evaluations and self.max_evaluations <= _number(path):
                return

    def _none_came(self) -> bool:
        get_logger().info(
            "SidecarEvaluator: no checkpoint has come to %s for %s seconds",
            self.checkpoint_dir,
            _PATIENCE,
        )
        return False

    def _load(self, whole: Checkpoint, path: str, modern: bool) -> None:
        whole.restore(path).expect_partial()
        if not any(name.startswith("model/") for name, _ in list_variables(path)):
            self.model.load_weights(path)
        if modern or self.model.optimizer is None:
            return
        if int(self._iterations) == _NOT_READ:
            raise RuntimeError(
                house_message(
                    "SidecarEvaluator",
                    "Variable `iterations` cannot be loaded from the checkpoint file",
                    f"{path}",
                    "Save the optimizer with the model",
                )
            )
        self.model.optimizer.iterations.assign(self._iterations)

    def _evaluate(self, path: str) -> None:
        get_logger().info("Evaluation starts: %s", path)
        found = self.model.evaluate(
            self.data,
            steps=self.steps,
            callbacks=self.callbacks,
            verbose=2,
            return_dict=True,
        )
        words = " ".join(f"{name}={value}" for name, value in found.items())
        get_logger().info("End of evaluation. Metrics: %s", words)


def _number(path: str) -> int:
    tail = path.rpartition("-")[2]
    return int(tail) if tail.isdigit() else 0
