// The loss surface: colours by height, contour lines, the path so far.

import { colour, sharpen, short } from "./common.js";
import { put } from "./heat.js";

const LEVELS = 12;
const LOW = [38, 70, 130];
const MIDDLE = [64, 160, 150];
const HIGH = [248, 220, 120];

function shade(share) {
  const [from, to, t] = share < 0.5 ? [LOW, MIDDLE, share * 2] : [MIDDLE, HIGH, share * 2 - 1];
  const [r, g, b] = from.map((value, i) => value + (to[i] - value) * t);
  return ((255 << 24) | (b << 16) | (g << 8) | (r | 0)) >>> 0;
}

const scratch = document.createElement("canvas");

const rgb = (each) => `rgb(${each.join(" ")})`;

/** Say which loss each colour is: the lowest, the one in the middle, the highest. */
function drawScale(scale, low, high) {
  scale.hidden = false;
  scale.querySelector("i").style.background = `linear-gradient(90deg, ${[LOW, MIDDLE, HIGH].map(rgb)})`;
  [low, (low + high) / 2, high].forEach((at, i) => {
    scale.querySelectorAll("span")[i].textContent = short(Math.max(0, Math.exp(at) - 1e-4));
  });
}

/** Draw a plane of the surface, and what its colours mean. */
export function drawSurface(canvas, scale, { arrays }) {
  const side = canvas.clientWidth;
  const context = sharpen(canvas, side, side);
  const { data: losses, shape } = arrays.losses;
  const count = shape[0];
  const finite = losses.filter(Number.isFinite);
  const low = Math.log(Math.min(...finite) + 1e-4);
  const high = Math.log(Math.max(...finite) + 1e-4);
  drawScale(scale, low, high);
  // Heights by their logarithm: a valley's floor would be one colour otherwise.
  const heights = Array.from(losses, (loss) =>
    Number.isFinite(loss) ? (Math.log(loss + 1e-4) - low) / (high - low || 1) : 1,
  );
  put(scratch, count, count, (pixels) => heights.forEach((h, i) => (pixels[i] = shade(h))));
  context.imageSmoothingEnabled = true;
  context.drawImage(scratch, 0, 0, side, side);
  const step = side / count;
  context.strokeStyle = "rgb(255 255 255 / 0.45)";
  context.lineWidth = 1;
  for (let level = 1; level < LEVELS; level++) contour(context, heights, count, level / LEVELS, step);
  path(context, arrays.path, side, step * (count - 1));
}

/** One contour line, square by square. */
function contour(context, heights, count, level, step) {
  context.beginPath();
  for (let row = 0; row + 1 < count; row++) {
    for (let column = 0; column + 1 < count; column++) {
      const at = row * count + column;
      const corners = [
        [column, row, heights[at]],
        [column + 1, row, heights[at + 1]],
        [column + 1, row + 1, heights[at + count + 1]],
        [column, row + 1, heights[at + count]],
      ];
      const cuts = [];
      corners.forEach(([x0, y0, a], i) => {
        const [x1, y1, b] = corners[(i + 1) % 4];
        if (a < level === b < level) return;
        const t = (level - a) / (b - a);
        cuts.push([(x0 + (x1 - x0) * t + 0.5) * step, (y0 + (y1 - y0) * t + 0.5) * step]);
      });
      for (let i = 0; i + 1 < cuts.length; i += 2) {
        context.moveTo(...cuts[i]);
        context.lineTo(...cuts[i + 1]);
      }
    }
  }
  context.stroke();
}

function path(context, { data, shape }, side, span) {
  const x = (value) => side / 2 + (value * span) / 2;
  const y = (value) => side / 2 - (value * span) / 2;
  context.strokeStyle = "#fff";
  context.lineWidth = 2.5;
  context.lineJoin = "round";
  context.beginPath();
  for (let i = 0; i < shape[0]; i++) {
    const place = [x(data[2 * i]), y(data[2 * i + 1])];
    if (i) context.lineTo(...place);
    else context.moveTo(...place);
  }
  context.stroke();
  context.fillStyle = "#d63a4f";
  context.strokeStyle = colour("card");
  context.beginPath();
  context.arc(side / 2, side / 2, 5, 0, 7);
  context.fill();
  context.stroke();
}
