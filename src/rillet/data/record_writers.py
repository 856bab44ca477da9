"""`tf.io.TFRecordWriter`: records into a TFRecord file, one by one.

In flow bytes, out a file that `TFRecordDataset` reads.
"""

from __future__ import annotations

from typing import Any

from rillet.core.errors import FailedPreconditionError, house_message
from rillet.data.paths import text_of
from rillet.data.tfrecord import RecordFile, unknown_compression


class TFRecordOptions:
    """How a TFRecord file is compressed.

    Args:
        compression_type: ``"GZIP"``, ``"ZLIB"``, or empty or None; or other options.
        flush_mode: accepted, as are the others.
    """

    def __init__(
        self,
        compression_type: Any = None,
        flush_mode: int | None = None,
        input_buffer_size: int | None = None,
        output_buffer_size: int | None = None,
        window_bits: int | None = None,
        compression_level: int | None = None,
        compression_method: int | None = None,
        mem_level: int | None = None,
        compression_strategy: int | None = None,
    ) -> None:
        chosen: Any = compression_type
        if isinstance(chosen, TFRecordOptions):
            chosen = chosen.compression_type
        if chosen not in (None, "", "GZIP", "ZLIB"):
            raise unknown_compression(chosen)
        self.compression_type: str = chosen or ""
        self.flush_mode = flush_mode
        self.input_buffer_size = input_buffer_size
        self.output_buffer_size = output_buffer_size
        self.window_bits = window_bits
        self.compression_level = compression_level
        self.compression_method = compression_method
        self.mem_level = mem_level
        self.compression_strategy = compression_strategy


class TFRecordWriter:
    """A TFRecord file being written.

    Args:
        path: its name.
        options: `TFRecordOptions`, or the name of a compression.

    Example:
        >>> import os, tempfile
        >>> import rillet as tf
        >>> path = os.path.join(tempfile.mkdtemp(), "some.tfrecord")
        >>> with tf.io.TFRecordWriter(path) as file:
        ...     file.write(b"first")
        ...     file.write(b"second")
        >>> [r.numpy() for r in tf.data.TFRecordDataset(path)]
        [b'first', b'second']
    """

    def __init__(self, path: Any, options: Any = None) -> None:
        chosen = TFRecordOptions(options)
        self._file = RecordFile(text_of(path), chosen.compression_type)
        self._closed = False

    def write(self, record: Any) -> None:
        """Add a record: bytes, or text, which is written as UTF-8.

        Raises:
            FailedPreconditionError: where the file is closed.
        """
        if self._closed:
            raise FailedPreconditionError(
                house_message("TFRecordWriter", "Writer is closed.")
            )
        data = record.encode() if isinstance(record, str) else bytes(record)
        self._file.write(data)

    def flush(self) -> None:
        """Hand what was written to the system."""
        self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._closed = True
        self._file.close()

    def __enter__(self) -> TFRecordWriter:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
