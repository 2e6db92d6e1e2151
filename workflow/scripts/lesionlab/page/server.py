"""The page's server: on this machine alone, with its photographs in memory."""

import asyncio
import contextlib
import os
import signal
import socket
from pathlib import Path
from tempfile import TemporaryDirectory

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp

from lesionlab.bundle.manifest import Bundle, load_bundle
from lesionlab.errors import LabError
from lesionlab.page.guard import HOSTS, PHOTOGRAPHS, guard
from lesionlab.visits.register import Register
from lesionlab.visits.shelf import ALBUM, TRAY, Shelf

HOST = HOSTS[0]
PATIENCE = 600.0  # seconds that a photograph waits to be judged
SENDING = 60.0  # seconds in which it must have come in
CONNECTIONS = 256  # at once; a page keeps half a dozen


def open_page(model: Path, *, port: int, threads: int) -> None:
    """Serve the page until it is stopped.

    Parameters
    ----------
    model : Path
        Folder of a bundle.
    port : int
        On 127.0.0.1; 0 for any that is free.
    threads : int
        CPU threads of a network.

    Raises
    ------
    LabError
        If there is no bundle, or the port is taken.
    """
    bundle = load_bundle(model)
    with (
        claim_port(port) as listening,
        TemporaryDirectory(prefix="lesionlab-page-") as folder,
    ):
        # before gradio is imported: it asks nobody for a newer version, says nothing
        # of its use, and keeps what it writes in one place that goes at the end
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        os.environ["GRADIO_TEMP_DIR"] = folder
        os.environ["TORCHINDUCTOR_CACHE_DIR"] = folder  # of torch, for attention
        os.environ["HF_HUB_OFFLINE"] = "1"
        app = build_app(bundle, threads=threads)
        address = f"http://{HOST}:{listening.getsockname()[1]}"
        print(
            f"lesionlab: model of run {bundle.facts['run']} at {address}; Ctrl-C stops "
            "it. Research only, not a medical device.",
            flush=True,
        )
        config = uvicorn.Config(
            app,
            log_level="warning",
            timeout_graceful_shutdown=1,
            server_header=False,
            limit_concurrency=CONNECTIONS,
        )
        # uvicorn stops in peace and then hands the signal on; both end as Ctrl-C does
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def claim_port(port: int) -> socket.socket:
    """Listen on a port of this machine that no other can reach.

    Parameters
    ----------
    port : int
        0 for any that is free.

    Returns
    -------
    socket
        Who asks before the server answers waits.

    Raises
    ------
    LabError
        If it is taken, or not this user's to take.
    """
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()
    except OSError as why:
        listening.close()
        raise LabError(
            f"port {port} of {HOST}: {why.strerror}; name another with --port"
        ) from None
    return listening


def build_app(bundle: Bundle, *, threads: int) -> ASGIApp:
    """Build the guarded application.

    Parameters
    ----------
    bundle : Bundle
        The networks.
    threads : int
        CPU threads of a network.

    Returns
    -------
    ASGIApp
    """
    import gradio

    from lesionlab.application.engine import load_networks
    from lesionlab.page.layout import draw_page, style_page
    from lesionlab.visits.desk import Desk

    register = Register(Shelf(TRAY), Shelf(ALBUM))
    blocks = draw_page(Desk(load_networks(bundle, threads=threads), register))
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    add_routes(app, register)
    gradio.mount_gradio_app(
        app,
        blocks,
        path="/",
        server_name=HOST,
        footer_links=[],
        run_history=False,
        blocked_paths=["/"],
        show_error=False,
        max_file_size=1,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        **style_page(),
    )
    return guard(app)


def add_routes(app: FastAPI, register: Register) -> None:
    """Let photographs come in, and what was made of them be fetched.

    Parameters
    ----------
    app : FastAPI
        Behind :func:`~lesionlab.page.guard.guard`.
    register : Register
        Of the visits.
    """
    tray, album = register.tray, register.album

    @app.post(PHOTOGRAPHS)
    async def keep(request: Request, visit: str = "") -> Response:
        length = int(request.headers["content-length"])
        if not tray.reserve(length):
            return PlainTextResponse("too much at once", 503)
        try:
            async with asyncio.timeout(SENDING):
                content = await request.body()
        except (TimeoutError, ClientDisconnect):
            return PlainTextResponse("not all of it came", 408)
        finally:
            tray.release(length)
        token = tray.put(content, "", visit)
        # of a page that was closed, or a drop that was never handed over
        asyncio.get_running_loop().call_later(PATIENCE, tray.take, token)
        return PlainTextResponse(token)

    @app.get("/pictures/{token}")
    def show(token: str) -> Response:
        item = album.get(token)
        if item is None:
            return PlainTextResponse("not here", 404)
        return Response(item.content, media_type=item.kind)

    @app.get("/saved/{token}")
    def save(token: str) -> Response:
        item = album.take(token)
        if item is None:
            return PlainTextResponse("not here", 404)
        headers = {"Content-Disposition": f'attachment; filename="{item.name}"'}
        return Response(item.content, media_type=item.kind, headers=headers)
