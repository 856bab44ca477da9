"""RE2's patterns in the words of Python's `re`.

In flows a pattern as TensorFlow takes it; out flows a compiled one that matches the
same on text. RE2 (github.com/google/re2/wiki/Syntax) has no look-around and no
references back, counts letters, digits and spaces in ASCII, ends only at the end, and
lets flags begin anywhere in a group. The caller is `ops.regex`.
"""

from __future__ import annotations

import functools
import re
import sys
import unicodedata
from typing import Final

from rillet.core.errors import InvalidArgumentError

# Bytes that are no UTF-8 become these when decoded; no class of RE2 holds them.
_ESCAPED_BYTES: Final = "\\udc80-\\udcff"
_CLASSES: Final = {
    "d": "0-9",
    "w": "0-9A-Za-z_",
    "s": "\\t\\n\\f\\r ",
    "D": "\\x00-/:-\U0010ffff",
    "W": "\\x00-/:-@\\[-\\^`{-\U0010ffff",
    "S": "\\x00-\\x08\\x0b\\x0e-\\x1f!-\U0010ffff",
}
_POSIX: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": "\\x00-\\x7f",
    "blank": "\\t ",
    "cntrl": "\\x00-\\x1f\\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": "!-/:-@\\[-`{-~",
    "space": "\\t\\n\\v\\f\\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_CONTROLS: Final = {
    "a": "\\x07",
    "f": "\\f",
    "t": "\\t",
    "n": "\\n",
    "r": "\\r",
    "v": "\\v",
}
_REPEAT: Final = re.compile(r"\{(\d+)(,(\d*))?\}")
_NAME: Final = re.compile(r"P?<(\w+)>", re.ASCII)
_FLAGS: Final = re.compile(r"([imsU]*)(?:-([imsU]+))?([:)])")


