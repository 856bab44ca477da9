"""The text of convolutions: a tile of places of the output at a time.

In flows a `Form`; out flows LLVM IR. The caller is `conv`, for convolutions and for the
gradient of their input, which is one too.

Words: the source's address, the filters' (packed in blocks of channels, see `packing`),
the output's. A block is lines of outputs, or whole images. Where windows leave the
source, or its channels lie first, as many lines as fit are first copied into scratch
with zeros around.
"""

from __future__ import annotations

from typing import NamedTuple

from rillet.backends.native.conv_shapes import Axis, Taps, Tile
from rillet.backends.native.conv_writer import Element, Loop, TileWriter


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
    """

    height: int
    width: int
    channels: int
    copied: bool
    top: int
    left: int
    padded: int
    channels_first: bool

    @property
    def line(self) -> int:
        """Numbers from a line to the next, as tiles read them."""
        return (self.padded if self.copied else self.width) * self.channels

    @property
    def image(self) -> int:
        """Numbers of an image."""
        return self.height * self.width * self.channels


class Form(NamedTuple):
    """What is constant in the code of a convolution.

    Attributes:
      element: what it computes with.
      source: what windows slide over.
      vertical: how they slide.
      horizontal: how they slide along a line.
      height: lines of the output.
      width: places in a line.
      channels: of the output.
      groups: parts of the channels that have filters of their own.
      tile: sums in registers.
      blocks: of the tile's vectors across a group's channels.
      filter_row: numbers from a vector row of filters to the next.
      filter_block: numbers from a block to the next.
      band: lines (of each kind) done together.
      whole: whether the extent counts images, not lines of outputs.
      channels_first: how the output lies.
    """

    element: Element
    source: Source
    vertical: Axis
    horizontal: Axis
    height: int
    width: int
    channels: int
    groups: int
    tile: Tile
    blocks: int
    filter_row: int
    filter_block: int
    band: int
    whole: bool
    channels_first: bool

    @property
    def lines(self) -> int:
        """Lines of an image that bands cut: outputs, a period of them counted once."""
        return max(kind.places for kind in self.vertical.kinds)

    @property
    def band_lines(self) -> int:
        """Lines of the source that a band needs."""
        return (self.band - 1) * self.vertical.step + self.vertical.reach

    @property
    def scratch(self) -> int:
        """Bytes of scratch."""
        numbers = self.band_lines * self.source.line if self.source.copied else 0
        if self.channels_first:
            numbers += self.height * self.width * self.channels
        return numbers * self.element.size


class _Phase(NamedTuple):
    """Places of one kind, in values of the text."""

    first_line: str
    lines: str
    first_column: str
    columns: str
    source: str
    taps_down: str
    taps_along: str
    filters: str


def text(form: Form) -> str:
    """Returns the IR of a form's kernel."""
    return _Convolution(form).text()


