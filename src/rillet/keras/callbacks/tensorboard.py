"""`tf.keras.callbacks.TensorBoard`: training as TensorBoard shows it.

In: the events of training. Out: files of events in ``train`` and ``validation`` under
one folder, written through `events`: metrics, weights, the model's graph. Inside a
training step `tf.summary` goes to the same files.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, Final

import numpy as np

from rillet.core.errors import house_message
from rillet.core.logger import get_logger
from rillet.core.tensor import Tensor
from rillet.core.variable import Variable
from rillet.events.kinds import histogram, image, scalar
from rillet.events.writers import SummaryWriter, create_file_writer, record_if
from rillet.events.writing import graph, keras_model
from rillet.keras.callbacks.base import Callback, Logs
from rillet.keras.layers.embedding import Embedding
from rillet.keras.optimizers.schedules import LearningRateSchedule

_OLD: Final = {
    "write_grads": "`write_grads` is ignored: gradients are not written.",
    "batch_size": "`batch_size` is ignored: it is not needed.",
    "embeddings_layer_names": "`embeddings_layer_names` is ignored: all Embedding"
    " layers are shown.",
    "embeddings_data": "`embeddings_data` is ignored: all Embedding layers are shown.",
}
_NO_PROFILE = (
    "TensorBoard: profile_batch=%r has no effect: rillet writes no profile. The time of"
    " each kernel of a training step: model.explain_step(batch, timed=True)."
)
_BATCH_HOOKS = ("on_train_batch_begin", "on_train_batch_end")


class TensorBoard(Callback):
    """Writes what TensorBoard shows of a training.

    Args:
        log_dir: the folder; training goes to ``train`` in it, validation and
            evaluation to ``validation``.
        histogram_freq: after how many epochs histograms of the weights are written; 0
            for none.
        write_graph: whether the model's layers and its step's graph are written.
        write_images: whether weights are written as images too, with the histograms.
        write_steps_per_second: whether the speed is written.
        update_freq: ``"epoch"``; or ``"batch"`` or after how many batches metrics are
            written too. Only then `tf.summary` in a `train_step` is recorded, as often,
            with the number of the batch as its step.
        profile_batch: accepted; rillet writes no profiles, and says so.
        embeddings_freq: after how many epochs embeddings are saved for the projector;
            0 for never.
        embeddings_metadata: the file with the embeddings' labels, or a dictionary of
            them by layer name.
        **kwargs: `write_grads` and others of older programs, ignored.

    Raises:
        ValueError: where an argument is unknown.

    Example:
        >>> import os, tempfile
        >>> import rillet as tf
        >>> model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     board = tf.keras.callbacks.TensorBoard(folder)
        ...     done = model.fit(
        ...         tf.zeros((8, 2)), tf.zeros((8, 1)), verbose=0, callbacks=[board])
        ...     os.listdir(folder)
        ['train']
    """

    _supports_tf_logs = True

    def __init__(
        self,
        log_dir: Any = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: Any = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        _check_old(kwargs)
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = histogram_freq
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = 1 if update_freq == "batch" else update_freq
        self.embeddings_freq = embeddings_freq
        self.embeddings_metadata = embeddings_metadata
        if profile_batch:
            get_logger().warning(_NO_PROFILE, profile_batch)
        self._writers: dict[str, SummaryWriter] = {}
        self._blocks: list[ExitStack] = []
        self._graph_due = False
        self._counted = 0
        self._epoch_start = self._batch_start = 0.0
        if self._by_batch:
            self._listen()

    @property
    def _by_batch(self) -> bool:
        return bool(self.update_freq != "epoch")

    def _listen(self) -> None:
        """Ask to hear of batches; who does not costs nothing there."""
        own = {"on_train_batch_begin": self._begin, "on_train_batch_end": self._end}
        for name, method in own.items():
            if getattr(type(self), name) is not getattr(Callback, name):
                # the program's own method calls this one
                name = name.replace("train_", "")
            setattr(self, name, method)

    def set_model(self, model: Any) -> None:
        """Take the model; write its layers, and the projector's settings."""
        super().set_model(model)
        self._writers = {}
        self._graph_due = self.write_graph
        if self._by_batch:
            space = model.__dict__
            for name in ("_train_counter", "_test_counter"):
                space[name] = Variable(np.int64(0), trainable=False, name=name[1:])
            # steps that were traced before neither count nor know this writer
            model._forget_functions()
        if self.write_graph and (
            getattr(model, "_is_graph_network", False)
            or type(model).__name__ == "Sequential"
        ):
            with self._writer("train").as_default(), record_if(True):
                keras_model("keras", model, step=0)
        if self.embeddings_freq:
            self._configure_projector()

    def _writer(self, which: str) -> SummaryWriter:
        found = self._writers.get(which)
        if found is None:
            found = create_file_writer(os.path.join(self.log_dir, which))
            self._writers[which] = found
        return found

    def _writing(self, which: str) -> AbstractContextManager[Any]:
        """A ``with`` block whose summaries all go to one of the writers."""
        block = ExitStack()
        block.enter_context(self._writer(which).as_default())
        block.enter_context(record_if(True))
        return block

    def _push(self, which: str, counter: str) -> None:
        """Let summaries of the steps go to a writer, as often as is wanted."""
        if not self._by_batch:
            return
        step = self.model.__dict__[counter]
        block = ExitStack()
        block.enter_context(self._writer(which).as_default(step))
        every = self.update_freq
        block.enter_context(record_if(lambda: step % every == 0))
        self._blocks.append(block)

    def _pop(self) -> None:
        if self._blocks:
            self._blocks.pop().close()

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Let the steps' summaries go to the training's file."""
        self._push("train", "_train_counter")

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Close the files."""
        self._pop()
        for writer in self._writers.values():
            writer.close()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Let the steps' summaries go to the validation's file."""
        self._push("validation", "_test_counter")

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Write the metrics by the number of training steps before."""
        optimizer = self.model.optimizer
        if optimizer is not None and hasattr(optimizer, "iterations"):
            with self._writing("validation"):
                for name, value in (logs or {}).items():
                    tag = f"evaluation_{name}_vs_iterations"
                    scalar(tag, value, step=optimizer.iterations)
        self._pop()

    def _begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a step of training, where somebody wants to know of steps."""
        self._batch_start = time.perf_counter()

    def _end(self, batch: int, logs: Logs | None = None) -> None:
        """After a step of training, where somebody wants to know of steps."""
        self._write_graph()
        step = self.model.__dict__["_train_counter"]
        if self.write_steps_per_second:
            seconds = max(time.perf_counter() - self._batch_start, 1e-9)
            scalar("batch_steps_per_second", 1.0 / seconds, step=step)
        if isinstance(logs, dict):
            for name, value in logs.items():
                scalar(f"batch_{name}", value, step=step)

    def _write_graph(self) -> None:
        """Write the graph of the training step, once there is one."""
        if not self._graph_due:
            return
        self._graph_due = False
        traced = getattr(getattr(self.model.train_function, "step", None), "graphs", [])
        for concrete in traced[:1]:
            if hasattr(concrete, "graph"):
                with self._writing("train"):
                    graph(concrete.graph)

    def _steps(self) -> int:
        iterations = getattr(self.model.optimizer, "iterations", None)
        return 0 if iterations is None else int(iterations)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Note the time."""
        if self.write_steps_per_second:
            self._counted = self._steps()
            self._epoch_start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the epoch's metrics, and where it is time the weights."""
        self._write_graph()
        self._write_metrics(epoch, logs or {})
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        if self.embeddings_freq and epoch % self.embeddings_freq == 0:
            path = os.path.join(self.log_dir, "train", f"keras_embedding.ckpt-{epoch}")
            self.model.save_weights(path)

    def _write_metrics(self, epoch: int, logs: Logs) -> None:
        if not logs:
            return
        validation = {k[4:]: v for k, v in logs.items() if k.startswith("val_")}
        training = {k: v for k, v in logs.items() if not k.startswith("val_")}
        rate = getattr(self.model.optimizer, "_learning_rate", None)
        if isinstance(rate, LearningRateSchedule):
            training["learning_rate"] = rate(self.model.optimizer.iterations)
        if self.write_steps_per_second:
            seconds = max(time.perf_counter() - self._epoch_start, 1e-9)
            training["steps_per_second"] = (self._steps() - self._counted) / seconds
        for which, found in (("train", training), ("validation", validation)):
            if found:
                with self._writing(which):
                    for name, value in found.items():
                        scalar(f"epoch_{name}", value, step=epoch)

    def _write_weights(self, epoch: int) -> None:
        with self._writing("train"):
            for layer in self.model.layers:
                for weight in layer.weights:
                    name = weight.name.replace(":", "_")
                    histogram(f"{name}/histogram", weight, step=epoch)
                    shown = _as_pictures(weight) if self.write_images else None
                    if shown is not None:
                        image(f"{name}/image", shown, step=epoch)
        self._writer("train").flush()

    def _configure_projector(self) -> None:
        """Write what the projector is to show: the embeddings that are saved."""
        labels = self.embeddings_metadata
        by_layer = dict(labels) if isinstance(labels, dict) else {}
        lines = []
        for place, layer in enumerate(_with_weights(self.model)):
            if not isinstance(layer, Embedding):
                continue
            name = f"layer_with_weights-{place}/embeddings/.ATTRIBUTES/VARIABLE_VALUE"
            lines += ["embeddings {", f'  tensor_name: "{name}"']
            path = by_layer.pop(layer.name, None) if by_layer else labels
            if isinstance(path, str | os.PathLike):
                lines.append(f'  metadata_path: "{os.fspath(path)}"')
            lines.append("}")
        if by_layer:
            raise ValueError(
                house_message(
                    "TensorBoard",
                    "Unrecognized `Embedding` layer names passed to"
                    " `embeddings_metadata`",
                    f"{sorted(by_layer)}",
                )
            )
        folder = Path(self.log_dir)
        folder.mkdir(parents=True, exist_ok=True)
        text = "\n".join([*lines, ""])
        (folder / "projector_config.pbtxt").write_text(text, encoding="utf-8")


