"""Patterns on strings: `tf.strings.regex_full_match` and `regex_replace`.

In flow tensors of bytes and a pattern in RE2's syntax, which `ops.regex_syntax` puts
in the words of Python's `re`. Bytes that are no UTF-8 pass through unharmed.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from rillet.core import dtypes
from rillet.core.dtypes import STRING
from rillet.core.errors import InvalidArgumentError, house_message
from rillet.core.spec import Spec
from rillet.core.tensor import Tensor
from rillet.ops.regex_syntax import compiled
from rillet.ops.registry import Op, define
from rillet.ops.shape_rules import same_as_input, same_shape
from rillet.ops.string_rules import mapped, texts

Array = np.ndarray[Any, Any]


def _decoded(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def _full_match(x: Array, pattern: str) -> Array:
    matches = compiled(pattern).fullmatch
    return mapped(lambda value: matches(_decoded(value)) is not None, x, np.bool_)


def _pattern_of(array: Array, op: str) -> str:
    if array.ndim:
        raise InvalidArgumentError(
            house_message(
                op, "Pattern must be scalar", f"it has shape {list(array.shape)}"
            )
        )
    value: Any = array[()]
    return _decoded(value)


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
        text = pattern if isinstance(pattern, str) else _decoded(pattern)
        return static_match_op.run(texts(input), pattern=text)
    return match_op.run(texts(input), texts(pattern))


def _replace(
    x: Array, pattern: str, rewrite: str, replace_global: bool = True
) -> Array:
    found = compiled(pattern)
    parts = _rewrite_parts(rewrite, found)

    def change(value: bytes) -> bytes:
        text = _replaced(_decoded(value), found, parts, replace_global)
        return text.encode("utf-8", "surrogateescape")

    return mapped(change, x)


def _rewrite_parts(rewrite: str, found: re.Pattern[str]) -> list[str | int]:
    """A rewrite as texts and numbers of groups."""
    parts: list[str | int] = []
    for piece in re.findall(r"\\.|\\|[^\\]+", rewrite, re.DOTALL):
        if not piece.startswith("\\"):
            parts.append(piece)
        elif piece == "\\\\":
            parts.append("\\")
        elif (
            piece[1:].isascii()
            and piece[1:].isdigit()
            and int(piece[1]) <= found.groups
        ):
            parts.append(int(piece[1]))
        else:
            raise InvalidArgumentError(
                house_message(
                    "strings.regex_replace",
                    f"Invalid rewrite pattern: {rewrite}",
                    f"{piece} names no group; the pattern has {found.groups}",
                )
            )
    return parts


def _replaced(
    text: str, found: re.Pattern[str], parts: list[str | int], everywhere: bool
) -> str:
    out: list[str] = []
    at, last = 0, -1
    while at <= len(text) and (match := found.search(text, at)):
        out.append(text[at : match.start()])
        if match.start() == match.end() == last:
            # nothing empty right behind a match: one character on
            out.append(text[last : last + 1])
            at = last + 1
            continue
        for part in parts:
            out.append(part if isinstance(part, str) else match.group(part) or "")
        at = last = match.end()
        if not everywhere:
            break
    return "".join(out) + text[at:]


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
            pattern=pattern if isinstance(pattern, str) else _decoded(pattern),
            rewrite=rewrite if isinstance(rewrite, str) else _decoded(rewrite),
            replace_global=bool(replace_global),
        )
    return replace_op.run(
        texts(input),
        texts(pattern),
        texts(rewrite),
        replace_global=bool(replace_global),
    )
