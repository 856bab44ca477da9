// Data of one's own: files dropped on the page, points drawn on the output picture.

import { $, make, notice, onTheme } from "./common.js";
import { classColour } from "./heat.js";

const CLASSES = 6;
const LARGEST = 1_000_000;
const MOST = 2000;

export class OwnData {
  /** `page` has send(type, fields), dots() and redraw(). */
  constructor(page) {
    this.page = page;
    this.drawing = false;
    this.points = [];
    this.text = "";
    this.pen = 0;
    this.#setUpFiles();
    this.#setUpPens();
    this.#setUpDrawing();
  }

  /** Take what the server says of the data shown. */
  state(message) {
    $("use-own").hidden = !message.has_own || message.settings.data === "own";
    if (message.settings.data !== "own" && this.drawing) this.#draw(false);
  }

  /** Let people choose among the columns of their table. */
  columns(names, chosen) {
    const usual = chosen ?? [0, 1, names.length - 1];
    $("columns-row").hidden = names.length < 4;
    usual.forEach((at, i) => {
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
    $("file").onchange = () => $("file").files[0] && this.#read($("file").files[0]);
    for (const i of [0, 1, 2]) $(`column-${i}`).onchange = () => this.#sendTable();
    $("use-own").onclick = () => this.page.send("set", { changes: { data: "own" } });
  }

  async #read(file) {
    if (file.size > LARGEST) return notice(`The file has more than ${LARGEST / 1e6} MB.`);
    this.text = await file.text();
    notice("");
    $("own-panel").open = true;
    return this.page.send("table", { text: this.text });
  }

  #sendTable() {
    const columns = [0, 1, 2].map((i) => Number($(`column-${i}`).value));
    this.page.send("table", { text: this.text, columns });
  }

  #setUpPens() {
    for (let k = 0; k < CLASSES; k++) {
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
      this.points = [];
      this.#changed();
    };
    $("add-point").onclick = () => {
      const [x, y] = ["point-x1", "point-x2"].map((id) => Number($(id).value));
      if (!this.drawing) this.#draw(true);
      this.#add(x, y);
      this.#changed();
    };
    const box = $("map-box");
    let down = false;
    const place = (event) => {
      const area = this.page.dots().getBoundingClientRect();
      const x = ((event.clientX - area.left) / area.width) * 12 - 6;
      const y = 6 - ((event.clientY - area.top) / area.height) * 12;
      const last = this.points.at(-1);
      if (last && Math.hypot(last[0] - x, last[1] - y) < 0.3) return;
      this.#add(x, y);
      this.page.redraw();
    };
    box.addEventListener("pointerdown", (event) => {
      if (!this.drawing) return;
      down = true;
      box.setPointerCapture(event.pointerId);
      place(event);
    });
    box.addEventListener("pointermove", (event) => down && place(event));
    for (const name of ["pointerup", "pointercancel"]) {
      box.addEventListener(name, () => {
        if (down) this.#changed();
        down = false;
      });
    }
  }

  #draw(on) {
    this.drawing = on;
    $("draw").setAttribute("aria-pressed", String(on));
    $("map-box").classList.toggle("drawing", on);
    this.page.redraw();
  }

  #add(x, y) {
    if (!(Math.abs(x) <= 6 && Math.abs(y) <= 6) || this.points.length >= MOST) return;
    this.points.push([+x.toFixed(3), +y.toFixed(3), this.pen]);
  }

  #changed() {
    const count = this.points.length;
    const few = count < 4 ? " Training begins with 4." : "";
    $("drawn-count").textContent = `${count} points.${few}`;
    this.page.redraw();
    if (count >= 4) this.page.send("draw", { points: this.points });
  }
}
