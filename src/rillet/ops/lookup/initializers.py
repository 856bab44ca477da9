"""What fills tables that never change: tensors of keys and values, or text files."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import DType, as_dtype, int64, string
from rillet.core.errors import (
    InvalidArgumentError,
    NotFoundError,
    PermissionDeniedError,
    house_message,
)
from rillet.core.scopes import init_scope
from rillet.core.tensor import Tensor
from rillet.ops.host import is_symbolic
from rillet.ops.lookup.store import Store

Array = np.ndarray[Any, Any]


def known_array(op: str, name: str, value: Any, dtype: Any) -> Array:
    """A value's array, though a function is being traced.

    Raises:
        ValueError: where only a running graph knows it.
    """
    kind = None if dtype is None else as_dtype(dtype)
    if is_symbolic(value):
        node = value.node
        if node.op.name == "Const":
            return np.asarray(node.attrs["value"])
        raise ValueError(
            house_message(
                op,
                f"`{name}` must be known when the table is made",
                f"{value!r} gets its value when the function runs",
                "Make the table outside the function",
            )
        )
    if isinstance(value, Tensor) and type(value) is not Tensor:
        value = Tensor(value._array)
    with init_scope():
        found: Array = to_tensor(value, kind)._array
    return found


class TableInitializer:
    """What fills a table; `KeyValueTensorInitializer` and `TextFileInitializer`."""

    #: TensorFlow's op that does it.
    op_name = ""

    def __init__(self, key_dtype: Any, value_dtype: Any) -> None:
        self._key_dtype = as_dtype(key_dtype)
        self._value_dtype = as_dtype(value_dtype)

    @property
    def key_dtype(self) -> DType:
        """The type of the keys."""
        return self._key_dtype

    @property
    def value_dtype(self) -> DType:
        """The type of the values."""
        return self._value_dtype

    def initialize(self, table: Any) -> None:
        """Fill a table.

        Args:
            table: the table, or its store.
        """
        store: Store = getattr(table, "_store", table)
        store.clear()
        store.fill(*self._content())

    def _content(self) -> tuple[Array, Array]:
        """The keys and their values."""
        raise NotImplementedError

    def _trackable_children(self, **kwargs: Any) -> dict[str, Any]:
        return {}


class KeyValueTensorInitializer(TableInitializer):
    """Fills a table with keys and values, `tf.lookup.KeyValueTensorInitializer`.

    Args:
        keys: a tensor or list.
        values: as many values.
        key_dtype: the type of the keys; inferred where None.
        value_dtype: the type of the values; inferred where None.
        name: ignored when eager.

    Raises:
        TypeError: where keys or values have another type.

    Example:
        >>> import rillet as tf
        >>> words = tf.lookup.KeyValueTensorInitializer(["a", "b"], [0, 1])
        >>> tf.lookup.StaticHashTable(words, -1).lookup(tf.constant(["b", "?"])).numpy()
        array([ 1, -1], dtype=int32)
    """

    op_name = "LookupTableImportV2"

    def __init__(
        self,
        keys: Any,
        values: Any,
        key_dtype: Any = None,
        value_dtype: Any = None,
        name: str | None = None,
    ) -> None:
        op = "KeyValueTensorInitializer"
        self._keys = Tensor(known_array(op, "keys", keys, key_dtype))
        self._values = Tensor(known_array(op, "values", values, value_dtype))
        self._name = name or "key_value_init"
        super().__init__(self._keys.dtype, self._values.dtype)

    def _content(self) -> tuple[Array, Array]:
        return self._keys._array, self._values._array


class TextFileIndex:
    """What of a line is a key or a value, besides the number of a column.

    Attributes:
        WHOLE_LINE: all of it.
        LINE_NUMBER: its number in the file, from 0.
    """

    WHOLE_LINE = -2
    LINE_NUMBER = -1


class TextFileInitializer(TableInitializer):
    """Fills a table from a text file, a line an entry, `tf.lookup.TextFileInitializer`.

    Args:
        filename: the file's path; also a `tf.saved_model.Asset`.
        key_dtype: the type of the keys.
        key_index: the number of the column that holds them, or one of `TextFileIndex`.
        value_dtype: the type of the values.
        value_index: the same for the values.
        vocab_size: how many lines to read, which the file must have; all where None.
        delimiter: what stands between columns.
        name: ignored when eager.
        value_index_offset: added to numbers of lines.

    Raises:
        ValueError: where an index and its type do not go together.

    Example:
        >>> import pathlib, tempfile
        >>> import rillet as tf
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "words.txt"
        >>> _ = path.write_text("one 1\\ntwo 2\\n")
        >>> reads = tf.lookup.TextFileInitializer(
        ...     str(path), tf.string, 0, tf.int64, 1, delimiter=" ")
        >>> tf.lookup.StaticHashTable(reads, 0).lookup(tf.constant(["two"])).numpy()
        array([2])
    """

    op_name = "InitializeTableFromTextFileV2"

    def __init__(
        self,
        filename: Any,
        key_dtype: Any,
        key_index: int,
        value_dtype: Any,
        value_index: int,
        vocab_size: int | None = None,
        delimiter: str = "\t",
        name: str | None = None,
        value_index_offset: int = 0,
    ) -> None:
        super().__init__(key_dtype, value_dtype)
        _check_index("key", key_index, self._key_dtype)
        _check_index("value", value_index, self._value_dtype)
        if vocab_size is not None and vocab_size <= 0:
            raise ValueError(
                house_message(
                    "TextFileInitializer",
                    "`vocab_size` should be > 0",
                    f"received: {vocab_size}",
                )
            )
        if len(delimiter.encode()) != 1:
            raise ValueError(
                house_message(
                    "TextFileInitializer",
                    "the delimiter is one character",
                    f"received: {delimiter!r}",
                )
            )
        self._path = _path(filename)
        self._key_index = key_index
        self._value_index = value_index
        self._vocab_size = -1 if vocab_size is None else int(vocab_size)
        self._delimiter = delimiter
        self._offset = value_index_offset
        self._name = name or "text_file_init"

    @property
    def filename(self) -> str:
        """The file's path."""
        return self._path

    @property
    def _shared_name(self) -> str:
        """What TensorFlow calls a table of this file."""
        size = "" if self._vocab_size < 0 else f"_{self._vocab_size}"
        first = f"hash_table_{self._path}{size}"
        return f"{first}_{self._key_index}_{self._value_index}"

    def _content(self) -> tuple[Array, Array]:
        keys: list[Any] = []
        values: list[Any] = []
        count = -1
        try:
            with open(self._path, "rb") as file:
                for count, line in enumerate(file):
                    if count == self._vocab_size:
                        break
                    bare = line.removesuffix(b"\n").removesuffix(b"\r")
                    parts = self._columns(bare, count)
                    keys.append(self._one(self._key_index, bare, parts, count, True))
                    values.append(
                        self._one(self._value_index, bare, parts, count, False)
                    )
        except OSError as error:
            raise _unreadable(self._path, error) from None
        if self._vocab_size > len(keys):
            raise InvalidArgumentError(
                house_message(
                    "TextFileInitializer",
                    f"Invalid vocab_size in {self._path}: expected"
                    f" {self._vocab_size} but got {len(keys)}",
                )
            )
        made = [np.empty(len(keys), d.numpy_dtype) for d in self._kinds()]
        made[0][:] = keys
        made[1][:] = values
        return made[0], made[1]

    def _kinds(self) -> tuple[DType, DType]:
        return self._key_dtype, self._value_dtype

    def _columns(self, line: bytes, number: int) -> list[bytes]:
        wanted = max(self._key_index, self._value_index) + 1
        if wanted <= 0:
            return []
        parts = line.split(self._delimiter.encode())
        if len(parts) < wanted:
            raise InvalidArgumentError(
                house_message(
                    "TextFileInitializer",
                    f"Invalid number of columns in {self._path} line {number}",
                    f"expected at least {wanted} got {len(parts)}:"
                    f" {line[:60].decode('utf-8', 'replace')!r}",
                )
            )
        return parts

    def _one(
        self, index: int, line: bytes, parts: list[bytes], number: int, is_key: bool
    ) -> Any:
        kind = self._key_dtype if is_key else self._value_dtype
        if index == TextFileIndex.LINE_NUMBER:
            return number + (0 if is_key else self._offset)
        text = line if index == TextFileIndex.WHOLE_LINE else parts[index]
        if kind is string:
            return text
        found = number_of(text, kind)
        if found is not None:
            return found
        raise InvalidArgumentError(
            house_message(
                "TextFileInitializer",
                f"Field {text[:60].decode('utf-8', 'replace')!r} in line {number} is"
                f" not a valid {kind.name}",
                f"in {self._path}",
            )
        )


