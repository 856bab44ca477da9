"""The pool and the end of the interpreter, forks, new processes and Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
# Python 3.12 warns of every fork beside threads, which is what is tried here.
_QUIET = ("-W", "ignore::DeprecationWarning")
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows does not fork")

PROGRAM = """
import os, sys, threading, time, signal
import numpy as np
import native_kernels as kernels
from rillet.backends.native import jit, pool
from rillet.backends.native.image import At, Builder
from rillet.core import threads

threads.set_limit(3)

def program():
    builder = Builder()
    fold, spin = jit.compile([kernels.FOLD, kernels.SPIN])
    for number in range(6):
        with builder.wave(), builder.chain(16, 1, 1e6):
            builder.call(spin, [At(0), 500])
            builder.call(fold, [At(0), number])
    return builder.build(bases=1)

values = np.arange(16)
runner = program().runner()

def use(steps=5):
    values[:] = np.arange(16)
    assert runner.run([values.ctypes.data], steps=steps)
    return values.copy()

right = use()

def check():
    assert (use() == right).all()
    assert pool.current().size == 3
"""


def run(script: str, tmp_path: Path, **names: object) -> subprocess.CompletedProcess:
    """Runs a program after the one above; it may take 60 seconds."""
    file = tmp_path / "program.py"
    file.write_text(PROGRAM + textwrap.dedent(script))
    path = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests")])
    return subprocess.run(
        [sys.executable, "-X", "faulthandler", *_QUIET, str(file)],
        env={**os.environ, "PYTHONPATH": path},
        timeout=60,
        capture_output=True,
        text=True,
        **names,  # type: ignore[call-overload]
    )


def succeeds(script: str, tmp_path: Path, output: str = "") -> None:
    done = run(script, tmp_path)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, output, "")


def test_the_interpreter_ends_at_once(tmp_path: Path) -> None:
    succeeds("print('used')", tmp_path, "used")


def test_it_ends_while_workers_spin_or_sleep(tmp_path: Path) -> None:
    for pause in ("0", "0.01"):
        succeeds(f"check(); time.sleep({pause})", tmp_path)


def test_it_ends_while_a_daemon_thread_runs_a_program(tmp_path: Path) -> None:
    succeeds(
        """
        def busy():
            other = program().runner()
            begun.set()
            while True:
                other.run([np.arange(16).ctypes.data], steps=1000)

        begun = threading.Event()
        for _ in range(3):
            threading.Thread(target=busy, daemon=True).start()
        begun.wait()
        time.sleep(0.05)
        """,
        tmp_path,
    )


def test_it_may_be_used_while_the_interpreter_ends(tmp_path: Path) -> None:
    succeeds(
        """
        import atexit
        pool._at_exit()
        check()
        atexit.register(lambda: print((use() == right).all()))
        """,
        tmp_path,
        "True",
    )


@forks
def test_a_fork_after_use(tmp_path: Path) -> None:
    succeeds(
        """
        for turn in range(20):
            child = os.fork()
            if child == 0:
                check()
                if turn % 2:
                    sys.exit(0)  # by way of atexit
                os._exit(0)
            check()
            assert os.waitpid(child, 0)[1] == 0
        """,
        tmp_path,
    )


@forks
def test_a_fork_while_others_run_and_compile(tmp_path: Path) -> None:
    succeeds(
        """
        from rillet.backends.native.calls import Kernel

        stop = threading.Event()

        def busy():
            other = program().runner()
            data = np.arange(16)
            while not stop.is_set():
                other.run([data.ctypes.data])

        def compiling():
            number = 0
            while not stop.is_set():
                number += 1
                old = "add i64 %scaled"
                text = kernels.FOLD.text.replace(old, f"add i64 {number}")
                jit.default().object(Kernel("k", text))
                jit.compile([Kernel("k", text)])

        running = [threading.Thread(target=work) for work in (busy, busy, compiling)]
        for thread in running:
            thread.start()
        for turn in range(10):
            time.sleep(0.005)
            child = os.fork()
            if child == 0:
                check()
                jit.compile([Kernel("new", kernels.ADD.text + f"; {turn}")])
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
        stop.set()
        for thread in running:
            thread.join()
        """,
        tmp_path,
    )


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_processes_of_the_library(tmp_path: Path, method: str) -> None:
    if method != "spawn" and not hasattr(os, "fork"):
        pytest.skip("Windows only spawns")
    (tmp_path / "used.py").write_text(PROGRAM)
    succeeds(
        f"""
        import multiprocessing
        sys.path.insert(0, {str(tmp_path)!r})
        import used

        if __name__ == "__main__":
            context = multiprocessing.get_context({method!r})
            with context.Pool(2) as processes:
                found = processes.map(used.use, [5] * 6)
            assert all((one == right).all() for one in found)
            check()
        """,
        tmp_path,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to one process")
def test_control_c_ends_a_long_run_within_half_a_second(tmp_path: Path) -> None:
    succeeds(
        """
        def interrupt():
            time.sleep(0.3)
            global sent
            sent = time.monotonic()
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        try:
            use(1 << 60)
        except KeyboardInterrupt:
            print(time.monotonic() - sent < 0.5, runner.next_step > 0)
        check()
        """,
        tmp_path,
        "True True",
    )


def test_a_system_that_starts_no_more_threads(tmp_path: Path) -> None:
    done = run(
        """
        def refuse(self):
            raise RuntimeError("can't start new thread")

        threading.Thread.start = refuse
        threads.set_limit(4)
        assert (use() == right).all()
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert "native threads: 1 of 4 could be started (can't start" in done.stderr