class _Convolution:
    """Writes one kernel."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.w = TileWriter(form.element)
        self.least_lines = min(kind.places for kind in form.vertical.kinds)

    def text(self) -> str:
        """The whole text."""
        w, form = self.w, self.form
        source, filters, out = (w.word(i, "ptr") for i in range(3))
        lines = str(form.lines)
        unit = lines if form.whole else "1"
        begin, end = w.mul("%lo", unit), w.mul("%hi", unit)

        def image(number: str) -> None:
            first = w.mul(number, lines)
            low = "0" if form.whole else w.most("0", w.sub(begin, first))
            high = lines if form.whole else w.least(lines, w.sub(end, first))
            of = w.ahead(source, w.mul(number, str(form.source.image)))
            numbers = form.height * form.width * form.channels
            to = w.ahead(out, w.mul(number, str(numbers)))
            written = self._scratch_out() if form.channels_first else to
            w.loop(
                low,
                high,
                str(form.band),
                lambda line: self._band(of, filters, written, line, high),
            )
            if form.channels_first:
                transpose(w, to, written, form.height * form.width, form.channels)

        images_end = w.quotient(w.add(end, w.sub(lines, "1")), lines)
        if form.whole:
            w.loop("%lo", "%hi", "1", image)
        else:
            w.loop(w.quotient(begin, lines), images_end, "1", image)
        return w.kernel()

    def _scratch_out(self) -> str:
        form = self.form
        copied = form.band_lines * form.source.line if form.source.copied else 0
        return self.w.ahead("%scratch", str(copied))

    def _band(self, image: str, filters: str, out: str, line: str, end: str) -> None:
        """Lines of outputs from `line` on, as many as a band has, before `end`."""
        w, form = self.w, self.form
        count = w.least(str(form.band), w.sub(end, line))
        first = w.sub(w.mul(line, str(form.vertical.step)), str(form.source.top))
        if form.source.copied:
            steps = w.mul(w.sub(count, "1"), str(form.vertical.step))
            copy_lines(
                w,
                form.source,
                "%scratch",
                image,
                first,
                w.add(steps, str(form.vertical.reach)),
            )
            start = "%scratch"
        else:
            start = w.ahead(image, w.mul(first, str(form.source.line)))

        def group(number: str) -> None:
            def block(panel: str) -> None:
                at = w.add(w.mul(number, str(form.blocks)), panel)
                of = w.ahead(filters, w.mul(at, str(form.filter_block)))
                self._phases(start, of, out, number, panel, line, count)

            w.loop("0", str(form.blocks), "1", block)

        w.loop("0", str(form.groups), "1", group)

    def _phases(
        self,
        source: str,
        filters: str,
        out: str,
        group: str,
        panel: str,
        line: str,
        count: str,
    ) -> None:
        w, form = self.w, self.form
        depth = form.source.channels // form.groups
        each = form.channels // form.groups
        source = w.ahead(source, w.mul(group, str(depth)))
        across = str(form.tile.vectors * form.element.lanes)
        first = w.mul(panel, across)
        to = w.ahead(out, w.add(w.mul(group, str(each)), first))
        masks = self._masks(first, each)

        def phase(one: _Phase) -> None:
            last = w.add(line, count)
            lines = w.sub(w.least(last, one.lines), line)
            self._tiles(
                one,
                w.ahead(source, one.source),
                w.ahead(filters, one.filters),
                to,
                line,
                lines,
                masks,
            )

        rows = self._table()
        if len(rows) == 1:
            phase(_Phase(*(str(number) for number in rows[0])))
            return
        table = w.table("phases", rows)

        def turn(number: str) -> None:
            at = w.move(table, w.mul(number, str(len(rows[0]))), 8)
            words = [w.move(at, str(i), 8) for i in range(len(rows[0]))]
            phase(_Phase(*(w.op(f"load i64, ptr {word}") for word in words)))

        w.loop("0", str(len(rows)), "1", turn)

    def _table(self) -> list[tuple[int, ...]]:
        """The phases, a row of numbers each."""
        form = self.form
        left = form.source.left if form.source.copied else 0
        top = form.source.top
        taps = 0
        rows: list[tuple[int, ...]] = []
        depth = form.source.channels // form.groups
        for down in form.vertical.kinds:
            for along in form.horizontal.kinds:
                start = (down.start + top) * form.source.line
                start += (along.start + left) * form.source.channels
                rows.append(
                    (
                        down.begin,
                        down.places,
                        along.begin,
                        along.places,
                        start if down.taps and along.taps else 0,
                        down.taps,
                        along.taps,
                        taps * depth * form.filter_row,
                    )
                )
                taps += down.taps * along.taps
        return rows

    def _masks(self, first: str, each: int) -> list[str]:
        """The masks of a block's vectors; empty where all are whole."""
        w, form = self.w, self.form
        lanes, vectors = form.element.lanes, form.tile.vectors
        if each == form.blocks * vectors * lanes:
            return [""] * vectors
        places = [w.add(first, str(v * lanes)) for v in range(vectors)]
        return [w.lanes_below(place, str(each)) for place in places]

    def _tiles(
        self,
        one: _Phase,
        source: str,
        filters: str,
        out: str,
        line: str,
        lines: str,
        masks: list[str],
    ) -> None:
        """The outputs of one kind in a band; `source` is the band's first place."""
        w, form = self.w, self.form
        high, wide = form.tile.lines, form.tile.columns

        def down(at: str) -> None:
            y = w.least(at, w.sub(lines, str(high))) if high > 1 else at
            place = w.mul(y, str(form.vertical.step * form.source.line))
            from_line = w.ahead(source, place)
            period = str(form.vertical.period)
            to = w.add(one.first_line, w.mul(w.add(line, y), period))

            def along(at: str) -> None:
                x = w.least(at, w.sub(one.columns, str(wide))) if wide > 1 else at
                step = form.horizontal.step * form.source.channels
                a = w.ahead(from_line, w.mul(x, str(step)))
                sums = w.tile(
                    a, filters, self._rows(), form.tile.vectors, self._loops(one)
                )
                column = w.mul(x, str(form.horizontal.period))
                place = w.add(
                    w.mul(to, str(form.width)), w.add(column, one.first_column)
                )
                self._write(w.ahead(out, w.mul(place, str(form.channels))), sums, masks)

            w.loop("0", one.columns, str(wide), along)

        w.loop("0", lines, str(high), down)

    def _rows(self) -> list[int]:
        """Where a tile's places begin in the source."""
        form = self.form
        down = form.vertical.step * form.source.line
        along = form.horizontal.step * form.source.channels
        return [
            y * down + x * along
            for y in range(form.tile.lines)
            for x in range(form.tile.columns)
        ]

    def _loops(self, one: _Phase) -> list[Loop]:
        """The loops over a window, and the steps of source and filters."""
        w, form = self.w, self.form
        depth = form.source.channels // form.groups
        row = form.filter_row
        across = w.mul(one.taps_along, str(depth))
        down = (
            one.taps_down,
            str(form.vertical.tap_step * form.source.line),
            w.mul(across, str(row)),
        )
        inner = (across, "1", str(row))
        if form.groups == 1 and (
            form.horizontal.tap_step == 1 or one.taps_along == "1"
        ):
            return [down, inner]
        step = str(form.horizontal.tap_step * form.source.channels)
        along = (one.taps_along, step, str(depth * row))
        return [down, along, (str(depth), "1", str(row))]

    def _write(self, out: str, sums: list[str], masks: list[str]) -> None:
        w, form = self.w, self.form
        vectors, lanes = form.tile.vectors, form.element.lanes
        down = form.vertical.period * form.width * form.channels
        along = form.horizontal.period * form.channels
        for number in range(form.tile.rows):
            y, x = divmod(number, form.tile.columns)
            for v in range(vectors):
                at = w.ahead(out, str(y * down + x * along + v * lanes))
                w.store_masked(sums[number * vectors + v], at, masks[v])


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
            if source.channels_first:
                start = w.ahead(
                    image, w.add(w.mul(of, str(source.width)), str(skipped))
                )
                _gather(w, target, start, end - begin, source)
            else:
                place = w.add(w.mul(of, str(source.width)), str(skipped))
                start = w.ahead(image, w.mul(place, str(channels)))
                w.copy(target, start, run)
            rest = w.ahead(at, str(end * channels))
            w.fill(rest, (source.padded - end) * channels)

        inner = w.compare("ult", of, str(source.height))
        w.either(inner, inside, lambda: w.fill(at, source.line))

    w.loop("0", count, "1", line)


