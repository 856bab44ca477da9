"""Small things of `keras.utils`: the inputs of a graph of layers, embeddings, a timer.

In: placeholders, vocabularies, intervals. Programs call them.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np

from rillet.core.errors import house_message
from rillet.core.tensor import Tensor
from rillet.keras import initializers

Array = np.ndarray[Any, Any]


def to_ordinal(y: Any, num_classes: int | None = None, dtype: Any = "float32") -> Array:
    """Rows for labels that have an order: one for each class below the label.

    Args:
        y: integers of any shape, 0 to `num_classes` - 1; a last axis of size 1 counts
            for nothing.
        num_classes: how many classes there are; the greatest label plus 1 where None.
        dtype: the type of the result.

    Returns:
        An array of the shape of `y` with an axis of `num_classes` - 1 after it.

    Example:
        >>> to_ordinal([0, 2]).tolist()
        [[0.0, 0.0], [1.0, 1.0]]
    """
    labels = np.array(y, dtype="int64")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]
    count = num_classes or (int(labels.max()) + 1 if labels.size else 1)
    return (np.arange(count - 1) < labels[..., None]).astype(dtype)


def get_source_inputs(
    tensor: Any, layer: Any = None, node_index: int | None = None
) -> list[Any]:
    """The placeholders that a placeholder was computed from.

    Args:
        tensor: what a layer gave for placeholders.
        layer: ignored; the tensor knows its layer.
        node_index: ignored.

    Returns:
        The inputs, each once.

    Raises:
        ValueError: where it is no placeholder.
    """
    if getattr(tensor, "_keras_history", None) is None:
        raise ValueError(
            house_message(
                "get_source_inputs", "a placeholder is wanted", f"got {tensor!r}"
            )
        )
    found: list[Any] = []
    seen: set[int] = set()
    queue = [tensor]
    while queue:
        at = queue.pop(0)
        if id(at) in seen:
            continue
        seen.add(id(at))
        before = at.node.keras_inputs
        if not before:
            found.append(at)
        queue += before
    return found


def warmstart_embedding_matrix(
    base_vocabulary: Any,
    new_vocabulary: Any,
    base_embeddings: Any,
    new_embeddings_initializer: Any = "uniform",
) -> Tensor:
    """The embeddings of a new vocabulary, taken from an old one where it has the words.

    Args:
        base_vocabulary: the old words, a list or a text file with one a line.
        new_vocabulary: the new words, the same.
        base_embeddings: a row for each old word.
        new_embeddings_initializer: makes the other rows.

    Returns:
        A row for each new word.

    Raises:
        ValueError: where old words and rows differ in number.

    Example:
        >>> warmstart_embedding_matrix(
        ...     ["a", "b"], ["b", "c"], [[1.0], [2.0]], "zeros").numpy().tolist()
        [[2.0], [0.0]]
    """
    old, new = _words(base_vocabulary), _words(new_vocabulary)
    rows = np.asarray(base_embeddings)
    if len(old) != len(rows):
        raise ValueError(
            house_message(
                "warmstart_embedding_matrix",
                "there is a row for each word of the old vocabulary",
                f"{len(old)} words, {len(rows)} rows",
            )
        )
    places = {word: at for at, word in enumerate(old)}
    make = initializers.get(new_embeddings_initializer)
    found = make((len(new), rows.shape[1]), dtype=rows.dtype.name).numpy()
    for at, word in enumerate(new):
        if word in places:
            found[at] = rows[places[word]]
    return Tensor(found)


def _words(vocabulary: Any) -> list[str]:
    if isinstance(vocabulary, str | Path):
        return Path(vocabulary).read_text(encoding="utf-8").splitlines()
    return [w.decode() if isinstance(w, bytes) else str(w) for w in vocabulary]


class TimedThread:
    """A thread that calls `on_interval` again and again; subclasses define it.

    Args:
        interval: seconds between two calls.
        **kwargs: arguments of `threading.Thread`, such as `daemon`.

    Example:
        >>> class Count(TimedThread):
        ...     calls = 0
        ...     def on_interval(self):
        ...         self.calls += 1
        ...         self.stop()
        >>> with Count(interval=0.001) as counting:
        ...     counting.thread.join()
        >>> counting.calls
        1
    """

    def __init__(self, interval: float, **kwargs: Any) -> None:
        self.interval = interval
        self.daemon = kwargs.pop("daemon", False)
        self.thread_kwargs = kwargs
        self.thread: threading.Thread | None = None
        self.thread_stop_event: threading.Event | None = None

    def _run(self) -> None:
        assert self.thread_stop_event is not None
        while not self.thread_stop_event.is_set():
            self.on_interval()
            self.thread_stop_event.wait(self.interval)

    def on_interval(self) -> None:
        """What is done each time."""
        raise NotImplementedError(
            house_message("TimedThread", "a subclass must define `on_interval`")
        )

    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self.thread is not None and self.thread.is_alive()

    def start(self) -> None:
        """Begin; where it runs already it is left alone."""
        if self.is_alive():
            return
        self.thread_stop_event = threading.Event()
        self.thread = threading.Thread(
            target=self._run, daemon=self.daemon, **self.thread_kwargs
        )
        self.thread.start()

    def stop(self) -> None:
        """End after the call that is going on."""
        if self.thread_stop_event is not None:
            self.thread_stop_event.set()

    def __enter__(self) -> TimedThread:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()
