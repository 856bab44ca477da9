"""Damage golden SavedModels and checkpoints, and see that reading them ends well.

    python scripts/fuzz_models.py [COUNT] [SEED]

Each round takes a model of `tests/golden/saved_models`, changes one of its files, and
loads it; some rounds also call it. Messages are mostly changed field by field, lengths
kept right, so that damage gets deep. Index files and values are changed byte by byte;
`tests/checkpoint/test_damage.py` damages them with checksums mended.

A round ends in a result or in an error of rillet's own; a hang of a minute ends the
run, and so does memory beyond two gigabytes where the system can say so. Prints how
many rounds ended how, also on the way: a run that is cut off has told what it found.
"""

from __future__ import annotations

import collections
import faulthandler
import json
import random
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]

import golden_calls  # noqa: E402

import rillet as tf  # noqa: E402
from rillet.checkpoint.bundle import BundleReader  # noqa: E402
from rillet.core.errors import OpError  # noqa: E402
from rillet.saved_model.load import read_message  # noqa: E402

#: What a call of a damaged graph may raise besides: its ops refuse their arguments.
ALLOWED = (OpError, ValueError, TypeError, OSError)
SLOWEST = 60
#: After how many seconds the counts so far are printed.
PAUSE = 30.0
MOST_MEMORY = 2 << 30


def mutated(data: bytes, draw: random.Random) -> bytes:
    """Bytes changed, taken out, put in, doubled or cut off."""
    out = bytearray(data)
    for _ in range(draw.choice((1, 1, 2, 4, 8))):
        at = draw.randrange(len(out)) if out else 0
        way = draw.random()
        if way < 0.5 and out:
            out[at] = draw.randrange(256)
        elif way < 0.65:
            del out[at : at + draw.randint(1, 40)]
        elif way < 0.8:
            out[at:at] = draw.randbytes(draw.randint(1, 12))
        elif way < 0.9:
            out[at:at] = out[at : at + draw.randint(1, 200)]
        elif way < 0.95 and out:
            out[at] ^= 1 << draw.randrange(8)
        else:
            del out[at:]
    return bytes(out)


