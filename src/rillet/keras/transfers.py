"""How a file comes over the network: whole, with the right hash, or not at all.

In: an address and a place. Out: the file in its place, or an error that says what to do
by hand. `downloads` calls it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import urlsplit

from rillet.core.errors import house_message

from .digests import new_hasher

SCHEMES: Final = ("http", "https", "ftp", "file")
#: Seconds without a single byte after which a transfer counts as broken.
STALL: Final = 60.0
_CHUNK: Final = 1 << 16


def transfer(origin: str, place: Path, file_hash: str | None, algorithm: str) -> None:
    """Fetch a file and put it in its place.

    Args:
        origin: the address.
        place: where the file goes; its folder exists.
        file_hash: the expected hash, or None.
        algorithm: `"sha256"` or `"md5"`.

    Raises:
        ValueError: the address's scheme is unknown, or the hash is another one.
        OSError: the address cannot be reached, or the transfer broke off.
    """
    if urlsplit(origin).scheme not in SCHEMES:
        raise ValueError(
            house_message(
                "get_file",
                f"origin must begin with one of {', '.join(SCHEMES)}",
                f"received {origin!r}",
            )
        )
    handle, part = tempfile.mkstemp(prefix=f".{place.name}.", suffix=".part",
                                    dir=place.parent)  # fmt: skip
    try:
        with os.fdopen(handle, "wb") as file:
            found = _receive(origin, place, file, file_hash, algorithm)
            file.flush()
            os.fsync(file.fileno())
        if file_hash is not None and found != file_hash.lower():
            raise ValueError(
                house_message(
                    "get_file",
                    f"the file at {origin!r} is not the expected one and was not kept",
                    f"its {algorithm} is {found}, expected {file_hash}",
                    "Check the address and the hash",
                )
            )
        _open_to_readers(part)
        os.replace(part, place)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(part)


def _open_to_readers(part: str) -> None:
    # `mkstemp` makes files that only their user reads; a shared cache needs the usual.
    if os.name == "posix":
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(part, 0o666 & ~mask)


def _receive(
    origin: str, place: Path, file: IO[bytes], file_hash: str | None, algorithm: str
) -> str:
    """Copy what the address sends into a file; give its hash."""
    import http.client
    import urllib.error
    import urllib.request

    hasher = new_hasher(algorithm if file_hash else "md5")
    opener = urllib.request.build_opener(_redirects())
    request = urllib.request.Request(origin, headers={"User-Agent": "rillet"})
    try:
        with opener.open(request, timeout=STALL) as answer:
            length = answer.headers.get("Content-Length")
            total = int(length) if length and length.isdigit() else None
            done = 0
            with _progress(total) as show:
                while chunk := answer.read(_CHUNK):
                    _write(file, chunk)
                    hasher.update(chunk)
                    done += len(chunk)
                    show(done)
    except urllib.error.HTTPError as error:
        reason = f"the server answered {error.code} {error.reason}"
        error.close()
        raise _failure(origin, place, reason, file_hash, algorithm) from None
    except urllib.error.URLError as error:
        raise _failure(origin, place, str(error.reason), file_hash, algorithm) from None
    except _DiskError as error:
        raise error.cause from None
    except (OSError, http.client.HTTPException) as error:
        reason = f"the transfer broke off ({error or type(error).__name__})"
        raise _failure(origin, place, reason, file_hash, algorithm) from None
    if total is not None and done != total:
        reason = f"the transfer broke off after {done} of {total} bytes"
        raise _failure(origin, place, reason, file_hash, algorithm)
    digest: str = hasher.hexdigest()
    return digest


class _DiskError(Exception):
    """Carries an error of the disk past the handlers of the network's errors."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(cause)
        self.cause = cause


def _write(file: IO[bytes], chunk: bytes) -> None:
    try:
        file.write(chunk)
    except OSError as error:
        raise _DiskError(error) from error


def _redirects() -> Any:
    import urllib.error
    import urllib.request

    class Redirects(urllib.request.HTTPRedirectHandler):
        """Follows redirections, but not from an encrypted address to a plain one."""

        def redirect_request(
            self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
        ) -> Any:
            if req.full_url.startswith("https:") and not newurl.startswith("https:"):
                fp.close()
                raise urllib.error.URLError(
                    f"the server leads from https to {newurl!r}, which is not encrypted"
                )
            return super().redirect_request(req, fp, code, msg, headers, newurl)

    return Redirects()


def _failure(
    origin: str, place: Path, reason: str, file_hash: str | None, algorithm: str
) -> OSError:
    check = f" (its {algorithm} must be {file_hash})" if file_hash else ""
    return ConnectionError(
        house_message(
            "get_file",
            f"{origin!r} could not be fetched",
            reason,
            "If this machine has no network, fetch it on another one and put it at "
            f"{str(place)!r}{check}, then call again",
        )
    )


@contextlib.contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], None]]:
    """Show how far a transfer is, ten times a second, where somebody watches."""
    if not sys.stdout.isatty():
        yield lambda done: None
        return
    last = 0.0

    def show(done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= 0.1 or done == total:
            last = now
            of = f" of {total / 1e6:.1f}" if total else ""
            print(f"\r{done / 1e6:.1f}{of} MB", end="", flush=True)

    try:
        yield show
    finally:
        print("\r" + " " * 32 + "\r", end="", flush=True)


@contextlib.contextmanager
def exclusive(place: Path) -> Iterator[None]:
    """Let one caller at a time, of all threads and processes, work on a file.

    The lock belongs to an open file, so it ends with its process. On file systems
    without locks all callers go on: the renaming keeps them from seeing half a file.

    Args:
        place: the file; the lock stands beside it and is removed afterwards.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     with exclusive(Path(folder, "words.txt")):
        ...         pass
        ...     os.listdir(folder)
        []
    """
    path = place.with_name(f".{place.name}.lock")
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError:
        # A folder that can only be read: there is nothing to guard.
        yield
        return
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)
        # Windows refuses while another waits; that one removes it.
        with contextlib.suppress(OSError):
            os.remove(path)


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        while True:
            try:
                msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
                return
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EDEADLK):
                    return
            time.sleep(0.1)
    else:
        import fcntl

        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
