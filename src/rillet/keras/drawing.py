"""Boxes and arrows drawn without Graphviz: as SVG, or by matplotlib.

In: a picture of ranked boxes. Out: text or bytes of a format. `plotting` calls it.
"""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from rillet.core.errors import house_message

#: Sizes in points: of a letter, of a line, of the room inside and between boxes.
_LETTER, _LINE, _PAD, _GAP = 6.6, 18.0, 10.0, 34.0


class _Placed:
    """A box with its place: left, top, width, height."""

    __slots__ = ("box", "height", "left", "top", "width")

    def __init__(self, box: Any) -> None:
        self.box = box
        longest = max(len("  ".join(row)) for row in box.rows)
        self.width = longest * _LETTER + 2 * _PAD
        self.height = len(box.rows) * _LINE + _PAD
        self.left = self.top = 0.0

    @property
    def middle(self) -> float:
        """Where arrows come in and go out."""
        return self.left + self.width / 2


def _laid_out(picture: Any) -> tuple[dict[str, _Placed], float, float]:
    """The boxes in lines by rank, each line in the middle; and the size of all."""
    placed = {box.key: _Placed(box) for box in picture.boxes}
    lines: dict[int, list[_Placed]] = {}
    for item in placed.values():
        lines.setdefault(item.box.rank, []).append(item)
    sideways = picture.rankdir in ("LR", "RL")
    sizes = {
        rank: sum((p.height if sideways else p.width) + _GAP for p in line) - _GAP
        for rank, line in lines.items()
    }
    across = max(sizes.values(), default=0.0)
    along = _GAP / 2
    for rank in sorted(lines):
        place = (across - sizes[rank]) / 2 + _GAP / 2
        deepest = 0.0
        for item in lines[rank]:
            item.left, item.top = (along, place) if sideways else (place, along)
            place += (item.height if sideways else item.width) + _GAP
            deepest = max(deepest, item.width if sideways else item.height)
        along += deepest + _GAP
    whole = across + _GAP
    return (placed, along, whole) if sideways else (placed, whole, along)


def _ends(picture: Any, a: _Placed, b: _Placed) -> tuple[float, float, float, float]:
    """Where an arrow begins and ends."""
    if picture.rankdir in ("LR", "RL"):
        return a.left + a.width, a.top + a.height / 2, b.left, b.top + b.height / 2
    return a.middle, a.top + a.height, b.middle, b.top


def svg_of(picture: Any) -> str:
    """A picture as SVG.

    Args:
        picture: boxes and arrows.
    """
    placed, width, height = _laid_out(picture)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}"'
        f' height="{height:.0f}" font-family="monospace" font-size="11">',
        '<defs><marker id="head" markerWidth="8" markerHeight="8" refX="7" refY="3"'
        ' orient="auto"><path d="M0,0 L7,3 L0,6 z"/></marker></defs>',
    ]
    for source, target in picture.arrows:
        x, y, u, v = _ends(picture, placed[source], placed[target])
        lines.append(
            f'<line x1="{x:.1f}" y1="{y:.1f}" x2="{u:.1f}" y2="{v:.1f}"'
            ' stroke="black" marker-end="url(#head)"/>'
        )
    for item in placed.values():
        lines.append(
            f'<rect x="{item.left:.1f}" y="{item.top:.1f}" width="{item.width:.1f}"'
            f' height="{item.height:.1f}" fill="white" stroke="black"/>'
        )
        for number, row in enumerate(item.box.rows):
            y = item.top + _PAD / 2 + (number + 0.7) * _LINE
            text = escape("  ".join(row))
            lines.append(
                f'<text x="{item.middle:.1f}" y="{y:.1f}" text-anchor="middle"'
                f' xml:space="preserve">{text}</text>'
            )
    return "\n".join([*lines, "</svg>"]) + "\n"


def painted(picture: Any, kind: str) -> bytes:
    """A picture drawn by matplotlib.

    Args:
        picture: boxes and arrows.
        kind: the format, such as ``"png"``.

    Raises:
        ImportError: where matplotlib is not installed.
        ValueError: where it does not know the format.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.patches import Rectangle
    except ImportError:
        raise ImportError(
            house_message(
                "plot_model",
                "pictures need the program `dot` of graphviz, or matplotlib",
                "neither is installed",
                "pip install matplotlib, or let the file end in .svg, which needs none",
            )
        ) from None
    placed, width, height = _laid_out(picture)
    figure = Figure(figsize=(width / 72, height / 72), dpi=picture.dpi)
    FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    for source, target in picture.arrows:
        x, y, u, v = _ends(picture, placed[source], placed[target])
        arrow = {"arrowstyle": "->", "zorder": 1}
        axes.annotate("", (u, v), (x, y), arrowprops=arrow, zorder=1)
    for item in placed.values():
        corner = (item.left, item.top)
        size = (item.width, item.height)
        axes.add_patch(Rectangle(corner, *size, fc="white", ec="k", zorder=2))
        for number, row in enumerate(item.box.rows):
            y = item.top + _PAD / 2 + (number + 0.5) * _LINE
            axes.text(
                item.middle,
                y,
                "  ".join(row),
                ha="center",
                va="center",
                family="monospace",
                fontsize=9,
                zorder=3,
            )
    out = io.BytesIO()
    figure.savefig(out, format=kind)
    return out.getvalue()
