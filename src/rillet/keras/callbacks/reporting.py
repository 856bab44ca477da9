"""Callbacks that hand metrics on: `BaseLogger` to others, `RemoteMonitor` to servers.

In: the events of training. Out: averages in the epoch's logs, or requests to a server.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
from collections.abc import Iterable
from typing import Any

import numpy as np

from rillet.core.logger import get_logger
from rillet.keras.callbacks.base import Callback, Logs

_PATIENCE = 10.0


class BaseLogger(Callback):
    """Puts the averages of what training steps report into the epoch's logs.

    `fit` averages by itself; this is for loops that report a number for each batch.
    Batches count by the ``"size"`` in their logs, or all the same where there is none.

    Args:
        stateful_metrics: names of what is not averaged: the last value is taken.

    Example:
        >>> import rillet as tf
        >>> logger, logs = tf.keras.callbacks.BaseLogger(), {}
        >>> logger.on_epoch_begin(0)
        >>> logger.on_batch_end(0, {"size": 1, "loss": 4.0})
        >>> logger.on_batch_end(1, {"size": 3, "loss": 8.0})
        >>> logger.on_epoch_end(0, logs)
        >>> logs
        {'loss': 7.0}
    """

    def __init__(self, stateful_metrics: Iterable[str] | None = None) -> None:
        super().__init__()
        self.stateful_metrics = set(stateful_metrics or ())
        self.seen = 0
        self.totals: dict[str, Any] = {}

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start anew."""
        self.seen = 0
        self.totals = {}

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Note what a step reports."""
        found = dict(logs or {})
        size = found.pop("size", 1) * found.pop("num_steps", 1)
        found.pop("batch", None)
        self.seen += size
        for name, value in found.items():
            if name in self.stateful_metrics:
                self.totals[name] = value
            else:
                self.totals[name] = self.totals.get(name, 0.0) + value * size

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Put the averages into the logs."""
        if logs is None or not self.seen:
            return
        wanted = self.params.get("metrics")
        for name, total in self.totals.items():
            if wanted is None or name in wanted:
                kept = name in self.stateful_metrics
                logs[name] = total if kept else total / self.seen


class RemoteMonitor(Callback):
    """Sends each epoch's metrics to a server, as JSON in a POST request.

    A server that is not there is warned of, and training goes on.

    Args:
        root: the server's address.
        path: the path under it.
        field: the form's field that holds the JSON.
        headers: further headers of the request.
        send_as_json: send the JSON itself, and no form.

    Example:
        >>> import rillet as tf
        >>> tf.keras.callbacks.RemoteMonitor("http://localhost:9000").path
        '/publish/epoch/end/'
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: dict[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Send the epoch's metrics."""
        from urllib.request import Request, urlopen  # heavy, and seldom wanted

        text = json.dumps({"epoch": epoch, **{k: _plain(v) for k, v in _items(logs)}})
        kind = "application/x-www-form-urlencoded"
        if self.send_as_json:
            kind = "application/json"
        else:
            text = urllib.parse.urlencode({self.field: text})
        headers = {"Content-Type": kind, **(self.headers or {})}
        request = Request(self.root + self.path, text.encode(), headers)
        try:
            with urlopen(request, timeout=_PATIENCE):
                pass
        except urllib.error.HTTPError:
            pass  # it was reached: what it makes of the metrics is its own matter
        except OSError:
            get_logger().warning("RemoteMonitor could not reach %s", self.root)


def _items(logs: Logs | None) -> Iterable[tuple[str, Any]]:
    return (logs or {}).items()


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        return value.item() if value.size == 1 else value.tolist()
    return value
