"""The text of a convolution's gradient of its filters: a tile of taps at a time.

In flows a `Form`; out flows LLVM IR. The caller is `conv`.

Words: the input's address, the result's gradient's, the parts'. A block is images; it
writes a part of its own, `(window, depth, filters)`, whose number is the block's. As
many images, or lines of one, as stay in cache are done together: for each tile of taps
and channels their sums run over all places.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from rillet.backends.native.conv_copy_ir import Source, copy_lines
from rillet.backends.native.conv_shapes import Sizes, Tile
from rillet.backends.native.conv_writer import Element, Loop, TileWriter

_LARGE: Final = 1 << 18  # bytes of a part that do not stay in cache


class Form(NamedTuple):
    """What is constant in the code of a gradient of filters.

    Attributes:
      element: what it computes with.
      sizes: of the convolution.
      source: the input, as tiles read it.
      gradient: the result's gradient, as tiles read it.
      tile: lines of the window times a run of taps and channels, times vectors.
      run: length of a run in which taps and channels are neighbours.
      images: images done together; lines are cut only where it is one.
      band: lines of outputs done together.
      whole: whether the extent counts images, not lines of outputs.
      way: "spread": a vector has filters, and each element of the input meets all of
        them; "each": it has channels that are filtered singly; "turned": it runs along
        taps and channels of the input, for few filters, and parts are `(filters,
        window, depth)`.
    """

    element: Element
    sizes: Sizes
    source: Source
    gradient: Source
    tile: Tile
    run: int
    images: int
    band: int
    way: str
    whole: bool = True

    @property
    def band_lines(self) -> int:
        """Lines of the input that a band needs."""
        sizes = self.sizes
        reach = (sizes.window[0] - 1) * sizes.dilations[0] + 1
        return (self.band - 1) * sizes.strides[0] + reach

    @property
    def copies(self) -> tuple[int, int]:
        """Numbers of an image's copies, of the input and of the gradient."""
        x = self.band_lines * self.source.line if self.source.copied else 0
        g = self.band * self.gradient.line if self.gradient.copied else 0
        return x, g

    @property
    def reach(self) -> int:
        """Numbers that the last vectors of a copy reach beyond it."""
        return self.tile.vectors * self.element.lanes

    @property
    def is_large(self) -> bool:
        """Whether parts are written at first, instead of filled with zeros before."""
        sizes = self.sizes
        numbers = sizes.taps * sizes.depth * sizes.filters
        return self.way == "spread" and numbers * self.element.size > _LARGE

    @property
    def scratch(self) -> int:
        """Bytes of scratch."""
        numbers = self.images * sum(self.copies) + 2 * self.reach
        return numbers * self.element.size


def text(form: Form) -> str:
    """Returns the IR of a form's kernel."""
    return _FilterGradient(form).text()


class _Places(NamedTuple):
    """Where a chunk of places lies, in values of the text.

    Attributes:
      x: the first window's address.
      dy: the first place's address.
      images: how many.
      lines: of places in each.
      group: of filters, if only one is done; so the next.
      panel: the first filter of a tile's.
    """

    x: str
    dy: str
    images: str
    lines: str
    group: str = ""
    panel: str = ""


