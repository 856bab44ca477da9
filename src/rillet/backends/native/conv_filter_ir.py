"""The text of a convolution's gradient of its filters: a tile of taps at a time.

In flows a `Form`; out flows LLVM IR. The caller is `conv`.

Words: the input's address, the result's gradient's, the parts'. A block is images; it
writes a part of its own, `(window, depth, filters)`, whose number is the block's. As
many images, or lines of one, as stay in cache are done together: for each tile of taps
and channels their sums run over all places.
"""

from __future__ import annotations

from typing import NamedTuple

from rillet.backends.native.conv_ir import Source, copy_lines
from rillet.backends.native.conv_shapes import Sizes, Tile
from rillet.backends.native.conv_writer import Element, Loop, TileWriter


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
    """

    element: Element
    sizes: Sizes
    source: Source
    gradient: Source
    tile: Tile
    run: int
    images: int
    band: int

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
    def scratch(self) -> int:
        """Bytes of scratch."""
        return self.images * sum(self.copies) * self.element.size


def text(form: Form) -> str:
    """Returns the IR of a form's kernel."""
    return _FilterGradient(form).text()


class _Places(NamedTuple):
    """Where a chunk of places lies, in values of the text."""

    x: str
    dy: str
    images: str
    lines: str


class _FilterGradient:
    """Writes one kernel."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.w = TileWriter(form.element)

    def text(self) -> str:
        """The whole text."""
        w, form, sizes = self.w, self.form, self.form.sizes
        x, dy, parts = (w.word(i, "ptr") for i in range(3))
        size = sizes.taps * sizes.depth * sizes.filters
        part = w.ahead(parts, w.mul("%block", str(size)))
        w.fill(part, size)

        def chunk(first: str) -> None:
            count = w.least(str(form.images), w.sub("%hi", first))
            of = w.ahead(x, w.mul(first, str(form.source.image)))
            to = w.ahead(dy, w.mul(first, str(form.gradient.image)))

            def band(line: str) -> None:
                lines = w.least(str(form.band), w.sub(str(sizes.outputs[0]), line))
                self._window(self._places(of, to, count, line, lines), part)

            w.loop("0", str(sizes.outputs[0]), str(form.band), band)

        w.loop("%lo", "%hi", str(form.images), chunk)
        return w.kernel()

    def _places(self, x: str, dy: str, images: str, line: str, lines: str) -> _Places:
        """The chunk, copied where it must be."""
        w, form, sizes = self.w, self.form, self.form.sizes
        own_x, own_dy = form.copies
        first = w.sub(w.mul(line, str(sizes.strides[0])), str(form.source.top))
        dy_copies = w.ahead("%scratch", str(form.images * own_x))
        if form.source.copied:
            steps = w.mul(w.sub(lines, "1"), str(sizes.strides[0]))
            reach = (sizes.window[0] - 1) * sizes.dilations[0] + 1
            count = w.add(steps, str(reach))

            def copy(number: str) -> None:
                to = w.ahead("%scratch", w.mul(number, str(own_x)))
                image = w.ahead(x, w.mul(number, str(form.source.image)))
                copy_lines(w, form.source, to, image, first, count)

            w.loop("0", images, "1", copy)
            x = "%scratch"
        else:
            x = w.ahead(x, w.mul(first, str(form.source.line)))
        if form.gradient.copied:

            def copy_gradient(number: str) -> None:
                to = w.ahead(dy_copies, w.mul(number, str(own_dy)))
                image = w.ahead(dy, w.mul(number, str(form.gradient.image)))
                copy_lines(w, form.gradient, to, image, line, lines)

            w.loop("0", images, "1", copy_gradient)
            dy = dy_copies
        else:
            dy = w.ahead(dy, w.mul(line, str(form.gradient.line)))
        return _Places(x, dy, images, lines)

    def _window(self, places: _Places, part: str) -> None:
        """Every tile of the window."""
        w, form, sizes = self.w, self.form, self.form.sizes
        high, wide = form.tile.lines, form.tile.columns
        runs = sizes.window[1] * sizes.depth // form.run

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
                        a = w.ahead(places.x, w.add(place, k))
                        to = w.mul(w.add(row, k), str(sizes.filters))
                        self._blocks(places, a, w.ahead(part, to), g, (y_seen, k_seen))

                    w.loop("0", str(form.run), str(wide), along)

                w.loop("0", str(runs), "1", tap)

            w.loop("0", str(sizes.groups), "1", group)

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

        def block(first: str) -> None:
            place = w.add(start, first)
            masks = [""] * vectors
            if sizes.each % across:
                masks = [
                    w.lanes_below(w.add(first, str(v * lanes)), str(sizes.each))
                    for v in range(vectors)
                ]
            b = w.ahead(places.dy, place)
            sums = w.tile(a, b, self._rows(), vectors, self._loops(places))
            self._add(w.ahead(to, place), sums, masks, seen)

        w.loop("0", str(sizes.each), str(across), block)

    def _rows(self) -> list[int]:
        form = self.form
        down = form.sizes.dilations[0] * form.source.line
        return [
            y * down + x
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
        w, form, sizes = self.w, self.form, self.form.sizes
        vectors, lanes = form.tile.vectors, form.element.lanes
        down = sizes.window[1] * sizes.depth * sizes.filters
        for number in range(form.tile.rows):
            y, x = divmod(number, form.tile.columns)

            def row(number: int = number, y: int = y, x: int = x) -> None:
                for v in range(vectors):
                    place = y * down + x * sizes.filters + v * lanes
                    at = w.ahead(to, str(place))
                    before = w.load_masked(at, masks[v])
                    value = w.op(
                        f"fadd {form.element.vector} {before}, "
                        f"{sums[number * vectors + v]}"
                    )
                    w.store_masked(value, at, masks[v])

            self._unless_seen(((str(y), seen[0]), (str(x), seen[1])), row)

    def _unless_seen(self, places: tuple[tuple[str, str], ...], row: object) -> None:
        """Runs `row` where each place is not below its mark."""
        assert callable(row)
        w = self.w
        tests = [w.compare("sge", at, mark) for at, mark in places if mark != "0"]
        if not tests:
            row()
            return
        test = tests[0]
        for other in tests[1:]:
            test = w.op(f"and i1 {test}, {other}")
        w.when(test, row)
