"""The text of copies that convolutions read instead of images.

In flow a `Source` and addresses; out flows text in a `TileWriter`. The callers are
`conv_ir` and `conv_filter_ir`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rillet.backends.native.conv_writer import TileWriter


class Source(NamedTuple):
    """What windows slide over.

    Attributes:
      height: lines.
      width: elements in a line.
      channels: of an element, as tiles read them.
      copied: whether it is read from a copy with zeros around.
      top: lines before the first one of the copy's place 0.
      left: elements in front in the copy's lines.
      padded: elements in the copy's lines.
      channels_first: how it lies.
      sliced: channels that an element has where it lies, if copies are slices of them.
      repeat: how often a copy has each channel.
    """

    height: int
    width: int
    channels: int
    copied: bool
    top: int
    left: int
    padded: int
    channels_first: bool
    sliced: int = 0
    repeat: int = 1

    @property
    def line(self) -> int:
        """Numbers from a line to the next, as tiles read them."""
        return (self.padded if self.copied else self.width) * self.channels

    @property
    def stored(self) -> int:
        """Channels of an element, where it lies."""
        return self.sliced or self.channels

    @property
    def image(self) -> int:
        """Numbers of an image, where it lies."""
        return self.height * self.width * self.stored


def copy_lines(
    w: TileWriter,
    source: Source,
    to: str,
    image: str,
    first: str,
    count: str,
    slice: str = "0",
) -> None:
    """Copies lines of an image, some of which may lie outside, with zeros around.

    Args:
      w: what is written to.
      source: how lines lie here and there.
      to: the address of the copy.
      image: the address of the image.
      first: the number of the first line.
      count: how many lines.
      slice: the first channel, each counted as often as it is repeated.
    """
    channels = source.channels
    begin = max(0, source.left)
    skipped = max(0, -source.left)
    end = max(begin, min(source.padded, source.left + source.width))
    run = end - begin

    def line(number: str) -> None:
        at = w.ahead(to, w.mul(number, str(source.line)))
        of = w.add(first, number)

        def inside() -> None:
            w.fill(at, begin * channels)
            target = w.ahead(at, str(begin * channels))
            place = w.add(w.mul(of, str(source.width)), str(skipped))
            if source.sliced and (source.channels_first or source.repeat > 1):
                _pick(w, target, image, place, run, source, slice)
            elif source.sliced:
                _slice(w, target, image, place, run, source, slice)
            elif source.channels_first:
                start = w.ahead(image, place)
                plane = source.height * source.width
                transpose(w, target, start, channels, run, plane, channels)
            else:
                start = w.ahead(image, w.mul(place, str(channels)))
                w.copy(target, start, run * channels)
            rest = w.ahead(at, str(end * channels))
            w.fill(rest, (source.padded - end) * channels)

        inner = w.compare("ult", of, str(source.height))
        w.either(inner, inside, lambda: w.fill(at, source.line))

    w.loop("0", count, "1", line)


def _slice(
    w: TileWriter,
    to: str,
    image: str,
    place: str,
    count: int,
    source: Source,
    first: str,
) -> None:
    """Some channels, whole vectors, of every element of a line."""
    lanes, channels = w.element.lanes, source.channels
    places = range(0, channels, lanes)
    masks = [""] * len(places)
    if source.sliced % channels:
        last = str(source.sliced)
        masks = [w.lanes_below(w.add(first, str(v)), last) for v in places]
    start = w.ahead(image, w.add(w.mul(place, str(source.sliced)), first))

    def element(x: str) -> None:
        of = w.ahead(start, w.mul(x, str(source.sliced)))
        at = w.ahead(to, w.mul(x, str(channels)))
        for v, mask in zip(places, masks, strict=True):
            value = w.load_masked(w.ahead(of, str(v)), mask)
            w.store(value, w.ahead(at, str(v)))

    by_fours(w, count, element)


def _pick(
    w: TileWriter,
    to: str,
    image: str,
    place: str,
    count: int,
    source: Source,
    first: str,
) -> None:
    """The same, a channel after the other; beyond the last one stands the last one."""
    last = str(source.sliced * source.repeat - 1)
    across = source.channels_first
    to_channel = str(source.height * source.width if across else 1)
    to_place = str(1 if across else source.sliced)

    def channel(number: str) -> None:
        wanted = w.least(w.add(first, number), last)
        start = w.mul(w.quotient(wanted, str(source.repeat)), to_channel)
        of = w.ahead(image, w.add(start, w.mul(place, to_place)))
        target = w.ahead(to, number)

        def element(x: str) -> None:
            value = w.load(w.ahead(of, w.mul(x, to_place)), w.element.scalar)
            at = w.ahead(target, w.mul(x, str(source.channels)))
            w.store(value, at, w.element.scalar)

        by_fours(w, count, element)

    w.loop("0", str(source.channels), "1", channel)


def transpose(
    w: TileWriter,
    to: str,
    source: str,
    rows: int,
    columns: int,
    step: int,
    to_step: int,
) -> None:
    """Writes `(rows, columns)` as `(columns, rows)`, four by four where there are four.

    Args:
      w: what is written to.
      to: the address of the result.
      source: the address of the rows.
      rows: of the source.
      columns: of the source.
      step: numbers from a row of the source to the next.
      to_step: numbers from a row of the result to the next.
    """
    scalar = w.element.scalar

    def single(r: str, c: str) -> None:
        value = w.load(w.ahead(source, w.add(w.mul(r, str(step)), c)), scalar)
        w.store(value, w.ahead(to, w.add(w.mul(c, str(to_step)), r)), scalar)

    if min(rows, columns) < 4:
        w.loop(
            "0", str(rows), "1", lambda r: by_fours(w, columns, lambda c: single(r, c))
        )
        return

    def four_rows(at: str) -> None:
        r = w.least(at, str(rows - 4)) if rows % 4 else at

        def four_columns(at: str) -> None:
            c = w.least(at, str(columns - 4)) if columns % 4 else at
            start = w.ahead(source, w.add(w.mul(r, str(step)), c))
            target = w.ahead(to, w.add(w.mul(c, str(to_step)), r))
            _four_by_four(w, target, start, step, to_step)

        w.loop("0", str(columns), "4", four_columns)

    w.loop("0", str(rows), "4", four_rows)


def _four_by_four(w: TileWriter, to: str, source: str, step: int, to_step: int) -> None:
    kind = f"<4 x {w.element.scalar}>"

    def shuffled(a: str, b: str, order: tuple[int, ...]) -> str:
        lanes = ", ".join(f"i32 {lane}" for lane in order)
        return w.op(f"shufflevector {kind} {a}, {kind} {b}, <4 x i32> <{lanes}>")

    a, b, c, d = (w.load(w.ahead(source, str(i * step)), kind) for i in range(4))
    low, high = (0, 4, 1, 5), (2, 6, 3, 7)
    pairs = [(shuffled(a, b, half), shuffled(c, d, half)) for half in (low, high)]
    halves = (0, 1, 4, 5), (2, 3, 6, 7)
    for number, (pair, half) in enumerate((p, h) for p in pairs for h in halves):
        w.store(shuffled(*pair, half), w.ahead(to, str(number * to_step)), kind)


def fold_image(
    w: TileWriter,
    to: str,
    source: str,
    places: int,
    channels: int,
    fold: int,
    channels_first: bool,
) -> None:
    """Writes an image whose places have `channels`, `fold` of them added up to one.

    Args:
      w: what is written to.
      to: the address of the output.
      source: the address of the image.
      places: in it.
      channels: of a place.
      fold: neighbours that are added.
      channels_first: whether channels come first in the output.
    """
    kept = channels // fold
    scalar = w.element.scalar

    def channel(number: str) -> None:
        start = w.ahead(source, w.mul(number, str(fold)))

        def place(p: str) -> None:
            of = w.ahead(start, w.mul(p, str(channels)))

            def add(i: str, sums: list[str]) -> list[str]:
                value = w.load(w.ahead(of, i), scalar)
                return [w.op(f"fadd {scalar} {sums[0]}, {value}")]

            total = w.carry("1", str(fold), "1", [(scalar, w.load(of, scalar))], add)
            at = w.add(w.mul(p, str(kept)), number)
            if channels_first:
                at = w.add(w.mul(number, str(places)), p)
            w.store(total[0], w.ahead(to, at), scalar)

        w.loop("0", str(places), "1", place)

    w.loop("0", str(kept), "1", channel)


def by_fours(w: TileWriter, count: int, body: Callable[[str], None]) -> None:
    """A loop whose turns do four places; the last ones are done twice."""
    if count < 4:
        w.loop("0", str(count), "1", body)
        return

    def turn(at: str) -> None:
        first = w.least(at, str(count - 4)) if count % 4 else at
        for number in range(4):
            body(w.add(first, str(number)))

    w.loop("0", str(count), "4", turn)
