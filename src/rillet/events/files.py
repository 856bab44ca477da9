"""A file of events: records in a folder, flushed now and then.

In: events as messages. Out: ``events.out.tfevents.TIME.HOST.PID.NUMBER`` and a suffix,
which TensorBoard and TensorFlow read. `writers` makes one for each writer.
"""

from __future__ import annotations

import os
import socket
import threading
import time

from rillet.checkpoint.wire import Record, encode
from rillet.core.context import unique_number
from rillet.core.errors import FailedPreconditionError, house_message
from rillet.data.tfrecord import RecordFile
from rillet.events.messages import EVENT, SOURCE

_VERSION = "brain.Event:2"


class EventFile:
    """A file of events being written; threads may share it.

    Args:
        folder: where it stands; made where it is not there.
        suffix: the end of its name.
        queue: how many events wait for the disk, at most.
        seconds: how long one waits, at most, while others come.

    Raises:
        FailedPreconditionError: where the folder cannot be made or written.
    """

    def __init__(self, folder: str, suffix: str, queue: int, seconds: float) -> None:
        number = unique_number("rillet.events")
        now = time.time()
        host = socket.gethostname() or "localhost"
        name = f"events.out.tfevents.{int(now):010d}.{host}.{os.getpid()}.{number}"
        self.path = os.path.join(folder, name + suffix)
        self._queue = queue
        self._seconds = seconds
        self._lock = threading.Lock()
        try:
            os.makedirs(folder, exist_ok=True)
            self._file = RecordFile(self.path)
        except OSError as error:
            raise FailedPreconditionError(
                house_message(
                    "create_file_writer", "the folder cannot be written", str(error)
                )
            ) from None
        self._closed = False
        self._waiting = 0
        self._flushed = time.monotonic()
        source = Record(SOURCE, writer="rillet.events")
        first = Record(
            EVENT, wall_time=now, file_version=_VERSION, source_metadata=source
        )
        self._file.write(encode(EVENT, first))
        self._file.flush()

    def add(self, event: Record) -> None:
        """Write an event; its time is now. Nothing is written to a closed file."""
        event.wall_time = time.time()
        data = encode(EVENT, event)
        with self._lock:
            if self._closed:
                return
            self._file.write(data)
            self._waiting += 1
            late = time.monotonic() - self._flushed > self._seconds
            if self._waiting > self._queue or late:
                self._flush()

    def flush(self) -> None:
        """Hand all events to the system."""
        with self._lock:
            if not self._closed:
                self._flush()

    def _flush(self) -> None:
        self._file.flush()
        self._waiting = 0
        self._flushed = time.monotonic()

    def close(self) -> None:
        """Write what waits, and finish the file."""
        with self._lock:
            self._closed = True
            self._file.close()
