"""What stands between the page and the world: who may ask, for what, and how much."""

import json
import re
import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lesionlab.visits.cases import HEAVIEST

HOSTS = ("127.0.0.1", "localhost")
EVENT = 1_000_000  # bytes of any request but a photograph
PHOTOGRAPHS = "/photographs"
JOIN = "/gradio_api/queue/join"

# all that the page needs; whatever else Gradio serves, files above all, is not there
ALLOWED = {
    "GET": re.compile(
        r"/|/(config|theme\.css|favicon\.ico|manifest\.json)"
        r"|/assets/[\w.-]+|/static/(js|img)/[\w.-]+"
        r"|/gradio_api/(heartbeat/\w+|queue/data|startup-events)"
        r"|/(pictures|saved)/[\w-]+"
    ),
    "POST": re.compile(rf"/gradio_api/cancel|{JOIN}|{PHOTOGRAPHS}"),
}
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-eval' 'nonce-{nonce}'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'none'; "
    "frame-ancestors 'none'"
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
SCRIPT = re.compile(rb"<script(?=[\s>])")


def guard(app: ASGIApp) -> ASGIApp:
    """Put an application behind checks.

    A request is refused that comes by a name other than this machine's own (DNS
    rebinding) or from a page of elsewhere, that asks for what the page does not need,
    or that is too long. Every answer forbids the browser to load or send anything
    elsewhere.

    Parameters
    ----------
    app : ASGIApp
        The page.

    Returns
    -------
    ASGIApp
    """

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        refusal = check_request(scope)
        if refusal is not None:
            status, why = refusal
            await PlainTextResponse(why, status)(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        sealed = _seal(send, scope["path"], nonce)
        if scope["method"] == "POST" and scope["path"] != PHOTOGRAPHS:
            body = await _read(receive, EVENT)
            if body is None:
                await PlainTextResponse("too large", 413)(scope, receive, sealed)
                return
            if scope["path"] == JOIN and not is_plain(body):
                await PlainTextResponse("not so", 400)(scope, receive, sealed)
                return
            receive = _replay(body, receive)
        if scope["path"] == "/":
            scope = {**scope, "headers": _without_encodings(scope["headers"])}
            sealed = _mark_scripts(sealed, nonce)
        await app(scope, receive, sealed)

    return guarded


def check_request(scope: MutableMapping[str, Any]) -> tuple[int, str] | None:
    """Say why a request is refused, before any of its body is read.

    Parameters
    ----------
    scope : MutableMapping
        Of ASGI, of type ``http``.

    Returns
    -------
    tuple of int and str, optional
        Status and a few words; None if it may pass.
    """
    headers = Headers(scope=scope)
    host = headers.get("host", "")
    if host.rsplit(":", 1)[0] not in HOSTS:
        return 421, "this page answers to 127.0.0.1 and localhost alone"
    if headers.get("origin", f"http://{host}") != f"http://{host}":
        return 403, "another page may not ask"
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return 403, "another page may not ask"
    method = "GET" if scope["method"] == "HEAD" else scope["method"]
    allowed = ALLOWED.get(method)
    if allowed is None or not allowed.fullmatch(scope["path"]):
        return 404, "not here"
    photograph = scope["path"] == PHOTOGRAPHS
    length = headers.get("content-length", "" if photograph else "0")
    if photograph and (not length or "transfer-encoding" in headers):
        return 411, "say how long it is"
    if not length.isdecimal() or int(length) > (HEAVIEST if photograph else EVENT):
        return 413, "too large"
    return None


async def _read(receive: Receive, limit: int) -> bytes | None:
    """Read a body, whatever length it was said to have; None if it is too long."""
    parts: list[bytes] = []
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
        if sum(map(len, parts)) > limit:
            return None
    return b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand a body on that was read."""
    waiting = [body]

    async def replayed() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return replayed


def is_plain(body: bytes) -> bool:
    """Tell whether an event hands over words and numbers, as all of the page do.

    For a file it could name any address, from which Gradio would fetch it.

    Parameters
    ----------
    body : bytes
        JSON.

    Returns
    -------
    bool
    """
    try:
        given = json.loads(body)["data"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return False
    scalars = str | int | float | bool | None
    return isinstance(given, list) and all(isinstance(x, scalars) for x in given)


def _seal(send: Send, path: str, nonce: str) -> Send:
    """Forbid the browser whatever the page does not need."""

    async def sealed(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(HEADERS)
            headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
            if not path.startswith(("/assets/", "/static/")):
                headers["Cache-Control"] = "no-store"
        await send(message)

    return sealed


def _without_encodings(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [one for one in headers if one[0] != b"accept-encoding"]


def _mark_scripts(
    send: Callable[[Message], Awaitable[None]], nonce: str
) -> Callable[[Message], Awaitable[None]]:
    """Let the scripts of Gradio's own page run, and none that came in with a text."""
    start: Message = {}
    parts: list[bytes] = []

    async def marked(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        parts.append(message.get("body", b""))
        if message.get("more_body", False):
            return
        mark = f'<script nonce="{nonce}"'.encode()
        body = SCRIPT.sub(mark, b"".join(parts))
        MutableHeaders(scope=start)["Content-Length"] = str(len(body))
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return marked
