// The card that edits a neuron's bias and weights, or one link.

import { make } from "./common.js";
import { featureName } from "./network.js";

export class Editor {
  /** `box` is the card's element; `edit(what, value)` sends a new value. */
  constructor(box, edit) {
    this.box = box;
    this.edit = edit;
    this.fields = [];
    this.back = null;
    box.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.close();
    });
  }

  /** Show all that goes into a neuron. */
  neuron(network, layer, unit, button) {
    const { settings } = network;
    const sources = network.sizes[layer];
    const fields = [{ label: "Bias", what: `b.${layer}.${unit}`, get: () => network.bias(layer, unit) }];
    for (let from = 0; from < sources; from++) {
      const name = layer ? `neuron ${from + 1}` : featureName(settings.features[from]);
      fields.push({
        label: `Weight from ${name}`,
        what: `w.${layer}.${from}.${unit}`,
        get: () => network.weight(layer, from, unit),
      });
    }
    const last = layer === settings.layers.length - 1;
    const title = last ? `Output ${unit + 1}` : `Neuron ${unit + 1} of layer ${layer + 1}`;
    this.#open(title, fields, button.dataset.key);
  }

  /** Show one link. */
  link(network, layer, from, to) {
    const name = layer ? `neuron ${from + 1}` : featureName(network.settings.features[from]);
    const last = layer === network.settings.layers.length - 1;
    const field = {
      label: `Weight from ${name} to ${last ? "output" : "neuron"} ${to + 1}`,
      what: `w.${layer}.${from}.${to}`,
      get: () => network.weight(layer, from, to),
    };
    this.#open("Link", [field], null);
  }

  #open(title, fields, key) {
    this.back = key;
    this.fields = fields.map((field) => {
      const input = make("input", { type: "number", step: "0.1" });
      input.addEventListener("change", () => {
        const value = Number(input.value);
        if (input.value !== "" && Number.isFinite(value)) this.edit(field.what, value);
      });
      return { ...field, input };
    });
    const close = make(
      "button",
      { type: "button", class: "quiet", "aria-label": "Close", onclick: () => this.close() },
      "×",
    );
    const head = make("div", { class: "editor-head" }, make("h3", { id: "editor-title" }, title), close);
    const list = this.fields.map(({ label, input }) => make("label", {}, label, input));
    this.box.replaceChildren(head, make("div", { class: "editor-list" }, ...list));
    this.box.hidden = false;
    this.refresh();
    this.fields[0].input.focus();
    this.fields[0].input.select();
  }

  /** Show the values of now, except in the field that is written in. */
  refresh() {
    if (this.box.hidden) return;
    for (const { input, get } of this.fields) {
      if (document.activeElement !== input) input.value = Number(get().toPrecision(5));
    }
  }

  close() {
    if (this.box.hidden) return;
    this.box.hidden = true;
    if (this.back) document.querySelector(`[data-key="${this.back}"]`)?.focus();
  }
}
