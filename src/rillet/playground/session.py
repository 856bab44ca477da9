"""The playground's page: trains its network and shows it 60 times a second.

In: the page's messages. Out: pictures, states, programs, files. `server` runs it in a
`Worker`; the network itself is a `Lab`.
"""

from __future__ import annotations

import time
from typing import Any, Final

from rillet.playground import messages as say
from rillet.playground.address import Address, read_what_can_be, written
from rillet.playground.frames import pack
from rillet.playground.lab import Lab
from rillet.playground.listing import program, weights_file
from rillet.playground.messages import Message
from rillet.playground.own_data import TableError, drawn, table
from rillet.playground.settings import PlaygroundError, Settings
from rillet.playground.worker import Outbox, Page

#: Seconds between two pictures, two loss surfaces, two addresses while training.
_FRAME, _SURFACE, _ADDRESS = 1 / 60, 0.5, 1.0
#: Seconds that one call of the trainer is to last, at most.
_CALL: Final = 0.008
#: Pictures, and loss surfaces, may take one part of so many of a page's time.
_PICTURES, _SURFACES = 2, 4
#: Faults of an address that are told one by one.
_FAULTS: Final = 3
_REST = "All else is as the address says."
_NOTHING = "The page begins as it does without an address."
_OVERFLOW = (
    "The loss overflowed in epoch {}: the updates grow from step to step. Take a"
    " smaller learning rate than {:g}, and reset."
)


