// The network's picture: inputs, neurons, links; buttons lie over what can be touched.

import { colour, make, onTheme, sharpen, short } from "./common.js";
import { paintValues, put, valueColour } from "./heat.js";

const FEATURES = {
  x1: ["x₁", (a) => a],
  x2: ["x₂", (a, b) => b],
  x1_squared: ["x₁²", (a) => a * a],
  x2_squared: ["x₂²", (a, b) => b * b],
  x1_x2: ["x₁x₂", (a, b) => a * b],
  sin_x1: ["sin x₁", (a) => Math.sin(a)],
  sin_x2: ["sin x₂", (a, b) => Math.sin(b)],
};
const ICON = 25;
const LABEL = 44;

/** The name of an input as people read it. */
export const featureName = (name) => FEATURES[name][0];

const icons = new Map();
onTheme(() => icons.clear());

function icon(name) {
  if (icons.has(name)) return icons.get(name);
  const canvas = document.createElement("canvas");
  const bytes = new Uint8Array(ICON * ICON);
  for (let i = 0; i < bytes.length; i++) {
    const a = (((i % ICON) + 0.5) / ICON) * 12 - 6;
    const b = 6 - ((Math.floor(i / ICON) + 0.5) / ICON) * 12;
    const value = Math.max(-1, Math.min(1, FEATURES[name][1](a, b)));
    bytes[i] = Math.round((value + 1) * 127);
  }
  put(canvas, ICON, ICON, (pixels) => paintValues(bytes, pixels, false));
  icons.set(name, canvas);
  return canvas;
}

/** Where each parameter stands in the flat list of weights. */
function offsets(sizes) {
  const found = [];
  let at = 0;
  for (let layer = 0; layer + 1 < sizes.length; layer++) {
    const kernel = at;
    const bias = kernel + sizes[layer] * sizes[layer + 1];
    at = bias + sizes[layer + 1];
    found.push({ kernel, bias });
  }
  return found;
}

export class Network {
  /**
   * `stage` is the element to draw in; `ask` has the functions
   * feature(name), layers(hidden), watch(layer, unit), neuron(layer, unit, place),
   * link(layer, from, to, place).
   */
  constructor(stage, ask) {
    this.stage = stage;
    this.ask = ask;
    this.canvas = make("canvas", { "aria-hidden": "true" });
    this.buttons = make("div", { class: "nodes" });
    this.tip = make("div", { class: "tip", hidden: true });
    stage.append(this.canvas, this.buttons, this.tip);
    this.atlas = document.createElement("canvas");
    this.settings = null;
    this.frame = null;
    this.hovered = null;
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerleave", () => this.#hover(null));
    stage.addEventListener("click", (event) => this.#click(event));
  }

  /** Take other settings: lay out columns and buttons. */
  show(settings) {
    this.settings = settings;
    this.frame = null;
    this.layout();
  }

  get sizes() {
    return [this.settings.features.length, ...this.settings.layers];
  }

  /** How high the stage may be without making its row higher. */
  #room() {
    const { right, top } = this.stage.getBoundingClientRect();
    const beside = document.querySelector(".out").getBoundingClientRect();
    if (beside.left < right) return 0;
    const last = document.querySelector(".out .checks").getBoundingClientRect();
    return last.bottom - top - 12;
  }

