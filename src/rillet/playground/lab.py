"""One network of the playground with its points: trained, changed, looked at.

In: an `Address`, then epochs to run and parameters to change. Out: losses, pictures,
the address of what stands there now. It has no thread: `session` calls it from a page's
own. Everything it shows follows from its address alone.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np

from rillet.keras.advised import without_advice
from rillet.playground.address import CHANGES, EPOCHS, Address, Change, place
from rillet.playground.frames import pack
from rillet.playground.looks import Look
from rillet.playground.networks import make_model, make_points
from rillet.playground.settings import EFFECTS, Settings, as_float32, refuse
from rillet.playground.surface import PATH, Surface

Array = np.ndarray[Any, Any]

#: Losses kept of a run; past them every second one goes.
CURVE: Final = 400


class Lab:
    """A network, its points, and what became of it.

    Args:
        address: what to build; its epochs are not trained yet (see `run_to`).

    Attributes:
        settings: as they are now.
        points: what the network learns.
        model: the network.
        epoch: how many epochs it has trained.
    """

    def __init__(self, address: Address) -> None:
        self._first = address.settings
        self._ahead = list(address.changes)
        self._done: list[Change] = []
        self.settings = address.settings
        self.points = make_points(self.settings)
        self._build()

    def _build(self) -> None:
        self.model = make_model(self.settings)
        self.look = Look(self.model, self.settings, self.points)
        self._surface: Surface | None = None
        self._survey: Iterator[bytes | None] | None = None
        self.epoch = 0
        self._stride = self._path_stride = 1
        self.curve = [(0, *self.look.losses())]
        self.path = [self.weights()]

    @property
    def address(self) -> Address:
        """What leads here from nothing."""
        return Address(self._first, self.epoch, tuple(self._done))

    @property
    def broken(self) -> bool:
        """Whether the loss has become infinite or no number."""
        return not all(map(math.isfinite, self.losses))

    @property
    def losses(self) -> tuple[float, float]:
        """The training and the test loss, as last looked at."""
        return self.curve[-1][1:]

    def weights(self) -> Array:
        """All parameters, float32 ``(p,)``: kernels row by row and biases, by layer."""
        return np.concatenate([w.ravel() for w in self.model.get_weights()])

    def run(self, epochs: int) -> None:
        """Train some epochs; the curve and the path get what falls into them.

        Which epochs they show follows from the count alone, not from the clock.
        """
        end = min(self.epoch + epochs, EPOCHS)
        self._apply()
        while self.epoch < end and not self.broken:
            stop = min(end, self.epoch + self._stride - self.epoch % self._stride)
            if self._ahead:
                stop = min(stop, max(self._ahead[0].epoch, self.epoch + 1))
            self._fit(stop - self.epoch)
            self.epoch = stop
            self._note()
            self._apply()

    def _fit(self, epochs: int) -> None:
        count = self.points.train_count
        with without_advice():  # who looks at the page does not see the terminal
            self.model.fit(
                self.points.x[:count],
                self.points.targets[:count],
                batch_size=self.settings.batch,
                epochs=epochs,
                shuffle=False,
                verbose=0,
            )

    def _note(self) -> None:
        # The last point is of this very moment; it stays if it is on the stride.
        if self.curve[-1][0] % self._stride:
            self.curve.pop()
        self.curve.append((self.epoch, *self.look.losses()))
        if len(self.curve) > CURVE:
            self._stride *= 2
            self.curve = [
                point
                for point in self.curve
                if point[0] % self._stride == 0 or point is self.curve[-1]
            ]
        if self.epoch % self._path_stride == 0:
            self.path.append(self.weights())
        if len(self.path) > PATH:
            self._path_stride *= 2
            self.path = self.path[::2]

    def _apply(self) -> None:
        """Make the changes of the address that are due."""
        while self._ahead and self._ahead[0].epoch <= self.epoch:
            due = self._ahead.pop(0)
            if due.what in ("rate", "batch"):
                value = due.value if due.what == "rate" else int(due.value)
                self._live({due.what: value})
            else:
                self.set_parameter(due.what, due.value)

    def change(self, changes: dict[str, Any]) -> str:
        """Change settings.

        Args:
            changes: new values by name.

        Returns:
            The largest effect: "data", "network", "live", "view", or "" for none.

        Raises:
            PlaygroundError: a value that cannot be; nothing has changed then.
        """
        wanted = self.settings.changed(changes)
        names = [
            name
            for name in EFFECTS
            if getattr(wanted, name) != getattr(self.settings, name)
        ]
        effects = {EFFECTS[name] for name in names}
        if effects & {"data", "network"}:
            self._begin(wanted, bool({"data"} & effects) or "features" in names)
            return "data" if "data" in effects or "features" in names else "network"
        live = {n: getattr(wanted, n) for n in names if EFFECTS[n] == "live"}
        view = {n: getattr(wanted, n) for n in names if EFFECTS[n] == "view"}
        self._first = self._first.changed(view)
        self.settings = self.settings.changed(view)
        self._live(live)
        return "live" if live else "view" if view else ""

    def _begin(self, wanted: Settings, new_points: bool) -> None:
        self.settings = self._first = wanted
        self._done, self._ahead = [], []
        # Softmax and a single output want other targets.
        self.points = make_points(wanted)
        self._build()

    def _live(self, live: dict[str, Any]) -> None:
        for name, value in live.items():
            self.settings = self.settings.changed({name: value})
            if name == "rate":
                self.model.optimizer.learning_rate = value
            if self.epoch:
                self._remember(Change(self.epoch, name, value))
            else:
                self._first = self._first.changed({name: value})

    def _remember(self, change: Change) -> None:
        # Of changes to one thing at one moment only the last counts.
        last = self._done[-1] if self._done else None
        if last is not None and (last.epoch, last.what) == (change.epoch, change.what):
            self._done.pop()
        if len(self._done) >= CHANGES:
            raise refuse(
                "changes", f"a run can have {CHANGES}", fix="Reset the network"
            )
        self._done.append(change)

    def set_parameter(self, what: str, value: float) -> None:
        """Change one weight or bias.

        Args:
            what: ``"w.LAYER.FROM.TO"`` or ``"b.LAYER.TO"``.
            value: its new value.

        Raises:
            PlaygroundError: where there is no such parameter.
        """
        layer, source, target = place(what, self.settings)
        self._remember(Change(self.epoch, what, as_float32(value)))
        dense = self.model.layers[layer]
        variable = dense.bias if source is None else dense.kernel
        held = variable.numpy().copy()
        held[target if source is None else (source, target)] = value
        variable.assign(held)
        self.curve[-1] = (self.epoch, *self.look.losses())
        self.path[-1] = self.weights()

    def restart(self) -> None:
        """Begin again with other weights and the same points."""
        fresh = (self.settings.start + 1) % 2**31
        self._begin(self.settings.changed({"start": fresh}), False)

    def regenerate(self) -> None:
        """Begin again with other points of the same kind."""
        fresh = (self.settings.seed + 1) % 2**31
        self._begin(self.settings.changed({"seed": fresh}), True)

    def frame(self, head: dict[str, Any], watched: tuple[int, int] | None) -> bytes:
        """A picture of this moment, for a page.

        Args:
            head: what else the page is to know.
            watched: the layer and the number of a neuron that is looked at closely.

        Returns:
            The message; see `frames`.
        """
        large, small = self.look.pictures()
        arrays = {
            "map": large,
            "small": small,
            "weights": self.weights(),
            "curve": np.array(self.curve, np.float32),
        }
        if watched is not None and self._exists(*watched):
            arrays["watched"] = self.look.neuron(*watched)
            head = head | {"watched": watched}
        train, test = self.losses
        told = {
            "epoch": self.epoch,
            "train": train if math.isfinite(train) else None,
            "test": test if math.isfinite(test) else None,
            "layers": self.settings.layers,
            "inputs": len(self.settings.features),
        }
        return pack("frame", told | head, arrays)

    def _exists(self, layer: int, unit: int) -> bool:
        sizes = self.settings.layers
        return 0 <= layer < len(sizes) and 0 <= unit < sizes[layer]

    def surface(self) -> bytes:
        """The loss surface around this moment, for a page."""
        self._survey = None
        found = self.survey(math.inf)
        assert found is not None  # all of it, as nothing breaks it off
        return found

    @property
    def surveying(self) -> bool:
        """Whether a survey has begun and not ended."""
        return self._survey is not None

    def survey(self, seconds: float) -> bytes | None:
        """Go on with the loss surface around the moment at which its survey began.

        Args:
            seconds: how long; one row of it, which is the least, may last longer.

        Returns:
            The surface for a page; None while it is not complete.
        """
        began = time.perf_counter()
        if self._survey is None:
            self._survey = self._rows_of_surface()
        try:
            for found in self._survey:
                if found is not None:
                    self._survey = None
                    return found
                if time.perf_counter() - began >= seconds:
                    break
        except Exception:
            self._survey = None  # the next one begins anew
            raise
        return None

    def _rows_of_surface(self) -> Iterator[bytes | None]:
        if self._surface is None:
            self._surface = Surface(self.settings, self.points)
        epoch = self.epoch
        for view in self._surface.view(self.weights(), np.array(self.path)):
            if view is None:
                yield None
                continue
            told = {"epoch": epoch, "reach": view.reach}
            yield pack("surface", told, {"losses": view.losses, "path": view.path})

    def as_json(self) -> dict[str, Any]:
        """The settings and the points, for a page."""
        points, own = self.points, self.settings.own
        usual: dict[str, Any] = {"classes": [], "axes": None, "note": ""}
        if self.settings.data == "own" and own is not None:
            axes = [[axis.name, axis.centre, axis.scale] for axis in own.axes]
            usual = {"classes": own.classes, "axes": axes, "note": own.note}
        return {
            "settings": self.settings.as_json(),
            "points": np.round(points.xy, 4).tolist(),
            "labels": np.round(points.labels, 4).tolist(),
            "train_count": points.train_count,
            "has_own": own is not None,
            "own": usual,
        }


def trained(address: Address) -> Lab:
    """The lab that an address leads to, trained as far as it says.

    Example:
        >>> from rillet.playground.address import read
        >>> trained(read("data=gauss&hidden=2&epoch=3")).epoch
        3
    """
    lab = Lab(replace(address))
    lab.run(address.epoch)
    return lab
