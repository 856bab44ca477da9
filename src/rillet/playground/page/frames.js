// Binary messages of the server: see frames.py, which writes them.

const TYPES = { f4: Float32Array, u1: Uint8Array, i4: Int32Array, i2: Int16Array };

/** Read one message: its head, with the arrays by name, and the bytes that follow. */
export function unpack(buffer) {
  const length = new DataView(buffer).getUint32(0, true);
  const text = new TextDecoder().decode(new Uint8Array(buffer, 4, length));
  const head = JSON.parse(text);
  const start = 4 + length;
  const arrays = {};
  for (const [name, type, shape, at] of head.arrays) {
    const count = shape.reduce((product, size) => product * size, 1);
    const data = new TYPES[type](buffer, start + at, count);
    arrays[name] = { data, shape };
  }
  return { ...head, arrays, rest: new Uint8Array(buffer, start) };
}
