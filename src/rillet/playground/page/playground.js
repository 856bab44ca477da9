// The playground: controls to messages, pictures to canvases.

import { placeTicks, ticks } from "./axis.js";
import { drawCurves } from "./chart.js";
import { $, colour, connect, make, notice, onTheme, save, sharpen, short } from "./common.js";
import { classColour, paintClasses, paintValues, pointColour, put } from "./heat.js";
import { Editor } from "./editor.js";
import { Network } from "./network.js";
import { OwnData } from "./own.js";
import { setIcon, SETS } from "./sets.js";
import { drawSurface } from "./surface.js";

const RATES = [1e-5, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const PENALTY_RATES = [0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const SELECTS = ["speed", "activation", "optimizer", "penalty", "output"];
const SLIDERS = ["classes", "share", "noise", "batch"];
const UNITS = { share: " %" };

let state = null;
let frame = null;
let surface = null;
let waiting = false;
let shownHash = "";
let watched = "-1.0";
let lastTold = 0;
// Tests and the curious read how many pictures were drawn.
const stats = (window.playgroundStats = { frames: 0, messages: 0 });

const send = connect("playground", open, heard, () => {
  if (!frame) return;
  frame.playing = false;
  schedule();
});
const change = (changes) => send("set", { changes });

function open() {
  send("open", { address: location.hash.slice(1) });
  send("surface", { on: $("surface-panel").open });
  const [layer, unit] = watched.split(".").map(Number);
  send("watch", { layer, unit });
}

function heard(message) {
  stats.messages++;
  if (message.kind === "frame") {
    frame = message;
    schedule();
  } else if (message.kind === "surface") {
    surface = message;
    schedule();
  } else if (message.kind === "state") {
    // What was wrong or lost before is so no longer.
    notice("");
    takeState(message);
  } else if (message.kind === "address") {
    putAddress(message.address);
  } else if (message.kind === "code") {
    $("code").textContent = message.text;
  } else if (message.kind === "file") {
    save(message.name, message.rest, "application/x-hdf5");
  } else if (message.kind === "columns") {
    own.columns(message.names, message.chosen);
  } else if (message.kind === "error") {
    own.refused();
  }
}

function putAddress(address) {
  shownHash = `#${address}`;
  // Browsers allow so many calls in a row; a link that is one second old does no harm.
  try {
    history.replaceState(null, "", shownHash);
  } catch {
    shownHash = location.hash;
  }
}

function takeState(message) {
  state = message;
  putAddress(message.address);
  const { settings } = message;
  for (const name of SELECTS) $(name).value = settings[name];
  for (const [name, values] of [["rate", RATES], ["penalty_rate", PENALTY_RATES]]) {
    fillRates($(name), values, settings[name]);
  }
  for (const name of SLIDERS) {
    $(name).value = settings[name];
    $(`${name}-said`).textContent = settings[name] + (UNITS[name] ?? "");
  }
  for (const name of ["test", "discrete"]) $(name).checked = settings[name];
  for (const input of document.querySelectorAll('input[name="set"]')) {
    input.checked = input.value === settings.data;
  }
  $("classes-row").hidden = !["clouds", "arms"].includes(settings.data);
  $("output").value = settings.softmax ? "softmax" : "single";
  $("output").disabled = settings.regression || settings.class_count > 2;
  $("penalty_rate").disabled = settings.penalty === "none";
  for (const name of ["noise", "regenerate"]) $(name).disabled = settings.data === "own";
  $("depth").textContent = settings.hidden.length;
  $("layers-word").textContent = settings.hidden.length === 1 ? "hidden layer" : "hidden layers";
  $("fewer").disabled = settings.hidden.length === 0;
  $("more").disabled = settings.hidden.length >= 10;
  $("data-note").textContent = message.own.note;
  own.state(message);
  editor.close();
  legend();
  axes();
  inputs();
  network.show(settings);
  frame = null;
  schedule();
}

function fillRates(select, values, value) {
  const all = values.includes(value) ? values : [...values, value].sort((a, b) => a - b);
  const options = all.map((rate) => make("option", { value: rate }, String(rate)));
  select.replaceChildren(...options);
  select.value = String(value);
}

function legend() {
  const { settings, own: mine } = state;
  const items = [];
  const item = (fill, text) => {
    const mark = make("i");
    mark.style.background = fill;
    items.push(make("span", {}, mark, text));
  };
  if (settings.regression) {
    const [name, centre, scale] = mine.axes?.[2] ?? ["", 0, 1];
    const { found, unit } = ticks(centre - scale, centre + scale);
    if (name) items.push(make("span", {}, `${name}${unit}:`));
    for (const { at, label } of found) item(pointColour(at * 2 - 1), label);
  } else {
    const names = mine.classes.length ? mine.classes : null;
    for (let k = 0; k < settings.class_count; k++) {
      item(classColour(k), names ? names[k] : settings.softmax ? `class ${k}` : ["−1", "1"][k]);
    }
  }
  $("legend").replaceChildren(...items);
}

/** Say which columns of people's data the inputs are. */
function inputs() {
  const names = (state.own.axes ?? []).slice(0, 2).map(([name]) => name);
  const said = names.map((name, at) => (name === `x${at + 1}` ? "" : `${["x₁", "x₂"][at]} is ${name}`));
  $("inputs-said").textContent = said.filter(Boolean).join("; ");
}

function axes() {
  const named = ["x₁", "x₂"].map((usual, at) => {
    const [name, centre, scale] = state.own.axes?.[at] ?? [`x${at + 1}`, 0, 1];
    const { found, unit } = ticks(centre - 6 * scale, centre + 6 * scale);
    placeTicks($(`ticks-${at}`), found, at ? "bottom" : "left");
    return `${name === `x${at + 1}` ? usual : name}${unit}`;
  });
  $("axis-name").textContent = `${named[0]} →`;
  $("axis-up").textContent = `↑ ${named[1]}`;
  $("map").setAttribute("aria-label", `What the network says, by ${named.join(" and ")}`);
}

function schedule() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
}

function draw() {
  if (!state) return;
  if (frame) {
    drawFrame();
    frame.drawn = true;
  }
  if (surface && $("surface-panel").open && !surface.drawn) {
    surface.drawn = true;
    const { reach, epoch } = surface;
    const { found } = ticks(-reach, reach);
    ["left", "bottom"].forEach((side, at) => placeTicks($(`surface-${at}`), found, side));
    drawSurface($("surface"), $("surface-scale"), surface);
    $("surface-said").textContent = `Around the weights of epoch ${epoch.toLocaleString("en")}.`;
  }
  drawDots();
}

function drawFrame() {
  stats.frames++;
  const { arrays, epoch, train, test, playing } = frame;
  $("epoch").textContent = epoch.toLocaleString("en", { minimumIntegerDigits: 1 });
  $("speed-now").textContent = frame.speed ? `${frame.speed.toLocaleString("en")} epochs/s` : "";
  $("train-loss").textContent = short(train);
  $("test-loss").textContent = short(test);
  $("play").textContent = playing ? "Pause" : "Play";
  $("play").setAttribute("aria-pressed", String(playing));
  tell(playing, epoch, train, test);
  network.update(frame);
  editor.refresh();
  drawMap(arrays);
  const rows = arrays.curve.shape[0];
  const column = (at) => Array.from({ length: rows }, (_, i) => arrays.curve.data[i * 3 + at]);
  drawCurves($("curve"), column(0), [
    { values: column(1), colour: "train" },
    { values: column(2), colour: "test" },
  ]);
}

function tell(playing, epoch, train, test) {
  const now = performance.now();
  if (playing && now - lastTold < 5000) return;
  lastTold = now;
  const said = `Epoch ${epoch}: training loss ${short(train)}, test loss ${short(test)}.`;
  if ($("live").textContent !== said) $("live").textContent = said;
}

function drawMap(arrays) {
  const { discrete, softmax, class_count: count } = state.settings;
  const seen = frame.watched?.join(".") === watched ? arrays.watched : null;
  const source = seen ?? arrays.map;
  const side = source.shape[1];
  put($("map"), side, side, (pixels) => {
    if (!seen && softmax) paintClasses(source.data, count, pixels, discrete);
    else paintValues(source.data, pixels, discrete);
  });
}

let dotsKey = null;

function drawDots() {
  const canvas = $("dots");
  const side = canvas.clientWidth;
  const mine = own.drawing ? own.points : null;
  const key = [state.address, side, state.settings.test, mine?.length, colour("card"), state.settings.softmax].join();
  if (key === dotsKey) return;
  dotsKey = key;
  const context = sharpen(canvas, side, side);
  const { points, labels, train_count: count, settings } = state;
  const place = (value) => ((value + 6) / 12) * side;
  const radius = Math.max(2.2, side / 110);
  const dot = (x, y, fill, edge) => {
    context.beginPath();
    context.arc(place(x), side - place(y), radius, 0, 7);
    context.fillStyle = fill;
    context.strokeStyle = edge;
    context.lineWidth = 1;
    context.fill();
    context.stroke();
  };
  if (mine) {
    for (const [x, y, label] of mine) dot(x, y, classColour(label), colour("card"));
    return;
  }
  const fill = (label) => (settings.regression ? pointColour(label) : classColour(label));
  points.forEach(([x, y], i) => {
    if (i < count) dot(x, y, fill(labels[i]), colour("card"));
    else if (settings.test) dot(x, y, fill(labels[i]), colour("ink"));
  });
}

const editor = new Editor($("editor"), (what, value) => send("parameter", { what, value }));
const network = new Network($("stage"), {
  feature(name) {
    const on = state.settings.features;
    change({ features: on.includes(name) ? on.filter((n) => n !== name) : [...on, name] });
  },
  layers: (hidden) => change({ hidden }),
  watch(layer, unit) {
    if (`${layer}.${unit}` === watched) return;
    watched = `${layer}.${unit}`;
    $("showing").textContent = layer < 0 ? "The output" : `Neuron ${unit + 1} of layer ${layer + 1}`;
    send("watch", { layer, unit });
  },
  neuron: (layer, unit, place) => editor.neuron(network, layer, unit, place),
  link: (layer, from, to, event) => editor.link(network, layer, from, to, event),
});
const own = new OwnData({
  send,
  dots: () => $("dots"),
  redraw() {
    dotsKey = null;
    schedule();
  },
});

for (const name of SELECTS) $(name).onchange = () => change({ [name]: $(name).value });
for (const name of ["rate", "penalty_rate"]) {
  $(name).onchange = () => change({ [name]: Number($(name).value) });
}
for (const name of SLIDERS) {
  $(name).oninput = () => ($(`${name}-said`).textContent = $(name).value + (UNITS[name] ?? ""));
  $(name).onchange = () => change({ [name]: Number($(name).value) });
}
for (const name of ["test", "discrete"]) $(name).onchange = () => change({ [name]: $(name).checked });
$("reset").onclick = () => send("reset");
$("regenerate").onclick = () => send("regenerate");
$("step").onclick = () => send("step");
$("play").onclick = () => send(frame?.playing ? "pause" : "play");
$("more").onclick = () => change({ hidden: [...state.settings.hidden, 4] });
$("fewer").onclick = () => change({ hidden: state.settings.hidden.slice(0, -1) });
$("surface-panel").ontoggle = () => send("surface", { on: $("surface-panel").open });
$("code-panel").ontoggle = () => $("code-panel").open && send("code");
$("code-again").onclick = () => send("code");
$("code-copy").onclick = () => navigator.clipboard?.writeText($("code").textContent);
$("code-save").onclick = () => save("playground.py", $("code").textContent, "text/x-python");
$("weights-save").onclick = () => send("weights");

for (const [name, label] of Object.entries(SETS)) {
  const input = make("input", { type: "radio", name: "set", value: name });
  input.onchange = () => change({ data: name });
  $("sets").append(make("label", {}, input, setIcon(name), make("span", {}, label)));
}

document.addEventListener("keydown", (event) => {
  if (event.target.closest("button, input, select, summary, a, pre, [role=dialog]")) return;
  if (event.key === " ") {
    event.preventDefault();
    $("play").click();
  }
});
addEventListener("hashchange", () => {
  if (location.hash !== shownHash) open();
});
new ResizeObserver(() => {
  network.layout();
  dotsKey = null;
  if (surface) surface.drawn = false;
  schedule();
}).observe($("stage"));
onTheme(() => {
  dotsKey = null;
  if (surface) surface.drawn = false;
  if (state) legend();
  schedule();
});