  layout() {
    if (!this.settings) return;
    const { hidden, layers, features } = this.settings;
    const width = this.stage.clientWidth;
    const columns = layers.length + 1;
    const room = width - LABEL;
    const pitch = room / columns;
    const most = Math.max(7, ...layers);
    const large = width > 760 ? 54 : width > 520 ? 46 : 40;
    const size = Math.max(18, Math.min(large, pitch * 0.62, most > 8 ? 300 / most + 8 : large));
    const gap = most > 10 ? 5 : 12;
    const head = 78;
    const spread = columns > 1 ? (room - size) / (columns - 1) : 0;
    const x = (column) => LABEL + Math.min(spread, 290) * column;
    const free = (this.#room() - head - size) / Math.max(most - 1, 1) - size;
    const step = size + Math.max(gap, Math.min(free, size));
    const y = (row) => head + row * step;
    this.size = size;
    const names = Object.keys(FEATURES);
    const inputs = names.map((name, row) => ({ name, x: x(0), y: y(row) }));
    const rows = layers.map((units, layer) =>
      Array.from({ length: units }, (_, unit) => ({ layer, unit, x: x(layer + 1), y: y(unit) })),
    );
    this.height = y(most - 1) + size + 8;
    this.stage.style.height = `${this.height}px`;
    this.inputs = inputs;
    const active = inputs.filter((input) => features.includes(input.name));
    this.columns = [active, ...rows];
    this.offsets = offsets(this.sizes);
    this.#makeButtons(hidden, x, size);
    this.draw();
  }

  #makeButtons(hidden, x, size) {
    const focused = document.activeElement?.dataset?.key;
    const parts = [];
    const placed = (element, left, top, width, height) => {
      Object.assign(element.style, {
        left: `${left}px`,
        top: `${top}px`,
        width: `${width}px`,
        height: `${height}px`,
      });
      parts.push(element);
    };
    const { features } = this.settings;
    for (const input of this.inputs) {
      const on = features.includes(input.name);
      const button = make(
        "button",
        {
          class: "node input",
          type: "button",
          "aria-pressed": String(on),
          "aria-label": `Input ${featureName(input.name)}`,
          "data-key": `input-${input.name}`,
          onclick: () => this.ask.feature(input.name),
        },
        make("span", {}, featureName(input.name)),
      );
      placed(button, 0, input.y, LABEL + size, size);
    }
    hidden.forEach((units, layer) => this.#layerButtons(layer, units, x(layer + 1), placed));
    this.columns.slice(1).forEach((column, layer) => {
      for (const node of column) placed(this.#nodeButton(node, layer), node.x, node.y, size, size);
    });
    this.buttons.replaceChildren(...parts);
    if (focused) this.buttons.querySelector(`[data-key="${focused}"]`)?.focus();
  }

  #layerButtons(layer, units, left, placed) {
    const hidden = this.settings.hidden;
    const change = (by) => {
      const wanted = [...hidden];
      wanted[layer] += by;
      this.ask.layers(wanted);
    };
    const button = (text, by, label, off) =>
      make(
        "button",
        {
          type: "button",
          class: "count",
          "aria-label": `${label} layer ${layer + 1}`,
          "data-key": `${text}${layer}`,
          disabled: off,
          onclick: () => change(by),
        },
        text,
      );
    const box = make(
      "div",
      { class: "layer" },
      button("+", 1, "Add a neuron to", units >= 32),
      make("output", { "aria-label": `Neurons in layer ${layer + 1}` }, String(units)),
      button("−", -1, "Take a neuron from", units <= 1),
    );
    placed(box, left + this.size / 2 - 15, 0, 30, 70);
  }

  #nodeButton({ unit }, layer) {
    const output = layer === this.settings.layers.length - 1;
    const name = output ? `Output ${unit + 1}` : `Neuron ${unit + 1} of layer ${layer + 1}`;
    const watch = () => this.ask.watch(output && !this.settings.softmax ? -1 : layer, unit);
    return make("button", {
      class: "node",
      type: "button",
      "aria-label": `${name}: show and edit`,
      "data-key": `node-${layer}-${unit}`,
      onpointerenter: watch,
      onpointerleave: () => this.ask.watch(-1, 0),
      onfocus: watch,
      onblur: () => this.ask.watch(-1, 0),
      onclick: (event) => {
        event.stopPropagation();
        this.ask.neuron(layer, unit, event.currentTarget);
      },
    });
  }

  /** Take a picture of the server's. */
  update(frame) {
    if (frame.layers.join() !== this.settings.layers.join()) return;
    if (frame.inputs !== this.settings.features.length) return;
    this.frame = frame;
    this.draw();
  }

  weight(layer, from, to) {
    const { kernel } = this.offsets[layer];
    return this.frame.arrays.weights.data[kernel + from * this.sizes[layer + 1] + to];
  }

  bias(layer, to) {
    return this.frame.arrays.weights.data[this.offsets[layer].bias + to];
  }

  draw() {
    if (!this.settings) return;
    const width = this.stage.clientWidth;
    this.canvas.style.width = `${width}px`;
    this.canvas.style.height = `${this.height}px`;
    const context = sharpen(this.canvas, width, this.height);
    if (this.frame) this.#drawLinks(context);
    this.#drawInputs(context);
    if (this.frame) this.#drawNeurons(context);
  }

