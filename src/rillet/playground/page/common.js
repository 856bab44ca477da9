// What all pages share: the switch between light and dark, and the way to the server.

import { unpack } from "./frames.js";

export const $ = (id) => document.getElementById(id);

/** Make an element with attributes, listeners (`onclick`) and children. */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value != null) element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

const themeListeners = [];
const systemDark = matchMedia("(prefers-color-scheme: dark)");

/** Whether the page is dark now. */
export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : systemDark.matches;
}

/** Call a function when light changes to dark or back. */
export function onTheme(listener) {
  themeListeners.push(listener);
}

function stored(name, value) {
  // A frame without storage of its own throws; the choice then lasts for this page.
  try {
    if (value === undefined) return localStorage.getItem(name);
    localStorage.setItem(name, value);
  } catch {
    return null;
  }
  return value;
}

function setUpTheme() {
  const root = document.documentElement;
  const chosen = stored("rillet-theme");
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  const button = $("theme");
  const shown = () => {
    button.textContent = isDark() ? "☀" : "☾";
    button.setAttribute("aria-label", `Switch to ${isDark() ? "light" : "dark"} colours`);
    themeListeners.forEach((listener) => listener());
  };
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    stored("rillet-theme", root.dataset.theme);
    shown();
  });
  systemDark.addEventListener("change", shown);
  shown();
}

/** The value of a colour of the style sheet. */
export const colour = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** Show a message above the page; an empty one goes away. */
export function notice(text, kind = "error") {
  const box = $("notice");
  box.className = kind;
  box.querySelector("span").textContent = text;
  box.hidden = !text;
}

// Connections that are not open; until all are, nobody carries out a page's orders.
let missing = 0;

function missed(by) {
  missing += by;
  $("main").inert = missing > 0;
}

/**
 * A connection that is made again when it breaks.
 * `opened()` is called at each beginning, `heard(message)` with every message, and
 * `stopped()` when nothing can come any more.
 */
export function connect(kind, opened, heard, stopped) {
  let socket = null;
  let lost = false;
  missed(1);
  const address = new URL(`live/${kind}`, document.baseURI);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.hash = "";
  function start() {
    socket = new WebSocket(address);
    let open = false;
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      missed(-1);
      if (lost && !missing) notice("");
      lost = false;
      open = true;
      opened();
    };
    socket.onmessage = ({ data }) => {
      const message = typeof data === "string" ? JSON.parse(data) : unpack(data);
      if (message.kind === "error") notice(message.text);
      heard(message);
    };
    socket.onclose = (event) => {
      if (open) missed(1);
      open = false;
      if (event.code === 1008) return notice("The server does not know this page's origin.");
      if (event.code === 1013) return undefined;
      if (!lost) stopped();
      lost = true;
      notice(
        "The server is gone: nothing trains. When it runs again (rillet playground)," +
          " this page goes on where its address says.",
      );
      return setTimeout(start, 2000);
    };
  }
  start();
  return (type, fields = {}) => {
    if (socket.readyState === WebSocket.OPEN) {
      socket.send(JSON.stringify({ type, ...fields }));
    }
  };
}

/** Give a canvas as many pixels as it covers; returns its context in CSS pixels. */
export function sharpen(canvas, width, height) {
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const w = Math.round(width * ratio);
  const h = Math.round(height * ratio);
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
  }
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  return context;
}

/** Offer bytes or text as a file. */
export function save(name, content, type) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = make("a", { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

/** Write text where it is another than before, so that it is read out once. */
export function tell(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A number with the minus sign of print, not a hyphen. */
export const fixed = (value, digits) => value.toFixed(digits).replace("-", "−");

/** A number as it is, with the minus sign of print. */
export const plain = (value) => String(value).replaceAll("-", "−");

/** A number with three places; large ones by powers of ten, small ones by two digits. */
export function short(value) {
  if (value == null) return "–";
  const size = Math.abs(value);
  if (size >= 1000) return value.toExponential(2).replaceAll("-", "−");
  if (size < 0.01 && size > 0) return value.toPrecision(2).replaceAll("-", "−");
  return fixed(value, 3);
}

setUpTheme();
$("notice").querySelector("button").addEventListener("click", () => notice(""));
