// The sets of points, with small pictures to choose them by.

import { make } from "./common.js";
import { fullColour, valueColour } from "./heat.js";

/** Their names for people, by their names in settings. */
export const SETS = {
  circle: "Circle",
  xor: "Exclusive or",
  gauss: "Gaussian",
  spiral: "Spiral",
  clouds: "Clouds",
  arms: "Arms",
  plane: "Plane",
  hills: "Hills",
};

const SIDE = 40;

function around(radius, turns, start, count, scale) {
  return Array.from({ length: count }, (_, i) => {
    const share = i / count;
    const angle = start + turns * share * 2 * Math.PI;
    const far = radius * (1 - scale + scale * share);
    return [far * Math.sin(angle), far * Math.cos(angle)];
  });
}

function field(value) {
  const found = [];
  for (let i = 0; i < 49; i++) {
    const x = (i % 7) / 3 - 1;
    const y = 1 - Math.floor(i / 7) / 3;
    found.push([x * 0.9, y * 0.9, value(x, y)]);
  }
  return found;
}

const dots = {
  circle: () => [
    ...around(0.85, 1, 0, 20, 0).map((p) => [...p, 0]),
    ...around(0.35, 1, 0, 8, 0).map((p) => [...p, 1]),
  ],
  xor: () => field((x, y) => (x && y ? (x * y > 0 ? 1 : 0) : -1)).filter((p) => p[2] >= 0),
  gauss: () => [
    ...around(0.4, 3, 0, 14, 0.9).map(([x, y]) => [x + 0.45, y + 0.45, 1]),
    ...around(0.4, 3, 1, 14, 0.9).map(([x, y]) => [x - 0.45, y - 0.45, 0]),
  ],
  spiral: () => [
    ...around(0.9, 1.5, 0, 22, 1).map((p) => [...p, 1]),
    ...around(0.9, 1.5, Math.PI, 22, 1).map((p) => [...p, 0]),
  ],
  clouds: () =>
    [0, 1, 2].flatMap((k) => {
      const turn = (2 * Math.PI * k) / 3;
      return around(0.28, 3, k, 10, 0.9).map(([x, y]) => [
        x + 0.5 * Math.sin(turn),
        y + 0.5 * Math.cos(turn),
        k,
      ]);
    }),
  arms: () =>
    [0, 1, 2].flatMap((k) =>
      around(0.9, 0.8, (2 * Math.PI * k) / 3, 14, 0.9).map((p) => [...p, k]),
    ),
  plane: () => field((x, y) => (x + y) / 2),
  hills: () => field((x, y) => Math.cos(x * 3.1) * Math.sign(y)),
};

/** A small picture of a set. */
export function setIcon(name) {
  const canvas = make("canvas", { width: SIDE * 2, height: SIDE * 2, "aria-hidden": "true" });
  const context = canvas.getContext("2d");
  const values = name === "plane" || name === "hills";
  for (const [x, y, label] of dots[name]()) {
    context.fillStyle = values ? valueColour(label) : fullColour(label);
    context.beginPath();
    context.arc(SIDE * (1 + x * 0.92), SIDE * (1 - y * 0.92), values ? 4 : 3.4, 0, 7);
    context.fill();
  }
  return canvas;
}
