// Curves: losses by epoch, mistakes by pass, cost by iteration.

import { colour, plain, sharpen } from "./common.js";

function label(value) {
  if (value === 0) return "0";
  if (value >= 1e6 || value < 0.001) return plain(value.toExponential(1));
  return (+value.toPrecision(3)).toLocaleString("en");
}

/**
 * Draw curves into a canvas.
 * `xs` are places; each of `lines` is { values, colour }, a name in the style sheet.
 */
export function drawCurves(canvas, xs, lines) {
  const { width, height } = canvas.getBoundingClientRect();
  const context = sharpen(canvas, width, height);
  const left = 46;
  const bottom = 18;
  const last = xs.length ? xs[xs.length - 1] : 0;
  let top = 0;
  for (const { values } of lines) {
    for (const value of values) if (Number.isFinite(value) && value > top) top = value;
  }
  top = top || 1;
  const x = (value) => left + ((width - left - 6) * value) / Math.max(last, 1);
  const y = (value) => 6 + (height - bottom - 6) * (1 - value / top);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colour("muted");
  context.strokeStyle = colour("line");
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  for (const share of [0, 0.5, 1]) {
    context.beginPath();
    context.moveTo(left, y(top * share));
    context.lineTo(width - 6, y(top * share));
    context.stroke();
    context.fillText(label(top * share), left - 5, y(top * share));
  }
  context.textBaseline = "bottom";
  context.fillText(last.toLocaleString("en"), width - 6, height);
  for (const line of lines) {
    context.strokeStyle = colour(line.colour);
    context.lineWidth = 1.8;
    context.lineJoin = "round";
    context.beginPath();
    let drawn = false;
    line.values.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      if (drawn) context.lineTo(x(xs[i]), y(value));
      else context.moveTo(x(xs[i]), y(value));
      drawn = true;
    });
    context.stroke();
    if (line.values.length === 1 && drawn) {
      // A line of one place has no length.
      context.fillStyle = colour(line.colour);
      context.beginPath();
      context.arc(x(xs[0]), y(line.values[0]), 3, 0, 7);
      context.fill();
    }
  }
}
