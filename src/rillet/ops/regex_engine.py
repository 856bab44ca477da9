"""Patterns of RE2: each match takes time linear in the text, as in TensorFlow.

In flow patterns and texts as bytes; out flow matches and rewritten texts. Google's RE2
does the work: patterns come from models and requests, and one that takes Python's `re`
years takes it microseconds. What deletes or replaces single characters of ASCII, as
most programs' patterns do, needs no engine. `ops.regex` calls it.

Source: the rules of RE2's `GlobalReplace` (github.com/google/re2).
"""

from __future__ import annotations

import functools
import re
from typing import Any, Final

from rillet.core.errors import InvalidArgumentError, house_message

#: What a simple set lists: marks, letters and ranges of ASCII, escapes, some classes.
_ITEM: Final = rb"[!-,.-Z_`a-z{|}~\x20]|\\[!-/:-@\[-`{-~dswnrt]|-"
#: A class, a set, or all but a set; maybe repeated.
_SIMPLE_SET: Final = re.compile(
    rb"(?:\\(?:[dsw]|(?P<other>[DSW]))|\[(?P<but>\^?)(?:%b)(?:%b|\^)*\])(?P<run>\+?)"
    % (_ITEM, _ITEM)
)
_ASCII: Final = [bytes([code]) for code in range(128)]
Part = bytes | int


class Pattern:
    """A compiled pattern.

    Args:
        pattern: in RE2's syntax, in UTF-8.

    Raises:
        InvalidArgumentError: where it is not well formed.
    """

    def __init__(self, pattern: bytes) -> None:
        import re2

        options = re2.Options()
        options.log_errors = False
        try:
            self._engine: Any = re2.compile(pattern, options)
        except re2.error as error:
            why = error.args[0]
            text = why.decode("utf-8", "replace") if isinstance(why, bytes) else why
            raise InvalidArgumentError(
                f"Invalid pattern: {pattern.decode('utf-8', 'replace')}, error: {text}"
            ) from None
        self.groups: int = self._engine.groups
        #: The ASCII characters that match; None where more than a set is wanted.
        self._set: bytes | None = None
        simple = _SIMPLE_SET.fullmatch(pattern)
        if simple:
            self._repeats = bool(simple["run"])
            self._beyond = bool(simple["other"] or simple["but"])
            self._set = b"".join([c for c in _ASCII if self.matches(c)]) or None

    def matches(self, text: bytes) -> bool:
        """Whether a text matches from end to end."""
        return self._engine.fullmatch(text) is not None

    def rewritten(self, text: bytes, rewrite: list[Part], everywhere: bool) -> bytes:
        """A text with other bytes in place of matches.

        Args:
            text: the text.
            rewrite: bytes, and numbers of groups whose text is put there.
            everywhere: in place of all matches, not only of the first.
        """
        plain = all(isinstance(part, bytes) for part in rewrite)
        if self._set is None or not everywhere or not plain:
            return self._walked(text, rewrite, everywhere)
        beyond = self._beyond and not text.isascii()
        if not beyond and not rewrite:
            return text.translate(None, self._set)
        if beyond and not _is_utf8(text):
            return self._walked(text, rewrite, everywhere)
        put = b"".join([p for p in rewrite if isinstance(p, bytes)])
        runs = _runs(self._set, self._repeats, beyond)
        return runs.sub(put.replace(b"\\", rb"\\"), text)

    def _walked(self, text: bytes, rewrite: list[Part], everywhere: bool) -> bytes:
        out: list[bytes] = []
        at, last = 0, -1
        while at <= len(text) and (match := self._engine.search(text, at)):
            begin, end = match.span()
            out.append(text[at:begin])
            if begin == end == last:
                # nothing empty right behind a match: one character on
                at = last + _width(text, last)
                out.append(text[last:at])
                continue
            for part in rewrite:
                out.append(part if isinstance(part, bytes) else match[part] or b"")
            at = last = end
            if not everywhere:
                break
        return b"".join(out) + text[at:]


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _width(text: bytes, at: int) -> int:
    """How many bytes the character is that begins there; 1 where it is none."""
    for width in (1, 2, 3, 4):
        try:
            text[at : at + width].decode()
        except UnicodeDecodeError:
            continue
        return width
    return 1


@functools.lru_cache(256)
def _runs(characters: bytes, repeats: bool, beyond: bool) -> re.Pattern[bytes]:
    """The same for `re`: one of the characters, or a run of them.

    Args:
        characters: of ASCII.
        repeats: whether a run is wanted.
        beyond: whether all characters beyond ASCII are among them, in UTF-8.
    """
    one = b"[" + b"".join([b"\\x%02x" % code for code in characters]) + b"]"
    if beyond:
        one = rb"(?:%b|[\xc2-\xf4][\x80-\xbf]{1,3})" % one
    return re.compile(one + b"+" * repeats)


@functools.lru_cache(32)  # each may come to hold some megabytes of automaton
def compiled(pattern: bytes) -> Pattern:
    """The compiled pattern; the last ones are kept."""
    return Pattern(pattern)


def parts_of(rewrite: bytes, pattern: Pattern) -> list[Part]:
    r"""A rewrite as texts and numbers of groups, ``\0`` to ``\9``.

    Raises:
        InvalidArgumentError: where it is not well formed, or names no group.
    """
    parts: list[Part] = []
    for piece in re.findall(rb"\\.|\\|[^\\]+", rewrite, re.DOTALL):
        if not piece.startswith(b"\\"):
            parts.append(piece)
        elif piece == b"\\\\":
            parts.append(b"\\")
        elif piece[1:].isdigit() and int(piece[1:]) <= pattern.groups:
            parts.append(int(piece[1:]))
        else:
            shown = rewrite.decode("utf-8", "replace")
            raise InvalidArgumentError(
                house_message(
                    "strings.regex_replace",
                    f"Invalid rewrite pattern: {shown}",
                    f"{piece.decode('utf-8', 'replace')} names no group; the pattern"
                    f" has {pattern.groups}",
                )
            )
    return parts
