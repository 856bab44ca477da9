// Ticks in the units of the data: round numbers that people can read.

import { make, plain } from "./common.js";

// Spaces between two ticks, at most.
const SPACES = 6;
const RAISED = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };

const said = (value) =>
  plain(Math.abs(value) < 1e15 ? value.toLocaleString("en", { maximumFractionDigits: 12 }) : String(value));

/** The power of ten, a power of a thousand, that numbers of this size are told in. */
function powerFor(far) {
  return far >= 1e6 || far < 1e-3 ? Math.floor(Math.log10(far) / 3) * 3 : 0;
}

/**
 * Round numbers from `low` to `high`: { at, label } each, `at` from 0 to 1, and what to
 * write behind a name: the number that labels are counted from, where they would differ
 * only in their last digits, and the power of ten that they are told in.
 */
export function ticks(low, high) {
  const middle = low / 2 + high / 2;
  const half = high / 2 - low / 2;
  let from = 0;
  if (half < Math.abs(middle) * 1e-4) {
    const coarse = 10 ** Math.ceil(Math.log10(half * 2));
    from = Math.round(middle / coarse) * coarse;
  }
  const power = powerFor(Math.max(Math.abs(low - from), Math.abs(high - from)));
  const [first, last] = [low, high].map((end) => (end - from) / 10 ** power);
  const rough = 10 ** Math.floor(Math.log10((last - first) / SPACES));
  const step = [1, 2, 5, 10].map((times) => times * rough).find((each) => (last - first) / each <= SPACES + 1e-9);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const found = [];
  for (let k = Math.ceil(first / step - 1e-9); k * step <= last + step * 1e-9; k++) {
    const label = (k * step || 0).toLocaleString("en", {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    found.push({ at: (k * step - first) / (last - first), label: plain(label) });
  }
  const origin = from ? (from > 0 ? ` − ${said(from)}` : ` + ${said(-from)}`) : "";
  const raised = [...String(power)].map((sign) => RAISED[sign]).join("");
  return { found, unit: origin + (power ? `, in 10${raised}` : "") };
}

/** Put the labels of ticks beside a picture; `side` is the edge that they count along. */
export function placeTicks(box, found, side) {
  const shift = side === "left" ? "translateX" : "translateY";
  const sign = side === "left" ? -1 : 1;
  const labels = found.map(({ at, label }) => {
    const mark = make("span", {}, label);
    mark.style[side] = `${at * 100}%`;
    // Those at the ends stay within the picture's edge.
    mark.style.transform = `${shift}(${sign * (at < 0.04 ? 0 : at > 0.96 ? 100 : 50)}%)`;
    return mark;
  });
  box.replaceChildren(...labels);
  if (side === "bottom") box.style.width = `${Math.max(...found.map(({ label }) => label.length)) + 0.6}ch`;
}
