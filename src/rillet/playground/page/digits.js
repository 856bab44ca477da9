// The digits' page: strokes to the server, what the layers say to canvases.

import { $, colour, connect, isDark, make, onTheme, sharpen, tell } from "./common.js";
import { paintValues, put } from "./heat.js";

const COLUMNS = 32;
const MOST = 1900;

let strokes = [];
let reading = null;
let network = null;
let chosen = null;
let waiting = false;
let largest = 1;

const send = connect("digits", () => {
  send("open");
  if (strokes.length) read();
  else anExample();
}, heard, () => ($("progress").textContent = ""));

function heard(message) {
  if (message.kind === "progress") $("progress").textContent = message.text;
  if (message.kind === "network") {
    network = message;
    const share = (message.accuracy * 100).toFixed(1);
    $("progress").textContent =
      `784 inputs, 512 neurons, 10 outputs: this network reads ${share} % of 10,000 unseen digits right.`;
  }
  if (message.kind === "reading") reading = message;
  schedule();
}

function schedule() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    draw();
  });
}

const read = () => send("strokes", { strokes });

function anExample() {
  strokes = [];
  send("example", { number: Math.floor(Math.random() * 10000) });
}

const rows = Array.from({ length: 10 }, (_, digit) => {
  const fill = make("div", { class: "fill" });
  const said = make("span", {}, "–");
  const row = make("li", {}, String(digit), make("div", { class: "track" }, fill), said);
  $("bars").append(row);
  return { row, fill, said };
});

function draw() {
  drawPad();
  if (!reading) return;
  const { image, hidden, output } = reading.arrays;
  const dark = isDark();
  put($("seen"), 28, 28, (pixels) => {
    image.data.forEach((value, i) => {
      const shade = dark ? value : 255 - value;
      pixels[i] = ((255 << 24) | (shade << 16) | (shade << 8) | shade) >>> 0;
    });
  });
  largest = Math.max(...hidden.data, 1e-6);
  put($("units"), COLUMNS, hidden.data.length / COLUMNS, (pixels) => {
    const bytes = Uint8Array.from(hidden.data, (value) => 127 + (127 * value) / largest);
    paintValues(bytes, pixels, false);
  });
  const probabilities = Array.from(output.data);
  const best = probabilities.indexOf(Math.max(...probabilities));
  rows.forEach(({ row, fill, said }, digit) => {
    const share = reading.blank ? 0 : probabilities[digit];
    fill.style.width = `${share * 100}%`;
    said.textContent = reading.blank ? "–" : `${(share * 100).toFixed(1)} %`;
    row.classList.toggle("best", !reading.blank && digit === best);
  });
  const truth = reading.label == null ? "" : ` The image shows a ${reading.label}.`;
  const sure = `${(probabilities[best] * 100).toFixed(1)} %`;
  tell($("verdict"), reading.blank ? "Draw a digit." : `It reads a ${best} (${sure}).${truth}`);
  drawKernel();
}

function drawKernel() {
  if (!network) return;
  const { first, second } = network.arrays;
  const fired = reading?.arrays.hidden.data;
  // Until somebody chooses: the one that fires most.
  const unit = chosen ?? (fired ? fired.indexOf(Math.max(...fired)) : 0);
  const kernel = first.data.subarray(unit * 784, unit * 784 + 784);
  put($("kernel"), 28, 28, (pixels) => paintValues(kernel, pixels, false));
  const weights = Array.from(second.data.subarray(unit * 10, unit * 10 + 10));
  const best = weights.indexOf(Math.max(...weights));
  const fires = fired ? fired[unit].toFixed(2) : "0";
  $("unit-said").textContent =
    `Neuron ${unit + 1} fires with ${fires} and speaks most for a ${best}. Blue: ink it likes; orange: ink it dislikes.`;
}

function drawPad() {
  const canvas = $("pad");
  const side = canvas.clientWidth;
  const context = sharpen(canvas, side, side);
  context.strokeStyle = colour("ink");
  if (!strokes.length) {
    context.font = `${Math.round(side / 18)}px system-ui, sans-serif`;
    context.fillStyle = colour("muted");
    context.textAlign = "center";
    context.fillText("Draw here", side / 2, side / 2);
  }
  context.lineWidth = side / 14;
  context.lineCap = context.lineJoin = "round";
  for (const stroke of strokes) {
    context.beginPath();
    context.moveTo(stroke[0][0] * side, stroke[0][1] * side);
    for (const [x, y] of stroke) context.lineTo(x * side, y * side);
    context.stroke();
  }
}

function setUpPad() {
  const pad = $("pad");
  let stroke = null;
  const place = (event) => {
    const box = pad.getBoundingClientRect();
    const at = [event.clientX - box.left, event.clientY - box.top].map((v) => +(v / box.width).toFixed(4));
    const last = stroke.at(-1);
    if (last && Math.hypot(last[0] - at[0], last[1] - at[1]) < 0.012) return;
    if (strokes.reduce((sum, s) => sum + s.length, 0) >= MOST) return;
    stroke.push(at);
    read();
    schedule();
  };
  pad.addEventListener("pointerdown", (event) => {
    if (strokes.length >= 40) return;
    pad.setPointerCapture(event.pointerId);
    strokes.push((stroke = []));
    place(event);
  });
  pad.addEventListener("pointermove", (event) => stroke && place(event));
  for (const name of ["pointerup", "pointercancel"]) pad.addEventListener(name, () => (stroke = null));
}

$("clear").onclick = () => {
  strokes = [];
  read();
  schedule();
};
$("example").onclick = anExample;
function choose(event) {
  const box = $("units").getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * COLUMNS);
  const row = Math.floor(((event.clientY - box.top) / box.height) * 16);
  chosen = Math.max(0, Math.min(511, row * COLUMNS + column));
  drawKernel();
}
// A finger does not rest: it presses.
for (const name of ["pointermove", "pointerdown"]) $("units").addEventListener(name, choose);
$("units").addEventListener("keydown", (event) => {
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: COLUMNS, ArrowUp: -COLUMNS }[event.key];
  if (!by) return;
  event.preventDefault();
  chosen = Math.max(0, Math.min(511, (chosen ?? -by) + by));
  drawKernel();
});
setUpPad();
onTheme(schedule);
addEventListener("resize", schedule);
schedule();