def _gather(w: TileWriter, to: str, start: str, count: int, source: Source) -> None:
    """A line whose channels lie planes apart, its channels made neighbours."""
    plane = str(source.height * source.width)

    def channel(number: str) -> None:
        plane_line = w.ahead(start, w.mul(number, plane))
        target = w.ahead(to, number)

        def place(x: str) -> None:
            value = w.load(w.ahead(plane_line, x), w.element.scalar)
            at = w.ahead(target, w.mul(x, str(source.channels)))
            w.store(value, at, w.element.scalar)

        w.loop("0", str(count), "1", place)

    w.loop("0", str(source.channels), "1", channel)


def transpose(w: TileWriter, to: str, source: str, rows: int, columns: int) -> None:
    """Writes `(rows, columns)` as `(columns, rows)`."""

    def column(x: str) -> None:
        def row(y: str) -> None:
            at = w.ahead(source, w.add(w.mul(y, str(columns)), x))
            value = w.load(at, w.element.scalar)
            place = w.add(w.mul(x, str(rows)), y)
            w.store(value, w.ahead(to, place), w.element.scalar)

        w.loop("0", str(rows), "1", row)

    w.loop("0", str(columns), "1", column)


def turned(kinds: tuple[Taps, ...], others: tuple[Taps, ...]) -> list[tuple[int, int]]:
    """The taps of a window in the order in which phases read them."""
    return [
        (y, x)
        for down in kinds
        for along in others
        for y in down.numbers
        for x in along.numbers
    ]