class Session(Page):
    """One playground.

    Args:
        outbox: leads to the page.
    """

    def __init__(self, outbox: Outbox) -> None:
        super().__init__(outbox)
        self.lab = Lab(Address(Settings()))
        self._playing = False
        self._until: int | None = None
        self._watched: tuple[int, int] | None = None
        self._surface = self._stale = False
        self._surveyed = 0.0
        self._epochs = 1
        self._next_frame = self._next_surface = self._next_address = 0.0
        self._next_epoch = 0.0
        self._dirty = True
        self._counted = (time.perf_counter(), 0)
        self._speed = 0.0

    def handle(self, message: Message) -> None:
        """Do what the page asks."""
        self._dirty = True
        match message:
            case say.Open():
                self._open(message.address)
            case say.Set():
                self._tell_if(self.lab.change(message.changes))
            case say.Play():
                self._play(True)
            case say.Pause():
                self._play(False)
            case say.Step():
                self._play(False)
                self.lab.run(1)
                self._tell_address()
            case say.Reset():
                self.lab.restart()
                self._tell()
            case say.Regenerate():
                self.lab.regenerate()
                self._tell()
            case say.Parameter():
                self.lab.set_parameter(message.what, message.value)
                self._tell_address()
            case say.Watch():
                at = (message.layer, message.unit)
                self._watched = None if message.layer < 0 else at
            case say.ShowSurface():
                self._surface = message.on
                self._stale = True
                self._next_surface = 0.0
            case say.Draw() | say.Table():
                self._learn(message)
            case say.Code():
                self.outbox.say("code", text=program(self.lab.address))
            case say.Weights():
                self.outbox.send(
                    pack("file", {"name": "playground.weights.h5"}, {})
                    + weights_file(self.lab.model)
                )
            case _:
                raise PlaygroundError(f"playground: {message.kind}: not on this page.")

    def _open(self, fragment: str) -> None:
        self._playing, self._until = False, None
        address, faults = read_what_can_be(fragment)
        self.lab = Lab(address)
        if address.epoch:
            self._until = address.epoch
            self._playing = True
        self.lab.run(0)
        self._tell()
        if faults:
            # The page shows what can be beside the message.
            told = [str(fault) for fault in faults[:_FAULTS]]
            if len(faults) > _FAULTS:
                told.append(f"{len(faults) - _FAULTS} more parts cannot be.")
            nothing = address == Address(Settings())
            raise PlaygroundError(" ".join([*told, _NOTHING if nothing else _REST]))

    def _learn(self, message: say.Draw | say.Table) -> None:
        columns: dict[str, Any] = {}
        try:
            if isinstance(message, say.Draw):
                own = drawn(message.points)
            else:
                own, names, chosen = table(
                    message.text, message.columns, message.labels
                )
                columns = {"names": names, "chosen": chosen}
        except TableError as error:
            raise PlaygroundError(str(error)) from error
        self.lab.change({"own": own, "data": "own"})
        self._tell()
        if columns:
            self.outbox.say("columns", **columns)

    def _play(self, on: bool) -> None:
        if on and self.lab.broken:
            self._say_broken()
            on = False
        self._playing, self._until = on, None
        self._counted = (time.perf_counter(), self.lab.epoch)
        self._next_epoch = 0.0
        if not on:
            self._tell_address()

    def _tell_if(self, effect: str) -> None:
        if effect:
            self._tell()

    def _tell(self) -> None:
        """Send settings and points."""
        self._counted = (time.perf_counter(), self.lab.epoch)
        self.outbox.say(
            "state", address=written(self.lab.address), **self.lab.as_json()
        )

    def _tell_address(self) -> None:
        self._next_address = time.perf_counter() + _ADDRESS
        self.outbox.say("address", address=written(self.lab.address))

    def _say_broken(self) -> None:
        text = _OVERFLOW.format(self.lab.epoch, self.lab.settings.rate)
        self.outbox.say("error", text=text)

    def work(self) -> float | None:
        """Train until the next picture is due, and show it."""
        now = time.perf_counter()
        if self._playing:
            self._dirty = True
            now = self._train(now)
        self._stale |= self._dirty
        if self._dirty and now >= self._next_frame:
            self._show(now)
        if self._surface and self._survey(time.perf_counter()):
            return 0.0
        if self._playing:
            return max(0.0, self._rest(time.perf_counter()))
        if self._dirty:
            return max(0.0, self._next_frame - now)
        return None

    def _rest(self, now: float) -> float:
        """Seconds until the next epoch may begin; none at full speed."""
        if self.lab.settings.speed == "full" or self._until is not None:
            return 0.0
        return self._next_epoch - now

    def _train(self, now: float) -> float:
        lab = self.lab
        if self._rest(now) > 0:
            return now
        if lab.settings.speed != "full" and self._until is None:
            lab.run(1)
            pause = 1 / int(lab.settings.speed)
            self._next_epoch = max(self._next_epoch + pause, now)
            now = time.perf_counter()
        else:
            now = self._train_fully(now)
        self._count(now)
        if lab.broken:
            self._play(False)
            self._say_broken()
        elif self._until is not None and lab.epoch >= self._until:
            self._play(False)
        elif now >= self._next_address:
            self._tell_address()
        return now

    def _train_fully(self, now: float) -> float:
        """Train in short calls, until a picture is due or the turn is over."""
        due = self._next_frame - _CALL / 2 - now
        # Where pictures are late, learning still has half of the turn.
        end = now + min(self.seconds, max(due, self.seconds / 2))
        call = min(_CALL, self.seconds / 2)
        while True:
            epochs = self._epochs
            if self._until is not None:
                epochs = min(epochs, self._until - self.lab.epoch)
            self.lab.run(epochs)
            before, now = now, time.perf_counter()
            fit = epochs * call / max(now - before, 1e-6)
            self._epochs = max(1, min(int(fit), self._epochs * 2))
            done = self._until is not None and self.lab.epoch >= self._until
            if now >= end or self.lab.broken or done:
                return now

    def _count(self, now: float) -> None:
        since, epoch = self._counted
        if now - since > 0.5:
            self._speed = (self.lab.epoch - epoch) / (now - since)
            self._counted = (now, self.lab.epoch)

    def _show(self, now: float) -> None:
        head = {
            "playing": self._playing,
            "speed": round(self._speed) if self._playing else 0,
        }
        self._dirty = False
        self.outbox.show("frame", self.lab.frame(head, self._watched))
        cost = time.perf_counter() - now
        pace = max(_FRAME, cost * _PICTURES)
        self._next_frame = max(self._next_frame + pace, now)

    def _survey(self, now: float) -> bool:
        """Go on with the loss surface where it is due; whether more of it waits."""
        lab = self.lab
        if lab.broken:
            return False
        if not lab.surveying:
            if not self._stale or (self._playing and now < self._next_surface):
                return False
            self._stale, self._surveyed = False, 0.0
        found = lab.survey(self.seconds / 2)
        after = time.perf_counter()
        self._surveyed += after - now
        if found is not None:
            pause = max(_SURFACE, self._surveyed * (_SURFACES - 1))
            self._next_surface = after + pause
            self.outbox.show("surface", found)
        return lab.surveying or (self._stale and not self._playing)