  #link(layer, from, to) {
    const a = this.columns[layer][from];
    const b = this.columns[layer + 1][to];
    const half = this.size / 2;
    return [a.x + this.size, a.y + half, b.x, b.y + half];
  }

  #drawLinks(context) {
    const many = this.sizes.reduce((sum, n, i, all) => sum + n * (all[i + 1] ?? 0), 0) > 600;
    for (let layer = 0; layer + 1 < this.columns.length; layer++) {
      for (let from = 0; from < this.columns[layer].length; from++) {
        for (let to = 0; to < this.columns[layer + 1].length; to++) {
          const weight = this.weight(layer, from, to);
          if (!Number.isFinite(weight)) continue;
          const [x0, y0, x1, y1] = this.#link(layer, from, to);
          const chosen = this.hovered?.key === `${layer}.${from}.${to}`;
          context.strokeStyle = chosen ? colour("ink") : valueColour(weight);
          const wide = Math.min(9, 0.4 + Math.abs(weight) * 1.9);
          context.lineWidth = many ? Math.min(wide, 3) : wide;
          context.beginPath();
          context.moveTo(x0, y0);
          const bend = (x1 - x0) / 2;
          context.bezierCurveTo(x0 + bend, y0, x1 - bend, y1, x1, y1);
          context.stroke();
        }
      }
    }
  }

  #drawInputs(context) {
    for (const input of this.inputs) {
      const on = this.settings.features.includes(input.name);
      context.globalAlpha = on ? 1 : 0.3;
      context.drawImage(icon(input.name), input.x, input.y, this.size, this.size);
      context.globalAlpha = 1;
      this.#border(context, input, on);
    }
  }

  #drawNeurons(context) {
    const { small } = this.frame.arrays;
    const [count, side] = small.shape;
    const paint = (pixels) => paintValues(small.data, pixels, this.settings.discrete);
    put(this.atlas, side, side * count, paint);
    let at = 0;
    this.columns.slice(1).forEach((column, layer) => {
      for (const node of column) {
        const { x, y } = node;
        const all = [0, side * at, side, side, x, y, this.size, this.size];
        context.drawImage(this.atlas, ...all);
        this.#border(context, node, true);
        const bias = this.bias(layer, node.unit);
        context.fillStyle = valueColour(bias);
        context.strokeStyle = colour("card");
        context.lineWidth = 1;
        context.fillRect(x - 4, y + this.size - 4, 8, 8);
        context.strokeRect(x - 4, y + this.size - 4, 8, 8);
        at++;
      }
    });
  }

  #border(context, { x, y }, on) {
    context.strokeStyle = colour(on ? "ink" : "line");
    context.lineWidth = 1;
    context.strokeRect(x + 0.5, y + 0.5, this.size - 1, this.size - 1);
  }

  #near(event) {
    if (!this.frame) return null;
    const box = this.stage.getBoundingClientRect();
    const px = event.clientX - box.left;
    const py = event.clientY - box.top;
    let best = null;
    for (let layer = 0; layer + 1 < this.columns.length; layer++) {
      const a = this.columns[layer][0];
      const b = this.columns[layer + 1][0];
      if (!a || px < a.x + this.size || px > b.x) continue;
      for (let from = 0; from < this.columns[layer].length; from++) {
        for (let to = 0; to < this.columns[layer + 1].length; to++) {
          const [x0, y0, x1, y1] = this.#link(layer, from, to);
          // The curve's own equations: x is 1.5 t (1 - t) + t³ of the way, y 3t² - 2t³.
          const share = (px - x0) / (x1 - x0);
          let t = share;
          for (let i = 0; i < 4; i++) {
            const value = 1.5 * t * (1 - t) + t ** 3 - share;
            t -= value / (1.5 - 3 * t + 3 * t * t);
          }
          const far = Math.abs(y0 + (y1 - y0) * (3 * t * t - 2 * t ** 3) - py);
          if (far < 7 && (!best || far < best.far)) best = { far, layer, from, to, px, py };
        }
      }
    }
    return best && { ...best, key: `${best.layer}.${best.from}.${best.to}` };
  }

  #move(event) {
    if (event.target !== this.stage && event.target !== this.canvas) return this.#hover(null);
    return this.#hover(this.#near(event));
  }

  #hover(link) {
    const changed = link?.key !== this.hovered?.key;
    this.hovered = link;
    this.stage.style.cursor = link ? "pointer" : "";
    this.tip.hidden = !link;
    if (link) {
      this.tip.textContent = `weight ${short(this.weight(link.layer, link.from, link.to))}`;
      this.tip.style.left = `${Math.max(0, Math.min(link.px, this.stage.clientWidth - 110))}px`;
      this.tip.style.top = `${link.py + 14}px`;
    }
    if (changed) this.draw();
  }

  #click(event) {
    const link = this.#near(event);
    if (link && (event.target === this.stage || event.target === this.canvas)) {
      this.ask.link(link.layer, link.from, link.to, event);
    }
  }
}
