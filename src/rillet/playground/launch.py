"""Starting the server: from the command line, or beside a notebook.

In: words of a command line, or the size of a frame. Out: a running server. `rillet.cli`
calls `main`, notebooks call `show`.
"""

from __future__ import annotations

import argparse
import html
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence
from typing import Any, Final

from rillet.playground.messages import SIZE

_LACKS: Final = (
    "The playground needs starlette, uvicorn and websockets, which are not installed.\n"
    'Install them with: pip install "rillet[playground]"'
)
_PORT: Final = 6006
#: Pages train in threads: a shorter turn for each keeps all of them fluent.
_TURN: Final = 0.001
#: Seconds that a server may take to start.
_START: Final = 30.0


def make_server(host: str, port: int, origins: Sequence[str] = ()) -> Any:
    """A server that has not started.

    Args:
        host: the address to listen on.
        port: the port; 0 takes any that is free.
        origins: further origins whose pages may connect.

    Returns:
        A `uvicorn.Server`.

    Raises:
        ImportError: where the extra `playground` is not installed.
    """
    import uvicorn
    import websockets  # noqa: F401  uvicorn would start without it and serve no pages

    from rillet.playground.server import Guard, application

    config = uvicorn.Config(
        application(Guard(host, origins)),
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=SIZE,
        # Pictures hardly shrink, and zipping them would cost more than sending them.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=2,
    )
    return uvicorn.Server(config)


def main(arguments: Sequence[str]) -> int:
    """Serve the pages until interrupted.

    Args:
        arguments: the words after ``rillet playground``.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(
        prog="rillet playground",
        description="Serve three pages: a network that learns before your eyes, the"
        " perceptron, and digits to draw.",
    )
    parser.add_argument(
        "--port", type=int, default=_PORT, help=f"0 is any that is free ({_PORT})"
    )
    parser.add_argument(
        "--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)"
    )
    parser.add_argument(
        "--no-browser", action="store_true", help="do not open a browser"
    )
    parser.add_argument(
        "--allow-origin",
        action="append",
        default=[],
        metavar="URL",
        help="let pages of this origin connect too, such as a proxy's",
    )
    options = parser.parse_args(arguments)
    if not 0 <= options.port <= 65535:
        print("rillet playground: --port is from 0 to 65535", file=sys.stderr)
        return 2
    try:
        server = make_server(options.host, options.port, options.allow_origin)
    except ImportError:
        print(_LACKS, file=sys.stderr)
        return 1
    try:
        listening = _listen(options.host, options.port)
    except OSError as error:
        print(
            f"rillet playground: {options.host}:{options.port}: {error.strerror};"
            " take another with --port, or any with --port 0",
            file=sys.stderr,
        )
        return 1
    address = _address(options.host, listening)
    print(f"The playground is at {address} (Ctrl+C ends it).", flush=True)
    if not options.no_browser:
        threading.Timer(0.5, webbrowser.open, [address]).start()
    sys.setswitchinterval(_TURN)
    try:
        server.run(sockets=[listening])
    except KeyboardInterrupt:
        # uvicorn has shut down and raises what ended it.
        return 0
    return 0


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens already, so that its port is known."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def _address(host: str, listening: socket.socket) -> str:
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)
    if ":" in shown and not shown.startswith("["):
        shown = f"[{shown}]"
    return f"http://{shown}:{listening.getsockname()[1]}/"


class Background:
    """A server in a thread of this process.

    Attributes:
        address: where it is, such as ``"http://127.0.0.1:40123/"``.
    """

    def __init__(self) -> None:
        try:
            self._server = make_server("127.0.0.1", 0)
        except ImportError as error:
            raise ImportError(_LACKS) from error
        listening = _listen("127.0.0.1", 0)
        self.address = _address("127.0.0.1", listening)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [listening]},
            name="rillet-playground-server",
            daemon=True,
        )
        self._thread.start()
        until = time.monotonic() + _START
        while not self._server.started:
            if time.monotonic() > until or not self._thread.is_alive():
                raise RuntimeError("playground: the server did not start.")
            time.sleep(0.01)

    @property
    def running(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive()

    def close(self) -> None:
        """End the server and all its pages."""
        self._server.should_exit = True
        self._thread.join(10)


_running: list[Background] = []
_lock = threading.Lock()


def background() -> Background:
    """The one server of this process, started when there is none."""
    with _lock:
        if not _running or not _running[0].running:
            _running[:] = [Background()]
        return _running[0]


class Frame:
    """A page, as a notebook shows it.

    Attributes:
        address: the page's address.
    """

    def __init__(self, address: str, width: str, height: str) -> None:
        self.address = address
        self._width, self._height = width, height

    def _repr_html_(self) -> str:
        address = html.escape(self.address, quote=True)
        return (
            f'<iframe src="{address}" width="{self._width}" height="{self._height}"'
            ' title="rillet playground" style="border: 0"></iframe>'
        )

    def __repr__(self) -> str:
        return f"<rillet playground at {self.address}>"


def _length(name: str, value: int | str) -> str:
    text = str(value)
    number = text[:-1] if text.endswith("%") else text
    if isinstance(value, bool) or not number.isdigit() or not int(number):
        raise ValueError(
            f"playground.show: {name} is pixels, or percent as text: {value!r}."
        )
    return text


def show(
    width: int | str = "100%",
    height: int | str = 900,
    page: str = "playground",
    address: str = "",
) -> Frame:
    """Show a page in a notebook; the server runs in this process.

    Args:
        width: pixels, or percent as text.
        height: pixels, or percent as text.
        page: ``"playground"``, ``"perceptron"`` or ``"digits"``.
        address: what the playground begins with: the part after ``#`` of its address.

    Returns:
        What a notebook shows as the page.

    Raises:
        ImportError: where the extra `playground` is not installed.
        ValueError: a size, or a page, that cannot be.
    """
    pages = {"playground": "", "perceptron": "perceptron", "digits": "digits"}
    if page not in pages:
        raise ValueError(
            f"playground.show: page is one of {', '.join(pages)}: {page!r}."
        )
    sizes = _length("width", width), _length("height", height)
    fragment = address.rpartition("#")[2]
    full = background().address + pages[page] + (f"#{fragment}" if fragment else "")
    return Frame(full, *sizes)
