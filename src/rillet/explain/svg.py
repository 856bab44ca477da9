"""Boxes, circles, lines and text as SVG in the reader's light or dark colours.

The drawings of `rillet.explain` flow through here; out flows text.
"""

from __future__ import annotations

from html import escape
from typing import Final

#: The width of a character of the drawings' text.
CHARACTER: Final = 6.9
_STYLE: Final = """
.rillet-picture { --paper: #ffffff; --ink: #1f2328; --faint: #6a737d; --line: #9aa4b0;
  --op: #eef2f7; --input: #dbeafe; --variable: #fde7c7; --result: #d7f3dd;
  --back: #b3261e; --plus: #0072b2; --minus: #d55e00; background: var(--paper); }
@media (prefers-color-scheme: dark) { .rillet-picture { --paper: #16191d;
  --ink: #e6e9ed; --faint: #9ba5b0; --line: #6a747f; --op: #272d35; --input: #1d3a5f;
  --variable: #5a4217; --result: #1d4a2b; --back: #ff8a80; --plus: #56b4e9;
  --minus: #ff9a4d; } }
.rillet-picture text { font: 11.5px ui-monospace, Menlo, Consolas, monospace;
  fill: var(--ink); text-anchor: middle; }
.rillet-picture .head { font-weight: 600; }
.rillet-picture .faint { fill: var(--faint); }
.rillet-picture .back { fill: var(--back); }
.rillet-picture .label { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.rillet-picture .box { stroke: var(--line); }
.rillet-picture .line { fill: none; stroke: var(--line); stroke-width: 1.3; }
.rillet-picture .arrow { fill: var(--line); }
"""


class Sheet:
    """A drawing in the making.

    Args:
        title: what a screen reader says.
    """

    def __init__(self, title: str) -> None:
        self._title = title
        self._lines: list[str] = []
        self._right = self._bottom = 0.0
        self._left = self._top = 0.0

    def _reach(self, x: float, y: float) -> None:
        self._right, self._bottom = max(self._right, x), max(self._bottom, y)
        self._left, self._top = min(self._left, x), min(self._top, y)

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        kind: str = "op",
        note: str = "",
    ) -> None:
        """A rectangle with its upper left corner at ``(x, y)``."""
        title = f"<title>{escape(note)}</title>" if note else ""
        self._lines.append(
            f'<rect class="box" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}"'
            f' height="{height:.1f}" rx="5" style="fill: var(--{kind})">{title}</rect>'
        )
        self._reach(x, y)
        self._reach(x + width, y + height)

    def circle(
        self, x: float, y: float, radius: float, colour: str, note: str = ""
    ) -> None:
        """A disc of a colour."""
        title = f"<title>{escape(note)}</title>" if note else ""
        self._lines.append(
            f'<circle class="box" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"'
            f' style="fill: {colour}">{title}</circle>'
        )
        self._reach(x - radius, y - radius)
        self._reach(x + radius, y + radius)

    def text(self, x: float, y: float, text: str, kind: str = "") -> None:
        """A line of text around ``x``."""
        cls = f' class="{kind}"' if kind else ""
        self._lines.append(f'<text x="{x:.1f}" y="{y:.1f}"{cls}>{escape(text)}</text>')
        half = len(text) * CHARACTER / 2
        self._reach(x - half, y - 10)
        self._reach(x + half, y + 4)

    def line(
        self,
        places: list[tuple[float, float]],
        arrow: bool = True,
        style: str = "",
        note: str = "",
    ) -> None:
        """A line through some places, with an arrow's head at its end."""
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        tail = ' marker-end="url(#head)"' if arrow else ""
        look = f' style="{style}"' if style else ""
        title = f"<title>{escape(note)}</title>" if note else ""
        self._lines.append(f'<path class="line" d="M{path}"{tail}{look}>{title}</path>')
        for x, y in places:
            self._reach(x, y)

    def path(self, d: str, places: list[tuple[float, float]], style: str = "") -> None:
        """An outline in SVG's own words, and places that it reaches."""
        self._lines.append(f'<path class="box" d="{d}" style="{style}"/>')
        for x, y in places:
            self._reach(x, y)

    def done(self, margin: float = 14.0) -> str:
        """The drawing as SVG."""
        left, top = self._left - margin, self._top - margin
        width = self._right + margin - left
        height = self._bottom + margin - top
        body = "\n".join(self._lines)
        return (
            '<svg xmlns="http://www.w3.org/2000/svg" class="rillet-picture"'
            f' width="{width:.0f}" height="{height:.0f}"'
            f' viewBox="{left:.0f} {top:.0f} {width:.0f} {height:.0f}" role="img">'
            f"<title>{escape(self._title)}</title><style>{_STYLE}</style>"
            '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4"'
            ' markerWidth="7" markerHeight="7" orient="auto-start-reverse">'
            '<path class="arrow" d="M0 0L8 4L0 8z"/></marker></defs>\n'
            f"{body}\n</svg>"
        )
