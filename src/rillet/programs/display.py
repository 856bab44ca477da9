"""What a cell shows: its printed text, displayed objects and figures.

Objects and written text flow in from a running cell; records in the form of nbformat 4
flow out, and a plain text of each goes to the terminal. ``notebook`` owns the one
``Display`` of a run; ``figures`` and the stand-in for ``IPython.display`` reach it by
``current``.
"""

from __future__ import annotations

import base64
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

_MIME_METHODS = {
    "_repr_html_": "text/html",
    "_repr_markdown_": "text/markdown",
    "_repr_svg_": "image/svg+xml",
    "_repr_png_": "image/png",
    "_repr_jpeg_": "image/jpeg",
    "_repr_latex_": "text/latex",
    "_repr_json_": "application/json",
    "_repr_javascript_": "application/javascript",
}


class Tee(io.TextIOBase):
    """A text stream that writes through to the terminal and keeps a record."""

    def __init__(self, display: Display, name: str, stream: TextIO) -> None:
        self._display = display
        self._name = name
        self._stream = stream

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """The encoding of the terminal's stream."""
        return self._stream.encoding

    @property
    def buffer(self) -> Any:
        """The terminal's binary stream; what is written there is not recorded."""
        return self._stream.buffer

    def writable(self) -> bool:
        """Return True."""
        return True

    def fileno(self) -> int:
        """Return the terminal's file descriptor, for processes that are started."""
        return self._stream.fileno()

    def flush(self) -> None:
        """Flush the terminal's stream."""
        self._stream.flush()

    def write(self, text: str) -> int:
        """Write through and record."""
        if not self._display.muted:
            self._stream.write(text)
        self._display.record_text(self._name, text)
        return len(text)


class Display:
    """Collects the outputs of one cell after another."""

    def __init__(self) -> None:
        self.outputs: list[dict[str, Any]] = []
        self.muted = False
        self.terminal: TextIO = sys.stdout
        self._clear_next = False

    def record_text(self, name: str, text: str) -> None:
        """Add printed text; pieces of one stream in a row are one output."""
        self._clear_if_due()
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def show(self, *objects: Any, count: int | None = None) -> None:
        """Record objects in all the forms they have; print their plain text.

        Args:
            objects: what to show.
            count: the cell's number where the object is the cell's result.
        """
        for thing in objects:
            own = getattr(type(thing), "_ipython_display_", None)
            if own is not None:
                own(thing)
                continue
            data, metadata = bundle(thing)
            self.add(data, metadata, count)

    def add(
        self, data: dict[str, Any], metadata: dict[str, Any], count: int | None = None
    ) -> None:
        """Record a bundle of forms of one object, and print the plain one."""
        self._clear_if_due()
        output: dict[str, Any] = {"output_type": "display_data"}
        if count is not None:
            output = {"output_type": "execute_result", "execution_count": count}
        self.outputs.append({**output, "data": data, "metadata": metadata})
        if not self.muted:
            print(data.get("text/plain", ""), file=self.terminal, flush=True)

    def clear(self, wait: bool = False) -> None:
        """Drop the cell's outputs, now or when the next one comes."""
        self._clear_next = wait
        if not wait:
            self.outputs.clear()

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self._clear_next = False
            self.outputs.clear()

    def take(self) -> list[dict[str, Any]]:
        """Return the outputs gathered so far and begin anew."""
        taken, self.outputs = self.outputs, []
        self._clear_next = False
        for output in taken:
            if output["output_type"] == "stream":
                output["text"] = settled(output["text"])
        return taken

    @contextmanager
    def captured(self) -> Iterator[list[dict[str, Any]]]:
        """Keep what a block shows off the terminal and out of the cell's outputs."""
        outer, muted = self.outputs, self.muted
        self.outputs, self.muted = [], True
        try:
            yield self.outputs
        finally:
            self.outputs, self.muted = outer, muted


_current: list[Display] = []


def is_running() -> bool:
    """Tell whether a notebook runs in this process."""
    return bool(_current)


def current() -> Display:
    """Return the display of the notebook that runs.

    Raises:
        RuntimeError: none runs.
    """
    if not _current:
        raise RuntimeError(
            "display: no notebook is running; it works under `rillet run X.ipynb`."
        )
    return _current[-1]


@contextmanager
def entered(display: Display) -> Iterator[Display]:
    """Make a display the current one, and record standard output and error."""
    streams = sys.stdout, sys.stderr
    display.terminal = sys.stdout
    _current.append(display)
    sys.stdout = Tee(display, "stdout", streams[0])
    sys.stderr = Tee(display, "stderr", streams[1])
    try:
        yield display
    finally:
        sys.stdout, sys.stderr = streams
        _current.pop()


def bundle(thing: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an object's forms by MIME type, and their metadata.

    Example:
        >>> bundle(2.5)
        ({'text/plain': '2.5'}, {})
    """
    data: dict[str, Any] = {"text/plain": repr(thing)}
    metadata: dict[str, Any] = {}
    if isinstance(thing, type):
        return data, metadata
    if _is_figure(thing):
        data["image/png"] = _encoded(figure_png(thing))
        return data, metadata
    whole = getattr(type(thing), "_repr_mimebundle_", None)
    if whole is not None:
        made = whole(thing, include=None, exclude=None)
        forms, extra = made if isinstance(made, tuple) else (made, {})
        data.update({mime: _encoded(form) for mime, form in (forms or {}).items()})
        metadata.update(extra or {})
    for method, mime in _MIME_METHODS.items():
        make = getattr(type(thing), method, None)
        form = make(thing) if make is not None and mime not in data else None
        if isinstance(form, tuple):
            form, metadata[mime] = form
        if form is not None:
            data[mime] = _encoded(form)
    return data, metadata


def _encoded(form: Any) -> Any:
    if isinstance(form, bytes):
        return base64.b64encode(form).decode("ascii")
    return form


def _is_figure(thing: Any) -> bool:
    module = sys.modules.get("matplotlib.figure")
    return module is not None and isinstance(thing, module.Figure)


def figure_png(figure: Any) -> bytes:
    """Return a matplotlib figure as a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png", bbox_inches="tight")
    return file.getvalue()


def settled(text: str) -> str:
    r"""Return text as a terminal shows it in the end: ``\r`` and ``\b`` carried out.

    Progress bars write over one line thousands of times; only the last is kept.

    Example:
        >>> settled("1/2\r2/2\nab\bc")
        '2/2\nac'
    """
    return "\n".join(_settled_line(line) for line in text.split("\n"))


def _settled_line(line: str) -> str:
    if "\r" not in line and "\b" not in line:
        return line
    shown: list[str] = []
    at = 0
    for char in line:
        if char == "\r":
            at = 0
        elif char == "\b":
            at = max(0, at - 1)
        else:
            shown[at : at + 1] = [char]
            at += 1
    return "".join(shown)
