// Data of one's own: files dropped on the page, points drawn on the output picture.

import { $, make, notice, onTheme } from "./common.js";
import { classColour } from "./heat.js";

const PENS = 6;
const LARGEST = 1_000_000;
const MOST = 2000;
// How far apart the points of one stroke are.
const APART = 0.3;

/** The points of a state that were drawn by hand: their classes are those of the pens. */
function drawnPoints({ points, labels, own }) {
  const byHand = own.axes?.every(([name, centre, scale], at) => {
    return name === ["x1", "x2", "label"][at] && centre === 0 && scale === 1;
  });
  if (!byHand || !own.classes.every((name, k) => name === String(k) && k < PENS)) return [];
  return points.map(([x, y], i) => [x, y, labels[i]]);
}

export class OwnData {
  /** `page` has send(type, fields), dots() and redraw(). */
  constructor(page) {
    this.page = page;
    this.drawing = false;
    this.points = [];
    // Points that a link or an earlier visit brought: drawing goes on with them.
    this.brought = [];
    this.data = "";
    // The table that is shown, and the one whose answer is awaited.
    this.table = { text: "", names: [], chosen: [], labels: "classes" };
    this.asked = null;
    this.pen = 0;
    this.#setUpFiles();
    this.#setUpPens();
    this.#setUpDrawing();
  }

  /** Take what the server says of the data shown. */
  state(message) {
    this.brought = drawnPoints(message);
    this.labels = message.settings.regression ? "values" : "classes";
    $("use-own").hidden = !message.has_own || message.settings.data === "own";
    // Who chooses other points draws no longer; any other change stops no drawing.
    const { data } = message.settings;
    const others = this.data && data !== this.data && data !== "own";
    if (this.drawing && others) this.#draw(false);
    this.data = data;
  }

  /** Let people choose among the columns of their table. */
  columns(names, chosen) {
    this.table = { text: this.asked, names, chosen, labels: this.labels };
    this.asked = null;
    this.#showColumns();
  }

  /** Go back to the columns that are shown: others cannot be. */
  refused() {
    if (this.asked === null) return;
    this.asked = null;
    this.#showColumns();
  }

  #showColumns() {
    const { names, chosen, labels } = this.table;
    $("label-kind").value = labels;
    $("columns-row").hidden = !names.length;
    chosen.forEach((at, i) => {
      const options = names.map((name, value) => make("option", { value }, name));
      $(`column-${i}`).replaceChildren(...options);
      $(`column-${i}`).value = at;
    });
  }

  #setUpFiles() {
    const body = document.body;
    addEventListener("dragover", (event) => {
      event.preventDefault();
      body.classList.add("dropping");
    });
    addEventListener("dragleave", () => body.classList.remove("dropping"));
    addEventListener("drop", (event) => {
      event.preventDefault();
      body.classList.remove("dropping");
      if (event.dataTransfer.files[0]) this.#read(event.dataTransfer.files[0]);
    });
    $("file").onchange = () => {
      const [file] = $("file").files;
      // The same file, mended, is another choice.
      $("file").value = "";
      if (file) this.#read(file);
    };
    $("label-kind").onchange = () => {
      this.#send(this.table.text, this.table.chosen, $("label-kind").value);
    };
    for (const i of [0, 1, 2]) $(`column-${i}`).onchange = () => this.#takeColumn(i);
    $("use-own").onclick = () => this.page.send("set", { changes: { data: "own" } });
  }

  async #read(file) {
    if (file.size > LARGEST) return notice(`The file has more than ${LARGEST / 1e6} MB.`);
    $("own-panel").open = true;
    return this.#send(await file.text());
  }

  #send(text, columns = null, labels = "auto") {
    this.asked = text;
    this.page.send("table", { text, columns, labels });
  }

  #takeColumn(i) {
    const columns = [...this.table.chosen];
    const taken = Number($(`column-${i}`).value);
    // A column that has another place already changes places with this one's.
    const other = columns.indexOf(taken);
    if (other >= 0) columns[other] = columns[i];
    columns[i] = taken;
    // Another label is looked at anew.
    this.#send(this.table.text, columns, columns[2] === this.table.chosen[2] ? this.table.labels : "auto");
  }

  #setUpPens() {
    for (let k = 0; k < PENS; k++) {
      const input = make("input", { type: "radio", name: "pen", value: k, checked: k === 0 });
      input.onchange = () => (this.pen = k);
      const mark = make("i");
      const tint = () => (mark.style.background = classColour(k));
      tint();
      onTheme(tint);
      $("pens").append(make("label", {}, input, mark, String(k)));
    }
  }

  #setUpDrawing() {
    $("draw").onclick = () => this.#draw(!this.drawing);
    $("clear").onclick = () => {
      this.points = this.brought = [];
      this.#changed();
    };
    $("add-point").onclick = () => {
      const [x, y] = ["point-x1", "point-x2"].map((id) => $(id).valueAsNumber);
      if (!this.drawing) this.#draw(true);
      if (this.#add(x, y)) this.#changed();
      else notice("x₁ and x₂ must be numbers from −6 to 6.");
    };
    const box = $("map-box");
    let down = false;
    // A press is a point; a stroke leaves one now and then.
    const place = (event, apart) => {
      const area = this.page.dots().getBoundingClientRect();
      const x = ((event.clientX - area.left) / area.width) * 12 - 6;
      const y = 6 - ((event.clientY - area.top) / area.height) * 12;
      const last = this.points.at(-1);
      if (apart && last && Math.hypot(last[0] - x, last[1] - y) < apart) return;
      this.#add(x, y);
      this.page.redraw();
    };
    box.addEventListener("pointerdown", (event) => {
      if (!this.drawing) return;
      down = true;
      box.setPointerCapture(event.pointerId);
      place(event, 0);
    });
    box.addEventListener("pointermove", (event) => down && place(event, APART));
    for (const name of ["pointerup", "pointercancel"]) {
      box.addEventListener(name, () => {
        if (down) this.#changed();
        down = false;
      });
    }
  }

  #draw(on) {
    this.drawing = on;
    if (on && !this.points.length) this.points = this.brought;
    this.#count();
    $("draw").setAttribute("aria-pressed", String(on));
    $("map-box").classList.toggle("drawing", on);
    this.page.redraw();
  }

  #add(x, y) {
    if (!(Math.abs(x) <= 6 && Math.abs(y) <= 6)) return false;
    if (this.points.length < MOST) this.points.push([+x.toFixed(3), +y.toFixed(3), this.pen]);
    return true;
  }

  #count() {
    const count = this.points.length;
    const few = count < 4 ? " Training begins with 4." : "";
    const many = count === MOST ? " More than these cannot be drawn." : "";
    $("drawn-count").textContent = `${count === 1 ? "1 point" : `${count} points`}.${few}${many}`;
  }

  #changed() {
    this.#count();
    this.page.redraw();
    if (this.points.length >= 4) this.page.send("draw", { points: this.points });
  }
}
