"""The file named ``checkpoint``, which lists the checkpoints of a folder.

Paths flow in and out; in the file they are relative where they can be, so that the
folder may move. `Checkpoint.save`, `CheckpointManager` and Keras's `save_weights` write
it, `latest_checkpoint` reads it. It is written beside and renamed.
"""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Sequence
from typing import Any

from rillet.core import scratch
from rillet.core.logger import get_logger
from rillet.core.plain_files import need_plain

_LINE = re.compile(r'\s*([a-z_]+)\s*:\s*("(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\S+)')
_ESCAPE = re.compile(r"\\([0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)", re.DOTALL)
_LETTERS = {"n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11}


class CheckpointState:
    """What a folder's ``checkpoint`` file says.

    Attributes:
        model_checkpoint_path: the newest checkpoint.
        all_model_checkpoint_paths: all that are kept, oldest first.
        all_model_checkpoint_timestamps: when they were written, in seconds.
        last_preserved_timestamp: when the last one was written that is kept for good.
    """

    def __init__(
        self,
        model_checkpoint_path: str = "",
        all_model_checkpoint_paths: Sequence[str] = (),
        all_model_checkpoint_timestamps: Sequence[float] = (),
        last_preserved_timestamp: float = 0.0,
    ) -> None:
        self.model_checkpoint_path = model_checkpoint_path
        self.all_model_checkpoint_paths = list(all_model_checkpoint_paths)
        self.all_model_checkpoint_timestamps = list(all_model_checkpoint_timestamps)
        self.last_preserved_timestamp = last_preserved_timestamp

    def __str__(self) -> str:
        lines = []
        if self.model_checkpoint_path:
            lines.append(
                f"model_checkpoint_path: {_quoted(self.model_checkpoint_path)}"
            )
        for path in self.all_model_checkpoint_paths:
            lines.append(f"all_model_checkpoint_paths: {_quoted(path)}")
        for moment in self.all_model_checkpoint_timestamps:
            lines.append(f"all_model_checkpoint_timestamps: {moment!r}")
        if self.last_preserved_timestamp:
            lines.append(f"last_preserved_timestamp: {self.last_preserved_timestamp!r}")
        return "".join(f"{line}\n" for line in lines)

    __repr__ = __str__


def _quoted(text: str) -> str:
    out = []
    for byte in text.encode("utf-8", "surrogateescape"):
        if byte in (34, 39, 92):
            out.append(f"\\{byte:c}")
        elif 32 <= byte < 127:
            out.append(chr(byte))
        else:
            out.append("\\n" if byte == 10 else f"\\{byte:03o}")
    return f'"{"".join(out)}"'


def _unquoted(text: str) -> str:
    def one(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "01234567":
            return chr(int(code, 8) & 255)
        if code[0] == "x" and len(code) > 1:
            return chr(int(code[1:], 16))
        return chr(_LETTERS[code]) if code in _LETTERS else code

    raw = text[1:-1].encode("utf-8", "surrogateescape").decode("latin-1")
    return _ESCAPE.sub(one, raw).encode("latin-1").decode("utf-8", "surrogateescape")


def parse_state(text: str) -> CheckpointState:
    """What the text of such a file says; lines that say nothing known are skipped."""
    state = CheckpointState()
    for line in text.splitlines():
        match = _LINE.fullmatch(line.rstrip())
        if match is None:
            continue
        name, value = match.groups()
        if value[:1] in "\"'":
            path = _unquoted(value)
            if name == "model_checkpoint_path":
                state.model_checkpoint_path = path
            elif name == "all_model_checkpoint_paths":
                state.all_model_checkpoint_paths.append(path)
            continue
        with contextlib.suppress(ValueError):
            if name == "all_model_checkpoint_timestamps":
                state.all_model_checkpoint_timestamps.append(float(value))
            elif name == "last_preserved_timestamp":
                state.last_preserved_timestamp = float(value)
    return state


def _state_file(folder: str, name: str | None) -> str:
    return os.path.join(folder, name or "checkpoint")


def update_checkpoint_state(
    folder: str,
    model_checkpoint_path: str,
    all_model_checkpoint_paths: Sequence[str] | None = None,
    all_model_checkpoint_timestamps: Sequence[float] | None = None,
    last_preserved_timestamp: float | None = None,
    latest_filename: str | None = None,
) -> None:
    """Write a folder's ``checkpoint`` file.

    Args:
        folder: the folder.
        model_checkpoint_path: the newest checkpoint.
        all_model_checkpoint_paths: all that are kept.
        all_model_checkpoint_timestamps: when they were written.
        last_preserved_timestamp: when the last one was that is kept for good.
        latest_filename: the file's name; ``checkpoint`` where None.
    """
    paths = list(all_model_checkpoint_paths or [])
    if model_checkpoint_path not in paths:
        paths.append(model_checkpoint_path)
    state = CheckpointState(
        _from(folder, model_checkpoint_path),
        [_from(folder, path) for path in paths],
        all_model_checkpoint_timestamps or [],
        last_preserved_timestamp or 0.0,
    )
    if folder:
        os.makedirs(folder, exist_ok=True)
    path = _state_file(folder, latest_filename)
    beside = f"{path}.{scratch.mark()}.tmp"
    try:
        with open(beside, "w", encoding="utf-8", newline="\n") as file:
            file.write(str(state))
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(beside)
        raise
    scratch.sweep(
        folder or os.curdir, re.escape(os.path.basename(path)) + r"\.", r"\.tmp"
    )


def _from(folder: str, path: str) -> str:
    """A path as seen from a folder, where it does not begin at the root."""
    if os.path.isabs(path) == os.path.isabs(folder):
        return os.path.relpath(path, folder or ".") if _below(folder, path) else path
    return path


def _below(folder: str, path: str) -> bool:
    """Whether a path can be told from the folder."""
    if not os.path.isabs(path):
        return True
    return os.path.dirname(path).startswith(folder)


def get_checkpoint_state(
    checkpoint_dir: Any, latest_filename: str | None = None
) -> CheckpointState | None:
    """What a folder's ``checkpoint`` file says, paths as they are from here.

    Args:
        checkpoint_dir: the folder.
        latest_filename: the file's name; ``checkpoint`` where None.

    Returns:
        A `CheckpointState`; None where there is no such file, or nothing in it.
    """
    folder = os.fspath(checkpoint_dir)
    path = _state_file(folder, latest_filename)
    try:
        need_plain(path, "checkpoint")
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            state = parse_state(file.read())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        get_logger().warning("%s: Checkpoint ignored: %s", path, error)
        return None
    if not state.model_checkpoint_path:
        return None
    state.model_checkpoint_path = _whole(folder, state.model_checkpoint_path)
    state.all_model_checkpoint_paths = [
        _whole(folder, path) for path in state.all_model_checkpoint_paths
    ]
    return state


def _whole(folder: str, path: str) -> str:
    return path if os.path.isabs(path) else os.path.join(folder, path)


def checkpoint_exists(prefix: Any) -> bool:
    """Whether there is a checkpoint under a prefix."""
    return os.path.exists(f"{os.fspath(prefix)}.index")


def latest_checkpoint(
    checkpoint_dir: Any, latest_filename: str | None = None
) -> str | None:
    """The newest checkpoint of a folder, `tf.train.latest_checkpoint`.

    Args:
        checkpoint_dir: the folder.
        latest_filename: the name of the file that lists them; ``checkpoint`` where
            None.

    Returns:
        Its path, for `Checkpoint.restore`; None where there is none.
    """
    state = get_checkpoint_state(checkpoint_dir, latest_filename)
    if state is None:
        return None
    if checkpoint_exists(state.model_checkpoint_path):
        return state.model_checkpoint_path
    get_logger().error(
        "Couldn't match files for checkpoint %s", state.model_checkpoint_path
    )
    return None


def now() -> float:
    """The time as the file holds it."""
    return time.time()
