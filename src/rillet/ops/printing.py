"""`tf.print`, `tf.strings.format` and `tf.timestamp`: values as text, and the clock.

In flow tensors and nests of them; out flows text, to a stream or as a string tensor.
Programs call these; inside a graph `PrintV2` keeps its place in program order.
"""

from __future__ import annotations

import pprint
import sys
import time
from typing import Any, Final

import numpy as np

from rillet.core import dtypes, nest
from rillet.core.composite import has_whole
from rillet.core.convert import to_tensor
from rillet.core.dtypes import STRING
from rillet.core.errors import InvalidArgumentError, NotFoundError, house_message
from rillet.core.logger import get_logger
from rillet.core.sparse_tensor import SparseTensor
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor, is_tensor
from rillet.ops.registry import Op, define
from rillet.ops.string_joins import join_op
from rillet.ops.summary import summarize as text_of

Array = np.ndarray[Any, Any]

# Stands for a tensor in a nest while `pprint` lays the nest out. TensorFlow lays a slot
# out in four columns; repr never gives this character, which is not printable.
_SLOT: Final = "\ue000" * 4
_LEVELS: Final = ("info", "warning", "error")
_STREAMS: Final = ("stdout", "stderr", *[f"log({level})" for level in _LEVELS])


def _format(*arrays: Any, template: str, placeholder: str, summarize: int) -> Array:
    parts = template.split(placeholder)
    out = [parts[0]]
    for array, rest in zip(arrays, parts[1:], strict=True):
        out += [text_of(np.asarray(array), summarize), rest]
    text = "".join(out).encode("utf-8", "surrogateescape")
    return np.array(text, object)


def _infer_format(*specs: Any, template: str, placeholder: str, summarize: int) -> Spec:
    _check_slots(template, placeholder, len(specs))
    return Spec((), dtypes.string)


def _check_slots(template: str, placeholder: str, count: int) -> None:
    slots = template.count(placeholder)
    if slots != count:
        raise ValueError(
            house_message(
                "strings.format",
                f"The template expects {slots} tensors, but the inputs only has"
                f" {count}",
                f"template is {template!r}",
                "Give one tensor for each placeholder",
            )
        )


# No constraint: any number of tensors of any types.
string_format_op: Op = define(
    "StringFormat",
    types=(),
    kernel=_format,
    infer=_infer_format,
    attrs={"template": "%s", "placeholder": "%s", "summarize": 3},
    quiet=False,
)


def format(
    template: str,
    inputs: Any,
    placeholder: str = "{}",
    summarize: int = 3,
    name: str | None = None,
) -> Tensor:
    """A template with the text of tensors in its slots, `tf.strings.format`.

    Args:
        template: text with a placeholder for each tensor.
        inputs: a tensor, or a list or tuple of them.
        placeholder: what marks a slot.
        summarize: how many elements to show at both ends of each dimension; -1 for
            all.
        name: ignored when eager.

    Returns:
        A scalar string.

    Raises:
        ValueError: where the numbers of slots and tensors differ.

    Example:
        >>> import rillet as tf
        >>> tf.strings.format("x is {}", tf.range(10)).numpy()
        b'x is [0 1 2 ... 7 8 9]'
    """
    values = list(inputs) if isinstance(inputs, list | tuple) else [inputs]
    _check_slots(template, placeholder, len(values))
    tensors = [v if _prints_itself(v) else to_tensor(v) for v in values]
    return _formatted(template, placeholder, tensors, int(summarize))


def _prints_itself(value: Any) -> bool:
    """Whether a value is a composite with a text of its own: a ragged tensor."""
    return hasattr(value, "_printed")


def _formatted(template: str, mark: str, values: list[Any], ends: int) -> Tensor:
    """The template with the text of values in its slots."""
    texts: list[Any] = []
    head, *rest = template.split(mark)
    part = head
    tensors: list[Any] = []

    def formatted() -> Any:
        return string_format_op.run(
            *tensors, template=part, placeholder=mark, summarize=ends
        )

    for value, text in zip(values, rest, strict=True):
        if _prints_itself(value):
            texts += [formatted(), value._printed(ends)]
            part, tensors = text, []
        else:
            part, tensors = part + mark + text, [*tensors, value]
    return join_op.run([*texts, formatted()], separator="") if texts else formatted()


def _print(text: Array, output_stream: str, end: str) -> tuple[()]:
    _infer_print(Spec(text.shape, dtypes.string), output_stream, end)
    value: Any = text[()]
    line: str = value.decode("utf-8", "replace")
    if output_stream.startswith("log("):
        getattr(get_logger(), output_stream[4:-1])("%s", line)
    elif output_stream.startswith("file://"):
        path = output_stream.removeprefix("file://")
        try:
            with open(path, "a", encoding="utf-8", newline="") as file:
                file.write(line + end)
        except OSError as error:
            raise NotFoundError(
                house_message("print", "the file cannot be written", str(error))
            ) from None
    else:
        stream = sys.stdout if output_stream == "stdout" else sys.stderr
        stream.write(line + end)
        stream.flush()
    return ()


def _infer_print(text: Spec, output_stream: str, end: str) -> tuple[()]:
    _check_stream(output_stream)
    if text.shape:
        raise InvalidArgumentError(
            house_message(
                "print",
                "Input is expected to be scalar",
                f"it had shape: {list(text.shape)}",
            )
        )
    return ()


