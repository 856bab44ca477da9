"""What the magics of IPython do in a notebook that rillet runs.

The calls that ``cells.plain`` put in place of magic lines flow in; what they set, time
or show happens here. Shell lines, installations and magics that only make sense in
Jupyter are skipped, each noted once on standard error. ``notebook`` owns the object.
"""

from __future__ import annotations

import inspect
import os
import statistics
import sys
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .display import Display

_SILENT = frozenset("matplotlib pylab config precision".split())
_MARKUP = {
    "html": "text/html",
    "HTML": "text/html",
    "markdown": "text/markdown",
    "latex": "text/latex",
    "svg": "image/svg+xml",
    "SVG": "image/svg+xml",
    "javascript": "application/javascript",
    "js": "application/javascript",
}


class Captured:
    """What ``%%capture name`` kept: the text, and the outputs as records."""

    def __init__(self, outputs: list[dict[str, Any]]) -> None:
        self.outputs = outputs

    def _text(self, name: str) -> str:
        streams = (o for o in self.outputs if o["output_type"] == "stream")
        return "".join(o["text"] for o in streams if o["name"] == name)

    @property
    def stdout(self) -> str:
        """What was printed."""
        return self._text("stdout")

    @property
    def stderr(self) -> str:
        """What was written to standard error."""
        return self._text("stderr")

    def __str__(self) -> str:
        return self.stdout

    def show(self) -> None:
        """Print what was captured."""
        sys.stdout.write(self.stdout)
        sys.stderr.write(self.stderr)

    __call__ = show


