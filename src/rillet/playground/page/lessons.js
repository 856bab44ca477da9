// The perceptron's page: the concert, learning point by point, the trainer.

import { placeTicks, ticks } from "./axis.js";
import { drawCurves } from "./chart.js";
import { $, colour, connect, fixed, make, onTheme, sharpen, short, tell } from "./common.js";
import { fullColour } from "./heat.js";

const EDGE = 400;
const CONCERT = [
  ["Is the artist good?", 0.7, true],
  ["Is the weather good?", 0.6, false],
  ["Will a friend come?", 0.5, true],
  ["Is food served?", 0.3, false],
  ["Are drinks served?", 0.4, true],
];

function concert() {
  const rows = CONCERT.map(([question, weight, yes], i) => {
    const on = make("input", { type: "checkbox", checked: yes, "aria-label": question });
    const range = make("input", {
      type: "range", min: 0, max: 1, step: 0.1, value: weight, "aria-label": `Weight: ${question}`,
    });
    const said = make("output", { id: `concert-${i}` });
    on.oninput = range.oninput = decide;
    const cells = [on, question, range, said].map((part) => make("td", {}, part));
    $("concert").append(make("tr", {}, ...cells));
    return { on, range, said };
  });
  function decide() {
    const terms = rows.map(({ on, range, said }) => {
      said.textContent = Number(range.value).toFixed(1);
      return [on.checked ? 1 : 0, Number(range.value)];
    });
    const threshold = Number($("threshold").value);
    // Sums of tenths: as people write them, not as binary fractions.
    const sum = Math.round(terms.reduce((all, [x, w]) => all + x * w * 10, 0)) / 10;
    const yes = sum > threshold;
    $("threshold-said").textContent = threshold.toFixed(1);
    const parts = terms.map(([x, w]) => `${x} × ${w.toFixed(1)}`).join(" + ");
    $("sum").textContent = `${parts} = ${sum.toFixed(1)}`;
    $("verdict").textContent = yes
      ? `${sum.toFixed(1)} > ${threshold.toFixed(1)}: yes, go to the concert.`
      : `${sum.toFixed(1)} is not above ${threshold.toFixed(1)}: no, stay at home.`;
    $("verdict").classList.toggle("yes", yes);
  }
  $("threshold").oninput = decide;
  decide();
}

/** One lesson: its own connection, so that both run side by side. */
class Lesson {
  constructor(prefix, trainer, draw) {
    this.trainer = trainer;
    this.points = null;
    this.frame = null;
    this.seed = 1;
    this.waiting = false;
    this.draw = draw;
    this.send = connect("perceptron", () => this.begin(), (message) => this.heard(message), () => {
      if (this.frame) this.frame.playing = false;
      this.schedule();
    });
    const at = (name) => $(`${prefix}-${name}`);
    this.at = at;
    at("play").onclick = () => this.send(this.frame?.playing ? "pause" : "play");
    at("step").onclick = () => this.send("step");
    at("new").onclick = () => {
      this.seed += 1;
      this.begin();
    };
    at("speed").onchange = () => this.send("pace", { speed: Number(at("speed").value) });
    const { found } = ticks(0, EDGE);
    ["left", "bottom"].forEach((side, i) => placeTicks(at(`ticks-${i}`), found, side));
    onTheme(() => this.schedule());
    addEventListener("resize", () => this.schedule());
  }

  begin() {
    this.send("lesson", { seed: this.seed, trainer: this.trainer });
    this.send("pace", { speed: Number(this.at("speed").value) });
  }

  heard(message) {
    if (message.kind !== "lesson" || message.trainer !== this.trainer) return;
    if (message.arrays) this.frame = message;
    else if (message.seed === this.seed) [this.points, this.frame] = [message, null];
    this.schedule();
  }

  schedule() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      if (!this.frame || !this.points) return;
      this.at("play").textContent = this.frame.playing ? "Pause" : "Play";
      for (const name of ["play", "step"]) this.at(name).disabled = this.frame.finished;
      this.draw(this);
      this.curve();
    });
  }

  curve() {
    const values = Array.from(this.frame.arrays.curve.data);
    const last = Math.max(this.frame.steps, 1);
    const step = last / Math.max(values.length - (this.trainer ? 1 : 0), 1);
    const xs = values.map((_, i) => (i + (this.trainer ? 0 : 1)) * step);
    drawCurves(this.at("curve"), xs, [{ values, colour: "accent" }]);
  }
}

function plane(canvas) {
  const side = canvas.clientWidth;
  const context = sharpen(canvas, side, side);
  const place = (value) => (value / EDGE) * side;
  return {
    dot(x, y, fill, edge) {
      context.beginPath();
      context.arc(place(x), side - place(y), Math.max(3, side / 130), 0, 7);
      context.fillStyle = fill;
      context.fill();
      if (edge) {
        context.strokeStyle = edge;
        context.lineWidth = 2;
        context.stroke();
      }
    },
    line(slope, shift, stroke, dashes) {
      context.strokeStyle = stroke;
      context.lineWidth = 2.5;
      context.setLineDash(dashes);
      context.beginPath();
      context.moveTo(0, side - place(shift));
      context.lineTo(side, side - place(shift + slope * EDGE));
      context.stroke();
      context.setLineDash([]);
    },
  };
}

function drawPattern({ points: { points, desired }, frame, at }) {
  const { weights, steps, mistakes, finished, arrays, first_bias: first } = frame;
  const board = plane(at("plot"));
  points.forEach(([x, y], i) => {
    const guess = arrays.guesses.data[i];
    const wrong = guess !== desired[i];
    board.dot(x, y, fullColour(guess), wrong ? colour("warn") : null);
  });
  board.line(1.2, 50, colour("ink"), []);
  board.line(-weights[0] / weights[1], -weights[2] / weights[1], colour("accent"), [9, 6]);
  at("passes").textContent = steps.toLocaleString("en");
  at("wrong").textContent = `${mistakes} of ${points.length}`;
  weights.forEach((weight, i) => (at(`w${i}`).textContent = fixed(weight, 4)));
  const line =
    "Blue: it guesses above the line; orange: below; ringed: it guesses wrong." +
    " Solid: the true line; dashed: the one it has learned.";
  const trap =
    first > 0
      ? " This start's bias has the wrong sign: it must first creep below zero, 0.00001 a mistake."
      : "";
  const learned = `No mistakes in pass ${steps.toLocaleString("en")}: it has learned the line.`;
  tell(at("said"), finished ? learned : line + trap);
}

function drawTrainer({ points: { x, y }, frame, at }) {
  const board = plane(at("plot"));
  x.forEach((value, i) => board.dot(value, y[i], fullColour(1)));
  board.line(frame.weight, frame.bias, fullColour(0), []);
  at("steps").textContent = frame.steps.toLocaleString("en");
  at("cost").textContent = short(frame.cost);
  at("weight").textContent = short(frame.weight);
  at("bias").textContent = fixed(frame.bias, 4);
  const said = frame.finished
    ? `The cost no longer falls: y = ${fixed(frame.weight, 3)} x ${frame.bias < 0 ? "−" : "+"} ${fixed(Math.abs(frame.bias), 3)}.`
    : "The weight is found in some steps; the bias, whose slope is hundreds of times flatter, takes long.";
  tell(at("said"), said);
}

concert();
new Lesson("p", false, drawPattern);
new Lesson("t", true, drawTrainer);
