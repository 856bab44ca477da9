// Colours: of values from -1 to 1, of classes, of probabilities.

import { isDark, onTheme } from "./common.js";

const NEGATIVE = [226, 123, 30];
const POSITIVE = [24, 119, 185];
const CLASSES = [
  NEGATIVE, POSITIVE, [46, 150, 84], [139, 92, 200], [206, 58, 84],
  [120, 110, 90], [23, 172, 184], [227, 119, 194], [176, 172, 30], [122, 70, 36],
  [16, 58, 122], [110, 180, 235], [18, 92, 52], [146, 208, 112], [84, 36, 136],
  [190, 156, 236], [128, 20, 46], [240, 160, 150], [64, 68, 76], [238, 196, 84],
];

// On dark ground points are lighter than the regions that they lie in.
const LIGHT = CLASSES.map((part) => mixed(part, [255, 255, 255], 0.42));

let table = null;

function mixed(from, to, share) {
  return from.map((value, i) => Math.round(value + (to[i] - value) * share));
}

const packed = ([r, g, b]) => ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;

function build() {
  const middle = isDark() ? [30, 36, 44] : [244, 245, 247];
  table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    const value = Math.min(1, (i - 127) / 127);
    const end = value < 0 ? NEGATIVE : POSITIVE;
    table[i] = packed(mixed(middle, end, Math.abs(value) ** 0.85));
  }
}
build();
onTheme(build);

export const css = ([r, g, b], alpha = 1) => `rgb(${r} ${g} ${b} / ${alpha})`;

/** The colour of a class where nothing but the page lies behind it. */
export const fullColour = (number) => css(CLASSES[number % CLASSES.length]);

/** The colour of a point of a class. */
export const classColour = (number) => css((isDark() ? LIGHT : CLASSES)[number % CLASSES.length]);

export function valueColour(value) {
  const share = Math.max(-1, Math.min(1, value));
  const middle = isDark() ? [90, 98, 108] : [205, 208, 212];
  return css(mixed(middle, share < 0 ? NEGATIVE : POSITIVE, Math.abs(share)));
}

/** The colour of a point with a label from -1 to 1. */
export function pointColour(value) {
  const share = Math.max(-1, Math.min(1, value));
  const [low, high] = isDark() ? LIGHT : CLASSES;
  const middle = isDark() ? [170, 178, 188] : [205, 208, 212];
  return css(mixed(middle, share < 0 ? low : high, Math.abs(share)));
}

/** Write bytes (127 is zero) as pixels. */
export function paintValues(bytes, pixels, discrete) {
  if (discrete) {
    const [low, high] = [table[0], table[254]];
    for (let i = 0; i < bytes.length; i++) pixels[i] = bytes[i] > 127 ? high : low;
  } else {
    for (let i = 0; i < bytes.length; i++) pixels[i] = table[bytes[i]];
  }
}

/** Write probabilities of several classes, one picture after the other, as pixels. */
export function paintClasses(bytes, count, pixels, discrete) {
  const size = pixels.length;
  for (let i = 0; i < size; i++) {
    let r = 0;
    let g = 0;
    let b = 0;
    let best = 0;
    let largest = -1;
    for (let k = 0; k < count; k++) {
      const byte = bytes[k * size + i];
      const share = Math.max(0, (byte - 127) / 127);
      r += share * CLASSES[k][0];
      g += share * CLASSES[k][1];
      b += share * CLASSES[k][2];
      if (byte > largest) [largest, best] = [byte, k];
    }
    pixels[i] = discrete ? packed(CLASSES[best]) : packed([r | 0, g | 0, b | 0]);
  }
}

/** Draw pixels, row by row, into a canvas of that many pixels. */
export function put(canvas, width, height, paint) {
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  paint(new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
}

