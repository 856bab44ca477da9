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
      channels: of an element.
      copied: whether it is read from a copy with zeros around.
      top: lines before the first one of the copy's place 0.
      left: elements in front in the copy's lines.
      padded: elements in the copy's lines.
      channels_first: how it lies.
      repeat: how often the copy has each channel.
    """

    height: int
    width: int
    channels: int
    copied: bool
    top: int
    left: int
    padded: int
    channels_first: bool
    repeat: int = 1

    @property
    def line(self) -> int:
        """Numbers from a line to the next, as tiles read them."""
        return (self.padded if self.copied else self.width) * self.channels

    @property
    def image(self) -> int:
        """Numbers of an image, as it lies."""
        return self.height * self.width * self.channels // self.repeat


def copy_lines(
    w: TileWriter, source: Source, to: str, image: str, first: str, count: str
) -> None:
    """Copies lines of an image, some of which may lie outside, with zeros around.

    Args:
      w: what is written to.
      source: how lines lie here and there.
      to: the address of the copy.
      image: the address of the image.
      first: the number of the first line.
      count: how many lines.
    """
    channels = source.channels
    begin = max(0, source.left)
    skipped = max(0, -source.left)
    end = max(begin, min(source.padded, source.left + source.width))
    run = (end - begin) * channels

    def line(number: str) -> None:
        at = w.ahead(to, w.mul(number, str(source.line)))
        of = w.add(first, number)

        def inside() -> None:
            w.fill(at, begin * channels)
            target = w.ahead(at, str(begin * channels))
            place = w.add(w.mul(of, str(source.width)), str(skipped))
            if source.channels_first or source.repeat > 1:
                _gather(w, target, image, place, end - begin, source)
            else:
                w.copy(target, w.ahead(image, w.mul(place, str(channels))), run)
            rest = w.ahead(at, str(end * channels))
            w.fill(rest, (source.padded - end) * channels)

        inner = w.compare("ult", of, str(source.height))
        w.either(inner, inside, lambda: w.fill(at, source.line))

    w.loop("0", count, "1", line)


def _gather(
    w: TileWriter, to: str, image: str, place: str, count: int, source: Source
) -> None:
    """A part of a line, its channels made neighbours."""
    stored = source.channels // source.repeat
    first = source.channels_first
    to_channel = str(source.height * source.width if first else 1)
    to_place = str(1 if first else stored)

    def channel(number: str) -> None:
        start = w.add(w.mul(number, to_channel), w.mul(place, to_place))
        of = w.ahead(image, start)
        target = w.ahead(to, w.mul(number, str(source.repeat)))

        def element(x: str) -> None:
            value = w.load(w.ahead(of, w.mul(x, to_place)), w.element.scalar)
            at = w.ahead(target, w.mul(x, str(source.channels)))
            w.loop(
                "0",
                str(source.repeat),
                "1",
                lambda i: w.store(value, w.ahead(at, i), w.element.scalar),
            )

        _by_fours(w, count, element)

    w.loop("0", str(stored), "1", channel)


def finish_image(
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

        _by_fours(w, places, place)

    w.loop("0", str(kept), "1", channel)


def _by_fours(w: TileWriter, count: int, body: Callable[[str], None]) -> None:
    """A loop whose turns do four places; the last ones are done twice."""
    if count < 4:
        w.loop("0", str(count), "1", body)
        return

    def turn(at: str) -> None:
        first = w.least(at, str(count - 4)) if count % 4 else at
        for number in range(4):
            body(w.add(first, str(number)))

    w.loop("0", str(count), "4", turn)