def _check_old(kwargs: dict[str, Any]) -> None:
    unknown = set(kwargs) - set(_OLD)
    if unknown:
        raise ValueError(
            house_message(
                "TensorBoard",
                "Unrecognized arguments in `TensorBoard` Callback",
                f"{sorted(unknown)}",
                f"Besides those that are documented it takes {sorted(_OLD)}",
            )
        )
    for name, words in _OLD.items():
        if kwargs.get(name):
            get_logger().warning("TensorBoard: %s", words)


def _with_weights(model: Any) -> Iterator[Any]:
    for layer in model.layers:
        # an embedding that is not built yet will have weights
        if layer.weights or isinstance(layer, Embedding):
            yield layer


def _as_pictures(weight: Variable) -> Any:
    """A weight as pictures, ``(pictures, height, width, channels)``, or None.

    A kernel of two axes lies on its side where it is taller than wide, the filters of
    one of three are pictures of their own.
    """
    array = np.squeeze(weight.numpy())
    if array.ndim == 1:
        array = array[None, :, None, None]
    elif array.ndim == 2:
        array = array.T if array.shape[0] > array.shape[1] else array
        array = array[None, :, :, None]
    elif array.ndim == 3:
        array = np.moveaxis(array, 2, 0)[..., None]
    if array.ndim != 4 or array.shape[-1] not in (1, 3, 4):
        return None
    return Tensor(np.ascontiguousarray(array))