def number_of(text: bytes, kind: DType) -> int | float | None:
    """The number that a text stands for as C reads it, where Python reads more or less.

    Args:
        text: decimal digits, for a float also hexadecimal ones, `inf` or `nan`; blanks
            around it do not matter.
        kind: an integer or floating type.

    Returns:
        The number; None where the text is none, or the type does not hold it.
    """
    if b"_" in text:
        return None
    try:
        if kind.is_integer:
            found = int(text)
            return found if kind.min <= found <= kind.max else None
        bare = text.strip().lower()
        if bare.lstrip(b"+-").startswith(b"0x"):
            return _hexadecimal(bare.decode("ascii"))
        return float(text)
    except ValueError:
        return None


def _hexadecimal(text: str) -> float:
    try:
        return float.fromhex(text)
    except OverflowError:
        return float("-inf" if text.startswith("-") else "inf")


def _check_index(which: str, index: int, kind: DType) -> None:
    rule = ""
    if index < -2:
        rule = f"`{which}_index` should be >= -2, received: {index}"
    elif index == TextFileIndex.LINE_NUMBER and kind is not int64:
        rule = f"`{which}_dtype` must be int64 for `{which}_index` {index}, received:"
        rule += f" {kind!r}"
    elif index == TextFileIndex.WHOLE_LINE and not (kind.is_integer or kind is string):
        rule = f"`{which}_dtype` should be either integer or string for"
        rule += f" `{which}_index` {index}, received: {kind!r}"
    if rule:
        raise ValueError(house_message("TextFileInitializer", rule))


def _path(filename: Any) -> str:
    """The path that a string, a tensor or an asset holds."""
    found = getattr(filename, "asset_path", filename)
    if isinstance(found, Tensor):
        value = known_array("TextFileInitializer", "filename", found, None)[()]
        found = value if isinstance(value, bytes) else ""
    found = os.fsdecode(found)
    if not found or "\0" in found:
        raise ValueError(
            house_message(
                "TextFileInitializer", "Filename required", f"got {filename!r}"
            )
        )
    return found


def _unreadable(path: str, error: OSError) -> Exception:
    kinds = {FileNotFoundError: NotFoundError, PermissionError: PermissionDeniedError}
    kind = kinds.get(type(error), InvalidArgumentError)
    return kind(
        house_message(
            "TextFileInitializer", f"{path}; {error.strerror or 'cannot be read'}"
        )
    )