@functools.cache
def category(name: str, negated: bool) -> str:
    """The characters of a Unicode category such as ``L`` or ``Nd``, as ranges."""
    ranges: list[str] = []
    start = None
    for code in range(sys.maxunicode + 2):
        inside = (
            code <= sys.maxunicode
            and not 0xDC80 <= code <= 0xDCFF
            and unicodedata.category(chr(code)).startswith(name) != negated
        )
        if inside and start is None:
            start = code
        elif not inside and start is not None:
            ranges.append(f"\\U{start:08x}-\\U{code - 1:08x}")
            start = None
    return "".join(ranges)


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern for `re` that matches what `pattern` matches in RE2.

    Raises:
        InvalidArgumentError: where RE2 would not take it either.
    """
    return _compiled(pattern)


@functools.lru_cache(256)
def _compiled(pattern: str) -> re.Pattern[str]:
    translated = _Translation(pattern).run()
    try:
        return re.compile(translated)
    except (re.error, OverflowError, RecursionError) as error:
        raise _invalid(pattern, str(error)) from None


def _invalid(pattern: str, why: str) -> InvalidArgumentError:
    return InvalidArgumentError(f"Invalid pattern: {pattern}, error: {why}")


class _Translation:
    """One walk through a pattern."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._out: list[str] = []
        self._flags = frozenset[str]()
        # for each open group: the flags outside it, and those that wrap its branch
        self._groups: list[tuple[frozenset[str], str]] = []
        self._wrap = ""

    def run(self) -> str:
        """The translated pattern."""
        while self._at < len(self._pattern):
            self._step()
        if self._groups:
            raise self._error(f"missing ): {self._pattern}")
        return "".join(self._out) + (")" if self._wrap else "")

    def _error(self, why: str) -> InvalidArgumentError:
        return _invalid(self._pattern, why)

    def _take(self) -> str:
        """The next character."""
        if self._at >= len(self._pattern):
            return ""
        self._at += 1
        return self._pattern[self._at - 1]

    def _step(self) -> None:
        character = self._take()
        if character == "\\":
            self._escape()
        elif character == "[":
            self._atom(self._set())
        elif character == "(":
            self._open()
        elif character == ")":
            self._close()
        elif character == "|":
            self._out.append(f")|{self._wrap}" if self._wrap else "|")
        elif character == ".":
            line = "" if "s" in self._flags else "\\n"
            self._atom(f"[^{line}{_ESCAPED_BYTES}]")
        elif character == "^":
            self._out.append("(?m:^)" if "m" in self._flags else "\\A")
        elif character == "$":
            self._out.append("(?m:$)" if "m" in self._flags else "\\Z")
        elif character in "*+?":
            raise self._error(f"no argument for repetition operator: {character}")
        else:
            self._atom(re.escape(character))

    def _atom(self, text: str) -> None:
        """Something that a repetition may follow, and the repetition."""
        self._out.append(text)
        self._repetition()

    def _repetition(self) -> None:
        rest = self._pattern[self._at :]
        found = _REPEAT.match(rest)
        if found:
            operator = found.group()
            if max(int(n) for n in found.groups("0")[::2] if n) > 1000:
                raise self._error(f"invalid repetition size: {operator}")
        elif rest[:1] in ("*", "+", "?"):
            operator = rest[0]
        else:
            return
        self._at += len(operator)
        lazy = self._pattern[self._at : self._at + 1] == "?"
        self._at += lazy
        self._out.append(operator + ("?" if lazy != ("U" in self._flags) else ""))
        more = self._pattern[self._at :]
        again = _REPEAT.match(more)
        if again or more[:1] in ("*", "+", "?"):
            shown = operator + "?" * lazy + (again.group() if again else more[0])
            raise self._error(f"bad repetition operator: {shown}")

    def _escape(self) -> None:
        character = self._take()
        if character in ("A", "b", "B"):
            self._out.append("\\A" if character == "A" else f"(?a:\\{character})")
        elif character == "z":
            self._out.append("\\Z")
        elif character == "Q":
            end = self._pattern.find("\\E", self._at)
            end = len(self._pattern) if end < 0 else end
            for literal in self._pattern[self._at : end]:
                self._out.append(re.escape(literal))
            self._at = min(len(self._pattern), end + 2)
            self._repetition()
        elif character == "C":
            self._atom("[\\x00-\\x7f\\udc80-\\udcff]")
        elif character in _CLASSES:
            self._atom(f"[{_CLASSES[character]}]".replace("\U0010ffff]", self._top()))
        elif character in ("p", "P"):
            self._atom(f"[{self._property(character == 'P')}]")
        else:
            self._atom(self._character(character))

    @staticmethod
    def _top() -> str:
        """The end of a set that reaches up to the last character."""
        return "\\udc7f\\udd00-\U0010ffff]"

    def _property(self, negated: bool) -> str:
        name = self._take()
        if name == "{":
            end = self._pattern.find("}", self._at)
            if end < 0:
                raise self._error("invalid character class range: \\p{")
            name = self._pattern[self._at : end]
            self._at = end + 1
            if name.startswith("^"):
                negated, name = not negated, name[1:]
        known = ("L", "M", "N", "P", "S", "Z", "C")
        if name == "Any":
            return "\\x00-\\udc7f\\udd00-\U0010ffff"
        if not name.startswith(known) or len(name) > 2:
            raise self._error(
                f"invalid character class range: \\p{{{name}}} (rillet knows general"
                " categories, no scripts)"
            )
        return category(name, negated)

    def _character(self, character: str) -> str:
        """An escaped character, for use inside and outside of a set."""
        if character in _CONTROLS:
            return _CONTROLS[character]
        rest = self._pattern[self._at :]
        if character == "x":
            found = re.match(r"([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\}", rest)
            if found:
                self._at += found.end()
                return f"\\U{int(found.group(1) or found.group(2), 16):08x}"
        elif "0" <= character <= "7":
            found = re.match(r"[0-7]{0,2}", rest)
            digits = character + (found.group() if found else "")
            if character == "0" or len(digits) > 1:
                self._at += len(digits) - 1
                return f"\\U{int(digits, 8):08x}"
        elif character and (ord(character) > 127 or not character.isalnum()):
            return re.escape(character)
        if not character:
            raise self._error("trailing \\")
        raise self._error(f"invalid escape sequence: \\{character}")

    def _set(self) -> str:
        """The rest of a set in brackets."""
        start = self._at - 1
        parts: list[str] = []
        negated = self._pattern[self._at : self._at + 1] == "^"
        self._at += negated
        first = True
        while True:
            rest = self._pattern[self._at :]
            character = self._take()
            posix = re.match(r"\[:(\^?)(\w+):\]", rest)
            if not character:
                raise self._error(f"missing ]: {self._pattern[start:]}")
            if character == "]" and not first:
                break
            first = False
            if posix:
                self._at += posix.end() - 1
                parts.append(self._posix(*posix.groups()))
            elif character == "\\":
                parts.append(self._escape_in_set())
            elif character == "-":
                # a second dash in a row would be a difference of sets to `re`
                single = parts and parts[-1] != "-" and not rest.startswith("-]")
                parts.append("-" if single else "\\-")
            else:
                parts.append("\\" + character if character in "[]^&~|" else character)
        inside = "".join(parts)
        if negated:
            return f"[^{inside}{_ESCAPED_BYTES}]"
        return f"[{inside}]"

    def _posix(self, negated: str, name: str) -> str:
        if name not in _POSIX:
            raise self._error(f"invalid character class range: [:{negated}{name}:]")
        if not negated:
            return _POSIX[name]
        inside = re.compile(f"[{_POSIX[name]}]")
        codes = [f"\\x{code:02x}" for code in range(128) if not inside.match(chr(code))]
        return "".join(codes) + "\\x80-\\udc7f\\udd00-\U0010ffff"

    def _escape_in_set(self) -> str:
        character = self._take()
        if character in _CLASSES:
            text = _CLASSES[character]
            return text.replace("\U0010ffff", self._top()[:-1])
        if character in ("p", "P"):
            return self._property(character == "P")
        return self._character(character)

    def _open(self) -> None:
        if self._pattern[self._at : self._at + 1] != "?":
            self._enter("(")
            return
        self._at += 1
        rest = self._pattern[self._at :]
        name, flags = _NAME.match(rest), _FLAGS.match(rest)
        if name:
            self._at += name.end()
            self._enter(f"(?P<{name.group(1)}>")
        elif flags and (flags.group(1) or flags.group(2) or flags.group(3) == ":"):
            self._at += flags.end()
            outer = self._flags
            wanted = (outer | set(flags.group(1))) - set(flags.group(2) or "")
            if flags.group(3) == ":":
                self._enter(_wrapper(wanted, outer) or "(?:")
                self._flags = wanted
            else:
                self._change(wanted)
        else:
            raise self._error(f"invalid perl operator: (?{rest[:1]}")

    def _enter(self, text: str) -> None:
        self._groups.append((self._flags, self._wrap))
        self._wrap = ""
        self._out.append(text)

    def _change(self, wanted: frozenset[str]) -> None:
        """Flags that hold up to the end of the group, in later branches too."""
        outer = self._groups[-1][0] if self._groups else frozenset[str]()
        if self._wrap:
            self._out.append(")")
        self._wrap = _wrapper(wanted, outer)
        self._out.append(self._wrap)
        self._flags = wanted

    def _close(self) -> None:
        if not self._groups:
            raise self._error(f"unexpected ): {self._pattern}")
        if self._wrap:
            self._out.append(")")
        self._flags, self._wrap = self._groups.pop()
        self._atom(")")


def _wrapper(wanted: frozenset[str], outer: frozenset[str]) -> str:
    """The group that turns `re`'s own flags from `outer` to `wanted`; or nothing.

    Line ends and greediness are written out where they stand, so one flag remains.
    """
    if ("i" in wanted) == ("i" in outer):
        return ""
    return "(?i:" if "i" in wanted else "(?-i:"
