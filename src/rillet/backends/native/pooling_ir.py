"""The text of pools over images and of their gradients, a vector of channels at a time.

In flows a `Form`; out flows LLVM IR. The caller is `pooling`. Channels that lie first
make every plane an image of one channel.

Words: the addresses that `INPUTS` has for the kind, then the output's. The extent is
images. "winners" are elements of "values" where each window over "x" has its maximum.

As the reference has it: padding never wins and does not count; a maximum passes over
NaN and is never less than the lowest finite number; of equal elements the first is the
winner that the gradient goes to, and a NaN that comes first wins.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Final, NamedTuple

from rillet.backends.native.conv_writer import Element, TileWriter

_UNROLLED: Final = 16
INPUTS: Final = {
    "maximum": ("x",),
    "mean": ("x",),
    "maximum_gradient": ("x", "dy"),
    "mean_gradient": ("dy",),
    "winners": ("x", "values"),
}


class Form(NamedTuple):
    """What is constant in the code of a pool.

    Attributes:
      kind: a name in `INPUTS`.
      element: what it computes with.
      size: of an image, vertical and horizontal; so the others.
      channels: of a plane.
      planes: in an image.
      window: taps.
      strides: from a window to the next.
      before: padding in front.
      outputs: windows.
    """

    kind: str
    element: Element
    size: tuple[int, int]
    channels: int
    planes: int
    window: tuple[int, int]
    strides: tuple[int, int]
    before: tuple[int, int]
    outputs: tuple[int, int]

    @property
    def is_apart(self) -> bool:
        """Whether no element is in two windows."""
        pairs = zip(self.strides, self.window, strict=True)
        return all(stride >= taps for stride, taps in pairs)

    @property
    def is_inside(self) -> bool:
        """Whether no window leaves the input."""
        return all(
            front == 0 and (count - 1) * stride + taps <= size
            for front, count, stride, taps, size in zip(
                self.before,
                self.outputs,
                self.strides,
                self.window,
                self.size,
                strict=True,
            )
        )

    @property
    def covers(self) -> bool:
        """Whether windows that are apart leave no element out."""
        return self.strides == self.window and all(
            count * stride >= size + front
            for count, stride, size, front in zip(
                self.outputs, self.strides, self.size, self.before, strict=True
            )
        )


class _Window(NamedTuple):
    """A window of the text: an output and the taps that meet the input.

    Attributes:
      input: the number of elements before its first tap, padding counted.
      output: the number of elements before its output.
      lows: the first taps inside, vertical and horizontal.
      highs: one past the last.
    """

    input: str
    output: str
    lows: tuple[str, str]
    highs: tuple[str, str]


def text(form: Form) -> str:
    """Returns the IR of a form's kernel."""
    return _Pool(form).text()


