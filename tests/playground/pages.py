"""A page's side of things, for tests."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

from rillet.playground.frames import unpack
from rillet.playground.worker import Outbox


class Mail:
    """What an outbox sent, opened."""

    def __init__(self) -> None:
        self.bell = threading.Event()
        self.texts: list[dict[str, Any]] = []
        self.pictures: dict[str, Any] = {}

    def ring(self) -> None:
        self.bell.set()

    def collect(self, outbox: Outbox) -> None:
        for message in outbox.take():
            if isinstance(message, str):
                self.texts.append(json.loads(message))
            else:
                head, arrays = unpack(message)
                self.pictures[head["kind"]] = head, arrays

    def last(self, outbox: Outbox, kind: str) -> Any:
        """The last picture of a kind: its head and its arrays."""
        self.collect(outbox)
        return self.pictures[kind]

    def wait(self, outbox: Outbox, found: Any, seconds: float = 20.0) -> Any:
        """Wait until a test of this mail says something true, and return that."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self.collect(outbox)
            result = found(self)
            if result:
                return result
            self.bell.wait(0.05)
            self.bell.clear()
        raise AssertionError(f"nothing came: {[t['kind'] for t in self.texts]}")

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [text for text in self.texts if text["kind"] == kind]
