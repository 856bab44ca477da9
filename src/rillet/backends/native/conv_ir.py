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

from rillet.backends.native.conv_copy_ir import (
    Source,
    copy_lines,
    fold_image,
    transpose,
)
from rillet.backends.native.conv_shapes import Axis, Taps, Tile
from rillet.backends.native.conv_writer import Element, TileWriter


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
      way: "spread": a vector has channels of the output, and each element of the source
        meets all of them; "each": it has channels that are filtered singly; "dots": it
        runs along what is summed, for few channels.
      fold: channels that are added up to one in the end.
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
    way: str = "spread"
    fold: int = 1

    @property
    def depth(self) -> int:
        """Channels that a filter reads."""
        return self.source.channels // self.groups

    @property
    def reduced(self) -> int:
        """Channels that are summed."""
        return 1 if self.way == "each" else self.depth

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
        numbers = self.copied
        if self.is_staged:
            numbers += self.height * self.width * self.channels
        return numbers * self.element.size

    @property
    def copied(self) -> int:
        """Numbers of the copy of the source."""
        return self.band_lines * self.source.line if self.source.copied else 0

    @property
    def is_staged(self) -> bool:
        """Whether images are first written to scratch."""
        return self.channels_first or self.fold > 1


class _Phase(NamedTuple):
    """Places of one kind, in values of the text."""

    first_line: str
    start: str
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
            numbers = form.height * form.width * form.channels // form.fold
            to = w.ahead(out, w.mul(number, str(numbers)))
            written = w.ahead("%scratch", str(form.copied)) if form.is_staged else to
            w.loop(
                low,
                high,
                str(form.band),
                lambda line: self._band(of, filters, written, line, high),
            )
            places = form.height * form.width
            if form.fold > 1:
                fold_image(
                    w,
                    to,
                    written,
                    places,
                    form.channels,
                    form.fold,
                    form.channels_first,
                )
            elif form.is_staged:
                channels = form.channels
                transpose(w, to, written, places, channels, channels, places)

        images_end = w.quotient(w.add(end, w.sub(lines, "1")), lines)
        if form.whole:
            w.loop("%lo", "%hi", "1", image)
        else:
            w.loop(w.quotient(begin, lines), images_end, "1", image)
        return w.kernel()

    def _band(self, image: str, filters: str, out: str, line: str, end: str) -> None:
        """Lines of outputs from `line` on, as many as a band has, before `end`."""
        w, form = self.w, self.form
        count = w.least(str(form.band), w.sub(end, line))
        first = w.sub(w.mul(line, str(form.vertical.step)), str(form.source.top))
        steps = w.mul(w.sub(count, "1"), str(form.vertical.step))
        needed = w.add(steps, str(form.vertical.reach))
        if form.way == "each":

            def slice(number: str) -> None:
                channel = w.mul(number, str(form.element.lanes))
                copy_lines(w, form.source, "%scratch", image, first, needed, channel)
                of = w.ahead(filters, channel)
                self._phases("%scratch", of, out, "0", number, line, count)

            w.loop("0", str(form.blocks), "1", slice)
            return
        if form.source.copied:
            copy_lines(w, form.source, "%scratch", image, first, needed)
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
        each = form.channels // form.groups
        source = w.ahead(source, w.mul(group, str(form.depth)))
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
        for down in form.vertical.kinds:
            for along in form.horizontal.kinds:
                start = (down.start + top) * form.source.line
                start += (along.start + left) * form.source.channels
                rows.append(
                    (
                        down.begin,
                        down.start,
                        down.places,
                        along.begin,
                        along.places,
                        start if down.taps and along.taps else 0,
                        down.taps,
                        along.taps,
                        taps * form.reduced * form.filter_row,
                    )
                )
                taps += down.taps * along.taps
        return rows

    def _masks(self, first: str, each: int) -> list[str]:
        """The masks of a block's vectors; empty where all are whole."""
        w, form = self.w, self.form
        lanes, vectors = form.element.lanes, form.tile.vectors
        if form.way == "dots" or each == form.blocks * vectors * lanes:
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
            met, a, b = self._met(one, w.add(line, y), from_line, filters)

            def along(at: str) -> None:
                x = w.least(at, w.sub(one.columns, str(wide))) if wide > 1 else at
                step = form.horizontal.step * form.source.channels
                sums = self._sums(w.ahead(a, w.mul(x, str(step))), b, met)
                column = w.mul(x, str(form.horizontal.period))
                place = w.add(
                    w.mul(to, str(form.width)), w.add(column, one.first_column)
                )
                self._write(w.ahead(out, w.mul(place, str(form.channels))), sums, masks)

            w.loop("0", one.columns, str(wide), along)

        w.loop("0", lines, str(high), down)

    def _met(
        self, one: _Phase, line: str, source: str, filters: str
    ) -> tuple[_Phase, str, str]:
        """The taps that a tile's lines have in the source, and where those begin.

        Zeros above and below are not multiplied; those beside are.
        """
        w, form = self.w, self.form
        if form.vertical.is_inside(form.source.height):
            return one, source, filters
        tap = form.vertical.tap_step
        first = w.add(one.start, w.mul(line, str(form.vertical.step)))
        last = w.add(first, str((form.tile.lines - 1) * form.vertical.step))
        low = w.quotient(w.most("0", w.sub(str(tap - 1), last)), str(tap))
        room = w.most("0", w.sub(str(form.source.height + tap - 1), first))
        high = w.least(one.taps_down, w.quotient(room, str(tap)))
        step = w.mul(one.taps_along, str(form.reduced * form.filter_row))
        return (
            one._replace(taps_down=w.most("0", w.sub(high, low))),
            w.ahead(source, w.mul(low, str(tap * form.source.line))),
            w.ahead(filters, w.mul(low, step)),
        )

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

    def _sums(self, a: str, filters: str, one: _Phase) -> list[str]:
        """A tile's sums over a window."""
        w, form = self.w, self.form
        line = str(form.vertical.tap_step * form.source.line)
        tap = str(form.horizontal.tap_step * form.source.channels)
        row, vectors = form.filter_row, form.tile.vectors
        if form.way == "each":
            loops = [
                (one.taps_down, line, w.mul(one.taps_along, str(row))),
                (one.taps_along, tap, str(row)),
            ]
            return w.tile(a, filters, self._rows(), vectors, loops, spread=False)
        across = w.mul(one.taps_along, str(form.depth))
        loops = [(one.taps_down, line, w.mul(across, str(row)))]
        run = across
        is_apart = form.horizontal.tap_step > 1 and one.taps_along != "1"
        if form.groups > 1 or is_apart:
            loops.append((one.taps_along, tap, str(form.depth * row)))
            run = str(form.depth)
        if form.way == "dots":
            columns = [v * form.filter_block for v in range(vectors)]
            return w.dots(a, filters, self._rows(), columns, loops, run)
        loops.append((run, "1", str(row)))
        return w.tile(a, filters, self._rows(), vectors, loops)

    def _write(self, out: str, sums: list[str], masks: list[str]) -> None:
        w, form = self.w, self.form
        vectors, lanes = form.tile.vectors, form.element.lanes
        down = form.vertical.period * form.width * form.channels
        along = form.horizontal.period * form.channels
        for number in range(form.tile.rows):
            y, x = divmod(number, form.tile.columns)
            place = y * down + x * along
            for v in range(vectors):
                value = sums[number * vectors + v]
                if form.way == "dots":
                    w.store(value, w.ahead(out, str(place + v)), form.element.scalar)
                else:
                    at = w.ahead(out, str(place + v * lanes))
                    w.store_masked(value, at, masks[v])


def turned(kinds: tuple[Taps, ...], others: tuple[Taps, ...]) -> list[tuple[int, int]]:
    """The taps of a window in the order in which phases read them."""
    return [
        (y, x)
        for down in kinds
        for along in others
        for y in down.numbers
        for x in along.numbers
    ]
