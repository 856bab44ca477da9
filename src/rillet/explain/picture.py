"""What every picture offers: it shows itself in notebooks and writes itself to files.

A `Drawing` is SVG written here; a `Plot` is drawn by matplotlib when somebody looks.
"""

from __future__ import annotations

import io
import os
import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rillet.core.errors import house_message

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = np.ndarray[Any, Any]

#: Colours that differ for people who do not tell red from green (Okabe and Ito, 2008).
COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
_DOTS: Final = 110


def refuse(op: str, rule: str, got: Any, fix: str = "") -> ValueError:
    """The error for an argument that no picture can be made of."""
    return ValueError(house_message(op, rule, f"got {got}", fix))


def floats(op: str, called: str, value: Any) -> Array:
    """An argument as an array of numbers.

    Raises:
        ValueError: where it holds something else.
    """
    try:
        return np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise refuse(op, f"{called} must be numbers", repr(value)[:60]) from None


@contextmanager
def beside(path: Any) -> Iterator[Path]:
    """A name beside the file's, whose file takes its place when all went well.

    Raises:
        OSError: where it cannot be written.
    """
    target = Path(os.fspath(path))
    new = target.with_name(f".{secrets.token_hex(6)}.{target.name}")
    try:
        yield new
        os.replace(new, target)
    finally:
        new.unlink(missing_ok=True)


def write(path: Any, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises:
        OSError: where it cannot be written.
    """
    with beside(path) as new:
        new.write_bytes(content)


class Drawing(ABC):
    """A picture of boxes, lines and text.

    Attributes:
        svg: the picture as SVG.
    """

    @property
    @abstractmethod
    def svg(self) -> str:
        """The picture as SVG."""

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, path: Any) -> None:
        """Write the picture to a file.

        Args:
            path: the file's name, which ends in ``.svg`` or ``.html``.

        Raises:
            ValueError: where the name says that it is another kind of picture.
            OSError: where it cannot be written.
        """
        ending = Path(os.fspath(path)).suffix
        if ending not in (".svg", ".html"):
            raise refuse(
                "save",
                "this picture is made of lines and text, and saved as .svg or .html",
                f"{path!r}",
                f"Save it as {Path(os.fspath(path)).stem}.svg; any browser shows it,"
                " and prints it to PDF",
            )
        text = self.svg
        if ending == ".html":
            text = f'<!doctype html><meta charset="utf-8"><body>{text}</body>\n'
        write(path, text.encode())


class Plot(ABC):
    """A picture that matplotlib draws.

    Attributes:
        figure: the matplotlib figure, drawn on first use.
    """

    #: Width and height in inches.
    size: tuple[float, float] = (6.4, 4.0)
    _figure: Figure | None = None

    @abstractmethod
    def _draw(self, figure: Figure) -> None:
        """Draw into an empty figure."""

    @property
    def figure(self) -> Figure:
        """The figure.

        Raises:
            ImportError: where matplotlib is not installed.
        """
        if self._figure is None:
            figure = new_figure(self.size)
            self._draw(figure)
            self._figure = figure
        return self._figure

    def _repr_png_(self) -> bytes:
        return self._bytes("png")

    def _bytes(self, kind: str) -> bytes:
        out = io.BytesIO()
        self.figure.savefig(out, format=kind, dpi=_DOTS)
        return out.getvalue()

    def save(self, path: Any) -> None:
        """Write the picture to a file.

        Args:
            path: the file's name; its ending says the kind: ``.png``, ``.svg``,
                ``.pdf``.

        Raises:
            ValueError: where the ending is none that matplotlib writes.
            OSError: where it cannot be written.
        """
        kind = Path(os.fspath(path)).suffix.lstrip(".")
        known = self.figure.canvas.get_supported_filetypes()
        if kind not in known:
            raise refuse(
                "save",
                "the name's ending says what kind of picture it is",
                f"{path!r}",
                f"End it in one of: {', '.join('.' + k for k in sorted(known))}",
            )
        write(path, self._bytes(kind))


def new_figure(size: tuple[float, float]) -> Figure:
    """An empty figure of matplotlib, which no window knows.

    Raises:
        ImportError: where matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "explain: this picture is drawn by matplotlib, which is not installed;"
            " pip install 'rillet[plots]'"
        ) from error
    figure = Figure(figsize=size, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def largest(value: Any) -> float:
    """The size of the largest number in an array or tensor; 0 where there are none."""
    array = np.asarray(value)
    if array.dtype.kind not in "fiu" or not array.size:
        return 0.0
    return float(np.abs(array.astype(np.float64)).max())


def outside_since(inside: Array) -> int | None:
    """The step since which a path is outside; None where it ends inside.

    Args:
        inside: for each of the path's places whether it lies inside.

    Example:
        >>> outside_since(np.array([True, False, True, False, False]))
        3
        >>> outside_since(np.array([True, False, True]))
    """
    return None if inside[-1] else int(np.flatnonzero(inside).max(initial=-1)) + 1


def number(value: float) -> str:
    """A number as pictures show it.

    Example:
        >>> number(6.0), number(-0.0), number(0.123456), number(1e-9)
        ('6', '0', '0.1235', '1e-09')
    """
    return f"{float(value) + 0.0:.4g}"  # -0.0 + 0.0 is 0.0


def shown(value: Any) -> str:
    """A value in few characters: a number, or type and shape."""
    array = np.asarray(value)
    if array.ndim == 0 and array.dtype.kind in "fiub":
        return number(float(array))
    if array.ndim == 0 and array.dtype.kind == "c":
        return f"{complex(array):.4g}"
    if array.size <= 4 and array.ndim == 1 and array.dtype.kind in "fiub":
        return "[" + ", ".join(number(float(v)) for v in array) + "]"
    dims = ", ".join(map(str, array.shape))
    return f"{array.dtype.name}({dims})"