class Magics:
    """Answers magic and shell lines; also what ``get_ipython()`` returns.

    Args:
        namespace: the notebook's globals.
        display: where outputs go.
        run: runs a piece of source in the notebook's namespace.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        display: Display,
        run: Callable[[str], None],
    ) -> None:
        self.user_ns = namespace
        self._display = display
        self._run = run
        self._noted: set[str] = set()

    def note(self, text: str) -> None:
        """Say once on standard error that something is skipped."""
        if text not in self._noted:
            self._noted.add(text)
            print(f"rillet run: skipped {text}", file=sys.__stderr__, flush=True)

    def expanded(self, text: str) -> str:
        """Return a magic's arguments with ``{expression}`` and ``$name`` filled in."""
        if "{" in text:
            pieces = text.replace("}", "{").split("{")
            for at in range(1, len(pieces), 2):
                pieces[at] = str(eval(pieces[at], self.user_ns))
            text = "".join(pieces)
        words = (
            str(self.user_ns.get(word[1:], word)) if word.startswith("$") else word
            for word in text.split(" ")
        )
        return " ".join(words)

    # The names that cells.plain calls.

    def line(self, name: str, arguments: str = "") -> Any:
        """Carry out ``%name arguments``."""
        if name in _SILENT:
            return None
        method = getattr(self, f"_line_{name}", None)
        if method is not None:
            return method(arguments)
        self.note(f"%{name} {arguments}".rstrip())
        return None

    def shell(self, command: str) -> list[str]:
        """Skip ``!command``; an assignment from it gets no lines."""
        self.note(f"!{command}")
        return []

    def help(self, name: str) -> None:
        """Print what ``name?`` asks for."""
        try:
            thing = eval(name, self.user_ns)
        except (NameError, AttributeError):
            print(f"Object `{name}` not found.")
            return
        try:
            signature = str(inspect.signature(thing))
        except (TypeError, ValueError):
            signature = ""
        print(f"{name}{signature}\n\n{inspect.getdoc(thing) or 'No documentation.'}")

    # The interface that programs use through get_ipython().

    def run_line_magic(self, name: str, line: str) -> Any:
        """Carry out a line magic."""
        return self.line(name, line)

    def magic(self, text: str) -> Any:
        """Carry out a line magic given as one text."""
        name, _, arguments = text.lstrip("%").partition(" ")
        return self.line(name, arguments)

    def run_cell_magic(self, name: str, line: str, cell: str) -> None:
        """Carry out a cell magic."""
        self.cell(name, line, cell)

    def system(self, command: str) -> None:
        """Skip a shell command."""
        self.shell(command)

    def getoutput(self, command: str) -> list[str]:
        """Skip a shell command; it has no output."""
        return self.shell(command)

    # Line magics.

    def _line_time(self, code: str) -> None:
        with self._timed():
            self._run(code)

    def _line_timeit(self, arguments: str) -> None:
        self._timeit(arguments, "pass")

    def _line_cd(self, folder: str) -> None:
        os.chdir(os.path.expanduser(self.expanded(folder).strip("'\"") or "~"))
        print(os.getcwd())

    def _line_pwd(self, _: str) -> str:
        return os.getcwd()

    def _line_env(self, arguments: str) -> Any:
        if not arguments:
            return dict(os.environ)
        name, has_value, value = self.expanded(arguments).partition("=")
        if not has_value:
            name, has_value, value = name.partition(" ")
        if not has_value:
            return os.environ.get(name.strip(), "")
        os.environ[name.strip()] = value.strip()
        print(f"env: {name.strip()}={value.strip()}")
        return None

    _line_set_env = _line_env

    def _line_run(self, arguments: str) -> None:
        path = self.expanded(arguments).split()[0].strip("'\"")
        self._run(Path(path).read_text(encoding="utf-8"))

    # Cell magics.

    def cell(self, name: str, arguments: str, body: str) -> None:
        """Carry out ``%%name arguments`` over the rest of its cell."""
        if name in _MARKUP:
            text = body.removeprefix("\n")
            data = {"text/plain": f"<{_MARKUP[name]}>", _MARKUP[name]: text}
            self._display.add(data, {})
        elif method := getattr(self, f"_cell_{name}", None):
            method(arguments, body)
        elif name in _SILENT:
            self._run(body)
        else:
            self.note(f"cell %%{name} {arguments}".rstrip())

    def _cell_time(self, _: str, body: str) -> None:
        with self._timed():
            self._run(body)

    def _cell_timeit(self, arguments: str, body: str) -> None:
        # As in IPython: code beside the magic is the setup.
        self._timeit(arguments + "\n" + body if arguments[:1] == "-" else body, "pass")

    def _cell_capture(self, arguments: str, body: str) -> None:
        names = [word for word in arguments.split() if not word.startswith("-")]
        with self._display.captured() as outputs:
            self._run(body)
        if names:
            self.user_ns[names[0]] = Captured(outputs)

    def _cell_writefile(self, arguments: str, body: str) -> None:
        words = self.expanded(arguments).split()
        append = any(word in ("-a", "--append") for word in words)
        path = Path(words[-1].strip("'\"")).expanduser()
        verb = "Overwriting" if path.exists() else "Writing"
        print(f"{'Appending to' if append else verb} {path}")
        with open(path, "a" if append else "w", encoding="utf-8") as file:
            file.write(body.removeprefix("\n"))

    _cell_file = _cell_writefile

    # Time.

    @contextmanager
    def _timed(self) -> Iterator[None]:
        wall, before = time.perf_counter(), os.times()
        try:
            yield
        finally:
            after = os.times()
            user, system = after.user - before.user, after.system - before.system
            print(
                f"CPU times: user {_span(user)}, sys: {_span(system)}, "
                f"total: {_span(user + system)}\n"
                f"Wall time: {_span(time.perf_counter() - wall)}"
            )

    def _timeit(self, text: str, setup: str) -> None:
        options, code = _options(text, "nr")
        timer = timeit.Timer(code, setup, globals=self.user_ns)
        count = int(options.get("n", 0)) or timer.autorange()[0]
        repeat = int(options.get("r", 7))
        spans = [total / count for total in timer.repeat(repeat, count)]
        print(
            f"{_span(statistics.fmean(spans))} ± {_span(statistics.pstdev(spans))} "
            f"per loop (mean ± std. dev. of {repeat} runs, {count:,} loops each)"
        )


def _options(text: str, letters: str) -> tuple[dict[str, str], str]:
    """Split ``-n 10 -r3 code`` into its options and the code."""
    options: dict[str, str] = {}
    rest = text.lstrip(" \t")
    while rest.startswith("-") and rest[1:2] in tuple(letters) and rest[1:2]:
        letter = rest[1]
        value, _, rest = rest[2:].lstrip().partition(" ")
        if "\n" in value:
            value, _, after = value.partition("\n")
            rest = f"{after} {rest}"
        options[letter] = value
        rest = rest.lstrip(" \t")
    return options, rest


def _span(seconds: float) -> str:
    """Return a time in the unit that suits it.

    Example:
        >>> _span(0.0025), _span(75.0)
        ('2.5 ms', '1min 15s')
    """
    if seconds >= 60:
        return f"{int(seconds // 60)}min {seconds % 60:.0f}s"
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"
