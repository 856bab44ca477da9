"""The web application: three pages, and a WebSocket for each that is open.

In: requests. Out: the files of `page/`, and what a page's `Worker` sends. Every page
has a worker of its own, which ends with its connection. Nothing but the files read here
at the start is ever served. `launch` runs it.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from rillet.playground.digits import Digits
from rillet.playground.lessons import Lessons
from rillet.playground.messages import parse
from rillet.playground.session import Session
from rillet.playground.settings import PlaygroundError
from rillet.playground.worker import Outbox, Page, Worker

if TYPE_CHECKING:
    from starlette.applications import Starlette

#: Pages that may be open at once.
PAGES: Final = 32
_LOCAL_ENDS: Final = (".local", ".lan", ".internal", ".home.arpa", ".localhost")
_LOCAL: Final = frozenset({"localhost", "127.0.0.1", "[::1]"})
_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# A notebook on this machine, or in an editor, may show the pages in a frame.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
    " connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'self' http://localhost:* http://127.0.0.1:* https://localhost:*"
    " vscode-webview:"
)
_KINDS: Final[dict[str, Callable[[Outbox], Page]]] = {
    "playground": Session,
    "perceptron": Lessons,
    "digits": Digits,
}
_FOLDER: Final = Path(__file__).parent / "page"
#: What WebSockets are closed with: not allowed, come back later.
_FORBIDDEN, _LATER = 1008, 1013


def files() -> dict[str, tuple[bytes, str]]:
    """Everything that is served: bytes and type by path."""
    found = {}
    for path in sorted(_FOLDER.iterdir()):
        if path.suffix in _TYPES:
            found[f"/{path.name}"] = (path.read_bytes(), _TYPES[path.suffix])
    for name in ("perceptron", "digits"):
        found[f"/{name}"] = found[f"/{name}.html"]
    found["/"] = found["/index.html"]
    return found


def _bare(host: str) -> str:
    """A host without its port.

    Example:
        >>> _bare("localhost:80"), _bare("[::1]:80")
        ('localhost', '[::1]')
    """
    if host.startswith("["):
        return host[: host.find("]") + 1].lower()
    return host.partition(":")[0].lower()


def _is_near(name: str) -> bool:
    """Whether a name is an address, or one that no public name server gives out.

    Example:
        >>> _is_near("192.168.0.7"), _is_near("pi.local"), _is_near("evil.example")
        (True, True, False)
    """
    if not name:
        return False
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return "." not in name or name.endswith(_LOCAL_ENDS)
    return True


class Guard:
    """Says whose requests are answered.

    Args:
        host: the name that the server listens on. Where that is every name of this
            machine (``0.0.0.0``, ``::``), addresses in numbers and names that only a
            local network knows are right.
        origins: further origins whose pages may connect, such as a proxy's; their
            hosts are names of this server too.
    """

    def __init__(self, host: str = "127.0.0.1", origins: Iterable[str] = ()) -> None:
        self._any = host in ("0.0.0.0", "::", "")
        self._hosts = _LOCAL | {host.lower(), f"[{host.lower()}]"}
        self._origins = {origin.rstrip("/").lower() for origin in origins}
        self._hosts |= {_bare(urlsplit(origin).netloc) for origin in self._origins}

    def knows(self, host: str) -> bool:
        """Whether a request's Host is a name of this server.

        A web page elsewhere cannot reach the server under a name of its own.
        """
        name = _bare(host)
        return name in self._hosts or (self._any and _is_near(name))

    def trusts(self, origin: str | None, host: str) -> bool:
        """Whether a page of this origin may connect: one of the server's own.

        Programs, which send no origin, may: they could do all that a page can.
        """
        if origin is None or origin.rstrip("/").lower() in self._origins:
            return True
        try:
            return urlsplit(origin).netloc.lower() == host.lower() and bool(host)
        except ValueError:
            return False


def application(guard: Guard | None = None) -> Starlette:
    """The application.

    Args:
        guard: whose requests are answered; those of this machine where None.

    Returns:
        An ASGI application.

    Raises:
        ImportError: where Starlette is not installed.
    """
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import Route, WebSocketRoute
    from starlette.websockets import WebSocket

    guard = guard or Guard()
    known = files()
    open_pages: set[Worker] = set()

    async def page(request: Request) -> Response:
        if not guard.knows(request.headers.get("host", "")):
            return Response("this is not a name of this server", status_code=421)
        found = known.get(request.url.path)
        if found is None:
            return Response("there is no such page", status_code=404)
        headers = {
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-cache",
        }
        return Response(found[0], headers=headers, media_type=found[1])

    async def socket(websocket: WebSocket) -> None:
        host = websocket.headers.get("host", "")
        origin = websocket.headers.get("origin")
        kind = _KINDS.get(websocket.path_params["kind"])
        allowed = guard.knows(host) and guard.trusts(origin, host)
        if kind is None or not allowed:
            await websocket.close(_FORBIDDEN)
            return
        await websocket.accept()
        if len(open_pages) >= PAGES:
            text = f'{{"kind": "error", "text": "{PAGES} pages are open already."}}'
            await websocket.send_text(text)
            await websocket.close(_LATER)
            return
        await _serve(websocket, kind, open_pages)

    app = Starlette(
        routes=[
            WebSocketRoute("/live/{kind}", socket),
            Route("/{path:path}", page, methods=["GET"]),
        ]
    )
    app.state.open_pages = open_pages
    return app


async def _serve(
    websocket: Any, kind: Callable[[Outbox], Page], open_pages: set[Worker]
) -> None:
    """Talk to one page until it is closed."""
    import anyio
    from starlette.websockets import WebSocketDisconnect

    loop = asyncio.get_running_loop()
    bell = asyncio.Event()

    def ring() -> None:
        # The loop may be gone while a worker still ends.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(bell.set)

    outbox = Outbox(ring)
    worker = Worker(kind, outbox)
    open_pages.add(worker)
    try:
        async with anyio.create_task_group() as tasks:

            async def send() -> None:
                # A page that is gone is found here or below, whichever is first.
                with suppress(WebSocketDisconnect, RuntimeError):
                    await _send(websocket, outbox, bell)
                tasks.cancel_scope.cancel()

            tasks.start_soon(send)
            await _receive(websocket, outbox, worker)
            tasks.cancel_scope.cancel()
    finally:
        worker.stop()
        with anyio.CancelScope(shield=True):
            await anyio.to_thread.run_sync(worker.close)
        open_pages.discard(worker)


async def _receive(websocket: Any, outbox: Outbox, worker: Worker) -> None:
    while True:
        while (worker.crowded or outbox.full) and worker.lives:
            await asyncio.sleep(0.05)
        event = await websocket.receive()
        if event["type"] == "websocket.disconnect":
            return
        if not worker.lives:
            continue  # the page was told why; nobody is there who could answer
        text = event.get("text")
        try:
            message = parse(event.get("bytes") or b"" if text is None else text)
        except PlaygroundError as error:
            outbox.say("error", text=str(error))
            continue
        worker.post(message)


async def _send(websocket: Any, outbox: Outbox, bell: asyncio.Event) -> None:
    while True:
        await bell.wait()
        bell.clear()
        for message in outbox.take():
            if isinstance(message, str):
                await websocket.send_text(message)
            else:
                await websocket.send_bytes(message)