def varint(value: int) -> bytes:
    """A number as messages hold it."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def fields(data: bytes) -> list[tuple[int, int | bytes]] | None:
    """The fields of a message, each with its tag; None where there is none."""
    found: list[tuple[int, int | bytes]] = []
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            byte = data[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128 or shift > 63:
                return value

    try:
        while at < len(data):
            tag = number()
            kind = tag & 7
            if tag >> 3 == 0 or kind not in (0, 1, 2, 5):
                return None
            if kind == 0:
                found.append((tag, number()))
                continue
            size = number() if kind == 2 else {1: 8, 5: 4}[kind]
            if at + size > len(data):
                return None
            found.append((tag, data[at : at + size]))
            at += size
    except IndexError:
        return None
    return found


def joined(parts: list[tuple[int, int | bytes]]) -> bytes:
    """The message of fields."""
    out = bytearray()
    for tag, value in parts:
        out += varint(tag)
        if isinstance(value, int):
            out += varint(value)
        else:
            out += (varint(len(value)) if tag & 7 == 2 else b"") + value
    return bytes(out)


def reshaped(data: bytes, draw: random.Random, depth: int = 0) -> bytes:
    """A message with one field changed, however deep it lies."""
    parts = fields(data)
    if not parts or depth > 24:
        return mutated(data, draw)
    place = draw.randrange(len(parts))
    tag, value = parts[place]
    way = draw.random()
    if way < 0.04:
        del parts[place]
    elif way < 0.08:
        parts.insert(draw.randrange(len(parts) + 1), parts[place])
    elif way < 0.11:
        other = draw.randrange(len(parts))
        parts[place], parts[other] = parts[other], parts[place]
    elif isinstance(value, int):
        odd = (0, 1, 2, 7, 20, 21, 127, 1 << 31, (1 << 63) - 1, (1 << 64) - 1)
        parts[place] = (tag, draw.choice((*odd, value + 1, abs(value - 1))))
    elif tag & 7 == 2:
        parts[place] = (tag, reshaped(value, draw, depth + 1))
    else:
        parts[place] = (tag, draw.randbytes(len(value)))
    return joined(parts)


class Models:
    """The golden models, each in a folder of its own.

    Args:
        top: where to lay them down.
    """

    def __init__(self, top: Path) -> None:
        self.rows: list[tuple[Path, list[Path], dict[str, Any]]] = []
        found = golden_calls.GOLDEN.glob("*.zip")
        for path in sorted(found, key=lambda path: (path.stat().st_size, path.name)):
            folder = top / path.stem
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
            kept = folder / "calls.json"
            calls = json.loads(kept.read_text()) if kept.exists() else {}
            files = [folder / "saved_model.pb"]
            files += sorted(folder.glob("variables/variables.*"))
            files += sorted(folder.glob("keras_metadata.pb"))
            self.rows.append((folder, files, calls))

    def round(self, draw: random.Random) -> None:
        """One damaged file, read in the way that suits it."""
        # Small models more often than large ones: more rounds for the time.
        place = min(draw.randrange(len(self.rows)) for _ in range(2))
        folder, files, calls = self.rows[place]
        target = draw.choice([*files, *[f for f in files if f.suffix == ".pb"] * 3])
        kept = target.read_bytes()
        change = mutated
        if target.suffix == ".pb" and draw.random() < 0.9:
            change = reshaped
        data = kept
        for _ in range(draw.choice((1, 1, 2, 5))):
            data = change(data, draw)
        target.write_bytes(data)
        try:
            self._read(folder, target, calls, draw)
        finally:
            target.write_bytes(kept)

    def _read(self, folder: Path, target: Path, calls: Any, draw: Any) -> None:
        if target.name.startswith("variables") and draw.random() < 0.7:
            reader = BundleReader(str(folder / "variables" / "variables"))
            for key in list(reader.keys()):
                reader.read(key)
            return
        if target.name == "keras_metadata.pb":
            tf.keras.models.load_model(folder, compile=draw.random() < 0.5)
            return
        if draw.random() < 0.5:
            read_message(str(folder))
        loaded = tf.saved_model.load(folder)
        if draw.random() < 0.03 and calls.get("calls"):
            call = draw.choice(calls["calls"])
            if call["place"].removeprefix("sig:") in ("", *loaded.signatures):
                golden_calls.called(loaded, call)


def bounded_memory() -> None:
    """Let the system refuse more memory, where it can."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def report(ends: collections.Counter[str], spent: float, slowest: float) -> None:
    """Print how many rounds ended how."""
    rounds = sum(ends.values())
    print(f"{rounds} rounds in {spent:.0f} s, the slowest {slowest:.2f} s")
    for name, number in ends.most_common():
        print(f"{number:8d} {name}")
    sys.stdout.flush()


def main() -> int:
    """Run the rounds; 1 where one ended badly."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    tf.get_logger().setLevel("ERROR")
    bounded_memory()
    ends: collections.Counter[str] = collections.Counter()
    bad, slowest, started = 0, 0.0, time.monotonic()
    told = started
    with tempfile.TemporaryDirectory() as top:
        models = Models(Path(top))
        for number in range(count):
            draw = random.Random(f"{seed} {number}")
            faulthandler.dump_traceback_later(SLOWEST, exit=True)
            begun = time.monotonic()
            try:
                models.round(draw)
                ends["read"] += 1
            except ALLOWED as error:
                ends[type(error).__name__] += 1
            except Exception as error:
                bad += 1
                ends[f"BAD {type(error).__name__}"] += 1
                if bad <= 20:
                    print(f"round {number} of seed {seed}:")
                    traceback.print_exc(limit=-4, file=sys.stdout)
            slowest = max(slowest, time.monotonic() - begun)
            if time.monotonic() - told > PAUSE:
                told = time.monotonic()
                report(ends, told - started, slowest)
    faulthandler.cancel_dump_traceback_later()
    report(ends, time.monotonic() - started, slowest)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
