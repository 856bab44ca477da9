"""A player: points that move from stage to stage, as HTML that needs nothing else.

In: stages of points, all in the same order, and what is said of each. Out: HTML with a
button and a slider, in the reader's light or dark colours. `planes` calls it.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from html import escape
from typing import Final

import numpy as np

from rillet.explain.picture import Array

#: Height and width of the picture; points keep the margin free.
_SIDE: Final = 400
_MARGIN: Final = 14
#: How long the way to the next stage takes, in milliseconds.
_PACE: Final = 1200

_STYLE: Final = """
.rillet-player { --paper: #ffffff; --ink: #1f2328; --line: #9aa4b0; --first: #0072b2;
  --second: #d55e00; background: var(--paper); color: var(--ink); width: 420px;
  max-width: 100%; box-sizing: border-box; padding: 10px;
  font: 14px ui-sans-serif, system-ui, sans-serif; }
@media (prefers-color-scheme: dark) { .rillet-player { --paper: #16191d;
  --ink: #e6e9ed; --line: #6a747f; --first: #56b4e9; --second: #ff9a4d;
  color-scheme: dark; } }
.rillet-player svg { display: block; width: 100%; border: 1px solid var(--line);
  box-sizing: border-box; }
.rillet-player .of0 { fill: var(--first); }
.rillet-player .of1 { fill: var(--second); }
.rillet-player output { display: block; padding: 6px 0; }
.rillet-player form { display: flex; gap: 10px; margin: 0; }
.rillet-player button { min-width: 80px; font: inherit; }
.rillet-player input { flex: 1; min-width: 0; }
"""

_SCRIPT: Final = """(() => {
  const root = document.getElementById("ROOT");
  if (!root) return;
  const stages = STAGES, says = SAYS, end = stages.length - 1;
  const dots = [...root.querySelectorAll("circle")];
  const [button, slider, said] = ["button", "input", "output"].map(
    (name) => root.querySelector(name));
  let at = 0, last = null, playing = false;
  const show = () => {
    const low = Math.min(Math.floor(at), end), high = Math.min(low + 1, end);
    const t = at - low, part = t * t * (3 - 2 * t);
    dots.forEach((dot, k) => {
      const [a, b] = [stages[low], stages[high]];
      dot.setAttribute("cx", a[2 * k] + part * (b[2 * k] - a[2 * k]));
      dot.setAttribute("cy", a[2 * k + 1] + part * (b[2 * k + 1] - a[2 * k + 1]));
    });
    // Written where it changes, so that it is read out once and not at each picture.
    const text = says[Math.round(at)];
    if (said.textContent !== text) said.textContent = text;
    slider.setAttribute("aria-valuetext", text);
    slider.value = at;
  };
  const play = (on) => {
    playing = on;
    last = null;
    button.textContent = on ? "Pause" : "Play";
    if (on) requestAnimationFrame(tick);
  };
  const tick = (now) => {
    if (!playing || !root.isConnected) return;
    if (last !== null) at = Math.min(at + (now - last) / PACE, end);
    last = now;
    show();
    if (at < end) requestAnimationFrame(tick); else play(false);
  };
  button.addEventListener("click", () => {
    if (!playing && at >= end) at = 0;
    play(!playing);
  });
  slider.addEventListener("input", () => {
    play(false);
    at = Number(slider.value);
    show();
  });
  show();
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) play(true);
})();"""


def played(
    title: str, stages: Sequence[Array], labels: Array, says: Sequence[str]
) -> str:
    """Points on their way, as a piece of HTML that plays when it is shown.

    Args:
        title: what a screen reader says.
        stages: ``(n, 2)`` each; each fills the picture.
        labels: which of two colours each point has, 0 or 1.
        says: a line for each stage.
    """
    rows = [_placed(stage) for stage in stages]
    root = f"rillet-{secrets.token_hex(6)}"
    dots = "".join(
        f'<circle class="of{int(label)}" cx="{x}" cy="{y}" r="2.6"/>'
        for (x, y), label in zip(rows[0].tolist(), labels, strict=True)
    )
    script = (
        _SCRIPT.replace("ROOT", root)
        .replace("STAGES", json.dumps([r.ravel().tolist() for r in rows]))
        .replace("SAYS", json.dumps(list(says)).replace("<", "\\u003c"))
        .replace("PACE", str(_PACE))
    )
    return (
        f'<div class="rillet-player" id="{root}"><style>{_STYLE}</style>'
        f'<svg viewBox="0 0 {_SIDE} {_SIDE}" role="img"><title>{escape(title)}</title>'
        f"{dots}</svg><output>{escape(says[0])}</output>"
        '<form onsubmit="return false"><button type="button">Play</button>'
        f'<input type="range" min="0" max="{len(rows) - 1}" step="any" value="0"'
        f' aria-label="stage"></form></div>\n<script>{script}</script>'
    )


def _placed(points: Array) -> Array:
    """Points in the picture's places, y upwards."""
    low, high = points.min(axis=0), points.max(axis=0)
    unit = (points - low) / np.where(high > low, high - low, 1.0)
    unit[:, 1] = 1.0 - unit[:, 1]
    return np.round(_MARGIN + unit * (_SIDE - 2 * _MARGIN), 1)