def _check_stream(stream: str) -> None:
    """Refuse what no program asked for: models name streams too."""
    if stream not in _STREAMS and not stream.startswith("file://"):
        raise InvalidArgumentError(
            house_message(
                "print",
                f"Unknown output stream: {stream}",
                f"streams are {', '.join(_STREAMS)} and file://PATH",
            )
        )


print_op: Op = define(
    "PrintV2",
    types=(STRING,),
    kernel=_print,
    infer=_infer_print,
    attrs={"output_stream": "stderr", "end": "\n"},
    outputs=0,
    effects="io",
    quiet=False,
)


def _stream_name(stream: Any) -> str:
    """What TensorFlow's `output_stream` attribute calls a stream."""
    if stream is sys.stderr or stream is sys.__stderr__:
        return "stderr"
    if stream is sys.stdout or stream is sys.__stdout__:
        return "stdout"
    if isinstance(stream, str) and stream.startswith("file://"):
        return stream
    if getattr(stream, "__self__", None) is get_logger():
        level = getattr(stream, "__name__", "")
        if level in _LEVELS:
            return f"log({level})"
    raise ValueError(
        house_message(
            "print",
            f"Unsupported output stream, logging level, or file.{stream}. Supported"
            " streams are sys.stdout, sys.stderr, tf.get_logger().info, .warning and"
            " .error. File needs to be in the form of 'file://<filepath>'",
        )
    )


def _template(value: Any, tensors: list[Any]) -> str:
    """The text of one argument, with a slot for each tensor that it adds to a list."""
    if isinstance(value, str):
        return value
    if isinstance(value, SparseTensor):
        tensors.extend(value._flat_tensors())
        return f"'SparseTensor(indices={_SLOT}, values={_SLOT}, shape={_SLOT})'"
    if is_tensor(value):
        tensors.append(value if _prints_itself(value) else to_tensor(value))
        return _SLOT
    if not nest.is_nested(value):
        return pprint.pformat(value)
    found: list[Any] = []
    shown = nest.map_structure(lambda leaf: _slot(leaf, found), value)
    text = pprint.pformat(shown)
    order = sorted(range(len(found)), key=lambda i: text.find(_slot_text(i)))
    for i in order:
        leaf = found[i]
        tensors.append(leaf if _prints_itself(leaf) else to_tensor(leaf))
        text = text.replace(_slot_text(i), _SLOT)
    return text


class _Slot:
    """A tensor's place in a nest: its number in four characters of a private area."""

    def __init__(self, number: int) -> None:
        self._text = _slot_text(number)

    def __repr__(self) -> str:
        return self._text


def _slot_text(number: int) -> str:
    digits = [0xE100 + (number >> shift & 0xFF) for shift in (24, 16, 8, 0)]
    return "".join(map(chr, digits))


def _slot(leaf: Any, found: list[Any]) -> Any:
    if not is_tensor(leaf):
        return leaf
    found.append(leaf)
    return _Slot(len(found) - 1)


def print_(*inputs: Any, **kwargs: Any) -> None:
    """Print values with the numbers of tensors, `tf.print`.

    Args:
        *inputs: tensors, variables, nests of them, any Python values.
        output_stream: ``sys.stderr`` (the default), ``sys.stdout``, a method of a
            logger such as ``tf.get_logger().info``, or ``"file://PATH"``, to whose end
            the text is added.
        summarize: how many elements to show at both ends of each dimension; -1 for
            all. 3 by default.
        sep: what stands between the values; a space by default.
        end: what ends the text; a new line by default.
        name: ignored when eager.

    Raises:
        ValueError: for another argument, or a stream of another kind.

    Example:
        >>> import sys
        >>> import rillet as tf
        >>> tf.print("x:", tf.range(8), {"a": 1.5}, output_stream=sys.stdout)
        x: [0 1 2 ... 5 6 7] {'a': 1.5}
    """
    stream = kwargs.pop("output_stream", sys.stderr)
    kwargs.pop("name", None)
    ends = kwargs.pop("summarize", 3)
    sep, end = kwargs.pop("sep", " "), kwargs.pop("end", "\n")
    if kwargs:
        raise ValueError(
            house_message(
                "print", f"Unrecognized keyword arguments for tf.print: {kwargs}"
            )
        )
    if not isinstance(sep, str) or not isinstance(end, str):
        raise TypeError(
            house_message(
                "print", "`sep` and `end` must be strings", f"{sep!r}, {end!r}"
            )
        )
    where = _stream_name(stream)
    single = len(inputs) == 1 and is_tensor(inputs[0]) and not has_whole(*inputs)
    alone = to_tensor(inputs[0]) if single else None
    if alone is not None and alone.dtype is dtypes.string and alone.shape.rank == 0:
        text = alone
    else:
        tensors: list[Any] = []
        template = sep.join([_template(value, tensors) for value in inputs])
        limit = int(3 if ends is None else ends)
        text = _formatted(template, _SLOT, tensors, limit)
    print_op.run(text, output_stream=where, end=end)


timestamp_op: Op = define(
    "Timestamp",
    types=(),
    kernel=lambda: np.array(time.time()),
    infer=lambda: Spec((), dtypes.float64),
    effects="io",
    quiet=False,
)


def timestamp(name: str | None = None) -> Tensor:
    """The seconds since 1970, as a float64 scalar.

    Args:
        name: ignored when eager.

    Returns:
        The time when the op runs: inside a function, at each call.

    Example:
        >>> import rillet as tf
        >>> float(tf.timestamp()) > 1.6e9
        True
    """
    return timestamp_op.run()
