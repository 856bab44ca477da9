"""Patterns on strings: `tf.strings.regex_full_match` and `regex_replace`.

In flow tensors of bytes and a pattern in RE2's syntax, which `ops.regex_engine` runs.
Bytes that are no UTF-8 pass through unharmed.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import STRING
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.regex_engine import compiled, parts_of
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import same_as_input, same_shape
from rillet.ops.string_rules import mapped, texts

Array = np.ndarray[Any, Any]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")


def _text(value: bytes) -> str:
    """Bytes as an attribute; what is no UTF-8 comes back unharmed."""
    return value.decode("utf-8", "surrogateescape")


def _full_match(x: Array, pattern: str | bytes) -> Array:
    return mapped(compiled(_bytes(pattern)).matches, x, np.bool_)


def _pattern_of(array: Array, op: str) -> bytes:
    if array.ndim:
        raise InvalidArgumentError(
            house_message(
                op, "Pattern must be scalar", f"it has shape {list(array.shape)}"
            )
        )
    value: Any = array[()]
    return bytes(value)


static_match_op: Op = define(
    "StaticRegexFullMatch",
    types=(STRING,),
    kernel=_full_match,
    infer=same_shape(dtypes.bool_),
    attrs={"pattern": ""},
    quiet=False,
)
match_op: Op = define(
    "RegexFullMatch",
    types=(STRING, STRING),
    kernel=lambda x, pattern: _full_match(
        x, _pattern_of(pattern, "strings.regex_full_match")
    ),
    infer=lambda x, pattern: Spec(x.shape, dtypes.bool_),
    quiet=False,
)


def regex_full_match(input: Any, pattern: Any, name: str | None = None) -> Tensor:
    """Whether strings match a pattern from end to end.

    Args:
        input: strings.
        pattern: a pattern in RE2's syntax, or a scalar tensor of one.
        name: ignored when eager.

    Returns:
        Booleans in the same shape.

    Raises:
        InvalidArgumentError: where the pattern is not well formed.

    Example:
        >>> import rillet as tf
        >>> tf.strings.regex_full_match(["TF lib", "lib TF"], ".*lib$").numpy().tolist()
        [True, False]
    """
    if isinstance(pattern, str | bytes):
        text = pattern if isinstance(pattern, str) else _text(pattern)
        return static_match_op.run(texts(input), pattern=text)
    return match_op.run(texts(input), texts(pattern))


def _replace(
    x: Array,
    pattern: str | bytes,
    rewrite: str | bytes,
    replace_global: bool = True,
) -> Array:
    found = compiled(_bytes(pattern))
    parts = parts_of(_bytes(rewrite), found)
    return mapped(lambda value: found.rewritten(value, parts, replace_global), x)


static_replace_op: Op = define(
    "StaticRegexReplace",
    types=(STRING,),
    kernel=_replace,
    infer=same_as_input,
    attrs={"pattern": "", "rewrite": "", "replace_global": True},
    quiet=False,
)
replace_op: Op = define(
    "RegexReplace",
    types=(STRING, STRING, STRING),
    kernel=lambda x, pattern, rewrite, replace_global=True: _replace(
        x,
        _pattern_of(pattern, "strings.regex_replace"),
        _pattern_of(rewrite, "strings.regex_replace"),
        replace_global,
    ),
    infer=same_as_input,
    attrs={"replace_global": True},
    quiet=False,
)


def regex_replace(
    input: Any,
    pattern: Any,
    rewrite: Any,
    replace_global: bool = True,
    name: str | None = None,
) -> Tensor:
    r"""Strings in which what matches a pattern is rewritten.

    Args:
        input: strings.
        pattern: a pattern in RE2's syntax, or a scalar tensor of one.
        rewrite: what to put in place of a match; ``\1`` to ``\9`` stand for groups,
            ``\0`` for the whole match.
        replace_global: rewrite every match, not only the first.
        name: ignored when eager.

    Returns:
        Strings in the same shape.

    Raises:
        InvalidArgumentError: where the pattern or the rewrite is not well formed.

    Example:
        >>> import rillet as tf
        >>> tf.strings.regex_replace("Text with <b>tags</b>", "<[^>]+>", "").numpy()
        b'Text with tags'
    """
    if isinstance(pattern, str | bytes) and isinstance(rewrite, str | bytes):
        return static_replace_op.run(
            texts(input),
            pattern=pattern if isinstance(pattern, str) else _text(pattern),
            rewrite=rewrite if isinstance(rewrite, str) else _text(rewrite),
            replace_global=bool(replace_global),
        )
    return replace_op.run(
        texts(input),
        texts(pattern),
        texts(rewrite),
        replace_global=bool(replace_global),
    )
