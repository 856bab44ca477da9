"""Make image_files.npz: small files of images, their bytes by name; needs Pillow.

python tests/golden/make_image_files.py
"""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

rng = np.random.default_rng(0)
found = {}


def smooth(height, width, channels):
    """Waves, which JPEG keeps well."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [127 + 120 * np.sin(y / 5 + k) * np.cos(x / 7 - k) for k in range(channels)]
    return np.stack(waves, -1).round().astype(np.uint8)


def save(name, image, **options):
    """Write one file with Pillow."""
    kind = {"jpg": "JPEG"}.get(name[-3:], name.rpartition(".")[2].upper())
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    out = io.BytesIO()
    image.save(out, kind, **options)
    found[name] = out.getvalue()


def chunk(kind, body):
    """A chunk of a PNG file."""
    check = struct.pack(">I", zlib.crc32(kind + body))
    return struct.pack(">I", len(body)) + kind + body + check


def deep(channels, color):
    """A PNG file of 16 bits, which Pillow does not write."""
    values = rng.integers(0, 65536, (11, 9, channels)).astype(">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in values)
    head = struct.pack(">IIBBBBB", 9, 11, 16, color, 0, 0, 0)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", head),
            chunk(b"IDAT", zlib.compress(rows)),
            chunk(b"IEND", b""),
        ]
    )


rgb, grey = smooth(21, 34, 3), smooth(21, 34, 1)[..., 0]
rgba = np.concatenate([rgb, smooth(21, 34, 4)[..., 3:]], -1)
save("rgb.jpg", rgb, quality=92)
save("rgb444.jpg", rgb, quality=92, subsampling=0)
save("gray.jpg", grey, quality=92)
save("prog.jpg", rgb, quality=80, progressive=True)
save("cmyk.jpg", Image.fromarray(rgb).convert("CMYK"), quality=92)

noise = rng.integers(0, 256, (11, 9, 3)).astype(np.uint8)
few = Image.fromarray(noise).quantize(16)
save("rgb.png", noise)
save("rgba.png", rgba)
save("gray.png", noise[..., 0])
save("la.png", Image.fromarray(rgba[..., 2:], "LA"))
save("bit.png", noise[..., 0] > 100)
save("pal.png", few)
save("paltrans.png", few, transparency=3)
save("rgbtrans.png", noise, transparency=tuple(int(v) for v in noise[2, 2]))
save("graytrans.png", noise[..., 0], transparency=int(noise[1, 1, 0]))
save("gray16.png", rng.integers(0, 65536, (11, 9)).astype(np.uint16))
found["rgb16.png"] = deep(3, 2)
found["rgba16.png"] = deep(4, 6)
found["la16.png"] = deep(2, 4)

first = Image.fromarray(smooth(10, 12, 3)).quantize(8)
second = Image.fromarray(noise[:10, :9]).resize((12, 10)).quantize(8)
moving = {"save_all": True, "duration": 50}
save("one.gif", first)
save("anim.gif", first, append_images=[second], loop=0, **moving)
clear = []
for k in range(3):
    frame = np.zeros((10, 12, 4), np.uint8)
    frame[2 + k : 5 + k, 3:8] = (200, 30 * k, 40, 255)
    clear.append(Image.fromarray(frame))
for d in range(3):
    save(f"trans{d}.gif", clear[0], append_images=clear[1:], disposal=d, **moving)

save("rgb.bmp", noise)
save("rgba.bmp", rgba)
save("gray.bmp", noise[..., 0])
save("pal.bmp", few)
save("rgb.webp", rgb, lossless=True)
save("rgba.webp", rgba, lossless=True)
save("lossy.webp", rgb, quality=90)
turned = Image.fromarray(rgb[::-1].copy())
save("anim.webp", rgb, save_all=True, append_images=[turned], lossless=True)

found["cut.jpg"] = found["rgb.jpg"][:-200]
found["cut.png"] = found["rgb.png"][:-100]
found["bad.txt"] = b"this is not an image at all, sorry"
found["empty"] = b""
np.savez_compressed(
    Path(__file__).with_name("image_files.npz"),
    **{name: np.frombuffer(data, np.uint8) for name, data in found.items()},
)