class _Pool:
    """Writes one kernel."""

    def __init__(self, form: Form) -> None:
        self.form = form
        self.w = TileWriter(form.element)
        self.integer = f"<{form.element.lanes} x i{8 * form.element.size}>"
        self.mask = ""
        self.bases: list[str] = []
        self.out = ""

    def text(self) -> str:
        """The whole text."""
        w, form = self.w, self.form
        inputs = INPUTS[form.kind]
        words = [w.word(i, "ptr") for i in range(len(inputs) + 1)]
        large = math.prod(form.size) * form.channels
        small = math.prod(form.outputs) * form.channels
        backward = form.kind.endswith("gradient")
        planes = str(form.planes)

        def plane(number: str) -> None:
            self.bases = [
                w.ahead(word, w.mul(number, str(small if name == "dy" else large)))
                for name, word in zip(inputs, words[:-1], strict=True)
            ]
            own = large if backward else small
            self.out = w.ahead(words[-1], w.mul(number, str(own)))
            if backward and not (form.is_apart and form.covers):
                w.fill(self.out, own)
            self._windows()

        w.loop(w.mul("%lo", planes), w.mul("%hi", planes), "1", plane)
        return w.kernel()

    def _windows(self) -> None:
        w, form = self.w, self.form
        line = form.size[1] * form.channels

        def down(y: str) -> None:
            top = w.sub(w.mul(y, str(form.strides[0])), str(form.before[0]))
            low_y, high_y = self._inside(top, 0)

            def along(x: str) -> None:
                left = w.sub(w.mul(x, str(form.strides[1])), str(form.before[1]))
                low_x, high_x = self._inside(left, 1)
                at = w.add(w.mul(top, str(line)), w.mul(left, str(form.channels)))
                place = w.add(w.mul(y, str(form.outputs[1])), x)
                to = w.mul(place, str(form.channels))
                window = _Window(at, to, (low_y, low_x), (high_y, high_x))
                self._whole_or_not(window)

            w.loop("0", str(form.outputs[1]), "1", along)

        w.loop("0", str(form.outputs[0]), "1", down)

    def _inside(self, start: str, axis: int) -> tuple[str, str]:
        """The taps of a window that are inside, along an axis."""
        w, form = self.w, self.form
        taps, size = str(form.window[axis]), str(form.size[axis])
        if form.is_inside:
            return "0", taps
        return w.most("0", w.sub("0", start)), w.least(taps, w.sub(size, start))

    def _whole_or_not(self, window: _Window) -> None:
        """A window; its taps are loops only where padding cuts some off."""
        w, form = self.w, self.form
        taps = form.window
        whole = window._replace(lows=("0", "0"), highs=(str(taps[0]), str(taps[1])))
        if math.prod(taps) > _UNROLLED:
            self._channels(window)
        elif form.is_inside:
            self._channels(whole)
        else:
            down = w.sub(window.highs[0], window.lows[0])
            along = w.sub(window.highs[1], window.lows[1])
            met = w.mul(down, along)
            w.either(
                w.compare("eq", met, str(math.prod(taps))),
                lambda: self._channels(whole),
                lambda: self._channels(window),
            )

    def _channels(self, window: _Window) -> None:
        """A window for all channels."""
        w, form = self.w, self.form
        lanes = form.element.lanes
        whole = form.channels // lanes * lanes

        def vector(first: str) -> None:
            at = w.add(window.input, first)
            self._vector(window._replace(input=at, output=w.add(window.output, first)))

        w.loop("0", str(whole), str(lanes), vector)
        if whole < form.channels:
            self.mask = w.lanes_below(str(whole), str(form.channels))
            vector(str(whole))
            self.mask = ""

    def _vector(self, window: _Window) -> None:
        kind = self.form.kind
        if kind == "maximum":
            self._maximum(window)
        elif kind == "mean":
            self._mean(window)
        elif kind == "mean_gradient":
            self._mean_gradient(window)
        else:
            self._winner(window)

    def _taps(
        self,
        window: _Window,
        carried: list[tuple[str, str]],
        body: Callable[[str, str, list[str]], list[str]],
    ) -> list[str]:
        """Folds taps: `body(address offset, number of the tap, values)`."""
        w, form = self.w, self.form
        line = form.size[1] * form.channels
        kinds = [kind for kind, _ in carried]
        unrolled = all(value.isdecimal() for value in window.lows + window.highs)
        unrolled = unrolled and math.prod(form.window) <= _UNROLLED
        values = [value for _, value in carried]
        if unrolled:
            for y in range(int(window.lows[0]), int(window.highs[0])):
                for x in range(int(window.lows[1]), int(window.highs[1])):
                    offset = w.add(window.input, str(y * line + x * form.channels))
                    values = body(offset, str(y * form.window[1] + x), values)
            return values

        def down(y: str, outer: list[str]) -> list[str]:
            def along(x: str, inner: list[str]) -> list[str]:
                step = w.add(w.mul(y, str(line)), w.mul(x, str(form.channels)))
                number = w.add(w.mul(y, str(form.window[1])), x)
                return body(w.add(window.input, step), number, inner)

            given = list(zip(kinds, outer, strict=True))
            return w.carry(window.lows[1], window.highs[1], "1", given, along)

        return w.carry(window.lows[0], window.highs[0], "1", carried, down)

    def _maximum(self, window: _Window) -> None:
        w, vector = self.w, self.form.element.vector
        lowest = -3.4028234663852886e38
        if self.form.element.size == 8:
            lowest = -1.7976931348623157e308
        bits = struct.unpack("<Q", struct.pack("<d", lowest))[0]
        start = w.spread(f"0x{bits:016X}")

        def tap(at: str, _: str, values: list[str]) -> list[str]:
            value = w.load_masked(w.ahead(self.bases[0], at), self.mask)
            more = w.op(f"fcmp ogt {vector} {value}, {values[0]}")
            return [self._chosen(more, vector, value, values[0])]

        best = self._taps(window, [(vector, start)], tap)
        w.store_masked(best[0], w.ahead(self.out, window.output), self.mask)

    def _mean(self, window: _Window) -> None:
        w, vector = self.w, self.form.element.vector

        def tap(at: str, _: str, values: list[str]) -> list[str]:
            value = w.load_masked(w.ahead(self.bases[0], at), self.mask)
            return [w.op(f"fadd {vector} {values[0]}, {value}")]

        total = self._taps(window, [(vector, "zeroinitializer")], tap)
        mean = w.op(f"fdiv {vector} {total[0]}, {self._count(window)}")
        w.store_masked(mean, w.ahead(self.out, window.output), self.mask)

    def _mean_gradient(self, window: _Window) -> None:
        w, vector = self.w, self.form.element.vector
        of = w.ahead(self.bases[0], window.output)
        share = w.op(
            f"fdiv {vector} {w.load_masked(of, self.mask)}, {self._count(window)}"
        )

        def tap(at: str, _: str, values: list[str]) -> list[str]:
            self._give(at, share)
            return values

        self._taps(window, [], tap)

    def _winner(self, window: _Window) -> None:
        """Finds the winning tap, and gives to it or takes from it."""
        w, form = self.w, self.form
        vector = form.element.vector
        line = str(form.size[1] * form.channels)
        down, along = window.lows
        step = w.add(w.mul(down, line), w.mul(along, str(form.channels)))
        first = w.ahead(self.bases[0], w.add(window.input, step))
        number = w.add(w.mul(down, str(form.window[1])), along)

        def compete(at: str, tap: str, values: list[str]) -> list[str]:
            best, winner = values
            value = w.load_masked(w.ahead(self.bases[0], at), self.mask)
            more = w.op(f"fcmp ogt {vector} {value}, {best}")
            return [
                self._chosen(more, vector, value, best),
                self._chosen(more, self.integer, self._all(tap), winner),
            ]

        start = [
            (vector, w.load_masked(first, self.mask)),
            (self.integer, self._all(number)),
        ]
        winner = self._taps(window, start, compete)[1]
        if form.kind == "winners":
            self._take(window, winner)
            return
        g = w.load_masked(w.ahead(self.bases[1], window.output), self.mask)

        def give(at: str, tap: str, values: list[str]) -> list[str]:
            won = w.op(f"icmp eq {self.integer} {winner}, {self._all(tap)}")
            self._give(at, self._chosen(won, vector, g, "zeroinitializer"))
            return values

        self._taps(window, [], give)

    def _take(self, window: _Window, winner: str) -> None:
        w, vector = self.w, self.form.element.vector

        def take(at: str, tap: str, values: list[str]) -> list[str]:
            won = w.op(f"icmp eq {self.integer} {winner}, {self._all(tap)}")
            value = w.load_masked(w.ahead(self.bases[1], at), self.mask)
            return [self._chosen(won, vector, value, values[0])]

        taken = self._taps(window, [(vector, "zeroinitializer")], take)
        w.store_masked(taken[0], w.ahead(self.out, window.output), self.mask)

    def _give(self, at: str, value: str) -> None:
        """Adds to an element of the output, or writes it where no other window does."""
        w, vector = self.w, self.form.element.vector
        place = w.ahead(self.out, at)
        if not self.form.is_apart:
            before = w.load_masked(place, self.mask)
            value = w.op(f"fadd {vector} {before}, {value}")
        w.store_masked(value, place, self.mask)

    def _count(self, window: _Window) -> str:
        """How many taps a window has inside, in every lane."""
        w, scalar = self.w, self.form.element.scalar
        down = w.sub(window.highs[0], window.lows[0])
        number = w.mul(down, w.sub(window.highs[1], window.lows[1]))
        if number.isdecimal():
            return w.spread(f"{int(number)}.0")
        return w.spread(w.op(f"sitofp i64 {number} to {scalar}"))

    def _all(self, number: str) -> str:
        """An integer in every lane."""
        kind = f"i{8 * self.form.element.size}"
        if not number.isdecimal() and kind == "i32":
            number = self.w.op(f"trunc i64 {number} to i32")
        return self.w.spread(number, kind)

    def _chosen(self, flags: str, kind: str, yes: str, no: str) -> str:
        of = self.form.element.flags
        return self.w.op(f"select {of} {flags}, {kind} {yes}, {kind} {no}")
