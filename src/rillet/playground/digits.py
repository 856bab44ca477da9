"""The digits' page: a drawn digit goes through the network of `rillet demo`.

In: strokes, or the number of a test image. Out: the image, what each layer says, ten
probabilities. The network is trained once and kept in the folder for caches; all pages
of a process share it. `server` runs it in a `Worker`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

import rillet as tf
from rillet import keras
from rillet.core.folders import cache_folder
from rillet.playground import messages as say
from rillet.playground.frames import pack
from rillet.playground.ink import SIDE, image
from rillet.playground.messages import Message
from rillet.playground.settings import PlaygroundError
from rillet.playground.worker import Outbox, Page

Array = np.ndarray[Any, Any]

HIDDEN, CLASSES = 512, 10
_EPOCHS, _BATCH = 5, 128
_FILE: Final = "playground-digits-1.weights.h5"


class Reader:
    """The network, trained or loaded, and the test images.

    Args:
        model: 784 inputs, 512 ReLU, 10 softmax.
        images: ``(10000, 28, 28)`` uint8.
        labels: ``(10000,)``.
        accuracy: the share of test images read right.
    """

    def __init__(
        self, model: Any, images: Array, labels: Array, accuracy: float
    ) -> None:
        self.images, self.labels, self.accuracy = images, labels, accuracy
        self._hidden, self._output = model.layers
        self._read = tf.function(self._layers, autograph=False)

    def _layers(self, flat: Any) -> tuple[Any, Any]:
        hidden = self._hidden(flat)
        return hidden, self._output(hidden)

    def read(self, picture: Array) -> tuple[Array, Array]:
        """What both layers say to an image ``(28, 28)``: ``(512,)`` and ``(10,)``."""
        flat = picture.reshape(1, -1).astype(np.float32)
        hidden, said = self._read(tf.constant(flat))
        return hidden.numpy()[0], said.numpy()[0]

    def kernels(self) -> tuple[Array, Array]:
        """The weights of both layers: ``(784, 512)`` and ``(512, 10)``."""
        return self._hidden.kernel.numpy(), self._output.kernel.numpy()


_lock = threading.Lock()
_reader: list[Reader] = []


def reader(tell: Callable[[str], None]) -> Reader:
    """The network; the first call trains it, or loads what an earlier run trained.

    Args:
        tell: is told how training goes.

    Returns:
        The one network of this process.
    """
    with _lock:
        if not _reader:
            _reader.append(_made(tell))
        return _reader[0]


def _made(tell: Callable[[str], None]) -> Reader:
    (x, y), (x_test, y_test) = keras.datasets.mnist.load_data()
    flat_test = x_test.reshape(-1, SIDE * SIDE).astype(np.float32) / 255
    model = keras.Sequential(
        [
            keras.Input((SIDE * SIDE,)),
            keras.layers.Dense(HIDDEN, "relu"),
            keras.layers.Dense(CLASSES, "softmax"),
        ]
    )
    path = cache_folder() / _FILE
    # Before there is an optimizer, whose variables reading has no use for.
    found = _loaded(model, path)
    model.compile("rmsprop", "sparse_categorical_crossentropy", metrics=["accuracy"])
    if not found:
        flat = x.reshape(-1, SIDE * SIDE).astype(np.float32) / 255
        for epoch in range(_EPOCHS):
            tell(f"Training on 60,000 digits: epoch {epoch + 1} of {_EPOCHS}.")
            model.fit(flat, y, epochs=1, batch_size=_BATCH, verbose=0)
        _save(model, path)
    _, accuracy = model.evaluate(flat_test, y_test, verbose=0)
    return Reader(model, x_test, np.asarray(y_test), float(accuracy))


def _loaded(model: Any, path: Path) -> bool:
    """Whether weights of an earlier run could be loaded."""
    if not path.is_file():
        return False
    try:
        model.load_weights(str(path))
    except (OSError, ValueError, KeyError):
        # Damaged, or of another shape: it is trained anew and written over.
        return False
    return True


def _save(model: Any, path: Path) -> None:
    """Keep the weights; where that cannot be, the next run trains again."""
    draft = path.with_name(f"{os.getpid()}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        model.save_weights(str(draft))
        os.replace(draft, path)
    except OSError:
        draft.unlink(missing_ok=True)


class Digits(Page):
    """One page that reads digits.

    Args:
        outbox: leads to the page.
    """

    # The first page waits for the one network of all to be trained; reading is short.
    takes_turns = False

    def __init__(self, outbox: Outbox) -> None:
        super().__init__(outbox)
        self._reader: Reader | None = None
        self._pending: Message | None = None

    def handle(self, message: Message) -> None:
        """Do what the page asks."""
        if not isinstance(message, say.Strokes | say.Example | say.Open):
            raise PlaygroundError(f"digits: {message.kind}: not on this page.")
        # Only the last drawing counts when many came while one was read.
        self._pending = message

    def work(self) -> float | None:
        """Read the last drawing."""
        if self._reader is None:
            self._reader = reader(lambda text: self.outbox.say("progress", text=text))
            first, second = self._reader.kernels()
            # The largest weight of each hidden neuron becomes 127.
            largest = np.maximum(np.abs(first).max(axis=0), 1e-12)
            scaled = np.round(first / largest * 127 + 127).astype(np.uint8)
            arrays = {"first": scaled.T.copy(), "second": second}
            share = {"accuracy": self._reader.accuracy}
            self.outbox.send(pack("network", share, arrays))
        message, self._pending = self._pending, None
        told: dict[str, Any] = {"label": None}
        if isinstance(message, say.Strokes):
            picture = image(message.strokes)
        elif isinstance(message, say.Example):
            picture = self._reader.images[message.number].astype(np.float32) / 255
            told = {"label": int(self._reader.labels[message.number])}
        else:
            return None
        hidden, said = self._reader.read(picture)
        told["blank"] = not picture.any()
        arrays = {
            "image": np.round(picture * 255).astype(np.uint8),
            "hidden": hidden,
            "output": said,
        }
        self.outbox.show("reading", pack("reading", told, arrays))
        return None