class _FilterGradient:
    """Writes one kernel."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.w = TileWriter(form.element)
        self.part = ""
        self.is_first = ""

    def text(self) -> str:
        """The whole text."""
        w, form, sizes = self.w, self.form, self.form.sizes
        x, dy, parts = (w.word(i, "ptr") for i in range(3))
        size = sizes.taps * sizes.depth * sizes.filters
        self.part = w.ahead(parts, w.mul("%block", str(size)))
        if not form.is_large:
            w.fill(self.part, size)

        total = str(sizes.outputs[0])

        def chunk(first: str, low: str, high: str) -> None:
            count = w.least(str(form.images), w.sub("%hi", first))
            of = w.ahead(x, w.mul(first, str(form.source.image)))
            to = w.ahead(dy, w.mul(first, str(form.gradient.image)))

            def band(line: str) -> None:
                lines = w.least(str(form.band), w.sub(high, line))
                at = w.add(w.mul(first, total), line)
                begin = w.mul("%lo", total) if form.whole else "%lo"
                self.is_first = w.compare("eq", at, begin) if form.is_large else ""
                self._chunk(of, to, "1" if form.images == 1 else count, line, lines)

            w.loop(low, high, str(form.band), band)

        def image(number: str) -> None:
            start = w.mul(number, total)
            low, high = w.most("0", w.sub("%lo", start)), w.sub("%hi", start)
            chunk(number, low, w.least(total, high))

        if form.whole:
            w.loop("%lo", "%hi", str(form.images), lambda at: chunk(at, "0", total))
        else:
            last = w.quotient(w.add("%hi", w.sub(total, "1")), total)
            w.loop(w.quotient("%lo", total), last, "1", image)
        return w.kernel()

    def _chunk(self, x: str, dy: str, images: str, line: str, lines: str) -> None:
        """Lines of some images, for the whole window."""
        w, form, sizes = self.w, self.form, self.form.sizes
        across = str(form.tile.vectors * form.element.lanes)
        if form.way == "each":

            def slice(first: str) -> None:
                of = self._copied_x(x, images, line, lines, first)
                to = self._copied_dy(dy, images, line, lines, first)
                self._window(_Places(of, to, images, lines, "0", first))

            w.loop("0", str(sizes.filters), across, slice)
            return
        of = self._copied_x(x, images, line, lines, "0")
        if form.gradient.sliced:

            def group(number: str) -> None:
                def panel(first: str) -> None:
                    channel = w.add(w.mul(number, str(sizes.each)), first)
                    to = self._copied_dy(dy, images, line, lines, channel)
                    self._window(_Places(of, to, images, lines, number, first))

                w.loop("0", str(sizes.each), across, panel)

            w.loop("0", str(sizes.groups), "1", group)
            return
        to = self._copied_dy(dy, images, line, lines, "0")
        places = _Places(of, to, images, lines)
        if form.way == "turned":
            self._turned(places)
        else:
            self._window(places)

    def _copied_x(self, x: str, images: str, line: str, lines: str, slice: str) -> str:
        """The first window's address, in a copy where there must be one."""
        w, form, sizes = self.w, self.form, self.form.sizes
        own = form.copies[0]
        first = w.sub(w.mul(line, str(sizes.strides[0])), str(form.source.top))
        if not form.source.copied:
            return w.ahead(x, w.mul(first, str(form.source.line)))
        steps = w.mul(w.sub(lines, "1"), str(sizes.strides[0]))
        reach = (sizes.window[0] - 1) * sizes.dilations[0] + 1
        count = w.add(steps, str(reach))

        def copy(number: str) -> None:
            to = w.ahead("%scratch", w.mul(number, str(own)))
            image = w.ahead(x, w.mul(number, str(form.source.image)))
            copy_lines(w, form.source, to, image, first, count, slice)

        w.loop("0", images, "1", copy)
        return "%scratch"

    def _copied_dy(
        self, dy: str, images: str, line: str, lines: str, slice: str
    ) -> str:
        """The first place's address, in a copy where there must be one."""
        w, form = self.w, self.form
        own_x, own = form.copies
        if not form.gradient.copied:
            return w.ahead(dy, w.add(w.mul(line, str(form.gradient.line)), slice))
        copies = w.ahead("%scratch", str(form.images * own_x + form.reach))

        def copy(number: str) -> None:
            to = w.ahead(copies, w.mul(number, str(own)))
            image = w.ahead(dy, w.mul(number, str(form.gradient.image)))
            copy_lines(w, form.gradient, to, image, line, lines, slice)

        w.loop("0", images, "1", copy)
        return copies

    def _window(self, places: _Places) -> None:
        """Every tile of the window."""
        w, form, sizes = self.w, self.form, self.form.sizes
        high, wide = form.tile.lines, form.tile.columns
        runs = 1 if form.way == "each" else sizes.window[1] * sizes.depth // form.run
        groups = sizes.groups

        def down(at: str) -> None:
            y, y_seen = self._moved(at, sizes.window[0], high)
            line = w.mul(y, str(sizes.dilations[0] * form.source.line))

            def group(g: str) -> None:
                def tap(number: str) -> None:
                    step = sizes.dilations[1] * form.source.channels
                    place = w.add(line, w.mul(number, str(step)))
                    place = w.add(place, w.mul(g, str(sizes.depth)))
                    row = w.mul(y, str(sizes.window[1] * sizes.depth))
                    row = w.add(row, w.mul(number, str(form.run)))

                    def along(at: str) -> None:
                        k, k_seen = self._moved(at, form.run, wide)
                        step = w.mul(k, str(self._row_step()))
                        a = w.ahead(places.x, w.add(place, step))
                        to = w.mul(w.add(row, k), str(sizes.filters))
                        self._blocks(
                            places, a, w.ahead(self.part, to), g, (y_seen, k_seen)
                        )

                    w.loop("0", str(form.run), str(wide), along)

                w.loop("0", str(runs), "1", tap)

            if places.group:
                group(places.group)
            else:
                w.loop("0", str(groups), "1", group)

        w.loop("0", str(sizes.window[0]), str(high), down)

    def _moved(self, at: str, size: int, tile: int) -> tuple[str, str]:
        """A tile's place, moved back to end inside; and how many rows were done."""
        if size % tile == 0:
            return at, "0"
        moved = self.w.least(at, str(size - tile))
        return moved, self.w.sub(at, moved)

    def _blocks(
        self, places: _Places, a: str, to: str, group: str, seen: tuple[str, str]
    ) -> None:
        """A tile of rows, for all filters of a group."""
        w, form, sizes = self.w, self.form, self.form.sizes
        lanes, vectors = form.element.lanes, form.tile.vectors
        across = vectors * lanes
        start = w.mul(group, str(sizes.each))
        if places.panel:
            is_each = form.way == "each"
            count = sizes.filters if is_each else sizes.each
            masks = self._masks(places.panel, count)
            loops, spread = self._loops(places), not is_each
            sums = w.tile(a, places.dy, self._rows(), vectors, loops, spread)
            self._add(w.ahead(to, w.add(start, places.panel)), sums, masks, seen)
            return

        def block(first: str) -> None:
            place = w.add(start, first)
            masks = self._masks(first, sizes.each)
            b = w.ahead(places.dy, place)
            sums = w.tile(a, b, self._rows(), vectors, self._loops(places))
            self._add(w.ahead(to, place), sums, masks, seen)

        w.loop("0", str(sizes.each), str(across), block)

    def _masks(self, first: str, count: int) -> list[str]:
        """The masks of a tile's vectors; empty where all are whole."""
        w, lanes = self.w, self.form.element.lanes
        vectors = self.form.tile.vectors
        if count % (vectors * lanes) == 0:
            return [""] * vectors
        places = [w.add(first, str(v * lanes)) for v in range(vectors)]
        return [w.lanes_below(place, str(count)) for place in places]

    def _row_step(self) -> int:
        """From a row of a tile to the next in the input."""
        if self.form.way == "each":
            return self.form.sizes.dilations[1] * self.form.source.channels
        return 1

    def _turned(self, places: _Places) -> None:
        """Every tile of filters times a run of the window."""
        w, form, sizes = self.w, self.form, self.form.sizes
        window = sizes.window[1] * sizes.depth
        runs = window // form.run
        vectors, lanes = form.tile.vectors, form.element.lanes
        size = sizes.window[0] * window
        loops = [(count, b, a) for count, a, b in self._loops(places)]

        def down(y: str) -> None:
            def tap(number: str) -> None:
                line = w.mul(y, str(sizes.dilations[0] * form.source.line))
                step = sizes.dilations[1] * form.source.channels
                start = w.ahead(places.x, w.add(line, w.mul(number, str(step))))
                row = w.add(w.mul(y, str(window)), w.mul(number, str(form.run)))

                def block(first: str) -> None:
                    masks = self._masks(first, form.run)
                    b = w.ahead(start, first)
                    rows = list(range(sizes.each))
                    sums = w.tile(places.dy, b, rows, vectors, loops)
                    to = w.ahead(self.part, w.add(row, first))
                    for f in range(sizes.each):
                        for v in range(vectors):
                            at = w.ahead(to, str(f * size + v * lanes))
                            self._add_vector(at, sums[f * vectors + v], masks[v])

                w.loop("0", str(form.run), str(vectors * lanes), block)

            w.loop("0", str(runs), "1", tap)

        w.loop("0", str(sizes.window[0]), "1", down)

    def _rows(self) -> list[int]:
        form = self.form
        down = form.sizes.dilations[0] * form.source.line
        return [
            y * down + x * self._row_step()
            for y in range(form.tile.lines)
            for x in range(form.tile.columns)
        ]

    def _loops(self, places: _Places) -> list[Loop]:
        """Images, lines and places, and the steps of input and gradient."""
        form, sizes = self.form, self.form.sizes
        own_x, own_dy = form.copies
        images = (
            places.images,
            str(own_x or form.source.image),
            str(own_dy or form.gradient.image),
        )
        lines = (
            places.lines,
            str(sizes.strides[0] * form.source.line),
            str(form.gradient.line),
        )
        columns = (
            str(sizes.outputs[1]),
            str(sizes.strides[1] * form.source.channels),
            str(form.gradient.channels),
        )
        loops = [images, lines, columns]
        return loops[1:] if form.images == 1 else loops

    def _add(
        self, to: str, sums: list[str], masks: list[str], seen: tuple[str, str]
    ) -> None:
        """Adds a tile to the part, but for rows that another tile added."""
        if self.is_first:
            self.w.either(
                self.is_first,
                lambda: self._write(to, sums, masks, seen, False),
                lambda: self._write(to, sums, masks, seen, True),
            )
        else:
            self._write(to, sums, masks, seen, True)

    def _write(
        self,
        to: str,
        sums: list[str],
        masks: list[str],
        seen: tuple[str, str],
        added: bool,
    ) -> None:
        w, form, sizes = self.w, self.form, self.form.sizes
        vectors, lanes = form.tile.vectors, form.element.lanes
        down = sizes.window[1] * sizes.depth * sizes.filters
        for number in range(form.tile.rows):
            y, x = divmod(number, form.tile.columns)

            def row(number: int = number, y: int = y, x: int = x) -> None:
                for v in range(vectors):
                    place = y * down + x * sizes.filters + v * lanes
                    at = w.ahead(to, str(place))
                    value = sums[number * vectors + v]
                    if added:
                        self._add_vector(at, value, masks[v])
                    else:
                        w.store_masked(value, at, masks[v])

            if not added:
                row()
                continue
            self._unless_seen(((str(y), seen[0]), (str(x), seen[1])), row)

    def _add_vector(self, to: str, value: str, mask: str) -> None:
        before = self.w.load_masked(to, mask)
        added = self.w.op(f"fadd {self.form.element.vector} {before}, {value}")
        self.w.store_masked(added, to, mask)

    def _unless_seen(
        self, places: tuple[tuple[str, str], ...], row: Callable[[], None]
    ) -> None:
        """Runs `row` where each place is not below its mark."""
        w = self.w
        tests = [w.compare("sge", at, mark) for at, mark in places if mark != "0"]
        if not tests:
            row()
            return
        test = tests[0]
        for other in tests[1:]:
            test = w.op(f"and i1 {test}, {other}")
        w.when(test, row)
