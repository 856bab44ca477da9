"""`tf.io.decode_csv`: lines of comma-separated values into a tensor a column.

Lines follow RFC 4180, one a string: fields may stand in quotes, and then hold
delimiters, doubled quotes and line ends.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core.convert import to_tensor
from rillet.core.dtypes import (
    STRING,
    DType,
    as_dtype,
    float32,
    float64,
    int32,
    int64,
    string,
)
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.ops.host import is_symbolic
from rillet.ops.registry import Op, define
from rillet.ops.string_rules import filled, texts

Array = np.ndarray[Any, Any]
_OP = "io.decode_csv"
_KINDS = (float32, float64, int32, int64, string)


def _refused(rule: str, values: str = "", fix: str = "") -> InvalidArgumentError:
    return InvalidArgumentError(house_message(_OP, rule, values, fix))


def fields_of(line: bytes, delimiter: bytes, quotes: bool) -> list[bytes]:
    """The fields of a line.

    Raises:
        InvalidArgumentError: where quotes do not fit.
    """
    if not line:
        return []
    if not quotes or b'"' not in line:
        if quotes and (b"\n" in line or b"\r" in line):
            raise _refused(
                "Unquoted fields cannot have quotes/CRLFs inside", repr(line)
            )
        return line.split(delimiter)
    out: list[bytes] = []
    at, end = 0, len(line)
    while True:
        if line[at : at + 1] == b'"':
            field, at = _quoted(line, at + 1, delimiter)
        else:
            stop = line.find(delimiter, at)
            stop = end if stop < 0 else stop
            field = line[at:stop]
            if b'"' in field or b"\n" in field or b"\r" in field:
                raise _refused(
                    "Unquoted fields cannot have quotes/CRLFs inside", repr(field[:40])
                )
            at = stop
        out.append(field)
        if at >= end:
            return out
        at += 1
        if at == end:
            out.append(b"")
            return out


def _quoted(line: bytes, at: int, delimiter: bytes) -> tuple[bytes, int]:
    """A field in quotes, and where it ends."""
    out: list[bytes] = []
    while True:
        stop = line.find(b'"', at)
        if stop < 0:
            raise _refused(
                "Quoted field has to end with quote followed by delim or end",
                repr(line[:40]),
            )
        out.append(line[at:stop])
        after = line[stop + 1 : stop + 2]
        if after == b'"':
            out.append(b'"')
            at = stop + 2
        elif after in (b"", delimiter):
            return b"".join(out), stop + 1
        else:
            raise _refused(
                "Quote inside a string has to be escaped by another quote",
                repr(line[:40]),
            )


def _kernel(
    records: Array,
    defaults: Any,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    select_cols: Any = (),
) -> list[Array]:
    columns: list[list[Any]] = [[] for _ in defaults]
    missing = (b"", na_value.encode())
    delimiter = field_delim.encode()
    for number, line in enumerate(records.reshape(-1).tolist()):
        found = fields_of(line, delimiter, use_quote_delim)
        if select_cols:
            found = [found[i] for i in select_cols if i < len(found)]
        if len(found) != len(defaults):
            raise _refused(
                f"Expect {len(defaults)} fields but have {len(found)} in record"
                f" {number}",
                repr(line[:60]),
            )
        for place, (text, column) in enumerate(zip(found, columns, strict=True)):
            kind, default = defaults[place]
            if text in missing:
                if default is None:
                    raise _refused(
                        f"Field {place} is required but missing in record {number}!",
                        fix="Give the column a default",
                    )
                column.append(default)
            else:
                column.append(_value(text, kind, place, number))
    shape = records.shape
    return [
        filled(column, shape, kind.numpy_dtype)
        for column, (kind, _) in zip(columns, defaults, strict=True)
    ]


def _value(text: bytes, kind: DType, place: int, number: int) -> Any:
    if kind is string:
        return text
    try:
        if not kind.is_integer:
            if b"_" not in text:
                return float(text)
        elif b"_" not in text:
            value = int(text)
            if kind.min <= value <= kind.max:
                return value
    except ValueError:
        pass
    shown = text[:40].decode("utf-8", "replace")
    raise _refused(
        f"Field {place} in record {number} is not a valid {kind.name}: {shown}"
    )


csv_op: Op = define(
    "DecodeCSV",
    types=(STRING,),
    kernel=_kernel,
    infer=lambda records, defaults, **attrs: [
        Spec(records.shape, kind) for kind, _ in defaults
    ],
    attrs={
        "defaults": (),
        "field_delim": ",",
        "use_quote_delim": True,
        "na_value": "",
        "select_cols": (),
    },
    outputs=-1,
    quiet=False,
)


def decode_csv(
    records: Any,
    record_defaults: Any,
    field_delim: str = ",",
    use_quote_delim: bool = True,
    na_value: str = "",
    select_cols: Any = None,
    name: str | None = None,
) -> list[Any]:
    """Lines of comma-separated values as a tensor a column.

    Args:
        records: lines, strings of any shape.
        record_defaults: for each column what an empty field means, a value or a list of
            one, which also says the type; a type or an empty tensor where the field
            must be there.
        field_delim: what stands between fields.
        use_quote_delim: whether quotes group.
        na_value: another text that means an empty field.
        select_cols: the numbers of the columns to keep, rising; all where None.
        name: ignored when eager.

    Returns:
        A list of tensors of the shape of `records`.

    Raises:
        ValueError: where `select_cols` does not rise, or has another number of columns.
        InvalidArgumentError: where a line does not fit.

    Example:
        >>> import rillet as tf
        >>> n, word = tf.io.decode_csv(["1,a", "2,"], [[0], ["?"]])
        >>> n.numpy().tolist(), word.numpy().tolist()
        ([1, 2], [b'a', b'?'])
    """
    chosen = tuple(int(i) for i in select_cols) if select_cols is not None else ()
    if any(a >= b for a, b in zip(chosen[:-1], chosen[1:], strict=True)):
        raise ValueError(
            house_message(
                _OP, "select_cols is not strictly increasing", f"{list(chosen)}"
            )
        )
    if chosen and (chosen[0] < 0 or len(chosen) != len(record_defaults)):
        raise ValueError(
            house_message(
                _OP,
                "select_cols and record_defaults have a column each, from 0 on",
                f"{list(chosen)} and {len(record_defaults)} defaults",
            )
        )
    if len(field_delim.encode()) != 1:
        raise ValueError(
            house_message(_OP, "field_delim is one character", repr(field_delim))
        )
    defaults = tuple([_default(i, d) for i, d in enumerate(record_defaults)])
    found = csv_op.run(
        texts(records),
        defaults=defaults,
        field_delim=field_delim,
        use_quote_delim=use_quote_delim,
        na_value=na_value,
        select_cols=chosen,
    )
    return list(found)


def _default(place: int, value: Any) -> tuple[DType, Any]:
    """A column's type, and what an empty field means."""
    if isinstance(value, DType) or isinstance(value, type):
        kind, held = as_dtype(value), np.zeros(0)
    else:
        tensor = to_tensor(value)
        if is_symbolic(tensor):
            raise ValueError(
                house_message(
                    _OP, "defaults must be known when the lines are read", f"{tensor!r}"
                )
            )
        kind, held = tensor.dtype, tensor._array
    if held.ndim > 1 or held.size > 1:
        raise _refused(
            "Each record default should be at most rank 1, of one element",
            f"the shape of number {place} is {list(held.shape)}",
        )
    if kind not in _KINDS:
        raise _refused(
            "a column is of type float32, float64, int32, int64 or string",
            f"number {place} is {kind.name}",
        )
    return kind, held.reshape(-1)[0] if held.size else None
