"""Turns at the processors: fair by time, quick for those who are spoken to."""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest

from rillet.playground import messages as say
from rillet.playground import turns as turns_module
from rillet.playground import worker as worker_module
from rillet.playground.messages import Message
from rillet.playground.session import Session
from rillet.playground.turns import Share, Turns
from rillet.playground.worker import Outbox, Page, Worker

from .pages import Mail


def test_time_is_shared_and_not_turns() -> None:
    """Ten pages of long turns and one of short ones: each has as much time."""
    turns, over = Turns(1), threading.Event()
    used: dict[int, float] = {}

    def work(number: int, seconds: float) -> None:
        share, spent = Share(), 0.0
        while not over.is_set():
            with turns.turn(share):
                began = time.perf_counter()
                time.sleep(seconds)
                spent += time.perf_counter() - began
        used[number] = spent

    lengths = [0.02] * 10 + [0.002]
    threads = [threading.Thread(target=work, args=each) for each in enumerate(lengths)]
    for thread in threads:
        thread.start()
    time.sleep(1.2)
    over.set()
    for thread in threads:
        thread.join()
    fair = sum(used.values()) / len(used)
    # A turn of 0.02 may stand at either end; by turns the last would have a tenth.
    assert all(0.5 * fair < each < 1.6 * fair for each in used.values()), used


def test_turns_at_a_time() -> None:
    turns, now, most = Turns(2), [0], [0]
    lock = threading.Lock()

    def work() -> None:
        share = Share()
        for _ in range(20):
            with turns.turn(share):
                with lock:
                    now[0] += 1
                    most[0] = max(most[0], now[0])
                time.sleep(0.001)
                with lock:
                    now[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert most == [2] and now == [0]


def _all_wait(turns: Turns, threads: list[threading.Thread]) -> float:
    """Let threads come while the one turn is taken; how long that turn should last."""
    with turns.turn(Share()) as seconds:
        for thread in threads:
            thread.start()
        while len(turns._waiting) < len(threads):
            time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    return seconds


def _order(shares: dict[str, Share]) -> list[str]:
    """Who comes in which order when all wait for the one turn there is."""
    turns, order = Turns(1), []

    def work(name: str) -> None:
        with turns.turn(shares[name]):
            order.append(name)

    _all_wait(turns, [threading.Thread(target=work, args=(name,)) for name in shares])
    return order


def test_who_used_least_is_first_and_who_is_spoken_to_before_that() -> None:
    shares = {"much": Share(), "little": Share(), "asked": Share(lambda: True)}
    for name, used in {"much": 0.2, "little": 0.1, "asked": 0.11}.items():
        shares[name].used = used
    assert _order(shares) == ["asked", "little", "much"]
    # Who is spoken to all the time wins a tenth of a second, and no more.
    for name, used in {"much": 0.24, "little": 0.05, "asked": 0.2}.items():
        shares[name].used = used
    assert _order(shares) == ["little", "asked", "much"]


@pytest.mark.parametrize("alone", [1, 200])
def test_an_hour_alone_is_no_debt(alone: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who worked before others came, in few turns or many, is not made to wait."""
    now = [0.0]
    monkeypatch.setattr(turns_module.time, "perf_counter", lambda: now[0])
    turns, old, order = Turns(1), Share(), []
    for _ in range(alone):
        with turns.turn(old):
            now[0] += 3600 / alone
    fresh = [Share(), Share()]

    def work(name: str, share: Share) -> None:
        for _ in range(40):
            with turns.turn(share):
                order.append(name)
                now[0] += 0.01
                # Who had the last turn asks again before this one ends.
                while len(turns._waiting) < 2 and len(order) < 60:
                    time.sleep(0.0005)

    named = zip(("old", "a", "b"), (old, *fresh), strict=True)
    threads = [threading.Thread(target=work, args=each) for each in named]
    with turns.turn(Share()):
        for thread in threads:
            thread.start()
        while len(turns._waiting) < 3:
            time.sleep(0.001)
    for thread in threads:
        thread.join(10)
    # It owes a quarter of a second, 25 turns for each of the others' 12, at most.
    assert "old" in order[:55]


def test_turns_are_shorter_the_more_pages_wait() -> None:
    turns, lengths = Turns(1), []

    def work() -> None:
        with turns.turn(Share()) as seconds:
            lengths.append(seconds)

    alone = _all_wait(turns, [threading.Thread(target=work) for _ in range(12)])
    assert alone == 0.016
    assert lengths == sorted(lengths) and lengths[0] == 0.002 and lengths[-1] == 0.016


def test_a_turn_is_given_back_when_work_fails() -> None:
    turns, share = Turns(1), Share()
    for _ in range(3):
        with pytest.raises(KeyError), turns.turn(share):
            raise KeyError
    with turns.turn(share):
        pass


class _Echo(Page):
    """Answers every message and tells a state."""

    def handle(self, message: Message) -> None:
        self.outbox.say("state", n=getattr(message, "seed", -1))
        self.outbox.say("answer", n=getattr(message, "seed", -1))

    def work(self) -> float | None:
        return None


def test_answers_all_arrive_and_states_are_the_last() -> None:
    outbox = Outbox(lambda: None)
    for i in range(1000):
        outbox.show("frame", b"%d" % i)
        outbox.say("address", address=str(i))
    outbox.say("code", text="a")
    outbox.say("state", n=1)
    outbox.say("error", text="b")
    outbox.say("state", n=2)
    outbox.send(b"file")
    *texts, file, picture = outbox.take()
    kinds = [(said["kind"], *said.values()) for said in map(json.loads, texts)]
    assert [kind[0] for kind in kinds] == ["address", "code", "error", "state"]
    assert kinds[0][2] == "999" and kinds[-1][2] == 2
    assert file == b"file" and picture == b"999"
    assert outbox.take() == []


def test_a_page_that_reads_nothing_is_asked_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its answers are bounded while it sleeps, and none of them is lost."""
    monkeypatch.setattr(worker_module, "_WAITING", 10)
    outbox = Outbox(lambda: None)
    worker = Worker(_Echo, outbox)
    for i in range(100):
        worker.post(say.Lesson(i))
    until = time.monotonic() + 10
    while not outbox.full and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(0.1)
    found: list[Any] = outbox.take()
    assert 10 <= len(found) <= 12
    while len(found) < 130 and time.monotonic() < until:
        found += outbox.take()
        answers = [s["n"] for s in map(json.loads, found) if s["kind"] == "answer"]
        if len(answers) == 100:
            break
        time.sleep(0.001)
    worker.close()
    assert answers == list(range(100)) and not worker.lives


def test_large_answers_count_too() -> None:
    outbox = Outbox(lambda: None)
    for _ in range(4):
        assert not outbox.full
        outbox.send(bytes(1_000_000))
    assert outbox.full
    outbox.take()
    assert not outbox.full


def test_a_page_that_sleeps_goes_on_to_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "_WAITING", 2)
    mail = Mail()
    outbox = Outbox(mail.ring)
    worker = Worker(Session, outbox)
    worker.post(say.Open("hidden=2&speed=full"))
    worker.post(say.Play())
    until = time.monotonic() + 20
    for _ in range(3):
        outbox.say("error", text="nobody reads this")
    seen: list[int] = []
    while len(seen) < 2 and time.monotonic() < until:
        time.sleep(0.05)
        # Only the picture is looked at: the texts stay where they are.
        picture = outbox._pictures.get("frame")
        if picture:
            epoch = json.loads(picture[4 : 4 + int.from_bytes(picture[:4], "little")])
            seen += [epoch["epoch"]] if epoch["epoch"] > sum(seen) else []
        elif outbox.full and not seen:
            mail.collect(outbox)
    worker.close()
    assert len(seen) == 2


HUGE = (
    "data=plane&batch=1&share=90&optimizer=adam&rate=0.0001&speed=full&hidden="
    + "-".join(["32"] * 10)
)


def test_a_small_page_among_huge_ones_answers() -> None:
    """Four of the largest networks train at full speed with their loss surfaces."""
    mails = [Mail() for _ in range(5)]
    outboxes = [Outbox(mail.ring) for mail in mails]
    workers = [Worker(Session, outbox) for outbox in outboxes]
    try:
        for huge in workers[1:]:
            for message in (say.Open(HUGE), say.ShowSurface(True), say.Play()):
                huge.post(message)
        for mail, outbox in zip(mails[1:], outboxes[1:], strict=True):
            mail.wait(outbox, lambda m: "surface" in m.pictures, 60)
        small, mail, outbox = workers[0], mails[0], outboxes[0]
        small.post(say.Open("hidden=2&speed=full"))
        small.post(say.Play())

        def at(epoch: int, playing: bool) -> Any:
            def found(mail: Mail) -> bool:
                head = mail.pictures.get("frame", ({"epoch": -1},))[0]
                return head["epoch"] >= epoch and head["playing"] == playing

            return found

        mail.wait(outbox, at(5, True), 30)
        waits = []
        for _ in range(5):
            for message, playing in ((say.Pause(), False), (say.Play(), True)):
                began = time.perf_counter()
                small.post(message)
                mail.wait(outbox, at(5, playing), 30)
                waits.append(time.perf_counter() - began)
        # A turn of a huge network is a hundredth of a second or two, its compilation
        # aside; a slow machine may take some times as long.
        assert sorted(waits)[len(waits) // 2] < 0.25, waits
        heads = [each.pictures["frame"][0]["epoch"] for each in mails[1:]]
        for mail, outbox, before in zip(mails[1:], outboxes[1:], heads, strict=True):
            mail.wait(outbox, at(before + 1, True), 30)
    finally:
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.close()
